//! Keys, names and signatures of the good chains.

use crate::{CLIENT_NAME, Identity, KeyKind, SERVER_NAME, splice};
use gauntlet_crypto::{PrivateKey, Rng, SignatureScheme};
use gauntlet_model::Role;
use openssl::sha::sha256;
use rand_core::SeedableRng;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod,
    KeyUsagePurpose, PublicKeyData, SanType, SerialNumber, SignatureAlgorithm, SigningKey, date_time_ymd,
};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::OnceLock;

/// Why the `expect`s below hold: nothing of it depends on anything outside this crate.
const FIXED: &str = "all inputs are constants, and the tests build every one";

/// Who can sign certificates.
pub(crate) struct Authority {
    params: CertificateParams,
    key: Key,
    /// Its own, DER.
    pub(crate) certificate: Vec<u8>,
}

/// The root of all chains.
pub(crate) fn root_authority() -> &'static Authority {
    static ROOT: OnceLock<Authority> = OnceLock::new();
    ROOT.get_or_init(build_root)
}

/// The chain and key of a leaf.
pub(crate) fn leaf(role: Role, kind: KeyKind) -> Identity {
    let key = Key::load(role.name(), kind);
    let issuer = intermediate(kind);
    let certificate = issuer.issue(&leaf_params(role, kind, &key), &key);
    Identity { chain: vec![certificate, issuer.certificate.clone()], key: key.private, staple: None, credential: None }
}

/// The intermediate whose family can check leaves of that kind.
fn intermediate(kind: KeyKind) -> &'static Authority {
    static RSA: OnceLock<Authority> = OnceLock::new();
    static ECDSA: OnceLock<Authority> = OnceLock::new();
    match kind {
        KeyKind::Rsa2048 | KeyKind::RsaPss2048 => {
            RSA.get_or_init(|| build_intermediate(KeyKind::Rsa2048, "Gauntlet Intermediate RSA"))
        }
        _ => ECDSA.get_or_init(|| build_intermediate(KeyKind::P256, "Gauntlet Intermediate ECDSA")),
    }
}

fn build_root() -> Authority {
    let key = Key::load("root", KeyKind::Rsa2048);
    let params = authority_params("Gauntlet Root", BasicConstraints::Unconstrained, &key);
    let certificate = params.self_signed(&key).expect(FIXED).der().to_vec();
    Authority { params, key, certificate }
}

fn build_intermediate(kind: KeyKind, name: &str) -> Authority {
    let key = Key::load("intermediate", kind);
    let params = authority_params(name, BasicConstraints::Constrained(0), &key);
    let certificate = root_authority().issue(&params, &key);
    Authority { params, key, certificate }
}

impl Authority {
    /// A certificate for a key.
    fn issue(&self, params: &CertificateParams, subject: &Key) -> Vec<u8> {
        let issuer = Issuer::from_params(&self.params, &self.key);
        let certificate = params.signed_by(subject, &issuer).expect(FIXED);
        if subject.foreign {
            return splice::with_spki(certificate.der(), &subject.spki, |tbs| self.key.signature(tbs)).expect(FIXED);
        }
        certificate.der().to_vec()
    }
}

/// A key as the certificate builder wants it.
struct Key {
    private: PrivateKey,
    spki: Vec<u8>,
    bits: Vec<u8>,
    algorithm: &'static SignatureAlgorithm,
    /// The builder does not know its algorithm, so that its SubjectPublicKeyInfo has to be put in afterwards.
    foreign: bool,
}

impl Key {
    /// RSA keys from files, others from a seed made of owner and kind.
    fn load(owner: &str, kind: KeyKind) -> Key {
        let private = crate::keys::key(owner, kind.name()).expect(FIXED);
        let spki = private.pkey().public_key_to_der().expect(FIXED);
        let bits = splice::key_bits(&spki).expect(FIXED);
        let known = match kind {
            KeyKind::P256 => Some(&rcgen::PKCS_ECDSA_P256_SHA256),
            KeyKind::P384 => Some(&rcgen::PKCS_ECDSA_P384_SHA384),
            KeyKind::Ed25519 => Some(&rcgen::PKCS_ED25519),
            KeyKind::Rsa2048 => Some(&rcgen::PKCS_RSA_SHA256),
            KeyKind::P521 | KeyKind::Ed448 | KeyKind::RsaPss2048 => None,
        };
        Key { private, spki, bits, algorithm: known.unwrap_or(&rcgen::PKCS_RSA_SHA256), foreign: known.is_none() }
    }

