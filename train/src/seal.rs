//! Checksums of a file of weights: one of its header, one of each tensor. They find accidents, not forgeries.
//!
//! They stand before the header, in its entry: `crc32 0123abcd 89abcdef`, a line end, the header.

use std::io;

use crc32fast::Hasher;
use fovea_graph::Tensor;

/// What a sealed entry begins with.
const WORD: &str = "crc32 ";

/// How many numbers are brought into bytes at once.
const CHUNK: usize = 4096;

/// The checksums.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Seal {
    header: u32,
    tensors: Vec<u32>,
}

impl Seal {
    /// Those of a header and of tensors, in its order.
    pub fn of(header: &str, tensors: Vec<u32>) -> Self {
        Self { header: crc32fast::hash(header.as_bytes()), tensors }
    }

    /// The entry of a file: these, and the header behind them.
    pub fn before(&self, header: &str) -> String {
        let sums: Vec<String> = self.tensors.iter().map(|sum| format!(" {sum:08x}")).collect();
        format!("{WORD}{:08x}{}\n{header}", self.header, sums.concat())
    }

    /// The seal of an entry and its header; an entry of an earlier version is a header alone. `None`: the seal cannot be
    /// read.
    pub fn split(entry: &str) -> Option<(Option<Self>, &str)> {
        let Some(rest) = entry.strip_prefix(WORD) else {
            return Some((None, entry));
        };
        let (sums, header) = rest.split_once('\n')?;
        let number = |text: &str| (text.len() == 8).then(|| u32::from_str_radix(text, 16).ok()).flatten();
        let mut sums = sums.split(' ').map(number);
        let seal = Self { header: sums.next()??, tensors: sums.collect::<Option<_>>()? };
        Some((Some(seal), header))
    }

    /// Whether the header is as it was written.
    pub fn has_header(&self, header: &str) -> bool {
        self.header == crc32fast::hash(header.as_bytes())
    }

    /// Whether these tensors, `order` by name, are as they were written; else the name of one that is not.
    pub fn check(&self, order: &[String], tensors: &[(String, Tensor)]) -> Result<(), String> {
        if let Some((_, (name, _))) = order.iter().zip(tensors).find(|(name, (found, _))| *name != found) {
            return Err(name.clone());
        }
        let (known, found) = (order.len().min(self.tensors.len()), tensors.len());
        if known != found || order.len() != self.tensors.len() {
            return Err("the list of its tensors".to_string());
        }
        let wrong = tensors.iter().zip(&self.tensors).find(|(tensor, written)| sum(tensor) != **written);
        wrong.map_or(Ok(()), |((name, _), _)| Err(name.clone()))
    }
}

/// The checksum of a tensor: its name, its shape, its bits.
fn sum((name, tensor): &(String, Tensor)) -> u32 {
    let mut sum = Sum::new(name, tensor.shape());
    sum.add(tensor.as_standard_layout().as_slice().unwrap_or(&[]));
    sum.end()
}

/// The checksum of a tensor whose elements come one after the other, in row-major order.
pub(crate) struct Sum(Hasher);

impl Sum {
    /// Of its name and its shape.
    pub fn new(name: &str, shape: &[usize]) -> Self {
        let mut hasher = Hasher::new();
        hasher.update(name.as_bytes());
        for &side in shape {
            hasher.update(&(side as u64).to_le_bytes());
        }
        Self(hasher)
    }

    /// Takes in some of its elements.
    pub fn add(&mut self, values: &[f32]) {
        // Into memory nothing can fail.
        let _ = in_bytes(values, |bytes| {
            self.0.update(bytes);
            io::Result::Ok(())
        });
    }

    /// The number.
    pub fn end(self) -> u32 {
        self.0.finalize()
    }
}

/// Numbers as the format wants them, little-endian, some at a time.
pub(crate) fn in_bytes(values: &[f32], mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut bytes = [[0; 4]; CHUNK];
    for values in values.chunks(CHUNK) {
        for (bytes, value) in bytes.iter_mut().zip(values) {
            *bytes = value.to_le_bytes();
        }
        take(bytes[..values.len()].as_flattened())?;
    }
    Ok(())
}
