//! Whether a path can exist, by the grammar alone.

use crate::build::closest;
use crate::edit::EditError;
use crate::grammar::Grammar;
use crate::path::{Path, Segment};
use crate::types::{Arm, Choice, Field, Kind, Scope, Select, Struct, Type, What, parse_number};

/// A type that a path may have reached, with what is known there.
#[derive(Clone, Copy)]
struct Spot {
    kind: &'static Type,
    scope: Scope,
}

pub(crate) fn check_path(grammar: &Grammar, type_name: &str, path: &Path) -> Result<(), EditError> {
    let mut spots = vec![start(grammar, type_name).ok_or_else(|| {
        let names = grammar.names("HandshakeType").iter().map(|entry| entry.0).chain(grammar.types.keys().copied());
        EditError {
            message: format!("there is no message or type `{type_name}`"),
            path: String::new(),
            suggestion: closest(type_name, names),
        }
    })?];
    for (place, segment) in path.segments.iter().enumerate() {
        if *segment == Segment::Inside {
            return crate::opened::check_inside(path);
        }
        let next: Vec<Spot> = spots.iter().flat_map(|spot| spot.step(segment)).collect();
        if next.is_empty() {
            return Err(missing(&spots, type_name, path, place));
        }
        spots = next;
    }
    Ok(())
}

/// A type by its name, or the handshake message of that type.
fn start(grammar: &Grammar, type_name: &str) -> Option<Spot> {
    if let Some(kind) = grammar.types.get(type_name) {
        return Some(Spot { kind, scope: Scope::EMPTY });
    }
    let number = grammar.number("HandshakeType", type_name)?;
    let mut scope = Scope::EMPTY;
    scope.set(*grammar.slots.get("msg_type")?, number);
    grammar.types.get("Handshake").map(|kind| Spot { kind, scope })
}

fn missing(spots: &[Spot], type_name: &str, path: &Path, place: usize) -> EditError {
    let segment = &path.segments[place];
    let owner = match place {
        0 => type_name.to_owned(),
        _ => Path { segments: path.segments[..place].to_vec() }.to_string(),
    };
    let (message, suggestion) = match segment {
        Segment::Name(name) => {
            let names: Vec<&str> = spots.iter().flat_map(|spot| spot.names(0)).collect();
            (format!("`{owner}` has no `{name}`"), closest(name, names.into_iter()))
        }
        Segment::Where(field, _) => (format!("`{owner}` is no list whose elements have a `{field}`"), None),
        _ => (format!("`{owner}` is no list"), None),
    };
    EditError { message, path: path.to_string(), suggestion }
}

/// Types may contain themselves; unsaid steps go no deeper.
const DEPTH: usize = 8;

impl Spot {
    fn step(self, segment: &Segment) -> Vec<Spot> {
        let spots = self.through();
        match segment {
            Segment::Name(name) => spots.into_iter().flat_map(|spot| spot.named(name, 0)).collect(),
            Segment::Index(_) => spots.into_iter().filter_map(Spot::element).collect(),
            Segment::Where(field, value) => {
                let elements = spots.into_iter().filter_map(Spot::element);
                elements.filter(|element| value.is_empty() || !element.named(field, 0).is_empty()).collect()
            }
            Segment::Inside => Vec::new(),
        }
    }

    /// The type itself, or what `as` can read its bytes as.
    fn through(self) -> Vec<Spot> {
        let Kind::Opaque { reads: Some(choice), .. } = self.kind.kind() else {
            return vec![self];
        };
        match choice {
            Choice::Always(kind) => vec![Spot { kind, ..self }],
            Choice::Select(select) => self.arms(select),
        }
    }

    fn arms(self, select: &'static Select) -> Vec<Spot> {
        let types = select.possible(&self.scope).into_iter().filter_map(|arm| match arm {
            Arm::Type(kind) => Some(Spot { kind, ..self }),
            _ => None,
        });
        types.collect()
    }

    fn element(self) -> Option<Spot> {
        match self.kind.kind() {
            Kind::Vector { element, .. } => Some(Spot { kind: element, ..self }),
            _ => None,
        }
    }

