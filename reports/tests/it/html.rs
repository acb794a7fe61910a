use crate::samples::{self, HOSTILE};
use gauntlet_model::transcript::{Side, Transcript, What};
use gauntlet_reports::html::{Sources, html};

/// Only the failure of ARCHITECTURE.md has kept its transcript.
fn transcript(evidence: &str) -> Option<Transcript> {
    evidence.contains("compression_methods").then(|| samples::handshake(0x5a))
}

fn report(run: &gauntlet_reports::RunData) -> String {
    html(run, &Sources { scenario: &samples::source, transcript: &transcript })
}

#[test]
fn the_whole_report() {
    let text = report(&samples::run());
    // Style and script are not snapshot matter: they are in the template as they are here.
    let body = text.split_once("<body>").unwrap().1.split_once("<script>").unwrap().0;
    // How much the catalogue holds besides is none of ours either.
    insta::with_settings!({ filters => vec![(r"\d+ more that a peer", "[some] more that a peer")] }, {
        insta::assert_snapshot!(body);
    });
}

#[test]
fn a_rule_is_found_under_the_id_that_counts() {
    let mut run = samples::run();
    run.cases.truncate(1);
    run.cases[0].requirements = vec!["rfc9846-2-01".to_owned()];
    let text = report(&run);
    assert!(text.contains("data-search=\"rfc9846-4.3.8-18\"") && text.contains("rfc9846-2-01 rfc9846-4.3.8-18\""));
}

#[test]
fn nothing_is_fetched() {
    let text = report(&samples::run());
    for fetching in ["src=", "http:", "https:", "url(", "@import", "<link", "<img", "<iframe"] {
        assert!(!text.contains(fetching), "{fetching}");
    }
    assert!(text.contains("default-src 'none'"));
}

#[test]
fn every_link_within_the_page_has_its_end() {
    let text = report(&samples::run());
    let links: Vec<&str> = text.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(links.contains(&"case-1") && links.contains(&"cases"));
    for link in links {
        assert_eq!(text.matches(&format!("id=\"{link}\"")).count(), 1, "{link}");
    }
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
    assert_eq!(text.matches("<script").count(), 1, "only our own");
    assert!(text.contains("&#60;script&#62;"), "the text is there, escaped");
    assert!(!text.contains("\"]]>"), "no quote ends an attribute");
    let bad = text.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
    assert_eq!(bad, None);
    // Tags are balanced: nothing of ours was closed from within.
    for tag in ["details", "section", "table", "tr", "td", "pre", "dl", "p", "a", "span", "mark"] {
        let opened = text.matches(&format!("<{tag}>")).count() + text.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, text.matches(&format!("</{tag}>")).count(), "{tag}");
    }
}

#[test]
fn of_many_failures_the_first_are_shown_in_full() {
    let mut run = samples::run();
    run.cases = vec![samples::went_on(); 1200];
    let text = report(&run);
    assert_eq!(text.matches("<details id=").count(), 1000);
    assert!(text.contains("200 more are in the table above only"));
}
