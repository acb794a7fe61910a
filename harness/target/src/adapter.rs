//! Adapters: small programs of ours that make a library a target. Their source lies beside the profile; what is built of
//! it on first use stays in the user's cache, under a name that changes with the source and the command.
//!
//! ```yaml
//! adapter:
//!   source: wolfssl.c                    # in `adapters/`, or beside the profile's own file
//!   build: cc -O1 -o {out} {source} -lwolfssl
//! ```
//!
//! One in Rust may name crates in place of a command. They are built for it alone, and run in its own process:
//!
//! ```yaml
//! adapter:
//!   source: s2n.rs
//!   crates: {s2n-tls: "=0.3.47"}         # or as in a manifest: '{version = "1", features = ["x"]}'
//! ```

use crate::process;
use crate::template::Template;
use gauntlet_yaml::{Diagnostics, File};
use include_dir::Dir;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// A compiler that has to make a whole library first takes its time.
const BUILDING: Duration = Duration::from_secs(3600);

/// What an adapter is made of.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Adapter {
    /// File name of its source.
    pub source: String,
    /// Makes `{out}` of `{source}`; without it the source itself is what is run.
    #[schemars(with = "Option<String>")]
    pub build: Option<Template>,
    /// Crates that a source in Rust needs: name → version, or a table as a manifest has it.
    #[serde(default)]
    pub crates: BTreeMap<String, String>,
}

/// The user's directory for what can be made again: `$XDG_CACHE_HOME/gauntlet`, or `.cache/gauntlet` at home.
pub fn cache() -> PathBuf {
    let directory = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = directory("XDG_CACHE_HOME").or_else(|| directory("HOME").map(|home| home.join(".cache")));
    cache.unwrap_or_else(std::env::temp_dir).join("gauntlet")
}

impl Adapter {
    /// The program, or the script, built if it is not there yet. `beside`: where the profile's own file lies.
    /// `cache`: as [`cache`] says, but for tests.
    ///
    /// # Errors
    /// No such source, no place for it, or what the compiler said.
    pub(crate) fn ready(&self, embedded: &Dir<'_>, beside: Option<&Path>, cache: &Path) -> Result<PathBuf, String> {
        let content = self.content(embedded, beside)?;
        let place = self.place(&content, cache);
        if !place.is_dir() {
            self.make(&content, &place).map_err(|reason| format!("{}: {reason}", place.display()))?;
        }
        Ok(place.join(self.product()))
    }

    /// Whether it can be used at once. What cargo builds takes minutes, for which nobody waits unasked.
    pub(crate) fn is_at_hand(&self, embedded: &Dir<'_>, beside: Option<&Path>, cache: &Path) -> bool {
        let is_built = || self.content(embedded, beside).is_ok_and(|content| self.place(&content, cache).is_dir());
        self.crates.is_empty() || is_built()
    }

    fn place(&self, content: &[u8], cache: &Path) -> PathBuf {
        let mut hash = DefaultHasher::new();
        (content, self.build.as_ref().map(|build| &build.value), &self.crates).hash(&mut hash);
        let stem = self.source.rsplit_once('.').map_or(self.source.as_str(), |(stem, _)| stem);
        cache.join("adapters").join(format!("{stem}-{:016x}", hash.finish()))
    }

    fn product(&self) -> &str {
        if self.build.is_some() || !self.crates.is_empty() { "adapter" } else { &self.source }
    }

