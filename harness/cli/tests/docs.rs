//! README, and the language's reference: what they show is true.

mod common;

use gauntlet_model::{Kind, Line};
use std::fs;
use std::path::Path;

/// A fenced block of a document.
struct Block {
    /// As `README.md:12`, of its first line.
    place: String,
    /// `yaml`, `console`, ...
    language: String,
    text: String,
}

fn blocks(document: &str) -> Vec<Block> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = fs::read_to_string(root.join(document)).unwrap_or_else(|error| panic!("{document}: {error}"));
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for (number, line) in text.lines().enumerate() {
        match (line.strip_prefix("```"), open) {
            (Some(_), true) => open = false,
            (Some(language), false) => {
                open = true;
                let place = format!("{document}:{}", number + 2);
                blocks.push(Block { place, language: language.trim().to_owned(), text: String::new() });
            }
            (None, true) => {
                let block = blocks.last_mut().expect("one is open");
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, false) => {}
        }
    }
    assert!(!open, "{document}: a block is not closed");
    blocks
}

/// Stands ahead of a block that is only a part of a scenario.
const HEAD: &str =
    "title: A part of a scenario\nnote: Not about this rule.\nrequirements: [rfc9846-4.2.2-30]\npeer: client\n";

/// A YAML block as a whole scenario. A block that begins with steps, or with another key of scenarios, gets what it lacks.
fn scenario(text: &str) -> String {
    let first = text.lines().find(|line| !line.trim_start().starts_with('#')).unwrap_or_default();
    match first {
        _ if first.starts_with("title:") => text.to_owned(),
        _ if first.starts_with("- ") => format!("{HEAD}flow:\n{text}"),
        _ => format!("{HEAD}{text}"),
    }
}

fn gauntlet(folder: &Path, arguments: &[&str]) -> (bool, String, String) {
    let output = common::gauntlet(folder, arguments);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

/// Each block marked `yaml` loads and lints, and if it is a whole scenario it proves something about the embedded OpenSSL
/// in the roles that it is for; how many there were.
fn lint(document: &str) -> usize {
    let folder = tempfile::tempdir().expect("a folder");
    let yaml: Vec<Block> = blocks(document).into_iter().filter(|block| block.language == "yaml").collect();
    for block in &yaml {
        fs::write(folder.path().join("block.yaml"), scenario(&block.text)).expect("written");
        let (well, stdout, stderr) = gauntlet(folder.path(), &["lint", "block.yaml"]);
        assert!(well && stderr.is_empty(), "{}:\n{stdout}{stderr}", block.place);
        if block.text.starts_with("title:") {
            prove(folder.path(), &block.place);
        }
    }
    yaml.len()
}

/// No case ends in `error` or `skip`.
fn prove(folder: &Path, place: &str) {
    let (_, stdout, stderr) = gauntlet(folder, &["run", "block.yaml", "--no-baseline", "--out", "out"]);
    let text = fs::read(folder.join("out/results.jsonl")).unwrap_or_else(|error| panic!("{place}: {error}\n{stderr}"));
    let lines = gauntlet_model::result::read_lines(text.as_slice()).expect("results");
    let cases: Vec<_> =
        lines.into_iter().filter_map(|line| if let Line::Case(case) = line { Some(case) } else { None }).collect();
    assert!(!cases.is_empty(), "{place}: no case");
    for case in cases {
        assert!(!matches!(case.verdict, Kind::Error | Kind::Skip), "{place}: {}: {}\n{stdout}", case.id, case.reason);
    }
}

#[test]
fn what_the_readme_shows_as_scenarios_is_right() {
    assert!(lint("README.md") >= 2);
}

#[test]
fn what_the_reference_shows_as_scenarios_is_right() {
    assert!(lint("scenarios/README.md") >= 10);
}

/// The examples that the language was designed by, each in a file: every one proves something about the embedded OpenSSL.
#[test]
fn the_examples_of_the_language_run() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenario/tests/good");
    let mut seen = 0;
    for entry in fs::read_dir(examples).expect("a folder") {
        let path = entry.expect("readable").path();
        // Two ask for options that no target here knows.
        if path.is_dir() || path.ends_with("everything.yaml") || path.ends_with("other_name.yaml") {
            continue;
        }
        let folder = tempfile::tempdir().expect("a folder");
        fs::copy(&path, folder.path().join("block.yaml")).expect("copied");
        prove(folder.path(), &path.display().to_string());
        seen += 1;
    }
    assert!(seen >= 9, "{seen}");
}

