//! The notation, paths by the grammar alone, and what a new extension needs.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{client_hello, hex, path};
use gauntlet_wire::{Context, Grammar, Node, Path, Plain, Segment};

fn wrong(text: &str) -> String {
    Grammar::parse(&[("x.tls", text)]).expect_err(text).to_string()
}

#[test]
fn mistakes_in_a_grammar_are_named_with_their_line() {
    let cases = [
        ("struct {\n uint8 a\n} T;", "x.tls:3: expected `;`, got `}`"),
        ("struct { Foo a; } T;", "x.tls:1: there is no type `Foo`"),
        ("enum { a(1), a(2), (255) } E;", "x.tls:1: `a` stands twice in `E`"),
        ("enum { a(1) } E; enum { b(1) } E;", "x.tls:1: `E` is declared twice"),
        ("struct {} T;\nstruct {} T;", "x.tls:2: `T` is declared twice"),
        ("extend Nothing { a(1) }", "x.tls:1: there is no enum `Nothing` to extend"),
        ("struct { uint8 a; } T; extend T.a { case 1: T; }", "x.tls:1: there is no select `T.a` to extend"),
        ("enum { a(1), (255) } E; struct { E e; select (e) { case b: E; } x; } T;", "x.tls:1: `b` is no value of `e`"),
        ("struct { opaque a; } T;", "x.tls:1: `opaque` needs a length"),
        ("struct { uint8 a<0..9> as T; } T;", "x.tls:1: only `opaque` can be read `as` something"),
        ("enum { a(1), (255) } E; extend E { big(256) }", "x.tls:1: `big` does not fit the width of `E`"),
        ("\n\n/* no end", "x.tls:3: a comment without an end"),
        ("struct { uint8 a = %; } T;", "x.tls:1: unexpected `%`"),
        ("uint8 a[2^99];", "x.tls:1: expected a power that fits 64 bits, got `]`"),
        ("A B; B A;", "x.tls:1: `B` is declared by itself"),
    ];
    for (text, expected) in cases {
        assert_eq!(wrong(text), expected, "{text}");
    }
}

#[test]
fn the_notation_of_the_rfcs_reads_as_it_stands_there() {
    let text = "
        enum { apple(0), orange(1), meh(2..254), (255) } VariantTag;  // a comment
        struct { uint16 number; opaque string<0..10>; /* variable length */ } V1;
        struct { uint32 number; opaque string[10]; } V2;
        struct { VariantTag type; select (VariantRecord.type) { case apple: V1; case orange: V2; }; } VariantRecord;
        uint8 Pair[2];
        struct { VariantTag tag; select (tag) { case apple: case orange: Pair; } body; } Fall;
    ";
    let grammar = Grammar::parse(&[("x.tls", text)]).unwrap();
    let node = grammar.decode("VariantRecord", &hex("00 0102 03 616263"), &Context::unknown());
    assert_eq!(node.field("number").and_then(Node::number), Some(0x0102));
    assert_eq!(node.field("string").and_then(Node::bytes), Some(&b"abc"[..]));
    let node = grammar.decode("VariantRecord", &hex("01 01020304 30313233343536373839"), &Context::unknown());
    assert_eq!(node.field("number").and_then(Node::number), Some(0x0102_0304));
    assert_eq!(node.first_remark(), None);
    let node = grammar.decode("Fall", &hex("01 0304"), &Context::unknown());
    assert_eq!(node.field("body").unwrap().children().len(), 2);
    assert_eq!(grammar.names("VariantTag"), [("apple", 0), ("orange", 1)]);
}

/// RFC 9149, as somebody would paste it, on a grammar that does not have it.
#[test]
fn a_new_extension_needs_its_struct_and_a_line() {
    let mut sources: Vec<_> = Grammar::sources().iter().copied().filter(|source| source.0 != "rfc9149.tls").collect();
    let hello = Plain::map([
        ("msg_type", "client_hello".into()),
        ("extensions", Plain::map([("58", Plain::Bytes(vec![2, 1]))])),
    ]);
    let without = Grammar::parse(&sources).unwrap();
    let node = without.build("Handshake", &hello, &Context::unknown()).unwrap();
    assert!(node.at(&path("extensions.58.new_session_count")).is_none());
    sources.push((
        "mine.tls",
        "extend ExtensionType { ticket_request(58) }
         struct { uint8 new_session_count; uint8 resumption_count; } ClientTicketRequest;
         extend Extension.extension_data { case ticket_request, client_hello: ClientTicketRequest; }",
    ));
    let grammar = Grammar::parse(&sources).unwrap();
    let read = grammar.decode("Handshake", &node.to_bytes(), &Context::unknown());
    assert_eq!(read.at(&path("extensions.ticket_request.new_session_count")).and_then(Node::number), Some(2));
    let request = Plain::map([(
        "ticket_request",
        Plain::map([("new_session_count", Plain::Number(2)), ("resumption_count", Plain::Number(1))]),
    )]);
    let built = Plain::map([("msg_type", "client_hello".into()), ("extensions", request)]);
    assert_eq!(grammar.build("Handshake", &built, &Context::unknown()).unwrap().to_bytes(), node.to_bytes());
}

