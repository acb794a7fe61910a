//! What texts mean, where values stand, how they are written.

use gauntlet_yaml::{File, Kind, Yaml, did_you_mean, nearest};
use std::time::{Duration, Instant};

fn parsed(text: &str) -> Yaml {
    File::new("a.yaml", text).parse().unwrap_or_else(|errors| panic!("{text:?}\n{}", errors.render(false)))
}

/// As JSON, which shows all that counts.
fn json(text: &str) -> String {
    parsed(text).to_json().to_string()
}

const SCENARIO: &str = r#"title: Nothing may come between the parts of a KeyUpdate
requirements: [rfc9846-5.1-07]
peer: both
version: tls1.3
vary:
  cut: { range: [1, 4] }
  between: { data: { send: application_data }, alert: { send: alert, set: { level: warning, description: user_canceled } } }
plays: { until: { secrets.shared_secret: { starts_with: "00" } }, at_most: 2000 }
flow:
  - handshake: full
    with: { client_hello: { set: { cipher_suites: [$suite] } } }
    alter:
      client_hello[1]: { mutate: [{ move: { field: extensions.$extension, to: last } }] }
  - connect
  - send: key_update
    records: [$cut, $between, { size: 0, times: 3, keys: none, sequence: +1 }, rest]
  - bytes: { from: "sent.records[-1]", plus: 0x1F, text: "GET / HTTP/1.0\r\n\r\n" }
  - pause: 20ms                   # then
    on: 0
  - expect: { reject: illegal_parameter }
"#;

#[test]
fn a_scenario() {
    insta::assert_snapshot!(serde_json::to_string_pretty(&parsed(SCENARIO).to_json()).unwrap());
}

#[test]
fn a_scenario_written_again() {
    let tree = parsed(SCENARIO);
    let block = tree.to_block();
    assert_eq!(parsed(&block), tree);
    insta::assert_snapshot!(block);
}

#[test]
fn a_scenario_in_one_line() {
    insta::assert_snapshot!(parsed(SCENARIO).to_flow());
}

