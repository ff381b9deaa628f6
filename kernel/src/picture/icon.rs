//! Icons: a drawing of ours at a few fixed sizes.

use resvg::{tiny_skia, usvg};

use super::{Error, Result};

/// The PNG of a square SVG, `side` pixels wide, transparent where nothing is drawn. The SVG has no text.
pub fn icon(svg: &str, side: u32) -> Result<Vec<u8>> {
    let size = Error::Size { width: f64::from(side), height: f64::from(side) };
    let tree =
        usvg::Tree::from_str(svg, &usvg::Options::default()).map_err(|error| Error::Render(error.to_string()))?;
    let mut pixmap = tiny_skia::Pixmap::new(side, side).ok_or(size)?;
    let (x, y) = (side as f32 / tree.size().width(), side as f32 / tree.size().height());
    resvg::render(&tree, tiny_skia::Transform::from_scale(x, y), &mut pixmap.as_mut());
    super::image::rgba_png(side, side, &pixmap.take_demultiplied())
}
