//! The PRFs and derivations of TLS 1.0 to 1.2 [RFC 5246, 5, 6.3, 8.1; RFC 2246, 5] and of SSL 3.0 [RFC 6101].

use crate::Digest;

/// The PRF of a version: TLS 1.2 with the suite's hash, before that MD5 xor SHA-1, for SSL 3.0 its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prf {
    /// Protocol version, such as 0x0303.
    pub version: u16,
    /// The suite's hash, used in TLS 1.2 only.
    pub digest: Digest,
}

impl Prf {
    /// `PRF(secret, label, seed)[0..length]`. For SSL 3.0 the label is left out.
    pub fn compute(&self, _secret: &[u8], _label: &[u8], _seed: &[u8], _length: usize) -> Vec<u8> {
        todo!()
    }
    /// 48 bytes. [RFC 5246, 8.1]
    pub fn master_secret(&self, _premaster: &[u8], _client_random: &[u8], _server_random: &[u8]) -> Vec<u8> {
        todo!()
    }
    /// 48 bytes from the session hash. [RFC 7627, 4]
    pub fn extended_master_secret(&self, _premaster: &[u8], _session_hash: &[u8]) -> Vec<u8> {
        todo!()
    }
    /// Key block of that many bytes. [RFC 5246, 6.3]
    pub fn key_block(&self, _master: &[u8], _client_random: &[u8], _server_random: &[u8], _length: usize) -> Vec<u8> {
        todo!()
    }
    /// `verify_data`, from all handshake messages so far (not their hash: SSL 3.0 and TLS 1.0 hash otherwise).
    pub fn verify_data(&self, _master: &[u8], _client: bool, _messages: &[u8]) -> Vec<u8> {
        todo!()
    }
    /// The hash that `verify_data`, `extended_master_secret` and signatures of the messages use.
    pub fn hash(&self) -> Digest {
        todo!()
    }
    /// Exporter [RFC 5705]; `context` `None` is another thing than empty.
    pub fn exporter(
        &self,
        _master: &[u8],
        _client_random: &[u8],
        _server_random: &[u8],
        _label: &[u8],
        _context: Option<&[u8]>,
        _length: usize,
    ) -> Vec<u8> {
        todo!()
    }
}

/// premaster secret of a pre-shared key [RFC 4279, 2]: `other` is the DH secret, the RSA premaster, or zeros.
pub fn psk_premaster(_other: &[u8], _psk: &[u8]) -> Vec<u8> {
    todo!()
}
