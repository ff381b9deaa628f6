//! What a `data` statement asks for: its files, or samples of other data.

use std::path::PathBuf;

use fovea_data::{
    ArrayFile, Arrays, Broken, Classic, ClassicSet, Column, DataSource, DataSpec, FileLabels, Home, Images, Labelled,
    PictureLabels, ReadAs, Side, Split, Table, Which,
};
use fovea_dsl::syntax::Name;
use fovea_dsl::verb::{self, Data, Samples};

use super::places::Places;
use super::{room, sizes};
use crate::failure::Failure;
use crate::samples::{Pick, pick};
use crate::world::Names;

/// Where people's own data comes from; none for what has its name already.
pub(super) fn source(data: &Data) -> Option<DataSource> {
    let path = |name: &Name| PathBuf::from(&name.text);
    let split = split(data);
    let labels = data.labels.as_ref().map(|said| &said.value);
    if let Some(folder) = &data.images {
        let broken = if data.skip.is_some() { Broken::Skip } else { Broken::Refuse };
        let table = labels.and_then(|labels| {
            let column = labels.columns.first().map(column);
            Some(PictureLabels::Table(FileLabels { path: path(labels.file.as_ref()?), column }))
        });
        let masks = data.masks.as_ref().map(|said| PictureLabels::Masks(path(&said.value.file)));
        let labels = table.or(masks).unwrap_or_default();
        return Some(DataSource::Images(Images { folder: path(&folder.value), labels, broken, split }));
    }
    let shape = data.shape.as_ref().map(|said| said.value.clone());
    if let Some(table) = &data.csv {
        let labels = labels.map_or(Vec::new(), |labels| labels.columns.iter().map(column).collect());
        let path = path(&table.value);
        return Some(DataSource::Table(Table { path, labels, read_as: read_as(data), shape, split }));
    }
    if let Some(folder) = &data.basis.folder {
        let set = data.basis.data.as_ref().map_or(&data.name, |other| &other.data);
        let (set, folder) = (ClassicSet::named(&set.text)?, path(folder));
        return Some(DataSource::Classic(Classic { set, home: Home::Folder(folder) }));
    }
    let samples = data.npy.as_ref()?;
    let images = array(&samples.value);
    let labels = labels.map(|labels| ArrayFile {
        // An array's name alone is that of one in the samples' archive.
        path: labels.file.as_ref().map_or_else(|| images.path.clone(), path),
        member: labels.member.as_ref().map(|name| name.text.clone()),
    });
    let masks = data.masks.as_ref().map(|said| array(&said.value));
    let labelled = if masks.is_some() { Labelled::AtPositions } else { Labelled::AsShaped };
    let read_as = read_as(data);
    Some(DataSource::Arrays(Arrays { images, labels: labels.or(masks), read_as, labelled, shape, split }))
}

/// What labels are to be taken for.
fn read_as(data: &Data) -> Option<ReadAs> {
    data.read_as.map(|said| match said.value {
        verb::ReadAs::Classes => ReadAs::Classes,
        verb::ReadAs::Numbers => ReadAs::Numbers,
    })
}

/// How samples are to be dealt out.
fn split(data: &Data) -> Option<Split> {
    data.split.map(|said| Split {
        test: said.value.test as u8,
        validation: said.value.validation as u8,
        ..Split::default()
    })
}

fn array(array: &verb::Array) -> ArrayFile {
    let member = array.member.as_ref().map(|name| name.text.clone());
    ArrayFile { path: PathBuf::from(&array.file.text), member }
}

fn column(column: &verb::Column) -> Column {
    match column {
        verb::Column::Named(name) => Column::Named(name.text.clone()),
        verb::Column::Number(number, _) => Column::Number(*number),
    }
}

/// Some samples of other data, or all of them under another name.
pub(super) fn part(data: &Data, other: &Samples, places: &Places, names: &Names) -> Result<DataSpec, Failure> {
    let (name, stop) = (&data.name.text, &*names.interrupted);
    let picked = pick(other.clone(), names).map_err(|mistake| {
        // `data pets = cats`
        if !mistake.mends.is_empty() || other.span.end != other.data.span.end || names.spec(&other.data).is_ok() {
            return mistake;
        }
        let folder = format!("images \"{}\"", other.data.text);
        let help =
            format!("for a folder of pictures write `{folder}`; {}", mistake.help.as_deref().unwrap_or_default());
        mistake.mend(other.span, folder).help(help)
    });
    let Pick { spec: of, range: (first, end), .. } = picked?;
    let failure = |error| places.failure(error);
    let of = match data.size {
        None => of,
        Some(size) => {
            sizes(size.value, size.what)?;
            let sized = DataSpec::open_unless(of.name(), of.source().clone(), Some(size.value), stop);
            let sized = sized.map(|sized| sized.seen(of.augment().clone(), of.normalize()));
            sized.and_then(|sized| sized.within(room())).map_err(failure)?
        }
    };
    let split = split(data);
    let is_whole = other.range.is_none() && other.span.end == other.data.span.end;
    let share = data.part.map(|part| Which::Share { millionths: (part.value * 1e6).round().clamp(1.0, 1e6) as u32 });
    let whole = || share.unwrap_or(Which::Share { millionths: 1_000_000 });
    if is_whole && share.is_none() && split.is_none() {
        let copy = DataSpec::open_unless(name, of.source().clone(), of.size(), stop);
        let copy = copy.map(|copy| copy.seen(of.augment().clone(), of.normalize()));
        return copy.and_then(|copy| copy.within(room())).map_err(failure);
    }
    if is_whole {
        return of.part(name, whole(), split, stop).map_err(failure);
    }
    let side = match other.side {
        verb::Side::Train => Side::Train,
        verb::Side::Validation => Side::Validation,
        verb::Side::Test | verb::Side::Files => Side::Test,
    };
    let end = other.range.map(|_| end);
    let range = Which::Range { side, first, end };
    match share {
        None => of.part(name, range, split, stop),
        Some(share) => of.part(name, range, None, stop).and_then(|some| some.part(name, share, split, stop)),
    }
    .map_err(failure)
}
