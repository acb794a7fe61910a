//! Certificate chains of ours, as their difference from a good one.
//!
//! The scenario crate reads them, the pki crate builds them. Names of extensions, fields and algorithms are those of RFC 5280
//! and of the TLS registries, in snake_case.

use crate::case::{Mutation, Val};
use gauntlet_wire::Path;

/// A chain, and what goes with it. What is not said is as in the good chain.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChainSpec {
    /// By name: `leaf`, `intermediate`, `root`, `stranger` (a root that nobody trusts), and the scenario's own.
    pub certificates: Vec<(String, CertificateSpec)>,
    /// What is sent, in order; `None`: leaf and intermediates.
    pub chain: Option<Vec<ChainItem>>,
    /// So many intermediates, each signed by the next; `None`: one.
    pub intermediates: Option<u32>,
    /// OCSP response that goes with the leaf.
    pub staple: Option<StapleSpec>,
    /// Delegated credential that goes with the leaf.
    pub credential: Option<CredentialSpec>,
    /// Whose key signs the handshake; `None`: the leaf's.
    pub sign_with: Option<String>,
    /// Taken as it is, in place of all else.
    pub files: Option<ChainFiles>,
}

/// A delegated credential, and what is other than good in it. [RFC 9345]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CredentialSpec {
    /// Kind of its key; `None`: `p256`.
    pub key: Option<String>,
    /// dc_cert_verify_algorithm; `None`: the best that its key can.
    pub scheme: Option<u16>,
    /// End of its validity; `None`: three days on.
    pub not_after: Option<Moment>,
    /// Scheme of the signature on it; `None`: the best that the signer's key can.
    pub signature: Option<u16>,
    /// Whose key signs it; `None`: the leaf's.
    pub signed_by: Option<String>,
    /// The certificate that the signature covers; `None`: the leaf.
    pub certificate: Option<String>,
    /// It is signed as one of a `client`, or of a `server`; `None`: as our role is.
    pub signed_for: Option<crate::Role>,
}

/// One entry of the certificate list.
#[derive(Clone, Debug, PartialEq)]
pub enum ChainItem {
    /// A certificate by name.
    Certificate(String),
    /// The SubjectPublicKeyInfo of the leaf. [RFC 7250]
    RawPublicKey,
    /// Whatever these are.
    Bytes(Vec<u8>),
}

/// A chain and its key from files.
#[derive(Clone, Debug, PartialEq)]
pub struct ChainFiles {
    /// Certificates, PEM, leaf first.
    pub chain: Vec<u8>,
    /// The leaf's key, PEM.
    pub key: Vec<u8>,
    /// The root, PEM: sent behind the chain, for targets that were told to trust it.
    pub ca: Option<Vec<u8>>,
}

/// What is other than good in one certificate.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CertificateSpec {
    /// Kind of its key: `p256`, `rsa2048`, ...
    pub key: Option<String>,
    /// An EC key says its curve by parameters rather than by name.
    pub explicit_curve: bool,
    /// Whose name and key it is issued by: a certificate's name, or `self`.
    pub issuer: Option<String>,
    /// Whose key signs it, whoever is named as issuer.
    pub signed_by: Option<String>,
    /// 1, 2 or 3.
    pub version: Option<u8>,
    /// Serial number, as the content of its INTEGER.
    pub serial: Option<Vec<u8>>,
    /// Attributes by name, in order.
    pub subject: Option<Vec<(String, Text)>>,
    /// Names; empty: no such extension.
    pub san: Option<Vec<GeneralName>>,
    /// Start of its validity.
    pub not_before: Option<Moment>,
    /// End of its validity.
    pub not_after: Option<Moment>,
    /// basicConstraints: `Some(None)`: no such extension.
    pub ca: Option<Option<bool>>,
    /// pathLenConstraint; `Some(None)`: none.
    pub path_length: Option<Option<u64>>,
    /// DelegationUsage; `None`: if there is a credential. [RFC 9345, 4.2]
    pub delegation_usage: Option<bool>,
    /// Usages by name; empty: no such extension.
    pub key_usage: Option<Vec<String>>,
    /// Purposes by name or dotted numbers; empty: no such extension.
    pub extended_key_usage: Option<Vec<String>>,
    /// Permitted and excluded names.
    pub name_constraints: Option<(Vec<GeneralName>, Vec<GeneralName>)>,
    /// Key identifier; empty: no such extension.
    pub subject_key_identifier: Option<Vec<u8>>,
    /// Key identifier of the issuer; empty: no such extension.
    pub authority_key_identifier: Option<Vec<u8>>,
    /// TLS features that are demanded. [RFC 7633]
    pub tls_feature: Vec<u16>,
    /// Further extensions, behind the others.
    pub extensions: Vec<ExtensionSpec>,
    /// Extensions by name whose critical flag is other than good.
    pub critical: Vec<(String, bool)>,
    /// So many bytes more, in an extension that nobody knows and that is not critical.
    pub padding: usize,
    /// Algorithm that signs it.
    pub signature: Option<String>,
    /// Algorithm named within what is signed, if not that one.
    pub inner_algorithm: Option<String>,
    /// Algorithm named beside the signature, if not that one.
    pub outer_algorithm: Option<String>,
    /// Changes of the DER.
    pub edits: DerEdits,
}

/// An extension by its bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct ExtensionSpec {
    /// Dotted numbers.
    pub oid: String,
    /// Who does not know it must refuse.
    pub critical: bool,
    /// What extnValue holds.
    pub value: Vec<u8>,
}

