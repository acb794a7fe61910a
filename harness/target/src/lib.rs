//! Ways to reach what is tested: in process, at an address, as a child process.
//!
//! A [`Target`] is something that can be started in a role with options; an [`Instance`] is one that
//! runs; an instance gives a [`Link`] for each case. Nothing here knows scenarios.
//!
//! ```no_run
//! # use gauntlet_model::{Role, Close};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let target = gauntlet_target::by_name("gnutls-serv")?;
//! let mut instance = target.start(Role::Server, &Default::default())?;
//! let mut link = instance.link()?;
//! let connection = link.connect()?;
//! link.send(connection, b"garbage");
//! # Ok(()) }
//! ```
//!
//! | module | reaches |
//! |---|---|
//! | [`embedded`] | OpenSSL and rustls in our own process |
//! | [`own`] | sides of our own peer, of which it is known what they do wrong |
//! | [`memory`] | any stack that reads and writes byte queues |
//! | [`address`] | a server that somebody else runs |
//! | [`profile`] | programs that we start, by YAML files |
//! | [`adapter`] | small programs of ours around a library, built on first use |
//! | [`serve`] | the other way round: an embedded stack as a server for others |

pub mod adapter;
pub mod address;
mod child;
mod echo;
pub mod embedded;
mod idle;
pub mod memory;
pub mod own;
mod process;
pub mod profile;
pub mod serve;
mod tcp;
mod template;

pub use child::ChildTarget;
pub use template::Template;

use gauntlet_model::{Link, LinkError, Role};
use profile::Profile;
use std::collections::BTreeMap;
use std::path::Path;

/// Options that an instance is started with: `client_auth` → `require`, ...
pub type Options = BTreeMap<String, String>;

/// An implementation under test.
pub trait Target: Send + Sync {
    /// As results name it: `embedded-openssl`, `gnutls-serv`, `127.0.0.1:4433`.
    fn name(&self) -> &str;
    /// What it says of its version; empty if it says nothing.
    fn version(&self) -> String;
    /// The roles it can play.
    fn roles(&self) -> Vec<Role>;
    /// Whether it can be started so; the error is the reason for a skip.
    fn supports(&self, role: Role, options: &Options) -> Result<(), String>;
    /// The options it must be started with so that [`Link::ask`] can have it do that; `None` if it never can.
    fn options_to_ask(&self, _role: Role, _action: &str) -> Option<Options> {
        None
    }
    /// What of the fact `answers` it cannot show, by the way it is driven: `again`, `at_close`.
    fn cannot_answer(&self, _role: Role) -> Vec<String> {
        Vec::new()
    }
    /// Whether it is known when it has nothing left to do, so that a long wait costs nothing.
    fn is_watched(&self) -> bool {
        false
    }
    /// Runs in our process over memory: no waits, any number side by side.
    fn is_memory(&self) -> bool {
        false
    }
    /// Whether one instance serves several connections at the same time.
    fn is_concurrent(&self, _role: Role) -> bool {
        true
    }
    /// How many instances it makes sense to run side by side (for an address: 1).
    fn instances(&self) -> usize;
    /// Starts one and waits until it is ready.
    fn start(&self, role: Role, options: &Options) -> Result<Box<dyn Instance>, LinkError>;
}

/// A running target. Ends with the value.
pub trait Instance: Send {
    /// A way for one case. The former link is dropped before.
    fn link(&mut self) -> Result<Box<dyn Link + '_>, LinkError>;
    /// Starts it anew after it died, or was found not to answer.
    fn restart(&mut self) -> Result<(), LinkError>;
    /// Bytes of memory that it holds now, where that can be told.
    fn memory(&self) -> Option<u64> {
        None
    }
}

/// Why there is no such target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// No profile, no address, no file.
    #[error("no target `{name}`{}", .help.as_ref().map(|help| format!("; {help}")).unwrap_or_default())]
    Unknown {
        /// As given.
        name: String,
        /// What may have been meant.
        help: Option<String>,
    },
    /// Not of the form `127.0.0.1:4433`.
    #[error("`{0}` is no address; expected 127.0.0.1:PORT, [::1]:PORT or localhost:PORT")]
    BadAddress(String),
    /// Somebody else's machine.
    #[error("`{0}` is not on this machine; only loopback addresses are tested, so that nothing is sent to others")]
    NotLoopback(String),
    /// A file that cannot be read.
    #[error("{0}: {1}")]
    Unreadable(String, String),
    /// A profile with mistakes in it: rendered diagnostics.
    #[error("{0}")]
    Profile(String),
}

/// What can be named without a file or an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// For [`by_name`].
    pub name: String,
    /// The roles it can play.
    pub roles: Vec<Role>,
    /// Whether its programs are there.
    pub installed: bool,
    /// How to get it; empty for what is always there.
    pub install: String,
    /// What is worth knowing about it.
    pub note: String,
}

/// A target by what a user calls it: an embedded stack, a profile, `HOST:PORT`, the path of a profile's file, or
/// `bogo:COMMAND` for a BoGo shim.
pub fn by_name(name: &str) -> Result<Box<dyn Target>, TargetError> {
    if let Some(stack) = embedded::by_name(name) {
        return Ok(stack);
    }
    if let Some(profile) = Profile::embedded(name) {
        return Ok(Box::new(ChildTarget::new(profile)));
    }
    if let Some(command) = name.strip_prefix("bogo:") {
        return Ok(Box::new(ChildTarget::new(Profile::of_shim(command)?)));
    }
    if name.ends_with(".yaml") || name.ends_with(".yml") {
        return Ok(Box::new(ChildTarget::new(Profile::load(Path::new(name))?)));
    }
    if name.contains(':') {
        return Ok(Box::new(address::Address::parse(name)?));
    }
    let listed = profiles();
    let help = gauntlet_yaml::did_you_mean(name, listed.iter().map(|listing| listing.name.as_str()));
    Err(TargetError::Unknown { name: name.to_owned(), help })
}

/// All that can be named: embedded stacks, then profiles.
pub fn profiles() -> Vec<Listing> {
    let embedded = embedded::all().into_iter().map(|target| Listing {
        name: target.name().to_owned(),
        roles: target.roles(),
        installed: true,
        install: String::new(),
        note: format!("in process; {}", target.version()),
    });
    let profiles = Profile::all().into_iter().map(|profile| Listing {
        roles: profile.roles(),
        installed: profile.is_installed(),
        name: profile.name,
        install: profile.install,
        note: profile.note,
    });
    embedded.chain(profiles).collect()
}
