//! Wrong inputs or fixed values for what is computed: `compute` in a scenario. [scenarios/README.md]

use crate::Peer;
use crate::change::{Change, plain_bytes};
use gauntlet_crypto::{Digest, SignatureScheme, schedule13};
use gauntlet_model::names::{COMPUTED, SECRETS};
use gauntlet_model::{Role, What};
use gauntlet_pki::{Identity, KeyKind};
use gauntlet_wire::{Grammar, Plain};
use std::sync::Arc;

impl Change {
    /// An input of a computed field.
    pub(crate) fn input(&self, field: &str, name: &str) -> Option<&Plain> {
        let (_, inputs) = self.compute.iter().rev().find(|(known, _)| known == field)?;
        inputs.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// An input as bytes.
    pub(crate) fn input_bytes(&self, field: &str, name: &str) -> Result<Option<Vec<u8>>, String> {
        let bytes = self.input(field, name).map(plain_bytes).transpose();
        bytes.map_err(|error| format!("`compute`, `{name}` of {field}: {error}"))
    }

    /// An input as text.
    pub(crate) fn input_text(&self, field: &str, name: &str) -> Option<Vec<u8>> {
        match self.input(field, name)? {
            Plain::Name(text) => Some(text.clone().into_bytes()),
            other => plain_bytes(other).ok(),
        }
    }

    /// Whether it replaces a secret, which leaves the message's own bytes as they are.
    pub(crate) fn replaces_secret(&self) -> bool {
        self.compute.iter().any(|(name, _)| SECRETS.contains(&name.as_str()))
    }
}

/// A hash function by its name.
pub(crate) fn digest_by_name(value: &Plain) -> Result<Digest, String> {
    match value {
        Plain::Name(name) if name == "sha1" => Ok(Digest::Sha1),
        Plain::Name(name) if name == "sha256" => Ok(Digest::Sha256),
        Plain::Name(name) if name == "sha384" => Ok(Digest::Sha384),
        Plain::Name(name) if name == "sha512" => Ok(Digest::Sha512),
        other => Err(format!("`compute`: {other:?} is no hash; there are sha1, sha256, sha384 and sha512")),
    }
}

impl Peer {
    /// Takes note of the secrets that a change replaces, from now on.
    ///
    /// # Errors
    /// A field or input that there is not, or a value that is no bytes.
    pub(crate) fn replace_secrets(&mut self, change: &Change) -> Result<(), String> {
        for (name, inputs) in &change.compute {
            if let Some((_, known)) = COMPUTED.iter().find(|(field, _)| field == name) {
                let unknown = inputs.iter().find(|(input, _)| !known.contains(&input.as_str()));
                if let Some((input, _)) = unknown {
                    return Err(format!("`compute`: {name} has no input `{input}`; there are {}", known.join(", ")));
                }
                continue;
            }
            if !SECRETS.contains(&name.as_str()) {
                return Err(format!("`compute`: nothing that is computed is named `{name}`"));
            }
            let value = change.input_bytes(name, "value")?;
            let value = value.ok_or_else(|| format!("`compute`: {name} takes bytes"))?;
            self.put_secret(name, &value);
            self.replaced.insert(name.clone(), value);
        }
        Ok(())
    }

    /// A secret that is in use already.
    fn put_secret(&mut self, name: &str, value: &[u8]) {
        let tls13 = self.is_tls13();
        let field = match name {
            "pre_master_secret" => &mut self.hs.premaster,
            "master_secret" if tls13 => &mut self.hs.main_secret,
            "master_secret" => &mut self.hs.master_secret,
            "shared_secret" => &mut self.hs.shared_secret,
            "handshake_secret" => &mut self.hs.handshake_secret,
            "client_handshake_traffic_secret" => &mut self.hs.client_handshake,
            "server_handshake_traffic_secret" => &mut self.hs.server_handshake,
            "client_application_traffic_secret" => &mut self.hs.client_application,
            "server_application_traffic_secret" => &mut self.hs.server_application,
            "resumption_master_secret" => &mut self.hs.resumption_secret,
            _ => return,
        };
        *field = value.to_vec();
    }

    /// A secret, or what a scenario has put in its place.
    pub(crate) fn secret(&self, name: &str, computed: Vec<u8>) -> Vec<u8> {
        self.replaced.get(name).cloned().unwrap_or(computed)
    }

    /// Whether one of the secrets that a key exchange leads to is given by the scenario.
    pub(crate) fn has_given_secret(&self) -> bool {
        let early = ["pre_master_secret", "shared_secret", "handshake_secret", "master_secret"];
        early.iter().any(|name| self.replaced.contains_key(*name))
    }

    /// Our share is not the one that our secret belongs to.
    pub(crate) fn note_foreign_share(&mut self, group: u16) {
        if !self.has_given_secret() {
            let text = format!("our share for group {group} is none that we have the secret of");
            self.event(What::NotFollowed { text });
        }
    }

