//! The key schedule of TLS 1.3 [RFC 9846, 7.1], one function an arrow.

use crate::Digest;

/// HKDF-Extract [RFC 5869, 2.2].
pub fn extract(_digest: Digest, _salt: &[u8], _ikm: &[u8]) -> Vec<u8> {
    todo!()
}

/// HKDF-Expand [RFC 5869, 2.3].
pub fn expand(_digest: Digest, _prk: &[u8], _info: &[u8], _length: usize) -> Vec<u8> {
    todo!()
}

/// HKDF-Expand-Label [RFC 9846, 7.1]; `label` without the prefix `tls13 `.
pub fn expand_label(_digest: Digest, _secret: &[u8], _label: &[u8], _context: &[u8], _length: usize) -> Vec<u8> {
    todo!()
}

/// Derive-Secret with the hash of the messages already computed.
pub fn derive_secret(_digest: Digest, _secret: &[u8], _label: &[u8], _transcript_hash: &[u8]) -> Vec<u8> {
    todo!()
}

/// Early Secret; `psk` empty: zeros of hash length.
pub fn early_secret(_digest: Digest, _psk: &[u8]) -> Vec<u8> {
    todo!()
}

/// Handshake Secret from the Early Secret; `shared_secret` empty: zeros of hash length.
pub fn handshake_secret(_digest: Digest, _early_secret: &[u8], _shared_secret: &[u8]) -> Vec<u8> {
    todo!()
}

/// Main Secret from the Handshake Secret.
pub fn main_secret(_digest: Digest, _handshake_secret: &[u8]) -> Vec<u8> {
    todo!()
}

/// `application_traffic_secret_N+1`.
pub fn next_traffic_secret(_digest: Digest, _secret: &[u8]) -> Vec<u8> {
    todo!()
}

/// `verify_data` of Finished, and PSK binders: HMAC under the finished_key of the base secret.
pub fn verify_data(_digest: Digest, _base_secret: &[u8], _transcript_hash: &[u8]) -> Vec<u8> {
    todo!()
}

/// The PSK of a ticket.
pub fn resumption_psk(_digest: Digest, _resumption_secret: &[u8], _ticket_nonce: &[u8]) -> Vec<u8> {
    todo!()
}

/// TLS-Exporter [RFC 9846, 7.5].
pub fn exporter(_digest: Digest, _exporter_secret: &[u8], _label: &[u8], _context: &[u8], _length: usize) -> Vec<u8> {
    todo!()
}
