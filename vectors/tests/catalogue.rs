//! The catalogue that is compiled in, and what its build script refuses.

#![expect(clippy::unwrap_used, reason = "a test")]

use gauntlet_vectors::catalogue::{Catalogue, Level, Requirement};
use gauntlet_yaml::File;
use std::collections::HashSet;

#[path = "../build.rs"]
#[allow(dead_code, clippy::print_stdout, clippy::print_stderr, reason = "its `main` is for cargo")]
mod build;

#[test]
fn every_entry_is_there() {
    let catalogue = Catalogue::embedded();
    let counts: Vec<(&str, usize)> =
        catalogue.documents().iter().map(|document| (&*document.name, document.requirements.len())).collect();
    assert_eq!(counts.len(), 35);
    assert!(counts.is_sorted());
    for expected in [("draft-ecdhe-mlkem", 24), ("rfc5246", 268), ("rfc7685", 4), ("rfc9846", 747), ("rfc9849", 82)] {
        assert!(counts.contains(&expected), "{expected:?}");
    }
    assert_eq!(counts.iter().map(|(_, count)| count).sum::<usize>(), 1787);
    let ids: HashSet<&str> = catalogue.requirements().map(|requirement| &*requirement.id).collect();
    assert_eq!(ids.len(), 1787);
}

/// The text of the files beside what is compiled in, field by field.
#[test]
fn nothing_is_lost_on_the_way() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/requirements");
    for document in Catalogue::embedded().documents() {
        let text = std::fs::read_to_string(format!("{folder}/{}.yaml", document.name)).unwrap();
        let tree = File::new(&document.name, &text).parse().unwrap();
        assert_eq!(tree.get("title").unwrap().as_str(), Some(&*document.title));
        let written = tree.get("requirements").unwrap().as_list().unwrap();
        for (written, read) in written.iter().zip(&document.requirements) {
            let mut written = written.to_json();
            if let Some(alert @ serde_json::Value::String(_)) = written.get_mut("alert") {
                *alert = serde_json::json!([alert]);
            }
            assert_eq!(written, serde_json::to_value(read).unwrap());
        }
    }
}

#[test]
fn it_is_read_quickly() {
    let json = serde_json::to_vec(Catalogue::embedded().documents()).unwrap();
    let fastest = (0..5)
        .map(|_| {
            let before = std::time::Instant::now();
            let read = Catalogue::new(serde_json::from_slice(&json).unwrap());
            assert_eq!(read.documents(), Catalogue::embedded().documents());
            before.elapsed()
        })
        .min();
    let bound = if cfg!(debug_assertions) { 200 } else { 10 };
    assert!(fastest.unwrap() < std::time::Duration::from_millis(bound), "{fastest:?}");
}

#[test]
fn documents_have_their_heads() {
    let catalogue = Catalogue::embedded();
    let tls13 = catalogue.document("rfc9846").unwrap();
    assert_eq!(tls13.rfc, Some(9846));
    assert_eq!(tls13.obsoletes, [5077, 5246, 6961, 7627, 8422, 8446]);
    assert_eq!(catalogue.document("draft-ecdhe-mlkem").unwrap().rfc, None);
    assert!(catalogue.document("rfc1").is_none());
}

fn requirement(id: &str) -> &'static Requirement {
    Catalogue::embedded().requirement(id).unwrap()
}

#[test]
fn entries_are_found_by_id() {
    let found = requirement("rfc9846-2-04");
    assert_eq!(found.level, Level::Must);
    assert_eq!(found.alert, ["unexpected_message"]);
    assert_eq!(found.alert_from.as_deref(), Some("6.2"));
    assert_eq!(found.citation(), "RFC 9846, 2");
    assert!(!found.is_stated());
    assert_eq!(requirement("rfc5246-7.4.7.1-08").section(), "7.4.7.1");
    assert_eq!(requirement("draft-ecdhe-mlkem-4.1-01").citation(), "draft-ecdhe-mlkem, 4.1");
    assert!(Catalogue::embedded().requirement("rfc9846-2-99").is_none());
}

#[test]
fn the_same_rule_is_counted_at_one_place() {
    let catalogue = Catalogue::embedded();
    assert_eq!(catalogue.resolve("rfc9846-2-01").unwrap().id, "rfc9846-4.3.8-18");
    assert_eq!(catalogue.resolve("rfc9846-2-02").unwrap().id, "rfc9846-2-02");
    assert!(catalogue.resolve("nothing").is_none());
    for requirement in catalogue.requirements() {
        let counted = catalogue.resolve(&requirement.id).unwrap();
        assert_eq!(counted.same_as, None, "{}", requirement.id);
    }
}

