//! What each cipher suite is made of.

use crate::Digest;

/// A cipher suite's code point; any number is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CipherSuite(pub u16);

/// How the premaster secret comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyExchange {
    /// TLS 1.3: not the suite's business.
    Tls13,
    /// Encrypted to the server's RSA key.
    Rsa,
    /// Ephemeral finite field.
    Dhe,
    /// Ephemeral elliptic curve.
    Ecdhe,
    /// Pre-shared key alone.
    Psk,
    /// Pre-shared key and finite field.
    DhePsk,
    /// Pre-shared key and elliptic curve.
    EcdhePsk,
    /// Pre-shared key and RSA.
    RsaPsk,
    /// SCSVs and suites we do not play.
    Other,
}

/// How the server is authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Authentication {
    /// TLS 1.3: by the signature scheme.
    Tls13,
    /// RSA certificate.
    Rsa,
    /// ECDSA or EdDSA certificate.
    Ecdsa,
    /// DSS certificate.
    Dss,
    /// Not at all.
    Anonymous,
    /// Pre-shared key.
    Psk,
}

/// The cipher that protects records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Bulk {
    Null,
    Rc4_40,
    Rc4_128,
    Des40Cbc,
    DesCbc,
    TripleDesCbc,
    IdeaCbc,
    SeedCbc,
    Aes128Cbc,
    Aes256Cbc,
    Camellia128Cbc,
    Camellia256Cbc,
    Aria128Cbc,
    Aria256Cbc,
    Aes128Gcm,
    Aes256Gcm,
    Aes128Ccm,
    Aes256Ccm,
    Aes128Ccm8,
    Aes256Ccm8,
    Camellia128Gcm,
    Camellia256Gcm,
    Aria128Gcm,
    Aria256Gcm,
    ChaCha20Poly1305,
}

/// The MAC of suites that are not AEAD.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mac {
    /// AEAD, or none.
    None,
    /// HMAC with the hash.
    Hmac(Digest),
}

/// The make-up of a suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SuiteInfo {
    /// Code point.
    pub suite: CipherSuite,
    /// IANA name.
    pub name: &'static str,
    /// Key exchange.
    pub key_exchange: KeyExchange,
    /// Authentication.
    pub authentication: Authentication,
    /// Record cipher.
    pub bulk: Bulk,
    /// Record MAC.
    pub mac: Mac,
    /// Hash of the PRF (TLS 1.2) or HKDF (TLS 1.3).
    pub prf: Digest,
}

impl CipherSuite {
    /// The make-up; `None` for unknown code points and SCSVs.
    pub fn info(self) -> Option<&'static SuiteInfo> {
        todo!()
    }
    /// All suites known, in order of code point.
    pub fn all() -> &'static [SuiteInfo] {
        todo!()
    }
}

impl Bulk {
    /// Key length in bytes.
    pub fn key_length(self) -> usize {
        todo!()
    }
    /// Bytes of IV in the key block of TLS 1.2 (`fixed_iv_length`: 4 for GCM and CCM, 12 for ChaCha20; block
    /// size for CBC in TLS 1.0, else 0, see `record_iv_length`).
    pub fn fixed_iv_length(self) -> usize {
        todo!()
    }
    /// Block size in bytes of a CBC cipher; 0 for others.
    pub fn block_length(self) -> usize {
        todo!()
    }
    /// Tag length in bytes of an AEAD; 0 for others.
    pub fn tag_length(self) -> usize {
        todo!()
    }
    /// Whether it is an AEAD.
    pub fn is_aead(self) -> bool {
        self.tag_length() > 0
    }
}
