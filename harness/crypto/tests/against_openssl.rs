//! Every suite in every version, spoken by OpenSSL with itself, opened and sealed again by us.
//!
//! This process loads the legacy provider for everybody, so that the reference speaks RC4; nothing else may be tested here.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::rc::Rc;
use std::sync::{Arc, Mutex, OnceLock};

use foreign_types_shared::ForeignTypeRef;
use gauntlet_crypto::schedule12::{Prf, psk_premaster};
use gauntlet_crypto::{
    Authentication, Bulk, CipherSuite, Digest, KeyExchange, Mac, Overrides, PrivateKey, Protection, PublicKey,
    RecordKeys, Rng, SignatureScheme, SuiteInfo, schedule13,
};
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::dh::Dh;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::provider::Provider;
use openssl::rsa::Rsa;
use openssl::ssl::{Ssl, SslContext, SslContextBuilder, SslMethod, SslOptions, SslStream, SslVerifyMode, SslVersion};
use openssl::x509::{X509, X509Name};
use rand_core::SeedableRng;

const PSK: &[u8] = b"a secret shared before";

#[test]
fn every_suite_of_every_old_version() {
    let mut played = 0;
    let mut bulks = std::collections::HashSet::new();
    for info in CipherSuite::all().iter().filter(|info| info.is_playable() && info.bulk != Bulk::Null || is_null(info))
    {
        if info.key_exchange == KeyExchange::Tls13 || info.authentication == Authentication::Dss {
            continue;
        }
        for version in [0x0300, 0x0301, 0x0302, 0x0303] {
            for encrypt_then_mac in [false, true] {
                let is_cbc = info.bulk.block_length() > 0;
                if encrypt_then_mac && (!is_cbc || version == 0x0300) {
                    continue;
                }
                if let Some(session) = Session::shake_hands(info, version, encrypt_then_mac) {
                    session.check();
                    played += 1;
                    bulks.insert(info.bulk);
                }
            }
        }
    }
    assert!(played >= 480, "only {played} handshakes");
    // All but ARIA in CBC mode and single DES, which OpenSSL does not have in TLS.
    assert_eq!(bulks.len(), 16, "{bulks:?}");
}

#[test]
fn every_suite_of_tls13() {
    for code in 0x1301..=0x1305 {
        let info = CipherSuite(code).info().expect("in the table");
        Session::shake_hands(info, 0x0304, false).expect("OpenSSL has all five").check13();
    }
}

fn is_null(info: &SuiteInfo) -> bool {
    info.bulk == Bulk::Null && info.mac != Mac::None && info.key_exchange != KeyExchange::Other
}

#[derive(Default)]
struct Pipe {
    waiting: VecDeque<u8>,
    log: Vec<u8>,
}

#[derive(Clone)]
struct End {
    input: Rc<RefCell<Pipe>>,
    output: Rc<RefCell<Pipe>>,
}

impl Read for End {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut input = self.input.borrow_mut();
        if input.waiting.is_empty() { Err(io::ErrorKind::WouldBlock.into()) } else { input.waiting.read(buffer) }
    }
}

