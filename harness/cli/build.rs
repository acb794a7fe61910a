//! Embeds the scenarios and the baselines, so that a new file is seen.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("../..");
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));
    let mut code = String::new();
    for (name, folder) in [("SCENARIOS", "scenarios"), ("BASELINES", "reports/baselines")] {
        let folder = root.join(folder);
        println!("cargo:rerun-if-changed={}", folder.display());
        let mut files = Vec::new();
        collect(&folder, &mut files);
        files.sort();
        writeln!(code, "pub(crate) static {name}: &[(&str, &str)] = &[").expect("into a string");
        for file in &files {
            let relative = file.strip_prefix(&folder).expect("below it").to_string_lossy().replace('\\', "/");
            // A file that went away since it was listed is not embedded.
            let Ok(text) = fs::read_to_string(file) else { continue };
            writeln!(code, "    ({relative:?}, {text:?}),").expect("into a string");
        }
        writeln!(code, "];").expect("into a string");
    }
    fs::write(out.join("embedded.rs"), code).expect("the folder is ours");
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            println!("cargo:rerun-if-changed={}", path.display());
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            files.push(path);
        }
    }
}
