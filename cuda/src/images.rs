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

use crate::cache::cache_folder;
use crate::modules::{HEADERS, MODULES, Module};

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

/// The oldest architecture that `aot.sh` makes images for, which newer ones can run.
const OLDEST_AHEAD_OF_TIME: u32 = 80;

/// One thread at a time compiles, or writes what was compiled.
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

    /// The image of a source for an architecture, 90 for compute capability 9.0.
    ///
    /// # Errors
    /// [`BackendError::Unavailable`] where there is neither an image nor NVRTC, [`BackendError::Compile`] with NVRTC's log.
    pub fn of(&self, module: &Module, architecture: u32) -> Result<Vec<u8>, BackendError> {
        match (self, module.image) {
            (Images::Given(image), _) => Ok(image.clone()),
            (Images::Usual, Some(image)) if architecture >= OLDEST_AHEAD_OF_TIME => Ok(image.to_vec()),
            (Images::Usual | Images::Compiled, _) => compiled(module, architecture),
        }
    }
}

/// From the folder of compiled images; what is not there yet is compiled and put there.
fn compiled(module: &Module, architecture: u32) -> Result<Vec<u8>, BackendError> {
    let _alone = COMPILER.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let (source, target) = (whole(module.name, module.source), target(architecture));
    let path = cache_folder("kernels")
        .map(|folder| folder.join(format!("{}-{:016x}.image", module.name, key(&source, &target))));
    if let Some(image) = path.as_deref().and_then(kept) {
        return Ok(image);
    }
    let image = compile(module.name, &source, &target)?;
    if let Some(path) = path {
        // Only a cache: where it cannot be written, the next start compiles again.
        let _ = keep(&path, &image);
    }
    Ok(image)
}

/// What was kept under this name, if it is whole: the driver reads on past the end of an image that was cut short.
fn kept(path: &Path) -> Option<Vec<u8>> {
    let mut image = fs::read(path).ok()?;
    let seal = image.split_off(image.len().checked_sub(size_of::<u64>())?);
    (seal == hash(&image).to_le_bytes()).then_some(image)
}

/// Writes an image and its hash; whole under another name first, since two processes may do so at once.
fn keep(path: &Path, image: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let draft = path.with_extension(format!("{}.part", std::process::id()));
    let sealed = [image, &hash(image).to_le_bytes()].concat();
    let written = fs::write(&draft, sealed).and_then(|()| fs::rename(&draft, path));
    if written.is_err() {
        let _ = fs::remove_file(&draft);
    }
    written
}

/// What an image depends on: source, target, options and NVRTC's version.
fn key(source: &str, target: &str) -> u64 {
    hash((source, target, OPTIONS, nvrtc_version(), env!("CARGO_PKG_VERSION")))
}

/// Another build of Rust may hash otherwise; then images are compiled again.
fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
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

/// What to compile for: the GPU's own architecture, as machine code; where NVRTC does not know it yet the newest before it,
/// as PTX, which the driver translates.
fn target(architecture: u32) -> String {
    let known = architectures();
    let before = known.iter().filter(|&&known| known < architecture).max();
    match before.filter(|_| !known.contains(&architecture)) {
        Some(before) => format!("compute_{before}"),
        None => format!("sm_{architecture}"),
    }
}

