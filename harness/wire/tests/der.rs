//! DER: round trip of any bytes, names of fields, changes.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use gauntlet_wire::der::{self, Element, Value};
use gauntlet_wire::{ByteEdit, Edit, Path, Place, Plain};
use proptest::prelude::*;

/// A self-signed P-256 certificate for example.com, made for this test.
const CERTIFICATE: &str = concat!(
    "30820210308201b7a003020102021438b5395aab616cd7ad4aee711bd14f44a1b063f6300a06082a8648ce3d0403023036310b300906035504061302",
    "44453111300f060355040a0c084761756e746c65743114301206035504030c0b6578616d706c652e636f6d301e170d3236313132313033313030365a",
    "170d3336313131383033313030365a3036310b30090603550406130244453111300f060355040a0c084761756e746c65743114301206035504030c0b",
    "6578616d706c652e636f6d3059301306072a8648ce3d020106082a8648ce3d03010703420004b26e8162238f893edd5cefb636f2cab7f56009b3f07d",
    "1d8d64fef0cd4b8b2dc164f05413599753c1b7a59acea85fe4a119e2a64b0ccd90f2073030ca946d0bf3a381a230819f301d0603551d0e041604148c",
    "453d16a7f6af7503a9f4d428e958cf5c21aa6c301f0603551d230418301680148c453d16a7f6af7503a9f4d428e958cf5c21aa6c300f0603551d1301",
    "01ff040530030101ff30270603551d110420301e820b6578616d706c652e636f6d820f7777772e6578616d706c652e636f6d300e0603551d0f0101ff",
    "04040302078030130603551d25040c300a06082b06010505070301300a06082a8648ce3d04030203470030440220205162f689862d9cde5ce774ab80",
    "1888fd31def34b81e46bdb3727fa6b77aa0e02202f3b477bd63fed93f805eb639d1b60caf5f62a6745fba982c221e26b8d8e75bf",
);

fn path(text: &str) -> Path {
    Path::parse(text).unwrap()
}

fn certificate() -> Element {
    der::decode("Certificate", &hex::decode(CERTIFICATE).unwrap())
}

fn text(element: &Element, at: &str) -> String {
    let found = element.at(&path(at)).unwrap_or_else(|| panic!("nothing at {at}\n{}", element.print()));
    String::from_utf8(found.content()).unwrap()
}

fn edited(edit: Edit) -> Element {
    let mut element = certificate();
    element.edit(&edit).unwrap_or_else(|error| panic!("{error} at `{}`", error.path));
    assert_ne!(element, certificate(), "{edit:?} changed nothing");
    let read = der::decode("Certificate", &element.to_bytes());
    assert_eq!(read.to_bytes(), element.to_bytes());
    element
}

#[test]
fn a_certificate_has_the_names_of_rfc_5280() {
    let certificate = certificate();
    assert_eq!(certificate.to_bytes(), hex::decode(CERTIFICATE).unwrap());
    assert_eq!(text(&certificate, "tbs_certificate.subject.common_name.value"), "example.com");
    assert_eq!(text(&certificate, "tbs_certificate.issuer[0].country_name.value"), "DE");
    assert_eq!(text(&certificate, "tbs_certificate.validity.not_before").len(), 13);
    assert_eq!(text(&certificate, "tbs_certificate.extensions.subject_alt_name.extn_value[1]"), "www.example.com");
    assert_eq!(text(&certificate, "tbs_certificate.extensions[extn_id=2.5.29.17].extn_value[0]"), "example.com");
    let number = |at: &str| certificate.at(&path(at)).map(Element::content);
    assert_eq!(number("tbs_certificate.version[0]"), None, "a number is no list");
    assert_eq!(number("tbs_certificate.version"), Some(vec![2, 1, 2]));
    assert_eq!(number("tbs_certificate.extensions.key_usage.critical"), Some(vec![0xff]));
    assert_eq!(number("tbs_certificate.extensions.basic_constraints.ca"), Some(vec![0xff]));
    assert_eq!(number("tbs_certificate.extensions.basic_constraints.inside.ca"), Some(vec![0xff]));
    assert_eq!(number("tbs_certificate.extensions[extn_id=2.5.29.19].ca"), Some(vec![0xff]));
    assert!(matches!(number("signature_value.r").map(|r| r.len()), Some(31..=33)));
    assert!(matches!(number("signature_value.s").map(|s| s.len()), Some(31..=33)));
    assert_eq!(number("tbs_certificate.subject_public_key_info.subject_public_key").map(|key| key.len()), Some(66));
    assert_eq!(number("tbs_certificate.no_such_field"), None);
    insta::assert_snapshot!("certificate", certificate.print());
}

