//! `segment unet on scenes[4]`, `segment unet on "photo.jpg"`: a class at every position of a picture of any size.

mod check;
mod output;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fovea_data::{DataError, Dataset, LabelKind};
use fovea_dsl::net::Net;
use fovea_graph::{Backend, Span, Stop};
use fovea_train::figures::Counts;
use fovea_train::{TrainError, Trainee, write_whole};
use ndarray::Array3;
use ndarray_npy::{WritableElement, WriteNpyExt};

pub use check::{check, no_size};

use super::{Events, Job};
use crate::event::Output;
use crate::failure::{At, Failure};
use crate::picture::{Theme, palette_png};
use crate::positions::{count, likeliest};
use crate::samples::Pick;
use crate::world::{World, forward};

struct Segment {
    /// At the size of the pictures.
    net: Net,
    device: Arc<dyn Backend>,
    seed: u64,
    theme: Theme,
    pick: Pick,
    /// What the classes are called.
    classes: Vec<String>,
    save: Option<(PathBuf, Span)>,
}

/// What was told of the pictures.
struct Told {
    /// The class at each position of each, row by row.
    maps: Vec<Vec<u32>>,
    /// Rows and columns of a map.
    extent: [usize; 2],
    /// The counts of each class, where the true ones are known.
    counts: Option<Vec<Counts>>,
}

impl Job for Segment {
    fn run(&self, world: &mut World, events: &mut Events<'_>) -> Result<Output, Failure> {
        world.remark(&self.net, events);
        let span = self.pick.samples.span;
        let data = self.pick.read(world)?;
        let maps = self.ask(&data, world).at(span)?;
        world.go_on()?;
        let extent = [self.net.output()[0], self.net.output()[1]];
        let counts = self.counts(&data, &maps, extent, &*world.interrupted).at(span)?;
        let told = Told { maps, extent, counts };
        let output = self.output(&data, &told).at(span)?;
        match &self.save {
            None => Ok(output),
            Some((path, span)) => {
                self.write(path, &told).at(*span)?;
                Ok(output.file(path))
            }
        }
    }
}

impl Segment {
    /// The likeliest class at each position of each picture, one picture after the other.
    fn ask(&self, data: &Dataset, world: &mut World) -> Result<Vec<Vec<u32>>, TrainError> {
        let interrupted = Arc::clone(&world.interrupted);
        world.with(&self.net, &self.device, self.seed, |trainee: &mut Trainee| {
            let mut maps = Vec::new();
            for at in self.pick.indices(data).chunks(1) {
                let picture = data.images.select(at, &*interrupted)?;
                // The whole net, of another size than it was trained at.
                let told = trainee.activations(&picture, forward(&self.net, &interrupted), &interrupted)?;
                maps.extend(likeliest(&told));
            }
            Ok(maps)
        })
    }

    /// The counts of each class, where the data knows the true ones at the same positions.
    fn counts(
        &self,
        data: &Dataset,
        maps: &[Vec<u32>],
        extent: [usize; 2],
        stop: &dyn Stop,
    ) -> Result<Option<Vec<Counts>>, DataError> {
        if !matches!(data.labels.kind(), LabelKind::Classes) || data.labels.positions() != extent {
            return Ok(None);
        }
        let mut counts = vec![Counts::default(); self.classes.len()];
        for (&at, map) in self.pick.indices(data).iter().zip(maps) {
            count(&mut counts, &data.labels.of(at, stop)?, map);
        }
        Ok(Some(counts))
    }

    /// The classes' numbers: as a png with a palette, of which there is one; or as npy, `[N, H, W]`.
    fn write(&self, path: &Path, told: &Told) -> Result<(), String> {
        let bytes = if check::is_png(path) {
            let numbers: Vec<u8> = told.maps.iter().flatten().map(|&class| class as u8).collect();
            palette_png(told.extent[0], told.extent[1], &numbers, self.classes.len())
                .map_err(|error| error.to_string())?
        } else if self.classes.len() <= check::BYTES {
            npy(told, |class| class as u8)?
        } else {
            npy(told, |class| class as u16)?
        };
        write_whole(path, &bytes).map_err(|error| error.to_string())
    }
}

fn npy<T: WritableElement>(told: &Told, number: fn(u32) -> T) -> Result<Vec<u8>, String> {
    let shape = (told.maps.len(), told.extent[0], told.extent[1]);
    let numbers = told.maps.iter().flatten().map(|&class| number(class)).collect();
    let array = Array3::from_shape_vec(shape, numbers).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    array.write_npy(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}
