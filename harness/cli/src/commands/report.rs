//! Commands over results that are there: `report`, `compare`, `coverage`, `schema`.

use super::run::print;
use crate::args::{Compare, CoverageArgs, Format, Report};
use crate::{Exit, Failure, data};
use gauntlet_model::result::write_line;
use gauntlet_reports::coverage::{Class, coverage};
use gauntlet_reports::{Outcome, RunData, baseline, compare, coverage as coverages, markdown};
use std::fs;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

/// Renders again: shards become one run, targets stand side by side.
pub(crate) fn report(arguments: &Report) -> Result<Exit, Failure> {
    let out = arguments.out.clone().unwrap_or_else(|| arguments.runs[0].clone());
    fs::create_dir_all(&out).map_err(|error| Failure::usage(format!("{}: {error}", out.display())))?;
    let mut run = read(&arguments.runs, Some(&out), &arguments.baseline)?;
    let corpus = data::embedded_corpus()?;
    let is = |folder: &PathBuf| same(folder, &out);
    if !arguments.runs.iter().any(is) {
        // What is rendered here can be compared, or put together with others, in its turn.
        write_results(&run, &out)?;
    }
    data::write_reports(&run, &corpus, &out)?;
    if let Some(folder) = &arguments.publish {
        publish(&mut run, folder)?;
    }
    print(&run, &corpus, &out, false, arguments.quiet);
    Ok(if matches!(run.outcome(), Outcome::AsExpected) { Exit::Expected } else { Exit::Unexpected })
}

/// Results, with what the baselines now say of them.
fn read(folders: &[PathBuf], out: Option<&Path>, files: &[PathBuf]) -> Result<RunData, Failure> {
    let mut run = data::read_run(folders, out)?;
    let baselines = data::baselines(files, true)?;
    run.cases.iter_mut().for_each(|case| case.expected_by_baseline = None);
    baseline::apply(&baselines, &mut run);
    Ok(run)
}

fn same(folder: &Path, out: &Path) -> bool {
    matches!((folder.canonicalize(), out.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

fn write_results(run: &RunData, out: &Path) -> Result<(), Failure> {
    let path = out.join("results.jsonl");
    let wrong = |error: std::io::Error| Failure::usage(format!("{}: {error}", path.display()));
    let mut text = Vec::new();
    run.to_lines().iter().try_for_each(|line| write_line(&mut text, line)).map_err(wrong)?;
    fs::write(&path, text).map_err(wrong)
}

/// A page and the results of each target, without what differs from machine to machine and from run to run.
fn publish(run: &mut RunData, folder: &Path) -> Result<(), Failure> {
    let wrong = |error: std::io::Error| Failure::usage(format!("{}: {error}", folder.display()));
    fs::create_dir_all(folder).map_err(wrong)?;
    let names: Vec<String> = run.target_names().into_iter().map(str::to_owned).collect();
    for name in names {
        let file: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
        data::write_file(&folder.join(format!("{file}.md")), &markdown::published(run, &name))?;
        data::write_file(&folder.join(format!("{file}.json")), &markdown::published_json(run, &name))?;
    }
    Ok(())
}

/// What is different; not as expected if something newly broke.
pub(crate) fn compare_runs(arguments: &Compare) -> Result<Exit, Failure> {
    let old = read(std::slice::from_ref(&arguments.old), None, &arguments.baseline)?;
    let new = read(std::slice::from_ref(&arguments.new), None, &arguments.baseline)?;
    let compared = compare(&old, &new);
    let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let text = match arguments.format {
        Format::Text => compare::text(&compared, colour && arguments.out.is_none()),
        Format::Markdown => compare::markdown(&compared),
        Format::Html => compare::html(&compared),
    };
    match &arguments.out {
        Some(path) => {
            data::write_file(path, &text)?;
            anstream::println!("{}", path.display());
        }
        None => anstream::print!("{text}"),
    }
    Ok(if compared.broke() { Exit::Unexpected } else { Exit::Expected })
}

/// Which requirements are decided; not as expected if fewer are than asked for.
pub(crate) fn coverage_of(arguments: &CoverageArgs) -> Result<Exit, Failure> {
    let run = data::read_run(&arguments.runs, None)?;
    let covered = coverage(&run);
    if let Some(only) = &arguments.rfc {
        let known =
            covered.documents.iter().any(|document| document.name == *only || document.name == format!("rfc{only}"));
        if !known {
            let names = covered.documents.iter().map(|document| document.name.trim_start_matches("rfc"));
            let hint = gauntlet_yaml::did_you_mean(only, names).map(|hint| format!(": {hint}")).unwrap_or_default();
            return Err(Failure::usage(format!("the catalogue has no RFC `{only}`{hint}")));
        }
    }
    if arguments.json {
        let text = serde_json::to_string_pretty(&covered).map_err(|error| Failure::usage(error.to_string()))?;
        anstream::println!("{text}");
    } else {
        anstream::print!("{}", coverages::text(&covered, arguments.rfc.as_deref(), arguments.ids));
    }
    let Some(least) = arguments.least else { return Ok(Exit::Expected) };
    let wanted = arguments.rfc.as_deref().unwrap_or("9846");
    let names = |name: &str| name == wanted || name == format!("rfc{wanted}");
    let document = covered.documents.iter().find(|document| names(&document.name));
    let percent = document.map_or(0, |document| document.numbers(Class::Must).percent());
    anstream::eprintln!("MUST of {wanted}: {percent} % decided, at least {least} % wanted");
    Ok(if percent >= least { Exit::Expected } else { Exit::Unexpected })
}
