//! Signatures against OpenSSL's own in both directions.

use std::sync::OnceLock;

use gauntlet_crypto::{CryptoError, Digest, PrivateKey, PublicKey, Rng, SignatureScheme as Scheme};
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::rsa::Padding;
use openssl::sign::{RsaPssSaltlen, Signer, Verifier};
use rand_core::SeedableRng;

const MESSAGE: &[u8] = b"what is signed";

fn rng(seed: u64) -> Rng {
    Rng::seed_from_u64(seed)
}

/// Keys made by `openssl genrsa` for these tests, the last by `openssl genpkey -algorithm RSA-PSS`.
fn rsa_of(bits: u32) -> PrivateKey {
    let pem: &[u8] = match bits {
        2048 => include_bytes!("keys/rsa2048.pem"),
        1025 => include_bytes!("keys/rsa1025.pem"),
        1026 => include_bytes!("keys/rsa1026.pem"),
        1031 => include_bytes!("keys/rsa1031.pem"),
        _ => include_bytes!("keys/rsa_pss1024.pem"),
    };
    PrivateKey::from_pem(pem).expect("read")
}

fn rsa() -> &'static PrivateKey {
    static KEY: OnceLock<PrivateKey> = OnceLock::new();
    KEY.get_or_init(|| rsa_of(2048))
}

fn message_digest(digest: Digest) -> MessageDigest {
    match digest {
        Digest::Md5 => MessageDigest::md5(),
        Digest::Sha1 => MessageDigest::sha1(),
        Digest::Sha224 => MessageDigest::sha224(),
        Digest::Sha256 => MessageDigest::sha256(),
        Digest::Sha384 => MessageDigest::sha384(),
        Digest::Sha512 => MessageDigest::sha512(),
        Digest::Md5Sha1 => MessageDigest::from_nid(openssl::nid::Nid::MD5_SHA1).expect("known"),
    }
}

/// Every scheme with a key that fits it, and whether it is PSS.
fn pairs() -> Vec<(Scheme, PrivateKey, bool)> {
    let mut pairs = Vec::new();
    for code in [0x0101, 0x0201, 0x0301, 0x0401, 0x0501, 0x0601, 0xff01] {
        pairs.push((Scheme(code), rsa().clone(), false));
    }
    for code in 0x0804..=0x0806 {
        pairs.push((Scheme(code), rsa().clone(), true));
    }
    for kind in ["p256", "p384", "p521"] {
        let key = PrivateKey::generate(kind, &mut rng(5)).expect("key");
        for code in [0x0203, 0x0303, 0x0403, 0x0503, 0x0603] {
            pairs.push((Scheme(code), key.clone(), false));
        }
    }
    for (kind, scheme) in [("ed25519", Scheme::ED25519), ("ed448", Scheme::ED448)] {
        pairs.push((scheme, PrivateKey::generate(kind, &mut rng(5)).expect("key"), false));
    }
    pairs
}

#[test]
fn openssl_takes_ours_and_we_take_openssls() {
    for (scheme, key, is_pss) in pairs() {
        let name = format!("{scheme:x?}");
        let ours = key.sign(scheme, MESSAGE, &mut rng(1)).expect("signed");
        let default = key.pkey();
        let digest = scheme.digest().map(message_digest);
        let mut verifier = match digest {
            Some(digest) => Verifier::new(digest, default).expect("verifier"),
            None => Verifier::new_without_digest(default).expect("verifier"),
        };
        let mut signer = match digest {
            Some(digest) => Signer::new(digest, default).expect("signer"),
            None => Signer::new_without_digest(default).expect("signer"),
        };
        if is_pss {
            verifier.set_rsa_padding(Padding::PKCS1_PSS).expect("PSS");
            verifier.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH).expect("salt");
            signer.set_rsa_padding(Padding::PKCS1_PSS).expect("PSS");
            signer.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH).expect("salt");
        }
        assert!(verifier.verify_oneshot(&ours, MESSAGE).expect("verified"), "{name}");
        let theirs = signer.sign_oneshot_to_vec(MESSAGE).expect("signed");
        key.public().verify(scheme, MESSAGE, &theirs, false).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn no_bit_of_a_signature_may_be_wrong() {
    for (scheme, key, _) in pairs() {
        let signature = key.sign(scheme, MESSAGE, &mut rng(1)).expect("signed");
        let public = key.public();
        for place in (0..signature.len()).step_by(if public.is_rsa() { 7 } else { 1 }) {
            let mut wrong = signature.clone();
            wrong[place] ^= 1 << (place % 8);
            assert!(public.verify(scheme, MESSAGE, &wrong, false).is_err(), "{scheme:x?}, byte {place}");
        }
        assert!(public.verify(scheme, b"what is signee", &signature, false).is_err());
        assert!(public.verify(scheme, MESSAGE, &signature[..signature.len() - 1], false).is_err());
        assert!(public.verify(scheme, MESSAGE, &[&signature[..], &[0]].concat(), false).is_err());
        assert!(public.verify(scheme, MESSAGE, &[], false).is_err());
    }
}

