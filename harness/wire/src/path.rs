//! Paths name fields: `extensions.key_share.client_shares[0].group`.

use std::fmt;

/// A parsed path. Behind a list a name picks the element by its tag, `[n]` by its place (`[-1]` the last),
/// `[type=alert]` those with that field; `as` and the handshake `body` are passed through unsaid.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Path {
    /// The steps from the root down.
    pub segments: Vec<Segment>,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Segment {
    /// A field of a struct, or an element of a list by its tag (a name, or a number such as `0x1234`).
    /// Applied to a list whose elements have no such tag, it means that field of every element.
    Name(String),
    /// An element by its place; negative counts from the end.
    Index(i64),
    /// All elements whose field has that value (a name or number as text).
    Where(String, String),
    /// `inside`: what an opened field holds. Not resolved here: the peer opens it.
    Inside,
}

/// A path that cannot be read: what is wrong and at which byte.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PathError {
    /// What is wrong.
    pub message: String,
    /// Byte offset in the text.
    pub at: usize,
}

impl Path {
    /// Reads `a.b[0].c`.
    pub fn parse(_text: &str) -> Result<Path, PathError> {
        todo!()
    }

    /// The path without its first segment; `None` for an empty one.
    pub fn split_first(&self) -> Option<(&Segment, Path)> {
        let (first, rest) = self.segments.split_first()?;
        Some((first, Path { segments: rest.to_vec() }))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!()
    }
}
