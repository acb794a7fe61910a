//! What a target can do, as the probe found it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is known about one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Learnt {
    /// It has it.
    Yes,
    /// It was tried and refused.
    No,
    /// It was not learnt, and why (`timed out`, ...).
    NotLearnt(String),
}

/// Kinds (`versions`, `cipher_suites`, `groups`, `signature_schemes`, `extensions`, `resumption`, ...) → names → what is known.
/// Order of names is the order in which they were asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// By kind.
    pub kinds: BTreeMap<String, Vec<(String, Learnt)>>,
    /// Time from the last byte of a hello to the first of the answer: the longest seen, in microseconds.
    pub answer_us: u64,
}

impl Capabilities {
    /// What is known about a name of a kind.
    pub fn learnt(&self, kind: &str, name: &str) -> Option<&Learnt> {
        self.kinds.get(kind)?.iter().find(|(n, _)| n == name).map(|(_, learnt)| learnt)
    }
    /// Whether it has it.
    pub fn has(&self, kind: &str, name: &str) -> bool {
        self.learnt(kind, name) == Some(&Learnt::Yes)
    }
    /// All names of a kind that it has.
    pub fn all(&self, kind: &str) -> Vec<&str> {
        let entries = self.kinds.get(kind).map(Vec::as_slice).unwrap_or_default();
        entries.iter().filter(|(_, learnt)| *learnt == Learnt::Yes).map(|(name, _)| name.as_str()).collect()
    }
    /// Of the ways to answer data, those that nobody can see: it is not in the target, but in how it is driven.
    pub fn cannot_answer(&mut self, ways: &[String]) {
        for way in ways {
            self.learn("answers", way, Learnt::No);
        }
    }
    /// Records what was learnt; a later word replaces an earlier.
    pub fn learn(&mut self, kind: &str, name: &str, learnt: Learnt) {
        let entries = self.kinds.entry(kind.to_owned()).or_default();
        match entries.iter_mut().find(|(n, _)| n == name) {
            Some(entry) => entry.1 = learnt,
            None => entries.push((name.to_owned(), learnt)),
        }
    }
    /// Takes over the kinds of which nothing is known here.
    pub fn complete_by(&mut self, other: &Capabilities) {
        for (kind, names) in &other.kinds {
            self.kinds.entry(kind.clone()).or_insert_with(|| names.clone());
        }
    }
}
