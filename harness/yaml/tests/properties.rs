//! What holds for any text and any tree.

use gauntlet_yaml::{Diagnostics, File, Kind, MapReader, Span, Yaml};
use proptest::collection::vec;
use proptest::prelude::*;

/// Pieces that YAML gives a meaning to, and some that look as if.
const PIECES: &[&str] = &[
    "a",
    "b",
    "key",
    ": ",
    ":",
    "- ",
    "-",
    "? ",
    "\n",
    "\n  ",
    "\n    ",
    "\n- ",
    " ",
    "\t",
    "\r\n",
    "\r",
    "#",
    " # c",
    "[",
    "]",
    "{",
    "}",
    ",",
    ", ",
    "'",
    "\"",
    "\\",
    "\\x",
    "\\u12",
    "&",
    "&x ",
    "*",
    "*x",
    "!",
    "!t ",
    "!!str ",
    "|",
    "|-\n",
    ">",
    ">+\n",
    "|2\n",
    "%",
    "%YAML 1.2\n",
    "---",
    "---\n",
    "...",
    "...\n",
    "<<",
    "<<: ",
    "<<: *x",
    "~",
    "null",
    "0x1F",
    "012",
    "-3",
    "+1",
    "1_000",
    "1.5",
    "true",
    "yes",
    "@",
    "`",
    "é",
    "日本",
    "\u{FEFF}",
    "\u{85}",
    "\u{2028}",
    "\u{7}",
    "\0",
    "😀",
    "=",
    "$x[0]",
];

fn soup() -> impl Strategy<Value = String> {
    vec(prop_oneof![4 => proptest::sample::select(PIECES).prop_map(str::to_owned), 1 => any::<char>().prop_map(String::from)], 0..40)
        .prop_map(|pieces| pieces.concat())
}

fn text() -> BoxedStrategy<String> {
    prop_oneof![
        proptest::sample::select(PIECES).prop_map(str::to_owned),
        "[a-z_]{1,12}",
        "[ -~]{0,20}",
        "[a-c \n#:-]{0,20}",
        vec(proptest::sample::select(PIECES), 0..6).prop_map(|pieces| pieces.concat()),
        any::<String>(),
    ]
    .boxed()
}

fn tree() -> impl Strategy<Value = Yaml> {
    tree_of(any::<i128>(), text())
}

/// With numbers that JSON holds.
fn small_tree() -> impl Strategy<Value = Yaml> {
    tree_of(prop_oneof![any::<i64>().prop_map(i128::from), any::<u64>().prop_map(i128::from)], "k[a-z]{0,9}")
}

fn tree_of(
    numbers: impl Strategy<Value = i128> + 'static,
    keys: impl Strategy<Value = String> + Clone + 'static,
) -> impl Strategy<Value = Yaml> {
    let scalar = prop_oneof![
        Just(Kind::Null),
        any::<bool>().prop_map(Kind::Bool),
        numbers.prop_map(Kind::Number),
        (-5_i128..300).prop_map(Kind::Number),
        text().prop_map(Kind::Text),
    ];
    scalar.prop_map(Yaml::new).prop_recursive(5, 60, 6, move |inner| {
        let entries = proptest::collection::btree_map(keys.clone(), inner.clone(), 0..6);
        prop_oneof![
            vec(inner, 0..6).prop_map(Kind::List),
            entries.prop_map(|map| Kind::Map(map.into_iter().map(|(key, value)| (Yaml::text(key), value)).collect())),
        ]
        .prop_map(Yaml::new)
    })
}

fn parsed(text: &str) -> Yaml {
    File::new("a.yaml", text).parse().unwrap_or_else(|errors| panic!("{text:?}\n{}", errors.render(false)))
}

/// Every span lies in the text, at characters, and children lie in their parents unless an alias brought them.
fn spans_hold(file: &File, value: &Yaml, within: Option<Span>) {
    let Span { start, end } = value.span;
    assert!(start <= end && file.text.get(start..end).is_some(), "{value:?} in {:?}", file.text);
    if let Some(outer) = within {
        assert!(outer.start <= start && end <= outer.end, "{value:?} beyond {outer:?} in {:?}", file.text);
    }
    let within = (!file.text.contains('*')).then_some(value.span);
    match &value.kind {
        Kind::List(items) => items.iter().for_each(|item| spans_hold(file, item, within)),
        Kind::Map(entries) => {
            for (key, value) in entries {
                assert!(key.as_str().is_some());
                spans_hold(file, key, within);
                spans_hold(file, value, within);
            }
        }
        _ => {}
    }
}

