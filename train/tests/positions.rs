//! Nets that tell a class at every position.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea_cpu::Cpu;
use fovea_data::{Augment, Augmentation, DataError, DataSource, DataSpec, Dataset, Labels, Samples, Source};
use fovea_graph::{Backend, Never, Stop, Tensor};
use fovea_train::target::{self, Target};
use fovea_train::{Mode, Recipe, Runs, Schedule, Standardisation, Trainee, Weights, fit};
use ndarray::Axis;
use support::{adam, bits, info, per_position, recipe, regression};

static GO_ON: AtomicBool = AtomicBool::new(false);

fn cpu() -> Arc<dyn Backend> {
    Arc::new(Cpu::new(Some(2)).unwrap())
}

/// A part of the scenes, so that a test takes little.
fn scenes(train: usize, test: usize) -> Dataset {
    let mut data = DataSpec::open("scenes", DataSource::Scenes { seed: 0 }, Some([24, 32])).unwrap().load().unwrap();
    data.train.truncate(train);
    data.test.truncate(test);
    data
}

fn segmenting() -> Recipe {
    let schedule = Schedule::Cosine;
    Recipe { epochs: 6, batch: 16, optimizer: adam(), rate: 0.02, schedule, ..recipe() }
}

/// A sheet of neighbours is enough to tell sky from meadow: far better than calling everything sky.
#[test]
fn a_net_learns_a_class_at_every_position_and_its_weights_keep_it() {
    let (data, folder) = (scenes(200, 50), tempfile::tempdir().unwrap());
    let mut trainee = Trainee::fresh(cpu(), per_position(24, 32, 6), 1).unwrap();
    let mut run = Runs::at(folder.path()).create(&info(&segmenting())).unwrap();
    let history = fit(&mut trainee, &data, &segmenting(), Some(&mut run), &mut |_| {}, &GO_ON).unwrap();
    let last = history.epochs.last().unwrap();
    let sky = data.test.iter().flat_map(|&i| data.labels.of(i, &Never).unwrap()).filter(|&label| label == 0).count();
    let sky = sky as f64 / (50.0 * 24.0 * 32.0);
    assert!(last.test_accuracy.unwrap() > 0.75 && sky < 0.55, "{last:?}, {sky} sky");
    assert!((last.accuracy.unwrap() - last.test_accuracy.unwrap()).abs() < 0.1);

    let weights = Weights::load(run.path().join("weights.safetensors")).unwrap();
    let mut again = Trainee::with_weights(cpu(), per_position(24, 32, 6), &weights).unwrap();
    assert_eq!(bits(&again.weights().unwrap().tensors), bits(&weights.tensors));
    let found = again.evaluate(&data, &data.test, &GO_ON).unwrap();
    // Another batch may be computed by other kernels, whose sums are rounded otherwise.
    assert!((found.loss - last.test_loss.unwrap()).abs() < 1e-6 * found.loss, "{found:?}, {last:?}");
    assert_eq!(found.accuracy, last.test_accuracy);
}

/// Loss, accuracy and confusion per position follow from the probabilities.
#[test]
fn tests_count_positions() {
    let data = scenes(48, 10);
    let mut trainee = Trainee::fresh(cpu(), per_position(24, 32, 6), 1).unwrap();
    fit(&mut trainee, &data, &Recipe { epochs: 1, ..segmenting() }, None, &mut |_| {}, &GO_ON).unwrap();
    let tested = trainee.evaluate(&data, &data.test, &GO_ON).unwrap();
    assert_eq!(tested.probabilities.shape(), [10, 24, 32, 6]);
    let said = trainee.predict(&data.images.held().unwrap().select(Axis(0), &data.test)).unwrap();
    assert_eq!(said.probabilities, tested.probabilities);

    let (mut loss, mut right, mut confusion) = (0.0, 0u64, vec![vec![0u64; 6]; 6]);
    let labels = data.test.iter().flat_map(|&i| data.labels.of(i, &Never).unwrap());
    for ((row, label), &class) in tested.probabilities.rows().into_iter().zip(labels).zip(&tested.predictions) {
        assert!(row.iter().all(|&p| p <= row[class as usize]));
        loss -= f64::from(row[label as usize]).ln() / 7680.0;
        right += u64::from(label == class);
        confusion[label as usize][class as usize] += 1;
    }
    assert!((tested.loss - loss).abs() < 1e-5, "{} and {loss}", tested.loss);
    assert_eq!((tested.accuracy, tested.confusion), (Some(right as f64 / 7680.0), confusion));
}