#[test]
fn the_seed_decides_about_salts_and_nonces() {
    for (scheme, key, is_pss) in pairs() {
        let sign = |seed| key.sign(scheme, MESSAGE, &mut rng(seed)).expect("signed");
        assert_eq!(sign(1), sign(1), "{scheme:x?}");
        let is_ecdsa = scheme.0 & 0xff == 3;
        assert_eq!(sign(1) != sign(2), is_pss || is_ecdsa, "{scheme:x?}");
    }
}

#[test]
fn pss_salts_of_another_length_are_not_taken() {
    let hash = Digest::Sha256.hash(MESSAGE);
    for length in [0, 20, 31, 33, 64, 222] {
        let signature = rsa().sign_pss(Digest::Sha256, &hash, &vec![3; length]).expect("signed");
        let verdict = rsa().public().verify(Scheme::RSA_PSS_RSAE_SHA256, MESSAGE, &signature, true);
        assert_eq!(verdict, Err(CryptoError::Verify("signature")), "{length}");
    }
    let right = rsa().sign_pss(Digest::Sha256, &hash, &[3; 32]).expect("signed");
    assert_eq!(rsa().public().verify(Scheme::RSA_PSS_RSAE_SHA256, MESSAGE, &right, true), Ok(()));
    assert!(matches!(rsa().sign_pss(Digest::Sha256, &hash, &[3; 223]), Err(CryptoError::Input(_))));
}

#[test]
fn a_modulus_of_an_odd_number_of_bits() {
    for bits in [1025, 1026, 1031] {
        let key = rsa_of(bits);
        for scheme in [Scheme::RSA_PSS_RSAE_SHA256, Scheme::RSA_PKCS1_SHA256] {
            let signature = key.sign(scheme, MESSAGE, &mut rng(1)).expect("signed");
            assert_eq!(signature.len(), key.public().rsa_size());
            key.public().verify(scheme, MESSAGE, &signature, true).unwrap_or_else(|error| panic!("{bits}: {error}"));
        }
    }
}

/// With 8 n + 1 bits a block has one byte more than the encoding, and that byte must be zero.
#[test]
fn nothing_may_stand_in_front_of_a_pss_encoding() {
    let key = rsa_of(1025);
    let public = key.public();
    let forged = (0..1000).find_map(|seed| {
        let signature = key.sign(Scheme::RSA_PSS_RSAE_SHA256, MESSAGE, &mut rng(seed)).expect("signed");
        let mut block = public.rsa_raw_encrypt(&signature).expect("encrypted");
        assert_eq!((block.len(), block[0]), (129, 0));
        block[0] = 1;
        // Only what lies below the modulus can be signed.
        key.rsa_raw_decrypt(&block).ok()
    });
    let verdict = public.verify(Scheme::RSA_PSS_RSAE_SHA256, MESSAGE, &forged.expect("some salt makes it small"), true);
    assert_eq!(verdict, Err(CryptoError::Verify("signature")));
}

#[test]
fn in_tls13_the_curve_must_fit() {
    let key = PrivateKey::generate("p256", &mut rng(1)).expect("key");
    let signature = key.sign(Scheme::ECDSA_SECP384R1_SHA384, MESSAGE, &mut rng(1)).expect("signed");
    key.public().verify(Scheme::ECDSA_SECP384R1_SHA384, MESSAGE, &signature, false).expect("TLS 1.2 allows it");
    assert!(key.public().verify(Scheme::ECDSA_SECP384R1_SHA384, MESSAGE, &signature, true).is_err());
    assert_eq!(key.schemes(true), [Scheme::ECDSA_SECP256R1_SHA256]);
    assert_eq!(key.schemes(false)[0], Scheme::ECDSA_SECP256R1_SHA256);
    assert_eq!(key.schemes(false).len(), 4);
}

#[test]
fn keys_and_schemes_that_do_not_fit_are_unsupported() {
    let ed = PrivateKey::generate("ed25519", &mut rng(1)).expect("key");
    for (key, scheme) in [
        (&ed, Scheme::ED448),
        (&ed, Scheme::ECDSA_SECP256R1_SHA256),
        (rsa(), Scheme::ED25519),
        (rsa(), Scheme::RSA_PSS_PSS_SHA256),
        (rsa(), Scheme(0x0202)),
        (rsa(), Scheme(0x1a1a)),
    ] {
        assert!(matches!(key.sign(scheme, MESSAGE, &mut rng(1)), Err(CryptoError::Unsupported(_))), "{scheme:x?}");
        assert!(matches!(key.public().verify(scheme, MESSAGE, &[0; 64], true), Err(CryptoError::Unsupported(_))));
    }
}

