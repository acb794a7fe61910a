//! Plain values to trees.

use crate::decode::decode_content;
use crate::edit::EditError;
use crate::node::{Node, Span, TypeId, Value};
use crate::plain::{Plain, hex_bytes};
use crate::types::{
    Arm, Choice, Constant, Enum, Field, Kind, Number, Picked, Scope, Select, Size, Struct, Type, What, When,
    parse_number, unknown_type,
};

pub(crate) type Fields = [(String, Plain)];

/// Builds one value of a type; `path` is where it stands, for messages.
pub(crate) fn build(
    kind: &'static Type,
    name: &'static str,
    plain: &Plain,
    scope: Scope,
    path: &str,
) -> Result<Node, EditError> {
    Builder { scope, path: path.to_owned() }.node(kind, name, Some(plain))
}

/// Builds an element for a list of that type from `{tag: content}`.
pub(crate) fn build_tagged(
    element: &'static Type,
    tag: &str,
    content: &Plain,
    scope: Scope,
    path: &str,
) -> Result<Node, EditError> {
    Builder { scope, path: path.to_owned() }.tagged(element, tag, Some(content))
}

struct Builder {
    scope: Scope,
    path: String,
}

impl Builder {
    fn error<T>(&self, message: String, suggestion: Option<String>) -> Result<T, EditError> {
        Err(EditError { message, path: self.path.clone(), suggestion })
    }

    /// Runs `inner` with a longer path.
    fn within<T>(
        &mut self,
        part: &str,
        inner: impl FnOnce(&mut Builder) -> Result<T, EditError>,
    ) -> Result<T, EditError> {
        let length = self.path.len();
        if !self.path.is_empty() && !part.starts_with('[') && !part.is_empty() {
            self.path.push('.');
        }
        self.path.push_str(part);
        let result = inner(self);
        self.path.truncate(length);
        result
    }

    /// Without a value: the default, which is zero or empty.
    fn node(&mut self, kind: &'static Type, name: &'static str, plain: Option<&Plain>) -> Result<Node, EditError> {
        if let (Some(Plain::Bytes(bytes)), false) = (plain, matches!(kind.kind(), Kind::Number(_))) {
            return Ok(decode_content(kind, name, bytes, self.scope));
        }
        let mut length = None;
        let value = match kind.kind() {
            Kind::Number(number) => {
                let value = self.number(kind, number, plain)?;
                if number.sizeof.is_some() && plain.is_some() {
                    length = match value {
                        Value::Number { value, .. } => Some(value),
                        _ => None,
                    };
                }
                value
            }
            Kind::Struct(structure) => self.structure(kind, structure, plain)?,
            Kind::Opaque { size, reads } => self.opaque(*size, reads.as_ref(), plain)?,
            Kind::Vector { element, .. } => self.list(element, plain)?,
        };
        Ok(Node { name, type_id: TypeId(kind), span: Span::default(), value, length, remark: None })
    }

    fn number(&self, kind: &'static Type, number: &Number, plain: Option<&Plain>) -> Result<Value, EditError> {
        let width = number.width;
        let value = match plain {
            None => 0,
            Some(Plain::Number(value)) => *value,
            Some(Plain::Name(text)) => {
                match number.names.and_then(|names| names.number(text)).or_else(|| parse_number(text)) {
                    Some(value) => value,
                    None => {
                        return self
                            .error(format!("`{text}` is no {}", describe(kind, number)), suggest(text, number.names));
                    }
                }
            }
            Some(Plain::Bytes(bytes)) if bytes.len() == usize::from(width) => {
                bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
            }
            Some(Plain::Bytes(bytes)) => return Ok(Value::Raw(bytes.clone())),
            Some(other) => {
                return self.error(format!("expected {}, got {}", describe(kind, number), what(other)), None);
            }
        };
        if width < 8 && value >> (8 * width) != 0 {
            return self
                .error(format!("{value} does not fit in {width} byte{}", if width == 1 { "" } else { "s" }), None);
        }
        Ok(Value::Number { value, width })
    }

    fn opaque(&mut self, size: Size, reads: Option<&Choice>, plain: Option<&Plain>) -> Result<Value, EditError> {
        let target = match reads {
            None => None,
            Some(Choice::Always(target)) => Some(*target),
            Some(Choice::Select(select)) => match select.pick(&self.scope) {
                Picked::Arm(Arm::Type(target)) => Some(*target),
                _ => None,
            },
        };
        if let Some(target) = target {
            return self.reading(target, plain);
        }
        let length = match size {
            Size::Fixed(length) => length,
            Size::Named(slot) => self.scope.lookup(slot).and_then(|length| usize::try_from(length).ok()).unwrap_or(0),
            _ => 0,
        };
        Ok(Value::Bytes(match plain {
            None => vec![0; length.min(1 << 16)],
            Some(Plain::Map(fields)) if fields.is_empty() => Vec::new(),
            Some(plain) => self.bytes(plain)?,
        }))
    }

