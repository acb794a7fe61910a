//! The stored inputs of the fuzz targets, replayed without libFuzzer.

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
        let played: Vec<_> = inputs(name).iter().filter_map(|input| flows.play(&altered(input)?)).collect();
        let bad: Vec<_> =
            played.iter().filter(|played| matches!(played.verdict.kind, Kind::Crash | Kind::Hang)).collect();
        assert!(bad.is_empty(), "{bad:#?}");
        let past = played.iter().filter(|played| played.past_server_hello).count();
        assert!(past * 2 >= played.len() && past > 0, "{name}: {past} of {}", played.len());
    }
}
