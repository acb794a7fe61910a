//! The requirement catalogue: what the RFCs demand, in our own words, one file an RFC (`vectors/requirements/`).

use serde::{Deserialize, Serialize};

/// How binding a requirement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Level {
    /// Also REQUIRED and SHALL.
    #[serde(rename = "MUST")]
    Must,
    /// Also SHALL NOT.
    #[serde(rename = "MUST NOT")]
    MustNot,
    /// Also RECOMMENDED.
    #[serde(rename = "SHOULD")]
    Should,
    /// Also NOT RECOMMENDED.
    #[serde(rename = "SHOULD NOT")]
    ShouldNot,
    /// Also OPTIONAL.
    #[serde(rename = "MAY")]
    May,
}

/// One requirement. See `vectors/requirements/README.md` for what each field says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirement {
    /// `rfc9846-4.2.2-30`.
    pub id: String,
    /// Section of RFC 8446 with the same or a weaker rule.
    pub rfc8446: Option<String>,
    /// RFC 9846 adds or strengthens it.
    pub new: bool,
    /// How binding.
    pub level: Level,
    /// `client`, `server` or `both`.
    pub binds: String,
    /// The condition.
    pub when: Option<String>,
    /// The behaviour.
    pub then: String,
    /// Alerts to expect if one is sent at all; empty: none named.
    pub alert: Vec<String>,
    /// Section the alert is from when the rule names none.
    pub alert_from: Option<String>,
    /// `definition` or `derived`; `None`: stated by the RFC.
    pub basis: Option<String>,
    /// `wire`, `wire-probe`, `timing`, `local` or `none`.
    pub observable: String,
    /// Subject for grouping.
    pub topic: String,
    /// Id of the newer rule that replaces it.
    pub superseded_by: Option<String>,
    /// Id of the entry that states the same.
    pub same_as: Option<String>,
    /// Passages of the RFCs disagree.
    pub disputed: bool,
    /// Doubts, exceptions.
    pub note: Option<String>,
}

/// All requirements of one RFC or draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// `rfc9846` or `draft-ecdhe-mlkem`: the file's stem.
    pub name: String,
    /// RFC number, if it is one.
    pub rfc: Option<u32>,
    /// Title.
    pub title: String,
    /// RFC numbers it obsoletes.
    pub obsoletes: Vec<u32>,
    /// In order of the file.
    pub requirements: Vec<Requirement>,
}

/// All documents.
#[derive(Debug)]
pub struct Catalogue {
    documents: Vec<Document>,
}

impl Catalogue {
    /// The catalogue that is compiled in, read once.
    pub fn embedded() -> &'static Catalogue {
        todo!()
    }
    /// All documents, by name.
    pub fn documents(&self) -> &[Document] {
        &self.documents
    }
    /// A requirement by its id.
    pub fn requirement(&self, _id: &str) -> Option<&Requirement> {
        todo!()
    }
    /// The id that looks most like this one, for did-you-mean.
    pub fn nearest(&self, _id: &str) -> Option<&str> {
        todo!()
    }
}

impl Requirement {
    /// Section number, such as `4.2.2`.
    pub fn section(&self) -> &str {
        todo!()
    }
    /// `RFC 9846, 4.2.2`.
    pub fn citation(&self) -> String {
        todo!()
    }
    /// The rule as one sentence: level, condition and behaviour.
    pub fn sentence(&self) -> String {
        todo!()
    }
}
