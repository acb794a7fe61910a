//! Certificate chains, good and bad, deterministic.
//!
//! One root (RSA, so that everybody can check it), below it one intermediate of each family, below
//! these one leaf for each role and kind of key. Nothing is drawn: RSA keys are files, all other keys
//! come from seeds, serial numbers are hashes of names, dates are fixed. So the same certificates,
//! byte for byte, come out of every build on every machine:
//!
//! ```text
//! Gauntlet Root ─┬─ Gauntlet Intermediate RSA ──── rsa2048, rsapss2048
//!                └─ Gauntlet Intermediate ECDSA ── p256, p384, p521, ed25519, ed448
//! ```
//!
//! [`build`] makes chains that differ from these in what a scenario says.
//!
//! The subject names differ by kind of key, since NSS files certificates by them.

mod asn1;
mod authority;
mod build;
mod credential;
mod ech;
mod edits;
mod files;
mod keys;
mod splice;
mod staple;

use authority::{leaf, root_authority};
pub use build::{Making, build};
pub use credential::{Credential, credential_content};
pub use ech::{ECH_PUBLIC_NAME, EchKem};
use gauntlet_crypto::PrivateKey;
use gauntlet_model::Role;
use gauntlet_model::chain::{CertificateSpec, ChainSpec, CredentialSpec, StapleSpec};
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

/// Kinds of keys that a leaf can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say it")]
pub enum KeyKind {
    P256,
    P384,
    P521,
    Ed25519,
    Ed448,
    Rsa2048,
    /// rsassaPss key
    RsaPss2048,
}

impl KeyKind {
    /// Every kind.
    pub const ALL: [KeyKind; 7] = [
        KeyKind::P256,
        KeyKind::P384,
        KeyKind::P521,
        KeyKind::Ed25519,
        KeyKind::Ed448,
        KeyKind::Rsa2048,
        KeyKind::RsaPss2048,
    ];

    /// As options and files name it: `p256`, `rsapss2048`, ...
    pub fn name(self) -> &'static str {
        match self {
            KeyKind::P256 => "p256",
            KeyKind::P384 => "p384",
            KeyKind::P521 => "p521",
            KeyKind::Ed25519 => "ed25519",
            KeyKind::Ed448 => "ed448",
            KeyKind::Rsa2048 => "rsa2048",
            KeyKind::RsaPss2048 => "rsapss2048",
        }
    }

    /// The kind of that name.
    pub fn by_name(name: &str) -> Option<KeyKind> {
        KeyKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A chain with the key of its leaf.
#[derive(Clone)]
pub struct Identity {
    /// Certificates, DER, leaf first, without the root.
    pub chain: Vec<Vec<u8>>,
    /// The leaf's key.
    pub key: PrivateKey,
    /// OCSP response for the leaf, DER.
    pub staple: Option<Vec<u8>>,
    /// Delegated credential for the leaf.
    pub credential: Option<Arc<Credential>>,
}

/// Name that server certificates are for.
pub const SERVER_NAME: &str = "server.gauntlet.example";

/// Name that client certificates are for.
pub const CLIENT_NAME: &str = "client.gauntlet.example";

/// Identity of the pre-shared key that targets know.
pub const PSK_IDENTITY: &str = "gauntlet";

/// The pre-shared key that targets know: 00 11 22 to ff.
pub const PSK_KEY: [u8; 16] =
    [0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff];

/// The root that both sides trust: DER.
pub fn root() -> &'static [u8] {
    &root_authority().certificate
}

/// A good chain for a server of that kind, for `SERVER_NAME`, `localhost`, 127.0.0.1 and ::1.
pub fn server(kind: KeyKind) -> &'static Arc<Identity> {
    static CACHE: [OnceLock<Arc<Identity>>; KeyKind::ALL.len()] = [const { OnceLock::new() }; _];
    CACHE[kind as usize].get_or_init(|| Arc::new(leaf(Role::Server, kind)))
}

/// A good chain for a client.
pub fn client(kind: KeyKind) -> &'static Arc<Identity> {
    static CACHE: [OnceLock<Arc<Identity>>; KeyKind::ALL.len()] = [const { OnceLock::new() }; _];
    CACHE[kind as usize].get_or_init(|| Arc::new(leaf(Role::Client, kind)))
}

/// A good chain with a delegated credential for three days from today on. [RFC 9345]
///
/// # Errors
/// What of it could not be made, in words.
pub fn with_credential(role: Role) -> Result<Identity, String> {
    let spec = ChainSpec { credential: Some(CredentialSpec::default()), ..ChainSpec::default() };
    build(&Making { spec: &spec, role, date: today(), seed: [0; 32] })
}

/// The leaf of [`server`], DER, but such that credentials may be delegated to others by it. [RFC 9345, 4.2]
///
/// # Errors
/// What of it could not be made, in words.
pub fn delegating(kind: KeyKind) -> Result<Vec<u8>, String> {
    let name = kind.name().to_owned();
    let leaf = CertificateSpec { key: Some(name), delegation_usage: Some(true), ..CertificateSpec::default() };
    let spec = ChainSpec { certificates: vec![("leaf".to_owned(), leaf)], ..ChainSpec::default() };
    let identity = build(&Making { spec: &spec, role: Role::Server, date: 0, seed: [0; 32] })?;
    identity.chain.into_iter().next().ok_or_else(|| "no leaf".to_owned())
}

/// An OCSP response that says that the leaf of [`server`] is good, from yesterday on for a week.
///
/// # Errors
/// What of it could not be made, in words.
pub fn staple(kind: KeyKind) -> Result<Vec<u8>, String> {
    let leaf = CertificateSpec { key: Some(kind.name().to_owned()), ..CertificateSpec::default() };
    let spec = ChainSpec {
        certificates: vec![("leaf".to_owned(), leaf)],
        staple: Some(StapleSpec::default()),
        ..ChainSpec::default()
    };
    let making = Making { spec: &spec, role: Role::Server, date: today(), seed: [0; 32] };
    build(&making)?.staple.ok_or_else(|| "no response".to_owned())
}

/// A SignedCertificateTimestampList with one timestamp of a log that nobody knows: its signature is made up. [RFC 6962, 3.3]
pub fn timestamps() -> Vec<u8> {
    let signature = [4, 3, 0, 8, 0x30, 6, 2, 1, 1, 2, 1, 1];
    let timestamp = [&[0][..], &[0x5c; 32], &1_704_067_200_000_u64.to_be_bytes(), &[0, 0], &signature].concat();
    let prefixed = |bytes: &[u8]| [&(bytes.len() as u16).to_be_bytes(), bytes].concat();
    prefixed(&prefixed(&timestamp))
}

/// Today's midnight, seconds since 1970.
fn today() -> i64 {
    const DAY: u64 = 86_400;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
    i64::try_from(now - now % DAY).unwrap_or(0)
}

/// PEM of certificates.
pub fn certificates_pem(chain: &[Vec<u8>]) -> String {
    chain.iter().map(|der| certificate_pem(der)).collect()
}

/// PEM of one certificate.
fn certificate_pem(der: &[u8]) -> String {
    let base64 = openssl::base64::encode_block(der);
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    for line in base64.as_bytes().chunks(64) {
        pem.extend(line.iter().map(|&byte| char::from(byte)));
        pem.push('\n');
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    pem
}
