//! Record protection: everything that is sealed is opened, nothing that was changed is, and each part can be given.

use gauntlet_crypto::{Bulk, CryptoError, Digest, Mac, Overrides, Protection, RecordKeys, Rng};
use rand_core::SeedableRng;

const AEADS: [Bulk; 9] = [
    Bulk::Aes128Gcm,
    Bulk::Aes256Gcm,
    Bulk::Aes128Ccm,
    Bulk::Aes256Ccm,
    Bulk::Aes128Ccm8,
    Bulk::Aes256Ccm8,
    Bulk::Aria128Gcm,
    Bulk::Aria256Gcm,
    Bulk::ChaCha20Poly1305,
];
const OTHERS: [Bulk; 10] = [
    Bulk::Null,
    Bulk::Rc4_128,
    Bulk::DesCbc,
    Bulk::TripleDesCbc,
    Bulk::Aes128Cbc,
    Bulk::Aes256Cbc,
    Bulk::Camellia128Cbc,
    Bulk::Camellia256Cbc,
    Bulk::Aria128Cbc,
    Bulk::Aria256Cbc,
];
const SHA1: Mac = Mac::Hmac(Digest::Sha1);

fn rng() -> Rng {
    Rng::seed_from_u64(1)
}

fn honest() -> Overrides {
    Overrides::default()
}

fn keys(bulk: Bulk, iv: usize, mac: Mac) -> RecordKeys {
    let bytes = |length: usize, start: u8| (0..length as u8).map(|n| n.wrapping_mul(7).wrapping_add(start)).collect();
    RecordKeys { key: bytes(bulk.key_length(), 1), iv: bytes(iv, 2), mac_key: bytes(mac.length(), 3) }
}

fn tls13(bulk: Bulk) -> Protection {
    Protection::tls13_from_keys(bulk, keys(bulk, 12, Mac::None)).expect("keys")
}

fn old(version: u16, bulk: Bulk, mac: Mac, encrypt_then_mac: bool) -> Protection {
    let iv = bulk.key_block_iv_length(version);
    Protection::tls12(version, bulk, mac, encrypt_then_mac, keys(bulk, iv, mac)).expect("keys")
}

type Make = Box<dyn Fn() -> Protection>;

/// Every kind of protection, with a name.
fn kinds() -> Vec<(String, Make)> {
    let mut kinds: Vec<(String, Make)> = Vec::new();
    for bulk in AEADS {
        kinds.push((format!("{bulk:?} 1.3"), Box::new(move || tls13(bulk))));
        kinds.push((format!("{bulk:?} 1.2"), Box::new(move || old(0x0303, bulk, Mac::None, false))));
    }
    for bulk in OTHERS {
        for mac in [Mac::Hmac(Digest::Md5), SHA1, Mac::Hmac(Digest::Sha256), Mac::Hmac(Digest::Sha384)] {
            for version in [0x0300, 0x0301, 0x0302, 0x0303] {
                let name = format!("{bulk:?} {mac:?} {version:x}");
                kinds.push((name.clone(), Box::new(move || old(version, bulk, mac, false))));
                if bulk.block_length() > 0 {
                    kinds.push((name + " etm", Box::new(move || old(version, bulk, mac, true))));
                }
            }
        }
    }
    kinds
}

#[test]
fn what_is_sealed_is_opened() {
    for (name, make) in kinds() {
        let (mut ours, mut theirs) = (make(), make());
        for (sequence, length) in [0, 1, 7, 15, 16, 17, 255, 256, 1000].into_iter().enumerate() {
            let sequence = sequence as u64;
            let plaintext: Vec<u8> = (0..length).map(|n| n as u8).collect();
            let sealed = ours.seal(sequence, 23, 0x0303, &plaintext, &honest(), &mut rng()).expect("sealed");
            assert_eq!(sealed.len(), length + ours.overhead(length), "{name}");
            assert_eq!(theirs.open(sequence, 23, 0x0303, &sealed).as_ref(), Ok(&plaintext), "{name}, {length}");
        }
    }
}

