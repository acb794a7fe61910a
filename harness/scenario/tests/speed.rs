//! Many scenarios load and expand in a moment.

use gauntlet_scenario::Corpus;
use std::time::Instant;

/// What 500 files may take in a release build, in milliseconds; measured: 60. The rest is room for busy machines.
const MOST: u128 = 1000;

#[test]
fn five_hundred_files_load_and_expand_quickly() {
    let texts = [
        include_str!("good/compression.yaml"),
        include_str!("good/order.yaml"),
        include_str!("good/between.yaml"),
        include_str!("good/binder.yaml"),
        include_str!("good/other_name.yaml"),
    ];
    let files: Vec<(String, &str)> =
        (0..500).map(|i| (format!("tls13/s{i:03}.yaml"), texts[i % texts.len()])).collect();
    // The grammar and the catalogue are read once, whoever comes first.
    let warm = Corpus::from_files([("x.yaml", texts[0])], "");
    assert!(warm.is_ok());
    let started = Instant::now();
    let corpus =
        Corpus::from_files(files.iter().map(|(path, text)| (path.as_str(), *text)), "scenarios/").expect("loads");
    let loaded = started.elapsed();
    let cases: usize =
        corpus.scenarios.iter().map(|scenario| scenario.expand(None).expect("expands").cases.len()).sum();
    let all = started.elapsed();
    assert_eq!(cases, 100 * (2 + 2 + 8 + 1 + 1));
    assert!(cfg!(debug_assertions) || all.as_millis() < MOST, "loaded in {loaded:?}, expanded after {all:?}");
}
