//! Every kind of mistake, as the user sees it.

#![expect(clippy::unwrap_used, reason = "a test")]

use gauntlet_yaml::{Diagnostics, File, MapReader};

/// What parsing says about a text that must not parse.
fn refused(text: &str) -> String {
    File::new("a.yaml", text).parse().expect_err("this must be refused").render(false)
}

/// What reading one step says.
fn step(text: &str) -> String {
    let file = File::new("a.yaml", text);
    let tree = file.parse().unwrap();
    let mut errors = Diagnostics::default();
    let mut map = MapReader::new(&file, &tree, "a step", &mut errors);
    map.require("send", &mut errors);
    map.text("note", &mut errors);
    map.number("times", 0..=300, &mut errors);
    map.boolean("omit", &mut errors);
    map.texts("requirements", &mut errors);
    map.list("records", &mut errors);
    map.entries("set", &mut errors);
    map.finish(&mut errors);
    errors.render(false)
}

macro_rules! golden {
    ($($name:ident: $shown:expr;)*) => {
        $(#[test] fn $name() { insta::assert_snapshot!($shown); })*
    };
}

golden! {
    syntax_two_colons: refused("title: one: two\n");
    syntax_unclosed_list: refused("a: [1, 2\n");
    syntax_unclosed_list_then_key: refused("a: [1, 2\nb: 3\n");
    syntax_bracket_in_flow: refused("a: { field: binders[0], x: 1 }\n");
    syntax_star: refused("suite: *\n");
    syntax_unknown_alias: refused("suite: *TLS_RSA\n");
    syntax_at_sign: refused("a: @x\n");
    syntax_unclosed_quote: refused("a: 'x\nb: c\n");
    syntax_unknown_escape: refused("a: \"\\q\"\n");
    syntax_list_then_key: refused("- a\nb: c\n");
    tab_indentation: refused("a:\n\tb: c\n");
    duplicate_keys_all_of_them: refused("a: 1\nb: 2\na: 3\nc: { x: 1, 'x': 2 }\n");
    duplicate_number_and_text: refused("1: x\n\"1\": y\n");
    duplicate_after_wide_text: refused("é: '日本'\nb: 1\nb: 2 # é\n");
    tag: refused("a: !secret b\nc: !!str 1\nd: &x !list\n  - 1\n");
    several_documents: refused("a: 1\n---\nb: 2\n");
    control_character: refused("a: b\u{7}\n");
    byte_order_mark_within: refused("a: b\u{FEFF}\n");
    list_as_key: refused("? [a, b]\n: c\n");
    value_without_key: refused("{: c}\n");
    merge_of_text: refused("<<: x\na: b\n");
    alias_of_itself: refused("a: &x [1, *x]\n");
    alias_bomb: refused(&bomb());
    deep_brackets: refused(&format!("a: {}", "[".repeat(5000)));
    deep_blocks: refused(&stairs());
    deep_by_aliases: refused(&chain());

    reader_right: step("send: x\nnote: y\ntimes: 3\nomit: true\nrequirements: [a]\nrecords: [1]\nset: { a: b }\n");
    reader_unknown_key: step("send: x\nrecord: [1]\nwhatever: 2\n");
    reader_other_case: step("Send: x\n");
    reader_missing_key: step("times: 1\n");
    reader_no_map: step("[send, x]\n");
    reader_wrong_types: step("send: x\nnote: 12\ntimes: \"3\"\nomit: yes\nrequirements: [a, 1, [b]]\nrecords: 2\nset: [a]\n");
    reader_out_of_range: step("send: x\ntimes: 0x012D\n");
    reader_over_several_lines: step("send: x\nnote:\n  a: b\n  c: d\n");
}

fn bomb() -> String {
    let mut text = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (name, of) in ('b'..='i').zip('a'..) {
        let list = vec![format!("*{of}"); 9].join(", ");
        text.push_str(&format!("{name}: &{name} [{list}]\n"));
    }
    text
}

fn stairs() -> String {
    (0..70).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect()
}

fn chain() -> String {
    (1..10).fold("- &n0 [x]\n".to_owned(), |text, i| format!("{text}- &n{i} [[[[[[[*n{}]]]]]]]\n", i - 1))
}

#[test]
fn non_utf8_is_named() {
    let shown = File::from_bytes("a.yaml", b"a: b\nc: \xFFd\n").expect_err("not UTF-8").render(false);
    insta::assert_snapshot!(shown);
}

#[test]
fn a_huge_file_is_refused() {
    let text = format!("a: {}\n", "x".repeat(1 << 20));
    assert!(refused(&text).starts_with("error: the file has 1048580 bytes, more than 1048576"));
}

#[test]
fn long_text_in_many_aliases_is_refused() {
    let text = format!("a: &a {}\nb: [{}]\n", "x".repeat(100_000), vec!["*a"; 1000].join(", "));
    assert!(refused(&text).contains("more than 250000 values"));
}

#[test]
fn sorted_by_place_and_none_twice() {
    let file = File::new("a.yaml", "a: 1\nb: 2\n");
    let tree = file.parse().unwrap();
    let span = |key: &str| tree.get(key).unwrap().span;
    let mut errors = Diagnostics::default();
    errors.error(&file, span("b"), "second", None);
    errors.warning(&file, span("a"), "first", Some("help".to_owned()));
    errors.error(&file, span("b"), "second", None);
    errors.list[0].label = "here".to_owned();
    insta::assert_snapshot!(errors.render(false));
    assert!(errors.has_errors());
    assert!(errors.render(true).contains("\u{1b}["));
}
