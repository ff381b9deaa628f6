//! Sizes in bytes: `(173.54 KB)`, `Params size (MB): 44.59`. A number takes four bytes.

use std::ops::Range;

use super::draft::Bytes;
use super::figure::{Verdict, What};
use super::figures::counts;
use super::measure::Measured;
use super::settle::Settled;

/// A printed size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Its digits as a whole number, and how many of them stand behind the point.
    digits: u128,
    decimals: u32,
    /// How many bytes its unit has.
    unit: u128,
    /// What of.
    pub of: Bytes,
}

impl Size {
    /// The size that stands at the beginning of `place`, in units of so many bytes; and where.
    pub fn read(plain: &str, place: Range<usize>, unit: u128, of: Bytes) -> Option<(Self, Range<usize>)> {
        let text = &plain[place.clone()];
        let start = text.find(|c: char| c.is_ascii_digit())?;
        let length =
            text[start..].find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | ',')).unwrap_or(text.len() - start);
        let number = text[start..start + length].trim_end_matches(['.', ',']);
        let decimals = number.split_once('.').map_or(0, |(_, behind)| behind.len());
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        let digits = digits.parse().ok().filter(|_| digits.len() <= 24)?;
        let start = place.start + start;
        Some((Self { digits, decimals: u32::try_from(decimals).ok()?, unit, of }, start..start + number.len()))
    }

    /// Whether so many bytes are it.
    pub fn verdict(&self, bytes: u128) -> Option<Verdict> {
        let ten = 10u128.checked_pow(self.decimals)?;
        let (exact, printed) = (bytes.checked_mul(ten)?, self.digits.checked_mul(self.unit)?);
        if exact == printed {
            return Some(Verdict::Agrees);
        }
        (exact.abs_diff(printed).checked_mul(2)? <= self.unit).then_some(Verdict::Rounds)
    }

    /// So many bytes, written as it is.
    pub fn write(&self, bytes: u128) -> String {
        format!("{:.*}", self.decimals as usize, bytes as f64 / self.unit as f64)
    }

    /// How many bytes the network has of what it tells.
    pub fn bytes(&self, measured: &Measured, input: &[usize], settled: &Settled) -> u128 {
        let parameters = counts(What::Parameters, measured, settled).count;
        let input = input.iter().fold(1u128, |product, &size| product.saturating_mul(size as u128));
        // Each output is kept for the way back too.
        let both = |numbers: u128| numbers.saturating_mul(2);
        let numbers = match self.of {
            Bytes::Counted(what) => counts(what, measured, settled).count,
            Bytes::Input => input,
            Bytes::Listed => both(measured.listed),
            Bytes::Weighted => both(measured.weighted),
            Bytes::WithListed => input.saturating_add(parameters).saturating_add(both(measured.listed)),
            Bytes::WithWeighted => input.saturating_add(parameters).saturating_add(both(measured.weighted)),
        };
        numbers.saturating_mul(4)
    }
}
