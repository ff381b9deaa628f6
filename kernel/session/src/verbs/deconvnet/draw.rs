//! What a map was excited by, and what was carried back: a picture, and a table.

use fovea_graph::Tensor;
use fovea_train::probe::deconvnet::Excited;
use ndarray::{ArrayViewD, ArrayViewMutD, Axis, Slice};

use crate::display::number::figure;
use crate::display::{Column, Table};
use crate::picture::{self, Face, Image, Picture, Plane, Theme, Tile, TileRow, layer};

/// How bright a picture stays outside the receptive field.
const OUTSIDE: f32 = 0.3;

/// A sample, what excited the map on it, which rows and columns of its picture that sees, and what came back to these.
pub struct Found {
    pub name: String,
    pub excited: Excited,
    pub field: Vec<(usize, usize)>,
    /// `[H, W, C]`, 0 to 1.
    pub picture: Tensor,
    /// The same shape, as the net sees pictures.
    pub back: Tensor,
}

/// A column a sample: the picture, dim outside the receptive field; the field; what came back in it.
pub fn drawn(title: &str, found: &[Found], theme: Theme) -> picture::Result<Picture> {
    let row = |label: &str, face: &dyn Fn(&Found) -> picture::Result<Face>| -> picture::Result<TileRow> {
        let tile = |found: &Found| -> picture::Result<Tile> {
            let is_silent = found.excited.activation <= 0.0 && label == BACK;
            Ok(Tile { caption: found.name.clone(), face: face(found)?, is_silent })
        };
        let tiles = found.iter().map(tile).collect::<picture::Result<Vec<Tile>>>()?;
        Ok(TileRow { label: label.to_string(), tiles })
    };
    let rows = [
        row("picture", &|found| dimmed(found.picture.view(), &found.field))?,
        row("what it sees", &|found| cut(found.picture.view(), &found.field))?,
        row(BACK, &|found| signal(found.back.view(), &found.field))?,
    ];
    let note = match found.first().and_then(|found| found.back.shape().last()) {
        Some(1) => "what came back on one scale; the picture is dim outside what the activation sees",
        _ => "what came back around grey, each on its own scale; the picture is dim outside what the activation sees",
    };
    let [first, ..] = found else { return Err(picture::Error::Empty { what: "no samples" }) };
    if found.len() > 1 {
        return layer("deconvnet", title, note, &rows, [rows.len(), found.len()], theme);
    }
    // Of one sample all stands in a line.
    let tiles: Vec<Tile> = rows.into_iter().flat_map(captioned).collect();
    let all = [1, tiles.len()];
    let row = TileRow { label: String::new(), tiles };
    layer("deconvnet", &format!("{title}, on {}", first.name), note, &[row], all, theme)
}

/// A row's tiles, each with the row's label over it.
fn captioned(row: TileRow) -> impl Iterator<Item = Tile> {
    let TileRow { label, tiles } = row;
    tiles.into_iter().map(move |tile| Tile { caption: label.clone(), ..tile })
}

const BACK: &str = "carried back";

/// A row a sample.
pub fn table(found: &[Found]) -> Table {
    let columns = [Column::left("sample"), Column::right("activation"), Column::right("at"), Column::right("sees")];
    let mut table = Table::new(columns);
    for found in found {
        let at: Vec<String> = found.excited.position.iter().map(usize::to_string).collect();
        let field: Vec<String> = found.field.iter().map(|(first, end)| format!("{first}..{end}")).collect();
        let activation = figure(found.excited.activation.into());
        table.row([found.name.clone(), activation, at.join(", "), field.join(" x ")]);
    }
    table
}

/// A picture, dim outside these rows and columns.
fn dimmed(picture: ArrayViewD<'_, f32>, field: &[(usize, usize)]) -> picture::Result<Face> {
    let mut dim = picture.mapv(|value| value * OUTSIDE);
    within(dim.view_mut(), field).assign(&within_of(picture, field));
    Ok(Face::Picture(image(dim.view())?))
}

fn cut(picture: ArrayViewD<'_, f32>, field: &[(usize, usize)]) -> picture::Result<Face> {
    Ok(Face::Picture(image(within_of(picture, field))?))
}

/// What came back, within the field: numbers, or in colour around grey.
fn signal(back: ArrayViewD<'_, f32>, field: &[(usize, usize)]) -> picture::Result<Face> {
    let back = within_of(back, field);
    let [rows, columns, channels] = *back.shape() else {
        return Err(picture::Error::Empty { what: "no picture of height x width x channels" });
    };
    if channels == 1 {
        return Ok(Face::Numbers(Plane { rows, columns, values: back.iter().copied().collect() }));
    }
    Ok(Face::Picture(image(around_grey(&back.insert_axis(Axis(0)).to_owned()).index_axis(Axis(0), 0))?))
}

/// Signals `[N, H, W, C]` as pictures: 0 is grey, the largest of each black or white.
pub fn around_grey(back: &Tensor) -> Tensor {
    let mut pictures = back.clone();
    for mut picture in pictures.outer_iter_mut() {
        let most = picture.iter().fold(0.0, |most: f32, value| most.max(value.abs()));
        let scale = if most > 0.0 && most.is_finite() { 0.5 / most } else { 0.0 };
        picture.mapv_inplace(|value| 0.5 + value * scale);
    }
    pictures
}

fn within_of<'a>(picture: ArrayViewD<'a, f32>, field: &[(usize, usize)]) -> ArrayViewD<'a, f32> {
    let mut picture = picture;
    for (axis, &(first, end)) in field.iter().enumerate() {
        picture.slice_axis_inplace(Axis(axis), Slice::from(first..end));
    }
    picture
}

fn within<'a>(picture: ArrayViewMutD<'a, f32>, field: &[(usize, usize)]) -> ArrayViewMutD<'a, f32> {
    let mut picture = picture;
    for (axis, &(first, end)) in field.iter().enumerate() {
        picture.slice_axis_inplace(Axis(axis), Slice::from(first..end));
    }
    picture
}

/// In colour where it is grey, too: 0 is black in every row.
fn image(picture: ArrayViewD<'_, f32>) -> picture::Result<Image> {
    match *picture.shape() {
        [height, width, 1] => Image::new(height, width, 3, picture.iter().flat_map(|&value| [value; 3]).collect()),
        [height, width, channels] => Image::new(height, width, channels, picture.iter().copied().collect()),
        _ => Err(picture::Error::Empty { what: "no picture of height x width x channels" }),
    }
}
