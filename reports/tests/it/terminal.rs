use crate::samples::{self, HOSTILE};
use gauntlet_model::Kind;
use gauntlet_model::result::CaseResult;
use gauntlet_reports::terminal::{case_line, failure, summary};

#[test]
fn a_line_for_each_case() {
    let lines: Vec<String> = samples::run().cases.iter().map(case_line).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_failure_shows_the_line_that_decided() {
    insta::assert_snapshot!(failure(&samples::went_on(), samples::COMPRESSION, false));
}

#[test]
fn a_failure_without_source_or_step_is_whole_otherwise() {
    let crashed = samples::run().cases.into_iter().find(|case| case.verdict == Kind::Crash).unwrap();
    insta::assert_snapshot!(failure(&crashed, "", false));
}

#[test]
fn colour_changes_nothing_but_colour() {
    let case = samples::went_on();
    let coloured = failure(&case, samples::COMPRESSION, true);
    assert!(coloured.contains("\x1b["));
    assert_eq!(without_colour(&coloured), failure(&case, samples::COMPRESSION, false));
    let run = samples::run();
    assert_eq!(without_colour(&summary(&run, true)), summary(&run, false));
}

fn without_colour(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |text, part| text + part.split_once('m').unwrap().1)
}

#[test]
fn the_whole_run() {
    insta::assert_snapshot!(summary(&samples::run(), false));
}

#[test]
fn the_last_line_says_how_it_stands() {
    let last = |run: &gauntlet_reports::RunData| summary(run, false).lines().last().unwrap().to_owned();
    let mut run = samples::run();
    assert_eq!(last(&run), "not as expected: 3 of 10 cases");
    run.cases.retain(|case| {
        !matches!(case.verdict, Kind::Crash | Kind::Error) && case.reason != "went on with server_hello"
    });
    assert_eq!(last(&run), "as expected: 7 cases");
    run.cases.retain(|case| case.verdict == Kind::Skip);
    assert_eq!(last(&run), "as expected, but all of 2 cases were skipped");
    run.cases.clear();
    assert_eq!(last(&run), "not as expected: no case was run");
    run.end.as_mut().unwrap().interrupted = true;
    assert_eq!(last(&run), "not as expected: interrupted after 0 cases");
    run.end = None;
    assert_eq!(last(&run), "not as expected: cut off after 0 cases");
}

#[test]
fn hostile_text_is_inert() {
    let case: CaseResult = samples::hostile();
    let mut texts = vec![case_line(&case), failure(&case, HOSTILE, false), summary(&samples::hostile_run(), false)];
    assert_eq!(case_line(&case).lines().count(), 1);
    texts.push(without_colour(&failure(&case, HOSTILE, true)));
    for text in texts {
        let bad = text.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
        assert_eq!(bad, None, "in {text:?}");
        assert!(!text.contains("\nnext"), "in {text:?}");
    }
}
