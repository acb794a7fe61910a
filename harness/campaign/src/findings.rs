//! What was found: grouped by cause, the smallest of each group written down as a scenario.

use crate::change::Oracle;
use gauntlet_model::{Kind, Transcript};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// One changed flow that was not borne as it must be.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The flow's name.
    pub flow: &'static str,
    /// What was done.
    pub kind: &'static str,
    /// To what.
    pub what: String,
    /// What should have held.
    pub oracle: Oracle,
    /// How the case ended: `fail`, `crash` or `hang`.
    pub verdict: Kind,
    /// In words.
    pub reason: String,
    /// The scenario.
    pub text: String,
    /// What happened.
    pub transcript: Transcript,
}

/// Findings of one cause, the smallest first.
#[derive(Clone, Debug)]
pub struct Group {
    /// `crash: ...`
    pub cause: String,
    /// At least one.
    pub members: Vec<Finding>,
}

/// Groups findings by what was done and what came of it.
pub fn group(findings: Vec<Finding>) -> Vec<Group> {
    let mut groups: BTreeMap<String, Vec<Finding>> = BTreeMap::new();
    for finding in findings {
        let subject = finding.what.split([' ', '[']).next().unwrap_or_default().to_owned();
        let done = match finding.verdict {
            // One way to die is one cause, however it was reached.
            Kind::Crash | Kind::Hang => finding.verdict.name().to_owned(),
            _ => format!("{subject} {}", finding.kind),
        };
        groups.entry(format!("{done}: {}", plain(&finding.reason))).or_default().push(finding);
    }
    let smallest_first = |(cause, mut members): (String, Vec<Finding>)| {
        members.sort_by_key(|finding| finding.text.len());
        Group { cause, members }
    };
    groups.into_iter().map(smallest_first).collect()
}

/// A reason without the numbers that differ from run to run.
fn plain(reason: &str) -> String {
    reason.split_whitespace().map(|word| if word.contains("0x") { "..." } else { word }).collect::<Vec<_>>().join(" ")
}

/// Writes the smallest member of each group as `ID/scenario.yaml`, with its transcript beside it.
///
/// # Errors
/// A file cannot be written.
pub fn write(folder: &Path, target: &str, groups: &[Group]) -> std::io::Result<Vec<PathBuf>> {
    let mut written = Vec::new();
    for group in groups {
        let Some(first) = group.members.first() else { continue };
        let id = format!("{}_{}_{}", first.flow, first.kind, first.what);
        let id: String = id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).take(90).collect();
        let place = folder.join(format!("{target}_{id}"));
        std::fs::create_dir_all(&place)?;
        std::fs::write(place.join("scenario.yaml"), &first.text)?;
        std::fs::write(place.join("transcript.txt"), gauntlet_reports::text(&first.transcript))?;
        std::fs::write(place.join("cause.txt"), format!("{}\n{} members\n", group.cause, group.members.len()))?;
        written.push(place);
    }
    Ok(written)
}
