//! What is wrong, where, and what would be right.

use crate::{File, Span};

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
    /// Takes over another's.
    pub fn extend(&mut self, other: Diagnostics) {
        self.list.extend(other.list);
    }
    /// All of them as text in rustc's look, in order of file and place; colour only if asked.
    pub fn render(&self, _colour: bool) -> String {
        todo!()
    }
}

/// `did you mean X?` if something is near enough.
pub fn did_you_mean<'a>(_got: &str, _candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    todo!()
}
