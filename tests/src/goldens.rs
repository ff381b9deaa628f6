//! Reads the arrays that PyTorch computed: `goldens/README.md`.

use std::cell::RefCell;
use std::fs::File;

use fovea_graph::Tensor;
use ndarray::ArrayD;
use ndarray_npy::{NpzReader, ReadableElement};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// One file of named arrays.
pub struct Goldens {
    file: RefCell<NpzReader<File>>,
}

impl Goldens {
    /// Opens `goldens/<name>`.
    ///
    /// # Panics
    /// Where the file is missing or no `npz` file.
    pub fn open(name: &str) -> Self {
        let path = crate::root().join("goldens").join(name);
        let file = File::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Self { file: RefCell::new(NpzReader::new(file).unwrap_or_else(|e| panic!("{}: {e}", path.display()))) }
    }

    /// An array of float32: something that went in.
    pub fn input(&self, key: &str) -> Tensor {
        self.read(key)
    }

    /// An array of float64: something that came out.
    pub fn output(&self, key: &str) -> ArrayD<f64> {
        self.read(key)
    }

    /// An array of bytes: pictures and their labels.
    pub fn bytes(&self, key: &str) -> ArrayD<u8> {
        self.read(key)
    }

    fn read<T: ReadableElement>(&self, key: &str) -> ArrayD<T> {
        self.file.borrow_mut().by_name(key).unwrap_or_else(|e| panic!("golden {key}: {e}"))
    }
}

/// What `goldens/cases.json` lists under a name.
pub(crate) fn listed<T: DeserializeOwned>(name: &str) -> Vec<T> {
    let path = crate::root().join("goldens/cases.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut lists: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_value(lists[name].take()).unwrap_or_else(|e| panic!("{}: {name}: {e}", path.display()))
}

/// A list of numbers.
pub(crate) fn dimensions(listed: &Value) -> Vec<usize> {
    serde_json::from_value(listed.clone()).unwrap()
}