#[test]
fn fields_are_set_and_lengths_follow() {
    let serial = edited(Edit::Set(path("tbs_certificate.serial_number"), Plain::Number(0x80)));
    assert_eq!(serial.at(&path("tbs_certificate.serial_number")).unwrap().to_bytes(), [2, 2, 0, 0x80]);
    let validity = Plain::map([("not_before", "200101000000Z".into()), ("not_after", "20500101000000Z".into())]);
    let expired = edited(Edit::Set(path("tbs_certificate.validity"), validity));
    assert_eq!(text(&expired, "tbs_certificate.validity.not_after"), "20500101000000Z");
    let authority = edited(Edit::Set(path("tbs_certificate.extensions.basic_constraints.ca"), "false".into()));
    assert_eq!(authority.at(&path("tbs_certificate.extensions.basic_constraints.ca")).unwrap().content(), [0]);
    let version = edited(Edit::Set(path("tbs_certificate.version"), Plain::Number(0)));
    assert_eq!(version.at(&path("tbs_certificate.version")).unwrap().content(), [2, 1, 0]);
    let algorithm = edited(Edit::Set(path("signature_algorithm.algorithm"), "1.2.840.113549.1.1.11".into()));
    assert_eq!(
        hex::encode(algorithm.at(&path("signature_algorithm.algorithm")).unwrap().content()),
        "2a864886f70d01010b"
    );
    let r = edited(Edit::Set(path("signature_value.r"), Plain::Number(0)));
    assert_eq!(r.at(&path("signature_value.r")).unwrap().to_bytes(), [2, 1, 0]);
    assert_eq!(r.at(&path("signature_value")).unwrap().content()[..2], [0, 0x30]);
    let raw = edited(Edit::Set(path("tbs_certificate.validity"), Plain::Bytes(vec![1, 2, 3])));
    assert_eq!(raw.at(&path("tbs_certificate.validity")).unwrap().to_bytes(), [0x30, 3, 1, 2, 3]);
}

#[test]
fn lists_bytes_and_lengths_change() {
    let names = |element: &Element| {
        element.at(&path("tbs_certificate.extensions")).unwrap().children()[0]
            .children()
            .iter()
            .map(|child| child.name)
            .collect::<Vec<_>>()
    };
    let before = names(&certificate());
    let removed = edited(Edit::Remove(path("tbs_certificate.extensions.key_usage")));
    assert_eq!(names(&removed).len(), before.len() - 1);
    let twice = edited(Edit::Duplicate(path("tbs_certificate.extensions.key_usage"), Place::Last));
    assert_eq!(names(&twice).last(), Some(&"key_usage"));
    let moved = edited(Edit::Move(path("tbs_certificate.extensions.key_usage"), Place::First));
    assert_eq!(names(&moved)[0], "key_usage");
    let critical = hex::decode("300b06032a03040101ff040100").unwrap();
    let added = edited(Edit::Add(
        path("tbs_certificate.extensions"),
        Plain::Bytes(critical),
        Place::After("key_usage".to_owned()),
    ));
    let at = before.iter().position(|name| *name == "key_usage").unwrap();
    assert_eq!(names(&added)[at + 1], "extension");
    let shuffled = edited(Edit::Shuffle(path("tbs_certificate.extensions"), 3));
    assert_ne!(names(&shuffled), before);
    let flipped = edited(Edit::Bytes(path("signature_value.s"), ByteEdit::FlipBit { bit: -1 }));
    assert_eq!(flipped.to_bytes().len(), certificate().to_bytes().len());
    let lying = edited(Edit::LengthBy(path("tbs_certificate.validity"), 1));
    let honest = certificate().at(&path("tbs_certificate.validity")).unwrap().to_bytes();
    assert_eq!(lying.at(&path("tbs_certificate.validity")).unwrap().to_bytes()[1], honest[1] + 1);
    let long = edited(Edit::LengthTo(path("signature_value"), 70_000));
    assert_eq!(long.at(&path("signature_value")).unwrap().to_bytes()[..5], [3, 0x83, 0x01, 0x11, 0x70]);
}

