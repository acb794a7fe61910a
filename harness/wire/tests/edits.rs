//! Every kind of change, on trees and on their bytes.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{bytes, client_hello, names, path, resuming_hello, server_hello, tls12};
use gauntlet_wire::{ByteEdit, Context, Edit, EditError, Grammar, Node, Place, Plain, Value};

fn message(plain: Plain) -> Node {
    Grammar::tls().build("Handshake", &plain, &Context::tls13()).unwrap()
}

fn edited(node: &Node, edit: Edit) -> Node {
    let mut node = node.clone();
    Grammar::tls()
        .edit(&mut node, &edit, &Context::tls13())
        .unwrap_or_else(|error| panic!("{edit:?}: {error} at `{}`", error.path));
    node.encode();
    node
}

fn refused(node: &Node, edit: Edit) -> EditError {
    let mut copy = node.clone();
    let error = Grammar::tls().edit(&mut copy, &edit, &Context::tls13()).expect_err("the edit should fail");
    assert_eq!(copy, *node, "a failed edit changed the tree");
    error
}

/// The message as its receiver reads it, which must be well-formed.
fn reread(node: &Node) -> Node {
    let read = Grammar::tls().decode("Handshake", &node.to_bytes(), &Context::tls13());
    assert_eq!(read.first_remark(), None, "{}", read.print());
    read
}

fn tags(node: &Node, list: &str) -> Vec<String> {
    let list = node.at(&path(list)).unwrap();
    list.children()
        .iter()
        .map(|element| element.tag_name().map_or_else(|| format!("{:#x}", element.tag().unwrap()), str::to_owned))
        .collect()
}

fn set(text: &str, plain: impl Into<Plain>) -> Edit {
    Edit::Set(path(text), plain.into())
}

#[test]
fn set_gives_a_field_another_value() {
    let hello = message(client_hello());
    let node = edited(&hello, set("legacy_version", "tls1.0"));
    assert_eq!(reread(&node).field("legacy_version").unwrap().number(), Some(0x0301));
    let node = edited(&hello, set("legacy_version", Plain::Number(0x7f1c)));
    assert_eq!(reread(&node).field("legacy_version").unwrap().number(), Some(0x7f1c));
    let node = edited(&hello, set("legacy_compression_methods", [0_u64, 1].into_iter().collect::<Plain>()));
    assert_eq!(reread(&node).field("legacy_compression_methods").unwrap().bytes(), Some(&[0, 1][..]));
    let node = edited(&hello, set("cipher_suites", names(&["TLS_RSA_WITH_NULL_MD5"])));
    assert_eq!(tags(&reread(&node), "cipher_suites"), ["TLS_RSA_WITH_NULL_MD5"]);
    let node = edited(&hello, set("cipher_suites[-1]", Plain::Number(0xffff)));
    assert_eq!(tags(&reread(&node), "cipher_suites").last().unwrap(), "0xffff");
    let node = edited(&hello, set("random", bytes(3, 0)));
    assert_eq!(node.field("random").unwrap().bytes().unwrap().len(), 3, "a value of the wrong size is kept");
}

#[test]
fn set_reaches_deep_into_extensions() {
    let hello = message(client_hello());
    let node = edited(&hello, set("extensions.key_share.client_shares[1].group", "x448"));
    assert_eq!(
        reread(&node).at(&path("extensions.key_share.client_shares.x448.key_exchange")).unwrap().bytes().unwrap().len(),
        32
    );
    let node = edited(&hello, set("extensions.key_share.client_shares.group", "x448"));
    let groups = reread(&node)
        .find(&path("extensions.key_share.client_shares.group"))
        .iter()
        .map(|group| group.number())
        .collect::<Vec<_>>();
    assert_eq!(groups, [Some(30); 3], "a field of every element");
    let node = edited(&hello, set("extensions.key_share.client_shares", Plain::List(vec![])));
    let key_share = reread(&node).field("extensions").unwrap().tagged_content(51).unwrap().clone();
    assert_eq!(key_share.content(), [0, 0]);
}

