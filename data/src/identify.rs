//! What tells data from others, without reading pixels.

use std::fmt::{Debug, Write};

use sha2::{Digest, Sha256};

use crate::spec::{DataSpec, Files};

/// So many bytes of a digest tell data apart.
const BYTES: usize = 8;

impl DataSpec {
    /// What tells these data from others, in 16 hexadecimal digits: a digest (SHA-256, cut off) of where they come from, of
    /// the files' names, lengths and times, of sizes, classes and parts, and of how they are augmented and normalised. No
    /// pixels are read. It is the same under another name and wherever samples are kept; another version of the program may
    /// give another.
    pub fn fingerprint(&self) -> String {
        let mut text = Hashed(Sha256::new());
        self.identify(&mut text);
        text.0.finalize().iter().take(BYTES).map(|byte| format!("{byte:02x}")).collect()
    }

    fn identify(&self, text: &mut Hashed) {
        text.take(&self.size());
        text.take(self.augment());
        text.take(&self.normalize());
        match self.files() {
            Files::Part(part, of) => {
                text.take(&(&part.which, &part.split));
                of.identify(text);
            }
            files => {
                text.take(self.source());
                text.take(self.description());
                text.take(files);
            }
        }
    }
}

/// A digest that is written to: of a hundred thousand files no text is made.
struct Hashed(Sha256);

impl Hashed {
    fn take(&mut self, what: &dyn Debug) {
        // A digest takes all.
        let _ = writeln!(self, "{what:?}");
    }
}

impl Write for Hashed {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.update(text);
        Ok(())
    }
}
