//! Bytes to trees, leniently: what does not fit stays raw, with a remark.

use crate::node::{Node, Remark, Span, TypeId, Value};
use crate::types::{
    Arm, Choice, Field, Kind, Picked, Scope, Select, Size, Sizeof, Struct, Type, What, When, unknown_type,
};

/// Types may contain themselves; deeper than this, bytes stay raw.
const DEPTH: usize = 48;

/// The name of bytes left over behind a struct's last field.
pub(crate) const TRAILING: &str = "trailing";

/// Reads all the bytes as one type.
pub(crate) fn decode(kind: &'static Type, name: &'static str, bytes: &[u8], scope: Scope) -> Node {
    Decoder { bytes, at: 0, scope, faults: 0, first: None, depth: 0 }.exactly(kind, name, bytes.len())
}

/// Reads all the bytes as the content of a type: behind the length prefix, if it has one.
pub(crate) fn decode_content(kind: &'static Type, name: &'static str, bytes: &[u8], scope: Scope) -> Node {
    let mut decoder = Decoder { bytes, at: 0, scope, faults: 0, first: None, depth: 0 };
    let span = Span { start: 0, end: bytes.len(), prefix: 0 };
    let value = match kind.kind() {
        Kind::Vector { element, .. } => decoder.elements(element, bytes.len()),
        Kind::Opaque { reads, .. } => decoder.opaque(reads.as_ref(), bytes.len()).0,
        _ => return decoder.exactly(kind, name, bytes.len()),
    };
    Node { name, type_id: TypeId(kind), span, value, length: None, remark: None }
}

struct Decoder<'a> {
    bytes: &'a [u8],
    at: usize,
    scope: Scope,
    /// How many things did not fit so far, and why the first of them since `opaque` last looked.
    faults: usize,
    first: Option<Remark>,
    depth: usize,
}

/// A `sizeof` field that was read, and what it is about.
struct Declared {
    place: usize,
    sizeof: Sizeof,
    value: u64,
    honest: bool,
}

