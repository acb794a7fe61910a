//! DER bytes ↔ a tree of elements, whose names are those of RFC 5280.
//!
//! Any bytes can be read: what is no DER stays raw, and unusual lengths are kept, so that encoding gives the
//! bytes back. BIT STRINGs and OCTET STRINGs that hold DER are read through.
//!
//! ```
//! use gauntlet_wire::{Path, der};
//! let bytes = [0x30, 6, 2, 1, 5, 2, 1, 9];
//! let signature = der::decode("ECDSA-Sig-Value", &bytes);
//! assert_eq!(signature.at(&Path::parse("s").unwrap()).unwrap().content(), [9]);
//! assert_eq!(signature.to_bytes(), bytes);
//! ```

mod edit;
mod schema;

use crate::edit::EditError;
use crate::path::{Path, Segment};
use crate::resolve::place;
use schema::Shape;

/// Constructed elements may nest; deeper than this, bytes stay raw.
const DEPTH: usize = 40;

/// BOOLEAN, INTEGER and so on.
pub mod tags {
    /// True or false.
    pub const BOOLEAN: u8 = 0x01;
    /// A number, two's complement.
    pub const INTEGER: u8 = 0x02;
    /// Bits; the first byte counts those that are unused.
    pub const BIT_STRING: u8 = 0x03;
    /// Bytes.
    pub const OCTET_STRING: u8 = 0x04;
    /// Nothing.
    pub const NULL: u8 = 0x05;
    /// A dotted number.
    pub const OBJECT_IDENTIFIER: u8 = 0x06;
    /// One of several names for a number.
    pub const ENUMERATED: u8 = 0x0a;
    /// Text.
    pub const UTF8_STRING: u8 = 0x0c;
    /// A struct or list.
    pub const SEQUENCE: u8 = 0x30;
    /// A set.
    pub const SET: u8 = 0x31;
    /// Text of few letters.
    pub const PRINTABLE_STRING: u8 = 0x13;
    /// ASCII text.
    pub const IA5_STRING: u8 = 0x16;
    /// A time with a year of two digits.
    pub const UTC_TIME: u8 = 0x17;
    /// A time with a year of four digits.
    pub const GENERALIZED_TIME: u8 = 0x18;
}

/// One element: a tag, a length, and what it holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Element {
    /// The field's name in RFC 5280, in snake_case; empty if nothing names it.
    pub name: &'static str,
    /// The identifier octet; elements with longer ones stay raw.
    pub tag: u8,
    /// The length octets, if they are not the shortest, or lie.
    pub length: Option<Vec<u8>>,
    /// What it holds.
    pub value: Value,
    pub(crate) shape: &'static Shape,
}

/// What an element holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Content of a primitive element.
    Bytes(Vec<u8>),
    /// Content of a constructed element.
    Elements(Vec<Element>),
    /// DER within a BIT STRING (behind the count of unused bits) or an OCTET STRING.
    Wrapped {
        /// The first byte of a BIT STRING.
        unused: Option<u8>,
        /// What is within.
        inner: Vec<Element>,
    },
    /// Bytes that are no DER; there is neither tag nor length.
    Raw(Vec<u8>),
}

/// Reads all the bytes as one element of a kind that the module knows (`Certificate`, `ECDSA-Sig-Value`,
/// `SubjectPublicKeyInfo`, `Name`, `OCSPResponse`, ...); others are read without names. Never fails.
///
/// If the bytes are not exactly one element, the root has no tag and holds several, or raw bytes.
pub fn decode(kind: &str, bytes: &[u8]) -> Element {
    let shape = schema::kind(kind);
    let mut elements = elements(bytes, DEPTH);
    let mut root = match elements.len() {
        1 => elements.remove(0),
        _ => Element {
            name: "",
            tag: 0,
            length: Some(Vec::new()),
            value: Value::Elements(elements),
            shape: &schema::ANY,
        },
    };
    schema::label(&mut root, shape);
    if root.name.is_empty() {
        root.name = schema::kind_name(kind);
    }
    root
}

