//! Chains built from what a scenario says of them. With nothing said, they are the good chains, byte for byte.

use crate::asn1::{TRUE, bit_string, element, identifier, integer, moment, sequence};
use crate::edits::{apply, sign_again};
use crate::keys;
use crate::{CLIENT_NAME, Identity, SERVER_NAME};
use gauntlet_crypto::{PrivateKey, Rng, SignatureScheme};
use gauntlet_model::Role;
use gauntlet_model::chain::{
    ATTRIBUTES, CertificateSpec, ChainItem, ChainSpec, EXTENSIONS, GeneralName, KEY_USAGES, Moment, PURPOSES, Text,
};
use gauntlet_wire::der;
use openssl::sha::sha256;
use rand_core::SeedableRng;
use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// What the bytes of a chain follow from.
pub struct Making<'a> {
    /// What is other than good.
    pub spec: &'a ChainSpec,
    /// Whose chain it is.
    pub role: Role,
    /// What relative dates are relative to, seconds since 1970.
    pub date: i64,
    /// Random bytes come from it.
    pub seed: [u8; 32],
}

/// Validity of good certificates: 2024-01-01 to 2049-12-31.
pub(crate) const VALIDITY: (i64, i64) = (1_704_067_200, 2_524_521_600);

/// DelegationUsage. [RFC 9345, 4.2]
const DELEGATION_USAGE: &str = "1.3.6.1.4.1.44363.44";

/// More intermediates than this are no chain, but a mistake.
const MOST_INTERMEDIATES: u32 = 1000;

/// Who issues: name, key, and how they are identified.
pub(crate) struct Holder {
    pub(crate) subject: Vec<u8>,
    pub(crate) key: PrivateKey,
    pub(crate) spki: Vec<u8>,
    kind: String,
}

impl Holder {
    fn identifier(&self) -> Vec<u8> {
        sha256(&self.spki)[..20].to_vec()
    }
}

/// Builds the chain that a scenario describes, with its key and its staple.
///
/// # Errors
/// What cannot be built, in words.
pub fn build(making: &Making<'_>) -> Result<Identity, String> {
    if let Some(files) = &making.spec.files {
        return crate::files::identity(files);
    }
    let chain = making.items()?.iter().map(|item| making.item(item)).collect::<Result<_, _>>()?;
    let key = making.holder(making.spec.sign_with.as_deref().unwrap_or("leaf"))?.key;
    let staple = making.spec.staple.as_ref().map(|staple| making.staple(staple)).transpose()?;
    let credential = making.spec.credential.as_ref().map(|said| making.credential(said)).transpose()?;
    Ok(Identity { chain, key, staple, credential: credential.map(Arc::new) })
}

