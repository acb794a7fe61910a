//! Signatures by code point, and the keys that make them.

use std::sync::{Arc, OnceLock};

use openssl::bn::{BigNum, BigNumRef};
use openssl::ec::EcKey;
use openssl::ecdsa::EcdsaSig;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Private, Public};
use openssl::rsa::Padding;
use rand_core::Rng as _;

use crate::context::{self, Curve};
use crate::der::{self, Reader};
use crate::{CryptoError, Digest, Rng};

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

/// What a scheme does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Method {
    Pkcs1(Digest),
    Pss(Digest),
    Ecdsa(Digest),
    Edwards(Edwards),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Edwards {
    Ed25519,
    Ed448,
}

impl SignatureScheme {
    /// The hash that the scheme signs with; `None` for EdDSA and for schemes we do not know.
    pub fn digest(self) -> Option<Digest> {
        match self.method().ok()? {
            Method::Pkcs1(digest) | Method::Pss(digest) | Method::Ecdsa(digest) => Some(digest),
            Method::Edwards(_) => None,
        }
    }

    fn method(self) -> Result<Method, CryptoError> {
        const LEGACY: [Digest; 6] =
            [Digest::Md5, Digest::Sha1, Digest::Sha224, Digest::Sha256, Digest::Sha384, Digest::Sha512];
        const PSS: [Digest; 3] = [Digest::Sha256, Digest::Sha384, Digest::Sha512];
        Ok(match self {
            SignatureScheme::RSA_PKCS1_MD5_SHA1 => Method::Pkcs1(Digest::Md5Sha1),
            SignatureScheme(code @ 0x0804..=0x0806) => Method::Pss(PSS[usize::from(code - 0x0804)]),
            SignatureScheme(code @ 0x0809..=0x080b) => Method::Pss(PSS[usize::from(code - 0x0809)]),
            SignatureScheme::ED25519 => Method::Edwards(Edwards::Ed25519),
            SignatureScheme::ED448 => Method::Edwards(Edwards::Ed448),
            // TLS 1.2's pairs of hash and signature [RFC 5246, 7.4.1.4.1].
            SignatureScheme(code) => match (code >> 8, code & 0xff) {
                (hash @ 1..=6, 1) => Method::Pkcs1(LEGACY[usize::from(hash) - 1]),
                (hash @ 1..=6, 3) => Method::Ecdsa(LEGACY[usize::from(hash) - 1]),
                _ => return Err(CryptoError::Unsupported(format!("signature scheme {code:#06x}"))),
            },
        })
    }

    fn is_pss_pss(self) -> bool {
        matches!(self.0, 0x0809..=0x080b)
    }
}

/// A signing key.
#[derive(Clone)]
pub struct PrivateKey(Arc<PrivateInner>);

struct PrivateInner {
    pkcs8: Vec<u8>,
    material: PrivateMaterial,
    public: PublicKey,
    /// Made when first handed out: it lives in the process's context, not in ours.
    outward: OnceLock<PKey<Private>>,
}

enum PrivateMaterial {
    Rsa(PKey<Private>),
    Ecdsa(BigNum),
    Edwards(PKey<Private>),
}

/// A key that checks signatures.
#[derive(Clone)]
pub struct PublicKey(Arc<PublicInner>);

struct PublicInner {
    spki: Vec<u8>,
    material: PublicMaterial,
}