#[test]
fn nothing_that_was_changed_is_opened() {
    for (name, make) in kinds() {
        for length in [0, 20] {
            let seal = || make().seal(5, 23, 0x0303, &vec![9; length], &honest(), &mut rng()).expect("sealed");
            let sealed = seal();
            assert!(make().open(5, 23, 0x0303, &sealed).is_ok(), "{name}");
            for place in 0..sealed.len() {
                let mut wrong = sealed.clone();
                wrong[place] ^= 0x01;
                // SSL 3.0 does not say what padding is made of.
                let is_free = name.contains("Cbc") && name.ends_with(" 300") && place + 32 >= sealed.len();
                if !is_free {
                    assert!(make().open(5, 23, 0x0303, &wrong).is_err(), "{name}, byte {place} of {}", sealed.len());
                }
                let opened = make().open_unverified(5, 23, 0x0303, &wrong);
                assert!(is_free || !opened.verified, "{name}, byte {place}");
            }
            let without_version = name.contains(" 300");
            assert!(make().open(6, 23, 0x0303, &sealed).is_err(), "{name}");
            assert!(make().open(5, 22, 0x0303, &sealed).is_err(), "{name}");
            assert_eq!(make().open(5, 23, 0x0301, &sealed).is_ok(), without_version, "{name}");
            for cut in 1..=sealed.len() {
                assert!(make().open(5, 23, 0x0303, &sealed[..sealed.len() - cut]).is_err(), "{name}, less {cut}");
            }
        }
    }
}

#[test]
fn unverified_opening_gives_the_plaintext_though_the_tag_is_wrong() {
    for (name, make) in kinds() {
        let plaintext = b"something of more than a block's length".to_vec();
        let sealed = make().seal(5, 23, 0x0303, &plaintext, &honest(), &mut rng()).expect("sealed");
        assert!(make().open_unverified(5, 23, 0x0303, &sealed).verified, "{name}");
        // Another type spoils the tag and nothing else.
        let opened = make().open_unverified(5, 22, 0x0303, &sealed);
        assert_eq!((opened.plaintext, opened.verified), (plaintext, false), "{name}");
        let nothing = make().open_unverified(5, 23, 0x0303, &[]);
        assert_eq!((nothing.plaintext, nothing.verified), (Vec::new(), false), "{name}");
    }
}

#[test]
fn same_seed_same_bytes() {
    for (name, make) in kinds() {
        let seal =
            |seed| make().seal(1, 23, 0x0303, b"text", &honest(), &mut Rng::seed_from_u64(seed)).expect("sealed");
        assert_eq!(seal(1), seal(1), "{name}");
    }
    let seal = |seed| {
        old(0x0303, Bulk::Aes128Cbc, SHA1, false)
            .seal(1, 23, 0x0303, b"text", &honest(), &mut Rng::seed_from_u64(seed))
            .expect("sealed")
    };
    assert_ne!(seal(1), seal(2));
}

#[test]
fn every_part_of_an_aead_record_can_be_given() {
    for bulk in AEADS {
        let sealed =
            |overrides: &Overrides| tls13(bulk).seal(3, 23, 0x0303, b"text", overrides, &mut rng()).expect("sealed");
        let right = sealed(&honest());
        let mut nonce = keys(bulk, 12, Mac::None).iv;
        nonce[11] ^= 3;
        assert_eq!(sealed(&Overrides { nonce: Some(nonce.clone()), ..honest() }), right);
        nonce[11] ^= 4;
        assert_ne!(sealed(&Overrides { nonce: Some(nonce), ..honest() }), right);
        let length = (4 + bulk.tag_length()) as u8;
        assert_eq!(sealed(&Overrides { additional_data: Some(vec![23, 3, 3, 0, length]), ..honest() }), right);
        let other = sealed(&Overrides { additional_data: Some(vec![22, 3, 3, 0, length]), ..honest() });
        assert_eq!((&other[..4], other.len()), (&right[..4], right.len()));
        assert_ne!(other, right);
        assert_ne!(sealed(&Overrides { additional_data: Some(Vec::new()), ..honest() }), right);
        let tag = sealed(&Overrides { tag: Some(vec![1, 2, 3]), ..honest() });
        assert_eq!(tag, [&right[..4], &[1, 2, 3]].concat());
    }
}

