//! Key exchange: elliptic curves, finite fields, ML-KEM and the hybrids of both.

use crate::{CryptoError, Rng};

/// A named group's code point; any number is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NamedGroup(pub u16);

#[allow(missing_docs, reason = "the names are the RFCs'")]
impl NamedGroup {
    pub const SECP256R1: NamedGroup = NamedGroup(23);
    pub const SECP384R1: NamedGroup = NamedGroup(24);
    pub const SECP521R1: NamedGroup = NamedGroup(25);
    pub const X25519: NamedGroup = NamedGroup(29);
    pub const X448: NamedGroup = NamedGroup(30);
    pub const FFDHE2048: NamedGroup = NamedGroup(256);
    pub const FFDHE3072: NamedGroup = NamedGroup(257);
    pub const FFDHE4096: NamedGroup = NamedGroup(258);
    pub const FFDHE6144: NamedGroup = NamedGroup(259);
    pub const FFDHE8192: NamedGroup = NamedGroup(260);
    pub const SECP256R1MLKEM768: NamedGroup = NamedGroup(4587);
    pub const X25519MLKEM768: NamedGroup = NamedGroup(4588);
    pub const SECP384R1MLKEM1024: NamedGroup = NamedGroup(4589);
}

/// Our half of a key exchange.
pub struct KeyShare {}

impl NamedGroup {
    /// Whether we can compute in it.
    pub fn is_supported(self) -> bool {
        todo!()
    }
    /// Length of a `key_exchange` from the client (`true`) or the server, in bytes.
    pub fn share_length(self, _from_client: bool) -> Option<usize> {
        todo!()
    }
}

impl KeyShare {
    /// A fresh key; for the hybrids the initiator's half (an encapsulation key and a curve key).
    pub fn generate(_group: NamedGroup, _rng: &mut Rng) -> Result<KeyShare, CryptoError> {
        todo!()
    }
    /// For a finite field of explicit parameters, as TLS 1.2 servers may send them. Big endian numbers.
    pub fn generate_dh(_p: &[u8], _g: &[u8], _rng: &mut Rng) -> Result<KeyShare, CryptoError> {
        todo!()
    }
    /// The group; `None` for explicit parameters.
    pub fn group(&self) -> Option<NamedGroup> {
        todo!()
    }
    /// `key_exchange` as it goes on the wire (finite field: left-padded to the size of p [RFC 9846, 4.3.8.1]).
    pub fn public(&self) -> &[u8] {
        todo!()
    }
    /// The shared secret with the other side's share, as TLS 1.3 wants it (finite field: left-padded;
    /// hybrids: the parts joined in the group's order). An X25519 result of zeros is returned as such,
    /// also where the library refuses (low order points).
    pub fn derive(&self, _other: &[u8]) -> Result<Vec<u8>, CryptoError> {
        todo!()
    }
    /// The responder's side in one go: (share to send, shared secret). For hybrids it encapsulates.
    pub fn respond(_group: NamedGroup, _other: &[u8], _rng: &mut Rng) -> Result<(Vec<u8>, Vec<u8>), CryptoError> {
        todo!()
    }
}
