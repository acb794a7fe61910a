//! The tree that stands for a message, or for any part of one.

use crate::types::Type;
use std::fmt;
use std::hash::{Hash, Hasher};

/// Where a node lies in the encoded bytes of its root.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Offset of the first byte, with the length prefix if the node has one.
    pub start: usize,
    /// Offset behind the last byte.
    pub end: usize,
    /// Bytes of length prefix at the start of the span.
    pub prefix: usize,
}

/// A type of a grammar; two are equal if they are the same declaration.
#[derive(Clone, Copy)]
pub struct TypeId(pub(crate) &'static Type);

impl TypeId {
    /// The name in the grammar; for an anonymous vector, the field's.
    pub fn name(self) -> &'static str {
        self.0.name
    }
}

impl PartialEq for TypeId {
    fn eq(&self, other: &TypeId) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for TypeId {}

impl Hash for TypeId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::ptr::hash(self.0, state);
    }
}

impl fmt::Debug for TypeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TypeId({})", self.0.name)
    }
}

/// One named field: a leaf, or a struct or list of further nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The field's name; at the root, and for elements of lists, the name of its type.
    pub name: &'static str,
    /// The type it was decoded or built as.
    pub type_id: TypeId,
    /// Where it lies, set by decoding and encoding; stale after an edit until the next `encode`.
    pub span: Span,
    /// What it holds.
    pub value: Value,
    /// The number in the length prefix, or in the `sizeof` field, if it is not to be computed.
    pub length: Option<u64>,
    /// What a decoder found odd here.
    pub remark: Option<Remark>,
}

/// What a node holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// An integer or enum of `width` bytes. A `sizeof` field is one too; it is computed when encoding
    /// unless the node's `length` is set.
    Number {
        /// The value, host order.
        value: u64,
        /// Bytes on the wire, 1 to 8.
        width: u8,
    },
    /// Opaque bytes.
    Bytes(Vec<u8>),
    /// Fields, in order. A field that is `optional` and not there is missing from the list.
    Struct(Vec<Node>),
    /// Elements of a vector.
    List(Vec<Node>),
    /// `opaque f<..> as T`: opaque bytes that could be read once more as T.
    As(Box<Node>),
    /// Bytes that did not fit the grammar, in place of what should be here, prefix included.
    Raw(Vec<u8>),
}

/// What does not fit, by blame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remark {
    /// The bytes end before the field does.
    Truncated,
    /// Bytes are left over behind the end.
    Trailing,
    /// A length is outside of the range that the vector allows, or no multiple of the element's size.
    Length,
    /// What the bytes depend on is not known.
    Unknown,
}
