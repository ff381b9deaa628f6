//! Style transfer against PyTorch: Gram matrices, losses and their gradient, Adam; and L-BFGS against PyTorch's.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea_cpu::Cpu;
use fovea_dsl::{lower, net::Net};
use fovea_graph::Tensor;
use fovea_tests::goldens::Goldens;
use fovea_tests::nets::net;
use fovea_train::probe::style::adam::Numbers;
use fovea_train::probe::style::lbfgs::Lbfgs;
use fovea_train::probe::style::losses::{Aim, Losses, Weights, gram_of, grams, maps, maps_of, question};
use fovea_train::probe::style::point::Point;
use fovea_train::probe::style::{Descent, Start, Transfer};
use fovea_train::{Forward, Mode, Standardisation, Trainee, Weights as Held};
use ndarray::ArrayD;

/// The net of the goldens, and the same at the painting's size.
const TEXT: &str = "net q = 12x10x3 - conv 4 3x3 - relu - pool - conv 6 3x3 - tanh - conv 5 3x3 valid - relu";
const AT_PAINTING: &str = "net q = 9x14x3 - conv 4 3x3 - relu - pool - conv 6 3x3 - tanh - conv 5 3x3 valid - relu";

const WEIGHTS: Weights = Weights { content: 2.0, style: 50.0, variation: 3.0 };

fn goldens() -> Goldens {
    Goldens::open("style.npz")
}

fn forward(net: Net) -> Forward {
    Box::new(move |batch, mode| {
        let mode = if mode == Mode::Train { lower::Mode::Train } else { lower::Mode::Infer };
        Ok(lower::lower(&net, batch, mode)?)
    })
}

fn trainee(text: &str) -> Trainee {
    let (net, goldens) = (net(text), goldens());
    let names = lower::lower(&net, 1, lower::Mode::Infer).unwrap().states.into_iter().map(|state| state.name);
    let tensors = names.map(|name| (name.clone(), goldens.input(&name))).collect();
    let of = |key: &str| goldens.input(key).iter().copied().collect();
    let standardisation = Some(Standardisation { mean: of("mean"), deviation: of("deviation") });
    let weights = Held { tensors, standardisation, classes: Vec::new(), metadata: BTreeMap::new() };
    Trainee::with_weights(Arc::new(Cpu::new(Some(1)).unwrap()), forward(net), &weights).unwrap()
}

/// `[1, H, W, C]`, raw.
fn picture(name: &str) -> Tensor {
    let bytes = goldens().bytes(name).mapv(|value| f32::from(value) / 255.0);
    let shape = [&[1], bytes.shape()].concat();
    bytes.into_shape_with_order(shape).unwrap()
}

fn named(layers: &[&str]) -> Vec<String> {
    layers.iter().map(|layer| layer.to_string()).collect()
}

fn agree(what: &str, found: &Tensor, wanted: &ArrayD<f64>, tolerance: f64) {
    assert_eq!(found.shape(), wanted.shape(), "{what}");
    let most = wanted.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
    for (at, (&found, &wanted)) in found.iter().zip(wanted).enumerate() {
        assert!((f64::from(found) - wanted).abs() <= tolerance * most, "{what}, value {at}: {found}, {wanted}");
    }
}

fn mean_square(values: &ArrayD<f64>) -> f64 {
    values.iter().map(|value| value * value).sum::<f64>() / values.len() as f64
}

#[test]
fn gram_matrices_and_maps_agree_with_pytorch() {
    let interrupted = AtomicBool::new(false);
    for (text, name, layers, question, output) in [
        (AT_PAINTING, "painting", named(&["relu1", "relu2"]), grams as fn(&[String]) -> _, gram_of as fn(&str) -> _),
        (TEXT, "photo", named(&["tanh1"]), maps, maps_of),
    ] {
        let mut trainee = trainee(text);
        let seen = trainee.standardised(&picture(name));
        let mut answer = trainee.ask(&question(&layers), &[("images", &seen)], &interrupted).unwrap();
        for layer in &layers {
            let output = output(layer);
            agree(&output, &answer.take(&output).unwrap(), &goldens().output(&output), 1e-6);
        }
    }
}

#[test]
fn losses_and_their_gradient_agree_with_pytorch() {
    let goldens = goldens();
    let aim = |layer: &str, name: fn(&str) -> String| Aim {
        layer: layer.to_string(),
        square: mean_square(&goldens.output(&name(layer))),
    };
    let mut trainee = trainee(TEXT);
    let losses = Losses {
        content: vec![aim("tanh1", maps_of)],
        style: vec![aim("relu1", gram_of), aim("relu2", gram_of)],
        weights: WEIGHTS,
        deviation: goldens.input("deviation").iter().copied().collect(),
    };
    let seen = trainee.standardised(&picture("other"));
    let names = [maps_of("tanh1"), gram_of("relu1"), gram_of("relu2")];
    let aims = names.each_ref().map(|name| goldens.output(name).mapv(|value| value as f32));
    let mut feeds = vec![("images", &seen)];
    feeds.extend(names.iter().map(String::as_str).zip(&aims));
    let mut answer = trainee.ask(&question(&losses), &feeds, &AtomicBool::new(false)).unwrap();
    for name in ["content", "style", "variation", "loss"] {
        agree(name, &answer.take(name).unwrap(), &goldens.output(name), 1e-6);
    }
    let gradient = trainee.by_raw_pixels(answer.take("gradient of images").unwrap());
    agree("gradient", &gradient, &goldens.output("gradient"), 1e-5);
}

