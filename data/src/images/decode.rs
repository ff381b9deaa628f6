//! Files of pictures: what their head says, and their pixels.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use image::metadata::Orientation;
use image::{DynamicImage, ImageBuffer, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, Pixel};

use super::head::Head;

/// Nearly every head is within so many bytes.
const BEGINNING: u64 = 1 << 16;

/// The most pixels that a picture may claim to have: 8192 × 8192.
const MAX_PIXELS: u64 = 1 << 26;

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

/// The picture of a file: the first of several; upright.
pub(super) fn picture(path: &Path) -> Result<Picture, String> {
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    if image::guess_format(&bytes).is_ok_and(|format| format == ImageFormat::Jpeg) && is_cut(&bytes) {
        return Err(CUT.into());
    }
    let mut decoder = decoder(&bytes)?;
    of(&mut decoder)?;
    let orientation = decoder.orientation().map_err(|error| why(&error))?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(|error| why(&error))?;
    image.apply_orientation(orientation);
    Ok(Picture(image))
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
    match (height as u64).saturating_mul(width as u64) {
        0 => Err("it has no pixels".into()),
        1..=MAX_PIXELS => Ok(Head { size: [height, width], is_grey, is_deep }),
        _ => {
            let most = MAX_PIXELS / 1_000_000;
            Err(format!("it claims {height}x{width} pixels: pictures of up to {most} million are read"))
        }
    }
}

const CUT: &str = "the file is cut off";

/// Whether a jpeg's pixels lack the mark of their end. The decoder would make grey of what is not there.
fn is_cut(jpeg: &[u8]) -> bool {
    const FILL: u8 = 0xFF;
    const PIXELS: u8 = 0xDA;
    const END: [u8; 2] = [0xFF, 0xD9];
    let mut at = 2;
    while let Some(&[0xFF, mark]) = jpeg.get(at..at + 2) {
        if mark == FILL {
            at += 1;
            continue;
        }
        let Some(&[high, low]) = jpeg.get(at + 2..at + 4) else { return true };
        at += 2 + usize::from(u16::from_be_bytes([high, low]));
        if mark == PIXELS {
            return !jpeg.get(at..).unwrap_or_default().windows(2).any(|pair| pair == END);
        }
    }
    // Whatever this is, the decoder says it.
    false
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

/// A picture's pixels.
pub(super) struct Picture(DynamicImage);

impl Picture {
    /// Height and width.
    pub fn size(&self) -> [usize; 2] {
        [self.0.height() as usize, self.0.width() as usize]
    }

    /// Writes row `y` with values in 0..1: grey alone where a pixel has one channel. What shines through is white.
    pub fn row(&self, y: usize, channels: usize, row: &mut [f32]) {
        const WORD: f32 = u16::MAX as f32;
        const BYTE: f32 = u8::MAX as f32;
        match &self.0 {
            DynamicImage::ImageLuma8(image) => write(image, BYTE, y, channels, row),
            DynamicImage::ImageLumaA8(image) => write(image, BYTE, y, channels, row),
            DynamicImage::ImageRgb8(image) => write(image, BYTE, y, channels, row),
            DynamicImage::ImageRgba8(image) => write(image, BYTE, y, channels, row),
            DynamicImage::ImageLuma16(image) => write(image, WORD, y, channels, row),
            DynamicImage::ImageLumaA16(image) => write(image, WORD, y, channels, row),
            DynamicImage::ImageRgb16(image) => write(image, WORD, y, channels, row),
            DynamicImage::ImageRgba16(image) => write(image, WORD, y, channels, row),
            DynamicImage::ImageRgb32F(image) => write(image, 1.0, y, channels, row),
            other => write(&other.to_rgba32f(), 1.0, y, channels, row),
        }
    }
}

fn write<P>(image: &ImageBuffer<P, Vec<P::Subpixel>>, white: f32, y: usize, channels: usize, row: &mut [f32])
where
    P: Pixel,
    P::Subpixel: Into<f32>,
{
    let count = usize::from(P::CHANNEL_COUNT);
    let has_alpha = count.is_multiple_of(2);
    let colours = count - usize::from(has_alpha);
    let line = image.width() as usize * count;
    let pixels = image.as_raw()[y * line..][..line].chunks_exact(count);
    // What the eye makes of red, green and blue: ITU-R BT.601.
    const GREY: [f32; 3] = [0.299, 0.587, 0.114];
    let becomes_grey = channels == 1 && colours == GREY.len();
    for (pixel, values) in pixels.zip(row.chunks_exact_mut(channels)) {
        for (channel, value) in values.iter_mut().enumerate() {
            let level: f32 = if becomes_grey {
                GREY.iter().zip(pixel).map(|(share, &level)| share * level.into()).sum()
            } else {
                pixel[channel % colours].into()
            };
            *value = level / white;
            if has_alpha {
                let alpha = pixel[colours].into() / white;
                *value = *value * alpha + (1.0 - alpha);
            }
        }
    }
}
