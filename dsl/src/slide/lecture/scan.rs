//! The words, numbers and sizes of a line, each with its place.

use std::ops::Range;

use super::split::Line;

/// The largest number that is read.
const MOST: usize = 1_000_000_000;

/// Something on a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// Letters, and digits behind them: `CONV1`.
    Word(&'a str),
    /// `96`
    Number(usize),
    /// `32x32x3`
    Sizes(Vec<usize>),
    /// `H x W x C`
    Letters(Vec<u8>),
    /// `->`
    Arrow,
    /// Any other sign; a number that is too large, or has a point, is one too.
    Sign(u8),
}

/// A token and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spot<'a> {
    pub token: Token<'a>,
    pub place: Range<usize>,
}

impl<'a> Spot<'a> {
    /// Its word.
    pub fn word(&self) -> Option<&'a str> {
        if let Token::Word(word) = self.token { Some(word) } else { None }
    }

    /// Whether it is one of these words, which are written small.
    pub fn is_one_of(&self, words: &[&str]) -> bool {
        self.word().is_some_and(|word| words.iter().any(|known| known.eq_ignore_ascii_case(word)))
    }

    /// Its number.
    pub fn number(&self) -> Option<usize> {
        if let Token::Number(number) = self.token { Some(number) } else { None }
    }

    /// Its sizes.
    pub fn sizes(&self) -> Option<&[usize]> {
        if let Token::Sizes(sizes) = &self.token { Some(sizes) } else { None }
    }
}

/// What stands on a line.
pub(super) fn spots<'a>(line: &Line<'a>) -> Vec<Spot<'a>> {
    let (bytes, mut at) = (line.plain.as_bytes(), 0);
    let mut found = Vec::new();
    while at < bytes.len() {
        let (token, end) = match bytes[at] {
            b if b.is_ascii_whitespace() || !b.is_ascii() => {
                at += 1;
                continue;
            }
            b if b.is_ascii_digit() => number(bytes, at),
            b if b.is_ascii_alphabetic() => word(line.plain, at),
            b'-' if bytes.get(at + 1) == Some(&b'>') => (Token::Arrow, at + 2),
            sign => (Token::Sign(sign), at + 1),
        };
        found.push(Spot { token, place: line.place.start + at..line.place.start + end });
        at = end;
    }
    found
}

/// A number or sizes.
fn number<'a>(bytes: &[u8], at: usize) -> (Token<'a>, usize) {
    let (first, mut end, is_whole) = digits(bytes, at);
    let mut sizes = vec![first];
    while let Some(next) = joined(bytes, end).filter(|&next| bytes[next].is_ascii_digit()) {
        let (size, behind, _) = digits(bytes, next);
        sizes.push(size);
        end = behind;
    }
    let is_read = is_whole && sizes.iter().all(|&size| size <= MOST);
    match sizes.as_slice() {
        _ if !is_read => (Token::Sign(b'0'), end),
        [one] => (Token::Number(*one), end),
        _ => (Token::Sizes(sizes), end),
    }
}

/// The number that begins here, where it ends, and whether it is a whole one.
fn digits(bytes: &[u8], mut at: usize) -> (usize, usize, bool) {
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let (mut value, mut is_whole) = (0usize, true);
    loop {
        match bytes.get(at) {
            Some(digit @ b'0'..=b'9') => value = value.saturating_mul(10).saturating_add(usize::from(digit - b'0')),
            Some(b',') if (1..=3).all(|n| is_digit(at + n)) && !is_digit(at + 4) => {}
            Some(b'.') if is_digit(at + 1) => is_whole = false,
            _ => return (value, at, is_whole),
        }
        at += 1;
    }
}

/// Where what an `x` behind `at` joins begins.
fn joined(bytes: &[u8], at: usize) -> Option<usize> {
    let skip = |mut at: usize| {
        while bytes.get(at) == Some(&b' ') {
            at += 1;
        }
        at
    };
    let sign = skip(at);
    let next = matches!(bytes.get(sign), Some(b'x' | b'X')).then(|| skip(sign + 1))?;
    (next < bytes.len()).then_some(next)
}

/// A word, or letters that an `x` joins.
fn word(plain: &str, at: usize) -> (Token<'_>, usize) {
    let bytes = plain.as_bytes();
    let length = bytes[at..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    let is_letter =
        |at: usize| bytes[at].is_ascii_alphabetic() && !bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric);
    let mut letters = vec![bytes[at]];
    let mut end = at + length;
    while let Some(next) = joined(bytes, end).filter(|&next| length == 1 && is_letter(next)) {
        letters.push(bytes[next]);
        end = next + 1;
    }
    if letters.len() > 1 { (Token::Letters(letters), end) } else { (Token::Word(&plain[at..end]), end) }
}

/// The number behind a word, `stride: 2`, `padding of 1`, and where it stands.
pub(super) fn number_behind(spots: &[Spot<'_>], words: &[&str]) -> Option<(usize, Range<usize>)> {
    let at = spots.iter().position(|spot| spot.is_one_of(words))?;
    let is_between = |spot: &&Spot<'_>| {
        matches!(spot.token, Token::Sign(b':' | b'=' | b'(')) || spot.is_one_of(&["of", "is", "size", "by", "with"])
    };
    let next = spots[at + 1..].iter().find(|spot| !is_between(spot))?;
    next.number().map(|number| (number, next.place.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_words_numbers_and_sizes() {
        let text = "CONV1: 96 11x11 filters, H x W x C -> 224 x 224 x3 at 0.5 (4,096) x";
        let line = Line { number: 1, place: 0..text.len(), text, plain: text };
        let tokens: Vec<_> = spots(&line).into_iter().map(|spot| spot.token).collect();
        use Token::*;
        let expected = [
            Word("CONV1"),
            Sign(b':'),
            Number(96),
            Sizes(vec![11, 11]),
            Word("filters"),
            Sign(b','),
            Letters(b"HWC".to_vec()),
            Arrow,
            Sizes(vec![224, 224, 3]),
            Word("at"),
            Sign(b'0'),
            Sign(b'('),
            Number(4096),
            Sign(b')'),
            Word("x"),
        ];
        assert_eq!(tokens, expected);
    }
}
