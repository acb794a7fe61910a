//! Text → tree: the events of `saphyr-parser`, made into values under strict rules.

use crate::{Diagnostics, File, Kind, Span, Yaml};
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError};
use std::collections::HashMap;

/// Bytes of text that are read at all.
const SIZE: usize = 1 << 20;
/// Lists and maps within each other, aliases followed.
const DEPTH: usize = 64;
/// Values after all aliases; long text counts more.
const NODES: usize = 250_000;
/// Mistakes after which the rest is not read.
const MISTAKES: usize = 100;

/// Reads a file. See [`File::parse`].
pub(crate) fn parse(file: &File) -> Result<Yaml, Diagnostics> {
    let mut errors = Diagnostics::default();
    if !readable(file, &mut errors) {
        return Err(errors);
    }
    let mut builder = Builder::new(file);
    let root = builder.run();
    errors.extend(builder.errors);
    if !errors.has_errors() {
        second_opinion(file, &mut errors);
    }
    match root {
        Some(root) if !errors.has_errors() => Ok(root),
        _ => Err(errors),
    }
}

/// What YAML refuses before any parsing, and what nobody writes by hand.
fn readable(file: &File, errors: &mut Diagnostics) -> bool {
    if file.text.len() > SIZE {
        let message = format!("the file has {} bytes, more than {SIZE}", file.text.len());
        errors.error(file, Span::default(), message, None);
        return false;
    }
    let control =
        |c: char| matches!(c, '\0'..='\x08' | '\x0B' | '\x0C' | '\x0E'..='\x1F' | '\x7F' | '\u{FFFE}' | '\u{FFFF}');
    let c1 = |c: char| matches!(c, '\u{80}'..='\u{84}' | '\u{86}'..='\u{9F}');
    if let Some((start, c)) = file
        .text
        .char_indices()
        // A byte order mark is one only at the very start.
        .find(|(at, c)| control(*c) || c1(*c) || *at > 0 && *c == '\u{FEFF}')
    {
        let code = u32::from(c);
        let help = format!("within double quotes it can be written as `\\u{code:04X}`");
        let span = Span { start, end: start + c.len_utf8() };
        errors.error(file, span, format!("invisible character U+{code:04X}"), Some(help));
        return false;
    }
    true
}

/// What only one of two parsers can read, an editor or another tool may not read either.
fn second_opinion(file: &File, errors: &mut Diagnostics) {
    let Err(error) = serde_yaml::from_str::<serde::de::IgnoredAny>(&file.text) else {
        return;
    };
    // A file without any value is `Null` to us, and an early end to it.
    if error.location().is_none() {
        return;
    }
    let at = error.location().map_or(0, |place| place.index());
    let full = error.to_string();
    let message = full.split(" at line ").next().unwrap_or(&full).to_owned();
    let help = "not every YAML parser reads this; quotes or another layout make it plain".to_owned();
    errors.error(file, Span::empty(file.floor(at)), message, Some(help));
}

/// A list or map that is still open.
struct Frame {
    start: usize,
    /// Where it opens, if in flow form (or if a comment behind its anchor looks so).
    bracket: Option<usize>,
    anchor: usize,
    height: usize,
    weight: usize,
    content: Content,
}

enum Content {
    List(Vec<Yaml>),
    Map { entries: Vec<Entry>, key: Option<Entry>, seen: HashMap<String, Span> },
}

/// A key with its value, while the map is open.
struct Entry {
    key: Yaml,
    value: Yaml,
    merge: bool,
}

/// A finished value that aliases may name.
struct Anchored {
    value: Yaml,
    height: usize,
    weight: usize,
}

/// A value with its measures, on its way into the frame above.
struct Node {
    value: Yaml,
    height: usize,
    weight: usize,
    /// Unquoted, and as it was written; for keys.
    plain: Option<String>,
}

