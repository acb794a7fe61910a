//! Profiles: how to start an implementation, in one YAML file each.
//!
//! ```yaml
//! name: example-server
//! install: apt-get install example
//! version: example --version
//! server:
//!   command: example --port {port} --cert {cert} --key {key}
//!   ready: port                          # or {line: READY}
//!   options:
//!     client_auth:
//!       values: {none: "", require: "--verify {ca}"}
//!     groups:
//!       any: --groups {value}            # of a comma list
//!       separator: ":"
//!       names: {x25519: X25519, secp256r1: P-256}
//!   exit: {accepted: [0], refused: [1]}  # of a client, where the wire does not tell
//!   ask:
//!     key_update: {input: "k\n"}         # to its stdin
//!   says:
//!     exporter: {after: "Keying material:", bytes: 32} # hex in its stdout
//! ```

use crate::adapter::{self, Adapter};
use crate::template::{self, Template};
use crate::{Options, TargetError};
use gauntlet_model::Role;
use gauntlet_pki::KeyKind;
use gauntlet_yaml::{Diagnostics, File};
use include_dir::{Dir, include_dir};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The profiles that come with us.
static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/profiles");

/// When data is answered, but for the first that comes.
pub const ANSWERS: [&str; 2] = ["again", "at_close"];

/// How to start an implementation.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// As results name it.
    pub name: String,
    /// What is worth knowing about it.
    #[serde(default)]
    pub note: String,
    /// How to get it.
    #[serde(default)]
    pub install: String,
    /// Command whose first line of output tells the version.
    #[schemars(with = "Option<String>")]
    pub version: Option<Template>,
    /// Files that must be there, besides the programs of its commands.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub needs: Vec<Template>,
    /// A program of ours around a library: `{adapter}` in commands.
    pub adapter: Option<Adapter>,
    /// Where its own file lies; none if embedded.
    #[serde(skip)]
    pub beside: Option<PathBuf>,
    /// How it is a server.
    pub server: Option<RoleProfile>,
    /// How it is a client.
    pub client: Option<RoleProfile>,
}

/// How to start it in a role.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleProfile {
    /// Commands that are run once, ahead of the first start; `{dir}` is theirs to fill.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub prepare: Vec<Template>,
    /// Program and arguments, quoted as in a shell, with placeholders; there is no shell.
    #[schemars(with = "String")]
    pub command: Template,
    /// When a server may be connected to.
    #[serde(default)]
    pub ready: Ready,
    /// Seconds it may take until then; for a client, until it connects.
    #[serde(default = "twenty")]
    pub ready_within: u64,
    /// So many run side by side at most.
    #[serde(default = "four")]
    pub instances: usize,
    /// It serves one connection after the other.
    #[serde(default)]
    pub one_at_a_time: bool,
    /// It is a BoGo shim: in either role it connects to `{port}`, and says `{shim_id}` first.
    #[serde(default)]
    pub shim: bool,
    /// Arguments of a client's further connections within a case, if it was started with `resumption: yes` and has left a
    /// `{session}`.
    #[serde(default)]
    #[schemars(with = "String")]
    pub further: Template,
    /// Started with `resumption: yes`, a client makes all connections of a case itself, one after the other.
    #[serde(default)]
    pub reconnects: bool,
    /// What it writes to stdout is written to its stdin, so that data comes back: if these options are unset or have these
    /// values.
    pub echo: Option<Options>,
    /// It answers data, but not `again` on the same connection, or not `at_close`, when our end comes right behind.
    #[serde(default)]
    pub cannot_answer: Vec<String>,
    /// Written to its stdin at once, which then stays open.
    #[serde(default)]
    pub input: String,
    /// Environment variables, besides our own.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub environment: BTreeMap<String, Template>,
    /// What the exit status says, where it is to be trusted.
    #[serde(default)]
    pub exit: ExitProfile,
    /// What it can be started with.
    #[serde(default)]
    pub options: BTreeMap<String, OptionProfile>,
    /// What it can be asked for while it runs.
    #[serde(default)]
    pub ask: BTreeMap<String, Ask>,
    /// What it says outside of TLS, by name.
    #[serde(default)]
    pub says: BTreeMap<String, Say>,
}

