//! Each difference is in the chain that is built: OpenSSL's own parser and verifier see it.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use gauntlet_model::chain::{
    CertificateSpec, CertificateStatus, ChainFiles, ChainItem, ChainSpec, DerEdits, ExtensionSpec, GeneralName,
    KEY_KINDS, Moment, SIGNATURES, StapleSpec, Text,
};
use gauntlet_model::{Mutation, Operation, Role, Val};
use gauntlet_pki::{Identity, KeyKind, Making, SERVER_NAME, build, client, root, server};
use gauntlet_wire::{Path, der};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::ocsp::{OcspCertId, OcspCertStatus, OcspFlag, OcspResponse};
use openssl::stack::Stack;
use openssl::x509::store::{X509Store, X509StoreBuilder};
use openssl::x509::verify::X509VerifyParam;
use openssl::x509::{X509, X509PurposeId, X509StoreContext, X509VerifyResult};

/// 2026-01-01, the date of the run in all of this.
const DATE: i64 = 1_767_225_600;
const DAY: i64 = 86_400;

fn made(spec: &ChainSpec) -> Identity {
    build(&Making { spec, role: Role::Server, date: DATE, seed: [7; 32] }).unwrap()
}

fn with(name: &str, certificate: CertificateSpec) -> ChainSpec {
    ChainSpec { certificates: vec![(name.to_owned(), certificate)], ..ChainSpec::default() }
}

fn leaf(certificate: CertificateSpec) -> ChainSpec {
    with("leaf", certificate)
}

fn set(path: &str, value: Val) -> DerEdits {
    DerEdits { set: vec![(Path::parse(path).unwrap(), value)], ..DerEdits::default() }
}

fn mutate(path: &str, operation: Operation) -> DerEdits {
    let mutation = Mutation { field: Some(Path::parse(path).unwrap()), operation };
    DerEdits { mutate: vec![mutation], ..DerEdits::default() }
}

fn utf8(text: &str) -> Text {
    Text { bytes: text.as_bytes().to_vec(), tag: 0x0c }
}

fn dns(name: &str) -> GeneralName {
    GeneralName::Dns(name.as_bytes().to_vec())
}

fn first(identity: &Identity) -> X509 {
    X509::from_der(&identity.chain[0]).unwrap()
}

/// What OpenSSL's verifier says of it, by its own names: `X509_V_ERR_...` numbers.
fn verified(spec: &ChainSpec) -> i32 {
    judge(&made(spec), SERVER_NAME).as_raw()
}

fn judge(identity: &Identity, name: &str) -> X509VerifyResult {
    let mut chain = Stack::new().unwrap();
    for der in &identity.chain[1..] {
        chain.push(X509::from_der(der).unwrap()).unwrap();
    }
    let mut context = X509StoreContext::new().unwrap();
    let verify = |context: &mut openssl::x509::X509StoreContextRef| {
        context.verify_cert()?;
        Ok(context.error())
    };
    context.init(&store(name), &first(identity), &chain, verify).unwrap()
}

fn store(name: &str) -> X509Store {
    let mut param = X509VerifyParam::new().unwrap();
    match name.parse() {
        Ok(ip) => param.set_ip(ip).unwrap(),
        Err(_) => param.set_host(name).unwrap(),
    }
    param.set_purpose(X509PurposeId::SSL_SERVER).unwrap();
    param.set_time(DATE + DAY / 2);
    param.set_auth_level(1);
    let mut store = X509StoreBuilder::new().unwrap();
    store.add_cert(X509::from_der(root()).unwrap()).unwrap();
    store.set_param(&param).unwrap();
    store.build()
}

mod error {
    pub const OK: i32 = 0;
    pub const UNABLE_TO_GET_ISSUER: i32 = 20;
    pub const SIGNATURE: i32 = 7;
    pub const NOT_YET_VALID: i32 = 9;
    pub const EXPIRED: i32 = 10;
    pub const SELF_SIGNED: i32 = 18;
    pub const SELF_SIGNED_IN_CHAIN: i32 = 19;
    pub const PATH_LENGTH: i32 = 25;
    pub const PURPOSE: i32 = 26;
    pub const UNTRUSTED_CA: i32 = 79;
    pub const UNKNOWN_CRITICAL: i32 = 34;
    pub const PERMITTED: i32 = 47;
    pub const EXCLUDED: i32 = 48;
    pub const HOSTNAME: i32 = 62;
    pub const SMALL_KEY: i32 = 66;
    pub const SMALL_CA_KEY: i32 = 67;
    pub const WEAK_SIGNATURE: i32 = 68;
    pub const EXPLICIT_CURVE: i32 = 94;
}

