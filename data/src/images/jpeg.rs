//! Jpegs, by their own decoder: each file's head is read once.

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, RgbImage};
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::pixels::{Decoded, checked};
use super::share::Share;

/// What is said of a file whose end is missing.
pub(super) const CUT: &str = "the file is cut off";

/// The picture of a jpeg, as it lies in the file: grey where the file is, else red, green and blue.
pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, String> {
    if is_cut(bytes) {
        return Err(CUT.into());
    }
    // As lenient as for heads; how large a picture may be is checked below.
    let options = DecoderOptions::default().set_strict_mode(false);
    let options = options.set_max_width(usize::MAX).set_max_height(usize::MAX);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|error| why(&error))?;
    let is_grey = decoder.input_colorspace() == Some(ColorSpace::Luma);
    let colours = if is_grey { ColorSpace::Luma } else { ColorSpace::RGB };
    decoder.set_options(options.jpeg_set_out_colorspace(colours));
    let [width, height] = decoder.dimensions().map_or([0, 0], |(width, height)| [width as u32, height as u32]);
    checked([height as usize, width as usize])?;
    let mut levels = vec![0; decoder.output_buffer_size().unwrap_or_default()];
    let share = Share::wait(levels.len() as u64);
    decoder.decode_into(&mut levels).map_err(|error| why(&error))?;
    let orientation = decoder.exif().and_then(|exif| Orientation::from_exif_chunk(exif));
    let image = if is_grey {
        GrayImage::from_raw(width, height, levels).map(DynamicImage::from)
    } else {
        RgbImage::from_raw(width, height, levels).map(DynamicImage::from)
    };
    let image = image.ok_or("it is broken: it has fewer pixels than it claims")?;
    Ok(Decoded { image, orientation: orientation.unwrap_or(Orientation::NoTransforms), share })
}

/// A decoder's error, for after the file's name.
fn why(error: &DecodeErrors) -> String {
    match error {
        DecodeErrors::Unsupported(_) => format!("it is of a kind that is not read: {error}"),
        DecodeErrors::ExhaustedData => CUT.into(),
        _ => format!("it is broken: {error}"),
    }
}

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
            let pixels = jpeg.get(at..).unwrap_or_default();
            // Most have nothing behind it.
            return !pixels.ends_with(&END) && !pixels.windows(2).any(|pair| pair == END);
        }
    }
    // Whatever this is, the decoder says it.
    false
}
