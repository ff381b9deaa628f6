//! Breaking lines between words.

use unicode_width::UnicodeWidthStr;

use super::table::cut;

/// The columns of a terminal that a line should fit: what every terminal has.
pub(super) const WIDTH: usize = 80;

/// What becomes of a word that is wider than a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Long {
    /// It is cut with `…`.
    Cut,
    /// It stands whole, on a line of its own.
    Whole,
}

/// A text in lines of at most `limit` columns, broken between words; at least one line.
pub(super) fn wrap(text: &str, limit: usize, long: Long) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= limit => *line += &format!(" {word}"),
            _ if long == Long::Cut => lines.push(cut(word, limit)),
            _ => lines.push(word.to_string()),
        }
    }
    if lines.is_empty() { vec![String::new()] } else { lines }
}

/// Lines for reading, each of them broken where it is too wide for a terminal; what goes on below stands in as far as
/// its line does.
pub(super) fn prose(text: &str) -> String {
    let line = |line: &str| {
        if line.width() <= WIDTH {
            return line.to_string();
        }
        let indent = &line[..line.len() - line.trim_start().len()];
        let lines = wrap(line, WIDTH.saturating_sub(indent.width()), Long::Whole);
        lines.iter().map(|line| format!("{indent}{line}")).collect::<Vec<_>>().join("\n")
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_too_wide_is_broken() {
        let (short, long) = ("two  words".to_string(), "word ".repeat(20));
        let lines = prose(&format!("{short}\n  {long}"));
        let first = format!("  {}", ["word"; 15].join(" "));
        assert_eq!(lines, format!("{short}\n{first}\n  word word word word word"));
        assert!(lines.lines().all(|line| line.width() <= WIDTH));
    }

    #[test]
    fn addresses_stay_whole() {
        let address = format!("https://example.org/{}", "a".repeat(90));
        assert_eq!(prose(&format!("see {address} there")), format!("see\n{address}\nthere"));
        assert_eq!(wrap(&address, 10, Long::Cut), ["https://e…"]);
    }
}