#[test]
fn without_differences_it_is_the_good_chain() {
    for kind in KeyKind::ALL {
        let key = Some(kind.name().to_owned()).filter(|name| name != "p256");
        let spec = match key {
            Some(key) => leaf(CertificateSpec { key: Some(key), ..CertificateSpec::default() }),
            None => ChainSpec::default(),
        };
        for (role, good) in [(Role::Server, server(kind)), (Role::Client, client(kind))] {
            let identity = build(&Making { spec: &spec, role, date: DATE, seed: [0; 32] }).unwrap();
            assert_eq!(identity.chain, good.chain, "{role:?} {kind:?}");
            assert_eq!(identity.key.to_pem(), good.key.to_pem());
        }
    }
    let with_root = ChainSpec { chain: Some(vec![ChainItem::Certificate("root".to_owned())]), ..ChainSpec::default() };
    assert_eq!(made(&with_root).chain, [root().to_vec()]);
}

#[test]
fn the_same_bytes_again() {
    let random = set("tbs_certificate.serial_number", Val::Random(9));
    let spec = leaf(CertificateSpec { edits: random, ..CertificateSpec::default() });
    assert_eq!(made(&spec).chain, made(&spec).chain);
    let other = build(&Making { spec: &spec, role: Role::Server, date: DATE, seed: [8; 32] }).unwrap();
    assert_ne!(made(&spec).chain, other.chain);
}

