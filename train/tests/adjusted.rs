//! What holds beside an optimizer's own rule: clipped gradients, frozen layers, rates by layer; and schedules that follow the
//! losses.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea_cpu::Cpu;
use fovea_graph::op::{Reshape, Softmax};
use fovea_graph::training::{Adjustments, Optimizer};
use fovea_graph::{Backend, Graph, Op, Shape};
use fovea_train::{Needs, Plateau, Recipe, Runs, Schedule, SingleValue, TrainError, Trainee, fit};
use support::{bits, data, info, long, normalised, normalised_layer, recipe, recipes};

static GO_ON: AtomicBool = AtomicBool::new(false);

fn cpu(threads: usize) -> Arc<dyn Backend> {
    Arc::new(Cpu::new(Some(threads)).unwrap())
}

fn trainee(threads: usize) -> Trainee {
    Trainee::fresh(cpu(threads), normalised(8, 10), 1).unwrap()
}

fn frozen(layers: &[&str]) -> Adjustments {
    Adjustments { frozen: layers.iter().map(|layer| layer.to_string()).collect(), ..Adjustments::default() }
}

type Bits = Vec<(String, Vec<u32>)>;

fn trained(recipe: &Recipe, threads: usize) -> (Bits, Bits) {
    let mut trainee = trainee(threads);
    let before = Trainee::fresh(cpu(1), normalised(8, 10), recipe.seed).unwrap();
    fit(&mut trainee, &data(), recipe, None, &mut |_| {}, &GO_ON).unwrap();
    (bits(&before.weights().unwrap().tensors), bits(&trainee.weights().unwrap().tensors))
}

#[test]
fn every_recipe_has_the_same_bits_with_one_and_two_threads() {
    for recipe in recipes() {
        assert_eq!(trained(&recipe, 1), trained(&recipe, 2), "{recipe:?}");
    }
}

#[test]
fn frozen_layers_stay_as_they_are_statistics_and_all() {
    let recipe = Recipe { adjustments: frozen(&["conv1", "bn1"]), ..recipe() };
    let (before, after) = trained(&recipe, 1);
    assert_eq!(before.len(), after.len());
    for ((name, before), (_, after)) in before.iter().zip(&after) {
        assert_eq!(before == after, !name.starts_with("fc1"), "{name}");
    }
}

#[test]
fn a_frozen_beginning_takes_neither_gradients_nor_moments() {
    let bytes = |adjustments| {
        let recipe = Recipe { adjustments, ..recipe() };
        let needs = Needs::plan(
            &normalised(8, 10),
            [&recipe.question(fovea_graph::training::Objective::CROSS_ENTROPY), &fovea_train::Question::test()],
            &[64],
            0,
            &*cpu(1),
            &GO_ON,
        )
        .unwrap();
        let plan = &needs.plans[0].2;
        let moments = plan.graph.states.iter().filter(|state| state.name.ends_with(".velocity"));
        (plan.arena_bytes(), moments.map(|state| state.name.clone()).collect::<Vec<_>>())
    };
    let (all, moments) = bytes(Adjustments::default());
    assert_eq!(moments.len(), 5, "{moments:?}");
    let (some, moments) = bytes(frozen(&["conv1", "bn1"]));
    assert_eq!(moments, ["fc1.weight.velocity", "fc1.bias.velocity"]);
    assert!(some < all * 3 / 4, "{some} of {all}");
}

#[test]
fn clipping_that_never_clips_changes_no_bit() {
    let clipped = |clip| Recipe { adjustments: Adjustments { clip, ..Adjustments::default() }, ..recipe() };
    assert_eq!(trained(&clipped(Some(1e9)), 1), trained(&clipped(None), 1));
    assert_ne!(trained(&clipped(Some(0.1)), 1), trained(&clipped(None), 1));
}

#[test]
fn a_rate_by_layer_is_what_the_layer_would_have_under_that_rate() {
    let step = |rate, factors: &[(&str, f64)]| {
        let factors = factors.iter().map(|(layer, factor)| (layer.to_string(), *factor)).collect();
        let adjustments = Adjustments { factors, ..Adjustments::default() };
        let recipe = Recipe { epochs: 1, batch: 153, rate, adjustments, ..recipe() };
        trained(&recipe, 1).1
    };
    // One step: what one layer does says nothing to the others yet.
    let (slow, fast, mixed) = (step(0.01, &[]), step(0.02, &[]), step(0.01, &[("fc1", 2.0)]));
    for ((name, mixed), (slow, fast)) in mixed.iter().zip(slow.iter().map(|x| &x.1).zip(fast.iter().map(|x| &x.1))) {
        assert_eq!(mixed, if name.starts_with("fc1") { fast } else { slow }, "{name}");
    }
}

