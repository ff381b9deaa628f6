//! Where pictures go: SVG and PNG side by side, numbered in the order in which they came.

use std::path::PathBuf;

use fovea::picture::Picture;
use fovea_train::write_whole;

/// A folder of pictures; made when the first one comes.
pub struct Folder {
    path: PathBuf,
    count: usize,
}

impl Folder {
    /// Pictures go to `path`.
    pub fn new(path: PathBuf) -> Self {
        Self { path, count: 0 }
    }

    /// Writes a verb's picture as `03-plot-loss.svg` and `03-plot-loss.png`; gives both paths, or what could not be
    /// written and why.
    pub fn write(&mut self, verb: &str, picture: &Picture) -> Result<[PathBuf; 2], String> {
        let folder = |error| format!("{} cannot be made: {error}", self.path.display());
        std::fs::create_dir_all(&self.path).map_err(folder)?;
        self.count += 1;
        let path =
            |extension: &str| self.path.join(format!("{:02}-{verb}-{}.{extension}", self.count, plain(&picture.name)));
        let (svg, png) = (path("svg"), path("png"));
        let drawn = picture.png().map_err(|error| error.to_string())?;
        for (path, bytes) in [(&svg, picture.svg.as_bytes()), (&png, &drawn)] {
            write_whole(path, bytes).map_err(|error| error.to_string())?;
        }
        Ok([svg, png])
    }
}

/// The name with everything but letters, digits, dots and dashes made a dash: a net's name may hold anything.
fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() || c == '.' { c } else { '-' }).collect()
}
