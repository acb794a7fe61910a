//! The JSON Schema of the language, against everything that is written in it.

use gauntlet_scenario::schema;
use gauntlet_yaml::File;
use jsonschema::Validator;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Files in `bad/` whose structure is right: what is wrong with them only the lint sees.
const WRONG_BY_MEANING: [&str; 11] = [
    "alter_unjudged",
    "judges_nothing",
    "no_requirement",
    "not_ours",
    "other_role",
    "plays_beyond_the_flow",
    "unknown_parameter",
    "unknown_requirement",
    "unused_parameter",
    "value_at_fault",
    "warnings",
];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("readable").path();
        match path.extension() {
            _ if path.is_dir() => files(&path, found),
            Some(ending) if ending == "yaml" => found.push(path),
            _ => {}
        }
    }
}

/// The file as an editor's parser has it; `None` if it is no YAML.
fn tree(path: &Path) -> Option<Value> {
    let text = std::fs::read_to_string(path).expect("readable");
    File::new(&path.display().to_string(), &text).parse().ok().map(|tree| tree.to_json())
}

fn validator() -> Validator {
    jsonschema::draft7::new(&schema()).expect("a schema")
}

fn shared_steps() -> Validator {
    let mut all = schema();
    let list =
        json!({"type": "array", "items": {"$ref": "#/definitions/step"}, "definitions": all["definitions"].take()});
    jsonschema::draft7::new(&list).expect("a schema")
}

#[test]
fn every_scenario_is_valid() {
    let (scenario, steps) = (validator(), shared_steps());
    let mut all = Vec::new();
    files(&folder("../../scenarios"), &mut all);
    files(&folder("tests/good"), &mut all);
    files(&folder("../cli/tests/scenarios"), &mut all);
    assert!(all.len() > 1000, "only {} files", all.len());
    let mut wrong = Vec::new();
    for path in &all {
        let is_shared = path.parent().is_some_and(|folder| folder.ends_with("steps"));
        let validator = if is_shared { &steps } else { &scenario };
        let tree = tree(path).expect("YAML");
        wrong.extend(validator.iter_errors(&tree).map(|e| format!("{}: {}: {e}", path.display(), e.instance_path())));
    }
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), all.len(), wrong.join("\n"));
}

#[test]
fn what_is_wrong_by_structure_is_not() {
    let validator = validator();
    let mut all = Vec::new();
    files(&folder("tests/bad"), &mut all);
    let mut valid: Vec<String> = Vec::new();
    for path in &all {
        if tree(path).is_some_and(|tree| validator.is_valid(&tree)) {
            valid.push(path.file_stem().expect("a name").to_string_lossy().into_owned());
        }
    }
    valid.sort();
    assert_eq!(valid, WRONG_BY_MEANING);
}

/// Each mistake alone in a file that is right without it.
#[test]
fn single_mistakes_are_found() {
    let validator = validator();
    let right = json!({
        "title": "x", "peer": "client", "version": "tls1.3", "needs": {"groups": ["x25519"]},
        "flow": [
            {"handshake": {"resume": "last"}, "with": {"client_hello": {"set": {"random": "00"}}},
             "alter": {"finished": {"mutate": [{"flip_bit": {"field": "verify_data", "bit": 0}}], "records": [1, "rest"]}}},
            {"expect": {"reject": "decrypt_error"}},
        ],
    });
    assert!(validator.is_valid(&right));
    let mistakes = [
        ("/peer", json!("neither")),
        ("/version", json!("tls1.4")),
        ("/needs/groups/0", json!("x25591")),
        ("/flow", json!([])),
        ("/flow/0/handshake", json!("half")),
        ("/flow/0/handshake", json!({"through": "server_hello", "before": "finished"})),
        ("/flow/0/with", json!({"handshake": {}})),
        ("/flow/0/with", json!({"clienthello": {}})),
        ("/flow/0/alter/finished/mutate/0", json!({"flip": {"bit": 0}})),
        ("/flow/0/alter/finished/mutate/0/flip_bit", json!({"field": "verify_data"})),
        ("/flow/0/alter/finished/records", json!([1, "all"])),
        ("/flow/0/alter/finished", json!({"compute": {"verify_dta": "00"}})),
        ("/flow/0/alter/finished", json!({"record": {"keys": "own"}})),
        ("/flow/1/expect/reject", json!("decrypt_eror")),
        ("/flow/1/expect", json!("acept")),
        ("/flow/1", json!({"check": {"server_hello.random": {"at_moast": 3}}})),
        ("/flow/1", json!({"close": "now"})),
        ("/flow/1", json!({"send": "client_hello", "expect": "accept"})),
    ];
    for (place, mistake) in mistakes {
        let mut wrong = right.clone();
        *wrong.pointer_mut(place).expect("a place") = mistake.clone();
        assert!(!validator.is_valid(&wrong), "{place}: {mistake}");
    }
}

/// Editors offer every key and say what it is for.
#[test]
fn every_key_is_described() {
    let schema = schema();
    let properties = schema["properties"].as_object().expect("properties");
    assert_eq!(properties.len(), 15);
    for (key, described) in properties {
        assert!(described["description"].is_string(), "{key}: {described}");
    }
}
