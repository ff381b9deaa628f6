//! Samples of files that no data names: `"photo.jpg"`, a folder, `"x.npy"`.

use std::path::PathBuf;

use fovea_data::{ArrayFile, Arrays, Broken, DataSource, DataSpec, Images, Labelled, PictureLabels};
use fovea_dsl::verb::Samples;
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::shape::join;

use crate::failure::{Failure, placed};
use crate::memory;
use crate::samples::Pick;
use crate::world::Names;

/// The samples of files for a net that takes such: a picture, a folder of them, or an array. Pictures are brought to `size`;
/// where none is said they keep their own, one for all.
pub fn files(samples: Samples, input: &[usize], size: Option<[usize; 2]>, names: &Names) -> Result<Pick, Failure> {
    let source = source(&samples, input)?;
    let size = size.filter(|_| matches!(source, DataSource::Images(_)));
    let (name, span) = (&samples.data.text, samples.span);
    let spec = DataSpec::open_unless(name, source, size, &*names.interrupted);
    let spec = spec.map_err(|error| match placed(&error, span) {
        // Where there is no such file, the data of that name may be meant.
        Failure::Mistakes(mistakes) if names.has_data(name) => {
            let mend = |mistake: Diagnostic| mistake.mend(span, name.clone());
            Failure::Mistakes(mistakes.into_iter().map(mend).collect())
        }
        failure => failure,
    })?;
    let device = &*names.device;
    memory::data_fits(&spec, 0, device, span)?;
    let (count, files) = (spec.counts().all(), spec.file_names());
    Ok(Pick { spec, samples, range: (0, count), files })
}

/// What a path is read as.
fn source(samples: &Samples, input: &[usize]) -> Result<DataSource, Diagnostic> {
    let path = PathBuf::from(&samples.data.text);
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_lowercase();
    match *input {
        _ if matches!(ending.as_str(), "npy" | "npz") => {
            let (images, shape) = (ArrayFile::from(path), Some(input.to_vec()));
            let labelled = Labelled::AsShaped;
            Ok(DataSource::Arrays(Arrays { images, labels: None, read_as: None, labelled, shape, split: None }))
        }
        [_, _, channels @ (1 | 3)] => {
            let labels = PictureLabels::None { channels };
            let images = Images { folder: path, labels, broken: Broken::Refuse, split: None };
            Ok(DataSource::Images(images))
        }
        _ => {
            let takes = join(input);
            let message = format!("the net takes {takes}, and pictures are of height x width x 1 or 3 channels");
            let mistake = Diagnostic::new(Stage::Shapes, samples.span, message).found("pictures").expected(takes);
            Err(mistake.help("an array of such samples can be named, `\"x.npy\"`"))
        }
    }
}
