//! What the tests share: a device, small nets, recipes, and what a run leaves behind.
#![allow(dead_code, unused_imports)] // Each test binary uses its own part of this.

mod nets;
mod oracle;

use std::time::{Duration, Instant};

use fovea_data::{DataSource, DataSpec, Dataset};
use fovea_graph::Tensor;
use fovea_graph::training::{Adam, Adjustments, Against, Decay, Decayed, Optimizer, RmsProp};
use fovea_train::{
    CheckpointEvery, Ending, EpochMetrics, Plateau, Recipe, RunInfo, RunRecord, Runs, Schedule, WarmUp, Weights,
};
pub use nets::{convolutional, normalised, normalised_layer, per_position, regression};
pub use oracle::{Lost, Oracle};

/// The digits as they are.
pub fn digits() -> Dataset {
    DataSpec::of_builtin("digits").unwrap().load().unwrap()
}

/// Two epochs, batch 64, plain SGD with momentum.
pub fn recipe() -> Recipe {
    Recipe {
        epochs: 2,
        batch: 64,
        optimizer: Optimizer::Sgd { momentum: 0.9, decay: 5e-4 },
        adjustments: Adjustments::default(),
        rate: 0.02,
        schedule: Schedule::Constant,
        warm_up: None,
        target: fovea_train::target::Target::default(),
        seed: 7,
        further: false,
        checkpoint_every: Recipe::CHECKPOINT_EVERY,
        steps: None,
        watch: Default::default(),
    }
}

/// What a run by this recipe is of.
pub fn info(recipe: &Recipe) -> RunInfo {
    RunInfo {
        program: "net r = 8x8x1, softmax 10\ntrain r on digits\n".into(),
        statement: "train r on digits".into(),
        net: "r".into(),
        data: "digits".into(),
        recipe: recipe.clone(),
        device: "oracle".into(),
        set: Default::default(),
    }
}

/// The bits of all numbers, for comparisons that know no tolerance.
pub fn bits(tensors: &[(String, Tensor)]) -> Vec<(String, Vec<u32>)> {
    tensors.iter().map(|(name, t)| (name.clone(), t.iter().map(|v| v.to_bits()).collect())).collect()
}

/// Some of the digits: `train` and `test` of them.
pub fn few_digits(train: usize, test: usize) -> Dataset {
    let mut data = digits();
    data.train.truncate(train);
    data.test.truncate(test);
    data
}

/// Adam as it is usual.
pub fn adam() -> Optimizer {
    Optimizer::Adam(Adam { beta1: 0.9, beta2: 0.999, eps: 1e-8, decay: 0.0, form: Decay::Gradient })
}

/// Three epochs of ten steps, the last of nine pictures.
pub fn data() -> Dataset {
    few_digits(153, 40)
}

/// Waits until the record of a run that another process writes has so many steps, and a little longer: a moment that
/// nobody chose.
pub fn until_step(runs: &Runs, number: u32, step: u64) {
    let begun = Instant::now();
    loop {
        let steps = runs.open(number).map(|record| record.steps.last().map_or(0, |last| last.step));
        if steps.as_ref().is_ok_and(|&steps| steps >= step) {
            return std::thread::sleep(Duration::from_micros(700 * step));
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "run {number} does not come to step {step}: {steps:?}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Dropout and batch normalisation are the net's; here are warm-up, schedule and moments.
pub fn long(optimizer: Optimizer) -> Recipe {
    let (warm_up, schedule) = (Some(WarmUp::Steps(4)), Schedule::Cosine);
    let checkpoint_every = CheckpointEvery::Steps(4);
    Recipe { epochs: 3, batch: 16, optimizer, rate: 0.01, warm_up, schedule, checkpoint_every, ..recipe() }
}

/// Runs of every optimizer, and of what holds beside one.
pub fn recipes() -> [Recipe; 5] {
    let weights_alone = Adjustments { clip: Some(0.5), decayed: Decayed::Weights, ..Adjustments::default() };
    let nesterov = Optimizer::Nesterov { momentum: 0.9, decay: 5e-4 };
    // The second epoch is never better than half of the first: the third has another rate.
    let plateau = Schedule::Plateau(Plateau { factor: 0.5, patience: 0, threshold: 0.5 });
    let by_layer = Adjustments {
        clip: Some(2.0),
        frozen: vec!["bn1".into()],
        factors: vec![("fc1".into(), 3.0)],
        ..Adjustments::default()
    };
    let against = Against { eps: 0.1, steps: 2, step: 0.06, share: 0.3 };
    let against = Adjustments { against: Some(against), ..Adjustments::default() };
    let rmsprop = Optimizer::RmsProp(RmsProp { alpha: 0.9, eps: 1e-8, momentum: 0.5, decay: 1e-3 });
    [
        long(adam()),
        long(recipe().optimizer),
        Recipe { adjustments: against, ..long(adam()) },
        Recipe { adjustments: weights_alone, schedule: plateau, warm_up: None, ..long(nesterov) },
        Recipe { adjustments: by_layer, schedule: Schedule::Poly { power: 0.9 }, ..long(rmsprop) },
    ]
}

/// All that a run leaves behind, times aside.
#[derive(Debug, PartialEq)]
pub struct Left {
    pub weights: Vec<(String, Vec<u32>)>,
    pub moments: Vec<(String, Vec<u32>)>,
    pub epochs: Vec<[Option<u64>; 4]>,
    pub steps: Vec<(u64, u64, u64)>,
    pub ending: Option<Ending>,
}

pub fn left(record: &RunRecord) -> Left {
    let checkpoint = record.load_checkpoint().unwrap().unwrap();
    let weights = Weights::load(record.weights.as_ref().unwrap()).unwrap();
    assert_eq!(checkpoint.weights, weights);
    Left {
        weights: bits(&weights.tensors),
        moments: bits(&checkpoint.moments),
        epochs: record.epochs.iter().map(figures).collect(),
        steps: record.steps.iter().map(|s| (s.step, s.loss.to_bits(), s.rate.to_bits())).collect(),
        ending: record.ending.clone(),
    }
}

fn figures(epoch: &EpochMetrics) -> [Option<u64>; 4] {
    [Some(epoch.loss), epoch.accuracy, epoch.test_loss, epoch.test_accuracy].map(|v| v.map(f64::to_bits))
}
