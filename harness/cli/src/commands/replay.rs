//! `replay`: one case again, everything printed.

use crate::args::Replay;
use crate::{Exit, Failure};
use gauntlet_engine::{AlertPolicy, case_seed, midnight, patient, probe, run_case};
use gauntlet_model::Kind;
use gauntlet_reports::{ladder, text};

/// Plays the case, prints its ladder (or all bytes) and the verdict.
pub(crate) fn replay(arguments: &Replay) -> Result<Exit, Failure> {
    let target = super::target(&arguments.target)?;
    let case = super::find_case(&arguments.case, arguments.corpus.as_ref(), None)?;
    let case = match arguments.case == case.id || arguments.case.contains(".yaml@") {
        true => case,
        // A scenario without a case named: its first case that the target can play.
        false => super::find_case(
            &arguments.case,
            arguments.corpus.as_ref(),
            Some(&capabilities(target.as_ref(), case.peer.other())?),
        )?,
    };
    let role = case.peer.other();
    let unreachable = |error: gauntlet_model::LinkError| Failure { text: error.to_string(), exit: Exit::Unreachable };
    target.supports(role, &case.options).map_err(|reason| Failure::usage(format!("skip: {reason}")))?;
    let mut instance = target.start(role, &case.options).map_err(unreachable)?;
    let mut settings = patient(target.as_ref(), case_seed(arguments.seed, &case.id));
    if let Some(date) = arguments.date.as_deref().and_then(midnight) {
        settings.date = date;
    }
    let policy: AlertPolicy = arguments.alerts.into();
    let (transcript, verdict) = run_case(instance.as_mut(), &case, &settings, policy);
    anstream::println!("{}\n{}\n", case.id, case.title);
    if arguments.bytes {
        anstream::println!("{}", text(&transcript));
    } else {
        anstream::println!("{}", ladder(&transcript, &ladder::Options { redact: false, lines: 400 }));
    }
    let form = verdict.form.map_or_else(String::new, |form| format!(" ({})", form.name()));
    anstream::println!("{}{form}: {}", verdict.kind.name(), verdict.reason);
    if let Some(at) = &verdict.at {
        anstream::println!("expected: {}\n    at {}:{}:{}", verdict.expected, at.file, at.line, at.column);
    }
    Ok(if matches!(verdict.kind, Kind::Pass | Kind::Loose) { Exit::Expected } else { Exit::Unexpected })
}

/// What a target can do.
fn capabilities(
    target: &dyn gauntlet_target::Target,
    role: gauntlet_model::Role,
) -> Result<gauntlet_model::Capabilities, Failure> {
    let failed = |error: gauntlet_model::LinkError| Failure { text: error.to_string(), exit: Exit::Unreachable };
    let options = Default::default();
    let mut instance = target.start(role, &options).map_err(failed)?;
    let settings = patient(target, [0; 32]);
    probe(instance.as_mut(), role, &options, &settings).map_err(failed)
}
