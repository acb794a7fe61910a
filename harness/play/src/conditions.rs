//! Conditions on what a path finds.

use crate::look::Item;
use gauntlet_model::{Condition, Val};
use gauntlet_peer::plain_bytes;
use gauntlet_wire::{Path, Plain, Value};

/// How further paths, in values and conditions, are looked up.
pub(crate) type Looker<'a> = &'a dyn Fn(&Path) -> Vec<Item>;

/// Why a condition does not hold, or that it cannot be judged.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Unmet {
    /// It does not hold: what came.
    Not(String),
    /// The path finds nothing, and the condition needs something.
    Nothing,
}

/// Judges what a path found by a condition.
pub(crate) fn holds(items: &[Item], condition: &Condition, looker: Looker<'_>) -> Result<(), Unmet> {
    match condition {
        Condition::Absent(absent) => {
            let ok = items.is_empty() == *absent;
            let came = if items.is_empty() { "nothing".to_owned() } else { show(items) };
            return if ok { Ok(()) } else { Err(Unmet::Not(came)) };
        }
        Condition::Count(inner) => {
            return holds(&[Item::Number(apart(items, condition).len() as u64)], inner, looker);
        }
        Condition::All(all) => return all.iter().try_for_each(|condition| holds(items, condition, looker)),
        _ => {}
    }
    if items.is_empty() {
        return Err(Unmet::Nothing);
    }
    let items = &apart(items, condition);
    let whole = match condition {
        Condition::Distinct(wanted) => Some(distinct(items) == *wanted),
        Condition::Same(wanted) => Some(items.windows(2).all(|pair| pair[0].bytes() == pair[1].bytes()) == *wanted),
        Condition::Includes(value) => Some(items.iter().any(|element| equals(element, value, looker))),
        Condition::InOrderOf(path) => Some(is_in_order(items, &looker(path))),
        Condition::Increasing(wanted) => {
            Some(items.windows(2).all(|pair| pair[0].number() < pair[1].number()) == *wanted)
        }
        _ => None,
    };
    if let Some(ok) = whole {
        return if ok { Ok(()) } else { Err(Unmet::Not(show(items))) };
    }
    for item in items {
        if !holds_one(item, condition, looker)? {
            return Err(Unmet::Not(item.show()));
        }
    }
    Ok(())
}

/// A path that finds one list finds its elements, unless the condition is about the list as a whole.
fn apart(items: &[Item], condition: &Condition) -> Vec<Item> {
    let is_list = |value: &Val| matches!(value, Val::List(_));
    let of_elements = match condition {
        Condition::Not(value) | Condition::Includes(value) => !is_list(value),
        Condition::OneOf(values) | Condition::NoneOf(values) => !values.iter().any(is_list),
        Condition::AtLeast(_) | Condition::AtMost(_) => true,
        Condition::Distinct(_) | Condition::Increasing(_) | Condition::Count(_) | Condition::InOrderOf(_) => true,
        _ => false,
    };
    match items {
        [Item::Node(node)] if of_elements && matches!(node.value, Value::List(_)) => {
            node.children().iter().cloned().map(Item::Node).collect()
        }
        _ => items.to_vec(),
    }
}

fn holds_one(item: &Item, condition: &Condition, looker: Looker<'_>) -> Result<bool, Unmet> {
    Ok(match condition {
        Condition::Equals(value) => equals(item, value, looker),
        Condition::Not(value) => !equals(item, value, looker),
        Condition::NoneOf(values) => !values.iter().any(|value| equals(item, value, looker)),
        Condition::OneOf(values) => values.iter().any(|value| equals(item, value, looker)),
        Condition::AtLeast(value) => item.number().zip(number(value, looker)).is_some_and(|(a, b)| a >= b),
        Condition::AtMost(value) => item.number().zip(number(value, looker)).is_some_and(|(a, b)| a <= b),
        Condition::SameAs { path, except } => same_as(item, &looker(path), except)?,
        Condition::SubsetOf(value) => subset(item, value, looker),
        Condition::StartsWith(value) => item.bytes().starts_with(&bytes(value, looker)),
        Condition::EndsWith(value) => item.bytes().ends_with(&bytes(value, looker)),
        Condition::Length(inner) => {
            return match holds(&[Item::Number(item.bytes().len() as u64)], inner, looker) {
                Ok(()) => Ok(true),
                Err(Unmet::Not(_)) => Ok(false),
                Err(nothing) => Err(nothing),
            };
        }
        _ => true,
    })
}

