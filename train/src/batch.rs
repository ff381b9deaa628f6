//! Pictures gathered into the tensors that a step is fed.

use fovea_data::{Augment, Dataset, Labels, Samples, Subject, blend};
use fovea_graph::training::{Classes, LOW, Objective, Truth, UNIT};
use fovea_graph::{Stop, Tensor};
use ndarray::{CowArray, IxDyn};

use crate::aim::{Aim, Noise};
use crate::error::TrainError;
use crate::standardise::Standardisation;
use crate::target::Toward;

/// Pictures to draw batches from.
pub(crate) struct Pictures<'a> {
    values: Values<'a>,
    goal: Goal<'a>,
    /// The shape of what a result is compared with, for one picture.
    wanted: Vec<usize>,
    weights: Option<Tensor>,
    noise: Option<Noise>,
    standardisation: Option<Standardisation>,
    augmented: Option<Augmented<'a>>,
    /// Of how many classes labels become shares, as samples that are mixed have them.
    shared: Option<usize>,
}

/// How training pictures are changed, in an epoch of a run.
#[derive(Clone, Copy)]
struct Augmented<'a> {
    augment: &'a Augment,
    seed: u64,
    epoch: u32,
}

/// What results are compared with.
enum Goal<'a> {
    Nothing,
    Labels(&'a Labels),
    /// The pictures as they are read.
    Itself,
}

