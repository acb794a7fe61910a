//! Delegated credentials: ours shown and signed with, the target's checked. [RFC 9345]

use crate::Peer;
use crate::view::{self, extension};
use gauntlet_crypto::{PrivateKey, PublicKey, SignatureScheme};
use gauntlet_model::Role;
use gauntlet_pki::{Credential, credential_content};
use gauntlet_wire::{Node, Plain};
use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::x509::X509;
use std::sync::Arc;

/// DelegationUsage, as DER has it. [RFC 9345, 4.2]
const DELEGATION_USAGE: [u8; 11] = [0x06, 0x09, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0xda, 0x4b, 0x2c];
/// RSA keys of credentials are not for these. [RFC 9345, 4]
const RSAE: std::ops::RangeInclusive<u16> = 0x0804..=0x0806;
const DAY: i64 = 86_400;

impl Peer {
    /// Our credential, if we have one and the other side takes such.
    pub(crate) fn credential(&self) -> Option<Arc<Credential>> {
        let wanted = match self.config.role {
            Role::Server => self.hs.hello.extensions.contains(&extension::DELEGATED_CREDENTIAL),
            Role::Client => self.hs.credential_wanted,
        };
        self.identity().filter(|_| wanted)?.credential.clone()
    }

    /// The key that our CertificateVerify is made with.
    pub(crate) fn signing_key(&self) -> Option<PrivateKey> {
        match self.credential() {
            Some(credential) if self.hs.credential_shown => Some(credential.key.clone()),
            _ => self.identity().map(|identity| identity.key.clone()),
        }
    }

    /// Looks at the credentials that came with a chain: that of its leaf takes the place of the leaf's key.
    pub(crate) fn take_credential(&mut self, list: &[Node]) {
        self.hs.credential_scheme = None;
        let is_one =
            |node: &&Node| view::number(node, "extension_type") == Some(u64::from(extension::DELEGATED_CREDENTIAL));
        let credentials = |entry: &Node| -> Vec<Node> {
            let all = entry.field("extensions").map(Node::children).unwrap_or_default();
            all.iter().filter(is_one).filter_map(|one| one.field("extension_data")).cloned().collect()
        };
        let asked = match self.config.role {
            Role::Client => self.hs.hello.extensions.contains(&extension::DELEGATED_CREDENTIAL),
            Role::Server => self.hs.credential_asked,
        };
        if list.iter().any(|entry| !asked && !credentials(entry).is_empty()) {
            return self.remark("unexpected_message", "a delegated credential that was not asked for");
        }
        let Some(leaf) = list.first() else { return };
        match credentials(leaf).as_slice() {
            [] => {}
            [one] => self.check_credential(one, &view::bytes(leaf, "cert_data")),
            _ => self.remark("illegal_parameter", "two delegated credentials"),
        }
    }

