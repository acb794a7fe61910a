//! Key exchange: both sides agree, seeds decide everything, and bad shares are told apart from good ones.

use gauntlet_crypto::{CryptoError, KeyShare, NamedGroup, Rng};
use openssl::bn::BigNum;
use openssl::derive::Deriver;
use openssl::pkey::{Id, PKey};
use rand_core::SeedableRng;

const ALL: [NamedGroup; 13] = [
    NamedGroup::SECP256R1,
    NamedGroup::SECP384R1,
    NamedGroup::SECP521R1,
    NamedGroup::X25519,
    NamedGroup::X448,
    NamedGroup::FFDHE2048,
    NamedGroup::FFDHE3072,
    NamedGroup::FFDHE4096,
    NamedGroup::FFDHE6144,
    NamedGroup::FFDHE8192,
    NamedGroup::SECP256R1MLKEM768,
    NamedGroup::X25519MLKEM768,
    NamedGroup::SECP384R1MLKEM1024,
];

fn rng(seed: u64) -> Rng {
    Rng::seed_from_u64(seed)
}

#[test]
fn both_sides_agree_and_shares_are_as_long_as_said() {
    for group in ALL {
        assert!(group.is_supported());
        let ours = KeyShare::generate(group, &mut rng(1)).expect("generated");
        assert_eq!(ours.group(), Some(group));
        assert_eq!(Some(ours.public().len()), group.share_length(true), "{group:?}");
        let (theirs, secret) = KeyShare::respond(group, ours.public(), &mut rng(2)).expect("responded");
        assert_eq!(Some(theirs.len()), group.share_length(false), "{group:?}");
        assert_eq!(ours.derive(&theirs).expect("derived"), secret, "{group:?}");
    }
}

#[test]
fn the_seed_decides() {
    for group in ALL {
        let share = |seed| KeyShare::generate(group, &mut rng(seed)).expect("generated").public().to_vec();
        assert_eq!(share(1), share(1), "{group:?}");
        assert_ne!(share(1), share(2), "{group:?}");
        let other = share(3);
        let respond = |seed| KeyShare::respond(group, &other, &mut rng(seed)).expect("responded");
        assert_eq!(respond(1), respond(1), "{group:?}");
        assert_ne!(respond(1), respond(2), "{group:?}");
    }
}

#[test]
fn unknown_groups_are_not_supported() {
    assert!(!NamedGroup(0x1a1a).is_supported());
    assert_eq!(NamedGroup(0x1a1a).share_length(true), None);
    assert!(matches!(KeyShare::generate(NamedGroup(22), &mut rng(1)), Err(CryptoError::Unsupported(_))));
}

#[test]
fn shares_of_wrong_length_are_refused() {
    for group in ALL.into_iter().filter(|group| !(256..=260).contains(&group.0)) {
        let ours = KeyShare::generate(group, &mut rng(1)).expect("generated");
        let (theirs, _) = KeyShare::respond(group, ours.public(), &mut rng(2)).expect("responded");
        for wrong in [&theirs[1..], &theirs[..theirs.len() - 1], &[&theirs[..], &[0]].concat(), &[]] {
            assert!(matches!(ours.derive(wrong), Err(CryptoError::Input(_))), "{group:?}, {} bytes", wrong.len());
        }
        let longer = [ours.public(), &[0]].concat();
        for wrong in [&ours.public()[1..], &longer] {
            assert!(KeyShare::respond(group, wrong, &mut rng(2)).is_err(), "{group:?}");
        }
    }
}

#[test]
fn points_off_the_curve_are_refused() {
    for group in [NamedGroup::SECP256R1, NamedGroup::SECP384R1, NamedGroup::SECP521R1] {
        let ours = KeyShare::generate(group, &mut rng(1)).expect("generated");
        let mut theirs = KeyShare::generate(group, &mut rng(2)).expect("generated").public().to_vec();
        *theirs.last_mut().expect("not empty") ^= 1;
        assert!(matches!(ours.derive(&theirs), Err(CryptoError::Input(_))));
        assert!(matches!(ours.derive(&[0]), Err(CryptoError::Input(_))), "the point at infinity");
    }
}

#[test]
fn points_of_low_order_give_zeros() {
    for (group, length) in [(NamedGroup::X25519, 32), (NamedGroup::X448, 56)] {
        let ours = KeyShare::generate(group, &mut rng(1)).expect("generated");
        for point in [0, 1] {
            let mut low = vec![0; length];
            low[0] = point;
            assert_eq!(ours.derive(&low).expect("zeros"), vec![0; length]);
        }
    }
}

#[test]
fn an_encapsulation_key_that_is_not_reduced_is_refused() {
    let ours = KeyShare::generate(NamedGroup::X25519MLKEM768, &mut rng(1)).expect("generated");
    let mut wrong = ours.public().to_vec();
    wrong[..3].copy_from_slice(&[0xff; 3]);
    let refused = KeyShare::respond(NamedGroup::X25519MLKEM768, &wrong, &mut rng(2));
    assert!(matches!(refused, Err(CryptoError::Input(_))));
}

