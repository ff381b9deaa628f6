//! Pictures that units want to see, against PyTorch: steps along the gradient, and what keeps the pictures in bounds.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea_cpu::Cpu;
use fovea_dsl::lower;
use fovea_dsl::net::Net;
use fovea_graph::Tensor;
use fovea_tests::goldens::Goldens;
use fovea_tests::nets::net;
use fovea_train::probe::maximize::{Ascent, Bounds, Octave, Part};
use fovea_train::{Forward, Mode, Standardisation, Trainee, Weights};
use ndarray::Axis;

/// The net of the goldens, and its layer whose maps they are of.
const TEXT: &str = "net q = 8x8x1 - conv 4 3x3 - relu - pool - conv 6 3x3 valid - tanh - fc 12 - relu, softmax 10";
const MAPS: &str = "conv2";
/// The one before the softmax.
const SCORES: &str = "fc2";

fn forward(net: Net) -> Forward {
    Box::new(move |batch, mode| {
        let mode = if mode == Mode::Train { lower::Mode::Train } else { lower::Mode::Infer };
        Ok(lower::lower(&net, batch, mode)?)
    })
}

fn trainee() -> Trainee {
    let (net, goldens) = (net(TEXT), Goldens::open("saliency.npz"));
    let names = lower::lower(&net, 1, lower::Mode::Infer).unwrap().states.into_iter().map(|state| state.name);
    let [mean, deviation] = [0, 1].map(|at| vec![goldens.input("standardisation")[[at]]]);
    let tensors = names.map(|name| (name.clone(), goldens.input(&name))).collect();
    let standardisation = Some(Standardisation { mean, deviation });
    let weights = Weights { tensors, standardisation, classes: Vec::new(), metadata: BTreeMap::new() };
    Trainee::with_weights(Arc::new(Cpu::new(Some(1)).unwrap()), forward(net), &weights).unwrap()
}

/// The net up to a layer.
fn up_to(layer: &str) -> Net {
    let whole = net(TEXT);
    let at = whole.find(layer).unwrap();
    Net { layers: whole.layers[..=at].to_vec(), named: Vec::new(), ..whole }
}

fn first_digit() -> Tensor {
    let pictures = Goldens::open("saliency.npz").bytes("pictures");
    pictures.index_axis(Axis(0), 0).mapv(|value| f32::from(value) / 16.0).insert_axis(Axis(2))
}

fn assert_close<'a>(found: impl Iterator<Item = &'a f32>, wanted: impl Iterator<Item = &'a f64>, what: &str) {
    for (at, (&found, &wanted)) in found.zip(wanted).enumerate() {
        assert!((f64::from(found) - wanted).abs() < 1e-5, "{what}, value {at}: {found}, {wanted}");
    }
}

#[test]
fn climbs_agree_with_pytorch() {
    let (mut trainee, goldens) = (trainee(), Goldens::open("maximize.npz"));
    let (classes, maps, plain) = (vec![7, 2], vec![0, 3, 5], Bounds::default());
    let whole = &[[8, 8]][..];
    for (name, layer, units, part, bounds, extents) in [
        ("class", SCORES, &classes, Part::Middle, plain, whole),
        ("mean", MAPS, &maps, Part::Mean, plain, whole),
        ("middle", MAPS, &maps, Part::Middle, plain, whole),
        ("fourier", SCORES, &classes, Part::Middle, Bounds { fourier: Some(1.0), ..plain }, whole),
        ("tv", SCORES, &classes, Part::Middle, Bounds { tv: 0.1, ..plain }, whole),
        ("decay", SCORES, &classes, Part::Middle, Bounds { decay: 0.5, ..plain }, whole),
        ("blur", SCORES, &classes, Part::Middle, Bounds { blur: Some((0.6, 2)), ..plain }, whole),
        ("octaves", SCORES, &classes, Part::Middle, plain, &[[5, 5], [8, 8]][..]),
    ] {
        let start = Some(first_digit());
        // Two at once: three maps are asked about in two goes.
        let ascent = Ascent { units: units.clone(), part, steps: 6, bounds, seed: 0, start, at_once: 2 };
        let octave = |&extent: &[usize; 2]| Octave { extent, layers: forward(up_to(layer)) };
        let octaves = extents.iter().map(octave).collect();
        let climbed = trainee.maximize(&ascent, octaves, &mut |_, _| (), &AtomicBool::new(false)).unwrap();
        let (wanted, curve) = (goldens.output(name), goldens.output(&format!("{name}.curve")));
        assert_eq!(climbed.pictures.shape(), wanted.shape(), "{name}");
        assert_eq!([climbed.curve.len(), climbed.curve[0].len()], curve.shape(), "{name}");
        assert_close(climbed.pictures.iter(), wanted.iter(), name);
        assert_close(climbed.curve.iter().flatten(), curve.iter(), &format!("values of {name}"));
    }
}
