//! Exponentials and logarithms without branches, so that loops over them become vectors.

use std::f32::consts::{LOG2_E, SQRT_2};

/// ln 2 in two parts, the first short enough that whole numbers times it are exact.
const LN_2_HIGH: f32 = 355.0 / 512.0;
const LN_2_LOW: f32 = -2.121_944_4e-4;

/// max(x, 0); what is not a number stays so.
#[inline(always)]
pub fn rectify(x: f32) -> f32 {
    if x < 0.0 { 0.0 } else { x }
}

/// `x^power` for positive x; 0 and what is less or no number as `1/√x` has them.
#[inline(always)]
pub fn negative_power(x: f32, power: f32) -> f32 {
    if x > 0.0 { exp(power * ln(x)) } else { 1.0 / x.sqrt() }
}

/// `ln x` of a positive, normal number.
#[inline(always)]
fn ln(x: f32) -> f32 {
    // x = 2^n · m with m from √½ to √2, and ln m = 2·artanh((m − 1)/(m + 1)) by its series.
    const SERIES: [f32; 5] = [1.0 / 9.0, 1.0 / 7.0, 0.2, 1.0 / 3.0, 1.0];
    let bits = x.to_bits() as i32;
    let n = bits.wrapping_sub((SQRT_2 * 0.5).to_bits() as i32) >> 23;
    let m = f32::from_bits(bits.wrapping_sub(n << 23) as u32);
    let s = (m - 1.0) / (m + 1.0);
    let series = SERIES.into_iter().fold(0.0, |sum, term| sum * s * s + term);
    let n = n as f32;
    n * LN_2_HIGH + (2.0 * s * series + n * LN_2_LOW)
}

/// `e^x`, within two units of the last place; what is not a number stays so.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    let (p, [a, b]) = exponential(x);
    (a + a * p) * b
}

/// `e^x − 1` for x up to 88, exact near 0.
#[inline(always)]
pub fn exp_m1(x: f32) -> f32 {
    let (p, [a, b]) = exponential(x);
    let scale = a * b;
    scale * p + (scale - 1.0)
}

/// `e^x = 2^n · e^r` with |r| ≤ ln 2 / 2: `e^r − 1` by its series, and 2^n as two factors, so that results at the ends
/// of f32's range come out right.
#[inline(always)]
fn exponential(x: f32) -> (f32, [f32; 2]) {
    const LOW: f32 = -104.0;
    const HIGH: f32 = 89.0;
    // Adding and taking away 1.5·2^23 leaves the nearest whole number.
    const ROUND: f32 = 12_582_912.0;
    const SERIES: [f32; 7] = [1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0];
    let x = x.clamp(LOW, HIGH);
    let rounded = x * LOG2_E + ROUND;
    let n = rounded - ROUND;
    let r = (x - n * LN_2_HIGH) - n * LN_2_LOW;
    let p = r * SERIES.into_iter().fold(0.0, |sum, term| sum * r + term);
    let n = (rounded.to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32);
    let half = n >> 1;
    let power = |n: i32| f32::from_bits((n.wrapping_add(127) as u32) << 23);
    (p, [power(half), power(n.wrapping_sub(half))])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every exponent, and mantissas all along.
    fn positive_numbers() -> impl Iterator<Item = f32> {
        (0x0080_0000..0x7f80_0000).step_by(9973).map(f32::from_bits)
    }

    #[test]
    fn exponentials_are_right_to_the_last_places() {
        for x in positive_numbers().flat_map(|x| [x, -x]).filter(|x| x.abs() < 110.0) {
            let (e, m) = (f64::from(x).exp(), f64::from(x).exp_m1());
            if e < f64::from(f32::MAX) {
                assert!((f64::from(exp(x)) - e).abs() <= 2.5e-7 * e + 2e-45, "exp {x}");
            } else {
                assert_eq!(exp(x), f32::INFINITY, "{x}");
            }
            if x <= 88.0 {
                assert!((f64::from(exp_m1(x)) - m).abs() <= 2.5e-7 * m.abs(), "exp_m1 {x}");
            }
        }
        assert!(exp(f32::NAN).is_nan() && exp_m1(f32::NAN).is_nan());
        assert_eq!((exp(f32::NEG_INFINITY), exp_m1(f32::NEG_INFINITY), exp(f32::INFINITY)), (0.0, -1.0, f32::INFINITY));
    }

    #[test]
    fn logarithms_are_right_to_the_last_places() {
        for x in positive_numbers() {
            let expected = f64::from(x).ln();
            assert!((f64::from(ln(x)) - expected).abs() <= 2e-7 * expected.abs(), "ln {x} is {}", ln(x));
        }
        assert_eq!(negative_power(0.0, -0.75), f32::INFINITY);
        assert!(negative_power(f32::NAN, -0.75).is_nan() && negative_power(-1.0, -0.75).is_nan());
    }
}