impl Decoder<'_> {
    /// A type that has to fill the bytes up to `end`.
    fn exactly(&mut self, kind: &'static Type, name: &'static str, end: usize) -> Node {
        let start = self.at;
        let mut node = self.node(kind, name, end);
        if self.at == end {
            return node;
        }
        if let Value::Struct(fields) = &mut node.value {
            let trailing = self.raw(unknown_type(), TRAILING, end, Remark::Trailing);
            fields.push(trailing);
            node.span.end = end;
            return node;
        }
        self.at = start;
        self.raw(kind, name, end, Remark::Trailing)
    }

    /// All bytes up to `end`, for what did not fit.
    fn raw(&mut self, kind: &'static Type, name: &'static str, end: usize, remark: Remark) -> Node {
        self.faults += 1;
        self.first.get_or_insert(remark);
        let span = Span { start: self.at, end, prefix: 0 };
        self.at = end;
        Node {
            name,
            type_id: TypeId(kind),
            span,
            value: Value::Raw(self.bytes[span.start..end].to_vec()),
            length: None,
            remark: Some(remark),
        }
    }

    /// One node, as long as its type says, at most up to `end`.
    fn node(&mut self, kind: &'static Type, name: &'static str, end: usize) -> Node {
        let start = self.at;
        let (value, prefix, remark) = match kind.kind() {
            Kind::Number(number) => {
                let width = usize::from(number.width);
                if end - start < width {
                    return self.raw(kind, name, end, Remark::Truncated);
                }
                self.at += width;
                (Value::Number { value: big_endian(&self.bytes[start..self.at]), width: number.width }, 0, None)
            }
            Kind::Struct(structure) => {
                if self.depth >= DEPTH {
                    return self.raw(kind, name, end, Remark::Length);
                }
                self.depth += 1;
                let value = self.structure(structure, end);
                self.depth -= 1;
                (value, 0, None)
            }
            Kind::Opaque { size, reads } => {
                let Some(extent) = self.extent(*size, end) else {
                    return self.raw(kind, name, end, Remark::Truncated);
                };
                let (value, remark) = self.opaque(reads.as_ref(), extent.end);
                (value, extent.prefix, extent.remark.or(remark))
            }
            Kind::Vector { size, element } => {
                let Some(extent) = self.extent(*size, end) else {
                    return self.raw(kind, name, end, Remark::Truncated);
                };
                if self.depth >= DEPTH {
                    self.at = start;
                    return self.raw(kind, name, end, Remark::Length);
                }
                self.depth += 1;
                let value = self.elements(element, extent.end);
                self.depth -= 1;
                (value, extent.prefix, extent.remark)
            }
        };
        Node { name, type_id: TypeId(kind), span: Span { start, end: self.at, prefix }, value, length: None, remark }
    }

    /// Where an opaque or vector ends; its prefix is read. `None` if the bytes end before.
    fn extent(&mut self, size: Size, end: usize) -> Option<Extent> {
        let (length, prefix, remark) = match size {
            Size::Fixed(length) => (length, 0, None),
            Size::Rest => (end - self.at, 0, None),
            Size::Named(slot) => match self.scope.lookup(slot) {
                Some(length) => (usize::try_from(length).ok()?, 0, None),
                None => (end - self.at, 0, Some(Remark::Unknown)),
            },
            Size::Prefixed { min, max, width } => {
                let width = usize::from(width);
                let length = big_endian(self.bytes[self.at..end].get(..width)?);
                let remark = (!(min..=max).contains(&length)).then_some(Remark::Length);
                (usize::try_from(length).ok()?, width, remark)
            }
        };
        if length > end - self.at - prefix {
            return None;
        }
        self.at += prefix;
        Some(Extent { end: self.at + length, prefix, remark })
    }

    /// Opaque bytes up to `end`, read once more if they can be.
    fn opaque(&mut self, reads: Option<&Choice>, end: usize) -> (Value, Option<Remark>) {
        let start = self.at;
        let target = match reads {
            None => None,
            Some(Choice::Always(target)) => Some(*target),
            Some(Choice::Select(select)) => match select.pick(&self.scope) {
                Picked::Arm(Arm::Type(target)) => Some(*target),
                Picked::Unknown => {
                    self.at = end;
                    return (Value::Bytes(self.bytes[start..end].to_vec()), Some(Remark::Unknown));
                }
                _ => None,
            },
        };
        let mut remark = None;
        if let Some(target) = target {
            let (faults, first) = (self.faults, self.first.take());
            let inner = self.exactly(target, target.name, end);
            let failed = self.faults > faults;
            remark = self.first.take();
            (self.faults, self.first) = (faults, first);
            if !failed {
                return (Value::As(Box::new(inner)), None);
            }
        }
        self.at = end;
        (Value::Bytes(self.bytes[start..end].to_vec()), remark)
    }

    fn elements(&mut self, element: &'static Type, end: usize) -> Value {
        let length = end - self.at;
        if let Kind::Number(number) = element.kind() {
            return self.numbers(element, usize::from(number.width), end);
        }
        let mut elements = Vec::with_capacity((length / 8).min(8));
        while self.at < end {
            let before = self.at;
            let node = self.node(element, element.name, end);
            if self.at == before {
                elements.push(self.raw(element, element.name, end, Remark::Trailing));
                break;
            }
            elements.push(node);
        }
        Value::List(elements)
    }

    fn numbers(&mut self, element: &'static Type, width: usize, end: usize) -> Value {
        let length = end - self.at;
        let mut elements = Vec::with_capacity(length / width + usize::from(!length.is_multiple_of(width)));
        while end - self.at >= width {
            let span = Span { start: self.at, end: self.at + width, prefix: 0 };
            let value = Value::Number { value: big_endian(&self.bytes[span.start..span.end]), width: width as u8 };
            elements.push(Node {
                name: element.name,
                type_id: TypeId(element),
                span,
                value,
                length: None,
                remark: None,
            });
            self.at = span.end;
        }
        if self.at < end {
            elements.push(self.raw(element, element.name, end, Remark::Length));
        }
        Value::List(elements)
    }

    fn structure(&mut self, structure: &'static Struct, end: usize) -> Value {
        let outer = structure.speaks.then_some(self.scope);
        let mut nodes = Vec::with_capacity(structure.fields.len());
        let mut declared = Vec::new();
        self.fields(&structure.fields, end, &mut nodes, &mut declared);
        for Declared { place, value, .. } in declared.into_iter().filter(|item| !item.honest) {
            nodes[place].length = Some(value);
        }
        if let Some(outer) = outer {
            self.scope = outer;
        }
        Value::Struct(nodes)
    }

    /// Reads fields one after the other; `false` once one has swallowed all that was left.
    fn fields(
        &mut self,
        fields: &'static [Field],
        end: usize,
        nodes: &mut Vec<Node>,
        declared: &mut Vec<Declared>,
    ) -> bool {
        for field in fields {
            if field.optional && self.at == end {
                continue;
            }
            let goes_on = match &field.what {
                What::Let { slot, value, when } => {
                    if When::holds(when, nodes) {
                        self.scope.set(*slot, *value);
                    }
                    true
                }
                What::Splice(select) => self.splice(select, end, nodes, declared),
                What::Type(kind) => self.field(field, Some(kind), end, nodes, declared),
                What::Select(select) => {
                    let target = match select.pick(&self.scope) {
                        Picked::Arm(Arm::Type(kind)) => Some(*kind),
                        _ => None,
                    };
                    self.field(field, target, end, nodes, declared)
                }
            };
            if !goes_on {
                return false;
            }
        }
        true
    }

    fn splice(
        &mut self,
        select: &'static Select,
        end: usize,
        nodes: &mut Vec<Node>,
        declared: &mut Vec<Declared>,
    ) -> bool {
        match select.pick(&self.scope) {
            Picked::Arm(Arm::Fields(fields)) => self.fields(fields, end, nodes, declared),
            _ => {
                nodes.push(self.raw(unknown_type(), "", end, Remark::Unknown));
                false
            }
        }
    }

    /// One field; without a type, its bytes are raw. `false` if nothing can come behind it.
    fn field(
        &mut self,
        field: &'static Field,
        kind: Option<&'static Type>,
        end: usize,
        nodes: &mut Vec<Node>,
        declared: &mut Vec<Declared>,
    ) -> bool {
        let mut limit = None;
        if let Some(item) = declared.iter_mut().find(|item| item.sizeof.target == field.name) {
            let length = item.value.checked_sub(item.sizeof.base).and_then(|length| usize::try_from(length).ok());
            match length.filter(|length| *length <= end - self.at) {
                Some(length) => {
                    item.honest = true;
                    limit = Some(self.at + length);
                }
                // The number is kept as a lie; what is there is read all the same.
                None => {
                    nodes[item.place].remark = Some(Remark::Truncated);
                    self.faults += 1;
                    self.first.get_or_insert(Remark::Truncated);
                    limit = Some(end);
                }
            }
        }
        let node = match (kind, limit) {
            (None, limit) => self.raw(unknown_type(), field.name, limit.unwrap_or(end), Remark::Unknown),
            (Some(kind), Some(limit)) => self.exactly(kind, field.name, limit),
            (Some(kind), None) => self.node(kind, field.name, end),
        };
        if let Value::Number { value, .. } = node.value {
            if let Some(slot) = field.slot {
                self.scope.set(slot, value);
            }
            if let Some(sizeof) = kind.and_then(Type::as_number).and_then(|number| number.sizeof) {
                declared.push(Declared { place: nodes.len(), sizeof, value, honest: false });
            }
        }
        let goes_on = limit.is_some() || !matches!(node.value, Value::Raw(_));
        nodes.push(node);
        goes_on
    }
}

struct Extent {
    end: usize,
    prefix: usize,
    remark: Option<Remark>,
}

fn big_endian(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
}
