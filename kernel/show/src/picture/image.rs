//! Small images that stand inside a picture: samples, activation maps, filters.

use super::{Error, palette::Color};
use base64::Engine as _;

/// An image of height × width × channels, values 0–1, channels last. One channel is grey, three are red, green and blue; of any other
/// number the mean is shown. Values outside 0–1 are cut, what is not a number counts as 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    height: usize,
    width: usize,
    channels: usize,
    pixels: Vec<f32>,
}

/// How the values of a grey image are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grey {
    /// Ink where the images' borders are mostly 0, as handwriting's are; light otherwise.
    #[default]
    Auto,
    /// 0 is the paper, 1 is ink.
    Ink,
    /// 0 is black, 1 is white.
    Light,
}

impl Image {
    /// An image of `height * width * channels` values. Fails if there are more or fewer, or none.
    pub fn new(height: usize, width: usize, channels: usize, pixels: Vec<f32>) -> Result<Self, Error> {
        let expected = height.checked_mul(width).and_then(|area| area.checked_mul(channels));
        if expected != Some(pixels.len()) || pixels.is_empty() {
            return Err(Error::Pixels { height, width, channels, found: pixels.len() });
        }
        Ok(Image { height, width, channels, pixels })
    }

    /// Images of one size beside each other, light between them.
    pub fn beside(images: &[Self]) -> Result<Self, Error> {
        let [first, ..] = images else { return Err(Error::Empty { what: "no images" }) };
        let (height, width, channels) = (first.height, first.width, first.channels);
        let gap = width.div_ceil(16);
        let whole = images.len() * (width + gap) - gap;
        let mut pixels = vec![1.0; height * whole * channels];
        for (n, image) in images.iter().enumerate() {
            if (image.height, image.width, image.channels) != (height, width, channels) {
                let (height, width, channels) = (image.height, image.width, image.channels);
                return Err(Error::Pixels { height, width, channels, found: first.pixels.len() });
            }
            for (y, row) in image.pixels.chunks_exact(width * channels).enumerate() {
                let start = (y * whole + n * (width + gap)) * channels;
                pixels[start..start + row.len()].copy_from_slice(row);
            }
        }
        Self::new(height, whole, channels, pixels)
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.width
    }

    pub(super) fn is_grey(&self) -> bool {
        self.channels != 3
    }

    /// The grey value at a pixel, 0–1.
    pub(super) fn grey(&self, y: usize, x: usize) -> f64 {
        let start = (y * self.width + x) * self.channels;
        let values = &self.pixels[start..start + self.channels];
        values.iter().map(|&value| unit(value)).sum::<f64>() / self.channels as f64
    }

    /// The share of border pixels that are nearly 0.
    pub(super) fn dark_border(&self) -> f64 {
        let (last_y, last_x) = (self.height - 1, self.width - 1);
        let border = (0..self.height)
            .flat_map(|y| (0..self.width).map(move |x| (y, x)))
            .filter(|&(y, x)| y == 0 || x == 0 || y == last_y || x == last_x);
        let (mut dark, mut all) = (0usize, 0usize);
        for (y, x) in border {
            all += 1;
            dark += usize::from(self.grey(y, x) < 0.1);
        }
        dark as f64 / all.max(1) as f64
    }

    /// The image with `share` of another's colours, which is of its size, and the rest its own; `ink` gives the colours of 0
    /// and 1 for a grey one.
    pub(super) fn tinted(&self, tint: &Image, share: f64, ink: [Color; 2]) -> Result<Self, Error> {
        let (own, tint) = (self.rgb(ink), tint.rgb(ink));
        let mixed = own.iter().zip(&tint).map(|(&own, &tint)| {
            let mixed = f64::from(own) * (1.0 - share) + f64::from(tint) * share;
            (mixed / 255.0) as f32
        });
        Self::new(self.height, self.width, 3, mixed.collect())
    }

    /// Bytes of red, green and blue. `ink` gives the colours of 0 and 1 for a grey image.
    fn rgb(&self, ink: [Color; 2]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.height * self.width * 3);
        for (y, x) in (0..self.height).flat_map(|y| (0..self.width).map(move |x| (y, x))) {
            if self.is_grey() {
                let Color(r, g, b) = ink[0].mix(ink[1], self.grey(y, x));
                bytes.extend([r, g, b]);
            } else {
                let start = (y * self.width + x) * 3;
                bytes.extend(self.pixels[start..start + 3].iter().map(|&v| (unit(v) * 255.0).round() as u8));
            }
        }
        bytes
    }

    /// The image as the data URI of a PNG, each pixel `scale` by `scale` times: viewers that smooth every image leave those crisp.
    pub(super) fn data_uri(&self, ink: [Color; 2], scale: usize) -> Result<String, Error> {
        let size = |n: usize| {
            u32::try_from(n).map_err(|_| Error::Size { width: self.width as f64, height: self.height as f64 })
        };
        let rgb = self.rgb(ink);
        let row = |y: usize| &rgb[y * self.width * 3..(y + 1) * self.width * 3];
        let wide = |y: usize| row(y).chunks(3).flat_map(|pixel| pixel.repeat(scale)).collect::<Vec<u8>>();
        let enlarged: Vec<u8> = (0..self.height).flat_map(|y| wide(y).repeat(scale)).collect();
        let png = png(size(self.width * scale)?, size(self.height * scale)?, &enlarged)?;
        Ok(format!("data:image/png;base64,{}", base64::engine::general_purpose::STANDARD.encode(png)))
    }

    /// The image itself as a PNG, a pixel a pixel, 0 black and 1 white.
    pub fn png(&self) -> Result<Vec<u8>, Error> {
        let size = |n: usize| {
            u32::try_from(n).map_err(|_| Error::Size { width: self.width as f64, height: self.height as f64 })
        };
        png(size(self.width)?, size(self.height)?, &self.rgb([Color(0, 0, 0), Color(255, 255, 255)]))
    }

    /// The image averaged down so that neither side is longer than `side` pixels; as it is where it is small enough.
    pub(super) fn at_most(&self, side: usize) -> std::borrow::Cow<'_, Image> {
        let step = self.height.max(self.width).div_ceil(side.max(1)).max(1);
        if step == 1 {
            return std::borrow::Cow::Borrowed(self);
        }
        let (height, width) = (self.height.div_ceil(step), self.width.div_ceil(step));
        let mut pixels = Vec::with_capacity(height * width * self.channels);
        for (y, x, c) in
            (0..height).flat_map(|y| (0..width).flat_map(move |x| (0..self.channels).map(move |c| (y, x, c))))
        {
            let rows = y * step..((y + 1) * step).min(self.height);
            let columns = x * step..((x + 1) * step).min(self.width);
            let count = (rows.len() * columns.len()) as f64;
            let sum: f64 = rows
                .flat_map(|row| columns.clone().map(move |column| (row * self.width + column) * self.channels + c))
                .map(|at| unit(self.pixels[at]))
                .sum();
            pixels.push((sum / count) as f32);
        }
        std::borrow::Cow::Owned(Image { height, width, channels: self.channels, pixels })
    }
}

/// A value cut to 0–1; what is not a number is 0.
fn unit(value: f32) -> f64 {
    if value.is_nan() { 0.0 } else { f64::from(value.clamp(0.0, 1.0)) }
}

/// A PNG of bytes of red, green and blue, rows from the top.
pub(super) fn png(width: u32, height: u32, rgb: &[u8]) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Balanced);
    encoder.set_filter(png::Filter::Adaptive);
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(rgb)?;
        writer.finish()
    });
    written.map_err(|error| Error::Render(error.to_string()))?;
    Ok(bytes)
}
