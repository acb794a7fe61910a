//! What all typing shares: the file, the parameters, the errors, and names and paths with their checks.

use crate::names;
use crate::substitute::{Environment, mentions};
use gauntlet_model::{Place, Role};
use gauntlet_wire::{Grammar, Path, Segment};
use gauntlet_yaml::{Diagnostics, File, Kind, MapReader, Span, Yaml, did_you_mean};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};

/// Shared steps by name.
pub(crate) type Shared = BTreeMap<String, (File, Yaml)>;

/// Paths that were found right, by message.
pub(crate) type Checked = RefCell<HashSet<(String, String)>>;

/// Makes typed steps of a substituted tree.
pub(crate) struct Typer<'a> {
    pub file: File,
    pub environment: Environment,
    pub shared: &'a Shared,
    /// Shared steps that are being typed, the innermost last.
    pub using: Vec<String>,
    /// What we play.
    pub role: Role,
    /// What plain `reject` means.
    pub alerts: Vec<String>,
    /// Whether names and paths are checked, and which paths were.
    pub lint: Option<&'a Checked>,
    /// The scenario has a note.
    pub has_note: bool,
    /// A step judges, and not only that the target survives.
    pub judged: bool,
    pub judged_more: bool,
    /// `alter`s that no step has judged so far.
    pub unjudged: Vec<(File, Span)>,
    pub errors: Diagnostics,
}

impl Typer<'_> {
    /// Says what is wrong. A `$name` that is still there could not be replaced, which has been said.
    pub fn fail(&mut self, at: &Yaml, message: impl Into<String>, help: Option<String>) {
        if at.as_str().is_some_and(mentions) && self.errors.has_errors() {
            return;
        }
        self.errors.error(&self.file, at.span, message, help);
    }

    /// `what` must be `wanted`.
    pub fn wrong(&mut self, at: &Yaml, what: &str, wanted: &str) {
        self.fail(at, format!("{what} must be {wanted}, but this is {}", at.describe()), None);
    }

    /// Text, or an error.
    pub fn text<'y>(&mut self, value: &'y Yaml, what: &str) -> Option<&'y str> {
        let text = value.as_str();
        if text.is_none() {
            self.wrong(value, what, "text");
        }
        text
    }

    pub fn list<'y>(&mut self, value: &'y Yaml, what: &str) -> Option<&'y [Yaml]> {
        let list = value.as_list();
        if list.is_none() {
            self.wrong(value, what, "a list");
        }
        list
    }

    pub fn map<'y>(&mut self, value: &'y Yaml, what: &str) -> Option<&'y [(Yaml, Yaml)]> {
        let map = value.as_map();
        if map.is_none() {
            self.wrong(value, what, "a map");
        }
        map
    }

    /// A whole number that fits, or an error.
    pub fn number<N: TryFrom<i128>>(&mut self, value: &Yaml, what: &str) -> Option<N> {
        let Kind::Number(number) = value.kind else {
            self.wrong(value, what, "a number");
            return None;
        };
        let fitting = N::try_from(number).ok();
        if fitting.is_none() {
            self.fail(value, format!("{number} is out of range for {what}"), None);
        }
        fitting
    }

    pub fn boolean(&mut self, value: &Yaml, what: &str) -> Option<bool> {
        if let Kind::Bool(value) = value.kind {
            return Some(value);
        }
        self.wrong(value, what, "`true` or `false`");
        None
    }

    /// One of a few names, or an error that says which.
    pub fn one_of<T: Copy>(&mut self, value: &Yaml, what: &str, known: &[(&str, T)]) -> Option<T> {
        let text = value.as_text().unwrap_or_default();
        let found = known.iter().find(|(name, _)| *name == text);
        if found.is_none() {
            let all = known.iter().map(|(name, _)| *name);
            let help = did_you_mean(&text, all.clone()).or_else(|| Some(names::listed(all)));
            let got = if text.is_empty() { value.describe().to_owned() } else { format!("`{text}`") };
            self.fail(value, format!("{what} cannot be {got}"), help);
        }
        found.map(|(_, value)| *value)
    }

    /// Reads a map with `read` and reports all keys that it does not ask for.
    pub fn reading<T>(
        &mut self,
        map: &Yaml,
        what: &str,
        read: impl FnOnce(&mut Self, &mut MapReader<'_>) -> Option<T>,
    ) -> Option<T> {
        self.map(map, what)?;
        let file = self.file.clone();
        let mut reader = MapReader::new(&file, map, what, &mut self.errors);
        let out = read(self, &mut reader);
        reader.finish(&mut self.errors);
        out
    }

    /// A name of an enum, or an error.
    pub fn enum_name(&mut self, value: &Yaml, enum_name: &str, what: &str) -> Option<String> {
        let name = self.text(value, what)?;
        if !names::has(enum_name, name) {
            let help = did_you_mean(name, names::all(enum_name))
                .or_else(|| (names::all(enum_name).count() < 8).then(|| names::listed(names::all(enum_name))));
            self.fail(value, format!("unknown {what} `{name}`"), help);
            return None;
        }
        Some(name.to_owned())
    }

    /// The name of a message that can be met on the wire.
    pub fn message(&mut self, name: &str, at: &Yaml) -> Option<()> {
        if names::is_message(name) {
            return Some(());
        }
        let help = did_you_mean(name, names::messages().iter().copied());
        self.fail(at, format!("unknown message `{name}`"), help);
        None
    }

    /// A path, not looked up anywhere.
    pub fn path(&mut self, value: &Yaml) -> Option<Path> {
        let Some(text) = value.as_text().filter(|_| !matches!(value.kind, Kind::Bool(_) | Kind::Null)) else {
            self.wrong(value, "a path", "text");
            return None;
        };
        self.path_text(&text, value.span)
    }

    fn path_text(&mut self, text: &str, span: Span) -> Option<Path> {
        Path::parse(text)
            .map_err(|error| {
                if mentions(text) && self.errors.has_errors() {
                    return;
                }
                let start = (span.start + error.at).min(span.end);
                let exact = self.file.slice(span) == text && start < span.end;
                let span = if exact { Span { start, end: span.end } } else { span };
                self.errors.error(&self.file, span, format!("`{text}` is no path: {error}"), None);
            })
            .ok()
    }

    /// A path from the root of a message, or of a record.
    pub fn field(&mut self, value: &Yaml, message: &str) -> Option<Path> {
        let path = self.path(value)?;
        self.check_field(&path, message, value);
        Some(path)
    }

    fn check_field(&mut self, path: &Path, message: &str, at: &Yaml) {
        let Some(checked) = self.lint else { return };
        let key = (message.to_owned(), at.as_text().unwrap_or_default());
        if checked.borrow().contains(&key) {
            return;
        }
        if let Err((message, help)) = check(path, message) {
            self.fail(at, message, help);
        } else {
            checked.borrow_mut().insert(key);
        }
    }

    /// A path into a transcript: `received.server_hello.random`, `connection[0].sent.records[-1]`.
    pub fn transcript_path(&mut self, value: &Yaml) -> Option<Path> {
        let path = self.path(value)?;
        if self.lint.is_none() {
            return Some(path);
        }
        let mut rest = path.segments.as_slice();
        if let [Segment::Name(name), Segment::Index(_), after @ ..] = rest
            && matches!(name.as_str(), "connection" | "play")
        {
            rest = after;
        }
        if let [Segment::Name(name), after @ ..] = rest
            && matches!(name.as_str(), "sent" | "received")
        {
            rest = after;
        }
        match rest {
            [Segment::Name(name), after @ ..] if names::is_message(name) => {
                let fields = match after {
                    [Segment::Index(_) | Segment::Where(..), fields @ ..] => fields,
                    fields => fields,
                };
                if !fields.is_empty() {
                    self.check_field(&Path { segments: fields.to_vec() }, name, value);
                }
            }
            [Segment::Name(name), ..] if names::ROOTS.contains(&name.as_str()) => {}
            [] if path.segments.is_empty() => self.fail(value, "an empty path", None),
            [] => {}
            [first, ..] => {
                let Segment::Name(name) = first else {
                    self.fail(value, "a path into the transcript begins with a name", None);
                    return None;
                };
                let known = names::messages().iter().copied().chain(names::ROOTS);
                let help = did_you_mean(name, known.chain(["sent", "received", "connection"])).or_else(|| {
                    Some(format!(
                        "paths begin with a message, `sent`, `received`, `connection[n]`, {}",
                        names::listed(names::ROOTS)
                    ))
                });
                self.fail(value, format!("nothing in a transcript is named `{name}`"), help);
                return None;
            }
        }
        Some(path)
    }

    /// Where a step stands: the rest of its first line is underlined.
    pub fn place(&self, span: Span) -> Place {
        let (line, column) = self.file.position(span.start);
        let text = self.file.slice(span);
        let first = text.lines().next().unwrap_or_default().trim_end();
        Place { file: self.file.name.clone(), line, column, width: first.chars().count().max(1) }
    }
}

