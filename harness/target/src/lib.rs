//! Ways to reach what is tested: in process, at an address, as a child process.
//!
//! A [`Target`] is something that can be started in a role with options; an [`Instance`] is one that
//! runs; an instance gives a [`Link`](gauntlet_model::Link) for each case. Nothing here knows scenarios.

pub mod embedded;
pub mod memory;

use gauntlet_model::{Link, LinkError, Role};
use std::collections::BTreeMap;

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
    /// Runs in our process over memory: no waits, any number side by side.
    fn is_memory(&self) -> bool {
        false
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
}