    /// Of authorities, which have RSA or P-256 keys. The same message gives the same signature.
    fn signature(&self, message: &[u8]) -> Vec<u8> {
        let scheme = match self.private.public().is_rsa() {
            true => SignatureScheme::RSA_PKCS1_SHA256,
            false => SignatureScheme::ECDSA_SECP256R1_SHA256,
        };
        self.private.sign(scheme, message, &mut Rng::from_seed(sha256(message))).expect(FIXED)
    }

    fn id(&self) -> KeyIdMethod {
        KeyIdMethod::PreSpecified(sha256(&self.spki)[..20].to_vec())
    }
}

impl PublicKeyData for Key {
    fn der_bytes(&self) -> &[u8] {
        &self.bits
    }
    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.algorithm
    }
}

impl SigningKey for Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Ok(self.signature(message))
    }
}

fn authority_params(name: &str, constraints: BasicConstraints, key: &Key) -> CertificateParams {
    let mut params = params(name, key);
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(constraints);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn leaf_params(role: Role, kind: KeyKind, key: &Key) -> CertificateParams {
    let mut params = params(&format!("{} {}", role.name(), kind.name()), key);
    let (name, purpose) = match role {
        Role::Server => (SERVER_NAME, ExtendedKeyUsagePurpose::ServerAuth),
        Role::Client => (CLIENT_NAME, ExtendedKeyUsagePurpose::ClientAuth),
    };
    params.distinguished_name.push(DnType::OrganizationalUnitName, kind.name());
    params.distinguished_name.push(DnType::CommonName, name);
    params.subject_alt_names = vec![dns(name)];
    if role == Role::Server {
        params.subject_alt_names.push(dns("localhost"));
        params.subject_alt_names.push(SanType::IpAddress(Ipv4Addr::LOCALHOST.into()));
        params.subject_alt_names.push(SanType::IpAddress(Ipv6Addr::LOCALHOST.into()));
    }
    params.is_ca = IsCa::ExplicitNoCa;
    params.extended_key_usages = vec![purpose];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.key_usages.extend(match kind {
        KeyKind::Rsa2048 => Some(KeyUsagePurpose::KeyEncipherment),
        KeyKind::P256 | KeyKind::P384 | KeyKind::P521 => Some(KeyUsagePurpose::KeyAgreement),
        KeyKind::Ed25519 | KeyKind::Ed448 | KeyKind::RsaPss2048 => None,
    });
    params
}

/// What all certificates have in common; the name makes the serial number.
fn params(name: &str, key: &Key) -> CertificateParams {
    let mut params = CertificateParams::default();
    let mut serial = sha256(name.as_bytes())[..16].to_vec();
    // Positive, and 16 bytes however the hash begins.
    serial[0] = serial[0] & 0x7f | 0x40;
    params.serial_number = Some(SerialNumber::from(serial));
    params.not_before = date_time_ymd(2024, 1, 1);
    params.not_after = date_time_ymd(2049, 12, 31);
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "Gauntlet");
    params.use_authority_key_identifier_extension = true;
    params.key_identifier_method = key.id();
    params
}

fn dns(name: &str) -> SanType {
    SanType::DnsName(name.try_into().expect(FIXED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_builds_are_byte_identical() {
        assert_eq!(build_root().certificate, build_root().certificate);
        for role in [Role::Server, Role::Client] {
            for kind in KeyKind::ALL {
                let (one, other) = (leaf(role, kind), leaf(role, kind));
                assert_eq!(one.chain, other.chain, "{role:?} {kind:?}");
                assert_eq!(one.key.to_pem(), other.key.to_pem(), "{role:?} {kind:?}");
            }
        }
    }

    #[test]
    fn intermediates_are_built_alike() {
        let one = build_intermediate(KeyKind::P256, "Gauntlet Intermediate ECDSA");
        assert_eq!(one.certificate, intermediate(KeyKind::P256).certificate);
    }
}
