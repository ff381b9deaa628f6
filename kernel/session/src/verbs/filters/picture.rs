//! Weights as images: in colour where they see colours, else an image a channel.

use fovea_graph::Tensor;
use fovea_graph::shape::join;
use ndarray::{ArrayViewD, Axis};

use super::{Filters, Form};
use crate::display::number;
use crate::picture::{Error, Face, Image, MOST_TILES, Picture, Plane, Result, Tile, TileRow, layer};

/// So many units over a vector are drawn, and so many of their weights.
const MOST_ROWS: usize = 512;

/// The filters `[K, rows, columns, channels]`; units over a vector are one plane.
pub fn draw(what: &Filters, filters: &Tensor) -> Result<Picture> {
    let [_, rows, columns, channels] = filters.shape()[..] else {
        return Err(Error::Empty { what: "no weights" });
    };
    let count = what.range.1 - what.range.0;
    let each = if what.form == Form::Vector { columns.to_string() } else { join(&filters.shape()[1..]) };
    let title = format!("{}: {} of {each}", what.title(), what.word(count));
    if what.form == Form::Vector {
        return vector(what, &title, filters);
    }
    let number = |i: usize| if count == 1 { String::new() } else { (what.range.0 + i).to_string() };
    let views: Vec<ArrayViewD<'_, f32>> = filters.outer_iter().collect();
    let line = |tiles: Vec<Tile>| [TileRow { label: String::new(), tiles }];
    if what.is_colour && channels == 3 {
        let tile = |(i, filter)| Ok(tile(number(i), Face::Picture(colours(filter, rows, columns)?)));
        let tiles: Vec<Tile> = views.iter().enumerate().map(tile).collect::<Result<_>>()?;
        let note = "red, green and blue are the channels; grey is 0, each filter has its own scale";
        return layer("weights", &title, note, &line(tiles), [1, count], what.theme);
    }
    let plane = |filter: &ArrayViewD<'_, f32>, channel: usize| {
        let values = filter.index_axis(Axis(2), channel).iter().copied().collect();
        Face::Numbers(Plane { rows, columns, values })
    };
    let of_channels = |filter: &ArrayViewD<'_, f32>| -> Vec<Tile> {
        (0..channels.min(MOST_TILES)).map(|channel| tile(channel.to_string(), plane(filter, channel))).collect()
    };
    match (&views[..], channels) {
        (views, 1) => {
            let tiles = views.iter().enumerate().map(|(i, filter)| tile(number(i), plane(filter, 0))).collect();
            layer("weights", &title, "all on one scale", &line(tiles), [1, count], what.theme)
        }
        ([one], _) => {
            let note = "a tile a channel of the input";
            layer("weights", &title, note, &line(of_channels(one)), [1, channels], what.theme)
        }
        (views, _) => {
            let row = |(i, filter)| TileRow { label: number(i), tiles: of_channels(filter) };
            let rows: Vec<TileRow> = views.iter().take(MOST_TILES).enumerate().map(row).collect();
            let note = "a row a filter, a column a channel of the input";
            layer("weights", &title, note, &rows, [count, channels], what.theme)
        }
    }
}

fn tile(caption: String, face: Face) -> Tile {
    Tile { caption, face, is_silent: false }
}

/// A filter over colours as a colour picture: 0 is grey, the weight that is largest in size is dark or bright.
fn colours(filter: &ArrayViewD<'_, f32>, rows: usize, columns: usize) -> Result<Image> {
    let most = filter.iter().fold(f32::MIN_POSITIVE, |most, value| most.max(value.abs()));
    Image::new(rows, columns, 3, filter.iter().map(|value| 0.5 + value / most / 2.0).collect())
}

/// Units over a vector, a row a unit.
fn vector(what: &Filters, title: &str, units: &Tensor) -> Result<Picture> {
    let (rows, columns) = (units.shape()[1], units.shape()[2]);
    let (shown, inputs) = (rows.min(MOST_ROWS), columns.min(MOST_ROWS));
    let values = (0..shown).flat_map(|row| (0..inputs).map(move |column| units[[0, row, column, 0]])).collect();
    let face = Face::Numbers(Plane { rows: shown, columns: inputs, values });
    let note = match (shown, inputs) == (rows, columns) {
        true => "a row a unit, a column an input".to_string(),
        false => {
            let [shown, inputs] = [shown, inputs].map(|n| number::count(n as u64));
            let (rows, columns) = (number::of(rows, "unit"), number::of(columns, "input"));
            format!("a row a unit, a column an input; {shown} of {rows}, {inputs} of {columns}")
        }
    };
    let row = TileRow { label: String::new(), tiles: vec![tile(String::new(), face)] };
    layer("weights", title, &note, &[row], [1, 1], what.theme)
}