/// Whether a path can exist in DER of that kind, for lint; within what has no names here, nothing can.
///
/// # Errors
/// What does not exist, with a suggestion.
pub fn check_path(kind: &str, path: &Path) -> Result<(), EditError> {
    let mut shapes = vec![schema::kind(kind)];
    for (place, segment) in path.segments.iter().enumerate() {
        let next: Vec<&'static Shape> = match segment {
            Segment::Inside => continue,
            Segment::Name(name) => shapes.iter().flat_map(|shape| shape.named(name)).collect(),
            Segment::Index(_) | Segment::Where(..) => shapes.iter().map(|shape| shape.element()).collect(),
        };
        if next.is_empty() {
            let owner = if place == 0 {
                kind.to_owned()
            } else {
                Path { segments: path.segments[..place].to_vec() }.to_string()
            };
            let names = shapes.iter().flat_map(|shape| shape.names());
            let suggestion = crate::build::closest(&segment.to_string(), names);
            return Err(EditError {
                message: format!("`{owner}` has no `{segment}`"),
                path: path.to_string(),
                suggestion,
            });
        }
        shapes = next;
    }
    Ok(())
}

/// Reads elements one after the other; the rest is raw once something does not fit.
fn elements(mut bytes: &[u8], depth: usize) -> Vec<Element> {
    let mut elements = Vec::new();
    while !bytes.is_empty() {
        match element(bytes, depth) {
            Some((element, length)) => {
                elements.push(element);
                bytes = &bytes[length..];
            }
            None => {
                elements.push(raw(bytes));
                break;
            }
        }
    }
    elements
}

fn raw(bytes: &[u8]) -> Element {
    Element { name: "", tag: 0, length: None, value: Value::Raw(bytes.to_vec()), shape: &schema::ANY }
}

/// One element from the start of the bytes, and how many of them it takes.
fn element(bytes: &[u8], depth: usize) -> Option<(Element, usize)> {
    let tag = *bytes.first()?;
    if tag & 0x1f == 0x1f || depth == 0 {
        return None;
    }
    let first = usize::from(*bytes.get(1)?);
    let (count, length) = match first {
        0..=0x7f => (1, first),
        0x81..=0x88 => {
            let octets = bytes.get(2..2 + (first - 0x80))?;
            let length = octets.iter().fold(0_u64, |length, octet| length << 8 | u64::from(*octet));
            (1 + octets.len(), usize::try_from(length).ok()?)
        }
        _ => return None,
    };
    let start = 1 + count;
    let content = bytes.get(start..start.checked_add(length)?)?;
    let said = &bytes[1..start];
    let said = (said != shortest(length as u64)).then(|| said.to_vec());
    let value = match tag & 0x20 {
        0 => Value::Bytes(content.to_vec()),
        _ => Value::Elements(elements(content, depth - 1)),
    };
    Some((Element { name: "", tag, length: said, value, shape: &schema::ANY }, start + length))
}

/// Whether bytes are exactly one element: DER within a string is taken for such only then.
fn is_one(bytes: &[u8]) -> bool {
    element(bytes, DEPTH).is_some_and(|(_, length)| length == bytes.len())
}

/// The shortest length octets.
fn shortest(length: u64) -> Vec<u8> {
    if length < 0x80 {
        return vec![length as u8];
    }
    let octets: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|octet| *octet == 0).collect();
    let mut said = vec![0x80 | octets.len() as u8];
    said.extend(octets);
    said
}

