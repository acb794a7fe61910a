//! The handshakes of RFC 8448, computed from nothing but private keys and hellos.

use std::collections::HashMap;

use gauntlet_crypto::{
    Bulk, Digest, KeyShare, NamedGroup, Overrides, PrivateKey, Protection, PublicKey, Rng, SignatureScheme, schedule13,
};
use gauntlet_vectors::kat::{Trace, TraceRecord, traces};
use rand_core::SeedableRng;

const SHA256: Digest = Digest::Sha256;

#[test]
fn simple_1rtt() {
    let replay = Replay::run("simple_1rtt");
    assert_eq!(replay.checked, 12 + 4 + 2);
    let trace = replay.trace;
    let psk = schedule13::resumption_psk(SHA256, &replay.secrets["resumption"], &trace.ticket_nonce);
    assert_eq!(psk, trace.resumption_psk[..]);
}

#[test]
fn resumed_0rtt() {
    assert_eq!(Replay::run("resumed_0rtt").checked, 18 + 5 + 2);
}

#[test]
fn hello_retry_request() {
    assert_eq!(Replay::run("hello_retry_request").checked, 1);
}

#[test]
fn client_authentication() {
    assert_eq!(Replay::run("client_authentication").checked, 1);
}

#[test]
fn compatibility_mode() {
    assert_eq!(Replay::run("compatibility_mode").checked, 1);
}

struct Replay {
    trace: &'static Trace,
    secrets: HashMap<String, Vec<u8>>,
    messages: Vec<u8>,
    protections: HashMap<(String, String), (Protection, u64)>,
    certificate: Vec<u8>,
    verify_data: HashMap<String, Vec<u8>>,
    /// How many of the trace's own values were compared.
    checked: usize,
}

impl Replay {
    fn run(name: &str) -> Replay {
        let trace = traces().trace(name).expect("in the file");
        let mut replay = Replay {
            trace,
            secrets: HashMap::new(),
            messages: Vec::new(),
            protections: HashMap::new(),
            certificate: Vec::new(),
            verify_data: HashMap::new(),
            checked: 0,
        };
        replay.derive_main();
        for record in &trace.records {
            match record.epoch.as_str() {
                "clear" => replay.clear(record),
                _ => replay.protected(record),
            }
        }
        replay.compare();
        replay
    }

    fn keep(&mut self, name: &str, secret: Vec<u8>) {
        self.secrets.insert(name.to_owned(), secret);
    }

    fn derive_main(&mut self) {
        let [client, server] = [0, 1].map(|place| {
            let key = &self.trace.keys[place];
            let share = KeyShare::from_private(NamedGroup(key.group), &key.private).expect("a key");
            assert_eq!(share.public(), &key.public[..]);
            share
        });
        let shared = client.derive(server.public()).expect("derived");
        assert_eq!(shared, server.derive(client.public()).expect("derived"));
        let early = schedule13::early_secret(SHA256, &self.trace.psk);
        let handshake = schedule13::handshake_secret(SHA256, &early, &shared);
        let empty = SHA256.hash(&[]);
        self.keep("derived_for_handshake", schedule13::derive_secret(SHA256, &early, b"derived", &empty));
        self.keep("derived_for_main", schedule13::derive_secret(SHA256, &handshake, b"derived", &empty));
        self.keep("main", schedule13::main_secret(SHA256, &handshake));
        self.keep("shared", shared);
        self.keep("early", early);
        self.keep("handshake", handshake);
    }

    fn derive(&mut self, name: &str, from: &str, label: &str) {
        let hash = SHA256.hash(&self.messages);
        let secret = schedule13::derive_secret(SHA256, &self.secrets[from], label.as_bytes(), &hash);
        if let Some((side, epoch)) = name.strip_suffix("_traffic").and_then(|name| name.split_once('_')) {
            let protection = Protection::tls13(Bulk::Aes128Gcm, SHA256, &secret).expect("protection");
            self.protections.insert((side.to_owned(), epoch.to_owned()), (protection, 0));
        }
        self.keep(name, secret);
    }

    fn clear(&mut self, record: &TraceRecord) {
        for message in &record.messages {
            assert_eq!(&record.bytes[5..], &message[..]);
            let is_retry = message[0] == 2 && message[6..10] == [0xcf, 0x21, 0xad, 0x74];
            if is_retry {
                let hash = SHA256.hash(&self.messages);
                self.messages = [&[254, 0, 0, 32], &hash[..]].concat();
            }
            self.messages.extend_from_slice(message);
            if message[0] == 1 && !self.trace.psk.is_empty() {
                self.binder(message);
                self.derive("client_early_traffic", "early", "c e traffic");
                self.derive("early_exporter", "early", "e exp master");
            }
            if message[0] == 2 && !is_retry {
                self.derive("client_handshake_traffic", "handshake", "c hs traffic");
                self.derive("server_handshake_traffic", "handshake", "s hs traffic");
            }
        }
    }

