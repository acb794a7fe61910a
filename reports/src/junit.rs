//! JUnit XML for CI systems: one suite for each target.
//!
//! Failed MUSTs, `crash` and `hang` are failures, `error` an error, `skip` skipped. What a baseline expects passes,
//! with the reason beside it; so does what is only to be looked at (`loose`, a failed SHOULD). A run that was cut off has an
//! error of its own, so that no CI takes it for complete. The text is valid by the schema that Jenkins publishes, the
//! strictest that is in use: what is known of a case stands in its `system-out`, a line each, as cases have no properties there.

use crate::run::{Outcome, RunData, Standing, standing};
use crate::terminal::failure;
use crate::{inert, stream, words};
use gauntlet_model::Kind;
use gauntlet_model::result::{CaseResult, RunLine};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use std::io::{self, Write};
use std::time::Duration;

type Xml<'a> = Writer<&'a mut dyn Write>;
type Source<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The report; `source` gives the text of a scenario by its id.
pub fn junit(run: &RunData, source: Source<'_>) -> String {
    stream::text(|out| write(run, source, out))
}

/// Writes the report.
///
/// # Errors
/// It cannot be written.
pub fn write(run: &RunData, source: Source<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut xml = Writer::new_with_indent(out, b' ', 4);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let unfinished = unfinished(run.outcome());
    let mut numbers = Numbers::of(run.cases.iter());
    if unfinished.is_some() {
        numbers.tests += 1;
        numbers.errors += 1;
    }
    let time = run.end.as_ref().map(|end| ("time", seconds(end.took_us)));
    // The outermost element may not say how many were skipped; the suites do.
    let attributes = [
        ("name", "gauntlet".to_owned()),
        ("tests", numbers.tests.to_string()),
        ("failures", numbers.failures.to_string()),
        ("errors", numbers.errors.to_string()),
    ];
    let all = attributes.iter().chain(&time).map(|(name, value)| (*name, value.as_str()));
    xml.create_element("testsuites").with_attributes(all).write_inner_content(|xml| {
        run.target_names().into_iter().try_for_each(|name| suite(run, name, source, xml))?;
        unfinished.map_or(Ok(()), |text| not_whole(text, xml))
    })?;
    xml.write_indent()
}

/// How many cases there are of each kind that JUnit knows, and how long they took.
#[derive(Default)]
struct Numbers {
    tests: usize,
    skipped: usize,
    errors: usize,
    failures: usize,
    took_us: u64,
}

impl Numbers {
    fn of<'a>(cases: impl Iterator<Item = &'a CaseResult>) -> Numbers {
        let mut numbers = Numbers::default();
        for case in cases {
            numbers.tests += 1;
            numbers.took_us += case.took_us;
            match status(case) {
                Status::Success => {}
                Status::Skipped => numbers.skipped += 1,
                Status::Error => numbers.errors += 1,
                Status::Failure => numbers.failures += 1,
            }
        }
        numbers
    }

    /// The attributes of a suite of that name.
    fn attributes(&self, name: &str) -> [(&'static str, String); 5] {
        [
            ("name", name.to_owned()),
            ("tests", self.tests.to_string()),
            ("skipped", self.skipped.to_string()),
            ("errors", self.errors.to_string()),
            ("failures", self.failures.to_string()),
        ]
    }
}

fn seconds(us: u64) -> String {
    format!("{:.3}", Duration::from_micros(us).as_secs_f64())
}

fn unfinished(outcome: Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::CutOff => Some("the run was cut off"),
        Outcome::Interrupted => Some("the run was interrupted"),
        Outcome::Empty => Some("no case was run"),
        Outcome::AsExpected | Outcome::Unexpected(_) => None,
    }
}

