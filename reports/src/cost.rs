//! What a handshake costs: flights, bytes each way, time. Of honest handshakes only.

use gauntlet_model::names::version_name;
use gauntlet_model::result::Cost;
use gauntlet_model::transcript::{Event, Side, Transcript, What};
use gauntlet_wire::Grammar;

/// One for each connection of a transcript on which a handshake was completed. `timed`: its times are those of a clock.
pub fn costs(transcript: &Transcript, timed: bool) -> Vec<Cost> {
    let connections = transcript.events.chunk_by(|a, b| (a.play, a.connection) == (b.play, b.connection));
    connections.filter_map(|events| cost(events, timed)).collect()
}

fn cost(events: &[Event], timed: bool) -> Option<Cost> {
    let end = events.iter().position(|event| matches!(event.what, What::Established { .. }))?;
    let What::Established { version, cipher_suite, group, resumed, .. } = &events[end].what else { return None };
    let mut found = Cost {
        version: version_name(*version),
        cipher_suite: named("CipherSuite", *cipher_suite),
        group: (*group != 0).then(|| named("NamedGroup", *group)),
        handshake: if *resumed { "resumed" } else { "full" }.to_owned(),
        ..Cost::default()
    };
    let mut last = None;
    let mut answer = None;
    for event in &events[..=end] {
        match &event.what {
            What::Record { from, length, keys, .. } => {
                // Tickets come behind the handshake, though they may have arrived before our Finished went out.
                if *version == 0x0304 && *from == Side::Target && keys == "application" {
                    continue;
                }
                match from {
                    Side::Us => found.sent += u64::from(*length) + 5,
                    Side::Target => found.received += u64::from(*length) + 5,
                }
                found.flights += u32::from(last.replace(*from) != Some(*from));
                if *from == Side::Us && keys == "early" {
                    found.handshake = "0-RTT".to_owned();
                }
            }
            What::Bytes { from: Side::Target, .. } => _ = answer.get_or_insert(event.us),
            What::Message { name, .. } if name == "hello_retry_request" => found.retry = true,
            _ => {}
        }
    }
    if timed {
        let sent = |event: &&Event| matches!(event.what, What::Bytes { from: Side::Us, .. });
        let first = events.iter().find(sent).map_or(0, |event| event.us);
        found.took_us = Some(events[end].us.saturating_sub(first));
        found.answer_us = answer.map(|us| us.saturating_sub(first));
    }
    Some(found)
}

fn named(kind: &str, number: u16) -> String {
    Grammar::tls().name(kind, number.into()).map_or_else(|| format!("{number:#06x}"), str::to_owned)
}
