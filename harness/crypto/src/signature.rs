//! Signatures by code point, and the keys that make them.

use crate::{CryptoError, Rng};

/// A signature scheme's code point; any number is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SignatureScheme(pub u16);

#[allow(missing_docs, reason = "the names are the RFCs'")]
impl SignatureScheme {
    pub const RSA_PKCS1_SHA1: SignatureScheme = SignatureScheme(0x0201);
    pub const ECDSA_SHA1: SignatureScheme = SignatureScheme(0x0203);
    pub const RSA_PKCS1_SHA256: SignatureScheme = SignatureScheme(0x0401);
    pub const RSA_PKCS1_SHA384: SignatureScheme = SignatureScheme(0x0501);
    pub const RSA_PKCS1_SHA512: SignatureScheme = SignatureScheme(0x0601);
    pub const ECDSA_SECP256R1_SHA256: SignatureScheme = SignatureScheme(0x0403);
    pub const ECDSA_SECP384R1_SHA384: SignatureScheme = SignatureScheme(0x0503);
    pub const ECDSA_SECP521R1_SHA512: SignatureScheme = SignatureScheme(0x0603);
    pub const RSA_PSS_RSAE_SHA256: SignatureScheme = SignatureScheme(0x0804);
    pub const RSA_PSS_RSAE_SHA384: SignatureScheme = SignatureScheme(0x0805);
    pub const RSA_PSS_RSAE_SHA512: SignatureScheme = SignatureScheme(0x0806);
    pub const ED25519: SignatureScheme = SignatureScheme(0x0807);
    pub const ED448: SignatureScheme = SignatureScheme(0x0808);
    pub const RSA_PSS_PSS_SHA256: SignatureScheme = SignatureScheme(0x0809);
    pub const RSA_PSS_PSS_SHA384: SignatureScheme = SignatureScheme(0x080a);
    pub const RSA_PSS_PSS_SHA512: SignatureScheme = SignatureScheme(0x080b);
    /// Not a code point of the registry: MD5 and SHA-1 side by side under PKCS#1, for TLS 1.0 and 1.1.
    pub const RSA_PKCS1_MD5_SHA1: SignatureScheme = SignatureScheme(0xff01);
}

/// A signing key.
#[derive(Clone)]
pub struct PrivateKey {}

/// A key that checks signatures.
#[derive(Clone)]
pub struct PublicKey {}

impl PrivateKey {
    /// From PKCS#8 or traditional PEM.
    pub fn from_pem(_pem: &[u8]) -> Result<PrivateKey, CryptoError> {
        todo!()
    }
    /// From the scalar of an EC curve, or the raw seed of Ed25519 and Ed448, drawn from the generator:
    /// `kind` is one of `p256`, `p384`, `p521`, `ed25519`, `ed448`. RSA keys are fixed files.
    pub fn generate(_kind: &str, _rng: &mut Rng) -> Result<PrivateKey, CryptoError> {
        todo!()
    }
    /// PKCS#8 PEM.
    pub fn to_pem(&self) -> Vec<u8> {
        todo!()
    }
    /// The public half.
    pub fn public(&self) -> PublicKey {
        todo!()
    }
    /// Schemes that this key can sign with in TLS 1.3 (`true`) or TLS 1.2, best first.
    pub fn schemes(&self, _tls13: bool) -> Vec<SignatureScheme> {
        todo!()
    }
    /// Signs a message. Deterministic for the same key, scheme, message and state of the generator:
    /// PSS salt and ECDSA nonce come from it. Fails if key and scheme do not fit.
    pub fn sign(&self, _scheme: SignatureScheme, _message: &[u8], _rng: &mut Rng) -> Result<Vec<u8>, CryptoError> {
        todo!()
    }
    /// RSA decryption without looking at the padding: the whole block, modulus size. [RFC 5246, 7.4.7.1]
    pub fn rsa_raw_decrypt(&self, _ciphertext: &[u8]) -> Result<Vec<u8>, CryptoError> {
        todo!()
    }
    /// The key for handing to the `openssl` crate.
    pub fn pkey(&self) -> &openssl::pkey::PKey<openssl::pkey::Private> {
        todo!()
    }
}

impl PublicKey {
    /// From a certificate's DER (its subjectPublicKeyInfo).
    pub fn from_certificate(_der: &[u8]) -> Result<PublicKey, CryptoError> {
        todo!()
    }
    /// From a SubjectPublicKeyInfo's DER.
    pub fn from_spki(_der: &[u8]) -> Result<PublicKey, CryptoError> {
        todo!()
    }
    /// Checks a signature; in TLS 1.3 (`tls13`) the ECDSA scheme must fit the curve.
    pub fn verify(
        &self,
        _scheme: SignatureScheme,
        _message: &[u8],
        _signature: &[u8],
        _tls13: bool,
    ) -> Result<(), CryptoError> {
        todo!()
    }
    /// Whether it is an RSA key (of rsaEncryption).
    pub fn is_rsa(&self) -> bool {
        todo!()
    }
    /// Size of an RSA modulus in bytes; 0 for other keys.
    pub fn rsa_size(&self) -> usize {
        todo!()
    }
    /// PKCS#1 v1.5 encryption with padding from the generator. [RFC 8017, 7.2.1]
    pub fn rsa_encrypt(&self, _message: &[u8], _rng: &mut Rng) -> Result<Vec<u8>, CryptoError> {
        todo!()
    }
    /// The bare RSA operation on a block of modulus size.
    pub fn rsa_raw_encrypt(&self, _block: &[u8]) -> Result<Vec<u8>, CryptoError> {
        todo!()
    }
}
