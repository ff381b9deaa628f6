//! What does not fit is refused before anything changes, in words that say the mend.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea_data::{DataSource, DataSpec, Dataset};
use fovea_graph::op::{Relu, Softmax};
use fovea_graph::{Backend, Graph, Op, Shape, Tensor};
use fovea_train::{
    CheckpointEvery, Forward, NetworkError, Recipe, Schedule, TrainError, Trainee, WarmUp, Weights, fit,
};
use support::{Oracle, bits, digits, recipe, regression};

static GO_ON: AtomicBool = AtomicBool::new(false);

fn trainee(forward: Forward) -> Result<Trainee, TrainError> {
    let backend: Arc<dyn Backend> = Arc::new(Oracle::default());
    Trainee::fresh(backend, forward, 1)
}

/// What `fit` says, after making sure that nothing changed.
fn refused(forward: Forward, data: &Dataset, recipe: &Recipe) -> String {
    let mut trainee = trainee(forward).unwrap();
    let before = bits(&trainee.weights().unwrap().tensors);
    let mut told = 0;
    let error = fit(&mut trainee, data, recipe, None, &mut |_| told += 1, &GO_ON).unwrap_err();
    assert_eq!((bits(&trainee.weights().unwrap().tensors), told), (before, 0));
    assert!(trainee.standardisation().is_none() && trainee.classes().is_empty());
    error.to_string()
}

#[test]
fn recipes_that_train_nothing() {
    let cases = [
        (Recipe { epochs: 0, ..recipe() }, "0 epochs train nothing: at least 1 is needed"),
        (Recipe { batch: 0, ..recipe() }, "a batch of 0 pictures trains nothing: at least 1 is needed"),
        (
            Recipe { batch: 1438, ..recipe() },
            "batch 1438 is more than the 1437 training pictures of digits: at most 1437",
        ),
        (
            Recipe { rate: f64::NAN, ..recipe() },
            "the learning rate is NaN: it must be a number from 0 to 3.4e38, the largest of the arithmetic",
        ),
        (
            Recipe { rate: -0.1, ..recipe() },
            "the learning rate is -0.1: it must be a number from 0 to 3.4e38, the largest of the arithmetic",
        ),
        (
            Recipe { epochs: usize::MAX, batch: 1, ..recipe() },
            "18446744073709551615 epochs of 1437 steps are more than the 2^32 steps that one net can be trained for",
        ),
        (
            Recipe { schedule: Schedule::Step { every: 0, factor: 0.1 }, ..recipe() },
            "the schedule's step comes every 0 epochs: at least 1 is needed",
        ),
        (
            Recipe { schedule: Schedule::Step { every: 1, factor: 1.5 }, ..recipe() },
            "the schedule's factor is 1.5: it must be above 0 and at most 1",
        ),
        (
            Recipe { warm_up: Some(WarmUp::Epochs(3)), ..recipe() },
            "the warm-up takes 69 steps, and the whole run has 46",
        ),
        (
            Recipe { warm_up: Some(WarmUp::Epochs(u64::MAX)), ..recipe() },
            "the warm-up takes 18446744073709551615 steps, and the whole run has 46",
        ),
        (
            Recipe { checkpoint_every: CheckpointEvery::Steps(0), ..recipe() },
            "a checkpoint every 0 steps: at least 1 is needed",
        ),
    ];
    for (recipe, expected) in cases {
        assert_eq!(refused(regression(8, 10, 0.0), &digits(), &recipe), expected);
    }
}

#[test]
fn data_of_another_shape_or_number_of_classes() {
    let found = refused(regression(28, 10, 0.0), &digits(), &recipe());
    assert_eq!(found, "the net takes 28x28x1, digits has pictures of 8x8x1: `data digits size 28x28` fits");
    let found = refused(regression(8, 7, 0.0), &digits(), &recipe());
    assert_eq!(found, "the net tells 7 classes apart, digits has 10: `, softmax 10` fits");
    let found = refused(regression(8, 10, 0.0), &Dataset { train: Vec::new(), ..digits() }, &recipe());
    assert_eq!(found, "there are no pictures to train on");
    let mut odd = digits();
    let fovea_data::Labels::Class(labels) = &mut odd.labels else { unreachable!() };
    labels[5] = 10;
    let found = refused(regression(8, 10, 0.0), &odd, &recipe());
    assert_eq!(found, "digits does not hold together: a label 10 of 10 classes: `ignore 10` leaves it out");
    let found = refused(regression(8, 10, 0.0), &Dataset { test: vec![1797], ..digits() }, &recipe());
    assert_eq!(found, "digits does not hold together: picture 1797 of 1797 in one of its parts");
}