/// A suite that says so.
fn not_whole(text: &str, xml: &mut Xml<'_>) -> io::Result<()> {
    let attributes = Numbers { tests: 1, errors: 1, ..Numbers::default() }.attributes("run");
    let attributes = attributes.iter().map(|(name, value)| (*name, value.as_str()));
    xml.create_element("testsuite").with_attributes(attributes).write_inner_content(|xml| {
        xml.create_element("testcase").with_attribute(("name", "end")).write_inner_content(|xml| {
            xml.create_element("error").with_attribute(("message", text)).write_empty()?;
            Ok(())
        })?;
        Ok(())
    })?;
    Ok(())
}

fn suite(run: &RunData, name: &str, source: Source<'_>, xml: &mut Xml<'_>) -> io::Result<()> {
    let numbers = Numbers::of(run.of_target(name));
    let time = ("time", seconds(numbers.took_us));
    let attributes = numbers.attributes(&inert::line(name));
    let attributes = attributes.iter().chain([&time]).map(|(name, value)| (*name, value.as_str()));
    xml.create_element("testsuite").with_attributes(attributes).write_inner_content(|xml| {
        properties(run, name, xml)?;
        run.of_target(name).try_for_each(|case| test_case(case, source, xml))
    })?;
    Ok(())
}

fn properties(run: &RunData, name: &str, xml: &mut Xml<'_>) -> io::Result<()> {
    let target = run.targets.iter().find(|target| target.target == name);
    let version = target.map(|target| ("version", &target.version));
    let of_run = |line| -> [(&str, &String); 3] {
        let line: &RunLine = line;
        [("gauntlet", &line.version), ("started", &line.started), ("seed", &line.seed)]
    };
    let all: Vec<(&str, &String)> = version.into_iter().chain(run.run.iter().flat_map(of_run)).collect();
    if all.is_empty() {
        return Ok(());
    }
    xml.create_element("properties").write_inner_content(|xml| {
        for (name, value) in all {
            let attributes = [("name", name), ("value", &inert::line(value))];
            xml.create_element("property").with_attributes(attributes).write_empty()?;
        }
        Ok::<_, io::Error>(())
    })?;
    Ok(())
}

fn test_case(case: &CaseResult, source: Source<'_>, xml: &mut Xml<'_>) -> io::Result<()> {
    let (name, class, time) = (inert::line(&case.id), inert::line(&case.scenario), seconds(case.took_us));
    let attributes = [("name", &*name), ("classname", &*class), ("time", &*time)];
    xml.create_element("testcase").with_attributes(attributes).write_inner_content(|xml| {
        outcome(case, source, xml)?;
        xml.create_element("system-out").write_text_content(BytesText::new(&known(case)))?;
        Ok::<_, io::Error>(())
    })?;
    Ok(())
}

/// What is known of a case, a line each.
fn known(case: &CaseResult) -> String {
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
    known
}

/// What JUnit knows.
enum Status {
    Success,
    Skipped,
    Error,
    Failure,
}

fn status(case: &CaseResult) -> Status {
    match (case.verdict, standing(case)) {
        (Kind::Skip, _) => Status::Skipped,
        // What is only to be looked at still tells its verdict; the exit status does not mind it either.
        (_, Standing::Fine | Standing::Listed(_) | Standing::Notable) => Status::Success,
        (Kind::Error, _) => Status::Error,
        _ => Status::Failure,
    }
}

/// The element that says how a case came out; that it passed goes without one.
fn outcome(case: &CaseResult, source: Source<'_>, xml: &mut Xml<'_>) -> io::Result<()> {
    let element = match status(case) {
        Status::Success => return Ok(()),
        Status::Skipped => "skipped",
        Status::Error => "error",
        Status::Failure => "failure",
    };
    let message = inert::line(&case.reason);
    let element = xml.create_element(element).with_attribute(("message", &*message));
    if case.verdict == Kind::Skip {
        element.write_empty()?;
        return Ok(());
    }
    let text = source(&case.scenario).unwrap_or_default();
    let failure = failure(case, &text, false);
    let kind = words::verdict(case);
    element.with_attribute(("type", &*kind)).write_text_content(BytesText::new(&inert::lines(&failure)))?;
    Ok(())
}