#[test]
fn set_on_an_extension_replaces_its_content() {
    let hello = message(client_hello());
    let versions = |node: &Node| tags(&reread(node), "extensions.supported_versions.versions");
    assert_eq!(versions(&edited(&hello, set("extensions.supported_versions", names(&["tls1.1"])))), ["tls1.1"]);
    let map = Plain::map([("versions", names(&["tls1.0"]))]);
    assert_eq!(versions(&edited(&hello, set("extensions.supported_versions", map))), ["tls1.0"]);
    assert_eq!(
        versions(&edited(&hello, set("extensions.supported_versions", Plain::Bytes(vec![2, 3, 2])))),
        ["tls1.1"]
    );
    let own = Plain::map([("extension_type", Plain::Number(0x9999)), ("extension_data", Plain::Bytes(vec![5]))]);
    let node = edited(&hello, set("extensions.supported_versions", own));
    assert_eq!(reread(&node).field("extensions").unwrap().tagged_content(0x9999).unwrap().bytes(), Some(&[5][..]));
    assert!(reread(&node).field("extensions").unwrap().tagged(43).is_none());
    let node = edited(&hello, set("extensions.supported_versions", Plain::Bytes(vec![1, 2, 3])));
    let odd = node.field("extensions").unwrap().tagged_content(43).unwrap();
    assert_eq!(odd.content(), [1, 2, 3], "content that does not fit is kept");
}

#[test]
fn set_adds_an_extension_ahead_of_pre_shared_key() {
    let node = edited(
        &message(resuming_hello()),
        set("extensions.ticket_request", Plain::map([("new_session_count", Plain::Number(2))])),
    );
    let found = tags(&reread(&node), "extensions");
    assert_eq!(found[found.len() - 2..], ["ticket_request", "pre_shared_key"]);
    let node = edited(&message(client_hello()), set("extensions.0xabcd", Plain::Bytes(vec![1])));
    assert_eq!(tags(&reread(&node), "extensions").last().unwrap(), "0xabcd");
    let node = edited(&message(client_hello()), set("extensions.early_data", Plain::Map(vec![])));
    assert_eq!(tags(&reread(&node), "extensions").last().unwrap(), "early_data");
}

#[test]
fn set_adds_an_optional_block() {
    let plain =
        Plain::map([("msg_type", "client_hello".into()), ("cipher_suites", names(&["TLS_RSA_WITH_AES_128_CBC_SHA"]))]);
    let old = message(plain);
    assert!(old.field("extensions").is_none());
    let node = edited(&old, set("extensions", Plain::map([("heartbeat", "peer_allowed_to_send".into())])));
    assert_eq!(tags(&reread(&node), "extensions"), ["heartbeat"]);
    let node = edited(&old, set("extensions.heartbeat", "peer_allowed_to_send"));
    assert_eq!(tags(&reread(&node), "extensions"), ["heartbeat"]);
    let node = edited(&node, Edit::Remove(path("extensions")));
    assert_eq!(node, old);
}

#[test]
fn set_takes_lies_for_computed_lengths() {
    let hello = message(client_hello());
    let honest = hello.to_bytes();
    let bytes = edited(&hello, set("length", Plain::Number(5))).to_bytes();
    assert_eq!(bytes[1..4], [0, 0, 5]);
    assert_eq!(bytes[4..], honest[4..]);
    let node = edited(&hello, set("body", Plain::Bytes(vec![1, 2])));
    assert_eq!(node.to_bytes(), [1, 0, 0, 2, 1, 2]);
    let node = edited(&hello, set("msg_type", "finished"));
    assert_eq!(node.to_bytes()[0], 20);
    assert_eq!(node.to_bytes()[1..], honest[1..]);
}

