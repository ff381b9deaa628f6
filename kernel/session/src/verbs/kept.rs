//! `save "x.npy"`, `save "x.png"`: pictures that a statement made, kept as they are.

use std::path::PathBuf;

use fovea_dsl::Diagnostic;
use fovea_dsl::syntax::Name;
use fovea_graph::{Span, Tensor};
use fovea_train::write_whole;

use super::predict::write;
use super::weights::destination;
use crate::failure::{At, Failure};
use crate::picture::Image;

/// Where pictures are kept.
pub struct Kept {
    /// The file; as a png where it ends so, as npy otherwise.
    pub path: PathBuf,
    span: Span,
}

impl Kept {
    /// What a clause says, as far as can be told without writing it.
    pub fn at(path: &Name) -> Result<Self, Diagnostic> {
        let (path, span) = destination(path)?;
        Ok(Self { path, span })
    }

    /// Whether a picture is kept, not numbers.
    pub fn is_png(&self) -> bool {
        self.path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png"))
    }

    /// Writes pictures `[N, H, W, C]`, values in 0..1: as npy all values as they are, as a png beside each other.
    pub fn write(&self, pictures: &Tensor) -> Result<(), Failure> {
        if !self.is_png() {
            return write(&self.path, pictures).at(self.span);
        }
        let image = |picture: ndarray::ArrayViewD<'_, f32>| match *picture.shape() {
            [height, width, channels] => Image::new(height, width, channels, picture.iter().copied().collect()),
            _ => Err(crate::picture::Error::Empty { what: "no picture of height x width x channels" }),
        };
        let images = pictures.outer_iter().map(image).collect::<Result<Vec<_>, _>>().at(self.span)?;
        let png = Image::beside(&images).and_then(|image| image.png()).at(self.span)?;
        write_whole(&self.path, &png).at(self.span)
    }
}
