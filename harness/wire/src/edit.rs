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
    /// The element stands twice; the copy comes right behind it, or at the place.
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

impl ByteEdit {
    /// Carries the change out.
    pub fn apply(&self, _bytes: &mut Vec<u8>) -> Result<(), EditError> {
        todo!()
    }
}
