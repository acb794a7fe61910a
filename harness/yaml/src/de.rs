//! Typed loading: serde reads the tree, and what it complains about is underlined.

use crate::reader::listed;
use crate::{Diagnostics, File, Kind, Span, Yaml, did_you_mean};
use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer as _, Error as _, Expected, IntoDeserializer, Unexpected,
    Visitor,
};
use serde::forward_to_deserialize_any;
use std::fmt;

/// Parses and reads a whole file. Serde stops at the first mistake in the content.
pub fn from_str<T: DeserializeOwned>(file: &File) -> Result<T, Diagnostics> {
    from_yaml(file, &file.parse()?)
}

/// Reads a part of a file.
pub fn from_yaml<'de, T: de::Deserialize<'de>>(file: &File, value: &'de Yaml) -> Result<T, Diagnostics> {
    T::deserialize(value).map_err(|failure| {
        let mut errors = Diagnostics::default();
        errors.error(file, failure.span.unwrap_or(value.span), failure.message, failure.help);
        errors
    })
}

/// What serde complained about, with the place if it is known yet.
#[derive(Debug)]
pub struct Failure {
    span: Option<Span>,
    message: String,
    help: Option<String>,
}

impl Failure {
    fn new(message: String, help: Option<String>) -> Failure {
        Failure { span: None, message, help }
    }

    /// The innermost place stays.
    fn at(mut self, span: Span) -> Failure {
        self.span.get_or_insert(span);
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl de::Error for Failure {
    fn custom<T: fmt::Display>(message: T) -> Failure {
        Failure::new(message.to_string(), None)
    }
    fn invalid_type(got: Unexpected<'_>, wanted: &dyn Expected) -> Failure {
        let wanted = wanted.to_string();
        let scalar = matches!(got, Unexpected::Bool(_) | Unexpected::Signed(_) | Unexpected::Unsigned(_));
        let help = (scalar && wanted.contains("string")).then(|| "put quotes around it".to_owned());
        Failure::new(format!("expected {}, but this is {}", in_words(&wanted), kind(got)), help)
    }
    fn invalid_value(got: Unexpected<'_>, wanted: &dyn Expected) -> Failure {
        let got = match got {
            Unexpected::Signed(number) => number.to_string(),
            Unexpected::Unsigned(number) => number.to_string(),
            Unexpected::Str(text) => format!("`{text}`"),
            other => kind(other).to_owned(),
        };
        Failure::new(format!("expected {}, but this is {got}", in_words(&wanted.to_string())), None)
    }
    fn invalid_length(length: usize, wanted: &dyn Expected) -> Failure {
        Failure::new(format!("expected {}, but this has {length}", in_words(&wanted.to_string())), None)
    }
    fn unknown_variant(got: &str, wanted: &'static [&'static str]) -> Failure {
        Failure::new(format!("unknown value `{got}`"), proposal(got, wanted))
    }
    fn unknown_field(got: &str, wanted: &'static [&'static str]) -> Failure {
        Failure::new(format!("unknown key `{got}`"), proposal(got, wanted))
    }
    fn missing_field(field: &'static str) -> Failure {
        Failure::new(format!("the key `{field}` is missing"), None)
    }
}

fn proposal(got: &str, wanted: &[&str]) -> Option<String> {
    let all = || (!wanted.is_empty()).then(|| format!("what may stand here: {}", listed(wanted)));
    did_you_mean(got, wanted.iter().copied()).or_else(all)
}

/// Serde's names of types, in the words of this crate.
fn in_words(wanted: &str) -> String {
    let number = |lowest: i128, highest: u128| format!("a number from {lowest} to {highest}");
    match wanted {
        "u8" => number(0, u8::MAX.into()),
        "u16" => number(0, u16::MAX.into()),
        "u32" => number(0, u32::MAX.into()),
        "u64" | "usize" => number(0, u64::MAX.into()),
        "i8" => number(i8::MIN.into(), 127),
        "i16" => number(i16::MIN.into(), 32_767),
        "i32" => number(i32::MIN.into(), 2_147_483_647),
        "i64" | "isize" | "i128" | "u128" => "a number".to_owned(),
        "f32" | "f64" => "a number, perhaps with a fraction".to_owned(),
        "a string" | "string" | "a borrowed string" => "text".to_owned(),
        "a boolean" => "`true` or `false`".to_owned(),
        "a sequence" => "a list".to_owned(),
        "unit" => "nothing".to_owned(),
        _ if wanted.starts_with("struct ") => "a map".to_owned(),
        _ => wanted.to_owned(),
    }
}

