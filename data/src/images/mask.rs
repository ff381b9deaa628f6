//! Pictures whose pixels are numbers of classes: grey levels, or the places of colours in a palette.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use image::DynamicImage;
use png::{BitDepth, ColorType, Transformations};

use super::decode;
use super::head::Mask;

/// The mask of a file.
pub(super) fn mask(path: &Path) -> Result<Mask, String> {
    decode::head(path)?;
    let is_png = decode::begins(path)? == Some(image::ImageFormat::Png);
    if is_png { of_png(path) } else { of_other(path) }
}

/// A png keeps its palette's numbers: other readers would give the colours.
fn of_png(path: &Path) -> Result<Mask, String> {
    let file = BufReader::new(File::open(path).map_err(|error| error.to_string())?);
    let mut decoder = png::Decoder::new(file);
    decoder.set_transformations(Transformations::IDENTITY);
    let broken = |error: png::DecodingError| format!("it is broken: {error}");
    let mut reader = decoder.read_info().map_err(broken)?;
    let length = reader.output_buffer_size().ok_or("decoding it takes more memory than pictures may")?;
    let mut bytes = vec![0; length];
    let frame = reader.next_frame(&mut bytes).map_err(broken)?;
    let (height, width) = (frame.height as usize, frame.width as usize);
    let (channels, depth) = (frame.color_type.samples(), frame.bit_depth);
    match frame.color_type {
        ColorType::Indexed | ColorType::Grayscale | ColorType::GrayscaleAlpha => {}
        ColorType::Rgb | ColorType::Rgba => return Err(IN_COLOUR.into()),
    }
    let mut numbers = Vec::with_capacity(height * width);
    for row in bytes.chunks_exact(frame.line_size).take(height) {
        numbers.extend((0..width).map(|x| sample(row, x * channels, depth)));
    }
    Ok(Mask { size: [height, width], numbers })
}

const IN_COLOUR: &str = "it is in colour: a mask is grey, or has a palette, each pixel with its class's number";

/// The `at`-th sample of a row.
fn sample(row: &[u8], at: usize, depth: BitDepth) -> u16 {
    match depth {
        BitDepth::Sixteen => u16::from_be_bytes([row[2 * at], row[2 * at + 1]]),
        BitDepth::Eight => u16::from(row[at]),
        BitDepth::One | BitDepth::Two | BitDepth::Four => {
            let bits = depth as usize;
            let place = at * bits;
            let shift = 8 - bits - place % 8;
            u16::from(row[place / 8] >> shift) & ((1 << bits) - 1)
        }
    }
}

fn of_other(path: &Path) -> Result<Mask, String> {
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    let decoder = decode::decoder(&bytes)?;
    let picture = DynamicImage::from_decoder(decoder).map_err(|error| decode::why(&error))?;
    let size = [picture.height() as usize, picture.width() as usize];
    let grey = match picture {
        DynamicImage::ImageLuma8(grey) => grey.into_raw().into_iter().map(u16::from).collect(),
        DynamicImage::ImageLuma16(grey) => grey.into_raw(),
        other => grey_of(&other.into_rgb8()).ok_or(IN_COLOUR)?,
    };
    Ok(Mask { size, numbers: grey })
}

/// The levels of a picture that is grey, though its file could hold colours.
fn grey_of(picture: &image::RgbImage) -> Option<Vec<u16>> {
    let level = |pixel: &image::Rgb<u8>| match pixel.0 {
        [red, green, blue] if red == green && green == blue => Some(u16::from(red)),
        _ => None,
    };
    picture.pixels().map(level).collect()
}
