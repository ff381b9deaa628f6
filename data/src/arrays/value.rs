//! What an element's bytes are as a number.

use super::header::{Element, Kind};
use crate::store::levels::Levels;

/// What makes a number of an element's bytes.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Of a sample: floating-point numbers as they are, of bytes 255 becomes 1.
    Sample(fn(&[u8]) -> f32, Levels),
    /// Of a label: numbers as they stand.
    Label(Element, Levels),
}

impl Value {
    /// Of samples; `None` where no number is made of the elements.
    pub fn of_samples(element: &Element) -> Option<Self> {
        let levels = match (&element.kind, element.bytes) {
            (Kind::Unsigned, 1) => Levels::Bytes,
            (Kind::Bool, _) => Levels::Narrow,
            _ => Levels::Floats,
        };
        Some(Value::Sample(sample(element)?, levels))
    }

    /// Of labels that are numbers.
    pub fn of_numbers(element: &Element) -> Self {
        Value::Label(element.clone(), Levels::Floats)
    }

    /// Of labels that are classes, or 0 and 1.
    pub fn of_classes(element: &Element) -> Self {
        Value::Label(element.clone(), Levels::Wide)
    }

    /// The number that an element's bytes are.
    pub fn of(&self, bytes: &[u8]) -> f32 {
        match self {
            Value::Sample(value, _) => value(bytes),
            Value::Label(element, _) => number(element, bytes) as f32,
        }
    }

    /// How they are written down where they are kept.
    pub fn levels(&self) -> Levels {
        match self {
            Value::Sample(_, levels) | Value::Label(_, levels) => *levels,
        }
    }
}

/// What makes a sample's value of an element's bytes; `None` where none is made.
fn sample(element: &Element) -> Option<fn(&[u8]) -> f32> {
    Some(match (&element.kind, element.bytes, element.is_big_endian) {
        (Kind::Float, 4, false) => |bytes| f32::from_le_bytes(word(bytes)),
        (Kind::Float, 4, true) => |bytes| f32::from_be_bytes(word(bytes)),
        (Kind::Float, 8, false) => |bytes| f64::from_le_bytes(word(bytes)) as f32,
        (Kind::Float, 8, true) => |bytes| f64::from_be_bytes(word(bytes)) as f32,
        (Kind::Unsigned, 1, _) => |bytes| f32::from(bytes[0]) / f32::from(u8::MAX),
        (Kind::Bool, 1, _) => |bytes| f32::from(bytes[0].min(1)),
        _ => return None,
    })
}

/// Bytes as so many as a number has; they are cut to that before.
fn word<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().unwrap_or([0; N])
}

/// The number that an element's bytes are, as it stands; not a number of what is none.
pub(super) fn number(element: &Element, bytes: &[u8]) -> f64 {
    match (&element.kind, bytes.len()) {
        (Kind::Float, 4) => f64::from(f32::from_bits(bits(element, bytes) as u32)),
        (Kind::Float, 8) => f64::from_bits(bits(element, bytes)),
        (Kind::Float | Kind::Other(_), _) => f64::NAN,
        (Kind::Signed | Kind::Unsigned | Kind::Bool, _) => whole(element, bytes) as f64,
    }
}

/// An element's bytes as one word.
fn bits(element: &Element, bytes: &[u8]) -> u64 {
    let put = |number: u64, &byte: &u8| number << 8 | u64::from(byte);
    if element.is_big_endian { bytes.iter().fold(0, put) } else { bytes.iter().rev().fold(0, put) }
}

/// A whole number of an element's bytes; one that is larger than all others where it is larger than that.
fn whole(element: &Element, bytes: &[u8]) -> i64 {
    let is_negative = |first: u8| element.kind == Kind::Signed && first >= 128;
    let put = |number: u64, &byte: &u8| number << 8 | u64::from(byte);
    let (first, start) = match (element.is_big_endian, bytes) {
        (true, [first, ..]) | (false, [.., first]) => (*first, if is_negative(*first) { u64::MAX } else { 0 }),
        (_, []) => (0, 0),
    };
    let number =
        if element.is_big_endian { bytes.iter().fold(start, put) } else { bytes.iter().rev().fold(start, put) };
    if is_negative(first) { number as i64 } else { i64::try_from(number).unwrap_or(i64::MAX) }
}
