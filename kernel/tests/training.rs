//! Training from the text on: recipes, runs that are broken off and go on, and nets of every form that learn.

#![allow(clippy::unwrap_used, clippy::result_large_err)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fovea::event::Event;
use fovea::failure::Failure;
use fovea_cpu::Cpu;
use fovea_data::{Dataset, Labels};
use fovea_dsl::resolve::Resolved;
use fovea_dsl::syntax::StatementKind;
use fovea_dsl::{Source, lower, parse, resolve};
use fovea_graph::training::{Adjustments, Optimizer};
use fovea_graph::{SourceId, Tensor};
use fovea_train::{Mode, Recipe, Schedule, Trainee, Weights, fit};
use ndarray::IxDyn;
use support::bench::Bench;

const TINY: &str = "net tiny = 8x8x1 - conv 4 - relu - pool, softmax 10\n";

/// The training loss of the last epoch of a program's training.
fn loss(text: &str) -> f64 {
    let outputs = Bench::new().ok(text);
    let epochs = outputs.last().unwrap().data["epochs"].as_array().unwrap().clone();
    epochs.last().unwrap()["loss"].as_f64().unwrap()
}

#[test]
fn a_residual_net_learns() {
    let text = "
block basic(c, s=1) = add(conv c /s - bn - relu - conv c - bn | shortcut) - relu
net residual = 8x8x1 - conv 8 - bn - relu - basic(8) - basic(16, 2) - pool avg global, softmax 10
train residual on digits for 3 epochs with sgd(lr 0.1), batch 32, seed 1";
    let loss = loss(text);
    assert!(loss < 0.3, "after 135 steps {loss}");
}

#[test]
fn an_inception_net_learns() {
    let text = "
block inception(a, b3, b, c5, c, p) = concat(
      conv a 1x1 - relu
    | conv b3 1x1 - relu - conv b 3x3 - relu
    | conv c5 1x1 - relu - conv c 5x5 - relu
    | pool 3x3/1 same - conv p 1x1 - relu)
net small = 8x8x1 - conv 8 - relu - inception(4, 4, 8, 2, 4, 4) - pool - inception(8, 8, 16, 4, 8, 8)
    - pool, softmax 10
train small on digits for 3 epochs with adam(lr 0.005), batch 32, schedule cosine, warmup 10 steps, seed 1";
    let loss = loss(text);
    assert!(loss < 0.6, "after 135 steps {loss}");
}

#[test]
fn a_u_net_learns_what_every_pixel_is() {
    let mut bench = Bench::new();
    let text = "
data scenes
net u = 64x64x3 - [(conv {8,16} - bn - relu) as e - pool]^2 - conv 32 - bn - relu
    - [concat(deconv {16,8} 2x2/2 | e{2,1}) - conv {16,8} - bn - relu]^2 - conv 6 1x1 - softmax
train u on scenes for 1 epochs with adamw(lr 0.01), batch 20, seed 1
test u on scenes
predict u on scenes[0..3]
show scenes[0..4]";
    let outputs = bench.ok(text);
    let [train, test, predict, show] = &outputs[2..] else { panic!("{outputs:?}") };
    let epochs = train.data["epochs"].as_array().unwrap();
    let loss = epochs.last().unwrap()["test_loss"].as_f64().unwrap();
    assert!(loss < 0.6, "after 30 steps {loss}");
    assert!(test.data["accuracy"].as_f64().unwrap() > 0.8, "{}", test.data);
    // A row a class of the confusion matrix; 100 pictures of 4096 pixels.
    let confusion: u64 = test.data["confusion"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|row| row.as_array().unwrap())
        .map(|n| n.as_u64().unwrap())
        .sum();
    assert_eq!(confusion, 409_600);
    assert_eq!((test.pictures.len(), predict.pictures.len(), show.pictures.len()), (2, 1, 1));
    assert_eq!(predict.data["classes"][2].as_array().unwrap().len(), 4096);
    assert!(predict.pictures[0].alt.contains("sky"), "{}", predict.pictures[0].alt);
    let wrong = bench.mistakes("net one = 64x64x3 - conv 4, softmax 6\ntrain one on scenes");
    assert!(wrong[0].message.contains("a class at each of"), "{wrong:?}");
}

