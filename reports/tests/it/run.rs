use crate::samples::{case, verdict};
use gauntlet_model::result::{EndLine, Line};
use gauntlet_model::{Kind, LooseForm};
use gauntlet_reports::run::{Holds, Standing, standing};
use gauntlet_reports::{Outcome, RunData, load};
use serde_json::json;

fn lines(cases: impl IntoIterator<Item = gauntlet_model::CaseResult>) -> Vec<Line> {
    cases.into_iter().map(|case| Line::Case(Box::new(case))).collect()
}

fn end() -> Line {
    Line::End(EndLine { counts: [("pass".to_owned(), 1)].into(), took_us: 5, interrupted: false })
}

fn begin() -> Line {
    Line::Run(crate::samples::run().run.unwrap())
}

#[test]
fn cases_are_sorted_and_shards_put_together() {
    let shards = [vec![begin()], lines([case("b")]), vec![end(), begin()], lines([case("a")]), vec![end()]];
    let run = load(shards.concat());
    assert_eq!(run.cases.iter().map(|case| case.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(run.end.unwrap().counts["pass"], 2);
    let cut_off = load([vec![begin()], lines([case("b")]), vec![end(), begin()], lines([case("a")])].concat());
    assert_eq!(cut_off.outcome(), Outcome::CutOff);
}

#[test]
fn only_what_binds_and_is_not_listed_is_unexpected() {
    let mut fail = verdict("x", Kind::Fail, "went on");
    assert_eq!(standing(&fail), Standing::Unexpected);
    fail.level = None;
    assert_eq!(standing(&fail), Standing::Unexpected);
    fail.level = Some("SHOULD NOT".to_owned());
    assert_eq!(standing(&fail), Standing::Notable);
    let mut crash = verdict("x", Kind::Crash, "died");
    crash.level = Some("MAY".to_owned());
    assert_eq!(standing(&crash), Standing::Unexpected);
    crash.expected_by_baseline = Some("known".to_owned());
    assert_eq!(standing(&crash), Standing::Listed("known"));
    let mut loose = verdict("x", Kind::Loose, "closed");
    loose.form = Some(LooseForm::NoAlert);
    assert_eq!(standing(&loose), Standing::Notable);
    assert_eq!(standing(&verdict("x", Kind::Skip, "has no x448")), Standing::Fine);
}

#[test]
fn a_requirement_holds_if_all_its_cases_say_so() {
    let of = |kinds: &[Kind]| {
        let run = RunData { cases: kinds.iter().map(|kind| verdict("x", *kind, "")).collect(), ..RunData::default() };
        run.requirements("embedded-openssl")["rfc9846-4.2.2-30"]
    };
    assert_eq!(of(&[Kind::Skip, Kind::Error]), Holds::Undecided);
    assert_eq!(of(&[Kind::Pass, Kind::Skip]), Holds::Yes);
    assert_eq!(of(&[Kind::Loose, Kind::Pass]), Holds::Loosely);
    assert_eq!(of(&[Kind::Fail, Kind::Pass, Kind::Loose]), Holds::No);
    assert_eq!(of(&[Kind::Error, Kind::Crash]), Holds::No);
}

#[test]
fn the_same_rule_under_two_ids_is_counted_once() {
    let mut other = case("x");
    other.requirements = vec!["rfc9846-2-01".to_owned(), "rfc9846-4.3.8-18".to_owned()];
    let run = RunData { cases: vec![other], ..RunData::default() };
    assert_eq!(run.requirements("embedded-openssl").len(), 1);
}

#[test]
fn what_failing_cases_share_is_named() {
    let varied = |id: &str, kind, suite: &str, group: &str| {
        let mut case = verdict(&format!("s@{id}"), kind, "");
        case.parameters.insert("suite".to_owned(), json!(suite));
        case.parameters.insert("group".to_owned(), json!(group));
        case
    };
    let cases = vec![
        varied("1", Kind::Fail, "AES", "x25519"),
        varied("2", Kind::Crash, "AES", "secp256r1"),
        varied("3", Kind::Pass, "CHACHA", "x25519"),
        varied("4", Kind::Skip, "AES", "x448"),
    ];
    let run = RunData { cases, ..RunData::default() };
    let shared = run.shared("embedded-openssl");
    assert_eq!(shared.len(), 1);
    assert_eq!((shared[0].cases, &shared[0].values[..]), (2, &[("suite".to_owned(), json!("AES"))][..]));
    assert!(run.shared("another").is_empty());
}
