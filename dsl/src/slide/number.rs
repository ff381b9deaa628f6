//! Numbers as slides print them: `1,728`, `150K`, `3.2M`, `2.359 million`, `1.8 × 10^9`; and whether a count is one of them.

use std::ops::Range;

/// The most digits behind a point that are counted.
const MOST_DECIMALS: usize = 24;

/// A printed number: `mantissa · 10^power` units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    /// Its digits without the zeros at their end.
    mantissa: u128,
    /// The power of ten of the last of them, in units.
    power: i32,
    /// The unit is 1000 to this power: 1 for K, 2 for M.
    thousands: u32,
    /// How it is written.
    style: Style,
}

/// How a number is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Style {
    /// Digits behind the point.
    decimals: usize,
    /// Commas between thousands.
    commas: bool,
    /// `× 10^9`.
    scientific: Option<i32>,
}

/// How a count stands to a printed number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It is it.
    Exact,
    /// It is it once it is rounded to the digits that are printed, zeros at their end not counted.
    Rounds,
    /// It is not.
    No,
}

/// How a printed number must be read for a count to be it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The digits behind those that are printed were cut off.
    Cut,
    /// K is 1024, and it was rounded where digits are missing.
    Binary,
    /// K is 1024, and digits were cut off.
    BinaryCut,
}

impl Reading {
    /// In words, behind a count: `114,688: right with K = 1024`.
    pub fn words(self) -> &'static str {
        match self {
            Reading::Cut => "cut instead of rounded",
            Reading::Binary => "right with K = 1024",
            Reading::BinaryCut => "right with K = 1024, cut instead of rounded",
        }
    }
}

impl Number {
    fn scaled(mut mantissa: u128, mut power: i32, thousands: u32, style: Style) -> Self {
        while mantissa != 0 && mantissa.is_multiple_of(10) {
            (mantissa, power) = (mantissa / 10, power + 1);
        }
        Self { mantissa, power: if mantissa == 0 { 0 } else { power }, thousands, style }
    }

    /// The number that `plain`, made [plain](super::plain::plain), begins with, and how many bytes of it that takes; `None` where it begins with none.
    pub fn read(plain: &str) -> Option<(Self, usize)> {
        let (mantissa, decimals, commas, end) = digits(plain)?;
        let mut style = Style { decimals, commas, scientific: None };
        let power = -i32::try_from(decimals).ok()?;
        let rest = &plain[end..];
        if let Some((exponent, length)) = ten_to(rest) {
            style.scientific = Some(exponent);
            return Some((Self::scaled(mantissa, power.checked_add(exponent)?, 0, style), end + length));
        }
        let (thousands, length) = unit(rest).unwrap_or((0, 0));
        Some((Self::scaled(mantissa, power, thousands, style), end + length))
    }

    /// The same number of units of 1000 to this power: what a heading such as `(M)` says of all below it.
    pub fn in_thousands(self, thousands: u32) -> Self {
        Self { thousands: self.thousands.saturating_add(thousands), ..self }
    }

    /// It, where it is a whole number that fits.
    pub fn value(&self) -> Option<u128> {
        let power = u32::try_from(self.power.checked_add(3 * i32::try_from(self.thousands).ok()?)?).ok()?;
        self.mantissa.checked_mul(10u128.checked_pow(power)?)
    }

    /// Whether it is counted in thousands: K, M.
    pub fn has_unit(&self) -> bool {
        self.thousands > 0
    }

    /// Whether a count is it.
    pub fn fit(&self, count: u128) -> Fit {
        if self.mantissa == 0 && self.style.decimals > 0 {
            return self.fit_nothing(count);
        }
        match self.ratio(count, 1000) {
            Some((n, d)) if n.is_multiple_of(d) && n / d == self.mantissa => Fit::Exact,
            Some((n, d)) if self.mantissa != 0 && rounded(n, d) == Some(self.mantissa) => Fit::Rounds,
            _ => Fit::No,
        }
    }

    /// Whether a count is `0.00`: less than half of the last digit that is printed.
    fn fit_nothing(&self, count: u128) -> Fit {
        let digit = u32::try_from(self.style.decimals).ok().and_then(|decimals| 10u128.checked_pow(decimals));
        let unit = 1000u128.checked_pow(self.thousands);
        let twice = digit.and_then(|digit| count.checked_mul(2)?.checked_mul(digit));
        match (count, twice, unit) {
            (0, ..) => Fit::Exact,
            (_, Some(twice), Some(unit)) if twice < unit => Fit::Rounds,
            _ => Fit::No,
        }
    }

