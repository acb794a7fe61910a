//! Scenarios, baselines and results: where they come from.

use crate::Failure;
use crate::args::Selection;
use gauntlet_engine::Select;
use gauntlet_model::Transcript;
use gauntlet_model::result::read_lines;
use gauntlet_reports::{Baseline, RunData, Sources, baseline, html, junit, load};
use gauntlet_scenario::Corpus;
use std::collections::HashMap;
use std::fs;
use std::io::BufReader;
use std::path::{Path, PathBuf};

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The scenarios that are compiled in.
pub(crate) fn embedded_corpus() -> Result<Corpus, Failure> {
    Corpus::from_files(SCENARIOS.iter().copied(), "scenarios/").map_err(|error| Failure::usage(error.to_string()))
}

/// The corpus that a command line means, and which of its cases. Files named in the selection are the corpus.
pub(crate) fn corpus_and_select(selection: &Selection) -> Result<(Corpus, Select), Failure> {
    let is_file = |text: &&String| {
        (text.ends_with(".yaml") || text.ends_with(".yml")) || Path::new(text.as_str()).is_dir() && text.ends_with('/')
    };
    let files: Vec<&String> = selection.select.iter().filter(is_file).collect();
    let others: Vec<&String> = selection.select.iter().filter(|text| !is_file(text)).collect();
    let select = Select::parse(&others).map_err(|error| Failure::usage(error.to_string()))?;
    let wrong = |error: gauntlet_scenario::CorpusError| Failure::usage(error.to_string());
    if files.is_empty() {
        let corpus = match &selection.corpus {
            Some(folder) => Corpus::from_folder(folder).map_err(wrong)?,
            None => embedded_corpus()?,
        };
        return Ok((corpus, select));
    }
    let mut corpus = Corpus::default();
    for file in files {
        let path = Path::new(file);
        let one = if path.is_dir() { Corpus::from_folder(path) } else { Corpus::from_file(path) }.map_err(wrong)?;
        corpus.scenarios.extend(one.scenarios);
        corpus.warnings.extend(one.warnings);
    }
    Ok((corpus, select))
}

/// The baselines of files, and those compiled in.
pub(crate) fn baselines(files: &[PathBuf], embedded: bool) -> Result<Vec<Baseline>, Failure> {
    let mut all = Vec::new();
    for path in files {
        let text = fs::read_to_string(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
        all.push(read_baseline(&path.display().to_string(), &text)?);
    }
    if embedded {
        for (name, text) in BASELINES {
            all.push(read_baseline(&format!("reports/baselines/{name}"), text)?);
        }
    }
    Ok(all)
}

fn read_baseline(name: &str, text: &str) -> Result<Baseline, Failure> {
    baseline::load(&gauntlet_yaml::File::new(name, text)).map_err(|error| Failure::usage(error.render(false)))
}

/// The results in a folder.
pub(crate) fn read_run(folders: &[PathBuf]) -> Result<RunData, Failure> {
    let mut lines = Vec::new();
    for folder in folders {
        let path = if folder.is_dir() { folder.join("results.jsonl") } else { folder.clone() };
        let wrong = |error: std::io::Error| Failure::usage(format!("{}: {error}", path.display()));
        let file = fs::File::open(&path).map_err(wrong)?;
        lines.extend(read_lines(BufReader::new(file)).map_err(wrong)?);
    }
    Ok(load(lines))
}

/// Writes `junit.xml` and `index.html` beside the results.
pub(crate) fn write_reports(run: &RunData, corpus: &Corpus, folders: &[PathBuf], out: &Path) -> Result<(), Failure> {
    let texts: HashMap<&str, &str> =
        corpus.scenarios.iter().map(|scenario| (scenario.id.as_str(), &*scenario.file.text)).collect();
    let source = |id: &str| texts.get(id).map(|text| (*text).to_owned());
    let transcript = |evidence: &str| -> Option<Transcript> {
        let path =
            folders.iter().map(|folder| folder.join(evidence).join("transcript.json")).find(|path| path.exists())?;
        serde_json::from_slice(&fs::read(path).ok()?).ok()
    };
    let page = html(run, &Sources { scenario: &source, transcript: &transcript });
    for (name, text) in [("junit.xml", junit(run, &source)), ("index.html", page)] {
        let path = out.join(name);
        fs::write(&path, text).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    }
    Ok(())
}
