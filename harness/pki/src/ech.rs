//! The configuration for Encrypted Client Hello that targets are started with, and its key. [RFC 9849, 4]

use gauntlet_crypto::{KeyShare, NamedGroup, hpke};
use gauntlet_wire::{Context, Grammar, Plain};
use std::sync::OnceLock;

/// The public name, which the usual certificates are not for.
pub const ECH_PUBLIC_NAME: &str = "public.gauntlet.example";

/// The private key, X25519.
pub const ECH_KEY: [u8; 32] = [
    0x47, 0x61, 0x75, 0x6e, 0x74, 0x6c, 0x65, 0x74, 0x20, 0x45, 0x43, 0x48, 0x20, 0x6b, 0x65, 0x79, 0x20, 0x6f, 0x66,
    0x20, 0x74, 0x65, 0x73, 0x74, 0x73, 0x20, 0x6f, 0x6e, 0x6c, 0x79, 0x21, 0x21,
];

/// Its config_id.
const ID: u64 = 0x47;
/// maximum_name_length.
const LONGEST_NAME: u64 = 64;

/// One ECHConfig. The stacks take HKDF-SHA256 alone.
pub fn ech_config() -> &'static [u8] {
    static MADE: OnceLock<Vec<u8>> = OnceLock::new();
    MADE.get_or_init(|| {
        let key = KeyShare::from_private(NamedGroup::X25519, &ECH_KEY).expect("any 32 bytes are a key");
        let suite = |aead: u16| {
            Plain::map([
                ("kdf_id", Plain::Number(u64::from(hpke::KDF_SHA256))),
                ("aead_id", Plain::Number(u64::from(aead))),
            ])
        };
        let suites = [hpke::AEAD_AES_128_GCM, hpke::AEAD_AES_256_GCM, hpke::AEAD_CHACHA20_POLY1305].map(suite);
        let key_config = Plain::map([
            ("config_id", Plain::Number(ID)),
            ("kem_id", Plain::Number(u64::from(hpke::KEM_X25519))),
            ("public_key", Plain::Bytes(key.public().to_vec())),
            ("cipher_suites", Plain::List(suites.to_vec())),
        ]);
        let contents = Plain::map([
            ("key_config", key_config),
            ("maximum_name_length", Plain::Number(LONGEST_NAME)),
            ("public_name", Plain::Bytes(ECH_PUBLIC_NAME.as_bytes().to_vec())),
        ]);
        let config = Plain::map([("contents", contents)]);
        let tree = Grammar::tls().build("ECHConfig", &config, &Context::tls13());
        tree.expect("the grammar has these fields").to_bytes()
    })
}

/// The same as a list of one.
pub fn ech_config_list() -> Vec<u8> {
    let config = ech_config();
    [&(config.len() as u16).to_be_bytes()[..], config].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_reads_as_a_list_of_one() {
        let list = Grammar::tls().decode("ECHConfigList", &ech_config_list(), &Context::tls13());
        assert_eq!((list.first_remark(), list.children().len()), (None, 1));
        assert_eq!(ech_config()[..2], [0xfe, 0x0d]);
        assert_eq!(usize::from(ech_config()[3]), ech_config().len() - 4);
    }
}
