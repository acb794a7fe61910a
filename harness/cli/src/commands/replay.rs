//! `replay`: one case again, everything printed.

use crate::args::Replay;
use crate::{Exit, Failure};
use gauntlet_engine::{AlertPolicy, case_seed, run_case};
use gauntlet_model::Kind;
use gauntlet_play::Settings;
use gauntlet_reports::{ladder, text};
use std::time::Duration;

/// Plays the case, prints its ladder (or all bytes) and the verdict.
pub(crate) fn replay(arguments: &Replay) -> Result<Exit, Failure> {
    let target = super::target(&arguments.target)?;
    let case = super::find_case(&arguments.case, arguments.corpus.as_ref(), None)?;
    let role = case.peer.other();
    let unreachable = |error: gauntlet_model::LinkError| Failure { text: error.to_string(), exit: Exit::Unreachable };
    target.supports(role, &case.options).map_err(|reason| Failure::usage(format!("skip: {reason}")))?;
    let mut instance = target.start(role, &case.options).map_err(unreachable)?;
    let mut settings = Settings::memory(target.name(), case_seed(arguments.seed, &case.id));
    if !target.is_memory() {
        settings.reply = Duration::from_secs(2);
        settings.silence = Duration::from_secs(1);
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
