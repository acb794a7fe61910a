//! Scenarios, baselines and results: where they come from.

use crate::Failure;
use crate::args::Selection;
use gauntlet_engine::Select;
use gauntlet_model::result::read_lines;
use gauntlet_model::{Line, Transcript};
use gauntlet_reports::{Baseline, RunData, Sources, baseline, ctrf, html, junit, load, markdown, sarif};
use gauntlet_scenario::Corpus;
use std::collections::HashMap;
use std::fs;
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Bytes of a file of evidence that is read as a whole.
const WHOLE: u64 = 1 << 20;

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

/// The results in folders. Evidence is named as seen from `out`, where the reports will lie.
pub(crate) fn read_run(folders: &[PathBuf], out: Option<&Path>) -> Result<RunData, Failure> {
    let mut lines = Vec::new();
    for folder in folders {
        let path = if folder.is_dir() { folder.join("results.jsonl") } else { folder.clone() };
        let wrong = |error: std::io::Error| Failure::usage(format!("{}: {error}", path.display()));
        let file = fs::File::open(&path).map_err(wrong)?;
        let mut read = read_lines(BufReader::new(file)).map_err(wrong)?;
        let home = path.parent().unwrap_or(Path::new("."));
        if let Some(prefix) = out.and_then(|out| way(out, home)) {
            for line in &mut read {
                if let Line::Case(case) = line {
                    case.evidence = case.evidence.take().map(|evidence| format!("{prefix}{evidence}"));
                }
            }
        }
        lines.extend(read);
    }
    let mut run = load(lines);
    let ours = run.target_names().into_iter().filter(|name| gauntlet_target::own::by_name(name).is_some());
    run.ours = ours.map(str::to_owned).collect();
    Ok(run)
}

/// From one folder to another, as `../shard-2/`; `None`: they are the same, or one of them is not there.
fn way(from: &Path, to: &Path) -> Option<String> {
    let absolute = |path: &Path| if path == Path::new("") { Path::new(".") } else { path }.canonicalize().ok();
    let (from, to) = (absolute(from)?, absolute(to)?);
    let common = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(common).map(|_| "..".to_owned());
    let down = to.components().skip(common).map(|part| part.as_os_str().to_string_lossy().into_owned());
    let parts: Vec<String> = up.chain(down).collect();
    (!parts.is_empty()).then(|| parts.join("/") + "/")
}

/// Writes all reports into the folder of the results.
pub(crate) fn write_reports(run: &RunData, corpus: &Corpus, out: &Path) -> Result<(), Failure> {
    let texts: HashMap<&str, &str> =
        corpus.scenarios.iter().map(|scenario| (scenario.id.as_str(), &*scenario.file.text)).collect();
    // Scenarios that are not of this corpus may still lie where they lay when they were run.
    let files: HashMap<&str, &str> = run
        .cases
        .iter()
        .filter_map(|case| Some((case.scenario.as_str(), case.at.as_ref()?.file.as_str())))
        .filter(|(scenario, file)| !texts.contains_key(scenario) && file.ends_with(".yaml"))
        .collect();
    let source = |id: &str| {
        let embedded = texts.get(id).map(|text| (*text).to_owned());
        embedded.or_else(|| fs::read_to_string(files.get(id)?).ok())
    };
    let transcript = |evidence: &str| read_transcript(&out.join(evidence).join("transcript.json"));
    // The large ones go to their files as they are made, and none is in memory beside another.
    write_file(&out.join("junit.xml"), &junit(run, &source))?;
    write_with(&out.join("report.sarif"), |file| sarif::write(run, &source, file))?;
    write_with(&out.join("ctrf.json"), |file| ctrf::write(run, file))?;
    write_file(&out.join("report.md"), &markdown(run))?;
    let sources = Sources { scenario: &source, transcript: &transcript };
    write_with(&out.join("index.html"), |file| html::write(run, &sources, file))
}

/// A transcript; `None`: it is not there, or is none.
fn read_transcript(path: &Path) -> Option<Transcript> {
    let file = fs::File::open(path).ok()?;
    // Faster from memory; but the largest are of more than 100 MB.
    if file.metadata().ok()?.len() > WHOLE {
        return serde_json::from_reader(BufReader::new(file)).ok();
    }
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Writes one file piece by piece.
pub(crate) fn write_with(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Result<(), Failure> {
    let written = fs::File::create(path).map(BufWriter::new).and_then(|mut file| {
        write(&mut file)?;
        file.flush()
    });
    written.map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

/// Writes one file.
pub(crate) fn write_file(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}
