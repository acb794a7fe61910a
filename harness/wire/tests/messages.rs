//! Messages of TLS 1.3 and 1.2, built, decoded and encoded.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{hex, path, tls12};
use gauntlet_wire::{Context, Grammar, Node, Plain, Remark};

fn client_hello() -> Plain {
    Plain::map([
        ("msg_type", "client_hello".into()),
        ("random", vec![7; 32].into()),
        ("legacy_session_id", vec![9; 32].into()),
        ("cipher_suites", ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "0x0a0a"].into_iter().collect()),
        (
            "extensions",
            Plain::map([
                (
                    "server_name",
                    Plain::map([("server_name_list", Plain::map([("host_name", (&b"example.com"[..]).into())]))]),
                ),
                ("supported_groups", ["x25519", "secp256r1"].into_iter().collect()),
                ("signature_algorithms", ["ecdsa_secp256r1_sha256", "rsa_pss_rsae_sha256"].into_iter().collect()),
                ("supported_versions", Plain::map([("versions", ["tls1.3", "tls1.2"].into_iter().collect())])),
                (
                    "key_share",
                    Plain::map([(
                        "client_shares",
                        Plain::List(vec![Plain::map([
                            ("group", "x25519".into()),
                            ("key_exchange", vec![1; 32].into()),
                        ])]),
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
        "0303",
        "0707070707070707070707070707070707070707070707070707070707070707",
        "20",
        "0909090909090909090909090909090909090909090909090909090909090909",
        "0006130113020a0a",
        "0100",
        "0068",
        "0000",
        "0010",
        "000e",
        "00",
        "000b",
        "6578616d706c652e636f6d",
        "000a",
        "0006",
        "0004",
        "001d0017",
        "000d",
        "0006",
        "0004",
        "04030804",
        "002b",
        "0005",
        "04",
        "03040303",
        "0033",
        "0026",
        "0024",
        "001d",
        "0020",
        "0101010101010101010101010101010101010101010101010101010101010101",
        "002d",
        "0002",
        "0101",
        "1234",
        "0003",
        "010203",
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
    let random = hex(common::RETRY_RANDOM);
    let extensions = Plain::map([
        ("supported_versions", "tls1.3".into()),
        ("key_share", "secp384r1".into()),
        ("cookie", "c0ffee".into()),
    ]);
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

/// The clear part of handshakes between OpenSSL and OpenSSL, recorded.
#[test]
fn recorded_handshakes_read_without_a_remark() {
    let flights = [
        ("tls13_client", include_str!("data/tls13_client.hex"), Context::tls13()),
        ("tls13_server", include_str!("data/tls13_server.hex"), Context::tls13()),
        ("tls13_retry_client", include_str!("data/tls13_retry_client.hex"), Context::tls13()),
        ("tls13_retry_server", include_str!("data/tls13_retry_server.hex"), Context::tls13()),
        ("tls12_client", include_str!("data/tls12_client.hex"), tls12("ecdhe")),
        ("tls12_server", include_str!("data/tls12_server.hex"), tls12("ecdhe")),
        ("tls12_auth_client", include_str!("data/tls12_auth_client.hex"), tls12("ecdhe")),
        ("tls12_auth_server", include_str!("data/tls12_auth_server.hex"), tls12("ecdhe")),
    ];
    let mut lines = Vec::new();
    for (name, data, context) in flights {
        let bytes = hex(data);
        let flight = Grammar::tls().decode("HandshakeFlight", &bytes, &context);
        assert_eq!(flight.to_bytes(), bytes, "{name}");
        assert_eq!(flight.first_remark(), None, "{name}: {}", flight.print());
        lines.push(name.to_owned());
        lines.extend(
            flight.field("messages").unwrap().children().iter().map(|message| format!("  {}", message.summary())),
        );
    }
    insta::assert_snapshot!("recorded", lines.join("\n"));
}

/// What an extension's bytes mean, message by message: context, message type, extension, path, value as JSON.
#[test]
fn extensions_read_by_their_message() {
    let outer = "00 0001 0001 07 0002 aabb 0003 010203";
    let cases = [
        (1, "fe0d", outer, "encrypted_client_hello.payload", r#""010203""#),
        (1, "fe0d", outer, "encrypted_client_hello.cipher_suite.kdf_id", r#""HKDF_SHA256""#),
        (1, "fe0d", "01", "encrypted_client_hello.type", r#""inner""#),
        (8, "fe0d", "0000", "encrypted_client_hello.retry_configs", "[]"),
        (1, "fd00", "04 0033000a", "ech_outer_extensions.OuterExtensions", r#"["key_share","supported_groups"]"#),
        (1, "003a", "0201", "ticket_request.resumption_count", "1"),
        (8, "003a", "05", "ticket_request.expected_count", "5"),
        (1, "001b", "04 00020001", "compress_certificate.algorithms", r#"["brotli","zlib"]"#),
        (13, "001b", "02 0003", "compress_certificate.algorithms[0]", r#""zstd""#),
        (1, "001c", "4001", "record_size_limit.record_size_limit", "16385"),
        (
            1,
            "0011",
            "0007 02 0004 0000 0000",
            "status_request_v2.certificate_status_req_list.ocsp_multi.responder_id_list",
            "[]",
        ),
        (1, "0005", "01 0000 0000", "status_request.status_type", r#""ocsp""#),
        (8, "0013", "02", "client_certificate_type.client_certificate_type", r#""RawPublicKey""#),
        (1, "0014", "02 0200", "server_certificate_type.server_certificate_types", r#"["RawPublicKey","X509"]"#),
        (1, "0001", "04", "max_fragment_length.max_fragment_length", r#""4096""#),
        (1, "000f", "01", "heartbeat.mode", r#""peer_allowed_to_send""#),
        (1, "0022", "0002 0807", "delegated_credential.supported_signature_algorithms", r#"["ed25519"]"#),
        (
            1,
            "0003",
            "0015 01 0102030405060708090a0b0c0d0e0f1011121314",
            "trusted_ca_keys.trusted_authorities_list[0].identifier",
            r#""0102030405060708090a0b0c0d0e0f1011121314""#,
        ),
        (1, "000e", "0002 0007 00", "use_srtp.SRTPProtectionProfiles[0]", r#""SRTP_AEAD_AES_128_GCM""#),
        (1, "0029", "0007 0001 aa 00000005 0003 02 bbcc", "pre_shared_key.identities[0].obfuscated_ticket_age", "5"),
        (1, "0029", "0007 0001 aa 00000005 0003 02 bbcc", "pre_shared_key.binders[-1]", r#""bbcc""#),
        (13, "0030", "0007 02 550f 0002 0780", "oid_filters.filters[0].certificate_extension_oid", r#""550f""#),
        (4, "002a", "00004000", "early_data.max_early_data_size", "16384"),
        (1, "ff01", "02 0102", "renegotiation_info.renegotiated_connection", r#""0102""#),
        (1, "0023", "010203", "session_ticket.ticket", r#""010203""#),
        (1, "0033", "0045 0017 0041 04 __", "key_share.client_shares.secp256r1.legacy_form", "4"),
    ];
    for (kind, extension, data, at, expected) in cases {
        let data = hex(&data.replace("__", &"07".repeat(64)));
        let mut extensions = hex(extension);
        extensions.extend((data.len() as u16).to_be_bytes());
        extensions.extend(data);
        let mut block = (extensions.len() as u16).to_be_bytes().to_vec();
        block.extend(extensions);
        let fixed = match kind {
            1 => [&[3, 3][..], &[7; 32], &hex("00 0002 1301 01 00")].concat(),
            13 => vec![0],
            4 => hex("00000001 00000002 00 0001 aa"),
            _ => vec![],
        };
        let body = [fixed, block].concat();
        let mut bytes = vec![kind];
        bytes.extend(&(body.len() as u32).to_be_bytes()[1..]);
        bytes.extend(body);
        let node = Grammar::tls().decode("Handshake", &bytes, &Context::tls13());
        let found =
            node.at(&path(&format!("extensions.{at}"))).unwrap_or_else(|| panic!("nothing at {at}: {}", node.print()));
        assert_eq!(found.to_json().to_string(), expected, "{at}");
        assert_eq!(node.to_bytes(), bytes);
        Grammar::tls()
            .check_path(Grammar::tls().name("HandshakeType", kind.into()).unwrap(), &path(&format!("extensions.{at}")))
            .unwrap();
    }
}

/// The hello inside reads its extensions as a ClientHello does, and what is behind it is padding.
#[test]
fn an_inner_hello_stands_ahead_of_its_padding() {
    let inner = "0303 0707070707070707070707070707070707070707070707070707070707070707 00 0002 1301 01 00 \
                 0013 fe0d 0001 01 002b 0003 02 0304 fd00 0003 02 0033 000000";
    let bytes = hex(inner);
    let node = Grammar::tls().decode("EncodedClientHelloInner", &bytes, &Context::tls13());
    assert_eq!(node.first_remark(), None, "{}", node.print());
    let at = |text: &str| node.at(&path(text)).unwrap_or_else(|| panic!("nothing at {text}")).to_json().to_string();
    assert_eq!(at("extensions.encrypted_client_hello.type"), r#""inner""#);
    assert_eq!(at("extensions.supported_versions.versions"), r#"["tls1.3"]"#);
    assert_eq!(at("extensions.ech_outer_extensions.OuterExtensions"), r#"["key_share"]"#);
    assert_eq!(at("zeros"), r#""000000""#);
    assert_eq!(node.to_bytes(), bytes);
    Grammar::tls().check_path("EncodedClientHelloInner", &path("extensions.supported_versions.versions")).unwrap();
}

#[test]
fn old_versions_lay_messages_out_otherwise() {
    let read = |bytes: &str, context: Context| {
        let node = Grammar::tls().decode("Handshake", &hex(bytes), &context);
        assert_eq!(node.first_remark(), None, "{}", node.print());
        assert_eq!(node.to_bytes(), hex(bytes));
        node
    };
    let version = |version, context| Context { version: Some(version), ..context };
    let text = |node: &Node, at: &str| node.at(&path(at)).map(|found| found.to_json().to_string());
    let verify = read("0f000008 0401 0004 01020304", tls12("rsa"));
    assert_eq!(text(&verify, "algorithm").as_deref(), Some(r#""rsa_pkcs1_sha256""#));
    let verify = read("0f000006 0004 01020304", version(0x0302, tls12("rsa")));
    assert_eq!(text(&verify, "signature").as_deref(), Some(r#""01020304""#));
    let ssl3 = read("10000003 010203", version(0x0300, tls12("rsa")));
    assert_eq!(text(&ssl3, "encrypted_pre_master_secret").as_deref(), Some(r#""010203""#));
    let tls10 = read("10000005 0003 010203", version(0x0301, tls12("rsa")));
    assert_eq!(text(&tls10, "encrypted_pre_master_secret").as_deref(), Some(r#""010203""#));
    let raw_key = read("0b000006 000003 aabbcc", Context { certificate_type: Some(2), ..tls12("ecdhe") });
    assert_eq!(text(&raw_key, "ASN1_subjectPublicKeyInfo").as_deref(), Some(r#""aabbcc""#));
    let raw_key =
        read("0b00000b 00 000007 000002 aabb 0000", Context { certificate_type: Some(2), ..Context::tls13() });
    assert_eq!(text(&raw_key, "certificate_list[0].ASN1_subjectPublicKeyInfo").as_deref(), Some(r#""aabb""#));
    let hint = read("0c000004 0002 6869", tls12("psk"));
    assert_eq!(text(&hint, "psk_identity_hint").as_deref(), Some(r#""6869""#));
    let unsigned = read("0c000009 0001 07 0001 02 0001 05", tls12("dh_anon"));
    assert_eq!(text(&unsigned, "dh_Ys").as_deref(), Some(r#""05""#));
    let explicit = read("0c000010 01 0107 0101 0102 0109 0103 0101 02 0405", tls12("ecdh_anon"));
    assert_eq!(text(&explicit, "params.curve_params.curve.b").as_deref(), Some(r#""02""#));
}

#[test]
fn an_ssl2_hello_counts_its_parts() {
    let bytes = hex("8019 01 0303 0006 0000 000a 010080 0700c0 0102030405060708090a");
    let mut node = Grammar::tls().decode("V2ClientHello", &bytes, &Context::unknown());
    assert_eq!(node.first_remark(), None, "{}", node.print());
    assert_eq!(node.at(&path("cipher_specs[1]")).and_then(Node::enum_name), Some("SSL_CK_DES_192_EDE3_CBC_WITH_MD5"));
    let challenge = gauntlet_wire::Edit::Set(path("challenge"), vec![1, 2].into());
    Grammar::tls().edit(&mut node, &challenge, &Context::unknown()).unwrap();
    assert_eq!(node.encode(), hex("8011 01 0303 0006 0000 0002 010080 0700c0 0102"));
}
