//! What a strict client finds wrong in a server's messages, besides what does not decode or verify.

use crate::Peer;
use crate::view::{self, ServerHelloView, extension};
use gauntlet_crypto::suite::KeyExchange;
use gauntlet_crypto::{CipherSuite, NamedGroup};
use gauntlet_wire::Node;
use std::collections::BTreeSet;

/// Extensions of TLS 1.3, and the server's messages in which each may stand. [RFC 9846, 4.3]
const PLACES: &[(u16, &[&str])] = &[
    (extension::SERVER_NAME, &["encrypted_extensions"]),
    (extension::MAX_FRAGMENT_LENGTH, &["encrypted_extensions"]),
    (extension::STATUS_REQUEST, &["certificate_request", "certificate"]),
    (extension::SUPPORTED_GROUPS, &["encrypted_extensions"]),
    (extension::SIGNATURE_ALGORITHMS, &["certificate_request"]),
    (14, &["encrypted_extensions"]),
    (extension::HEARTBEAT, &["encrypted_extensions"]),
    (extension::ALPN, &["encrypted_extensions"]),
    (18, &["certificate_request", "certificate"]),
    (extension::CLIENT_CERTIFICATE_TYPE, &["encrypted_extensions"]),
    (extension::SERVER_CERTIFICATE_TYPE, &["encrypted_extensions"]),
    (extension::PADDING, &[]),
    (extension::COMPRESS_CERTIFICATE, &["certificate_request"]),
    (extension::RECORD_SIZE_LIMIT, &["encrypted_extensions"]),
    (extension::PRE_SHARED_KEY, &["server_hello"]),
    (extension::EARLY_DATA, &["encrypted_extensions", "new_session_ticket"]),
    (extension::SUPPORTED_VERSIONS, &["server_hello", "hello_retry_request"]),
    (extension::COOKIE, &["hello_retry_request"]),
    (extension::PSK_KEY_EXCHANGE_MODES, &[]),
    (47, &["certificate_request"]),
    (48, &["certificate_request"]),
    (extension::POST_HANDSHAKE_AUTH, &[]),
    (50, &["certificate_request"]),
    (extension::KEY_SHARE, &["server_hello", "hello_retry_request"]),
];

impl Peer {
    /// Extensions that stand twice, or in the wrong message; `holder` has them in `extensions`.
    pub(crate) fn remark_on_places(&mut self, message: &str, holder: &Node) {
        let mut seen = BTreeSet::new();
        for kind in view::extension_types(holder) {
            if !seen.insert(kind) {
                self.remark("illegal_parameter", format!("extension {kind} stands twice"));
            }
            let places = PLACES.iter().find(|(known, _)| *known == kind).map(|(_, places)| *places);
            if self.is_tls13() && places.is_some_and(|places| !places.contains(&message)) {
                self.remark("illegal_parameter", format!("extension {kind} does not belong into {message}"));
            }
        }
    }

    /// Of a ServerHello or HelloRetryRequest, once it is known what it settles.
    pub(crate) fn scrutinise_server_hello(&mut self, node: &Node, hello: &ServerHelloView) {
        let name = if hello.is_retry() { "hello_retry_request" } else { "server_hello" };
        self.remark_on_places(name, node);
        let info = CipherSuite(hello.cipher_suite).info();
        if info.is_some_and(|suite| (suite.key_exchange == KeyExchange::Tls13) != self.is_tls13()) {
            self.remark("illegal_parameter", format!("suite {:#06x} is of another version", hello.cipher_suite));
        }
        if !self.is_tls13() {
            self.scrutinise_old_hello(node);
        }
    }

    fn scrutinise_old_hello(&mut self, node: &Node) {
        let formats = view::extension_data(node, extension::EC_POINT_FORMATS);
        let formats = formats.map(|data| view::bytes(data, "ec_point_format_list"));
        if formats.is_some_and(|formats| !formats.contains(&0)) {
            // [RFC 8422, 5.2]
            self.remark("illegal_parameter", "ec_point_formats without uncompressed");
        }
        let names = view::extension_data(node, extension::ALPN).and_then(|data| data.field("protocol_name_list"));
        self.remark_on_protocol(names);
    }

    /// What a HelloRetryRequest asks for. [RFC 9846, 4.2.4 and 4.3.8]
    pub(crate) fn scrutinise_retry(&mut self, retry: &ServerHelloView) {
        match &retry.share {
            Some((group, _)) if !self.hs.hello.groups.contains(group) => {
                self.remark("illegal_parameter", format!("group {group} was not offered"));
            }
            Some((group, _)) if self.hs.hello.shares.iter().any(|(shared, _)| shared == group) => {
                self.remark("illegal_parameter", format!("a share for group {group} was sent already"));
            }
            None if retry.cookie.is_none() => {
                self.remark("illegal_parameter", "the HelloRetryRequest asks for nothing new");
            }
            _ => {}
        }
    }

    /// The answer to ALPN: one name, of those that were offered. [RFC 7301, 3.1]
    pub(crate) fn remark_on_protocol(&mut self, names: Option<&Node>) {
        let Some(names) = names else { return };
        let chosen: Vec<Vec<u8>> = names.children().iter().map(Node::content).collect();
        if chosen.len() != 1 {
            self.remark("illegal_parameter", format!("{} application protocols", chosen.len()));
        } else if !self.hs.hello.alpn.contains(&chosen[0]) {
            self.remark("illegal_parameter", "an application protocol that we did not list");
        }
    }

    /// [RFC 9846, 4.4.2]
    pub(crate) fn scrutinise_request(&mut self, node: &Node) {
        self.remark_on_places("certificate_request", node);
        if view::extension_data(node, extension::SIGNATURE_ALGORITHMS).is_none() {
            self.remark("missing_extension", "a request without signature_algorithms");
        }
    }

    /// [RFC 9846, 4.5.1]
    pub(crate) fn scrutinise_server_certificate(&mut self, node: &Node, list: &[Node]) {
        if !view::bytes(node, "certificate_request_context").is_empty() {
            self.remark("illegal_parameter", "a context in the server's Certificate");
        }
        for entry in list {
            self.remark_on_places("certificate", entry);
            for kind in view::extension_types(entry) {
                if !self.hs.hello.extensions.contains(&kind) {
                    self.remark("unsupported_extension", format!("extension {kind} of a certificate was not offered"));
                }
            }
        }
    }

    /// The point of a ServerKeyExchange. [RFC 8422, 5.4]
    pub(crate) fn remark_on_point(&mut self) {
        let length = NamedGroup(self.hs.group).share_length(false);
        if length.is_some_and(|length| length != self.hs.other_share.len()) {
            let text = format!("a point of {} bytes in group {}", self.hs.other_share.len(), self.hs.group);
            self.remark("illegal_parameter", text);
        }
    }
}
