//! The words, numbers and signs of a stretch of a slide.

use std::ops::Range;

/// A token and where it stands on the slide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub kind: TokenKind<'a>,
    /// Where.
    pub place: Range<usize>,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind<'a> {
    /// Letters.
    Word(&'a str),
    /// Digits.
    Number(usize),
    /// The `x` between sizes.
    By,
    /// Any other character.
    Sign(char),
}

impl Token<'_> {
    /// Whether it is this word, in any case.
    pub fn is(&self, word: &str) -> bool {
        matches!(self.kind, TokenKind::Word(own) if own.eq_ignore_ascii_case(word))
    }

    /// Whether it is one of these words, in any case.
    pub fn is_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(word))
    }

    /// Whether it is this sign.
    pub fn is_sign(&self, sign: char) -> bool {
        self.kind == TokenKind::Sign(sign)
    }

    /// Its number.
    pub fn number(&self) -> Option<usize> {
        if let TokenKind::Number(number) = self.kind { Some(number) } else { None }
    }
}

/// The tokens of `plain[place]`. Numbers too large for a size are the largest there is.
pub fn tokens(plain: &str, place: Range<usize>) -> Vec<Token<'_>> {
    let text = plain.get(place.clone()).unwrap_or_default();
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let run = |is: fn(&char) -> bool| rest.chars().take_while(is).map(char::len_utf8).sum::<usize>();
        let behind_number = tokens.last().is_some_and(|last| last.number().is_some());
        let (kind, length) = if c.is_ascii_digit() {
            let length = run(char::is_ascii_digit);
            (TokenKind::Number(rest[..length].parse().unwrap_or(usize::MAX)), length)
        } else if (c == 'x' || c == 'X') && behind_number && is_size(&rest[1..]) {
            (TokenKind::By, 1)
        } else if c.is_alphabetic() {
            let length = run(|c| c.is_alphabetic());
            (TokenKind::Word(&rest[..length]), length)
        } else {
            (TokenKind::Sign(c), c.len_utf8())
        };
        if !c.is_whitespace() {
            tokens.push(Token { kind, place: place.start + at..place.start + at + length });
        }
        at += length;
    }
    tokens
}

/// Whether a size goes on here: the `x` before it joins two.
fn is_size(behind: &str) -> bool {
    behind.trim_start_matches([' ', '\t']).starts_with(|c: char| c.is_ascii_digit())
}

/// `11x11` at the beginning of these tokens: the sizes, and how many tokens they take.
pub fn size(tokens: &[Token<'_>]) -> Option<(Vec<usize>, usize)> {
    let mut sizes = vec![tokens.first()?.number()?];
    let mut at = 1;
    while let [by, next, ..] = &tokens[at..]
        && by.kind == TokenKind::By
        && let Some(size) = next.number()
    {
        sizes.push(size);
        at += 2;
    }
    (sizes.len() > 1).then_some((sizes, at))
}

/// Where tokens stand, from the first to the last.
pub fn span(tokens: &[Token<'_>]) -> Range<usize> {
    match (tokens.first(), tokens.last()) {
        (Some(first), Some(last)) => first.place.start..last.place.end,
        _ => 0..0,
    }
}