/// Whether a message, or a record, can have the path; else what is wrong, and help.
fn check(path: &Path, message: &str) -> Result<(), (String, Option<String>)> {
    let first = match path.segments.first() {
        Some(Segment::Name(name)) => name.as_str(),
        _ => "",
    };
    if message == "record" {
        if names::RECORD_FIELDS.contains(&first) {
            return Ok(());
        }
        let help = did_you_mean(first, names::RECORD_FIELDS)
            .or_else(|| Some(format!("records have {}", names::listed(names::RECORD_FIELDS))));
        return Err((format!("records have no field `{first}`"), help));
    }
    if message == "every" || (first == "body" && path.segments.len() == 1) {
        return Ok(());
    }
    if matches!(message, "Certificate" | "OCSPResponse") {
        return gauntlet_wire::der::check_path(message, path).map_err(|error| {
            let help = error.suggestion.map(|name| format!("did you mean `{name}`?"));
            (error.message, help)
        });
    }
    let type_name = match message {
        "alert" => "Alert",
        "change_cipher_spec" => "ChangeCipherSpec",
        "heartbeat" => "HeartbeatMessage",
        "application_data" => "ApplicationData",
        // The inner hello is laid out as the outer.
        "client_hello_inner" => "client_hello",
        other => other,
    };
    Grammar::tls().check_path(type_name, path).map_err(|error| {
        let help = error.suggestion.map(|name| format!("did you mean `{name}`?"));
        (error.message, help)
    })
}
