//! What is wrong, where, and what would be right.

use crate::{File, Span};
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet, normalize_untrusted_str};

/// One thing that is wrong.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// The file.
    pub file: File,
    /// What is underlined.
    pub span: Span,
    /// What is wrong, as a lower-case fragment.
    pub message: String,
    /// Short text at the underlined place; may be empty.
    pub label: String,
    /// What would be right.
    pub help: Option<String>,
    /// `false`: a warning, which does not stop loading.
    pub error: bool,
}

/// All that is wrong with some files.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    /// In order of finding.
    pub list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Adds an error.
    pub fn error(&mut self, file: &File, span: Span, message: impl Into<String>, help: Option<String>) {
        self.list.push(Diagnostic {
            file: file.clone(),
            span,
            message: message.into(),
            label: String::new(),
            help,
            error: true,
        });
    }
    /// Adds a warning.
    pub fn warning(&mut self, file: &File, span: Span, message: impl Into<String>, help: Option<String>) {
        self.error(file, span, message, help);
        if let Some(last) = self.list.last_mut() {
            last.error = false;
        }
    }
    /// Whether anything is an error.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|d| d.error)
    }
    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
    /// Takes over another's.
    pub fn extend(&mut self, other: Diagnostics) {
        self.list.extend(other.list);
    }
    /// All of them as text in rustc's look, in order of file and place, none twice; colour only if asked.
    ///
    /// ```text
    /// error: unknown key `snd`
    ///  --> a.yaml:3:5
    ///   |
    /// 3 |   - snd: client_hello
    ///   |     ^^^
    ///   |
    ///   = help: did you mean `send`?
    /// ```
    pub fn render(&self, colour: bool) -> String {
        let mut ordered: Vec<&Diagnostic> = self.list.iter().collect();
        ordered.sort_by(|a, b| a.place().cmp(&b.place()));
        ordered.dedup_by(|a, b| a.place() == b.place() && a.message == b.message && a.error == b.error);
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let mut out = String::new();
        for diagnostic in ordered {
            if !out.is_empty() {
                out.push('\n');
            }
            out.push_str(&diagnostic.render(&renderer));
            out.push('\n');
        }
        out
    }
}

/// As `render` without colour.
impl std::fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}

impl Diagnostic {
    fn place(&self) -> (&str, usize, usize) {
        (&self.file.name, self.span.start, self.span.end)
    }

    fn render(&self, renderer: &Renderer) -> String {
        let level = if self.error { Level::ERROR } else { Level::WARNING };
        let (source, line, span) = self.excerpt();
        let message = normalize_untrusted_str(&self.message);
        let label = (!self.label.is_empty()).then_some(self.label.as_str());
        let annotation = AnnotationKind::Primary.span(span).label(label);
        let snippet = Snippet::source(source).line_start(line).path(&*self.file.name).annotation(annotation);
        let mut group = level.primary_title(message).element(snippet);
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(normalize_untrusted_str(help)));
        }
        renderer.render(&[group])
    }

    /// The line at which the span begins, its number, and the part of it that is underlined: of what goes over
    /// several lines, the first is enough to find it.
    fn excerpt(&self) -> (&str, usize, std::ops::Range<usize>) {
        let text = &*self.file.text;
        let start = self.file.floor(self.span.start);
        let end = self.file.floor(self.span.end).max(start);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let line = text[line_start..line_end].trim_end();
        let clip = |at: usize| at.min(line_end).saturating_sub(line_start).min(line.len());
        (line, self.file.position(start).0, clip(start)..clip(end))
    }
}

/// `did you mean X?` if something is near enough: a slip of the keyboard, another case or separator, or the end or
/// beginning of one longer name.
pub fn did_you_mean<'a>(got: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(got, candidates).map(|name| format!("did you mean `{name}`?"))
}

/// What [`did_you_mean`] would propose.
pub fn nearest<'a>(got: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = folded(got);
    let candidates: Vec<(&str, String)> = candidates.into_iter().map(|name| (name, folded(name))).collect();
    let bound = (wanted.chars().count() / 3).max(1);
    let typo = candidates
        .iter()
        .map(|(name, folded)| (strsim::osa_distance(&wanted, folded), *name))
        // One letter in place of another is no slip of the keyboard.
        .filter(|(distance, name)| *distance <= bound && *distance < name.chars().count().max(2))
        .min_by_key(|(distance, _)| *distance);
    typo.map(|(_, name)| name).or_else(|| part_of_one(&wanted, &candidates))
}

/// The only name that begins or ends with all these words.
fn part_of_one<'a>(wanted: &str, candidates: &[(&'a str, String)]) -> Option<&'a str> {
    let (front, back) = (format!("{wanted}_"), format!("_{wanted}"));
    let mut found = candidates.iter().filter(|(_, name)| name.starts_with(&front) || name.ends_with(&back));
    match (found.next(), found.next()) {
        (Some((name, _)), None) if wanted.chars().count() >= 3 => Some(name),
        _ => None,
    }
}

fn folded(name: &str) -> String {
    name.to_lowercase().replace(['-', ' '], "_")
}
