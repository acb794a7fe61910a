//! Stacks in our own process, driven over byte queues.
//!
//! As a server the stack echoes all application data; as a client it sends a small request after its
//! handshake and closes once it has got an answer. Options, all with text values:
//!
//! | option | values |
//! |---|---|
//! | `versions` | `tls1.2`, `tls1.2-tls1.3` (default), ...; below `tls1.2` the security level is 0 |
//! | `certificate` | kinds of keys, comma list: `p256,rsa2048` (default), `ed25519`, ... |
//! | `client_auth` | server: `none`, `request`, `require`; client: any but `none` gives it a certificate |
//! | `alpn` | comma list |
//! | `groups`, `cipher_suites` | comma lists of the registry's names, best first |
//! | `early_data` | `yes`, `no` (default); server only |
//! | `tickets` | `yes` (default), `no` |
//! | `renegotiation` | `yes`: a server lets clients begin it; `no` (default) |
//! | `resumption` | `yes`: a client offers its last session on further connections of a case; `no` (default) |
//!
//! It can be asked for `key_update`, `key_update_requested` (the peer must update too), `renegotiate`,
//! `client_certificate` (post-handshake, needs `client_auth`) and `close`.

mod context;
mod settings;
mod stack;

use crate::memory::MemoryLink;
use crate::{Instance, Options, Target};
use context::Context;
use gauntlet_model::{Link, LinkError, Role};
use settings::Settings;
use stack::{OpenSslStack, Session};
use std::sync::Arc;

/// The vendored OpenSSL: the reference.
pub fn openssl() -> Box<dyn Target> {
    Box::new(OpenSsl)
}

struct OpenSsl;

impl Target for OpenSsl {
    fn name(&self) -> &str {
        "embedded-openssl"
    }

    fn version(&self) -> String {
        openssl::version::version().to_owned()
    }

    fn roles(&self) -> Vec<Role> {
        vec![Role::Server, Role::Client]
    }

    fn supports(&self, role: Role, options: &Options) -> Result<(), String> {
        context::cached(&Settings::parse(role, options)?).map(|_| ())
    }

    fn is_memory(&self) -> bool {
        true
    }

    fn instances(&self) -> usize {
        std::thread::available_parallelism().map_or(1, usize::from)
    }

    fn start(&self, role: Role, options: &Options) -> Result<Box<dyn Instance>, LinkError> {
        let settings = Settings::parse(role, options).map_err(LinkError::Other)?;
        let context = context::cached(&settings).map_err(LinkError::Other)?;
        Ok(Box::new(Embedded { context }))
    }
}

/// Nothing runs between links, so an instance is no more than what connections are made from.
struct Embedded {
    context: Arc<Context>,
}

impl Instance for Embedded {
    fn link(&mut self) -> Result<Box<dyn Link + '_>, LinkError> {
        let context = &self.context;
        let session = Session::default();
        Ok(Box::new(MemoryLink::new(move || Ok(Box::new(OpenSslStack::new(context, &session)?)))))
    }

    fn restart(&mut self) -> Result<(), LinkError> {
        Ok(())
    }
}