/// A net that no data of the language fits, trained on made-up maps of this shape: class k has its bump at another
/// place along the first axis. The loss of the last epoch.
fn trained(net: &str, shape: &[usize], epochs: usize) -> f64 {
    let source = Source { id: SourceId(0), name: "test".into(), text: net.into() };
    let (program, mistakes) = parse(&source);
    assert!(mistakes.is_empty(), "{mistakes:?}");
    let StatementKind::Net(definition) = &program.statements[0].kind else { panic!("no net") };
    let Resolved::Net(net) = resolve(definition, &Default::default(), None, None).unwrap() else { panic!("open") };
    let samples = 96;
    let noise = |i: usize| ((i as f64 * 12.9898).sin() * 43758.5453).fract() as f32;
    let stride: usize = shape.iter().product();
    let images = Tensor::from_shape_fn(IxDyn(&[&[samples], shape].concat()), |at| {
        let bump = (at[0] % 4) * shape[0] / 4;
        let flat = shape.iter().enumerate().fold(0, |flat, (axis, size)| flat * size + at[axis + 1]);
        let here = (bump..bump + shape[0] / 4).contains(&at[1]);
        0.4 + 0.2 * noise(at[0] * stride + flat) + if here { 0.3 } else { 0.0 }
    });
    let labels = Labels::Class((0..samples).map(|i| (i % 4) as u32).collect());
    let classes = ["a", "b", "c", "d"].map(str::to_string).to_vec();
    let data = Dataset { train: (0..samples).collect(), ..Dataset::new("bumps", images.into(), labels, classes) };
    let forward = Box::new(move |batch, mode| {
        let mode = if mode == Mode::Train { lower::Mode::Train } else { lower::Mode::Infer };
        Ok(lower::lower(&net, batch, mode)?)
    });
    let mut trainee = Trainee::fresh(Arc::new(Cpu::new(Some(1)).unwrap()), forward, 1).unwrap();
    let recipe = Recipe {
        epochs,
        batch: 16,
        optimizer: Optimizer::Sgd { momentum: 0.9, decay: 0.0 },
        adjustments: Adjustments::default(),
        rate: 0.05,
        schedule: Schedule::Constant,
        warm_up: None,
        target: Default::default(),
        seed: 1,
        further: false,
        checkpoint_every: Recipe::CHECKPOINT_EVERY,
        steps: None,
        watch: Default::default(),
    };
    let history = fit(&mut trainee, &data, &recipe, None, &mut |_| (), &AtomicBool::new(false)).unwrap();
    history.epochs.last().unwrap().loss
}

#[test]
fn a_net_over_sequences_learns() {
    let net = "net n = 32x2 - conv 8 size 5 - bn - relu - pool - conv 16 size 3 - relu - pool, softmax 4";
    let loss = trained(net, &[32, 2], 5);
    assert!(loss < 0.1, "after 30 steps {loss}");
}

#[test]
fn a_net_over_volumes_learns() {
    let net = "net n = 8x8x6x1 - conv 4 3x3x3 - bn - relu - pool - conv 8 - relu, softmax 4";
    let loss = trained(net, &[8, 8, 6, 1], 5);
    assert!(loss < 0.1, "after 30 steps {loss}");
}

/// The weights that a net has.
fn weights(bench: &mut Bench) -> Vec<(String, Tensor)> {
    let file = bench.path("weights.safetensors");
    bench.ok(&format!("save tiny \"{file}\""));
    fovea_train::Weights::load(file).unwrap().tensors
}

/// Runs a text until the step, where it is broken off.
fn break_off(bench: &mut Bench, text: &str, at: u64) {
    let flag = Arc::clone(&bench.interrupted);
    let ended = bench.session.run("test", text, &mut |event| match event {
        Event::Progress(progress) if progress.done == at => flag.store(true, Ordering::Relaxed),
        _ => {}
    });
    assert_eq!(ended, Err(Failure::Interrupted));
    bench.interrupted.store(false, Ordering::Relaxed);
}

