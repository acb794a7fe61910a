//! Against answers that another implementation has made (`vectors/kat/derive.py`: Python's hashes, the ciphers of its
//! package `cryptography`, ARIA of the system's `openssl`), where no RFC publishes any.

mod common;

use common::{bulk, digest};
use gauntlet_crypto::schedule12::{self, Prf};
use gauntlet_crypto::{KeyShare, Mac, NamedGroup, Overrides, Protection, RecordKeys, Rng, schedule13};
use gauntlet_vectors::kat::{RecordVector, derived};
use rand_core::SeedableRng;
use std::collections::BTreeSet;

#[test]
fn secrets_of_ssl_3_0_to_tls_1_2() {
    let mut versions = BTreeSet::new();
    for vector in &derived().derivations {
        let what = format!("{:04x} {}, {} bytes", vector.version, vector.digest, vector.premaster.len());
        let prf = Prf { version: vector.version, digest: digest(&vector.digest) };
        let (client, server) = (&vector.client_random[..], &vector.server_random[..]);
        let master = prf.master_secret(&vector.premaster, client, server);
        assert_eq!(master, vector.master_secret[..], "{what}");
        assert_eq!(prf.key_block(&master, client, server, 200), vector.key_block[..], "{what}");
        for (is_client, right) in [(true, &vector.client_verify_data), (false, &vector.server_verify_data)] {
            assert_eq!(prf.verify_data(&master, is_client, &vector.messages), right[..], "{what}");
        }
        if vector.version == 0x0300 {
            assert_eq!(prf.ssl3_signed_hash(&master, &vector.messages), vector.signed_hash[..], "{what}");
        } else {
            let hash = prf.hash().hash(&vector.messages);
            let extended = prf.extended_master_secret(&vector.premaster, &hash);
            assert_eq!(extended, vector.extended_master_secret[..], "{what}");
            for (context, right) in
                [(None, &vector.exported), (Some(&vector.context[..]), &vector.exported_with_context)]
            {
                let value = prf.exporter(&master, client, server, vector.label.as_bytes(), context, 40);
                assert_eq!(value, right[..], "{what}");
            }
        }
        versions.insert(vector.version);
    }
    assert_eq!(versions, BTreeSet::from([0x0300, 0x0301, 0x0302, 0x0303]));
}

#[test]
fn exporters_of_tls_1_3() {
    for vector in &derived().exporters {
        let digest = digest(&vector.digest);
        for (context, right) in [(&[][..], &vector.exported), (&vector.context, &vector.exported_with_context)] {
            let value = schedule13::exporter(digest, &vector.exporter_secret, vector.label.as_bytes(), context, 40);
            assert_eq!(value, right[..], "{}", vector.digest);
        }
    }
    assert_eq!(derived().exporters.len(), 2);
}

#[test]
fn premaster_secrets_with_a_pre_shared_key() {
    for vector in &derived().premasters {
        assert_eq!(schedule12::psk_premaster(&vector.other, &vector.psk), vector.premaster[..], "{}", vector.kind);
    }
    assert_eq!(derived().premasters.len(), 4);
}

fn protection(vector: &RecordVector) -> Protection {
    let bulk = bulk(&vector.bulk);
    let keys = RecordKeys { key: vector.key.to_vec(), iv: vector.iv.to_vec(), mac_key: vector.mac_key.to_vec() };
    let mac = if vector.mac.is_empty() { Mac::None } else { Mac::Hmac(digest(&vector.mac)) };
    let made = match vector.version {
        0x0304 => Protection::tls13_from_keys(bulk, keys),
        version => Protection::tls12(version, bulk, mac, vector.encrypt_then_mac, keys),
    };
    made.expect("keys")
}

#[test]
fn records() {
    let mut ciphers = BTreeSet::new();
    for vector in &derived().records {
        let what = format!("{:04x} {} {} {}", vector.version, vector.bulk, vector.mac, vector.encrypt_then_mac);
        // An IV that is drawn is given; a nonce that is counted is our own doing.
        let drawn = vector.bulk.ends_with("cbc") && !vector.explicit.is_empty();
        let given = Overrides { iv: drawn.then(|| vector.explicit.to_vec()), ..Overrides::default() };
        let (sequence, kind, wire) = (vector.sequence, vector.content_type, vector.version.min(0x0303));
        let sealed =
            protection(vector).seal(sequence, kind, wire, &vector.plaintext, &given, &mut Rng::seed_from_u64(0));
        assert_eq!(sealed.expect("sealed"), vector.fragment[..], "{what}");
        let opened = protection(vector).open(sequence, kind, wire, &vector.fragment);
        assert_eq!(opened.expect("opened"), vector.plaintext[..], "{what}");
        ciphers.insert(vector.bulk.as_str());
    }
    assert_eq!(ciphers.len(), 18, "{ciphers:?}");
}

#[test]
fn finite_fields() {
    for vector in &derived().fields {
        let share = KeyShare::from_private(NamedGroup(vector.group), &vector.private).expect("a key");
        assert_eq!(share.public(), &vector.public[..], "{}", vector.group);
        assert_eq!(share.derive(&vector.other_public).expect("derived"), vector.shared[..], "{}", vector.group);
        assert_eq!(share.premaster(&vector.other_public).expect("derived"), vector.premaster[..], "{}", vector.group);
    }
    assert_eq!(derived().fields.len(), 5);
    assert!(derived().fields.iter().any(|vector| vector.shared.len() > vector.premaster.len()), "no leading zero");
}

#[test]
fn hybrids() {
    for vector in &derived().hybrids {
        let share = KeyShare::from_private(NamedGroup(vector.group), &vector.private).expect("a key");
        assert_eq!(share.public(), &vector.public[..], "{}", vector.group);
        assert_eq!(share.derive(&vector.other_public).expect("derived"), vector.shared[..], "{}", vector.group);
    }
    assert_eq!(derived().hybrids.len(), 3);
}
