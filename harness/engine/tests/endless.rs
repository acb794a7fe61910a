//! Sides of our own come to an end with whatever a scenario sends them.

mod common;

use common::{capabilities, play_in_memory, playable};
use gauntlet_model::{Kind, Role};
use gauntlet_target::embedded;
use gauntlet_target::own::{Manner, own};
use std::collections::BTreeSet;

/// A case of every scenario for clients.
#[test]
fn our_clients_end_every_scenario() {
    let openssl = embedded::openssl();
    let cases = playable(openssl.as_ref(), Role::Client, &capabilities(openssl.as_ref(), Role::Client));
    let mut seen = BTreeSet::new();
    for case in cases.iter().filter(|case| seen.insert(case.scenario.clone())) {
        for manner in [Manner::Pushover, Manner::Strict] {
            let side = own(manner);
            if side.supports(Role::Client, &case.options).is_err() {
                continue;
            }
            let (transcript, verdict) = play_in_memory(side.as_ref(), case, 1);
            let events = transcript.events.len();
            assert!(events < 30_000, "{} against {}: {events} events", case.id, manner.name());
            assert_ne!(verdict.kind, Kind::Crash, "{} against {}", case.id, manner.name());
        }
    }
    assert!(seen.len() > 150, "only {} scenarios for clients", seen.len());
}
