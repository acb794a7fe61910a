//! What an endpoint offers and takes, and who it is.

use gauntlet_crypto::suite::{Authentication, KeyExchange};
use gauntlet_crypto::{CipherSuite, Digest, KeyShare};
use gauntlet_model::Role;
use gauntlet_pki::{Identity, KeyKind};
use std::sync::Arc;

/// How the endpoint takes what is wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Temper {
    /// Remarks on it and goes on as far as its keys allow. What plays scenarios.
    #[default]
    Patient,
    /// Goes on whatever comes: zero secrets, unverified decryption, missing messages made up.
    Pushover,
}

/// What a server makes of the sessions that clients offer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Resumption {
    /// Those that fit are resumed.
    #[default]
    Honest,
    /// None is.
    Never,
    /// TLS 1.2: even those whose suite or extended master secret does not fit.
    Anyway,
}

/// A session that can be resumed.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// Version it was made in.
    pub version: u16,
    /// Its cipher suite.
    pub cipher_suite: u16,
    /// Hash of the PSK.
    pub digest: Digest,
    /// TLS 1.3: the PSK. TLS 1.2: the master secret.
    pub secret: Vec<u8>,
    /// Ticket, or external identity; empty where the session id serves.
    pub ticket: Vec<u8>,
    /// TLS 1.2 session id.
    pub session_id: Vec<u8>,
    /// ticket_age_add.
    pub age_add: u32,
    /// ticket_lifetime in seconds.
    pub lifetime: u32,
    /// max_early_data_size; 0: none.
    pub max_early_data: u32,
    /// The session was made with the extended master secret.
    pub extended_master_secret: bool,
    /// An external PSK.
    pub external: bool,
}

/// The pre-shared key of TLS 1.2's PSK suites. [RFC 4279]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Psk {
    /// psk_identity.
    pub identity: Vec<u8>,
    /// The key itself.
    pub key: Vec<u8>,
    /// As server: psk_identity_hint.
    pub hint: Option<Vec<u8>>,
}

/// Encrypted Client Hello. [RFC 9849]
#[derive(Clone, Default)]
pub enum Ech {
    /// Unknown: nothing is offered, and what comes is no more than an unknown extension.
    #[default]
    Unknown,
    /// As client: an extension that only looks like an offer.
    Grease,
    /// As client: a hello inside, for the first of these configurations that can be used: an ECHConfigList.
    Offer(Vec<u8>),
    /// As server: opens hellos with a key of one of these configurations (an ECHConfigList), which are handed out to who
    /// used others; without a key none can be opened.
    Serve {
        /// ECHConfigList.
        configs: Vec<u8>,
        /// The private key.
        key: Option<Arc<KeyShare>>,
    },
}

/// Everything that shapes the default handshake.
#[derive(Clone)]
pub struct Config {
    /// Our side.
    pub role: Role,
    /// Versions offered or taken, best first.
    pub versions: Vec<u16>,
    /// Cipher suites, best first.
    pub cipher_suites: Vec<u16>,
    /// Groups, best first.
    pub groups: Vec<u16>,
    /// As client: groups for which the first hello has a share.
    pub shares: Vec<u16>,
    /// Signature schemes, best first.
    pub signature_schemes: Vec<u16>,
    /// SNI sent, and the name that the server's certificate is checked for.
    pub server_name: Option<String>,
    /// Application protocols, best first.
    pub alpn: Vec<String>,
    /// Who we are; a client without one answers a request with an empty chain.
    pub identity: Option<Arc<Identity>>,
    /// As server: another identity, for RSA suites and schemes.
    pub second_identity: Option<Arc<Identity>>,
    /// Check the target's chain against the harness's root.
    pub verify_chain: bool,
    /// As client: session offered.
    pub session: Option<Session>,
    /// As server: sessions that clients were given on other connections, oldest first.
    pub known: Vec<Session>,
    /// As server: what becomes of those that clients offer.
    pub resumption: Resumption,
    /// External PSKs: offered behind the session's ticket, or known as server.
    pub psks: Vec<Session>,
    /// For PSK suites of TLS 1.2 and older.
    pub psk: Option<Psk>,
    /// As client: 0-RTT data to go with the first PSK.
    pub early_data: Option<Vec<u8>>,
    /// Encrypted Client Hello.
    pub ech: Ech,
    /// As client: a server that goes on with the outer hello deserves a refusal. [RFC 9849, 6.1.6]
    pub requires_ech: bool,
    /// Reserved values wherever they may stand. [RFC 8701]
    pub grease: bool,
    /// As server: max_early_data_size of tickets; 0: early data is refused.
    pub max_early_data: u32,
    /// As server: tickets sent behind the handshake.
    pub tickets: u32,
    /// As client: a HelloRequest is followed at once. A flow says for itself when to renegotiate.
    pub follows_hello_request: bool,
    /// As server: certificate compression that is taken, and used; best first.
    pub compressors: Vec<u16>,
    /// As server: record_size_limit that is agreed on with clients that send it.
    pub record_size_limit: Option<u16>,
    /// As server, up to TLS 1.2: heartbeats are agreed on with clients that send the extension.
    pub heartbeat: bool,
    /// As client: schemes of delegated credentials that are taken; none: the extension is not sent. As server: what a
    /// CertificateRequest says of them.
    pub credential_schemes: Vec<u16>,
    /// As server: a SignedCertificateTimestampList for the leaf, shown in TLS 1.3 if the client asks. [RFC 6962, 3.3]
    pub timestamps: Option<Vec<u8>>,
    /// As server: a first hello is answered by a HelloRetryRequest with a cookie.
    pub cookie: bool,
    /// What of each handshake is exported under this label: 32 bytes without a context.
    pub exporter: Option<Vec<u8>>,
    /// As server: ask for a certificate.
    pub request_certificate: bool,
    /// As server: a client without a certificate deserves a refusal.
    pub require_certificate: bool,
    /// TLS 1.2: offer or take these extensions.
    pub extended_master_secret: bool,
    /// TLS 1.2 CBC suites: offer or take encrypt-then-MAC.
    pub encrypt_then_mac: bool,
    /// Largest content of a record, bytes.
    pub record_limit: usize,
    /// How what is wrong is taken.
    pub temper: Temper,
}

