//! What the driver loads: compiled ahead of time where the build has it, else compiled by NVRTC on first use and kept on
//! disk.

use std::collections::BTreeSet;
use std::ffi::{CStr, CString};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, Once};
use std::{env, fs};

use cudarc::nvrtc::{result, sys};
use fovea_graph::BackendError;

use crate::kernels::{HEADERS, MODULES, Module};

/// Where the images of the kernels come from.
#[derive(Clone, Debug)]
pub enum Images {
    /// From the build, if it was made with `FOVEA_CUDA_IMAGES`; else from NVRTC.
    Usual,
    /// From NVRTC alone.
    Compiled,
    /// This one for every source.
    Given(Vec<u8>),
}

/// The options of every compilation, ahead of time and here.
const OPTIONS: [&str; 2] = ["--std=c++17", "-lineinfo"];

/// NVRTC is not called by two threads at once.
static COMPILER: Mutex<()> = Mutex::new(());

impl Images {
    /// Whether kernels can be had at all.
    ///
    /// # Errors
    /// [`BackendError::Unavailable`] where this build has no images and this machine no NVRTC.
    pub fn check(&self) -> Result<(), BackendError> {
        let compiles = match self {
            Images::Given(_) => false,
            Images::Usual => MODULES.iter().any(|module| module.image.is_none()),
            Images::Compiled => true,
        };
        if compiles && !present() { Err(no_compiler()) } else { Ok(()) }
    }

    /// The image of a source for an architecture, `sm_90`.
    ///
    /// # Errors
    /// [`BackendError::Unavailable`] where there is neither an image nor NVRTC, [`BackendError::Compile`] with NVRTC's log.
    pub fn of(&self, module: &Module, architecture: &str) -> Result<Vec<u8>, BackendError> {
        match (self, module.image) {
            (Images::Given(image), _) => Ok(image.clone()),
            (Images::Usual, Some(image)) => Ok(image.to_vec()),
            (Images::Usual, None) | (Images::Compiled, _) => kept(module, architecture),
        }
    }
}

/// From the folder of compiled images; what is not there yet is compiled and put there.
fn kept(module: &Module, architecture: &str) -> Result<Vec<u8>, BackendError> {
    let source = whole(module.name, module.source);
    let path = folder().map(|folder| folder.join(format!("{}-{:016x}.cubin", module.name, key(&source, architecture))));
    if let Some(image) =
        path.as_deref().and_then(|path| fs::read(path).ok()).filter(|image| image.starts_with(b"\x7fELF"))
    {
        return Ok(image);
    }
    let image = compile(module.name, &source, architecture)?;
    if let Some(path) = path {
        // Only a cache: where it cannot be written, the next start compiles again.
        let _ = keep(&path, &image);
    }
    Ok(image)
}

/// Written whole under another name first: two processes may do so at once.
fn keep(path: &Path, image: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let draft = path.with_extension(format!("{}.part", std::process::id()));
    fs::write(&draft, image)?;
    fs::rename(draft, path)
}

/// What an image depends on: source, architecture, options and NVRTC's version.
fn key(source: &str, architecture: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (source, architecture, OPTIONS, nvrtc_version(), env!("CARGO_PKG_VERSION")).hash(&mut hasher);
    hasher.finish()
}

/// `$FOVEA_CACHE`, else `$XDG_CACHE_HOME/fovea`, else `~/.cache/fovea`; in it, `kernels`.
fn folder() -> Option<PathBuf> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let fovea = set("FOVEA_CACHE")
        .or_else(|| set("XDG_CACHE_HOME").map(|cache| cache.join("fovea")))
        .or_else(|| set("HOME").map(|home| home.join(".cache/fovea")))?;
    Some(fovea.join("kernels"))
}

/// A source with its includes in their places, each once; `#line` keeps the compiler's messages pointing at the file.
fn whole(name: &str, source: &str) -> String {
    let mut text = String::new();
    inline(&format!("{name}.cu"), source, &mut BTreeSet::new(), &mut text);
    text
}

