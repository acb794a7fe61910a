//! What the grammar knows of a type, in the form that decoding and building use.
//!
//! Types live as long as the process: a grammar is read once, and every node can point at its type without a
//! lifetime or a lookup.

use crate::node::{Node, Value};
use std::collections::HashMap;
use std::sync::OnceLock;

/// How many different names a grammar may select by.
pub(crate) const SLOTS: usize = 32;

/// A type: of a name in the grammar, or of one field (an anonymous vector).
pub(crate) struct Type {
    /// The name in the grammar, or the field's.
    pub name: &'static str,
    /// Filled when linked; a cell because types may contain themselves.
    pub cell: OnceLock<Kind>,
}

/// What a type is.
pub(crate) enum Kind {
    Number(Number),
    Opaque { size: Size, reads: Option<Choice> },
    Vector { size: Size, element: &'static Type },
    Struct(Struct),
}

pub(crate) struct Number {
    /// Bytes on the wire, 1 to 8.
    pub width: u8,
    pub names: Option<&'static Enum>,
    pub sizeof: Option<Sizeof>,
}

/// A number that is the encoded size of a sibling, plus a constant.
#[derive(Clone, Copy)]
pub(crate) struct Sizeof {
    pub target: &'static str,
    pub base: u64,
}

#[derive(Clone, Copy)]
pub(crate) enum Size {
    /// `[n]`: so many bytes.
    Fixed(usize),
    /// `[name]`: as many bytes as that name says.
    Named(u8),
    /// `<min..max>`: bytes, behind a prefix of `width` bytes.
    Prefixed { min: u64, max: u64, width: u8 },
    /// `[..]`: all that is left.
    Rest,
}

impl Size {
    /// Bytes of length prefix.
    pub fn prefix(self) -> usize {
        match self {
            Size::Prefixed { width, .. } => usize::from(width),
            _ => 0,
        }
    }
}

/// A type, or one picked by names in scope.
pub(crate) enum Choice {
    Always(&'static Type),
    Select(Select),
}

#[derive(Default)]
pub(crate) struct Struct {
    pub fields: Vec<Field>,
    /// Whether a field of it can be selected by.
    pub speaks: bool,
    /// For elements of tagged lists: places of the tag and of the content that depends on it.
    pub tag: Option<(usize, usize)>,
}

pub(crate) struct Field {
    /// Empty for a select without a label: its arm's fields stand in its place.
    pub name: &'static str,
    /// The number can be selected by.
    pub slot: Option<u8>,
    pub optional: bool,
    pub default: Option<Constant>,
    pub what: What,
}

pub(crate) enum What {
    Type(&'static Type),
    /// One type per arm.
    Select(Select),
    /// Several fields per arm.
    Splice(Select),
    /// `let name = value`, or only `when field == bytes`.
    Let {
        slot: u8,
        value: u64,
        when: Option<When>,
    },
}

/// What a `let` depends on: a field ahead of it, and its bytes.
pub(crate) struct When {
    pub field: &'static str,
    pub bytes: Vec<u8>,
}

impl When {
    /// Whether it is so, by the fields ahead.
    pub fn holds(when: &Option<When>, ahead: &[Node]) -> bool {
        when.as_ref().is_none_or(|When { field, bytes }| {
            ahead.iter().any(|node| node.name == *field && matches!(&node.value, Value::Bytes(found) if found == bytes))
        })
    }
}

#[derive(Clone)]
pub(crate) enum Constant {
    Number(u64),
    Bytes(Vec<u8>),
}

pub(crate) struct Select {
    pub selectors: Vec<u8>,
    /// Rows sorted by their first pattern; those with `*` first are in `wild`.
    pub rows: Vec<Row>,
    pub wild: Vec<Row>,
    pub default: Option<usize>,
    pub arms: Vec<Arm>,
}

pub(crate) struct Row {
    pub first: u64,
    /// What the further selectors must be; `None` is `*`.
    pub rest: Vec<Option<u64>>,
    pub arm: usize,
    /// Place in the source: of several that fit, the first counts.
    pub order: usize,
}

pub(crate) enum Arm {
    Type(&'static Type),
    /// A select within a select.
    Select(Box<Select>),
    Fields(Vec<Field>),
}

/// What a select found.
pub(crate) enum Picked<'a> {
    Arm(&'a Arm),
    /// The names are known, and no row has them.
    NoRow,
    /// A name that is needed is not known.
    Unknown,
}

/// The names in scope, by slot.
#[derive(Clone, Copy)]
pub(crate) struct Scope {
    values: [u64; SLOTS],
    known: u32,
}

impl Scope {
    pub const EMPTY: Scope = Scope { values: [0; SLOTS], known: 0 };

    pub fn set(&mut self, slot: u8, value: u64) {
        self.values[usize::from(slot) % SLOTS] = value;
        self.known |= 1 << (usize::from(slot) % SLOTS);
    }

