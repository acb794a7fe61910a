//! How fast the daily work is; the limits are ten times what a slow core needs, to see blunders only.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{client_hello, path};
use gauntlet_wire::{Context, Grammar};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// The mean time of one run, the best of several tries.
fn time<T>(mut run: impl FnMut() -> T) -> Duration {
    const RUNS: u32 = 1000;
    let tries = (0..5).map(|_| {
        let start = Instant::now();
        for _ in 0..RUNS {
            black_box(run());
        }
        start.elapsed() / RUNS
    });
    tries.min().unwrap_or_default()
}

#[test]
fn a_client_hello_takes_microseconds() {
    let (grammar, context, plain) = (Grammar::tls(), Context::unknown(), client_hello());
    let mut node = grammar.build("Handshake", &plain, &context).unwrap();
    let bytes = node.to_bytes();
    let group = path("extensions.key_share.client_shares[1].group");
    let times = [
        ("decode", 50, time(|| grammar.decode("Handshake", &bytes, &context))),
        ("to_bytes", 10, time(|| node.to_bytes())),
        ("encode", 20, time(|| node.encode())),
        ("build", 200, time(|| grammar.build("Handshake", &plain, &context))),
        ("at", 5, time(|| node.at(&group).and_then(|group| group.number()))),
        ("field", 5, time(|| node.field("cipher_suites").map(|suites| suites.children().len()))),
        ("parse the grammar", 50_000, {
            let start = Instant::now();
            black_box(Grammar::parse(Grammar::sources()).unwrap());
            start.elapsed()
        }),
    ];
    let lines: Vec<String> = times.iter().map(|(what, limit, took)| format!("{what}: {took:?} (at most {limit} us)")).collect();
    let optimised = !cfg!(debug_assertions);
    for (what, limit, took) in times {
        assert!(!optimised || took < Duration::from_micros(limit), "{what} is slow: {lines:#?}");
    }
    assert!(std::env::var_os("GAUNTLET_SHOW_TIMES").is_none(), "{lines:#?}");
}