#[test]
fn nearest_forgives_slips_and_nothing_else() {
    let nearest = |id| Catalogue::embedded().nearest(id);
    for (typed, meant) in [
        ("rfc9846-4.2.2-3O", "rfc9846-4.2.2-30"),
        ("rfc9846-4.2.2-300", "rfc9846-4.2.2-30"),
        ("RFC9846-4.2.2-30", "rfc9846-4.2.2-30"),
        ("rcf9846-4.2.2-30", "rfc9846-4.2.2-30"),
        ("rfc8946-4.2.2-30", "rfc9846-4.2.2-30"),
        ("9846-4.2.2-30", "rfc9846-4.2.2-30"),
        ("rfc9846-4.22-30", "rfc9846-4.2.2-30"),
        ("rfc9846-4.2.2", "rfc9846-4.2.2-01"),
        ("draft-ecdhe-mlkm-4.1-01", "draft-ecdhe-mlkem-4.1-01"),
    ] {
        assert_eq!(nearest(typed), Some(meant), "{typed}");
    }
    for typed in ["", "-", "rfc8446-4.2.2-30", "rfc9846", "rfc9846-99.99.99-01", "server_hello", "x-y-z", "é-é-é"] {
        assert_eq!(nearest(typed), None, "{typed}");
    }
}

#[test]
fn sentences() {
    let ids = [
        "rfc9846-2-01",
        "rfc9846-2-02",
        "rfc9846-2-04",
        "rfc9846-4.2.2-30",
        "rfc5246-4.7-04",
        "rfc5246-7.4.7.1-08",
        "rfc9525-6.2-01",
        "rfc9846-5.1-07",
        "draft-ecdhe-mlkem-4.1-01",
    ];
    let shown: Vec<String> =
        ids.iter().map(|id| requirement(id)).map(|r| format!("{}: {}", r.citation(), r.sentence())).collect();
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn every_sentence_can_be_read() {
    for requirement in Catalogue::embedded().requirements() {
        let sentence = requirement.sentence();
        assert!(sentence.starts_with('A') && sentence.ends_with('.') && !sentence.ends_with(".."), "{sentence}");
        assert!(!sentence.contains("  ") && !sentence.contains('\n'), "{sentence}");
        assert!(requirement.alert.iter().all(|alert| sentence.contains(&**alert)), "{sentence}");
    }
}

/// What the build script says about two files.
fn refused(name: &str, entries: &str) -> String {
    let head = "rfc: 1\ntitle: One\nrequirements:\n";
    let good = "  - { id: rfc1-1-01, level: MUST, binds: both, then: be good, observable: wire, topic: a }\n";
    let files = [File::new("requirements/rfc1.yaml", &format!("{head}{good}")), File::new(name, entries)];
    build::check(&files).expect_err("this must be refused").render(false)
}

fn entry(changed: &str, to: &str) -> String {
    let entry = "\
rfc: 2
title: Two
requirements:
  - id: rfc2-1.2-01
    level: MUST
    binds: client
    when: it rains
    then: take an umbrella
    alert: [decode_error]
    observable: wire
    topic: weather
    same_as: rfc1-1-01
";
    assert!(entry.contains(changed));
    refused("requirements/rfc2.yaml", &entry.replace(changed, to))
}

macro_rules! golden {
    ($($name:ident: $shown:expr;)*) => {
        $(#[test] fn $name() { insta::assert_snapshot!($shown); })*
    };
}

golden! {
    build_refuses_unknown_field: entry("when: it", "wehn: it");
    build_refuses_missing_field: entry("    topic: weather\n", "");
    build_refuses_unknown_level: entry("level: MUST", "level: must");
    build_refuses_unknown_alert: entry("decode_error", "decode_eror");
    build_refuses_unknown_binding: entry("binds: client", "binds: peer");
    build_refuses_other_document_in_id: entry("id: rfc2-1.2-01", "id: rfc3-1.2-01");
    build_refuses_number_of_three_digits: entry("id: rfc2-1.2-01", "id: rfc2-1.2-001");
    build_refuses_bad_section: entry("id: rfc2-1.2-01", "id: rfc2-1.-01");
    build_refuses_second_id: refused("requirements/rfc1.yaml", "\
rfc: 1
title: One
requirements:
  - { id: rfc1-1-01, level: MUST, binds: both, then: be good, observable: wire, topic: a }
");
    build_refuses_link_to_nowhere: entry("same_as: rfc1-1-01", "same_as: rfc1-1-02");
    build_refuses_circle: entry("same_as: rfc1-1-01", "same_as: rfc2-1.2-01");
    build_refuses_wrong_name: refused("requirements/rfc3.yaml", "rfc: 2\ntitle: Two\nrequirements: []\n");
    build_refuses_bad_yaml: refused("requirements/rfc2.yaml", "rfc: 2\ntitle: a: b\n");
}