fn show(items: &[Item]) -> String {
    let shown: Vec<String> = items.iter().take(4).map(Item::show).collect();
    let more = if items.len() > 4 { format!(" and {} more", items.len() - 4) } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

fn distinct(items: &[Item]) -> bool {
    let all: std::collections::BTreeSet<Vec<u8>> = items.iter().map(Item::bytes).collect();
    all.len() == items.len()
}

/// Whether two finds are the same, apart from the fields that are excepted.
fn same_as(item: &Item, others: &[Item], except: &[Path]) -> Result<bool, Unmet> {
    let other = others.first().ok_or(Unmet::Nothing)?;
    if except.is_empty() {
        return Ok(item.bytes() == other.bytes());
    }
    let blank = |item: &Item| -> Vec<u8> {
        let Item::Node(node) = item else { return item.bytes() };
        let mut node = node.clone();
        for path in except {
            let _ = gauntlet_wire::Grammar::tls().edit(
                &mut node,
                &gauntlet_wire::Edit::Remove(path.clone()),
                &gauntlet_wire::Context::unknown(),
            );
        }
        node.content()
    };
    Ok(blank(item) == blank(other))
}

/// Whether what was found is the value: numbers by number or name, bytes by hex, lists element by element.
pub(crate) fn equals(item: &Item, value: &Val, looker: Looker<'_>) -> bool {
    match value {
        Val::Number(wanted) => {
            item.number() == Some(*wanted) || matches!(item, Item::Text(text) if *text == wanted.to_string())
        }
        Val::Name(name) => is_named(item, name),
        Val::List(values) => match item {
            Item::Node(node) => {
                let children = node.children();
                children.len() == values.len()
                    && children
                        .iter()
                        .zip(values)
                        .all(|(child, value)| equals(&Item::Node(child.clone()), value, looker))
            }
            _ => item.bytes() == bytes(value, looker),
        },
        Val::From { .. } => {
            let found = values_of(value, looker);
            found.first().is_some_and(|other| {
                other.bytes() == item.bytes() || other.number().is_some() && other.number() == item.number()
            })
        }
        _ => item.bytes() == bytes(value, looker),
    }
}

fn is_named(item: &Item, name: &str) -> bool {
    if let Item::Text(text) = item {
        return text == name;
    }
    if matches!(item, Item::Named(text, ..) if text == name) {
        return true;
    }
    if let Item::Node(node) = item
        && node.enum_name() == Some(name)
    {
        return true;
    }
    let number = name.strip_prefix("0x").map_or_else(|| name.parse().ok(), |h| u64::from_str_radix(h, 16).ok());
    if item.number().is_some() && number == item.number() {
        return true;
    }
    item.number().is_none() && plain_bytes(&Plain::Name(name.to_owned())).is_ok_and(|bytes| bytes == item.bytes())
}

fn values_of(value: &Val, looker: Looker<'_>) -> Vec<Item> {
    match value {
        Val::From { path, .. } => looker(path),
        _ => Vec::new(),
    }
}

fn number(value: &Val, looker: Looker<'_>) -> Option<u64> {
    match value {
        Val::Number(number) => Some(*number),
        Val::Name(name) => {
            name.strip_prefix("0x").map_or_else(|| name.parse().ok(), |h| u64::from_str_radix(h, 16).ok())
        }
        Val::From { path, plus } => Some(looker(path).first()?.number()?.wrapping_add_signed(*plus)),
        _ => None,
    }
}

fn bytes(value: &Val, looker: Looker<'_>) -> Vec<u8> {
    match value {
        Val::Bytes(bytes) => bytes.clone(),
        Val::Name(text) => plain_bytes(&Plain::Name(text.clone())).unwrap_or_else(|_| text.as_bytes().to_vec()),
        Val::Fill { pattern, length } => {
            pattern.iter().copied().cycle().take(if pattern.is_empty() { 0 } else { *length }).collect()
        }
        Val::Join(parts) | Val::List(parts) => parts.iter().flat_map(|part| bytes(part, looker)).collect(),
        Val::Number(number) => vec![*number as u8],
        Val::From { path, .. } => looker(path).first().map(Item::bytes).unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// Whether every element found is among those of the value (a list, or a path to one).
fn subset(item: &Item, value: &Val, looker: Looker<'_>) -> bool {
    let found = elements(std::slice::from_ref(item));
    let allowed: Vec<Item> = match value {
        Val::List(values) => {
            return found.iter().all(|element| values.iter().any(|value| equals(element, value, looker)));
        }
        Val::From { path, .. } => looker(path),
        Val::Name(text) => Path::parse(text).map(|path| looker(&path)).unwrap_or_default(),
        _ => Vec::new(),
    };
    let allowed: Vec<Option<u64>> = elements(&allowed).iter().map(tag).collect();
    found.iter().all(|element| allowed.contains(&tag(element)))
}

/// Whether what was found stands in the order of a list, which may hold more.
fn is_in_order(items: &[Item], list: &[Item]) -> bool {
    let mut rest = elements(list).into_iter().map(|element| tag(&element));
    elements(items).iter().all(|element| rest.any(|other| other == tag(element)))
}

/// Lists taken apart.
fn elements(items: &[Item]) -> Vec<Item> {
    let apart = |item: &Item| match item {
        Item::Node(node) if node.number().is_none() => node.children().iter().cloned().map(Item::Node).collect(),
        other => vec![other.clone()],
    };
    items.iter().flat_map(apart).collect()
}

/// The number by which an element goes: itself, or the first of its fields.
fn tag(item: &Item) -> Option<u64> {
    match item {
        Item::Node(node) => node.number().or_else(|| node.children().first().and_then(gauntlet_wire::Node::number)),
        other => other.number(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing(_: &Path) -> Vec<Item> {
        Vec::new()
    }

    #[test]
    fn a_path_without_result_holds_only_where_absence_is_asked_for() {
        assert_eq!(holds(&[], &Condition::Absent(true), &nothing), Ok(()));
        assert_eq!(holds(&[], &Condition::Equals(Val::Number(1)), &nothing), Err(Unmet::Nothing));
        assert_eq!(holds(&[Item::Number(1)], &Condition::Absent(true), &nothing), Err(Unmet::Not("1".to_owned())));
        assert_eq!(holds(&[], &Condition::Count(Box::new(Condition::Equals(Val::Number(0)))), &nothing), Ok(()));
    }

    #[test]
    fn each_of_many_must_hold() {
        let items = [Item::Number(3), Item::Number(9)];
        assert_eq!(holds(&items, &Condition::AtMost(Val::Number(9)), &nothing), Ok(()));
        assert_eq!(holds(&items, &Condition::AtMost(Val::Number(8)), &nothing), Err(Unmet::Not("9".to_owned())));
        assert_eq!(holds(&items, &Condition::Distinct(true), &nothing), Ok(()));
        assert_eq!(holds(&items, &Condition::Same(true), &nothing), Err(Unmet::Not("3, 9".to_owned())));
        assert_eq!(holds(&items, &Condition::Increasing(true), &nothing), Ok(()));
    }

    #[test]
    fn lists_are_looked_at_element_by_element() {
        let items = [Item::Number(3), Item::Number(9)];
        let includes = |number| Condition::Includes(Val::Number(number));
        assert_eq!(holds(&items, &includes(9), &nothing), Ok(()));
        assert!(holds(&items, &includes(4), &nothing).is_err());
        let none_of = |numbers: [u64; 2]| Condition::NoneOf(numbers.map(Val::Number).to_vec());
        assert_eq!(holds(&items, &none_of([4, 5]), &nothing), Ok(()));
        assert_eq!(holds(&items, &none_of([4, 9]), &nothing), Err(Unmet::Not("9".to_owned())));
    }

    #[test]
    fn an_order_is_that_of_a_longer_list() {
        let list = |_: &Path| [1, 3, 5, 9].map(Item::Number).to_vec();
        let in_order = |numbers: &[u64]| {
            let items: Vec<Item> = numbers.iter().copied().map(Item::Number).collect();
            holds(&items, &Condition::InOrderOf(Path::parse("x").expect("a path")), &list).is_ok()
        };
        assert!(in_order(&[3, 9]));
        assert!(!in_order(&[9, 3]) && !in_order(&[3, 3]) && !in_order(&[1, 4]));
    }

    #[test]
    fn a_list_that_is_found_alone_is_its_elements() {
        let bytes = [0, 8, 0, 29, 0, 23, 0, 29, 0, 24];
        let context = gauntlet_wire::Context::unknown();
        let node = gauntlet_wire::Grammar::tls().decode("NamedGroupList", &bytes, &context);
        let list = [Item::Node(node.field("named_group_list").expect("a list").clone())];
        assert_eq!(holds(&list, &Condition::Count(Box::new(Condition::Equals(Val::Number(4)))), &nothing), Ok(()));
        assert!(holds(&list, &Condition::Distinct(true), &nothing).is_err());
        assert!(holds(&list, &Condition::Not(Val::Name("secp384r1".to_owned())), &nothing).is_err());
        assert_eq!(holds(&list, &Condition::Not(Val::Name("secp521r1".to_owned())), &nothing), Ok(()));
        assert_eq!(holds(&list, &Condition::Includes(Val::Name("secp256r1".to_owned())), &nothing), Ok(()));
    }

    #[test]
    fn bytes_are_compared_as_hex() {
        let item = [Item::Bytes(vec![0xab, 0xcd])];
        assert_eq!(holds(&item, &Condition::StartsWith(Val::Name("ab".to_owned())), &nothing), Ok(()));
        assert_eq!(holds(&item, &Condition::EndsWith(Val::Name("cd".to_owned())), &nothing), Ok(()));
        let length = Condition::Length(Box::new(Condition::Equals(Val::Number(2))));
        assert_eq!(holds(&item, &length, &nothing), Ok(()));
        assert!(holds(&item, &Condition::Equals(Val::Name("abce".to_owned())), &nothing).is_err());
    }
}
