//! The line of a scenario that decided, shown and underlined.

use crate::inert;
use crate::paint::Paint;
use gauntlet_model::verdict::At;
use unicode_width::UnicodeWidthStr;

/// `file:line:column`, the line, and an underline with a label below it. Without the line if the source has no
/// such line (it was changed since the run, or is not at hand).
pub(crate) fn excerpt(at: &At, source: &str, label: &str, paint: Paint) -> String {
    let place = format!("{}:{}:{}", inert::line(&at.file), at.line, at.column);
    let number = at.line.to_string();
    let margin = " ".repeat(number.len());
    let mut out = format!(" {margin}{} {place}\n", paint.frame("-->"));
    if let Some((text, before, under)) = shown(at, source) {
        let bar = paint.frame("|");
        out += &format!(" {margin} {bar}\n");
        out += &format!(" {} {bar} {text}\n", paint.frame(&number));
        let marks = paint.bad(&format!("{} {}", "^".repeat(under), inert::line(label)));
        out += &format!(" {margin} {bar} {}{}\n", " ".repeat(before), marks.trim_end());
    }
    out
}

/// The line made inert, the columns ahead of the marked part, and the columns of the marked part.
fn shown(at: &At, source: &str) -> Option<(String, usize, usize)> {
    let text = source.lines().nth(at.line.checked_sub(1)?)?;
    let line = split(text, at);
    let columns = (line.before.width(), line.mark.width().max(1));
    Some((format!("{}{}{}", line.before, line.mark, line.behind).trim_end().to_owned(), columns.0, columns.1))
}

/// A line of a scenario, made inert.
pub(crate) struct Line {
    /// What stands ahead of the mark.
    pub before: String,
    /// What decided.
    pub mark: String,
    pub behind: String,
}

fn split(text: &str, at: &At) -> Line {
    let characters: Vec<char> = text.chars().collect();
    let (first, width) = (at.column.saturating_sub(1), at.width.max(1));
    let first = first.min(characters.len());
    let last = first.saturating_add(width).min(characters.len());
    let part = |range: &[char]| {
        let mut text = String::new();
        range.iter().for_each(|c| inert::push(&mut text, *c));
        text
    };
    Line { before: part(&characters[..first]), mark: part(&characters[first..last]), behind: part(&characters[last..]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: usize, column: usize, width: usize) -> At {
        At { file: "a.yaml".to_owned(), line, column, width, step: 0 }
    }

    #[test]
    fn the_underline_lies_under_the_words() {
        let source = "title: größer\nflow:\n  - expect: accept\n";
        let text = excerpt(&at(3, 13, 6), source, "it refused", Paint::new(false));
        assert_eq!(text, "  --> a.yaml:3:13\n   |\n 3 |   - expect: accept\n   |             ^^^^^^ it refused\n");
        let wide = excerpt(&at(1, 4, 1), "日本 x\u{202e}\n", "", Paint::new(false));
        assert_eq!(wide, "  --> a.yaml:1:4\n   |\n 1 | 日本 x\\u{202e}\n   |      ^\n");
    }

    #[test]
    fn a_line_that_is_gone_is_left_out() {
        assert_eq!(excerpt(&at(9, 1, 1), "x", "l", Paint::new(false)), "  --> a.yaml:9:1\n");
        assert_eq!(excerpt(&at(0, 0, 0), "x", "l", Paint::new(false)), "  --> a.yaml:0:0\n");
        assert!(excerpt(&at(1, 99, 99), "x", "l", Paint::new(false)).contains("| x\n"));
    }
}