#[test]
fn set_names_what_is_wrong() {
    let hello = message(client_hello());
    let error = refused(&hello, set("legacy_versoin", "tls1.2"));
    assert_eq!(
        (error.message.as_str(), error.suggestion.as_deref()),
        ("Handshake has no `legacy_versoin`", Some("legacy_version"))
    );
    let error = refused(&hello, set("extensions.key_share.client_sharse[0].group", "x25519"));
    assert_eq!(error.message, "`extensions.key_share` has no `client_sharse`");
    assert_eq!(error.suggestion.as_deref(), Some("client_shares"));
    let error = refused(&hello, set("extensions.key_share.client_shares[0].group", "x25591"));
    assert_eq!((error.message.as_str(), error.suggestion.as_deref()), ("`x25591` is no NamedGroup", Some("x25519")));
    assert_eq!(error.path, "extensions.key_share.client_shares[0].group");
    let error = refused(&hello, set("legacy_version", Plain::Number(0x10000)));
    assert_eq!(error.message, "65536 does not fit in 2 bytes");
    let error = refused(&hello, set("extensions.suported_groups", "x25519"));
    assert_eq!(error.suggestion.as_deref(), Some("supported_groups"));
    let error = refused(&hello, set("random", "no hex"));
    assert_eq!(error.message, "expected bytes in hex, got `no hex`");
    let error = refused(&hello, set("cipher_suites[99]", Plain::Number(1)));
    assert_eq!(error.message, "`cipher_suites` has no `[99]`");
}

#[test]
fn remove_takes_elements_and_optional_fields() {
    let hello = message(client_hello());
    let node = edited(&hello, Edit::Remove(path("extensions.key_share")));
    assert!(!tags(&reread(&node), "extensions").contains(&"key_share".to_owned()));
    let node = edited(&hello, Edit::Remove(path("cipher_suites[0]")));
    assert_eq!(tags(&reread(&node), "cipher_suites")[0], "TLS_AES_128_GCM_SHA256");
    let node = edited(&hello, Edit::Remove(path("cipher_suites.TLS_AES_128_GCM_SHA256")));
    assert_eq!(tags(&reread(&node), "cipher_suites")[1], "TLS_AES_256_GCM_SHA384");
    let twice = edited(&hello, Edit::Duplicate(path("extensions.padding"), Place::First));
    let node = edited(&twice, Edit::Remove(path("extensions.padding")));
    assert!(!tags(&reread(&node), "extensions").contains(&"padding".to_owned()), "all that the path names");
    assert_eq!(refused(&hello, Edit::Remove(path("random"))).path, "random");
    assert_eq!(refused(&hello, Edit::Remove(path("extensions.cookie"))).message, "`extensions` has no `cookie`");
}

#[test]
fn add_puts_elements_in_their_place() {
    let hello = message(client_hello());
    let cookie = || Plain::map([("cookie", "beef".into())]);
    let cases = [
        (Place::First, 0),
        (Place::Last, 17),
        (Place::At(3), 3),
        (Place::At(-1), 16),
        (Place::Before("server_name".to_owned()), 1),
        (Place::After("server_name".to_owned()), 2),
    ];
    for (place, expected) in cases {
        let node = edited(&hello, Edit::Add(path("extensions"), cookie(), place.clone()));
        assert_eq!(
            tags(&reread(&node), "extensions").iter().position(|tag| tag == "cookie"),
            Some(expected),
            "{place:?}"
        );
    }
    let node = edited(&hello, Edit::Add(path("cipher_suites"), "TLS_FALLBACK_SCSV".into(), Place::Last));
    assert_eq!(tags(&reread(&node), "cipher_suites").last().unwrap(), "TLS_FALLBACK_SCSV");
    let node = edited(&hello, Edit::Add(path("legacy_compression_methods"), Plain::Number(1), Place::First));
    assert_eq!(reread(&node).field("legacy_compression_methods").unwrap().bytes(), Some(&[1, 0][..]));
    let share = Plain::map([("group", "x448".into()), ("key_exchange", bytes(56, 1))]);
    let node =
        edited(&hello, Edit::Add(path("extensions.key_share.client_shares"), share, Place::After("x25519".to_owned())));
    assert_eq!(tags(&reread(&node), "extensions.key_share.client_shares"), ["0x1a1a", "x25519", "x448", "secp256r1"]);
    let own = Plain::map([("extension_type", Plain::Number(7)), ("extension_data", "00".into())]);
    let node = edited(&hello, Edit::Add(path("extensions"), own, Place::First));
    assert_eq!(tags(&reread(&node), "extensions")[0], "client_authz");
    let error = refused(&hello, Edit::Add(path("extensions"), cookie(), Place::After("cookei".to_owned())));
    assert_eq!(error.message, "the list has no `cookei`");
    assert_eq!(
        refused(&hello, Edit::Add(path("extensions"), cookie(), Place::At(99))).message,
        "place 99 is outside of a list of 17"
    );
    assert_eq!(
        refused(&hello, Edit::Add(path("legacy_version"), cookie(), Place::Last)).message,
        "only a list takes another element"
    );
}