impl Element {
    /// Bytes of the element.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write(&mut bytes);
        bytes
    }

    /// Bytes behind tag and length.
    pub fn content(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        match &self.value {
            Value::Bytes(content) | Value::Raw(content) => bytes.extend_from_slice(content),
            Value::Elements(elements) => elements.iter().for_each(|element| element.write(&mut bytes)),
            Value::Wrapped { unused, inner } => {
                bytes.extend(unused);
                inner.iter().for_each(|element| element.write(&mut bytes));
            }
        }
        bytes
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        let content = self.content();
        if !matches!(self.value, Value::Raw(_)) && !self.is_bare() {
            bytes.push(self.tag);
            match &self.length {
                Some(said) => bytes.extend_from_slice(said),
                None => bytes.extend(shortest(content.len() as u64)),
            }
        }
        bytes.extend(content);
    }

    /// Whether it stands for several elements, with neither tag nor length.
    fn is_bare(&self) -> bool {
        self.tag == 0 && self.length.as_ref().is_some_and(Vec::is_empty)
    }

    /// Elements within, also those within a string.
    pub fn children(&self) -> &[Element] {
        match &self.value {
            Value::Elements(elements) | Value::Wrapped { inner: elements, .. } => elements,
            _ => &[],
        }
    }

    fn children_mut(&mut self) -> Option<&mut Vec<Element>> {
        match &mut self.value {
            Value::Elements(elements) | Value::Wrapped { inner: elements, .. } => Some(elements),
            _ => None,
        }
    }

    /// The first element that the path names. A name is a field's (`tbs_certificate`), or what an extension or
    /// attribute is about (`basic_constraints`, `common_name`); elements without a name, and strings with DER within,
    /// are passed through.
    pub fn at(&self, path: &Path) -> Option<&Element> {
        let trail = self.trails(&path.segments).into_iter().next()?;
        self.descend(&trail)
    }

    /// All elements that the path names, in order.
    pub fn find(&self, path: &Path) -> Vec<&Element> {
        self.trails(&path.segments).iter().filter_map(|trail| self.descend(trail)).collect()
    }

    /// The first element that the path names, to be changed.
    pub fn at_mut(&mut self, path: &Path) -> Option<&mut Element> {
        let trail = self.trails(&path.segments).into_iter().next()?;
        self.descend_mut(&trail)
    }

    /// The element that is meant: that within an explicit tag.
    fn meant(&self) -> &Element {
        match self.children() {
            [only] if self.is_around() => only.meant(),
            _ => self,
        }
    }

    /// The number of an INTEGER, ENUMERATED or BOOLEAN (0 or 1) that fits in 64 bits.
    pub fn number(&self) -> Option<u64> {
        let meant = self.meant();
        let content = meant.content();
        let digits = content.strip_prefix(&[0]).filter(|rest| !rest.is_empty()).unwrap_or(&content);
        match meant.tag {
            tags::BOOLEAN => Some(u64::from(content.iter().any(|byte| *byte != 0))),
            tags::INTEGER | tags::ENUMERATED if (1..=8).contains(&digits.len()) => {
                Some(digits.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
            }
            _ => None,
        }
    }

    /// The text of a string or time, the dotted numbers of an OBJECT IDENTIFIER.
    pub fn text(&self) -> Option<String> {
        let meant = self.meant();
        match meant.tag {
            tags::OBJECT_IDENTIFIER => Some(schema::dotted(&meant.content())),
            tags::UTF8_STRING
            | tags::PRINTABLE_STRING
            | tags::IA5_STRING
            | tags::UTC_TIME
            | tags::GENERALIZED_TIME
            // A GeneralName: mail, DNS name, URI.
            | 0x81
            | 0x82
            | 0x86 => String::from_utf8(meant.content()).ok(),
            _ => None,
        }
    }

    /// As indented text, one element a line.
    pub fn print(&self) -> String {
        let mut text = String::new();
        self.print_into(0, &mut text);
        text
    }

    fn print_into(&self, depth: usize, text: &mut String) {
        let name = if self.name.is_empty() { "-" } else { self.name };
        let shown = match &self.value {
            Value::Raw(bytes) => format!("raw {}", hex::encode(bytes)),
            Value::Bytes(bytes) => self.readable(bytes),
            _ => format!("{} bytes", self.content().len()),
        };
        let lies = self
            .length
            .as_ref()
            .filter(|_| !self.is_bare())
            .map(|said| format!("  <- its length is {}", hex::encode(said)));
        text.push_str(&format!("{:indent$}{name}: {shown}{}\n", "", lies.unwrap_or_default(), indent = 2 * depth));
        self.children().iter().for_each(|child| child.print_into(depth + 1, text));
    }

    fn readable(&self, bytes: &[u8]) -> String {
        let textual =
            [tags::UTF8_STRING, tags::PRINTABLE_STRING, tags::IA5_STRING, tags::UTC_TIME, tags::GENERALIZED_TIME];
        match self.tag {
            tags::OBJECT_IDENTIFIER => schema::dotted(bytes),
            tag if textual.contains(&tag) => String::from_utf8_lossy(bytes).into_owned(),
            _ if bytes.len() > 32 => format!("{}.. ({} bytes)", hex::encode(&bytes[..32]), bytes.len()),
            _ => hex::encode(bytes),
        }
    }

    fn descend(&self, trail: &[usize]) -> Option<&Element> {
        trail.iter().try_fold(self, |element, step| element.children().get(*step))
    }

    fn descend_mut(&mut self, trail: &[usize]) -> Option<&mut Element> {
        trail.iter().try_fold(self, |element, step| element.children_mut()?.get_mut(*step))
    }

    /// Places of children from the root down, for each element that the segments name.
    fn trails(&self, segments: &[Segment]) -> Vec<Vec<usize>> {
        let Some((first, rest)) = segments.split_first() else {
            return vec![Vec::new()];
        };
        let steps = match first {
            Segment::Inside => return self.trails(rest),
            Segment::Name(name) => self.named(name),
            Segment::Index(index) => self.indexed(*index),
            Segment::Where(field, value) => self.matching(field, value),
        };
        let mut found = Vec::new();
        for step in steps {
            let Some(element) = self.descend(&step) else { continue };
            for tail in element.trails(rest) {
                found.push([&step[..], &tail[..]].concat());
            }
        }
        found
    }

    /// Children of that name; else those of elements that have no name of their own.
    fn named(&self, name: &str) -> Vec<Vec<usize>> {
        let children = self.children();
        let own: Vec<_> =
            (0..children.len()).filter(|place| children[*place].name == name).map(|place| vec![place]).collect();
        if !own.is_empty() {
            return own;
        }
        let mut found = Vec::new();
        for (place, child) in children.iter().enumerate().filter(|(_, child)| child.is_passed()) {
            found.extend(child.named(name).into_iter().map(|tail| [&[place], &tail[..]].concat()));
        }
        found
    }

    fn indexed(&self, index: i64) -> Vec<Vec<usize>> {
        match self.children() {
            [only] if self.is_around() => {
                only.indexed(index).into_iter().map(|tail| [&[0], &tail[..]].concat()).collect()
            }
            children => place(index, children.len()).map(|place| vec![place]).into_iter().collect(),
        }
    }

    fn matching(&self, field: &str, value: &str) -> Vec<Vec<usize>> {
        if let ([only], true) = (self.children(), self.is_around()) {
            return only.matching(field, value).into_iter().map(|tail| [&[0], &tail[..]].concat()).collect();
        }
        let fits = |element: &Element| {
            element.named(field).iter().filter_map(|trail| element.descend(trail)).any(|found| found.reads_as(value))
        };
        (0..self.children().len()).filter(|place| fits(&self.children()[*place])).map(|place| vec![place]).collect()
    }

    fn reads_as(&self, text: &str) -> bool {
        let content = self.content();
        schema::dotted(&content) == text
            || content == text.as_bytes()
            || crate::plain::hex_bytes(text).is_some_and(|bytes| bytes == content)
    }

    /// Whether it is an explicit tag, or a string, around the element that is meant.
    fn is_around(&self) -> bool {
        matches!(self.children(), [only] if only.name.is_empty())
            && (matches!(self.value, Value::Wrapped { .. }) || matches!(self.shape, Shape::Explicit(_)))
    }

    /// Elements without a name are passed through, and strings with DER within.
    fn is_passed(&self) -> bool {
        self.name.is_empty() || matches!(self.value, Value::Wrapped { .. })
    }
}
