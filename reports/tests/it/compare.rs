use crate::samples::{case, hostile, verdict};
use gauntlet_model::{CaseResult, Kind, LooseForm};
use gauntlet_reports::RunData;
use gauntlet_reports::compare::{Change, compare, html, markdown, text};

fn run(cases: Vec<CaseResult>) -> RunData {
    RunData { cases, ..RunData::default() }
}

fn changes(old: Vec<CaseResult>, new: Vec<CaseResult>) -> Vec<(Change, String)> {
    let (old, new) = (run(old), run(new));
    let compared = compare(&old, &new);
    let id = |case: Option<&CaseResult>| case.map(|case| case.id.clone()).unwrap_or_default();
    compared.differences.iter().map(|one| (one.change, id(one.new.or(one.old)))).collect()
}

#[test]
fn what_became_of_a_case() {
    use Kind::{Crash, Error, Fail, Loose, Pass, Skip};
    for (old, new, wanted) in [
        (Pass, Pass, None),
        (Pass, Fail, Some(Change::Broke)),
        (Loose, Fail, Some(Change::Broke)),
        (Skip, Fail, Some(Change::Broke)),
        (Pass, Error, Some(Change::Broke)),
        (Fail, Crash, Some(Change::Broke)),
        (Crash, Fail, Some(Change::Mended)),
        (Fail, Pass, Some(Change::Mended)),
        (Fail, Skip, Some(Change::Other)),
        (Pass, Loose, Some(Change::Other)),
        (Pass, Skip, Some(Change::Other)),
    ] {
        let found = changes(vec![verdict("x", old, "")], vec![verdict("x", new, "")]);
        assert_eq!(found.first().map(|(change, _)| *change), wanted, "{old:?} to {new:?}");
    }
    let mut formed = verdict("x", Loose, "");
    formed.form = Some(LooseForm::NoAlert);
    assert_eq!(changes(vec![verdict("x", Loose, "")], vec![formed])[0].0, Change::Other);
}

#[test]
fn what_a_baseline_expects_did_not_break() {
    let mut listed = verdict("x", Kind::Fail, "");
    listed.expected_by_baseline = Some("known".to_owned());
    assert_eq!(changes(vec![case("x")], vec![listed])[0].0, Change::Other);
}

#[test]
fn new_cases_and_those_that_are_gone_break_nothing() {
    let found = changes(vec![case("a"), case("b")], vec![case("b"), verdict("c", Kind::Fail, "")]);
    assert_eq!(found, [(Change::Added, "c".to_owned()), (Change::Gone, "a".to_owned())]);
}

#[test]
fn two_versions_of_one_stack_are_matched_though_their_names_differ() {
    let named = |kind, target: &str| {
        let mut case = verdict("x", kind, "");
        case.target = target.to_owned();
        case
    };
    assert_eq!(changes(vec![named(Kind::Pass, "a-1.0")], vec![named(Kind::Fail, "a-2.0")])[0].0, Change::Broke);
    let several = vec![named(Kind::Pass, "a"), named(Kind::Pass, "b")];
    let found = changes(several, vec![named(Kind::Fail, "c")]);
    assert!(found.iter().all(|(change, _)| *change != Change::Broke), "{found:?}");
}

#[test]
fn all_three_forms_say_it() {
    let (old, new) = (run(vec![case("x"), case("y")]), run(vec![verdict("x", Kind::Fail, "went on"), case("y")]));
    let compared = compare(&old, &new);
    insta::assert_snapshot!(text(&compared, false));
    insta::assert_snapshot!(markdown(&compared));
    let page = html(&compared);
    assert!(page.contains("1 of 2 cases newly broke") && page.contains("went on") && page.contains("holds"));
}

#[test]
fn hostile_text_is_inert() {
    let mut other = hostile();
    other.verdict = Kind::Pass;
    let (old, new) = (run(vec![other]), run(vec![hostile()]));
    let compared = compare(&old, &new);
    for text in [text(&compared, false), markdown(&compared), html(&compared)] {
        assert_eq!(text.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}'), None);
    }
    assert!(!html(&compared).contains("<script") && !markdown(&compared).replace('`', "").contains("\n<script"));
}
