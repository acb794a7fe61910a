//! JUnit XML for CI systems: one suite for each target.
//!
//! Failed MUSTs, `crash` and `hang` are failures, `error` an error, `skip` skipped. What a baseline expects passes,
//! with the reason beside it; so does what is only to be looked at (`loose`, a failed SHOULD). A run that was cut off has an
//! error of its own, so that no CI takes it for complete. The text is valid by the schema that Jenkins publishes, the
//! strictest that is in use: what is known of a case stands in its `system-out`, a line each, as cases have no properties there.

use crate::run::{Outcome, RunData, Standing, standing};
use crate::terminal::failure;
use crate::{inert, words};
use gauntlet_model::Kind;
use gauntlet_model::result::CaseResult;
use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};
use std::time::Duration;

/// The report; `source` gives the text of a scenario by its id.
pub fn junit(run: &RunData, source: &dyn Fn(&str) -> Option<String>) -> String {
    let mut report = Report::new("gauntlet");
    if let Some(end) = &run.end {
        report.set_time(Duration::from_micros(end.took_us));
    }
    for name in run.target_names() {
        report.add_test_suite(suite(run, name, source));
    }
    if let Some(text) = unfinished(run.outcome()) {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(text);
        let mut suite = TestSuite::new("run");
        suite.add_test_case(TestCase::new("end", status));
        report.add_test_suite(suite);
    }
    let text = report.to_string().expect("all text has been made valid XML, and a String takes all");
    without_total_of_skips(&text)
}

/// The outermost element may not say how many were skipped; the suites do.
fn without_total_of_skips(text: &str) -> String {
    let begin = text.find("<testsuites").unwrap_or_default();
    let end = text[begin..].find('>').map_or(text.len(), |length| begin + length);
    let kept = text[begin..end].split(' ').filter(|attribute| !attribute.starts_with("skipped=\""));
    [&text[..begin], &kept.collect::<Vec<_>>().join(" "), &text[end..]].concat()
}

fn unfinished(outcome: Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::CutOff => Some("the run was cut off"),
        Outcome::Interrupted => Some("the run was interrupted"),
        Outcome::Empty => Some("no case was run"),
        Outcome::AsExpected | Outcome::Unexpected(_) => None,
    }
}

fn suite(run: &RunData, name: &str, source: &dyn Fn(&str) -> Option<String>) -> TestSuite {
    let mut suite = TestSuite::new(inert::line(name));
    if let Some(target) = run.targets.iter().find(|target| target.target == name) {
        suite.add_property(Property::new("version", inert::line(&target.version)));
    }
    if let Some(line) = &run.run {
        for (key, value) in [("gauntlet", &line.version), ("started", &line.started), ("seed", &line.seed)] {
            suite.add_property(Property::new(key, inert::line(value)));
        }
    }
    let mut took = 0;
    for case in run.of_target(name) {
        took += case.took_us;
        suite.add_test_case(test_case(case, source));
    }
    suite.set_time(Duration::from_micros(took));
    suite
}

fn test_case(case: &CaseResult, source: &dyn Fn(&str) -> Option<String>) -> TestCase {
    let mut test = TestCase::new(inert::line(&case.id), status(case, source));
    test.set_classname(inert::line(&case.scenario));
    test.set_time(Duration::from_micros(case.took_us));
    let mut known = String::new();
    let mut note = |name: &str, value: &str| {
        known += &format!("{name}: {}\n", inert::line(value));
    };
    note("verdict", &words::verdict(case));
    note("role", words::role(case.role));
    case.requirements.iter().for_each(|id| note("requirement", id));
    if let Some(level) = &case.level {
        note("level", level);
    }
    if let Standing::Listed(reason) = standing(case) {
        note("expected by the baseline", reason);
    }
    if let Some(evidence) = &case.evidence {
        note("evidence", evidence);
    }
    test.set_system_out(known);
    test
}

fn status(case: &CaseResult, source: &dyn Fn(&str) -> Option<String>) -> TestCaseStatus {
    let kind = match (case.verdict, standing(case)) {
        (Kind::Skip, _) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(inert::line(&case.reason));
            return status;
        }
        // What is only to be looked at still tells its verdict; the exit status does not mind it either.
        (_, Standing::Fine | Standing::Listed(_) | Standing::Notable) => return TestCaseStatus::success(),
        (Kind::Error, _) => NonSuccessKind::Error,
        _ => NonSuccessKind::Failure,
    };
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(words::verdict(case));
    status.set_message(inert::line(&case.reason));
    let text = source(&case.scenario).unwrap_or_default();
    status.set_description(inert::lines(&failure(case, &text, false)));
    status
}