/// The picture itself, through one op and without parameters.
fn pictures_through(op: Op) -> Forward {
    Box::new(move |batch, _| {
        let mut g = Graph::new("same");
        let x = g.input("images", Shape::new([batch, 8, 8, 1])?);
        let y = g.push(op.clone(), &[x], None)?;
        g.output("result", y);
        Ok(g)
    })
}

#[test]
fn nets_that_tell_no_class_a_picture() {
    let found = refused(pictures_through(Op::Relu(Relu {})), &digits(), &recipe());
    assert_eq!(
        found,
        "the net does not end in softmax, so it is trained by squared error against targets of its output's shape \
         8x8x1; digits has class labels and no such targets: end the net with `, softmax 10`"
    );
    let found = refused(pictures_through(Op::Softmax(Softmax {})), &digits(), &recipe());
    assert_eq!(
        found,
        "the net tells a class at each of 8x8 positions, digits has one label a picture: `, softmax` in place of \
         `- softmax` tells one class a picture"
    );
}

#[test]
fn a_net_without_a_graph_says_why() {
    let broken: Forward = Box::new(|_, _| Err(NetworkError::from("conv1 does not fit")));
    assert_eq!(trainee(broken).err().unwrap().to_string(), "conv1 does not fit");
    let nothing: Forward = Box::new(|_, _| Ok(Graph::new("nothing")));
    let found = trainee(nothing).err().unwrap().to_string();
    assert_eq!(found, "the net's graph does not hold together: it has no input `images`");
    // A net that is another one at every batch.
    let fickle: Forward = Box::new(|batch, mode| regression(batch, 10, 0.0)(batch, mode));
    let mut fickle = trainee(fickle).unwrap();
    let found = fickle.predict(&Tensor::zeros(vec![2, 1, 1, 1])).unwrap_err();
    assert!(matches!(found, TrainError::Inconsistent(_)), "{found}");
}

#[test]
fn weights_of_another_net() {
    let weights = |forward| trainee(forward).unwrap().weights().unwrap();
    let refuse = |weights: &Weights| {
        let backend: Arc<dyn Backend> = Arc::new(Oracle::default());
        Trainee::with_weights(backend, regression(8, 10, 0.0), weights).err().unwrap().to_string()
    };
    assert_eq!(
        refuse(&weights(regression(8, 7, 0.0))),
        "fc1.weight is 7x64 in the weights and 10x64 in the net; fc1.bias is 7 in the weights and 10 in the net"
    );

    let mut few = weights(regression(8, 10, 0.0));
    few.tensors.pop();
    assert_eq!(refuse(&few), "the weights have no fc1.bias, of 10, which the net needs");

    let mut many = weights(regression(8, 10, 0.0));
    many.tensors.push(("fc2.bias".into(), Tensor::zeros(vec![3])));
    assert_eq!(refuse(&many), "the weights have fc2.bias, of 3, which the net has no place for");

    let mut colour = weights(regression(8, 10, 0.0));
    colour.standardisation = Some(fovea_train::Standardisation { mean: vec![0.0; 3], deviation: vec![1.0; 3] });
    assert_eq!(refuse(&colour), "the weights standardise 3 channels, the net's pictures have 1");
}

#[test]
fn pictures_that_are_not_there_or_do_not_fit() {
    let mut trainee = trainee(regression(8, 10, 0.0)).unwrap();
    let data = digits();
    let test =
        |trainee: &mut Trainee, indices: &[usize]| trainee.evaluate(&data, indices, &GO_ON).unwrap_err().to_string();
    let found = test(&mut trainee, &[3, 1797]);
    assert_eq!(found, "digits has 1797 pictures, numbered from 0; there is no picture 1797");
    assert_eq!(test(&mut trainee, &[]), "there are no pictures to test on");
    let predict =
        |trainee: &mut Trainee, dims: &[usize]| trainee.predict(&Tensor::zeros(dims)).unwrap_err().to_string();
    assert_eq!(predict(&mut trainee, &[4, 28, 28, 1]), "the net takes pictures of 8x8x1, these are 28x28x1");
    assert_eq!(predict(&mut trainee, &[0, 8, 8, 1]), "there are no pictures to predict");
    assert_eq!(predict(&mut trainee, &[]), "there are no pictures to predict");
    let large = DataSpec::open("digits", DataSource::Digits, Some([9, 8])).unwrap().load().unwrap();
    let found = trainee.evaluate(&large, &[0], &GO_ON).unwrap_err().to_string();
    assert_eq!(found, "the net takes 8x8x1, digits has pictures of 9x8x1: `data digits size 8x8` fits");
}
