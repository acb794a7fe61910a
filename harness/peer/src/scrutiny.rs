//! What a strict server finds wrong with a hello, once it knows what it would settle on.

use crate::Peer;
use crate::draft::path;
use crate::view::{self, ClientHelloView, extension};
use gauntlet_crypto::suite::KeyExchange;
use gauntlet_wire::{Node, Path};
use std::sync::LazyLock;

static BINDERS: LazyLock<Path> = LazyLock::new(|| path("extensions.pre_shared_key.binders"));

/// TLS_EMPTY_RENEGOTIATION_INFO_SCSV. [RFC 5746, 3.3]
const RENEGOTIATION_SCSV: u16 = 0x00ff;
/// TLS_FALLBACK_SCSV. [RFC 7507, 4]
const FALLBACK_SCSV: u16 = 0x5600;

/// What a HelloRetryRequest lets a client change in its second hello. [RFC 9846, 4.2.2]
const MAY_CHANGE: [u16; 5] =
    [extension::KEY_SHARE, extension::EARLY_DATA, extension::COOKIE, extension::PRE_SHARED_KEY, extension::PADDING];

impl Peer {
    /// Remarks on a hello that depend on what was chosen.
    pub(crate) fn scrutinise(&mut self, node: &Node) {
        let hello = self.hs.hello.clone();
        self.scrutinise_names(node, &hello);
        if self.is_tls13() {
            self.scrutinise13(node, &hello);
        } else {
            self.scrutinise12(node, &hello);
        }
    }

    fn scrutinise_names(&mut self, node: &Node, hello: &ClientHelloView) {
        let names = view::extension_data(node, extension::SERVER_NAME).and_then(|data| data.field("server_name_list"));
        if names.is_some_and(|names| names.children().len() > 1) {
            // [RFC 6066, 3]
            self.remark("illegal_parameter", "two names of one type in server_name");
        }
        if !hello.alpn.is_empty() && !self.config.alpn.is_empty() && self.hs.alpn.is_none() {
            // [RFC 7301, 3.2]
            self.remark("no_application_protocol", "no application protocol in common");
        }
        let best = self.config.versions.iter().copied().max().unwrap_or(0);
        if hello.cipher_suites.contains(&FALLBACK_SCSV) && self.hs.version < best {
            self.remark("inappropriate_fallback", "a fallback from a version that both speak");
        }
    }

    fn scrutinise13(&mut self, node: &Node, hello: &ClientHelloView) {
        if hello.legacy_version != 0x0303 {
            self.remark("protocol_version", format!("legacy_version {:#06x}", hello.legacy_version));
        }
        let has = |kind| hello.extensions.contains(&kind);
        if !has(extension::PRE_SHARED_KEY) && !has(extension::SUPPORTED_GROUPS) && !has(extension::KEY_SHARE) {
            self.remark("missing_extension", "neither supported_groups nor key_share");
        }
        for (group, share) in &hello.shares {
            if matches!(group, 23..=25) && share.first() != Some(&4) {
                self.remark("illegal_parameter", format!("a point of another form for group {group}"));
            }
        }
        if !self.inbound.handshake.is_empty() {
            self.remark("unexpected_message", "client_hello shares its record with what is behind it");
        }
        self.count_binders(node, hello);
    }

    fn count_binders(&mut self, node: &Node, hello: &ClientHelloView) {
        let Some(binders) = node.at(&BINDERS) else { return };
        let came = binders.children().len();
        if came != hello.identities.len() {
            self.remark("illegal_parameter", format!("{came} binders for {} identities", hello.identities.len()));
        }
    }

    fn scrutinise12(&mut self, node: &Node, hello: &ClientHelloView) {
        if let Some(mode) = hello.heartbeat.filter(|mode| self.config.heartbeat && !matches!(mode, 1 | 2)) {
            // [RFC 6520, 2]
            self.remark("illegal_parameter", format!("heartbeat mode {mode}"));
        }
        let elliptic = self.hs.suite.is_some_and(|suite| suite.key_exchange == KeyExchange::Ecdhe);
        let formats = view::extension_data(node, extension::EC_POINT_FORMATS);
        let formats = formats.map(|data| view::bytes(data, "ec_point_format_list"));
        if elliptic && formats.is_some_and(|formats| !formats.contains(&0)) {
            // [RFC 8422, 5.1.2]
            self.remark("illegal_parameter", "ec_point_formats without uncompressed");
        }
        self.scrutinise_renegotiation(hello);
        let extended = self.hs.session.as_ref().is_some_and(|session| session.extended_master_secret);
        if extended && !hello.extensions.contains(&extension::EXTENDED_MASTER_SECRET) {
            // [RFC 7627, 5.3]
            self.remark("handshake_failure", "extended_master_secret is given up in a resumption");
        }
    }

    /// [RFC 5746, 3.6 and 3.7]
    fn scrutinise_renegotiation(&mut self, hello: &ClientHelloView) {
        let again = !self.last_verify_data.0.is_empty();
        if again && hello.cipher_suites.contains(&RENEGOTIATION_SCSV) {
            self.remark("handshake_failure", "the SCSV of a first handshake in a renegotiation");
        }
        match &hello.renegotiation_info {
            Some(info) if *info != self.last_verify_data.0 => {
                self.remark("handshake_failure", "renegotiated_connection is not what it was");
            }
            None if again => self.remark("handshake_failure", "a renegotiation without renegotiation_info"),
            _ => {}
        }
    }

    /// Whatever else the second hello changed.
    pub(crate) fn scrutinise_second(&mut self, first: &Node, second: &Node) {
        if view::extension_types(second).contains(&extension::EARLY_DATA) {
            self.remark("illegal_parameter", "early_data in the second hello");
        }
        if bound(first) != bound(second) {
            self.remark("illegal_parameter", "an extension of the second hello differs from the first's");
        }
    }
}

/// The extensions that a second hello must repeat, in order.
fn bound(hello: &Node) -> Vec<Vec<u8>> {
    let list = hello.field("extensions").map(Node::children).unwrap_or_default();
    let kind = |entry: &&Node| view::number(entry, "extension_type").unwrap_or(0) as u16;
    list.iter().filter(|entry| !MAY_CHANGE.contains(&kind(entry))).map(Node::to_bytes).collect()
}
