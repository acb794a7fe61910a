//! The lines of `results.jsonl`: the only truth, from which all reports are rendered.

use crate::verdict::{At, Form, Kind, Reaction};
use crate::{Capabilities, Role};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{BufRead, Write};

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Line {
    /// The first.
    Run(RunLine),
    /// One for each target.
    Target(TargetLine),
    /// One for each case.
    Case(Box<CaseResult>),
    /// The last; without it the run was cut off.
    End(EndLine),
}

/// What was run, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunLine {
    /// Version of this format.
    pub schema: u32,
    /// Version of the harness.
    pub version: String,
    /// Hex seed.
    pub seed: String,
    /// `exact`, `class` or `any`.
    pub alerts: String,
    /// RFC whose rules for TLS 1.3 hold: 9846, or 8446 before it.
    #[serde(default = "newest")]
    pub rfc: u32,
    /// Hash of the scenarios.
    pub corpus: String,
    /// What was selected.
    pub select: Vec<String>,
    /// Wall clock, RFC 3339.
    pub started: String,
    /// The day by which certificates are valid or not, such as `2026-11-21`.
    #[serde(default)]
    pub date: String,
}

fn newest() -> u32 {
    9846
}

/// One target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetLine {
    /// Name.
    pub target: String,
    /// What it says of its version.
    pub version: String,
    /// Roles that were run.
    pub roles: Vec<Role>,
    /// From the probe.
    pub capabilities: Capabilities,
    /// What plain handshakes cost; none of clients.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub costs: Vec<Cost>,
    /// What they cost with the reference.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reference_costs: Vec<Cost>,
}

/// What one handshake cost, until it was complete.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// `tls1.3`.
    pub version: String,
    /// `TLS_AES_128_GCM_SHA256`.
    pub cipher_suite: String,
    /// `x25519`.
    pub group: Option<String>,
    /// `full`, `resumed` or `0-RTT`.
    pub handshake: String,
    /// Behind a HelloRetryRequest.
    pub retry: bool,
    /// How often who sends changed; two are a round trip.
    pub flights: u32,
    /// Bytes of our records.
    pub sent: u64,
    /// Bytes of the target's records, tickets left out.
    pub received: u64,
    /// From our first byte to the first of the answer, microseconds; `None`: not known.
    pub answer_us: Option<u64>,
    /// From our first byte until the handshake was complete.
    pub took_us: Option<u64>,
}

/// The last line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EndLine {
    /// Counts by verdict name.
    pub counts: BTreeMap<String, u64>,
    /// Wall time, microseconds.
    pub took_us: u64,
    /// The run was interrupted.
    pub interrupted: bool,
}

/// What the reference did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReferenceResult {
    /// Its verdict.
    pub verdict: Kind,
    /// Its reaction.
    pub reaction: Reaction,
}

/// What was agreed on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Negotiated {
    /// `tls1.3`.
    pub version: Option<String>,
    /// `TLS_AES_128_GCM_SHA256`.
    pub cipher_suite: Option<String>,
    /// `x25519`.
    pub group: Option<String>,
}

/// One case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseResult {
    /// Case id.
    pub id: String,
    /// Scenario id.
    pub scenario: String,
    /// The scenario's title.
    pub title: String,
    /// Parameters.
    pub parameters: serde_json::Map<String, serde_json::Value>,
    /// Target name.
    pub target: String,
    /// The target's role.
    pub role: Role,
    /// Options it was started with.
    pub options: BTreeMap<String, String>,
    /// Ids.
    pub requirements: Vec<String>,
    /// The strictest level among the requirements; `None` without requirements.
    pub level: Option<String>,
    /// Verdict.
    pub verdict: Kind,
    /// For `loose`.
    pub form: Option<Form>,
    /// What came, in words.
    pub reason: String,
    /// The deciding step.
    pub at: Option<At>,
    /// What should have come, in words.
    pub expected: String,
    /// What the target did.
    pub reaction: Reaction,
    /// What was agreed on.
    pub negotiated: Negotiated,
    /// Application data came back.
    pub data: bool,
    /// `accepted`, `refused`, or `none` where there is no twin to play.
    pub twin: String,
    /// Beside it, where it was played.
    pub reference: Option<ReferenceResult>,
    /// Verdicts of each attempt.
    pub attempts: Vec<Kind>,
    /// Hex seed of the case.
    pub seed: String,
    /// Since the run began.
    pub started_us: u64,
    /// Duration.
    pub took_us: u64,
    /// Folder, relative to the results file.
    pub evidence: Option<String>,
    /// The baseline expects this outcome, for this reason.
    pub expected_by_baseline: Option<String>,
}

/// Writes one line and flushes it.
pub fn write_line(out: &mut dyn Write, line: &Line) -> std::io::Result<()> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    out.write_all(&text)?;
    out.flush()
}

/// Reads all lines. A last line that was cut off is left out.
///
/// # Errors
/// The file cannot be read, or a line but the last is no result line: its number is in the message.
pub fn read_lines(input: impl BufRead) -> std::io::Result<Vec<Line>> {
    let mut lines = Vec::new();
    let mut broken: Option<(usize, serde_json::Error)> = None;
    for (number, text) in input.lines().enumerate() {
        let text = text?;
        if let Some((line, error)) = broken.take() {
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, format!("line {line}: {error}")));
        }
        match serde_json::from_str(&text) {
            Ok(line) => lines.push(line),
            Err(error) => broken = Some((number + 1, error)),
        }
    }
    Ok(lines)
}
