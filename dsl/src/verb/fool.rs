//! `fool lenet on digits[3] with fgsm(eps 0.1)`, `fool lenet on digits with pgd(eps 0.1)`

use super::about::{Clause, Offer, clause};
use super::behind::{NET, Samples};
use super::clause::{ATTACK, Attack, Path, SAMPLES, SAVE};
use super::declare::verb;
use super::form;
use crate::syntax::Name;

verb! {
    /// `fool NET on SAMPLES …`
    Fool: "fool", "fool lenet on digits[3] with fgsm(eps 0.1)";
    behind {
        /// Which net.
        net: Name = NET,
    }
    needs {
        /// On which samples.
        samples: Samples = SAMPLES,
    }
    takes {
        attack: Attack = ATTACK,
        toward: usize = TOWARD,
        save: Path = SAVE,
    }
}

/// The class that pictures are to be taken for.
const TOWARD: Clause<usize> = Clause {
    about: clause("toward", "toward 7", &[Offer::Constants]),
    read: |parts, opened| {
        let expr = parts.number(opened)?;
        let class = parts.scope.count(&expr, 0, "a class");
        parts.keep(class)
    },
    form: form::NUMBER,
};
