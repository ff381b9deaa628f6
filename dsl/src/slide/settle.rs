//! Settles what a slide leaves open for all of its rows alike: the input's shape, paddings, and what its figures count.
//! What most of its figures agree with is taken; one figure alone settles nothing.

use super::complete::complete;
use super::draft::{Claim, Draft, DraftNet, Operations, Part, Printed};
use super::figure::What;
use super::judge::{has_size, is_output};
use super::measure::{Measured, Measurer};
use super::number::{Fit, Number};
use super::write::{self, Convention, Shortcut, StrideAt, Unstated};

/// What was settled.
#[derive(Clone, Debug, PartialEq)]
pub struct Settled {
    /// The shape of each net's input.
    pub inputs: Vec<Vec<usize>>,
    /// How paddings and shortcuts are filled in.
    pub convention: Convention,
    /// Whether parameters include biases and what normalisation learns.
    pub biases: bool,
    /// What operations are.
    pub operations: Operations,
}

/// The sides of pictures that networks usually take.
const SIDES: [usize; 8] = [224, 227, 32, 28, 299, 256, 64, 96];

/// Other conventions must fit so many outputs more than the usual one.
const MARGIN: usize = 2;

/// Settles what a draft leaves open.
pub fn settle(draft: &Draft, measurer: &Measurer) -> Settled {
    let mut convention = Convention::default();
    let mut inputs: Vec<Vec<usize>> = Vec::new();
    for net in &draft.nets {
        inputs.push(input(net, convention, measurer));
    }
    let score = |convention| -> usize {
        draft.nets.iter().zip(&inputs).map(|(net, input)| outputs_that_fit(net, input, convention, measurer)).sum()
    };
    let usual = score(convention);
    for (conv, pool) in [(Unstated::Half, Unstated::Zero), (Unstated::Zero, Unstated::Zero)] {
        let other = Convention { conv, pool, ..convention };
        if score(other) >= usual + MARGIN && score(other) > score(convention) {
            convention = other;
        }
    }
    let mut settled = Settled { inputs, convention, biases: false, operations: Operations::Macs };
    settled.convention = residual(draft, &settled, measurer);
    let [weights, all, macs, flops] = weigh(draft, &settled, measurer);
    settled.biases = draft.counts.biases.unwrap_or(all > weights);
    settled.operations =
        draft.counts.operations.unwrap_or(if flops > macs { Operations::Flops } else { Operations::Macs });
    settled
}

/// What shortcuts do and where strides are: as most of the printed operations say, else as usual.
fn residual(draft: &Draft, settled: &Settled, measurer: &Measurer) -> Convention {
    let own = settled.convention;
    let is_residual =
        |net: &DraftNet| net.rows.iter().flat_map(|row| &row.parts).any(|part| matches!(part, Part::Residual(_)));
    let nets: Vec<_> = draft.nets.iter().zip(&settled.inputs).filter(|(net, _)| is_residual(net)).collect();
    let score = |convention: Convention| -> usize {
        let fit = |(net, input): &(&DraftNet, &Vec<usize>)| {
            let whole = complete(net, input).net;
            let text = write::net("slide", input, &whole, convention).text;
            let claims = whole.totals.iter().filter(|claim| claim.what == What::Operations);
            let Some(Printed::Number(number)) = claims.map(|claim| &claim.value).next() else { return 0 };
            match &*measurer.text(text) {
                Ok(measured) => operations_fit(number, measured.macs),
                Err(_) => 0,
            }
        };
        nets.iter().map(fit).sum()
    };
    if nets.is_empty() || !nets.iter().any(|(net, _)| net.totals.iter().any(|claim| claim.what == What::Operations)) {
        return own;
    }
    let mut best = (score(own), own);
    for (shortcut, stride) in [
        (Shortcut::Projection, StrideAt::First),
        (Shortcut::Identity, StrideAt::Window),
        (Shortcut::Identity, StrideAt::First),
    ] {
        let convention = Convention { shortcut, stride, ..own };
        let fitting = score(convention);
        // One figure alone settles nothing.
        if fitting > best.0 + 1 {
            best = (fitting, convention);
        }
    }
    best.1
}