#[test]
fn a_wrong_path_or_value_is_named_and_changes_nothing() {
    let cases = [
        (
            Edit::Set(path("tbs_certificate.serial"), Plain::Number(1)),
            "`tbs_certificate` has no `serial`",
            Some("serial_number"),
        ),
        (Edit::Remove(path("tbs_certificat")), "Certificate has no `tbs_certificat`", Some("tbs_certificate")),
        (
            Edit::Set(path("tbs_certificate.serial_number"), "no hex".into()),
            "the value does not fit an element with tag 0x02",
            None,
        ),
        (
            Edit::Add(path("tbs_certificate.extensions"), Plain::Number(1), Place::Last),
            "expected an element as bytes",
            None,
        ),
        (
            Edit::Move(path("tbs_certificate.extensions.key_usage"), Place::After("key_usag".to_owned())),
            "the list has no `key_usag`",
            None,
        ),
    ];
    for (edit, message, suggestion) in cases {
        let mut element = certificate();
        let error = element.edit(&edit).expect_err(message);
        assert_eq!(error.message, message);
        assert!(suggestion.is_none() || error.suggestion.as_deref() == suggestion, "{error:?}");
        assert_eq!(element, certificate());
    }
}

#[test]
fn paths_are_checked_without_bytes() {
    let good = [
        ("Certificate", "tbs_certificate.validity.not_after"),
        ("Certificate", "tbs_certificate.serial_number"),
        ("Certificate", "tbs_certificate.subject.common_name.value"),
        ("Certificate", "tbs_certificate.issuer[0].country_name.value"),
        ("Certificate", "tbs_certificate.extensions.basic_constraints.ca"),
        ("Certificate", "tbs_certificate.extensions.basic_constraints.inside.ca"),
        ("Certificate", "tbs_certificate.extensions.key_usage.critical"),
        ("Certificate", "tbs_certificate.extensions[extn_id=2.5.29.19].ca"),
        ("Certificate", "tbs_certificate.extensions.subject_alt_name.extn_value[1]"),
        ("Certificate", "signature_value.r"),
        ("ECDSA-Sig-Value", "r"),
        ("OCSPResponse", "response_bytes.response.tbs_response_data.responses[0].cert_status"),
    ];
    for (kind, text) in good {
        der::check_path(kind, &path(text)).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
    let bad = [
        ("Certificate", "tbs_certificat", "`Certificate` has no `tbs_certificat`", Some("tbs_certificate")),
        ("Certificate", "tbs_certificate.serial", "`tbs_certificate` has no `serial`", Some("serial_number")),
        (
            "Certificate",
            "tbs_certificate.extensions.basic_constrains",
            "`tbs_certificate.extensions` has no `basic_constrains`",
            Some("basic_constraints"),
        ),
        ("ECDSA-Sig-Value", "t", "`ECDSA-Sig-Value` has no `t`", None),
    ];
    for (kind, text, message, suggestion) in bad {
        let error = der::check_path(kind, &path(text)).expect_err(text);
        assert_eq!((error.message.as_str(), error.suggestion.as_deref()), (message, suggestion));
    }
}

#[test]
fn unusual_der_is_kept() {
    let long_length = der::decode("", &[0x30, 0x81, 3, 2, 1, 5]);
    assert_eq!(long_length.length, Some(vec![0x81, 3]));
    assert_eq!(long_length.to_bytes(), [0x30, 0x81, 3, 2, 1, 5]);
    let two = der::decode("", &[5, 0, 5, 0]);
    assert_eq!(two.children().len(), 2);
    assert_eq!(two.to_bytes(), [5, 0, 5, 0]);
    let cut = der::decode("", &[0x30, 4, 2, 5]);
    assert!(matches!(cut.value, Value::Raw(_)));
    let indefinite = der::decode("", &[0x30, 0x80, 0, 0]);
    assert_eq!(indefinite.to_bytes(), [0x30, 0x80, 0, 0]);
    assert!(der::decode("Certificate", &[]).to_bytes().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_come_back(bytes in proptest::collection::vec(any::<u8>(), 0..100), kind in 0..4_usize) {
        let kind = ["Certificate", "ECDSA-Sig-Value", "OCSPResponse", ""][kind];
        prop_assert_eq!(der::decode(kind, &bytes).to_bytes(), bytes);
    }

    #[test]
    fn changed_certificates_come_back(changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6), cut in any::<proptest::sample::Index>()) {
        let mut bytes = hex::decode(CERTIFICATE).unwrap();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        prop_assert_eq!(&der::decode("Certificate", &bytes).to_bytes(), &bytes);
        bytes.truncate(cut.index(bytes.len()));
        prop_assert_eq!(der::decode("Certificate", &bytes).to_bytes(), bytes);
    }
}
