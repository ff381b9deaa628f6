//! Expressions of numbers, as slides print them: `(32 + 2*2 - 5)/1 + 1`, `(3 x 3 x 64) x 128`.

use std::ops::Range;

/// A fraction; its denominator is above 0, and the two have no common divisor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fraction {
    pub over: i128,
    pub under: i128,
}

/// An expression's value, and what it is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluated {
    pub value: Fraction,
    /// How many operators it has.
    pub operators: usize,
    /// Its numbers, where they are only multiplied.
    pub factors: Option<Vec<u64>>,
}

impl Fraction {
    fn new(over: i128, under: i128) -> Option<Self> {
        let divisor = divisor(over.unsigned_abs(), under.unsigned_abs());
        let divisor = i128::try_from(divisor).ok().filter(|divisor| *divisor != 0 && under != 0)?;
        let sign = under.signum();
        Some(Self { over: sign * over / divisor, under: sign * under / divisor })
    }

    fn with(self, sign: u8, other: Self) -> Option<Self> {
        let cross = |a: i128, b: i128| a.checked_mul(b);
        match sign {
            b'+' => Self::new(
                cross(self.over, other.under)?.checked_add(cross(other.over, self.under)?)?,
                cross(self.under, other.under)?,
            ),
            b'-' => self.with(b'+', Self { over: -other.over, ..other }),
            b'/' => Self::new(cross(self.over, other.under)?, cross(self.under, other.over)?),
            b'^' => {
                let power = u32::try_from(other.over).ok().filter(|&power| other.under == 1 && power <= 64)?;
                Some(Self { over: self.over.checked_pow(power)?, under: self.under.checked_pow(power)? })
            }
            _ => Self::new(cross(self.over, other.over)?, cross(self.under, other.under)?),
        }
    }

    /// It, where it is a whole number that is not below 0.
    pub fn count(self) -> Option<u128> {
        (self.under == 1).then(|| u128::try_from(self.over).ok()).flatten()
    }

    /// It, as near as a float gets.
    pub fn float(self) -> f64 {
        self.over as f64 / self.under as f64
    }
}

fn divisor(a: u128, b: u128) -> u128 {
    if b == 0 { a } else { divisor(b, a % b) }
}

/// An expression that is printed of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    /// Its value; `None` where that is too large to be told, or no count.
    pub value: Option<u128>,
    /// Its whole numbers and where they stand.
    pub numbers: Vec<(u128, Range<usize>)>,
}

/// The value of an expression that is the whole of `plain`.
pub fn evaluate(plain: &str) -> Option<Evaluated> {
    let mut reader = Reader::new(plain, 0);
    let value = reader.sum()?;
    reader.skip();
    let Reader { operators, numbers, is_product, has_failed, .. } = reader;
    let factors = || numbers.iter().map(|&(number, _)| u64::try_from(number).ok()).collect::<Option<_>>();
    let factors = if is_product { factors() } else { None };
    (reader.at == plain.len() && !has_failed).then_some(Evaluated { value, operators, factors })
}

/// The expression of several numbers that begins at byte `start` of `plain`, and where it ends.
pub fn leading(plain: &str, start: usize) -> Option<(Expression, usize)> {
    let mut reader = Reader::new(plain, start);
    let value = reader.sum().filter(|_| reader.operators > 0)?;
    let value = value.count().filter(|_| !reader.has_failed);
    let end = start + plain[start..reader.at].trim_end().len();
    Some((Expression { value, numbers: reader.numbers }, end))
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: usize,
    operators: usize,
    numbers: Vec<(u128, Range<usize>)>,
    /// Whole numbers are multiplied, and nothing else is done.
    is_product: bool,
    /// Something was too large, or divided by 0.
    has_failed: bool,
}

impl<'a> Reader<'a> {
    fn new(plain: &'a str, at: usize) -> Self {
        let (bytes, numbers) = (plain.as_bytes(), Vec::new());
        Self { bytes, at, depth: 0, operators: 0, numbers, is_product: true, has_failed: false }
    }
}

