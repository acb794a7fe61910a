//! The grammar: types of the presentation language [RFC 9846, 3], read from `grammar/*.tls`.
//!
//! Structs, enums and vectors are written as in the RFCs. What those leave to prose is said so:
//!
//! | notation | meaning |
//! |---|---|
//! | `given T name = v;` | not in the bytes: a field of [`Context`], with what holds if that is `None` |
//! | `select (a, b) { case x, *: T; case y: case z: U; default: V; } label;` | by fields of this and the enclosing structs, or what is given; with a name that is not known, raw |
//! | the same without a label | an arm's fields stand among the struct's own |
//! | `let a = x when f == BYTES;` | from here on `a` means x, if the field has these bytes |
//! | `uint16 n = sizeof(f);`, `= 0x8000 + sizeof(f)` | a length that is a field of its own |
//! | `T f = v;` | the default when built; a decoder takes any value |
//! | `opaque f<0..9> as T`, `as select (..) {..}` | bytes read once more; what does not fit stays opaque |
//! | `[..]`, `[n]` | all that is left; as many bytes as the name says |
//! | `optional T f` | there only if bytes are left |
//! | `extend E { name(1) }`, `extend S.f { case x: T; }` | more rows for an enum or a select, from any file |

use crate::decode::decode;
use crate::link::link;
use crate::parse::{Declarations, parse};
use crate::types::{Enum, Scope, Type};
use crate::{Context, Edit, EditError, Node, Path, Plain};
use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

/// All types, enums and constants of a set of grammar files.
///
/// What is read stays in memory for good, so that nodes can point into it.
pub struct Grammar {
    pub(crate) types: HashMap<&'static str, &'static Type>,
    pub(crate) enums: HashMap<&'static str, &'static Enum>,
    /// Names that something is selected by.
    pub(crate) slots: HashMap<&'static str, u8>,
    /// `given` names with their slots and defaults.
    pub(crate) givens: Vec<(&'static str, u8, Option<u64>)>,
}

impl fmt::Debug for Grammar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Grammar({} types, {} enums)", self.types.len(), self.enums.len())
    }
}

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
        static TLS: LazyLock<Grammar> = LazyLock::new(|| match Grammar::parse(&SOURCES) {
            Ok(grammar) => grammar,
            Err(error) => panic!("the embedded grammar is wrong: {error}"),
        });
        &TLS
    }

    /// The files of the TLS grammar, as (file name, text): more can be added for `parse`.
    pub fn sources() -> &'static [(&'static str, &'static str)] {
        &SOURCES
    }

    /// A grammar from (file name, text) pairs.
    pub fn parse(sources: &[(&str, &str)]) -> Result<Grammar, GrammarError> {
        let mut declarations = Declarations::default();
        for (file, text) in sources {
            let file = String::leak((*file).to_owned());
            parse(file, String::leak((*text).to_owned()), &mut declarations)?;
        }
        link(declarations)
    }

    /// Reads bytes as a type; what does not fit stays raw with a remark. Never fails.
    ///
    /// # Panics
    /// If the grammar has no type of that name.
    pub fn decode(&self, type_name: &str, bytes: &[u8], context: &Context) -> Node {
        let Some(kind) = self.types.get(type_name) else { panic!("the grammar has no type `{type_name}`") };
        decode(kind, kind.name, bytes, self.scope(context))
    }

    /// Builds a tree of a type from plain values.
    ///
    /// # Errors
    /// What the type does not have, or cannot hold; or if the grammar has no type of that name.
    pub fn build(&self, type_name: &str, value: &Plain, context: &Context) -> Result<Node, EditError> {
        let Some(kind) = self.types.get(type_name) else {
            let suggestion = crate::build::closest(type_name, self.types.keys().copied());
            return Err(EditError {
                message: format!("the grammar has no type `{type_name}`"),
                path: String::new(),
                suggestion,
            });
        };
        let mut node = crate::build::build(kind, kind.name, value, self.scope(context), "")?;
        node.encode();
        Ok(node)
    }

    /// Whether there is a type of that name.
    pub fn has_type(&self, type_name: &str) -> bool {
        self.types.contains_key(type_name)
    }

    /// The names of all types, sorted.
    pub fn type_names(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.types.keys().copied().collect();
        names.sort_unstable();
        names
    }

    /// Carries out one change.
    ///
    /// # Errors
    /// If the path finds nothing, or the change cannot be made there; the tree is unchanged then.
    pub fn edit(&self, node: &mut Node, edit: &Edit, context: &Context) -> Result<(), EditError> {
        let before = node.clone();
        let result = crate::apply::apply(self, node, edit, self.scope(context));
        if result.is_err() {
            *node = before;
        }
        result
    }

    /// Whether a path can exist in messages of that type, by the grammar alone (for lint): the error has a
    /// suggestion. A handshake message is named by its `msg_type` (`client_hello`).
    pub fn check_path(&self, type_name: &str, path: &Path) -> Result<(), EditError> {
        crate::check::check_path(self, type_name, path)
    }

    /// The number of a name of an enum.
    pub fn number(&self, enum_name: &str, name: &str) -> Option<u64> {
        self.enums.get(enum_name)?.number(name)
    }

    /// The name of a number of an enum.
    pub fn name(&self, enum_name: &str, number: u64) -> Option<&'static str> {
        self.enums.get(enum_name)?.name_of(number)
    }

    /// All names and numbers of an enum, in order of the files; empty if there is no such enum.
    pub fn names(&self, enum_name: &str) -> &[(&'static str, u64)] {
        self.enums.get(enum_name).map_or(&[], |names| &names.names)
    }

    /// What is known at the root.
    pub(crate) fn scope(&self, context: &Context) -> Scope {
        let mut scope = Scope::EMPTY;
        for (name, slot, default) in &self.givens {
            if let Some(value) = context.value(name).or(*default) {
                scope.set(*slot, value);
            }
        }
        scope
    }
}

/// The embedded files, in the order in which enums list their names.
static SOURCES: [(&str, &str); 9] = [
    ("core.tls", include_str!("../grammar/core.tls")),
    ("handshake.tls", include_str!("../grammar/handshake.tls")),
    ("tls13.tls", include_str!("../grammar/tls13.tls")),
    ("tls12.tls", include_str!("../grammar/tls12.tls")),
    ("extensions.tls", include_str!("../grammar/extensions.tls")),
    ("registries.tls", include_str!("../grammar/registries.tls")),
    ("suites.tls", include_str!("../grammar/suites.tls")),
    ("rfc9149.tls", include_str!("../grammar/rfc9149.tls")),
    ("rfc9849.tls", include_str!("../grammar/rfc9849.tls")),
];