    fn content(&self, embedded: &Dir<'_>, beside: Option<&Path>) -> Result<Vec<u8>, String> {
        if let Some(beside) = beside {
            let path = beside.join(&self.source);
            return std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()));
        }
        let file = embedded.get_file(format!("adapters/{}", self.source));
        file.map(|file| file.contents().to_vec()).ok_or_else(|| format!("no adapter `{}`", self.source))
    }

    /// Made beside its place and then moved there whole, so that nobody meets half of it.
    fn make(&self, content: &[u8], place: &Path) -> Result<(), String> {
        let text = |error: io::Error| error.to_string();
        let parent = place.parent().ok_or("no place")?;
        std::fs::create_dir_all(parent).map_err(text)?;
        let workshop = tempfile::tempdir_in(parent).map_err(text)?;
        std::fs::write(workshop.path().join(&self.source), content).map_err(text)?;
        if let Some(build) = &self.build {
            process::run(self.command(build, workshop.path())?, BUILDING)
                .map_err(|reason| format!("building: {reason}"))?;
        }
        if !self.crates.is_empty() {
            self.build_with_crates(workshop.path()).map_err(|reason| format!("building: {reason}"))?;
        }
        let made = workshop.keep();
        match std::fs::rename(&made, place) {
            // Somebody else was faster.
            Err(_) if place.is_dir() => std::fs::remove_dir_all(&made).map_err(text),
            outcome => outcome.map_err(text),
        }
    }

    /// Of all that cargo makes, the program alone is kept.
    fn build_with_crates(&self, workshop: &Path) -> Result<(), String> {
        let text = |error: io::Error| error.to_string();
        std::fs::write(workshop.join("Cargo.toml"), self.manifest()).map_err(text)?;
        let mut command = Command::new("cargo");
        command.args(["build", "--release", "--quiet", "--target-dir", "target"]).current_dir(workshop);
        process::run(command, BUILDING)?;
        std::fs::rename(workshop.join("target/release/adapter"), workshop.join("adapter")).map_err(text)?;
        std::fs::remove_dir_all(workshop.join("target")).map_err(text)
    }

    fn manifest(&self) -> String {
        let package = "[package]\nname = \"adapter\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n";
        let program = format!("[[bin]]\nname = \"adapter\"\npath = {:?}\n", self.source);
        let needs = self.crates.iter().map(|(name, version)| match version.starts_with('{') {
            true => format!("{name} = {version}\n"),
            false => format!("{name} = {version:?}\n"),
        });
        format!("{package}\n{program}\n[dependencies]\n{}", needs.collect::<String>())
    }

    fn command(&self, build: &Template, workshop: &Path) -> Result<Command, String> {
        let words = shell_words::split(&build.value).map_err(|error| error.to_string())?;
        let words: Vec<String> = words.iter().map(|word| self.word(word)).collect();
        let (program, arguments) = words.split_first().ok_or("the command is empty")?;
        let mut command = Command::new(program);
        command.args(arguments).current_dir(workshop);
        Ok(command)
    }

    fn word(&self, word: &str) -> String {
        let word = word.replace("{source}", &self.source).replace("{out}", "adapter");
        word.replace("{cache}", &cache().to_string_lossy())
    }

    /// Reports what is wrong in its command.
    pub(crate) fn check(&self, file: &File, errors: &mut Diagnostics) {
        let Some(build) = &self.build else { return };
        if !self.crates.is_empty() {
            let help = Some("cargo builds what has `crates`".to_owned());
            errors.error(file, build.span, "an adapter has either `build` or `crates`", help);
        }
        for name in ["{out}", "{source}"] {
            if !build.value.contains(name) {
                let help = Some("it makes `{out}` of `{source}`".to_owned());
                errors.error(file, build.span, format!("the command does not say `{name}`"), help);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use include_dir::include_dir;

    static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/profiles");

    fn adapter(text: &str) -> Adapter {
        gauntlet_yaml::from_str(&File::new("adapter.yaml", text)).unwrap()
    }

    #[test]
    fn it_is_built_once_and_anew_when_its_source_changes() {
        let dir = tempfile::tempdir().unwrap();
        let (source, log) = (dir.path().join("tool.txt"), dir.path().join("log"));
        let count = || std::fs::read_to_string(&log).unwrap().lines().count();
        let text =
            format!("source: tool.txt\nbuild: sh -c 'cp \"$0\" \"$1\"; echo >> {}' {{source}} {{out}}", log.display());
        let adapter = adapter(&text);
        std::fs::write(&source, "first").unwrap();
        let ready = || adapter.ready(&EMBEDDED, Some(dir.path()), &dir.path().join("cache")).unwrap();
        let first = ready();
        assert_eq!((std::fs::read(&first).unwrap(), count()), (b"first".to_vec(), 1));
        assert_eq!((ready(), count()), (first.clone(), 1));
        std::fs::write(&source, "second").unwrap();
        let second = ready();
        assert_ne!(first, second);
        assert_eq!((std::fs::read(&second).unwrap(), count()), (b"second".to_vec(), 2));
    }

    #[test]
    fn what_goes_wrong_is_told_and_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let ready = |text: &str| adapter(text).ready(&EMBEDDED, None, dir.path()).unwrap_err();
        assert_eq!(ready("source: nobody.c"), "no adapter `nobody.c`");
        let error = ready("source: python.py\nbuild: sh -c 'echo no such header >&2; exit 3' {source} {out}");
        assert!(error.contains("building") && error.contains("no such header"), "{error}");
        assert_eq!(std::fs::read_dir(dir.path().join("adapters")).unwrap().count(), 0);
    }

    #[test]
    fn crates_are_built_in_a_package_of_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let other = dir.path().join("greeting");
        std::fs::create_dir_all(other.join("src")).unwrap();
        let manifest = "[package]\nname = \"greeting\"\nversion = \"1.0.0\"\nedition = \"2024\"\n";
        std::fs::write(other.join("Cargo.toml"), manifest).unwrap();
        std::fs::write(other.join("src/lib.rs"), "pub const WORDS: &str = \"good day\";").unwrap();
        std::fs::write(dir.path().join("greet.rs"), "fn main() { println!(\"{}\", greeting::WORDS) }").unwrap();
        let text = format!("source: greet.rs\ncrates: {{greeting: '{{path = {other:?}}}'}}");
        let (adapter, cache) = (adapter(&text), dir.path().join("cache"));
        let is_at_hand = || adapter.is_at_hand(&EMBEDDED, Some(dir.path()), &cache);
        assert!(!is_at_hand(), "it takes time");
        let program = adapter.ready(&EMBEDDED, Some(dir.path()), &cache).unwrap();
        assert!(is_at_hand());
        assert_eq!(process::run(Command::new(&program), BUILDING).unwrap(), "good day\n");
        assert!(!program.with_file_name("target").exists(), "what cargo made besides");
    }

    #[test]
    fn a_script_is_run_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = adapter("source: python.py").ready(&EMBEDDED, None, dir.path()).unwrap();
        assert_eq!(std::fs::read(path).unwrap(), EMBEDDED.get_file("adapters/python.py").unwrap().contents());
    }
}