#[test]
fn duplicate_copies_whole_elements() {
    let hello = message(client_hello());
    let node = edited(&hello, Edit::Duplicate(path("extensions.server_name"), Place::After(String::new())));
    assert_eq!(tags(&reread(&node), "extensions")[1..3], ["server_name", "server_name"]);
    let node = edited(&hello, Edit::Duplicate(path("extensions.server_name"), Place::Last));
    assert_eq!(tags(&reread(&node), "extensions").last().unwrap(), "server_name");
    assert_eq!(refused(&hello, Edit::Duplicate(path("random"), Place::Last)).message, "is no element of a list");
}

#[test]
fn move_changes_the_order_only() {
    let hello = message(client_hello());
    let before = tags(&hello, "extensions");
    for (place, expected) in [
        (Place::First, 0),
        (Place::Last, 16),
        (Place::At(2), 2),
        (Place::After("padding".to_owned()), 16),
        (Place::Before("0x0a0a".to_owned()), 0),
    ] {
        let node = edited(&hello, Edit::Move(path("extensions.key_share"), place.clone()));
        let mut found = tags(&reread(&node), "extensions");
        assert_eq!(found.iter().position(|tag| tag == "key_share"), Some(expected), "{place:?}");
        found.retain(|tag| tag != "key_share");
        assert_eq!(found, before.iter().filter(|tag| *tag != "key_share").cloned().collect::<Vec<_>>());
    }
    assert_eq!(
        refused(&hello, Edit::Move(path("extensions.key_share"), Place::After("cookie".to_owned()))).message,
        "the list has no `cookie`"
    );
}

#[test]
fn shuffle_is_drawn_from_the_number() {
    let hello = message(client_hello());
    let order = |seed| tags(&edited(&hello, Edit::Shuffle(path("extensions"), seed)), "extensions");
    assert_eq!(order(1), order(1));
    assert_ne!(order(1), order(2));
    let (mut shuffled, mut before) = (order(1), tags(&hello, "extensions"));
    assert_ne!(shuffled, before);
    shuffled.sort();
    before.sort();
    assert_eq!(shuffled, before);
    assert_eq!(refused(&hello, Edit::Shuffle(path("legacy_version"), 1)).message, "only a list can be shuffled");
}

#[test]
fn a_length_lies_and_nothing_else_changes() {
    let hello = message(client_hello());
    let honest = hello.to_bytes();
    let body = honest.len() - 4;
    let extensions = hello.field("extensions").unwrap().span;
    let data = hello.field("extensions").unwrap().tagged(43).unwrap().field("extension_data").unwrap().span;
    // What is said, where its number stands, its width, and by how much it differs.
    let cases = [
        (Edit::LengthBy(path("extensions"), -1), extensions.start, 2, -1),
        (Edit::LengthBy(path("extensions.supported_versions"), 3), data.start, 2, 3),
        (Edit::LengthBy(path("extensions.supported_versions.extension_data"), 3), data.start, 2, 3),
        (Edit::LengthBy(path("extensions.supported_versions.versions"), 1), data.start + 2, 1, 1),
        (Edit::LengthBy(path("length"), 2), 1, 3, 2),
        (Edit::LengthBy(path("body"), -2), 1, 3, -2),
        (Edit::LengthTo(path("legacy_session_id"), 255), 38, 1, 255 - 32),
        (Edit::LengthTo(path("length"), 0), 1, 3, -(body as i64)),
        (Edit::LengthBy(gauntlet_wire::Path::root(), 1), 1, 3, 1),
    ];
    for (edit, at, width, by) in cases {
        let changed = edited(&hello, edit.clone()).to_bytes();
        let number = |bytes: &[u8]| bytes[at..at + width].iter().fold(0, |number, byte| number << 8 | i64::from(*byte));
        assert_eq!(number(&changed) - number(&honest), by, "{edit:?}");
        assert_eq!((&changed[..at], &changed[at + width..]), (&honest[..at], &honest[at + width..]), "{edit:?}");
    }
    assert_eq!(refused(&hello, Edit::LengthBy(path("random"), 1)).message, "has no length of its own");
    assert_eq!(
        refused(&hello, Edit::LengthTo(path("legacy_session_id"), 256)).message,
        "256 does not fit in a length of 1 byte(s)"
    );
    let wrapped = edited(&message(server_hello()), Edit::LengthBy(path("extensions.pre_shared_key"), -3));
    assert_eq!(wrapped.field("extensions").unwrap().tagged(41).unwrap().to_bytes(), [0, 41, 0xff, 0xff, 0, 0]);
}

