//! How many figures have which verdict.

use std::fmt;

use fovea_dsl::slide::{Figure, Verdict};
use serde_json::{Value, json};

use crate::display::number::{count, of};

/// The verdicts on figures, from the best to what is no figure of the slide.
const VERDICTS: [Verdict; 6] =
    [Verdict::Agrees, Verdict::Rounds, Verdict::Disagrees, Verdict::Follows, Verdict::Remark, Verdict::Assumed];

/// How many figures have which verdict. Displays as `38 figures: 31 agree, 4 round, 3 disagree; 2 remarks, 1 assumption`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// A count a verdict, in the order of `VERDICTS`.
    counts: [usize; VERDICTS.len()],
}

impl Tally {
    /// Counts the verdicts on these figures.
    pub fn of<'f>(figures: impl IntoIterator<Item = &'f Figure>) -> Self {
        let mut tally = Self::default();
        for figure in figures {
            let at = VERDICTS.iter().position(|verdict| *verdict == figure.verdict);
            at.into_iter().for_each(|at| tally.counts[at] += 1);
        }
        tally
    }

    /// How many figures have a verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        VERDICTS.iter().zip(self.counts).filter(|(known, _)| **known == verdict).map(|(_, count)| count).sum()
    }

    /// How many figures the slide prints that were held against its network.
    pub fn figures(&self) -> usize {
        self.counts[..4].iter().sum()
    }

    /// The same as data: how many figures, and a count a verdict.
    pub fn as_data(&self) -> Value {
        let mut data = json!({ "figures": self.figures() });
        for (verdict, count) in VERDICTS.iter().zip(self.counts) {
            data[verdict.word()] = count.into();
        }
        data
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [agree, round, disagree, follow, remarks, assumed] = self.counts;
        f.write_str(&of(self.figures(), "figure"))?;
        let verbs = [(agree, "agree"), (round, "round"), (disagree, "disagree"), (follow, "follow")];
        for (at, (number, verb)) in verbs.into_iter().filter(|(number, _)| *number > 0).enumerate() {
            let s = if number == 1 { "s" } else { "" };
            write!(f, "{} {} {verb}{s}", if at == 0 { ":" } else { "," }, count(number as u64))?;
        }
        let besides = [(remarks, "remark"), (assumed, "assumption")];
        for (at, (number, thing)) in besides.into_iter().filter(|(number, _)| *number > 0).enumerate() {
            write!(f, "{} {}", if at == 0 { ";" } else { "," }, of(number, thing))?;
        }
        Ok(())
    }
}
