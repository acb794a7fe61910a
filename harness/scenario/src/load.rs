//! Loading one file.

use gauntlet_model::Role;
use gauntlet_yaml::{Diagnostics, File, Yaml};
use std::collections::BTreeMap;

/// One loaded and checked scenario file.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its path under the corpus, without `.yaml`.
    pub id: String,
    /// One sentence that states the rule.
    pub title: String,
    /// Doubts, explanations.
    pub note: Option<String>,
    /// Words to select by.
    pub tags: Vec<String>,
    /// What the harness plays: one role, or both.
    pub peers: Vec<Role>,
    /// All requirement ids that any of its cases decides.
    pub requirements: Vec<String>,
    /// The text.
    pub file: File,
    /// The parsed text.
    pub tree: Yaml,
    /// Shared steps (`use:`), parsed: name → (file, list of steps).
    pub shared: BTreeMap<String, (File, Yaml)>,
}

impl Scenario {
    /// Loads, types and lints one file. Warnings are in the second part.
    ///
    /// # Errors
    /// All that is wrong with the file.
    pub fn load(
        _id: &str,
        _file: File,
        _shared: &BTreeMap<String, (File, Yaml)>,
    ) -> Result<(Scenario, Diagnostics), Diagnostics> {
        todo!()
    }
}
