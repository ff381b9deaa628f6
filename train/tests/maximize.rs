//! Pictures that units of a net want to see.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fovea_cpu::Cpu;
use fovea_graph::Tensor;
use fovea_train::probe::maximize::{Ascent, Bounds, Climbed, Octave, Part};
use fovea_train::{TrainError, Trainee};
use ndarray::Axis;
use support::{convolutional, regression};

const SIDE: usize = 12;

/// Everything at once.
const ALL: Bounds = Bounds { fourier: Some(1.0), jitter: 2, blur: Some((0.5, 3)), tv: 0.1, decay: 0.2 };

fn never() -> AtomicBool {
    AtomicBool::new(false)
}

fn trainee() -> Trainee {
    Trainee::fresh(Arc::new(Cpu::new(Some(1)).unwrap()), convolutional(SIDE, 4), 3).unwrap()
}

fn ascent(bounds: Bounds, seed: u64) -> Ascent {
    Ascent { units: vec![0, 2, 3], part: Part::Middle, steps: 20, bounds, seed, start: None, at_once: 16 }
}

/// Toward the classes' probabilities.
fn climb(ascent: &Ascent, extents: &[[usize; 2]]) -> Climbed {
    let octaves = extents.iter().map(|&extent| Octave { extent, layers: convolutional(SIDE, 4) }).collect();
    trainee().maximize(ascent, octaves, &mut |_, _| (), &never()).unwrap()
}

