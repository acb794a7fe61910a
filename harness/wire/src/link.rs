//! From declarations to types: names are resolved, `extend` rows put in their places.

use crate::GrammarError;
use crate::grammar::Grammar;
use crate::parse::{
    Case, Declarations, Declared, Default, EnumDeclaration, FieldDeclaration, Origin, Reads, SelectDeclaration,
    SizeDeclaration, error,
};
use crate::types::{
    Arm, Choice, Constant, Enum, Field, Kind, Number, Row, SLOTS, Select, Size, Sizeof, Struct, Type, What, When,
    parse_number,
};
use std::collections::HashMap;
use std::sync::OnceLock;

const BUILT_IN: [(&str, u8); 8] = [
    ("uint8", 1),
    ("uint16", 2),
    ("uint24", 3),
    ("uint32", 4),
    ("uint40", 5),
    ("uint48", 6),
    ("uint56", 7),
    ("uint64", 8),
];

/// Makes a grammar of what the files declare.
pub(crate) fn link(mut declarations: Declarations) -> Result<Grammar, GrammarError> {
    apply_extensions(&mut declarations)?;
    let mut linker = Linker {
        enums: link_enums(&declarations.enums)?,
        structs: HashMap::new(),
        types: HashMap::new(),
        slots: HashMap::new(),
        enums_of: HashMap::new(),
        open: Vec::new(),
        declarations: &declarations,
    };
    linker.index()?;
    for name in linker.all_names() {
        linker.named(name, NOWHERE)?;
    }
    let mut givens = Vec::new();
    for given in &declarations.givens {
        let Some(slot) = linker.slots.get(given.name) else {
            continue;
        };
        let default = match given.default {
            Some(word) => Some(linker.value(given.name, &[], word, NOWHERE)?),
            None => None,
        };
        givens.push((given.name, *slot, default));
    }
    Ok(Grammar { types: linker.types, enums: linker.enums, slots: linker.slots, givens })
}

const NOWHERE: Origin = Origin { file: "", line: 0 };

fn apply_extensions(declarations: &mut Declarations) -> Result<(), GrammarError> {
    for extension in std::mem::take(&mut declarations.extended_enums) {
        let Some(target) = declarations.enums.iter_mut().find(|item| item.name == extension.name) else {
            return Err(error(extension.origin, &format!("there is no enum `{}` to extend", extension.name)));
        };
        target.names.extend(extension.names);
    }
    for extension in std::mem::take(&mut declarations.extended_selects) {
        let owner = declarations.structs.iter_mut().find(|item| item.name == extension.owner);
        let field = owner.and_then(|owner| owner.fields.iter_mut().find(|field| field.name == extension.field));
        let select = field.and_then(|field| match &mut field.what {
            Declared::Select(select) | Declared::Typed { reads: Some(Reads::Select(select)), .. } => Some(select),
            _ => None,
        });
        let Some(select) = select else {
            let message = format!("there is no select `{}.{}` to extend", extension.owner, extension.field);
            return Err(error(extension.origin, &message));
        };
        select.cases.extend(extension.cases);
    }
    Ok(())
}

fn link_enums(declared: &[EnumDeclaration]) -> Result<HashMap<&'static str, &'static Enum>, GrammarError> {
    let mut enums: HashMap<&'static str, &'static Enum> = HashMap::new();
    for item in declared {
        let width = match item.max {
            0..=0xff => 1,
            0x100..=0xffff => 2,
            0x1_0000..=0xff_ffff => 3,
            0x100_0000..=0xffff_ffff => 4,
            _ => 8,
        };
        let mut by_name = HashMap::new();
        let mut by_number = Vec::new();
        for (name, number) in &item.names {
            if by_name.insert(*name, *number).is_some_and(|old| old != *number) {
                return Err(error(item.origin, &format!("`{name}` stands twice in `{}`", item.name)));
            }
            if width < 8 && number >> (8 * width) != 0 {
                return Err(error(item.origin, &format!("`{name}` does not fit the width of `{}`", item.name)));
            }
            by_number.push((*number, *name));
        }
        by_number.sort_by_key(|entry| entry.0);
        by_number.dedup_by_key(|entry| entry.0);
        let linked =
            Box::leak(Box::new(Enum { name: item.name, width, names: item.names.clone(), by_name, by_number }));
        if enums.insert(item.name, linked).is_some() {
            return Err(error(item.origin, &format!("`{}` is declared twice", item.name)));
        }
    }
    Ok(enums)
}

