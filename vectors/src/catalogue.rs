//! The requirement catalogue: what the RFCs demand, in our own words, one file an RFC (`vectors/requirements/`).

use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::OnceLock;

/// Made by the build script from `requirements/*.yaml`, which it has checked.
static EMBEDDED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/catalogue.json"));

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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rfc8446: Option<String>,
    /// RFC 9846 adds or strengthens it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub new: bool,
    /// How binding.
    pub level: Level,
    /// `client`, `server` or `both`.
    pub binds: String,
    /// The condition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// The behaviour.
    pub then: String,
    /// Alerts to expect if one is sent at all; empty: none named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alert: Vec<String>,
    /// Section the alert is from when the rule names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert_from: Option<String>,
    /// `definition` or `derived`; `None`: stated by the RFC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
    /// `wire`, `wire-probe`, `timing`, `local` or `none`.
    pub observable: String,
    /// Subject for grouping.
    pub topic: String,
    /// Id of the newer rule that replaces it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superseded_by: Option<String>,
    /// Id of the entry that states the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_as: Option<String>,
    /// Passages of the RFCs disagree.
    #[serde(default, skip_serializing_if = "is_false")]
    pub disputed: bool,
    /// Doubts, exceptions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Why no case decides it, though a peer could see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why_not: Option<String>,
}

/// By which text of TLS 1.3 a run is judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rules {
    /// RFC 9846.
    #[default]
    Rfc9846,
    /// RFC 8446, which it replaced: what is marked as new binds nobody.
    Rfc8446,
}

impl Rules {
    /// The RFC's number.
    pub fn number(self) -> u32 {
        match self {
            Rules::Rfc9846 => 9846,
            Rules::Rfc8446 => 8446,
        }
    }
    /// Why requirements do not bind under these rules: none of them was there yet.
    pub fn exclude(self, requirements: &[&Requirement]) -> Option<String> {
        let newer = self == Rules::Rfc8446 && requirements.iter().all(|requirement| requirement.new);
        let first = requirements.first().filter(|_| newer)?;
        Some(format!("RFC 8446 has no such rule: {} is new in RFC 9846", first.id))
    }
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

impl Requirement {
    /// Whether outcomes count for or against an implementation: not where the RFCs disagree with themselves, where a
    /// newer rule has taken this one's place, or where either behaviour conforms.
    pub fn is_scored(&self) -> bool {
        !self.disputed && self.superseded_by.is_none() && self.level != Level::May
    }
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// All documents.
#[derive(Debug)]
pub struct Catalogue {
    documents: Vec<Document>,
    /// Id → document and place in it.
    places: HashMap<String, (usize, usize)>,
}

impl Catalogue {
    /// The catalogue that is compiled in, read once.
    pub fn embedded() -> &'static Catalogue {
        static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
        CATALOGUE.get_or_init(|| {
            Catalogue::new(serde_json::from_slice(EMBEDDED).expect("the build script wrote this for these types"))
        })
    }
    /// From documents, in order of their names.
    pub fn new(mut documents: Vec<Document>) -> Catalogue {
        documents.sort_by(|a, b| a.name.cmp(&b.name));
        let entries = documents.iter().enumerate().flat_map(|(i, document)| {
            document.requirements.iter().enumerate().map(move |(j, requirement)| (requirement.id.clone(), (i, j)))
        });
        let places = entries.collect();
        Catalogue { documents, places }
    }
    /// All documents, by name.
    pub fn documents(&self) -> &[Document] {
        &self.documents
    }
    /// A document by its name, such as `rfc9846`.
    pub fn document(&self, name: &str) -> Option<&Document> {
        self.documents.iter().find(|document| document.name == name)
    }
    /// Every requirement, in order of documents.
    pub fn requirements(&self) -> impl Iterator<Item = &Requirement> {
        self.documents.iter().flat_map(|document| &document.requirements)
    }
    /// A requirement by its id.
    pub fn requirement(&self, id: &str) -> Option<&Requirement> {
        let (document, place) = self.places.get(id)?;
        self.documents.get(*document)?.requirements.get(*place)
    }
    /// A requirement by its id, or by the id of one that states the same: the entry that counts.
    pub fn resolve(&self, id: &str) -> Option<&Requirement> {
        let mut found = self.requirement(id)?;
        // The build script refuses circles; another maker of catalogues might not.
        for _ in 0..self.places.len() {
            let Some(next) = found.same_as.as_deref().and_then(|id| self.requirement(id)) else {
                break;
            };
            found = next;
        }
        Some(found)
    }
    /// The id that looks most like this one, for did-you-mean.
    ///
    /// The document has to be right but for a slip (`rcf9846`); then the section counts more than the number in it,
    /// since numbers within a section name quite different rules.
    pub fn nearest(&self, id: &str) -> Option<&str> {
        let wanted = id.trim().to_lowercase();
        let heads = || wanted.match_indices('-').map(|(at, _)| (&wanted[..at], &wanted[at + 1..]));
        let pairs = self.documents.iter().flat_map(|document| heads().map(move |(head, tail)| (document, head, tail)));
        let (document, _, tail) = pairs
            .filter_map(|(document, head, tail)| Some((document, slip(head, &document.name)?, tail)))
            .min_by_key(|(_, distance, _)| *distance)?;
        let (section, number) = tail.rsplit_once('-').unwrap_or((tail, ""));
        let distance = |candidate: &Requirement| {
            let (_, theirs) = candidate.id.rsplit_once('-').unwrap_or_default();
            let sections = strsim::osa_distance(section, &candidate.section().to_lowercase());
            (sections, strsim::osa_distance(number, theirs))
        };
        let ranked = document.requirements.iter().map(|requirement| (requirement, distance(requirement)));
        let (found, (sections, _)) = ranked.min_by_key(|(_, distance)| *distance)?;
        (sections <= 1).then_some(found.id.as_str())
    }
}

/// How far a typed name is from a document's, if it can be meant. Digits are what tells RFCs apart: they may have
/// changed places, but all have to be there.
fn slip(typed: &str, name: &str) -> Option<usize> {
    let bare = name.strip_prefix("rfc").unwrap_or(name);
    let distance = strsim::osa_distance(typed, name).min(strsim::osa_distance(typed, bare) + 1);
    (distance <= 2 && sorted_digits(typed) == sorted_digits(name)).then_some(distance)
}

fn sorted_digits(text: &str) -> Vec<char> {
    let mut digits: Vec<char> = text.chars().filter(char::is_ascii_digit).collect();
    digits.sort_unstable();
    digits
}

impl Level {
    /// As the RFCs write it.
    pub fn name(self) -> &'static str {
        match self {
            Level::Must => "MUST",
            Level::MustNot => "MUST NOT",
            Level::Should => "SHOULD",
            Level::ShouldNot => "SHOULD NOT",
            Level::May => "MAY",
        }
    }
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

impl Requirement {
    /// Section number, such as `4.2.2`.
    pub fn section(&self) -> &str {
        self.id.rsplit('-').nth(1).unwrap_or_default()
    }
    /// Name of the document, such as `rfc9846`.
    pub fn document(&self) -> &str {
        self.id.rsplitn(3, '-').nth(2).unwrap_or_default()
    }
    /// `RFC 9846, 4.2.2`.
    pub fn citation(&self) -> String {
        let document = self.document();
        let name = document.strip_prefix("rfc").map_or_else(|| document.to_owned(), |number| format!("RFC {number}"));
        format!("{name}, {}", self.section())
    }
    /// Whether the RFC states the rule itself, so that it is scored as one of its requirements.
    pub fn is_stated(&self) -> bool {
        self.basis.is_none()
    }
    /// The rule as one sentence: level, condition and behaviour.
    ///
    /// `A client MUST terminate the connection (unexpected_message) when application_data arrives protected by
    /// handshake keys, ahead of the server Finished.`
    pub fn sentence(&self) -> String {
        let bound = match self.binds.as_str() {
            "client" => "A client",
            "server" => "A server",
            _ => "An endpoint",
        };
        let mut sentence = format!("{bound} {} {}", self.level, self.then);
        if !self.alert.is_empty() {
            sentence.push_str(&format!(" ({})", self.alert.join(" or ")));
        }
        if let Some(when) = &self.when {
            sentence.push_str(&format!(" {}{when}", conjunction(when)));
        }
        sentence.push('.');
        sentence
    }
}

/// What joins a condition to the rule: `when` before a clause, a preposition before a mere noun.
fn conjunction(when: &str) -> &'static str {
    match when.split(' ').next().unwrap_or_default() {
        "in" | "at" => "",
        "any" | "every" if !is_clause(when) => "for ",
        _ if is_clause(when) => "when ",
        _ => "on ",
    }
}

