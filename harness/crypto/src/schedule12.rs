//! The PRFs and derivations of TLS 1.0 to 1.2 [RFC 5246, 5, 6.3, 8.1; RFC 2246, 5] and of SSL 3.0 [RFC 6101].

use crate::Digest;
use crate::digest::HmacKey;

/// The PRF of a version: TLS 1.2 with the suite's hash, before that MD5 xor SHA-1, for SSL 3.0 its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prf {
    /// Protocol version, such as 0x0303.
    pub version: u16,
    /// The suite's hash, used in TLS 1.2 only.
    pub digest: Digest,
}

const SSL30: u16 = 0x0300;
const TLS12: u16 = 0x0303;

impl Prf {
    /// `PRF(secret, label, seed)[0..length]`. For SSL 3.0 the label is left out.
    pub fn compute(&self, secret: &[u8], label: &[u8], seed: &[u8], length: usize) -> Vec<u8> {
        match self.version {
            ..=SSL30 => ssl3_expand(secret, seed, length),
            TLS12.. => p_hash(self.digest, secret, &[label, seed], length),
            _ => {
                // The halves share a byte if the length is odd.
                let half = secret.len().div_ceil(2);
                let mut output = p_hash(Digest::Md5, &secret[..half], &[label, seed], length);
                let other = p_hash(Digest::Sha1, &secret[secret.len() - half..], &[label, seed], length);
                output.iter_mut().zip(other).for_each(|(byte, mask)| *byte ^= mask);
                output
            }
        }
    }

    /// 48 bytes. [RFC 5246, 8.1]
    pub fn master_secret(&self, premaster: &[u8], client_random: &[u8], server_random: &[u8]) -> Vec<u8> {
        self.compute(premaster, b"master secret", &[client_random, server_random].concat(), 48)
    }

    /// 48 bytes from the session hash. [RFC 7627, 4]
    pub fn extended_master_secret(&self, premaster: &[u8], session_hash: &[u8]) -> Vec<u8> {
        self.compute(premaster, b"extended master secret", session_hash, 48)
    }

    /// Key block of that many bytes. [RFC 5246, 6.3]
    pub fn key_block(&self, master: &[u8], client_random: &[u8], server_random: &[u8], length: usize) -> Vec<u8> {
        self.compute(master, b"key expansion", &[server_random, client_random].concat(), length)
    }

    /// `verify_data`, from all handshake messages so far (not their hash: SSL 3.0 and TLS 1.0 hash otherwise).
    pub fn verify_data(&self, master: &[u8], client: bool, messages: &[u8]) -> Vec<u8> {
        if self.version <= SSL30 {
            let sender: &[u8] = if client { b"CLNT" } else { b"SRVR" };
            return ssl3_handshake_hash(master, sender, messages);
        }
        let label: &[u8] = if client { b"client finished" } else { b"server finished" };
        self.compute(master, label, &self.hash().hash(messages), 12)
    }

    /// The hash that `verify_data`, `extended_master_secret` and signatures of the messages use.
    pub fn hash(&self) -> Digest {
        if self.version >= TLS12 { self.digest } else { Digest::Md5Sha1 }
    }

    /// What SSL 3.0 signs in `CertificateVerify`: 36 bytes, for [`crate::PrivateKey::sign_hash`] (ECDSA and DSA sign
    /// the last 20). [RFC 6101, 5.6.8]
    pub fn ssl3_signed_hash(&self, master: &[u8], messages: &[u8]) -> Vec<u8> {
        ssl3_handshake_hash(master, &[], messages)
    }

    /// Exporter [RFC 5705]; `context` `None` is another thing than empty.
    pub fn exporter(
        &self,
        master: &[u8],
        client_random: &[u8],
        server_random: &[u8],
        label: &[u8],
        context: Option<&[u8]>,
        length: usize,
    ) -> Vec<u8> {
        let mut seed = [client_random, server_random].concat();
        if let Some(context) = context {
            seed.extend_from_slice(&(context.len() as u16).to_be_bytes());
            seed.extend_from_slice(context);
        }
        self.compute(master, label, &seed, length)
    }
}

/// premaster secret of a pre-shared key [RFC 4279, 2]: `other` is the DH secret, the RSA premaster, or zeros.
pub fn psk_premaster(other: &[u8], psk: &[u8]) -> Vec<u8> {
    let mut premaster = Vec::with_capacity(4 + other.len() + psk.len());
    for part in [other, psk] {
        premaster.extend_from_slice(&(part.len() as u16).to_be_bytes());
        premaster.extend_from_slice(part);
    }
    premaster
}

/// P_hash [RFC 5246, 5]; the seed comes in parts.
fn p_hash(digest: Digest, secret: &[u8], seed: &[&[u8]], length: usize) -> Vec<u8> {
    let key = HmacKey::new(digest, secret);
    let mut output = Vec::with_capacity(length + digest.len());
    let mut a = key.mac(seed);
    while output.len() < length {
        let parts: Vec<&[u8]> = std::iter::once(a.as_slice()).chain(seed.iter().copied()).collect();
        output.extend_from_slice(&key.mac(&parts));
        a = key.mac(&[&a]);
    }
    output.truncate(length);
    output
}

/// MD5(secret + SHA(letters + secret + seed)), with A, BB, CCC and so on. [RFC 6101, 6.1, 6.2.2]
fn ssl3_expand(secret: &[u8], seed: &[u8], length: usize) -> Vec<u8> {
    let mut output = Vec::with_capacity(length + 16);
    let mut round = 0usize;
    while output.len() < length {
        let letters = vec![b'A'.wrapping_add(round as u8); round + 1];
        let inner = Digest::Sha1.hash(&[&letters, secret, seed].concat());
        output.extend_from_slice(&Digest::Md5.hash(&[secret, &inner].concat()));
        round += 1;
    }
    output.truncate(length);
    output
}

fn ssl3_handshake_hash(master: &[u8], sender: &[u8], messages: &[u8]) -> Vec<u8> {
    let mut output = Vec::with_capacity(36);
    for (digest, pad) in [(Digest::Md5, 48), (Digest::Sha1, 40)] {
        let inner = digest.hash(&[messages, sender, master, &vec![0x36; pad]].concat());
        output.extend_from_slice(&digest.hash(&[master, &vec![0x5c; pad], &inner].concat()));
    }
    output
}