enum PublicMaterial {
    Rsa { n: BigNum, e: BigNum, pss: bool },
    Ecdsa(&'static Curve, EcKey<Public>),
    Edwards(Edwards, PKey<Public>),
}

impl PrivateKey {
    /// From PKCS#8 or traditional PEM.
    pub fn from_pem(pem: &[u8]) -> Result<PrivateKey, CryptoError> {
        let key = context::private_from_pem(pem)?;
        let id = key.id();
        match id {
            Id::RSA | Id::RSA_PSS => {
                let rsa = key.rsa()?;
                let spki = rsa_spki(rsa.n(), rsa.e(), id == Id::RSA_PSS);
                let plain = context::private_from_der(&rsa.private_key_to_der()?, true)?;
                PrivateKey::new(key.private_key_to_pkcs8()?, PrivateMaterial::Rsa(plain), spki)
            }
            Id::EC => {
                let ec = key.ec_key()?;
                let nid = ec.group().curve_name().unwrap_or(Nid::UNDEF);
                PrivateKey::from_scalar(context::curve(nid)?, ec.private_key().to_owned()?)
            }
            Id::ED25519 => PrivateKey::from_seed(Edwards::Ed25519, &key.raw_private_key()?),
            Id::ED448 => PrivateKey::from_seed(Edwards::Ed448, &key.raw_private_key()?),
            _ => Err(CryptoError::Unsupported(format!("private key of kind {}", id.as_raw()))),
        }
    }

    /// From the scalar of an EC curve, or the raw seed of Ed25519 and Ed448, drawn from the generator:
    /// `kind` is one of `p256`, `p384`, `p521`, `ed25519`, `ed448`. RSA keys are fixed files.
    pub fn generate(kind: &str, rng: &mut Rng) -> Result<PrivateKey, CryptoError> {
        match named(kind)? {
            Named::Curve(curve) => PrivateKey::from_scalar(curve, curve.random_scalar(rng)?),
            Named::Edwards(edwards) => {
                let mut seed = vec![0; edwards.key_length()];
                rng.fill_bytes(&mut seed);
                PrivateKey::from_seed(edwards, &seed)
            }
        }
    }

    /// From the scalar (big endian) or the seed itself; `kind` as for [`PrivateKey::generate`].
    pub fn from_raw(kind: &str, private: &[u8]) -> Result<PrivateKey, CryptoError> {
        match named(kind)? {
            Named::Curve(curve) => PrivateKey::from_scalar(curve, BigNum::from_slice(private)?),
            Named::Edwards(edwards) => PrivateKey::from_seed(edwards, private),
        }
    }

    /// PKCS#8 PEM.
    pub fn to_pem(&self) -> Vec<u8> {
        let mut pem = "-----BEGIN PRIVATE KEY-----\n".to_owned();
        let text = openssl::base64::encode_block(&self.0.pkcs8);
        for line in text.as_bytes().chunks(64) {
            pem.extend(line.iter().copied().map(char::from));
            pem.push('\n');
        }
        pem.push_str("-----END PRIVATE KEY-----\n");
        pem.into_bytes()
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        self.0.public.clone()
    }

    /// Schemes that this key can sign with in TLS 1.3 (`true`) or TLS 1.2, best first.
    pub fn schemes(&self, tls13: bool) -> Vec<SignatureScheme> {
        self.0.public.schemes(tls13)
    }

    /// Signs a message. Deterministic for the same key, scheme, message and state of the generator:
    /// PSS salt and ECDSA nonce come from it. Fails if key and scheme do not fit.
    pub fn sign(&self, scheme: SignatureScheme, message: &[u8], rng: &mut Rng) -> Result<Vec<u8>, CryptoError> {
        match (scheme.method()?, &self.0.material) {
            (Method::Edwards(wanted), PrivateMaterial::Edwards(key)) if self.0.public.edwards() == Some(wanted) => {
                context::edwards_sign(key, message)
            }
            (Method::Pkcs1(digest) | Method::Pss(digest) | Method::Ecdsa(digest), _) => {
                self.sign_hash(scheme, &digest.hash(message), rng)
            }
            (Method::Edwards(_), _) => Err(unfit(scheme)),
        }
    }

