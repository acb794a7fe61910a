//! The few fields that the peer needs of a message, read through the grammar's trees.

use gauntlet_wire::{Grammar, Node};
use std::sync::LazyLock;

/// SHA-256 of "HelloRetryRequest": the random that makes a ServerHello one. [RFC 9846, 4.2.3]
pub const RETRY_RANDOM: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11,
    0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// Extension code points that the peer acts on.
#[allow(missing_docs, reason = "the names are the RFCs'")]
pub mod extension {
    pub const SERVER_NAME: u16 = 0;
    pub const MAX_FRAGMENT_LENGTH: u16 = 1;
    pub const STATUS_REQUEST: u16 = 5;
    pub const SUPPORTED_GROUPS: u16 = 10;
    pub const EC_POINT_FORMATS: u16 = 11;
    pub const SIGNATURE_ALGORITHMS: u16 = 13;
    pub const HEARTBEAT: u16 = 15;
    pub const ALPN: u16 = 16;
    pub const SIGNED_CERTIFICATE_TIMESTAMP: u16 = 18;
    pub const PADDING: u16 = 21;
    pub const ENCRYPT_THEN_MAC: u16 = 22;
    pub const EXTENDED_MASTER_SECRET: u16 = 23;
    pub const COMPRESS_CERTIFICATE: u16 = 27;
    pub const CLIENT_CERTIFICATE_TYPE: u16 = 19;
    pub const SERVER_CERTIFICATE_TYPE: u16 = 20;
    pub const RECORD_SIZE_LIMIT: u16 = 28;
    pub const DELEGATED_CREDENTIAL: u16 = 34;
    pub const SESSION_TICKET: u16 = 35;
    pub const PRE_SHARED_KEY: u16 = 41;
    pub const EARLY_DATA: u16 = 42;
    pub const SUPPORTED_VERSIONS: u16 = 43;
    pub const COOKIE: u16 = 44;
    pub const PSK_KEY_EXCHANGE_MODES: u16 = 45;
    pub const POST_HANDSHAKE_AUTH: u16 = 49;
    pub const KEY_SHARE: u16 = 51;
    pub const ECH_OUTER_EXTENSIONS: u16 = 0xfd00;
    pub const ENCRYPTED_CLIENT_HELLO: u16 = 0xfe0d;
    pub const TICKET_REQUEST: u16 = 58;
    pub const RENEGOTIATION_INFO: u16 = 0xff01;
}

/// What of a ClientHello decides about the handshake.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClientHelloView {
    /// legacy_version.
    pub legacy_version: u16,
    /// random.
    pub random: Vec<u8>,
    /// legacy_session_id.
    pub session_id: Vec<u8>,
    /// cipher_suites.
    pub cipher_suites: Vec<u16>,
    /// Extension types in order.
    pub extensions: Vec<u16>,
    /// supported_versions; empty if it is not there.
    pub versions: Vec<u16>,
    /// supported_groups.
    pub groups: Vec<u16>,
    /// key_share: group and share.
    pub shares: Vec<(u16, Vec<u8>)>,
    /// signature_algorithms.
    pub signature_schemes: Vec<u16>,
    /// ALPN names.
    pub alpn: Vec<Vec<u8>>,
    /// PSK identities with their obfuscated ages.
    pub identities: Vec<(Vec<u8>, u32)>,
    /// PSK key exchange modes.
    pub psk_modes: Vec<u8>,
    /// compress_certificate.
    pub compressors: Vec<u16>,
    /// session_ticket, TLS 1.2.
    pub ticket: Option<Vec<u8>>,
    /// renegotiated_connection.
    pub renegotiation_info: Option<Vec<u8>>,
    /// record_size_limit.
    pub record_size_limit: Option<u16>,
    /// heartbeat.
    pub heartbeat: Option<u8>,
    /// cookie.
    pub cookie: Option<Vec<u8>>,
    /// delegated_credential.
    pub credential_schemes: Vec<u16>,
    /// ticket_request: for a new session, for a resumed one.
    pub tickets_wanted: Option<(u8, u8)>,
}

