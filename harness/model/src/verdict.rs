//! What a transcript means.

use serde::{Deserialize, Serialize};

/// The kinds of verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Exactly what the requirement says.
    Pass,
    /// The right effect in another form.
    Loose,
    /// The target lacks what the scenario needs.
    Skip,
    /// Broken once, and not again: it proves nothing yet, and is no failure.
    Unstable,
    /// Broken.
    Fail,
    /// Nothing was proved; never the target's fault, never a pass.
    Error,
    /// No reaction where one is due, nor a plain handshake afterwards; or it spins.
    Hang,
    /// The target died.
    Crash,
}

/// What was other than said, in a `loose` verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// It closed without an alert.
    NoAlert,
    /// Another fatal alert.
    OtherAlert,
    /// A warning of the right kind.
    Warning,
    /// The right alert, but the connection was left open.
    LeftOpen,
}

/// The step that decided.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct At {
    /// File, as given.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1.
    pub column: usize,
    /// Characters to underline.
    pub width: usize,
    /// Index in the flow, from 0.
    pub step: usize,
}

/// The verdict on one case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Which.
    pub kind: Kind,
    /// For `loose`.
    pub form: Option<Form>,
    /// The deciding step, where one did.
    pub at: Option<At>,
    /// What should have come, in words: `reject: illegal_parameter`.
    pub expected: String,
    /// What came, in words: `went on with server_hello`.
    pub reason: String,
}

/// What the target sent from the first altered message on, and how it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Reaction {
    /// Messages in order; our own sends among them as `>name`.
    pub sent: Vec<String>,
    /// Alerts: `fatal illegal_parameter`, `warning close_notify`.
    pub alerts: Vec<String>,
    /// `fin`, `rst`, `open`.
    pub end: String,
}

impl Kind {
    /// As in results.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Pass => "pass",
            Kind::Loose => "loose",
            Kind::Skip => "skip",
            Kind::Unstable => "unstable",
            Kind::Fail => "fail",
            Kind::Error => "error",
            Kind::Hang => "hang",
            Kind::Crash => "crash",
        }
    }
    /// All, in the order in which reports count them.
    pub const ALL: [Kind; 8] =
        [Kind::Pass, Kind::Loose, Kind::Fail, Kind::Crash, Kind::Hang, Kind::Unstable, Kind::Skip, Kind::Error];
}

impl Form {
    /// As in results.
    pub fn name(self) -> &'static str {
        match self {
            Form::NoAlert => "no_alert",
            Form::OtherAlert => "other_alert",
            Form::Warning => "warning",
            Form::LeftOpen => "left_open",
        }
    }
}
