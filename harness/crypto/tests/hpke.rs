//! HPKE against the published numbers, and against OpenSSL's own.

use gauntlet_crypto::hpke::{
    AEAD_AES_128_GCM, AEAD_AES_256_GCM, AEAD_CHACHA20_POLY1305, KDF_SHA256, KDF_SHA384, KDF_SHA512, KEM_P256, KEM_P384,
    KEM_P521, KEM_X448, KEM_X25519, Suite,
};
use gauntlet_crypto::{CryptoError, KeyShare, Rng};
use gauntlet_vectors::kat;
use rand_core::SeedableRng;

#[test]
fn published_numbers_come_out() {
    for vector in &kat::hpke().vectors {
        let suite = Suite { kem: vector.kem, kdf: vector.kdf, aead: vector.aead };
        let group = suite.group().unwrap();
        let ephemeral = KeyShare::from_private(group, &vector.ephemeral).unwrap();
        let private = KeyShare::from_private(group, &vector.private).unwrap();
        assert_eq!((ephemeral.public(), private.public()), (&vector.enc[..], &vector.public[..]), "{suite:?}");
        let mut sender = suite.send(&vector.public, &ephemeral, &vector.info).unwrap();
        let mut receiver = suite.receive(&private, &vector.enc, &vector.info).unwrap();
        assert_eq!(sender.secrets(), [&vector.key[..], &vector.base_nonce, &vector.exporter_secret], "{suite:?}");
        assert_eq!(sender, receiver);
        for (number, ciphertext) in vector.ciphertexts.iter().enumerate() {
            let aad = format!("Count-{number}").into_bytes();
            assert_eq!(sender.seal(&aad, &vector.plaintext).unwrap(), ciphertext[..], "{suite:?} {number}");
            assert_eq!(receiver.open(&aad, ciphertext).unwrap(), vector.plaintext[..], "{suite:?} {number}");
        }
        assert_eq!(sender.export(&[], 32).unwrap(), vector.exported[..], "{suite:?}");
    }
}

#[test]
fn every_suite_opens_what_openssl_seals() {
    let rng = &mut Rng::seed_from_u64(9180);
    let mut suites = 0;
    for kem in [KEM_P256, KEM_P384, KEM_P521, KEM_X25519, KEM_X448] {
        for kdf in [KDF_SHA256, KDF_SHA384, KDF_SHA512] {
            for aead in [AEAD_AES_128_GCM, AEAD_AES_256_GCM, AEAD_CHACHA20_POLY1305] {
                let suite = Suite { kem, kdf, aead };
                let key = KeyShare::generate(suite.group().unwrap(), rng).unwrap();
                let (enc, sealed) = theirs::seal(suite, key.public(), b"some info", &[(b"1", b"one"), (b"2", b"two")]);
                let mut receiver = suite.receive(&key, &enc, b"some info").unwrap();
                assert_eq!(receiver.open(b"1", &sealed[0]).unwrap(), b"one", "{suite:?}");
                assert_eq!(receiver.open(b"2", &sealed[1]).unwrap(), b"two", "{suite:?}");
                suites += 1;
            }
        }
    }
    assert_eq!(suites, 45);
}