#[test]
fn hybrids_are_their_parts_in_the_order_of_their_names() {
    let seed = [7; 64];
    let x25519 = [9; 32];
    let alone = KeyShare::from_private(NamedGroup::X25519, &x25519).expect("key");
    let hybrid = KeyShare::from_private(NamedGroup::X25519MLKEM768, &[&seed[..], &x25519].concat()).expect("key");
    assert_eq!(hybrid.public()[1184..], *alone.public());
    let (theirs, secret) =
        KeyShare::respond(NamedGroup::X25519MLKEM768, hybrid.public(), &mut rng(1)).expect("responded");
    assert_eq!(secret[32..], alone.derive(&theirs[1088..]).expect("derived"));

    let scalar = [&[0; 31][..], &[9]].concat();
    let alone = KeyShare::from_private(NamedGroup::SECP256R1, &scalar).expect("key");
    let hybrid = KeyShare::from_private(NamedGroup::SECP256R1MLKEM768, &[&scalar, &seed[..]].concat()).expect("key");
    assert_eq!(hybrid.public()[..65], *alone.public());
    let (theirs, secret) =
        KeyShare::respond(NamedGroup::SECP256R1MLKEM768, hybrid.public(), &mut rng(1)).expect("responded");
    assert_eq!(secret[..32], alone.derive(&theirs[..65]).expect("derived"));
    assert_eq!(secret.len(), 64);
}

#[test]
fn montgomery_curves_agree_with_openssl() {
    for (group, id) in [(NamedGroup::X25519, Id::X25519), (NamedGroup::X448, Id::X448)] {
        for seed in 0..20 {
            let ours = KeyShare::generate(group, &mut rng(seed)).expect("generated");
            let theirs = PKey::private_key_from_raw_bytes(&vec![seed as u8 + 1; ours.public().len()], id).expect("key");
            let peer = PKey::public_key_from_raw_bytes(ours.public(), id).expect("key");
            let mut deriver = Deriver::new(&theirs).expect("deriver");
            deriver.set_peer(&peer).expect("peer");
            let expected = deriver.derive_to_vec().expect("derived");
            assert_eq!(ours.derive(&theirs.raw_public_key().expect("raw")).expect("derived"), expected);
        }
    }
}

#[test]
fn finite_fields_pad_and_premasters_do_not() {
    // 3 generates the numbers below 257: some shared secrets fit in a byte less than the prime.
    let (p, g) = ([1, 1], [3]);
    let mut shorter = 0;
    for x in 1..=255u8 {
        let ours = KeyShare::from_private_dh(&p, &g, &[x]).expect("share");
        assert_eq!(ours.group(), None);
        assert_eq!(ours.public().len(), 2);
        let shared = ours.derive(&[5]).expect("derived");
        let mut expected = BigNum::new().expect("number");
        let mut context = openssl::bn::BigNumContext::new().expect("context");
        let number = |n| BigNum::from_u32(n).expect("number");
        expected.mod_exp(&number(5), &number(u32::from(x)), &number(257), &mut context).expect("power");
        assert_eq!(shared, expected.to_vec_padded(2).expect("padded"));
        assert_eq!(ours.premaster(&[5]).expect("derived"), expected.to_vec());
        shorter += usize::from(expected.num_bytes() < 2);
    }
    assert!(shorter > 200);
    let curve = KeyShare::generate(NamedGroup::X25519, &mut rng(1)).expect("share");
    assert_eq!(curve.premaster(&[0; 32]).expect("derived"), [0; 32]);
}

#[test]
fn explicit_parameters_are_taken_as_they_come() {
    let (p, g) = NamedGroup::FFDHE2048.prime_and_generator().expect("a field");
    let ours = KeyShare::generate_dh(&p, &g, &mut rng(1)).expect("share");
    let theirs = KeyShare::generate(NamedGroup::FFDHE2048, &mut rng(2)).expect("share");
    assert_eq!(ours.derive(theirs.public()).expect("derived"), theirs.derive(ours.public()).expect("derived"));
    // Nonsense that a server may send: a modulus of one, an even one; none at all cannot be computed with.
    assert_eq!(KeyShare::generate_dh(&[1], &[2], &mut rng(1)).expect("share").public(), [0]);
    assert!(KeyShare::generate_dh(&[0x10, 0], &[3], &mut rng(1)).is_ok());
    assert!(matches!(KeyShare::generate_dh(&[0], &[2], &mut rng(1)), Err(CryptoError::Input(_))));
    assert!(matches!(KeyShare::generate_dh(&[], &[], &mut rng(1)), Err(CryptoError::Input(_))));
}

/// What is drawn, and in which order, is part of what a run's seed promises.
#[test]
fn what_a_seed_makes_stays() {
    let mut all = Vec::new();
    for group in ALL {
        let ours = KeyShare::generate(group, &mut rng(1)).expect("generated");
        all.extend_from_slice(ours.public());
        let (theirs, secret) = KeyShare::respond(group, ours.public(), &mut rng(2)).expect("responded");
        all.extend(theirs);
        all.extend(secret);
    }
    for kind in ["p256", "p384", "p521", "ed25519", "ed448"] {
        let key = gauntlet_crypto::PrivateKey::generate(kind, &mut rng(3)).expect("key");
        all.extend(key.to_pem());
        let scheme = key.schemes(true)[0];
        all.extend(key.sign(scheme, b"text", &mut rng(4)).expect("signed"));
    }
    let hash = hex::encode(gauntlet_crypto::Digest::Sha256.hash(&all));
    assert_eq!(hash, "3c2e7a47c429c9713e4c95c071695a77a5af53683ceeb9c5c81b58979274746d");
}
