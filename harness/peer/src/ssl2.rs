//! The ClientHello in the layout of SSL 2.0, which a server of TLS may take as a first message. [RFC 5246, E.2]

use crate::Peer;
use crate::view::{ClientHelloView, bytes, number};
use gauntlet_wire::{Context, Grammar, Node, Plain};

/// What `form` calls the version.
pub(crate) const SSL2: u16 = 0x0002;
/// Bytes of msg_length, which no hash covers.
pub(crate) const LENGTH: usize = 2;

impl Peer {
    /// A hello with our versions and suites, and a challenge for a random.
    pub(crate) fn honest_ssl2_hello(&mut self, context: &Context) -> Result<Node, String> {
        let version = self.config.versions.iter().copied().max().unwrap_or(0x0303).min(0x0303);
        let suites = self.config.cipher_suites.iter().copied().chain([0x00ff]);
        let body = Plain::map([
            ("version", Plain::Number(u64::from(version))),
            ("cipher_specs", suites.map(u64::from).collect()),
            ("session_id", Plain::Bytes(Vec::new())),
            ("challenge", Plain::Bytes(self.random(32))),
        ]);
        let hello = Plain::map([("body", body)]);
        Grammar::tls().build("V2ClientHello", &hello, context).map_err(|error| format!("client_hello: {error}"))
    }
}

impl ClientHelloView {
    /// From a decoded `V2ClientHello`: suites of SSL 2.0 itself, whose first byte is not zero, are left out.
    pub(crate) fn of_ssl2(hello: &Node) -> ClientHelloView {
        let challenge = bytes(hello, "challenge");
        let mut random = vec![0; 32_usize.saturating_sub(challenge.len())];
        random.extend_from_slice(&challenge[challenge.len().saturating_sub(32)..]);
        let specs = hello.field("cipher_specs");
        let small = |spec: &Node| spec.number().and_then(|spec| u16::try_from(spec).ok());
        ClientHelloView {
            legacy_version: number(hello, "version").unwrap_or(0) as u16,
            random,
            cipher_suites: specs.map(Node::children).unwrap_or_default().iter().filter_map(small).collect(),
            ..ClientHelloView::default()
        }
    }
}