#[test]
fn what_is_wrong_does_not_open() {
    let rng = &mut Rng::seed_from_u64(1);
    let suite = Suite { kem: KEM_X25519, kdf: KDF_SHA256, aead: AEAD_AES_128_GCM };
    let key = KeyShare::generate(suite.group().unwrap(), rng).unwrap();
    let ephemeral = KeyShare::generate(suite.group().unwrap(), rng).unwrap();
    let sealed = suite.send(key.public(), &ephemeral, b"info").unwrap().seal(b"aad", b"text").unwrap();
    let open = |info: &[u8], aad: &[u8], sealed: &[u8]| {
        suite.receive(&key, ephemeral.public(), info).unwrap().open(aad, sealed)
    };
    assert_eq!(open(b"info", b"aad", &sealed).unwrap(), b"text");
    assert_eq!(open(b"other", b"aad", &sealed), Err(CryptoError::Verify("tag")));
    assert_eq!(open(b"info", b"other", &sealed), Err(CryptoError::Verify("tag")));
    assert!(matches!(open(b"info", b"aad", &sealed[..15]), Err(CryptoError::Input(_))));
    let mut receiver = suite.receive(&key, ephemeral.public(), b"info").unwrap();
    receiver.sequence = 1;
    assert!(receiver.open(b"aad", &sealed).is_err());
    assert!(matches!(suite.receive(&key, &[0; 32], b"info"), Err(CryptoError::Input(_))), "a point of low order");
    assert!(suite.receive(&key, &[1; 31], b"info").is_err());
    let p256 = Suite { kem: KEM_P256, ..suite };
    let other = KeyShare::generate(p256.group().unwrap(), rng).unwrap();
    assert!(p256.receive(&other, &[4; 65], b"info").is_err(), "no point of the curve");
    assert!(!Suite { aead: 0xffff, ..suite }.is_supported() && suite.is_supported());
}

/// OpenSSL's HPKE, which the `openssl` crate does not have.
mod theirs {
    use gauntlet_crypto::hpke::Suite;
    use libc::{c_char, c_int, c_uchar, c_void};

    #[repr(C)]
    #[derive(Clone, Copy)]
    struct Numbers {
        kem: u16,
        kdf: u16,
        aead: u16,
    }

    unsafe extern "C" {
        fn OSSL_HPKE_CTX_new(
            mode: c_int,
            suite: Numbers,
            role: c_int,
            library: *mut c_void,
            properties: *const c_char,
        ) -> *mut c_void;
        fn OSSL_HPKE_CTX_free(context: *mut c_void);
        fn OSSL_HPKE_encap(
            context: *mut c_void,
            enc: *mut c_uchar,
            enc_length: *mut usize,
            public: *const c_uchar,
            public_length: usize,
            info: *const c_uchar,
            info_length: usize,
        ) -> c_int;
        fn OSSL_HPKE_seal(
            context: *mut c_void,
            sealed: *mut c_uchar,
            sealed_length: *mut usize,
            aad: *const c_uchar,
            aad_length: usize,
            text: *const c_uchar,
            text_length: usize,
        ) -> c_int;
    }

    /// enc, and each message sealed.
    pub fn seal(suite: Suite, public: &[u8], info: &[u8], messages: &[(&[u8], &[u8])]) -> (Vec<u8>, Vec<Vec<u8>>) {
        let suite = Numbers { kem: suite.kem, kdf: suite.kdf, aead: suite.aead };
        // SAFETY: every pointer is valid for the length that goes with it; null stands for the default library context.
        unsafe {
            let context = OSSL_HPKE_CTX_new(0, suite, 0, std::ptr::null_mut(), std::ptr::null());
            assert!(!context.is_null());
            let mut enc = vec![0; 256];
            let mut length = enc.len();
            let info = (info.as_ptr(), info.len());
            let done =
                OSSL_HPKE_encap(context, enc.as_mut_ptr(), &mut length, public.as_ptr(), public.len(), info.0, info.1);
            assert_eq!(done, 1);
            enc.truncate(length);
            let seal_one = |(aad, text): &(&[u8], &[u8])| {
                let mut sealed = vec![0; text.len() + 64];
                let mut length = sealed.len();
                let (aad, text) = ((aad.as_ptr(), aad.len()), (text.as_ptr(), text.len()));
                let done = OSSL_HPKE_seal(context, sealed.as_mut_ptr(), &mut length, aad.0, aad.1, text.0, text.1);
                assert_eq!(done, 1);
                sealed.truncate(length);
                sealed
            };
            let sealed = messages.iter().map(seal_one).collect();
            OSSL_HPKE_CTX_free(context);
            (enc, sealed)
        }
    }
}
