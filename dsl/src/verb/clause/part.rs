//! `part 0.1`: how much of other data is taken.

use super::super::about::{Clause, Offer, clause};
use super::super::form;
use super::super::read::{Opened, Parts};

/// A share of other data, above 0 and at most 1.
pub(in crate::verb) const PART: Clause<f64> = Clause {
    about: clause("part", "part 0.1", &[Offer::Constants]),
    read: |parts, opened| parts.part(opened),
    form: form::NUMBER,
};

impl Parts<'_> {
    fn part(&mut self, opened: Opened<'_>) -> Option<f64> {
        let expr = self.number(opened)?;
        let share = self.scope.number(&expr, "a part");
        let share = self.keep(share)?;
        if share > 0.0 && share <= 1.0 {
            return Some(share);
        }
        let error = self.error(expr.span, "a part is a share of the whole").found(share.to_string());
        let error = error.expected("a number above 0, at most 1");
        self.wrong(match share {
            // In hundredths.
            _ if share > 1.0 && share <= 100.0 => error.write(expr.span, (share / 100.0).to_string()),
            _ => error.mend(expr.span, "0.1").help("write `part 0.1`, say, for a tenth"),
        });
        None
    }
}
