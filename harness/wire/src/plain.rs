//! Plain values, from which trees are built: what a scenario or the peer writes down.

/// A value without a type; the grammar gives it one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Plain {
    /// For integers and enums.
    Number(u64),
    /// For opaque fields; for any other field, its encoding taken as it is, without length prefix.
    Bytes(Vec<u8>),
    /// The name of an enum value; for an opaque field also hex.
    Name(String),
    /// Elements of a list.
    List(Vec<Plain>),
    /// Fields of a struct by name; what is not named takes its default from the grammar, else it is zero
    /// or empty. For a list of tagged elements: tag → content.
    Map(Vec<(String, Plain)>),
}

impl From<u64> for Plain {
    fn from(value: u64) -> Plain {
        Plain::Number(value)
    }
}
impl From<&str> for Plain {
    fn from(name: &str) -> Plain {
        Plain::Name(name.to_owned())
    }
}
impl From<Vec<u8>> for Plain {
    fn from(bytes: Vec<u8>) -> Plain {
        Plain::Bytes(bytes)
    }
}
impl From<&[u8]> for Plain {
    fn from(bytes: &[u8]) -> Plain {
        Plain::Bytes(bytes.to_vec())
    }
}
impl<T: Into<Plain>> FromIterator<T> for Plain {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Plain {
        Plain::List(items.into_iter().map(Into::into).collect())
    }
}

impl Plain {
    /// A struct from name and value pairs.
    pub fn map<const N: usize>(fields: [(&str, Plain); N]) -> Plain {
        Plain::Map(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }
}

/// Bytes from hex; blanks between the digits and a `0x` ahead of them are skipped.
pub(crate) fn hex_bytes(text: &str) -> Option<Vec<u8>> {
    let digits: String = text.strip_prefix("0x").unwrap_or(text).split_whitespace().collect();
    hex::decode(digits).ok()
}
