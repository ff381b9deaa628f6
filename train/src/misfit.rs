//! Weights that are not a net's: which are missing, which are left over, which are of another shape.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use fovea_graph::shape::join;

/// So many of a kind are named; of the rest there is a count.
const MOST: usize = 4;

/// A tensor's name and its shape.
pub type NameShape = (String, Vec<usize>);

/// What tells weights from those that a net needs, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Misfit {
    /// What the net needs and the weights do not have, with the shape that it needs.
    pub missing: Vec<NameShape>,
    /// What the weights have and the net has no place for, with its shape.
    pub left_over: Vec<NameShape>,
    /// What both have, with its shape in the weights and in the net.
    pub shapes: Vec<(NameShape, Vec<usize>)>,
}

impl Misfit {
    /// What differs between the tensors that a net needs and those that there are; `fits` says whether a shape that is
    /// found, the second, will do.
    ///
    /// # Errors
    /// Something does.
    pub fn between(
        needed: &[NameShape],
        found: &[NameShape],
        fits: impl Fn(usize, &[usize]) -> bool,
    ) -> Result<(), Self> {
        // The first of a name counts.
        let given: BTreeMap<&str, &[usize]> =
            found.iter().rev().map(|(name, shape)| (name.as_str(), shape.as_slice())).collect();
        let mut misfit = Self::default();
        for (at, (name, shape)) in needed.iter().enumerate() {
            match given.get(name.as_str()) {
                None => misfit.missing.push((name.clone(), shape.clone())),
                Some(found) if !fits(at, found) => {
                    misfit.shapes.push(((name.clone(), found.to_vec()), shape.clone()));
                }
                Some(_) => {}
            }
        }
        let known: BTreeSet<&str> = needed.iter().map(|(name, _)| name.as_str()).collect();
        misfit.left_over.extend(found.iter().filter(|(name, _)| !known.contains(name.as_str())).cloned());
        if misfit == Self::default() { Ok(()) } else { Err(misfit) }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sentences = Vec::new();
        match &self.missing[..] {
            [] => {}
            [(name, shape)] => {
                sentences.push(format!("the weights have no {name}, of {}, which the net needs", join(shape)))
            }
            several => {
                sentences.push(format!("the weights lack {} of what the net needs: {}", several.len(), first(several)))
            }
        }
        match &self.left_over[..] {
            [] => {}
            [(name, shape)] => {
                sentences.push(format!("the weights have {name}, of {}, which the net has no place for", join(shape)));
            }
            several => sentences.push(format!(
                "the weights have {} that the net has no place for: {}",
                several.len(),
                first(several)
            )),
        }
        let shape = |((name, found), net): &(NameShape, Vec<usize>)| {
            format!("{name} is {} in the weights and {} in the net", join(found), join(net))
        };
        sentences.extend(self.shapes.iter().take(MOST).map(shape));
        if let Some(rest) = self.shapes.len().checked_sub(MOST).filter(|rest| *rest > 0) {
            sentences.push(format!("{rest} more are of another shape"));
        }
        f.write_str(&sentences.join("; "))
    }
}

/// `fc1.bias (10), fc2.bias (3) and 7 more`
fn first(tensors: &[NameShape]) -> String {
    let named: Vec<String> =
        tensors.iter().take(MOST).map(|(name, shape)| format!("{name} ({})", join(shape))).collect();
    match tensors.len() - named.len() {
        0 => named.join(", "),
        rest => format!("{} and {rest} more", named.join(", ")),
    }
}