impl Making<'_> {
    fn items(&self) -> Result<Vec<ChainItem>, String> {
        if let Some(items) = &self.spec.chain {
            return Ok(items.clone());
        }
        let count = self.spec.intermediates.unwrap_or(1);
        if count > MOST_INTERMEDIATES {
            return Err(format!("`intermediates` is at most {MOST_INTERMEDIATES}"));
        }
        let names = std::iter::once("leaf".to_owned()).chain((1..=count).map(intermediate));
        Ok(names.map(ChainItem::Certificate).collect())
    }

    fn item(&self, item: &ChainItem) -> Result<Vec<u8>, String> {
        match item {
            ChainItem::Certificate(name) => self.certificate(name),
            ChainItem::RawPublicKey => Ok(self.holder("leaf")?.spki),
            ChainItem::Bytes(bytes) => Ok(bytes.clone()),
        }
    }

    fn said(&self, name: &str) -> CertificateSpec {
        self.spec.certificate(name).cloned().unwrap_or_default()
    }

    /// Whether it signs others, if nothing is said.
    fn is_authority(&self, name: &str) -> bool {
        let own = !matches!(name, "leaf" | "intermediate" | "root" | "stranger") && place(name).is_none();
        name != "leaf" && (!own || self.said(name).ca == Some(Some(true)))
    }

    /// An intermediate that differs is not the good one under another guise: whoever knows that one finds no way round.
    fn is_other_intermediate(&self, name: &str) -> bool {
        let differs = self.spec.certificates.iter().any(|(known, _)| place(known).is_some());
        place(name).is_some() && (differs || self.spec.intermediates.is_some_and(|count| count != 1))
    }

    /// Of its own for each description: some targets remember intermediates of chains that came before.
    fn mark(&self) -> String {
        hex::encode(&sha256(format!("{:?}", self.spec).as_bytes())[..4])
    }

    pub(crate) fn issuer(&self, name: &str) -> String {
        let said = self.said(name).issuer;
        let last = self.spec.intermediates.unwrap_or(1).max(1);
        match (said.as_deref(), name) {
            (Some("self"), _) | (None, "root" | "stranger") => name.to_owned(),
            (Some(other), _) => other.to_owned(),
            (None, "leaf") if self.spec.intermediates == Some(0) => "root".to_owned(),
            (None, "leaf") => "intermediate".to_owned(),
            (None, _) => match place(name) {
                Some(number) if number < last => intermediate(number + 1),
                Some(_) => "root".to_owned(),
                None if self.is_authority(name) => "root".to_owned(),
                None => "intermediate".to_owned(),
            },
        }
    }

    /// Name and key of a certificate, which may issue others.
    pub(crate) fn holder(&self, name: &str) -> Result<Holder, String> {
        let said = self.said(name);
        let kind = said.key.clone().unwrap_or_else(|| self.usual_kind(name).to_owned());
        let owner = match name {
            "leaf" => self.role.name().to_owned(),
            _ if self.is_other_intermediate(name) => format!("other {name} {}", self.mark()),
            _ => name.to_owned(),
        };
        let key = keys::key(&owner, &kind)?;
        let spki = match said.explicit_curve {
            true => keys::explicit_curve(&key)?,
            false => key.public().spki().to_vec(),
        };
        let subject = match &said.subject {
            Some(attributes) => directory(attributes)?,
            None => directory(&self.usual_subject(name, &kind))?,
        };
        Ok(Holder { subject, key, spki, kind })
    }

    fn usual_kind(&self, name: &str) -> &'static str {
        let leaf = self.said("leaf").key.unwrap_or_default();
        match name {
            "root" => "rsa2048",
            _ if place(name).is_some() && leaf.starts_with("rsa") => "rsa2048",
            _ => "p256",
        }
    }

    fn usual_subject(&self, name: &str, kind: &str) -> Vec<(String, Text)> {
        let utf8 = |attribute: &str, text: &str| {
            (attribute.to_owned(), Text { bytes: text.as_bytes().to_vec(), tag: der::tags::UTF8_STRING })
        };
        let mut attributes = vec![utf8("organization_name", "Gauntlet")];
        if name == "leaf" {
            attributes.push(utf8("organizational_unit_name", kind));
        }
        attributes.push(utf8("common_name", &self.label(name, kind)));
        attributes
    }

    fn label(&self, name: &str, kind: &str) -> String {
        match (name, self.role) {
            ("leaf", Role::Server) => SERVER_NAME.to_owned(),
            ("leaf", Role::Client) => CLIENT_NAME.to_owned(),
            ("root", _) => "Gauntlet Root".to_owned(),
            ("stranger", _) => "Gauntlet Stranger".to_owned(),
            _ => match place(name) {
                Some(number) => {
                    let family = if kind.starts_with("rsa") { "RSA" } else { "ECDSA" };
                    let more = if number > 1 { format!(" {number}") } else { String::new() };
                    let other = self.is_other_intermediate(name).then(|| format!("{} ", self.mark()));
                    format!("Gauntlet {}Intermediate {family}{more}", other.unwrap_or_default())
                }
                None => format!("Gauntlet {name}"),
            },
        }
    }

    /// A certificate by name.
    pub(crate) fn certificate(&self, name: &str) -> Result<Vec<u8>, String> {
        self.try_certificate(name).map_err(|reason| format!("`{name}`: {reason}"))
    }

    fn try_certificate(&self, name: &str) -> Result<Vec<u8>, String> {
        let said = self.said(name);
        let issuer_name = self.issuer(name);
        let (own, issuer) = (self.holder(name)?, self.holder(&issuer_name)?);
        let signer = match &said.signed_by {
            Some(other) => self.holder(other)?.key,
            None => issuer.key.clone(),
        };
        let (scheme, algorithm) = algorithm(said.signature.as_deref(), &signer)?;
        let named = |other: &Option<String>| match other {
            Some(name) => algorithm_identifier(name),
            None => Ok(algorithm.clone()),
        };
        let inner = named(&said.inner_algorithm)?;
        let outer = named(&said.outer_algorithm)?;
        let to_be_signed = self.to_be_signed(name, &said, &own, &issuer, &inner)?;
        let sign = |bytes: &[u8]| sign(&signer, scheme, bytes);
        let signature = bit_string(&sign(&to_be_signed)?);
        let certificate = sequence(&[&to_be_signed, &outer, &signature]);
        let paths = sign_again("tbs_certificate", "signature_value", &sign);
        apply("Certificate", certificate, &said.edits, &paths, self.rng(name))
    }

    /// Bytes for what is random in the changes of a structure.
    pub(crate) fn rng(&self, name: &str) -> Rng {
        Rng::from_seed(sha256(&[&self.seed[..], name.as_bytes()].concat()))
    }

    fn to_be_signed(
        &self,
        name: &str,
        said: &CertificateSpec,
        own: &Holder,
        issuer: &Holder,
        algorithm: &[u8],
    ) -> Result<Vec<u8>, String> {
        let mut fields = Vec::new();
        let version = said.version.unwrap_or(3);
        if version != 1 {
            fields.push(element(0xa0, &integer(u64::from(version.saturating_sub(1)))));
        }
        fields.push(element(0x02, &self.serial(name)?));
        fields.push(algorithm.to_vec());
        fields.push(issuer.subject.clone());
        let date = |said: Option<Moment>, usual: i64| moment(said.map_or(usual, |said| self.seconds(said)));
        fields.push(sequence(&[&date(said.not_before, VALIDITY.0)?, &date(said.not_after, VALIDITY.1)?]));
        fields.push(own.subject.clone());
        fields.push(own.spki.clone());
        let extensions = self.extensions(name, said, own, issuer)?;
        if !extensions.is_empty() {
            fields.push(element(0xa3, &element(0x30, &extensions)));
        }
        Ok(element(0x30, &fields.concat()))
    }

    pub(crate) fn seconds(&self, moment: Moment) -> i64 {
        match moment {
            Moment::Absolute(seconds) => seconds,
            Moment::Relative(seconds) => self.date.saturating_add(seconds),
        }
    }

    /// Content of the serial number. What differs from a good certificate has another one, since some stacks file
    /// certificates by it.
    pub(crate) fn serial(&self, name: &str) -> Result<Vec<u8>, String> {
        let said = self.said(name);
        if let Some(serial) = said.serial {
            return Ok(serial);
        }
        let kind = said.key.clone().unwrap_or_else(|| self.usual_kind(name).to_owned());
        let label = match name {
            "leaf" => format!("{} {kind}", self.role.name()),
            _ => self.label(name, &kind),
        };
        // Another kind of key alone is good as well.
        let good = |name: &str| {
            let said = self.said(name);
            CertificateSpec { key: None, ..said } == CertificateSpec::default()
        };
        let issuer = self.issuer(name);
        let unsaid = self.spec.certificate(&issuer).is_none() && self.spec.intermediates.is_none();
        let delegates = name == "leaf" && self.spec.credential.is_some();
        let text = match good(name) && unsaid && !delegates {
            true => label,
            false => format!("{label} {:?} {:?} {}", said, self.said(&issuer), self.date),
        };
        let mut serial = sha256(text.as_bytes())[..16].to_vec();
        serial[0] = serial[0] & 0x7f | 0x40;
        Ok(serial)
    }

    fn extensions(&self, name: &str, said: &CertificateSpec, own: &Holder, issuer: &Holder) -> Result<Vec<u8>, String> {
        let mut all = Vec::new();
        for (extension, oid) in EXTENSIONS {
            let value = match extension {
                "authority_key_identifier" => authority_key(said, issuer),
                "subject_alt_name" => self.names(name, said)?,
                "key_usage" => self.key_usage(name, said, own)?,
                "ext_key_usage" => self.purposes(name, said)?,
                "name_constraints" => constraints(said)?,
                "subject_key_identifier" => identifiers(said.subject_key_identifier.as_deref(), own.identifier()),
                "basic_constraints" => self.basic_constraints(name, said),
                _ => features(&said.tls_feature),
            };
            let Some(value) = value else { continue };
            let usual = matches!(extension, "key_usage" | "basic_constraints" | "name_constraints");
            let critical =
                said.critical.iter().rev().find(|(known, _)| known == extension).map(|(_, critical)| *critical);
            all.extend(extension_of(oid, critical.unwrap_or(usual), &value)?);
        }
        if said.delegation_usage.unwrap_or(name == "leaf" && self.spec.credential.is_some()) {
            all.extend(extension_of(DELEGATION_USAGE, false, &[0x05, 0])?);
        }
        for extension in &said.extensions {
            all.extend(extension_of(&extension.oid, extension.critical, &extension.value)?);
        }
        if said.padding > 0 {
            let text = element(der::tags::OCTET_STRING, &vec![0x2e; said.padding]);
            all.extend(extension_of(PADDING, false, &text)?);
        }
        Ok(all)
    }

    fn names(&self, name: &str, said: &CertificateSpec) -> Result<Option<Vec<u8>>, String> {
        let usual = || {
            let dns = |name: &str| GeneralName::Dns(name.as_bytes().to_vec());
            match self.role {
                _ if self.is_authority(name) => Vec::new(),
                Role::Client => vec![dns(CLIENT_NAME)],
                Role::Server => vec![
                    dns(SERVER_NAME),
                    dns("localhost"),
                    GeneralName::Ip(Ipv4Addr::LOCALHOST.octets().to_vec()),
                    GeneralName::Ip(Ipv6Addr::LOCALHOST.octets().to_vec()),
                ],
            }
        };
        let names = said.san.clone().unwrap_or_else(usual);
        if names.is_empty() {
            return Ok(None);
        }
        let names: Vec<Vec<u8>> = names.iter().map(general_name).collect::<Result<_, _>>()?;
        Ok(Some(element(0x30, &names.concat())))
    }

    fn key_usage(&self, name: &str, said: &CertificateSpec, own: &Holder) -> Result<Option<Vec<u8>>, String> {
        let usual = || -> Vec<String> {
            let names: &[&str] = match own.kind.as_str() {
                _ if self.is_authority(name) => &["key_cert_sign", "crl_sign"],
                kind if kind.starts_with("rsa") && !kind.starts_with("rsapss") => {
                    &["digital_signature", "key_encipherment"]
                }
                kind if kind.starts_with('p') => &["digital_signature", "key_agreement"],
                _ => &["digital_signature"],
            };
            names.iter().map(|name| (*name).to_owned()).collect()
        };
        let usages = said.key_usage.clone().unwrap_or_else(usual);
        if usages.is_empty() {
            return Ok(None);
        }
        let mut bits = [0_u8; 2];
        let mut last = 0;
        for usage in &usages {
            let bit = KEY_USAGES.iter().position(|known| known == usage);
            let bit = bit.ok_or_else(|| format!("there is no key usage `{usage}`"))?;
            bits[bit / 8] |= 0x80 >> (bit % 8);
            last = last.max(bit);
        }
        let mut content = vec![7 - (last % 8) as u8];
        content.extend_from_slice(&bits[..=last / 8]);
        Ok(Some(element(der::tags::BIT_STRING, &content)))
    }

    fn purposes(&self, name: &str, said: &CertificateSpec) -> Result<Option<Vec<u8>>, String> {
        let usual = || match self.role {
            _ if self.is_authority(name) => Vec::new(),
            Role::Server => vec!["server_auth".to_owned()],
            Role::Client => vec!["client_auth".to_owned()],
        };
        let purposes = said.extended_key_usage.clone().unwrap_or_else(usual);
        if purposes.is_empty() {
            return Ok(None);
        }
        let oid = |purpose: &String| {
            let known = PURPOSES.iter().find(|(known, _)| known == purpose);
            identifier(known.map_or(purpose.as_str(), |(_, oid)| oid))
        };
        let oids: Vec<Vec<u8>> = purposes.iter().map(oid).collect::<Result<_, _>>()?;
        Ok(Some(element(0x30, &oids.concat())))
    }

    fn basic_constraints(&self, name: &str, said: &CertificateSpec) -> Option<Vec<u8>> {
        let authority = said.ca.unwrap_or(Some(self.is_authority(name)))?;
        let usual = place(name).map(|number| u64::from(number) - 1);
        let length = said.path_length.unwrap_or(usual.filter(|_| authority));
        let mut fields = Vec::new();
        if authority {
            fields.extend(TRUE);
        }
        fields.extend(length.map(integer).unwrap_or_default());
        Some(element(0x30, &fields))
    }
}

