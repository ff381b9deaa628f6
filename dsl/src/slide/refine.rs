//! Counts that a slide does not state but by the size of an output: taken from there, unless the row's other figures all
//! say another.

use super::draft::{Claim, DraftNet, Part, Printed, Row};
use super::figures::fits;
use super::graph::is_graph;
use super::measure::Measurer;
use super::settle::Settled;

/// Takes counts of filters and units that only an output's size says from the row's other figures where more of them agree.
pub fn refine(net: &mut DraftNet, input: &[usize], settled: &Settled, measurer: &Measurer) {
    // What was inferred row by row was taken from the figures.
    if is_graph(net) {
        return;
    }
    let mut flow = input.to_vec();
    for row in &mut net.rows {
        if let Some(own) = count(row).map(|count| *count) {
            let mut best = (fitting(row, &flow, settled, measurer), own);
            for other in candidates(row) {
                if let Some(count) = count(row) {
                    *count = other;
                }
                let fitting = fitting(row, &flow, settled, measurer);
                if fitting > best.0 {
                    best = (fitting, other);
                }
            }
            if let Some(count) = count(row) {
                *count = best.1;
            }
        }
        match &*measurer.measure(&row.parts, &flow, settled.convention) {
            Ok(measured) => flow.clone_from(&measured.output),
            Err(_) => return,
        }
    }
}

/// The count of a row that only its output's size says.
fn count(row: &mut Row) -> Option<&mut usize> {
    row.parts.iter_mut().find_map(|part| match part {
        Part::Conv(conv) if conv.filters.place.is_none() => Some(&mut conv.filters.value),
        Part::Fc(units) if units.place.is_none() => Some(&mut units.value),
        _ => None,
    })
}

/// What the row's other figures name.
fn candidates(row: &Row) -> Vec<usize> {
    let mut all: Vec<usize> = Vec::new();
    for claim in &row.claims {
        match &claim.value {
            Printed::Expression(expression) => {
                all.extend(expression.numbers.iter().filter_map(|(number, _)| usize::try_from(*number).ok()));
            }
            Printed::Number(number) => all.extend(number.value().and_then(|value| usize::try_from(value).ok())),
            Printed::Exact(_) | Printed::Shape(..) | Printed::Size(_) => {}
        }
    }
    all.retain(|&count| (1..=65_536).contains(&count));
    all.sort_unstable();
    all.dedup();
    all.truncate(32);
    all
}

/// How many of a row's figures fit.
fn fitting(row: &Row, input: &[usize], settled: &Settled, measurer: &Measurer) -> usize {
    match &*measurer.measure(&row.parts, input, settled.convention) {
        Ok(measured) => row.claims.iter().filter(|claim: &&Claim| fits(claim, measured, settled)).count(),
        Err(_) => 0,
    }
}
