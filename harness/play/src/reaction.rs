//! What the target did, apart from contents and times.

use crate::decide::alert_name;
use gauntlet_model::result::Negotiated;
use gauntlet_model::{Ending, Reaction, Side, Transcript, What, names::version_name};
use gauntlet_wire::Grammar;

/// From the first alteration on (else the first message of ours): what the target sent, and how it ended, in order with our own sends.
pub fn reaction(transcript: &Transcript, play: u32) -> Reaction {
    let events: Vec<_> = transcript.events.iter().filter(|event| event.play == play).collect();
    let altered = events.iter().position(|event| matches!(event.what, What::Altered { .. }));
    let sent = events.iter().position(|event| matches!(event.what, What::Message { from: Side::Us, .. }));
    let mut reaction = Reaction { end: "open".to_owned(), ..Reaction::default() };
    for event in events.into_iter().skip(altered.or(sent).unwrap_or(0)) {
        match &event.what {
            What::Message { from: Side::Us, name, .. } => push(&mut reaction.sent, format!(">{name}")),
            What::Message { from: Side::Target, name, bytes, .. } => {
                push(&mut reaction.sent, name.to_string());
                if let ("alert", [level, description]) = (&**name, bytes.as_slice()) {
                    let level = if *level == 2 { "fatal" } else { "warning" };
                    reaction.alerts.push(format!("{level} {}", alert_name(*description)));
                }
            }
            What::End { how } => reaction.end = if *how == Ending::Rst { "rst" } else { "fin" }.to_owned(),
            _ => {}
        }
    }
    reaction
}

/// At most 64 entries, so that a flood stays small.
fn push(list: &mut Vec<String>, entry: String) {
    if list.len() < 64 {
        list.push(entry);
    }
}

/// What was agreed on last.
pub fn negotiated(transcript: &Transcript) -> Negotiated {
    let last = transcript.events.iter().rev().find_map(|event| match &event.what {
        What::Established { version, cipher_suite, group, .. } => Some((*version, *cipher_suite, *group)),
        _ => None,
    });
    let Some((version, suite, group)) = last else { return Negotiated::default() };
    let name = |enum_name: &str, number: u16| Grammar::tls().name(enum_name, u64::from(number)).map(str::to_owned);
    Negotiated {
        version: Some(version_name(version)),
        cipher_suite: name("CipherSuite", suite),
        group: if group == 0 { None } else { name("NamedGroup", group) },
    }
}

/// Whether application data came back.
pub fn has_data(transcript: &Transcript) -> bool {
    transcript.events.iter().any(
        |event| matches!(&event.what, What::Message { from: Side::Target, name, .. } if name == "application_data"),
    )
}
