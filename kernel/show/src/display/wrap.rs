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

/// A text in lines of at most `limit` columns, broken between words; at least one line. A number and its unit stay
/// together where the line has room for both.
pub(super) fn wrap(text: &str, limit: usize, long: Long) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= limit => *line += &format!(" {word}"),
            line => {
                let number = line.and_then(|line| number_at_end(line, limit.saturating_sub(word.width() + 1)));
                lines.push(match (number, long) {
                    (Some(number), _) => format!("{number} {word}"),
                    (None, Long::Cut) => cut(word, limit),
                    (None, Long::Whole) => word.to_string(),
                });
            }
        }
    }
    if lines.is_empty() { vec![String::new()] } else { lines }
}

/// Takes a number of at most `room` columns off a line's end, where something stands before it.
fn number_at_end(line: &mut String, room: usize) -> Option<String> {
    let at = line.rfind(' ')?;
    let is_number = line.ends_with(|c: char| c.is_ascii_digit()) && line[at + 1..].width() <= room;
    is_number.then(|| {
        let number = line.split_off(at + 1);
        line.truncate(at);
        number
    })
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
    fn a_number_keeps_its_unit() {
        assert_eq!(wrap("test accuracy 95.0 %; done", 19, Long::Whole), ["test accuracy", "95.0 %; done"]);
        assert_eq!(wrap("test accuracy, % of all", 17, Long::Whole), ["test accuracy, %", "of all"]);
        assert_eq!(wrap("12 % 1234567 kilobytes", 9, Long::Cut), ["12 %", "1234567", "kilobytes"]);
    }

    #[test]
    fn addresses_stay_whole() {
        let address = format!("https://example.org/{}", "a".repeat(90));
        assert_eq!(prose(&format!("see {address} there")), format!("see\n{address}\nthere"));
        assert_eq!(wrap(&address, 10, Long::Cut), ["https://e…"]);
    }
}
