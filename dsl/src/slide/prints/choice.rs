//! What a listed layer might do, and what speaks against it.

use super::super::draft::{Part, Stated};
use super::super::number::Fit;
use super::{Layer, Tool};

/// What speaks against a reading by which a printed size is wrong.
pub const WRONG_SIZE: u32 = 30;

/// What has more against it than two wrong figures is no reading.
pub const MUCH: u32 = 100;

/// What a layer might do.
#[derive(Clone, Debug)]
pub struct Choice {
    pub parts: Vec<Part>,
    /// What flows out.
    pub output: Vec<usize>,
    /// What speaks against it.
    pub cost: u32,
}

/// What is known of the whole print.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    pub tool: Tool,
    /// What speaks against a reading by which a printed count is wrong.
    pub wrong_count: u32,
}

/// What speaks against sizes that are not the printed ones.
pub fn wrong_sizes(layer: &Layer, input: &[usize], output: &[usize]) -> u32 {
    let differs = |printed: &Option<Stated<Vec<usize>>>, shape: &[usize]| {
        printed.as_ref().is_some_and(|printed| !is_same(&printed.value, shape))
    };
    WRONG_SIZE * (u32::from(differs(&layer.output, output)) + u32::from(differs(&layer.input, input)))
}

/// Whether two shapes are one; a vector of n is also 1×1×n.
pub fn is_same(one: &[usize], other: &[usize]) -> bool {
    fn bare(shape: &[usize]) -> &[usize] {
        match shape {
            [1, rest @ ..] if !rest.is_empty() => bare(rest),
            _ => shape,
        }
    }
    one == other || bare(one).len() == 1 && bare(one) == bare(other)
}

/// What speaks against a count of parameters.
pub fn wrong_count(layer: &Layer, weights: usize, biases: usize, context: Context) -> u32 {
    let fits = |count: usize| layer.parameters.as_ref().is_none_or(|(number, _)| number.fit(count as u128) != Fit::No);
    if fits(weights.saturating_add(biases)) { 0 } else { context.wrong_count }
}

/// What speaks against a count of operations, by the tool's own way of counting.
pub fn wrong_operations(layer: &Layer, weights: usize, biases: usize, positions: usize, context: Context) -> u32 {
    let own = match context.tool {
        Tool::Darknet => weights.saturating_mul(2),
        Tool::Keras | Tool::Torch => weights.saturating_add(biases),
    };
    let count = (own as u128).saturating_mul(positions as u128);
    let fits = layer.operations.as_ref().is_none_or(|(number, _)| number.fit(count) != Fit::No);
    if fits { 0 } else { WRONG_SIZE }
}