/// An extension that nobody knows, below an arc for examples. [RFC 5612]
const PADDING: &str = "1.3.6.1.4.1.32473.1";

/// `intermediate`, `intermediate2`, ...: 1 is the one above the leaf.
fn intermediate(number: u32) -> String {
    if number == 1 { "intermediate".to_owned() } else { format!("intermediate{number}") }
}

fn place(name: &str) -> Option<u32> {
    let number = name.strip_prefix("intermediate")?;
    if number.is_empty() { Some(1) } else { number.parse().ok().filter(|number| *number > 1) }
}

fn extension_of(oid: &str, critical: bool, value: &[u8]) -> Result<Vec<u8>, String> {
    let flag: &[u8] = if critical { &TRUE } else { &[] };
    Ok(sequence(&[&identifier(oid)?, flag, &element(der::tags::OCTET_STRING, value)]))
}

fn authority_key(said: &CertificateSpec, issuer: &Holder) -> Option<Vec<u8>> {
    let value = said.authority_key_identifier.clone().unwrap_or_else(|| issuer.identifier());
    (!value.is_empty()).then(|| sequence(&[&element(0x80, &value)]))
}

fn identifiers(said: Option<&[u8]>, usual: Vec<u8>) -> Option<Vec<u8>> {
    let value = said.map_or(usual, <[u8]>::to_vec);
    (!value.is_empty()).then(|| element(der::tags::OCTET_STRING, &value))
}