impl Write for End {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut output = self.output.borrow_mut();
        output.waiting.extend(bytes);
        output.log.extend(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Session {
    info: &'static SuiteInfo,
    version: u16,
    encrypt_then_mac: bool,
    client: SslStream<End>,
    server: SslStream<End>,
    key_log: Arc<Mutex<Vec<String>>>,
    rng: Rng,
}

type Record = (u8, u16, Vec<u8>);

fn records(mut bytes: &[u8]) -> Vec<Record> {
    let mut records = Vec::new();
    while let Some((header, rest)) = bytes.split_at_checked(5) {
        let length = usize::from(u16::from_be_bytes([header[3], header[4]]));
        records.push((header[0], u16::from_be_bytes([header[1], header[2]]), rest[..length].to_vec()));
        bytes = &rest[length..];
    }
    records
}

impl Session {
    fn shake_hands(info: &'static SuiteInfo, version: u16, encrypt_then_mac: bool) -> Option<Session> {
        let key_log = Arc::new(Mutex::new(Vec::new()));
        let client = context(info, version, encrypt_then_mac, Some(key_log.clone()))?;
        let server = context(info, version, encrypt_then_mac, None)?;
        let pipes: [Rc<RefCell<Pipe>>; 2] = Default::default();
        let ends = [(0, 1), (1, 0)].map(|(i, o)| End { input: pipes[i].clone(), output: pipes[o].clone() });
        let [at_client, at_server] = ends;
        let mut client = SslStream::new(Ssl::new(&client).expect("ssl"), at_client).expect("stream");
        let mut server = SslStream::new(Ssl::new(&server).expect("ssl"), at_server).expect("stream");
        for _ in 0..6 {
            let _ = client.connect();
            let _ = server.accept();
        }
        let done = client.ssl().is_init_finished() && server.ssl().is_init_finished();
        let spoken = client.ssl().version2()?;
        drop(openssl::error::ErrorStack::get());
        (done && spoken == wanted(version)).then(|| Session {
            info,
            version,
            encrypt_then_mac,
            client,
            server,
            key_log,
            rng: Rng::seed_from_u64(7),
        })
    }

    fn name(&self) -> String {
        format!("{} {:#06x} etm={}", self.info.name, self.version, self.encrypt_then_mac)
    }

    fn master(&self) -> Vec<u8> {
        let mut master = vec![0; 48];
        let session = self.client.ssl().session().expect("a session");
        assert_eq!(session.master_key(&mut master), 48);
        master
    }

    fn randoms(&self) -> ([u8; 32], [u8; 32]) {
        let (mut client, mut server) = ([0; 32], [0; 32]);
        self.client.ssl().client_random(&mut client);
        self.client.ssl().server_random(&mut server);
        (client, server)
    }

    fn protections(&self) -> [Protection; 2] {
        let (info, prf) = (self.info, Prf { version: self.version, digest: self.info.prf });
        let (client, server) = self.randoms();
        let lengths = [info.mac.length(), info.bulk.key_length(), info.bulk.key_block_iv_length(self.version)];
        let total: usize = lengths.iter().sum();
        let block = prf.key_block(&self.master(), &client, &server, 2 * total);
        let mut rest = &block[..];
        let mut parts = Vec::new();
        for length in lengths.iter().flat_map(|length| [length, length]) {
            let (part, behind) = rest.split_at(*length);
            parts.push(part.to_vec());
            rest = behind;
        }
        [0, 1].map(|side| {
            let [mac_key, key, iv] = [0, 2, 4].map(|part| parts[part + side].clone());
            Protection::tls12(self.version, info.bulk, info.mac, self.encrypt_then_mac, RecordKeys { key, iv, mac_key })
                .unwrap_or_else(|error| panic!("{}: {error}", self.name()))
        })
    }

    fn check(mut self) {
        let name = self.name();
        for length in [0, 1, 15, 16, 17, 300] {
            self.client.ssl_write(&vec![b'c'; length.max(1)]).expect("written");
            self.server.ssl_write(&vec![b's'; length.max(1)]).expect("written");
        }
        let to_server = records(&self.client.get_ref().output.borrow().log);
        let to_client = records(&self.server.get_ref().output.borrow().log);
        let mut messages = Transcript::new(&to_server, &to_client);
        let [mut from_client, mut from_server] = self.protections();
        let prf = Prf { version: self.version, digest: self.info.prf };
        let master = self.master();
        self.check_master(&prf, &messages.all, &to_server);

        for (is_client, protection, records) in
            [(true, &mut from_client, &to_server), (false, &mut from_server, &to_client)]
        {
            let mut received = Vec::new();
            let start = records.iter().position(|(kind, ..)| *kind == 20).expect("ChangeCipherSpec") + 1;
            for (sequence, (kind, version, fragment)) in records[start..].iter().enumerate() {
                let sequence = sequence as u64;
                let opened = protection
                    .open(sequence, *kind, *version, fragment)
                    .unwrap_or_else(|error| panic!("{name}, record {sequence}: {error}"));
                assert_eq!(fragment.len() - opened.len(), protection.overhead(opened.len()), "{name}");
                let again = protection
                    .seal(sequence, *kind, *version, &opened, &self.as_sent(fragment), &mut self.rng)
                    .expect("sealed");
                assert_eq!(&again, fragment, "{name}, record {sequence} sealed again");
                if sequence == 0 {
                    let expected = prf.verify_data(&master, is_client, &messages.all);
                    assert_eq!(opened[4..], expected, "{name}: Finished, client {is_client}");
                    messages.all.extend_from_slice(&opened);
                } else {
                    received.extend(opened);
                }
            }
            assert_eq!(received.len(), 1 + 1 + 15 + 16 + 17 + 300, "{name}");
        }
        self.check_exporter(&prf, &master);
        self.send_ours(from_client, to_server.iter().rev().take_while(|(kind, ..)| *kind != 20).count() as u64);
    }

    /// What of a record is chance: explicit IVs and nonces, as they came.
    fn as_sent(&self, fragment: &[u8]) -> Overrides {
        let length = if self.version >= 0x0302 { self.info.bulk.record_iv_length() } else { 0 };
        let sent = (length > 0).then(|| fragment[..length].to_vec());
        if self.info.bulk.is_aead() {
            Overrides { explicit_nonce: sent, ..Overrides::default() }
        } else {
            Overrides { iv: sent, ..Overrides::default() }
        }
    }

    /// RSA key exchange can be opened with the server's key, and plain PSK has nothing secret to us.
    fn check_master(&self, prf: &Prf, messages: &[u8], to_server: &[Record]) {
        let premaster = match self.info.key_exchange {
            KeyExchange::Psk => psk_premaster(&vec![0; PSK.len()], PSK),
            KeyExchange::Rsa => {
                let body = to_server.iter().find(|(kind, _, body)| *kind == 22 && body[0] == 16).expect("key exchange");
                let key = PrivateKey::from_pem(&keys().0.private_key_to_pem_pkcs8().expect("PEM")).expect("key");
                let encrypted = if self.version == 0x0300 { &body.2[4..] } else { &body.2[6..] };
                key.rsa_raw_decrypt(encrypted).expect("decrypted")[256 - 48..].to_vec()
            }
            _ => return,
        };
        let (client, server) = self.randoms();
        let master = if self.client.ssl().extms_support() == Some(true) {
            // Up to and with the ClientKeyExchange: a CertificateVerify comes behind it.
            let mut covered = split(messages);
            covered.retain(|message| message[0] != 15);
            prf.extended_master_secret(&premaster, &prf.hash().hash(&covered.concat()))
        } else {
            prf.master_secret(&premaster, &client, &server)
        };
        assert_eq!(master, self.master(), "{}: master secret", self.name());
    }

    fn check_exporter(&self, prf: &Prf, master: &[u8]) {
        if self.version == 0x0300 {
            return;
        }
        let (client, server) = self.randoms();
        for context in [None, Some(&b""[..]), Some(&b"context"[..])] {
            let mut expected = [0; 50];
            self.client.ssl().export_keying_material(&mut expected, "EXPERIMENTAL test", context).expect("exported");
            let ours = prf.exporter(master, &client, &server, b"EXPERIMENTAL test", context, 50);
            assert_eq!(ours, expected, "{}: exporter", self.name());
        }
    }

    /// A record of ours is taken by the server, and one with a byte changed is not.
    fn send_ours(mut self, mut from_client: Protection, sequence: u64) {
        let mut buffer = [0; 1000];
        while self.server.ssl_read(&mut buffer).is_ok() {}
        let honest = Overrides::default();
        let fragment = from_client.seal(sequence, 23, self.version, b"ours", &honest, &mut self.rng).expect("sealed");
        self.inject(23, &fragment);
        assert_eq!(self.server.ssl_read(&mut buffer).ok(), Some(4), "{}", self.name());
        assert_eq!(&buffer[..4], b"ours");

        // Room to pad for every block size: the server must look at all of the padding.
        let padded = Overrides { padding_blocks: Some(3), ..honest };
        let mut fragment =
            from_client.seal(sequence + 1, 23, self.version, b"more", &padded, &mut self.rng).expect("sealed");
        self.inject(23, &fragment.clone());
        let taken = self.server.ssl_read(&mut buffer).ok();
        assert_eq!(taken, if self.version == 0x0300 && self.info.bulk.block_length() > 0 { None } else { Some(4) });
        if taken.is_some() {
            fragment =
                from_client.seal(sequence + 2, 23, self.version, b"last", &padded, &mut self.rng).expect("sealed");
            *fragment.last_mut().expect("not empty") ^= 1;
            self.inject(23, &fragment);
            assert!(self.server.ssl_read(&mut buffer).is_err(), "{} takes what is wrong", self.name());
        }
        drop(openssl::error::ErrorStack::get());
    }

    fn inject(&self, kind: u8, fragment: &[u8]) {
        let mut pipe = self.server.get_ref().input.borrow_mut();
        pipe.waiting.extend([kind]);
        pipe.waiting.extend(self.version.min(0x0303).to_be_bytes());
        pipe.waiting.extend((fragment.len() as u16).to_be_bytes());
        pipe.waiting.extend(fragment);
    }

    fn secret(&self, label: &str) -> Vec<u8> {
        let log = self.key_log.lock().expect("not poisoned");
        let line = log.iter().find(|line| line.starts_with(&format!("{label} "))).expect("logged");
        hex::decode(line.rsplit(' ').next().expect("fields")).expect("hex")
    }

    fn check13(mut self) {
        let (name, digest) = (self.name(), self.info.prf);
        self.client.ssl_write(b"from the client").expect("written");
        // SAFETY: the pointer is that of a live connection.
        unsafe { assert_eq!(SSL_key_update(self.client.ssl().as_ptr(), 0), 1) };
        self.client.ssl_write(b"under the next key").expect("written");
        self.server.ssl_write(b"from the server").expect("written");
        let to_server = records(&self.client.get_ref().output.borrow().log);
        let to_client = records(&self.server.get_ref().output.borrow().log);
        let mut hash = digest.start();
        hash.update(&to_server[0].2);
        hash.update(&to_client[0].2);

        let mut plain = Vec::new();
        for (side, label, records) in
            [("SERVER", "from the server", &to_client), ("CLIENT", "from the client", &to_server)]
        {
            let secret = self.secret(&format!("{side}_HANDSHAKE_TRAFFIC_SECRET"));
            let handshake = Protection::tls13(self.info.bulk, digest, &secret).expect("keys");
            let first = self.secret(&format!("{side}_TRAFFIC_SECRET_0"));
            let application = Protection::tls13(self.info.bulk, digest, &first).expect("keys");
            let next = schedule13::next_traffic_secret(digest, &first);
            let next = Protection::tls13(self.info.bulk, digest, &next).expect("keys");
            let mut epochs = VecDeque::from([handshake, application, next]);
            let mut sequence = 0;
            for (_, version, fragment) in records.iter().filter(|(kind, ..)| *kind == 23) {
                let opened = epochs[0].open(sequence, 23, *version, fragment).expect("opened");
                let again = epochs[0].seal(sequence, 23, *version, &opened, &Overrides::default(), &mut self.rng);
                assert_eq!(&again.expect("sealed"), fragment, "{name}");
                sequence += 1;
                let content = &opened[..opened.len() - 1];
                if opened.ends_with(&[23]) {
                    plain.push(String::from_utf8(content.to_vec()).expect("text"));
                    continue;
                }
                if epochs.len() == 2 && content[0] == 24 {
                    epochs.pop_front();
                    sequence = 0;
                } else if epochs.len() == 3 && has_finished(content) {
                    let before = content.len() - 4 - digest.len();
                    hash.update(&content[..before]);
                    let expected = schedule13::verify_data(digest, &secret, &hash.current());
                    assert_eq!(content[before + 4..], expected, "{name}: Finished");
                    hash.update(&content[before..]);
                    epochs.pop_front();
                    sequence = 0;
                } else if epochs.len() == 3 {
                    hash.update(content);
                }
            }
            assert!(plain.iter().any(|text| text == label), "{name}: {plain:?}");
        }
        assert!(plain.iter().any(|text| text == "under the next key"), "{name}: {plain:?}");
        let mut expected = [0; 50];
        self.client
            .ssl()
            .export_keying_material(&mut expected, "EXPERIMENTAL test", Some(b"context"))
            .expect("exported");
        let secret = self.secret("EXPORTER_SECRET");
        assert_eq!(schedule13::exporter(digest, &secret, b"EXPERIMENTAL test", b"context", 50), expected, "{name}");
    }
}

unsafe extern "C" {
    fn SSL_key_update(ssl: *mut openssl_sys::SSL, kind: libc::c_int) -> libc::c_int;
}

#[test]
fn client_certificates_of_old_versions() {
    for version in [0x0300, 0x0301, 0x0302, 0x0303] {
        let info = CipherSuite(0x002f).info().expect("in the table");
        let session = Session::shake_hands(info, version, true).expect("a common suite");
        let to_server = records(&session.client.get_ref().output.borrow().log);
        let to_client = records(&session.server.get_ref().output.borrow().log);
        let messages = split(&Transcript::new(&to_server, &to_client).all);
        let place = messages.iter().position(|message| message[0] == 15).expect("the client signs");
        let (signed, signature) = (messages[..place].concat(), &messages[place][4..]);
        let key = PublicKey::from_certificate(&keys().1.to_der().expect("DER")).expect("key");
        let prf = Prf { version, digest: info.prf };
        let verified = match version {
            0x0300 => {
                let hash = prf.ssl3_signed_hash(&session.master(), &signed);
                key.verify_hash(SignatureScheme::RSA_PKCS1_MD5_SHA1, &hash, &signature[2..], false)
            }
            0x0303 => {
                let scheme = SignatureScheme(u16::from_be_bytes([signature[0], signature[1]]));
                key.verify(scheme, &signed, &signature[4..], false)
            }
            _ => key.verify(SignatureScheme::RSA_PKCS1_MD5_SHA1, &signed, &signature[2..], false),
        };
        assert_eq!(verified, Ok(()), "{version:#06x}");
    }
}

/// Handshake messages one by one.
fn split(mut messages: &[u8]) -> Vec<Vec<u8>> {
    let mut parts = Vec::new();
    while let [_, a, b, c, ..] = messages {
        let (message, rest) = messages.split_at(4 + u32::from_be_bytes([0, *a, *b, *c]) as usize);
        parts.push(message.to_vec());
        messages = rest;
    }
    parts
}

/// Whether the last of these handshake messages is a Finished.
fn has_finished(messages: &[u8]) -> bool {
    split(messages).last().is_some_and(|message| message[0] == 20)
}

/// Handshake messages that went in the clear, in the order of a full handshake of TLS 1.2.
struct Transcript {
    all: Vec<u8>,
}

impl Transcript {
    fn new(to_server: &[Record], to_client: &[Record]) -> Transcript {
        let clear = |records: &[Record]| -> Vec<Vec<u8>> {
            let before = records.iter().take_while(|(kind, ..)| *kind != 20);
            before.filter(|(kind, ..)| *kind == 22).map(|(_, _, body)| body.clone()).collect()
        };
        let (mut client, server) = (clear(to_server), clear(to_client));
        // A ticket of the server's comes only after the client's Finished; these sessions have none.
        let hello = client.remove(0);
        Transcript { all: [hello, server.concat(), client.concat()].concat() }
    }
}

type Keys = (PKey<Private>, X509, PKey<Private>, X509);

fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(|| {
        std::mem::forget(Provider::try_load(None, "legacy", true).expect("the legacy provider"));
        let rsa = PKey::from_rsa(Rsa::generate(2048).expect("key")).expect("key");
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).expect("curve");
        let ec = PKey::from_ec_key(EcKey::generate(&group).expect("key")).expect("key");
        let (rsa_certificate, ec_certificate) = (certificate(&rsa), certificate(&ec));
        (rsa, rsa_certificate, ec, ec_certificate)
    })
}

