//! `split 80%`, `split 80:20`: the parts of data as they are written elsewhere.

use std::ops::Range;

use crate::verb::clause::in_percent;

/// What is wrong with them.
pub(super) const MESSAGE: &str = "a split is two whole numbers with `/` between them";

/// The place of the numbers behind the `split` before byte `at`, and how they are written here; none where other words stand
/// between the two.
pub(super) fn mend(text: &str, at: usize) -> Option<(Range<usize>, String)> {
    let is_number = |c: char| c.is_ascii_digit() || " .:%/|".contains(c);
    let start = text.get(..at)?.to_ascii_lowercase().rfind("split")? + "split".len();
    let rest = text.get(start..).filter(|_| text[start..at].chars().all(is_number))?;
    let said = rest[..rest.find(|c| !is_number(c)).unwrap_or(rest.len())].trim_end();
    let start = start + said.len() - said.trim_start().len();
    Some((start..start + said.trim_start().len(), in_percent(said)))
}