#[test]
fn a_type_that_contains_itself_is_read_only_so_deep() {
    let text = "struct { uint8 a; optional Deep more<0..2^16-1>; } Deep;";
    let grammar = Grammar::parse(&[("x.tls", text)]).unwrap();
    let mut bytes = vec![0];
    for _ in 0..2000 {
        let mut outer = vec![0];
        outer.extend((bytes.len() as u16).to_be_bytes());
        outer.extend(bytes);
        bytes = outer;
    }
    let node = grammar.decode("Deep", &bytes, &Context::unknown());
    assert_eq!(node.to_bytes(), bytes);
    assert!(node.first_remark().is_some());
}

#[test]
fn paths_are_checked_by_the_grammar_alone() {
    let good = [
        ("client_hello", "legacy_version"),
        ("client_hello", "body.cipher_suites[0]"),
        ("client_hello", "cipher_suites.TLS_AES_128_GCM_SHA256"),
        ("client_hello", "extensions.key_share.client_shares[0].group"),
        ("client_hello", "extensions.key_share.client_shares.x25519.key_exchange"),
        ("client_hello", "extensions.0x1234"),
        ("client_hello", "extensions.51.extension_data"),
        ("client_hello", "extensions[extension_type=key_share].client_shares[-1].group"),
        ("client_hello", "extensions.server_name.server_name_list.host_name.name"),
        ("client_hello", "extensions.pre_shared_key.binders[0]"),
        ("client_hello", "extensions.encrypted_client_hello.payload"),
        ("server_hello", "extensions.key_share.server_share.group"),
        ("server_hello", "extensions.supported_versions.selected_version"),
        ("hello_retry_request", "extensions.key_share.selected_group"),
        ("certificate", "certificate_list[0].cert_data.inside.tbs_certificate.validity"),
        ("certificate", "certificate_list[0].extensions.status_request.response"),
        ("server_key_exchange", "params.dh_p"),
        ("server_key_exchange", "dh_p"),
        ("server_key_exchange", "signed_params.signature"),
        ("client_key_exchange", "encrypted_pre_master_secret.inside.padding"),
        ("client_key_exchange", "psk_identity"),
        ("finished", "verify_data"),
        ("finished", "length"),
        ("new_session_ticket", "ticket_nonce"),
        ("new_session_ticket", "ticket_lifetime_hint"),
        ("TLSPlaintext", "legacy_record_version"),
        ("ECHConfigList", "[0].public_name"),
    ];
    for (kind, text) in good.iter().filter(|entry| !entry.1.starts_with('[')) {
        Grammar::tls().check_path(kind, &path(text)).unwrap_or_else(|error| panic!("{kind} {text}: {error}"));
    }
    let bad = [
        ("client_hello", "legacy_versoin", "`client_hello` has no `legacy_versoin`", Some("legacy_version")),
        ("client_hello", "extensions.key_shar", "`extensions` has no `key_shar`", Some("key_share")),
        ("client_hello", "extensions.key_share.server_share", "`extensions.key_share` has no `server_share`", None),
        ("server_hello", "extensions.key_share.client_shares", "`extensions.key_share` has no `client_shares`", None),
        ("client_hello", "random[0]", "`random` is no list", None),
        ("finished", "cipher_suites", "`finished` has no `cipher_suites`", None),
        ("client_helo", "random", "there is no message or type `client_helo`", Some("client_hello")),
        ("client_hello", "extensions[foo=1]", "`extensions` is no list whose elements have a `foo`", None),
        (
            "hello_retry_request",
            "extensions.key_share.server_share",
            "`extensions.key_share` has no `server_share`",
            None,
        ),
    ];
    for (kind, text, message, suggestion) in bad {
        let error = Grammar::tls().check_path(kind, &path(text)).expect_err(text);
        assert_eq!(error.message, message);
        if suggestion.is_some() {
            assert_eq!(error.suggestion.as_deref(), suggestion, "{text}");
        }
    }
}

#[test]
fn paths_read_and_print() {
    let parsed = Path::parse("extensions.key_share.client_shares[-1].group.inside.x").unwrap();
    assert_eq!(parsed.segments[3], Segment::Index(-1));
    assert_eq!(parsed.segments[5], Segment::Inside);
    for text in
        ["a", "a.b[0].c", "a[type=alert].b", "records[-1]", "extensions.0x1234", "versions.tls1.3", "a.inside.b"]
    {
        assert_eq!(Path::parse(text).unwrap().to_string(), text);
    }
    assert_eq!(Path::parse("versions.tls1.3").unwrap().segments.len(), 2);
    let bad = [
        ("", 0, "expected a name, got the end"),
        ("a.", 2, "expected a name, got the end"),
        ("a..b", 2, "expected a name, got `.`"),
        (".a", 0, "expected a name, got `.`"),
        ("a[0", 3, "expected `]`"),
        ("a[x]", 2, "expected a place or `field=value` within `[]`"),
        ("a[=x]", 2, "expected a field ahead of `=`"),
        ("a[x=]", 4, "expected a value behind `=`"),
        ("a[0]b", 4, "expected `.` or `[`"),
        ("a b", 1, "expected `.` or `[`"),
    ];
    for (text, at, message) in bad {
        let error = Path::parse(text).expect_err(text);
        assert_eq!((error.at, error.message.as_str()), (at, message), "{text}");
    }
}

