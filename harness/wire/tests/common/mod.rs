//! Messages that look like those of real handshakes.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(dead_code, reason = "each test file uses its own part")]

use gauntlet_wire::{Context, Grammar, Node, Path, Plain};

pub fn path(text: &str) -> Path {
    Path::parse(text).unwrap()
}

pub fn hex(text: &str) -> Vec<u8> {
    hex::decode(text.split_whitespace().collect::<String>()).unwrap()
}

pub fn bytes(length: usize, fill: u8) -> Plain {
    Plain::Bytes((0..length).map(|place| (place as u8).wrapping_mul(31) ^ fill).collect())
}

pub fn names(names: &[&str]) -> Plain {
    names.iter().copied().collect()
}

pub fn share(group: &str, length: usize) -> Plain {
    Plain::map([("group", group.into()), ("key_exchange", bytes(length, 3))])
}

pub const RETRY_RANDOM: &str = "CF21AD74E59A6111BE1D8C021E65B891C2A211167ABB8C5E079E09E2C8A8339C";

pub fn tls12(key_exchange: &str) -> Context {
    let key_exchange = Grammar::tls().number("KeyExchange", key_exchange).unwrap();
    Context {
        version: Some(0x0303),
        key_exchange: Some(key_exchange as u8),
        certificate_type: Some(0),
        verify_data_length: Some(12),
        sender: None,
    }
}

/// What a browser sends, more or less.
pub fn client_hello() -> Plain {
    let suites = [
        "0x3a3a",
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
        "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
        "TLS_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_RSA_WITH_AES_128_CBC_SHA",
        "TLS_RSA_WITH_AES_256_CBC_SHA",
    ];
    let schemes = [
        "ecdsa_secp256r1_sha256",
        "rsa_pss_rsae_sha256",
        "rsa_pkcs1_sha256",
        "ecdsa_secp384r1_sha384",
        "rsa_pss_rsae_sha384",
        "rsa_pkcs1_sha384",
        "rsa_pss_rsae_sha512",
        "rsa_pkcs1_sha512",
    ];
    let status = Plain::map([("status_type", "ocsp".into())]);
    let protocols = Plain::List(
        vec![b"h2"[..].into(), b"http/1.1"[..].into()].into_iter().map(|name: Vec<u8>| opaque8(&name)).collect(),
    );
    Plain::map([
        ("msg_type", "client_hello".into()),
        ("random", bytes(32, 0x55)),
        ("legacy_session_id", bytes(32, 0xaa)),
        ("cipher_suites", names(&suites)),
        (
            "extensions",
            Plain::map([
                ("0x0a0a", Plain::Bytes(vec![])),
                ("server_name", host("example.com")),
                ("extended_master_secret", Plain::Bytes(vec![])),
                ("renegotiation_info", "".into()),
                ("supported_groups", names(&["0x1a1a", "X25519MLKEM768", "x25519", "secp256r1", "secp384r1"])),
                ("ec_point_formats", names(&["uncompressed"])),
                ("session_ticket", Plain::Bytes(vec![])),
                ("application_layer_protocol_negotiation", protocols),
                ("status_request", status),
                ("signature_algorithms", names(&schemes)),
                ("signed_certificate_timestamp", Plain::Bytes(vec![])),
                ("key_share", Plain::List(vec![share("0x1a1a", 1), share("x25519", 32), share("secp256r1", 65)])),
                ("psk_key_exchange_modes", names(&["psk_dhe_ke"])),
                ("supported_versions", names(&["0x2a2a", "tls1.3", "tls1.2"])),
                ("compress_certificate", names(&["brotli", "zlib"])),
                ("record_size_limit", Plain::Number(16385)),
                ("padding", bytes(40, 0)),
            ]),
        ),
    ])
}

fn opaque8(name: &[u8]) -> Plain {
    Plain::Name(hex::encode(name))
}

pub fn host(name: &str) -> Plain {
    Plain::map([("server_name_list", Plain::map([("host_name", name.as_bytes().into())]))])
}

pub fn resuming_hello() -> Plain {
    let Plain::Map(mut fields) = client_hello() else { unreachable!() };
    let psks = Plain::map([
        (
            "identities",
            Plain::List(vec![Plain::map([("identity", bytes(120, 1)), ("obfuscated_ticket_age", Plain::Number(77))])]),
        ),
        ("binders", Plain::List(vec![bytes(32, 2)])),
    ]);
    if let Some((_, Plain::Map(extensions))) = fields.iter_mut().find(|field| field.0 == "extensions") {
        extensions.push(("early_data".to_owned(), Plain::Bytes(vec![])));
        extensions.push(("cookie".to_owned(), "c0c1c2".into()));
        extensions.push(("pre_shared_key".to_owned(), psks));
    }
    Plain::Map(fields)
}

