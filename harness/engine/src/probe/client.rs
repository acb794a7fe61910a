//! What a client shows of itself.

use super::{Probe, TLS13, received, whether};
use crate::plain::hello_request;
use gauntlet_model::capabilities::Learnt;
use gauntlet_model::names::version_name;
use gauntlet_model::{LinkError, Role};
use gauntlet_peer::view::{ClientHelloView, extension};

impl Probe<'_> {
    pub(super) fn client(&mut self) -> Result<(), LinkError> {
        for version in self.asked_versions() {
            let transcript = self.version(Role::Server, version)?;
            let hello = received(&transcript, "client_hello").next().map(|hello| ClientHelloView::of(&hello));
            if let Some(hello) = hello.filter(|_| version == TLS13) {
                self.offers(&hello);
            }
        }
        if self.found.has("versions", "tls1.2") {
            let transcript = self.play(&hello_request("probe", self.options))?;
            let hellos = received(&transcript, "client_hello").count();
            self.learn_whether("renegotiation", "yes", hellos > 1);
        }
        Ok(())
    }

    /// What it lists in its hello.
    fn offers(&mut self, hello: &ClientHelloView) {
        let lists = [
            ("cipher_suites", "CipherSuite", &hello.cipher_suites),
            ("groups", "NamedGroup", &hello.groups),
            ("signature_schemes", "SignatureScheme", &hello.signature_schemes),
            ("extensions", "ExtensionType", &hello.extensions),
        ];
        for (kind, registry, numbers) in lists {
            for number in numbers {
                self.found.learn(kind, &super::name(registry, *number), Learnt::Yes);
            }
        }
        for version in hello.offered_versions() {
            self.found.learn("offered_versions", &version_name(version), Learnt::Yes);
        }
        for (group, _) in &hello.shares {
            self.found.learn("key_shares", &super::name("NamedGroup", *group), Learnt::Yes);
        }
        for protocol in &hello.alpn {
            self.found.learn("alpn", &String::from_utf8_lossy(protocol), Learnt::Yes);
        }
        if hello.alpn.is_empty() {
            self.found.learn("alpn", "not_offered", Learnt::Yes);
        }
        let shared = |group: &u16| hello.shares.iter().any(|(share, _)| share == group);
        let retries = hello.groups.iter().any(|group| !shared(group));
        self.learn_whether("hello_retry_request", "yes", retries);
        self.learn_whether("session_id", "yes", !hello.session_id.is_empty());
        let offered = hello.extensions.contains(&extension::POST_HANDSHAKE_AUTH);
        self.found.learn("post_handshake_auth", "not_offered", whether(!offered));
        self.learn_whether("post_handshake_auth", "offered", offered);
    }
}
