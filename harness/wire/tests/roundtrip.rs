//! Whatever the bytes, encoding a decoded tree gives them back.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{samples, tls12};
use gauntlet_wire::{Context, Grammar, Node, Value};
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

fn contexts() -> Vec<Context> {
    let mut contexts =
        vec![Context::unknown(), Context::tls13(), Context { certificate_type: Some(2), ..Context::tls13() }];
    contexts.extend(
        ["rsa", "dhe", "ecdhe", "psk", "dhe_psk", "ecdhe_psk", "rsa_psk", "dh_anon", "srp", "rsa_export"].map(tls12),
    );
    contexts.extend([0x0300, 0x0301].map(|version| Context { version: Some(version), ..tls12("rsa") }));
    contexts
}

/// Spans lie within their parents, in order, and the leaves cover what the root covers.
fn check_spans(node: &Node) {
    let mut at = node.span.start + node.span.prefix;
    let inner = match &node.value {
        Value::As(inner) => std::slice::from_ref(&**inner),
        _ => node.children(),
    };
    for child in inner {
        assert_eq!(child.span.start, at, "a gap ahead of {}", child.name);
        check_spans(child);
        at = child.span.end;
    }
    if !inner.is_empty() {
        assert_eq!(at, node.span.end, "a gap at the end of {}", node.name);
    }
}

fn check(kind: &str, bytes: &[u8], context: &Context) {
    let mut node = Grammar::tls().decode(kind, bytes, context);
    assert_eq!(node.to_bytes(), bytes, "{kind} with {context:?}");
    assert_eq!(node.span.end, bytes.len());
    check_spans(&node);
    let spans = node.clone();
    assert_eq!(node.encode(), bytes, "{kind} with {context:?}, encoded");
    assert_eq!(node, spans, "encoding moved spans or values of {kind} {}", hex::encode(bytes));
}

#[test]
fn samples_decode_to_what_was_built() {
    for (kind, node, context) in samples() {
        let decoded = Grammar::tls().decode(kind, &node.to_bytes(), &context);
        assert_eq!(decoded.first_remark(), None, "{}", decoded.print());
        assert_eq!(decoded, node, "{kind}");
        check(kind, &node.to_bytes(), &context);
    }
}

#[test]
fn every_prefix_of_every_sample_comes_back() {
    for (kind, node, context) in samples() {
        let bytes = node.to_bytes();
        for length in 0..bytes.len() {
            check(kind, &bytes[..length], &context);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_come_back_for_every_type(bytes in proptest::collection::vec(any::<u8>(), 0..200), context in 0..15_usize) {
        for kind in Grammar::tls().type_names() {
            check(kind, &bytes, &contexts()[context]);
        }
    }

    #[test]
    fn small_bytes_come_back_for_every_type(bytes in proptest::collection::vec(0_u8..6, 0..120), context in 0..15_usize) {
        for kind in Grammar::tls().type_names() {
            check(kind, &bytes, &contexts()[context]);
        }
    }
}

fn count(node: &Node) -> usize {
    let inner = match &node.value {
        Value::As(inner) => count(inner),
        _ => 0,
    };
    1 + inner + node.children().iter().filter(|_| inner == 0).map(count).sum::<usize>()
}

#[test]
fn the_tree_is_only_so_much_bigger_than_its_bytes() {
    let zeros = vec![0; 100_000];
    let ones = vec![1; 100_000];
    let mut extensions = vec![0xff, 0xfc];
    extensions.extend(std::iter::repeat_n([0, 23, 0, 0], 0xfffc / 4).flatten());
    for bytes in [zeros, ones, extensions] {
        for kind in Grammar::tls().type_names() {
            let node = Grammar::tls().decode(kind, &bytes, &tls12("dhe"));
            assert!(count(&node) <= bytes.len() + bytes.len() / 2, "{kind}: {} nodes", count(&node));
        }
    }
}

/// The messages of real-looking handshakes, changed in a few places each, the way a fuzzer does.
#[test]
fn a_million_changed_messages_come_back_byte_for_byte() {
    let count = if cfg!(debug_assertions) { 20_000 } else { 1_000_000 };
    let samples: Vec<_> = samples().into_iter().map(|(kind, node, context)| (kind, node.to_bytes(), context)).collect();
    let contexts = contexts();
    let mut numbers = ChaCha8Rng::seed_from_u64(0x6761_756e_746c_6574);
    let mut draw = |below: usize| (numbers.next_u64() % below.max(1) as u64) as usize;
    let (mut different, mut remarked) = (0, 0);
    for _ in 0..count {
        let (kind, sample, context) = &samples[draw(samples.len())];
        let mut bytes = sample.clone();
        // Long messages are mostly opaque: cut some, so that the others get their turn.
        for _ in 0..=draw(4) {
            if bytes.is_empty() {
                break;
            }
            let place = match draw(2) {
                0 => draw(bytes.len()),
                _ => draw(bytes.len().min(80)),
            };
            match draw(7) {
                0 => bytes[place] ^= 1 << draw(8),
                1 => bytes[place] = [0, 1, 0x7f, 0x80, 0xff][draw(5)],
                2 => bytes.truncate(place),
                3 => bytes.insert(place, draw(256) as u8),
                4 => drop(bytes.remove(place)),
                5 => bytes[place] = bytes[place].wrapping_add(1),
                _ => {
                    let end = (place + 1 + draw(16)).min(bytes.len());
                    let copy = bytes[place..end].to_vec();
                    bytes.splice(place..place, copy);
                }
            }
        }
        let context = if draw(8) == 0 { &contexts[draw(contexts.len())] } else { context };
        let node = Grammar::tls().decode(kind, &bytes, context);
        assert_eq!(node.to_bytes(), bytes, "{kind} {}", hex::encode(&bytes));
        different += usize::from(bytes != *sample);
        remarked += usize::from(node.first_remark().is_some());
    }
    assert!(different > count * 9 / 10, "only {different} were changed");
    assert!(remarked > count / 4, "only {remarked} had a remark");
    assert!(remarked < different, "all had a remark");
}
