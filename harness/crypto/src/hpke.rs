//! Hybrid public key encryption in base mode. [RFC 9180]
//!
//! ```
//! use gauntlet_crypto::{KeyShare, Rng, hpke};
//! use rand_core::SeedableRng;
//!
//! # fn main() -> Result<(), gauntlet_crypto::CryptoError> {
//! let rng = &mut Rng::seed_from_u64(1);
//! let suite = hpke::Suite { kem: hpke::KEM_X25519, kdf: hpke::KDF_SHA256, aead: hpke::AEAD_AES_128_GCM };
//! let theirs = KeyShare::generate(suite.group()?, rng)?;
//! let ephemeral = KeyShare::generate(suite.group()?, rng)?;
//! let mut sender = suite.send(theirs.public(), &ephemeral, b"info")?;
//! let mut receiver = suite.receive(&theirs, ephemeral.public(), b"info")?;
//! let sealed = sender.seal(b"aad", b"hello")?;
//! assert_eq!(receiver.open(b"aad", &sealed)?, b"hello");
//! # Ok(())
//! # }
//! ```

use crate::cipher::{aead_open, aead_seal};
use crate::schedule13::{expand, extract};
use crate::{Bulk, CryptoError, Digest, KeyShare, NamedGroup};

/// DHKEM(P-256, HKDF-SHA256).
pub const KEM_P256: u16 = 0x0010;
/// DHKEM(P-384, HKDF-SHA384).
pub const KEM_P384: u16 = 0x0011;
/// DHKEM(P-521, HKDF-SHA512).
pub const KEM_P521: u16 = 0x0012;
/// DHKEM(X25519, HKDF-SHA256).
pub const KEM_X25519: u16 = 0x0020;
/// DHKEM(X448, HKDF-SHA512).
pub const KEM_X448: u16 = 0x0021;
/// HKDF-SHA256.
pub const KDF_SHA256: u16 = 1;
/// HKDF-SHA384.
pub const KDF_SHA384: u16 = 2;
/// HKDF-SHA512.
pub const KDF_SHA512: u16 = 3;
/// AES-128-GCM.
pub const AEAD_AES_128_GCM: u16 = 1;
/// AES-256-GCM.
pub const AEAD_AES_256_GCM: u16 = 2;
/// ChaCha20Poly1305.
pub const AEAD_CHACHA20_POLY1305: u16 = 3;

const NONCE_LENGTH: usize = 12;
/// Base mode.
const MODE: u8 = 0;

/// The algorithms, by their numbers in the registries; any numbers are a suite, not all can be computed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Suite {
    /// Key encapsulation.
    pub kem: u16,
    /// Key derivation.
    pub kdf: u16,
    /// Encryption.
    pub aead: u16,
}

/// One side's state: keys, and how many messages there have been.
#[derive(Clone, PartialEq, Eq)]
pub struct HpkeContext {
    suite: Suite,
    key: Vec<u8>,
    base_nonce: Vec<u8>,
    exporter_secret: Vec<u8>,
    /// Sequence number of the next message.
    pub sequence: u64,
}

impl std::fmt::Debug for HpkeContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HpkeContext").field("suite", &self.suite).field("sequence", &self.sequence).finish()
    }
}

impl Suite {
    /// Whether we can compute with all of it.
    pub fn is_supported(self) -> bool {
        self.group().is_ok() && self.kdf().is_ok() && self.bulk().is_ok()
    }

    /// The group that the KEM's keys are in.
    ///
    /// # Errors
    /// We have no such KEM.
    pub fn group(self) -> Result<NamedGroup, CryptoError> {
        Ok(self.kem_parts()?.0)
    }

    fn kem_parts(self) -> Result<(NamedGroup, Digest), CryptoError> {
        Ok(match self.kem {
            KEM_P256 => (NamedGroup::SECP256R1, Digest::Sha256),
            KEM_P384 => (NamedGroup::SECP384R1, Digest::Sha384),
            KEM_P521 => (NamedGroup::SECP521R1, Digest::Sha512),
            KEM_X25519 => (NamedGroup::X25519, Digest::Sha256),
            KEM_X448 => (NamedGroup::X448, Digest::Sha512),
            other => return Err(CryptoError::Unsupported(format!("KEM {other:#06x}"))),
        })
    }

    fn kdf(self) -> Result<Digest, CryptoError> {
        Ok(match self.kdf {
            KDF_SHA256 => Digest::Sha256,
            KDF_SHA384 => Digest::Sha384,
            KDF_SHA512 => Digest::Sha512,
            other => return Err(CryptoError::Unsupported(format!("KDF {other:#06x}"))),
        })
    }

    fn bulk(self) -> Result<Bulk, CryptoError> {
        Ok(match self.aead {
            AEAD_AES_128_GCM => Bulk::Aes128Gcm,
            AEAD_AES_256_GCM => Bulk::Aes256Gcm,
            AEAD_CHACHA20_POLY1305 => Bulk::ChaCha20Poly1305,
            other => return Err(CryptoError::Unsupported(format!("AEAD {other:#06x}"))),
        })
    }