    /// Signs a hash that was computed before, of whatever length; not for EdDSA, which hashes by itself.
    pub fn sign_hash(&self, scheme: SignatureScheme, hash: &[u8], rng: &mut Rng) -> Result<Vec<u8>, CryptoError> {
        match (scheme.method()?, &self.0.material) {
            (Method::Pkcs1(digest), PrivateMaterial::Rsa(_)) if !self.0.public.is_pss() => {
                self.rsa_raw_decrypt(&pkcs1_encode(digest, hash, self.0.public.rsa_size())?)
            }
            (Method::Pss(digest), PrivateMaterial::Rsa(_)) if scheme.is_pss_pss() == self.0.public.is_pss() => {
                let mut salt = vec![0; digest.len()];
                rng.fill_bytes(&mut salt);
                self.sign_pss(digest, hash, &salt)
            }
            (Method::Ecdsa(_), PrivateMaterial::Ecdsa(_)) => loop {
                let nonce = self.0.public.curve()?.random_scalar(rng)?;
                // A nonce that makes a zero, of which none is known, is drawn again.
                if let Some(signature) = self.ecdsa(hash, &nonce)? {
                    return Ok(signature);
                }
            },
            _ => Err(unfit(scheme)),
        }
    }

    /// PSS of a hash with a salt of the caller's, whatever its length, mask and message under the same hash.
    pub fn sign_pss(&self, digest: Digest, hash: &[u8], salt: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let bits = self.0.public.rsa_bits();
        let encoded = pss_encode(digest, hash, salt, bits.saturating_sub(1))?;
        // A modulus of 8 n + 1 bits makes the encoding one byte shorter than a block.
        let block = [vec![0; self.0.public.rsa_size() - encoded.len()], encoded].concat();
        self.rsa_raw_decrypt(&block)
    }

    /// ECDSA of a hash with a nonce of the caller's (big endian), which two signatures can share.
    pub fn sign_ecdsa(&self, hash: &[u8], nonce: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let zero = || CryptoError::Input("the nonce gives a signature of zero".to_owned());
        self.ecdsa(hash, &*BigNum::from_slice(nonce)?)?.ok_or_else(zero)
    }

    /// RSA decryption without looking at the padding: the whole block, modulus size. [RFC 5246, 7.4.7.1]
    pub fn rsa_raw_decrypt(&self, ciphertext: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let PrivateMaterial::Rsa(key) = &self.0.material else {
            return Err(CryptoError::Unsupported("RSA with another kind of key".to_owned()));
        };
        check_block(ciphertext, self.0.public.rsa_size())?;
        let mut operation = context::operation(key)?;
        operation.decrypt_init()?;
        operation.set_rsa_padding(Padding::NONE)?;
        let mut block = Vec::with_capacity(ciphertext.len());
        operation
            .decrypt_to_vec(ciphertext, &mut block)
            .map_err(|error| CryptoError::Input(format!("RSA block: {error}")))?;
        Ok(block)
    }

    /// The key for handing to the `openssl` crate.
    pub fn pkey(&self) -> &PKey<Private> {
        self.0.outward.get_or_init(|| {
            PKey::private_key_from_pkcs8(&self.0.pkcs8).expect("our own PKCS#8 is read by OpenSSL's default provider")
        })
    }

    fn new(pkcs8: Vec<u8>, material: PrivateMaterial, spki: Vec<u8>) -> Result<PrivateKey, CryptoError> {
        let public = PublicKey::from_spki(&spki)?;
        Ok(PrivateKey(Arc::new(PrivateInner { pkcs8, material, public, outward: OnceLock::new() })))
    }

    fn from_scalar(curve: &'static Curve, scalar: BigNum) -> Result<PrivateKey, CryptoError> {
        if scalar.num_bits() == 0 || scalar >= curve.order {
            return Err(CryptoError::Input("the scalar is not between zero and the curve's order".to_owned()));
        }
        let point = curve.encode(&*curve.multiply_generator(&scalar)?)?;
        let spki = ec_spki(curve.nid, &point);
        let private = der::sequence(&[
            &der::integer(&[1]),
            &der::tlv(0x04, &[&scalar.to_vec_padded(curve.size as i32)?]),
            &der::tlv(0xa1, &[&der::bit_string(&point)]),
        ]);
        let pkcs8 = der::sequence(&[&der::integer(&[0]), &ec_algorithm(curve.nid), &der::tlv(0x04, &[&private])]);
        PrivateKey::new(pkcs8, PrivateMaterial::Ecdsa(scalar), spki)
    }

