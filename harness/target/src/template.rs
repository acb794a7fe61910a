//! Command lines with placeholders.
//!
//! | placeholder | is |
//! |---|---|
//! | `{port}` | where a server listens, or a client connects to |
//! | `{name}` | the name that server certificates are for |
//! | `{ca}` | PEM file of the root |
//! | `{cert}`, `{cert:rsa2048}` | PEM file of a chain, leaf first: of the kind that the option `certificate` names, or of that one |
//! | `{leaf}`, `{issuers}`, `{key}`, `{p12}` | the same: its leaf alone, the rest of it, its key, all in PKCS #12 with the password `gauntlet` |
//! | `{delegating}` | PEM file of a leaf with the same key by which credentials may be delegated |
//! | `{known_key}` | PEM file of the public key that our peer shows where it shows no certificate |
//! | `{staple}` | the same: DER file of an OCSP response that says that the leaf is good |
//! | `{timestamps}` | PEM file of certificate timestamps, as OpenSSL's `-serverinfo` wants it |
//! | `{psk}`, `{psk_key}` | file with identity and pre-shared key, as GnuTLS wants it; the key alone, as hex |
//! | `{ech_key}`, `{ech_key_pem}`, `{ech_config}`, `{ech_config_list}` | files for Encrypted ClientHello, of the KEM that the option `ech` names, else X25519: the private key as it is, or as PKCS #8, the ECHConfig, a list of it |
//! | `{ech_config_base64}` | that list as text |
//! | `{dir}` | a directory of the run |
//! | `{session}` | of a client: a file for the session of a case, from one connection to the next |
//! | `{option:groups}` | what the profile says for an option |
//! | `{value}` | within an option: its value |
//! | `{program:adapter}` | a program that is built along with us |
//! | `{adapter}` | the profile's adapter, once it is built |
//! | `{shim_id}` | what a BoGo shim has to say first |
//! | `{cache}` | the user's directory for what can be made again, where installers may put things |
//! | `{{`, `}}` | braces |

use crate::Options;
use crate::adapter;
use crate::profile::RoleProfile;
use gauntlet_model::Role;
use gauntlet_pki::{EchKem, Identity, KeyKind, SERVER_NAME};
use gauntlet_yaml::{Diagnostics, File, Spanned, did_you_mean};
use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Text with placeholders, and its place in the profile.
pub type Template = Spanned<String>;

const PLACEHOLDERS: [&str; 27] = [
    "port",
    "name",
    "ca",
    "cert",
    "leaf",
    "issuers",
    "key",
    "p12",
    "staple",
    "delegating",
    "known_key",
    "timestamps",
    "psk",
    "psk_key",
    "dir",
    "session",
    "option",
    "value",
    "program",
    "adapter",
    "cache",
    "shim_id",
    "ech_key",
    "ech_key_pem",
    "ech_config",
    "ech_config_list",
    "ech_config_base64",
];

/// What placeholders stand for.
pub(crate) struct Scope<'a> {
    pub dir: &'a Path,
    /// The profile's adapter, if it has one.
    pub adapter: Option<&'a Path>,
    pub role: Role,
    pub profile: &'a RoleProfile,
    pub options: &'a Options,
    pub port: u16,
    /// Of a client that is started: a number of its own for the case.
    pub case: Option<u64>,
}

/// Where a client may keep the session of a case.
pub(crate) fn session(dir: &Path, case: u64) -> PathBuf {
    dir.join(format!("session-{case}"))
}

