//! Certificate chains, good and bad, deterministic.

use gauntlet_crypto::PrivateKey;

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

/// A chain with the key of its leaf.
#[derive(Clone)]
pub struct Identity {
    /// Certificates, DER, leaf first, without the root.
    pub chain: Vec<Vec<u8>>,
    /// The leaf's key.
    pub key: PrivateKey,
}

/// Name that server certificates are for.
pub const SERVER_NAME: &str = "server.gauntlet.example";

/// The root that both sides trust: DER.
pub fn root() -> &'static [u8] {
    todo!()
}

/// A good chain for a server of that kind, for `SERVER_NAME`, `localhost`, 127.0.0.1 and ::1.
pub fn server(_kind: KeyKind) -> &'static Identity {
    todo!()
}

/// A good chain for a client.
pub fn client(_kind: KeyKind) -> &'static Identity {
    todo!()
}

/// PEM of certificates.
pub fn certificates_pem(_chain: &[Vec<u8>]) -> String {
    todo!()
}
