//! Any graph made of a net's forward graph: questions, frozen layers, and a picture as the only parameter.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea_cpu::Cpu;
use fovea_graph::derivative::input_as_parameter;
use fovea_graph::training::{Optimizer, with_loss, with_step};
use fovea_graph::{Backend, Outcome, Tensor};
use fovea_train::{Feeds, Mode, Numbers, Question, TrainError, Trainee};
use support::{bits, normalised, regression};

const SGD: Optimizer = Optimizer::Sgd { momentum: 0.9, decay: 0.0 };
const SIDE: usize = 4;
const CLASSES: usize = 3;

fn cpu() -> Arc<dyn Backend> {
    Arc::new(Cpu::new(Some(1)).unwrap())
}

fn never() -> AtomicBool {
    AtomicBool::new(false)
}

/// Softmax regression with its first weights.
fn linear() -> Trainee {
    Trainee::fresh(cpu(), regression(SIDE, CLASSES, 0.0), 1).unwrap()
}

/// Pictures that are all of one grey, each of another.
fn pictures(count: usize) -> Tensor {
    Tensor::from_shape_fn(vec![count, SIDE, SIDE, 1], |at| (at[0] + 1) as f32 / 10.0)
}

/// 1 at a class's score.
fn one_hot(count: usize, class: usize) -> Tensor {
    Tensor::from_shape_fn(vec![count, CLASSES], |at| f32::from(u8::from(at[1] == class)))
}

#[test]
fn a_score_s_gradient_by_the_pixels_of_a_linear_net_is_its_weights() {
    let mut net = linear();
    let question = Question::gradients("logits", &["images"]);
    let (images, weights) = (pictures(2), one_hot(2, 1));
    let mut answer = net.ask(&question, &[("images", &images), ("weights of logits", &weights)], &never()).unwrap();
    let gradient = answer.take("gradient of images").unwrap();
    assert_eq!(gradient.shape(), images.shape());
    let weight = net.state("fc1.weight").unwrap();
    for picture in gradient.outer_iter() {
        assert!(picture.iter().eq(weight.index_axis(ndarray::Axis(0), 1).iter()));
    }
    // What it said of the pictures is there too.
    assert_eq!(answer.output("result").unwrap(), &net.predict(&images).unwrap().probabilities);
}

#[test]
fn feeds_go_by_name_in_any_order_and_an_unknown_or_missing_one_is_named() {
    let mut net = linear();
    let question = Question::gradients("logits", &["images"]);
    let (images, weights) = (pictures(1), one_hot(1, 0));
    let mut ask = |feeds: &Feeds<'_>| net.ask(&question, feeds, &never());
    let straight = ask(&[("images", &images), ("weights of logits", &weights)]).unwrap();
    assert_eq!(ask(&[("weights of logits", &weights), ("images", &images)]).unwrap(), straight);
    let mut wrong = |feeds: &Feeds<'_>| ask(feeds).unwrap_err().to_string();
    assert_eq!(
        wrong(&[("images", &images), ("labels", &weights)]),
        "there is no input `labels` to feed: it takes images, weights of logits"
    );
    assert_eq!(wrong(&[("images", &images)]), "the input `weights of logits` is not fed");
    assert_eq!(wrong(&[("weights of logits", &weights)]), "the input `images` is not fed");
    assert_eq!(straight.output("grades").unwrap_err().to_string(), "there is no output `grades`");
}

#[test]
fn a_question_that_changes_states_is_no_question() {
    let labels = Tensor::zeros(vec![1]);
    let asked = linear().ask(&Question::train(&SGD), &[("images", &pictures(1)), ("labels", &labels)], &never());
    assert!(matches!(asked, Err(TrainError::Inconsistent(_))), "{asked:?}");
}

#[test]
fn only_the_wanted_states_are_updated() {
    let net = Trainee::fresh(cpu(), normalised(SIDE, CLASSES), 3).unwrap();
    let head = Question::train_some(&SGD, "the head", |state| state.name.starts_with("fc1."));
    let mut task = net.task(&head, 2).unwrap();
    let labels = Tensor::from_shape_vec(vec![2], vec![0.0, 2.0]).unwrap();
    let numbers = Numbers { learning_rate: 0.1, ..Numbers::default() };
    for _ in 0..3 {
        let outcome = task.step(&[("images", &pictures(2)), ("labels", &labels)], numbers, &never()).unwrap();
        assert_eq!(outcome, Outcome::Done);
    }
    for state in net.states() {
        let same = task.state(&state.name).unwrap() == net.state(&state.name).unwrap();
        // Running statistics of frozen layers are frozen too.
        assert_eq!(same, !state.name.starts_with("fc1."), "{}", state.name);
    }
    assert!(task.state("conv1.filter.velocity").is_err(), "what does not move has no moments");
}

#[test]
fn a_picture_can_be_the_only_parameter() {
    let mut net = linear();
    let before = bits(&net.weights().unwrap().tensors);
    let question = Question::new("a picture of a class", Mode::Infer, |forward, stop| {
        let graph = input_as_parameter(&with_loss(forward)?, "images")?;
        with_step(graph, "loss", &SGD, &|state| state.name == "images", stop)
    });
    let mut task = net.task(&question, 1).unwrap();
    task.set("images", &pictures(1)).unwrap();
    let label = Tensor::from_elem(vec![1], 2.0);
    let numbers = Numbers { learning_rate: 0.5, ..Numbers::default() };
    let mut losses = Vec::new();
    for _ in 0..20 {
        assert_eq!(task.step(&[("labels", &label)], numbers, &never()).unwrap(), Outcome::Done);
        losses.push(task.answer().unwrap().output("loss").unwrap().sum());
    }
    assert!(losses[19] < 0.1 * losses[0], "{losses:?}");
    let picture = task.state("images").unwrap();
    let said = net.predict(&picture).unwrap().probabilities;
    assert!(said[[0, 2]] > 0.9, "{said}");
    assert_eq!(bits(&net.weights().unwrap().tensors), before, "the net is as it was");
}

#[test]
fn an_interrupt_ends_a_question() {
    let mut net = linear();
    let feeds = [("images", &pictures(1))];
    let broken = net.ask(&Question::result(), &feeds, &AtomicBool::new(true));
    assert!(matches!(broken, Err(TrainError::Interrupted)), "{broken:?}");
    assert!(net.ask(&Question::result(), &feeds, &never()).is_ok());
}
