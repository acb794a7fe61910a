//! The schemas that are checked in are those that the command prints.

use std::path::Path;
use std::process::Command;

/// What `gauntlet schema` prints is in `harness/schemas/`, where editors find it.
#[test]
fn checked_in_schemas_are_what_the_command_prints() {
    for of in ["scenario", "profile", "results"] {
        let output = Command::new(env!("CARGO_BIN_EXE_gauntlet")).args(["schema", of]).output().expect("it runs");
        assert!(output.status.success(), "{of}: {}", String::from_utf8_lossy(&output.stderr));
        let printed = String::from_utf8(output.stdout).expect("text");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../schemas/{of}.schema.json"));
        if std::env::var("SNAPSHOTS").is_ok_and(|how| how == "overwrite") {
            std::fs::write(&path, &printed).expect("writable");
        }
        let stored = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(stored == printed, "`gauntlet schema {of} > {}` is due", path.display());
    }
}

#[test]
fn without_a_name_it_is_that_of_scenarios() {
    let printed = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_gauntlet")).args(arguments).output().expect("it runs").stdout
    };
    assert!(!printed(&["schema"]).is_empty());
    assert_eq!(printed(&["schema"]), printed(&["schema", "scenario"]));
}
