use crate::samples::{self, case, verdict};
use gauntlet_model::{Kind, Role};
use gauntlet_reports::RunData;
use gauntlet_reports::coverage::{Class, Coverage, Numbers, State, coverage, text};

/// Binds a server; a peer sees it.
const SERVER: &str = "rfc9846-4.2.2-30";
/// Binds both roles.
const BOTH: &str = "rfc9846-5.1-07";

fn of(cases: Vec<gauntlet_model::CaseResult>) -> Coverage {
    coverage(&RunData { cases, ..RunData::default() })
}

fn state(coverage: &Coverage, id: &str) -> State {
    let entries = coverage.documents.iter().flat_map(|document| &document.entries);
    entries.into_iter().find(|entry| entry.id == id).unwrap_or_else(|| panic!("no {id}")).state
}

fn with(kind: Kind, role: Role, id: &str) -> gauntlet_model::CaseResult {
    let mut case = verdict("x", kind, "");
    (case.role, case.requirements) = (role, vec![id.to_owned()]);
    case
}

#[test]
fn only_a_verdict_on_the_target_decides() {
    for (kind, wanted) in [
        (Kind::Pass, State::Decided),
        (Kind::Loose, State::Decided),
        (Kind::Fail, State::Decided),
        (Kind::Skip, State::NotYet),
        (Kind::Error, State::NotYet),
        (Kind::Crash, State::NotYet),
    ] {
        assert_eq!(state(&of(vec![with(kind, Role::Server, SERVER)]), SERVER), wanted, "{kind:?}");
    }
}

#[test]
fn what_binds_both_is_decided_in_both() {
    assert_eq!(state(&of(vec![with(Kind::Pass, Role::Server, BOTH)]), BOTH), State::Partly);
    let both = vec![with(Kind::Pass, Role::Server, BOTH), with(Kind::Fail, Role::Client, BOTH)];
    assert_eq!(state(&of(both), BOTH), State::Decided);
    assert_eq!(state(&of(vec![with(Kind::Pass, Role::Client, SERVER)]), SERVER), State::NotYet, "not its duty");
}

#[test]
fn a_side_of_our_own_decides_nothing() {
    let mut run = RunData { cases: vec![case("x")], ..RunData::default() };
    assert_eq!(state(&coverage(&run), SERVER), State::Decided);
    run.ours.insert(run.cases[0].target.clone());
    let covered = coverage(&run);
    assert_eq!(state(&covered, SERVER), State::NotYet);
    assert!(text(&covered, None, false).contains("not counted, sides of our own: embedded-openssl"));
}

#[test]
fn another_id_of_the_same_rule_counts_where_it_is_counted() {
    let covered = of(vec![with(Kind::Pass, Role::Server, "rfc9846-2-01")]);
    assert_eq!(state(&covered, "rfc9846-4.3.8-18"), State::Decided);
    assert!(covered.documents.iter().flat_map(|d| &d.entries).all(|entry| entry.id != "rfc9846-2-01"));
}

#[test]
fn the_text_counts_and_names_what_is_open() {
    let covered = coverage(&samples::run());
    let all = text(&covered, None, false);
    let document = covered.documents.iter().find(|document| document.name == "rfc9846").unwrap();
    let numbers = document.numbers(Class::Must);
    assert!(numbers.of(State::Decided) >= 1 && numbers.of(State::NotYet) > 100);
    assert_eq!(numbers, Numbers::new(document.entries.iter().filter(|entry| entry.class == Class::Must)));
    assert!(all.contains(&format!("{} of {} decided", numbers.of(State::Decided), numbers.observable())), "{all}");
    assert!(all.contains("RFC 8446") || all.contains("RFC 5246"));
    let one = text(&covered, Some("9846"), true);
    assert!(!one.contains("RFC 5246") && one.contains("not yet: rfc9846-"), "{one}");
    let sections: Vec<&str> = document.sections().into_iter().map(|(section, _)| section).collect();
    let place = |name: &str| sections.iter().position(|section| *section == name);
    assert!(place("4.2.2") < place("4.3.8") && place("4.3.8") < place("5.1"), "{sections:?}");
}
