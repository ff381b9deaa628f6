//! Text that is not ours, made fit to be shown.

use std::borrow::Cow;

/// Whether a character is not seen but changes what is: control characters, which move a terminal's cursor and which
/// XML forbids, and the marks that turn the direction of the text behind them.
pub fn is_unseen(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns || matches!(c, '\u{fffe}' | '\u{ffff}')
}

/// A text of several lines for a terminal: characters that are not seen are written out, `\u{1b}`.
pub fn visible(text: &str) -> Cow<'_, str> {
    written_out(text, |c| is_unseen(c) && c != '\n' && c != '\t')
}

/// As [`visible`], in one line: a file's name.
pub fn visible_line(text: &str) -> Cow<'_, str> {
    written_out(text, is_unseen)
}

fn written_out(text: &str, is_hidden: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_hidden(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_written_out() {
        assert_eq!(visible("\u{1b}[31mred\u{1b}[0m"), r"\u{1b}[31mred\u{1b}[0m");
        assert_eq!(visible("a\r\nb\tc\u{7f}\u{9b}2J"), "a\\u{d}\nb\tc\\u{7f}\\u{9b}2J");
        assert_eq!(visible("a\u{202e}b\u{2066}c\u{200f}"), r"a\u{202e}b\u{2066}c\u{200f}");
        assert_eq!(visible_line("a\nb\tc"), r"a\u{a}b\u{9}c");
        assert!(matches!(visible("猫 é 👩‍🔬\n"), Cow::Borrowed(_)));
    }
}
