//! The computations of TLS, on the `openssl` crate's primitives, each callable wrongly.
//!
//! Every function takes its inputs as arguments and none keeps a state of a connection, so that a
//! scenario can hand it wrong ones. What needs randomness takes a generator: the same seed gives the
//! same bytes. All fetches go to a library context of this crate's own, since a provider loaded for
//! the process would change the reference stack that lives beside us.

pub mod cipher;
mod context;
mod der;
pub mod digest;
pub mod group;
pub mod schedule12;
pub mod schedule13;
pub mod signature;
pub mod suite;

pub use cipher::{Overrides, Protection, RecordKeys, Unprotected};
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