/// What of a ServerHello or HelloRetryRequest decides about the handshake.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServerHelloView {
    /// legacy_version.
    pub legacy_version: u16,
    /// random.
    pub random: Vec<u8>,
    /// legacy_session_id_echo.
    pub session_id: Vec<u8>,
    /// cipher_suite.
    pub cipher_suite: u16,
    /// legacy_compression_method.
    pub compression: u8,
    /// Extension types in order.
    pub extensions: Vec<u16>,
    /// supported_versions.
    pub selected_version: Option<u16>,
    /// key_share: group and share; the share is empty in a HelloRetryRequest.
    pub share: Option<(u16, Vec<u8>)>,
    /// pre_shared_key.
    pub selected_identity: Option<u16>,
    /// cookie.
    pub cookie: Option<Vec<u8>>,
    /// ALPN, in TLS 1.2.
    pub alpn: Option<Vec<u8>>,
    /// renegotiated_connection.
    pub renegotiation_info: Option<Vec<u8>>,
    /// max_fragment_length.
    pub max_fragment_length: Option<u8>,
    /// record_size_limit.
    pub record_size_limit: Option<u16>,
}

impl ServerHelloView {
    /// Whether it is a HelloRetryRequest.
    pub fn is_retry(&self) -> bool {
        self.random == RETRY_RANDOM
    }
    /// The version it settles.
    pub fn version(&self) -> u16 {
        self.selected_version.unwrap_or(self.legacy_version)
    }
}

/// A number field.
pub fn number(node: &Node, field: &str) -> Option<u64> {
    node.field(field)?.number()
}

/// A bytes field.
pub fn bytes(node: &Node, field: &str) -> Vec<u8> {
    node.field(field).map(Node::content).unwrap_or_default()
}

/// All numbers of a list.
pub fn numbers(node: Option<&Node>) -> Vec<u16> {
    numbers_of(node.map(Node::children).unwrap_or_default())
}

/// All numbers among nodes.
pub(crate) fn numbers_of(nodes: &[Node]) -> Vec<u16> {
    nodes.iter().filter_map(Node::number).map(|n| n as u16).collect()
}

/// The content of an extension: its `extension_data`.
pub fn extension_data(message: &Node, kind: u16) -> Option<&Node> {
    message.field("extensions")?.tagged(u64::from(kind))?.field("extension_data")
}

/// Extension types of a message, in order.
pub fn extension_types(message: &Node) -> Vec<u16> {
    let list = message.field("extensions").map(Node::children).unwrap_or_default();
    list.iter().filter_map(|e| number(e, "extension_type")).map(|kind| kind as u16).collect()
}

impl ClientHelloView {
    /// From a decoded `Handshake`.
    pub fn of(message: &Node) -> ClientHelloView {
        let data = |kind| extension_data(message, kind);
        let list = |kind, field| numbers(data(kind).and_then(|d| d.field(field)));
        let shares = data(extension::KEY_SHARE).and_then(|d| d.field("client_shares"));
        let share = |entry: &Node| Some((number(entry, "group")? as u16, bytes(entry, "key_exchange")));
        let psk = data(extension::PRE_SHARED_KEY);
        let identity = |entry: &Node| Some((bytes(entry, "identity"), number(entry, "obfuscated_ticket_age")? as u32));
        let alpn = data(extension::ALPN).and_then(|d| d.field("protocol_name_list"));
        ClientHelloView {
            legacy_version: number(message, "legacy_version").unwrap_or(0) as u16,
            random: bytes(message, "random"),
            session_id: bytes(message, "legacy_session_id"),
            cipher_suites: numbers(message.field("cipher_suites")),
            extensions: extension_types(message),
            versions: list(extension::SUPPORTED_VERSIONS, "versions"),
            groups: list(extension::SUPPORTED_GROUPS, "named_group_list"),
            shares: shares.map(Node::children).unwrap_or_default().iter().filter_map(share).collect(),
            signature_schemes: list(extension::SIGNATURE_ALGORITHMS, "supported_signature_algorithms"),
            alpn: alpn.map(Node::children).unwrap_or_default().iter().map(Node::content).collect(),
            identities: psk
                .and_then(|d| d.field("identities"))
                .map(Node::children)
                .unwrap_or_default()
                .iter()
                .filter_map(identity)
                .collect(),
            psk_modes: list(extension::PSK_KEY_EXCHANGE_MODES, "ke_modes").into_iter().map(|m| m as u8).collect(),
            compressors: list(extension::COMPRESS_CERTIFICATE, "algorithms"),
            ticket: data(extension::SESSION_TICKET).map(Node::content),
            renegotiation_info: data(extension::RENEGOTIATION_INFO).map(|d| bytes(d, "renegotiated_connection")),
            record_size_limit: data(extension::RECORD_SIZE_LIMIT)
                .and_then(|d| number(d, "record_size_limit"))
                .map(|n| n as u16),
            heartbeat: data(extension::HEARTBEAT).and_then(|d| number(d, "mode")).map(|mode| mode as u8),
            cookie: data(extension::COOKIE).map(|d| bytes(d, "cookie")),
            credential_schemes: list(extension::DELEGATED_CREDENTIAL, "supported_signature_algorithms"),
            tickets_wanted: data(extension::TICKET_REQUEST)
                .and_then(|d| Some((number(d, "new_session_count")? as u8, number(d, "resumption_count")? as u8))),
        }
    }

