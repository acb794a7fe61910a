//! Commands for whoever writes scenarios: `fmt`, `new`, `schema`.

use crate::args::{Fmt, New, SchemaArgs, SchemaOf};
use crate::{Exit, Failure};
use gauntlet_scenario::KEYS;
use gauntlet_vectors::catalogue::{Catalogue, Requirement};
use gauntlet_yaml::{File, Kind, Yaml};
use std::fs;
use std::path::Path;

/// A scenario's text in its canonical form: keys in order, one way to write everything.
///
/// # Errors
/// What makes the text no YAML.
pub(crate) fn canonical(name: &str, text: &str) -> Result<String, String> {
    let tree = File::new(name, text).parse().map_err(|errors| errors.render(false))?;
    let Kind::Map(mut entries) = tree.kind else { return Ok(tree.to_block()) };
    let place = |key: &Yaml| KEYS.iter().position(|known| key.as_str() == Some(known)).unwrap_or(KEYS.len());
    entries.sort_by_key(|(key, _)| place(key));
    Ok(Yaml::new(Kind::Map(entries)).to_block())
}

/// Of `results.jsonl`; written by hand, since readers rely on it.
const RESULTS_SCHEMA: &str = include_str!("../../../schemas/results.schema.json");

/// Prints a JSON Schema.
pub(crate) fn schema(arguments: &SchemaArgs) -> Result<Exit, Failure> {
    let generated = match arguments.of {
        SchemaOf::Scenario => gauntlet_scenario::schema(),
        SchemaOf::Profile => gauntlet_target::profile::schema(),
        SchemaOf::Results => {
            anstream::print!("{RESULTS_SCHEMA}");
            return Ok(Exit::Expected);
        }
    };
    anstream::println!("{generated:#}");
    Ok(Exit::Expected)
}

/// Whether a text has comments, which the canonical form would lose.
fn has_comments(text: &str) -> bool {
    text.lines().any(|line| line.trim_start().starts_with('#') || line.contains(" #"))
}

/// Prints scenario files in canonical form, or writes them so.
pub(crate) fn fmt(arguments: &Fmt) -> Result<Exit, Failure> {
    let mut exit = Exit::Expected;
    for path in &arguments.files {
        let name = path.display().to_string();
        let text = fs::read_to_string(path).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
        let canonical = canonical(&name, &text).map_err(Failure::usage)?;
        if arguments.check {
            if canonical != text {
                anstream::println!("{name} is not in canonical form");
                exit = Exit::Unexpected;
            }
        } else if !arguments.write {
            anstream::print!("{canonical}");
        } else if has_comments(&text) {
            return Err(Failure::usage(format!("{name} has comments, which would be lost; it is left as it is")));
        } else if canonical != text {
            fs::write(path, canonical).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
        }
    }
    Ok(exit)
}

/// Writes a scenario to be filled in, for a requirement.
pub(crate) fn new(arguments: &New) -> Result<Exit, Failure> {
    let catalogue = Catalogue::embedded();
    let Some(requirement) = catalogue.requirement(&arguments.requirement) else {
        let hint =
            catalogue.nearest(&arguments.requirement).map_or_else(String::new, |id| format!("; did you mean `{id}`?"));
        return Err(Failure::usage(format!("the catalogue has no requirement `{}`{hint}", arguments.requirement)));
    };
    let path = Path::new(&arguments.file);
    if path.exists() {
        return Err(Failure::usage(format!("{} is there already", path.display())));
    }
    let wrong = |error: std::io::Error| Failure::usage(format!("{}: {error}", path.display()));
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(wrong)?;
    }
    fs::write(path, template(requirement)).map_err(wrong)?;
    anstream::println!("{}: {} {}", path.display(), requirement.citation(), requirement.sentence());
    Ok(Exit::Expected)
}

/// A scenario that loads, and spoils a Finished until something else is written.
fn template(requirement: &Requirement) -> String {
    let peer = match requirement.binds.as_str() {
        "client" => "server",
        "server" => "client",
        _ => "both",
    };
    let version = if requirement.citation().contains("9846") { "tls1.3" } else { "tls1.2" };
    let expect = if requirement.alert.is_empty() { "accept" } else { "reject" };
    let title = Yaml::text(requirement.sentence().split_whitespace().collect::<Vec<_>>().join(" ")).to_flow();
    let id = &requirement.id;
    let spoilt = "    alter:\n      finished: { mutate: [{ flip_bit: { field: verify_data, bit: 0 } }] }\n";
    let spoilt = if expect == "reject" { spoilt } else { "" };
    format!(
        "title: {title}\nrequirements: [{id}]\npeer: {peer}\nversion: {version}\nflow:\n  - handshake: full\n{spoilt}  - expect: {expect}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_canonical_form_says_the_same_and_is_its_own() {
        let corpus = crate::data::embedded_corpus().expect("the embedded scenarios load");
        for scenario in &corpus.scenarios {
            let text = &*scenario.file.text;
            let once = canonical(&scenario.id, text).expect("it parses");
            let parse = |text: &str| File::new("x", text).parse().expect("it parses").to_json();
            assert_eq!(parse(&once), parse(text), "{}", scenario.id);
            assert_eq!(canonical(&scenario.id, &once).expect("it parses"), once, "{}", scenario.id);
        }
    }

    #[test]
    fn keys_come_in_order() {
        let text = canonical("x", "flow: [{ expect: accept }]\npeer: client\ntitle: x\n").expect("it parses");
        assert_eq!(text, "title: x\npeer: client\nflow: [{ expect: accept }]\n");
    }

    #[test]
    fn comments_are_seen() {
        assert!(has_comments("a: 1 # one\n") && has_comments("# one\na: 1\n") && !has_comments("a: \"#1\"\n"));
    }

    #[test]
    fn a_template_loads_for_each_requirement() {
        for requirement in Catalogue::embedded().requirements().step_by(37) {
            let text = template(requirement);
            assert!(File::new("x", &text).parse().is_ok(), "{text}");
        }
    }
}