#[test]
fn the_verifier_sees_each_difference() {
    let plain = CertificateSpec::default;
    let subject = |name: &str| Some(vec![("common_name".to_owned(), utf8(name))]);
    let to_stranger = CertificateSpec { issuer: Some("stranger".to_owned()), ..plain() };
    let extension = |critical| ExtensionSpec { oid: "1.3.6.1.4.1.32473.2".to_owned(), critical, value: vec![5, 0] };
    let table: Vec<(&str, ChainSpec, i32)> = vec![
        ("nothing", ChainSpec::default(), error::OK),
        ("expired", leaf(CertificateSpec { not_after: Some(Moment::Relative(-DAY)), ..plain() }), error::EXPIRED),
        (
            "too soon",
            leaf(CertificateSpec { not_before: Some(Moment::Relative(2 * DAY)), ..plain() }),
            error::NOT_YET_VALID,
        ),
        ("valid still", leaf(CertificateSpec { not_after: Some(Moment::Relative(DAY)), ..plain() }), error::OK),
        (
            "CA expired",
            with("intermediate", CertificateSpec { not_after: Some(Moment::Relative(-DAY)), ..plain() }),
            error::EXPIRED,
        ),
        ("other name", leaf(CertificateSpec { san: Some(vec![dns("other.example")]), ..plain() }), error::HOSTNAME),
        ("wildcard", leaf(CertificateSpec { san: Some(vec![dns("*.gauntlet.example")]), ..plain() }), error::OK),
        (
            "NUL in name",
            leaf(CertificateSpec {
                san: Some(vec![dns("server.gauntlet.example\0.evil.example")]),
                subject: Some(vec![]),
                ..plain()
            }),
            error::HOSTNAME,
        ),
        (
            "no name",
            leaf(CertificateSpec { san: Some(vec![]), subject: subject("Gauntlet"), ..plain() }),
            error::HOSTNAME,
        ),
        ("self-signed", leaf(CertificateSpec { issuer: Some("self".to_owned()), ..plain() }), error::SELF_SIGNED),
        ("stranger's", with("intermediate", to_stranger.clone()), error::UNABLE_TO_GET_ISSUER),
        (
            "stranger sent along",
            ChainSpec {
                chain: Some(
                    ["leaf", "intermediate", "stranger"].map(|n| ChainItem::Certificate(n.to_owned())).to_vec(),
                ),
                ..with("intermediate", to_stranger)
            },
            error::SELF_SIGNED_IN_CHAIN,
        ),
        (
            "no intermediate",
            ChainSpec { chain: Some(vec![ChainItem::Certificate("leaf".to_owned())]), ..ChainSpec::default() },
            error::UNABLE_TO_GET_ISSUER,
        ),
        (
            "not signed by it",
            leaf(CertificateSpec { signed_by: Some("stranger".to_owned()), ..plain() }),
            error::SIGNATURE,
        ),
        ("no CA", with("intermediate", CertificateSpec { ca: Some(Some(false)), ..plain() }), error::UNTRUSTED_CA),
        ("no constraints", with("intermediate", CertificateSpec { ca: Some(None), ..plain() }), error::UNTRUSTED_CA),
        (
            "must not sign",
            with("intermediate", CertificateSpec { key_usage: Some(vec!["digital_signature".to_owned()]), ..plain() }),
            error::UNTRUSTED_CA,
        ),
        (
            "path too long",
            ChainSpec {
                intermediates: Some(2),
                ..with("intermediate2", CertificateSpec { path_length: Some(Some(0)), ..plain() })
            },
            error::PATH_LENGTH,
        ),
        ("path not too long", ChainSpec { intermediates: Some(4), ..ChainSpec::default() }, error::OK),
        (
            "not permitted",
            with(
                "intermediate",
                CertificateSpec { name_constraints: Some((vec![dns("other.example")], vec![])), ..plain() },
            ),
            error::PERMITTED,
        ),
        (
            "permitted",
            with(
                "intermediate",
                CertificateSpec {
                    name_constraints: Some((vec![dns("gauntlet.example"), dns("localhost")], vec![])),
                    ..plain()
                },
            ),
            error::OK,
        ),
        (
            "excluded",
            with(
                "intermediate",
                CertificateSpec { name_constraints: Some((vec![], vec![dns("gauntlet.example")])), ..plain() },
            ),
            error::EXCLUDED,
        ),
        (
            "address excluded",
            with(
                "intermediate",
                CertificateSpec {
                    name_constraints: Some((vec![], vec![GeneralName::Ip(vec![127, 0, 0, 0, 255, 0, 0, 0])])),
                    ..plain()
                },
            ),
            error::EXCLUDED,
        ),
        (
            "for clients",
            leaf(CertificateSpec { extended_key_usage: Some(vec!["client_auth".to_owned()]), ..plain() }),
            error::PURPOSE,
        ),
        ("for anything", leaf(CertificateSpec { extended_key_usage: Some(vec![]), ..plain() }), error::OK),
        (
            "unknown, critical",
            leaf(CertificateSpec { extensions: vec![extension(true)], ..plain() }),
            error::UNKNOWN_CRITICAL,
        ),
        ("unknown", leaf(CertificateSpec { extensions: vec![extension(false)], ..plain() }), error::OK),
        ("padding", leaf(CertificateSpec { padding: 70_000, ..plain() }), error::OK),
        ("SHA-1", leaf(CertificateSpec { signature: Some("ecdsa_sha1".to_owned()), ..plain() }), error::WEAK_SIGNATURE),
        (
            "MD5",
            with("intermediate", CertificateSpec { signature: Some("rsa_pkcs1_md5".to_owned()), ..plain() }),
            error::WEAK_SIGNATURE,
        ),
        ("short key", leaf(CertificateSpec { key: Some("rsa512".to_owned()), ..plain() }), error::SMALL_KEY),
        (
            "short CA key",
            with("intermediate", CertificateSpec { key: Some("rsa512".to_owned()), ..plain() }),
            error::SMALL_CA_KEY,
        ),
        (
            "explicit curve",
            with("intermediate", CertificateSpec { explicit_curve: true, ..plain() }),
            error::EXPLICIT_CURVE,
        ),
        (
            "flipped bit",
            leaf(CertificateSpec { edits: mutate("signature_value", Operation::FlipBit { bit: -1 }), ..plain() }),
            error::SIGNATURE,
        ),
        (
            "changed, not signed again",
            leaf(CertificateSpec {
                edits: DerEdits { keep_signature: true, ..set("tbs_certificate.serial_number", Val::Number(5)) },
                ..plain()
            }),
            error::SIGNATURE,
        ),
        (
            "changed, signed again",
            leaf(CertificateSpec { edits: set("tbs_certificate.serial_number", Val::Number(5)), ..plain() }),
            error::OK,
        ),
    ];
    for (what, spec, expected) in table {
        assert_eq!(verified(&spec), expected, "{what}");
    }
}

#[test]
fn addresses_and_odd_names_stand_as_said() {
    let name = GeneralName::Ip(vec![192, 0, 2, 1]);
    let spec = leaf(CertificateSpec { san: Some(vec![name]), ..CertificateSpec::default() });
    assert_eq!(judge(&made(&spec), "192.0.2.1"), X509VerifyResult::OK);
    assert_eq!(judge(&made(&spec), "192.0.2.2").error_string(), "IP address mismatch");
    let bmp = Text { bytes: vec![0, b'A'], tag: 0x1e };
    let spec =
        leaf(CertificateSpec { subject: Some(vec![("common_name".to_owned(), bmp)]), ..CertificateSpec::default() });
    let certificate = first(&made(&spec));
    let entry = certificate.subject_name().entries_by_nid(Nid::COMMONNAME).next().unwrap();
    assert_eq!(entry.data().as_slice(), [0, b'A']);
}