    /// An opaque that is read once more; hex text is its bytes if it can be nothing else.
    fn reading(&mut self, target: &'static Type, plain: Option<&Plain>) -> Result<Value, EditError> {
        let outer = self.scope;
        let built = self.node(target, target.name, plain);
        self.scope = outer;
        match (built, plain) {
            (Ok(inner), _) => Ok(Value::As(Box::new(inner))),
            (Err(error), Some(Plain::Name(text))) => hex_bytes(text).map(Value::Bytes).ok_or(error),
            (Err(error), _) => Err(error),
        }
    }

    /// Bytes from hex, or from a list of small numbers.
    fn bytes(&self, plain: &Plain) -> Result<Vec<u8>, EditError> {
        match plain {
            Plain::Bytes(bytes) => Ok(bytes.clone()),
            Plain::Name(text) => match hex_bytes(text) {
                Some(bytes) => Ok(bytes),
                None => self.error(format!("expected bytes in hex, got `{text}`"), None),
            },
            Plain::List(items) => {
                let mut bytes = Vec::with_capacity(items.len());
                for item in items {
                    let number = match item {
                        Plain::Number(number) => Some(*number),
                        Plain::Name(text) => parse_number(text),
                        _ => None,
                    };
                    match number.and_then(|number| u8::try_from(number).ok()) {
                        Some(byte) => bytes.push(byte),
                        None => return self.error(format!("expected a byte, got {}", what(item)), None),
                    }
                }
                Ok(bytes)
            }
            other => self.error(format!("expected bytes, got {}", what(other)), None),
        }
    }

    fn list(&mut self, element: &'static Type, plain: Option<&Plain>) -> Result<Value, EditError> {
        let mut nodes = Vec::new();
        match plain {
            None => {}
            Some(Plain::List(items)) => {
                nodes.reserve_exact(items.len());
                for (place, item) in items.iter().enumerate() {
                    let node = match item {
                        // Numbers cannot fail deeper inside: no path to prepare.
                        Plain::Number(_) | Plain::Name(_) if matches!(element.kind(), Kind::Number(_)) => {
                            self.node(element, element.name, Some(item))
                        }
                        _ => self.within(&format!("[{place}]"), |builder| builder.element(element, item)),
                    };
                    nodes.push(node?);
                }
            }
            Some(Plain::Map(fields)) if fields.is_empty() => {}
            Some(Plain::Map(fields)) if element.as_struct().is_some_and(|structure| structure.tag.is_some()) => {
                for (tag, content) in fields {
                    nodes.push(self.within(tag, |builder| builder.tagged(element, tag, Some(content)))?);
                }
            }
            Some(other) => return self.error(format!("expected a list, got {}", what(other)), None),
        }
        Ok(Value::List(nodes))
    }

    /// One element of a list; of a tagged list also `{tag: content}`, or the tag alone.
    fn element(&mut self, element: &'static Type, plain: &Plain) -> Result<Node, EditError> {
        let tagged = element.as_struct().filter(|structure| structure.tag.is_some());
        match (tagged, plain) {
            (Some(structure), Plain::Map(fields)) if !names_field(structure, fields) => match fields.as_slice() {
                [(tag, content)] => self.tagged(element, tag, Some(content)),
                _ => self.node(element, element.name, Some(plain)),
            },
            (Some(_), Plain::Name(tag)) => self.tagged(element, tag, None),
            _ => self.node(element, element.name, Some(plain)),
        }
    }

    /// The element with that tag and content; the content may also be the element's own fields.
    fn tagged(&mut self, element: &'static Type, tag: &str, content: Option<&Plain>) -> Result<Node, EditError> {
        let (structure, kind, (tag_field, content_field)) = match element.as_struct() {
            Some(structure) => match (structure.tag_type(), structure.tag) {
                (Some(kind), Some(places)) => (structure, kind, places),
                _ => return self.error(format!("elements of `{}` have no tag", element.name), None),
            },
            None => return self.error(format!("elements of `{}` have no tag", element.name), None),
        };
        let Some(number) = kind.names().and_then(|names| names.number(tag)).or_else(|| parse_number(tag)) else {
            return self.error(format!("`{tag}` is no {}", kind.name), suggest(tag, kind.names()));
        };
        let mut fields = vec![(structure.fields[tag_field].name.to_owned(), Plain::Number(number))];
        match content {
            Some(Plain::Map(own)) if names_field(structure, own) => {
                fields.retain(|field| own.iter().all(|(name, _)| *name != field.0));
                fields.extend(own.iter().cloned());
            }
            Some(content) => fields.push((structure.fields[content_field].name.to_owned(), content.clone())),
            None => {}
        }
        self.node(element, element.name, Some(&Plain::Map(fields)))
    }