    pub fn lookup(&self, slot: u8) -> Option<u64> {
        let slot = usize::from(slot) % SLOTS;
        (self.known >> slot & 1 == 1).then(|| self.values[slot])
    }
}

impl Select {
    pub fn pick(&self, scope: &Scope) -> Picked<'_> {
        let first = self.selectors.first().and_then(|slot| scope.lookup(*slot));
        let mut unknown = false;
        let mut best: Option<&Row> = None;
        let rows = match first {
            Some(first) => self.rows_of(first),
            None if self.rows.is_empty() => &[],
            None => return Picked::Unknown,
        };
        for row in rows.iter().chain(&self.wild) {
            if best.is_some_and(|best| best.order < row.order) {
                continue;
            }
            let mut fits = true;
            for (slot, wanted) in self.selectors[1..].iter().zip(&row.rest) {
                let Some(wanted) = wanted else { continue };
                match scope.lookup(*slot) {
                    Some(value) => fits &= value == *wanted,
                    None => {
                        unknown = true;
                        fits = false;
                    }
                }
            }
            if fits {
                best = Some(row);
                if self.wild.is_empty() {
                    break;
                }
            }
        }
        let arm = match (best, self.default) {
            (Some(row), _) => row.arm,
            (None, _) if unknown => return Picked::Unknown,
            (None, Some(arm)) if self.selectors.iter().all(|slot| scope.lookup(*slot).is_some()) => arm,
            (None, Some(_)) => return Picked::Unknown,
            (None, None) => return Picked::NoRow,
        };
        match &self.arms[arm] {
            Arm::Select(inner) => inner.pick(scope),
            arm => Picked::Arm(arm),
        }
    }

    fn rows_of(&self, first: u64) -> &[Row] {
        let start = self.rows.partition_point(|row| row.first < first);
        let length = self.rows[start..].iter().take_while(|row| row.first == first).count();
        &self.rows[start..start + length]
    }

    /// All arms that the scope does not rule out; what is not known may be anything.
    pub fn possible(&self, scope: &Scope) -> Vec<&Arm> {
        let first = self.selectors.first().and_then(|slot| scope.lookup(*slot));
        let mut rows: Vec<&Row> = match first {
            Some(first) => self.rows_of(first).iter().chain(&self.wild).collect(),
            None => self.rows.iter().chain(&self.wild).collect(),
        };
        rows.sort_by_key(|row| row.order);
        let mut arms = Vec::new();
        let mut settled = false;
        for row in rows {
            let known = |(slot, wanted): (&u8, &Option<u64>)| {
                wanted.map(|wanted| scope.lookup(*slot).map(|value| value == wanted))
            };
            let answers: Vec<_> = self.selectors[1..].iter().zip(&row.rest).filter_map(known).collect();
            if answers.contains(&Some(false)) {
                continue;
            }
            arms.push(row.arm);
            // A row that surely fits hides those behind it.
            if first.is_some() && answers.iter().all(Option::is_some) {
                settled = true;
                break;
            }
        }
        arms.extend(self.default.filter(|_| !settled));
        let mut seen = Vec::new();
        arms.retain(|arm| {
            let new = !seen.contains(arm);
            seen.push(*arm);
            new
        });
        let inner = arms.into_iter().map(|arm| match &self.arms[arm] {
            Arm::Select(inner) => inner.possible(scope),
            arm => vec![arm],
        });
        inner.flatten().collect()
    }
}

pub(crate) struct Enum {
    pub name: &'static str,
    pub width: u8,
    /// In order of the files.
    pub names: Vec<(&'static str, u64)>,
    pub by_name: HashMap<&'static str, u64>,
    /// Sorted by number; the first name of each.
    pub by_number: Vec<(u64, &'static str)>,
}

impl Enum {
    pub fn number(&self, name: &str) -> Option<u64> {
        self.by_name.get(name).copied()
    }

    pub fn name_of(&self, number: u64) -> Option<&'static str> {
        let place = self.by_number.binary_search_by_key(&number, |entry| entry.0).ok()?;
        Some(self.by_number[place].1)
    }
}

impl Type {
    pub fn kind(&self) -> &Kind {
        self.cell.get().expect("every type is linked before a grammar is given out")
    }

    pub fn as_struct(&self) -> Option<&Struct> {
        match self.kind() {
            Kind::Struct(inner) => Some(inner),
            _ => None,
        }
    }

    pub fn as_number(&self) -> Option<&Number> {
        match self.kind() {
            Kind::Number(number) => Some(number),
            _ => None,
        }
    }

    /// How the type's own length is said.
    pub fn size(&self) -> Option<Size> {
        match self.kind() {
            Kind::Opaque { size, .. } | Kind::Vector { size, .. } => Some(*size),
            _ => None,
        }
    }

    /// The enum of a number type.
    pub fn names(&self) -> Option<&'static Enum> {
        self.as_number()?.names
    }
}

impl Struct {
    pub fn tag_type(&self) -> Option<&'static Type> {
        match self.fields[self.tag?.0].what {
            What::Type(kind) => Some(kind),
            _ => None,
        }
    }
}

/// What bytes are that no type could be found for.
pub(crate) fn unknown_type() -> &'static Type {
    static UNKNOWN: Type = Type { name: "opaque", cell: OnceLock::new() };
    UNKNOWN.cell.get_or_init(|| Kind::Opaque { size: Size::Rest, reads: None });
    &UNKNOWN
}

/// A number from text, decimal or `0x`.
pub(crate) fn parse_number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) if !hex.starts_with('+') => u64::from_str_radix(hex, 16).ok(),
        None if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
        _ => None,
    }
}