fn transfer(descent: Descent, start: Start, steps: usize) -> Transfer {
    let (content, style) = (named(&["tanh1"]), named(&["relu1", "relu2"]));
    Transfer { content, style, weights: WEIGHTS, descent, start, steps }
}

#[test]
fn steps_of_adam_agree_with_pytorch() {
    let numbers = Numbers { rate: 0.03, beta1: 0.9, beta2: 0.999, eps: 1e-8 };
    let transfer = transfer(Descent::Adam(numbers), Start::Photo, 6);
    let (photo, painting) = (picture("photo"), picture("painting"));
    let pictures = [(&photo, forward(net(TEXT))), (&painting, forward(net(AT_PAINTING)))];
    let styled = trainee(TEXT).stylize(pictures, &transfer, &mut |_| (), &AtomicBool::new(false)).unwrap();
    let course = goldens().output("adam.course");
    assert_eq!(styled.course.len(), course.shape()[0]);
    for (far, wanted) in styled.course.iter().zip(course.outer_iter()) {
        let found = [far.content.unwrap(), far.style.unwrap(), far.variation.unwrap(), far.total];
        for (found, wanted) in found.into_iter().zip(wanted) {
            assert!((found - wanted).abs() <= 1e-5 * wanted.abs().max(1e-2), "{found}, {wanted}");
        }
    }
    agree("the picture", &styled.picture, &goldens().output("adam.picture"), 1e-5);
}

#[test]
fn both_descents_lead_down_from_both_beginnings_and_the_same_seed_gives_the_same_bits() {
    let (photo, painting) = (picture("photo"), picture("painting"));
    let run = |descent, start| {
        let pictures = [(&photo, forward(net(TEXT))), (&painting, forward(net(AT_PAINTING)))];
        let transfer = transfer(descent, start, 25);
        trainee(TEXT).stylize(pictures, &transfer, &mut |_| (), &AtomicBool::new(false)).unwrap()
    };
    let adam = Descent::Adam(Numbers { rate: 0.02, beta1: 0.9, beta2: 0.999, eps: 1e-8 });
    let lbfgs = Descent::Lbfgs { memory: 10 };
    for start in [Start::Photo, Start::Noise(3)] {
        let [by_adam, by_lbfgs] = [adam, lbfgs].map(|descent| run(descent, start));
        let last = by_lbfgs.course.last().unwrap().total;
        assert!(by_adam.course.last().unwrap().total < 0.7 * by_adam.course[0].total, "{:?}", by_adam.course);
        assert!(last < 0.2 * by_lbfgs.course[0].total, "{:?}", by_lbfgs.course);
        assert!(by_lbfgs.course.windows(2).all(|pair| pair[1].total < pair[0].total), "each step leads lower");
        assert_eq!(run(lbfgs, start), by_lbfgs);
        assert!(by_lbfgs.picture.iter().chain(&by_adam.picture).all(|value| (0.0..=1.0).contains(value)));
    }
    assert_ne!(run(lbfgs, Start::Noise(4)).picture, run(lbfgs, Start::Noise(3)).picture);
}

#[test]
fn what_is_broken_off_is_as_far_as_it_came() {
    let (photo, painting) = (picture("photo"), picture("painting"));
    let pictures = || [(&photo, forward(net(TEXT))), (&painting, forward(net(AT_PAINTING)))];
    let transfer = transfer(Descent::Lbfgs { memory: 10 }, Start::Photo, 1000);
    let interrupted = AtomicBool::new(false);
    let mut told = |news: fovea_train::probe::style::News<'_>| {
        interrupted.store(news.step >= 3, std::sync::atomic::Ordering::Relaxed);
    };
    let styled = trainee(TEXT).stylize(pictures(), &transfer, &mut told, &interrupted).unwrap();
    assert_eq!(styled.course.len(), 4);
    let ended = trainee(TEXT).stylize(pictures(), &transfer, &mut |_| (), &interrupted);
    assert!(matches!(ended, Err(fovea_train::TrainError::Interrupted)));
}

/// A function's value and gradient, as a descent asks for them.
fn point(place: Vec<f64>, function: fn(&[f64]) -> (f64, Vec<f64>)) -> Point<()> {
    let (value, gradient) = function(&place);
    Point { place, value, gradient, parts: () }
}