    fn structure(
        &mut self,
        kind: &'static Type,
        structure: &'static Struct,
        plain: Option<&Plain>,
    ) -> Result<Value, EditError> {
        let outer = self.scope;
        let mut given = Given { own: &structure.fields, fields: &[], used: Vec::new(), sole: None };
        match plain {
            None => {}
            Some(Plain::Map(fields)) if fields.is_empty() => {}
            Some(Plain::Map(fields)) => match self.sole_field(structure) {
                Some(sole) if fields.iter().all(|(name, _)| name != sole) => given.sole = plain,
                _ => given.fields = fields,
            },
            Some(other) => match self.sole_field(structure) {
                Some(_) => given.sole = plain,
                None if structure.fields.is_empty() && matches!(other, Plain::List(items) if items.is_empty()) => {}
                None => return self.error(format!("expected fields of {}, got {}", kind.name, what(other)), None),
            },
        }
        given.used = vec![false; given.fields.len()];
        let mut nodes = Vec::with_capacity(structure.fields.len());
        let mut known = Vec::new();
        self.fields(&structure.fields, &mut given, &mut nodes, &mut known)?;
        if let Some(place) = given.used.iter().position(|used| !used) {
            let unknown = &given.fields[place].0;
            let message = format!("{} has no field `{unknown}`", kind.name);
            return self
                .within(&unknown.clone(), |builder| builder.error(message, closest(unknown, known.iter().copied())));
        }
        self.scope = outer;
        Ok(Value::Struct(nodes))
    }

    /// The name of the struct's only field, as far as the scope tells.
    fn sole_field(&self, structure: &'static Struct) -> Option<&'static str> {
        let [field] = structure.fields.as_slice() else {
            return None;
        };
        match &field.what {
            What::Splice(select) => match select.pick(&self.scope) {
                Picked::Arm(Arm::Fields(fields)) => match fields.as_slice() {
                    [field] => Some(field.name),
                    _ => None,
                },
                _ => None,
            },
            What::Let { .. } => None,
            _ => Some(field.name),
        }
    }

    fn fields(
        &mut self,
        fields: &'static [Field],
        given: &mut Given<'_>,
        nodes: &mut Vec<Node>,
        known: &mut Vec<&'static str>,
    ) -> Result<(), EditError> {
        for field in fields {
            match &field.what {
                What::Let { slot, value, when } => {
                    if When::holds(when, nodes) {
                        self.scope.set(*slot, *value);
                    }
                }
                What::Splice(select) => {
                    if let Picked::Arm(Arm::Fields(fields)) = select.pick(&self.scope) {
                        self.fields(fields, given, nodes, known)?;
                    }
                }
                What::Type(kind) => {
                    known.push(field.name);
                    if let Some(node) = self.field(field, kind, given)? {
                        nodes.push(node);
                    }
                }
                What::Select(select) => {
                    known.push(field.name);
                    nodes.push(self.selected(field, select, given, known)?);
                }
            }
            let last = nodes.last().filter(|node| node.name == field.name);
            if let (Some(slot), Some(value)) = (field.slot, last.and_then(Node::number)) {
                self.scope.set(slot, value);
            }
        }
        Ok(())
    }

    fn field(
        &mut self,
        field: &'static Field,
        kind: &'static Type,
        given: &mut Given<'_>,
    ) -> Result<Option<Node>, EditError> {
        let constant;
        let plain = match (given.take(field.name), &field.default) {
            (Some(plain), _) => Some(plain),
            (None, _) if field.optional => return Ok(None),
            (None, Some(default)) => {
                constant = match default {
                    Constant::Number(number) => Plain::Number(*number),
                    Constant::Bytes(bytes) => Plain::Bytes(bytes.clone()),
                };
                Some(&constant)
            }
            (None, None) => None,
        };
        if plain.is_none() || matches!((plain, kind.kind()), (Some(Plain::Number(0)), Kind::Number(_))) {
            return self.node(kind, field.name, plain).map(Some);
        }
        self.within(field.name, |builder| builder.node(kind, field.name, plain)).map(Some)
    }

    /// A field whose type depends on others; a struct's fields may be given beside it, unsaid.
    fn selected(
        &mut self,
        field: &'static Field,
        select: &'static Select,
        given: &mut Given<'_>,
        known: &mut Vec<&'static str>,
    ) -> Result<Node, EditError> {
        let kind = match select.pick(&self.scope) {
            Picked::Arm(Arm::Type(kind)) => *kind,
            Picked::Unknown if given.names(field.name) => {
                return match given.take(field.name) {
                    Some(plain) => self.within(field.name, |builder| builder.untyped(field.name, plain)),
                    None => self.untyped(field.name, &Plain::Bytes(Vec::new())),
                };
            }
            _ => unknown_type(),
        };
        if let Some(plain) = given.take(field.name) {
            return self.within(field.name, |builder| builder.node(kind, field.name, Some(plain)));
        }
        let Some(inner) = kind.as_struct() else {
            return self.node(kind, field.name, None);
        };
        known.extend(inner.fields.iter().map(|field| field.name));
        let rest = given.rest(&self.scope);
        if rest.is_empty() {
            return self.node(kind, field.name, None);
        }
        self.node(kind, field.name, Some(&Plain::Map(rest)))
    }

    fn untyped(&mut self, name: &'static str, plain: &Plain) -> Result<Node, EditError> {
        match self.bytes(plain) {
            Ok(bytes) => Ok(Node {
                name,
                type_id: TypeId(unknown_type()),
                span: Span::default(),
                value: Value::Bytes(bytes),
                length: None,
                remark: None,
            }),
            Err(error) => {
                let message =
                    format!("what `{name}` depends on is not known, so it can only be bytes: {}", error.message);
                self.error(message, None)
            }
        }
    }
}

/// The plain values for a struct's fields.
struct Given<'a> {
    /// The struct's own fields, which are never passed on to an inner one.
    own: &'static [Field],
    fields: &'a Fields,
    used: Vec<bool>,
    /// The short form: the value of the only field.
    sole: Option<&'a Plain>,
}

