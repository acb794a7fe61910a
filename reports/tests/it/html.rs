use crate::samples::{self, HOSTILE};
use gauntlet_model::transcript::{Side, Transcript, What};
use gauntlet_reports::html::{Sources, html};
use serde_json::Value;

/// Only the failure of ARCHITECTURE.md has kept its transcript.
fn transcript(evidence: &str) -> Option<Transcript> {
    evidence.contains("compression_methods").then(|| samples::handshake(0x5a))
}

fn report(run: &gauntlet_reports::RunData) -> String {
    html(run, &Sources { scenario: &samples::source, transcript: &transcript })
}

/// The JSON of an element of the page.
fn json(page: &str, id: &str) -> Value {
    let begin = format!("<script type=\"application/json\" id=\"{id}\">");
    let text = page.split_once(&begin).unwrap_or_else(|| panic!("no {id}")).1.split_once("</script>").unwrap().0;
    serde_json::from_str(text).unwrap()
}

/// The page's JSON of the case that has kept its transcript.
fn with_ladder(page: &str) -> Value {
    let mut all = (1..).map(|number| json(page, &format!("d{number}")));
    all.find(|detail| detail["rows"].as_array().is_some_and(|rows| !rows.is_empty())).unwrap()
}

#[test]
fn the_overview() {
    let text = report(&samples::run());
    // Style, script and data are not snapshot matter.
    insta::assert_snapshot!(text.split_once("<main").unwrap().1.split_once("<script").unwrap().0);
}

#[test]
fn a_case_that_failed_has_all_that_its_page_shows() {
    insta::assert_snapshot!(serde_json::to_string_pretty(&with_ladder(&report(&samples::run()))).unwrap());
}

#[test]
fn cases_that_pass_have_a_row_and_no_page() {
    let data = json(&report(&samples::run()), "data");
    let cases = &data["cases"];
    let kinds = data["kinds"].as_array().unwrap();
    let columns: Vec<(&str, u64)> = (0..cases["verdict"].as_array().unwrap().len())
        .map(|row| {
            let kind = cases["verdict"][row].as_u64().unwrap() as usize;
            (kinds[kind].as_str().unwrap(), cases["detail"][row].as_u64().unwrap())
        })
        .collect();
    assert_eq!(columns.len(), samples::run().cases.len());
    for (kind, detail) in columns {
        assert_eq!(detail == 0, kind == "pass" || kind == "skip", "{kind}");
    }
}

#[test]
fn the_fields_of_a_message_cover_its_bytes() {
    let page = report(&samples::run());
    let (detail, table) = (with_ladder(&page), json(&page, "messages"));
    let rows = detail["rows"].as_array().unwrap();
    let hello = rows.iter().find(|row| row["name"] == "client_hello").unwrap();
    let message = &table["messages"][hello["message"].as_u64().unwrap() as usize];
    let fields: Vec<i64> = message["fields"].as_array().unwrap().iter().map(|value| value.as_i64().unwrap()).collect();
    assert_eq!(fields.len() % 5, 0);
    let size = message["size"].as_i64().unwrap();
    assert_eq!((fields[2], fields[3]), (0, size), "the root is all of it");
    let named = |name: &str| {
        fields.chunks(5).find(|row| table["strings"][row[1] as usize] == name).unwrap_or_else(|| panic!("no {name}"))
    };
    let random = named("random");
    assert_eq!(random[3] - random[2], 32);
    let hex = message["hex"].as_str().unwrap();
    assert_eq!(&hex[2 * random[2] as usize..2 * random[3] as usize], "5a".repeat(32));
}

#[test]
fn a_rule_that_is_stated_twice_leads_to_the_one_that_counts() {
    let data = json(&report(&samples::run()), "data");
    let rules = data["rules"].as_array().unwrap();
    let rule = rules.iter().find(|rule| rule["id"] == "rfc9846-2-01").unwrap();
    assert_eq!(rule["instead"], "rfc9846-4.3.8-18");
    assert!(rules.iter().any(|rule| rule["id"] == "no-such-requirement"), "what no catalogue has is shown too");
}

#[test]
fn nothing_is_fetched() {
    let text = report(&samples::run());
    for fetching in ["src=", "https:", "url(", "@import", "<link", "<img", "<iframe", "fetch(", "innerHTML", "eval("] {
        assert!(!text.contains(fetching), "{fetching}");
    }
    assert_eq!(text.matches("http:").count(), 1, "the name space of SVG");
    assert!(text.contains("default-src 'none'"));
}

#[test]
fn hostile_text_is_inert() {
    let evil = |_: &str| {
        let mut transcript = samples::handshake(1);
        let remark = What::Remark { alert: HOSTILE.into(), text: HOSTILE.to_owned() };
        transcript.events[0].what = remark;
        for event in &mut transcript.events {
            if let What::Message { from: Side::Us, name, changes, content_type, bytes, .. } = &mut event.what {
                (*name, *changes, *content_type, *bytes) =
                    (HOSTILE.into(), vec![HOSTILE.to_owned()], 23, HOSTILE.into());
            }
        }
        Some(transcript)
    };
    let run = samples::hostile_run();
    let text = html(&run, &Sources { scenario: &|_| Some(HOSTILE.to_owned()), transcript: &evil });
    assert!(!text.contains("<script>alert"), "not as an element");
    assert!(text.contains("&#60;script&#62;"), "in the overview it is there, escaped");
    assert!(text.contains("\\u003cscript\\u003ealert"), "in the data too");
    assert!(!text.contains("\"]]>"), "no quote ends an attribute");
    let bad = text.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
    assert_eq!(bad, None);
    // As many elements end as begin: nothing of ours was closed from within.
    assert_eq!(text.matches("<script").count(), text.matches("</script>").count());
    let overview = text.split_once("<main").unwrap().1.split_once("<script").unwrap().0;
    for tag in ["details", "section", "table", "tr", "td", "ul", "li", "dl", "p", "a", "span"] {
        let opened = overview.matches(&format!("<{tag}>")).count() + overview.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, overview.matches(&format!("</{tag}>")).count(), "{tag}");
    }
}

/// A flood stays a row, and the page small.
#[test]
fn sixteen_mebibytes_stay_small() {
    let flood = |_: &str| {
        let mut transcript = samples::handshake(1);
        for event in &mut transcript.events {
            if let What::Message { name, bytes, .. } = &mut event.what
                && name == "certificate"
            {
                bytes.resize(16 << 20, 0xff);
            }
        }
        Some(transcript)
    };
    let mut run = samples::run();
    run.cases = vec![samples::went_on()];
    run.cases[0].reason = "x".repeat(1 << 20);
    let text = html(&run, &Sources { scenario: &samples::source, transcript: &flood });
    assert!(text.len() < 6 << 20, "{}", text.len());
}

#[test]
fn of_many_failures_the_first_are_shown_in_full() {
    let mut run = samples::run();
    run.cases = vec![samples::went_on(); 1700];
    let text = report(&run);
    assert_eq!(text.matches("<script type=\"application/json\" id=\"d").count(), 1500 + 1, "and the data");
    let data = json(&text, "data");
    assert_eq!(data["cases"]["detail"].as_array().unwrap().len(), 1700);
}
