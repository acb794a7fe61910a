//! Tree → text that parses to the same tree.

use crate::{Kind, Yaml};
use std::fmt::Write;

/// Columns that a line in flow form may take.
const WIDTH: usize = 100;
/// Maps and lists within each other in one line, for readers.
const FLOW_DEPTH: usize = 4;
/// A key longer than this is no simple key to a parser.
const SIMPLE_KEY: usize = 900;

/// See [`Yaml::to_flow`].
pub(crate) fn flow(value: &Yaml) -> String {
    let mut out = String::new();
    write_flow(value, &mut out);
    out
}

/// See [`Yaml::to_block`].
pub(crate) fn block(value: &Yaml) -> String {
    let mut out = String::new();
    match &value.kind {
        Kind::List(items) if !items.is_empty() => write_list(items, 0, &mut out),
        Kind::Map(entries) if !entries.is_empty() => write_map(entries, 0, &mut out),
        _ => {
            write_value(value, 0, 0, &mut out);
            out.remove(0);
        }
    }
    out
}

fn write_flow(value: &Yaml, out: &mut String) {
    match &value.kind {
        Kind::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                write_flow(item, out);
            }
            out.push(']');
        }
        Kind::Map(entries) if entries.is_empty() => out.push_str("{}"),
        Kind::Map(entries) => {
            out.push_str("{ ");
            for (i, (key, value)) in entries.iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                write_key(key, true, out);
                out.push(' ');
                write_flow(value, out);
            }
            out.push_str(" }");
        }
        _ => write_scalar(value, true, out),
    }
}

/// A key with its colon.
fn write_key(key: &Yaml, in_flow: bool, out: &mut String) {
    let mut text = String::new();
    write_text(&key.as_text().unwrap_or_default(), in_flow, true, &mut text);
    match (text.len() > SIMPLE_KEY, in_flow) {
        (false, _) => write!(out, "{text}:"),
        (true, true) => write!(out, "? {text} :"),
        (true, false) => write!(out, "? {text}\n:"),
    }
    .expect("writing into a String succeeds");
}

/// What stands behind `key:` or `-`, with the line end.
fn write_value(value: &Yaml, indent: usize, column: usize, out: &mut String) {
    match &value.kind {
        Kind::List(items) if !fits(value, column) => {
            out.push('\n');
            write_list(items, indent, out);
        }
        Kind::Map(entries) if !fits(value, column) => {
            out.push('\n');
            write_map(entries, indent, out);
        }
        Kind::Text(text) if literal(text) => write_literal(text, indent, out),
        Kind::List(_) | Kind::Map(_) => {
            out.push(' ');
            write_flow(value, out);
            out.push('\n');
        }
        _ => {
            out.push(' ');
            write_scalar(value, false, out);
            out.push('\n');
        }
    }
}

fn write_map(entries: &[(Yaml, Yaml)], indent: usize, out: &mut String) {
    for (i, (key, value)) in entries.iter().enumerate() {
        // The first may stand behind a dash.
        if i > 0 || out.is_empty() || out.ends_with('\n') {
            out.extend(std::iter::repeat_n(' ', indent));
        }
        let start = out.len();
        write_key(key, false, out);
        if out[start..].starts_with('?') {
            let colon = out.len() - 1;
            out.insert_str(colon, &" ".repeat(indent));
        }
        let column = indent + out.len() - start;
        write_value(value, indent + 2, column, out);
    }
}

fn write_list(items: &[Yaml], indent: usize, out: &mut String) {
    for item in items {
        out.extend(std::iter::repeat_n(' ', indent));
        out.push('-');
        match &item.kind {
            Kind::Map(entries) if !entries.is_empty() => {
                out.push(' ');
                write_map(entries, indent + 2, out);
            }
            _ => write_value(item, indent + 2, indent + 2, out),
        }
    }
}

