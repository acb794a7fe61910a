//! Text from targets and files, made harmless.
//!
//! What a target sends ends up in terminals, CI logs, XML and HTML. A character that moves a cursor, changes a colour,
//! turns the direction of reading or cannot be seen is written as an escape: ESC becomes `\x1b`, U+202E `\u{202e}`.

use std::borrow::Cow;
use std::fmt::Write;

/// One line of text: all that is not plainly visible is escaped, line ends too.
pub fn line(text: &str) -> Cow<'_, str> {
    escape(text, |_| false)
}

/// Several lines of text: line ends stay.
pub fn lines(text: &str) -> Cow<'_, str> {
    escape(text, |c| c == '\n')
}

/// Bytes of unknown content as one line in quotes: text where it is text, at most `most` bytes.
pub fn bytes(data: &[u8], most: usize) -> String {
    let mut out = String::from("\"");
    for chunk in data[..data.len().min(most)].utf8_chunks() {
        for c in chunk.valid().chars() {
            if matches!(c, '"' | '\\') {
                out.push('\\');
            }
            push(&mut out, c);
        }
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    out.push('"');
    if data.len() > most {
        out.push_str(&format!("... {} bytes", data.len()));
    }
    out
}

/// The characters of a single one, escaped if need be.
pub(crate) fn push(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if !is_hostile(c) => out.push(c),
        c if (c as u32) < 0x100 => write!(out, "\\x{:02x}", c as u32).expect("a String takes all"),
        c => write!(out, "\\u{{{:x}}}", c as u32).expect("a String takes all"),
    }
}

fn escape(text: &str, keep: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(|c| is_hostile(c) && !keep(c)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if keep(c) { out.push(c) } else { push(&mut out, c) }
    }
    Cow::Owned(out)
}

/// Control, format and invisible characters, and what XML 1.0 forbids.
fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{fdd0}'..='\u{fdef}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
        || (c as u32) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_visible_stays() {
        let text = "reject: illegal_parameter (größer als 16384) 日本 \"x\" \\";
        assert!(matches!(line(text), Cow::Borrowed(_)));
        assert_eq!(line(text), text);
    }

    #[test]
    fn what_steers_a_terminal_is_spelled_out() {
        assert_eq!(line("\x1b[31mred\x07\r\n\u{9b}2J"), "\\x1b[31mred\\x07\\r\\n\\x9b2J");
        assert_eq!(
            line("a\u{202e}b\u{2066}\u{feff}\u{e0041}\u{ffff}"),
            "a\\u{202e}b\\u{2066}\\u{feff}\\u{e0041}\\u{ffff}"
        );
        assert_eq!(lines("a\nb\tc\0"), "a\nb\\tc\\x00");
    }

    #[test]
    fn bytes_are_quoted_and_bounded() {
        assert_eq!(bytes(b"GET /\r\n\"\xff\x1b", 99), r#""GET /\r\n\"\xff\x1b""#);
        assert_eq!(bytes(b"abcdef", 3), "\"abc\"... 6 bytes");
    }
}