fn kind(got: Unexpected<'_>) -> &'static str {
    match got {
        Unexpected::Bool(_) => "a boolean",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) => "a number",
        Unexpected::Char(_) | Unexpected::Str(_) => "text",
        Unexpected::Unit | Unexpected::Option => "nothing",
        Unexpected::Seq => "a list",
        Unexpected::Map => "a map",
        Unexpected::Other(other) if other.starts_with("integer") => "a greater number",
        Unexpected::Enum | Unexpected::UnitVariant => "a name",
        _ => "something else",
    }
}

/// Where a complaint about all of a value is shown: at the first key of a map, else at the value.
fn place(value: &Yaml) -> Span {
    value.as_map().and_then(|entries| entries.first()).map_or(value.span, |(key, _)| key.span)
}

impl<'de> IntoDeserializer<'de, Failure> for &'de Yaml {
    type Deserializer = &'de Yaml;
    fn into_deserializer(self) -> &'de Yaml {
        self
    }
}

impl<'de> de::Deserializer<'de> for &'de Yaml {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match &self.kind {
            Kind::Null => visitor.visit_unit(),
            Kind::Bool(value) => visitor.visit_bool(*value),
            Kind::Number(value) => visit_number(*value, visitor),
            Kind::Text(text) => visitor.visit_borrowed_str(text),
            Kind::List(items) => {
                let mut left = Items { items: items.iter() };
                visitor.visit_seq(&mut left).and_then(|value| match left.items.next() {
                    Some(item) => Err(Failure::new("one element too many".to_owned(), None).at(item.span)),
                    None => Ok(value),
                })
            }
            Kind::Map(entries) => visitor.visit_map(Entries { entries: entries.iter(), value: None }),
        }
        .map_err(|failure| failure.at(place(self)))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        if self.kind == Kind::Null { visitor.visit_none() } else { visitor.visit_some(self) }
            .map_err(|failure| failure.at(place(self)))
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.as_str().and_then(|text| text.parse::<f64>().ok()).filter(|value| value.is_finite()) {
            Some(value) => visitor.visit_f64(value).map_err(|failure: Failure| failure.at(self.span)),
            None => self.deserialize_any(visitor),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Failure> {
        if name == SPANNED {
            return visitor.visit_map(WithSpan { value: self, next: 0 });
        }
        visitor.visit_newtype_struct(self).map_err(|failure| failure.at(place(self)))
    }

    /// `name`, or `{ name: content }`.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        let variant = match &self.kind {
            Kind::Text(_) => Variant { name: self, content: None },
            Kind::Map(entries) => match &entries[..] {
                [(name, content)] => Variant { name, content: Some(content) },
                _ => {
                    let message = format!("expected a map with one key, but this has {}", entries.len());
                    return Err(Failure::new(message, None).at(place(self)));
                }
            },
            _ => {
                let message = format!("expected a name or a map with one key, but this is {}", self.describe());
                return Err(Failure::new(message, None).at(self.span));
            }
        };
        visitor.visit_enum(variant).map_err(|failure| failure.at(place(self)))
    }

    /// Serde would take a list for a struct, field by field; a file says the names.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        if self.as_list().is_some() {
            return Err(Failure::invalid_type(Unexpected::Seq, &visitor).at(self.span));
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier
    }
}

fn visit_number<'de, V: Visitor<'de>>(value: i128, visitor: V) -> Result<V::Value, Failure> {
    if let Ok(value) = u64::try_from(value) {
        visitor.visit_u64(value)
    } else if let Ok(value) = i64::try_from(value) {
        visitor.visit_i64(value)
    } else {
        visitor.visit_i128(value)
    }
}

struct Items<'de> {
    items: std::slice::Iter<'de, Yaml>,
}

impl<'de> de::SeqAccess<'de> for Items<'de> {
    type Error = Failure;
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Failure> {
        self.items.next().map(|item| seed.deserialize(item)).transpose()
    }
    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

