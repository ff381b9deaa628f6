//! What sizes are said to be: an image, filters, or an output.

use super::super::scan::{Spot, Token};

/// What sizes are said to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Image,
    Filter,
    Output,
}

/// What the sizes at `at` are said to be: by the words behind them, by those before, or, behind `each` and where an
/// output is spoken of, by the last that the line names.
pub(super) fn role(spots: &[Spot<'_>], at: usize) -> Option<Role> {
    const NEAR: usize = 4;
    let behind = spots[at + 1..].iter().take(NEAR).take_while(|spot| is_joined(spot) || is_bracket(spot));
    let before = spots[..at].iter().rev().take(NEAR + 1).take_while(|spot| {
        let is_sign = matches!(spot.token, Token::Sign(b':' | b'='));
        (is_joined(spot) || spot.is_one_of(&["of"])) && !spot.is_one_of(&["a", "the"])
            || spot.number().is_some()
            || is_sign
            || is_bracket(spot)
    });
    let last = || spots[..at].iter().rev().find_map(named);
    let is_each = at > 0 && spots[at - 1].is_one_of(&["each"]);
    // `Output volume size: (32+2*2-5)/1+1 = 32 spatially, so 32x32x10`
    let output = || spots[..at].iter().filter_map(named).find(|role| *role == Role::Output);
    let nearest = behind.into_iter().find_map(named).or_else(|| before.into_iter().find_map(named));
    nearest.or_else(|| if is_each { last() } else { output() })
}

fn is_bracket(spot: &Spot<'_>) -> bool {
    matches!(spot.token, Token::Sign(b'[' | b'(' | b']' | b')'))
}

/// Whether a word belongs to those beside it: no preposition and no conjunction.
fn is_joined(spot: &Spot<'_>) -> bool {
    const PARTING: &[&str] = &[
        "of", "on", "over", "in", "with", "from", "and", "or", "for", "to", "by", "at", "than", "as", "gives", "makes",
    ];
    spot.word().is_some() && !spot.is_one_of(PARTING)
}

/// What a word says that sizes are.
fn named(spot: &Spot<'_>) -> Option<Role> {
    const ROLES: [(Role, &[&str]); 3] = [
        (Role::Image, &["image", "images", "input", "inputs", "picture", "photo"]),
        (Role::Filter, &["filter", "filters", "kernel", "kernels", "window", "windows"]),
        (Role::Output, &["output", "outputs", "map", "maps", "activation", "activations"]),
    ];
    ROLES.into_iter().find(|(_, words)| spot.is_one_of(words)).map(|(role, _)| role)
}

/// `separate activation maps`
pub(super) fn is_maps(behind: &[Spot<'_>]) -> bool {
    let adjectives = ["separate", "activation", "feature", "output", "different", "new", "such"];
    let noun = behind.iter().take(4).find(|spot| !spot.is_one_of(&adjectives));
    noun.is_some_and(|spot| spot.is_one_of(&["map", "maps"]))
}

/// The order in which a line is read: an image that filters slide `over` comes before them.
pub(super) fn order(spots: &[Spot<'_>]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..spots.len()).collect();
    let is_over = |spot: &Spot<'_>| spot.is_one_of(&["over", "on", "across", "to"]);
    let has_sizes = |at: &usize| spots[*at].sizes().is_some();
    let images: Vec<usize> =
        (1..spots.len()).filter(has_sizes).filter(|&at| role(spots, at) == Some(Role::Image)).collect();
    for at in images {
        let start = at.saturating_sub(4);
        if let Some(over) = spots[start..at].iter().rposition(is_over) {
            let filter = (0..start + over).rev().find(has_sizes).filter(|&at| role(spots, at) == Some(Role::Filter));
            order.remove(at);
            order.insert(filter.unwrap_or(at), at);
        }
    }
    order
}

/// How many filters the sizes at `at` are of: `6 5x5 filters`, `6 filters, each 5x5x3`.
pub(super) fn count(spots: &[Spot<'_>], at: usize) -> Option<usize> {
    let before = |at: usize| at.checked_sub(1).and_then(|before| spots[before].number());
    let noun = || spots[..at].iter().rposition(|spot| spot.is_one_of(&["filters", "kernels"])).and_then(before);
    before(at).or_else(|| if at > 0 && spots[at - 1].is_one_of(&["each", "of"]) { noun() } else { None })
}
