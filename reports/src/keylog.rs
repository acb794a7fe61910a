//! Secrets of a transcript as an NSS key log, for packet analysers [RFC 9850].

use gauntlet_model::transcript::{Transcript, What};
use std::collections::HashSet;
use std::fmt::Write;

/// One line for each secret, none twice: `LABEL client_random secret`.
pub fn keylog(transcript: &Transcript) -> String {
    let mut seen = HashSet::new();
    let mut out = String::new();
    for event in &transcript.events {
        let What::Secret { label, random, secret } = &event.what else { continue };
        // A label or random that cannot stand in such a line would spoil the others.
        let fits = !label.is_empty()
            && label != "EXPORTED"
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if fits && !random.is_empty() && !secret.is_empty() && seen.insert((label, random, secret)) {
            writeln!(out, "{label} {} {}", hex::encode(random), hex::encode(secret)).expect("a String takes all");
        }
    }
    out
}