#[test]
fn explicit_nonces_of_tls12() {
    for bulk in [Bulk::Aes128Gcm, Bulk::Aes128Ccm8, Bulk::Aria256Gcm] {
        let make = || old(0x0303, bulk, Mac::None, false);
        let sealed =
            |overrides: &Overrides| make().seal(3, 23, 0x0303, b"text", overrides, &mut rng()).expect("sealed");
        assert_eq!(sealed(&honest())[..8], 3u64.to_be_bytes());
        let given = sealed(&Overrides { explicit_nonce: Some(vec![7; 8]), ..honest() });
        assert_eq!(given[..8], [7; 8]);
        assert_eq!(make().open(3, 23, 0x0303, &given).expect("opened"), b"text");
        let full = [&keys(bulk, 4, Mac::None).iv[..], &[7; 8]].concat();
        assert_eq!(sealed(&Overrides { nonce: Some(full.clone()), ..honest() }), given);
        let elsewhere = sealed(&Overrides { nonce: Some(full), explicit_nonce: Some(vec![8; 8]), ..honest() });
        assert_eq!((&elsewhere[..8], &elsewhere[8..]), (&[8; 8][..], &given[8..]));
    }
    let make = || old(0x0303, Bulk::ChaCha20Poly1305, Mac::None, false);
    let sealed = make().seal(3, 23, 0x0303, b"text", &honest(), &mut rng()).expect("sealed");
    assert_eq!(sealed.len(), 4 + 16, "no explicit part");
}

#[test]
fn every_part_of_a_cbc_record_can_be_given() {
    for encrypt_then_mac in [false, true] {
        let make = || old(0x0303, Bulk::Aes128Cbc, SHA1, encrypt_then_mac);
        let sealed = |overrides: &Overrides| make().seal(3, 23, 0x0303, b"text", overrides, &mut rng());
        let right = sealed(&honest()).expect("sealed");
        let iv = sealed(&Overrides { iv: Some(vec![5; 16]), ..honest() }).expect("sealed");
        assert_eq!(iv[..16], [5; 16]);
        assert_eq!(make().open(3, 23, 0x0303, &iv).expect("opened"), b"text");
        assert!(matches!(sealed(&Overrides { iv: Some(vec![5; 15]), ..honest() }), Err(CryptoError::Input(_))));

        let mac = sealed(&Overrides { mac: Some(vec![5; 20]), ..honest() }).expect("sealed");
        assert_eq!(make().open(3, 23, 0x0303, &mac), Err(CryptoError::Verify("MAC")));
        assert_eq!(make().open_unverified(3, 23, 0x0303, &mac).plaintext, b"text");

        for blocks in [1, 2, 14] {
            let padded = sealed(&Overrides { padding_blocks: Some(blocks), ..honest() }).expect("sealed");
            assert_eq!(padded.len(), right.len() + 16 * usize::from(blocks));
            assert_eq!(make().open(3, 23, 0x0303, &padded).expect("opened"), b"text");
        }
        assert!(matches!(sealed(&Overrides { padding_blocks: Some(16), ..honest() }), Err(CryptoError::Input(_))));

        let count = if encrypt_then_mac { 11 } else { 7 };
        let padding = |bytes: Vec<u8>| Overrides { padding: Some(bytes), ..honest() };
        let same = sealed(&padding(vec![count as u8; count])).expect("sealed");
        assert_eq!(same, right);
        for place in 0..count {
            let mut wrong = vec![count as u8; count];
            wrong[place] ^= 1;
            let wrong = sealed(&padding(wrong)).expect("sealed");
            assert_eq!(make().open(3, 23, 0x0303, &wrong), Err(CryptoError::Verify("padding")), "byte {place}");
            assert_eq!(make().open_unverified(3, 23, 0x0303, &wrong).plaintext, b"text");
        }
        assert!(matches!(sealed(&padding(vec![0; count + 1])), Err(CryptoError::Input(_))));
        for length in [0, count as u8 - 1, count as u8 + 1, 255] {
            let wrong = sealed(&Overrides { padding_length: Some(length), ..honest() }).expect("sealed");
            // No padding at all is right where the MAC lies elsewhere, only that the text is longer then.
            let opened = make().open(3, 23, 0x0303, &wrong);
            assert_eq!(opened.is_ok(), encrypt_then_mac && length == 0, "{length}");
            assert_ne!(opened.as_deref(), Ok(&b"text"[..]));
        }
    }
}

#[test]
fn in_ssl3_padding_is_shorter_than_a_block_and_of_any_bytes() {
    let make = || old(0x0300, Bulk::Aes128Cbc, SHA1, false);
    let sealed = |overrides: &Overrides| make().seal(3, 23, 0x0300, b"text", overrides, &mut rng()).expect("sealed");
    let free = sealed(&Overrides { padding: Some(vec![1, 2, 3, 4, 5, 6, 7]), ..honest() });
    assert_eq!(make().open(3, 23, 0x0300, &free).expect("opened"), b"text");
    let longer = sealed(&Overrides { padding_blocks: Some(1), ..honest() });
    assert_eq!(make().open(3, 23, 0x0300, &longer), Err(CryptoError::Verify("padding")));
}

