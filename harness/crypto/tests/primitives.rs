//! Published numbers of single algorithms.

mod common;

use common::{bulk, digest};
use gauntlet_crypto::schedule12::Prf;
use gauntlet_crypto::{
    Digest, KeyShare, Mac, NamedGroup, Overrides, PrivateKey, Protection, RecordKeys, Rng, SignatureScheme, schedule13,
};
use gauntlet_vectors::kat::primitives;
use rand_core::SeedableRng;

#[test]
fn hmac() {
    for vector in &primitives().hmac {
        let (front, back) = vector.data.split_at(vector.data.len() / 2);
        assert_eq!(digest(&vector.digest).hmac(&vector.key, &[front, back]), vector.mac[..], "{}", vector.source);
    }
}

#[test]
fn hkdf() {
    for vector in &primitives().hkdf {
        let digest = digest(&vector.digest);
        assert_eq!(schedule13::extract(digest, &vector.salt, &vector.ikm), vector.prk[..], "{}", vector.source);
        let okm = schedule13::expand(digest, &vector.prk, &vector.info, vector.okm.len());
        assert_eq!(okm, vector.okm[..], "{}", vector.source);
    }
}

#[test]
fn prf() {
    for vector in &primitives().prf {
        let prf = Prf { version: vector.version, digest: digest(&vector.digest) };
        let output = prf.compute(&vector.secret, vector.label.as_bytes(), &vector.seed, vector.output.len());
        assert_eq!(output, vector.output[..], "{}", vector.source);
        let (first, second) = vector.seed.split_at(vector.seed.len() / 2);
        match vector.label.as_str() {
            "master secret" => assert_eq!(prf.master_secret(&vector.secret, first, second), vector.output[..]),
            "key expansion" => {
                assert_eq!(prf.key_block(&vector.secret, second, first, vector.output.len()), vector.output[..]);
            }
            _ => {}
        }
    }
}

#[test]
fn key_exchange() {
    for vector in &primitives().groups {
        let group = NamedGroup(vector.group);
        let ours = KeyShare::from_private(group, &vector.private).expect("a key");
        let theirs = KeyShare::from_private(group, &vector.other_private).expect("a key");
        assert_eq!(
            (ours.public(), theirs.public()),
            (&vector.public[..], &vector.other_public[..]),
            "{}",
            vector.source
        );
        assert_eq!(ours.derive(theirs.public()).expect("derived"), vector.shared[..], "{}", vector.source);
        assert_eq!(theirs.derive(ours.public()).expect("derived"), vector.shared[..], "{}", vector.source);
    }
}

#[test]
fn ffdhe_primes() {
    for vector in &primitives().ffdhe {
        let (p, g) = NamedGroup(vector.group).prime_and_generator().expect("a field");
        assert_eq!((&p[..], &g[..]), (&vector.prime[..], &[2][..]), "{}", vector.name);
    }
}

#[test]
fn aead() {
    let rng = &mut Rng::seed_from_u64(0);
    for vector in &primitives().aead {
        let keys = RecordKeys { key: vector.key.to_vec(), iv: vec![0; 12], mac_key: Vec::new() };
        let mut protection = Protection::tls13_from_keys(bulk(&vector.bulk), keys).expect("keys");
        let given = Overrides {
            nonce: Some(vector.nonce.to_vec()),
            additional_data: Some(vector.additional_data.to_vec()),
            ..Overrides::default()
        };
        let sealed = protection.seal(0, 23, 0x0303, &vector.plaintext, &given, rng).expect("sealed");
        assert_eq!(sealed, [&vector.ciphertext[..], &vector.tag].concat(), "{}", vector.source);
    }
}

#[test]
fn ciphers_without_mac() {
    let rng = &mut Rng::seed_from_u64(0);
    for vector in &primitives().cipher {
        let keys = RecordKeys { key: vector.key.to_vec(), iv: vector.iv.to_vec(), mac_key: Vec::new() };
        let bulk = bulk(&vector.bulk);
        let mut protection = Protection::tls12(0x0301, bulk, Mac::None, false, keys).expect("keys");
        let sealed = protection.seal(0, 23, 0x0301, &vector.plaintext, &Overrides::default(), rng).expect("sealed");
        assert_eq!(sealed[..vector.ciphertext.len()], vector.ciphertext[..], "{}", vector.source);
        assert_eq!(protection.open(0, 23, 0x0301, &sealed).expect("opened"), vector.plaintext[..], "{}", vector.source);
    }
}

#[test]
fn edwards() {
    let rng = &mut Rng::seed_from_u64(0);
    for vector in &primitives().edwards {
        let scheme = if vector.kind == "ed448" { SignatureScheme::ED448 } else { SignatureScheme::ED25519 };
        let key = PrivateKey::from_raw(&vector.kind, &vector.private).expect("a key");
        assert!(key.public().spki().ends_with(&vector.public), "{}", vector.source);
        let signature = key.sign(scheme, &vector.message, rng).expect("signed");
        assert_eq!(signature, vector.signature[..], "{}", vector.source);
        key.public().verify(scheme, &vector.message, &signature, true).expect("verified");
        assert!(key.public().verify(scheme, b"another", &signature, true).is_err());
    }
}

#[test]
fn ecdsa_with_known_nonces() {
    for vector in &primitives().ecdsa {
        let key = PrivateKey::from_raw(&vector.kind, &vector.private).expect("a key");
        let hash = digest(&vector.digest).hash(&vector.message);
        let signature = key.sign_ecdsa(&hash, &vector.k).expect("signed");
        let parsed = openssl::ecdsa::EcdsaSig::from_der(&signature).expect("DER");
        let size = vector.r.len() as i32;
        assert_eq!(parsed.r().to_vec_padded(size).expect("r"), vector.r[..], "{}", vector.source);
        assert_eq!(parsed.s().to_vec_padded(size).expect("s"), vector.s[..], "{}", vector.source);
        let code = match digest(&vector.digest) {
            Digest::Sha1 => 0x0203,
            Digest::Sha256 => 0x0403,
            Digest::Sha384 => 0x0503,
            _ => 0x0603,
        };
        key.public().verify(SignatureScheme(code), &vector.message, &signature, false).expect("verified");
    }
}
