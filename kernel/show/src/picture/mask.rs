//! Masks as files: each pixel its class's number.

use super::Error;
use super::legend::color;
use super::palette::{Color, Palette, Theme};

/// Class numbers as a PNG with a palette, `rows` by `columns` of them, in the colours that pictures of classes have on light
/// paper: each pixel is its class's number.
///
/// Fails where the numbers do not fill the size, or there are more than 256 classes.
pub fn palette_png(rows: usize, columns: usize, numbers: &[u8], classes: usize) -> Result<Vec<u8>, Error> {
    let wrong = Error::Pixels { height: rows, width: columns, channels: 1, found: numbers.len() };
    if classes > 256 || rows.checked_mul(columns) != Some(numbers.len()) {
        return Err(wrong);
    }
    let (Ok(width), Ok(height)) = (u32::try_from(columns), u32::try_from(rows)) else { return Err(wrong) };
    let light = Palette::of(Theme::Light);
    let colors = (0..classes.max(1)).flat_map(|class| {
        let Color(r, g, b) = color(class, light);
        [r, g, b]
    });
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(colors.collect::<Vec<u8>>());
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(numbers)?;
        writer.finish()
    });
    written.map_err(|error| Error::Render(error.to_string()))?;
    Ok(bytes)
}
