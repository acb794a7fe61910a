//! The key schedule of TLS 1.3 [RFC 9846, 7.1], one function an arrow.

use crate::Digest;
use crate::digest::HmacKey;

/// HKDF-Extract [RFC 5869, 2.2].
pub fn extract(digest: Digest, salt: &[u8], ikm: &[u8]) -> Vec<u8> {
    digest.hmac(salt, &[ikm])
}

/// HKDF-Expand [RFC 5869, 2.3]. Beyond 255 blocks, where HKDF ends, the block counter wraps around.
pub fn expand(digest: Digest, prk: &[u8], info: &[u8], length: usize) -> Vec<u8> {
    let key = HmacKey::new(digest, prk);
    let mut output = Vec::with_capacity(length + digest.len());
    let mut counter = 1u8;
    let mut block = Vec::new();
    while output.len() < length {
        block = key.mac(&[&block, info, &[counter]]);
        output.extend_from_slice(&block);
        counter = counter.wrapping_add(1);
    }
    output.truncate(length);
    output
}

/// HKDF-Expand-Label [RFC 9846, 7.1]; `label` without the prefix `tls13 `.
pub fn expand_label(digest: Digest, secret: &[u8], label: &[u8], context: &[u8], length: usize) -> Vec<u8> {
    const PREFIX: &[u8] = b"tls13 ";
    let mut info = Vec::with_capacity(4 + PREFIX.len() + label.len() + context.len());
    info.extend_from_slice(&(length as u16).to_be_bytes());
    info.push((PREFIX.len() + label.len()) as u8);
    info.extend_from_slice(PREFIX);
    info.extend_from_slice(label);
    info.push(context.len() as u8);
    info.extend_from_slice(context);
    expand(digest, secret, &info, length)
}

/// Derive-Secret with the hash of the messages already computed.
pub fn derive_secret(digest: Digest, secret: &[u8], label: &[u8], transcript_hash: &[u8]) -> Vec<u8> {
    expand_label(digest, secret, label, transcript_hash, digest.len())
}

/// Early Secret; `psk` empty: zeros of hash length.
pub fn early_secret(digest: Digest, psk: &[u8]) -> Vec<u8> {
    extract_or_zeros(digest, &[], psk)
}

/// Handshake Secret from the Early Secret; `shared_secret` empty: zeros of hash length.
pub fn handshake_secret(digest: Digest, early_secret: &[u8], shared_secret: &[u8]) -> Vec<u8> {
    extract_or_zeros(digest, &derived(digest, early_secret), shared_secret)
}

/// Main Secret from the Handshake Secret.
pub fn main_secret(digest: Digest, handshake_secret: &[u8]) -> Vec<u8> {
    extract_or_zeros(digest, &derived(digest, handshake_secret), &[])
}

/// `application_traffic_secret_N+1`.
pub fn next_traffic_secret(digest: Digest, secret: &[u8]) -> Vec<u8> {
    expand_label(digest, secret, b"traffic upd", &[], digest.len())
}

/// `verify_data` of Finished, and PSK binders: HMAC under the finished_key of the base secret.
pub fn verify_data(digest: Digest, base_secret: &[u8], transcript_hash: &[u8]) -> Vec<u8> {
    let finished_key = expand_label(digest, base_secret, b"finished", &[], digest.len());
    digest.hmac(&finished_key, &[transcript_hash])
}

/// The PSK of a ticket.
pub fn resumption_psk(digest: Digest, resumption_secret: &[u8], ticket_nonce: &[u8]) -> Vec<u8> {
    expand_label(digest, resumption_secret, b"resumption", ticket_nonce, digest.len())
}

/// TLS-Exporter [RFC 9846, 7.5].
pub fn exporter(digest: Digest, exporter_secret: &[u8], label: &[u8], context: &[u8], length: usize) -> Vec<u8> {
    let secret = derive_secret(digest, exporter_secret, label, &digest.hash(&[]));
    expand_label(digest, &secret, b"exporter", &digest.hash(context), length)
}

/// The eight bytes by which a server accepts Encrypted Client Hello, out of the inner hello's random and the hash of the
/// handshake with zeros in their place. [RFC 9849, 7.2 and 7.2.1]
pub fn ech_confirmation(digest: Digest, inner_random: &[u8], retry: bool, transcript_hash: &[u8]) -> Vec<u8> {
    let label: &[u8] = if retry { b"hrr ech accept confirmation" } else { b"ech accept confirmation" };
    expand_label(digest, &extract(digest, &vec![0; digest.len()], inner_random), label, transcript_hash, 8)
}

fn derived(digest: Digest, secret: &[u8]) -> Vec<u8> {
    derive_secret(digest, secret, b"derived", &digest.hash(&[]))
}

fn extract_or_zeros(digest: Digest, salt: &[u8], ikm: &[u8]) -> Vec<u8> {
    if ikm.is_empty() { extract(digest, salt, &vec![0; digest.len()]) } else { extract(digest, salt, ikm) }
}