#[test]
fn the_rate_falls_behind_an_epoch_that_is_no_better() {
    let folder = tempfile::tempdir().unwrap();
    let plateau = Plateau { factor: 0.5, patience: 0, threshold: 0.9 };
    let schedule = Schedule::Plateau(plateau);
    let recipe = Recipe { schedule, warm_up: None, epochs: 4, ..long(recipe().optimizer) };
    let runs = Runs::at(folder.path());
    let mut run = runs.create(&info(&recipe)).unwrap();
    fit(&mut trainee(1), &data(), &recipe, Some(&mut run), &mut |_| {}, &GO_ON).unwrap();
    let record = runs.open(1).unwrap();
    let rates: Vec<f64> = record.steps.iter().filter(|s| s.step % 10 == 0).map(|s| s.rate).collect();
    assert_eq!(rates, [0.01, 0.01, 0.005, 0.0025], "the losses: {:?}", record.epochs);
    assert_eq!(record.info.recipe, recipe, "the recipe reads back");
}

#[test]
fn a_frozen_batch_norm_takes_a_batch_of_one() {
    // After `pool avg global` of one picture a channel has one value; frozen, it is normalised by what is known.
    let forward = || -> fovea_train::Forward {
        Box::new(|batch, mode| {
            let mut g = Graph::new("one");
            let x = g.input("images", Shape::new([batch, 1, 1, 4])?);
            let y = normalised_layer(&mut g, x, 10, mode)?;
            let y = g.push(Op::Reshape(Reshape { shape: Shape::new([batch, 10])? }), &[y], None)?;
            let y = g.push(Op::Softmax(Softmax {}), &[y], None)?;
            g.output("result", y);
            Ok(g)
        })
    };
    let recipe = |adjustments| Recipe { batch: 1, adjustments, ..recipe() };
    assert!(SingleValue::find(&forward(), &recipe(Adjustments::default()), 9).unwrap().is_some());
    assert!(SingleValue::find(&forward(), &recipe(frozen(&["bn1"])), 9).unwrap().is_none());
}

#[test]
fn a_recipe_of_before_reads_as_unadjusted() {
    let mut text = serde_json::to_value(recipe()).unwrap();
    text.as_object_mut().unwrap().remove("adjustments").unwrap();
    assert_eq!(serde_json::from_value::<Recipe>(text).unwrap(), recipe());
}

#[test]
fn what_means_nothing_is_refused() {
    let refused = |recipe: Recipe| fit(&mut trainee(1), &data(), &recipe, None, &mut |_| {}, &GO_ON).unwrap_err();
    let clip = |limit| Adjustments { clip: Some(limit), ..Adjustments::default() };
    for limit in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error = refused(Recipe { adjustments: clip(limit), ..recipe() });
        assert!(matches!(error, TrainError::Clip(_)), "{error}");
    }
    let error = refused(Recipe { adjustments: frozen(&["conv1", "bn1", "fc1"]), ..recipe() });
    assert!(matches!(error, TrainError::AllFrozen), "{error}");
    let error = refused(Recipe { schedule: Schedule::Poly { power: 0.0 }, ..recipe() });
    assert!(matches!(error, TrainError::Power(_)), "{error}");
    let steps = Schedule::StepsAt { epochs: vec![1], factor: 0.0 };
    let error = refused(Recipe { schedule: steps, ..recipe() });
    assert!(matches!(error, TrainError::Factor(_)), "{error}");
}

#[test]
fn a_recipe_in_words_is_what_the_language_reads() {
    let [.., nesterov, by_layer] = recipes();
    assert_eq!(nesterov.optimizer_in_words(), "sgd(lr 0.01, momentum 0.9, nesterov, decay 0.0005 weights)");
    assert_eq!(nesterov.clip_in_words(), "clip 0.5");
    assert_eq!(nesterov.schedule.in_words(), "plateau(by 0.5, patience 0, threshold 0.5)");
    assert_eq!(by_layer.optimizer_in_words(), "rmsprop(lr 0.01, alpha 0.9, eps 0.00000001, momentum 0.5, decay 0.001)");
    assert_eq!(
        (by_layer.frozen_in_words().as_str(), by_layer.rates_in_words().as_str()),
        ("freeze bn1", "lr 0.03 at fc1")
    );
    let factors = [("a", 2.0), ("b", 2.0), ("c", 0.5)].map(|(layer, factor)| (layer.to_string(), factor)).to_vec();
    let plain = Recipe { adjustments: Adjustments { factors, ..Adjustments::default() }, ..recipe() };
    assert_eq!(plain.rates_in_words(), "lr 0.04 at a, b, 0.01 at c");
    assert_eq!(Schedule::StepsAt { epochs: vec![3, 6], factor: 0.1 }.in_words(), "step(at {3,6}, by 0.1)");
    let mut faster = plain.clone();
    faster.set_rate(0.1);
    assert_eq!((faster.rate, faster.rates_in_words()), (0.1, plain.rates_in_words()));
    let plain = Recipe { optimizer: Optimizer::Nesterov { momentum: 0.9, decay: 0.0 }, ..recipe() };
    assert_eq!(plain.optimizer_in_words(), "sgd(lr 0.02, momentum 0.9, nesterov, decay 0)");
}
