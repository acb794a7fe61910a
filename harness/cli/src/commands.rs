//! What each command does.

mod inspect;
mod replay;
mod report;
mod run;
mod selftest;
mod serve;
mod sweep;
mod write;

use crate::args::Command;
use crate::{Exit, Failure, data};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Carries a command out.
pub(crate) fn dispatch(command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Run(arguments) => run::run(&arguments),
        Command::List(selection) => inspect::list(&selection),
        Command::Show(arguments) => inspect::show(&arguments),
        Command::Replay(arguments) => replay::replay(&arguments),
        Command::Targets => inspect::targets(),
        Command::Probe(arguments) => inspect::probe(&arguments),
        Command::Serve(arguments) => serve::serve(&arguments),
        Command::Lint(arguments) => inspect::lint(&arguments),
        Command::Fmt(arguments) => write::fmt(&arguments),
        Command::New(arguments) => write::new(&arguments),
        Command::Selftest(arguments) => selftest::selftest(&arguments),
        Command::Schema(arguments) => write::schema(&arguments),
        Command::Sweep(arguments) => sweep::run(&arguments),
        Command::Baseline(arguments) => inspect::baseline(&arguments),
        Command::Report(arguments) => report::report(&arguments),
        Command::Compare(arguments) => report::compare_runs(&arguments),
        Command::Coverage(arguments) => report::coverage_of(&arguments),
    }
}

/// Set by the first Ctrl-C or SIGTERM, which asks for an end; a second one is not waited for.
pub(crate) fn stop_on_signal() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        let _ = signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&stop));
        let _ = signal_hook::flag::register(signal, Arc::clone(&stop));
    }
    stop
}

/// A target by what was written for it: an embedded stack, one of our own sides, a profile, a profile's file, an address.
pub(crate) fn target(name: &str) -> Result<Box<dyn gauntlet_target::Target>, Failure> {
    if let Some(own) = gauntlet_target::own::by_name(name) {
        return Ok(own);
    }
    gauntlet_target::by_name(name).map_err(|error| Failure::usage(error.to_string()))
}

/// The corpus that holds a case, and the case. A file is its own corpus.
pub(crate) fn find_case(
    id: &str,
    corpus: Option<&std::path::PathBuf>,
    capabilities: Option<&gauntlet_model::Capabilities>,
) -> Result<gauntlet_model::Case, Failure> {
    // `folder/name.yaml@a=1` is one case of a file.
    if let Some((file, parameters)) = id.split_once(".yaml@") {
        let file = std::path::PathBuf::from(format!("{file}.yaml"));
        let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        return find(&format!("{stem}@{parameters}"), vec![file.display().to_string()], None, capabilities);
    }
    let select = if id.ends_with(".yaml") { vec![id.to_owned()] } else { Vec::new() };
    find(id, select, corpus, capabilities)
}

fn find(
    id: &str,
    select: Vec<String>,
    corpus: Option<&std::path::PathBuf>,
    capabilities: Option<&gauntlet_model::Capabilities>,
) -> Result<gauntlet_model::Case, Failure> {
    let selection = crate::args::Selection { select, corpus: corpus.cloned() };
    let (corpus, _) = data::corpus_and_select(&selection)?;
    let wrong = |error: gauntlet_yaml::Diagnostics| Failure::usage(error.render(false));
    let mut names = Vec::new();
    for scenario in &corpus.scenarios {
        let relevant = id.ends_with(".yaml") || id == scenario.id || id.starts_with(&format!("{}@", scenario.id));
        names.push(scenario.id.clone());
        if !relevant {
            continue;
        }
        let expansion = scenario.expand(capabilities).map_err(wrong)?;
        let all: Vec<_> =
            expansion.cases.into_iter().chain(expansion.skipped.into_iter().map(|(case, _)| case)).collect();
        if let Some(case) = all.iter().find(|case| case.id == id) {
            return Ok(case.clone());
        }
        if id == scenario.id || id.ends_with(".yaml") {
            return all.into_iter().next().ok_or_else(|| Failure::usage(format!("{id} has no case")));
        }
        let hint = gauntlet_yaml::did_you_mean(id, all.iter().map(|case| case.id.as_str()));
        return Err(Failure::usage(format!("there is no case `{id}`{}", suffix(hint))));
    }
    let hint = gauntlet_yaml::did_you_mean(id, names.iter().map(String::as_str));
    Err(Failure::usage(format!("there is no case `{id}`{}", suffix(hint))))
}

fn suffix(hint: Option<String>) -> String {
    hint.map_or_else(String::new, |hint| format!(": {hint}"))
}