    fn from_seed(edwards: Edwards, seed: &[u8]) -> Result<PrivateKey, CryptoError> {
        let key = context::raw_private(edwards.openssl_name(), seed)
            .map_err(|error| CryptoError::Input(format!("seed of {} bytes: {error}", seed.len())))?;
        let algorithm = der::sequence(&[edwards.oid()]);
        let spki = der::sequence(&[&algorithm, &der::bit_string(&key.raw_public_key()?)]);
        let pkcs8 = der::sequence(&[&der::integer(&[0]), &algorithm, &der::tlv(0x04, &[&der::tlv(0x04, &[seed])])]);
        PrivateKey::new(pkcs8, PrivateMaterial::Edwards(key), spki)
    }

    /// [FIPS 186-5, 6.4.1]; `None` if r or s is zero.
    fn ecdsa(&self, hash: &[u8], nonce: &BigNumRef) -> Result<Option<Vec<u8>>, CryptoError> {
        let PrivateMaterial::Ecdsa(scalar) = &self.0.material else {
            return Err(CryptoError::Unsupported("ECDSA with another kind of key".to_owned()));
        };
        let curve = self.0.public.curve()?;
        let mut numbers = context::numbers()?;
        let point = curve.multiply_generator(nonce)?;
        if point.is_infinity(&curve.group) {
            return Ok(None);
        }
        let (mut r, mut product, mut sum) = (BigNum::new()?, BigNum::new()?, BigNum::new()?);
        let (mut inverse, mut s) = (BigNum::new()?, BigNum::new()?);
        r.nnmod(&*curve.x(&point)?, &curve.order, &mut numbers)?;
        product.mod_mul(&r, scalar, &curve.order, &mut numbers)?;
        sum.mod_add(&product, &*curve.truncated(hash)?, &curve.order, &mut numbers)?;
        inverse.mod_inverse(nonce, &curve.order, &mut numbers)?;
        s.mod_mul(&inverse, &sum, &curve.order, &mut numbers)?;
        if r.num_bits() == 0 || s.num_bits() == 0 {
            return Ok(None);
        }
        Ok(Some(der::sequence(&[&der::integer(&r.to_vec()), &der::integer(&s.to_vec())])))
    }
}

impl PublicKey {
    /// From a certificate's DER (its subjectPublicKeyInfo).
    pub fn from_certificate(der: &[u8]) -> Result<PublicKey, CryptoError> {
        let spki = der::spki_of_certificate(der);
        PublicKey::from_spki(spki.ok_or_else(|| CryptoError::Input("no certificate".to_owned()))?)
    }

    /// From a SubjectPublicKeyInfo's DER.
    pub fn from_spki(der: &[u8]) -> Result<PublicKey, CryptoError> {
        let broken = || CryptoError::Input("no SubjectPublicKeyInfo".to_owned());
        let mut outer = Reader(der);
        let (_, inside, spki) = outer.next().filter(|(tag, ..)| *tag == 0x30).ok_or_else(broken)?;
        let mut fields = Reader(inside);
        let mut algorithm = Reader(fields.expect(0x30).ok_or_else(broken)?);
        let (_, _, oid) = algorithm.next().ok_or_else(broken)?;
        let key = fields.bit_string().ok_or_else(broken)?;
        let material = if oid == OID_RSA || oid == OID_RSA_PSS {
            let mut numbers = Reader(Reader(key).expect(0x30).ok_or_else(broken)?);
            let n = BigNum::from_slice(numbers.expect(0x02).ok_or_else(broken)?)?;
            let e = BigNum::from_slice(numbers.expect(0x02).ok_or_else(broken)?)?;
            PublicMaterial::Rsa { n, e, pss: oid == OID_RSA_PSS }
        } else if oid == OID_EC {
            let (_, _, curve) = algorithm.next().ok_or_else(broken)?;
            let curve = context::curve(curve_of_oid(curve)?)?;
            PublicMaterial::Ecdsa(curve, EcKey::from_public_key(&curve.group, &*curve.decode(key)?)?)
        } else if let Some(edwards) = [Edwards::Ed25519, Edwards::Ed448].into_iter().find(|kind| kind.oid() == oid) {
            let key = context::raw_public(edwards.openssl_name(), key)
                .map_err(|error| CryptoError::Input(format!("public key: {error}")))?;
            PublicMaterial::Edwards(edwards, key)
        } else {
            return Err(CryptoError::Unsupported("kind of public key".to_owned()));
        };
        Ok(PublicKey(Arc::new(PublicInner { spki: spki.to_vec(), material })))
    }

