//! Hash functions, HMAC and running transcript hashes.

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
pub struct Running {}

impl Digest {
    /// Output in bytes.
    pub fn len(self) -> usize {
        todo!()
    }
    /// The hash of all bytes.
    pub fn hash(self, _data: &[u8]) -> Vec<u8> {
        todo!()
    }
    /// HMAC [RFC 2104]; any key length. Not defined for `Md5Sha1` (panics).
    pub fn hmac(self, _key: &[u8], _data: &[&[u8]]) -> Vec<u8> {
        todo!()
    }
    /// Starts a running hash.
    pub fn start(self) -> Running {
        todo!()
    }
}

impl Running {
    /// More bytes.
    pub fn update(&mut self, _data: &[u8]) {
        todo!()
    }
    /// The hash of all bytes so far; the running hash goes on.
    pub fn current(&self) -> Vec<u8> {
        todo!()
    }
}
