//! Messages of TLS 1.3 and 1.2, built, decoded and encoded.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use gauntlet_wire::{Context, Grammar, Node, Path, Plain, Remark};

fn path(text: &str) -> Path {
    Path::parse(text).unwrap()
}

fn client_hello() -> Plain {
    Plain::map([
        ("msg_type", "client_hello".into()),
        ("random", vec![7; 32].into()),
        ("legacy_session_id", vec![9; 32].into()),
        ("cipher_suites", ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "0x0a0a"].into_iter().collect()),
        (
            "extensions",
            Plain::map([
                ("server_name", Plain::map([("server_name_list", Plain::map([("host_name", (&b"example.com"[..]).into())]))])),
                ("supported_groups", ["x25519", "secp256r1"].into_iter().collect()),
                ("signature_algorithms", ["ecdsa_secp256r1_sha256", "rsa_pss_rsae_sha256"].into_iter().collect()),
                ("supported_versions", Plain::map([("versions", ["tls1.3", "tls1.2"].into_iter().collect())])),
                (
                    "key_share",
                    Plain::map([(
                        "client_shares",
                        Plain::List(vec![Plain::map([("group", "x25519".into()), ("key_exchange", vec![1; 32].into())])]),
                    )]),
                ),
                ("psk_key_exchange_modes", ["psk_dhe_ke"].into_iter().collect()),
                ("0x1234", vec![1, 2, 3].into()),
            ]),
        ),
    ])
}

fn built() -> Node {
    Grammar::tls().build("Handshake", &client_hello(), &Context::unknown()).unwrap()
}

#[test]
fn a_built_client_hello_has_the_bytes_of_the_rfc() {
    let bytes = built().to_bytes();
    assert_eq!(bytes[0], 1);
    assert_eq!(bytes.len(), 4 + usize::from(bytes[3]) + 256 * usize::from(bytes[2]));
    let expected = concat!(
        "0303", "0707070707070707070707070707070707070707070707070707070707070707", "20",
        "0909090909090909090909090909090909090909090909090909090909090909", "0006130113020a0a", "0100", "0068",
        "0000", "0010", "000e", "00", "000b", "6578616d706c652e636f6d",
        "000a", "0006", "0004", "001d0017",
        "000d", "0006", "0004", "04030804",
        "002b", "0005", "04", "03040303",
        "0033", "0026", "0024", "001d", "0020", "0101010101010101010101010101010101010101010101010101010101010101",
        "002d", "0002", "0101",
        "1234", "0003", "010203",
    );
    assert_eq!(hex::encode(&bytes[4..]), expected);
}

#[test]
fn decoding_gives_the_tree_that_was_built() {
    let built = built();
    let decoded = Grammar::tls().decode("Handshake", &built.to_bytes(), &Context::unknown());
    assert_eq!(decoded, built);
    assert_eq!(decoded.first_remark(), None);
    let number = |text| decoded.at(&path(text)).and_then(Node::number);
    assert_eq!(number("legacy_version"), Some(0x0303));
    assert_eq!(number("body.legacy_version"), Some(0x0303));
    assert_eq!(number("length"), Some(decoded.to_bytes().len() as u64 - 4));
    assert_eq!(number("extensions.key_share.client_shares[0].group"), Some(29));
    assert_eq!(number("extensions.51.client_shares[-1].group"), Some(29));
    assert_eq!(number("extensions.key_share.client_shares.group"), Some(29));
    assert_eq!(decoded.find(&path("extensions.supported_versions.versions[1]"))[0].enum_name(), Some("tls1.2"));
    assert_eq!(decoded.at(&path("extensions.0x1234.extension_data")).and_then(Node::bytes), Some(&[1, 2, 3][..]));
    let host = decoded.at(&path("extensions.server_name.server_name_list.host_name.name")).unwrap();
    assert_eq!(host.bytes(), Some(&b"example.com"[..]));
    assert!(decoded.at(&path("extensions.cookie")).is_none());
    assert_eq!(decoded.field("extensions").unwrap().tagged(43).unwrap().tag_name(), Some("supported_versions"));
}

#[test]
fn a_hello_retry_request_is_known_by_its_random() {
    let random = hex::decode("CF21AD74E59A6111BE1D8C021E65B891C2A211167ABB8C5E079E09E2C8A8339C").unwrap();
    let extensions = Plain::map([("supported_versions", "tls1.3".into()), ("key_share", "secp384r1".into()), ("cookie", "c0ffee".into())]);
    let retry = Plain::map([
        ("msg_type", "server_hello".into()),
        ("random", random.into()),
        ("cipher_suite", "TLS_AES_128_GCM_SHA256".into()),
        ("extensions", extensions),
    ]);
    let retry = Grammar::tls().build("Handshake", &retry, &Context::unknown()).unwrap();
    let decoded = Grammar::tls().decode("Handshake", &retry.to_bytes(), &Context::unknown());
    assert_eq!(decoded, retry);
    assert_eq!(decoded.at(&path("extensions.key_share.selected_group")).and_then(Node::enum_name), Some("secp384r1"));
    assert_eq!(decoded.at(&path("extensions.cookie.cookie")).and_then(Node::bytes), Some(&[0xc0, 0xff, 0xee][..]));
}

#[test]
fn what_depends_on_an_unknown_version_stays_raw() {
    let bytes = hex::decode("0b00000400000000").unwrap();
    let unknown = Grammar::tls().decode("Handshake", &bytes, &Context::unknown());
    assert_eq!(unknown.first_remark().map(|found| (found.0.name, *found.1)), Some(("body", Remark::Unknown)));
    assert_eq!(unknown.to_bytes(), bytes);
    let known = Grammar::tls().decode("Handshake", &bytes, &Context::tls13());
    assert_eq!(known.at(&path("certificate_list")).map(|list| list.children().len()), Some(0));
    assert_eq!(known.first_remark(), None);
}
