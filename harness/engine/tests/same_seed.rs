//! Same seed and same answers, same bytes from us.

mod common;

use common::{capabilities, play_in_memory, playable};
use gauntlet_model::{Case, Event, Plays, Role, Side, Transcript, What};
use gauntlet_target::own::{Manner, own};
use gauntlet_target::{Target, embedded};
use rayon::prelude::*;

/// What we wrote until the target first said something.
fn first_flight(transcript: &Transcript) -> Vec<&[u8]> {
    let bytes = transcript.events.iter().filter_map(|event| match &event.what {
        What::Bytes { from, data } if event.play == 0 => Some((*from, data.as_slice())),
        _ => None,
    });
    bytes.take_while(|(from, _)| *from == Side::Us).map(|(_, data)| data).collect()
}

/// All that was written, by whom, on which connection of which play.
fn conversation(transcript: &Transcript) -> Vec<(u32, u32, Side, &[u8])> {
    let all = transcript.events.iter().filter_map(|event| match &event.what {
        What::Bytes { from, data } => Some((event.play, event.connection, *from, data.as_slice())),
        _ => None,
    });
    all.collect()
}

fn servers_cases(target: &dyn Target) -> Vec<Case> {
    let cases = playable(target, Role::Server, &capabilities(target, Role::Server));
    assert!(cases.len() > 500, "{} cases", cases.len());
    cases
}

/// OpenSSL's randomness is not ours, so that our bytes are the same only until it has said something.
#[test]
fn the_first_flight_to_openssl_is_the_same() {
    let target = embedded::openssl();
    let cases = servers_cases(target.as_ref());
    let wrong: Vec<&str> = cases
        .par_iter()
        // Of plays until something comes by chance the kept one is OpenSSL's choice.
        .filter(|case| !matches!(case.plays, Plays::Until { .. }))
        .filter(|case| {
            let [one, two, other] = [7, 7, 8].map(|seed| play_in_memory(target.as_ref(), case, seed).0);
            let by_the_seed = first_flight(&one) != first_flight(&other);
            // What a scenario writes out byte by byte has nothing of ours in it.
            let has_hello = one.events.iter().any(is_our_hello);
            first_flight(&one) != first_flight(&two) || has_hello && !by_the_seed
        })
        .map(|case| case.id.as_str())
        .collect();
    assert!(wrong.is_empty(), "{} of {} cases: {wrong:#?}", wrong.len(), cases.len());
}

/// A hello of ours, as far as its random at least.
fn is_our_hello(event: &Event) -> bool {
    match &event.what {
        What::Message { from: Side::Us, name, bytes, .. } => name == "client_hello" && bytes.len() >= 4 + 2 + 32,
        _ => false,
    }
}

/// Against a side of ours nothing at all is by chance: not a byte, not an event.
#[test]
fn the_whole_conversation_with_a_side_of_ours_is_the_same() {
    let target = own(Manner::Strict);
    let cases = servers_cases(target.as_ref());
    let wrong: Vec<&str> = cases
        .par_iter()
        .filter(|case| {
            let [one, two, other] = [7, 7, 8].map(|seed| play_in_memory(target.as_ref(), case, seed));
            let established = one.0.events.iter().any(|event| matches!(event.what, What::Established { .. }));
            conversation(&one.0) != conversation(&two.0)
                || one != two
                || established && conversation(&one.0) == conversation(&other.0)
        })
        .map(|case| case.id.as_str())
        .collect();
    assert!(wrong.is_empty(), "{} of {} cases: {wrong:#?}", wrong.len(), cases.len());
}
