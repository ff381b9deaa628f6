//! Pictures drawn from a seed: the same seed gives the same pictures at every call.

mod canvas;
mod dice;
mod outline;
pub(crate) mod scenes;
pub(crate) mod shapes;

use fovea_graph::{Stop, Tensor};
use rayon::prelude::*;

use crate::dataset::{Counts, Dataset};
use crate::description::Description;
use crate::error::DataError;
use crate::labels::Labels;
use crate::part::Dealt;
use crate::room::Room;
use crate::samples::Source;
use crate::split::Parts;
use crate::store::levels::Levels;
use crate::store::{Disk, Entry, Identity};
use canvas::Canvas;
pub use dice::Dice;

/// Drawing fewer pixels takes less than half a second, and is done anew each time.
const WORTH_KEEPING: usize = 4 << 20;

/// What is drawn from a seed. Whoever changes it counts this up, and what was kept before is drawn anew.
const VERSION: usize = 1;

/// Pictures to draw.
struct Drawing<'a> {
    name: &'static str,
    seed: u64,
    known: Description,
    /// The class of each picture; none where each pixel has one.
    classes: Option<Vec<u32>>,
    /// Paints the picture of a number.
    paint: &'a (dyn Fn(&mut Canvas, usize) + Sync),
}

/// What was drawn, a picture after the other: the values, and the classes of pixels where these have one.
struct Drawn {
    values: Vec<f32>,
    maps: Vec<f32>,
    remark: Option<String>,
}

impl Drawing<'_> {
    /// All of them: where there are many pixels and a folder for it, from what was kept there, or drawn and kept.
    fn draw(self, room: &Room, stop: &dyn Stop) -> Result<Dataset, DataError> {
        let [height, width] = [self.known.shape[0], self.known.shape[1]];
        let count = self.known.counts.all();
        let entry = |what: &str, levels: Levels, channels: usize| {
            let kept = room.kept.as_ref().filter(|_| count * height * width >= WORTH_KEEPING)?;
            let mut identity = Identity::default();
            [what, self.name].into_iter().for_each(|text| identity.text(text.as_bytes()));
            identity.text(&self.seed.to_le_bytes());
            identity.numbers(&[VERSION, height, width]);
            Some(Entry::new(kept, &identity, levels, height * width * channels))
        };
        let pictures = entry("drawn", Levels::Bytes, 3);
        let maps = entry("drawn maps", Levels::Narrow, 1).filter(|_| self.classes.is_none());
        let kept = self.kept(&[pictures.as_ref(), maps.as_ref()], stop)?;
        let drawn = match kept {
            Some(drawn) => drawn,
            None => self.drawn([Disk::begin(pictures.as_ref(), count), Disk::begin(maps.as_ref(), count)], stop)?,
        };
        let stack = |values, shape: &[usize]| {
            let stacked = Tensor::from_shape_vec([&[count], shape].concat(), values);
            stacked.map_err(|why| DataError::Builtin { name: self.name, why: why.to_string() })
        };
        let labels = match self.classes {
            Some(classes) => Labels::Class(classes),
            None => Labels::Map(stack(drawn.maps, &[height, width])?.into()),
        };
        let images = stack(drawn.values, &self.known.shape)?.into();
        let data = Dataset::new(self.name, images, labels, self.known.classes).dealt(parts(self.known.counts));
        let attribution = format!("drawn by Fovea from seed {}", self.seed);
        Ok(Dataset { attribution, remarks: drawn.remark.into_iter().collect(), ..data })
    }

    /// What was kept before; none where anything is not there.
    fn kept(&self, [pictures, maps]: &[Option<&Entry>; 2], stop: &dyn Stop) -> Result<Option<Drawn>, DataError> {
        let (count, pixels) = (self.known.counts.all(), self.known.shape[0] * self.known.shape[1]);
        let all: Vec<usize> = (0..count).collect();
        let read = |entry: Option<&Entry>, channels: usize| {
            let Some(stored) = entry.and_then(Entry::find).filter(|stored| stored.count == count) else {
                return Ok(None);
            };
            let mut values = vec![0.0; count * pixels * channels];
            stored.read(&all, &mut values, stop)?;
            Ok::<_, DataError>(Some(values))
        };
        let Some(values) = read(*pictures, 3)? else { return Ok(None) };
        let maps = if self.classes.is_some() { Some(Vec::new()) } else { read(*maps, 1)? };
        Ok(maps.map(|maps| Drawn { values, maps, remark: None }))
    }

    /// Draws all of them, and writes them down as it goes.
    fn drawn(&self, [mut pictures, mut mapped]: [Disk; 2], stop: &dyn Stop) -> Result<Drawn, DataError> {
        let (count, [height, width]) = (self.known.counts.all(), [self.known.shape[0], self.known.shape[1]]);
        let mut values = Vec::with_capacity(count * height * width * 3);
        let mut maps = Vec::new();
        let together = 2 * rayon::current_num_threads();
        for first in (0..count).step_by(together) {
            stop.go_on()?;
            let painted = (first..count.min(first + together)).into_par_iter().map(|index| {
                let mut canvas = Canvas::new(height, width);
                (self.paint)(&mut canvas, index);
                canvas
            });
            for canvas in painted.collect::<Vec<_>>() {
                let begin = values.len();
                values.extend(canvas.values());
                pictures.push(&values[begin..]);
                if self.classes.is_none() {
                    let begin = maps.len();
                    maps.extend(canvas.classes().iter().map(|&class| class as f32));
                    mapped.push(&maps[begin..]);
                }
            }
        }
        let why = [pictures, mapped].into_iter().filter_map(|disk| disk.finish(count, &[])).next();
        let remark = why.map(|why| format!("what was drawn is not kept on disk, and will be drawn again: {why}"));
        Ok(Drawn { values, maps, remark })
    }
}

/// How so many are dealt out that have these labels.
fn dealt(counts: Counts, labels: Vec<u32>) -> Dealt {
    Dealt { parts: parts(counts), labels }
}

/// The first pictures are for training, the others for testing.
fn parts(counts: Counts) -> Parts {
    let train = 0..counts.train;
    let test = train.end..train.end + counts.test;
    Parts { train: train.collect(), validation: Vec::new(), test: test.collect() }
}
