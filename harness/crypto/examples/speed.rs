//! Microseconds that the common computations take: `cargo run --release -p gauntlet-crypto --example speed`.
#![expect(clippy::print_stdout, reason = "a table for the reader is all it makes")]

use std::hint::black_box;
use std::time::Instant;

use gauntlet_crypto::{
    Bulk, CryptoError, Digest, KeyShare, Mac, NamedGroup, Overrides, PrivateKey, Protection, RecordKeys, Rng,
    SignatureScheme, schedule13,
};
use rand_core::SeedableRng;

fn main() -> Result<(), CryptoError> {
    let rng = &mut Rng::seed_from_u64(1);
    hashes();
    groups(rng)?;
    signatures(rng)?;
    records(rng)
}

fn measure(name: &str, times: u32, mut body: impl FnMut()) {
    for _ in 0..times / 10 + 1 {
        body();
    }
    let start = Instant::now();
    for _ in 0..times {
        body();
    }
    println!("{name:40} {:10.2} µs", start.elapsed().as_secs_f64() * 1e6 / f64::from(times));
}

fn hashes() {
    let data = [7; 50];
    measure("SHA-256 of 50 bytes", 100_000, || drop(black_box(Digest::Sha256.hash(black_box(&data)))));
    measure("HMAC-SHA256 of 50 bytes", 100_000, || drop(black_box(Digest::Sha256.hmac(&[1; 32], &[black_box(&data)]))));
    measure("HMAC-SHA384 of 50 bytes", 100_000, || drop(black_box(Digest::Sha384.hmac(&[1; 48], &[black_box(&data)]))));
    measure("Derive-Secret, SHA-256", 100_000, || {
        drop(black_box(schedule13::derive_secret(Digest::Sha256, &[1; 32], b"c hs traffic", &[2; 32])));
    });
}

fn groups(rng: &mut Rng) -> Result<(), CryptoError> {
    let groups = [
        ("X25519", NamedGroup::X25519, 2000),
        ("X448", NamedGroup::X448, 300),
        ("P-256", NamedGroup::SECP256R1, 2000),
        ("P-384", NamedGroup::SECP384R1, 200),
        ("P-521", NamedGroup::SECP521R1, 100),
        ("ffdhe2048", NamedGroup::FFDHE2048, 100),
        ("ffdhe8192", NamedGroup::FFDHE8192, 5),
        ("X25519MLKEM768", NamedGroup::X25519MLKEM768, 500),
    ];
    for (name, group, times) in groups {
        let ours = KeyShare::generate(group, rng)?;
        let (theirs, _) = KeyShare::respond(group, ours.public(), rng)?;
        measure(&format!("{name} generate"), times, || drop(black_box(KeyShare::generate(group, rng))));
        measure(&format!("{name} derive"), times, || drop(black_box(ours.derive(&theirs))));
        measure(&format!("{name} respond"), times, || drop(black_box(KeyShare::respond(group, ours.public(), rng))));
    }
    Ok(())
}

fn signatures(rng: &mut Rng) -> Result<(), CryptoError> {
    let rsa = openssl::rsa::Rsa::generate(2048)?.private_key_to_pem()?;
    let keys = [
        ("P-256", PrivateKey::generate("p256", rng)?, SignatureScheme::ECDSA_SECP256R1_SHA256, 1000),
        ("P-384", PrivateKey::generate("p384", rng)?, SignatureScheme::ECDSA_SECP384R1_SHA384, 100),
        ("Ed25519", PrivateKey::generate("ed25519", rng)?, SignatureScheme::ED25519, 1000),
        ("RSA-2048 PSS", PrivateKey::from_pem(&rsa)?, SignatureScheme::RSA_PSS_RSAE_SHA256, 200),
    ];
    let message = [7; 130];
    for (name, key, scheme, times) in &keys {
        let (public, signature) = (key.public(), key.sign(*scheme, &message, rng)?);
        measure(&format!("{name} sign"), *times, || drop(black_box(key.sign(*scheme, &message, rng))));
        measure(&format!("{name} verify"), *times, || {
            public.verify(*scheme, &message, &signature, true).expect("signed just now");
        });
        let spki = public.spki();
        measure(&format!("{name} read public key"), 1000, || {
            drop(black_box(gauntlet_crypto::PublicKey::from_spki(spki)))
        });
    }
    let ec = keys[0].1.pkey().ec_key()?;
    let digest = Digest::Sha256.hash(&message);
    let signature = openssl::ecdsa::EcdsaSig::sign(&digest, &ec)?;
    measure("OpenSSL itself: P-256 sign", 1000, || drop(black_box(openssl::ecdsa::EcdsaSig::sign(&digest, &ec))));
    measure("OpenSSL itself: P-256 verify", 1000, || drop(black_box(signature.verify(&digest, &ec))));
    Ok(())
}

fn records(rng: &mut Rng) -> Result<(), CryptoError> {
    let honest = Overrides::default();
    let bulks =
        [Bulk::Aes128Gcm, Bulk::Aes256Gcm, Bulk::ChaCha20Poly1305, Bulk::Aes128Ccm, Bulk::Aes128Ccm8, Bulk::Aria128Gcm];
    for bulk in bulks {
        let mut protection = Protection::tls13(bulk, Digest::Sha256, &[3; 32])?;
        for length in [50, 16_000] {
            let sealed = protection.seal(1, 23, 0x0303, &vec![9; length], &honest, rng)?;
            measure(&format!("{bulk:?} seal {length}"), 20_000, || {
                drop(black_box(protection.seal(1, 23, 0x0303, &vec![9; length], &honest, rng)));
            });
            measure(&format!("{bulk:?} open {length}"), 20_000, || {
                drop(black_box(protection.open(1, 23, 0x0303, &sealed)));
            });
        }
        measure(&format!("{bulk:?} new and seal 50"), 20_000, || {
            let mut protection = Protection::tls13(bulk, Digest::Sha256, &[3; 32]).expect("made before");
            drop(black_box(protection.seal(1, 23, 0x0303, &[9; 50], &honest, rng)));
        });
    }
    let keys = RecordKeys { key: vec![1; 16], iv: vec![2; 16], mac_key: vec![3; 20] };
    let mut protection = Protection::tls12(0x0303, Bulk::Aes128Cbc, Mac::Hmac(Digest::Sha1), false, keys)?;
    let sealed = protection.seal(1, 23, 0x0303, &[9; 50], &honest, rng)?;
    measure("Aes128Cbc with SHA-1 seal 50", 20_000, || {
        drop(black_box(protection.seal(1, 23, 0x0303, &[9; 50], &honest, rng)));
    });
    measure("Aes128Cbc with SHA-1 open 50", 20_000, || drop(black_box(protection.open(1, 23, 0x0303, &sealed))));
    Ok(())
}
