//! From paths to nodes.

use crate::node::{Node, Value};
use crate::path::{Path, Segment};
use crate::types::{Kind, Struct, What, parse_number};
use std::ops::ControlFlow;

/// Places of children from the root down; `as` counts as one step, to child 0.
pub(crate) type Trail = Vec<usize>;

type Flow = ControlFlow<()>;

impl Node {
    /// The first node that the path names.
    pub fn at(&self, path: &Path) -> Option<&Node> {
        let mut first = None;
        let _ = self.walk(&path.segments, &mut Vec::new(), &mut |node, _| {
            first = Some(node);
            Flow::Break(())
        });
        first
    }

    /// All nodes that the path names, in order.
    pub fn find(&self, path: &Path) -> Vec<&Node> {
        let mut found = Vec::new();
        let _ = self.walk(&path.segments, &mut Vec::new(), &mut |node, _| {
            found.push(node);
            Flow::Continue(())
        });
        found
    }

    /// The first node that the path names, to be changed.
    pub fn at_mut(&mut self, path: &Path) -> Option<&mut Node> {
        let mut first = None;
        let _ = self.walk(&path.segments, &mut Vec::new(), &mut |_, trail| {
            first = Some(trail.to_vec());
            Flow::Break(())
        });
        self.descend_mut(&first?)
    }

    /// The direct field of that name, through `as` and the handshake `body`: the quick way for code.
    pub fn field(&self, name: &str) -> Option<&Node> {
        match &self.value {
            Value::As(inner) => inner.field(name),
            Value::Struct(fields) => {
                let own = fields.iter().find(|field| field.name == name);
                own.or_else(|| fields.iter().filter(|field| self.passes(field)).find_map(|field| field.field(name)))
            }
            _ => None,
        }
    }

    /// The element of a list with that tag number (an extension by its type), as its whole element.
    pub fn tagged(&self, tag: u64) -> Option<&Node> {
        self.children().iter().find(|element| element.tag() == Some(tag))
    }

    /// The content of the element of a list with that tag number: of an extension, what its data holds.
    pub fn tagged_content(&self, tag: u64) -> Option<&Node> {
        self.tagged(tag)?.tag_content().map(Node::through)
    }

    /// The elements of a list, or fields of a struct; through `as`.
    pub fn children(&self) -> &[Node] {
        match &self.value {
            Value::Struct(nodes) | Value::List(nodes) => nodes,
            Value::As(inner) => inner.children(),
            _ => &[],
        }
    }

    /// The node itself, or what `as` holds.
    pub fn through(&self) -> &Node {
        match &self.value {
            Value::As(inner) => inner.through(),
            _ => self,
        }
    }

    /// The value of an integer or enum.
    pub fn number(&self) -> Option<u64> {
        match self.value {
            Value::Number { value, .. } => Some(value),
            _ => None,
        }
    }

    /// The bytes of an opaque field, or of one that is raw.
    pub fn bytes(&self) -> Option<&[u8]> {
        match &self.value {
            Value::Bytes(bytes) | Value::Raw(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The name of an enum's value, if it has one.
    pub fn enum_name(&self) -> Option<&'static str> {
        self.type_id.0.names()?.name_of(self.number()?)
    }

    /// The tag of a list's element: an extension's type, or the element itself if it is a number.
    pub fn tag(&self) -> Option<u64> {
        match &self.value {
            Value::Number { value, .. } => Some(*value),
            Value::Struct(fields) => fields.get(self.struct_type()?.tag?.0)?.number(),
            _ => None,
        }
    }

    /// The name of a list element's tag, if it has one.
    pub fn tag_name(&self) -> Option<&'static str> {
        match &self.value {
            Value::Number { .. } => self.enum_name(),
            Value::Struct(fields) => fields.get(self.struct_type()?.tag?.0)?.enum_name(),
            _ => None,
        }
    }

    /// The first remark in the tree, depth first, with the node that has it.
    pub fn first_remark(&self) -> Option<(&Node, &crate::Remark)> {
        if let Some(remark) = &self.remark {
            return Some((self, remark));
        }
        match &self.value {
            Value::As(inner) => inner.first_remark(),
            _ => self.children().iter().find_map(Node::first_remark),
        }
    }

    /// The content of a tagged element: of an extension, `extension_data`.
    pub(crate) fn tag_content(&self) -> Option<&Node> {
        self.children().get(self.struct_type()?.tag?.1)
    }

    pub(crate) fn struct_type(&self) -> Option<&'static Struct> {
        self.type_id.0.as_struct()
    }

    /// Whether paths pass through this child unsaid: `as`, and structs that a select picked.
    pub(crate) fn passes(&self, child: &Node) -> bool {
        match &child.value {
            Value::As(_) => true,
            Value::Struct(_) if child.name.is_empty() => true,
            Value::Struct(_) => self.struct_type().is_some_and(|structure| {
                structure.fields.iter().any(|field| field.name == child.name && matches!(field.what, What::Select(_)))
            }),
            _ => false,
        }
    }

    pub(crate) fn descend(&self, trail: &[usize]) -> Option<&Node> {
        let Some((first, rest)) = trail.split_first() else {
            return Some(self);
        };
        match &self.value {
            Value::As(inner) => inner.descend(rest),
            Value::Struct(nodes) | Value::List(nodes) => nodes.get(*first)?.descend(rest),
            _ => None,
        }
    }

