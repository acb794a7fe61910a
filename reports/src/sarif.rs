//! SARIF 2.1.0, for code scanning: a rule for each requirement, a result for each case that did not pass.
//!
//! Skips are left out; what a baseline expects is suppressed, with its reason as justification.

use crate::run::{Outcome, RunData, Standing, standing};
use crate::terminal::failure;
use crate::{inert, stream, words};
use gauntlet_model::Kind;
use gauntlet_model::result::CaseResult;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, Write};

#[derive(Serialize)]
struct Report<R> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<R>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<R> {
    tool: Value,
    column_kind: &'static str,
    invocations: Value,
    results: R,
}

/// The report; `source` gives the text of a scenario by its id.
pub fn sarif(run: &RunData, source: &dyn Fn(&str) -> Option<String>) -> String {
    stream::text(|out| write(run, source, out))
}

/// Writes the report.
///
/// # Errors
/// It cannot be written.
pub fn write(run: &RunData, source: &dyn Fn(&str) -> Option<String>, out: &mut dyn Write) -> io::Result<()> {
    let mut rules: BTreeMap<String, usize> = BTreeMap::new();
    let cases = || run.cases.iter().filter(|case| !matches!(case.verdict, Kind::Pass | Kind::Skip));
    for case in cases() {
        let number = rules.len();
        rules.entry(rule_id(case)).or_insert(number);
    }
    let mut listed: Vec<(&String, &usize)> = rules.iter().collect();
    listed.sort_by_key(|(_, number)| **number);
    let version = run.run.as_ref().map_or("0", |line| line.version.as_str());
    let whole = matches!(run.outcome(), Outcome::AsExpected | Outcome::Unexpected(_));
    let run = Run {
        tool: json!({ "driver": {
            "name": "Gauntlet",
            "version": inert::line(version),
            "rules": listed.iter().map(|(id, _)| rule(id)).collect::<Vec<_>>(),
        } }),
        column_kind: "unicodeCodePoints",
        invocations: json!([{ "executionSuccessful": whole }]),
        results: stream::Each(|| cases().map(|case| result(case, &rules, source))),
    };
    let schema = "https://json.schemastore.org/sarif-2.1.0.json";
    stream::json(&Report { schema, version: "2.1.0", runs: [run] }, out)
}

/// The first requirement; a case without one goes by its scenario.
fn rule_id(case: &CaseResult) -> String {
    case.requirements.first().unwrap_or(&case.scenario).clone()
}

fn rule(id: &str) -> Value {
    let words = words::rule(id);
    let citation = if words.citation.is_empty() { words.id.clone() } else { words.citation };
    json!({
        "id": words.id,
        "name": citation,
        "shortDescription": { "text": citation },
        "fullDescription": { "text": words.sentence },
    })
}

fn result(case: &CaseResult, rules: &BTreeMap<String, usize>, source: &dyn Fn(&str) -> Option<String>) -> Value {
    let id = rule_id(case);
    let text = source(&case.scenario).unwrap_or_default();
    let mut result = json!({
        "ruleId": inert::line(&id),
        "ruleIndex": rules[&id],
        "level": match standing(case) {
            Standing::Unexpected => "error",
            Standing::Notable => "warning",
            Standing::Listed(_) | Standing::Fine => "note",
        },
        "kind": "fail",
        "message": { "text": message(case, &text) },
        "partialFingerprints": { "case/v1": inert::line(&format!("{} {} {}", case.target, case.role.name(), case.id)) },
        "properties": {
            "case": inert::line(&case.id),
            "target": inert::line(&case.target),
            "role": case.role.name(),
            "verdict": words::verdict(case),
            "replay": words::replay(case),
        },
    });
    if let Some(at) = &case.at {
        result["locations"] = json!([{ "physicalLocation": {
            "artifactLocation": { "uri": uri(&at.file) },
            "region": {
                "startLine": at.line.max(1),
                "startColumn": at.column.max(1),
                "endColumn": at.column.max(1) + at.width.max(1),
            },
        } }]);
    }
    if let Standing::Listed(reason) = standing(case) {
        result["suppressions"] = json!([{ "kind": "external", "justification": inert::line(reason) }]);
    }
    result
}

/// What came of what was expected, then the whole as on a terminal.
fn message(case: &CaseResult, text: &str) -> String {
    let first = format!(
        "{}: {} on {}: {}, expected {}",
        case.title,
        case.verdict.name(),
        case.target,
        case.reason,
        case.expected
    );
    format!("{}\n\n{}", inert::line(&first), inert::lines(&failure(case, text, false)))
}

/// A path as a relative reference.
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let text = path.trim_start_matches('/').bytes();
    text.map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
