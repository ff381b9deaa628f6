//! The direct encoding: a number a value of the picture, changed one by one.

use fovea_data::Dice;

/// The share of values that change at first; every thousand generations it is halved.
const RATE: f32 = 0.1;
const HALVED_EVERY: usize = 1000;

/// How close a changed value stays to what it was: the index of polynomial mutation.
const STRENGTH: f32 = 15.0;

/// A picture's values.
#[derive(Clone)]
pub(super) struct Pixels(Vec<f32>);

impl Pixels {
    /// Every value anything.
    pub fn random(shape: [usize; 3], dice: &mut Dice) -> Self {
        Self((0..shape.iter().product()).map(|_| dice.between(0.0, 1.0)).collect())
    }

    /// Some values changed by polynomial mutation (K. Deb, D. Deb, "Analysing mutation schemes for real-parameter genetic
    /// algorithms", 2014): small changes are likelier than large ones.
    pub fn changed(&self, generation: usize, dice: &mut Dice) -> Self {
        let rate = RATE * 0.5f32.powi((generation / HALVED_EVERY) as i32);
        let changed = |&value: &f32| match dice.between(0.0, 1.0) < rate {
            true => (value + step(dice.between(0.0, 1.0))).clamp(0.0, 1.0),
            false => value,
        };
        Self(self.0.iter().map(changed).collect())
    }

    pub fn draw(&self, picture: &mut [f32]) {
        picture.copy_from_slice(&self.0);
    }
}

/// How far a value of 0..1 moves, by a chance of 0..1: 0 in the middle, -1 and 1 at the ends.
fn step(chance: f32) -> f32 {
    let exponent = 1.0 / (STRENGTH + 1.0);
    match chance < 0.5 {
        true => (2.0 * chance).powf(exponent) - 1.0,
        false => 1.0 - (2.0 * (1.0 - chance)).powf(exponent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_odd_about_the_middle_and_small_ones_likely() {
        assert_eq!([step(0.0), step(0.5)], [-1.0, 0.0]);
        assert!((step(0.2) + step(0.8)).abs() < 1e-6);
        // By the definition: half of all steps are shorter than 1 - 0.5^(1/16).
        assert!((step(0.75) - 0.042_397).abs() < 1e-5, "{}", step(0.75));
    }
}
