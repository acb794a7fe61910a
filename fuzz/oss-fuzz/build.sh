#!/bin/bash -eu
# Builds all targets and puts them, their seed corpora, options and the dictionary where the engine looks for them ($OUT).

cd "${SRC}/gauntlet/fuzz"
# OpenSSL's C code is built with the same counters.
case "${CFLAGS:-}" in
*fuzzer-no-link*) ;;
*) export CFLAGS="${CFLAGS:-} -fsanitize=fuzzer-no-link" ;;
esac
export CFLAGS="$CFLAGS -fsanitize-coverage-allowlist=$PWD/counted.list"
target=${CARGO_TARGET_DIR:-$PWD/target}
cargo fuzz build --release --no-trace-compares --fuzz-dir . --target-dir "$target" --sanitizer "${SANITIZER:-address}"
for source in fuzz_targets/*.rs; do
    name=$(basename "$source" .rs)
    cp "$target/x86_64-unknown-linux-gnu/release/$name" "$OUT/"
    cp tls.dict "$OUT/$name.dict"
    case $name in flow_* | differential) cp flow.options "$OUT/$name.options" ;; esac
    (cd "corpus/$name" && zip --quiet --recurse-paths "$OUT/${name}_seed_corpus.zip" .)
done
