//! Delegated credentials. [RFC 9345, 4]

use crate::build::{Making, VALIDITY, sign};
use crate::keys;
use gauntlet_crypto::{PrivateKey, SignatureScheme};
use gauntlet_model::Role;
use gauntlet_model::chain::{CredentialSpec, Moment};

const DAY: i64 = 86_400;

/// A credential with its key.
#[derive(Clone)]
pub struct Credential {
    /// Seconds from the certificate's notBefore on.
    pub valid_time: u32,
    /// dc_cert_verify_algorithm.
    pub scheme: u16,
    /// Scheme of the signature on it.
    pub algorithm: u16,
    /// Made with the certificate's key.
    pub signature: Vec<u8>,
    /// Its own key, which signs the handshake.
    pub key: PrivateKey,
}

/// What the signature on a credential covers: `cred` is the encoded Credential.
pub fn credential_content(signer: Role, certificate: &[u8], cred: &[u8], algorithm: u16) -> Vec<u8> {
    let text: &[u8] = match signer {
        Role::Server => b"TLS, server delegated credentials",
        Role::Client => b"TLS, client delegated credentials",
    };
    [&[0x20; 64], text, &[0], certificate, cred, &algorithm.to_be_bytes()].concat()
}

impl Making<'_> {
    /// The credential to go with the leaf.
    pub(crate) fn credential(&self, said: &CredentialSpec) -> Result<Credential, String> {
        self.try_credential(said).map_err(|reason| format!("`credential`: {reason}"))
    }

    fn try_credential(&self, said: &CredentialSpec) -> Result<Credential, String> {
        let best = |key: &PrivateKey| key.schemes(true).first().map(|scheme| scheme.0).ok_or("its key signs nothing");
        let key = keys::key("credential", said.key.as_deref().unwrap_or("p256"))?;
        let scheme = said.scheme.map_or_else(|| best(&key), Ok)?;
        let signer = self.holder(said.signed_by.as_deref().unwrap_or("leaf"))?.key;
        let algorithm = said.signature.map_or_else(|| best(&signer), Ok)?;
        let leaf = self.spec.certificate("leaf").and_then(|leaf| leaf.not_before);
        let not_before = leaf.map_or(VALIDITY.0, |moment| self.seconds(moment));
        let not_after = self.seconds(said.not_after.unwrap_or(Moment::Relative(3 * DAY)));
        let valid_time = u32::try_from(not_after - not_before).map_err(|_| "it ends before its certificate begins")?;
        let cred = encode(valid_time, scheme, key.public().spki());
        let certificate = self.certificate(said.certificate.as_deref().unwrap_or("leaf"))?;
        let content = credential_content(said.signed_for.unwrap_or(self.role), &certificate, &cred, algorithm);
        let signature = sign(&signer, SignatureScheme(algorithm), &content)?;
        Ok(Credential { valid_time, scheme, algorithm, signature, key })
    }
}

/// The Credential as it is signed.
fn encode(valid_time: u32, scheme: u16, spki: &[u8]) -> Vec<u8> {
    let length = (spki.len() as u32).to_be_bytes();
    [&valid_time.to_be_bytes(), &scheme.to_be_bytes()[..], &length[1..], spki].concat()
}
