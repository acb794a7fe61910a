//! Changes to a tree and to its bytes.

use crate::{Path, Plain};
use serde::{Deserialize, Serialize};

/// Where in a list something goes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// In front of all others.
    First,
    /// Behind all others.
    Last,
    /// At this place of the list as it is then; negative counts from the end.
    At(i64),
    /// Right before the element with this tag.
    Before(String),
    /// Right behind the element with this tag.
    After(String),
}

/// One change to a tree. Fields are named by paths from the tree's root.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// Another value. An extension (a tagged element at the end of the path, of a list that is there or
    /// `optional`) that is not there is added, ahead of pre_shared_key.
    Set(Path, Plain),
    /// A list's element goes away, or an optional field.
    Remove(Path),
    /// A new element for the list.
    Add(Path, Plain, Place),
    /// The element stands twice; the copy comes at the place, of which `After("")` is right behind it.
    Duplicate(Path, Place),
    /// The element stands elsewhere in its list.
    Move(Path, Place),
    /// The list's elements in an order drawn from the number.
    Shuffle(Path, u64),
    /// Only the number in the length prefix, or `sizeof` field, lies: this much more (or less) than honest.
    LengthBy(Path, i64),
    /// Likewise, but the number itself.
    LengthTo(Path, u64),
    /// The bytes of a field (for one with a length prefix: what is behind the prefix, which stays honest)
    /// are changed. `body` is all behind the handshake header; the header's length stays honest.
    Bytes(Path, ByteEdit),
}

impl Edit {
    /// Where it acts.
    pub fn path(&self) -> &Path {
        match self {
            Edit::Set(path, _)
            | Edit::Remove(path)
            | Edit::Add(path, ..)
            | Edit::Duplicate(path, _)
            | Edit::Move(path, _)
            | Edit::Shuffle(path, _)
            | Edit::LengthBy(path, _)
            | Edit::LengthTo(path, _)
            | Edit::Bytes(path, _) => path,
        }
    }

    /// The same at another path.
    #[must_use]
    pub fn at(mut self, at: Path) -> Edit {
        match &mut self {
            Edit::Set(path, _)
            | Edit::Remove(path)
            | Edit::Add(path, ..)
            | Edit::Duplicate(path, _)
            | Edit::Move(path, _)
            | Edit::Shuffle(path, _)
            | Edit::LengthBy(path, _)
            | Edit::LengthTo(path, _)
            | Edit::Bytes(path, _) => *path = at,
        }
        self
    }
}

/// One change to a run of bytes; offsets count from 0, or back from -1.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ByteEdit {
    /// Bit 0 is the first on the wire (the highest of the first byte).
    FlipBit {
        /// Which bit.
        bit: i64,
    },
    /// Exclusive or, from the offset on.
    Xor {
        /// First byte changed.
        offset: i64,
        /// The mask.
        bytes: Vec<u8>,
    },
    /// Other bytes in place of as many.
    Replace {
        /// First byte changed.
        offset: i64,
        /// What stands there afterwards.
        bytes: Vec<u8>,
    },
    /// More bytes, ahead of the offset.
    Insert {
        /// Where; the length itself means behind all, as does -1 minus nothing: use `append`.
        offset: i64,
        /// What is inserted.
        bytes: Vec<u8>,
    },
    /// More bytes at the end.
    Append {
        /// What is appended.
        bytes: Vec<u8>,
    },
    /// Bytes go away.
    Delete {
        /// First that goes.
        offset: i64,
        /// How many.
        count: u64,
    },
    /// All behind the first `to` bytes goes away (negative: that many bytes fewer).
    Truncate {
        /// How many bytes stay.
        to: i64,
    },
}

/// Why a change, or a build, cannot be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct EditError {
    /// What is wrong, with expected and got.
    pub message: String,
    /// The path at fault, from the root, as text.
    pub path: String,
    /// A name that would have been right.
    pub suggestion: Option<String>,
}

impl EditError {
    pub(crate) fn new(message: String, path: &Path) -> EditError {
        EditError { message, path: path.to_string(), suggestion: None }
    }
}

impl ByteEdit {
    /// Carries the change out.
    pub fn apply(&self, bytes: &mut Vec<u8>) -> Result<(), EditError> {
        match self {
            ByteEdit::FlipBit { bit } => {
                let bit = within(*bit, bytes.len().saturating_mul(8), "bit")?;
                bytes[bit / 8] ^= 0x80 >> (bit % 8);
            }
            ByteEdit::Xor { offset, bytes: mask } => {
                let start = within(*offset, bytes.len(), "offset")?;
                let target = stretch(bytes, start, mask.len())?;
                target.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
            }
            ByteEdit::Replace { offset, bytes: other } => {
                let start = within(*offset, bytes.len(), "offset")?;
                stretch(bytes, start, other.len())?.copy_from_slice(other);
            }
            ByteEdit::Insert { offset, bytes: more } => {
                let start = if usize::try_from(*offset) == Ok(bytes.len()) {
                    bytes.len()
                } else {
                    within(*offset, bytes.len(), "offset")?
                };
                bytes.splice(start..start, more.iter().copied());
            }
            ByteEdit::Append { bytes: more } => bytes.extend_from_slice(more),
            ByteEdit::Delete { offset, count } => {
                let start = within(*offset, bytes.len(), "offset")?;
                let count = usize::try_from(*count).unwrap_or(usize::MAX);
                stretch(bytes, start, count)?;
                bytes.drain(start..start + count);
            }
            ByteEdit::Truncate { to } => {
                let left = if *to < 0 {
                    bytes.len().checked_sub(usize::try_from(to.unsigned_abs()).unwrap_or(usize::MAX))
                } else {
                    usize::try_from(*to).ok()
                };
                match left.filter(|left| *left <= bytes.len()) {
                    Some(left) => bytes.truncate(left),
                    None => return Err(outside(&format!("cannot truncate {} bytes to {to}", bytes.len()))),
                }
            }
        }
        Ok(())
    }
}

/// The place that a number means, counted back from the end if negative.
fn within(index: i64, length: usize, what: &str) -> Result<usize, EditError> {
    crate::resolve::place(index, length).ok_or_else(|| outside(&format!("{what} {index} is outside of {length}")))
}

fn stretch(bytes: &mut [u8], start: usize, count: usize) -> Result<&mut [u8], EditError> {
    let length = bytes.len();
    let end = start.checked_add(count).filter(|end| *end <= length);
    match end {
        Some(end) => Ok(&mut bytes[start..end]),
        None => Err(outside(&format!("{count} bytes from offset {start} on go beyond the end at {length}"))),
    }
}

fn outside(message: &str) -> EditError {
    EditError { message: message.to_owned(), path: String::new(), suggestion: None }
}
