//! The computations of TLS, on the `openssl` crate's primitives, each callable wrongly.
//!
//! Every function takes its inputs as arguments and none keeps a state of a connection, so that a
//! scenario can hand it wrong ones. What needs randomness takes a generator: the same seed gives the
//! same bytes. All fetches go to a library context of this crate's own, since a provider loaded for
//! the process would change the reference stack that lives beside us.
//!
//! ```
//! use gauntlet_crypto::{Bulk, Digest, KeyShare, NamedGroup, Overrides, Protection, Rng, schedule13};
//! use rand_core::SeedableRng;
//!
//! # fn main() -> Result<(), gauntlet_crypto::CryptoError> {
//! let rng = &mut Rng::seed_from_u64(1);
//! let ours = KeyShare::generate(NamedGroup::X25519, rng)?;
//! let (theirs, shared) = KeyShare::respond(NamedGroup::X25519, ours.public(), rng)?;
//! assert_eq!(ours.derive(&theirs)?, shared);
//!
//! let early = schedule13::early_secret(Digest::Sha256, &[]);
//! let secret = schedule13::handshake_secret(Digest::Sha256, &early, &shared);
//! let mut protection = Protection::tls13(Bulk::Aes128Gcm, Digest::Sha256, &secret)?;
//! let wrong = Overrides { tag: Some(vec![0; 16]), ..Overrides::default() };
//! let fragment = protection.seal(0, 23, 0x0303, b"hello\x17", &wrong, rng)?;
//! assert!(protection.open(0, 23, 0x0303, &fragment).is_err());
//! assert_eq!(protection.open_unverified(0, 23, 0x0303, &fragment).plaintext, b"hello\x17");
//! # Ok(())
//! # }
//! ```

pub mod cipher;
pub mod compress;
mod context;
mod der;
pub mod digest;
pub mod group;
pub mod hpke;
pub mod schedule12;
pub mod schedule13;
pub mod signature;
pub mod suite;

pub use cipher::{Alter, Overrides, Protection, RecordKeys, Unprotected};
pub use digest::{Digest, Running};
pub use group::{KeyShare, NamedGroup};
pub use signature::{PrivateKey, PublicKey, SignatureScheme};
pub use suite::{Authentication, Bulk, CipherSuite, KeyExchange, Mac, SuiteInfo};

/// The generator that all randomness comes from.
pub type Rng = rand_chacha::ChaCha20Rng;

/// Why a computation could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CryptoError {
    /// The other side's bytes are not a valid input (a point off the curve, a signature that is no DER).
    #[error("invalid input: {0}")]
    Input(String),
    /// Authentication failed: tag, MAC, padding or signature.
    #[error("does not verify: {0}")]
    Verify(&'static str),
    /// We have no such algorithm.
    #[error("not supported: {0}")]
    Unsupported(String),
    /// The library refused.
    #[error("openssl: {0}")]
    Library(String),
}