#[test]
fn a_run_that_goes_on_ends_as_if_it_had_not_been_broken_off() {
    let train = "train tiny on digits for 3 epochs with adam(lr 0.01), schedule step(every 1, by 0.5), seed 5";
    let mut whole = Bench::new();
    whole.ok(&format!("{TINY}{train}"));
    let mut cut = Bench::new();
    cut.ok(TINY);
    break_off(&mut cut, &format!("{train}, checkpoint every 7 steps"), 31);
    let resumed = &cut.ok("train tiny on digits resume run 1")[0].data;
    assert_eq!((&resumed["run"], resumed["epochs"].as_array().unwrap().len()), (&1.into(), 3));
    assert_eq!(weights(&mut cut), weights(&mut whole));
}

#[test]
fn what_goes_on_must_be_the_runs_own() {
    let mut bench = Bench::new();
    bench.ok(&format!("{TINY}net other = 8x8x1 - conv 3, softmax 10"));
    assert!(bench.mistakes("train tiny on digits resume run 1")[0].message.contains("run"));
    break_off(&mut bench, "train tiny on digits for 3 epochs, batch 32", 5);
    let before = weights(&mut bench);
    let mistake = |bench: &mut Bench, text: &str| bench.mistakes(text)[0].message.clone();
    assert!(mistake(&mut bench, "train other on digits resume run 1").contains("trains `tiny`"));
    assert_eq!(weights(&mut bench), before);
    bench.ok("train tiny on digits for 3 epochs, batch 32, resume run last");
    assert!(mistake(&mut bench, "train tiny on digits resume run 1").contains("is complete"));
}

#[test]
fn a_complete_run_gets_more_epochs() {
    let train = "train tiny on digits for";
    let mut whole = Bench::new();
    whole.ok(&format!("{TINY}{train} 3 epochs, batch 32"));
    let mut bench = Bench::new();
    bench.ok(&format!("{TINY}{train} 1 epochs, batch 32"));
    let complete = &bench.mistakes("train tiny on digits resume run 1")[0];
    assert!(complete.help.as_ref().unwrap().starts_with("`train tiny on digits for 2 epochs resume run 1` adds"));
    let more = &bench.ok(&format!("{train} 3 epochs resume run 1"))[0].data;
    assert_eq!((&more["run"], more["epochs"].as_array().unwrap().len()), (&1.into(), 3));
    assert_eq!(weights(&mut bench), weights(&mut whole));
    let fewer = &bench.mistakes(&format!("{train} 2 epochs resume run 1"))[0];
    assert_eq!(fewer.message, "run 1 has had 3 epochs already");
}

#[test]
fn a_run_goes_on_as_it_began_or_the_clause_that_says_otherwise_is_refused() {
    let mut bench = Bench::new();
    bench.ok(TINY);
    let began = "train tiny on digits for 4 epochs, batch 32, with sgd(lr 0.05), schedule cosine, seed 3";
    break_off(&mut bench, began, 5);
    let before = weights(&mut bench);
    let sgd = "with sgd(lr 0.05, momentum 0.9, decay 0.0005)";
    for epochs in ["for 5 epochs", "for 10 epochs"] {
        let mistake = &bench.mistakes(&format!("train tiny on digits {epochs} resume run 1"))[0];
        assert_eq!(mistake.message, "run 1 began with `for 4 epochs`, and its `schedule cosine` ends there");
        let help = format!("`train tiny further on digits {epochs}` begins a new run from its weights");
        assert_eq!(mistake.help, Some(help));
    }
    // `for 10 epochs`, `with sgd` and `seed 0` are the language's defaults: said, they count.
    for (clause, then) in [
        ("batch 64", "with `batch 32`"),
        ("with adam", &format!("with `{sgd}`")),
        ("with sgd", &format!("with `{sgd}`")),
        ("schedule constant", "with `schedule cosine`"),
        ("warmup 2 epochs", "without `warmup`"),
        ("seed 0", "with `seed 3`"),
    ] {
        let mistakes = bench.mistakes(&format!("train tiny on digits resume run 1, {clause}"));
        assert_eq!(mistakes.len(), 1, "{clause}");
        assert_eq!(mistakes[0].message, format!("run 1 began {then}, and a run goes on as it began"));
        let help = "leave it out, and the run's own holds: `train tiny on digits resume run 1`";
        assert_eq!(mistakes[0].help.as_deref(), Some(help));
        // Each mend, followed, leaves a statement that is the run's own.
        let program =
            bench.session.sources().iter().find(|source| source.id == mistakes[0].span().source).unwrap().clone();
        assert_eq!(mistakes[0].mends[0].apply(&program), "train tiny on digits resume run 1");
        for mend in &mistakes[0].mends {
            assert!(bench.session.check("mended", &mend.apply(&program)).is_ok(), "{clause}: {mend:?}");
        }
    }
    let two = bench.mistakes("train tiny on digits for 10 epochs, batch 64, resume run 1");
    assert_eq!(two.len(), 2, "each clause has its own");
    assert_eq!(weights(&mut bench), before);
    let same = "for 4 epochs, batch 32, with sgd(lr 0.05), schedule cosine, seed 3, checkpoint every 7 steps";
    bench.ok(&format!("train tiny on digits resume run 1, {same}"));
}