#[test]
fn a_lying_length_is_kept_when_bytes_are_read_again() {
    let hello = message(client_hello());
    for text in [
        "extensions",
        "extensions.key_share",
        "extensions.key_share.client_shares",
        "length",
        "legacy_session_id",
        "cipher_suites",
    ] {
        for by in [-300, -2, -1, 1, 2, 300, 60_000] {
            let changed = edited(&hello, Edit::LengthBy(path(text), by)).to_bytes();
            let read = Grammar::tls().decode("Handshake", &changed, &Context::tls13());
            assert_eq!(read.to_bytes(), changed, "{text} by {by}");
            assert!(read.first_remark().is_some(), "{text} by {by}: {}", read.print());
        }
    }
    let mut declared = hello.to_bytes();
    declared[3] ^= 1;
    let read = Grammar::tls().decode("Handshake", &declared, &Context::tls13());
    let lies = read.field("length").unwrap();
    assert!(lies.length.is_some() || read.field("trailing").is_some());
}

#[test]
fn bytes_of_a_field_change_behind_its_honest_prefix() {
    let hello = message(client_hello());
    let change = |text: &str, edit: ByteEdit| edited(&hello, Edit::Bytes(path(text), edit));
    let node = change("legacy_session_id", ByteEdit::Append { bytes: vec![1, 2] });
    assert_eq!(node.field("legacy_session_id").unwrap().to_bytes()[..1], [34]);
    assert_eq!(node.field("legacy_session_id").unwrap().bytes().unwrap()[32..], [1, 2]);
    let node = change("random", ByteEdit::FlipBit { bit: 0 });
    assert_eq!(
        node.field("random").unwrap().bytes().unwrap()[0],
        hello.field("random").unwrap().bytes().unwrap()[0] ^ 0x80
    );
    let node = change("extensions.supported_versions", ByteEdit::Truncate { to: -1 });
    assert_eq!(
        node.field("extensions").unwrap().tagged(43).unwrap().to_bytes(),
        hex::decode("002b0006062a2a030403").unwrap()
    );
    let node = change("body", ByteEdit::Append { bytes: vec![0xee; 3] });
    let bytes = node.to_bytes();
    assert_eq!(bytes.len(), hello.to_bytes().len() + 3);
    assert_eq!(
        usize::from(bytes[2]) * 256 + usize::from(bytes[3]),
        bytes.len() - 4,
        "the header's length stays honest"
    );
    let node = change("cipher_suites", ByteEdit::Delete { offset: 0, count: 1 });
    assert_eq!(node.field("cipher_suites").unwrap().content().len(), 31);
    assert_eq!(node.field("cipher_suites").unwrap().to_bytes()[..2], [0, 31]);
    let node = change("legacy_version", ByteEdit::Xor { offset: -1, bytes: vec![3] });
    assert_eq!(node.field("legacy_version").unwrap().number(), Some(0x0300));
    let node = change("legacy_version", ByteEdit::Truncate { to: 1 });
    assert!(matches!(&node.field("legacy_version").unwrap().value, Value::Raw(bytes) if *bytes == [3]));
    assert_eq!(node.to_bytes().len(), hello.to_bytes().len() - 1);
    let error = refused(&hello, Edit::Bytes(path("random"), ByteEdit::FlipBit { bit: 256 }));
    assert_eq!((error.message.as_str(), error.path.as_str()), ("bit 256 is outside of 256", "random"));
}