struct Builder<'a> {
    file: &'a File,
    /// Byte offset of every character, if not all are ASCII.
    offsets: Vec<usize>,
    stack: Vec<Frame>,
    anchors: HashMap<usize, Anchored>,
    root: Option<Yaml>,
    documents: usize,
    weight: usize,
    last_end: usize,
    errors: Diagnostics,
}

impl<'a> Builder<'a> {
    fn new(file: &'a File) -> Builder<'a> {
        let offsets =
            if file.text.is_ascii() { Vec::new() } else { file.text.char_indices().map(|(at, _)| at).collect() };
        Builder {
            file,
            offsets,
            stack: Vec::new(),
            anchors: HashMap::new(),
            root: None,
            documents: 0,
            weight: 0,
            last_end: 0,
            errors: Diagnostics::default(),
        }
    }

    /// The whole text; `None` if it was given up. Errors that leave the structure sound do not stop it.
    fn run(&mut self) -> Option<Yaml> {
        let file = self.file;
        let mut parser = Parser::new_from_str(&file.text);
        while let Some(next) = parser.next_event() {
            if self.errors.list.len() >= MISTAKES {
                return None;
            }
            match next {
                Ok((event, span)) => {
                    let span = Span { start: self.offset(span.start.index()), end: self.offset(span.end.index()) };
                    self.event(event, span)?;
                }
                Err(error) => {
                    self.syntax(&error);
                    return None;
                }
            }
        }
        Some(self.root.take().unwrap_or(Yaml::new(Kind::Null)))
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Option<()> {
        let tag = match &event {
            Event::Scalar(_, _, _, tag) | Event::SequenceStart(_, tag) | Event::MappingStart(_, tag) => tag.is_some(),
            _ => false,
        };
        if tag {
            self.tag(span);
        }
        match event {
            Event::DocumentStart(_) => self.document(span),
            Event::Scalar(text, style, anchor, _) => self.scalar(&text, style, anchor, span),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::SequenceStart(anchor, _) => self.open(span, anchor, Content::List(Vec::new())),
            Event::MappingStart(anchor, _) => {
                self.open(span, anchor, Content::Map { entries: Vec::new(), key: None, seen: HashMap::new() })
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Some(()),
        }
    }

    fn document(&mut self, span: Span) -> Option<()> {
        self.documents += 1;
        if self.documents > 1 {
            self.error(span, "a second document", Some("one file holds one document; remove the `---`".to_owned()));
            return None;
        }
        Some(())
    }

    fn tag(&mut self, span: Span) {
        let text = self.file.slice(span);
        let start = span.start + text.find('!').unwrap_or(0);
        let length = self.file.text[start..].find(char::is_whitespace).unwrap_or(span.end.saturating_sub(start));
        let end = start + length;
        let message = format!("tag `{}`", self.file.slice(Span { start, end }));
        self.error(
            Span { start, end },
            message,
            Some("tags are not used; text that begins with `!` needs quotes".to_owned()),
        );
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, anchor: usize, span: Span) -> Option<()> {
        let plain = style == ScalarStyle::Plain;
        let kind = if plain { Kind::of_plain(text) } else { Kind::Text(text.to_owned()) };
        let span = if text.is_empty() && plain { Span::empty(self.last_end) } else { self.trimmed(span) };
        let weight = 1 + text.len() / 64;
        let node = Node { value: Yaml { span, kind }, height: 0, weight, plain: plain.then(|| text.to_owned()) };
        self.spend(weight, span)?;
        self.add(node, anchor)
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Option<()> {
        let Some(Anchored { value, height, weight }) = self.anchors.get(&anchor) else {
            self.error(span, "this alias lies within what it names", None);
            return None;
        };
        let (height, weight) = (*height, *weight);
        if self.stack.len() + height > DEPTH {
            return self.too_deep(span);
        }
        let value = Yaml { span, kind: if self.weight + weight > NODES { Kind::Null } else { value.kind.clone() } };
        self.spend(weight, span)?;
        self.add(Node { value, height, weight, plain: None }, 0)
    }

    fn open(&mut self, span: Span, anchor: usize, content: Content) -> Option<()> {
        if self.stack.len() >= DEPTH {
            return self.too_deep(span);
        }
        self.spend(1, span)?;
        let opening = self.file.slice(span).trim_end();
        let bracket = opening.ends_with(['[', '{']).then(|| span.start + opening.len() - 1);
        self.last_end = bracket.map_or(span.start, |at| at + 1);
        self.stack.push(Frame { start: span.start, bracket, anchor, height: 0, weight: 1, content });
        Some(())
    }

    fn close(&mut self, span: Span) -> Option<()> {
        let frame = self.stack.pop()?;
        // The end of a block has no text of its own.
        let flow = frame.bracket.is_some() && span.end > span.start;
        let end = if flow { span.end } else { self.last_end };
        let span = Span { start: frame.start, end: end.max(frame.start) };
        let kind = match frame.content {
            Content::List(items) => Kind::List(items),
            Content::Map { entries, seen, .. } => Kind::Map(self.merged(entries, &seen)),
        };
        let node = Node { value: Yaml { span, kind }, height: frame.height + 1, weight: frame.weight, plain: None };
        self.add(node, frame.anchor)
    }

    /// Puts a finished value into the list or map above it.
    fn add(&mut self, node: Node, anchor: usize) -> Option<()> {
        self.last_end = node.value.span.end;
        if anchor != 0 {
            let (height, weight) = (node.height, node.weight);
            self.anchors.insert(anchor, Anchored { value: node.value.clone(), height, weight });
        }
        let file = self.file;
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(node.value);
            return Some(());
        };
        frame.height = frame.height.max(node.height);
        frame.weight += node.weight;
        match &mut frame.content {
            Content::List(items) => items.push(node.value),
            Content::Map { entries, key: waiting @ Some(_), .. } => {
                if let Some(mut entry) = waiting.take() {
                    entry.value = node.value;
                    entries.push(entry);
                }
            }
            Content::Map { key: waiting, seen, .. } => {
                let entry = key(file, node, seen, &mut self.errors);
                *waiting = Some(entry);
            }
        }
        Some(())
    }

    /// Entries with those of merge keys in place; what is written out in the map wins, then the earlier.
    fn merged(&mut self, entries: Vec<Entry>, seen: &HashMap<String, Span>) -> Vec<(Yaml, Yaml)> {
        if !entries.iter().any(|entry| entry.merge) {
            return entries.into_iter().map(|entry| (entry.key, entry.value)).collect();
        }
        let mut names: std::collections::HashSet<String> = seen.keys().cloned().collect();
        let mut out = Vec::with_capacity(entries.len());
        for Entry { key, value, merge } in entries {
            if !merge {
                out.push((key, value));
                continue;
            }
            let span = value.span;
            let sources = match value.kind {
                Kind::List(items) => items,
                kind => vec![Yaml { span, kind }],
            };
            for source in sources {
                let Kind::Map(inner) = source.kind else {
                    let message = format!("`<<` takes in a map, not {}", source.describe());
                    self.error(source.span, message, Some("write `<<: *name` with the anchor of a map".to_owned()));
                    continue;
                };
                out.extend(
                    inner.into_iter().filter(|(key, _)| names.insert(key.as_str().unwrap_or_default().to_owned())),
                );
            }
        }
        out
    }

    fn spend(&mut self, weight: usize, span: Span) -> Option<()> {
        self.weight += weight;
        if self.weight > NODES {
            let message = format!("more than {NODES} values, aliases counted");
            self.error(span, message, Some("aliases of aliases multiply".to_owned()));
            return None;
        }
        Some(())
    }

    fn too_deep(&mut self, span: Span) -> Option<()> {
        self.error(span, too_deep(), None);
        None
    }

    fn syntax(&mut self, error: &ScanError) {
        let at = self.offset(error.marker().index());
        let (span, message, help) = self.explain(at, error.info());
        self.error(span, message, help);
    }

    /// The parser's complaint in words that help.
    fn explain(&self, at: usize, info: &str) -> (Span, String, Option<String>) {
        let text = &self.file.text;
        let rest = &text[at..];
        let line_start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let line = &text[line_start..];
        let indent = &line[..line.find(|c| c != ' ' && c != '\t').unwrap_or(line.len())];
        if let Some(tab) = indent.find('\t') {
            let start = line_start + tab;
            let help = "use spaces".to_owned();
            return (Span { start, end: start + 1 }, "a tab in the indentation".to_owned(), Some(help));
        }
        let width = rest.chars().next().filter(|c| *c != '\n' && *c != '\r').map_or(0, char::len_utf8);
        let span = Span { start: at, end: at + width };
        if info.contains("recursion limit") {
            return (span, too_deep(), None);
        }
        if let Some(bracket) = self.stack.last().and_then(|frame| frame.bracket) {
            let open = Span { start: bracket, end: bracket + 1 };
            let (line, column) = self.file.position(bracket);
            return if rest.trim().is_empty() {
                (open, format!("this `{}` is never closed", self.file.slice(open)), None)
            } else if line < self.file.position(at).0 {
                let help = format!("the `{}` at line {line}, column {column} is still open", self.file.slice(open));
                (span, info.to_owned(), Some(help))
            } else {
                let help = "within `{}` and `[]`, text that holds `[`, `]`, `{`, `}` or `,` needs quotes";
                (span, info.to_owned(), Some(help.to_owned()))
            };
        }
        let help = match info {
            _ if info.starts_with("mapping values are not allowed") => {
                Some("text that holds `: ` needs quotes; if this is a key, look at the indentation")
            }
            _ if info.starts_with("unexpected character") || info.contains("anchor or alias") => {
                Some("text that begins with `*`, `&`, `@`, `%` or a backtick needs quotes")
            }
            _ if info.contains("unknown anchor") => {
                Some("an alias needs its anchor (`&name`) ahead of it; text that begins with `*` needs quotes")
            }
            _ if info.contains("unexpected end of stream") || info.contains("indentation in quoted") => {
                Some("is the quote that opens here ever closed?")
            }
            _ if info.contains("unknown escape") => {
                Some("within double quotes a backslash is written `\\\\`; single quotes take it as it is")
            }
            _ => None,
        };
        (span, info.to_owned(), help.map(str::to_owned))
    }

    fn error(&mut self, span: Span, message: impl Into<String>, help: Option<String>) {
        self.errors.error(self.file, span, message, help);
    }

    /// Byte offset of a character's number.
    fn offset(&self, index: usize) -> usize {
        if self.offsets.is_empty() {
            return index.min(self.file.text.len());
        }
        self.offsets.get(index).copied().unwrap_or(self.file.text.len())
    }

    /// Without the white space and line ends behind a block scalar.
    fn trimmed(&self, span: Span) -> Span {
        let text = self.file.slice(span);
        Span { start: span.start, end: span.start + text.trim_end().len() }
    }
}

fn too_deep() -> String {
    format!("nested more than {DEPTH} deep")
}

/// A value in the place of a key; the second of a name is an error.
fn key(file: &File, node: Node, seen: &mut HashMap<String, Span>, errors: &mut Diagnostics) -> Entry {
    let span = node.value.span;
    let merge = node.plain.as_deref() == Some("<<");
    let text = node.plain.or_else(|| node.value.as_text());
    if text.is_none() {
        errors.error(file, span, format!("a key is text, not {}", node.value.describe()), None);
    }
    if text.as_deref() == Some("") && node.value.kind == Kind::Null {
        errors.error(file, span, "a value without a key", None);
    }
    let text = text.unwrap_or_default();
    if let Some(first) = seen.get(&text) {
        let (line, column) = file.position(first.start);
        let help = format!("it is at line {line}, column {column} already");
        errors.error(file, span, format!("duplicate key `{text}`"), Some(help));
    } else {
        seen.insert(text.clone(), span);
    }
    let key = Yaml { span, kind: Kind::Text(text) };
    Entry { key, value: Yaml::new(Kind::Null), merge }
}
