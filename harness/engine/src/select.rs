//! Which cases are run: ids, globs, and filters.
//!
//! `tls13/**`, `tls13/x/compression@methods=2`, `rfc(9846/4.2.2)`, `level(must) & role(server) & !tag(slow)`.

use gauntlet_model::{Case, Role};
use gauntlet_vectors::catalogue::{Catalogue, Level};
use globset::{GlobBuilder, GlobMatcher};

/// A selection that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}`: {message}")]
pub struct SelectError {
    /// What was written.
    pub text: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// What is selected: any of several terms. Without terms: everything.
#[derive(Clone, Debug, Default)]
pub struct Select {
    terms: Vec<Term>,
}

#[derive(Clone, Debug)]
enum Term {
    Glob(GlobMatcher, String),
    Rfc(String),
    Level(String),
    Role(Role),
    Tag(String),
    Topic(String),
    Not(Box<Term>),
    And(Vec<Term>),
    Or(Vec<Term>),
}

const FILTERS: [&str; 5] = ["rfc", "level", "role", "tag", "topic"];

impl Select {
    /// Reads selections as they stand on the command line.
    ///
    /// # Errors
    /// The first that cannot be read.
    pub fn parse<S: AsRef<str>>(texts: &[S]) -> Result<Select, SelectError> {
        let terms = texts.iter().map(|text| parse(text.as_ref())).collect::<Result<_, _>>()?;
        Ok(Select { terms })
    }

    /// Whether a case is selected.
    pub fn takes(&self, case: &Case) -> bool {
        self.terms.is_empty() || self.terms.iter().any(|term| term.takes(case))
    }
}

impl Term {
    fn takes(&self, case: &Case) -> bool {
        match self {
            Term::Glob(glob, text) => {
                *text == *case.scenario || *text == case.id || glob.is_match(&*case.scenario) || glob.is_match(&case.id)
            }
            Term::Rfc(prefix) => case.requirements.iter().any(|id| in_section(id, prefix)),
            Term::Level(level) => requirements(case).any(|r| level_matches(r.level, level)),
            Term::Role(role) => case.peer.other() == *role,
            Term::Tag(tag) => case.tags.contains(tag),
            Term::Topic(topic) => requirements(case).any(|r| r.topic == *topic),
            Term::Not(term) => !term.takes(case),
            Term::And(terms) => terms.iter().all(|term| term.takes(case)),
            Term::Or(terms) => terms.iter().any(|term| term.takes(case)),
        }
    }
}

fn requirements(case: &Case) -> impl Iterator<Item = &'static gauntlet_vectors::catalogue::Requirement> + '_ {
    case.requirements.iter().filter_map(|id| Catalogue::embedded().requirement(id))
}

/// Whether `rfc9846-4.2.2-30` lies in `9846/4.2` or `9846`.
fn in_section(id: &str, prefix: &str) -> bool {
    let Some(rest) = id.strip_prefix("rfc") else { return false };
    let Some((rfc, rest)) = rest.split_once('-') else { return false };
    let section = rest.rsplit_once('-').map_or(rest, |(section, _)| section);
    match prefix.split_once('/') {
        None => rfc == prefix,
        Some((wanted, within)) => {
            rfc == wanted
                && (section == within || section.starts_with(within) && section[within.len()..].starts_with('.'))
        }
    }
}

fn level_matches(level: Level, wanted: &str) -> bool {
    match wanted {
        "must" => matches!(level, Level::Must | Level::MustNot),
        "should" => matches!(level, Level::Should | Level::ShouldNot),
        _ => matches!(level, Level::May),
    }
}

/// Reads one selection.
fn parse(text: &str) -> Result<Term, SelectError> {
    let error = |message: String| SelectError { text: text.to_owned(), message };
    let mut reader = Reader { rest: text.trim(), depth: 0 };
    let term = reader.any().map_err(error)?;
    if reader.rest.is_empty() { Ok(term) } else { Err(error(format!("`{}` is left over", reader.rest))) }
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl Reader<'_> {
    fn take(&mut self, symbol: char) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(symbol) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }

    fn any(&mut self) -> Result<Term, String> {
        self.depth += 1;
        if self.depth > 50 {
            return Err("too deeply nested".to_owned());
        }
        let mut terms = vec![self.all()?];
        while self.take('|') {
            terms.push(self.all()?);
        }
        self.depth -= 1;
        Ok(if terms.len() == 1 { terms.remove(0) } else { Term::Or(terms) })
    }

    fn all(&mut self) -> Result<Term, String> {
        let mut terms = vec![self.one()?];
        while self.take('&') {
            terms.push(self.one()?);
        }
        Ok(if terms.len() == 1 { terms.remove(0) } else { Term::And(terms) })
    }

    fn one(&mut self) -> Result<Term, String> {
        if self.take('!') {
            return Ok(Term::Not(Box::new(self.one()?)));
        }
        if self.take('(') {
            let term = self.any()?;
            return if self.take(')') { Ok(term) } else { Err("a `)` is missing".to_owned()) };
        }
        let end = self.rest.find(|c: char| c.is_whitespace() || "&|!()".contains(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        if word.is_empty() {
            return Err("an id, a glob or a filter is missing".to_owned());
        }
        self.rest = rest;
        if self.rest.starts_with('(') {
            return self.filter(word);
        }
        self.rest = self.rest.trim_start();
        glob(word)
    }

    fn filter(&mut self, name: &str) -> Result<Term, String> {
        let close = self.rest.find(')').ok_or("a `)` is missing")?;
        let value = self.rest[1..close].trim().to_owned();
        self.rest = self.rest[close + 1..].trim_start();
        Ok(match name {
            "rfc" => Term::Rfc(value),
            "level" if matches!(value.as_str(), "must" | "should" | "may") => Term::Level(value),
            "level" => return Err(format!("level is `must`, `should` or `may`, not `{value}`")),
            "role" => match value.as_str() {
                "server" => Term::Role(Role::Server),
                "client" => Term::Role(Role::Client),
                _ => return Err(format!("role is `server` or `client`, not `{value}`")),
            },
            "tag" => Term::Tag(value),
            "topic" => Term::Topic(value),
            _ => {
                let hint = gauntlet_yaml::did_you_mean(name, FILTERS).unwrap_or_else(|| FILTERS.join(", "));
                return Err(format!("there is no filter `{name}`: {hint}"));
            }
        })
    }
}

fn glob(word: &str) -> Result<Term, String> {
    let glob = GlobBuilder::new(word).literal_separator(true).build().map_err(|error| error.to_string())?;
    Ok(Term::Glob(glob.compile_matcher(), word.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(id: &str, requirements: &[&str]) -> Case {
        let mut case = crate::plain_handshake(id, Role::Client, &[0x0304], &Default::default(), &[]);
        case.requirements = requirements.iter().map(|id| (*id).to_owned()).collect();
        case.tags = vec!["slow".to_owned()];
        case
    }

    #[test]
    fn ids_globs_and_filters() {
        let case = case("tls13/hello/x", &["rfc9846-4.2.2-30"]);
        let takes = |text: &str| Select::parse(&[text]).unwrap().takes(&case);
        assert!(takes("tls13/hello/x"));
        assert!(takes("tls13/**"));
        assert!(!takes("tls13/*"));
        assert!(!takes("tls12/**"));
        assert!(takes("rfc(9846/4.2)"));
        assert!(!takes("rfc(9846/4.2.20)"));
        assert!(takes("level(must) & role(server)"));
        assert!(!takes("level(must) & !tag(slow)"));
        assert!(takes("role(client) | (tag(slow) & rfc(9846))"));
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let error = |text: &str| Select::parse(&[text]).unwrap_err().message;
        assert_eq!(error("levle(must)"), "there is no filter `levle`: did you mean `level`?");
        assert_eq!(error("level(maybe)"), "level is `must`, `should` or `may`, not `maybe`");
        assert_eq!(error("(tls13/**"), "a `)` is missing");
        assert_eq!(error("tag(a) &"), "an id, a glob or a filter is missing");
    }

    #[test]
    fn nothing_said_selects_everything() {
        assert!(Select::default().takes(&case("a/b", &[])));
    }
}