fn certificate(key: &PKey<Private>) -> X509 {
    let mut name = X509Name::builder().expect("name");
    name.append_entry_by_text("CN", "test").expect("name");
    let name = name.build();
    let mut builder = X509::builder().expect("builder");
    builder.set_version(2).expect("version");
    builder.set_serial_number(&BigNum::from_u32(1).expect("1").to_asn1_integer().expect("1")).expect("serial");
    builder.set_subject_name(&name).expect("name");
    builder.set_issuer_name(&name).expect("name");
    builder.set_pubkey(key).expect("key");
    builder.set_not_before(&Asn1Time::from_unix(0).expect("time")).expect("time");
    builder.set_not_after(&Asn1Time::from_unix(4_000_000_000).expect("time")).expect("time");
    builder.sign(key, MessageDigest::sha256()).expect("signed");
    builder.build()
}

fn context(
    info: &SuiteInfo,
    version: u16,
    encrypt_then_mac: bool,
    key_log: Option<Arc<Mutex<Vec<String>>>>,
) -> Option<SslContext> {
    let (rsa, rsa_certificate, ec, ec_certificate) = keys();
    let mut builder = SslContext::builder(SslMethod::tls()).expect("context");
    builder.set_security_level(0);
    builder.clear_options(SslOptions::NO_SSLV3);
    builder.set_min_proto_version(Some(wanted(version))).expect("version");
    builder.set_max_proto_version(Some(wanted(version))).expect("version");
    let mut options = SslOptions::NO_TICKET;
    if !encrypt_then_mac {
        const NO_ENCRYPT_THEN_MAC: u64 = 1 << 19;
        // A bit that the crate has no name for.
        options |= unsafe { std::mem::transmute::<u64, SslOptions>(NO_ENCRYPT_THEN_MAC) };
    }
    builder.set_options(options);
    choose_suite(&mut builder, info)?;
    if key_log.is_none() && info.suite.0 == 0x002f {
        builder.set_verify_callback(SslVerifyMode::PEER, |_, _| true);
    } else {
        builder.set_verify(SslVerifyMode::NONE);
    }
    let certificates = match info.authentication {
        Authentication::Ecdsa => Some((ec, ec_certificate)),
        Authentication::Rsa | Authentication::Tls13 => Some((rsa, rsa_certificate)),
        _ => None,
    };
    if let Some((key, certificate)) = certificates {
        builder.set_certificate(certificate).expect("certificate");
        builder.set_private_key(key).expect("key");
    }
    let (p, g) = gauntlet_crypto::NamedGroup::FFDHE2048.prime_and_generator().expect("a field");
    let dh = Dh::from_pqg(BigNum::from_slice(&p).expect("p"), None, BigNum::from_slice(&g).expect("g"));
    builder.set_tmp_dh(&dh.expect("parameters")).expect("parameters");
    if info.name.contains("PSK") {
        builder.set_psk_client_callback(|_, _, identity, psk| {
            identity[..3].copy_from_slice(b"me\0");
            psk[..PSK.len()].copy_from_slice(PSK);
            Ok(PSK.len())
        });
        builder.set_psk_server_callback(|_, _, psk| {
            psk[..PSK.len()].copy_from_slice(PSK);
            Ok(PSK.len())
        });
    }
    if let Some(key_log) = key_log {
        builder.set_keylog_callback(move |_, line| key_log.lock().expect("not poisoned").push(line.to_owned()));
    }
    Some(builder.build())
}