#[test]
fn ecdsa_signatures_must_be_der_to_the_byte() {
    let key = PrivateKey::generate("p256", &mut rng(1)).expect("key");
    let scheme = Scheme::ECDSA_SECP256R1_SHA256;
    let signature = key.sign(scheme, MESSAGE, &mut rng(1)).expect("signed");
    // The same numbers, with a length that takes more bytes than it needs.
    let longer = [&[0x30, 0x81][..], &signature[1..]].concat();
    assert!(matches!(key.public().verify(scheme, MESSAGE, &longer, true), Err(CryptoError::Input(_))));
}

#[test]
fn pem_goes_round() {
    for kind in ["p256", "p384", "p521", "ed25519", "ed448"] {
        let key = PrivateKey::generate(kind, &mut rng(9)).expect("key");
        let again = PrivateKey::from_pem(&key.to_pem()).expect("read");
        assert_eq!(again.to_pem(), key.to_pem(), "{kind}");
        assert_eq!(again.public().spki(), key.public().spki(), "{kind}");
        let openssl = PKey::private_key_from_pem(&key.to_pem()).expect("OpenSSL reads it");
        assert_eq!(openssl.public_key_to_der().expect("DER"), key.public().spki(), "{kind}");
        assert!(openssl.public_eq(key.pkey()), "{kind}");
    }
    let again = PrivateKey::from_pem(&rsa().to_pem()).expect("read");
    assert_eq!(again.public().spki(), rsa().pkey().public_key_to_der().expect("DER"));
    assert!(matches!(PrivateKey::from_pem(b"-----BEGIN NONSENSE-----"), Err(CryptoError::Input(_))));
}

#[test]
fn keys_of_the_pss_kind() {
    let key = rsa_of(0);
    assert!(!key.public().is_rsa());
    assert_eq!(key.public().rsa_size(), 128);
    assert_eq!(key.schemes(true)[0], Scheme::RSA_PSS_PSS_SHA256);
    let signature = key.sign(Scheme::RSA_PSS_PSS_SHA256, MESSAGE, &mut rng(1)).expect("signed");
    key.public().verify(Scheme::RSA_PSS_PSS_SHA256, MESSAGE, &signature, true).expect("verified");
    assert!(key.public().verify(Scheme::RSA_PSS_RSAE_SHA256, MESSAGE, &signature, true).is_err());
    assert!(key.sign(Scheme::RSA_PKCS1_SHA256, MESSAGE, &mut rng(1)).is_err());
    let spki = key.pkey().public_key_to_der().expect("DER");
    assert_eq!(PublicKey::from_spki(&spki).expect("read").rsa_size(), 128);
}

#[test]
fn rsa_encryption() {
    let public = rsa().public();
    assert!(public.is_rsa() && public.rsa_size() == 256);
    let message = [3; 48];
    let encrypted = public.rsa_encrypt(&message, &mut rng(1)).expect("encrypted");
    assert_eq!(encrypted, public.rsa_encrypt(&message, &mut rng(1)).expect("encrypted"));
    assert_ne!(encrypted, public.rsa_encrypt(&message, &mut rng(2)).expect("encrypted"));
    let block = rsa().rsa_raw_decrypt(&encrypted).expect("decrypted");
    assert_eq!((&block[..2], &block[256 - 49..]), (&[0, 2][..], &[&[0], &message[..]].concat()[..]));
    assert!(block[2..256 - 49].iter().all(|byte| *byte != 0));
    assert_eq!(public.rsa_raw_encrypt(&block).expect("encrypted"), encrypted);
    let mut decrypted = vec![0; 256];
    let openssl = rsa().pkey().rsa().expect("RSA");
    let length = openssl.private_decrypt(&encrypted, &mut decrypted, Padding::PKCS1).expect("decrypted");
    assert_eq!(decrypted[..length], message);
    assert!(matches!(public.rsa_encrypt(&[3; 254], &mut rng(1)), Err(CryptoError::Input(_))));
    assert!(matches!(public.rsa_raw_encrypt(&[0xff; 256]), Err(CryptoError::Input(_))), "above the modulus");
    assert!(matches!(public.rsa_raw_encrypt(&[1; 255]), Err(CryptoError::Input(_))));
    assert!(matches!(rsa().rsa_raw_decrypt(&[1; 255]), Err(CryptoError::Input(_))));
}

#[test]
fn nonsense_is_no_public_key() {
    let spki = rsa().public().spki().to_vec();
    for length in 0..spki.len() {
        assert!(PublicKey::from_spki(&spki[..length]).is_err(), "{length}");
        let _ = PublicKey::from_certificate(&spki[..length]);
    }
    for place in 0..spki.len() {
        let mut wrong = spki.clone();
        wrong[place] ^= 0xff;
        let _ = PublicKey::from_spki(&wrong);
        let _ = PublicKey::from_certificate(&wrong);
    }
}