enum Values<'a> {
    Given(CowArray<'a, f32, IxDyn>),
    Of(&'a Samples),
}

impl<'a> Pictures<'a> {
    /// Pictures `[N, H, W, C]` without labels.
    pub fn new(images: &'a Tensor, standardisation: Option<Standardisation>) -> Self {
        let (values, goal) = (Values::Given(images.as_standard_layout()), Goal::Nothing);
        Self {
            values,
            goal,
            wanted: Vec::new(),
            weights: None,
            noise: None,
            standardisation,
            augmented: None,
            shared: None,
        }
    }

    /// A data set's pictures, and what a net's results are compared with, as a test sees them.
    pub fn of(data: &'a Dataset, aim: &Aim, standardisation: Option<Standardisation>) -> Self {
        let goal = match aim.target.toward {
            Toward::Labels => Goal::Labels(&data.labels),
            Toward::Itself => Goal::Itself,
        };
        let (wanted, noise) = (aim.wanted.clone(), Noise::of_test(aim.target.noise));
        let values = Values::Of(&data.images);
        Self { values, goal, wanted, weights: None, noise, standardisation, augmented: None, shared: None }
    }

    /// The same as epoch `epoch` of a run by this seed sees them: augmented, under noise of their own, classes by their
    /// weights.
    ///
    /// # Errors
    /// Labels that cannot be read; [`TrainError::Interrupted`].
    pub fn training(
        data: &'a Dataset,
        aim: &Aim,
        standardisation: Option<Standardisation>,
        seed: u64,
        epoch: u32,
        stop: &dyn Stop,
    ) -> Result<Self, TrainError> {
        let augmented = Augmented { augment: &data.augment, seed, epoch };
        let augmented = Some(augmented).filter(|augmented| !augmented.augment.is_empty());
        let (noise, weights) = (Noise::of_epoch(aim.target.noise, seed, epoch), aim.class_weights(data, stop)?);
        let is_shared = matches!(aim.objective, Objective::Classes(Classes { truth: Truth::Shares, .. }));
        let shared = is_shared.then_some(data.classes.len());
        Ok(Self { augmented, noise, weights, shared, ..Self::of(data, aim, standardisation) })
    }

    /// Whether all of them are in memory as they are wanted, and their labels.
    pub fn are_at_hand(&self) -> bool {
        let are_held = match &self.values {
            Values::Given(_) => true,
            Values::Of(samples) => samples.held().is_some(),
        };
        let labels_are_held = match self.goal {
            Goal::Labels(labels) => labels.are_held(),
            Goal::Nothing | Goal::Itself => true,
        };
        self.augmented.is_none() && are_held && labels_are_held
    }

    /// A batch for them, of none yet.
    pub fn batch(&self) -> Batch {
        let shape = match &self.values {
            Values::Given(values) => values.shape().get(1..).unwrap_or_default(),
            Values::Of(samples) => samples.shape(),
        };
        let shares = self.shared.map(|classes| Tensor::zeros([&[0], &self.wanted[..], &[classes]].concat()));
        let range = self.standardisation.as_ref().map(Standardisation::range);
        Batch { weights: self.weights.clone(), shares, range, ..Batch::new(shape, &self.wanted) }
    }

    /// Writes the pictures `indices`, as they are.
    fn read(&self, indices: &[usize], slots: &mut [f32], stop: &dyn Stop) -> Result<(), TrainError> {
        match &self.values {
            Values::Of(samples) => samples.read(indices, slots, stop)?,
            Values::Given(values) => {
                let (size, all) = (slots.len() / indices.len().max(1), values.as_slice().unwrap_or_default());
                for (slot, &i) in slots.chunks_exact_mut(size.max(1)).zip(indices) {
                    slot.copy_from_slice(&all[i * size..][..size]);
                }
            }
        }
        Ok(())
    }
}

/// The tensors of one batch.
#[derive(Debug)]
pub(crate) struct Batch {
    /// `[N, H, W, C]`, standardised.
    pub images: Tensor,
    /// Class numbers, `[N]`, or `[N, H, W]` where there is one at every position; or what else a net's results are compared
    /// with, of their shape.
    pub wanted: Tensor,
    /// Where samples are mixed that have classes: a share of each, `[N, K]` or `[N, H, W, K]`.
    pub shares: Option<Tensor>,
    /// A weight for each class, where they have their own.
    pub weights: Option<Tensor>,
    /// Where raw values 0 to 1 lie: how far they are apart, and where 0 is, a channel, `[C]`.
    pub range: Option<[Tensor; 2]>,
}

impl Batch {
    /// No pictures yet, of `shape`, to be compared with something of the shape `wanted`.
    fn new(shape: &[usize], wanted: &[usize]) -> Self {
        let none = |dims: &[usize]| Tensor::zeros([&[0], dims].concat());
        Self { images: none(shape), wanted: none(wanted), shares: None, weights: None, range: None }
    }

    /// What the batch gives a graph's inputs, by their names.
    pub fn feeds(&self) -> impl Iterator<Item = (&'static str, &Tensor)> {
        let target = self.shares.as_ref().unwrap_or(&self.wanted);
        let given = [("images", &self.images), ("labels", &self.wanted), ("target", target)];
        let range = self.range.iter().flat_map(|[unit, low]| [(UNIT, unit), (LOW, low)]);
        given.into_iter().chain(self.weights.as_ref().map(|weights| ("class_weights", weights))).chain(range)
    }

    /// How many pictures it has.
    pub fn len(&self) -> usize {
        self.images.shape().first().copied().unwrap_or(0)
    }

    /// Fills the batch with the pictures `indices`, which exist. Its memory is kept for the next.
    ///
    /// # Errors
    /// Pictures that cannot be read; [`TrainError::Interrupted`].
    pub fn gather(&mut self, pictures: &Pictures<'_>, indices: &[usize], stop: &dyn Stop) -> Result<(), TrainError> {
        resize(&mut self.images, indices.len());
        resize(&mut self.wanted, indices.len());
        let slots = self.images.as_slice_mut().unwrap_or(&mut []);
        pictures.read(indices, slots, stop)?;
        if let Goal::Labels(labels) = pictures.goal {
            labels.read(indices, self.wanted.as_slice_mut().unwrap_or(&mut []), stop)?;
        }
        if let Some(augmented) = pictures.augmented {
            self.augment(augmented, pictures, indices, stop)?;
            self.mix(augmented, pictures, indices);
        }
        let slots = self.images.as_slice_mut().unwrap_or(&mut []);
        if let Goal::Itself = pictures.goal {
            self.wanted.as_slice_mut().unwrap_or(&mut []).copy_from_slice(slots);
        }
        if let Some(noise) = pictures.noise {
            let size = (slots.len() / indices.len().max(1)).max(1);
            slots.chunks_exact_mut(size).zip(indices).for_each(|(values, &i)| noise.add(i, values));
        }
        if let Some(standardisation) = &pictures.standardisation {
            standardisation.apply_to(slots);
        }
        Ok(())
    }

    /// Mixes each sample with the next, and what it is with what that is; what is compared with itself follows by itself.
    fn mix(&mut self, Augmented { augment, seed, epoch }: Augmented<'_>, pictures: &Pictures<'_>, indices: &[usize]) {
        let Some(kept) = augment.shares(seed, epoch, indices) else { return };
        let size = |values: &[f32]| values.len() / indices.len().max(1);
        let images = self.images.as_slice_mut().unwrap_or(&mut []);
        blend(images, size(images), &kept);
        let Goal::Labels(_) = pictures.goal else { return };
        let wanted = self.wanted.as_slice_mut().unwrap_or(&mut []);
        let Some(shares) = &mut self.shares else { return blend(wanted, size(wanted), &kept) };
        resize(shares, indices.len());
        let classes = shares.shape().last().copied().unwrap_or(1);
        let shares = shares.as_slice_mut().unwrap_or(&mut []);
        shares.fill(0.0);
        for (shares, &label) in shares.chunks_exact_mut(classes).zip(&*wanted) {
            shares[label as usize] = 1.0;
        }
        blend(shares, size(shares), &kept);
    }

    /// Changes the pictures, and with them what is labelled at their positions.
    fn augment(
        &mut self,
        Augmented { augment, seed, epoch }: Augmented<'_>,
        pictures: &Pictures<'_>,
        indices: &[usize],
        stop: &dyn Stop,
    ) -> Result<(), TrainError> {
        let shape: Option<[usize; 3]> = self.images.shape()[1..].try_into().ok();
        let size = self.images.shape()[1..].iter().product::<usize>().max(1);
        let mean = pictures.standardisation.as_ref().map_or(&[0.0][..], |standardisation| &standardisation.mean);
        // What is said of the whole picture stays where it is.
        let positions = match pictures.goal {
            Goal::Labels(labels) if !labels.positions().is_empty() => labels.per_picture(),
            _ => 0,
        };
        let labels = self.wanted.as_slice_mut().unwrap_or(&mut []);
        let images = self.images.as_slice_mut().unwrap_or(&mut []).chunks_exact_mut(size);
        for (n, picture) in stop.each(indices.iter().zip(images)).enumerate() {
            let (&index, values) = picture?;
            match shape {
                Some(shape) => {
                    let classes = labels.get_mut(n * positions..(n + 1) * positions).unwrap_or_default();
                    augment.apply(&mut Subject { shape, values, classes, mean }, seed, epoch, index);
                }
                None => augment.apply_to_any(values, seed, epoch, index),
            }
        }
        Ok(())
    }
}

/// Makes a tensor one of so many pictures; what was in it is of no use any more.
fn resize(tensor: &mut Tensor, count: usize) {
    if tensor.shape()[0] == count {
        return;
    }
    let dims: Vec<usize> = [&[count], &tensor.shape()[1..]].concat();
    let (mut values, _) = std::mem::take(tensor).into_raw_vec_and_offset();
    let length: usize = dims.iter().product();
    // A larger one is made whole, not kept beside its copy.
    if values.capacity() < length {
        values = Vec::with_capacity(length);
    }
    values.resize(length, 0.0);
    *tensor = Tensor::from_shape_vec(dims, values).expect("as many values as the shape has elements");
}
