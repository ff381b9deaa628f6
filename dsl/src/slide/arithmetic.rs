//! Arithmetic as slides write it: `224*224*64`, `(3 x 3 x 64) x 128`, `(5*5*3+1)*10`.

use std::ops::Range;

use super::tokens::{Token, TokenKind};

/// Nesting deeper than this is not read.
const MOST_NESTED: usize = 16;

/// What a printed expression gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    /// Its value; `None` where it is too large to be told.
    pub value: Option<u128>,
    /// Its numbers and where they stand.
    pub numbers: Vec<(u128, Range<usize>)>,
    /// How many tokens it takes.
    pub tokens: usize,
}

impl Expression {
    /// Where it stands.
    pub fn place(&self, tokens: &[Token<'_>]) -> Range<usize> {
        super::tokens::span(&tokens[..self.tokens])
    }
}

/// The expression that these tokens begin with; `None` where they begin with none. A number alone is one, too.
pub fn expression(tokens: &[Token<'_>]) -> Option<Expression> {
    let mut reader = Reader { tokens, at: 0, numbers: Vec::new(), depth: 0 };
    let value = reader.sum()?;
    Some(Expression { value, numbers: reader.numbers, tokens: reader.at })
}

struct Reader<'a, 'b> {
    tokens: &'a [Token<'b>],
    at: usize,
    numbers: Vec<(u128, Range<usize>)>,
    depth: usize,
}

impl Reader<'_, '_> {
    /// `None`: there is no expression; `Some(None)`: its value is too large.
    fn sum(&mut self) -> Option<Option<u128>> {
        let mut sum = self.product()?;
        while let Some(sign) = self.sign(&['+', '-']) {
            let before = self.at;
            self.at += 1;
            let Some(term) = self.product() else {
                self.at = before;
                break;
            };
            let both = sum.zip(term);
            sum = both.and_then(|(a, b)| if sign == '+' { a.checked_add(b) } else { a.checked_sub(b) });
        }
        Some(sum)
    }

    fn product(&mut self) -> Option<Option<u128>> {
        let mut product = self.factor()?;
        while let Some(sign) = self.sign(&['*', 'x', '/']) {
            let before = self.at;
            self.at += 1;
            let Some(factor) = self.factor() else {
                self.at = before;
                break;
            };
            product = product.zip(factor).and_then(|(a, b)| match sign {
                '/' => a.checked_div(b),
                _ => a.checked_mul(b),
            });
        }
        Some(product)
    }

    fn factor(&mut self) -> Option<Option<u128>> {
        let token = self.tokens.get(self.at)?;
        if token.is_sign('(') && self.depth < MOST_NESTED {
            (self.at, self.depth) = (self.at + 1, self.depth + 1);
            let value = self.sum()?;
            self.depth -= 1;
            self.tokens.get(self.at).filter(|token| token.is_sign(')'))?;
            self.at += 1;
            return Some(value);
        }
        let value = token.number()? as u128;
        self.numbers.push((value, token.place.clone()));
        self.at += 1;
        Some(Some(value))
    }

    /// The sign that comes next, if it is one of these.
    fn sign(&self, signs: &[char]) -> Option<char> {
        match self.tokens.get(self.at)?.kind {
            TokenKind::By if signs.contains(&'x') => Some('x'),
            TokenKind::Sign(sign) if signs.contains(&sign) => Some(sign),
            TokenKind::Word("x") if signs.contains(&'x') => Some('x'),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::tokens::tokens;
    use super::*;

    fn value(text: &str) -> Option<u128> {
        let tokens = tokens(text, 0..text.len());
        let printed = expression(&tokens).unwrap();
        assert_eq!(printed.tokens, tokens.len(), "{text} is read whole");
        printed.value
    }

    #[test]
    fn products_of_slides_have_their_value() {
        assert_eq!(value("224*224*64"), Some(3_211_264));
        assert_eq!(value("(3 x 3 x 64) x 128"), Some(73_728));
        assert_eq!(value("(5*5*3+1)*10"), Some(760));
        assert_eq!(value("(32+2*2-5)/1+1"), Some(32));
        assert_eq!(value("7*7*512*4096"), Some(102_760_448));
        assert_eq!(value("99999999999*99999999999*99999999999*99999999999*9999"), None);
        let nested = format!("{}1{}", "(".repeat(40), ")".repeat(40));
        assert_eq!(expression(&tokens(&nested, 0..nested.len())), None);
    }
}
