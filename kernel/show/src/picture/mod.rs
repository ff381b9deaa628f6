//! Pictures: plots of training, sheets of samples and predictions, confusion matrices, weights, maps, convolutions.
//!
//! Every builder is a function from data to a [`Picture`]. It writes SVG; a PNG is drawn from that SVG, so that the two
//! cannot differ. Curves in axes are drawn by plotters, through a backend that writes that SVG. No file is read or written.

mod alike;
mod audited;
mod backend;
mod bars;
mod canvas;
mod chart;
mod confusion;
mod convolution;
mod curves;
mod draw;
mod embedding;
mod ends;
mod font;
mod image;
mod layer;
mod legend;
mod maps;
mod mask;
mod maximize;
mod palette;
mod predictions;
#[cfg(feature = "png")]
mod raster;
mod saliency;
mod scale;
mod sheet;
mod small;
mod stylize;
mod ticks;
mod transposed;
mod values;

pub use alike::alike;
pub use audited::audited;
pub use bars::{Measure, bars};
pub use confusion::confusion;
pub use convolution::convolution;
pub use curves::{Along, Panel, Series, SeriesKind, Unit, curves, panels, scatter};
pub use draw::{Drawing, Footprint, Outline, Traffic, View, Wire, draw};
pub use embedding::{Embedding, embedding};
use fovea_graph::counted;
pub use image::{Grey, Image};
pub use layer::{Face, MOST_TILES, Plane, Tile, TileRow, layer};
pub use maps::{Mapped, maps};
pub use mask::palette_png;
pub use maximize::{Climb, climb, wanted};
pub use palette::{Color, Palette, Theme};
pub use predictions::{Prediction, predictions};
pub use saliency::{Salient, SalientMap, saliency};
pub use sheet::{Mark, Mistake, Sample, mistakes, sheet};
pub use stylize::{Framed, stylized};
pub use transposed::transposed;
pub use values::{Values, values};

use serde::{Deserialize, Serialize};

/// A picture. With the feature `png`, its `png` is the same drawing as PNG.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    /// A short name, fit for a file's: `loss`, `confusion`.
    pub name: String,
    /// The picture as SVG, a document of its own.
    pub svg: String,
    /// Width in pixels, as it should be shown.
    pub width: u32,
    /// Height in pixels, as it should be shown.
    pub height: u32,
    /// What the picture says, for those who cannot see it.
    pub alt: String,
}

impl Picture {
    /// The picture as PNG; none in a build that draws none.
    pub fn to_png(&self) -> Option<Result<Vec<u8>>> {
        #[cfg(feature = "png")]
        return Some(self.png());
        #[cfg(not(feature = "png"))]
        None
    }
}

impl Picture {
    /// The size at which it is shown no wider than this, in pixels.
    pub fn no_wider(&self, most: u32) -> (u32, u32) {
        if self.width <= most {
            return (self.width, self.height);
        }
        let height = u64::from(self.height) * u64::from(most) / u64::from(self.width);
        (most, u32::try_from(height).unwrap_or(self.height).max(1))
    }

    /// Its SVG, to be shown at another size.
    pub fn svg_at(&self, (width, height): (u32, u32)) -> String {
        let own = format!("width=\"{}\" height=\"{}\"", self.width, self.height);
        self.svg.replacen(&own, &format!("width=\"{width}\" height=\"{height}\""), 1)
    }
}

/// Why a picture could not be drawn.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// There is nothing to draw.
    #[error("there is nothing to draw: {what}")]
    Empty {
        /// What is missing.
        what: &'static str,
    },
    /// The pixels to draw cannot be read.
    #[error("{why}")]
    Unread {
        /// What is wrong with the file they are in.
        why: String,
    },
    /// An image's values do not fill its shape.
    #[error("an image of {height}×{width}×{channels} does not have {}", counted(.found, "value"))]
    Pixels {
        /// Rows.
        height: usize,
        /// Columns.
        width: usize,
        /// Values a pixel.
        channels: usize,
        /// Values given.
        found: usize,
    },
    /// A confusion matrix must have a row and a column for every class.
    #[error("a confusion matrix of {0} needs {classes} rows of as many counts; row {row} has {found}", counted(.classes, "class"))]
    Matrix {
        /// Classes named.
        classes: usize,
        /// The first row that differs, from 0; the number of rows where there are too few or too many.
        row: usize,
        /// Its counts.
        found: usize,
    },
    /// The picture would be too large to show.
    #[error("a picture of {width}×{height} pixels is too large to draw; show fewer samples or classes")]
    Size {
        /// Width in pixels.
        width: f64,
        /// Height in pixels.
        height: f64,
    },
    /// The drawing library refused.
    #[error("the picture could not be drawn: {0}")]
    Render(String),
}

/// What the builders return.
pub type Result<T> = std::result::Result<T, Error>;
