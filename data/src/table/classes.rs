//! The classes that words stand for.

use std::collections::BTreeMap;

use super::rows::Rows;
use crate::error::DataError;
use crate::natural;

/// The most classes that are told apart.
const MAX_CLASSES: usize = 1 << 16;

/// Words in the order in which they came, each with the number of those that are the same.
#[derive(Default)]
pub(crate) struct Classes {
    numbers: BTreeMap<String, u32>,
    of: Vec<u32>,
}

impl Classes {
    /// The next word.
    pub fn add(&mut self, word: String) {
        let next = self.numbers.len() as u32;
        self.of.push(*self.numbers.entry(word).or_insert(next));
    }

    /// The classes' names in the order that people give, and each word's class.
    pub fn told(self, rows: &Rows) -> Result<(Vec<String>, Vec<u32>), DataError> {
        let mut names: Vec<(String, u32)> = self.numbers.into_iter().collect();
        let is_fraction = |name: &str| name.parse::<f64>().is_ok_and(|number| number.fract() != 0.0);
        if let Some((name, _)) = names.iter().find(|(name, _)| is_fraction(name)) {
            let unfit =
                rows.unfit(format!("its labels are numbers such as {name}, and nets are trained toward classes"));
            return Err(unfit.found(name.clone()).expected("words or whole numbers").into());
        }
        if let [(only, _)] = &names[..] {
            let unfit = rows.unfit(format!("all its labels are `{only}`: there is nothing to tell apart"));
            return Err(unfit.found("one class").expected("two classes or more").into());
        }
        if names.len() > MAX_CLASSES {
            let unfit = rows.unfit(format!("it has {} classes", names.len()));
            return Err(unfit.expected(format!("at most {MAX_CLASSES}")).into());
        }
        names.sort_by(|(a, _), (b, _)| natural::compare(a, b));
        let mut places = vec![0; names.len()];
        for (place, (_, number)) in names.iter().enumerate() {
            places[*number as usize] = place as u32;
        }
        let of = self.of.into_iter().map(|number| places[number as usize]).collect();
        Ok((names.into_iter().map(|(name, _)| name).collect(), of))
    }
}
