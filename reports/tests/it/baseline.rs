use crate::samples::{self, case, verdict};
use gauntlet_model::result::CaseResult;
use gauntlet_model::{Kind, LooseForm};
use gauntlet_reports::baseline::{self, Baseline, UNEXPLAINED};
use gauntlet_yaml::File;

const GOOD: &str = "\
target: embedded-openssl
known:
  - case: tls13/record/padding*
    verdict: fail
    reason: lets padding pass
  - scenario: tls13/alert/none
    verdict: [loose, fail]
    form: no_alert
    reason: closes without a word
  - case: \"tls13/**\"
    verdict: crash
    reason: dies of anything
";

fn load(text: &str) -> Baseline {
    baseline::load(&File::new("b.yaml", text)).map_err(|errors| errors.render(false)).unwrap()
}

#[test]
fn an_outcome_is_expected_only_as_listed() {
    let baseline = load(GOOD);
    let mut fail = verdict("tls13/record/padding@length=3", Kind::Fail, "");
    assert_eq!(baseline.matches(&fail), Some("lets padding pass"));
    fail.verdict = Kind::Hang;
    assert_eq!(baseline.matches(&fail), None);
    fail.verdict = Kind::Crash;
    assert_eq!(baseline.matches(&fail), Some("dies of anything"));
    fail.target = "other".to_owned();
    assert_eq!(baseline.matches(&fail), None);
    // `*` stays within its folder.
    assert_eq!(baseline.matches(&verdict("tls13/record/padding/x", Kind::Fail, "")), None);
    let mut loose = verdict("tls13/alert/none@a=1", Kind::Loose, "");
    loose.form = Some(LooseForm::OtherAlert);
    assert_eq!(baseline.matches(&loose), None);
    loose.form = Some(LooseForm::NoAlert);
    assert_eq!(baseline.matches(&loose), Some("closes without a word"));
    loose.verdict = Kind::Fail;
    assert_eq!(baseline.matches(&loose), Some("closes without a word"));
}

#[test]
fn an_id_with_brackets_means_itself() {
    let text = "target: embedded-openssl\nknown: [{ case: \"a@x=[0]\", verdict: fail, reason: r }]\n";
    assert_eq!(load(text).matches(&verdict("a@x=[0]", Kind::Fail, "")), Some("r"));
}

#[test]
fn every_mistake_is_shown_at_its_place() {
    let bad = "\
target: t
knwon: []
known:
  - { case: a, verdict: fail }
  - { case: a, verdict: fail, reason: \"  \" }
  - { case: a, scenario: a, verdict: fail, reason: r }
  - { verdict: fail, reason: r }
  - { case: \"a{\", verdict: fail, reason: r }
  - { case: a, verdict: pass, reason: r }
  - { case: a, verdict: falil, reason: r }
  - { case: a, verdict: fail, form: no_alert, reason: r }
  - { case: a, verdict: loose, form: noalert, reason: r }
  - { case: a, verdict: loose, raeson: r }
  - 7
";
    insta::assert_snapshot!(baseline::load(&File::new("b.yaml", bad)).unwrap_err().render(false));
}

#[test]
fn entries_that_no_longer_hold_are_stale() {
    let baseline = load(GOOD);
    let mut run = samples::run();
    run.cases.iter_mut().for_each(|case| case.expected_by_baseline = None);
    run.cases.retain(|case| case.verdict != Kind::Crash);
    run.cases.iter_mut().filter(|case| case.id == "tls13/record/padding").for_each(|case| case.verdict = Kind::Pass);
    baseline::apply(std::slice::from_ref(&baseline), &mut run);
    let stale: Vec<String> = run.stale.iter().map(ToString::to_string).collect();
    assert_eq!(
        stale,
        [
            "b.yaml:3: fail for tls13/record/padding*, now pass",
            "b.yaml:10: crash for tls13/**, now fail, loose (no_alert), pass",
        ]
    );
    assert!(gauntlet_reports::terminal::summary(&run, false).contains(&stale[0]));
    assert_eq!(run.cases.iter().filter(|case| case.expected_by_baseline.is_some()).count(), 1);
    // Of what was not run nothing is known.
    assert_eq!((baseline.stale(&[]).len(), baseline.not_run(&[]).len()), (0, 3));
    let skipped = verdict("tls13/record/padding", Kind::Skip, "");
    assert!(baseline.stale(&[skipped]).is_empty());
}

#[test]
fn a_baseline_of_several_targets_holds_for_each() {
    let text = "target: [embedded-openssl, other]\nknown: [{ case: \"**\", verdict: crash, reason: r }]\n";
    let baseline = load(text);
    let of = |target: &str, kind| CaseResult { target: target.to_owned(), ..verdict("a", kind, "") };
    let cases = [of("embedded-openssl", Kind::Crash), of("other", Kind::Pass), of("third", Kind::Crash)];
    let expected: Vec<bool> = cases.iter().map(|case| baseline.matches(case).is_some()).collect();
    assert_eq!(expected, [true, false, false]);
    let stale: Vec<String> = baseline.stale(&cases).into_iter().map(|stale| stale.target).collect();
    assert_eq!(stale, ["other"], "there it passes now");
}

#[test]
fn a_written_baseline_makes_the_run_as_expected() {
    let mut run = samples::run();
    let mut twice = verdict("tls13/both@a=2", Kind::Hang, "# nothing\nat: all");
    twice.target = "embedded-openssl".to_owned();
    run.cases.extend([verdict("tls13/both@a=1", Kind::Hang, "nothing"), twice]);
    let text = baseline::write(&run, "embedded-openssl");
    insta::assert_snapshot!(text);
    baseline::apply(&[load(&text)], &mut run);
    assert_eq!(run.outcome(), gauntlet_reports::Outcome::AsExpected);
    assert!(run.stale.is_empty());
    assert!(run.cases.iter().any(|case| case.expected_by_baseline.as_deref() == Some(UNEXPLAINED)));
    let other = load(&baseline::write(&run, "strict"));
    assert!(other.known.is_empty());
}

#[test]
fn hostile_ids_come_back_as_they_were() {
    let mut evil = samples::hostile();
    // Within a quoted scalar YAML has no NUL; everything else returns.
    for field in [&mut evil.id, &mut evil.scenario, &mut evil.target, &mut evil.reason] {
        *field = field.replace('\0', "");
    }
    let run = gauntlet_reports::RunData { cases: vec![evil.clone(), case("fine")], ..Default::default() };
    let text = baseline::write(&run, &evil.target);
    assert_eq!(load(&text).matches(&evil), Some(UNEXPLAINED), "{text}");
}