    /// The SubjectPublicKeyInfo's DER.
    pub fn spki(&self) -> &[u8] {
        &self.0.spki
    }

    /// Schemes that signatures of this key may have in TLS 1.3 (`true`) or TLS 1.2, best first.
    pub fn schemes(&self, tls13: bool) -> Vec<SignatureScheme> {
        use SignatureScheme as S;
        const RSAE: [S; 3] = [S::RSA_PSS_RSAE_SHA256, S::RSA_PSS_RSAE_SHA384, S::RSA_PSS_RSAE_SHA512];
        const PKCS1: [S; 4] = [S::RSA_PKCS1_SHA256, S::RSA_PKCS1_SHA384, S::RSA_PKCS1_SHA512, S::RSA_PKCS1_SHA1];
        const PSS: [S; 3] = [S::RSA_PSS_PSS_SHA256, S::RSA_PSS_PSS_SHA384, S::RSA_PSS_PSS_SHA512];
        const ECDSA: [S; 3] = [S::ECDSA_SECP256R1_SHA256, S::ECDSA_SECP384R1_SHA384, S::ECDSA_SECP521R1_SHA512];
        match &self.0.material {
            PublicMaterial::Rsa { pss: true, .. } => PSS.to_vec(),
            PublicMaterial::Rsa { .. } if tls13 => RSAE.to_vec(),
            PublicMaterial::Rsa { .. } => [&RSAE[..], &PKCS1].concat(),
            PublicMaterial::Ecdsa(curve, _) => {
                let own = ECDSA[curve.place()];
                if tls13 {
                    return vec![own];
                }
                let others = ECDSA.into_iter().filter(|scheme| *scheme != own);
                std::iter::once(own).chain(others).chain([S::ECDSA_SHA1]).collect()
            }
            PublicMaterial::Edwards(Edwards::Ed25519, _) => vec![S::ED25519],
            PublicMaterial::Edwards(Edwards::Ed448, _) => vec![S::ED448],
        }
    }

    /// Checks a signature; in TLS 1.3 (`tls13`) the ECDSA scheme must fit the curve.
    pub fn verify(
        &self,
        scheme: SignatureScheme,
        message: &[u8],
        signature: &[u8],
        tls13: bool,
    ) -> Result<(), CryptoError> {
        match (scheme.method()?, &self.0.material) {
            (Method::Edwards(wanted), PublicMaterial::Edwards(kind, key)) if wanted == *kind => {
                right(context::edwards_verify(key, message, signature)?)
            }
            (Method::Pkcs1(digest) | Method::Pss(digest) | Method::Ecdsa(digest), _) => {
                self.verify_hash(scheme, &digest.hash(message), signature, tls13)
            }
            (Method::Edwards(_), _) => Err(unfit(scheme)),
        }
    }

