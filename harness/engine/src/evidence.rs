//! What is kept of a case: one folder, written as the case ends.

use gauntlet_model::{Case, Transcript, What};
use gauntlet_reports::{keylog, ladder, pcapng, text};
use std::io;
use std::path::Path;

/// A folder name for a case on a target.
pub(crate) fn folder_name(target: &str, id: &str) -> String {
    let clean = |text: &str| -> String {
        text.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' }).collect()
    };
    let mut name = clean(id);
    if name.len() > 120 {
        // Long ids stay apart by a hash of the whole.
        let hash = gauntlet_crypto::Digest::Sha256.hash(id.as_bytes());
        name.truncate(100);
        name.push_str(&hash[..6].iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    }
    format!("evidence/{}/{name}", clean(target))
}

/// Writes transcript (JSON, text, ladder), scenario, key log, packet capture, and the target's stderr.
///
/// # Errors
/// A file cannot be written.
pub fn write(folder: &Path, case: &Case, transcript: &Transcript) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join("transcript.json"), serde_json::to_vec(transcript)?)?;
    std::fs::write(folder.join("transcript.txt"), text(transcript))?;
    std::fs::write(folder.join("ladder.txt"), ladder(transcript, &Default::default()))?;
    std::fs::write(folder.join("scenario.yaml"), case.source.as_bytes())?;
    std::fs::write(folder.join("keys.log"), keylog(transcript))?;
    std::fs::write(folder.join("capture.pcapng"), pcapng(transcript))?;
    let stderr = transcript.events.iter().rev().find_map(|event| match &event.what {
        What::Target { stderr, .. } if !stderr.is_empty() => Some(stderr),
        _ => None,
    });
    match stderr {
        Some(stderr) => std::fs::write(folder.join("stderr.txt"), stderr),
        None => Ok(()),
    }
}
