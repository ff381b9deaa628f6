//! Arrays of which a sample cannot be read by its number, because they are packed or in Fortran order: their samples are
//! written once, one behind the other, into the folder where decoded pictures are kept.

use fovea_graph::Stop;

use super::npy::Npy;
use super::odd::Odd;
use super::value::Value;
use crate::error::DataError;
use crate::room::Room;
use crate::store::{Entry, Identity, Stored, read_at};

/// So much memory is filled before samples are written, where they do not come one behind the other; and what one of them
/// takes.
const TOGETHER: usize = 64 << 20;

/// Whether there is room for the samples in the folder.
///
/// # Errors
/// The mistake that there is none.
pub(super) fn has_room(npy: &Npy, value: &Value, room: &Room) -> Result<(), DataError> {
    let bytes = (npy.count() as u64).saturating_mul((npy.size() * value.levels().width()) as u64);
    match &room.kept {
        Some(kept) if bytes <= kept.most => Ok(()),
        Some(kept) => Err(refused(
            npy,
            format!("the cache folder keeps at most {} MB, and they take {}", kept.most >> 20, bytes >> 20),
        )),
        None => Err(refused(npy, "there is no cache folder to put them in order in".into())),
    }
}

/// The mistake of samples that can neither be held nor put in order.
fn refused(npy: &Npy, why: String) -> DataError {
    let (what, help) = if npy.packed.is_some() {
        ("its samples are packed", "save it with `numpy.savez`: each sample is then read when it is its turn")
    } else {
        let help = "save it as `numpy.ascontiguousarray(x)`: each sample is then read when it is its turn";
        ("its samples do not lie one behind the other (Fortran order)", help)
    };
    npy.unfit(format!("{what}, and they are too many to hold: {why}")).help(help).into()
}

/// The samples, one behind the other, as they were written before or are now.
pub(super) fn keep(npy: &Npy, value: &Value, room: &Room, stop: &dyn Stop) -> Result<Stored, DataError> {
    has_room(npy, value, room)?;
    let unkept = |why: String| refused(npy, format!("they cannot be put in order in the cache folder: {why}"));
    let Some(kept) = &room.kept else { return Err(npy.changed()) };
    let entry = Entry::new(kept, &identity(npy, value), value.levels(), npy.size());
    let found = || entry.find().filter(|stored| stored.count == npy.count());
    if let Some(stored) = found() {
        return Ok(stored);
    }
    let writer = entry.create(npy.count()).map_err(|error| unkept(error.to_string()))?;
    let mut writer = writer.ok_or_else(|| unkept("it is full".into()))?;
    let (mut odd, mut failed) = (Odd::default(), None);
    let mut give = |values: &[f32]| {
        let written = writer.push(values);
        let is_written = written.is_ok();
        failed = failed.take().or(written.err());
        is_written
    };
    if npy.header.is_fortran {
        turned(npy, value, &mut odd, &mut give, stop)?;
    } else {
        straight(npy, value, &mut odd, &mut give, stop)?;
    }
    odd.none(npy)?;
    let ended = failed.map_or_else(|| writer.finish(npy.count(), &[]), Err);
    ended.map_err(|error| unkept(error.to_string()))?;
    found().ok_or_else(|| unkept("what was written there is gone".into()))
}

/// All that decides the values.
fn identity(npy: &Npy, value: &Value) -> Identity {
    let mut identity = Identity::default();
    identity.text(match value {
        Value::Sample(..) => b"samples",
        Value::Label(..) => b"labels of",
    });
    identity.place(&npy.path);
    identity.file(&npy.path, &npy.stamp);
    identity.text(&npy.begin.to_le_bytes());
    if let Some(member) = &npy.packed {
        identity.text(member.name.as_bytes());
    }
    identity
}

/// Gives the samples of a file in which they come one behind the other, until `give` takes no more.
fn straight(
    npy: &Npy,
    value: &Value,
    odd: &mut Odd,
    give: &mut dyn FnMut(&[f32]) -> bool,
    stop: &dyn Stop,
) -> Result<(), DataError> {
    let (size, mut values, mut sample, mut goes_on) = (npy.size(), Vec::with_capacity(npy.size()), 0, true);
    npy.read(stop, |bytes| {
        let value = value.of(bytes);
        odd.look(value, || sample);
        values.push(value);
        if values.len() == size {
            goes_on = goes_on && give(&values);
            values.clear();
            sample += 1;
        }
    })
}

/// Gives the samples of a file in Fortran order, some at a time, until `give` takes no more: there the first elements of all
/// samples come first, then the second ones.
fn turned(
    npy: &Npy,
    value: &Value,
    odd: &mut Odd,
    give: &mut dyn FnMut(&[f32]) -> bool,
    stop: &dyn Stop,
) -> Result<(), DataError> {
    let (count, size) = (npy.count(), npy.size());
    let places = places(&npy.header.shape[1..]);
    let together = (TOGETHER / size_of::<f32>() / size.max(1)).clamp(1, count.max(1));
    let mut values = vec![0.0; together * size];
    for first in (0..count).step_by(together) {
        let some = together.min(count - first);
        let mut put = |sample: usize, element: usize, bytes: &[u8]| {
            let value = value.of(bytes);
            odd.look(value, || sample);
            values[(sample - first) * size + places[element]] = value;
        };
        if npy.packed.is_none() {
            columns(npy, first, some, &mut put, stop)?;
        } else {
            let mut place = 0;
            npy.read(stop, |bytes| {
                let (sample, element) = npy.at(place);
                if (first..first + some).contains(&sample) {
                    put(sample, element, bytes);
                }
                place += 1;
            })?;
        }
        if !values[..some * size].chunks_exact(size.max(1)).all(&mut *give) {
            break;
        }
    }
    Ok(())
}

/// Reads some samples' elements of a file in Fortran order, which is not packed: of each element's column a run.
fn columns(
    npy: &Npy,
    first: usize,
    some: usize,
    put: &mut dyn FnMut(usize, usize, &[u8]),
    stop: &dyn Stop,
) -> Result<(), DataError> {
    let (file, width) = (npy.file()?, npy.header.element.bytes);
    let mut bytes = vec![0; some * width];
    for element in stop.each(0..npy.size()) {
        let element = element?;
        let at = npy.begin + ((element * npy.count() + first) * width) as u64;
        read_at(&file, &mut bytes, at).map_err(|_| npy.changed())?;
        bytes.chunks_exact(width.max(1)).enumerate().for_each(|(at, bytes)| put(first + at, element, bytes));
    }
    Ok(())
}

/// Where in a sample the elements stand whose first index runs fastest, in their order.
fn places(shape: &[usize]) -> Vec<usize> {
    let mut places = vec![0];
    let mut stride: usize = shape.iter().product();
    for &side in shape {
        stride /= side.max(1);
        places = (0..side).flat_map(|at| places.iter().map(move |place| place + at * stride)).collect();
    }
    places
}
