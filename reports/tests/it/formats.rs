//! Formats of others: valid by their schemas, and inert.

use crate::samples::{self, HOSTILE};
use crate::schema;
use gauntlet_reports::{ctrf, junit, markdown, pcapng, sarif};
use jsonschema::Validator;
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

/// Every mistake is named.
fn validate(schema: &str, text: &str) -> Value {
    let (schema, value): (Value, Value) = (serde_json::from_str(schema).unwrap(), serde_json::from_str(text).unwrap());
    let errors = schema::errors(&schema, &value);
    assert!(errors.is_empty(), "{}", errors.join("\n"));
    value
}

/// The published schema, which the crate `serde-sarif` brings along, and is made from.
fn sarif_schema() -> Value {
    let mut cargo = Command::new(env!("CARGO"));
    let output = cargo.args(["metadata", "--format-version", "1", "--locked", "--offline"]).output().unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let found = packages.iter().find(|package| package["name"] == "serde-sarif").unwrap();
    let manifest = Path::new(found["manifest_path"].as_str().unwrap());
    let text = std::fs::read_to_string(manifest.with_file_name("src").join("schema.json")).unwrap();
    let mut schema: Value = serde_json::from_str(&text).unwrap();
    // No regular expression: a bracket is closed that was not opened.
    for of in ["run", "toolComponent"] {
        let language = schema.pointer_mut(&format!("/definitions/{of}/properties/language")).unwrap();
        assert_eq!(language["pattern"], "^[a-zA-Z]{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}]?$");
        language.as_object_mut().unwrap().remove("pattern");
    }
    schema
}

/// All that is wrong with a SARIF report.
fn sarif_errors(report: &Value) -> Vec<String> {
    static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| jsonschema::validator_for(&sarif_schema()).unwrap());
    VALIDATOR.iter_errors(report).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn sarif_is_valid_and_suppresses_what_the_baseline_lists() {
    let report: Value = serde_json::from_str(&sarif(&samples::run(), &samples::source)).unwrap();
    assert_eq!(sarif_errors(&report), Vec::<String>::new());
    let results = report["runs"][0]["results"].as_array().unwrap();
    let of = |id: &str| results.iter().find(|result| result["properties"]["case"] == id).unwrap();
    assert_eq!(results.len(), 6, "neither passes nor skips");
    let failed = of("tls13/client_hello/compression_methods@methods=1");
    assert_eq!(failed["level"], "error");
    assert_eq!(failed["locations"][0]["physicalLocation"]["region"]["startLine"], 9);
    let rule = &report["runs"][0]["tool"]["driver"]["rules"][failed["ruleIndex"].as_u64().unwrap() as usize];
    assert_eq!(rule["id"], failed["ruleId"]);
    assert!(rule["fullDescription"]["text"].as_str().unwrap().contains("MUST"));
    assert_eq!(of("tls13/record/padding")["suppressions"][0]["justification"], "lets padding pass, known since 2024");
    assert_eq!(of("tls13/alert/none")["level"], "warning");
    let hostile = serde_json::from_str(&sarif(&samples::hostile_run(), &|_| Some(HOSTILE.to_owned()))).unwrap();
    assert_eq!(sarif_errors(&hostile), Vec::<String>::new());
    for (place, spoilt) in [("/version", "3.0.0"), ("/runs/0/results/0/level", "great")] {
        let mut report = report.clone();
        *report.pointer_mut(place).unwrap() = spoilt.into();
        assert!(!sarif_errors(&report).is_empty(), "{place}");
    }
}

#[test]
fn ctrf_is_valid_and_counts() {
    let schema = include_str!("schemas/ctrf.json");
    let report = validate(schema, &ctrf(&samples::run()));
    let summary = &report["results"]["summary"];
    let number = |name: &str| summary[name].as_u64().unwrap();
    assert_eq!((number("tests"), number("failed"), number("other"), number("skipped")), (10, 2, 1, 2));
    assert_eq!(number("passed") + number("failed") + number("other") + number("skipped"), number("tests"));
    assert_eq!(number("stop") - number("start"), 4200);
    validate(schema, &ctrf(&samples::hostile_run()));
}