#[test]
fn algorithms_lie_where_told() {
    let spec = leaf(CertificateSpec {
        inner_algorithm: Some("ecdsa_sha384".to_owned()),
        outer_algorithm: Some("ecdsa_sha512".to_owned()),
        ..CertificateSpec::default()
    });
    let tree = der::decode("Certificate", &made(&spec).chain[0]);
    let oid = |path: &str| tree.at(&Path::parse(path).unwrap()).unwrap().content();
    assert_eq!(oid("tbs_certificate.signature.algorithm"), hex("2a8648ce3d040303"));
    assert_eq!(oid("signature_algorithm.algorithm"), hex("2a8648ce3d040304"));
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn every_kind_and_algorithm_verifies() {
    for kind in KEY_KINDS {
        let spec = leaf(CertificateSpec { key: Some(kind.to_owned()), ..CertificateSpec::default() });
        let expected = if kind == "rsa512" { error::SMALL_KEY } else { error::OK };
        assert_eq!(verified(&spec), expected, "{kind}");
    }
    for signature in SIGNATURES {
        let issuer = match signature {
            "ed25519" | "ed448" => signature,
            name if name.starts_with("rsa") => "rsa2048",
            _ => "p256",
        };
        let mut spec = leaf(CertificateSpec { signature: Some(signature.to_owned()), ..CertificateSpec::default() });
        let key = CertificateSpec { key: Some(issuer.to_owned()), ..CertificateSpec::default() };
        spec.certificates.push(("intermediate".to_owned(), key));
        let identity = made(&spec);
        let issuer = X509::from_der(&identity.chain[1]).unwrap().public_key().unwrap();
        assert!(first(&identity).verify(&issuer).unwrap(), "{signature}");
    }
}

#[test]
fn chains_hold_what_they_are_told_to() {
    let name = |name: &str| ChainItem::Certificate(name.to_owned());
    let mut spec = leaf(CertificateSpec::default());
    spec.certificates
        .push(("other".to_owned(), CertificateSpec { ca: Some(Some(true)), ..CertificateSpec::default() }));
    spec.chain = Some(vec![
        name("intermediate"),
        name("leaf"),
        name("other"),
        ChainItem::RawPublicKey,
        ChainItem::Bytes(vec![1]),
    ]);
    let chain = made(&spec).chain;
    assert_eq!((chain.len(), &chain[4]), (5, &vec![1]));
    assert_eq!(chain[1], server(KeyKind::P256).chain[0]);
    assert!(
        X509::from_der(&chain[2])
            .unwrap()
            .subject_name()
            .entries_by_nid(Nid::COMMONNAME)
            .next()
            .unwrap()
            .data()
            .as_slice()
            == b"Gauntlet other"
    );
    assert!(openssl::pkey::PKey::public_key_from_der(&chain[3]).is_ok());
    let deep = ChainSpec { intermediates: Some(30), ..ChainSpec::default() };
    assert_eq!(made(&deep).chain.len(), 31);
    let twice = leaf(CertificateSpec {
        edits: mutate("tbs_certificate.extensions.subject_alt_name", Operation::Duplicate { to: None }),
        ..CertificateSpec::default()
    });
    let tree = der::decode("Certificate", &made(&twice).chain[0]);
    assert_eq!(tree.find(&Path::parse("tbs_certificate.extensions.subject_alt_name").unwrap()).len(), 2);
}

#[test]
fn staples_say_what_they_are_told_to() {
    let good = StapleSpec::default;
    let status = |staple: StapleSpec| {
        let mut spec = ChainSpec { staple: Some(staple), ..ChainSpec::default() };
        let responder =
            CertificateSpec { extended_key_usage: Some(vec!["ocsp_signing".to_owned()]), ..CertificateSpec::default() };
        spec.certificates.push(("responder".to_owned(), responder));
        let identity = made(&spec);
        let response = OcspResponse::from_der(identity.staple.as_ref().unwrap()).unwrap();
        let basic = response.basic().unwrap();
        let chain: Vec<X509> = identity.chain.iter().map(|der| X509::from_der(der).unwrap()).collect();
        let mut issuers = Stack::new().unwrap();
        issuers.push(chain[1].clone()).unwrap();
        let mut store = X509StoreBuilder::new().unwrap();
        store.add_cert(X509::from_der(root()).unwrap()).unwrap();
        let verified = basic.verify(&issuers, &store.build(), OcspFlag::empty()).is_ok();
        let id = OcspCertId::from_cert(MessageDigest::sha1(), &chain[0], &chain[1]).unwrap();
        (basic.find_status(&id).map(|found| found.status), verified)
    };
    assert_eq!(status(good()), (Some(OcspCertStatus::GOOD), true));
    assert_eq!(status(StapleSpec { status: CertificateStatus::Revoked, ..good() }).0, Some(OcspCertStatus::REVOKED));
    assert_eq!(status(StapleSpec { status: CertificateStatus::Unknown, ..good() }).0, Some(OcspCertStatus::UNKNOWN));
    assert_eq!(status(StapleSpec { serial: Some(vec![9]), ..good() }).0, None);
    assert_eq!(
        status(StapleSpec { signer: Some("responder".to_owned()), ..good() }),
        (Some(OcspCertStatus::GOOD), true)
    );
    assert!(!status(StapleSpec { signer: Some("stranger".to_owned()), ..good() }).1);
    let spoilt = mutate("response_bytes.response.signature", Operation::FlipBit { bit: -9 });
    assert!(!status(StapleSpec { edits: spoilt, ..good() }).1);
    let later = StapleSpec { response_status: 3, ..good() };
    let spec = ChainSpec { staple: Some(later), ..ChainSpec::default() };
    assert_eq!(made(&spec).staple.unwrap(), [0x30, 3, 0x0a, 1, 3]);
}

#[test]
fn files_are_taken_as_they_are() {
    let identity = server(KeyKind::Ed25519);
    let pem = gauntlet_pki::certificates_pem(&identity.chain).into_bytes();
    let files = |chain: &[u8], key: &[u8]| ChainSpec {
        files: Some(ChainFiles { chain: chain.to_vec(), key: key.to_vec(), ca: Some(root().to_vec()) }),
        ..ChainSpec::default()
    };
    let made_of = made(&files(&pem, &identity.key.to_pem()));
    assert_eq!(made_of.chain[..2], identity.chain[..]);
    assert_eq!(made_of.chain[2], root());
    let error = |chain: &[u8], key: &[u8]| {
        let spec = files(chain, key);
        build(&Making { spec: &spec, role: Role::Server, date: DATE, seed: [0; 32] }).err().unwrap()
    };
    assert_eq!(error(b"nothing", &identity.key.to_pem()), "`chain` holds no certificate");
    assert!(error(&pem, b"nothing").starts_with("`key` is no private key in PEM"));
}

#[test]
fn what_cannot_be_built_is_said() {
    let error =
        |spec: &ChainSpec| build(&Making { spec, role: Role::Server, date: DATE, seed: [0; 32] }).err().unwrap();
    let plain = CertificateSpec::default;
    let spec = leaf(CertificateSpec { key: Some("rsa512".to_owned()), ..plain() });
    let spec = ChainSpec {
        certificates: [
            spec.certificates,
            with("intermediate", CertificateSpec { key: Some("rsa512".to_owned()), ..plain() }).certificates,
        ]
        .concat(),
        ..spec
    };
    assert!(!made(&spec).chain.is_empty());
    let unfit = leaf(CertificateSpec { signature: Some("rsa_pkcs1_sha256".to_owned()), ..plain() });
    assert!(error(&unfit).starts_with("`leaf`: cannot be signed so"), "{}", error(&unfit));
    let explicit = leaf(CertificateSpec { key: Some("rsa2048".to_owned()), explicit_curve: true, ..plain() });
    assert_eq!(error(&explicit), "`leaf`: only an EC key has explicit curve parameters");
    let nowhere = leaf(CertificateSpec { edits: set("tbs_certificate.issuer_unique_id", Val::Number(1)), ..plain() });
    assert!(error(&nowhere).contains("has no `issuer_unique_id`"), "{}", error(&nowhere));
    let far = leaf(CertificateSpec { not_after: Some(Moment::Absolute(i64::MAX)), ..plain() });
    assert!(error(&far).contains("there is no date"), "{}", error(&far));
}

#[test]
fn an_intermediate_of_another_description_helps_nobody() {
    let serial =
        |number: u8| with("intermediate", CertificateSpec { serial: Some(vec![number]), ..Default::default() });
    let (one, other) = (made(&serial(12)), made(&serial(13)));
    assert_eq!(judge(&one, SERVER_NAME).as_raw(), error::OK);
    // As a target would that remembers intermediates.
    let chain = vec![one.chain[0].clone(), other.chain[1].clone()];
    let mixed = Identity { chain, key: one.key.clone(), staple: None, credential: None };
    assert_eq!(judge(&mixed, SERVER_NAME).as_raw(), error::UNABLE_TO_GET_ISSUER);
}
