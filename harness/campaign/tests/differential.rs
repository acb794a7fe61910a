//! OpenSSL and rustls side by side.

use gauntlet_campaign::altered::{Altered, shapes};
use gauntlet_campaign::known;
use gauntlet_campaign::targets::Differential;
use gauntlet_model::Role;

#[test]
fn on_an_honest_flow_the_two_agree() {
    for (role, count) in [(Role::Server, 5), (Role::Client, 2)] {
        let stacks = Differential::new(role);
        let numbers = stacks.numbers();
        assert!(numbers.len() >= count, "{numbers:?}");
        for number in numbers {
            let honest = Altered::of_case(&shapes(role.other())[number].base).expect("a flow");
            let difference = stacks.play(&honest);
            assert!(difference.is_none(), "{difference:?}");
        }
    }
}

/// OpenSSL lets a ChangeCipherSpec pass between the parts of a message, rustls does not.
#[test]
fn a_difference_is_told() {
    let text = "
title: T
requirements: [rfc9846-5.1-07]
peer: client
version: tls1.3
flow:
  - handshake: full
    alter: { finished: { records: [1, { send: change_cipher_spec }, rest] } }
  - expect: survives
";
    let altered = Altered::of_text(text).expect("a flow");
    let difference = Differential::new(Role::Server).play(&altered).expect("they differ");
    assert_eq!(difference.openssl.kind, gauntlet_model::Kind::Pass, "{difference:?}");
    assert!(difference.known.is_some_and(|reason| reason.contains("5.1")), "{difference:?}");
}

#[test]
fn each_known_entry_has_a_reason() {
    assert!(known::all().len() >= 2);
    for entry in known::all() {
        assert!(entry.reason.len() > 40 && !entry.altered.is_empty(), "{entry:?}");
        assert!(["difference", "embedded-openssl", "embedded-rustls"].contains(&entry.on.as_str()), "{entry:?}");
    }
}