#[test]
fn enums_have_the_names_of_the_registries() {
    let grammar = Grammar::tls();
    let cases = [
        ("CipherSuite", "TLS_RSA_EXPORT_WITH_RC4_40_MD5", 0x0003),
        ("CipherSuite", "TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA", 0x0088),
        ("CipherSuite", "TLS_PSK_WITH_AES_256_CCM_8", 0xc0a9),
        ("CipherSuite", "TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256", 0xccac),
        ("NamedGroup", "X25519MLKEM768", 4588),
        ("SignatureScheme", "rsa_pss_rsae_sha256", 0x0804),
        ("ProtocolVersion", "tls1.3", 0x0304),
        ("AlertDescription", "no_application_protocol", 120),
        ("ExtensionType", "encrypted_client_hello", 0xfe0d),
        ("ContentType", "heartbeat", 24),
        ("HandshakeType", "message_hash", 254),
    ];
    for (kind, name, number) in cases {
        assert_eq!(grammar.number(kind, name), Some(number), "{name}");
        assert_eq!(grammar.name(kind, number), Some(name));
    }
    assert!(grammar.names("CipherSuite").len() > 340);
    assert_eq!(grammar.names("NoSuchEnum"), []);
    assert_eq!(grammar.number("CipherSuite", "TLS_NO_SUCH"), None);
    assert_eq!(grammar.name("CipherSuite", 0xfafa), None);
}

#[test]
fn building_names_what_is_wrong() {
    let build =
        |plain: Plain| Grammar::tls().build("Handshake", &plain, &Context::unknown()).expect_err("should not build");
    let error = build(Plain::map([("msg_type", "client_helo".into())]));
    assert_eq!(
        (error.message.as_str(), error.path.as_str(), error.suggestion.as_deref()),
        ("`client_helo` is no HandshakeType", "msg_type", Some("client_hello"))
    );
    let error = build(Plain::map([("msg_type", "client_hello".into()), ("cipher_suite", "x".into())]));
    assert_eq!(
        (error.message.as_str(), error.suggestion.as_deref()),
        ("ClientHello has no field `cipher_suite`", Some("cipher_suites"))
    );
    let error = build(Plain::map([
        ("msg_type", "client_hello".into()),
        ("extensions", Plain::map([("key_shares", Plain::List(vec![]))])),
    ]));
    assert_eq!((error.path.as_str(), error.suggestion.as_deref()), ("extensions.key_shares", Some("key_share")));
    let error = build(Plain::map([("msg_type", "certificate".into()), ("certificate_list", Plain::List(vec![]))]));
    assert_eq!(error.message, "Handshake has no field `certificate_list`");
    let error = build(Plain::map([
        ("msg_type", "client_hello".into()),
        ("legacy_compression_methods", Plain::List(vec![Plain::Number(256)])),
    ]));
    assert_eq!(error.message, "expected a byte, got 256");
    let error = Grammar::tls().build("Handshak", &Plain::Map(vec![]), &Context::unknown()).expect_err("no such type");
    assert_eq!(error.suggestion.as_deref(), Some("Handshake"));
}

#[test]
fn trees_show_what_they_hold() {
    let hello = Grammar::tls().build("Handshake", &client_hello(), &Context::unknown()).unwrap();
    insta::assert_snapshot!("client_hello", hello.print());
    insta::assert_snapshot!("client_hello_json", serde_json::to_string_pretty(&hello.to_json()).unwrap());
    let cut = Grammar::tls().decode("Handshake", &hello.to_bytes()[..200], &Context::unknown());
    insta::assert_snapshot!("client_hello_cut", cut.print());
}

#[test]
fn summaries_fit_a_line() {
    let lines: Vec<String> = common::samples().iter().map(|(_, node, _)| node.summary()).collect();
    assert!(lines.iter().all(|line| line.len() <= 100), "{lines:#?}");
    insta::assert_snapshot!("summaries", lines.join("\n"));
}

#[test]
fn the_dictionary_has_code_points_of_their_width() {
    let words = Grammar::tls().dictionary();
    let word = |name: &str| words.iter().find(|word| word.0 == name).map(|word| word.1.clone());
    assert_eq!(word("CipherSuite_TLS_AES_128_GCM_SHA256"), Some(vec![0x13, 0x01]));
    assert_eq!(word("empty_extended_master_secret"), Some(vec![0, 23, 0, 0]));
    assert_eq!(word("name8_h2"), Some(vec![2, b'h', b'2']));
    assert!(words.len() > 400);
}