#[test]
fn streams_and_chains_go_on_from_record_to_record() {
    for (bulk, version) in [(Bulk::Rc4_128, 0x0303), (Bulk::Aes128Cbc, 0x0301), (Bulk::TripleDesCbc, 0x0300)] {
        let (mut ours, mut theirs) = (old(version, bulk, SHA1, false), old(version, bulk, SHA1, false));
        let mut seal = |sequence| ours.seal(sequence, 23, version, b"text", &honest(), &mut rng()).expect("sealed");
        let (first, second) = (seal(0), seal(1));
        assert!(old(version, bulk, SHA1, false).open(1, 23, version, &second).is_err(), "{bulk:?}");
        assert_eq!(theirs.open(0, 23, version, &first).expect("opened"), b"text");
        assert_eq!(theirs.open(1, 23, version, &second).expect("opened"), b"text");
        // A wrong MAC moves the state on all the same.
        let mut theirs = old(version, bulk, SHA1, false);
        assert!(theirs.open(7, 23, version, &first).is_err());
        assert_eq!(theirs.open(1, 23, version, &second).expect("opened"), b"text");
    }
}

#[test]
fn keys_of_wrong_length_and_ciphers_that_are_missing() {
    for bulk in AEADS.into_iter().chain(OTHERS) {
        let mut keys = keys(bulk, bulk.fixed_iv_length(), SHA1);
        keys.key.push(0);
        assert!(matches!(Protection::tls12(0x0301, bulk, SHA1, false, keys), Err(CryptoError::Input(_))), "{bulk:?}");
    }
    assert!(matches!(
        Protection::tls13_from_keys(Bulk::Aes128Gcm, keys(Bulk::Aes128Gcm, 11, Mac::None)),
        Err(CryptoError::Input(_))
    ));
    assert!(Protection::tls13_from_keys(Bulk::Aes128Cbc, keys(Bulk::Aes128Cbc, 12, Mac::None)).is_err());
    for bulk in [Bulk::Rc4_40, Bulk::Des40Cbc, Bulk::Camellia128Gcm, Bulk::Camellia256Gcm] {
        assert!(!bulk.is_supported());
        let keys = keys(bulk, bulk.fixed_iv_length(), SHA1);
        assert!(matches!(Protection::tls12(0x0301, bulk, SHA1, false, keys), Err(CryptoError::Unsupported(_))));
    }
    assert!(AEADS.into_iter().chain(OTHERS).all(Bulk::is_supported));
}

#[test]
fn keys_of_a_traffic_secret() {
    let protection = Protection::tls13(Bulk::ChaCha20Poly1305, Digest::Sha256, &[1; 32]).expect("keys");
    assert_eq!((protection.keys().key.len(), protection.keys().iv.len()), (32, 12));
    assert_eq!(protection.overhead(100), 16);
}

/// Each part of a CBC record and of an AEAD record can be changed once it has its honest value.
#[test]
fn every_part_can_be_changed() {
    use std::sync::Arc;
    let flipping = |wanted: &'static str| Overrides {
        alter: Some(Arc::new(move |part, bytes: &mut Vec<u8>| {
            if part == wanted {
                bytes[0] ^= 1;
            }
        })),
        ..honest()
    };
    for (part, opens) in [("mac", false), ("padding", false), ("padding_length", false), ("iv", true)] {
        let keys = || RecordKeys { key: vec![1; 16], iv: Vec::new(), mac_key: vec![2; 20] };
        let make = || Protection::tls12(0x0303, Bulk::Aes128Cbc, Mac::Hmac(Digest::Sha1), false, keys()).expect("made");
        let sealed = make().seal(0, 23, 0x0303, b"text", &flipping(part), &mut rng()).expect("sealed");
        assert_eq!(make().open(0, 23, 0x0303, &sealed).is_ok(), opens, "{part}");
    }
    for part in ["nonce", "tag"] {
        let make = || tls13(Bulk::Aes128Gcm);
        let sealed = make().seal(0, 23, 0x0303, b"text", &flipping(part), &mut rng()).expect("sealed");
        assert!(make().open(0, 23, 0x0303, &sealed).is_err(), "{part}");
    }
}