fn inline(file: &str, source: &str, seen: &mut BTreeSet<&'static str>, text: &mut String) {
    text.push_str(&format!("#line 1 \"{file}\"\n"));
    for (number, line) in source.lines().enumerate() {
        let included = line.strip_prefix("#include \"").and_then(|rest| rest.strip_suffix('"'));
        match included.and_then(|wanted| HEADERS.iter().find(|(header, _)| *header == wanted)) {
            Some((header, source)) => {
                if seen.insert(*header) {
                    inline(header, source, seen, text);
                }
                text.push_str(&format!("#line {} \"{file}\"\n", number + 2));
            }
            // Each is there once already, and in a main file the compiler would warn of it.
            None if line == "#pragma once" => text.push('\n'),
            None => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
}

/// NVRTC's version; 0.0 where there is none.
fn nvrtc_version() -> (i32, i32) {
    let (mut major, mut minor) = (0, 0);
    if present() {
        // SAFETY: the library is there, and both pointers are to integers that outlive the call.
        unsafe { sys::nvrtcVersion(&mut major, &mut minor) };
    }
    (major, minor)
}

/// Whether NVRTC can be loaded: from the folder `$FOVEA_NVRTC`, where PyPI's `nvidia-cuda-nvrtc` puts it into
/// `nvidia/cu13/lib`, or from where the system looks.
fn present() -> bool {
    static PRELOADED: Once = Once::new();
    PRELOADED.call_once(|| {
        let Some(folder) = env::var_os("FOVEA_NVRTC").map(PathBuf::from) else { return };
        // NVRTC finds its own second half only where that is loaded already.
        for name in ["libnvrtc-builtins.so.13.0", "libnvrtc.so.13"] {
            // SAFETY: NVIDIA's libraries, whose start-up code is as sound here as when the system finds them.
            if let Ok(library) = unsafe { libloading::Library::new(folder.join(name)) } {
                // It stays loaded, so that a later search by name finds it.
                std::mem::forget(library);
            }
        }
    });
    // SAFETY: it only loads NVRTC's library and lets go of it again, as every program that uses CUDA does.
    unsafe { sys::is_culib_present() }
}

/// Says what to install.
fn no_compiler() -> BackendError {
    BackendError::Unavailable(
        "CUDA's compiler NVRTC (libnvrtc.so.13), which makes the kernels on their first use, is not on this machine: install it \
         (`pip install nvidia-cuda-nvrtc==13.0.88`, with its folder nvidia/cu13/lib as FOVEA_NVRTC, or CUDA toolkit 13), use a \
         build of Fovea that has its kernels compiled in, or train on the CPU: `device cpu`"
            .into(),
    )
}

/// Compiles a source with NVRTC.
fn compile(name: &str, source: &str, architecture: &str) -> Result<Vec<u8>, BackendError> {
    let _alone = COMPILER.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if !present() {
        return Err(no_compiler());
    }
    let failed = |log: String| BackendError::Compile { kernel: format!("{name}.cu"), log };
    let text = CString::new(source).map_err(|_| failed("the source holds a zero byte".into()))?;
    let file = CString::new(format!("{name}.cu")).map_err(|_| failed("the name holds a zero byte".into()))?;
    let options: Vec<String> =
        OPTIONS.iter().map(ToString::to_string).chain([format!("--gpu-architecture={architecture}")]).collect();
    let program = result::create_program(&text, Some(&file)).map_err(|error| failed(format!("{:?}", error.0)))?;
    // SAFETY: the program was made above and is destroyed once, below; buffers have the size that NVRTC asks for.
    unsafe {
        let compiled = result::compile_program(program, &options);
        let image = match compiled {
            Ok(()) => cubin(program).map_err(|code| failed(format!("{code:?}"))),
            Err(error) => Err(failed(log(program).unwrap_or_else(|| format!("{:?}", error.0)))),
        };
        let _ = result::destroy_program(program);
        image
    }
}

/// What the compiler made.
///
/// # Safety
/// `program` must be one that NVRTC has made and compiled.
unsafe fn cubin(program: sys::nvrtcProgram) -> Result<Vec<u8>, sys::nvrtcResult> {
    let mut size = 0;
    // SAFETY: the caller's promise; the buffer has the size that NVRTC asks for.
    unsafe {
        sys::nvrtcGetCUBINSize(program, &mut size).result().map_err(|error| error.0)?;
        let mut image = vec![0_u8; size];
        sys::nvrtcGetCUBIN(program, image.as_mut_ptr().cast()).result().map_err(|error| error.0)?;
        Ok(image)
    }
}

/// What the compiler says.
///
/// # Safety
/// `program` must be one that NVRTC has made.
unsafe fn log(program: sys::nvrtcProgram) -> Option<String> {
    // SAFETY: the caller's promise; the log ends with a zero byte.
    unsafe {
        let log = result::get_program_log(program).ok()?;
        Some(CStr::from_ptr(log.as_ptr()).to_string_lossy().trim().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn includes_stand_in_their_places_once() {
        for module in &MODULES {
            let text = whole(module.name, module.source);
            assert!(!text.contains("#include \"fovea.cuh\"") && !text.contains("#pragma once"), "{}", module.name);
            assert_eq!(text.matches("#define KERNEL(").count(), 1, "{}", module.name);
            assert_eq!(text.lines().filter(|line| line.starts_with("KERNEL(")).count(), {
                module.source.lines().filter(|line| line.starts_with("KERNEL(")).count()
            });
        }
    }

    /// Where NVRTC is there, every source compiles, and a broken one gives its log with file and line.
    #[test]
    fn nvrtc_compiles_every_source() {
        if !present() {
            assert!(env::var_os("CI").is_none(), "NVRTC is missing: set FOVEA_NVRTC to its folder");
            eprintln!("NOT RUN: NVRTC is not on this machine; set FOVEA_NVRTC to its folder (cuda/README.md)");
            return;
        }
        for module in &MODULES {
            for architecture in ["sm_80", "sm_90"] {
                let image = compile(module.name, &whole(module.name, module.source), architecture);
                assert!(image.is_ok_and(|image| image.starts_with(b"\x7fELF")), "{} for {architecture}", module.name);
            }
        }
        let broken =
            whole("broken", "#include \"fovea.cuh\"\nKERNEL(32, broken, Out<float> y) { y.put(0, nothing); }\n");
        let Err(BackendError::Compile { kernel, log }) = compile("broken", &broken, "sm_90") else {
            panic!("it cannot compile")
        };
        assert_eq!(kernel, "broken.cu");
        assert!(log.contains("broken.cu(2)") && log.contains("nothing"), "{log}");
    }

    #[test]
    fn another_source_or_architecture_has_another_image() {
        assert_eq!(key("a", "sm_90"), key("a", "sm_90"));
        assert_ne!(key("a", "sm_90"), key("a", "sm_80"));
        assert_ne!(key("a", "sm_90"), key("b", "sm_90"));
    }
}
