//! The key exchanges of TLS 1.2 and older, on either side.
//! [RFC 5246, 7.4.3, 7.4.7; RFC 8422, 5.4, 5.7; RFC 4279; RFC 5489; RFC 7919; RFC 6101, 5.6]

use crate::Peer;
use crate::change::Change;
use crate::config::Psk;
use crate::draft::own_share;
use crate::view;
use gauntlet_crypto::suite::{Authentication, KeyExchange};
use gauntlet_crypto::{KeyShare, NamedGroup, PublicKey, SignatureScheme, schedule12};
use gauntlet_model::What;
use gauntlet_wire::{Node, Plain, Value};

/// The groups of RFC 7919.
pub(crate) const FFDHE: std::ops::RangeInclusive<u16> = 256..=260;

fn named(entries: Vec<(&str, Plain)>) -> Plain {
    Plain::Map(entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn number(value: u16) -> Plain {
    Plain::Number(u64::from(value))
}

/// Whether the exchange has a pre-shared key in it.
pub(crate) fn has_psk(exchange: KeyExchange) -> bool {
    matches!(exchange, KeyExchange::Psk | KeyExchange::DhePsk | KeyExchange::EcdhePsk | KeyExchange::RsaPsk)
}

/// Whether a finite field is in it.
pub(crate) fn is_field(exchange: KeyExchange) -> bool {
    matches!(exchange, KeyExchange::Dhe | KeyExchange::DhePsk)
}

/// The scheme that signatures before TLS 1.2 have by the kind of key. [RFC 2246, 4.7; RFC 8422, 5.4]
pub(crate) fn old_scheme(key: &PublicKey) -> SignatureScheme {
    if key.is_rsa() { SignatureScheme::RSA_PKCS1_MD5_SHA1 } else { SignatureScheme::ECDSA_SHA1 }
}

/// Bits of a prime that is just long enough. [RFC 9325, 4.4]
const SMALLEST_FIELD: usize = 2048;

impl Peer {
    /// The key exchange of the suite in use; ECDHE before there is one.
    pub(crate) fn exchange(&self) -> KeyExchange {
        self.hs.suite.map_or(KeyExchange::Ecdhe, |suite| suite.key_exchange)
    }

    /// Whether the version in use names no schemes in its signatures.
    pub(crate) fn signs_unnamed(&self) -> bool {
        (1..0x0303).contains(&self.hs.version)
    }

    // ---- as client -------------------------------------------------------------------------------

    /// ClientKeyExchange, with the premaster secret as its other result. [RFC 5246, 7.4.7]
    pub(crate) fn honest_client_key_exchange(&mut self) -> Result<Plain, String> {
        let exchange = self.message_exchange();
        let mut fields = Vec::new();
        if has_psk(exchange) {
            let identity = self.config.psk.as_ref().map(|psk| psk.identity.clone());
            if identity.is_none() {
                self.event(What::NotFollowed { text: "no PSK to name: an identity is made up".to_owned() });
            }
            fields.push(("psk_identity", Plain::Bytes(identity.unwrap_or_else(|| b"gauntlet".to_vec()))));
        }
        let secret = match exchange {
            KeyExchange::Rsa | KeyExchange::RsaPsk => {
                let (premaster, encrypted) = self.encrypted_premaster()?;
                let encrypted = Plain::Bytes(encrypted);
                fields.push(("encrypted_pre_master_secret", encrypted));
                premaster
            }
            KeyExchange::Psk => Vec::new(),
            _ => {
                let (field, public, secret) = self.client_share(exchange);
                fields.push((field, public.into()));
                secret
            }
        };
        self.hs.premaster = self.with_psk(exchange, secret);
        Ok(named(vec![("exchange_keys", named(fields))]))
    }

    /// A premaster secret of 48 bytes, and the same encrypted to the server's key. [RFC 5246, 7.4.7.1]
    fn encrypted_premaster(&mut self) -> Result<(Vec<u8>, Vec<u8>), String> {
        let mut premaster = self.hs.hello.legacy_version.to_be_bytes().to_vec();
        premaster.extend(self.random(46));
        let Some(key) = self.hs.target_key.clone().filter(PublicKey::is_rsa) else {
            self.event(What::NotFollowed { text: "no RSA key to encrypt to".to_owned() });
            return Ok((premaster, vec![0; 256]));
        };
        let encrypted = key.rsa_encrypt(&premaster, &mut self.rng).map_err(|error| error.to_string())?;
        Ok((premaster, encrypted))
    }

    /// Field, our public share, and the shared secret.
    fn client_share(&mut self, exchange: KeyExchange) -> (&'static str, Vec<u8>, Vec<u8>) {
        let (group, theirs) = (self.hs.group, self.hs.other_share.clone());
        let finish = |share: &KeyShare| (share.public().to_vec(), share.premaster(&theirs).ok());
        let (field, made) = if is_field(exchange) {
            // That of the server's parameters, which have no number.
            ("dh_Yc", self.hs.shares.iter().rev().find(|(group, _)| *group == 0).map(|(_, share)| finish(share)))
        } else {
            ("ecdh_Yc", own_share(&mut self.hs.shares, group, &mut self.rng).map(finish))
        };
        let (public, secret) = made.unwrap_or_else(|| (vec![4; 65], None));
        if secret.is_none() {
            self.event(What::NotFollowed { text: format!("no shared secret in group {group}") });
        }
        (field, public, secret.unwrap_or_default())
    }

    /// The premaster secret out of what the key exchange gave and the pre-shared key. [RFC 4279, 2 to 4]
    fn with_psk(&self, exchange: KeyExchange, secret: Vec<u8>) -> Vec<u8> {
        if !has_psk(exchange) {
            return secret;
        }
        let key = self.config.psk.as_ref().map(|psk| psk.key.as_slice()).unwrap_or_default();
        let secret = if exchange == KeyExchange::Psk { vec![0; key.len()] } else { secret };
        schedule12::psk_premaster(&secret, key)
    }

    pub(crate) fn take_server_key_exchange(&mut self, node: &Node) {
        let Some(params) = node.field("params") else { return };
        let exchange = self.exchange();
        if is_field(exchange) {
            self.take_field(params);
        } else if matches!(exchange, KeyExchange::Ecdhe | KeyExchange::EcdhePsk) {
            let curve = params.field("curve_params").and_then(|curve| view::number(curve, "namedcurve"));
            self.hs.group = curve.unwrap_or(0) as u16;
            self.hs.other_share = params.field("public").map(|p| view::bytes(p, "point")).unwrap_or_default();
            if !self.hs.hello.groups.is_empty() && !self.hs.hello.groups.contains(&self.hs.group) {
                self.remark("illegal_parameter", format!("group {} was not offered", self.hs.group));
            }
            self.remark_on_point();
        }
        self.check_key_exchange_signature(params, node);
    }

    /// Prime, generator and share of the server; a group of RFC 7919 is known by its prime.
    fn take_field(&mut self, params: &Node) {
        let (p, g) = (view::bytes(params, "dh_p"), view::bytes(params, "dh_g"));
        self.hs.other_share = view::bytes(params, "dh_Ys");
        let bits = p.iter().skip_while(|byte| **byte == 0).count() * 8;
        if bits < SMALLEST_FIELD {
            // Logjam. [RFC 9325, 4.4]
            self.remark("insufficient_security", format!("DH parameters of {bits} bits"));
        }
        let parameters = Some((p.clone(), g.clone()));
        let known = self.hs.hello.groups.iter().copied().filter(|group| FFDHE.contains(group));
        self.hs.group = known.clone().find(|group| NamedGroup(*group).prime_and_generator() == parameters).unwrap_or(0);
        if self.hs.group == 0 && known.count() > 0 {
            self.remark("insufficient_security", "none of the groups of RFC 7919 that were offered");
        }
        match KeyShare::generate_dh(&p, &g, &mut self.rng) {
            Ok(share) => self.hs.shares.push((0, share)),
            Err(error) => self.remark("illegal_parameter", format!("DH parameters: {error}")),
        }
    }

    fn check_key_exchange_signature(&mut self, params: &Node, node: &Node) {
        let Some(signed) = node.field("signed_params") else { return };
        let Some(key) = self.hs.target_key.clone() else {
            return self.remark("decrypt_error", "ServerKeyExchange without a certificate");
        };
        let scheme =
            view::number(signed, "algorithm").map_or(old_scheme(&key), |scheme| SignatureScheme(scheme as u16));
        let offered = &self.hs.hello.signature_schemes;
        if self.hs.version >= 0x0303 && !offered.is_empty() && !offered.contains(&scheme.0) {
            self.remark("illegal_parameter", format!("signature scheme {:#06x} was not offered", scheme.0));
        }
        let mut content = self.hs.hello.random.clone();
        content.extend_from_slice(&self.hs.server_random);
        content.extend(params.to_bytes());
        let signature = view::bytes(signed, "signature");
        if let Err(error) = key.verify(scheme, &content, &signature, false) {
            self.remark("decrypt_error", format!("ServerKeyExchange: {error}"));
        }
    }

    // ---- as server -------------------------------------------------------------------------------

    /// The group of a ServerKeyExchange.
    fn server_group(&self, exchange: KeyExchange) -> u16 {
        if !is_field(exchange) {
            return self.hs.group;
        }
        let offered = |group: &u16| FFDHE.contains(group) && self.hs.hello.groups.contains(group);
        self.config.groups.iter().copied().find(offered).unwrap_or(256)
    }

    pub(crate) fn honest_server_key_exchange(&mut self) -> Result<Plain, String> {
        let exchange = self.message_exchange();
        let mut params = Vec::new();
        if has_psk(exchange) {
            let hint = self.config.psk.as_ref().and_then(|psk| psk.hint.clone()).unwrap_or_default();
            params.push(("psk_identity_hint", Plain::Bytes(hint)));
        }
        if !matches!(exchange, KeyExchange::Psk | KeyExchange::RsaPsk) {
            let group = self.server_group(exchange);
            let share = KeyShare::generate(NamedGroup(group), &mut self.rng).map_err(|error| error.to_string())?;
            let public = share.public().to_vec();
            self.hs.group = group;
            self.hs.shares.push((group, share));
            if let Some((p, g)) = NamedGroup(group).prime_and_generator() {
                params.extend([("dh_p", p.into()), ("dh_g", g.into()), ("dh_Ys", public.into())]);
            } else {
                let curve = named(vec![("curve_type", Plain::Number(3)), ("namedcurve", number(group))]);
                params.extend([("curve_params", curve), ("public", named(vec![("point", public.into())]))]);
            }
        }
        let mut fields = vec![("params", named(params))];
        let anonymous = self.hs.suite.is_some_and(|suite| suite.authentication == Authentication::Anonymous);
        if !anonymous && !has_psk(exchange) {
            let mut signed = vec![("signature", Plain::Bytes(Vec::new()))];
            if self.layout() >= 0x0303 {
                signed.insert(0, ("algorithm", number(self.hs.scheme)));
            }
            fields.push(("signed_params", named(signed)));
        }
        Ok(named(fields))
    }

    /// The signature on our parameters, from whatever inputs. [RFC 5246, 7.4.3]
    ///
    /// # Errors
    /// An input of `compute` that makes no sense, in words.
    pub(crate) fn fill_server_key_exchange(&mut self, tree: &mut Node, change: &Change) -> Result<(), String> {
        let (Some(params), Some(signed)) = (tree.field("params"), tree.field("signed_params")) else { return Ok(()) };
        let algorithm = view::number(signed, "algorithm").map_or(self.hs.scheme, |number| number as u16);
        let content = match change.input_bytes("signature", "content")? {
            Some(content) => content,
            None => [self.hs.hello.random.as_slice(), &self.hs.server_random, &params.to_bytes()].concat(),
        };
        let signature = match self.computed_signature(change, algorithm, &content)? {
            Some(signature) => signature,
            None => self.sign(algorithm, &content),
        };
        if let Some(node) = tree.at_mut(&crate::draft::path("signed_params.signature")) {
            node.value = Value::Bytes(signature);
        }
        Ok(())
    }

    pub(crate) fn take_client_key_exchange(&mut self, node: &Node) {
        let exchange = self.exchange();
        let keys = node.field("exchange_keys");
        let bytes = |field| keys.map(|keys| view::bytes(keys, field)).unwrap_or_default();
        if has_psk(exchange) {
            let identity = bytes("psk_identity");
            if self.config.psk.as_ref().is_none_or(|psk: &Psk| psk.identity != identity) {
                self.remark("unknown_psk_identity", format!("identity {}", hex::encode(&identity)));
            }
        }
        let secret = match exchange {
            KeyExchange::Rsa | KeyExchange::RsaPsk => self.decrypt_premaster(&bytes("encrypted_pre_master_secret")),
            KeyExchange::Psk => Vec::new(),
            _ => {
                let public = bytes(if is_field(exchange) { "dh_Yc" } else { "ecdh_Yc" });
                let fits = !matches!(self.hs.group, 23..=25) || public.first() == Some(&4);
                match self.hs.shares.last().map(|(_, share)| share.premaster(&public)) {
                    Some(Ok(secret)) if fits && secret.iter().any(|byte| *byte != 0) => secret,
                    _ => {
                        self.remark("illegal_parameter", "the client's share is not valid");
                        Vec::new()
                    }
                }
            }
        };
        self.hs.premaster = self.with_psk(exchange, secret);
        self.make_master_secret();
    }

    /// [RFC 5246, 7.4.7.1]: what does not decrypt becomes random bytes, without a word.
    fn decrypt_premaster(&mut self, encrypted: &[u8]) -> Vec<u8> {
        let random = self.random(48);
        let Some(identity) = self.identity() else { return random };
        let block = identity.key.rsa_raw_decrypt(encrypted).unwrap_or_default();
        let premaster = block.len().checked_sub(48).and_then(|start| block.get(start..));
        let separator = block.len().checked_sub(49).and_then(|place| block.get(place));
        let padded =
            block.starts_with(&[0, 2]) && separator == Some(&0) && block[2..block.len() - 49].iter().all(|b| *b != 0);
        let version = self.hs.hello.legacy_version.to_be_bytes();
        match premaster {
            Some(premaster) if padded && premaster.starts_with(&version) => premaster.to_vec(),
            _ => random,
        }
    }
}