/// Whether a condition has a verb of its own, so far as its words tell.
fn is_clause(when: &str) -> bool {
    let mut words = when.split(|c: char| !c.is_alphanumeric() && !"_'.-".contains(c)).filter(|word| !word.is_empty());
    let first = words.next().unwrap_or_default();
    if first.ends_with("ing") || matches!(first, "it" | "ready" | "able" | "about") {
        return true;
    }
    let arrives = when.contains(" arrive");
    arrives
        || words.take_while(|word| !matches!(*word, "whose" | "that" | "which" | "where")).any(is_verb)
        || first == "that"
}

/// Whether a word looks like a verb with a subject ahead of it.
fn is_verb(word: &str) -> bool {
    const OTHERS: &[&str] = &[
        "agree", "are", "ask", "came", "can", "carry", "chose", "could", "demand", "did", "differ", "do", "exist",
        "follow", "gave", "had", "have", "hold", "may", "must", "repeat", "rule", "sent", "serve", "stand", "support",
        "use", "went", "would",
    ];
    const NOUNS: &[&str] = &[
        "always",
        "alerts",
        "as",
        "besides",
        "bits",
        "blocks",
        "bytes",
        "certificates",
        "clients",
        "connections",
        "credentials",
        "extensions",
        "fields",
        "groups",
        "handshakes",
        "hellos",
        "identifiers",
        "its",
        "keys",
        "messages",
        "modes",
        "options",
        "others",
        "parameters",
        "plus",
        "records",
        "requests",
        "servers",
        "sides",
        "stores",
        "suites",
        "thus",
        "tickets",
        "values",
        "various",
        "versions",
    ];
    let inflected = word.ends_with("ed") || word.ends_with('s') && !word.ends_with("ss") && !NOUNS.contains(&word);
    word.bytes().all(|byte| byte.is_ascii_lowercase()) && (inflected || OTHERS.contains(&word))
}