/// The pre-shared key as hex.
fn psk_key() -> String {
    gauntlet_pki::PSK_KEY.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Scope<'_> {
    /// The command with the arguments that the options ask for.
    pub fn command(&self) -> Result<Command, String> {
        self.assemble(self.command_words()?)
    }

    /// The same for a further connection of a case, with the session of the one before.
    pub fn further_command(&self) -> Result<Command, String> {
        let mut words = self.command_words()?;
        words.extend(self.words(&self.profile.further.value)?);
        self.assemble(words)
    }

    fn command_words(&self) -> Result<Vec<String>, String> {
        let mut words = self.words(&self.profile.command.value)?;
        for name in self.profile.options.keys() {
            if !self.profile.command.value.contains(&format!("{{option:{name}}}")) {
                words.extend(self.option_words(name)?);
            }
        }
        Ok(words)
    }

    /// A command of its own.
    pub fn other_command(&self, template: &Template) -> Result<Command, String> {
        self.assemble(self.words(&template.value)?)
    }

    fn assemble(&self, words: Vec<String>) -> Result<Command, String> {
        let (program, arguments) = words.split_first().ok_or("the command is empty")?;
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.dir);
        for (name, template) in &self.profile.environment {
            command.env(name, self.expand(&template.value, None)?);
        }
        Ok(command)
    }

    fn words(&self, template: &str) -> Result<Vec<String>, String> {
        let words = shell_words::split(template).map_err(|error| error.to_string())?;
        words.iter().map(|word| self.expand(word, None)).collect()
    }

    fn option_words(&self, name: &str) -> Result<Vec<String>, String> {
        let (template, value) = self.option(name)?;
        let words = shell_words::split(&template.value).map_err(|error| error.to_string())?;
        words.iter().map(|word| self.expand(word, Some(&value))).collect()
    }

    fn option(&self, name: &str) -> Result<(&Template, String), String> {
        let option = self.profile.options.get(name).ok_or_else(|| format!("the profile has no option `{name}`"))?;
        match self.options.get(name) {
            Some(value) => option.template(value),
            None => Ok((&option.default, String::new())),
        }
    }

    fn expand(&self, text: &str, value: Option<&str>) -> Result<String, String> {
        let mut expanded = String::new();
        for piece in pieces(text) {
            match piece? {
                Piece::Text(text) => expanded.push_str(text),
                Piece::Placeholder(name, argument) => expanded.push_str(&self.placeholder(name, argument, value)?),
            }
        }
        Ok(expanded)
    }

    fn placeholder(&self, name: &str, argument: &str, value: Option<&str>) -> Result<String, String> {
        match name {
            "port" => Ok(self.port.to_string()),
            "name" => Ok(SERVER_NAME.to_owned()),
            "dir" => path_text(self.dir),
            "session" => path_text(&session(self.dir, self.case.unwrap_or_default())),
            "ca" => self.file("root.pem", || Ok(pem(&[gauntlet_pki::root().to_vec()]))),
            "psk" => {
                self.file("psk.txt", || Ok(format!("{}:{}\n", gauntlet_pki::PSK_IDENTITY, psk_key()).into_bytes()))
            }
            "timestamps" => self.file("timestamps.pem", || Ok(server_info(18, &gauntlet_pki::timestamps()))),
            "psk_key" => Ok(psk_key()),
            "ech_key" => self.ech_file("key", |kem| Ok(kem.private())),
            "ech_key_pem" => self.ech_file("pem", EchKem::private_pem),
            "ech_config" => self.ech_file("config", EchKem::config),
            "ech_config_list" => self.ech_file("configs", EchKem::config_list),
            "ech_config_base64" => Ok(openssl::base64::encode_block(&EchKem::of(self.options).config_list()?)),
            "adapter" => path_text(self.adapter.ok_or("the profile has no adapter")?),
            "shim_id" => Ok(crate::child::shim::ID.to_string()),
            "cache" => path_text(&adapter::cache()),
            "value" => Ok(value.unwrap_or_default().to_owned()),
            "program" => path_text(&own_program(argument).ok_or_else(|| format!("`{argument}` is not built"))?),
            "option" => {
                let (template, value) = self.option(argument)?;
                self.expand(&template.value, Some(&value))
            }
            _ => self.certificate(name, self.kind(argument)?),
        }
    }

    fn ech_file(&self, ending: &str, make: impl Fn(EchKem) -> Result<Vec<u8>, String>) -> Result<String, String> {
        let kem = EchKem::of(self.options);
        self.file(&format!("ech-{}.{ending}", kem.name()), || make(kem))
    }

    /// The kind that is named, or that the option `certificate` asks for.
    fn kind(&self, argument: &str) -> Result<KeyKind, String> {
        let name = match (argument, self.options.get("certificate")) {
            ("", Some(name)) => name,
            ("", None) => return Ok(KeyKind::P256),
            _ => argument,
        };
        KeyKind::by_name(name).ok_or_else(|| format!("no kind of key `{name}`"))
    }

    fn certificate(&self, what: &str, kind: KeyKind) -> Result<String, String> {
        let identity = match self.role {
            Role::Server => gauntlet_pki::server(kind),
            Role::Client => gauntlet_pki::client(kind),
        };
        let ending = match what {
            "p12" => "p12",
            "staple" => "der",
            _ => "pem",
        };
        let file = format!("{}-{}-{what}.{ending}", self.role.name(), kind.name());
        self.file(&file, || match what {
            "cert" => Ok(pem(&identity.chain)),
            "leaf" => Ok(pem(&identity.chain[..1])),
            "issuers" => Ok(pem(&identity.chain[1..])),
            "key" => Ok(identity.key.to_pem()),
            "staple" => gauntlet_pki::staple(kind),
            "delegating" => Ok(pem(&[gauntlet_pki::delegating(kind)?])),
            "known_key" => {
                let other = match self.role {
                    Role::Server => gauntlet_pki::client(kind),
                    Role::Client => gauntlet_pki::server(kind),
                };
                let key = other.key.pkey().public_key_to_pem();
                key.map_err(|error| error.to_string())
            }
            "p12" => pkcs12(identity, &format!("{}-{}", self.role.name(), kind.name())),
            _ => Err(format!("no placeholder `{{{what}}}`")),
        })
    }

    /// A file in the run's directory, written when it is first needed; others may be doing the same.
    fn file(&self, name: &str, content: impl FnOnce() -> Result<Vec<u8>, String>) -> Result<String, String> {
        let path = self.dir.join(name);
        if !path.exists() {
            let text = |error: std::io::Error| format!("{}: {error}", path.display());
            let mut file = tempfile::NamedTempFile::new_in(self.dir).map_err(text)?;
            file.write_all(&content()?).map_err(text)?;
            file.persist(&path).map_err(|error| text(error.error))?;
        }
        path_text(&path)
    }
}

