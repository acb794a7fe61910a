//! Trees to bytes.

use crate::node::{Node, Span, Value};
use crate::types::Sizeof;

impl Node {
    /// Bytes of the tree; lengths and `sizeof` fields are computed unless told otherwise. Sets all spans.
    pub fn encode(&mut self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.span.end.saturating_sub(self.span.start));
        self.settle(&mut bytes);
        bytes
    }

    /// Bytes of the tree, without touching spans.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.span.end.saturating_sub(self.span.start));
        self.write(&mut bytes);
        bytes
    }

    /// Bytes of the content: without this node's own length prefix.
    pub fn content(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.span.end.saturating_sub(self.span.start));
        self.write_content(&mut bytes);
        bytes
    }

    /// Bytes of length prefix that the node has when encoded.
    pub(crate) fn prefix(&self) -> usize {
        match self.value {
            Value::Bytes(_) | Value::List(_) | Value::As(_) => self.type_id.0.size().map_or(0, |size| size.prefix()),
            _ => 0,
        }
    }

    /// Encoded size in bytes, with the prefix.
    pub(crate) fn size(&self) -> usize {
        self.prefix() + self.content_size()
    }

    /// Encoded size in bytes, without the prefix.
    pub(crate) fn content_size(&self) -> usize {
        match &self.value {
            Value::Number { width, .. } => usize::from(*width),
            Value::Bytes(bytes) | Value::Raw(bytes) => bytes.len(),
            Value::Struct(nodes) | Value::List(nodes) => nodes.iter().map(Node::size).sum(),
            Value::As(inner) => inner.size(),
        }
    }

    /// What the number is the size of, if it is a `sizeof`.
    pub(crate) fn sizeof(&self) -> Option<Sizeof> {
        match self.value {
            Value::Number { .. } => self.type_id.0.as_number()?.sizeof,
            _ => None,
        }
    }

    /// The honest number of a `sizeof` field among these siblings.
    pub(crate) fn measured(sizeof: Sizeof, siblings: &[Node]) -> u64 {
        let target = siblings.iter().find(|node| node.name == sizeof.target);
        sizeof.base.wrapping_add(target.map_or(0, Node::size) as u64)
    }

    /// Writes, and sets the spans and the values of `sizeof` fields on the way.
    fn settle(&mut self, bytes: &mut Vec<u8>) {
        let (start, prefix) = (bytes.len(), self.prefix());
        let inside = start + prefix;
        bytes.resize(inside, 0);
        match &mut self.value {
            Value::List(nodes) => nodes.iter_mut().for_each(|node| node.settle(bytes)),
            Value::As(inner) => inner.settle(bytes),
            Value::Struct(nodes) => {
                nodes.iter_mut().for_each(|node| node.settle(bytes));
                settle_sizes(nodes, bytes);
            }
            _ => self.write_content(bytes),
        }
        self.span = Span { start, end: bytes.len(), prefix };
        if prefix > 0 {
            let length = self.length.unwrap_or((bytes.len() - inside) as u64);
            put_number(&mut bytes[start..inside], length);
        }
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        let prefix = self.prefix();
        if prefix == 0 {
            return self.write_content(bytes);
        }
        let start = bytes.len() + prefix;
        bytes.resize(start, 0);
        self.write_content(bytes);
        let length = self.length.unwrap_or((bytes.len() - start) as u64);
        put_number(&mut bytes[start - prefix..start], length);
    }

    fn write_content(&self, bytes: &mut Vec<u8>) {
        match &self.value {
            Value::Number { value, width } => {
                let start = bytes.len();
                bytes.resize(start + usize::from(*width), 0);
                put_number(&mut bytes[start..], self.length.unwrap_or(*value));
            }
            Value::Bytes(content) | Value::Raw(content) => bytes.extend_from_slice(content),
            Value::List(nodes) => nodes.iter().for_each(|node| node.write(bytes)),
            Value::As(inner) => inner.write(bytes),
            Value::Struct(nodes) => {
                let mut holes: Vec<(usize, usize, Sizeof)> = Vec::new();
                for node in nodes {
                    let start = bytes.len();
                    node.write(bytes);
                    if let (Some(sizeof), None) = (node.sizeof(), node.length) {
                        put_number(&mut bytes[start..], sizeof.base);
                        holes.push((start, node.content_size(), sizeof));
                    }
                    for (hole, width, sizeof) in &holes {
                        if sizeof.target == node.name {
                            let length = sizeof.base.wrapping_add((bytes.len() - start) as u64);
                            put_number(&mut bytes[*hole..hole + width], length);
                        }
                    }
                }
            }
        }
    }
}

/// Gives the `sizeof` fields among the siblings their numbers, in the tree and in the bytes.
fn settle_sizes(nodes: &mut [Node], bytes: &mut [u8]) {
    for place in 0..nodes.len() {
        let Some(sizeof) = nodes[place].sizeof() else { continue };
        let target = nodes.iter().find(|node| node.name == sizeof.target);
        let honest = sizeof.base.wrapping_add(target.map_or(0, |node| (node.span.end - node.span.start) as u64));
        let node = &mut nodes[place];
        if let Value::Number { value, width } = &mut node.value {
            *value = fit(node.length.unwrap_or(honest), usize::from(*width));
            put_number(&mut bytes[node.span.start..node.span.end], *value);
        }
    }
}

/// The number that is left of a length when it is written in so many bytes.
pub(crate) fn fit(number: u64, width: usize) -> u64 {
    if width >= 8 { number } else { number & ((1 << (8 * width)) - 1) }
}

/// Writes a number big-endian into all of the place.
fn put_number(place: &mut [u8], mut number: u64) {
    for byte in place.iter_mut().rev() {
        *byte = number as u8;
        number >>= 8;
    }
}
