//! Pictures in the terminal, as escape sequences; the file's path is printed in any case.
//!
//! kitty: <https://sw.kovidgoyal.net/kitty/graphics-protocol>. iTerm2: <https://iterm2.com/documentation-images.html>.
//! Sixel: DEC STD 070, chapter 9. Blocks: two pixels a character, as its upper half's colour and its ground.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fovea::picture::Picture;
use image::RgbImage;
use image::imageops::{FilterType, resize};

/// How a terminal shows pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Graphics {
    /// By kitty's protocol.
    Kitty,
    /// By iTerm2's.
    Iterm,
    /// As sixels.
    Sixel,
    /// As half blocks in 24-bit colours.
    Blocks,
    /// Not at all.
    None,
}

/// How much of an escape sequence kitty takes at once, in bytes.
const KITTY_CHUNK: usize = 4096;

/// A cell's width in pixels where the terminal does not say it.
const CELL: u32 = 8;

impl Graphics {
    /// What to write for a picture on a terminal of so many columns, its newline included; nothing where it shows
    /// none.
    pub fn show(self, picture: &Picture, columns: usize) -> String {
        if self == Graphics::None || self == Graphics::Blocks && !picture.has_images() {
            return String::new();
        }
        let cells = (columns.max(2) - 1).min(picture.width.div_ceil(CELL) as usize).max(1);
        // Where it cannot be drawn, the folder of pictures has said so.
        picture.png().map(|png| self.encode(&png, cells)).unwrap_or_default()
    }

    /// A PNG, so many columns wide.
    fn encode(self, png: &[u8], cells: usize) -> String {
        match self {
            Graphics::None => String::new(),
            Graphics::Kitty => kitty(png, cells),
            Graphics::Iterm => format!(
                "\x1b]1337;File=inline=1;size={};width={cells};preserveAspectRatio=1:{}\x07\n",
                png.len(),
                STANDARD.encode(png)
            ),
            // The picture is our own PNG: it decodes.
            Graphics::Sixel => pixels(png, cells as u32 * CELL).map(|image| sixel(&image)).unwrap_or_default(),
            Graphics::Blocks => pixels(png, cells as u32).map(|image| blocks(&image)).unwrap_or_default(),
        }
    }
}

/// The picture's pixels on white, so many across.
fn pixels(png: &[u8], width: u32) -> Option<RgbImage> {
    let image = image::load_from_memory(png).ok()?.to_rgba8();
    let over_white = image::ImageBuffer::from_fn(image.width(), image.height(), |x, y| {
        let image::Rgba([r, g, b, a]) = *image.get_pixel(x, y);
        let over = |c: u8| ((u16::from(c) * u16::from(a) + 255 * (255 - u16::from(a))) / 255) as u8;
        image::Rgb([over(r), over(g), over(b)])
    });
    let width = width.clamp(1, image.width().max(1));
    let height = (u64::from(image.height()) * u64::from(width)).div_ceil(u64::from(image.width().max(1))) as u32;
    Some(resize(&over_white, width, height.max(1), FilterType::Triangle))
}

/// The PNG in chunks; `q=2` keeps the terminal from answering.
fn kitty(png: &[u8], cells: usize) -> String {
    let data = STANDARD.encode(png);
    let chunks = data.as_bytes().chunks(KITTY_CHUNK);
    let count = chunks.len();
    let mut text = String::with_capacity(data.len() + 16 * count);
    for (number, chunk) in chunks.enumerate() {
        let first = if number == 0 { format!("a=T,f=100,q=2,c={cells},") } else { String::new() };
        let more = u8::from(number + 1 < count);
        // Base64 is ASCII.
        text.push_str(&format!("\x1b_G{first}m={more};{}\x1b\\", String::from_utf8_lossy(chunk)));
    }
    text + "\n"
}

/// Two rows of pixels a line of text; a colour that stays is not said again.
fn blocks(image: &RgbImage) -> String {
    let mut text = String::new();
    for y in (0..image.height()).step_by(2) {
        let mut last = None;
        for x in 0..image.width() {
            let upper = image.get_pixel(x, y).0;
            let lower = if y + 1 < image.height() { image.get_pixel(x, y + 1).0 } else { upper };
            if last != Some((upper, lower)) {
                let ([r, g, b], [br, bg, bb]) = (upper, lower);
                text.push_str(&format!("\x1b[38;2;{r};{g};{b};48;2;{br};{bg};{bb}m"));
                last = Some((upper, lower));
            }
            text.push('▀');
        }
        text += "\x1b[0m\n";
    }
    text
}