/// What the README shows as output is what really comes, line by line; `...` stands for lines that are left out. The first
/// scenario is the file that the first command runs, the others find theirs in the repository.
#[test]
fn the_readme_shows_real_output() {
    let blocks = blocks("README.md");
    let scenario = blocks.iter().find(|block| block.language == "yaml").expect("a scenario comes first");
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("legacy_version.yaml"), &scenario.text).expect("written");
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let console: Vec<&Block> = blocks.iter().filter(|block| block.language == "console").collect();
    assert!(console.len() >= 2);
    for block in console {
        let mut shown = block.text.lines();
        let command = shown.next().and_then(|line| line.strip_prefix("$ gauntlet ")).expect("a command comes first");
        let mut arguments: Vec<&str> = command.split(' ').collect();
        let writes = arguments[0] == "run";
        if writes {
            arguments.push("--no-baseline");
        }
        let (_, stdout, stderr) = gauntlet(if writes { folder.path() } else { &repository }, &arguments);
        let all = if stdout.is_empty() { stderr } else { stdout };
        let mut came = all.lines();
        let shown: Vec<&str> = shown.filter(|line| !line.trim().is_empty() && *line != "...").collect();
        assert!(shown.len() >= 5, "{}", block.place);
        for line in shown {
            assert!(came.any(|other| other == line), "{}: `{line}` did not come, or not there, in\n{all}", block.place);
        }
    }
}

#[test]
fn the_profile_in_the_readme_loads() {
    let profiles: Vec<Block> = blocks("README.md").into_iter().filter(|block| block.language == "yml").collect();
    assert_eq!(profiles.len(), 1);
    let file = gauntlet_yaml::File::new("README.md", &profiles[0].text);
    let profile =
        gauntlet_target::profile::Profile::read(&file).unwrap_or_else(|errors| panic!("{}", errors.render(false)));
    assert!(profile.role(gauntlet_model::Role::Server).is_some());
}

#[test]
fn the_readme_counts_the_catalogue_right() {
    let count = gauntlet_vectors::catalogue::Catalogue::embedded().requirements().count();
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md")).expect("it is there");
    let shown = format!("{},{:03} requirements", count / 1000, count % 1000);
    assert!(text.contains(&shown), "the README does not say: {shown}");
}

/// Links within the repository lead somewhere.
#[test]
fn links_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut followed = 0;
    for document in ["README.md", "ARCHITECTURE.md", "scenarios/README.md"] {
        let text = fs::read_to_string(root.join(document)).expect(document);
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") || link.starts_with('#') {
                continue;
            }
            followed += 1;
            let path = root.join(document).parent().expect("a folder").join(link.split('#').next().unwrap_or_default());
            assert!(path.exists(), "{document}: {link}");
        }
    }
    assert!(followed >= 4, "{followed}");
}

/// All commands and options that the documents name exist.
#[test]
fn what_the_documents_name_on_the_command_line_exists() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_, help, _) = gauntlet(folder.path(), &["--help"]);
    let mut named = 0;
    for document in ["README.md", "scenarios/README.md", "ARCHITECTURE.md"] {
        for block in blocks(document).into_iter().filter(|block| block.language == "console" || block.language == "sh")
        {
            for line in block.text.lines() {
                let line = line.trim_start_matches("$ ");
                let Some(rest) = line.strip_prefix("gauntlet ") else { continue };
                named += 1;
                let command = rest.split(' ').next().unwrap_or_default();
                let is_command = help.contains(&format!("\n  {command} "));
                let (_, of_command, _) = if is_command {
                    gauntlet(folder.path(), &[command, "--help"])
                } else {
                    (true, help.clone(), String::new())
                };
                let words = rest.split('#').next().unwrap_or_default().split_whitespace();
                for option in words.filter(|word| word.starts_with("--")) {
                    let option = option.split('=').next().unwrap_or_default();
                    assert!(of_command.contains(option), "{}: `{line}`: no {option}", block.place);
                }
            }
        }
    }
    assert!(named >= 8, "{named} command lines");
}

/// Rows of the table below a heading: the cells.
fn table(document: &str, heading: &str) -> Vec<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(document);
    let text = fs::read_to_string(path).expect(document);
    let section =
        text.split(&format!("\n{heading}\n")).nth(1).unwrap_or_else(|| panic!("{document} has no `{heading}`"));
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows =
        section.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|')).skip(2);
    rows.map(|row| row.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// What stands between backquotes.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// Ids of all scenarios of the corpus.
fn scenario_ids() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let (mut ids, mut folders) = (Vec::new(), vec![root.clone()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("readable").path();
            match path.strip_prefix(&root).expect("below it").to_str().and_then(|id| id.strip_suffix(".yaml")) {
                Some(id) => ids.push(id.to_owned()),
                None if path.is_dir() => folders.push(path),
                None => {}
            }
        }
    }
    ids
}