impl Reader<'_> {
    fn skip(&mut self) {
        while self.bytes.get(self.at) == Some(&b' ') {
            self.at += 1;
        }
    }

    /// Two values with a sign between them; where that fails, anything.
    fn combined(&mut self, value: Fraction, sign: u8, other: Fraction) -> Fraction {
        value.with(sign, other).unwrap_or_else(|| {
            self.has_failed = true;
            other
        })
    }

    /// The sign that comes next, if it is one of these; it is passed over.
    fn sign(&mut self, signs: &[u8]) -> Option<u8> {
        self.skip();
        let sign = *self.bytes.get(self.at).filter(|sign| signs.contains(sign))?;
        self.at += 1;
        Some(sign)
    }

    fn sum(&mut self) -> Option<Fraction> {
        let mut value = self.product()?;
        while let Some(sign) = self.sign(b"+-") {
            (self.operators, self.is_product) = (self.operators + 1, false);
            let term = self.product()?;
            value = self.combined(value, sign, term);
        }
        Some(value)
    }

    fn product(&mut self) -> Option<Fraction> {
        let mut value = self.power()?;
        loop {
            self.skip();
            // `(3*3*64)(128)`
            let is_glued = self.bytes.get(self.at) == Some(&b'(') && self.at > 0 && self.bytes[self.at - 1] == b')';
            let sign = match self.sign(b"*xX/") {
                Some(sign) => sign,
                None if is_glued => b'*',
                None => return Some(value),
            };
            self.operators += 1;
            self.is_product &= sign != b'/';
            let factor = self.power()?;
            value = self.combined(value, sign, factor);
        }
    }

    fn power(&mut self) -> Option<Fraction> {
        let value = self.atom()?;
        if self.sign(b"^").is_none() {
            return Some(value);
        }
        (self.operators, self.is_product) = (self.operators + 1, false);
        let power = self.atom()?;
        Some(self.combined(value, b'^', power))
    }

    fn atom(&mut self) -> Option<Fraction> {
        const DEEPEST: usize = 32;
        if self.sign(b"(").is_none() {
            return self.number();
        }
        self.depth += 1;
        let value = (self.depth <= DEEPEST).then(|| self.sum()).flatten()?;
        self.depth -= 1;
        self.sign(b")").map(|_| value)
    }

    /// `1,728` or `0.5`
    fn number(&mut self) -> Option<Fraction> {
        self.skip();
        let start = self.at;
        let is_digit = |at: usize| self.bytes.get(at).is_some_and(u8::is_ascii_digit);
        let (mut over, mut under) = (0i128, 1i128);
        let (mut at, mut has_point) = (start, false);
        loop {
            match self.bytes.get(at) {
                Some(digit @ b'0'..=b'9') if at - start < 24 => {
                    over = over.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
                    under = if has_point { under.checked_mul(10)? } else { under };
                }
                Some(b',') if at > start && (1..=3).all(|n| is_digit(at + n)) && !is_digit(at + 4) => {}
                Some(b'.') if at > start && !has_point && is_digit(at + 1) => has_point = true,
                _ => break,
            }
            at += 1;
        }
        self.at = at;
        let value = (at > start).then(|| Fraction::new(over, under)).flatten()?;
        match value.count() {
            Some(count) => self.numbers.push((count, start..at)),
            None => self.is_product = false,
        }
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn expressions_have_their_value() {
        let cases = [
            ("(32+2*2-5)/1+1", Some((32, 1))),
            ("3 x 3 x 512 x 512", Some((2_359_296, 1))),
            ("(3*3*64)(128)", Some((73_728, 1))),
            ("(224-7+6)/2 + 1", Some((225, 2))),
            ("2^10", Some((1024, 1))),
            ("1,024 * 0.5", Some((512, 1))),
            ("5-7", Some((-2, 1))),
            ("1/0", None),
            ("(3*3", None),
            ("3*", None),
            ("-3*3", None),
            ("", None),
            ("99999999999999999999*99999999999999999999", None),
        ];
        for (text, expected) in cases {
            assert_eq!(evaluate(text).map(|e| (e.value.over, e.value.under)), expected, "{text}");
        }
        assert_eq!(evaluate("3 x (3 x 2)").unwrap().factors, Some(vec![3, 3, 2]));
        assert_eq!(evaluate(&"(".repeat(10_000)), None);
    }

    #[test]
    fn what_a_text_begins_with_is_read_as_far_as_it_goes() {
        let read = |text: &str| leading(text, 0).map(|(expression, end)| (expression.value, end));
        assert_eq!(read("224*224*64=3.2M"), Some((Some(3_211_264), 10)));
        assert_eq!(read("(3*3*64)*128 = 73,728"), Some((Some(73_728), 12)));
        assert_eq!(read("4096 params"), None);
        assert_eq!(read("99999999999999999999*99999999999999999999*2"), Some((None, 43)));
        let (expression, _) = leading("a (3*3)*64", 2).unwrap();
        assert_eq!(expression.numbers, [(3, 3..4), (3, 5..6), (64, 8..10)]);
    }
}
