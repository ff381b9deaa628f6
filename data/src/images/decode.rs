//! Files of pictures: what their head says, and their pixels.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use fovea_graph::Stop;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use super::fault::Fault;
use super::head::Head;
use super::jpeg::{self, CUT};
use super::pixels::{Decoded, MAX_PIXELS, Picture, checked};
use super::share::Share;

/// Nearly every head is within so many bytes.
const BEGINNING: u64 = 1 << 16;

/// What a decoder may take beside: enough for the largest picture of 16 bits.
const MAX_BYTES: u64 = MAX_PIXELS * 12;

/// What the head of a file says.
pub(super) fn head(path: &Path) -> Result<Head, String> {
    let mut file = File::open(path).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    file.by_ref().take(BEGINNING).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    let is_whole = (bytes.len() as u64) < BEGINNING;
    // A webp tells at its end how it is to be turned.
    let is_told_late = image::guess_format(&bytes).is_ok_and(|format| format == ImageFormat::WebP);
    let told = decoder(&bytes).and_then(|mut decoder| of(&mut decoder));
    if is_whole || told.is_ok() && !is_told_late {
        return told;
    }
    file.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    of(&mut decoder(&bytes)?)
}

/// The picture of a file, with 1 channel or 3: the first of several; upright. Decoding itself does not ask `stop`.
pub(super) fn picture(path: &Path, channels: usize, stop: &dyn Stop) -> Result<Picture, Fault> {
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    stop.go_on()?;
    let is_jpeg = image::guess_format(&bytes).is_ok_and(|format| format == ImageFormat::Jpeg);
    let Decoded { mut image, orientation, share } = if is_jpeg { jpeg::decode(&bytes) } else { decode(&bytes) }?;
    drop(bytes);
    stop.go_on()?;
    image.apply_orientation(orientation);
    stop.go_on()?;
    Ok(Picture::new(image, channels, share))
}

fn decode(bytes: &[u8]) -> Result<Decoded, String> {
    let mut decoder = decoder(bytes)?;
    of(&mut decoder)?;
    let share = Share::wait(decoder.total_bytes());
    let orientation = decoder.orientation().map_err(|error| why(&error))?;
    let image = DynamicImage::from_decoder(decoder).map_err(|error| why(&error))?;
    Ok(Decoded { image, orientation, share })
}

/// What format a file begins as.
pub(super) fn begins(path: &Path) -> Result<Option<ImageFormat>, String> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| error.to_string())?;
    file.take(BEGINNING).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok(image::guess_format(&bytes).ok())
}

pub(super) fn decoder(bytes: &[u8]) -> Result<impl ImageDecoder + '_, String> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|error| error.to_string())?;
    if bytes.is_empty() {
        return Err("the file is empty".into());
    }
    if reader.format().is_none() {
        return Err("it is no png, jpeg, webp, bmp or gif".into());
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_BYTES);
    reader.limits(limits);
    reader.into_decoder().map_err(|error| why(&error))
}

fn of(decoder: &mut impl ImageDecoder) -> Result<Head, String> {
    let (width, height) = decoder.dimensions();
    let colour = decoder.color_type();
    let is_grey = !colour.has_color();
    let is_deep = colour.bytes_per_pixel() > colour.channel_count();
    let turned =
        [Orientation::Rotate90, Orientation::Rotate270, Orientation::Rotate90FlipH, Orientation::Rotate270FlipH];
    let size = [height as usize, width as usize];
    let orientation = decoder.orientation().map_err(|error| why(&error))?;
    let [height, width] = if turned.contains(&orientation) { [size[1], size[0]] } else { size };
    checked([height, width])?;
    Ok(Head { size: [height, width], is_grey, is_deep })
}

/// A decoder's error, for after the file's name.
pub(super) fn why(error: &ImageError) -> String {
    match error {
        ImageError::Limits(_) => "decoding it takes more memory than pictures may".into(),
        ImageError::Unsupported(_) => format!("it is of a kind that is not read: {error}"),
        ImageError::IoError(cut) if cut.kind() == std::io::ErrorKind::UnexpectedEof => CUT.into(),
        _ => format!("it is broken: {error}"),
    }
}