/// What exit statuses mean; others say nothing of a client, and are a crash of a server.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExitProfile {
    /// It was content with the connection.
    #[serde(default)]
    pub accepted: Vec<i32>,
    /// It was not.
    #[serde(default)]
    pub refused: Vec<i32>,
    /// Of a server: it ends so in good order, for what it met in a connection, and is started again.
    #[serde(default)]
    pub orderly: Vec<i32>,
}

impl ExitProfile {
    /// What a status says.
    pub fn says(&self, status: i32) -> Option<bool> {
        match status {
            _ if self.accepted.contains(&status) => Some(true),
            _ if self.refused.contains(&status) => Some(false),
            _ => None,
        }
    }
}

/// When a server may be connected to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ready {
    /// When its port accepts.
    #[default]
    Port,
    /// When it has written a line to stdout that begins so.
    Line(String),
}

/// Arguments for an option: where the command says `{option:NAME}`, or else behind it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OptionProfile {
    /// Without the option.
    #[serde(default)]
    #[schemars(with = "String")]
    pub default: Template,
    /// For these values.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub values: BTreeMap<String, Template>,
    /// For any other, which is `{value}`.
    #[schemars(with = "Option<String>")]
    pub any: Option<Template>,
    /// The stack's own names for the items of a comma list; others are refused.
    #[serde(default)]
    pub names: BTreeMap<String, String>,
    /// What the items are joined with again.
    #[serde(default = "comma")]
    pub separator: String,
}

/// How it is asked for something.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// Written to its stdin.
    pub input: String,
    /// Options that it must have been started with.
    #[serde(default)]
    pub with: Options,
}

/// Where bytes stand in what it writes to stdout: hex digits, with colons and white space between them.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Say {
    /// They stand behind this.
    pub after: String,
    /// So many bytes.
    pub bytes: usize,
}

fn twenty() -> u64 {
    20
}
fn four() -> usize {
    4
}
fn comma() -> String {
    ",".to_owned()
}

/// The JSON Schema (draft 7) of a profile, for editors.
pub fn schema() -> serde_json::Value {
    let generator = schemars::generate::SchemaSettings::draft07().into_generator();
    generator.into_root_schema_for::<Profile>().to_value()
}

impl Profile {
    /// Reads a profile and checks all that can be checked without running it.
    pub fn read(file: &File) -> Result<Profile, Diagnostics> {
        let profile: Profile = gauntlet_yaml::from_str(file)?;
        let mut errors = Diagnostics::default();
        profile.check(file, &mut errors);
        match errors.has_errors() {
            true => Err(errors),
            false => Ok(profile),
        }
    }