    fn binder(&mut self, hello: &[u8]) {
        // Behind the truncated hello: length of the list, length of the binder, binder.
        let hash = SHA256.hash(&hello[..hello.len() - 35]);
        let key = schedule13::derive_secret(SHA256, &self.secrets["early"], b"res binder", &SHA256.hash(&[]));
        let binder = schedule13::verify_data(SHA256, &key, &hash);
        assert_eq!(binder, hello[hello.len() - 32..]);
        self.keep("binder_finished_key", schedule13::expand_label(SHA256, &key, b"finished", &[], 32));
        self.keep("binder_hash", hash);
        self.keep("binder_key", key);
        self.keep("binder", binder);
    }

    fn protected(&mut self, record: &TraceRecord) {
        let place = (record.from.clone(), record.epoch.clone());
        let (protection, sequence) = self.protections.get_mut(&place).expect("keys");
        let inner = protection.open(*sequence, 23, 0x0303, &record.bytes[5..]).expect("opened");
        let rng = &mut Rng::seed_from_u64(0);
        let sealed = protection.seal(*sequence, 23, 0x0303, &inner, &Overrides::default(), rng).expect("sealed");
        assert_eq!(sealed, record.bytes[5..]);
        for place in 5..record.bytes.len() {
            let mut wrong = record.bytes[5..].to_vec();
            wrong[place - 5] ^= 0x10;
            assert!(protection.open(*sequence, 23, 0x0303, &wrong).is_err(), "byte {place} may be wrong");
        }
        assert!(protection.open(*sequence + 1, 23, 0x0303, &record.bytes[5..]).is_err());
        *sequence += 1;
        if record.messages.is_empty() {
            assert_eq!(inner, [&record.content[..], &[record.content_type]].concat());
            return;
        }
        let messages: Vec<u8> = record.messages.iter().flat_map(|message| message.to_vec()).collect();
        assert_eq!(inner, [&messages[..], &[22]].concat());
        if record.epoch != "application" {
            record.messages.iter().for_each(|message| self.message(&record.from, message));
        }
    }

    fn message(&mut self, from: &str, message: &[u8]) {
        match message[0] {
            // Context, list and entry lengths come first; there is one certificate and no extension.
            11 => self.certificate = message[4 + 1 + 3 + 3..message.len() - 2].to_vec(),
            15 => self.certificate_verify(from, message),
            20 => {
                let secret = &self.secrets[&format!("{from}_handshake_traffic")];
                let expected = schedule13::verify_data(SHA256, secret, &SHA256.hash(&self.messages));
                assert_eq!(message[4..], expected);
                self.verify_data.insert(from.to_owned(), expected);
            }
            _ => {}
        }
        self.messages.extend_from_slice(message);
        if message[0] == 20 && from == "server" {
            self.derive("client_application_traffic", "main", "c ap traffic");
            self.derive("server_application_traffic", "main", "s ap traffic");
            self.derive("exporter", "main", "exp master");
        } else if message[0] == 20 {
            self.derive("resumption", "main", "res master");
        }
    }

    fn certificate_verify(&mut self, from: &str, message: &[u8]) {
        let scheme = SignatureScheme(u16::from_be_bytes([message[4], message[5]]));
        let context = format!("TLS 1.3, {from} CertificateVerify\0");
        let signed = [&[0x20; 64], context.as_bytes(), &SHA256.hash(&self.messages)].concat();
        let key = PublicKey::from_certificate(&self.certificate).expect("a certificate");
        key.verify(scheme, &signed, &message[8..], true).expect("the RFC's signature");
        let mut wrong = message[8..].to_vec();
        *wrong.last_mut().expect("not empty") ^= 1;
        assert!(key.verify(scheme, &signed, &wrong, true).is_err());
        assert!(key.verify(scheme, &signed[1..], &message[8..], true).is_err());

        if from == "server" && key.is_rsa() {
            let own = PrivateKey::from_pem(traces().server_private_key.as_bytes()).expect("a key");
            assert_eq!(own.public().spki(), key.spki());
            let made = own.sign(scheme, &signed, &mut Rng::seed_from_u64(3)).expect("signed");
            key.verify(scheme, &signed, &made, true).expect("our signature");
        }
    }

    /// Everything that the RFC prints is what came out here.
    fn compare(&mut self) {
        for (name, secret) in &self.trace.secrets {
            assert_eq!(self.secrets[name], secret[..], "{name}");
            self.checked += 1;
        }
        for (name, keys) in &self.trace.traffic_keys {
            let protection =
                Protection::tls13(Bulk::Aes128Gcm, SHA256, &self.secrets[&format!("{name}_traffic")]).expect("keys");
            assert_eq!(
                (&protection.keys().key[..], &protection.keys().iv[..]),
                (&keys.key[..], &keys.iv[..]),
                "{name}"
            );
            self.checked += 1;
        }
        for (side, expected) in &self.trace.verify_data {
            assert_eq!(self.verify_data[side], expected[..], "{side}");
            self.checked += 1;
        }
    }
}
