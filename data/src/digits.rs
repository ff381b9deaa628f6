//! The built-in digits: 1797 pictures of 8×8 pixels, in the program itself.

use fovea_graph::Stop;
use fovea_graph::philox::{Purpose, Stream};
use ndarray::{Array2, Array3, ArrayView1, ArrayView3, Axis};
use safetensors::{Dtype, SafeTensors};

use crate::dataset::{Counts, Dataset};
use crate::description::Description;
use crate::error::DataError;
use crate::labels::Labels;

/// The name in the language.
pub(crate) const NAME: &str = "digits";
/// Height and width as they are.
const SIDE: usize = 8;
/// How many classes.
const CLASSES: usize = 10;

/// How many pictures there are.
const COUNT: usize = 1797;
/// How many of them are for testing: one in five.
const TEST: usize = 360;
/// The key of the split. It never changes, and no user's seed moves it: results stay comparable.
const SPLIT_SEED: u64 = 0;
/// The brightest grey value of the file.
const WHITE: f32 = 16.0;

const FILE: &[u8] = include_bytes!("../assets/digits.safetensors");
const ATTRIBUTION: &str = "Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak, UCI Machine Learning \
                           Repository, 1998, https://doi.org/10.24432/C50P49 (its test set, as scikit-learn distributes \
                           it), CC BY 4.0";

/// What is known of them before they are unpacked.
pub(crate) fn describe(size: Option<[usize; 2]>) -> Description {
    let [height, width] = size.unwrap_or([SIDE; 2]);
    Description {
        shape: vec![height, width, 1],
        positions: Vec::new(),
        classes: (0..CLASSES).map(|digit| digit.to_string()).collect(),
        counts: Counts { train: COUNT - TEST, test: TEST },
    }
}

/// The digits, brought to `size` where one is given.
pub(crate) fn load(size: Option<[usize; 2]>, stop: &dyn Stop) -> Result<Dataset, DataError> {
    let (grey, labels) = unpack().map_err(|why| DataError::Builtin { name: NAME, why })?;
    let grey = grey.mapv(|v| f32::from(v) / WHITE);
    let grey = match size {
        Some([height, width]) if [height, width] != [SIDE, SIDE] => enlarge(&grey.view(), height, width, stop)?,
        _ => grey,
    };
    let (train, test) = split(&labels);
    Ok(Dataset {
        name: NAME.to_string(),
        images: grey.insert_axis(Axis(3)).into_dyn(),
        labels: Labels::Class(labels),
        classes: describe(size).classes,
        train,
        test,
        attribution: ATTRIBUTION.to_string(),
        left_out: Vec::new(),
        remarks: Vec::new(),
    })
}

/// Grey values `[N, 8, 8]` in 0..=16 and the class of each picture.
fn unpack() -> Result<(Array3<u8>, Vec<u32>), String> {
    let file = SafeTensors::deserialize(FILE).map_err(|e| e.to_string())?;
    let bytes = |name| match file.tensor(name) {
        Ok(tensor) if tensor.dtype() == Dtype::U8 => Ok(tensor),
        Ok(tensor) => Err(format!("{name} of {:?}", tensor.dtype())),
        Err(error) => Err(error.to_string()),
    };
    let (images, labels) = (bytes("images")?, bytes("labels")?);
    let labels: Vec<u32> = labels.data().iter().map(|&l| u32::from(l)).collect();
    let images = Array3::from_shape_vec((labels.len(), SIDE, SIDE), images.data().to_vec())
        .map_err(|_| format!("{} labels for pictures of {:?}", labels.len(), images.shape()))?;
    match labels.iter().find(|&&l| l as usize >= CLASSES) {
        Some(label) => Err(format!("a label {label} of {CLASSES} classes")),
        None => Ok((images, labels)),
    }
}

/// Bilinear interpolation to `height` × `width` (averaging over a triangle where the picture shrinks).
fn enlarge(
    images: &ArrayView3<'_, f32>,
    height: usize,
    width: usize,
    stop: &dyn Stop,
) -> Result<Array3<f32>, DataError> {
    let (rows, columns) = (triangles(height), triangles(width));
    let weighted = |line: ArrayView1<'_, f32>, (first, weights): &(usize, Vec<f32>)| {
        weights.iter().zip(line.iter().skip(*first)).fold(0.0, |sum, (weight, value)| sum + value * weight)
    };
    let mut sized = Array3::zeros((images.len_of(Axis(0)), height, width));
    for (image, mut sized) in images.outer_iter().zip(sized.outer_iter_mut()) {
        stop.go_on()?;
        let tall = Array2::from_shape_fn((height, SIDE), |(y, x)| weighted(image.column(x), &rows[y]));
        for ((y, x), value) in sized.indexed_iter_mut() {
            *value = weighted(tall.row(y), &columns[x]).clamp(0.0, 1.0);
        }
    }
    Ok(sized)
}

/// For each of `to` pixels along a side, which of the file's `SIDE` pixels it averages: the first one, and the weights of
/// it and those that follow. A triangle about the pixel's middle, as wide as two pixels of the coarser of both.
fn triangles(to: usize) -> Vec<(usize, Vec<f32>)> {
    let ratio = SIDE as f32 / to as f32;
    let reach = ratio.max(1.0);
    let weights = |at: usize| {
        let middle = (at as f32 + 0.5) * ratio;
        let first = ((middle - reach).floor().max(0.0) as usize).min(SIDE - 1);
        let end = ((middle + reach).ceil() as usize).clamp(first + 1, SIDE);
        let weight = |from: usize| (1.0 - ((from as f32 - (middle - 0.5)) / reach).abs()).max(0.0);
        let weights: Vec<f32> = (first..end).map(weight).collect();
        let sum: f32 = weights.iter().sum();
        (first, weights.into_iter().map(|weight| weight / sum).collect())
    };
    (0..to).map(weights).collect()
}

/// Which pictures are for training and which for testing: the same share of every class, drawn by a fixed stream.
fn split(labels: &[u32]) -> (Vec<usize>, Vec<usize>) {
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); CLASSES];
    for (picture, &label) in labels.iter().enumerate() {
        members[label as usize].push(picture);
    }
    let sizes: Vec<usize> = members.iter().map(Vec::len).collect();
    let (mut train, mut test) = (Vec::new(), Vec::new());
    for ((class, members), share) in members.iter().enumerate().zip(shares(&sizes, TEST)) {
        let order = Stream::new(SPLIT_SEED, Purpose::Data, class as u32).permutation(members.len());
        for (place, &i) in order.iter().enumerate() {
            if place < share { &mut test } else { &mut train }.push(members[i]);
        }
    }
    train.sort_unstable();
    test.sort_unstable();
    (train, test)
}

/// Deals `total` out in proportion to `sizes`, by largest remainders (the first of equal ones).
fn shares(sizes: &[usize], total: usize) -> Vec<usize> {
    let all: usize = sizes.iter().sum::<usize>().max(1);
    let mut shares: Vec<usize> = sizes.iter().map(|size| size * total / all).collect();
    let mut by_remainder: Vec<usize> = (0..sizes.len()).collect();
    by_remainder.sort_by_key(|&i| std::cmp::Reverse(sizes[i] * total % all));
    let missing = total - shares.iter().sum::<usize>();
    for &i in by_remainder.iter().take(missing) {
        shares[i] += 1;
    }
    shares
}