    /// Checks the signature of a hash that was computed before; not for EdDSA.
    pub fn verify_hash(
        &self,
        scheme: SignatureScheme,
        hash: &[u8],
        signature: &[u8],
        tls13: bool,
    ) -> Result<(), CryptoError> {
        match (scheme.method()?, &self.0.material) {
            (Method::Pkcs1(digest), PublicMaterial::Rsa { pss: false, .. }) => {
                let expected = pkcs1_encode(digest, hash, self.rsa_size())?;
                right(self.rsa_raw_encrypt(signature)? == expected)
            }
            (Method::Pss(digest), PublicMaterial::Rsa { pss, .. }) if scheme.is_pss_pss() == *pss => {
                let block = self.rsa_raw_encrypt(signature)?;
                right(pss_matches(digest, hash, &block, self.rsa_bits().saturating_sub(1)))
            }
            (Method::Ecdsa(digest), PublicMaterial::Ecdsa(curve, key)) => {
                if tls13 && digest != CURVE_DIGESTS[curve.place()] {
                    return Err(unfit(scheme));
                }
                right(ecdsa_signature(signature)?.verify(hash, key).unwrap_or(false))
            }
            _ => Err(unfit(scheme)),
        }
    }

    /// Whether it is an RSA key (of rsaEncryption).
    pub fn is_rsa(&self) -> bool {
        matches!(self.0.material, PublicMaterial::Rsa { pss: false, .. })
    }

    /// Size of an RSA modulus in bytes; 0 for other keys.
    pub fn rsa_size(&self) -> usize {
        self.rsa_bits().div_ceil(8)
    }

    /// PKCS#1 v1.5 encryption with padding from the generator. [RFC 8017, 7.2.1]
    pub fn rsa_encrypt(&self, message: &[u8], rng: &mut Rng) -> Result<Vec<u8>, CryptoError> {
        let Some(padding) = self.rsa_size().checked_sub(message.len() + 3) else {
            return Err(CryptoError::Input(format!("message of {} bytes is too long for the key", message.len())));
        };
        let mut block = vec![0, 2];
        while block.len() < 2 + padding {
            let mut byte = [0];
            rng.fill_bytes(&mut byte);
            block.extend(byte.iter().filter(|byte| **byte != 0));
        }
        block.push(0);
        block.extend_from_slice(message);
        self.rsa_raw_encrypt(&block)
    }

    /// The bare RSA operation on a block of modulus size.
    pub fn rsa_raw_encrypt(&self, block: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let PublicMaterial::Rsa { n, e, .. } = &self.0.material else {
            return Err(CryptoError::Unsupported("RSA with another kind of key".to_owned()));
        };
        check_block(block, self.rsa_size())?;
        let block = BigNum::from_slice(block)?;
        if block >= *n {
            return Err(CryptoError::Input("RSA block: not below the modulus".to_owned()));
        }
        let mut output = BigNum::new()?;
        output.mod_exp(&block, e, n, &mut *context::numbers()?)?;
        Ok(output.to_vec_padded(self.rsa_size() as i32)?)
    }

    fn rsa_bits(&self) -> usize {
        match &self.0.material {
            PublicMaterial::Rsa { n, .. } => n.num_bits() as usize,
            _ => 0,
        }
    }

    fn is_pss(&self) -> bool {
        matches!(self.0.material, PublicMaterial::Rsa { pss: true, .. })
    }

    fn edwards(&self) -> Option<Edwards> {
        match &self.0.material {
            PublicMaterial::Edwards(kind, _) => Some(*kind),
            _ => None,
        }
    }

    fn curve(&self) -> Result<&'static Curve, CryptoError> {
        match &self.0.material {
            PublicMaterial::Ecdsa(curve, _) => Ok(curve),
            _ => Err(CryptoError::Unsupported("ECDSA with another kind of key".to_owned())),
        }
    }
}

enum Named {
    Curve(&'static Curve),
    Edwards(Edwards),
}

fn named(kind: &str) -> Result<Named, CryptoError> {
    Ok(match kind {
        "p256" => Named::Curve(context::curve(Nid::X9_62_PRIME256V1)?),
        "p384" => Named::Curve(context::curve(Nid::SECP384R1)?),
        "p521" => Named::Curve(context::curve(Nid::SECP521R1)?),
        "ed25519" => Named::Edwards(Edwards::Ed25519),
        "ed448" => Named::Edwards(Edwards::Ed448),
        _ => return Err(CryptoError::Unsupported(format!("kind of key {kind}"))),
    })
}

impl Edwards {
    fn key_length(self) -> usize {
        if self == Edwards::Ed25519 { 32 } else { 57 }
    }