/// How well a count of MACs fits a figure, itself or doubled.
fn operations_fit(number: &Number, macs: u128) -> usize {
    let fits = [macs, macs.saturating_mul(2)].map(|count| match (number.fit(count), number.reading(count)) {
        (Fit::Exact | Fit::Rounds, _) => 2,
        (Fit::No, Some(_)) => 1,
        (Fit::No, None) => 0,
    });
    fits[0].max(fits[1])
}

/// A net's input: the stated one, or the usual one with which most of its outputs fit.
fn input(net: &DraftNet, convention: Convention, measurer: &Measurer) -> Vec<usize> {
    if let Some(stated) = &net.input {
        return stated.value.clone();
    }
    let first = net.rows.iter().flat_map(|row| &row.claims).find(|claim| is_output(claim));
    let side = match first.map(|claim| &claim.value) {
        Some(Printed::Shape(sizes, _)) => sizes.first().copied().unwrap_or(1),
        _ => 224,
    };
    let stride = net.rows.iter().flat_map(|row| &row.parts).find_map(stride).unwrap_or(1);
    let own = side.saturating_mul(stride);
    let candidates = std::iter::once(own).chain(SIDES).map(|side| vec![side, side, 3]);
    let fits = |input: &Vec<usize>| outputs_that_fit(net, input, convention, measurer);
    // The first of those that fit most.
    let mut best: Option<(usize, Vec<usize>)> = None;
    for candidate in candidates {
        let fitting = fits(&candidate);
        if best.as_ref().is_none_or(|(most, _)| fitting > *most) {
            best = Some((fitting, candidate));
        }
    }
    best.map_or_else(|| vec![224, 224, 3], |(_, input)| input)
}

fn stride(part: &Part) -> Option<usize> {
    match part {
        Part::Conv(conv) => conv.stride.value.first().copied(),
        Part::Pool(pool) => pool.stride.value.first().copied(),
        _ => None,
    }
}

/// How many printed outputs the net has, each row taking what the one before it gives.
fn outputs_that_fit(net: &DraftNet, input: &[usize], convention: Convention, measurer: &Measurer) -> usize {
    let (mut flow, mut fitting) = (input.to_vec(), 0);
    for row in &net.rows {
        let Ok(measured) = &*measurer.measure(&row.parts, &flow, convention) else { return fitting };
        fitting += row.claims.iter().filter(|claim| has_size(claim, &measured.output)).count();
        flow.clone_from(&measured.output);
    }
    fitting
}

/// How well figures fit: parameters as weights alone and with biases, operations as MACs and as FLOPs.
fn weigh(draft: &Draft, settled: &Settled, measurer: &Measurer) -> [usize; 4] {
    let mut weights = [0; 4];
    for (net, input) in draft.nets.iter().zip(&settled.inputs) {
        let mut flow = input.clone();
        for row in &net.rows {
            let Ok(measured) = &*measurer.measure(&row.parts, &flow, settled.convention) else { break };
            row.claims.iter().for_each(|claim| weigh_claim(claim, measured, &mut weights));
            flow.clone_from(&measured.output);
        }
        let whole = complete(net, input).net;
        if let Ok(measured) = &*measurer.text(write::net("slide", input, &whole, settled.convention).text) {
            whole.totals.iter().for_each(|claim| weigh_claim(claim, measured, &mut weights));
        }
    }
    weights
}

fn weigh_claim(claim: &Claim, measured: &Measured, weights: &mut [usize; 4]) {
    let (at, counts) = match claim.what {
        What::Parameters => (0, [measured.weights, measured.all()]),
        What::Operations => (2, [measured.macs, measured.macs.saturating_mul(2)]),
        _ => return,
    };
    for (turn, count) in counts.into_iter().enumerate() {
        weights[at + turn] += match &claim.value {
            Printed::Number(number) if number.fit(count) == Fit::Exact => 4,
            Printed::Number(number) if number.fit(count) == Fit::Rounds => 3,
            Printed::Number(number) if number.reading(count).is_some() => 1,
            Printed::Expression(expression) if expression.value == Some(count) => 4,
            _ => 0,
        };
    }
}
