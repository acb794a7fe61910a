//! Where OpenSSL and rustls take the same flow differently, it is known why.

use gauntlet_campaign::altered::{Altered, shapes};
use gauntlet_campaign::known;
use gauntlet_campaign::targets::Differential;
use gauntlet_campaign::{fields, orders};
use gauntlet_model::Role;
use std::collections::BTreeMap;

/// Of the changes of fields each so-manieth; all of them are for the fuzzer.
const EVERY: usize = 5;

fn unknown(role: Role) -> (usize, usize, BTreeMap<String, String>) {
    let stacks = Differential::new(role);
    let (mut played, mut known, mut unknown) = (0, 0, BTreeMap::new());
    for number in stacks.numbers() {
        let shape = &shapes(role.other())[number];
        for change in orders(&shape.honest).into_iter().chain(fields(&shape.honest).into_iter().step_by(EVERY)) {
            let Some(altered) = Altered::of_text(&change.text(shape.flow)) else { continue };
            played += 1;
            let Some(difference) = stacks.play(&altered) else { continue };
            if difference.known.is_some() {
                known += 1;
                continue;
            }
            let labels: Vec<_> = altered.pieces.iter().map(|(message, piece)| known::label(message, piece)).collect();
            let both = format!("OpenSSL: {}; rustls: {}", difference.openssl.reason, difference.rustls.reason);
            unknown.insert(format!("{}: {}", shape.flow.name, labels.join(" + ")), both);
        }
    }
    (played, known, unknown)
}

#[test]
fn differences_of_servers_are_known() {
    let (played, known, unknown) = unknown(Role::Server);
    assert!(played > 1_500, "{played}");
    assert!(known > 10, "{known}: do they still differ?");
    assert!(unknown.is_empty(), "{unknown:#?}");
}

#[test]
fn differences_of_clients_are_known() {
    let (played, known, unknown) = unknown(Role::Client);
    assert!(played > 200, "{played}");
    assert!(known > 0, "{known}: do they still differ?");
    assert!(unknown.is_empty(), "{unknown:#?}");
}

#[test]
fn each_known_entry_has_a_reason() {
    for entry in known::all() {
        assert!(entry.reason.len() > 40 && !entry.altered.is_empty(), "{entry:?}");
        assert!(["difference", "embedded-openssl", "embedded-rustls"].contains(&entry.on.as_str()), "{entry:?}");
    }
}