    fn check_credential(&mut self, data: &Node, leaf: &[u8]) {
        let Some(cred) = data.field("cred") else {
            return self.remark("decode_error", "a delegated credential that does not parse");
        };
        let number = |node: &Node, field: &str| view::number(node, field).unwrap_or(0);
        let scheme = number(cred, "dc_cert_verify_algorithm") as u16;
        let algorithm = number(data, "algorithm") as u16;
        let (spki, signature) = (view::bytes(cred, "ASN1_subjectPublicKeyInfo"), view::bytes(data, "signature"));
        if spki.is_empty() || signature.is_empty() {
            return self.remark("illegal_parameter", "a delegated credential without key or signature");
        }
        let (schemes, credential_schemes) = match self.config.role {
            Role::Client => (self.hs.hello.signature_schemes.clone(), self.hs.hello.credential_schemes.clone()),
            Role::Server => (self.config.signature_schemes.clone(), self.config.credential_schemes.clone()),
        };
        let mut wrong = |text: String| self.remark("illegal_parameter", format!("delegated credential: {text}"));
        if !schemes.contains(&algorithm) {
            wrong(format!("it is signed with {algorithm:#06x}, which was not offered"));
        }
        if !credential_schemes.contains(&scheme) || RSAE.contains(&scheme) {
            wrong(format!("its scheme {scheme:#06x} was not offered"));
        }
        if !leaf.windows(DELEGATION_USAGE.len()).any(|bytes| bytes == DELEGATION_USAGE) {
            wrong("the certificate is not for delegation".to_owned());
        }
        if !may_sign(leaf) {
            wrong("the certificate is not for signatures".to_owned());
        }
        if let Err(text) = check_validity(leaf, number(cred, "valid_time") as i64) {
            wrong(text);
        }
        let signer = self.config.role.other();
        let content = credential_content(signer, leaf, &cred.to_bytes(), algorithm);
        let verified = PublicKey::from_certificate(leaf)
            .and_then(|key| key.verify(SignatureScheme(algorithm), &content, &signature, true));
        if let Err(error) = verified {
            self.remark("illegal_parameter", format!("delegated credential: {error}"));
        }
        match PublicKey::from_spki(&spki) {
            Ok(key) => {
                self.hs.target_key = Some(key);
                self.hs.credential_scheme = Some(scheme);
            }
            Err(error) => self.remark("illegal_parameter", format!("delegated credential: its key: {error}")),
        }
    }

    /// A credential of ours as an extension of the leaf's entry.
    pub(crate) fn credential_extension(&mut self) -> Option<(&'static str, Plain)> {
        let credential = self.credential();
        self.hs.credential_shown = credential.is_some();
        let credential = credential?;
        let cred = Plain::map([
            ("valid_time", Plain::Number(u64::from(credential.valid_time))),
            ("dc_cert_verify_algorithm", Plain::Number(u64::from(credential.scheme))),
            ("ASN1_subjectPublicKeyInfo", credential.key.public().spki().to_vec().into()),
        ]);
        let whole = Plain::map([
            ("cred", cred),
            ("algorithm", Plain::Number(u64::from(credential.algorithm))),
            ("signature", credential.signature.clone().into()),
        ]);
        Some(("delegated_credential", whole))
    }
}

/// Whether a certificate has no key usage, or digitalSignature in it. [RFC 5280, 4.2.1.3]
fn may_sign(leaf: &[u8]) -> bool {
    const KEY_USAGE: [u8; 5] = [0x06, 0x03, 0x55, 0x1d, 0x0f];
    let Some(place) = leaf.windows(KEY_USAGE.len()).position(|bytes| bytes == KEY_USAGE) else { return true };
    let rest = &leaf[place + KEY_USAGE.len()..];
    let rest = rest.strip_prefix(&[0x01, 0x01, 0xff]).unwrap_or(rest);
    // OCTET STRING, BIT STRING, unused bits, and the first eight usages.
    matches!(rest, [0x04, _, 0x03, _, _, usages, ..] if usages & 0x80 != 0)
}

/// It counts from the certificate's notBefore, ends no later than that, and within seven days. [RFC 9345, 4.1.3]
fn check_validity(leaf: &[u8], valid_time: i64) -> Result<(), String> {
    let text = |error: openssl::error::ErrorStack| error.to_string();
    let certificate = X509::from_der(leaf).map_err(text)?;
    let now = Asn1Time::days_from_now(0).map_err(text)?;
    let seconds = |from: &Asn1TimeRef, to: &Asn1TimeRef| {
        from.diff(to).map(|diff| i64::from(diff.days) * DAY + i64::from(diff.secs)).map_err(text)
    };
    let left = valid_time - seconds(certificate.not_before(), &now)?;
    let whole = seconds(certificate.not_before(), certificate.not_after())?;
    match left {
        ..0 => Err("it has expired".to_owned()),
        _ if left > 7 * DAY => Err("it is valid for more than seven days".to_owned()),
        _ if valid_time > whole => Err("it outlives the certificate".to_owned()),
        _ => Ok(()),
    }
}
