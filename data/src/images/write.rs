//! Data written out as people keep theirs: a png a picture, in a folder a class.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use fovea_graph::Stop;
use image::{GrayImage, RgbImage};

use crate::dataset::Dataset;
use crate::error::{Clause, DataError, Unfit};
use crate::labels::Labels;

/// What a folder is called until it is whole.
const HALF: &str = "half";

/// Writes every picture of every part as `CLASS/NUMBER.png`, eight bits a value, below a folder that is not there yet, or is empty; how many
/// there are. Broken off, or where a file cannot be written, no folder is left.
///
/// # Errors
/// Samples that are no pictures of one or three channels, or have no class each; a folder that has something in it, or
/// cannot be written to; [`DataError::Interrupted`].
pub fn save_pictures(data: &Dataset, folder: &Path, stop: &dyn Stop) -> Result<usize, DataError> {
    let unfit = |message: String| Unfit::new(Clause::Samples, folder, message);
    let &[height, width, channels @ (1 | 3)] = data.shape() else {
        return Err(unfit("only pictures, grey or in colour, can be written to files".into()).into());
    };
    let Labels::Class(_) = data.labels else {
        return Err(unfit("pictures with one class each can be written, a folder a class".into()).into());
    };
    if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        let unfit = unfit("there is something in it already".into());
        return Err(unfit.expected("a new folder").help("name a folder that is not there yet").into());
    }
    let half = half(folder);
    let written = write(data, [height, width, channels], &half, stop).and_then(|count| {
        fs::rename(&half, folder).map_err(|error| unwritable(folder, &error))?;
        Ok(count)
    });
    if written.is_err() {
        // What cannot be removed was perhaps never there.
        let _ = fs::remove_dir_all(&half);
    }
    written
}

/// The folder's name until it is whole.
fn half(folder: &Path) -> PathBuf {
    let mut name = folder.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.{HALF}", std::process::id()));
    folder.with_file_name(name)
}

fn unwritable(path: &Path, error: &io::Error) -> DataError {
    Unfit::new(Clause::Samples, path, format!("it cannot be written: {error}")).into()
}

fn write(data: &Dataset, shape: [usize; 3], root: &Path, stop: &dyn Stop) -> Result<usize, DataError> {
    let [height, width, channels] = shape;
    let folder = |class: &str| root.join(class.replace(['/', '\\'], "-"));
    for class in &data.classes {
        fs::create_dir_all(folder(class)).map_err(|error| unwritable(root, &error))?;
    }
    let mut indices = [&data.train[..], &data.validation, &data.test].concat();
    indices.sort_unstable();
    // What is learned by heart is trained on and tested.
    indices.dedup();
    let digits = data.images.len().to_string().len();
    let mut values = vec![0.0; data.images.size()];
    for &index in &indices {
        stop.go_on()?;
        data.images.read(&[index], &mut values, stop)?;
        let levels: Vec<u8> = values.iter().map(|value| (value * 255.0).round() as u8).collect();
        let class = data.labels.class(index).and_then(|class| data.classes.get(class as usize));
        let path = folder(class.map_or("", String::as_str)).join(format!("{index:0digits$}.png"));
        let (wide, high) = (width as u32, height as u32);
        let saved = match channels {
            1 => GrayImage::from_raw(wide, high, levels).map(|image| image.save(&path)),
            _ => RgbImage::from_raw(wide, high, levels).map(|image| image.save(&path)),
        };
        if let Some(Err(error)) = saved {
            return Err(unwritable(&path, &io::Error::other(error)));
        }
    }
    Ok(indices.len())
}