/// Every line that can be in `results.jsonl`, and no field that the schema does not have.
#[test]
fn results_are_valid_by_our_schema() {
    let schema = include_str!("../../../harness/schemas/results.schema.json");
    for run in [samples::run(), samples::hostile_run()] {
        for line in run.to_lines() {
            validate(schema, &serde_json::to_string(&line).unwrap());
        }
    }
}

/// The schema is able to refuse.
#[test]
fn what_is_not_valid_is_refused() {
    let schema = serde_json::from_str(include_str!("schemas/ctrf.json")).unwrap();
    let mut value: Value = serde_json::from_str(&ctrf(&samples::run())).unwrap();
    *value.pointer_mut("/results/tests/0/status").unwrap() = "great".into();
    let errors = schema::errors(&schema, &value);
    assert_eq!(errors.len(), 1, "{errors:?}");
}

/// An element of JUnit XML: what may be within it, the attributes it must have, those it may have, whether text may be in it.
struct Element {
    name: &'static str,
    within: &'static [&'static str],
    required: &'static [&'static str],
    optional: &'static [&'static str],
    text: bool,
}

const fn element(
    name: &'static str,
    within: &'static [&'static str],
    required: &'static [&'static str],
    optional: &'static [&'static str],
) -> Element {
    Element { name, within, required, optional, text: within.is_empty() && required.is_empty() }
}

/// What the schema `junit-10.xsd` that Jenkins' xUnit plugin publishes allows, of which the report uses a part.
const JUNIT: &[Element] = &[
    element("testsuites", &["testsuite"], &[], &["name", "time", "tests", "failures", "errors"]),
    element(
        "testsuite",
        &["testsuite", "properties", "testcase", "system-out", "system-err"],
        &["name", "tests", "failures", "errors"],
        &["group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"],
    ),
    element("properties", &["property"], &[], &[]),
    element("property", &[], &["name", "value"], &[]),
    element(
        "testcase",
        &["skipped", "error", "failure", "system-out", "system-err"],
        &["name"],
        &["time", "classname", "group"],
    ),
    element("skipped", &[], &[], &["type", "message"]),
    element("error", &[], &[], &["type", "message"]),
    element("failure", &[], &[], &["type", "message"]),
    element("system-out", &[], &[], &[]),
];

/// What Maven writes as a time, and the schema asks for: digits, a point, digits.
fn is_a_time(text: &str) -> bool {
    text.split('.').count() <= 2 && text.chars().all(|c| c.is_ascii_digit() || c == '.')
}

/// What is wrong with an element by the schema.
fn junit_element(
    outer: Option<&Element>,
    start: &quick_xml::events::BytesStart<'_>,
) -> (Option<&'static Element>, Vec<String>) {
    let name = String::from_utf8(start.name().as_ref().to_vec()).unwrap();
    let mut wrong = Vec::new();
    if !outer.map_or(name == "testsuites", |outer| outer.within.contains(&name.as_str())) {
        wrong.push(format!("<{name}> within {:?}", outer.map(|outer| outer.name)));
    }
    let Some(known) = JUNIT.iter().find(|known| known.name == name) else {
        wrong.push(format!("<{name}> is not known"));
        return (None, wrong);
    };
    let mut missing = known.required.to_vec();
    for attribute in start.attributes().map(Result::unwrap) {
        let key = String::from_utf8(attribute.key.as_ref().to_vec()).unwrap();
        missing.retain(|name| *name != key);
        if !known.required.contains(&key.as_str()) && !known.optional.contains(&key.as_str()) {
            wrong.push(format!("<{name} {key}>"));
        }
        if key == "time" && !is_a_time(std::str::from_utf8(&attribute.value).unwrap()) {
            wrong.push(format!("<{name} {key}={:?}>", attribute.value));
        }
    }
    wrong.extend(missing.iter().map(|key| format!("<{name}> lacks {key}")));
    (Some(known), wrong)
}

