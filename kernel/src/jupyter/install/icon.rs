//! Icons: a drawing of ours at a few fixed sizes.

use std::io::Cursor;

use anyhow::Context;
use image::{ImageFormat, RgbaImage};
use resvg::{tiny_skia, usvg};

/// The PNG of a square SVG, `side` pixels wide, transparent where nothing is drawn. The SVG has no text.
pub fn icon(svg: &str, side: u32) -> anyhow::Result<Vec<u8>> {
    let tree = usvg::Tree::from_str(svg, &usvg::Options::default())?;
    let mut pixmap = tiny_skia::Pixmap::new(side, side).context("an icon has no pixels")?;
    let (x, y) = (side as f32 / tree.size().width(), side as f32 / tree.size().height());
    resvg::render(&tree, tiny_skia::Transform::from_scale(x, y), &mut pixmap.as_mut());
    let drawn = RgbaImage::from_raw(side, side, pixmap.take_demultiplied()).context("an icon lacks pixels")?;
    let mut png = Cursor::new(Vec::new());
    drawn.write_to(&mut png, ImageFormat::Png)?;
    Ok(png.into_inner())
}
