//! Puts the emulator in the driver's place.

use std::path::PathBuf;
use std::sync::Mutex;

use crate::compile;
use crate::control::Emulator;
use crate::variant::{Extra, Variant};

/// The emulator's library, compiled unless it is there: a program that `LD_PRELOAD` gives it to takes it for its driver.
///
/// # Errors
/// As [`install`].
pub fn driver(variant: Variant) -> Result<PathBuf, String> {
    compile::library(variant, &Extra::default())
}

/// Puts the emulator in the driver's place, for this process and for good. To be called before anything of CUDA.
///
/// # Errors
/// Says what is missing or in the way: g++, x86-64 Linux, a driver that is already loaded, another variant; or repeats the
/// compiler's errors.
pub fn install(variant: Variant) -> Result<Emulator, String> {
    install_with(variant, &Extra::default())
}

/// As [`install`], with more kernels.
///
/// # Errors
/// As [`install`].
pub fn install_with(variant: Variant, extra: &Extra) -> Result<Emulator, String> {
    static INSTALLED: Mutex<Option<(Variant, Extra, Emulator)>> = Mutex::new(None);
    let mut installed = INSTALLED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if let Some((loaded, with, emulator)) = installed.as_ref() {
        return if (*loaded, with) == (variant, extra) {
            Ok(*emulator)
        } else {
            Err(format!("the emulator is already installed as {loaded:?}, with other kernels or another variant"))
        };
    }
    let library = compile::library(variant, extra)?;
    let emulator = Emulator::load(&library)?;
    *installed = Some((variant, extra.clone(), emulator));
    Ok(emulator)
}
