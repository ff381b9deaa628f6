//! The sources of the kernels, and which kernel is in which; made by `build.rs`.

include!(concat!(env!("OUT_DIR"), "/modules.rs"));

/// A source with kernels.
pub struct Module {
    /// The file's name without `.cu`.
    pub name: &'static str,
    /// Its text.
    pub source: &'static str,
    /// What was compiled of it ahead of time, if this build has it.
    pub image: Option<&'static [u8]>,
}

/// A kernel.
pub struct Kernel {
    /// Its number among all.
    pub id: usize,
    /// Its name in its module.
    pub name: &'static str,
    /// Its source's number in [`MODULES`].
    pub module: usize,
    /// Threads of a block.
    pub threads: u32,
}