fn constraints(said: &CertificateSpec) -> Result<Option<Vec<u8>>, String> {
    let Some((permitted, excluded)) = &said.name_constraints else { return Ok(None) };
    let trees = |tag: u8, names: &[GeneralName]| -> Result<Vec<u8>, String> {
        let bases: Vec<Vec<u8>> =
            names.iter().map(|name| Ok(sequence(&[&general_name(name)?]))).collect::<Result<_, String>>()?;
        Ok(if bases.is_empty() { Vec::new() } else { element(tag, &bases.concat()) })
    };
    Ok(Some(sequence(&[&trees(0xa0, permitted)?, &trees(0xa1, excluded)?])))
}

fn features(features: &[u16]) -> Option<Vec<u8>> {
    let numbers: Vec<u8> = features.iter().flat_map(|feature| integer(u64::from(*feature))).collect();
    (!numbers.is_empty()).then(|| element(0x30, &numbers))
}

fn general_name(name: &GeneralName) -> Result<Vec<u8>, String> {
    Ok(match name {
        GeneralName::Email(bytes) => element(0x81, bytes),
        GeneralName::Dns(bytes) => element(0x82, bytes),
        GeneralName::Directory(attributes) => element(0xa4, &directory(attributes)?),
        GeneralName::Uri(bytes) => element(0x86, bytes),
        GeneralName::Ip(bytes) => element(0x87, bytes),
        GeneralName::Der(bytes) => bytes.clone(),
    })
}

