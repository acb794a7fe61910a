//! Whatever stands in a file, loading ends with a scenario or with diagnostics.

use gauntlet_scenario::{Corpus, CorpusError, twin_key};

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % bound
    }
}

const WORDS: [&str; 24] = [
    "$methods",
    "$x.y",
    "every",
    "[",
    "]",
    "{}",
    "[]",
    "-1",
    "+1",
    "99999999999999999999",
    "null",
    "true",
    "\"\"",
    "é",
    "use: large_upload",
    "rest",
    "record",
    "raw",
    "{ all: groups }",
    "{ fill: \"00\", up_to: 3 }",
    "connect",
    "\n",
    "  - ",
    ": ",
];

fn changed(text: &str, dice: &mut Dice) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for _ in 0..=dice.below(3) {
        let (from, to) = (dice.below(lines.len()), dice.below(lines.len()));
        match dice.below(4) {
            0 => _ = lines.remove(from),
            1 => lines.insert(to, lines[from].clone()),
            2 => lines.swap(from, to),
            _ => {
                let mut words: Vec<String> = lines[from].split(' ').map(str::to_owned).collect();
                let place = dice.below(words.len());
                words[place] = WORDS[dice.below(WORDS.len())].to_owned();
                lines[from] = words.join(" ");
            }
        }
        if lines.is_empty() {
            lines.push(String::new());
        }
    }
    lines.join("\n")
}

#[test]
fn damaged_files_load_or_are_told_what_is_wrong() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/good");
    let shared = std::fs::read_to_string(folder.join("steps/large_upload.yaml")).expect("shared steps");
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            texts.push(std::fs::read_to_string(path).expect("readable"));
        }
    }
    texts.sort();
    let mut dice = Dice(1);
    let (mut loaded, mut refused) = (0, 0);
    for round in 0..1500 {
        let text = changed(&texts[round % texts.len()], &mut dice);
        match Corpus::from_files([("x.yaml", text.as_str()), ("steps/large_upload.yaml", shared.as_str())], "") {
            Ok(corpus) => {
                loaded += 1;
                let cases =
                    corpus.scenarios[0].expand(None).unwrap_or_else(|e| panic!("{text}\n{}", e.render(false))).cases;
                cases.iter().take(3).for_each(|case| assert!(!twin_key(case).is_empty()));
            }
            Err(CorpusError::Wrong(errors)) => {
                refused += 1;
                assert!(errors.has_errors() && !errors.render(false).is_empty(), "{text}");
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert!(loaded > 100 && refused > 500, "{loaded} loaded, {refused} refused");
}

#[test]
fn a_change_may_be_a_parameter_of_an_earlier_line() {
    let text = "title: T\nrequirements: [rfc9846-4.2.2-30]\npeer: client\nvary: { change: { none: { omit: true } } }
flow:\n  - handshake: full\n    alter: { client_hello: $change }\n  - expect: reject\n";
    let corpus = Corpus::from_files([("x.yaml", text)], "").unwrap_or_else(|error| panic!("{error}"));
    let case = &corpus.scenarios[0].expand(None).expect("expands").cases[0];
    let gauntlet_model::StepKind::Handshake(handshake) = &case.steps[0].kind else { panic!() };
    let place = &handshake.alter[0].1.place;
    assert_eq!((place.line, place.column, place.width), (7, 14, "client_hello".len()));
}
