//! How fast the daily work is: on a quiet core a hello is decoded in about 5 µs and encoded in 1.
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on fails")]
#![allow(missing_docs, reason = "criterion's macros make public functions")]

#[path = "../tests/common/mod.rs"]
mod common;

use common::{client_hello, path};
use criterion::{Criterion, criterion_group, criterion_main};
use gauntlet_wire::{Context, Grammar};

fn hello(criterion: &mut Criterion) {
    let (grammar, context, plain) = (Grammar::tls(), Context::unknown(), client_hello());
    let mut node = grammar.build("Handshake", &plain, &context).unwrap();
    let bytes = node.to_bytes();
    let group = path("extensions.key_share.client_shares[1].group");
    criterion.bench_function("decode", |bench| bench.iter(|| grammar.decode("Handshake", &bytes, &context)));
    criterion.bench_function("build", |bench| bench.iter(|| grammar.build("Handshake", &plain, &context)));
    criterion.bench_function("to_bytes", |bench| bench.iter(|| node.to_bytes()));
    criterion.bench_function("at", |bench| bench.iter(|| node.at(&group).and_then(|group| group.number())));
    criterion
        .bench_function("field", |bench| bench.iter(|| node.field("cipher_suites").map(|list| list.children().len())));
    criterion.bench_function("encode", |bench| bench.iter(|| node.encode()));
}

fn parse(criterion: &mut Criterion) {
    criterion.bench_function("parse the grammar", |bench| bench.iter(|| Grammar::parse(Grammar::sources())));
}

criterion_group!(benches, hello, parse);
criterion_main!(benches);
