//! Whose names a file's tensors have.

use std::collections::BTreeSet;

use fovea_dsl::library::names::{Naming, namings};

use super::slots::layer_of;

/// Whose names a file's tensors have, as far as can be told.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The table; `None`: layers are called as in the net, and only their tensors as in PyTorch.
    pub naming: Option<&'static Naming>,
    /// The layers' names in the file, in the net's order.
    pub layers: Vec<String>,
}

impl Choice {
    /// Somebody's names, none of which stands for any number.
    pub fn of(naming: &'static Naming) -> Self {
        Self { naming: Some(naming), layers: naming.layers.clone() }
    }
}

/// The names that most of a file's layers have, first the net's own, then those of the library's net `name`; `None` where
/// it has fewer of any than it has others.
pub fn choose<'f>(tensors: impl Iterator<Item = &'f str>, own: &[String], name: &str) -> Option<Choice> {
    let layers: BTreeSet<&str> = tensors.filter_map(layer_of).collect();
    let (mut known, others): (Vec<&'static Naming>, Vec<&'static Naming>) =
        namings().iter().partition(|naming| naming.net == Some(name));
    known.extend(others);
    let named = known.into_iter().map(|naming| Choice { naming: Some(naming), layers: filled(naming, &layers) });
    let own = Choice { naming: None, layers: own.to_vec() };
    let mut best: Option<(i64, Choice)> = None;
    for choice in std::iter::once(own).chain(named) {
        let score = score(&choice, &layers);
        if score > best.as_ref().map_or(0, |(best, _)| *best) {
            best = Some((score, choice));
        }
    }
    best.map(|(_, choice)| choice)
}

/// How many of the file's layers are so called, less those that are missing and those that are not.
fn score(choice: &Choice, layers: &BTreeSet<&str>) -> i64 {
    let named: BTreeSet<&str> = choice.layers.iter().map(String::as_str).collect();
    let common = named.intersection(layers).count();
    let without = choice.naming.map_or(&[][..], |naming| &naming.without);
    let left = layers.difference(&named).filter(|layer| !is_without(layer, without)).count();
    common as i64 - (named.len() - common) as i64 - left as i64
}

/// Whether a name is one of these, or of a part of them: `aux1.fc1`.
pub fn is_without(name: &str, without: &[&str]) -> bool {
    without.iter().any(|layer| name.strip_prefix(layer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

/// A naming's layers, those with any number being the file's, in the numbers' order.
fn filled(naming: &Naming, layers: &BTreeSet<&str>) -> Vec<String> {
    let filled = |pattern: &String| match pattern.split_once("{n}") {
        None => vec![pattern.clone()],
        Some((before, behind)) => {
            let number = |layer: &str| layer.strip_prefix(before)?.strip_suffix(behind)?.parse::<u64>().ok();
            let mut numbers: Vec<u64> = layers.iter().filter_map(|layer| number(layer)).collect();
            numbers.sort_unstable();
            numbers.into_iter().map(|number| format!("{before}{number}{behind}")).collect()
        }
    };
    naming.layers.iter().flat_map(filled).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn chosen(layers: &[&str], own: &[&str], net: &str) -> Option<(Option<&'static str>, &'static str)> {
        let tensors: Vec<String> = layers.iter().map(|layer| format!("{layer}.weight")).collect();
        let own: Vec<String> = own.iter().map(ToString::to_string).collect();
        let choice = choose(tensors.iter().map(String::as_str), &own, net)?;
        Some(choice.naming.map_or((None, "own"), |naming| (naming.net, naming.by)))
    }

    #[test]
    fn the_names_that_most_layers_have() {
        for naming in namings().iter().filter(|naming| naming.net.is_some()) {
            let layers: Vec<&str> = naming.layers.iter().map(String::as_str).collect();
            assert_eq!(chosen(&layers, &["conv1"], naming.net.unwrap()), Some((naming.net, naming.by)));
            assert_eq!(chosen(&layers, &["a"], "mine"), Some((naming.net, naming.by)), "whatever the net is called");
        }
        assert_eq!(chosen(&["conv1", "conv2", "fc1"], &["conv1", "conv2", "fc1"], "q"), Some((None, "own")));
        assert_eq!(chosen(&["0", "3", "10"], &["conv1"], "q"), Some((None, "number")));
        assert_eq!(chosen(&["features.0", "classifier.1"], &["conv1"], "q"), Some((None, "number")));
        assert_eq!(chosen(&["stem", "head"], &["conv1"], "q"), None);
        assert_eq!(chosen(&[], &["conv1"], "q"), None);
    }

    #[test]
    fn layers_that_a_net_does_not_have_are_known() {
        assert!(is_without("aux1.fc1", &["aux1"]) && is_without("aux1", &["aux1"]));
        assert!(!is_without("aux10.fc1", &["aux1"]));
    }

    #[test]
    fn numbers_come_in_their_own_order() {
        let names = ["10.weight", "2.weight", "0.weight", "2.bias"];
        assert_eq!(choose(names.into_iter(), &[], "q").unwrap().layers, ["0", "2", "10"]);
    }
}
