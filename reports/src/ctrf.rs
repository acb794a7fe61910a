//! CTRF, the Common Test Report Format: one test for each case. [ctrf.io]

use crate::run::{Outcome, RunData, Standing, standing};
use crate::{inert, stream, words};
use gauntlet_model::Kind;
use gauntlet_model::result::CaseResult;
use serde::Serialize;
use serde_json::{Value, json};
use std::io::{self, Write};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<T> {
    report_format: &'static str,
    spec_version: &'static str,
    results: Results<T>,
}

#[derive(Serialize)]
struct Results<T> {
    tool: Value,
    summary: Value,
    tests: T,
    extra: Value,
}

/// The report.
pub fn ctrf(run: &RunData) -> String {
    stream::text(|out| write(run, out))
}

/// Writes the report.
///
/// # Errors
/// It cannot be written.
pub fn write(run: &RunData, out: &mut dyn Write) -> io::Result<()> {
    let of = |wanted: &str| run.cases.iter().filter(|case| status(case) == wanted).count();
    let took = run.end.as_ref().map_or(0, |end| end.took_us / 1000);
    let start = run.run.as_ref().and_then(|line| milliseconds(&line.started)).unwrap_or(0);
    let whole = matches!(run.outcome(), Outcome::AsExpected | Outcome::Unexpected(_));
    let tool = json!({
        "name": "gauntlet",
        "version": run.run.as_ref().map(|line| inert::line(&line.version).into_owned()).unwrap_or_default(),
    });
    let summary = json!({
        "tests": run.cases.len(),
        "passed": of("passed"),
        "failed": of("failed"),
        "pending": 0,
        "skipped": of("skipped"),
        "other": of("other"),
        "suites": run.target_names().len(),
        "start": start,
        "stop": start + took,
    });
    let tests = stream::Each(|| run.cases.iter().map(test));
    let results = Results { tool, summary, tests, extra: json!({ "complete": whole }) };
    stream::json(&Report { report_format: "CTRF", spec_version: "0.0.0", results }, out)
}

/// What a baseline expects passes, and what is only to be looked at; what was not judged is neither.
fn status(case: &CaseResult) -> &'static str {
    match (case.verdict, standing(case)) {
        (Kind::Skip, _) => "skipped",
        (_, Standing::Fine | Standing::Listed(_) | Standing::Notable) => "passed",
        (Kind::Error, Standing::Unexpected) => "other",
        (_, Standing::Unexpected) => "failed",
    }
}

fn test(case: &CaseResult) -> Value {
    let mut test = json!({
        "name": inert::line(&case.id),
        "status": status(case),
        "duration": case.took_us / 1000,
        "suite": [inert::line(&case.target)],
        "rawStatus": words::verdict(case),
        "tags": case.requirements.iter().map(|id| inert::line(id)).collect::<Vec<_>>(),
        "extra": { "title": inert::line(&case.title), "role": case.role.name() },
    });
    if case.verdict != Kind::Pass {
        test["message"] = json!(inert::line(&case.reason));
    }
    if let Some(at) = &case.at {
        test["filePath"] = json!(inert::line(&at.file));
        test["line"] = json!(at.line.max(1));
    }
    if standing(case) == Standing::Unexpected {
        test["extra"]["expected"] = json!(inert::line(&case.expected));
        test["extra"]["replay"] = json!(words::replay(case));
    }
    if let Standing::Listed(reason) = standing(case) {
        test["extra"]["baseline"] = json!(inert::line(reason));
    }
    test
}

/// Since 1970, of `2026-11-20T10:00:00Z`.
fn milliseconds(text: &str) -> Option<u64> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    // Years begin in March here, so that the day that is sometimes there comes last.
    let (shifted, months) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + (153 * months + 2) / 5 + day - 719_469;
    let seconds = days * 86_400 + number(11..13)? * 3600 + number(14..16)? * 60 + number(17..19)?;
    u64::try_from(seconds * 1000).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        assert_eq!(milliseconds("1970-01-01T00:00:01Z"), Some(1000));
        assert_eq!(milliseconds("2024-02-29T12:00:00Z"), Some(1_709_208_000_000));
        assert_eq!(milliseconds("yesterday"), None);
    }
}
