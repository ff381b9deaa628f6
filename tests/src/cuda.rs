//! The GPU that the tests of the CUDA backend run on: the emulator's, or a real one where `FOVEA_CUDA=device`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use fovea_cuda::{Cuda, Images, Options, open_with};
use fovea_cuda_emulator::{Emulator, Guard, Variant, install, or_skip};

/// A GPU to test on.
pub struct TestGpu {
    /// What is tested.
    pub backend: Cuda,
    /// What pretends to be its driver; none on a real GPU.
    pub emulator: Option<Emulator>,
    /// Keeps those tests waiting that must not run at the same time.
    _turn: Option<Guard>,
}

/// Whether the tests run on a real GPU.
pub fn is_real() -> bool {
    std::env::var("FOVEA_CUDA").is_ok_and(|device| device == "device")
}

impl TestGpu {
    /// A GPU whose emulator nobody sets meanwhile. None where the emulator cannot be built: that is said loudly, and fails
    /// where `CI` is set.
    ///
    /// # Panics
    /// Where a real GPU is asked for and cannot be opened.
    pub fn open(captured: bool) -> Option<Self> {
        Self::new(captured, |emulator| emulator.together())
    }

    /// A GPU whose emulator this test alone sets and reads; elsewhere as [`TestGpu::open`].
    ///
    /// # Panics
    /// As [`TestGpu::open`].
    pub fn alone(captured: bool) -> Option<Self> {
        Self::new(captured, |emulator| emulator.alone())
    }

    fn new(captured: bool, turn: impl Fn(&Emulator) -> Guard) -> Option<Self> {
        if is_real() {
            let options = Options { images: Images::Usual, captured };
            let backend = open_with(0, options).unwrap_or_else(|why| panic!("{why}"));
            return Some(Self { backend, emulator: None, _turn: None });
        }
        let emulator = or_skip(install(variant()))?;
        let turn = turn(&emulator);
        let options = Options { images: Images::Given(emulator.image()), captured };
        let backend = open_with(0, options).unwrap_or_else(|why| panic!("{why}"));
        Some(Self { backend, emulator: Some(emulator), _turn: Some(turn) })
    }

    /// The same GPU, opened again.
    ///
    /// # Panics
    /// Where it cannot be opened.
    pub fn again(&self, captured: bool) -> Cuda {
        let images = self.emulator.map_or(Images::Usual, |emulator| Images::Given(emulator.image()));
        open_with(0, Options { images, captured }).unwrap_or_else(|why| panic!("{why}"))
    }
}

/// Which emulator the environment asks for: `FOVEA_EMULATOR=races` or `address`, else the plain one.
fn variant() -> Variant {
    match std::env::var("FOVEA_EMULATOR").as_deref() {
        Ok("races") => Variant::Races,
        Ok("address") => Variant::Address,
        _ => Variant::Plain,
    }
}

/// The names of the kernels that each source of `cuda/kernels` declares.
///
/// # Panics
/// Where the sources cannot be read.
pub fn kernels() -> BTreeMap<String, Vec<String>> {
    let files = std::fs::read_dir(crate::root().join("../cuda/kernels")).unwrap().map(|file| file.unwrap().path());
    let sources = files.filter(|file| file.extension().is_some_and(|e| e == "cu"));
    let of = |text: &str| {
        let lists = text.lines().filter_map(|line| line.strip_prefix("KERNEL("));
        lists.map(|list| list.split([',', ')']).nth(1).unwrap().trim().to_string()).collect()
    };
    let named = |file: PathBuf| {
        (file.file_stem().unwrap().to_str().unwrap().to_string(), of(&std::fs::read_to_string(file).unwrap()))
    };
    sources.map(named).collect()
}