/// How many steps a colour has on each axis of the sixels' palette.
const STEPS: u16 = 6;

/// Bands of six rows; every colour of a band draws its pixels from the band's left.
fn sixel(image: &RgbImage) -> String {
    let (width, height) = image.dimensions();
    let mut text = format!("\x1bPq\"1;1;{width};{height}");
    for colour in 0..STEPS.pow(3) {
        let share = |step: u16| step * 100 / (STEPS - 1);
        let (r, g, b) = (colour / (STEPS * STEPS), colour / STEPS % STEPS, colour % STEPS);
        text.push_str(&format!("#{colour};2;{};{};{}", share(r), share(g), share(b)));
    }
    for top in (0..height).step_by(6) {
        let rows = 6.min(height - top);
        let band: Vec<[u16; 6]> = (0..width)
            .map(|x| {
                std::array::from_fn(|row| {
                    if (row as u32) < rows { nearest(image.get_pixel(x, top + row as u32).0) } else { u16::MAX }
                })
            })
            .collect();
        let mut colours: Vec<u16> = band.iter().flatten().copied().filter(|&colour| colour != u16::MAX).collect();
        colours.sort_unstable();
        colours.dedup();
        for colour in colours {
            text.push_str(&format!("#{colour}"));
            let bits =
                |column: &[u16; 6]| (0..6).filter(|&row| column[row] == colour).map(|row| 1u8 << row).sum::<u8>();
            runs(&mut text, band.iter().map(|column| char::from(b'?' + bits(column))));
            text.push('$');
        }
        text.push('-');
    }
    text + "\x1b\\\n"
}

/// The colour of the sixels' palette that is nearest.
fn nearest(colour: [u8; 3]) -> u16 {
    colour.iter().fold(0, |index, &c| index * STEPS + (u16::from(c) * (STEPS - 1) + 127) / 255)
}

/// Writes characters, four and more of a kind as `!COUNT`.
fn runs(text: &mut String, characters: impl Iterator<Item = char>) {
    let mut end = |last: Option<(char, usize)>| match last {
        Some((c, count)) if count > 3 => text.push_str(&format!("!{count}{c}")),
        Some((c, count)) => text.extend(std::iter::repeat_n(c, count)),
        None => {}
    };
    let mut last: Option<(char, usize)> = None;
    for c in characters {
        last = match last {
            Some((same, count)) if same == c => Some((c, count + 1)),
            before => {
                end(before);
                Some((c, 1))
            }
        };
    }
    end(last);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A PNG of 2×2 pixels: red, green; blue, clear.
    fn picture() -> Vec<u8> {
        let image = image::RgbaImage::from_raw(2, 2, vec![255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255, 0, 0, 0, 0]);
        let mut png = std::io::Cursor::new(Vec::new());
        image.unwrap_or_default().write_to(&mut png, image::ImageFormat::Png).unwrap_or_default();
        png.into_inner()
    }

    #[test]
    fn a_picture_in_every_form() {
        let picture = picture();
        let blocks = Graphics::Blocks.encode(&picture, 2);
        assert_eq!(blocks, "\x1b[38;2;255;0;0;48;2;0;0;255m▀\x1b[38;2;0;255;0;48;2;255;255;255m▀\x1b[0m\n");
        let sixel = Graphics::Sixel.encode(&picture, 2);
        // Red is 5·36 and has the upper left pixel, white 215 and has the lower right one.
        assert!(sixel.starts_with("\x1bPq\"1;1;2;2#0;2;0;0;0") && sixel.ends_with("-\x1b\\\n"));
        assert!(sixel.contains("#180@?$") && sixel.contains("#215?A$"), "{sixel:?}");
        let kitty = Graphics::Kitty.encode(&picture, 2);
        assert_eq!(kitty, format!("\x1b_Ga=T,f=100,q=2,c=2,m=0;{}\x1b\\\n", STANDARD.encode(&picture)));
        assert!(Graphics::Iterm.encode(&picture, 2).contains("inline=1"));
        assert_eq!(Graphics::None.encode(&picture, 2), "");
    }

    #[test]
    fn long_data_goes_in_chunks() {
        let text = kitty(&vec![7; 4 * KITTY_CHUNK], 10);
        let chunks: Vec<&str> = text.trim_end().split_terminator("\x1b\\").collect();
        assert!(chunks.len() > 4 && chunks.iter().all(|chunk| chunk.len() < KITTY_CHUNK + 64));
        assert!(chunks[0].contains("m=1;") && chunks[1].starts_with("\x1b_Gm=1;"));
        assert!(chunks[chunks.len() - 1].starts_with("\x1b_Gm=0;"));
    }
}
