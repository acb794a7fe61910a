//! Every field of a message at its edges.

use crate::altered::{extension, extensions};
use crate::change::{Change, Oracle};
use crate::flow::{Honest, Sent};
use gauntlet_wire::{Grammar, Node, Path, Value};

/// So many of an enum's values are tried in a field, and so many of an extension's types: each turns one into another.
const CODE_POINTS: (usize, usize) = (24, 80);

/// All changes of fields, one at a time.
pub fn fields(honest: &Honest) -> Vec<Change> {
    honest.sent.iter().flat_map(of_message).collect()
}

/// The paths of all fields of a message; of a ClientHello also of the extensions that it has not.
pub(crate) fn paths(message: &Sent) -> Vec<Path> {
    let mut all: Vec<Path> = Vec::new();
    each_field(message, &mut |path, _| all.extend(Path::parse(path)));
    if message.name == "client_hello" {
        all.extend(extensions().map(extension));
    }
    let mut seen = std::collections::HashSet::new();
    all.retain(|path| seen.insert(path.clone()));
    all
}

fn of_message(message: &Sent) -> Vec<Change> {
    let mut all = Vec::new();
    each_field(message, &mut |path, edits| all.extend(edits.into_iter().map(|edit| change(message, path, &edit))));
    all
}

fn each_field(message: &Sent, found: &mut impl FnMut(&str, Vec<String>)) {
    let type_name = if message.name == "change_cipher_spec" { "ChangeCipherSpec" } else { "Handshake" };
    if !Grammar::tls().has_type(type_name) {
        return;
    }
    let tree = Grammar::tls().decode(type_name, &message.bytes, &message.context);
    for node in tree.children() {
        let at = if node.name == "body" { String::new() } else { node.name.to_owned() };
        walk(node, &at, found);
    }
}

fn change(message: &Sent, path: &str, edit: &str) -> Change {
    let key =
        if message.reference.contains('[') { format!("\"{}\"", message.reference) } else { message.reference.clone() };
    // What proves who one is may not be taken in any other form.
    let proof =
        matches!((message.name.as_str(), path), ("finished", "verify_data") | ("certificate_verify", "signature"));
    Change {
        kind: "with a field changed",
        what: format!("{} {path}", message.reference),
        alter: vec![format!("{key}: {{ {edit} }}")],
        oracle: if proof && !edit.contains("length") { Oracle::Forbidden } else { Oracle::Survives },
    }
}

fn walk(node: &Node, path: &str, found: &mut impl FnMut(&str, Vec<String>)) {
    match &node.value {
        Value::Number { value, width } if !path.is_empty() => found(path, of_number(node, path, *value, *width)),
        Value::Bytes(bytes) if !path.is_empty() => found(path, of_bytes(path, bytes.len())),
        Value::Raw(_) | Value::Number { .. } | Value::Bytes(_) => {}
        Value::As(inner) => {
            found(path, of_length(path));
            walk(inner, path, found);
        }
        Value::Struct(fields) => {
            for field in fields {
                walk(field, &join(path, field.name), found);
            }
        }
        Value::List(items) => {
            found(path, of_list(path, items.len()));
            for (place, item) in items.iter().enumerate() {
                walk(item, &format!("{path}[{place}]"), found);
            }
        }
    }
}

fn join(path: &str, name: &str) -> String {
    match (path, name) {
        ("", name) => name.to_owned(),
        (path, "body") => path.to_owned(),
        (path, name) => format!("{path}.{name}"),
    }
}

fn of_number(node: &Node, path: &str, value: u64, width: u8) -> Vec<String> {
    let max = u64::MAX >> (64 - 8 * u32::from(width.clamp(1, 8)));
    let mut values = vec![0, 1, max, max - 1, value.wrapping_add(1) & max, value.wrapping_sub(1) & max, max / 2 + 1];
    let kind = node.type_id.name();
    let most = if kind == "ExtensionType" { CODE_POINTS.1 } else { CODE_POINTS.0 };
    values.extend(Grammar::tls().names(kind).iter().take(most).map(|(_, number)| *number));
    values.sort_unstable();
    values.dedup();
    values.retain(|other| *other != value);
    values.into_iter().map(|other| format!("set: {{ \"{path}\": {other:#x} }}")).collect()
}

fn of_bytes(path: &str, length: usize) -> Vec<String> {
    let mut all = vec![format!("mutate: [{{ append: {{ field: \"{path}\", bytes: \"00\" }} }}]")];
    if length > 0 {
        all.push(format!("mutate: [{{ truncate: {{ field: \"{path}\", to: 0 }} }}]"));
        all.push(format!("mutate: [{{ truncate: {{ field: \"{path}\", to: -1 }} }}]"));
        all.push(format!("mutate: [{{ flip_bit: {{ field: \"{path}\", bit: 0 }} }}]"));
        all.push(format!("mutate: [{{ flip_bit: {{ field: \"{path}\", bit: -1 }} }}]"));
        all.push(format!("set: {{ \"{path}\": {{ fill: \"00\", length: {length} }} }}"));
        all.push(format!("set: {{ \"{path}\": {{ fill: \"ff\", length: {length} }} }}"));
    }
    all.extend(of_length(path));
    all
}

fn of_list(path: &str, items: usize) -> Vec<String> {
    let mut all = of_length(path);
    for place in 0..items {
        all.push(format!("mutate: [{{ remove: {{ field: \"{path}[{place}]\" }} }}]"));
        all.push(format!("mutate: [{{ duplicate: {{ field: \"{path}[{place}]\" }} }}]"));
        all.push(format!("mutate: [{{ move: {{ field: \"{path}[{place}]\", to: last }} }}]"));
    }
    all.push(format!("set: {{ \"{path}\": [] }}"));
    all
}

fn of_length(path: &str) -> Vec<String> {
    let lie = |how: &str| format!("mutate: [{{ length: {{ field: \"{path}\", {how} }} }}]");
    vec![lie("by: 1"), lie("by: -1"), lie("to: 0"), lie("to: 255"), lie("to: 65535")]
}