    /// How it must be read for a count to be it, where [`Number::fit`] says it is not.
    pub fn reading(&self, count: u128) -> Option<Reading> {
        let is_cut = |base| self.mantissa != 0 && self.ratio(count, base).is_some_and(|(n, d)| n / d == self.mantissa);
        if self.thousands > 0 && self.ratio(count, 1024).and_then(|(n, d)| rounded(n, d)) == Some(self.mantissa) {
            return Some(Reading::Binary);
        }
        match () {
            () if is_cut(1000) => Some(Reading::Cut),
            () if self.thousands > 0 && is_cut(1024) => Some(Reading::BinaryCut),
            () => None,
        }
    }

    /// `count` in units of this number's last digit, as a fraction.
    fn ratio(&self, count: u128, base: u128) -> Option<(u128, u128)> {
        let unit = base.checked_pow(self.thousands)?;
        let ten = 10u128.checked_pow(self.power.unsigned_abs())?;
        if self.power < 0 { Some((count.checked_mul(ten)?, unit)) } else { Some((count, unit.checked_mul(ten)?)) }
    }

    /// A count, written as this number is: in its unit, with as many digits, or more where those would not tell the two apart.
    pub fn write(&self, count: u128) -> String {
        let unit = 1000f64.powi(i32::try_from(self.thousands).unwrap_or(0));
        let scale = self.style.scientific.map_or(unit, |exponent| 10f64.powi(exponent));
        let suffix = match (self.style.scientific, self.thousands) {
            (Some(exponent), _) => format!(" × 10^{exponent}"),
            (None, thousands) => ["", "K", "M", "G", "T"].get(thousands as usize).copied().unwrap_or("").to_string(),
        };
        if scale == 1.0 {
            return if self.style.commas || count >= 10_000 { grouped(count) } else { count.to_string() };
        }
        let short = |decimals: usize| format!("{:.*}{suffix}", decimals, count as f64 / scale);
        let is_told_apart = |text: &str| {
            let read = Number::read(&super::plain::plain(text));
            read.is_none_or(|(number, _)| !number.equals(self) && (count == 0 || number.mantissa > 0))
        };
        (self.style.decimals..self.style.decimals + 4)
            .map(short)
            .find(|text| is_told_apart(text))
            .unwrap_or_else(|| grouped(count))
    }

    /// Whether two are one number, however written.
    pub fn equals(&self, other: &Number) -> bool {
        let tens = |n: &Number| i64::from(n.power) + 3 * i64::from(n.thousands);
        self.mantissa == other.mantissa && (self.mantissa == 0 || tens(self) == tens(other))
    }
}

/// `n / d`, rounded; a half up.
fn rounded(n: u128, d: u128) -> Option<u128> {
    Some(n.checked_mul(2)?.checked_add(d)? / d.checked_mul(2)?)
}

/// With commas between thousands.
pub(super) fn grouped(count: u128) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The digits a text begins with: their value, how many stand behind a point, whether commas part them, how long they are.
fn digits(text: &str) -> Option<(u128, usize, bool, usize)> {
    let bytes = text.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let (mut value, mut decimals, mut commas, mut point, mut at, mut count) = (0u128, 0, false, false, 0, 0);
    loop {
        match bytes.get(at) {
            Some(digit @ b'0'..=b'9') => {
                count += 1;
                // More digits than any count has stay a number, which no count is.
                value = value.saturating_mul(10).saturating_add(u128::from(digit - b'0'));
                decimals = MOST_DECIMALS.min(decimals + usize::from(point));
            }
            Some(b',') if !point && at > 0 && (1..=3).all(|n| is_digit(at + n)) && !is_digit(at + 4) => commas = true,
            Some(b'.') if !point && at > 0 && is_digit(at + 1) => point = true,
            _ => break,
        }
        at += 1;
    }
    (count > 0).then_some((value, decimals, commas, at))
}

/// `x 10^9`, `*10^9`, `e9` behind digits: the exponent, and how long it is.
fn ten_to(text: &str) -> Option<(i32, usize)> {
    let sign = text.trim_start();
    let behind = match sign.strip_prefix(['x', '*', 'X']) {
        Some(behind) => {
            let behind = behind.trim_start().strip_prefix("10")?.trim_start();
            behind.strip_prefix('^').map(str::trim_start)?
        }
        None => text.strip_prefix(['e', 'E']).map(|behind| behind.strip_prefix('+').unwrap_or(behind))?,
    };
    let behind = behind.strip_prefix('{').unwrap_or(behind).trim_start();
    let length = behind.bytes().take_while(u8::is_ascii_digit).count();
    let exponent: i32 = behind[..length].parse().ok().filter(|&exponent| exponent <= 30)?;
    Some((exponent, text.len() - behind.len() + length))
}

