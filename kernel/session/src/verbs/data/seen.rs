//! `augment flip, crop 4`, `normalize imagenet`, `raw`: how a net sees the data.

use fovea_data::{Augment, Augmentation, DataSpec, Normalize};
use fovea_dsl::verb::{Change, Data};
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::shape::join;

/// The data as the statement wants them seen; what it does not say stays as it was.
pub fn seen(data: &Data, spec: DataSpec) -> Result<DataSpec, Diagnostic> {
    let augment = match &data.augment {
        Some(said) => said.value.iter().map(augmentation).collect(),
        None => spec.augment().clone(),
    };
    let normalize = match (&data.normalize, &data.raw) {
        (Some(_), _) => Normalize::Imagenet,
        (_, Some(_)) => Normalize::Raw,
        _ => spec.normalize(),
    };
    possible(data, &spec, &augment)?;
    Ok(spec.seen(augment, normalize))
}

fn augmentation(change: &Change) -> Augmentation {
    match *change {
        Change::Flip => Augmentation::Flip,
        Change::Crop(pixels) => Augmentation::Crop(pixels),
        Change::Rotate(degrees) => Augmentation::Rotate(degrees as f32),
        Change::Scale(least, most) => Augmentation::Scale(least as f32, most as f32),
        Change::Jitter(share) => Augmentation::Jitter(share as f32),
        Change::Noise(deviation) => Augmentation::Noise(deviation as f32),
        Change::Cutout(pixels) => Augmentation::Cutout(pixels),
        Change::Mixup(alpha) => Augmentation::Mixup(alpha as f32),
    }
}

/// Whether samples of this shape can be seen so.
fn possible(data: &Data, spec: &DataSpec, augment: &Augment) -> Result<(), Diagnostic> {
    let shape = spec.shape();
    if let Some(said) = &data.augment {
        let [height, width, _] = shape[..] else {
            if !augment.needs_pictures() {
                return Ok(());
            }
            let message = format!("these samples are {}, and only pictures can be moved or recoloured", join(&shape));
            let mistake = Diagnostic::new(Stage::Shapes, said.what, message).found(join(&shape));
            return Err(mistake
                .expected("height x width x channels")
                .help("`augment noise 0.05` and `augment mixup 0.2` go with any samples"));
        };
        let least = height.min(width);
        let too_far = said.value.iter().find_map(|change| match *change {
            Change::Crop(pixels) if pixels >= least => Some(("moved", pixels)),
            Change::Cutout(pixels) if pixels > height.max(width) => Some(("cut out", pixels)),
            _ => None,
        });
        if let Some((what, pixels)) = too_far {
            let message = format!("pictures of {} cannot be {what} by {pixels} pixels", join(&shape));
            let mistake = Diagnostic::new(Stage::Values, said.what, message).found(pixels.to_string());
            return Err(mistake.expected(format!("fewer than {least}")));
        }
    }
    if let Some(normalize) = data.normalize.filter(|_| shape.last() != Some(&3)) {
        let message = format!("ImageNet's pictures are in colour, and these samples are {}", join(&shape));
        let mistake = Diagnostic::new(Stage::Shapes, normalize.what, message).found(join(&shape));
        return Err(mistake
            .expected("3 channels")
            .mend(normalize.cut(), "")
            .help("without it they are normalised by their own figures"));
    }
    Ok(())
}