/// The architectures that NVRTC compiles for; empty where there is none.
fn architectures() -> Vec<u32> {
    let mut count = 0;
    // SAFETY: the library is there, and the pointer is to an integer that outlives the call.
    if !present() || unsafe { sys::nvrtcGetNumSupportedArchs(&mut count) }.result().is_err() {
        return Vec::new();
    }
    let mut known = vec![0; usize::try_from(count).unwrap_or(0)];
    // SAFETY: it writes as many as it said.
    let told = unsafe { sys::nvrtcGetSupportedArchs(known.as_mut_ptr()) }.result();
    told.map_or(Vec::new(), |()| known.into_iter().filter_map(|known| u32::try_from(known).ok()).collect())
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

/// Compiles a source with NVRTC for a target, `sm_90` or `compute_90`.
fn compile(name: &str, source: &str, target: &str) -> Result<Vec<u8>, BackendError> {
    if !present() {
        return Err(no_compiler());
    }
    let failed = |log: String| BackendError::Compile { kernel: format!("{name}.cu"), log };
    let text = CString::new(source).map_err(|_| failed("the source holds a zero byte".into()))?;
    let file = CString::new(format!("{name}.cu")).map_err(|_| failed("the name holds a zero byte".into()))?;
    let options: Vec<String> =
        OPTIONS.iter().map(ToString::to_string).chain([format!("--gpu-architecture={target}")]).collect();
    let program = result::create_program(&text, Some(&file)).map_err(|error| failed(format!("{:?}", error.0)))?;
    // SAFETY: the program was made above and is destroyed once, below; buffers have the size that NVRTC asks for.
    unsafe {
        let compiled = result::compile_program(program, &options);
        let image = match compiled {
            Ok(()) => made(program, target).map_err(|code| failed(format!("{code:?}"))),
            Err(error) => Err(failed(log(program).unwrap_or_else(|| format!("{:?}", error.0)))),
        };
        let _ = result::destroy_program(program);
        image
    }
}

/// What the compiler made for the target: machine code, or PTX, a text that ends with a zero byte.
///
/// # Safety
/// `program` must be one that NVRTC has made and compiled.
unsafe fn made(program: sys::nvrtcProgram, target: &str) -> Result<Vec<u8>, sys::nvrtcResult> {
    let (mut size, is_ptx) = (0, target.starts_with("compute_"));
    let checked = |code: sys::nvrtcResult| code.result().map_err(|error| error.0);
    // SAFETY: the caller's promise; the buffer has the size that NVRTC asks for.
    unsafe {
        let ask_size = if is_ptx { sys::nvrtcGetPTXSize } else { sys::nvrtcGetCUBINSize };
        checked(ask_size(program, &mut size))?;
        let mut image = vec![0_u8; size];
        let ask = if is_ptx { sys::nvrtcGetPTX } else { sys::nvrtcGetCUBIN };
        checked(ask(program, image.as_mut_ptr().cast()))?;
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
            for architecture in [80, 90] {
                let image = compile(module.name, &whole(module.name, module.source), &target(architecture));
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
        // A GPU that is newer than NVRTC.
        let newest = architectures().into_iter().max().unwrap_or_default();
        let ptx = compile(MODULES[0].name, &whole(MODULES[0].name, MODULES[0].source), &target(9999))
            .map_err(|why| why.to_string());
        let text = ptx.map(|ptx| String::from_utf8_lossy(&ptx).into_owned());
        assert!(text.as_ref().is_ok_and(|text| text.contains(&format!(".target sm_{newest}")) && text.ends_with('\0')));
    }

    #[test]
    fn only_a_whole_image_is_taken_from_the_folder() -> std::io::Result<()> {
        let folder = env::temp_dir().join(format!("fovea-images-{}", std::process::id()));
        let path = folder.join("kernels").join("one.image");
        keep(&path, b"an image")?;
        assert_eq!(kept(&path).as_deref(), Some(&b"an image"[..]));
        let whole = fs::read(&path)?;
        for spoiled in [&whole[..0], &whole[..7], &whole[1..], &whole[..whole.len() - 1]] {
            fs::write(&path, spoiled)?;
            assert_eq!(kept(&path), None);
        }
        assert!(keep(&path.join("under a file"), b"another").is_err());
        fs::remove_dir_all(folder)
    }

    #[test]
    fn another_source_or_architecture_has_another_image() {
        assert_eq!(key("a", "sm_90"), key("a", "sm_90"));
        assert_ne!(key("a", "sm_90"), key("a", "sm_80"));
        assert_ne!(key("a", "sm_90"), key("b", "sm_90"));
    }
}