/// A Name, each attribute in a set of its own.
fn directory(attributes: &[(String, Text)]) -> Result<Vec<u8>, String> {
    let mut sets = Vec::new();
    for (attribute, text) in attributes {
        let known = ATTRIBUTES.iter().find(|(known, _)| known == attribute);
        let oid = identifier(known.map_or(attribute.as_str(), |(_, oid)| oid))?;
        sets.extend(element(0x31, &sequence(&[&oid, &element(text.tag, &text.bytes)])));
    }
    Ok(element(0x30, &sets))
}

/// Signs; the same message gives the same signature.
pub(crate) fn sign(key: &PrivateKey, scheme: SignatureScheme, message: &[u8]) -> Result<Vec<u8>, String> {
    // Most chains share all but one certificate, and a run makes hundreds.
    static MADE: LazyLock<Mutex<HashMap<[u8; 32], Vec<u8>>>> = LazyLock::new(Mutex::default);
    let name = sha256(&[key.public().spki(), &scheme.0.to_be_bytes(), message].concat());
    let made = || MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(signature) = made().get(&name) {
        return Ok(signature.clone());
    }
    let signature = key.sign(scheme, message, &mut Rng::from_seed(sha256(message)));
    let signature = signature.map_err(|error| format!("cannot be signed so: {error}"))?;
    let mut made = made();
    if made.len() < MOST_KEPT {
        made.insert(name, signature.clone());
    }
    Ok(signature)
}

/// Signatures that are remembered.
const MOST_KEPT: usize = 4096;