fn wanted(version: u16) -> SslVersion {
    match version {
        0x0300 => SslVersion::SSL3,
        0x0301 => SslVersion::TLS1,
        0x0302 => SslVersion::TLS1_1,
        0x0303 => SslVersion::TLS1_2,
        _ => SslVersion::TLS1_3,
    }
}

/// `None` if OpenSSL does not know the suite.
fn choose_suite(builder: &mut SslContextBuilder, info: &SuiteInfo) -> Option<()> {
    if info.key_exchange == KeyExchange::Tls13 {
        return builder.set_ciphersuites(info.name).ok();
    }
    let mut all = SslContext::builder(SslMethod::tls()).expect("context");
    all.set_cipher_list("ALL:COMPLEMENTOFALL:@SECLEVEL=0").expect("list");
    let all = Ssl::new(&all.build()).expect("ssl");
    let known = all.bytes_to_cipher_list(&info.suite.0.to_be_bytes(), false).ok();
    drop(openssl::error::ErrorStack::get());
    let name = known?.suites.iter().next()?.name().to_owned();
    builder.set_cipher_list(&format!("{name}:@SECLEVEL=0")).ok()
}

#[test]
fn digests_of_the_reference() {
    for (ours, theirs) in [
        (Digest::Md5, MessageDigest::md5()),
        (Digest::Sha1, MessageDigest::sha1()),
        (Digest::Sha224, MessageDigest::sha224()),
        (Digest::Sha256, MessageDigest::sha256()),
        (Digest::Sha384, MessageDigest::sha384()),
        (Digest::Sha512, MessageDigest::sha512()),
    ] {
        for length in [0, 1, 55, 56, 63, 64, 111, 112, 127, 128, 1000] {
            let data = vec![length as u8; length];
            let theirs_hash = openssl::hash::hash(theirs, &data).expect("hashed");
            assert_eq!(ours.hash(&data), &theirs_hash[..]);
            let key = [&data[..], b"k"].concat();
            let ours_mac = ours.hmac(&key, &[b"a", b"bc"]);
            let key = PKey::hmac(&key).expect("key");
            let mut signer = openssl::sign::Signer::new(theirs, &key).expect("signer");
            assert_eq!(ours_mac, signer.sign_oneshot_to_vec(b"abc").expect("signed"));
        }
    }
}