    /// Reads a profile's file.
    pub fn load(path: &Path) -> Result<Profile, TargetError> {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|error| TargetError::Unreadable(name.clone(), error.to_string()))?;
        let mut profile = File::from_bytes(&name, &bytes)
            .and_then(|file| Profile::read(&file))
            .map_err(|errors| TargetError::Profile(errors.render(false)))?;
        profile.beside = Some(path.parent().map(Path::to_path_buf).unwrap_or_default());
        Ok(profile)
    }

    /// Any BoGo shim, by its command.
    pub fn of_shim(command: &str) -> Result<Profile, TargetError> {
        let text = include_str!("../profiles/shims/bogo.yaml").replace("SHIM", &command.replace('\'', "''"));
        let file = File::new("bogo.yaml", &text);
        let mut profile = Profile::read(&file).map_err(|errors| TargetError::Profile(errors.render(false)))?;
        profile.name = format!("bogo:{command}");
        Ok(profile)
    }

    /// An embedded profile.
    pub fn embedded(name: &str) -> Option<Profile> {
        Profile::all().into_iter().find(|profile| profile.name == name)
    }

    /// All embedded profiles, by name.
    pub fn all() -> Vec<Profile> {
        let files = EMBEDDED.files().filter(|file| file.path().extension().is_some_and(|ending| ending == "yaml"));
        let read = |file: &include_dir::File<'_>| {
            let name = format!("profiles/{}", file.path().display());
            let file = File::from_bytes(&name, file.contents()).expect("a test reads every profile");
            Profile::read(&file).expect("a test reads every profile")
        };
        files.map(read).collect()
    }

    /// How it plays a role.
    pub fn role(&self, role: Role) -> Option<&RoleProfile> {
        match role {
            Role::Server => self.server.as_ref(),
            Role::Client => self.client.as_ref(),
        }
    }

    /// The roles that it has.
    pub fn roles(&self) -> Vec<Role> {
        [Role::Server, Role::Client].into_iter().filter(|&role| self.role(role).is_some()).collect()
    }

    /// Whether its programs are there.
    pub fn is_installed(&self) -> bool {
        let roles = self.roles().into_iter().filter_map(|role| self.role(role));
        let build = self.adapter.as_ref().and_then(|adapter| adapter.build.as_ref());
        let mut commands = roles.flat_map(|role| role.prepare.iter().chain([&role.command])).chain(build);
        let is_at_hand = |adapter: &Adapter| adapter.is_at_hand(&EMBEDDED, self.beside.as_deref(), &adapter::cache());
        self.adapter.as_ref().is_none_or(is_at_hand)
            && commands.all(template::is_installed)
            && self.needs.iter().all(template::is_there)
    }

    /// Its adapter, built if need be.
    pub(crate) fn ready_adapter(&self) -> Result<Option<PathBuf>, String> {
        self.adapter
            .as_ref()
            .map(|adapter| adapter.ready(&EMBEDDED, self.beside.as_deref(), &adapter::cache()))
            .transpose()
    }

    fn check(&self, file: &File, errors: &mut Diagnostics) {
        if self.roles().is_empty() {
            let help = Some("add `server:` or `client:`".to_owned());
            errors.error(file, gauntlet_yaml::Span::empty(0), "the profile has no role", help);
        }
        for template in self.version.iter().chain(&self.needs) {
            template::check(template, &[], file, errors);
        }
        if let Some(adapter) = &self.adapter {
            adapter.check(file, errors);
        }
        for role in self.roles().into_iter().filter_map(|role| self.role(role)) {
            role.check(file, errors);
        }
    }
}

impl RoleProfile {
    /// Whether it can be started so.
    pub fn supports(&self, options: &Options) -> Result<(), String> {
        options.iter().try_for_each(|(name, value)| {
            let option = self.options.get(name).ok_or_else(|| format!("the profile has no option `{name}`"))?;
            if name == "certificate" && KeyKind::by_name(value).is_none() {
                return Err(format!("option `{name}: {value}`: no such kind of key"));
            }
            option.template(value).map(drop).map_err(|reason| format!("option `{name}: {value}`: {reason}"))
        })
    }

    fn check(&self, file: &File, errors: &mut Diagnostics) {
        let options: Vec<&str> = self.options.keys().map(String::as_str).collect();
        let arguments = self.options.values().flat_map(OptionProfile::templates);
        let once = self.prepare.iter().chain([&self.command, &self.further]).chain(self.environment.values());
        for template in once.chain(arguments) {
            template::check(template, &options, file, errors);
        }
        for word in &self.cannot_answer {
            if !ANSWERS.contains(&word.as_str()) {
                let help = gauntlet_yaml::did_you_mean(word, ANSWERS);
                let help = help.or_else(|| Some(format!("expected one of `{}`", ANSWERS.join("`, `"))));
                errors.error(file, self.command.span, format!("`cannot_answer` has no `{word}`"), help);
            }
        }
        for ask in self.ask.values() {
            if let Err(reason) = self.supports(&ask.with) {
                errors.error(file, self.command.span, format!("an action needs what cannot be had: {reason}"), None);
            }
        }
    }
}

impl OptionProfile {
    /// The arguments for a value, and what `{value}` stands for in them.
    pub fn template(&self, value: &str) -> Result<(&Template, String), String> {
        if let Some(template) = self.values.get(value) {
            return Ok((template, value.to_owned()));
        }
        let known = || self.values.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let any = self.any.as_ref().ok_or_else(|| format!("expected one of {}", known()))?;
        let items = value.split(',').map(str::trim).filter(|item| !item.is_empty());
        let own_name = |item| match self.names.get(item) {
            Some(name) => Ok(name.as_str()),
            None if self.names.is_empty() => Ok(item),
            None => Err(format!("it has no `{item}`")),
        };
        Ok((any, items.map(own_name).collect::<Result<Vec<_>, _>>()?.join(&self.separator)))
    }