/// Each of `a/{b,c}_*` without the braces.
fn unbraced(pattern: &str) -> Vec<String> {
    let Some((head, rest)) = pattern.split_once('{') else { return vec![pattern.to_owned()] };
    let (names, tail) = rest.split_once('}').expect("a closing brace");
    names.split(',').flat_map(|name| unbraced(&format!("{head}{name}{tail}"))).collect()
}

/// What the tables of the reference say is exercised is there.
#[test]
fn the_scenarios_in_the_tables_of_the_reference_exist() {
    let ids = scenario_ids();
    let mut seen = 0;
    for heading in ["## What can be played", "## What of TLS 1.3 is exercised, and against whom"] {
        let rows = table("scenarios/README.md", heading);
        assert!(rows.len() >= 20, "{heading}: {rows:?}");
        for row in rows {
            let mut folder = String::new();
            for named in quoted(&row[1]) {
                // Other tests, and paths into a transcript.
                if named.contains(".rs") || !named.contains('/') && (folder.is_empty() || named.contains('.')) {
                    continue;
                }
                // A name alone stands in the folder of the one before.
                let named = if named.contains('/') { named.to_owned() } else { format!("{folder}/{named}") };
                folder = named.rsplit_once('/').map(|(folder, _)| folder.to_owned()).unwrap_or_default();
                for pattern in unbraced(&named) {
                    let (head, tail) = match pattern.split_once('*') {
                        Some((head, tail)) => (head.to_owned(), tail.to_owned()),
                        None if pattern.ends_with('/') => (pattern.clone(), String::new()),
                        None => (pattern.clone(), "\0".to_owned()),
                    };
                    let fits = |id: &String| match tail.as_str() {
                        "\0" => *id == head,
                        tail => id.strip_prefix(&head).is_some_and(|rest| rest.ends_with(tail)),
                    };
                    assert!(ids.iter().any(fits), "{heading}: no scenario `{pattern}`");
                    seen += 1;
                }
            }
        }
    }
    assert!(seen >= 60, "only {seen} names");
}

#[test]
fn the_functions_on_the_way_of_a_scenario_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let rows = table("ARCHITECTURE.md", "## The way of a scenario");
    assert!(rows.len() >= 15, "{rows:?}");
    for row in rows {
        let [_, functions, files] = row.as_slice() else { panic!("{row:?}") };
        let texts: Vec<String> = quoted(files)
            .into_iter()
            .map(|file| fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}")))
            .collect();
        for function in quoted(functions) {
            let name = function.rsplit("::").next().unwrap_or_default();
            let found =
                texts.iter().any(|text| ["(", "<"].iter().any(|open| text.contains(&format!("fn {name}{open}"))));
            assert!(found, "there is no fn {name} in {files}");
        }
    }
}

/// A crate imports only what stands below it in the list of rooms, and the list is that of the workspace.
#[test]
fn imports_go_only_downwards() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let rows = table("ARCHITECTURE.md", "## Rooms");
    let rooms: Vec<(&str, &str)> = rows.iter().map(|row| (quoted(&row[0])[0], quoted(&row[1])[0])).collect();
    let workspace = fs::read_to_string(root.join("Cargo.toml")).expect("the workspace");
    let members = workspace.split("members = [").nth(1).and_then(|rest| rest.split(']').next()).expect("members");
    let members: Vec<&str> = members.split('"').skip(1).step_by(2).collect();
    assert_eq!(rooms.iter().map(|(place, _)| *place).collect::<Vec<_>>(), members);
    for (number, (place, name)) in rooms.iter().enumerate() {
        let manifest = fs::read_to_string(root.join(place).join("Cargo.toml")).expect(place);
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{place} is not {name}");
        let all = manifest.split("\n[dependencies]\n").nth(1).unwrap_or_default();
        let dependencies = all.split("\n[").next().unwrap_or_default();
        for (_, above) in &rooms[..=number] {
            let imports = dependencies.lines().any(|line| line.split(['.', ' ']).next() == Some(above));
            assert!(!imports, "{name} imports {above}, which stands above it");
        }
    }
}

#[test]
fn the_commands_are_all_described() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_, help, _) = gauntlet(folder.path(), &["--help"]);
    let section =
        help.split("Commands:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).expect("a list of commands");
    let mut there: Vec<&str> =
        section.lines().filter_map(|line| line.split_whitespace().next()).filter(|c| *c != "help").collect();
    let rows = table("ARCHITECTURE.md", "## Commands");
    let mut described: Vec<&str> =
        rows.iter().flat_map(|row| quoted(&row[0])).filter_map(|command| command.split(' ').next()).collect();
    there.sort_unstable();
    described.sort_unstable();
    assert_eq!(described, there);
}