    fn openssl_name(self) -> &'static std::ffi::CStr {
        if self == Edwards::Ed25519 { c"ED25519" } else { c"ED448" }
    }

    /// [RFC 8410, 3], with tag and length.
    fn oid(self) -> &'static [u8] {
        if self == Edwards::Ed25519 { &[6, 3, 0x2b, 0x65, 0x70] } else { &[6, 3, 0x2b, 0x65, 0x71] }
    }
}

// Object identifiers with tag and length [RFC 3279, 2.3; RFC 4055, 1.2; RFC 5480, 2.1.1].
const OID_RSA: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
const OID_RSA_PSS: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10];
const OID_EC: &[u8] = &[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const CURVE_OIDS: [(&[u8], Nid); 3] = [
    (&[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7], Nid::X9_62_PRIME256V1),
    (&[6, 5, 0x2b, 0x81, 0x04, 0, 0x22], Nid::SECP384R1),
    (&[6, 5, 0x2b, 0x81, 0x04, 0, 0x23], Nid::SECP521R1),
];
const CURVE_DIGESTS: [Digest; 3] = [Digest::Sha256, Digest::Sha384, Digest::Sha512];

impl Curve {
    /// 0, 1, 2 for P-256, P-384, P-521.
    fn place(&self) -> usize {
        CURVE_OIDS.iter().position(|(_, nid)| *nid == self.nid).unwrap_or(0)
    }

    /// A hash as a number, cut to the bits of the order.
    fn truncated(&self, hash: &[u8]) -> Result<BigNum, CryptoError> {
        let number = BigNum::from_slice(hash)?;
        let surplus = hash.len() as i32 * 8 - self.order.num_bits();
        if surplus <= 0 {
            return Ok(number);
        }
        let mut cut = BigNum::new()?;
        cut.rshift(&number, surplus)?;
        Ok(cut)
    }
}

fn curve_of_oid(oid: &[u8]) -> Result<Nid, CryptoError> {
    let found = CURVE_OIDS.iter().find(|(known, _)| *known == oid);
    found.map(|(_, nid)| *nid).ok_or_else(|| CryptoError::Unsupported("curve of a public key".to_owned()))
}

fn ec_algorithm(nid: Nid) -> Vec<u8> {
    let oid = CURVE_OIDS.iter().find(|(_, known)| *known == nid).map_or(&[][..], |(oid, _)| oid);
    der::sequence(&[OID_EC, oid])
}

fn ec_spki(nid: Nid, point: &[u8]) -> Vec<u8> {
    der::sequence(&[&ec_algorithm(nid), &der::bit_string(point)])
}

fn rsa_spki(n: &BigNumRef, e: &BigNumRef, pss: bool) -> Vec<u8> {
    let key = der::sequence(&[&der::integer(&n.to_vec()), &der::integer(&e.to_vec())]);
    let algorithm = if pss { der::sequence(&[OID_RSA_PSS]) } else { der::sequence(&[OID_RSA, &[5, 0]]) };
    der::sequence(&[&algorithm, &der::bit_string(&key)])
}

/// A signature that is DER, to the byte.
fn ecdsa_signature(signature: &[u8]) -> Result<EcdsaSig, CryptoError> {
    let parsed = EcdsaSig::from_der(signature).ok().filter(|parsed| {
        let again = der::sequence(&[&der::integer(&parsed.r().to_vec()), &der::integer(&parsed.s().to_vec())]);
        again == signature
    });
    parsed.ok_or_else(|| CryptoError::Input("the signature is no DER".to_owned()))
}

/// EMSA-PKCS1-v1_5 [RFC 8017, 9.2] of a hash.
fn pkcs1_encode(digest: Digest, hash: &[u8], size: usize) -> Result<Vec<u8>, CryptoError> {
    let info = match digest_oid(digest) {
        // TLS 1.0 and 1.1 sign both hashes without saying which they are.
        None => hash.to_vec(),
        Some(oid) => der::sequence(&[&der::sequence(&[oid, &[5, 0]]), &der::tlv(0x04, &[hash])]),
    };
    let Some(padding) = size.checked_sub(info.len() + 3).filter(|padding| *padding >= 8) else {
        return Err(CryptoError::Input(format!("an RSA key of {size} bytes is too short for the scheme")));
    };
    Ok([&[0, 1], &vec![0xff; padding][..], &[0], &info].concat())
}

fn digest_oid(digest: Digest) -> Option<&'static [u8]> {
    Some(match digest {
        Digest::Md5Sha1 => return None,
        Digest::Md5 => &[6, 8, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 5],
        Digest::Sha1 => &[6, 5, 0x2b, 0x0e, 3, 2, 0x1a],
        Digest::Sha224 => &[6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 4],
        Digest::Sha256 => &[6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1],
        Digest::Sha384 => &[6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2],
        Digest::Sha512 => &[6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3],
    })
}