    fn templates(&self) -> impl Iterator<Item = &Template> {
        [&self.default].into_iter().chain(self.values.values()).chain(&self.any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Profile, String> {
        Profile::read(&File::new("x.yaml", text)).map_err(|errors| errors.render(false))
    }

    #[test]
    fn every_embedded_profile_reads_and_is_named_as_its_file() {
        for file in EMBEDDED.files() {
            let text = File::from_bytes(&file.path().display().to_string(), file.contents()).unwrap();
            let profile = Profile::read(&text).unwrap_or_else(|errors| panic!("{}", errors.render(false)));
            assert_eq!(Some(profile.name.as_str()), file.path().file_stem().and_then(|stem| stem.to_str()));
        }
        assert!(Profile::embedded("openssl-s_server").is_some());
    }

    #[test]
    fn every_embedded_profile_has_its_adapter() {
        for profile in Profile::all() {
            let source = profile.adapter.map(|adapter| format!("adapters/{}", adapter.source));
            assert!(source.is_none_or(|source| EMBEDDED.get_file(source).is_some()), "{}", profile.name);
            assert!(!profile.install.is_empty(), "{}: nobody is told how to get it", profile.name);
        }
    }

    #[test]
    fn any_command_can_be_a_shim() {
        let profile = Profile::of_shim("my-shim 'with spaces'").unwrap();
        assert_eq!(profile.roles(), [Role::Server, Role::Client]);
        let command = &profile.server.unwrap().command.value;
        assert!(command.starts_with("my-shim 'with spaces' -server -port {port}"), "{command}");
    }

    #[test]
    fn mistakes_are_underlined() {
        let error = read("name: x\nserver:\n  command: x -p {prot}\n").unwrap_err();
        assert!(error.contains("no placeholder `{prot}`") && error.contains("`{port}`"), "{error}");
        let error = read("name: x\nserver:\n  command: x 'p {port}\n").unwrap_err();
        assert!(error.contains("quote"), "{error}");
        let error = read("name: x\nserver:\n  comand: x\n").unwrap_err();
        assert!(error.contains("comand") && error.contains("command"), "{error}");
        let error =
            read("name: x\nadapter:\n  source: x.c\n  build: cc {source}\nserver:\n  command: x\n").unwrap_err();
        assert!(error.contains("does not say `{out}`"), "{error}");
        let error = read("name: x\nserver: {command: x, cannot_answer: [agin]}\n").unwrap_err();
        assert!(error.contains("`agin`") && error.contains("again"), "{error}");
        let error = read("name: x\n").unwrap_err();
        assert!(error.contains("no role"), "{error}");
    }

    #[test]
    fn options_become_arguments() {
        let text = "name: x\nserver:\n  command: x\n  options:\n    groups:\n      any: -g {value}\n      separator: ':'\n      names: {x25519: X, secp256r1: P-256}\n    client_auth:\n      values: {none: '', require: '-V'}\n";
        let server = read(text).unwrap().server.unwrap();
        let (template, value) = server.options["groups"].template("secp256r1, x25519").unwrap();
        assert_eq!((template.value.as_str(), value.as_str()), ("-g {value}", "P-256:X"));
        let refuse = |name: &str, value: &str| server.supports(&Options::from([(name.to_owned(), value.to_owned())]));
        assert_eq!(refuse("groups", "x448").unwrap_err(), "option `groups: x448`: it has no `x448`");
        assert_eq!(
            refuse("client_auth", "request").unwrap_err(),
            "option `client_auth: request`: expected one of `none`, `require`"
        );
        assert_eq!(refuse("alpn", "h2").unwrap_err(), "the profile has no option `alpn`");
        assert_eq!(refuse("client_auth", "require"), Ok(()));
    }
}