/// A piece of a template.
enum Piece<'a> {
    Text(&'a str),
    /// Name, and what stands behind the colon.
    Placeholder(&'a str, &'a str),
}

fn pieces(text: &str) -> impl Iterator<Item = Result<Piece<'_>, String>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let braces = rest.find(['{', '}']).unwrap_or(rest.len());
        let (piece, length) = match &rest.as_bytes()[braces..] {
            _ if braces > 0 => (Piece::Text(&rest[..braces]), braces),
            [b'{', b'{', ..] | [b'}', b'}', ..] => (Piece::Text(&rest[..1]), 2),
            [b'{', ..] => match rest.find('}') {
                Some(end) => {
                    let (name, argument) = rest[1..end].split_once(':').unwrap_or((&rest[1..end], ""));
                    (Piece::Placeholder(name, argument), end + 1)
                }
                None => return Some(Err(unbalanced(&mut rest))),
            },
            _ => return Some(Err(unbalanced(&mut rest))),
        };
        rest = &rest[length..];
        Some(Ok(piece))
    })
}

fn unbalanced(rest: &mut &str) -> String {
    *rest = "";
    "unbalanced brace; a brace itself is written twice".to_owned()
}

/// Reports what is wrong in a template, as far as it can be known ahead.
pub(crate) fn check(template: &Template, options: &[&str], file: &File, errors: &mut Diagnostics) {
    let mut complain = |message: String, help| errors.error(file, template.span, message, help);
    if let Err(error) = shell_words::split(&template.value) {
        complain(error.to_string(), None);
    }
    for piece in pieces(&template.value) {
        match piece {
            Err(message) => complain(message, None),
            Ok(Piece::Placeholder("option", name)) if !options.contains(&name) => {
                complain(format!("the profile has no option `{name}`"), did_you_mean(name, options.iter().copied()));
            }
            Ok(Piece::Placeholder(name, _)) if !PLACEHOLDERS.contains(&name) => {
                let braces: Vec<String> = PLACEHOLDERS.iter().map(|name| format!("{{{name}}}")).collect();
                let help = did_you_mean(&format!("{{{name}}}"), braces.iter().map(String::as_str));
                complain(format!("no placeholder `{{{name}}}`"), help);
            }
            Ok(_) => (),
        }
    }
}

/// Whether the program of a command is there.
pub(crate) fn is_installed(template: &Template) -> bool {
    let words = shell_words::split(&template.value).unwrap_or_default();
    let Some(program) = words.first().and_then(|program| placed(program)) else { return false };
    match program.strip_prefix("{program:").and_then(|name| name.strip_suffix('}')) {
        Some(name) => own_program(name).is_some(),
        // It will be.
        None if program == "{adapter}" => true,
        None if program.contains('/') => Path::new(&program).is_file(),
        None => in_path(&program).is_some(),
    }
}

/// Whether a file that is named with its path is there.
pub(crate) fn is_there(template: &Template) -> bool {
    placed(&template.value).is_some_and(|path| Path::new(&path).exists())
}

/// With the cache's place in it.
fn placed(text: &str) -> Option<String> {
    Some(text.replace("{cache}", adapter::cache().to_str()?))
}

/// A program that is built along with us: beside this one, above its test programs, or in the search path.
fn own_program(name: &str) -> Option<PathBuf> {
    let own = std::env::current_exe().ok()?;
    let beside = own.ancestors().skip(1).take(2).map(|directory| directory.join(name)).find(|path| path.is_file());
    beside.or_else(|| in_path(name))
}

