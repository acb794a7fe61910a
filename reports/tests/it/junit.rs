use crate::samples;
use gauntlet_reports::junit;

#[test]
fn a_suite_for_each_target() {
    insta::assert_snapshot!(junit(&samples::run(), &samples::source));
}

#[test]
fn a_run_that_was_cut_off_is_an_error() {
    let mut run = samples::run();
    run.end = None;
    run.cases.clear();
    let xml = junit(&run, &samples::source);
    assert!(xml.contains(r#"errors="1""#) && xml.contains("the run was cut off"), "{xml}");
}

#[test]
fn hostile_text_is_inert() {
    let xml = junit(&samples::hostile_run(), &|_| Some(samples::HOSTILE.to_owned()));
    assert!(!xml.contains("<script") && !xml.contains("]]>"), "{xml}");
    let bad = xml.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
    assert_eq!(bad, None, "{xml:?}");
    let report = quick_junit::Report::deserialize_from_str(&xml).unwrap();
    let skipped: usize = report.test_suites.iter().map(|suite| suite.skipped).sum();
    assert_eq!((report.tests, report.failures, skipped), (3, 1, 1));
}