    pub(crate) fn descend_mut(&mut self, trail: &[usize]) -> Option<&mut Node> {
        let Some((first, rest)) = trail.split_first() else {
            return Some(self);
        };
        match &mut self.value {
            Value::As(inner) => inner.descend_mut(rest),
            Value::Struct(nodes) | Value::List(nodes) => nodes.get_mut(*first)?.descend_mut(rest),
            _ => None,
        }
    }

    /// All trails of a path, in order.
    pub(crate) fn trails(&self, segments: &[Segment]) -> Vec<Trail> {
        let mut found = Vec::new();
        let _ = self.walk(segments, &mut Vec::new(), &mut |_, trail| {
            found.push(trail.to_vec());
            Flow::Continue(())
        });
        found
    }

    /// Visits all that the segments name below this node.
    fn walk<'a>(
        &'a self,
        segments: &[Segment],
        trail: &mut Trail,
        visit: &mut dyn FnMut(&'a Node, &[usize]) -> Flow,
    ) -> Flow {
        let Some((first, rest)) = segments.split_first() else {
            return visit(self, trail);
        };
        if let Value::As(inner) = &self.value {
            trail.push(0);
            let flow = inner.walk(segments, trail, visit);
            trail.pop();
            return flow;
        }
        match first {
            Segment::Name(name) => self.walk_name(name, rest, trail, visit),
            Segment::Index(index) => {
                let Value::List(elements) = &self.value else {
                    return Flow::Continue(());
                };
                match place(*index, elements.len()) {
                    Some(place) => step(elements, place, rest, trail, visit),
                    None => Flow::Continue(()),
                }
            }
            Segment::Where(field, value) => {
                let Value::List(elements) = &self.value else {
                    return Flow::Continue(());
                };
                for (place, element) in elements.iter().enumerate() {
                    if value.is_empty() || element.field(field).is_some_and(|field| field.reads_as(value)) {
                        step(elements, place, rest, trail, visit)?;
                    }
                }
                Flow::Continue(())
            }
            Segment::Inside => Flow::Continue(()),
        }
    }

    fn walk_name<'a>(
        &'a self,
        name: &str,
        rest: &[Segment],
        trail: &mut Trail,
        visit: &mut dyn FnMut(&'a Node, &[usize]) -> Flow,
    ) -> Flow {
        match &self.value {
            Value::Struct(fields) => {
                if let Some(place) = fields.iter().position(|field| field.name == name) {
                    return step(fields, place, rest, trail, visit);
                }
                for (place, field) in fields.iter().enumerate().filter(|(_, field)| self.passes(field)) {
                    trail.push(place);
                    let flow = match &field.value {
                        Value::As(inner) => {
                            trail.push(0);
                            let flow = inner.walk_name(name, rest, trail, visit);
                            trail.pop();
                            flow
                        }
                        _ => field.walk_name(name, rest, trail, visit),
                    };
                    trail.pop();
                    flow?;
                }
                Flow::Continue(())
            }
            Value::List(elements) => {
                let tag = self.tag_number(name);
                for (place, element) in elements.iter().enumerate() {
                    match tag {
                        Some(tag) if element.tag() == Some(tag) => step(elements, place, rest, trail, visit)?,
                        Some(_) => {}
                        None => {
                            trail.push(place);
                            let flow = element.walk_name(name, rest, trail, visit);
                            trail.pop();
                            flow?;
                        }
                    }
                }
                Flow::Continue(())
            }
            _ => Flow::Continue(()),
        }
    }

    /// The number of a tag of this list's elements.
    pub(crate) fn tag_number(&self, name: &str) -> Option<u64> {
        let Kind::Vector { element, .. } = self.type_id.0.kind() else {
            return None;
        };
        let tag = match element.kind() {
            Kind::Number(_) => *element,
            Kind::Struct(structure) => structure.tag_type()?,
            _ => return None,
        };
        tag.names().and_then(|names| names.number(name)).or_else(|| parse_number(name))
    }

    /// Whether a leaf has the value that a text says: a name, a number, or bytes in hex.
    fn reads_as(&self, text: &str) -> bool {
        match &self.value {
            Value::Number { value, .. } => {
                let named = self.type_id.0.names().and_then(|names| names.number(text));
                named.or_else(|| parse_number(text)) == Some(*value)
            }
            Value::Bytes(bytes) | Value::Raw(bytes) => crate::plain::hex_bytes(text).is_some_and(|text| text == *bytes),
            Value::As(inner) => inner.reads_as(text),
            _ => false,
        }
    }
}

fn step<'a>(
    nodes: &'a [Node],
    place: usize,
    rest: &[Segment],
    trail: &mut Trail,
    visit: &mut dyn FnMut(&'a Node, &[usize]) -> Flow,
) -> Flow {
    trail.push(place);
    let flow = nodes[place].walk(rest, trail, visit);
    trail.pop();
    flow
}

/// The place that an index means, which counts back if negative.
pub(crate) fn place(index: i64, length: usize) -> Option<usize> {
    let place = if index < 0 { index.checked_add(i64::try_from(length).ok()?)? } else { index };
    usize::try_from(place).ok().filter(|place| *place < length)
}
