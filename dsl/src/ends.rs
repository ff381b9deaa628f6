//! Where lines end, for all who look: in a line feed, a carriage return, or the two together; nothing else ends a line.

use std::borrow::Cow;

/// Whether `c` ends a line. Between the two of a CRLF stands nothing, a line of its own that is always empty.
pub fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r')
}

/// The text, byte for byte as long, in which every line ends in a line feed: a carriage return before one is space.
pub fn with_line_feeds(text: &str) -> Cow<'_, str> {
    if !text.contains('\r') {
        return Cow::Borrowed(text);
    }
    let mut unified = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\r') {
        unified.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        unified.push(if rest.starts_with('\n') { ' ' } else { '\n' });
    }
    unified.push_str(rest);
    Cow::Owned(unified)
}

/// The line and the column of a byte, from 1; columns count characters.
pub fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = with_line_feeds(text.get(..at).unwrap_or(text));
    let line = before.matches('\n').count() + 1;
    let column = before[before.rfind('\n').map_or(0, |at| at + 1)..].chars().count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_ways_to_end_a_line() {
        assert_eq!(with_line_feeds("a\r\nb\rc\nd\r\r\n"), "a \nb\nc\nd\n \n");
        assert_eq!(with_line_feeds("\r"), "\n");
        assert_eq!(line_and_column("é\r\nx\ry", 6), (3, 1));
        // Neither a form feed nor Unicode's separators end a line.
        assert_eq!(line_and_column("a\u{c}b\u{85}c\u{2028}d", 9), (1, 7));
    }
}