    fn named(self, name: &str, depth: usize) -> Vec<Spot> {
        if depth > DEPTH {
            return Vec::new();
        }
        match self.kind.kind() {
            Kind::Struct(structure) => {
                self.told(structure).into_iter().flat_map(|spot| spot.field(&structure.fields, name, depth)).collect()
            }
            Kind::Vector { element, .. } => {
                let tagged = match element.kind() {
                    Kind::Number(number) => {
                        let known = number.names.and_then(|names| names.number(name)).or_else(|| parse_number(name));
                        return known.map(|_| Spot { kind: element, ..self }).into_iter().collect();
                    }
                    Kind::Struct(structure) => {
                        structure.tag_type().zip(structure.tag.map(|tag| structure.fields[tag.0].slot))
                    }
                    _ => None,
                };
                if let Some((tag, Some(slot))) = tagged
                    && let Some(number) =
                        tag.names().and_then(|names| names.number(name)).or_else(|| parse_number(name))
                {
                    let mut scope = self.scope;
                    scope.set(slot, number);
                    return vec![Spot { kind: element, scope }];
                }
                Spot { kind: element, ..self }.named(name, depth + 1)
            }
            Kind::Opaque { .. } => {
                let inner = self.through().into_iter().filter(|spot| !std::ptr::eq(spot.kind, self.kind));
                inner.flat_map(|spot| spot.named(name, depth + 1)).collect()
            }
            Kind::Number(_) => Vec::new(),
        }
    }

    /// A field of that name among these, else within those that paths pass through.
    fn field(self, fields: &'static [Field], name: &str, depth: usize) -> Vec<Spot> {
        let mut direct = Vec::new();
        let mut passed = Vec::new();
        for field in fields {
            match &field.what {
                What::Type(kind) if field.name == name => direct.push(Spot { kind, ..self }),
                What::Select(select) if field.name == name => direct.extend(self.arms(select)),
                What::Splice(select) => {
                    for arm in select.possible(&self.scope) {
                        if let Arm::Fields(fields) = arm {
                            direct.extend(self.field(fields, name, depth + 1));
                        }
                    }
                }
                What::Select(select) => passed.extend(self.arms(select)),
                What::Type(kind)
                    if field.name.is_empty() || matches!(kind.kind(), Kind::Opaque { reads: Some(_), .. }) =>
                {
                    passed.push(Spot { kind, ..self });
                }
                _ => {}
            }
        }
        if direct.is_empty() {
            direct = passed.into_iter().flat_map(|spot| spot.named(name, depth + 1)).collect();
        }
        direct
    }

    /// With what a struct's `let` says: always if the field has that constant, else perhaps.
    fn told(self, structure: &'static Struct) -> Vec<Spot> {
        let constant = |name: &str| structure.fields.iter().any(|field| field.name == name && field.default.is_some());
        let mut spots = vec![self];
        for field in &structure.fields {
            let What::Let { slot, value, when } = &field.what else {
                continue;
            };
            let mut told = spots.clone();
            told.iter_mut().for_each(|spot| spot.scope.set(*slot, *value));
            match when.as_ref().is_none_or(|when| constant(when.field)) {
                true => spots = told,
                false => spots.extend(told),
            }
        }
        spots
    }

    /// All names that a path could go on with.
    fn names(self, depth: usize) -> Vec<&'static str> {
        if depth > DEPTH {
            return Vec::new();
        }
        match self.kind.kind() {
            Kind::Number(_) => Vec::new(),
            Kind::Opaque { .. } => {
                let inner = self.through().into_iter().filter(|spot| !std::ptr::eq(spot.kind, self.kind));
                inner.flat_map(|spot| spot.names(depth + 1)).collect()
            }
            Kind::Vector { element, .. } => {
                let tag = element.as_struct().and_then(Struct::tag_type).or(Some(*element)).and_then(Type::names);
                let tags = tag.into_iter().flat_map(|names| names.names.iter().map(|entry| entry.0));
                tags.chain(Spot { kind: element, ..self }.names(depth + 1)).collect()
            }
            Kind::Struct(structure) => {
                self.told(structure).into_iter().flat_map(|spot| spot.field_names(&structure.fields, depth)).collect()
            }
        }
    }

    fn field_names(self, fields: &'static [Field], depth: usize) -> Vec<&'static str> {
        let mut names = Vec::new();
        for field in fields {
            names.extend(Some(field.name).filter(|name| !name.is_empty() && !matches!(field.what, What::Let { .. })));
            match &field.what {
                What::Select(select) => {
                    names.extend(self.arms(select).into_iter().flat_map(|spot| spot.names(depth + 1)))
                }
                What::Splice(select) => {
                    for arm in select.possible(&self.scope) {
                        if let Arm::Fields(fields) = arm {
                            names.extend(self.field_names(fields, depth + 1));
                        }
                    }
                }
                What::Type(kind) if matches!(kind.kind(), Kind::Opaque { reads: Some(_), .. }) => {
                    names.extend(Spot { kind, ..self }.names(depth + 1));
                }
                _ => {}
            }
        }
        names
    }
}
