//! Values and conditions.

use crate::names;
use crate::typer::Typer;
use gauntlet_model::{Condition, Val};
use gauntlet_wire::Path;
use gauntlet_yaml::{Kind, Yaml, did_you_mean};

/// Bytes that a value may ask for.
const MOST_BYTES: u64 = 1 << 26;

/// What a condition can ask, by key.
pub(crate) const OPERATORS: [&str; 18] = [
    "not",
    "one_of",
    "none_of",
    "at_least",
    "at_most",
    "same_as",
    "except",
    "subset_of",
    "includes",
    "in_order_of",
    "starts_with",
    "ends_with",
    "length",
    "absent",
    "distinct",
    "same",
    "increasing",
    "count",
];

impl Typer<'_> {
    /// A value: number, text, list, `{ random: 64 }`, or fields by name.
    pub fn value(&mut self, value: &Yaml) -> Option<Val> {
        match &value.kind {
            Kind::Number(_) => self.number(value, "a value").map(Val::Number),
            Kind::Text(text) => Some(Val::Name(text.clone())),
            Kind::List(items) => {
                let values: Vec<Option<Val>> = items.iter().map(|item| self.value(item)).collect();
                values.into_iter().collect::<Option<_>>().map(Val::List)
            }
            Kind::Map(entries) => self.value_map(value, entries),
            Kind::Null | Kind::Bool(_) => {
                self.wrong(value, "a value", "a number, text, a list or a map");
                None
            }
        }
    }

    /// A map is one of the ways to make bytes if its keys are exactly those, else fields by name.
    fn value_map(&mut self, map: &Yaml, entries: &[(Yaml, Yaml)]) -> Option<Val> {
        let keys: Vec<&str> = entries.iter().filter_map(|(key, _)| key.as_str()).collect();
        let first = entries.first().map(|(_, value)| value);
        match (keys.as_slice(), first) {
            (["text"], Some(text)) => self.text(text, "`text`").map(|text| Val::Bytes(text.as_bytes().to_vec())),
            (["random"], Some(size @ Yaml { kind: Kind::Number(_), .. })) => {
                self.size(size, "`random`").map(Val::Random)
            }
            (["up_to"], Some(size)) => self.size(size, "`up_to`").map(Val::UpTo),
            (["join"], Some(parts)) => {
                let parts = self.list(parts, "`join`")?;
                let parts: Vec<Option<Val>> = parts.iter().map(|part| self.value(part)).collect();
                parts.into_iter().collect::<Option<_>>().map(Val::Join)
            }
            _ if keys.contains(&"fill") => self.fill(map),
            _ if keys.contains(&"from") => self.reading(map, "a value that was seen", |typer, reader| {
                let path = reader.take("from").and_then(|path| typer.transcript_path(path));
                let plus = reader.take("plus").map_or(Some(0), |plus| typer.number(plus, "`plus`"));
                Some(Val::From { path: path?, plus: plus? })
            }),
            _ if keys.contains(&"pick") => self.reading(map, "a value that is picked", |typer, reader| {
                let path = reader.take("pick").and_then(|path| typer.transcript_path(path));
                let not = reader.take("not").map(|not| typer.transcript_path(not));
                Some(Val::Pick { path: path?, not: not.map_or(Some(None), |not| not.map(Some))? })
            }),
            _ => {
                let fields: Vec<Option<(String, Val)>> = entries
                    .iter()
                    .map(|(key, value)| Some((key.as_text().unwrap_or_default(), self.value(value)?)))
                    .collect();
                fields.into_iter().collect::<Option<_>>().map(Val::Map)
            }
        }
    }

    fn fill(&mut self, map: &Yaml) -> Option<Val> {
        self.reading(map, "a filling", |typer, reader| {
            let pattern = reader.take("fill")?;
            let length = reader.take("length").map(|length| typer.size(length, "`length`"));
            let up_to = reader.take("up_to").map(|size| typer.size(size, "`up_to`"));
            let bytes = typer.hex(pattern)?;
            match (length, up_to) {
                (Some(length), None) => Some(Val::Fill { pattern: bytes, length: length? }),
                (None, Some(up_to)) if bytes == [0] => up_to.map(Val::UpTo),
                (None, Some(_)) => {
                    typer.fail(
                        pattern,
                        "only zeros can fill up to a size",
                        Some("`{ fill: \"00\", up_to: ... }`".to_owned()),
                    );
                    None
                }
                _ => {
                    typer.fail(map, "a filling has a `length`, or for zeros an `up_to`", None);
                    None
                }
            }
        })
    }

    fn size(&mut self, value: &Yaml, what: &str) -> Option<usize> {
        let size: u64 = self.number(value, what)?;
        if size > MOST_BYTES {
            self.fail(value, format!("{what} asks for {size} bytes, more than {MOST_BYTES}"), None);
            return None;
        }
        usize::try_from(size).ok()
    }

    /// Bytes as hex, spaces allowed; never empty.
    fn hex(&mut self, value: &Yaml) -> Option<Vec<u8>> {
        let text = value.as_text().unwrap_or_default();
        let digits: Vec<u8> =
            text.chars().filter(|c| !c.is_whitespace()).filter_map(|c| c.to_digit(16)).map(|d| d as u8).collect();
        let is_hex = text.chars().all(|c| c.is_whitespace() || c.is_ascii_hexdigit());
        if digits.is_empty() || !digits.len().is_multiple_of(2) || !is_hex {
            self.fail(value, "bytes must be pairs of hex digits", Some("such as \"00\" or \"16 0301\"".to_owned()));
            return None;
        }
        Some(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
    }

    /// Path → condition, for `check`, `across`, `until`.
    pub fn conditions(&mut self, map: &Yaml, what: &str) -> Option<Vec<(Path, Condition)>> {
        let entries = self.map(map, what)?;
        let read = |typer: &mut Self, (key, value): &(Yaml, Yaml)| {
            let path = typer.transcript_path(key);
            let condition = typer.condition(value);
            Some((path?, condition?))
        };
        let conditions: Vec<_> = entries.iter().map(|entry| read(self, entry)).collect();
        conditions.into_iter().collect()
    }

    /// Path within a message → condition, for `where`.
    pub fn conditions_on(&mut self, map: &Yaml, message: &str) -> Option<Vec<(Path, Condition)>> {
        let entries = self.map(map, "`where`")?;
        let read = |typer: &mut Self, (key, value): &(Yaml, Yaml)| {
            let path = typer.field(key, message);
            let condition = typer.condition(value);
            Some((path?, condition?))
        };
        let conditions: Vec<_> = entries.iter().map(|entry| read(self, entry)).collect();
        conditions.into_iter().collect()
    }

    fn condition(&mut self, value: &Yaml) -> Option<Condition> {
        let Kind::Map(entries) = &value.kind else { return self.compared(value).map(Condition::Equals) };
        let keys: Vec<&str> = entries.iter().filter_map(|(key, _)| key.as_str()).collect();
        let is_value = ["text", "random", "fill", "up_to", "join", "from", "pick"].iter().any(|way| keys.contains(way));
        if entries.is_empty() || is_value {
            return self.value(value).map(Condition::Equals);
        }
        let mut conditions = Vec::new();
        for (key, argument) in entries {
            match key.as_str().unwrap_or_default() {
                "except" if keys.contains(&"same_as") => {}
                "same_as" => conditions.push(self.same_as(argument, value.get("except"))),
                name if OPERATORS.contains(&name) && name != "except" => conditions.push(self.operator(name, argument)),
                name => {
                    let help = did_you_mean(name, OPERATORS)
                        .or_else(|| Some(format!("conditions are {}", names::listed(OPERATORS))));
                    self.fail(key, format!("unknown condition `{name}`"), help);
                    conditions.push(None);
                }
            }
        }
        let mut conditions = conditions.into_iter().collect::<Option<Vec<_>>>()?;
        if conditions.len() == 1 { conditions.pop() } else { Some(Condition::All(conditions)) }
    }

    /// What something is compared with: `true` and `false` are words.
    fn compared(&mut self, value: &Yaml) -> Option<Val> {
        match value.kind {
            Kind::Bool(truth) => Some(Val::Name(truth.to_string())),
            _ => self.value(value),
        }
    }

    fn same_as(&mut self, path: &Yaml, except: Option<&Yaml>) -> Option<Condition> {
        let path = self.transcript_path(path);
        let except = match except {
            Some(list) => self.list(list, "`except`")?.iter().map(|path| self.path(path)).collect::<Option<_>>()?,
            None => Vec::new(),
        };
        Some(Condition::SameAs { path: path?, except })
    }

    fn values(&mut self, list: &Yaml, what: &str) -> Option<Vec<Val>> {
        let items = self.list(list, what)?;
        items.iter().map(|item| self.value(item)).collect()
    }

    fn operator(&mut self, name: &str, argument: &Yaml) -> Option<Condition> {
        let what = format!("`{name}`");
        Some(match name {
            "not" => Condition::Not(self.compared(argument)?),
            "one_of" => Condition::OneOf(self.values(argument, &what)?),
            "none_of" => Condition::NoneOf(self.values(argument, &what)?),
            "at_least" => Condition::AtLeast(self.value(argument)?),
            "at_most" => Condition::AtMost(self.value(argument)?),
            "subset_of" => Condition::SubsetOf(self.value(argument)?),
            "includes" => Condition::Includes(self.value(argument)?),
            "in_order_of" => Condition::InOrderOf(self.transcript_path(argument)?),
            "starts_with" => Condition::StartsWith(self.value(argument)?),
            "ends_with" => Condition::EndsWith(self.value(argument)?),
            "length" => Condition::Length(Box::new(self.condition(argument)?)),
            "count" => Condition::Count(Box::new(self.condition(argument)?)),
            "absent" => Condition::Absent(self.boolean(argument, &what)?),
            "distinct" => Condition::Distinct(self.boolean(argument, &what)?),
            "same" => Condition::Same(self.boolean(argument, &what)?),
            _ => Condition::Increasing(self.boolean(argument, &what)?),
        })
    }
}