/// `K`, `M`, ` million` behind digits: which power of 1000, and how long it is.
fn unit(text: &str) -> Option<(u32, usize)> {
    const WORDS: [(&str, u32); 10] = [
        ("thousand", 1),
        ("million", 2),
        ("billion", 3),
        ("trillion", 4),
        ("k", 1),
        ("m", 2),
        ("g", 3),
        ("b", 3),
        ("t", 4),
        ("mil", 2),
    ];
    let word = text.trim_start();
    let gap = text.len() - word.len();
    let letters = word.bytes().take_while(u8::is_ascii_alphabetic).count();
    let lower = word[..letters].to_ascii_lowercase();
    let (found, thousands) = WORDS.iter().find(|(known, _)| *known == lower)?;
    // `64 k` is a number and a letter; `64 million` is one number.
    (gap == 0 || found.len() > 2).then_some((*thousands, gap + letters))
}

/// All numbers of a text made plain, each with its place in it; digits inside words (`conv3`) are none.
pub fn numbers(plain: &str) -> Vec<(Number, Range<usize>)> {
    let mut found = Vec::new();
    let (bytes, mut at) = (plain.as_bytes(), 0);
    while at < bytes.len() {
        let begins = bytes[at].is_ascii_digit() && (at == 0 || !bytes[at - 1].is_ascii_alphanumeric());
        match begins.then(|| Number::read(&plain[at..])).flatten() {
            Some((number, length)) => {
                found.push((number, at..at + length));
                at += length;
            }
            None => at += 1,
        }
    }
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn number(text: &str) -> Number {
        let plain = super::super::plain::plain(text).trim_start().to_string();
        let (number, length) = Number::read(&plain).unwrap();
        assert_eq!(plain[length..].trim(), "", "{text} is read whole");
        number
    }

    #[test]
    fn a_count_is_a_printed_number_or_rounds_to_it() {
        let fits = [
            ("1,728", 1_728, Fit::Exact),
            ("150K", 150_528, Fit::Rounds),
            ("151K", 150_528, Fit::Rounds),
            ("152K", 150_528, Fit::No),
            ("3.2M", 3_211_264, Fit::Rounds),
            ("3.3M", 3_211_264, Fit::No),
            ("800K", 802_816, Fit::Rounds),
            ("2.359 million", 2_359_296, Fit::Rounds),
            ("2.36 million", 2_359_296, Fit::Rounds),
            ("1.8 × 10^9", 1_814_073_344, Fit::Rounds),
            (r"$3.8 \times 10^{9}$", 3_857_973_248, Fit::No),
            ("4e3", 4_000, Fit::Exact),
            ("0", 0, Fit::Exact),
            ("0", 3, Fit::No),
            ("0.00M", 4_999, Fit::Rounds),
            ("0.00M", 5_000, Fit::No),
            ("11.3×10⁹", 11_282_415_616, Fit::Rounds),
        ];
        for (text, count, fit) in fits {
            assert_eq!(number(text).fit(count), fit, "{text} for {count}");
        }
    }

    #[test]
    fn other_readings_are_known() {
        assert_eq!(number("112K").reading(114_688), Some(Reading::Binary));
        assert_eq!(number("159K").reading(163_328), Some(Reading::BinaryCut));
        assert_eq!(number("380K").reading(388_096), Some(Reading::Binary));
        assert_eq!(number("3.8 x 10^9").reading(3_857_973_248), Some(Reading::Cut));
        assert_eq!(number("2.7K").reading(9_408), None);
    }

    #[test]
    fn a_count_is_written_as_the_number_is() {
        assert_eq!(number("112K").write(114_688), "115K");
        assert_eq!(number("1,728").write(36_864), "36,864");
        assert_eq!(number("3.8 × 10^9").write(3_857_973_248), "3.9 × 10^9");
        assert_eq!(number("16").write(13), "13");
    }

    #[test]
    fn digits_inside_words_are_no_numbers_and_endless_ones_fit_nothing() {
        let all: Vec<_> = numbers("CONV3-64: 96 11x11").into_iter().map(|(n, _)| n.value().unwrap()).collect();
        assert_eq!(all, [64, 96, 11]);
        for endless in
            ["9".repeat(40), "9".repeat(4_000), format!("0.{}1", "0".repeat(4_000)), format!("{}K", "9".repeat(26))]
        {
            let (number, length) = Number::read(&endless).unwrap();
            assert_eq!((number.fit(448), number.reading(448), length), (Fit::No, None, endless.len()), "{endless}");
            assert!(numbers(&endless).len() == 1 && !number.write(448).is_empty());
        }
    }
}