    /// verify_data of our own Finished, from whatever inputs.
    ///
    /// # Errors
    /// An input that makes no sense, in words.
    pub(crate) fn computed_verify_data(&mut self, change: &Change) -> Result<Vec<u8>, String> {
        const FIELD: &str = "verify_data";
        if let Some(value) = change.input_bytes(FIELD, "value")? {
            return Ok(value);
        }
        if !change.compute.iter().any(|(field, _)| field == FIELD) {
            return Ok(self.own_verify_data());
        }
        let transcript = change.input_bytes(FIELD, "transcript")?.unwrap_or_else(|| self.hash.messages().to_vec());
        let label = change.input_text(FIELD, "label");
        if self.is_tls13() {
            let digest = self.digest();
            let (client, server) = (self.hs.client_handshake.clone(), self.hs.server_handshake.clone());
            let (ours, theirs) = self.pair(&client, &server);
            let secret = match change.input(FIELD, "secret") {
                Some(Plain::Name(name)) if name == "target" => theirs,
                _ => change.input_bytes(FIELD, "secret")?.unwrap_or(ours),
            };
            let label = label.unwrap_or_else(|| b"finished".to_vec());
            let key = schedule13::expand_label(digest, &secret, &label, &[], digest.len());
            return Ok(digest.hmac(&key, &[&digest.hash(&transcript)]));
        }
        if self.hs.master_secret.is_empty() && !self.replaced.contains_key("master_secret") {
            self.make_master_secret();
        }
        let secret = change.input_bytes(FIELD, "secret")?.unwrap_or_else(|| self.hs.master_secret.clone());
        let prf = self.prf();
        Ok(match label {
            Some(label) => prf.compute(&secret, &label, &prf.hash().hash(&transcript), 12),
            None => prf.verify_data(&secret, self.is_client(), &transcript),
        })
    }

    /// What a CertificateVerify of ours signs in TLS 1.3, and older, from whatever inputs.
    pub(crate) fn signed_content(&mut self, change: &Change) -> Result<Vec<u8>, String> {
        const FIELD: &str = "signature";
        if let Some(content) = change.input_bytes(FIELD, "content")? {
            return Ok(content);
        }
        let transcript = change.input_bytes(FIELD, "transcript")?;
        if !self.is_tls13() {
            return Ok(transcript.unwrap_or_else(|| self.hash.messages().to_vec()));
        }
        let digest = self.digest();
        let hash = match transcript {
            Some(transcript) => digest.hash(&transcript),
            None => self.hash.current(digest),
        };
        let honest = crate::verify::certificate_verify_content(self.config.role, &hash);
        Ok(match change.input_text(FIELD, "context") {
            Some(context) => [vec![0x20; 64], context, vec![0], hash].concat(),
            None => honest,
        })
    }

    /// A signature of ours by the inputs of `compute`; `None`: as an honest endpoint signs.
    ///
    /// # Errors
    /// A scheme or key that there is not, in words.
    pub(crate) fn computed_signature(
        &mut self,
        change: &Change,
        scheme: u16,
        content: &[u8],
    ) -> Result<Option<Vec<u8>>, String> {
        const FIELD: &str = "signature";
        if let Some(value) = change.input_bytes(FIELD, "value")? {
            return Ok(Some(value));
        }
        let (given, key) = (change.input(FIELD, "scheme"), change.input(FIELD, "key"));
        let salt = change.input_bytes(FIELD, "salt")?;
        if given.is_none() && key.is_none() && salt.is_none() {
            return Ok(None);
        }
        let scheme = match given {
            Some(Plain::Name(name)) => {
                let number = Grammar::tls().number("SignatureScheme", name);
                number.ok_or_else(|| format!("`compute`: no signature scheme `{name}`"))? as u16
            }
            Some(other) => crate::change::plain_number(other, "SignatureScheme")? as u16,
            None => scheme,
        };
        let own = self.identity().cloned().ok_or("there is no key of ours to sign with")?;
        let other = match key {
            None => None,
            Some(Plain::Name(name)) if name == "other" => Some(other_identity(&own, self.config.role).clone()),
            Some(Plain::Name(name)) => {
                let kind = KeyKind::by_name(name).ok_or_else(|| format!("`compute`: no key `{name}`"))?;
                Some(identity_of(self.config.role, kind).clone())
            }
            Some(_) => return Err("`compute`: a key is `other`, or the name of a kind such as `p256`".to_owned()),
        };
        let key = other.map(|identity| identity.key.clone()).or_else(|| self.signing_key());
        let key = key.ok_or("there is no key of ours to sign with")?;
        let signature = match salt {
            // PSS, whichever of its two identifiers the key has.
            Some(salt) => {
                let digest = SignatureScheme(scheme).digest();
                let digest = digest.ok_or_else(|| format!("`compute`: scheme {scheme:#06x} hashes nothing"))?;
                key.sign_pss(digest, &digest.hash(content), &salt)
            }
            None => key.sign(SignatureScheme(scheme), content, &mut self.rng),
        };
        signature.map(Some).map_err(|error| format!("`compute`: {error}"))
    }
}

fn identity_of(role: Role, kind: KeyKind) -> &'static Arc<Identity> {
    if role == Role::Client { gauntlet_pki::client(kind) } else { gauntlet_pki::server(kind) }
}

/// Another key of the same kind: that of the other role.
fn other_identity(own: &Identity, role: Role) -> &'static Arc<Identity> {
    let kind =
        KeyKind::ALL.into_iter().find(|kind| identity_of(role, *kind).key.public().spki() == own.key.public().spki());
    let other = if role == Role::Client { Role::Server } else { Role::Client };
    identity_of(other, kind.unwrap_or(KeyKind::P256))
}
