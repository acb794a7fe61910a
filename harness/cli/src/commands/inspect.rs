//! Commands that look at things: `list`, `show`, `targets`, `probe`, `lint`, `baseline`.

use crate::args::{BaselineArgs, Lint, Probe, Selection, Show};
use crate::{Exit, Failure, data};
use gauntlet_engine::Select;
use gauntlet_model::Role;
use gauntlet_scenario::Corpus;
use gauntlet_vectors::catalogue::Catalogue;
use gauntlet_yaml::{Kind, Yaml};
use std::collections::BTreeMap;
use std::io::IsTerminal;

/// One case a line: id and title.
pub(crate) fn list(selection: &Selection) -> Result<Exit, Failure> {
    let (corpus, select) = data::corpus_and_select(selection)?;
    let mut found = 0;
    for scenario in &corpus.scenarios {
        let expansion = scenario.expand(None).map_err(|error| Failure::usage(error.render(false)))?;
        for case in expansion.cases.iter().filter(|case| select.takes(case)) {
            found += 1;
            anstream::println!("{}  {}", case.id, case.title);
        }
    }
    if found == 0 {
        return Err(Failure::usage(format!(
            "nothing is selected: no case of {} scenarios fits",
            corpus.scenarios.len()
        )));
    }
    Ok(Exit::Expected)
}

/// The case's text, its requirements in words, what it does.
pub(crate) fn show(arguments: &Show) -> Result<Exit, Failure> {
    let case = super::find_case(&arguments.case, arguments.corpus.as_ref(), None)?;
    anstream::println!("{}\n{}\n", case.id, case.title);
    for id in &case.requirements {
        if let Some(requirement) = Catalogue::embedded().requirement(id) {
            anstream::println!("{id}  {}\n    {}", requirement.citation(), requirement.sentence());
        }
    }
    if let Some(note) = &case.note {
        anstream::println!("note: {note}");
    }
    anstream::println!(
        "\nthe harness plays the {}; the target is the {}\n",
        case.peer.name(),
        case.peer.other().name()
    );
    anstream::println!("{}", case.source.trim_end());
    Ok(Exit::Expected)
}

/// What can be tested here, and how to get what is not installed.
pub(crate) fn targets() -> Result<Exit, Failure> {
    let listed = gauntlet_target::profiles();
    let width = listed.iter().map(|listing| listing.name.len()).max().unwrap_or(0);
    for listing in listed {
        let roles: Vec<&str> = listing.roles.iter().map(|role| role.name()).collect();
        let state = if listing.installed { "installed" } else { "missing  " };
        let hint = if listing.installed { &listing.note } else { &listing.install };
        anstream::println!("{:width$}  {state}  {:13}  {hint}", listing.name, roles.join(","));
    }
    let own: Vec<&str> = gauntlet_target::own::Manner::ALL.into_iter().map(|manner| manner.name()).collect();
    anstream::println!("\nsides of our own, of which it is known what they do wrong: {}", own.join(", "));
    anstream::println!("a server that runs somewhere on this machine: --target 127.0.0.1:PORT");
    Ok(Exit::Expected)
}

/// What a target has in each of its roles: a page, or as JSON an object for each role.
pub(crate) fn probe(arguments: &Probe) -> Result<Exit, Failure> {
    let target = super::target(&arguments.target)?;
    let mut roles = target.roles();
    if let Some(role) = arguments.role.map(|role| role.role()) {
        roles.retain(|has| *has == role);
        if roles.is_empty() {
            return Err(Failure::usage(format!("{} is no {}", target.name(), role.name())));
        }
    }
    let probed = roles.into_iter().map(|role| probe_role(target.as_ref(), role)).collect::<Result<Vec<_>, _>>()?;
    if arguments.json {
        anstream::println!("{:#}", serde_json::Value::Array(probed.iter().map(Probed::to_json).collect()));
        return Ok(Exit::Expected);
    }
    let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let page = |probed: &Probed| {
        let Probed { target, version, role, took_us, capabilities } = probed;
        gauntlet_reports::capabilities::page(target, version, *role, capabilities, *took_us, colour)
    };
    let pages: Vec<String> = probed.iter().map(page).collect();
    anstream::print!("{}", pages.join("\n"));
    Ok(Exit::Expected)
}