pub fn server_hello() -> Plain {
    Plain::map([
        ("msg_type", "server_hello".into()),
        ("random", bytes(32, 0x11)),
        ("legacy_session_id_echo", bytes(32, 0xaa)),
        ("cipher_suite", "TLS_AES_128_GCM_SHA256".into()),
        (
            "extensions",
            Plain::map([
                ("key_share", Plain::map([("server_share", share("x25519", 32))])),
                ("supported_versions", "tls1.3".into()),
                ("pre_shared_key", Plain::Number(0)),
            ]),
        ),
    ])
}

pub fn retry() -> Plain {
    Plain::map([
        ("msg_type", "server_hello".into()),
        ("random", RETRY_RANDOM.into()),
        ("cipher_suite", "TLS_AES_128_GCM_SHA256".into()),
        (
            "extensions",
            Plain::map([
                ("supported_versions", "tls1.3".into()),
                ("key_share", "secp256r1".into()),
                ("cookie", "0102".into()),
            ]),
        ),
    ])
}

/// Type, value and context of many messages, of TLS 1.3 and of TLS 1.2 and before.
pub fn plains() -> Vec<(&'static str, Plain, Context)> {
    let message = |kind: &str, mut fields: Vec<(&str, Plain)>, context| {
        fields.insert(0, ("msg_type", kind.into()));
        ("Handshake", Plain::Map(fields.into_iter().map(|(name, plain)| (name.to_owned(), plain)).collect()), context)
    };
    let new = Context::tls13;
    let old = tls12;
    let tls10 = Context { version: Some(0x0301), ..tls12("dhe") };
    let entry = |length| {
        Plain::map([
            ("cert_data", bytes(length, 9)),
            ("extensions", Plain::map([("status_request", Plain::map([("response", bytes(50, 4))]))])),
        ])
    };
    let dh = || [("dh_p", bytes(256, 5)), ("dh_g", "02".into()), ("dh_Ys", bytes(256, 6))];
    let signed = || Plain::map([("algorithm", "rsa_pkcs1_sha256".into()), ("signature", bytes(256, 8))]);
    let curve = || {
        [
            ("curve_params", Plain::map([("namedcurve", "secp256r1".into())])),
            ("public", Plain::map([("point", bytes(65, 4))])),
        ]
    };
    let ech = Plain::map([
        (
            "key_config",
            Plain::map([
                ("config_id", Plain::Number(7)),
                ("kem_id", "DHKEM_X25519_HKDF_SHA256".into()),
                ("public_key", bytes(32, 1)),
                (
                    "cipher_suites",
                    Plain::List(vec![Plain::map([
                        ("kdf_id", "HKDF_SHA256".into()),
                        ("aead_id", "AES_128_GCM".into()),
                    ])]),
                ),
            ]),
        ),
        ("maximum_name_length", Plain::Number(32)),
        ("public_name", b"public.example"[..].into()),
    ]);
    let inner = Plain::map([
        ("random", bytes(32, 5)),
        ("cipher_suites", names(&["TLS_AES_128_GCM_SHA256"])),
        (
            "extensions",
            Plain::map([
                ("encrypted_client_hello", Plain::map([("type", "inner".into())])),
                ("supported_versions", names(&["tls1.3"])),
                ("ech_outer_extensions", names(&["supported_groups", "key_share"])),
            ]),
        ),
        ("zeros", bytes(17, 0)),
    ]);
    vec![
        ("Handshake", client_hello(), new()),
        ("Handshake", resuming_hello(), new()),
        ("Handshake", server_hello(), new()),
        ("Handshake", retry(), new()),
        message(
            "encrypted_extensions",
            vec![(
                "extensions",
                Plain::map([
                    ("supported_groups", names(&["x25519"])),
                    ("application_layer_protocol_negotiation", Plain::List(vec!["6832".into()])),
                    ("early_data", Plain::Bytes(vec![])),
                ]),
            )],
            new(),
        ),
        message(
            "certificate_request",
            vec![
                ("certificate_request_context", "01".into()),
                (
                    "extensions",
                    Plain::map([
                        ("signature_algorithms", names(&["ed25519"])),
                        ("certificate_authorities", Plain::List(vec![bytes(30, 2)])),
                        ("oid_filters", Plain::List(vec![])),
                    ]),
                ),
            ],
            new(),
        ),
        message("certificate", vec![("certificate_list", Plain::List(vec![entry(600), entry(300)]))], new()),
        message(
            "certificate_verify",
            vec![("algorithm", "ecdsa_secp256r1_sha256".into()), ("signature", bytes(71, 1))],
            new(),
        ),
        message("finished", vec![("verify_data", bytes(32, 7))], new()),
        message("end_of_early_data", vec![], new()),
        message("key_update", vec![("request_update", "update_requested".into())], new()),
        message(
            "new_session_ticket",
            vec![
                ("ticket_nonce", "00".into()),
                ("ticket", bytes(180, 3)),
                ("extensions", Plain::map([("early_data", Plain::Number(16384))])),
            ],
            new(),
        ),
        message(
            "compressed_certificate",
            vec![
                ("algorithm", "zlib".into()),
                ("uncompressed_length", Plain::Number(900)),
                ("compressed_certificate_message", bytes(300, 1)),
            ],
            new(),
        ),
        message("message_hash", vec![("hash", bytes(32, 1))], new()),
        message("hello_request", vec![], old("dhe")),
        message(
            "server_hello",
            vec![
                ("random", bytes(32, 2)),
                ("legacy_session_id_echo", bytes(32, 1)),
                ("cipher_suite", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256".into()),
            ],
            old("ecdhe"),
        ),
        message("certificate", vec![("certificate_list", Plain::List(vec![bytes(700, 1), bytes(400, 2)]))], old("dhe")),
        message("server_key_exchange", [&dh()[..], &[("signed_params", signed())]].concat(), old("dhe")),
        message("server_key_exchange", [&curve()[..], &[("signed_params", signed())]].concat(), old("ecdhe")),
        message("server_key_exchange", vec![("psk_identity_hint", bytes(10, 1))], old("psk")),
        message("server_key_exchange", [&[("psk_identity_hint", bytes(10, 1))], &dh()[..]].concat(), old("dhe_psk")),
        message(
            "server_key_exchange",
            [&dh()[..], &[("signed_params", Plain::map([("signature", bytes(128, 8))]))]].concat(),
            tls10,
        ),
        message(
            "certificate_request",
            vec![
                ("certificate_types", names(&["rsa_sign", "ecdsa_sign"])),
                ("supported_signature_algorithms", names(&["rsa_pkcs1_sha256"])),
                ("certificate_authorities", Plain::List(vec![bytes(40, 2)])),
            ],
            old("dhe"),
        ),
        message("certificate_request", vec![("certificate_types", names(&["rsa_sign"]))], tls10),
        message("server_hello_done", vec![], old("dhe")),
        message("client_key_exchange", vec![("encrypted_pre_master_secret", bytes(256, 1))], old("rsa")),
        message("client_key_exchange", vec![("dh_Yc", bytes(256, 1))], old("dhe")),
        message("client_key_exchange", vec![("ecdh_Yc", bytes(65, 1))], old("ecdhe")),
        message(
            "client_key_exchange",
            vec![("psk_identity", bytes(9, 1)), ("ecdh_Yc", bytes(65, 1))],
            old("ecdhe_psk"),
        ),
        message("certificate_verify", vec![("signature", bytes(128, 1))], tls10),
        message(
            "new_session_ticket",
            vec![("ticket_lifetime_hint", Plain::Number(300)), ("ticket", bytes(160, 1))],
            old("dhe"),
        ),
        message("certificate_status", vec![("response", bytes(400, 1))], old("dhe")),
        message(
            "certificate_url",
            vec![(
                "url_and_hash_list",
                Plain::List(vec![Plain::map([("url", bytes(20, 1)), ("SHA1Hash", bytes(20, 2))])]),
            )],
            old("dhe"),
        ),
        message("finished", vec![("verify_data", bytes(12, 7))], old("dhe")),
        ("Alert", Plain::map([("description", "handshake_failure".into())]), new()),
        ("ChangeCipherSpec", Plain::Map(vec![]), new()),
        ("TLSPlaintext", Plain::map([("type", "application_data".into()), ("fragment", bytes(100, 1))]), new()),
        ("Heartbeat", Plain::map([("payload", bytes(18, 1)), ("padding", bytes(16, 0))]), old("dhe")),
        (
            "V2ClientHello",
            Plain::map([("cipher_specs", names(&["SSL_CK_RC4_128_WITH_MD5"])), ("challenge", bytes(16, 1))]),
            new(),
        ),
        ("ECHConfigList", Plain::List(vec![Plain::map([("contents", ech)])]), new()),
        ("EncodedClientHelloInner", inner, new()),
    ]
}

pub fn samples() -> Vec<(&'static str, Node, Context)> {
    let build = |(kind, plain, context)| {
        let node = Grammar::tls()
            .build(kind, &plain, &context)
            .unwrap_or_else(|error| panic!("{kind} with {context:?}: {error} at `{}`", error.path));
        (kind, node, context)
    };
    plains().into_iter().map(build).collect()
}
