//! Typed loading by serde, and its complaints.

use gauntlet_yaml::{File, Kind, Spanned, Yaml, from_str};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
struct Profile {
    name: String,
    #[serde(default)]
    port: Option<u16>,
    #[serde(default)]
    patience: f64,
    #[serde(default)]
    roles: Vec<Role>,
    #[serde(default)]
    options: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    codes: BTreeMap<u8, bool>,
    #[serde(default)]
    ready: Ready,
    #[serde(default)]
    pair: Option<(u8, Newtype)>,
    #[serde(default)]
    rest: Option<Yaml>,
    #[serde(default)]
    title: Spanned<String>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Role {
    Client,
    Server,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Ready {
    #[default]
    AtOnce,
    Line(String),
    Port {
        number: u16,
        tries: u8,
    },
    Range(u8, u8),
}

#[derive(Debug, PartialEq, Deserialize, Serialize)]
struct Newtype(i8);

fn read(text: &str) -> Result<Profile, gauntlet_yaml::Diagnostics> {
    from_str(&File::new("p.yaml", text))
}

fn refused(text: &str) -> String {
    read(text).expect_err("this must be refused").render(false)
}

#[test]
fn all_kinds_of_fields() {
    let text = "\
name: OpenSSL
port: 0x115C
patience: 1.5
roles: [client, server]
options: { client_auth: [-verify, '1'] }
codes: { 0x1F: true, 2: false }
ready: { port: { number: 4433, tries: 3 } }
pair: [1, -2]
rest: { a: [1, x], b: ~ }
title: über
";
    let profile = read(text).unwrap();
    assert_eq!(profile.port, Some(4444));
    assert_eq!(profile.patience, 1.5);
    assert_eq!(profile.roles, [Role::Client, Role::Server]);
    assert_eq!(profile.options["client_auth"], ["-verify", "1"]);
    assert_eq!(profile.codes, BTreeMap::from([(2, false), (31, true)]));
    assert_eq!(profile.ready, Ready::Port { number: 4433, tries: 3 });
    assert_eq!(profile.pair, Some((1, Newtype(-2))));
    assert_eq!(profile.title.value, "über");
    let span = profile.title.span;
    assert_eq!(&text[span.start..span.end], "über");
}

#[test]
fn trees_within_keep_their_places() {
    let text = "name: x\nrest: { a: [1, x], b: ~ }\n";
    let rest = read(text).unwrap().rest.unwrap();
    let file = File::new("p.yaml", text);
    assert_eq!(rest, *file.parse().unwrap().get("rest").unwrap());
    let (key, value) = rest.entry("a").unwrap();
    assert_eq!(file.slice(key.span), "a");
    assert_eq!(file.slice(value.span), "[1, x]");
    assert_eq!(file.slice(value.as_list().unwrap()[1].span), "x");
}

#[test]
fn trees_come_from_json_and_go_there() {
    let json = serde_json::json!({ "a": [1, -2, "x", null, true], "$start": { "b": 18_446_744_073_709_551_615_u64 } });
    let tree: Yaml = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(tree, Yaml::from_json(&json));
    assert_eq!(serde_json::to_value(&tree).unwrap(), json);
    assert_eq!(tree.to_json(), json);
    let spanned: Spanned<u8> = serde_json::from_str("7").unwrap();
    assert_eq!(spanned.value, 7);
}

#[test]
fn enums_as_words_and_maps() {
    let ready = |text: &str| read(&format!("name: x\nready: {text}\n")).unwrap().ready;
    assert_eq!(ready("at_once"), Ready::AtOnce);
    assert_eq!(ready("{ at_once: }"), Ready::AtOnce);
    assert_eq!(ready("{ line: ACCEPT }"), Ready::Line("ACCEPT".to_owned()));
    assert_eq!(ready("{ range: [1, 2] }"), Ready::Range(1, 2));
}

#[test]
fn null_is_no_text() {
    assert_eq!(read("name: x\nport: ~\n").unwrap().port, None);
    assert!(refused("name: ~\n").contains("expected text, but this is nothing"));
}

#[test]
fn a_whole_file_may_be_a_list() {
    let list: Vec<u8> = from_str(&File::new("l.yaml", "- 1\n- 0x2\n")).unwrap();
    assert_eq!(list, [1, 2]);
    let nothing: Option<u8> = from_str(&File::new("l.yaml", "# nothing\n")).unwrap();
    assert_eq!(nothing, None);
    assert_eq!(File::new("l.yaml", "").parse().unwrap().kind, Kind::Null);
}

macro_rules! golden {
    ($($name:ident: $text:expr;)*) => {
        $(#[test] fn $name() { insta::assert_snapshot!(refused($text)); })*
    };
}

golden! {
    typed_unknown_key: "name: x\nprot: 1\n";
    typed_unknown_key_unlike_any: "name: x\nsomething: 1\n";
    typed_missing_key: "port: 1\nroles: []\n";
    typed_missing_in_variant: "name: x\nready: { port: { number: 1 } }\n";
    typed_out_of_range: "name: x\nport: 65536\n";
    typed_negative: "name: x\nport: -1\n";
    typed_number_for_text: "name: 12\n";
    typed_text_for_number: "name: x\nport: '12'\n";
    typed_list_for_map: "name: x\noptions: [a]\n";
    typed_map_for_text: "name:\n  a: b\n  c: d\n";
    typed_unknown_variant: "name: x\nroles: [client, sever]\n";
    typed_variant_needs_value: "name: x\nready: line\n";
    typed_variant_stands_alone: "name: x\nready: { at_once: 1 }\n";
    typed_two_variants: "name: x\nready: { line: a, port: b }\n";
    typed_variant_of_number: "name: x\nready: 5\n";
    typed_list_too_long: "name: x\npair: [1, 2, 3]\n";
    typed_list_too_short: "name: x\npair: [1]\n";
    typed_key_out_of_range: "name: x\ncodes: { 300: true }\n";
    typed_deep_within: "name: x\noptions:\n  a: [b]\n  c: [d, [e]]\n";
    typed_huge_number: "name: x\nport: 170141183460469231731687303715884105727\n";
    typed_fraction: "name: x\npatience: soon\n";
    typed_no_map_at_all: "- name\n";
    typed_duplicate: "name: x\nname: y\n";
}