/// What the other parser makes of a text, in our words.
fn by_the_other(text: &str) -> Option<Yaml> {
    fn convert(value: serde_yaml::Value) -> Option<Yaml> {
        use serde_yaml::Value;
        Some(Yaml::new(match value {
            Value::Null => Kind::Null,
            Value::Bool(value) => Kind::Bool(value),
            Value::Number(number) if number.is_f64() => return None,
            Value::Number(number) => Kind::Number(number.as_u64().map(i128::from).or(number.as_i64().map(i128::from))?),
            Value::String(text) => Kind::Text(text),
            Value::Sequence(items) => Kind::List(items.into_iter().map(convert).collect::<Option<_>>()?),
            Value::Mapping(entries) => Kind::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| Some((Yaml::text(key.as_str()?), convert(value)?)))
                    .collect::<Option<_>>()?,
            ),
            Value::Tagged(_) => return None,
        }))
    }
    convert(serde_yaml::from_str(text).ok()?)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused_with_a_reason(text in soup()) {
        let file = File::new("a.yaml", &text);
        match file.parse() {
            Ok(tree) => spans_hold(&file, &tree, None),
            Err(errors) => {
                assert!(errors.has_errors());
                for error in &errors.list {
                    assert!(error.span.start <= error.span.end && text.get(error.span.start..error.span.end).is_some());
                }
                assert!(errors.render(false).starts_with("error: "));
                assert!(errors.render(true).len() > errors.render(false).len());
            }
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..60)) {
        let outcome = File::from_bytes("a.yaml", &bytes).and_then(|file| file.parse());
        if let Err(errors) = outcome {
            assert!(errors.render(false).starts_with("error: "));
        }
    }

    #[test]
    fn flow_reads_back(tree in tree()) {
        let flow = tree.to_flow();
        assert!(!flow.contains('\n'));
        assert_eq!(parsed(&flow), tree, "{flow}");
    }

    #[test]
    fn block_reads_back(tree in tree()) {
        let block = tree.to_block();
        assert!(block.ends_with('\n'));
        assert_eq!(parsed(&block), tree, "{block}");
    }

    #[test]
    fn what_was_read_reads_back(text in soup()) {
        if let Ok(tree) = File::new("a.yaml", &text).parse() {
            assert_eq!(parsed(&tree.to_flow()), tree);
            assert_eq!(parsed(&tree.to_block()), tree);
        }
    }

    #[test]
    fn json_and_back(tree in small_tree()) {
        assert_eq!(Yaml::from_json(&tree.to_json()), tree);
        assert_eq!(serde_json::to_value(&tree).unwrap(), tree.to_json());
    }

    #[test]
    fn the_other_parser_sees_the_same_in_what_we_write(tree in small_tree()) {
        for text in [tree.to_flow(), tree.to_block()] {
            let theirs = by_the_other(&text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(theirs.to_json(), tree.to_json(), "{text}");
        }
    }

    /// But for what is meant to differ (`+1`, `-0x1F`, keys as written) and what libyaml, a parser of YAML 1.1, reads
    /// otherwise: more line ends, no `:` in anchors, the end of a block scalar without a line end.
    #[test]
    fn the_other_parser_sees_the_same_in_what_we_read(text in soup()) {
        let text = text + "\n";
        let differs = text.contains(['\u{85}', '\u{2028}', '\u{2029}', '\u{FEFF}', '+', '&', '|', '>']) || text.contains("-0x");
        let both = (File::new("a.yaml", &text).parse(), by_the_other(&text));
        if let (Ok(ours), Some(theirs), false) = (both.0, both.1, differs) {
            assert_eq!(theirs.to_json(), ours.to_json(), "{text:?}");
        }
    }

    #[test]
    fn positions_count_lines_and_characters(text in soup(), at in 0_usize..200) {
        let file = File::new("a.yaml", &text);
        let (line, column) = file.position(at);
        assert!(line >= 1 && column >= 1 && line <= text.matches('\n').count() + 1);
        assert!(column <= file.line(line).chars().count() + 2);
    }
}

#[test]
fn reading_a_map_never_panics_on_a_value_of_another_kind() {
    for text in ["1", "[a]", "x", "", "true", "{}", "{ a: 1 }"] {
        let file = File::new("a.yaml", text);
        let tree = file.parse().unwrap();
        let mut errors = Diagnostics::default();
        let mut map = MapReader::new(&file, &tree, "it", &mut errors);
        map.require("b", &mut errors);
        assert_eq!(map.rest().len(), usize::from(text.contains("a:")));
        map.finish(&mut errors);
        assert_eq!(errors.list.len(), 1, "{text}: {}", errors.render(false));
    }
}