fn bits(pictures: &Tensor) -> Vec<u32> {
    pictures.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn values_rise_and_pixels_stay_in_their_range_whatever_bounds_them() {
    let plain = Bounds::default();
    for bounds in [
        plain,
        ALL,
        Bounds { fourier: Some(1.0), ..plain },
        Bounds { jitter: 1, ..plain },
        Bounds { blur: Some((0.5, 3)), ..plain },
        Bounds { tv: 0.1, ..plain },
        Bounds { decay: 0.2, ..plain },
    ] {
        for extents in [&[[SIDE, SIDE]][..], &[[5, 7], [8, 9], [SIDE, SIDE]][..]] {
            let climbed = climb(&ascent(bounds, 7), extents);
            assert_eq!((climbed.steps, climbed.curve.len(), &climbed.moved[..]), (20, 21, &[true; 3][..]));
            for (unit, (first, last)) in climbed.curve[0].iter().zip(&climbed.curve[20]).enumerate() {
                assert!(last > first, "{bounds:?}, unit {unit}: {first} {last}");
            }
            for pictures in [&climbed.start, &climbed.pictures] {
                assert_eq!(pictures.shape(), [3, SIDE, SIDE, 1]);
                assert!(pictures.iter().all(|value| (0.0..=1.0).contains(value)), "{bounds:?}");
            }
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_bits_and_a_unit_begins_alike_whoever_is_beside_it() {
    let [first, again, other] = [7, 7, 8].map(|seed| climb(&ascent(ALL, seed), &[[SIDE, SIDE]]));
    assert_eq!(bits(&first.pictures), bits(&again.pictures));
    assert_eq!(first.curve, again.curve);
    assert_ne!(bits(&first.pictures), bits(&other.pictures));
    let alone = climb(&Ascent { units: vec![2], ..ascent(ALL, 7) }, &[[SIDE, SIDE]]);
    assert_eq!(alone.start.index_axis(Axis(0), 0), first.start.index_axis(Axis(0), 1));
}

/// A first step without bounds moves every value by 0.05 times the slope, in its quadratic mean.
#[test]
fn a_step_goes_along_the_slope_that_finite_differences_have() {
    let mut net = Trainee::fresh(Arc::new(Cpu::new(Some(1)).unwrap()), regression(4, 3, 0.0), 1).unwrap();
    let start = Tensor::from_shape_fn(vec![4, 4, 1], |at| 0.3 + 0.02 * (at[0] * 4 + at[1]) as f32);
    let octave = || vec![Octave { extent: [4, 4], layers: regression(4, 3, 0.0) }];
    let of = |start: Tensor, steps: usize| Ascent {
        units: vec![1],
        part: Part::Middle,
        steps,
        bounds: Bounds::default(),
        seed: 0,
        start: Some(start),
        at_once: 1,
    };
    let climbed = net.maximize(&of(start.clone(), 1), octave(), &mut |_, _| (), &never()).unwrap();
    let mut value = |picture: &Tensor| {
        let said = net.predict(&picture.clone().insert_axis(Axis(0))).unwrap().probabilities;
        f64::from(said[[0, 1]])
    };
    let mut slope = Vec::new();
    for at in 0..16 {
        let mut moved = |by: f32| {
            let mut picture = start.clone();
            picture.as_slice_mut().unwrap()[at] += by;
            value(&picture)
        };
        slope.push((moved(0.01) - moved(-0.01)) / 0.02);
    }
    let size = (slope.iter().map(|slope| slope * slope).sum::<f64>() / 16.0).sqrt();
    for (at, (after, before)) in climbed.pictures.iter().zip(&start).enumerate() {
        let wanted = 0.05 * slope[at] / size;
        assert!((f64::from(after - before) - wanted).abs() < 1e-4, "{at}: {} {wanted}", after - before);
    }
}

#[test]
fn a_climb_that_is_broken_off_keeps_what_it_has() {
    let interrupted = never();
    let mut stop_at = |done: usize, _: f64| interrupted.store(done == 3, Ordering::Relaxed);
    // The third step is of the second size, and what there is comes at the net's own.
    let octaves = [[6, 6], [9, 9], [SIDE, SIDE]].map(|extent| Octave { extent, layers: convolutional(SIDE, 4) });
    let ascent = Ascent { steps: 6, ..ascent(ALL, 7) };
    let climbed = trainee().maximize(&ascent, octaves.into(), &mut stop_at, &interrupted).unwrap();
    assert_eq!((climbed.steps, climbed.curve.len()), (3, 3));
    assert_eq!(climbed.pictures.shape(), [3, SIDE, SIDE, 1]);
    let octaves = vec![Octave { extent: [SIDE, SIDE], layers: convolutional(SIDE, 4) }];
    let ended = trainee().maximize(&ascent, octaves, &mut |_, _| (), &AtomicBool::new(true));
    assert!(matches!(ended, Err(TrainError::Interrupted)), "{ended:?}");
}

#[test]
fn what_has_no_slope_stays_where_it_is() {
    // Weights that are all 0 give every picture the same.
    let start = Tensor::zeros(vec![SIDE, SIDE, 1]);
    let mut net = trainee();
    let silent = net.weights().unwrap();
    let tensors = silent.tensors.iter().map(|(name, value)| (name.clone(), value * 0.0)).collect();
    let silent = fovea_train::Weights { tensors, ..silent };
    let backend = Arc::clone(net.backend());
    net = Trainee::with_weights(backend, convolutional(SIDE, 4), &silent).unwrap();
    let ascent = Ascent { start: Some(start.clone()), ..ascent(Bounds::default(), 7) };
    let octaves = vec![Octave { extent: [SIDE, SIDE], layers: convolutional(SIDE, 4) }];
    let climbed = net.maximize(&ascent, octaves, &mut |_, _| (), &never()).unwrap();
    assert_eq!(climbed.moved, [false; 3]);
    assert!(climbed.pictures.iter().all(|&value| value == 0.0));
}

#[test]
fn a_unit_that_is_not_there_is_named() {
    let ascent = Ascent { units: vec![4], ..ascent(ALL, 7) };
    let octaves = vec![Octave { extent: [SIDE, SIDE], layers: convolutional(SIDE, 4) }];
    let ended = trainee().maximize(&ascent, octaves, &mut |_, _| (), &never());
    assert_eq!(
        ended.unwrap_err().to_string(),
        TrainError::Inconsistent("its layer has no channel 4".into()).to_string()
    );
}