#[test]
fn byte_edits_do_what_they_say() {
    let start = vec![0x10, 0x20, 0x30, 0x40];
    let cases = [
        (ByteEdit::FlipBit { bit: 0 }, Some(vec![0x90, 0x20, 0x30, 0x40])),
        (ByteEdit::FlipBit { bit: -1 }, Some(vec![0x10, 0x20, 0x30, 0x41])),
        (ByteEdit::FlipBit { bit: 32 }, None),
        (ByteEdit::FlipBit { bit: -33 }, None),
        (ByteEdit::Xor { offset: 1, bytes: vec![0xff, 0x01] }, Some(vec![0x10, 0xdf, 0x31, 0x40])),
        (ByteEdit::Xor { offset: 3, bytes: vec![1, 1] }, None),
        (ByteEdit::Replace { offset: -2, bytes: vec![1, 2] }, Some(vec![0x10, 0x20, 1, 2])),
        (ByteEdit::Replace { offset: 4, bytes: vec![1] }, None),
        (ByteEdit::Insert { offset: 0, bytes: vec![9] }, Some(vec![9, 0x10, 0x20, 0x30, 0x40])),
        (ByteEdit::Insert { offset: 4, bytes: vec![9] }, Some(vec![0x10, 0x20, 0x30, 0x40, 9])),
        (ByteEdit::Insert { offset: -1, bytes: vec![9] }, Some(vec![0x10, 0x20, 0x30, 9, 0x40])),
        (ByteEdit::Insert { offset: 5, bytes: vec![9] }, None),
        (ByteEdit::Append { bytes: vec![7, 8] }, Some(vec![0x10, 0x20, 0x30, 0x40, 7, 8])),
        (ByteEdit::Delete { offset: 1, count: 2 }, Some(vec![0x10, 0x40])),
        (ByteEdit::Delete { offset: -1, count: 1 }, Some(vec![0x10, 0x20, 0x30])),
        (ByteEdit::Delete { offset: 1, count: 4 }, None),
        (ByteEdit::Delete { offset: 0, count: u64::MAX }, None),
        (ByteEdit::Truncate { to: 1 }, Some(vec![0x10])),
        (ByteEdit::Truncate { to: -1 }, Some(vec![0x10, 0x20, 0x30])),
        (ByteEdit::Truncate { to: 0 }, Some(vec![])),
        (ByteEdit::Truncate { to: 5 }, None),
        (ByteEdit::Truncate { to: i64::MIN }, None),
    ];
    for (edit, expected) in cases {
        let mut bytes = start.clone();
        let result = edit.apply(&mut bytes);
        assert_eq!(result.is_ok(), expected.is_some(), "{edit:?}");
        assert_eq!(bytes, expected.unwrap_or(start.clone()), "{edit:?}");
    }
}

#[test]
fn edits_of_tls12_messages_use_what_is_given() {
    let context = tls12("ecdhe");
    let plain = Plain::map([("msg_type", "client_key_exchange".into()), ("ecdh_Yc", bytes(65, 4))]);
    let mut node = Grammar::tls().build("Handshake", &plain, &context).unwrap();
    Grammar::tls().edit(&mut node, &set("ecdh_Yc", bytes(3, 0)), &context).unwrap();
    assert_eq!(node.to_bytes()[..5], [16, 0, 0, 4, 3]);
    let mut hello = message(server_hello());
    Grammar::tls().edit(&mut hello, &set("extensions.key_share", share_of("x448")), &Context::tls13()).unwrap();
    assert_eq!(hello.at(&path("extensions.key_share.server_share.group")).unwrap().enum_name(), Some("x448"));
}

fn share_of(group: &str) -> Plain {
    Plain::map([("server_share", common::share(group, 56))])
}