impl<'a> Given<'a> {
    fn names(&self, name: &str) -> bool {
        self.sole.is_some() || self.fields.iter().any(|field| field.0 == name)
    }

    fn take(&mut self, name: &str) -> Option<&'a Plain> {
        if let Some(plain) = self.sole.take() {
            return Some(plain);
        }
        // The last of several counts, as in most readers of maps.
        let mut found = None;
        for (field, used) in self.fields.iter().zip(&mut self.used) {
            if field.0 == name {
                *used = true;
                found = Some(&field.1);
            }
        }
        found
    }

    /// What is not the struct's own.
    fn rest(&mut self, scope: &Scope) -> Vec<(String, Plain)> {
        let mut rest = Vec::new();
        for (field, used) in self.fields.iter().zip(&mut self.used) {
            if !*used && !claims(self.own, scope, &field.0) {
                *used = true;
                rest.push(field.clone());
            }
        }
        rest
    }
}

/// Whether one of the fields, or of those that a select puts among them, has that name.
fn claims(fields: &'static [Field], scope: &Scope, name: &str) -> bool {
    fields.iter().any(|field| match &field.what {
        What::Splice(select) => match select.pick(scope) {
            Picked::Arm(Arm::Fields(inner)) => claims(inner, scope, name),
            _ => false,
        },
        _ => field.name == name,
    })
}

/// Whether the map speaks of the struct's own fields.
pub(crate) fn names_field(structure: &Struct, fields: &Fields) -> bool {
    fields.iter().any(|(name, _)| structure.fields.iter().any(|field| field.name == name))
}

fn describe(kind: &Type, number: &Number) -> String {
    match number.names {
        Some(names) => names.name.to_owned(),
        None => format!("number ({})", kind.name),
    }
}

fn what(plain: &Plain) -> String {
    match plain {
        Plain::Number(number) => number.to_string(),
        Plain::Bytes(bytes) => format!("{} bytes", bytes.len()),
        Plain::Name(name) => format!("`{name}`"),
        Plain::List(items) => format!("a list of {}", items.len()),
        Plain::Map(_) => "a map".to_owned(),
    }
}

fn suggest(text: &str, names: Option<&'static Enum>) -> Option<String> {
    closest(text, names?.names.iter().map(|entry| entry.0))
}

/// The name most like the text, if any is like it.
pub(crate) fn closest<'n>(text: &str, names: impl Iterator<Item = &'n str>) -> Option<String> {
    let text = text.to_lowercase();
    let rated =
        names.filter(|name| !name.is_empty()).map(|name| (strsim::jaro_winkler(&text, &name.to_lowercase()), name));
    let best = rated.max_by(|left, right| left.0.total_cmp(&right.0))?;
    (best.0 > 0.8).then(|| best.1.to_owned())
}