/// Σ slope · x² / 2 + log Σ exp 3x + log Σ exp −2x, slopes from 0.5 to 20.
fn uneven(x: &[f64]) -> (f64, Vec<f64>) {
    let slope = |at: usize| 0.5 + 19.5 * at as f64 / (x.len() - 1) as f64;
    let mut value: f64 = x.iter().enumerate().map(|(at, x)| slope(at) * x * x / 2.0).sum();
    let mut gradient: Vec<f64> = x.iter().enumerate().map(|(at, x)| slope(at) * x).collect();
    for factor in [3.0, -2.0] {
        let sum: f64 = x.iter().map(|x| (factor * x).exp()).sum();
        value += sum.ln();
        gradient.iter_mut().zip(x).for_each(|(slope, x)| *slope += factor * (factor * x).exp() / sum);
    }
    (value, gradient)
}

fn rosenbrock(x: &[f64]) -> (f64, Vec<f64>) {
    let (mut value, mut gradient) = (0.0, vec![0.0; x.len()]);
    for at in 0..x.len() - 1 {
        let (bend, rest) = (x[at + 1] - x[at] * x[at], 1.0 - x[at]);
        value += 100.0 * bend * bend + rest * rest;
        gradient[at] -= 400.0 * x[at] * bend + 2.0 * rest;
        gradient[at + 1] += 200.0 * bend;
    }
    (value, gradient)
}

/// Without a line search every step is what the recursion says: PyTorch's, place by place.
#[test]
fn the_ways_of_lbfgs_are_those_of_pytorch() {
    let goldens = goldens();
    let mut lbfgs = Lbfgs::new(4);
    let mut now = point(goldens.output("uneven.first").iter().copied().collect(), uneven);
    for (step, wanted) in goldens.output("uneven.places").outer_iter().enumerate() {
        let size: f64 = now.gradient.iter().map(|slope| slope.abs()).sum();
        let length = if step == 0 { (1.0 / size).min(1.0) } else { 1.0 };
        let way = lbfgs.way(&now.gradient);
        let place = now.place.iter().zip(&way).map(|(value, way)| value + length * way).collect();
        let next = point(place, uneven);
        let between = |to: &[f64], from: &[f64]| to.iter().zip(from).map(|(to, from)| to - from).collect();
        lbfgs.remember(between(&next.place, &now.place), between(&next.gradient, &now.gradient));
        for (found, wanted) in next.place.iter().zip(wanted) {
            assert!((found - wanted).abs() < 1e-9, "step {step}: {found}, {wanted}");
        }
        now = next;
    }
}

#[test]
fn lbfgs_comes_down_rosenbrocks_valley_as_fast_as_pytorchs() {
    let goldens = goldens();
    for name in ["two", "twenty"] {
        let mut asked = 0.0;
        let mut evaluate = |place: Vec<f64>| {
            asked += 1.0;
            Ok::<_, Infallible>(point(place, rosenbrock))
        };
        let mut now = evaluate(goldens.output(&format!("rosenbrock.{name}")).iter().copied().collect()).unwrap();
        let mut lbfgs = Lbfgs::new(10);
        while now.value >= 1e-8 {
            let next = lbfgs.next(&now, &mut evaluate).unwrap().expect("there is a way down");
            assert!(next.value < now.value);
            now = next;
        }
        assert!(now.place.iter().all(|value| (value - 1.0).abs() < 1e-3), "{:?}", now.place);
        let theirs = goldens.output(&format!("rosenbrock.{name}.asked"))[[]];
        assert!(asked <= 1.25 * theirs, "{name}: asked {asked} times, PyTorch {theirs}");
    }
}

#[test]
fn where_nothing_leads_lower_lbfgs_says_so() {
    let mut lbfgs = Lbfgs::new(10);
    let flat = |_: &[f64]| (1.0, vec![0.0; 2]);
    let mut evaluate = |place: Vec<f64>| Ok::<_, Infallible>(point(place, flat));
    let now = evaluate(vec![0.0; 2]).unwrap();
    assert!(lbfgs.next(&now, &mut evaluate).unwrap().is_none());
    // A gradient that points the wrong way.
    let wrong = |x: &[f64]| (x[0] * x[0], vec![-2.0 * x[0]]);
    let mut evaluate = |place: Vec<f64>| Ok::<_, Infallible>(point(place, wrong));
    let now = evaluate(vec![1.0]).unwrap();
    assert!(lbfgs.next(&now, &mut evaluate).unwrap().is_none());
    let broken = |_: &[f64]| (f64::NAN, vec![f64::NAN]);
    let mut evaluate = |place: Vec<f64>| Ok::<_, Infallible>(point(place, broken));
    let now = evaluate(vec![1.0]).unwrap();
    assert!(lbfgs.next(&now, &mut evaluate).unwrap().is_none());
}