fn in_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths::<OsStr>(&path).map(|directory| directory.join(program)).find(|path| path.is_file())
}

fn pem(chain: &[Vec<u8>]) -> Vec<u8> {
    gauntlet_pki::certificates_pem(chain).into_bytes()
}

/// An extension that a server of OpenSSL shows to clients that ask: in ServerHello of TLS 1.2, or with its certificate.
fn server_info(extension: u16, data: &[u8]) -> Vec<u8> {
    const CONTEXT: u32 = 0x80 | 0x100 | 0x1000;
    let length = (data.len() as u16).to_be_bytes();
    let bytes = [&CONTEXT.to_be_bytes()[..], &extension.to_be_bytes(), &length, data].concat();
    let base64 = openssl::base64::encode_block(&bytes);
    format!("-----BEGIN SERVERINFOV2 FOR GAUNTLET-----\n{base64}\n-----END SERVERINFOV2 FOR GAUNTLET-----\n")
        .into_bytes()
}

fn pkcs12(identity: &Identity, friendly_name: &str) -> Result<Vec<u8>, String> {
    let build = || {
        let mut issuers = openssl::stack::Stack::new()?;
        for certificate in &identity.chain[1..] {
            issuers.push(openssl::x509::X509::from_der(certificate)?)?;
        }
        let leaf = openssl::x509::X509::from_der(&identity.chain[0])?;
        let mut builder = openssl::pkcs12::Pkcs12::builder();
        builder.name(friendly_name).pkey(identity.key.pkey()).cert(&leaf).ca(issuers);
        builder.build2("gauntlet")?.to_der()
    };
    build().map_err(|error: openssl::error::ErrorStack| error.to_string())
}

fn path_text(path: &Path) -> Result<String, String> {
    path.to_str().map(str::to_owned).ok_or_else(|| format!("{}: not a text", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope<T>(options: &[(&str, &str)], use_it: impl FnOnce(&Scope<'_>) -> T) -> T {
        let text = "name: x\nserver:\n  command: x {port} '{name} {option:inner}'\n  options:\n    inner: {default: a b, any: '{value}'}\n    outer: {default: -d, any: '-o {value}'}\n";
        let profile = crate::profile::Profile::read(&File::new("x", text)).unwrap().server.unwrap();
        let options = options.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let dir = tempfile::tempdir().unwrap();
        use_it(&Scope {
            dir: dir.path(),
            adapter: None,
            role: Role::Server,
            profile: &profile,
            options: &options,
            port: 77,
            case: None,
        })
    }

    fn arguments(command: &Command) -> Vec<&str> {
        command.get_args().map(|argument| argument.to_str().unwrap()).collect()
    }

    #[test]
    fn words_stay_words() {
        scope(&[], |scope| {
            let command = scope.command().unwrap();
            assert_eq!(arguments(&command), ["77", "server.gauntlet.example a b", "-d"]);
        });
        scope(&[("inner", "p q"), ("outer", "r s")], |scope| {
            let command = scope.command().unwrap();
            assert_eq!(arguments(&command), ["77", "server.gauntlet.example p q", "-o", "r s"]);
        });
    }

    #[test]
    fn files_are_written_when_needed() {
        scope(&[("certificate", "rsa2048")], |scope| {
            let read = |text: &str| std::fs::read(scope.expand(text, None).unwrap()).unwrap();
            assert_eq!(read("{cert}"), pem(&gauntlet_pki::server(KeyKind::Rsa2048).chain));
            assert_eq!(read("{key:ed25519}"), gauntlet_pki::server(KeyKind::Ed25519).key.to_pem());
            assert_eq!(read("{ca}"), pem(&[gauntlet_pki::root().to_vec()]));
            let p12 = openssl::pkcs12::Pkcs12::from_der(&read("{p12}")).unwrap().parse2("gauntlet").unwrap();
            assert_eq!(p12.cert.unwrap().to_der().unwrap(), gauntlet_pki::server(KeyKind::Rsa2048).chain[0]);
            assert_eq!(scope.expand("{cert:dsa}", None).unwrap_err(), "no kind of key `dsa`");
        });
    }

    #[test]
    fn braces_are_written_twice() {
        scope(&[], |scope| {
            assert_eq!(scope.expand("${{Version}} {port}", None).unwrap(), "${Version} 77");
            assert!(scope.expand("{port", None).is_err());
            assert!(scope.expand("port}", None).is_err());
        });
    }
}