#[test]
fn scalars() {
    let number = |text: &str| match parsed(text).kind {
        Kind::Number(number) => Some(number),
        _ => None,
    };
    assert_eq!(number("0x1F"), Some(31));
    assert_eq!(number("0o17"), Some(15));
    assert_eq!(number("12"), Some(12));
    assert_eq!(number("-3"), Some(-3));
    assert_eq!(number("0"), Some(0));
    assert_eq!(number("170141183460469231731687303715884105727"), Some(i128::MAX));
    let texts = [
        "012",
        "1_000",
        "+1",
        "1.5",
        "1e3",
        ".inf",
        "yes",
        "no",
        "on",
        "off",
        "0b1",
        "0x",
        "0xG",
        "--1",
        "-0x1",
        "170141183460469231731687303715884105728",
        "16 0301",
        "tls1.3",
        "'12'",
        "\"true\"",
        "2026-11-21",
        "=",
    ];
    for text in texts {
        assert_eq!(parsed(text).kind, Kind::Text(text.trim_matches(['\'', '"']).to_owned()), "{text}");
    }
    for text in ["", "~", "null", "# nothing", "---"] {
        assert_eq!(parsed(text).kind, Kind::Null, "{text}");
    }
    assert_eq!(json("[true, false, True, 'null', \"~\"]"), r#"[true,false,true,"null","~"]"#);
    assert_eq!(json("a: |\n  x\n   y\n\nb: >-\n  p\n  q\n"), r#"{"a":"x\n y\n","b":"p q"}"#);
    assert_eq!(json("\u{FEFF}a: b\r\nc: d\r\n"), r#"{"a":"b","c":"d"}"#);
}

#[test]
fn keys_are_text_as_written() {
    assert_eq!(
        json("{ 0x1F: a, 1: b, true: c, ~: d, on: e, '': f }"),
        r#"{"0x1F":"a","1":"b","true":"c","~":"d","on":"e","":"f"}"#
    );
}

#[test]
fn merge_keys_give_way() {
    let text = "\
base: &base { a: 1, b: 2 }
other: &other { b: 3, c: 4 }
one: { <<: *base, b: 9 }
two: { x: 0, <<: [*base, *other] }
three: { '<<': plain }
";
    assert_eq!(
        json(text),
        r#"{"base":{"a":1,"b":2},"other":{"b":3,"c":4},"one":{"a":1,"b":9},"two":{"x":0,"a":1,"b":2,"c":4},"three":{"<<":"plain"}}"#
    );
}

#[test]
fn everything_stands_somewhere() {
    let text = "\
a: b  # c
list:
  - é: 'q'
    n:
  - [x, { y: z }]
text: |
  one
  two

tail: &t { k: v }
again: *t
";
    let file = File::new("a.yaml", text);
    let tree = file.parse().unwrap();
    let shown = |value: &Yaml| file.slice(value.span).to_owned();
    let list = tree.get("list").unwrap();
    let first = &list.as_list().unwrap()[0];
    let second = &list.as_list().unwrap()[1];
    assert_eq!(shown(tree.get("a").unwrap()), "b");
    assert_eq!(shown(list), "- é: 'q'\n    n:\n  - [x, { y: z }]");
    assert_eq!(shown(first), "é: 'q'\n    n");
    assert_eq!(shown(&first.entry("é").unwrap().1), "'q'");
    assert_eq!(shown(first.get("n").unwrap()), "");
    assert_eq!(shown(second), "[x, { y: z }]");
    assert_eq!(shown(&second.as_list().unwrap()[1]), "{ y: z }");
    assert_eq!(shown(tree.get("text").unwrap()), "one\n  two");
    assert_eq!(shown(tree.get("tail").unwrap()), "&t { k: v }");
    assert_eq!(shown(tree.get("again").unwrap()), "*t");
    assert_eq!(shown(&tree.get("again").unwrap().as_map().unwrap()[0].1), "v");
    assert_eq!(shown(&tree), text.trim_end());
    assert_eq!(file.position(list.span.start), (3, 3));
    assert_eq!(file.position(first.entry("é").unwrap().1.span.start), (3, 8));
    assert_eq!(file.line(3), "  - é: 'q'");
    assert_eq!((file.line(0), file.line(99)), ("a: b  # c", ""));
    assert_eq!(file.position(usize::MAX), (12, 1));
}

#[test]
fn long_keys_and_long_texts_are_written_too() {
    let tree = Yaml::new(Kind::Map(vec![
        (Yaml::text("k".repeat(3000)), Yaml::new(Kind::List(vec![Yaml::text("v".repeat(3000)); 2]))),
        (
            Yaml::text("q: ".repeat(1000)),
            Yaml::new(Kind::Map(vec![(Yaml::text("#".repeat(2000)), Yaml::text("x\ny\n"))])),
        ),
    ]));
    assert_eq!(parsed(&tree.to_block()), tree);
    assert_eq!(parsed(&tree.to_flow()), tree);
}

#[test]
fn proposals() {
    let keys = ["send", "expect", "handshake", "legacy_compression_methods", "records", "record", "on", "with"];
    let near = |got: &str| nearest(got, keys);
    for (got, meant) in [
        ("snd", "send"),
        ("sned", "send"),
        ("Expect", "expect"),
        ("hand-shake", "handshake"),
        ("handshke", "handshake"),
        ("compression_methods", "legacy_compression_methods"),
        ("recrods", "records"),
        ("no", "on"),
        ("wiht", "with"),
    ] {
        assert_eq!(near(got), Some(meant), "{got}");
    }
    for got in ["", "x", "flow", "certificate", "methods_of_compression"] {
        assert_eq!(near(got), None, "{got}");
    }
    assert_eq!(did_you_mean("snd", keys).as_deref(), Some("did you mean `send`?"));
}

/// Texts that cost some parsers the square of their length: 1 MiB each, so that a square would take minutes.
#[test]
fn no_text_takes_long() {
    let pieces = [
        "[", "{", "- ", "? ", "a: ", "a:\n", "'", "\"", "*a ", "&a ", "!", "# ", "\t", "\n", " ", "\r", "x", ",", "é",
        "[],", "- a\n", "a: b\n", ": ", "|\n", "- |\n", "---\n", "...\n", "%a\n", "a: [\n", "- [\n", "? a\n", "\\",
        "&a a: ", "[a: ",
    ];
    for piece in pieces {
        for head in ["", "[", "\"", "a: |\n  "] {
            let text = head.to_owned() + &piece.repeat((1 << 20) / piece.len() - 10);
            let before = Instant::now();
            let outcome = File::new("a.yaml", &text).parse();
            if let Err(errors) = outcome {
                assert!(!errors.render(false).is_empty());
            }
            let spent = before.elapsed();
            assert!(spent < Duration::from_secs(20), "{head:?} and {piece:?}: {spent:?}");
        }
    }
}
