//! What test vectors call digests and ciphers.

use gauntlet_crypto::{Bulk, Digest};

pub fn digest(name: &str) -> Digest {
    match name {
        "md5" => Digest::Md5,
        "sha1" => Digest::Sha1,
        "sha224" => Digest::Sha224,
        "sha256" => Digest::Sha256,
        "sha384" => Digest::Sha384,
        "sha512" => Digest::Sha512,
        _ => panic!("digest {name}"),
    }
}

pub fn bulk(name: &str) -> Bulk {
    match name {
        "null" => Bulk::Null,
        "rc4_128" => Bulk::Rc4_128,
        "des_cbc" => Bulk::DesCbc,
        "3des_ede_cbc" => Bulk::TripleDesCbc,
        "aes_128_cbc" => Bulk::Aes128Cbc,
        "aes_256_cbc" => Bulk::Aes256Cbc,
        "camellia_128_cbc" => Bulk::Camellia128Cbc,
        "camellia_256_cbc" => Bulk::Camellia256Cbc,
        "aria_128_cbc" => Bulk::Aria128Cbc,
        "aria_256_cbc" => Bulk::Aria256Cbc,
        "aes_128_gcm" => Bulk::Aes128Gcm,
        "aes_256_gcm" => Bulk::Aes256Gcm,
        "aes_128_ccm" => Bulk::Aes128Ccm,
        "aes_256_ccm" => Bulk::Aes256Ccm,
        "aes_128_ccm_8" => Bulk::Aes128Ccm8,
        "aes_256_ccm_8" => Bulk::Aes256Ccm8,
        "aria_128_gcm" => Bulk::Aria128Gcm,
        "aria_256_gcm" => Bulk::Aria256Gcm,
        "chacha20_poly1305" => Bulk::ChaCha20Poly1305,
        _ => panic!("cipher {name}"),
    }
}
