//! What the end of a run should make one look at: an accuracy that stayed at chance level, units that died.

use std::sync::atomic::AtomicBool;

use fovea_data::Dataset;
use fovea_graph::{NodeId, Op, Tensor};
use fovea_train::{Ending, History, Mode, Question, TrainError, Trainee};

use crate::display::number;

/// So many pictures of the training part are looked at, where it has them,
const PICTURES: usize = 64;
/// a few at a time: of all layers at once, that takes less than the training did.
const AT_ONCE: usize = 8;

/// What stands before the name of a layer whose output is looked at.
const RECTIFIED: &str = "rectified ";

/// Hints on a run that is complete, a sentence each. Nothing is looked at once `interrupted` is set.
pub fn hints(
    history: &History,
    data: &Dataset,
    net: &mut Trainee,
    batch: usize,
    interrupted: &AtomicBool,
) -> Vec<String> {
    if history.ending != Ending::Complete {
        return Vec::new();
    }
    let chance = at_chance(history, data, interrupted);
    // A hint is worth no error: where there is no room to look, or no time, there is none.
    let dead = units(net, data, batch, interrupted).unwrap_or_default().iter().filter_map(Units::hint).collect();
    chance.into_iter().chain::<Vec<String>>(dead).collect()
}

/// Whether no epoch did better than always saying the commonest class, by more than twice the deviation of a guess.
fn at_chance(history: &History, data: &Dataset, interrupted: &AtomicBool) -> Option<String> {
    let best = history.epochs.iter().filter_map(|epoch| epoch.accuracy).reduce(f64::max)?;
    let counts = data.class_counts(interrupted).ok()?;
    let (labels, commonest) = (counts.train.iter().sum::<u64>() as f64, *counts.train.iter().max()? as f64);
    let chance = commonest / labels;
    let deviation = (chance * (1.0 - chance) / labels).sqrt();
    if history.epochs.len() < 2 || best > chance + 2.0 * deviation {
        return None;
    }
    Some(format!(
        "accuracy stayed at chance level: {} at best, and always saying the commonest class gives {}; try a rate ten times \
         smaller, then one ten times larger",
        number::percent(best),
        number::percent(chance)
    ))
}

/// The units of a rectified layer.
struct Units {
    layer: String,
    /// Which of them answer at least one picture.
    alive: Vec<bool>,
    pictures: usize,
}

impl Units {
    fn hint(&self) -> Option<String> {
        let dead = self.alive.iter().filter(|&&alive| !alive).count();
        (dead * 2 > self.alive.len()).then(|| {
            format!(
                "{} of the {} of {} are 0 on all of {}: they learn nothing more; a smaller rate, \
                 `bn` before it or `leaky` in its place keeps units alive",
                number::count(dead as u64),
                number::of(self.alive.len(), "unit"),
                self.layer,
                number::of(self.pictures, "training picture")
            )
        })
    }
}

/// The rectified layers' outputs, each under its layer's name.
fn rectified() -> Question {
    Question::new("rectified units", Mode::Infer, |forward, _| {
        let mut graph = forward.clone();
        for (at, node) in forward.nodes.iter().enumerate() {
            if let (Op::Relu(_), Some(layer)) = (&node.op, node.layer) {
                let name = format!("{RECTIFIED}{}", forward.layers[layer.index()].name);
                graph.output(&name, NodeId::new(at));
            }
        }
        Ok(graph)
    })
}

/// Looks at pictures spread over the training part, `batch` at a time.
fn units(net: &mut Trainee, data: &Dataset, batch: usize, interrupted: &AtomicBool) -> Result<Vec<Units>, TrainError> {
    let (question, count) = (rectified(), data.train.len().min(PICTURES));
    let batch = batch.min(AT_ONCE).clamp(1, count.max(1));
    let spread: Vec<usize> = (0..count).map(|i| data.train[i * data.train.len() / count]).collect();
    let mut all: Vec<Units> = Vec::new();
    for part in spread.chunks_exact(batch) {
        let images = net.standardised(&data.images.select(part, interrupted)?);
        let answer = net.ask(&question, &[("images", &images)], interrupted)?;
        let named = answer.outputs().iter().filter_map(|(name, value)| Some((name.strip_prefix(RECTIFIED)?, value)));
        for (layer, value) in named {
            let known = all.iter().position(|units| units.layer == layer);
            let at = known.unwrap_or_else(|| {
                let units = value.shape().last().copied().unwrap_or(0);
                all.push(Units { layer: layer.to_string(), alive: vec![false; units], pictures: 0 });
                all.len() - 1
            });
            all[at].see(value);
        }
    }
    net.forget(&question);
    Ok(all)
}

impl Units {
    /// Takes in what the layer made of a batch, `[N, …, C]`.
    fn see(&mut self, values: &Tensor) {
        self.pictures += values.shape().first().copied().unwrap_or(0);
        for position in values.rows() {
            self.alive.iter_mut().zip(position).for_each(|(alive, &value)| *alive |= value != 0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_units_must_be_dead_for_a_hint() {
        let units = |alive: &[bool]| Units { layer: "relu2".into(), alive: alive.to_vec(), pictures: 64 };
        assert_eq!(units(&[true, false]).hint(), None);
        let hint = units(&[true, false, false]).hint().unwrap_or_default();
        assert!(hint.starts_with("2 of the 3 units of relu2 are 0 on all of 64 training pictures"), "{hint}");
    }
}