    /// The sender's context; what goes on the wire as `enc` is the ephemeral key's public half.
    ///
    /// # Errors
    /// An algorithm that we have not, or a key that is none.
    pub fn send(self, public: &[u8], ephemeral: &KeyShare, info: &[u8]) -> Result<HpkeContext, CryptoError> {
        let shared = ephemeral.derive(public)?;
        self.schedule(&self.encapsulated(&shared, ephemeral.public(), public)?, info)
    }

    /// The recipient's context.
    ///
    /// # Errors
    /// An algorithm that we have not, or an `enc` that is no key.
    pub fn receive(self, private: &KeyShare, enc: &[u8], info: &[u8]) -> Result<HpkeContext, CryptoError> {
        let shared = private.derive(enc)?;
        self.schedule(&self.encapsulated(&shared, enc, private.public())?, info)
    }

    /// The KEM's shared secret out of the Diffie-Hellman one. [RFC 9180, 4.1 and 7.1.4]
    fn encapsulated(self, shared: &[u8], enc: &[u8], public: &[u8]) -> Result<Vec<u8>, CryptoError> {
        if shared.iter().all(|byte| *byte == 0) {
            return Err(CryptoError::Input("a key of low order".to_owned()));
        }
        let (_, digest) = self.kem_parts()?;
        let labels = Labels { digest, suite_id: [b"KEM", &self.kem.to_be_bytes()[..]].concat() };
        let secret = labels.extract(&[], b"eae_prk", shared);
        Ok(labels.expand(&secret, b"shared_secret", &[enc, public].concat(), digest.len()))
    }

    /// [RFC 9180, 5.1]
    fn schedule(self, shared_secret: &[u8], info: &[u8]) -> Result<HpkeContext, CryptoError> {
        let (digest, bulk) = (self.kdf()?, self.bulk()?);
        let numbers = [self.kem, self.kdf, self.aead].map(u16::to_be_bytes).concat();
        let labels = Labels { digest, suite_id: [b"HPKE", &numbers[..]].concat() };
        let psk_id_hash = labels.extract(&[], b"psk_id_hash", &[]);
        let info_hash = labels.extract(&[], b"info_hash", info);
        let context = [&[MODE][..], &psk_id_hash, &info_hash].concat();
        let secret = labels.extract(shared_secret, b"secret", &[]);
        Ok(HpkeContext {
            suite: self,
            key: labels.expand(&secret, b"key", &context, bulk.key_length()),
            base_nonce: labels.expand(&secret, b"base_nonce", &context, NONCE_LENGTH),
            exporter_secret: labels.expand(&secret, b"exp", &context, digest.len()),
            sequence: 0,
        })
    }
}

/// HKDF with the labels of HPKE. [RFC 9180, 4]
struct Labels {
    digest: Digest,
    suite_id: Vec<u8>,
}

const VERSION: &[u8] = b"HPKE-v1";

impl Labels {
    fn extract(&self, salt: &[u8], label: &[u8], ikm: &[u8]) -> Vec<u8> {
        extract(self.digest, salt, &[VERSION, &self.suite_id, label, ikm].concat())
    }

    fn expand(&self, prk: &[u8], label: &[u8], info: &[u8], length: usize) -> Vec<u8> {
        let info = [&(length as u16).to_be_bytes()[..], VERSION, &self.suite_id, label, info].concat();
        expand(self.digest, prk, &info, length)
    }
}

impl HpkeContext {
    /// The algorithms.
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// Key, nonce of the first message, and exporter secret.
    pub fn secrets(&self) -> [&[u8]; 3] {
        [&self.key, &self.base_nonce, &self.exporter_secret]
    }

    /// Seals the next message: ciphertext and tag.
    ///
    /// # Errors
    /// What the library refuses.
    pub fn seal(&mut self, additional_data: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let sealed = aead_seal(self.suite.bulk()?, &self.key, &self.nonce(), additional_data, plaintext)?;
        self.sequence += 1;
        Ok(sealed)
    }

    /// Opens the next message. One that does not verify is not counted.
    ///
    /// # Errors
    /// `Verify` if the tag is wrong, `Input` if there is no room for one.
    pub fn open(&mut self, additional_data: &[u8], sealed: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let plaintext = aead_open(self.suite.bulk()?, &self.key, &self.nonce(), additional_data, sealed)?;
        self.sequence += 1;
        Ok(plaintext)
    }

    /// A secret for something else. [RFC 9180, 5.3]
    ///
    /// # Errors
    /// A suite that cannot be computed with.
    pub fn export(&self, context: &[u8], length: usize) -> Result<Vec<u8>, CryptoError> {
        let numbers = [self.suite.kem, self.suite.kdf, self.suite.aead].map(u16::to_be_bytes).concat();
        let labels = Labels { digest: self.suite.kdf()?, suite_id: [b"HPKE", &numbers[..]].concat() };
        Ok(labels.expand(&self.exporter_secret, b"sec", context, length))
    }

    fn nonce(&self) -> Vec<u8> {
        let mut nonce = self.base_nonce.clone();
        nonce.iter_mut().rev().zip(self.sequence.to_be_bytes().iter().rev()).for_each(|(byte, part)| *byte ^= part);
        nonce
    }
}