struct Entries<'de> {
    entries: std::slice::Iter<'de, (Yaml, Yaml)>,
    value: Option<&'de Yaml>,
}

impl<'de> de::MapAccess<'de> for Entries<'de> {
    type Error = Failure;
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Failure> {
        let Some((key, value)) = self.entries.next() else {
            return Ok(None);
        };
        self.value = Some(value);
        seed.deserialize(Key(key)).map(Some).map_err(|failure| failure.at(key.span))
    }
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Failure> {
        match self.value.take() {
            Some(value) => seed.deserialize(value),
            None => Err(de::Error::custom("a value is asked for ahead of its key")),
        }
    }
    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}

/// A key: text, but read as a number or boolean by a type that wants one.
struct Key<'de>(&'de Yaml);

impl<'de> Key<'de> {
    fn scalar<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match Kind::of_plain(self.0.as_str().unwrap_or_default()) {
            Kind::Number(value) => visit_number(value, visitor),
            Kind::Bool(value) => visitor.visit_bool(value),
            _ => self.0.deserialize_any(visitor),
        }
    }
}

macro_rules! scalar_keys {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> { self.scalar(visitor) })*
    };
}

impl<'de> de::Deserializer<'de> for Key<'de> {
    type Error = Failure;
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.0.deserialize_any(visitor)
    }
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_some(self)
    }
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Failure> {
        if name == SPANNED {
            self.0.deserialize_newtype_struct(name, visitor)
        } else {
            visitor.visit_newtype_struct(self)
        }
    }
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.0.deserialize_enum(name, variants, visitor)
    }
    scalar_keys! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
    }
    forward_to_deserialize_any! {
        f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

struct Variant<'de> {
    name: &'de Yaml,
    content: Option<&'de Yaml>,
}

impl<'de> de::EnumAccess<'de> for Variant<'de> {
    type Error = Failure;
    type Variant = Variant<'de>;
    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Variant<'de>), Failure> {
        let name = self.name.as_str().unwrap_or_default();
        let deserializer: StrDeserializer<'_, Failure> = name.into_deserializer();
        let value = seed.deserialize(deserializer).map_err(|failure| failure.at(self.name.span))?;
        Ok((value, self))
    }
}

impl<'de> Variant<'de> {
    fn content(&self, wanted: &str) -> Result<&'de Yaml, Failure> {
        let name = self.name.as_str().unwrap_or_default();
        self.content.ok_or_else(|| {
            let help = format!("write `{{ {name}: ... }}`");
            Failure::new(format!("`{name}` needs {wanted}"), Some(help)).at(self.name.span)
        })
    }
}

impl<'de> de::VariantAccess<'de> for Variant<'de> {
    type Error = Failure;
    fn unit_variant(self) -> Result<(), Failure> {
        match self.content {
            Some(content) if content.kind != Kind::Null => {
                let name = self.name.as_str().unwrap_or_default();
                Err(Failure::new(format!("`{name}` stands alone"), None).at(content.span))
            }
            _ => Ok(()),
        }
    }
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Failure> {
        seed.deserialize(self.content("a value")?)
    }
    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Failure> {
        self.content("a list")?.deserialize_any(visitor)
    }
    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Failure> {
        self.content("a map")?.deserialize_struct("", fields, visitor)
    }
}

/// Asks our deserializer for the span beside the value; others just read the value.
const SPANNED: &str = "$gauntlet_yaml::Spanned";
const START: &str = "$start";

/// A value with its place in the file, for checks that come after loading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spanned<T> {
    /// Where it stands; empty if not read by this crate.
    pub span: Span,
    /// What stands there.
    pub value: T,
}

impl<'de, T: de::Deserialize<'de>> de::Deserialize<'de> for Spanned<T> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Spanned<T>, D::Error> {
        struct Seen<T>(std::marker::PhantomData<T>);
        impl<'de, T: de::Deserialize<'de>> Visitor<'de> for Seen<T> {
            type Value = Spanned<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }
            fn visit_newtype_struct<D: de::Deserializer<'de>>(self, inner: D) -> Result<Spanned<T>, D::Error> {
                Ok(Spanned { span: Span::default(), value: T::deserialize(inner)? })
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Spanned<T>, A::Error> {
                map.next_key::<de::IgnoredAny>()?;
                let span = span(&mut map)?;
                Ok(Spanned { span, value: map.next_value()? })
            }
        }
        deserializer.deserialize_newtype_struct(SPANNED, Seen(std::marker::PhantomData))
    }
}