/// The first batch of a training run holds the labels of the very pictures in it.
#[test]
fn batches_pair_pictures_with_their_maps() {
    let (data, oracle) = (scenes(8, 0), support::Oracle::default());
    let mut trainee = Trainee::fresh(Arc::new(oracle.clone()), per_position(24, 32, 6), 1).unwrap();
    fit(&mut trainee, &data, &Recipe { epochs: 1, batch: 8, ..segmenting() }, None, &mut |_| {}, &GO_ON).unwrap();
    let (images, labels) = oracle.seen().remove(0);
    let mut standard = data.images.held().unwrap().clone();
    Standardisation::of(&data).unwrap().apply(&mut standard);
    let mut met: Vec<usize> = (0..8)
        .map(|place| {
            let image: Tensor = images.index_axis(Axis(0), place).to_owned();
            let i = (0..8).find(|&i| standard.index_axis(Axis(0), i) == image).unwrap();
            assert!(labels.index_axis(Axis(0), place).iter().map(|&v| v as u32).eq(data.labels.of(i, &Never).unwrap()));
            i
        })
        .collect();
    met.sort_unstable();
    assert_eq!(met, data.train);
}

/// Labels that are read as they are asked for.
#[derive(Debug)]
struct Read(Samples);

impl Source for Read {
    fn read(&self, indices: &[usize], values: &mut [f32], stop: &dyn Stop) -> Result<(), DataError> {
        self.0.read(indices, values, stop)
    }
}

/// Masks that are read ahead by a thread, augmented with their pictures and weighed by how rare a class is, give the bits
/// of masks in memory.
#[test]
fn masks_that_are_read_change_no_bit() {
    let augment: Augment =
        [Augmentation::Flip, Augmentation::Crop(3), Augmentation::Rotate(10.0)].into_iter().collect();
    let held = Dataset { augment, ..scenes(60, 20) };
    let Labels::Map(maps) = &held.labels else { unreachable!() };
    let (count, shape) = (maps.len(), maps.shape().to_vec());
    let read = Labels::Map(Samples::of(Arc::new(Read(maps.clone())), count, &shape));
    let read = Dataset { labels: read, ..held.clone() };
    let target = Target { weights: target::Weights::Balanced, ignore: Some(2), ..Target::default() };
    let recipe = Recipe { epochs: 2, target, ..segmenting() };
    let [one, two] = [&held, &read].map(|data| {
        let folder = tempfile::tempdir().unwrap();
        let mut trainee = Trainee::fresh(cpu(), per_position(24, 32, 6), 1).unwrap();
        let mut run = Runs::at(folder.path()).create(&info(&recipe)).unwrap();
        fit(&mut trainee, data, &recipe, Some(&mut run), &mut |_| {}, &GO_ON).unwrap();
        let tested = trainee.evaluate(data, &data.test, &GO_ON).unwrap();
        (bits(&trainee.weights().unwrap().tensors), tested)
    });
    assert!(one == two);
}

fn refused(mut trainee: Trainee, data: &Dataset) -> String {
    let trained = fit(&mut trainee, data, &segmenting(), None, &mut |_| panic!("an event"), &GO_ON).unwrap_err();
    let tested = trainee.evaluate(data, &data.test, &GO_ON).unwrap_err();
    assert_eq!(trained.to_string(), tested.to_string());
    trained.to_string()
}

#[test]
fn labels_of_another_form_are_refused() {
    let data = scenes(20, 5);
    let one_class: fovea_train::Forward = {
        let flat = regression(24, 6, 0.0);
        Box::new(move |batch, mode: Mode| flat(batch, mode))
    };
    let grey = Dataset {
        images: data
            .images
            .held()
            .unwrap()
            .slice_axis(Axis(2), (0..24).into())
            .slice_axis(Axis(3), (0..1).into())
            .to_owned()
            .into(),
        ..data.clone()
    };
    assert_eq!(
        refused(Trainee::fresh(cpu(), one_class, 1).unwrap(), &grey),
        "scenes has a class at each of 24x32 positions, the net tells one a picture: `- softmax` in place of `, softmax` \
         tells a class at every position of the map before it"
    );
    let segment = |classes| Trainee::fresh(cpu(), per_position(24, 32, classes), 1).unwrap();
    let labels = Labels::Class(vec![0; 700]);
    assert_eq!(
        refused(segment(6), &Dataset { labels, ..data.clone() }),
        "the net tells a class at each of 24x32 positions, scenes has one label a picture: `, softmax` in place of \
         `- softmax` tells one class a picture"
    );
    assert_eq!(
        refused(segment(5), &data),
        "the net tells 5 classes apart, scenes has 6: `- conv 6 1x1 - softmax` fits"
    );
    let Labels::Map(maps) = &data.labels else { unreachable!() };
    let maps = maps.held().unwrap();
    let labels = Labels::Map(maps.slice_axis(Axis(1), (0..20).into()).to_owned().into());
    assert_eq!(
        refused(segment(6), &Dataset { labels, ..data.clone() }),
        "the net tells a class at each of 24x32 positions, scenes has one at each of 20x32: the last map must be as \
         large as the picture (`same` convolutions keep a map's size, `deconv … to input` brings it back)"
    );
    let mut maps = maps.clone();
    maps[[3, 5, 7]] = 6.0;
    let odd = Dataset { labels: Labels::Map(maps.into()), ..data.clone() };
    assert_eq!(
        refused(segment(6), &odd),
        "scenes does not hold together: a label 6 of 6 classes: `ignore 6` leaves it out"
    );
}