/// Whether a list or map is better read in one line.
fn fits(value: &Yaml, column: usize) -> bool {
    let steps = |items: &[Yaml]| items.len() > 1 && matches!(items[0].kind, Kind::Map(_));
    match &value.kind {
        Kind::List(items) if steps(items) => return false,
        Kind::List(items) if items.is_empty() => return true,
        Kind::Map(entries) if entries.is_empty() => return true,
        _ => {}
    }
    height(value) <= FLOW_DEPTH && column + 1 + flow(value).chars().count() <= WIDTH
}

fn height(value: &Yaml) -> usize {
    match &value.kind {
        Kind::List(items) => 1 + items.iter().map(height).max().unwrap_or(0),
        Kind::Map(entries) => 1 + entries.iter().map(|(_, value)| height(value)).max().unwrap_or(0),
        _ => 0,
    }
}

fn write_scalar(value: &Yaml, in_flow: bool, out: &mut String) {
    match &value.kind {
        Kind::Text(text) => write_text(text, in_flow, false, out),
        _ => out.push_str(&value.as_text().unwrap_or_default()),
    }
}

fn write_text(text: &str, in_flow: bool, is_key: bool, out: &mut String) {
    // Keys are text anyway, but what looks like a number stays as it is; only nothing and `<<` need quotes.
    let means_text = is_key && !text.is_empty() || matches!(Kind::of_plain(text), Kind::Text(_)) && !numeric(text);
    if means_text && plain(text, in_flow) { out.push_str(text) } else { quote(text, out) }
}

/// Whether some parser might take text for a number: `+1`, `1.5`, `012`, `1_000`.
fn numeric(text: &str) -> bool {
    let digits = text.replace('_', "");
    digits.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) && digits.parse::<f64>().is_ok()
        || ["0x", "0o", "0b"].iter().any(|radix| digits.trim_start_matches(['+', '-']).starts_with(radix))
}

/// Whether text can be written without quotes; careful, so that no parser sees anything else in it.
fn plain(text: &str, in_flow: bool) -> bool {
    let harmless = |c: char| {
        c.is_ascii_alphanumeric()
            || "_./$+-()^;~!?&*@%`|>'\"#=:, <\\".contains(c)
            || c > '\u{A0}' && c.is_alphanumeric()
    };
    let brackets = |c: char| !in_flow && "[]{}".contains(c);
    let start = |c: char| c.is_alphanumeric() || "_/$+.(^".contains(c);
    text.len() < SIMPLE_KEY
        && text.starts_with(start)
        && text.chars().all(|c| harmless(c) || brackets(c))
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.starts_with("...")
        && !text.split(' ').any(|word| matches!(word, "-" | "?" | ":"))
        && !(in_flow && text.contains([',', ':', '?', '#']))
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' '..='~' => out.push(c),
            _ if c.is_alphanumeric() => out.push(c),
            _ => {
                let code = u32::from(c);
                let escaped = if code > 0xFFFF { write!(out, "\\U{code:08X}") } else { write!(out, "\\u{code:04X}") };
                escaped.expect("writing into a String succeeds");
            }
        }
    }
    out.push('"');
}

/// Whether text of several lines can stand as it is behind `|`.
fn literal(text: &str) -> bool {
    let body = text.strip_suffix('\n').unwrap_or(text);
    body.contains('\n')
        && !body.starts_with([' ', '\n', '\t', '#'])
        && !body.ends_with('\n')
        && body.lines().all(|line| !line.ends_with(' '))
        && body.chars().all(|c| c == '\n' || (' '..='~').contains(&c))
}

fn write_literal(text: &str, indent: usize, out: &mut String) {
    let (body, chomp) = text.strip_suffix('\n').map_or((text, " |-\n"), |body| (body, " |\n"));
    out.push_str(chomp);
    for line in body.split('\n') {
        if !line.is_empty() {
            out.extend(std::iter::repeat_n(' ', indent.max(2)));
            out.push_str(line);
        }
        out.push('\n');
    }
}