/// EMSA-PSS-ENCODE [RFC 8017, 9.1.1] of a hash, for so many bits.
fn pss_encode(digest: Digest, hash: &[u8], salt: &[u8], bits: usize) -> Result<Vec<u8>, CryptoError> {
    let size = bits.div_ceil(8);
    let Some(zeros) = size.checked_sub(digest.len() + salt.len() + 2) else {
        return Err(CryptoError::Input(format!("an RSA key of {} bits is too short for the salt", bits + 1)));
    };
    let h = digest.hash(&[&[0; 8], hash, salt].concat());
    let mut masked = [&vec![0; zeros], &[1][..], salt].concat();
    mask(digest, &h, &mut masked);
    masked[0] &= 0xff >> (size * 8 - bits);
    masked.extend(h);
    masked.push(0xbc);
    Ok(masked)
}

/// EMSA-PSS-VERIFY [RFC 8017, 9.1.2] with a salt as long as the hash [RFC 9846, 4.3.3].
fn pss_matches(digest: Digest, hash: &[u8], block: &[u8], bits: usize) -> bool {
    let size = bits.div_ceil(8);
    let Some((front, encoded)) = block.len().checked_sub(size).map(|front| block.split_at(front)) else {
        return false;
    };
    let Some(masked_length) = size.checked_sub(digest.len() + 1) else { return false };
    if front.iter().any(|byte| *byte != 0) || encoded[size - 1] != 0xbc || masked_length < digest.len() {
        return false;
    }
    let (masked, h) = (&encoded[..masked_length], &encoded[masked_length..size - 1]);
    let mut data = masked.to_vec();
    mask(digest, h, &mut data);
    data[0] &= 0xff >> (size * 8 - bits);
    let salt = data.split_off(masked_length - digest.len());
    // Encoding again with the salt found compares zeros, marker and hash at once.
    pss_encode(digest, hash, &salt, bits).is_ok_and(|again| again == encoded)
}

/// Xors MGF1 [RFC 8017, B.2.1] onto the data.
fn mask(digest: Digest, seed: &[u8], data: &mut [u8]) {
    for (counter, chunk) in data.chunks_mut(digest.len()).enumerate() {
        let block = digest.hash(&[seed, &(counter as u32).to_be_bytes()].concat());
        chunk.iter_mut().zip(block).for_each(|(byte, mask)| *byte ^= mask);
    }
}

fn check_block(block: &[u8], size: usize) -> Result<(), CryptoError> {
    if block.len() == size {
        return Ok(());
    }
    Err(CryptoError::Input(format!("RSA block of {} bytes, the modulus has {size}", block.len())))
}

fn right(verified: bool) -> Result<(), CryptoError> {
    if verified { Ok(()) } else { Err(CryptoError::Verify("signature")) }
}

fn unfit(scheme: SignatureScheme) -> CryptoError {
    CryptoError::Unsupported(format!("signature scheme {:#06x} with this key", scheme.0))
}
