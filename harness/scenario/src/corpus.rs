//! Many scenarios: embedded, a folder, or single files.

use crate::Scenario;
use gauntlet_yaml::Diagnostics;
use std::path::Path;

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
    pub fn from_files<'a>(
        _files: impl IntoIterator<Item = (&'a str, &'a str)>,
        _shown: &str,
    ) -> Result<Corpus, CorpusError> {
        todo!()
    }

    /// All `*.yaml` below a folder.
    pub fn from_folder(_folder: &Path) -> Result<Corpus, CorpusError> {
        todo!()
    }

    /// One file; its id is its stem.
    pub fn from_file(_file: &Path) -> Result<Corpus, CorpusError> {
        todo!()
    }

    /// A scenario by its id.
    pub fn scenario(&self, id: &str) -> Option<&Scenario> {
        self.scenarios.iter().find(|scenario| scenario.id == id)
    }

    /// SHA-256-like fingerprint of all texts, hex: equal corpora, equal fingerprints.
    pub fn fingerprint(&self) -> String {
        todo!()
    }
}
