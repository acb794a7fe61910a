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
    /// All elements whose field has that value (a name or number as text); `[every]`, with an empty value: all of them.
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
    pub fn parse(text: &str) -> Result<Path, PathError> {
        let mut segments = Vec::new();
        let mut at = 0;
        while at < text.len() || segments.is_empty() {
            let length = match text.as_bytes().get(at) {
                Some(b'[') => bracket(text, at, &mut segments)?,
                Some(b'.') if !segments.is_empty() => 1 + name(text, at + 1, &mut segments)?,
                _ if segments.is_empty() => name(text, at, &mut segments)?,
                _ => {
                    return Err(PathError { message: "expected `.` or `[`".to_owned(), at });
                }
            };
            at += length;
        }
        Ok(Path { segments })
    }

    /// The names in it, without places and conditions.
    pub fn names(&self) -> Vec<&str> {
        let names = self.segments.iter().filter_map(|segment| match segment {
            Segment::Name(name) => Some(name.as_str()),
            _ => None,
        });
        names.collect()
    }

    /// The path that names the root itself.
    pub fn root() -> Path {
        Path { segments: Vec::new() }
    }

    /// The path without its last segment; `None` for an empty one.
    pub fn split_last(&self) -> Option<(Path, &Segment)> {
        let (last, rest) = self.segments.split_last()?;
        Some((Path { segments: rest.to_vec() }, last))
    }

    /// The path without its first segment; `None` for an empty one.
    pub fn split_first(&self) -> Option<(&Segment, Path)> {
        let (first, rest) = self.segments.split_first()?;
        Some((first, Path { segments: rest.to_vec() }))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, segment) in self.segments.iter().enumerate() {
            match segment {
                Segment::Name(_) | Segment::Inside if place > 0 => write!(f, ".{segment}")?,
                _ => write!(f, "{segment}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Segment::Name(name) => f.write_str(name),
            Segment::Index(index) => write!(f, "[{index}]"),
            Segment::Where(field, value) if value.is_empty() => write!(f, "[{field}]"),
            Segment::Where(field, value) => write!(f, "[{field}={value}]"),
            Segment::Inside => f.write_str("inside"),
        }
    }
}

impl std::str::FromStr for Path {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Path, PathError> {
        Path::parse(text)
    }
}

/// Reads a name at an offset; gives its length in bytes.
///
/// A name that is a number may have no dot; the names of versions (`tls1.3`) do: a digit behind `tls1.` or
/// `ssl3.` still belongs to the name.
fn name(text: &str, at: usize, segments: &mut Vec<Segment>) -> Result<usize, PathError> {
    let rest = &text[at..];
    let length =
        rest.find(|sign: char| !(sign.is_ascii_alphanumeric() || sign == '_' || sign == '-')).unwrap_or(rest.len());
    if length == 0 {
        let message = match rest.chars().next() {
            Some(sign) => format!("expected a name, got `{sign}`"),
            None => "expected a name, got the end".to_owned(),
        };
        return Err(PathError { message, at });
    }
    let length = length + version_tail(&rest[..length], &rest[length..]);
    segments.push(match &rest[..length] {
        "inside" => Segment::Inside,
        name => Segment::Name(name.to_owned()),
    });
    Ok(length)
}

fn version_tail(name: &str, rest: &str) -> usize {
    let digit = rest.strip_prefix('.').is_some_and(|rest| rest.starts_with(|sign: char| sign.is_ascii_digit()));
    if digit && matches!(name, "tls1" | "ssl3" | "ssl2" | "dtls1") { 2 } else { 0 }
}

/// Reads `[0]`, `[-1]` or `[field=value]`; gives its length in bytes.
fn bracket(text: &str, at: usize, segments: &mut Vec<Segment>) -> Result<usize, PathError> {
    let fail = |message: &str, at| Err(PathError { message: message.to_owned(), at });
    let Some(length) = text[at..].find(']') else {
        return fail("expected `]`", text.len());
    };
    let inner = &text[at + 1..at + length];
    segments.push(match inner.split_once('=') {
        Some((field, _)) if field.trim().is_empty() => return fail("expected a field ahead of `=`", at + 1),
        Some((_, value)) if value.trim().is_empty() => return fail("expected a value behind `=`", at + length),
        Some((field, value)) => Segment::Where(field.trim().to_owned(), value.trim().to_owned()),
        None if inner.trim() == "every" => Segment::Where("every".to_owned(), String::new()),
        None => match inner.trim().parse() {
            Ok(index) => Segment::Index(index),
            Err(_) => return fail("expected a place or `field=value` within `[]`", at + 1),
        },
    });
    Ok(length + 1)
}