struct Linker<'a> {
    declarations: &'a Declarations,
    enums: HashMap<&'static str, &'static Enum>,
    structs: HashMap<&'static str, &'a [FieldDeclaration]>,
    types: HashMap<&'static str, &'static Type>,
    /// Names that something is selected by.
    slots: HashMap<&'static str, u8>,
    /// The enums that fields of a name have anywhere, to resolve the names in cases.
    enums_of: HashMap<&'static str, Vec<&'static str>>,
    /// Aliases on the way to a type, to see those that lead back to themselves.
    open: Vec<&'static str>,
}

impl<'a> Linker<'a> {
    fn index(&mut self) -> Result<(), GrammarError> {
        let declarations = self.declarations;
        for given in &declarations.givens {
            self.enums_of.entry(given.name).or_default().push(given.type_name);
            self.slot(given.name, NOWHERE)?;
        }
        for item in &declarations.structs {
            if self.structs.insert(item.name, &item.fields).is_some() || self.enums.contains_key(item.name) {
                return Err(error(item.origin, &format!("`{}` is declared twice", item.name)));
            }
            self.index_fields(&item.fields)?;
        }
        Ok(())
    }

    fn index_fields(&mut self, fields: &[FieldDeclaration]) -> Result<(), GrammarError> {
        for field in fields {
            match &field.what {
                Declared::Typed { type_name, size, reads, .. } => {
                    self.enums_of.entry(field.name).or_default().push(type_name);
                    if let Some(SizeDeclaration::Named(name)) = size {
                        self.slot(name, field.origin)?;
                    }
                    if let Some(Reads::Select(select)) = reads {
                        self.index_select(select, field.origin)?;
                    }
                }
                Declared::Select(select) => self.index_select(select, field.origin)?,
                Declared::Let { .. } => {
                    self.slot(field.name, field.origin)?;
                }
            }
        }
        Ok(())
    }

    fn index_select(&mut self, select: &SelectDeclaration, origin: Origin) -> Result<(), GrammarError> {
        for selector in &select.selectors {
            self.slot(selector, origin)?;
        }
        select.cases.iter().try_for_each(|case| self.index_fields(&case.fields))
    }

    fn slot(&mut self, name: &'static str, origin: Origin) -> Result<u8, GrammarError> {
        let next = self.slots.len();
        if next >= SLOTS && !self.slots.contains_key(name) {
            return Err(error(origin, &format!("more than {SLOTS} names are selected by")));
        }
        Ok(*self.slots.entry(name).or_insert(next as u8))
    }