/// All that is wrong with a report by the schema.
fn junit_errors(text: &str) -> Vec<String> {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(text);
    let (mut open, mut found): (Vec<&Element>, Vec<String>) = (Vec::new(), Vec::new());
    loop {
        match reader.read_event().unwrap() {
            Event::Eof => break,
            Event::Start(start) => {
                let (element, wrong) = junit_element(open.last().copied(), &start);
                found.extend(wrong);
                let Some(element) = element else { break };
                open.push(element);
            }
            Event::Empty(start) => found.extend(junit_element(open.last().copied(), &start).1),
            Event::End(_) => drop(open.pop()),
            Event::Text(text) if !text.iter().all(u8::is_ascii_whitespace) => {
                let within = open.last().filter(|element| !element.text);
                found.extend(within.map(|element| format!("text in <{}>", element.name)));
            }
            _ => {}
        }
    }
    found
}

#[test]
fn junit_is_valid_by_the_schema_of_jenkins() {
    let report = junit(&samples::run(), &samples::source);
    assert_eq!(report.matches("<testcase ").count(), samples::run().cases.len());
    for report in [&report, &junit(&samples::hostile_run(), &|_| Some(HOSTILE.to_owned()))] {
        assert_eq!(junit_errors(report), Vec::<String>::new());
    }
    for (good, bad, error) in [
        ("<testsuites ", "<testsuites skipped=\"2\" ", "<testsuites skipped>"),
        ("<system-out>", "<properties/><system-out>", "<properties> within Some(\"testcase\")"),
        ("<testcase name=", "<testcase id=", "<testcase id>"),
        ("time=\"4.200\"", "time=\"4.2 s\"", "<testsuites time="),
        ("<properties>", "<properties>seed", "text in <properties>"),
    ] {
        let errors = junit_errors(&report.replacen(good, bad, 1));
        assert!(errors.first().is_some_and(|first| first.starts_with(error)), "{error}: {errors:?}");
    }
}

#[test]
fn markdown_for_a_comment() {
    insta::assert_snapshot!(markdown(&samples::run()));
}

#[test]
fn the_published_page_of_a_target() {
    let run = samples::run();
    insta::assert_snapshot!(markdown::published(&run, "embedded-openssl"));
    let page: Value = serde_json::from_str(&markdown::published_json(&run, "embedded-openssl")).unwrap();
    assert_eq!(page["deviations"].as_array().unwrap().len(), 6);
    assert_eq!(page["counts"]["skip"], 2);
    assert!(page["deviations"][0].get("took_us").is_none(), "what differs from run to run is left out");
}

#[test]
fn hostile_text_is_inert_in_markdown() {
    let run = samples::hostile_run();
    for text in [markdown(&run), markdown::published(&run, HOSTILE)] {
        assert_eq!(text.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}'), None);
        // Within backquotes markup is text.
        let outside: String = text.split('`').step_by(2).collect();
        assert!(!outside.contains("<script"), "{outside}");
    }
}

/// Blocks, their lengths, and the bytes that come out again; whether analysers read it is tested with one.
#[test]
fn a_capture_has_the_secrets_ahead_of_the_packets() {
    use gauntlet_model::transcript::{Ending, Event, Side, What};
    let mut transcript = samples::handshake(7);
    let us = transcript.events.len() as u64;
    let sent = vec![0x16; 70_000];
    for (from, data) in [(Side::Us, sent.clone()), (Side::Target, b"answer".to_vec())] {
        transcript.events.push(Event { play: 0, connection: 0, us, what: What::Bytes { from, data } });
    }
    transcript.events.push(Event { play: 0, connection: 1, us, what: What::End { how: Ending::Rst } });
    let file = pcapng(&transcript);
    let word = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
    let (mut at, mut kinds, mut ours) = (0, Vec::new(), Vec::new());
    while at < file.len() {
        let (kind, length) = (word(at), word(at + 4) as usize);
        assert_eq!(length % 4, 0);
        assert_eq!(word(at + length - 4) as usize, length);
        if kind == 6 {
            let packet = &file[at + 28..at + 28 + word(at + 20) as usize];
            let port = u16::from_be_bytes([packet[20], packet[21]]);
            if port == 40_000 {
                ours.extend_from_slice(&packet[40..]);
            }
        }
        kinds.push(kind);
        at += length;
    }
    assert_eq!(kinds[..4], [0x0a0d_0d0a, 1, 10, 6], "section, interface, secrets, packets");
    assert!(ours == sent, "all that we sent, in order");
}
