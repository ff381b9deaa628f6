//! Where pictures go: SVG and PNG side by side, numbered in the order in which they came.

use std::io;
use std::path::PathBuf;

use fovea::picture::Picture;

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

    /// Writes a verb's picture as `03-plot-loss.svg` and `03-plot-loss.png`; gives both paths.
    pub fn write(&mut self, verb: &str, picture: &Picture) -> io::Result<[PathBuf; 2]> {
        std::fs::create_dir_all(&self.path)?;
        self.count += 1;
        let path =
            |extension: &str| self.path.join(format!("{:02}-{verb}-{}.{extension}", self.count, plain(&picture.name)));
        let (svg, png) = (path("svg"), path("png"));
        std::fs::write(&svg, &picture.svg)?;
        std::fs::write(&png, &picture.png)?;
        Ok([svg, png])
    }
}

/// The name with everything but letters, digits, dots and dashes made a dash: a net's name may hold anything.
fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() || c == '.' { c } else { '-' }).collect()
}
