//! The stored inputs of the fuzz targets, replayed without libFuzzer.

use gauntlet_campaign::Oracle;
use gauntlet_campaign::altered::Altered;
use gauntlet_campaign::targets::{self, Flows};
use gauntlet_model::{Kind, Role};
use gauntlet_target::embedded;
use std::fs;
use std::path::Path;

fn inputs(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new("../../fuzz/corpus").join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let all: Vec<_> = entries.map(|entry| fs::read(entry.expect("an entry").path()).expect("a file")).collect();
    assert!(all.len() >= 2, "{target} has {} inputs", all.len());
    all
}

/// A target's name, and what runs an input.
type Named = (&'static str, fn(&[u8]));

#[test]
fn stored_bytes_are_borne() {
    let all: [Named; 5] = [
        ("wire_roundtrip", targets::wire_roundtrip),
        ("grammar", targets::grammar),
        ("scenario_yaml", targets::scenario_yaml),
        ("peer_client", targets::peer_client),
        ("peer_server", targets::peer_server),
    ];
    for (name, target) in all {
        for input in inputs(name) {
            target(&input);
            // A neighbour: the same with its end gone.
            target(&input[..input.len() / 2]);
        }
    }
}

#[test]
fn stored_flows_are_borne_and_get_past_the_hello() {
    for (target, role, name) in [
        (embedded::openssl(), Role::Server, "flow_openssl_server"),
        (embedded::openssl(), Role::Client, "flow_openssl_client"),
        (embedded::rustls(), Role::Server, "flow_rustls_server"),
        (embedded::rustls(), Role::Client, "flow_rustls_client"),
    ] {
        let flows = Flows::new(target, role);
        let altered = |input: &Vec<u8>| Altered::of_bytes(role.other(), input);
        // It panics where the target does not bear what it must.
        let played: Vec<_> = inputs(name).iter().filter_map(|input| flows.fuzz(&altered(input)?)).collect();
        let past = played.iter().filter(|is_past| **is_past).count();
        assert!(past * 2 >= played.len() && past > 0, "{name}: {past} of {}", played.len());
    }
}

/// What goes out decides: a message put in may be the next one due, and then the flow is a good one.
#[test]
fn a_forbidden_order_that_is_taken_is_found_and_a_good_one_is_not() {
    let flow = |alter: &str| {
        let text = format!(
            "title: T\nrequirements: [rfc9846-4-03]\npeer: client\nversion: tls1.3\ntarget: {{ client_auth: request }}\n\
             flow:\n  - handshake: full\n    alter: {{ {alter} }}\n  - expect: {{ reject: any }}\n"
        );
        Altered::of_text(&text).expect("a flow")
    };
    let planted = gauntlet_target::own::by_name("planted-server-finished").expect("a side of ours");
    let planted = Flows::new(planted, Role::Server);
    let openssl = Flows::new(embedded::openssl(), Role::Server);
    let moved = flow("certificate: { before: [{ send: finished }] }, finished: { omit: true }");
    assert!(planted.play(&moved).expect("played").is_finding(), "{}", moved.text());
    assert!(!openssl.play(&moved).expect("played").is_finding());
    // By its alterations alone this looks forbidden too.
    let input = fs::read("../../fuzz/corpus/flow_openssl_server/found_due_all_the_same").expect("an input");
    let due = Altered::of_bytes(Role::Client, &input).expect("a flow");
    let played = openssl.play(&due).expect("played");
    assert_eq!((played.oracle, played.verdict.kind, played.forbidden), (Oracle::Useless, Kind::Pass, false));
    assert!(!played.is_finding());
}