#[test]
fn a_warm_up_longer_than_the_run_is_refused() {
    let mistakes = Bench::new().mistakes(&format!("{TINY}train tiny on digits for 2 epochs, warmup 3 epochs"));
    assert!(mistakes[0].message.contains("longer than the run"), "{mistakes:?}");
}

#[test]
fn a_run_that_runs_away_says_where_its_weights_are() {
    let mut bench = Bench::new();
    let mistakes = bench.mistakes(&format!("{TINY}train tiny on digits for 5 epochs with sgd(lr 1e9)"));
    let help = mistakes[0].help.clone().unwrap();
    assert!(mistakes[0].message.contains("not finite") && help.contains("a smaller rate"), "{mistakes:?}");
}

#[test]
fn a_net_behind_another_input_has_the_weights_that_fit_and_says_which_do_not() {
    let mut bench = Bench::new();
    let [theirs, ours] = ["theirs", "ours"].map(|name| bench.path(&format!("{name}.safetensors")));
    bench.ok("net base = 8x8x1 - conv 4 - bn - relu - pool - fc 12 - relu, softmax 10\n\
         train base on digits for 1 epochs, batch 256, seed 3");
    let mut said = Vec::new();
    let text = format!(
        "net mine = 16x16x1 - base.relu2, softmax 10\nsave base \"{theirs}\"\nsave mine \"{ours}\"\n\
         data digits size 16x16\ntrain mine on digits for 1 epochs, batch 256"
    );
    let result = bench.session.run("test", &text, &mut |event| {
        if let Event::Text(text) = event {
            said.push(text);
        }
    });
    result.unwrap();
    let anew = "`fc1` starts anew: behind 16x16x1 its shape is not the one in `base`";
    assert_eq!(said.iter().filter(|said| *said == anew).count(), 2, "when it is used and when it is trained: {said:?}");
    let [theirs, ours] = [theirs, ours].map(|file| Weights::load(file).unwrap());
    assert_eq!(theirs.standardisation, ours.standardisation);
    let mut same = Vec::new();
    for (name, value) in &ours.tensors {
        let (_, other) = theirs.tensors.iter().find(|(other, _)| other == name).unwrap();
        if value == other {
            same.push(name.as_str());
        }
    }
    // The bias of `fc1` is as new as its weights are; both begin with zeros in `fc2`.
    assert_eq!(same, ["conv1.filter", "bn1.scale", "bn1.shift", "bn1.mean", "bn1.variance"]);
    // Of another number of channels, the first convolution is new too, and the pictures' standardisation.
    bench.ok("net shaped = 32x32x3 - base.pool1, softmax\ntest shaped on shapes");
}

/// The text of a program's last statement.
fn told(text: &str) -> String {
    Bench::new().ok(text).pop().unwrap().text
}

#[test]
fn a_run_at_chance_level_and_dead_units_are_hinted_at() {
    let train = |rate: &str, seed: u32| {
        format!("{TINY}train tiny on digits for 3 epochs with sgd(lr {rate}, momentum 0), batch 32, seed {seed}")
    };
    // So large a rate that the first steps leave every unit of the layer behind its threshold.
    let dead = told(&train("2", 1));
    assert!(dead.contains("hint: accuracy stayed at chance level: "), "{dead}");
    assert!(dead.contains("units of relu1 are 0 on all of 64 training pictures"), "{dead}");
    let learnt = told(&train("0.1", 1));
    assert!(!learnt.contains("hint"), "{learnt}");
}
