//! The configurations for Encrypted Client Hello that targets are started with, and their keys. [RFC 9849, 4]

use gauntlet_crypto::{KeyShare, hpke};
use gauntlet_wire::{Context, Grammar, Plain};
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey, EcPoint};
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Private};
use openssl::sha::sha512;
use std::collections::BTreeMap;

/// The public name, which the usual certificates are not for.
pub const ECH_PUBLIC_NAME: &str = "public.gauntlet.example";

/// Its config_id.
const ID: u64 = 0x47;
/// maximum_name_length.
const LONGEST_NAME: u64 = 64;

/// The KEM of a target's configuration: what its option `ech` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EchKem(u16);

impl EchKem {
    /// The usual one, which all stacks have.
    pub const X25519: EchKem = EchKem(hpke::KEM_X25519);

    /// A KEM by its name in the registry; `yes` is the usual one.
    pub fn by_name(name: &str) -> Option<EchKem> {
        if name == "yes" {
            return Some(EchKem::X25519);
        }
        let number = Grammar::tls().number("HpkeKemId", name)?;
        let kem = EchKem(u16::try_from(number).ok()?);
        kem.suite(hpke::AEAD_AES_128_GCM).is_supported().then_some(kem)
    }

    /// That of a target's options; where they name none, the usual one.
    pub fn of(options: &BTreeMap<String, String>) -> EchKem {
        options.get("ech").and_then(|name| EchKem::by_name(name)).unwrap_or(EchKem::X25519)
    }

    /// Its name in the registry.
    pub fn name(self) -> &'static str {
        Grammar::tls().name("HpkeKemId", u64::from(self.0)).unwrap_or_default()
    }

    /// With the KDF of the KEM's own hash.
    fn suite(self, aead: u16) -> hpke::Suite {
        let kdf = match self.0 {
            hpke::KEM_P384 => hpke::KDF_SHA384,
            hpke::KEM_P521 | hpke::KEM_X448 => hpke::KDF_SHA512,
            _ => hpke::KDF_SHA256,
        };
        hpke::Suite { kem: self.0, kdf, aead }
    }

    /// The private key, as it is in the option's file: the same in every build.
    pub fn private(self) -> Vec<u8> {
        let seed = [sha512(b"Gauntlet ECH key, 1"), sha512(b"Gauntlet ECH key, 2")].concat();
        match self.0 {
            // Below the curve's order.
            hpke::KEM_P521 => [&[0], &seed[..65]].concat(),
            hpke::KEM_P384 => seed[..48].to_vec(),
            hpke::KEM_X448 => seed[..56].to_vec(),
            _ => seed[..32].to_vec(),
        }
    }

    /// The key.
    ///
    /// # Errors
    /// The library lacks the group.
    pub fn key(self) -> Result<KeyShare, String> {
        let group = self.suite(hpke::AEAD_AES_128_GCM).group();
        group.and_then(|group| KeyShare::from_private(group, &self.private())).map_err(|error| error.to_string())
    }

    /// The private key as PEM (PKCS #8).
    ///
    /// # Errors
    /// The library lacks the group.
    pub fn private_pem(self) -> Result<Vec<u8>, String> {
        self.private_key().and_then(|key| key.private_key_to_pem_pkcs8()).map_err(|error| error.to_string())
    }

    fn private_key(self) -> Result<PKey<Private>, ErrorStack> {
        let on_curve = |nid: Nid| {
            let (group, scalar) = (EcGroup::from_curve_name(nid)?, BigNum::from_slice(&self.private())?);
            let mut point = EcPoint::new(&group)?;
            point.mul_generator2(&group, &scalar, &mut *BigNumContext::new()?)?;
            PKey::from_ec_key(EcKey::from_private_components(&group, &scalar, &point)?)
        };
        match self.0 {
            hpke::KEM_P256 => on_curve(Nid::X9_62_PRIME256V1),
            hpke::KEM_P384 => on_curve(Nid::SECP384R1),
            hpke::KEM_P521 => on_curve(Nid::SECP521R1),
            hpke::KEM_X448 => PKey::private_key_from_raw_bytes(&self.private(), Id::X448),
            _ => PKey::private_key_from_raw_bytes(&self.private(), Id::X25519),
        }
    }

    /// One ECHConfig, with the KDF of the KEM's own hash.
    ///
    /// # Errors
    /// The library lacks the group.
    pub fn config(self) -> Result<Vec<u8>, String> {
        let suite = |aead: u16| {
            let hpke::Suite { kdf, aead, .. } = self.suite(aead);
            Plain::map([("kdf_id", Plain::Number(u64::from(kdf))), ("aead_id", Plain::Number(u64::from(aead)))])
        };
        let suites = [hpke::AEAD_AES_128_GCM, hpke::AEAD_AES_256_GCM, hpke::AEAD_CHACHA20_POLY1305].map(suite);
        let key_config = Plain::map([
            ("config_id", Plain::Number(ID)),
            ("kem_id", Plain::Number(u64::from(self.0))),
            ("public_key", Plain::Bytes(self.key()?.public().to_vec())),
            ("cipher_suites", Plain::List(suites.to_vec())),
        ]);
        let contents = Plain::map([
            ("key_config", key_config),
            ("maximum_name_length", Plain::Number(LONGEST_NAME)),
            ("public_name", Plain::Bytes(ECH_PUBLIC_NAME.as_bytes().to_vec())),
        ]);
        let config = Plain::map([("contents", contents)]);
        let tree = Grammar::tls().build("ECHConfig", &config, &Context::tls13());
        Ok(tree.expect("the grammar has these fields").to_bytes())
    }

    /// The same as a list of one.
    ///
    /// # Errors
    /// The library lacks the group.
    pub fn config_list(self) -> Result<Vec<u8>, String> {
        let config = self.config()?;
        Ok([&(config.len() as u16).to_be_bytes()[..], &config].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 5] = [
        "DHKEM_X25519_HKDF_SHA256",
        "DHKEM_X448_HKDF_SHA512",
        "DHKEM_P256_HKDF_SHA256",
        "DHKEM_P384_HKDF_SHA384",
        "DHKEM_P521_HKDF_SHA512",
    ];

    #[test]
    fn each_configuration_reads_as_a_list_of_one_with_its_kem() {
        for name in NAMES {
            let kem = EchKem::by_name(name).unwrap();
            assert_eq!(Grammar::tls().number("HpkeKemId", name), Some(u64::from(kem.0)));
            let (list, config) = (kem.config_list().unwrap(), kem.config().unwrap());
            let list = Grammar::tls().decode("ECHConfigList", &list, &Context::tls13());
            assert_eq!((list.first_remark(), list.children().len()), (None, 1));
            assert_eq!((&config[..2], usize::from(config[3])), (&[0xfe, 0x0d][..], config.len() - 4));
        }
        assert_eq!(EchKem::by_name("yes"), Some(EchKem::X25519));
        assert_eq!((EchKem::by_name("no"), EchKem::by_name("grease")), (None, None));
    }

    #[test]
    fn the_pem_is_the_same_key() {
        for name in NAMES {
            let kem = EchKem::by_name(name).unwrap();
            let key = PKey::private_key_from_pem(&kem.private_pem().unwrap()).unwrap();
            let public = key.public_key_to_der().unwrap();
            assert!(public.ends_with(kem.key().unwrap().public()), "{name}");
        }
    }
}