impl Config {
    /// A client that offers these versions.
    pub fn client(versions: &[u16]) -> Config {
        let old = versions.iter().any(|version| *version < 0x0304);
        let highest = versions.iter().copied().max().unwrap_or(0x0304);
        let mut cipher_suites = Vec::new();
        if versions.contains(&0x0304) {
            cipher_suites.extend([0x1301, 0x1302, 0x1303]);
        }
        if highest == 0x0300 {
            // Without extensions no curve can be agreed on.
            cipher_suites.extend([0x002f, 0x0035, 0x000a, 0x0005, 0x0033, 0x0039]);
        } else if highest < 0x0303 {
            cipher_suites.extend([0xc009, 0xc013, 0xc00a, 0xc014, 0x002f, 0x0035]);
        } else if old {
            cipher_suites.extend([
                0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc009, 0xc013, 0xc00a, 0xc014, 0x009c, 0x009d, 0x002f,
                0x0035,
            ]);
        }
        let mut signature_schemes =
            vec![0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601];
        if old {
            signature_schemes.extend([0x0203, 0x0201]);
        }
        Config {
            role: Role::Client,
            versions: versions.to_vec(),
            cipher_suites,
            groups: vec![29, 23, 24],
            shares: vec![29],
            signature_schemes,
            server_name: Some(gauntlet_pki::SERVER_NAME.to_owned()),
            alpn: Vec::new(),
            identity: Some(gauntlet_pki::client(KeyKind::P256).clone()),
            second_identity: None,
            verify_chain: true,
            session: None,
            known: Vec::new(),
            resumption: Resumption::Honest,
            psks: Vec::new(),
            psk: None,
            early_data: None,
            ech: Ech::Unknown,
            requires_ech: false,
            grease: false,
            max_early_data: 0,
            compressors: Vec::new(),
            record_size_limit: None,
            heartbeat: false,
            credential_schemes: Vec::new(),
            timestamps: None,
            cookie: false,
            exporter: None,
            tickets: 0,
            follows_hello_request: false,
            request_certificate: false,
            require_certificate: false,
            extended_master_secret: true,
            encrypt_then_mac: true,
            record_limit: 1 << 14,
            temper: Temper::Patient,
        }
    }

    /// A server that takes these versions.
    pub fn server(versions: &[u16]) -> Config {
        Config {
            role: Role::Server,
            groups: vec![29, 23, 24, 25, 30],
            identity: Some(gauntlet_pki::server(KeyKind::P256).clone()),
            second_identity: Some(gauntlet_pki::server(KeyKind::Rsa2048).clone()),
            tickets: 1,
            ..Config::client(versions)
        }
    }

    /// With another identity, and such suites as its key can sign for.
    pub fn with_identity(mut self, identity: Arc<Identity>) -> Config {
        let wanted = if identity.key.public().is_rsa() { Authentication::Rsa } else { Authentication::Ecdsa };
        if self.role == Role::Server {
            let fits = |suite: &u16| {
                let info = CipherSuite(*suite).info();
                info.is_none_or(|info| info.key_exchange == KeyExchange::Tls13 || info.authentication == wanted)
            };
            self.cipher_suites.retain(fits);
            for scheme in identity.key.schemes(true) {
                if !self.signature_schemes.contains(&scheme.0) {
                    self.signature_schemes.push(scheme.0);
                }
            }
        }
        Config { identity: Some(identity), second_identity: None, ..self }
    }

    /// Whether a version may be negotiated.
    pub fn has_version(&self, version: u16) -> bool {
        self.versions.contains(&version)
    }
}
