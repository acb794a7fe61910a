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
//! | `early_data` | `yes`, `no` (default): a server takes it; a client sends its request so where its session allows it |
//! | `certificate_compression` | `zlib`, `brotli`, or both; rustls only |
//! | `raw_public_key` | `yes`, `no` (default): its own and, with `client_auth`, the client's; OpenSSL's server only |
//! | `ech` | `yes`, `grease`, `no` (default); rustls' client only |
//! | `tickets` | `yes` (default), `no` |
//! | `renegotiation` | `yes`: a server lets clients begin it; `no` (default) |
//! | `psk` | `yes`: the key of `gauntlet_pki::PSK_KEY` is known; `no` (default); OpenSSL only |
//! | `post_handshake_auth` | `yes`: a client offers it; `no` (default); OpenSSL only |
//! | `compatibility` | `no`: a client without the middlebox compatibility mode; `yes` (default); OpenSSL only |
//! | `ocsp` | OpenSSL's client: `staple` asks for a stapled response and refuses a bad one, `require` also refuses to go without, `checked` is either |
//! | `resumption` | `yes`: a client offers its last session on further connections of a case; `no` (default) |
//!
//! OpenSSL can be asked for `key_update`, `key_update_requested` (the peer must update too), `renegotiate`,
//! `client_certificate` (post-handshake, needs `client_auth`), `data` and `close`; rustls for
//! `key_update_requested`, `data` and `close`. rustls does not know `renegotiation`.

mod context;
mod rustls_hpke;
mod rustls_stack;
mod settings;
mod stack;
mod staple;

use crate::memory::{MemoryLink, Stack};
use crate::{Instance, Options, Target};
use gauntlet_model::{Link, LinkError, Role};
use rustls_stack::RustlsStack;
use settings::Settings;
use stack::OpenSslStack;
use std::sync::Arc;

/// What a client asks for once its handshake is done.
const REQUEST: &[u8] = b"GET / HTTP/1.0\r\n\r\n";
/// What is sent when data is asked for.
const DATA: &[u8] = b"hello\n";

/// The vendored OpenSSL: the reference.
pub fn openssl() -> Box<dyn Target> {
    Box::new(Embedded {
        name: "embedded-openssl",
        version: || openssl::version::version().to_owned(),
        actions: stack::ACTIONS,
        context: |settings| {
            let context = context::cached(settings)?;
            Ok(Arc::new(move || {
                let (context, session) = (context.clone(), stack::Session::default());
                Box::new(move || Ok(Box::new(OpenSslStack::new(&context, &session)?)))
            }))
        },
    })
}

/// rustls, with ring.
pub fn rustls() -> Box<dyn Target> {
    Box::new(Embedded {
        name: "embedded-rustls",
        version: || "rustls 0.23 with ring".to_owned(),
        actions: rustls_stack::ACTIONS,
        context: |settings| {
            let config = rustls_stack::config(settings)?;
            Ok(Arc::new(move || {
                let config = config.for_a_case();
                Box::new(move || Ok(Box::new(RustlsStack::new(&config)?)))
            }))
        },
    })
}

/// All of them.
pub fn all() -> Vec<Box<dyn Target>> {
    vec![openssl(), rustls()]
}

/// One of them: `embedded-openssl`, ...
pub fn by_name(name: &str) -> Option<Box<dyn Target>> {
    all().into_iter().find(|target| target.name() == name)
}

/// Makes a connection's stack.
type Connect = Box<dyn FnMut() -> Result<Box<dyn Stack>, LinkError>>;
/// Makes what connections of a case are made by.
type Context = Arc<dyn Fn() -> Connect + Send + Sync>;

struct Embedded {
    name: &'static str,
    version: fn() -> String,
    actions: &'static [&'static str],
    /// Cached by the stack: the same settings cost next to nothing.
    context: fn(&Settings) -> Result<Context, String>,
}

impl Target for Embedded {
    fn name(&self) -> &str {
        self.name
    }

    fn version(&self) -> String {
        (self.version)()
    }

    fn roles(&self) -> Vec<Role> {
        vec![Role::Server, Role::Client]
    }

    fn supports(&self, role: Role, options: &Options) -> Result<(), String> {
        (self.context)(&Settings::parse(role, options)?).map(drop)
    }

    fn options_to_ask(&self, _role: Role, action: &str) -> Option<Options> {
        let with = match action {
            "client_certificate" => Options::from([("client_auth".to_owned(), "require".to_owned())]),
            _ => Options::new(),
        };
        self.actions.contains(&action).then_some(with)
    }

    fn is_memory(&self) -> bool {
        true
    }

    fn instances(&self) -> usize {
        std::thread::available_parallelism().map_or(1, usize::from)
    }

    fn start(&self, role: Role, options: &Options) -> Result<Box<dyn Instance>, LinkError> {
        let settings = Settings::parse(role, options).map_err(LinkError::Other)?;
        Ok(Box::new(Ready((self.context)(&settings).map_err(LinkError::Other)?)))
    }
}

/// Nothing runs between links, so an instance is no more than what connections are made from.
struct Ready(Context);

impl Instance for Ready {
    fn link(&mut self) -> Result<Box<dyn Link + '_>, LinkError> {
        Ok(Box::new(MemoryLink::new((self.0)())))
    }

    fn restart(&mut self) -> Result<(), LinkError> {
        Ok(())
    }
}
