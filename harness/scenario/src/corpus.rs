//! Many scenarios: embedded, a folder, or single files.

use crate::Scenario;
use crate::typer::Shared;
use gauntlet_yaml::{Diagnostics, File};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// The folder of shared steps.
const STEPS: &str = "steps/";

/// Loaded scenarios in order of id.
#[derive(Clone, Debug, Default)]
pub struct Corpus {
    /// In order of id.
    pub scenarios: Vec<Scenario>,
    /// Warnings of the lint.
    pub warnings: Diagnostics,
}

/// Why a corpus cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum CorpusError {
    /// Some files are wrong; all of them are named.
    #[error("{}", .0.render(false))]
    Wrong(Diagnostics),
    /// A file or folder cannot be read.
    #[error("{path}: {error}")]
    Unreadable {
        /// Which.
        path: String,
        /// Why.
        error: std::io::Error,
    },
}

impl Corpus {
    /// From (path relative to the corpus, such as `tls13/x.yaml`; text) pairs; `steps/` holds shared steps. `shown` is put in
    /// front of the path for messages (`scenarios/`).
    ///
    /// # Errors
    /// All that is wrong with any of them.
    pub fn from_files<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
        shown: &str,
    ) -> Result<Corpus, CorpusError> {
        let mut files: Vec<(&str, &str)> = files.into_iter().collect();
        files.sort_unstable();
        let mut errors = Diagnostics::default();
        let mut shared = Shared::new();
        let mut corpus = Corpus::default();
        for (path, text) in files.iter().filter(|(path, _)| path.starts_with(STEPS)) {
            let name = path.trim_start_matches(STEPS).trim_end_matches(".yaml");
            match steps(&File::new(&format!("{shown}{path}"), text)) {
                Ok(steps) => _ = shared.insert(name.to_owned(), steps),
                Err(more) => errors.extend(more),
            }
        }
        for (path, text) in files.iter().filter(|(path, _)| !path.starts_with(STEPS)) {
            let id = path.trim_end_matches(".yaml");
            match Scenario::load(id, File::new(&format!("{shown}{path}"), text), &shared) {
                Ok((scenario, warnings)) => {
                    corpus.scenarios.push(scenario);
                    corpus.warnings.extend(warnings);
                }
                Err(more) => errors.extend(more),
            }
        }
        if errors.has_errors() {
            return Err(CorpusError::Wrong(errors));
        }
        corpus.scenarios.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(corpus)
    }

    /// All `*.yaml` below a folder.
    ///
    /// # Errors
    /// What cannot be read, or all that is wrong with any file.
    pub fn from_folder(folder: &Path) -> Result<Corpus, CorpusError> {
        let mut paths = Vec::new();
        collect(folder, &mut paths)?;
        let mut files = Vec::new();
        for path in paths {
            let text = read(&path)?;
            let relative = path.strip_prefix(folder).unwrap_or(&path);
            // Ids have slashes everywhere.
            let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
            files.push((parts.join("/"), text));
        }
        let shown = format!("{}/", folder.display().to_string().trim_end_matches('/'));
        Corpus::from_files(files.iter().map(|(path, text)| (path.as_str(), text.as_str())), &shown)
    }

    /// One file; its id is its stem. Shared steps are looked for in `steps/` beside it or in a folder above.
    ///
    /// # Errors
    /// What cannot be read, or all that is wrong with the file.
    pub fn from_file(file: &Path) -> Result<Corpus, CorpusError> {
        let text = read(file)?;
        let mut errors = Diagnostics::default();
        let mut shared = Shared::new();
        let folder = file.ancestors().skip(1).map(|above| above.join(STEPS)).find(|steps| steps.is_dir());
        let mut paths = Vec::new();
        if let Some(folder) = &folder {
            collect(folder, &mut paths)?;
        }
        for path in paths {
            let name = path.strip_prefix(folder.as_deref().unwrap_or(file)).unwrap_or(&path).with_extension("");
            match steps(&File::new(&path.display().to_string(), &read(&path)?)) {
                Ok(steps) => _ = shared.insert(name.display().to_string(), steps),
                Err(more) => errors.extend(more),
            }
        }
        let id = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        match Scenario::load(&id, File::new(&file.display().to_string(), &text), &shared) {
            Ok((scenario, warnings)) if !errors.has_errors() => Ok(Corpus { scenarios: vec![scenario], warnings }),
            Ok(_) => Err(CorpusError::Wrong(errors)),
            Err(more) => {
                errors.extend(more);
                Err(CorpusError::Wrong(errors))
            }
        }
    }

    /// A scenario by its id.
    pub fn scenario(&self, id: &str) -> Option<&Scenario> {
        self.scenarios.iter().find(|scenario| scenario.id == id)
    }

    /// SHA-256 over all ids and texts, hex: equal corpora, equal fingerprints.
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        let mut add = |text: &str| {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        };
        for scenario in &self.scenarios {
            add(&scenario.id);
            add(&scenario.file.text);
            for (name, (file, _)) in &scenario.shared {
                add(name);
                add(&file.text);
            }
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A file of shared steps: a list.
fn steps(file: &File) -> Result<(File, gauntlet_yaml::Yaml), Diagnostics> {
    let tree = file.parse()?;
    if tree.as_list().is_none() {
        let mut errors = Diagnostics::default();
        let message = format!("shared steps must be a list of steps, but this is {}", tree.describe());
        errors.error(file, tree.span, message, None);
        return Err(errors);
    }
    Ok((file.clone(), tree))
}

fn read(path: &Path) -> Result<String, CorpusError> {
    std::fs::read_to_string(path).map_err(|error| CorpusError::Unreadable { path: path.display().to_string(), error })
}

/// All `*.yaml` below a folder, hidden ones left out.
fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<(), CorpusError> {
    let unreadable = |error| CorpusError::Unreadable { path: folder.display().to_string(), error };
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
        if hidden {
            continue;
        }
        if path.is_dir() {
            collect(&path, paths)?;
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(())
}
