//! Hash functions, HMAC and running transcript hashes.

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::digest::Digest as _;
use sha2::{Sha224, Sha256, Sha384, Sha512};

/// A hash function of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Digest {
    /// MD5.
    Md5,
    /// SHA-1.
    Sha1,
    /// MD5 and SHA-1 side by side, 36 bytes, as TLS 1.0 and 1.1 sign and hash their handshakes.
    Md5Sha1,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// A hash that is fed bit by bit and can be read at any time.
#[derive(Clone)]
pub struct Running(State);

#[derive(Clone)]
enum State {
    Md5(Md5),
    Sha1(Sha1),
    Md5Sha1(Md5, Sha1),
    Sha224(Sha224),
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
}

/// An HMAC key whose pads are hashed already; cloning it costs less than keying anew.
#[derive(Clone)]
pub(crate) enum HmacKey {
    Md5(Hmac<Md5>),
    Sha1(Hmac<Sha1>),
    Sha224(Hmac<Sha224>),
    Sha256(Hmac<Sha256>),
    Sha384(Hmac<Sha384>),
    Sha512(Hmac<Sha512>),
}

impl Digest {
    /// Output in bytes.
    #[expect(clippy::len_without_is_empty, reason = "no hash is empty")]
    pub fn len(self) -> usize {
        match self {
            Digest::Md5 => 16,
            Digest::Sha1 => 20,
            Digest::Md5Sha1 => 36,
            Digest::Sha224 => 28,
            Digest::Sha256 => 32,
            Digest::Sha384 => 48,
            Digest::Sha512 => 64,
        }
    }

    /// The hash of all bytes.
    pub fn hash(self, data: &[u8]) -> Vec<u8> {
        let mut running = self.start();
        running.update(data);
        running.finish()
    }

    /// HMAC [RFC 2104]; any key length. Not defined for `Md5Sha1` (panics).
    pub fn hmac(self, key: &[u8], data: &[&[u8]]) -> Vec<u8> {
        HmacKey::new(self, key).into_mac(data)
    }

    /// Starts a running hash.
    pub fn start(self) -> Running {
        Running(match self {
            Digest::Md5 => State::Md5(Md5::new()),
            Digest::Sha1 => State::Sha1(Sha1::new()),
            Digest::Md5Sha1 => State::Md5Sha1(Md5::new(), Sha1::new()),
            Digest::Sha224 => State::Sha224(Sha224::new()),
            Digest::Sha256 => State::Sha256(Sha256::new()),
            Digest::Sha384 => State::Sha384(Sha384::new()),
            Digest::Sha512 => State::Sha512(Sha512::new()),
        })
    }
}

impl Running {
    /// More bytes.
    pub fn update(&mut self, data: &[u8]) {
        match &mut self.0 {
            State::Md5(state) => state.update(data),
            State::Sha1(state) => state.update(data),
            State::Md5Sha1(md5, sha1) => {
                md5.update(data);
                sha1.update(data);
            }
            State::Sha224(state) => state.update(data),
            State::Sha256(state) => state.update(data),
            State::Sha384(state) => state.update(data),
            State::Sha512(state) => state.update(data),
        }
    }

    /// The hash of all bytes so far; the running hash goes on.
    pub fn current(&self) -> Vec<u8> {
        self.clone().finish()
    }

    fn finish(self) -> Vec<u8> {
        match self.0 {
            State::Md5(state) => state.finalize().to_vec(),
            State::Sha1(state) => state.finalize().to_vec(),
            State::Md5Sha1(md5, sha1) => [&md5.finalize()[..], &sha1.finalize()[..]].concat(),
            State::Sha224(state) => state.finalize().to_vec(),
            State::Sha256(state) => state.finalize().to_vec(),
            State::Sha384(state) => state.finalize().to_vec(),
            State::Sha512(state) => state.finalize().to_vec(),
        }
    }
}

impl HmacKey {
    pub(crate) fn new(digest: Digest, key: &[u8]) -> HmacKey {
        match digest {
            Digest::Md5 => HmacKey::Md5(keyed(key)),
            Digest::Sha1 => HmacKey::Sha1(keyed(key)),
            Digest::Md5Sha1 => panic!("HMAC is not defined for two hashes side by side"),
            Digest::Sha224 => HmacKey::Sha224(keyed(key)),
            Digest::Sha256 => HmacKey::Sha256(keyed(key)),
            Digest::Sha384 => HmacKey::Sha384(keyed(key)),
            Digest::Sha512 => HmacKey::Sha512(keyed(key)),
        }
    }

    pub(crate) fn mac(&self, data: &[&[u8]]) -> Vec<u8> {
        self.clone().into_mac(data)
    }

    fn into_mac(self, data: &[&[u8]]) -> Vec<u8> {
        match self {
            HmacKey::Md5(mac) => finish(mac, data),
            HmacKey::Sha1(mac) => finish(mac, data),
            HmacKey::Sha224(mac) => finish(mac, data),
            HmacKey::Sha256(mac) => finish(mac, data),
            HmacKey::Sha384(mac) => finish(mac, data),
            HmacKey::Sha512(mac) => finish(mac, data),
        }
    }
}

fn keyed<M: KeyInit>(key: &[u8]) -> M {
    M::new_from_slice(key).expect("HMAC takes keys of any length")
}

fn finish<M: Mac>(mut mac: M, data: &[&[u8]]) -> Vec<u8> {
    for part in data {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Digest; 7] =
        [Digest::Md5, Digest::Sha1, Digest::Md5Sha1, Digest::Sha224, Digest::Sha256, Digest::Sha384, Digest::Sha512];

    #[test]
    fn running_hash_equals_the_hash_of_all_bytes() {
        let data: Vec<u8> = (0..300u16).map(|n| n as u8).collect();
        for digest in ALL {
            let mut running = digest.start();
            for (fed, chunk) in data.chunks(7).enumerate() {
                assert_eq!(running.current(), digest.hash(&data[..fed * 7]), "{digest:?}");
                running.update(chunk);
            }
            assert_eq!(running.current(), digest.hash(&data), "{digest:?}");
            assert_eq!(running.current().len(), digest.len(), "{digest:?}");
        }
    }
}