/// Changes of a DER structure, and whether it is signed again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DerEdits {
    /// Path → value.
    pub set: Vec<(Path, Val)>,
    /// Changes in order.
    pub mutate: Vec<Mutation>,
    /// The signature is that over the unchanged bytes.
    pub keep_signature: bool,
}

/// Text of a name, and how it is encoded.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Tag of the string: 0x0c for UTF8String, ...
    pub tag: u8,
}

/// A GeneralName. [RFC 5280, 4.2.1.6]
#[derive(Clone, Debug, PartialEq)]
pub enum GeneralName {
    /// dNSName, as bytes.
    Dns(Vec<u8>),
    /// iPAddress, as bytes: 4 or 16, and twice that in constraints.
    Ip(Vec<u8>),
    /// rfc822Name.
    Email(Vec<u8>),
    /// uniformResourceIdentifier.
    Uri(Vec<u8>),
    /// directoryName, by attributes.
    Directory(Vec<(String, Text)>),
    /// Any, by its whole DER.
    Der(Vec<u8>),
}

/// A moment, seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Since the date of the run.
    Relative(i64),
    /// Since 1970.
    Absolute(i64),
}

/// An OCSP response. [RFC 6960]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StapleSpec {
    /// About which certificate; `None`: the leaf.
    pub certificate: Option<String>,
    /// What it says of it.
    pub status: CertificateStatus,
    /// responseStatus; if not 0, there is nothing else in it.
    pub response_status: u8,
    /// Whose key signs it; `None`: the issuer's.
    pub signer: Option<String>,
    /// thisUpdate; `None`: an hour ago.
    pub this_update: Option<Moment>,
    /// nextUpdate; `None`: in a week, `Some(None)`: not said.
    pub next_update: Option<Option<Moment>>,
    /// Serial number that it is about, if not that of the certificate.
    pub serial: Option<Vec<u8>>,
    /// Changes of the DER.
    pub edits: DerEdits,
    /// These bytes in place of all else.
    pub bytes: Option<Vec<u8>>,
}

/// CertStatus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CertificateStatus {
    /// Good.
    #[default]
    Good,
    /// Revoked, a day ago.
    Revoked,
    /// The responder does not know it.
    Unknown,
}

impl ChainSpec {
    /// What is said about a certificate.
    pub fn certificate(&self, name: &str) -> Option<&CertificateSpec> {
        self.certificates.iter().find(|(known, _)| known == name).map(|(_, spec)| spec)
    }
}

/// Kinds of keys.
pub const KEY_KINDS: [&str; 12] = [
    "p256",
    "p384",
    "p521",
    "ed25519",
    "ed448",
    "rsa512",
    "rsa1024",
    "rsa1536",
    "rsa2048",
    "rsa3072",
    "rsa4096",
    "rsapss2048",
];

/// Algorithms that sign certificates.
pub const SIGNATURES: [&str; 16] = [
    "rsa_pkcs1_md5",
    "rsa_pkcs1_sha1",
    "rsa_pkcs1_sha224",
    "rsa_pkcs1_sha256",
    "rsa_pkcs1_sha384",
    "rsa_pkcs1_sha512",
    "rsa_pss_sha256",
    "rsa_pss_sha384",
    "rsa_pss_sha512",
    "ecdsa_sha1",
    "ecdsa_sha224",
    "ecdsa_sha256",
    "ecdsa_sha384",
    "ecdsa_sha512",
    "ed25519",
    "ed448",
];

/// Key usages; the place is the bit. [RFC 5280, 4.2.1.3]
pub const KEY_USAGES: [&str; 9] = [
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
];

/// Purposes and their object identifiers. [RFC 5280, 4.2.1.12]
pub const PURPOSES: [(&str, &str); 7] = [
    ("server_auth", "1.3.6.1.5.5.7.3.1"),
    ("client_auth", "1.3.6.1.5.5.7.3.2"),
    ("code_signing", "1.3.6.1.5.5.7.3.3"),
    ("email_protection", "1.3.6.1.5.5.7.3.4"),
    ("time_stamping", "1.3.6.1.5.5.7.3.8"),
    ("ocsp_signing", "1.3.6.1.5.5.7.3.9"),
    ("any", "2.5.29.37.0"),
];

/// Attributes of names and their object identifiers. [RFC 5280, 4.1.2.4]
pub const ATTRIBUTES: [(&str, &str); 9] = [
    ("common_name", "2.5.4.3"),
    ("serial_number", "2.5.4.5"),
    ("country_name", "2.5.4.6"),
    ("locality_name", "2.5.4.7"),
    ("state_or_province_name", "2.5.4.8"),
    ("organization_name", "2.5.4.10"),
    ("organizational_unit_name", "2.5.4.11"),
    ("email_address", "1.2.840.113549.1.9.1"),
    ("domain_component", "0.9.2342.19200300.100.1.25"),
];

/// Extensions that a certificate of ours can have, by the names of their structs, in their order.
pub const EXTENSIONS: [(&str, &str); 8] = [
    ("authority_key_identifier", "2.5.29.35"),
    ("subject_alt_name", "2.5.29.17"),
    ("key_usage", "2.5.29.15"),
    ("ext_key_usage", "2.5.29.37"),
    ("name_constraints", "2.5.29.30"),
    ("subject_key_identifier", "2.5.29.14"),
    ("basic_constraints", "2.5.29.19"),
    ("tls_feature", "1.3.6.1.5.5.7.1.24"),
];