/// What a probe has found.
struct Probed {
    target: String,
    version: String,
    role: Role,
    took_us: u64,
    capabilities: gauntlet_model::Capabilities,
}

impl Probed {
    fn to_json(&self) -> serde_json::Value {
        let Probed { target, version, role, took_us, capabilities } = self;
        serde_json::json!({
            "target": target, "version": version, "role": role, "took_us": took_us, "capabilities": capabilities,
        })
    }
}

fn probe_role(target: &dyn gauntlet_target::Target, role: Role) -> Result<Probed, Failure> {
    let unreachable = |error: gauntlet_model::LinkError| Failure { text: error.to_string(), exit: Exit::Unreachable };
    let options = Default::default();
    let mut instance = target.start(role, &options).map_err(unreachable)?;
    let settings = gauntlet_engine::patient(target, [0; 32]);
    // Starting it, and building its adapter before, is no part of probing.
    let began = std::time::Instant::now();
    let capabilities = gauntlet_engine::probe(instance.as_mut(), role, &options, &settings).map_err(unreachable)?;
    let took_us = began.elapsed().as_micros() as u64;
    Ok(Probed { target: target.name().to_owned(), version: target.version(), role, took_us, capabilities })
}

/// All that is wrong with scenario files.
pub(crate) fn lint(arguments: &Lint) -> Result<Exit, Failure> {
    let wrong = |error: gauntlet_scenario::CorpusError| Failure::usage(error.to_string());
    let mut corpora = Vec::new();
    if arguments.paths.is_empty() {
        corpora.push(data::embedded_corpus()?);
    }
    for path in &arguments.paths {
        corpora.push(if path.is_dir() { Corpus::from_folder(path) } else { Corpus::from_file(path) }.map_err(wrong)?);
    }
    let (mut scenarios, mut cases) = (0, 0);
    for corpus in &corpora {
        anstream::eprint!("{}", corpus.warnings.render(false));
        scenarios += corpus.scenarios.len();
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        for scenario in &corpus.scenarios {
            if let Some(other) = seen.insert(what_is_done(&scenario.tree), &scenario.id) {
                anstream::eprintln!("warning: {} does the same as {other}", scenario.id);
            }
            let expansion = scenario.expand(None).map_err(|error| Failure::usage(error.render(false)))?;
            cases += expansion.cases.iter().filter(|case| Select::default().takes(case)).count();
        }
    }
    let count = |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
    anstream::println!("{}, {}: no errors", count(scenarios, "scenario"), count(cases, "case"));
    Ok(Exit::Expected)
}

/// A scenario's text without what only says what it is for: two that are alike in the rest are one too many.
fn what_is_done(tree: &Yaml) -> String {
    let words = ["title", "note", "requirements", "tags"];
    let rest =
        tree.as_map().unwrap_or_default().iter().filter(|(key, _)| !words.contains(&key.as_str().unwrap_or_default()));
    Yaml::new(Kind::Map(rest.cloned().collect())).to_flow()
}

/// A baseline to edit, on standard output.
pub(crate) fn baseline(arguments: &BaselineArgs) -> Result<Exit, Failure> {
    let run = data::read_run(std::slice::from_ref(&arguments.run), None)?;
    let names = run.target_names();
    let target = match (&arguments.target, names.as_slice()) {
        (Some(target), _) => target.clone(),
        (None, [only]) => (*only).to_owned(),
        _ => return Err(Failure::usage(format!("the run has several targets, name one: {}", names.join(", ")))),
    };
    anstream::print!("{}", gauntlet_reports::baseline::write(&run, &target));
    Ok(Exit::Expected)
}
