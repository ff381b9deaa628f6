//! Where the masks of pictures are once they have been read: in memory, on disk a byte a pixel, or still in their files.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea_graph::{Stop, Tensor};

use super::direct::Resident;
use super::files::File;
use super::keep::{Sinks, WORTH_KEEPING, unkept};
use super::read::changed;
use super::{TOGETHER, mask};
use crate::crew;
use crate::error::DataError;
use crate::room::Room;
use crate::samples::{Samples, Source};
use crate::stamp::Stamp;
use crate::store::levels::Levels;
use crate::store::{Disk, Entry, Identity};

/// How masks are written down: they have at most 256 classes.
const LEVELS: Levels = Levels::Narrow;

/// The masks of these files, which are in a folder, and whose numbers are these classes, brought to size; and why they are not kept on disk, where that
/// was meant to be.
pub(super) fn keep(
    root: &Path,
    files: &[File],
    classes: &[String],
    size: [usize; 2],
    room: &Room,
    stop: &dyn Stop,
) -> Result<(Samples, Option<String>), DataError> {
    let numbers: Arc<[u16]> = classes.iter().filter_map(|class| class.parse().ok()).collect();
    let (count, pixels) = (files.len(), size[0] * size[1]);
    let fits = (count as u64).saturating_mul((pixels * size_of::<f32>()) as u64) <= room.held;
    let bytes: u64 = files.iter().filter_map(|file| Some(file.mask.as_ref()?.1.length)).sum();
    let entry = room.kept.as_ref().filter(|_| !fits || bytes >= WORTH_KEEPING);
    let entry = entry.map(|kept| Entry::new(kept, &identity(root, files, &numbers, size), LEVELS, pixels));
    let all: Vec<usize> = (0..count).collect();
    if let Some(stored) = entry.as_ref().and_then(Entry::find)
        && stored.count == count
    {
        let masks = Samples::of(Arc::new(stored), count, &size);
        return Ok((if fits { masks.select(&all, stop)?.into() } else { masks }, None));
    }
    let direct = |resident| {
        let (files, resident) = (files.into(), Arc::new(resident));
        Masks { files, numbers: Arc::clone(&numbers), size, resident }
    };
    let masks = Samples::of(Arc::new(direct(Resident::new(LEVELS, 0))), count, &size);
    let mut sinks = Sinks {
        memory: fits.then(|| Vec::with_capacity(count * pixels)),
        disk: Disk::begin(entry.as_ref(), count),
        resident: Resident::new(LEVELS, if fits { 0 } else { room.held }),
    };
    masks.each(&all, stop, |mask| sinks.take(mask))?;
    let Sinks { memory, disk, resident } = sinks;
    let remark = disk.finish(count, &[]).map(|why| unkept("masks", &why));
    let masks = match (memory, entry.as_ref().and_then(Entry::find)) {
        (Some(values), _) => {
            let shape = [&[count][..], &size].concat();
            Tensor::from_shape_vec(shape, values).expect("as many values as masks were read").into()
        }
        (None, Some(stored)) if stored.count == count => Samples::of(Arc::new(stored), count, &size),
        (None, _) => Samples::of(Arc::new(direct(resident)), count, &size),
    };
    Ok((masks, remark))
}

/// All that decides the masks' values.
fn identity(root: &Path, files: &[File], numbers: &[u16], size: [usize; 2]) -> Identity {
    let mut identity = Identity::default();
    identity.text(b"masks");
    identity.place(root);
    identity.numbers(&size);
    identity.text(&numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<_>>());
    for (path, stamp) in files.iter().filter_map(|file| file.mask.as_ref()) {
        identity.file(path.strip_prefix(root).unwrap_or(path), stamp);
    }
    identity
}

/// Masks that are decoded as they are asked for, of which the first are decoded already.
#[derive(Clone, Debug)]
struct Masks {
    files: Arc<[File]>,
    /// The numbers of the classes, in their order.
    numbers: Arc<[u16]>,
    size: [usize; 2],
    resident: Arc<Resident>,
}

impl Source for Masks {
    fn read(&self, indices: &[usize], values: &mut [f32], stop: &dyn Stop) -> Result<(), DataError> {
        let pixels = (self.size[0] * self.size[1]).max(1);
        // Whoever breaks it off waits for no decoder.
        let (these, numbers) = (self.clone(), indices.to_vec());
        let work = move |at: usize, _: &AtomicBool| {
            let mut mask = vec![0.0; pixels];
            these.one(numbers[at], &mut mask).map(|()| mask)
        };
        crew::in_order(indices.len(), TOGETHER, work, stop, |at, mask| {
            values[at * pixels..][..pixels].copy_from_slice(&mask?);
            Ok(())
        })
    }
}

impl Masks {
    /// Brings a mask to size, each pixel that of the nearest.
    fn one(&self, index: usize, slot: &mut [f32]) -> Result<(), DataError> {
        let Some((path, stamp)) = self.files[index].mask.as_ref().filter(|_| !self.resident.read(index, slot)) else {
            return Ok(());
        };
        if !std::fs::metadata(path).is_ok_and(|found| Stamp::of(&found) == *stamp) {
            return Err(changed(path));
        }
        let mask = mask(path).map_err(|_| changed(path))?;
        let ([high, wide], [height, width]) = (mask.size, self.size);
        // The middle of a pixel, on the mask.
        let nearest = |at: usize, to: usize, from: usize| ((2 * at + 1) * from / (2 * to)).min(from - 1);
        for (at, label) in slot.iter_mut().enumerate() {
            let (y, x) = (nearest(at / width, height, high), nearest(at % width, width, wide));
            let number = mask.numbers[y * wide + x];
            *label = self.numbers.binary_search(&number).map_err(|_| changed(path))? as f32;
        }
        Ok(())
    }
}
