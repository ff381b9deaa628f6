//! Stages of a table, and one that stands twice: what a converter does to rows that look alike.

use std::ops::Range;

use super::LineStarts;
use super::draft::{DraftNet, Part, Printed, Row};
use super::figure::What;
use super::measure::Measurer;
use super::settle::Settled;
use super::write::net;

/// A stage that repeats the one before it, in every net of a slide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeated {
    /// Its first and its last line.
    lines: (usize, usize),
    /// How many layers with weights.
    pub layers: u128,
}

impl Repeated {
    /// In words: `lines 20 to 22 repeat the stage before them`.
    pub fn words(&self) -> String {
        format!("lines {} to {} repeat the stage before them", self.lines.0, self.lines.1)
    }
}

/// The stage without which most nets have the layers that are stated of them, where there is one.
pub fn repeated(lines: &LineStarts, nets: &[DraftNet], settled: &Settled, measurer: &Measurer) -> Option<Repeated> {
    let first = nets.first()?;
    let stages = stages(&first.rows);
    let twice = |pair: &[Range<usize>]| is_same(&first.rows, &pair[0], &pair[1]);
    let found = stages.windows(2).rev().find(|pair| twice(pair))?[1].clone();
    let is_weighted = |part: &&Part| matches!(part, Part::Conv(_) | Part::Fc(_) | Part::Residual(_));
    let rows = &first.rows[found.clone()];
    let layers = rows.iter().flat_map(|row| &row.parts).filter(is_weighted).count() as u128;
    let line = |row: &Row| lines.before + lines.number(row.place.start);
    let repeated = Repeated { lines: (line(&rows[0]), line(&rows[rows.len() - 1])), layers };
    let fits = nets.iter().zip(&settled.inputs).any(|(net, input)| {
        let Some(Printed::Exact(stated)) =
            net.totals.iter().find(|claim| claim.what == What::Layers).map(|claim| &claim.value)
        else {
            return false;
        };
        let measured = measurer.text(self::net("slide", input, net, settled.convention).text);
        matches!(&*measured, Ok(measured) if measured.depth == stated + layers)
    });
    fits.then_some(repeated)
}

/// Whether two stretches of rows do the same.
fn is_same(rows: &[Row], one: &Range<usize>, other: &Range<usize>) -> bool {
    let names = |stretch: &Range<usize>| rows[stretch.clone()].iter().map(|row| row.name.clone()).collect::<Vec<_>>();
    names(one) == names(other)
}

/// The stretches of rows that end with a pool, each of convolutions.
pub fn stages(rows: &[Row]) -> Vec<Range<usize>> {
    let has = |row: &Row, is: fn(&Part) -> bool| row.parts.iter().any(is);
    let (mut stages, mut start) = (Vec::new(), 0);
    for (at, row) in rows.iter().enumerate() {
        let ends = has(row, |part| matches!(part, Part::Pool(_) | Part::PoolAll(_)));
        if ends {
            if rows[start..at].iter().any(|row| has(row, |part| matches!(part, Part::Conv(_) | Part::Residual(_)))) {
                stages.push(start..at + 1);
            }
            start = at + 1;
        }
    }
    stages
}