impl<T: serde::Serialize> serde::Serialize for Spanned<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

/// What follows the key [`START`]: the span, and the key of the value.
fn span<'de, A: de::MapAccess<'de>>(map: &mut A) -> Result<Span, A::Error> {
    let start = map.next_value()?;
    let (_, end) = map.next_entry::<de::IgnoredAny, usize>()?.unwrap_or((de::IgnoredAny, start));
    map.next_key::<de::IgnoredAny>()?;
    Ok(Span { start, end })
}

/// A value as the map `{ $start, $end, $value }`.
struct WithSpan<'de> {
    value: &'de Yaml,
    next: usize,
}

impl<'de> de::MapAccess<'de> for WithSpan<'de> {
    type Error = Failure;
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Failure> {
        let Some(key) = [START, "$end", "$value"].get(self.next) else {
            return Ok(None);
        };
        self.next += 1;
        let deserializer: StrDeserializer<'_, Failure> = key.into_deserializer();
        seed.deserialize(deserializer).map(Some)
    }
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Failure> {
        match self.next {
            1 => seed.deserialize(self.value.span.start.into_deserializer()),
            2 => seed.deserialize(self.value.span.end.into_deserializer()),
            _ => seed.deserialize(self.value),
        }
    }
}

/// A tree within a typed value: with its spans if read by this crate, without from elsewhere.
impl<'de> de::Deserialize<'de> for Yaml {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Yaml, D::Error> {
        deserializer.deserialize_newtype_struct(SPANNED, Tree)
    }
}

struct Tree;

impl<'de> Visitor<'de> for Tree {
    type Value = Yaml;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_unit<E>(self) -> Result<Yaml, E> {
        Ok(Yaml::new(Kind::Null))
    }
    fn visit_bool<E>(self, value: bool) -> Result<Yaml, E> {
        Ok(Yaml::new(Kind::Bool(value)))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Yaml, E> {
        Ok(Yaml::new(Kind::Number(value.into())))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Yaml, E> {
        Ok(Yaml::new(Kind::Number(value.into())))
    }
    fn visit_i128<E>(self, value: i128) -> Result<Yaml, E> {
        Ok(Yaml::new(Kind::Number(value)))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Yaml, E> {
        Ok(Yaml::text(value.to_string()))
    }
    fn visit_str<E>(self, text: &str) -> Result<Yaml, E> {
        Ok(Yaml::text(text))
    }
    fn visit_newtype_struct<D: de::Deserializer<'de>>(self, inner: D) -> Result<Yaml, D::Error> {
        inner.deserialize_any(self)
    }
    fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Yaml, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Yaml::new(Kind::List(items)))
    }
    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Yaml, A::Error> {
        let mut entries: Vec<(Yaml, Yaml)> = Vec::new();
        while let Some(key) = map.next_key::<Yaml>()? {
            if key.as_str() == Some(START) && entries.is_empty() {
                let span = span(&mut map)?;
                return Ok(Yaml { span, ..map.next_value_seed(Inner)? });
            }
            entries.push((key, map.next_value()?));
        }
        Ok(Yaml::new(Kind::Map(entries)))
    }
}

/// The value behind its span, without asking for the span again.
struct Inner;

impl<'de> DeserializeSeed<'de> for Inner {
    type Value = Yaml;
    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Yaml, D::Error> {
        deserializer.deserialize_any(Tree)
    }
}

impl serde::Serialize for Yaml {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.kind {
            Kind::Null => serializer.serialize_unit(),
            Kind::Bool(value) => serializer.serialize_bool(*value),
            Kind::Number(value) => match (u64::try_from(*value), i64::try_from(*value)) {
                (Ok(value), _) => serializer.serialize_u64(value),
                (_, Ok(value)) => serializer.serialize_i64(value),
                _ => serializer.serialize_i128(*value),
            },
            Kind::Text(text) => serializer.serialize_str(text),
            Kind::List(items) => serializer.collect_seq(items),
            Kind::Map(entries) => serializer.collect_map(entries.iter().map(|(key, value)| (key, value))),
        }
    }
}