    fn all_names(&self) -> Vec<&'static str> {
        let structs = self.declarations.structs.iter().map(|item| item.name);
        let aliases = self.declarations.aliases.iter().map(|item| item.name);
        let enums = self.declarations.enums.iter().map(|item| item.name);
        structs.chain(aliases).chain(enums).chain(BUILT_IN.iter().map(|item| item.0)).collect()
    }

    /// The type of that name; made on the first call, so that types may contain themselves.
    fn named(&mut self, name: &'static str, origin: Origin) -> Result<&'static Type, GrammarError> {
        if let Some(found) = self.types.get(name) {
            return Ok(found);
        }
        let declarations = self.declarations;
        let made: &'static Type = Box::leak(Box::new(Type { name, cell: OnceLock::new() }));
        let kind = if let Some((_, width)) = BUILT_IN.iter().find(|item| item.0 == name) {
            Kind::Number(Number { width: *width, names: None, sizeof: None })
        } else if let Some(names) = self.enums.get(name) {
            Kind::Number(Number { width: names.width, names: Some(names), sizeof: None })
        } else if let Some(fields) = self.structs.get(name).copied() {
            self.types.insert(name, made);
            let linked = self.structure(fields)?;
            let _ = made.cell.set(Kind::Struct(linked));
            return Ok(made);
        } else if let Some(alias) = declarations.aliases.iter().find(|alias| alias.name == name) {
            if self.open.contains(&name) {
                return Err(error(alias.origin, &format!("`{name}` is declared by itself")));
            }
            self.open.push(name);
            let kind = self.kind(alias.type_name, &alias.size, &None, alias.origin)?;
            match kind {
                Some(kind) => kind,
                None => {
                    let target = self.named(alias.type_name, alias.origin)?;
                    self.open.pop();
                    self.types.insert(name, target);
                    return Ok(target);
                }
            }
        } else {
            return Err(error(origin, &format!("there is no type `{name}`")));
        };
        self.open.retain(|open| *open != name);
        let _ = made.cell.set(kind);
        self.types.insert(name, made);
        Ok(made)
    }

    /// The kind of `type_name size as reads`; `None` if it is just the named type.
    fn kind(
        &mut self,
        type_name: &'static str,
        size: &Option<SizeDeclaration>,
        reads: &Option<Reads>,
        origin: Origin,
    ) -> Result<Option<Kind>, GrammarError> {
        if type_name == "opaque" {
            let Some(size) = size else {
                return Err(error(origin, "`opaque` needs a length"));
            };
            let size = self.size(size, origin)?;
            let reads = match reads {
                None => None,
                Some(Reads::Type(name)) => Some(Choice::Always(self.named(name, origin)?)),
                Some(Reads::Select(select)) => Some(Choice::Select(self.select(select, false, &[])?)),
            };
            return Ok(Some(Kind::Opaque { size, reads }));
        }
        if reads.is_some() {
            return Err(error(origin, "only `opaque` can be read `as` something"));
        }
        let Some(size) = size else { return Ok(None) };
        let size = self.size(size, origin)?;
        Ok(Some(Kind::Vector { size, element: self.named(type_name, origin)? }))
    }

    fn size(&mut self, size: &SizeDeclaration, origin: Origin) -> Result<Size, GrammarError> {
        Ok(match size {
            SizeDeclaration::Fixed(length) => {
                Size::Fixed(usize::try_from(*length).map_err(|_| error(origin, "too long"))?)
            }
            SizeDeclaration::Named(name) => Size::Named(self.slot(name, origin)?),
            SizeDeclaration::Rest => Size::Rest,
            SizeDeclaration::Range(min, max) => {
                let width = match max {
                    0..=0xff => 1,
                    0x100..=0xffff => 2,
                    0x1_0000..=0xff_ffff => 3,
                    _ => 4,
                };
                Size::Prefixed { min: *min, max: *max, width }
            }
        })
    }

    fn structure(&mut self, declared: &[FieldDeclaration]) -> Result<Struct, GrammarError> {
        let fields = self.fields(declared, declared)?;
        let speaks =
            fields.iter().any(|field| field.slot.is_some() || matches!(field.what, What::Let { .. } | What::Splice(_)));
        let tag = fields.iter().enumerate().find_map(|(content, field)| {
            let select = match &field.what {
                What::Select(select) | What::Splice(select) => select,
                What::Type(kind) => match kind.cell.get()? {
                    Kind::Opaque { reads: Some(Choice::Select(select)), .. } => select,
                    _ => return None,
                },
                What::Let { .. } => return None,
            };
            let tag = fields[..content]
                .iter()
                .position(|field| field.slot.is_some() && field.slot == select.selectors.first().copied())?;
            // A message's own type is not the tag of a list's element.
            (!matches!(field.what, What::Splice(_))).then_some((tag, content))
        });
        Ok(Struct { fields, speaks, tag })
    }

    fn fields(
        &mut self,
        declared: &[FieldDeclaration],
        siblings: &[FieldDeclaration],
    ) -> Result<Vec<Field>, GrammarError> {
        declared.iter().map(|field| self.field(field, siblings)).collect()
    }

    fn field(&mut self, declared: &FieldDeclaration, siblings: &[FieldDeclaration]) -> Result<Field, GrammarError> {
        let origin = declared.origin;
        let (mut slot, mut default_value) = (None, None);
        let what = match &declared.what {
            Declared::Let { value, when } => {
                let value = self.value(declared.name, siblings, value, origin)?;
                let condition = |(field, bytes): &(&'static str, &'static str)| match parse_bytes(bytes) {
                    Some(bytes) => Ok(When { field, bytes }),
                    None => Err(error(origin, "expected bytes in hex behind `==`")),
                };
                let when = when.as_ref().map(condition).transpose()?;
                What::Let { slot: self.slot(declared.name, origin)?, value, when }
            }
            Declared::Select(select) => {
                let spliced = declared.name.is_empty();
                let select = self.select(select, spliced, siblings)?;
                if spliced { What::Splice(select) } else { What::Select(select) }
            }
            Declared::Typed { type_name, size, default, reads } => {
                let mut sizeof = None;
                match default {
                    Some(Default::Sizeof { target, base }) => sizeof = Some(Sizeof { target, base: *base }),
                    Some(Default::Word(word)) => {
                        default_value = Some(self.constant(type_name, size.is_some(), word, origin)?)
                    }
                    None => {}
                }
                let linked = self.field_type(declared.name, type_name, size, reads, sizeof, siblings, origin)?;
                if matches!(linked.cell.get(), Some(Kind::Number(_))) {
                    slot = self.slots.get(declared.name).copied();
                }
                What::Type(linked)
            }
        };
        Ok(Field { name: declared.name, slot, optional: declared.optional, default: default_value, what })
    }

    #[expect(clippy::too_many_arguments, reason = "they are the parts of one declaration")]
    fn field_type(
        &mut self,
        name: &'static str,
        type_name: &'static str,
        size: &Option<SizeDeclaration>,
        reads: &Option<Reads>,
        sizeof: Option<Sizeof>,
        siblings: &[FieldDeclaration],
        origin: Origin,
    ) -> Result<&'static Type, GrammarError> {
        // The extent of `opaque fragment[length]` is already known from `length = sizeof(fragment)`.
        let size = match size {
            Some(SizeDeclaration::Named(length)) if measures(siblings, length, name) => &Some(SizeDeclaration::Rest),
            other => other,
        };
        if type_name == "struct" {
            return Ok(leak(name, Kind::Struct(Struct::default())));
        }
        if let Some(kind) = self.kind(type_name, size, reads, origin)? {
            return Ok(leak(name, kind));
        }
        let target = self.named(type_name, origin)?;
        match (sizeof, target.cell.get()) {
            (None, _) => Ok(target),
            (Some(_), Some(Kind::Number(number))) => Ok(leak(target.name, Kind::Number(Number { sizeof, ..*number }))),
            (Some(_), _) => Err(error(origin, "only a number can be a `sizeof`")),
        }
    }

    fn constant(
        &mut self,
        type_name: &'static str,
        vector: bool,
        word: &'static str,
        origin: Origin,
    ) -> Result<Constant, GrammarError> {
        if type_name == "opaque" || vector {
            return parse_bytes(word).map(Constant::Bytes).ok_or_else(|| error(origin, "expected bytes in hex"));
        }
        let target = self.named(type_name, origin)?;
        let number = match target.cell.get() {
            Some(Kind::Number(number)) => parse_number(word).or_else(|| number.names?.number(word)),
            _ => {
                return parse_bytes(word).map(Constant::Bytes).ok_or_else(|| error(origin, "expected bytes in hex"));
            }
        };
        number.map(Constant::Number).ok_or_else(|| error(origin, &format!("`{word}` is no value of `{type_name}`")))
    }

    fn select(
        &mut self,
        declared: &SelectDeclaration,
        spliced: bool,
        siblings: &[FieldDeclaration],
    ) -> Result<Select, GrammarError> {
        let mut select =
            Select { selectors: Vec::new(), rows: Vec::new(), wild: Vec::new(), default: None, arms: Vec::new() };
        for selector in &declared.selectors {
            select.selectors.push(self.slot(selector, NOWHERE)?);
        }
        let mut order = 0;
        for case in &declared.cases {
            let arm = self.arm(case, spliced, siblings)?;
            select.arms.push(arm);
            let arm = select.arms.len() - 1;
            if case.patterns.is_empty() {
                select.default = Some(arm);
            }
            for pattern in &case.patterns {
                let values = self.pattern(pattern, declared, siblings, case.origin)?;
                let row = Row { first: values[0].unwrap_or_default(), rest: values[1..].to_vec(), arm, order };
                order += 1;
                match values[0] {
                    Some(_) => select.rows.push(row),
                    None => select.wild.push(row),
                }
            }
        }
        select.rows.sort_by_key(|row| (row.first, row.order));
        Ok(select)
    }

    fn pattern(
        &mut self,
        pattern: &[&'static str],
        declared: &SelectDeclaration,
        siblings: &[FieldDeclaration],
        origin: Origin,
    ) -> Result<Vec<Option<u64>>, GrammarError> {
        if pattern.len() > declared.selectors.len() {
            return Err(error(origin, "more values than names to select by"));
        }
        let mut values = Vec::new();
        for (place, selector) in declared.selectors.iter().enumerate() {
            values.push(match pattern.get(place) {
                None | Some(&"*") => None,
                Some(word) => Some(self.value(selector, siblings, word, origin)?),
            });
        }
        Ok(values)
    }

    /// A case's content: one type, or fields of its own.
    fn arm(&mut self, case: &Case, spliced: bool, siblings: &[FieldDeclaration]) -> Result<Arm, GrammarError> {
        if spliced {
            return Ok(Arm::Fields(self.fields(&case.fields, siblings)?));
        }
        if let [field] = case.fields.as_slice()
            && field.name.is_empty()
            && let Declared::Typed { type_name, size, reads, .. } = &field.what
        {
            return Ok(Arm::Type(self.field_type(type_name, type_name, size, reads, None, &[], field.origin)?));
        }
        if let [field] = case.fields.as_slice()
            && let (true, Declared::Select(select)) = (field.name.is_empty(), &field.what)
        {
            return Ok(Arm::Select(Box::new(self.select(select, false, siblings)?)));
        }
        let inner = self.structure(&case.fields)?;
        Ok(Arm::Type(leak("struct", Kind::Struct(inner))))
    }

    /// The number that a word means for a name that is selected by.
    fn value(
        &self,
        selector: &'static str,
        siblings: &[FieldDeclaration],
        word: &'static str,
        origin: Origin,
    ) -> Result<u64, GrammarError> {
        if let Some(number) = parse_number(word) {
            return Ok(number);
        }
        let found = self.candidates(selector, siblings).into_iter().find_map(|names| names.number(last_part(word)));
        found.ok_or_else(|| error(origin, &format!("`{word}` is no value of `{selector}`")))
    }

    /// The enums that a name to select by may have, the nearest first.
    fn candidates(&self, selector: &str, siblings: &[FieldDeclaration]) -> Vec<&'static Enum> {
        let near = siblings.iter().filter(|field| field.name == selector).filter_map(|field| match &field.what {
            Declared::Typed { type_name, .. } => Some(*type_name),
            _ => None,
        });
        let far = self.enums_of.get(selector).into_iter().flatten().copied();
        near.chain(far).filter_map(|name| self.enum_behind(name)).collect()
    }

    fn enum_behind(&self, mut name: &'static str) -> Option<&'static Enum> {
        for _ in 0..8 {
            if let Some(found) = self.enums.get(name) {
                return Some(found);
            }
            name = self.declarations.aliases.iter().find(|alias| alias.name == name && alias.size.is_none())?.type_name;
        }
        None
    }
}

/// Whether the sibling `length` is `sizeof(name)`.
fn measures(siblings: &[FieldDeclaration], length: &str, name: &str) -> bool {
    siblings.iter().any(|field| {
        let Declared::Typed { default: Some(Default::Sizeof { target, .. }), .. } = &field.what else {
            return false;
        };
        field.name == length && *target == name
    })
}

fn last_part(word: &'static str) -> &'static str {
    match word.split_once('.') {
        Some((owner, name)) if owner.starts_with(|first: char| first.is_ascii_uppercase()) => name,
        _ => word,
    }
}

fn leak(name: &'static str, kind: Kind) -> &'static Type {
    Box::leak(Box::new(Type { name, cell: OnceLock::from(kind) }))
}

fn parse_bytes(word: &str) -> Option<Vec<u8>> {
    hex::decode(word.strip_prefix("0x").unwrap_or(word)).ok()
}