/// The algorithm of that name, or the usual one of the key, and its AlgorithmIdentifier.
pub(crate) fn algorithm(said: Option<&str>, signer: &PrivateKey) -> Result<(SignatureScheme, Vec<u8>), String> {
    let usual = signer.schemes(true).first().map_or(0x0403, |scheme| scheme.0);
    let name = said.unwrap_or(match usual {
        0x0503 => "ecdsa_sha384",
        0x0603 => "ecdsa_sha512",
        0x0807 => "ed25519",
        0x0808 => "ed448",
        0x0809..=0x080b => "rsa_pss_sha256",
        _ if signer.public().is_rsa() => "rsa_pkcs1_sha256",
        _ => "ecdsa_sha256",
    });
    let is_pss_key = matches!(usual, 0x0809..=0x080b);
    let scheme = scheme(name).ok_or_else(|| format!("there is no signature `{name}`"))?;
    let scheme = if is_pss_key && matches!(scheme, 0x0804..=0x0806) { scheme + 5 } else { scheme };
    Ok((SignatureScheme(scheme), algorithm_identifier(name)?))
}

/// As TLS numbers them. [RFC 5246, 7.4.1.4.1]
fn scheme(name: &str) -> Option<u16> {
    let hash =
        |name: &str| ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"].iter().position(|known| *known == name);
    let numbered = |hash: usize, kind: u16| (hash as u16 + 1) << 8 | kind;
    match name.rsplit_once('_') {
        Some(("rsa_pkcs1", digest)) => Some(numbered(hash(digest)?, 1)),
        Some(("ecdsa", digest)) => Some(numbered(hash(digest)?, 3)),
        Some(("rsa_pss", digest)) => Some(0x0804 + hash(digest)?.checked_sub(3)? as u16),
        _ if name == "ed25519" => Some(0x0807),
        _ if name == "ed448" => Some(0x0808),
        _ => None,
    }
}

/// [RFC 3279, 2.2; RFC 4055, 3.1; RFC 5758, 3.2; RFC 8410, 3]
fn algorithm_identifier(name: &str) -> Result<Vec<u8>, String> {
    let (oid, null) = match name {
        "rsa_pkcs1_md5" => ("1.2.840.113549.1.1.4", true),
        "rsa_pkcs1_sha1" => ("1.2.840.113549.1.1.5", true),
        "rsa_pkcs1_sha224" => ("1.2.840.113549.1.1.14", true),
        "rsa_pkcs1_sha256" => ("1.2.840.113549.1.1.11", true),
        "rsa_pkcs1_sha384" => ("1.2.840.113549.1.1.12", true),
        "rsa_pkcs1_sha512" => ("1.2.840.113549.1.1.13", true),
        "ecdsa_sha1" => ("1.2.840.10045.4.1", false),
        "ecdsa_sha224" => ("1.2.840.10045.4.3.1", false),
        "ecdsa_sha256" => ("1.2.840.10045.4.3.2", false),
        "ecdsa_sha384" => ("1.2.840.10045.4.3.3", false),
        "ecdsa_sha512" => ("1.2.840.10045.4.3.4", false),
        "ed25519" => ("1.3.101.112", false),
        "ed448" => ("1.3.101.113", false),
        "rsa_pss_sha256" => return pss("2.16.840.1.101.3.4.2.1", 32),
        "rsa_pss_sha384" => return pss("2.16.840.1.101.3.4.2.2", 48),
        "rsa_pss_sha512" => return pss("2.16.840.1.101.3.4.2.3", 64),
        other => return Err(format!("there is no signature `{other}`")),
    };
    let parameters: &[u8] = if null { &[0x05, 0] } else { &[] };
    Ok(sequence(&[&identifier(oid)?, parameters]))
}

/// RSASSA-PSS-params with a salt as long as the hash. [RFC 4055, 3.1]
fn pss(hash: &str, salt: u64) -> Result<Vec<u8>, String> {
    let hash = sequence(&[&identifier(hash)?, &[0x05, 0]]);
    let mask = sequence(&[&identifier("1.2.840.113549.1.1.8")?, &hash]);
    let parameters = sequence(&[&element(0xa0, &hash), &element(0xa1, &mask), &element(0xa2, &integer(salt))]);
    Ok(sequence(&[&identifier("1.2.840.113549.1.1.10")?, &parameters]))
}
