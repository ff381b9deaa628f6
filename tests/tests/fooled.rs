//! Adversarial examples against PyTorch: one step by the sign of the gradient, several, and the way to the nearest boundary.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea_cpu::Cpu;
use fovea_dsl::lower;
use fovea_graph::Tensor;
use fovea_tests::goldens::Goldens;
use fovea_tests::nets::net;
use fovea_train::probe::fool::Attack;
use fovea_train::{Mode, Standardisation, Trainee, Weights};

/// The net of the goldens.
const TEXT: &str = "net q = 8x8x1 - conv 4 3x3 - relu - pool - conv 6 3x3 valid - tanh - fc 12 - relu, softmax 10";

fn trainee() -> Trainee {
    let (net, goldens) = (net(TEXT), Goldens::open("saliency.npz"));
    let names = lower::lower(&net, 1, lower::Mode::Infer).unwrap().states.into_iter().map(|state| state.name);
    let [mean, deviation] = [0, 1].map(|at| vec![goldens.input("standardisation")[[at]]]);
    let tensors = names.map(|name| (name.clone(), goldens.input(&name))).collect();
    let standardisation = Some(Standardisation { mean, deviation });
    let classes = (0..10).map(|class| class.to_string()).collect();
    let weights = Weights { tensors, standardisation, classes, metadata: BTreeMap::new() };
    let forward = move |batch, mode| {
        let mode = if mode == Mode::Train { lower::Mode::Train } else { lower::Mode::Infer };
        Ok(lower::lower(&net, batch, mode)?)
    };
    Trainee::with_weights(Arc::new(Cpu::new(Some(1)).unwrap()), Box::new(forward), &weights).unwrap()
}

/// The goldens' digits, and what their net takes them for.
fn pictures() -> (Tensor, Vec<usize>) {
    let pictures = Goldens::open("saliency.npz").bytes("pictures").mapv(|value| f32::from(value) / 16.0);
    let shape = [pictures.shape(), &[1]].concat();
    let labels = Goldens::open("fool.npz").bytes("labels").iter().map(|&label| label.into()).collect();
    (pictures.into_shape_with_order(shape).unwrap(), labels)
}

#[test]
fn attacks_agree_with_pytorch() {
    let (mut trainee, goldens) = (trainee(), Goldens::open("fool.npz"));
    let (pictures, labels) = pictures();
    let (fgsm, pgd) = (Attack::Fgsm { eps: 0.1 }, Attack::Pgd { eps: 0.1, steps: 4, step: 0.04 });
    let deepfool = Attack::DeepFool { steps: 50, overshoot: 0.02 };
    for (name, attack, toward, tolerance) in [
        ("fgsm", fgsm, None, 1e-6),
        ("pgd", pgd, None, 1e-6),
        ("toward", pgd, Some(7), 1e-6),
        // Its steps divide by lengths of gradients, and one follows from another.
        ("deepfool", deepfool, None, 1e-5),
    ] {
        let changed = trainee.attack(&pictures, &labels, attack, toward, &AtomicBool::new(false)).unwrap();
        let wanted = goldens.output(name);
        assert_eq!(changed.shape(), wanted.shape());
        for (at, (&found, &wanted)) in changed.iter().zip(&wanted).enumerate() {
            assert!((f64::from(found) - wanted).abs() < tolerance, "{name}, value {at}: {found}, {wanted}");
        }
        if attack.bound().is_some() {
            let most = changed.iter().zip(&pictures).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(most <= 0.1, "{name}: {most}");
        }
    }
}

#[test]
fn an_attack_that_is_broken_off_says_so() {
    let (pictures, labels) = pictures();
    let ended = trainee().attack(&pictures, &labels, Attack::Fgsm { eps: 0.1 }, None, &AtomicBool::new(true));
    assert!(matches!(ended, Err(fovea_train::TrainError::Interrupted)), "{ended:?}");
}
