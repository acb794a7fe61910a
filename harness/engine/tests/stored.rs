//! What lies right of `play` works on stored data: a transcript written and read again is judged alike.

mod common;

use common::{capabilities, play_in_memory, playable};
use gauntlet_engine::AlertPolicy;
use gauntlet_model::{Case, Kind, Role, Transcript, Verdict};
use gauntlet_play::{has_data, judge, negotiated, reaction};
use gauntlet_target::own::{Manner, own};
use gauntlet_target::{Target, embedded};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Writes it as evidence is written, and reads it again.
fn stored(transcript: &Transcript) -> Transcript {
    let text = serde_json::to_vec(transcript).expect("a transcript can be written");
    serde_json::from_slice(&text).expect("and read")
}

fn same_again(target: &dyn Target, case: &Case) -> Result<Kind, String> {
    let (transcript, verdict): (Transcript, Verdict) = play_in_memory(target, case, 1);
    let read = stored(&transcript);
    let again = judge(case, &read, AlertPolicy::Exact);
    let said = |transcript: &Transcript| (reaction(transcript, 0), negotiated(transcript), has_data(transcript));
    if again != verdict {
        return Err(format!("{}: {verdict:?} became {again:?}", case.id));
    }
    if read != transcript || said(&read) != said(&transcript) {
        return Err(format!("{}: something was lost", case.id));
    }
    Ok(verdict.kind)
}

/// Plays the cases that OpenSSL can play, whoever the target is. How they came out.
fn all_again(target: &dyn Target, role: Role) -> BTreeMap<&'static str, usize> {
    let cases = playable(target, role, &capabilities(embedded::openssl().as_ref(), role));
    let outcomes: Vec<Result<Kind, String>> = cases.par_iter().map(|case| same_again(target, case)).collect();
    let mut kinds = BTreeMap::new();
    let mut wrong = Vec::new();
    for outcome in outcomes {
        match outcome {
            Ok(kind) => *kinds.entry(kind.name()).or_default() += 1,
            Err(text) => wrong.push(text),
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    kinds
}

#[test]
fn openssl_is_judged_alike_from_stored_transcripts() {
    let target = embedded::openssl();
    let kinds = all_again(target.as_ref(), Role::Server);
    for kind in ["pass", "loose", "fail"] {
        assert!(kinds.contains_key(kind), "no case that comes out as {kind}: {kinds:?}");
    }
    all_again(target.as_ref(), Role::Client);
}

/// Silence, closings, what is no TLS, and the look whether the target is still alive.
#[test]
fn sides_of_ours_are_judged_alike_from_stored_transcripts() {
    let kinds = |manner| all_again(own(manner).as_ref(), Role::Server);
    for manner in [Manner::Mute, Manner::Garbage] {
        let kinds = kinds(manner);
        assert!(kinds.contains_key("hang"), "{}: {kinds:?}", manner.name());
    }
    for manner in [Manner::Pushover, Manner::Closer, Manner::Strict] {
        let kinds = kinds(manner);
        assert!(kinds.contains_key("fail"), "{}: {kinds:?}", manner.name());
    }
}
