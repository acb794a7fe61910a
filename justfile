# The daily verbs. Everything is built in the one profile `release`, so that OpenSSL is compiled once.

set positional-arguments

# Lists these recipes.
default:
    @just --list --unsorted

# Builds the command `gauntlet`: target/release/gauntlet.
build:
    cargo build --release

# Runs all tests of the workspace; arguments are passed on.
test *arguments:
    cargo test --release --workspace "$@"

# Formatting, clippy and rustdoc, without mercy.
lint:
    cargo fmt --all -- --check
    cargo clippy --release --workspace --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --release --workspace --no-deps

# Formats the code.
fmt:
    cargo fmt --all

# Runs scenarios: `just run 'tls13/**' --target openssl-s_server`.
run *arguments:
    cargo run --release -- "$@"

# Checks all scenario files as they lie on disk.
scenarios:
    cargo run --release -- lint scenarios

# Runs all scenarios five times with one seed against a target: each verdict must be the same each time.
repeat target="openssl-s_server":
    for i in 1 2 3 4 5; do \
        cargo run --release -- run --target {{target}} --seed 1 --quiet --out target/repeat/$i || test $? -eq 1 || exit 1; \
        sed -n 's/.*"kind":"case","id":"\([^"]*\)".*"role":"\([^"]*\)".*"verdict":"\([^"]*\)".*/\1 \2 \3/p' \
            target/repeat/$i/results.jsonl | sort >target/repeat/$i.txt; \
        test -s target/repeat/$i.txt && diff target/repeat/1.txt target/repeat/$i.txt || exit 1; \
    done

# Measures how many cases a second can be played.
bench *part:
    cargo run --release --example bench -p tls-gauntlet -- "$@"

# Measures how long reports of 30,000 cases take, and how much memory.
bench-reports:
    cargo run --release --example bench_reports -p tls-gauntlet

# Makes reports/published/ anew: the real servers that are installed here, a page and the results of each.
publish-reports:
    cargo run --release -- run --target openssl-s_server --target gnutls-serv --target nss-selfserv --target rustls-server --out target/publish --quiet || test $? -eq 1
    cargo run --release -- report target/publish --publish reports/published --quiet || test $? -eq 1

# Builds the fuzz targets and runs each for so many seconds.
fuzz-smoke seconds="20":
    fuzz/smoke {{seconds}}

# Likewise with AddressSanitizer, in the Rust and in the C code.
fuzz-smoke-address seconds="20":
    SANITIZER=address fuzz/smoke {{seconds}}

# Fuzzes one target for so many seconds: `just fuzz flow_openssl_server 3600`.
fuzz target seconds="3600":
    fuzz/smoke {{seconds}} {{target}}

# Seed corpora and dictionary made anew from the valid flows and the grammar. What a fuzzer has found stays: `found_*`.
fuzz-seeds:
    find fuzz/corpus -type f ! -name 'found_*' -delete
    cargo run --release -p gauntlet-campaign --example seeds

# Follows the build steps of OSS-Fuzz and ClusterFuzzLite as far as that goes without their image.
fuzz-distributed-check:
    fuzz/distributed-check

# Makes the API documentation: target/doc.
docs:
    cargo doc --release --workspace --no-deps

# Takes over what the code now says as golden files; look at `git diff` afterwards.
snapshots:
    INSTA_UPDATE=always SNAPSHOTS=overwrite cargo test --release --workspace

# Installs the servers and clients that profiles can start (Debian, Ubuntu).
targets-install:
    sudo apt-get update
    sudo apt-get install --yes --no-install-recommends openssl gnutls-bin libnss3-tools curl wget tshark chromium \
        botan android-boringssl libwolfssl-dev libmbedtls-dev libbearssl-dev gcc libc6-dev golang-go \
        libio-socket-ssl-perl default-jdk-headless erlang-base erlang-ssl nodejs npm python3 python3-venv
    npm install --prefix "${XDG_CACHE_HOME:-$HOME/.cache}/gauntlet/npm" bun deno
    python3 -m venv "${XDG_CACHE_HOME:-$HOME/.cache}/gauntlet/python"
    "${XDG_CACHE_HOME:-$HOME/.cache}/gauntlet/python/bin/pip" install tlslite-ng

# Builds the stacks whose source comes in crates, and fetches the newest NSS that Debian has: minutes each, and no CI.
targets-build:
    sudo apt-get install --yes --no-install-recommends gcc g++ libc6-dev make cmake perl zlib1g-dev libbrotli-dev libzstd-dev libsqlite3-dev python3 binutils libnss3-tools
    cargo build --release
    target/release/gauntlet probe s2n-tls
    harness/target/profiles/fetch-nss
    target/release/gauntlet probe nss-newest
    harness/target/profiles/build-libssl
    harness/target/profiles/build-botan
    for name in boringssl aws-lc openssl-newest mbedtls-newest botan-newest; do target/release/gauntlet probe $name || exit 1; done

# Licences, advisories and bans of the dependencies (needs cargo-deny).
deny:
    cargo deny check

# What the CI does, from the first to the last step.
ci:
    .ci/run
