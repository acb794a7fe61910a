//! Record protection of all versions: one direction, one epoch.

use crate::{CryptoError, Digest, Rng};
use crate::suite::{Bulk, Mac};

/// Key material of one direction.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct RecordKeys {
    /// Cipher key.
    pub key: Vec<u8>,
    /// TLS 1.3: the 12 bytes that the sequence number is xored into. AEADs of TLS 1.2: the implicit part.
    /// CBC in TLS 1.0 and SSL 3.0: the first IV.
    pub iv: Vec<u8>,
    /// MAC key; empty for AEADs.
    pub mac_key: Vec<u8>,
}

/// How the records of one direction are protected in one epoch. Sequence numbers are the caller's.
pub struct Protection {}

/// The parts of a protected record before they are put together, all of which can be given otherwise.
/// Empty options mean: as an honest sender does it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// AEAD: the full nonce.
    pub nonce: Option<Vec<u8>>,
    /// AEAD: the associated data.
    pub additional_data: Option<Vec<u8>>,
    /// AEAD: the tag on the wire.
    pub tag: Option<Vec<u8>>,
    /// CBC: the IV.
    pub iv: Option<Vec<u8>>,
    /// CBC and stream: the MAC on the wire.
    pub mac: Option<Vec<u8>>,
    /// CBC: the padding bytes without the length byte.
    pub padding: Option<Vec<u8>>,
    /// CBC: the value of the padding length byte.
    pub padding_length: Option<u8>,
    /// CBC: more blocks of padding than needed (0 to 15 or so).
    pub padding_blocks: Option<u8>,
}

/// What a record held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unprotected {
    /// For TLS 1.3 the TLSInnerPlaintext with type and zeros; else the fragment.
    pub plaintext: Vec<u8>,
    /// Tag, MAC and padding were right.
    pub verified: bool,
}

impl Protection {
    /// TLS 1.3 [RFC 9846, 5.2]: keys from a traffic secret.
    pub fn tls13(_bulk: Bulk, _digest: Digest, _traffic_secret: &[u8]) -> Result<Protection, CryptoError> {
        todo!()
    }
    /// TLS 1.3, from keys given directly.
    pub fn tls13_from_keys(_bulk: Bulk, _keys: RecordKeys) -> Result<Protection, CryptoError> {
        todo!()
    }
    /// TLS 1.2 and older [RFC 5246, 6.2.3]. `version` decides about IVs and SSL 3.0's MAC; `encrypt_then_mac`
    /// [RFC 7366].
    pub fn tls12(
        _version: u16,
        _bulk: Bulk,
        _mac: Mac,
        _encrypt_then_mac: bool,
        _keys: RecordKeys,
    ) -> Result<Protection, CryptoError> {
        todo!()
    }
    /// Key and IV.
    pub fn keys(&self) -> &RecordKeys {
        todo!()
    }
    /// Protects: gives the record's fragment. `header_type` and `header_version` are those of the record's header
    /// (TLS 1.3: 23 and 0x0303); for TLS 1.3 `plaintext` is the TLSInnerPlaintext, whole. The generator
    /// gives explicit IVs of CBC; explicit nonces of TLS 1.2 AEADs are the sequence number.
    pub fn seal(
        &mut self,
        _sequence: u64,
        _header_type: u8,
        _header_version: u16,
        _plaintext: &[u8],
        _overrides: &Overrides,
        _rng: &mut Rng,
    ) -> Result<Vec<u8>, CryptoError> {
        todo!()
    }
    /// Opens a fragment.
    ///
    /// # Errors
    /// `Verify` if tag, MAC or padding are wrong, `Input` if the fragment is too short.
    pub fn open(
        &mut self,
        _sequence: u64,
        _header_type: u8,
        _header_version: u16,
        _fragment: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        todo!()
    }
    /// Opens a fragment whether or not it verifies (AEADs: bare counter mode). Empty plaintext where it is too short.
    pub fn open_unverified(&mut self, _sequence: u64, _header_type: u8, _header_version: u16, _fragment: &[u8]) -> Unprotected {
        todo!()
    }
    /// How many bytes a plaintext of that length grows by.
    pub fn overhead(&self, _plaintext_length: usize) -> usize {
        todo!()
    }
}
