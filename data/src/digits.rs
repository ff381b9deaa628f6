//! The built-in digits: 1797 pictures of 8×8 pixels, in the program itself.

use fovea_graph::{Interrupted, Never, Stop};
use ndarray::{Array3, Axis};
use safetensors::{Dtype, SafeTensors};

use crate::dataset::{Counts, Dataset};
use crate::description::Description;
use crate::error::DataError;
use crate::labels::Labels;
use crate::resize::Resize;
use crate::split::stratified;

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
        counts: Counts { train: COUNT - TEST, validation: 0, test: TEST },
    }
}

/// The digits, brought to `size` where one is given.
pub(crate) fn load(size: Option<[usize; 2]>, stop: &dyn Stop) -> Result<Dataset, DataError> {
    let (grey, labels) = unpack().map_err(|why| DataError::Builtin { name: NAME, why })?;
    let grey = grey.mapv(|v| f32::from(v) / WHITE);
    let grey = match size {
        Some([height, width]) if [height, width] != [SIDE, SIDE] => enlarge(&grey, height, width, stop)?,
        _ => grey,
    };
    let parts = stratified(&labels, CLASSES, TEST, 0, SPLIT_SEED);
    let images = grey.insert_axis(Axis(3)).into_dyn().into();
    let data = Dataset::new(NAME, images, Labels::Class(labels), describe(size).classes).dealt(parts);
    Ok(Dataset { attribution: ATTRIBUTION.to_string(), ..data })
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

/// Grey values in 0..1 of pictures brought to `height` × `width`.
fn enlarge(images: &Array3<f32>, height: usize, width: usize, stop: &dyn Stop) -> Result<Array3<f32>, Interrupted> {
    let resize = Resize::new([SIDE; 2], [height, width]);
    let mut sized = Vec::with_capacity(images.len_of(Axis(0)) * height * width);
    for image in stop.each(images.outer_iter()) {
        let image = image?;
        let begin = sized.len();
        sized.resize(begin + height * width, 0.0);
        let levels: Vec<f32> = image.iter().copied().collect();
        resize.picture(1, &levels, 1.0, &mut sized[begin..], &Never)?;
    }
    Ok(Array3::from_shape_vec((images.len_of(Axis(0)), height, width), sized).expect("as many values as were made"))
}