    /// Versions offered, from whatever says so.
    pub fn offered_versions(&self) -> Vec<u16> {
        if !self.versions.is_empty() {
            return self.versions.clone();
        }
        (0x0300..=self.legacy_version.min(0x0303)).rev().collect()
    }
}

impl ServerHelloView {
    /// From a decoded `Handshake`.
    pub fn of(message: &Node) -> ServerHelloView {
        let data = |kind| extension_data(message, kind);
        let share = data(extension::KEY_SHARE).and_then(|d| {
            let entry = d.field("server_share").unwrap_or(d);
            let group = number(entry, "group").or_else(|| number(d, "selected_group"))?;
            Some((group as u16, bytes(entry, "key_exchange")))
        });
        let alpn = data(extension::ALPN).and_then(|d| d.field("protocol_name_list"));
        ServerHelloView {
            legacy_version: number(message, "legacy_version").unwrap_or(0) as u16,
            random: bytes(message, "random"),
            session_id: bytes(message, "legacy_session_id_echo"),
            cipher_suite: number(message, "cipher_suite").unwrap_or(0) as u16,
            compression: number(message, "legacy_compression_method").unwrap_or(0) as u8,
            extensions: extension_types(message),
            selected_version: data(extension::SUPPORTED_VERSIONS)
                .and_then(|d| number(d, "selected_version"))
                .map(|v| v as u16),
            share,
            selected_identity: data(extension::PRE_SHARED_KEY)
                .and_then(|d| number(d, "selected_identity"))
                .map(|v| v as u16),
            cookie: data(extension::COOKIE).map(|d| bytes(d, "cookie")),
            alpn: alpn.and_then(|list| list.children().first()).map(Node::content),
            renegotiation_info: data(extension::RENEGOTIATION_INFO).map(|d| bytes(d, "renegotiated_connection")),
            max_fragment_length: data(extension::MAX_FRAGMENT_LENGTH)
                .and_then(|d| number(d, "max_fragment_length"))
                .map(|n| n as u8),
            record_size_limit: data(extension::RECORD_SIZE_LIMIT)
                .and_then(|d| number(d, "record_size_limit"))
                .map(|n| n as u16),
        }
    }
}

/// Name of a message in a handshake record: its type, but `hello_retry_request` by its random.
pub fn handshake_name(message: &[u8]) -> std::borrow::Cow<'static, str> {
    static TYPES: LazyLock<Vec<Option<&'static str>>> =
        LazyLock::new(|| (0..256).map(|kind| Grammar::tls().name("HandshakeType", kind)).collect());
    let kind = message.first().copied().unwrap_or(0);
    if kind == 2 && message.get(6..38) == Some(&RETRY_RANDOM) {
        return "hello_retry_request".into();
    }
    match TYPES[usize::from(kind)] {
        Some(name) => name.into(),
        None => format!("handshake_{kind}").into(),
    }
}
