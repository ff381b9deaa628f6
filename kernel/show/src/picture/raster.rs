//! A picture as PNG: its SVG, drawn. Only front ends of the program need it, and the library alone is built without it.

use std::sync::{Arc, OnceLock};

use resvg::usvg::fontdb;
use resvg::{tiny_skia, usvg};

use super::font::{self, REGULAR, SEMIBOLD};
use super::{Error, Picture, Result};

/// The PNG has so many pixels for one of the SVG's, so that it is sharp on a dense screen.
const SCALE: u32 = 2;

impl Picture {
    /// Whether it shows photographs or maps, which are something even where a character is two pixels; a plot is not.
    pub fn has_images(&self) -> bool {
        self.svg.contains("<image ")
    }

    /// The picture as PNG, with twice `width` and `height` pixels, for dense screens.
    pub fn png(&self) -> Result<Vec<u8>> {
        rasterize(&drawable(&self.svg), self.width, self.height)
    }
}

/// The same document with a `?` for every character that the embedded font lacks: a viewer of the SVG has fonts for them, the PNG would show a hole.
fn drawable(svg: &str) -> String {
    let shown = |c: char| match c {
        c if c.is_ascii() || font::has(c) => Some(c),
        c if unicode_width::UnicodeWidthChar::width(c).unwrap_or(0) == 0 => None,
        _ => Some('?'),
    };
    svg.chars().filter_map(shown).collect()
}

/// Draws an SVG at [`SCALE`].
fn rasterize(svg: &str, width: u32, height: u32) -> Result<Vec<u8>> {
    let options = usvg::Options { fontdb: database(), font_family: "Inter".to_string(), ..usvg::Options::default() };
    let tree = usvg::Tree::from_str(svg, &options).map_err(|error| Error::Render(error.to_string()))?;
    let (width, height) = (width * SCALE, height * SCALE);
    let mut pixmap = tiny_skia::Pixmap::new(width, height)
        .ok_or(Error::Size { width: f64::from(width), height: f64::from(height) })?;
    let scale = SCALE as f32;
    resvg::render(&tree, tiny_skia::Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    // The paper covers everything, so alpha is 1 throughout and can go.
    let drawn = image::RgbaImage::from_raw(width, height, pixmap.take())
        .ok_or(Error::Size { width: f64::from(width), height: f64::from(height) })?;
    super::image::png(width, height, image::DynamicImage::ImageRgba8(drawn).to_rgb8().as_raw())
}

/// The database that text is drawn from; holds the embedded font alone.
fn database() -> Arc<fontdb::Database> {
    static DATABASE: OnceLock<Arc<fontdb::Database>> = OnceLock::new();
    Arc::clone(DATABASE.get_or_init(|| {
        let mut fonts = fontdb::Database::new();
        fonts.load_font_source(fontdb::Source::Binary(Arc::new(REGULAR)));
        fonts.load_font_source(fontdb::Source::Binary(Arc::new(SEMIBOLD)));
        fonts.set_sans_serif_family("Inter");
        fonts.set_serif_family("Inter");
        fonts.set_monospace_family("Inter");
        Arc::new(fonts)
    }))
}
