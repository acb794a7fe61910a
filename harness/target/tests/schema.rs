//! The JSON Schema of profiles, against all profiles, and against mistakes.

use gauntlet_target::profile::schema;
use gauntlet_yaml::File;
use jsonschema::Validator;
use serde_json::Value;
use std::path::Path;

fn validator() -> Validator {
    jsonschema::draft7::new(&schema()).expect("a schema")
}

fn tree(name: &str, text: &str) -> Value {
    File::new(name, text).parse().unwrap_or_else(|errors| panic!("{}", errors.render(false))).to_json()
}

#[test]
fn every_profile_is_valid() {
    let validator = validator();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("readable").path();
        if path.extension().is_some_and(|ending| ending == "yaml") {
            let tree = tree(&path.display().to_string(), &std::fs::read_to_string(&path).expect("readable"));
            let errors: Vec<String> =
                validator.iter_errors(&tree).map(|e| format!("{}: {e}", e.instance_path())).collect();
            assert!(errors.is_empty(), "{}: {}", path.display(), errors.join("\n"));
            seen += 1;
        }
    }
    assert!(seen > 20, "only {seen} profiles");
}

#[test]
fn mistakes_are_found() {
    let validator = validator();
    assert!(validator.is_valid(&tree("x", "{name: x, server: {command: x, ready: port, options: {alpn: {any: -a}}}}")));
    for wrong in [
        "{server: {command: x}}",
        "{name: x, server: {comand: x}}",
        "{name: x, server: {command: 7}}",
        "{name: x, server: {command: x, ready: soon}}",
        "{name: x, server: {command: x, options: {alpn: [h2]}}}",
        "{name: x, server: {command: x, instances: many}}",
        "{name: x, client: {command: x, exit: {accepted: 0}}}",
        "{name: x, client: {command: x, ask: {key_update: {text: k}}}}",
        "{name: x, adapter: {build: cc}, server: {command: x}}",
    ] {
        assert!(!validator.is_valid(&tree("x", wrong)), "{wrong}");
    }
}
