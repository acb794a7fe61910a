//! The grammar: types of the presentation language [RFC 9846, 3], read from `grammar/*.tls`.

use crate::{Context, Edit, EditError, Node, Path, Plain};

/// All types, enums and constants of a set of grammar files.
#[derive(Debug)]
pub struct Grammar {}

/// What is wrong in a grammar file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct GrammarError {
    /// Name of the file.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

impl Grammar {
    /// The grammar of TLS, parsed once.
    pub fn tls() -> &'static Grammar {
        todo!()
    }

    /// A grammar from (file name, text) pairs.
    pub fn parse(_sources: &[(&str, &str)]) -> Result<Grammar, GrammarError> {
        todo!()
    }

    /// Reads bytes as a type; what does not fit stays raw with a remark. Never fails.
    ///
    /// # Panics
    /// If the grammar has no type of that name.
    pub fn decode(&self, _type_name: &str, _bytes: &[u8], _context: &Context) -> Node {
        todo!()
    }

    /// Builds a tree of a type from plain values.
    pub fn build(&self, _type_name: &str, _value: &Plain, _context: &Context) -> Result<Node, EditError> {
        todo!()
    }

    /// Carries out one change.
    pub fn edit(&self, _node: &mut Node, _edit: &Edit, _context: &Context) -> Result<(), EditError> {
        todo!()
    }

    /// Whether a path can exist in messages of that type, by the grammar alone (for lint): the error has a
    /// suggestion. A handshake message is named by its `msg_type` (`client_hello`).
    pub fn check_path(&self, _type_name: &str, _path: &Path) -> Result<(), EditError> {
        todo!()
    }

    /// The number of a name of an enum.
    pub fn number(&self, _enum_name: &str, _name: &str) -> Option<u64> {
        todo!()
    }

    /// The name of a number of an enum.
    pub fn name(&self, _enum_name: &str, _number: u64) -> Option<&'static str> {
        todo!()
    }

    /// All names and numbers of an enum, in order of the files; empty if there is no such enum.
    pub fn names(&self, _enum_name: &str) -> &[(&'static str, u64)] {
        todo!()
    }
}

impl Node {
    /// Bytes of the tree; lengths and `sizeof` fields are computed unless told otherwise. Sets all spans.
    pub fn encode(&mut self) -> Vec<u8> {
        todo!()
    }

    /// Bytes of the tree, without touching spans.
    pub fn to_bytes(&self) -> Vec<u8> {
        todo!()
    }

    /// Bytes of the content: without this node's own length prefix.
    pub fn content(&self) -> Vec<u8> {
        todo!()
    }

    /// The first node that the path names.
    pub fn at(&self, _path: &Path) -> Option<&Node> {
        todo!()
    }

    /// All nodes that the path names, in order.
    pub fn find(&self, _path: &Path) -> Vec<&Node> {
        todo!()
    }

    /// The first node that the path names, to be changed.
    pub fn at_mut(&mut self, _path: &Path) -> Option<&mut Node> {
        todo!()
    }

    /// The direct field of that name, through `as` and the handshake `body`: the quick way for code.
    pub fn field(&self, _name: &str) -> Option<&Node> {
        todo!()
    }

    /// The element of a list with that tag number (an extension by its type), as its whole element.
    pub fn tagged(&self, _tag: u64) -> Option<&Node> {
        todo!()
    }

    /// The elements of a list, or fields of a struct; through `as`.
    pub fn children(&self) -> &[Node] {
        todo!()
    }

    /// The value of an integer or enum.
    pub fn number(&self) -> Option<u64> {
        todo!()
    }

    /// The name of an enum's value, if it has one.
    pub fn enum_name(&self) -> Option<&'static str> {
        todo!()
    }

    /// The first remark in the tree, depth first, with the node that has it.
    pub fn first_remark(&self) -> Option<(&Node, &crate::Remark)> {
        todo!()
    }

    /// As JSON: structs as objects, enums by name, bytes as hex.
    pub fn to_json(&self) -> serde_json::Value {
        todo!()
    }

    /// As indented text, one field a line, bytes shortened.
    pub fn print(&self) -> String {
        todo!()
    }
}
