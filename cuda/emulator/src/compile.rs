//! g++ makes the library: an object for each file, cached by a hash of all that goes into it.

use crate::variant::{Extra, Variant};
use std::collections::hash_map::DefaultHasher;
use std::env;
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread;

const KERNELS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../kernels");
const SANITIZERS: &str = "-fsanitize=address,bounds,shift,signed-integer-overflow,integer-divide-by-zero";
const HOST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/host");

/// Whether the emulator can run here at all.
///
/// # Errors
/// Says what is missing: Linux on x86-64, or g++.
pub fn can_run() -> Result<(), String> {
    version(&program()).map(drop)
}

/// The library of this variant and these kernels, compiled unless it is there.
pub fn library(variant: Variant, extra: &Extra) -> Result<PathBuf, String> {
    let compiler = Compiler::find(variant, extra)?;
    let cache = cache()?;
    let _lock = lock(&cache)?;

    let mut sources = files(HOST, "cpp")?;
    sources.extend(files(KERNELS, "cu")?);
    for source in &extra.sources {
        sources.push(write(&cache, &source.name, &source.text)?);
    }
    let headers = hash_files(&[files(HOST, "h")?, files(KERNELS, "cuh")?].concat())?;
    let objects = sources
        .iter()
        .map(|source| {
            Ok(cache.join(format!("{:016x}.o", hash(&(&compiler.key, headers, text(source)?, source.file_name())))))
        })
        .collect::<Result<Vec<_>, String>>()?;

    each(sources.iter().zip(&objects).filter(|(_, object)| !object.exists()), |(source, object)| {
        whole(object, |unfinished| {
            let mut command = compiler.command();
            command.args(["-c", "-x", "c++"]).arg(source).arg("-o").arg(unfinished);
            run(command)
        })
    })?;
    let library = cache.join(format!("{:016x}.so", hash(&(&objects, text(&Path::new(HOST).join("exports.map"))?))));
    if !library.exists() {
        whole(&library, |unfinished| {
            let mut command = compiler.command();
            command.args(["-shared", "-Wl,-soname,libcuda.so", "-Wl,--no-undefined"]);
            command.arg(format!("-Wl,--version-script={HOST}/exports.map")).args(&objects).arg("-o").arg(unfinished);
            run(command)
        })?;
    }
    Ok(library)
}

/// g++, or what `CXX` names.
pub fn program() -> String {
    env::var("CXX").unwrap_or_else(|_| "g++".to_string())
}

fn version(program: &str) -> Result<String, String> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err("the CUDA emulator needs Linux on x86-64".to_string());
    }
    let answer = Command::new(program).arg("--version").output();
    let answer = answer.map_err(|why| format!("the CUDA emulator needs g++ (or $CXX), but {program}: {why}"))?;
    Ok(String::from_utf8_lossy(&answer.stdout).into_owned())
}

/// The compiler and how it is called.
struct Compiler {
    key: Key,
    /// Where sources lie; not part of the key, so that another clone finds the same objects.
    folders: Vec<String>,
}

/// What objects depend on beside their texts: part of every hash.
#[derive(Hash)]
struct Key {
    program: String,
    version: String,
    flags: Vec<String>,
}

impl Compiler {
    fn find(variant: Variant, extra: &Extra) -> Result<Self, String> {
        let program = program();
        let version = version(&program)?;
        let mut flags = vec!["-std=c++20", "-fPIC", "-fvisibility=hidden", "-Wall", "-Wno-unknown-pragmas"];
        flags.extend(["-march=x86-64-v3", "-DFOVEA_EMULATOR"]);
        flags.extend(match variant {
            Variant::Plain => vec!["-O2"],
            Variant::Races => vec!["-O2", "-DFOVEA_RACES"],
            // Of the undefined-behaviour checks those that views do not make themselves; the rest doubles the time.
            Variant::Address => vec!["-O1", "-g1", SANITIZERS, "-fno-sanitize-recover=undefined"],
        });
        let mut flags: Vec<String> = flags.into_iter().map(String::from).collect();
        flags.extend(extra.defines.iter().map(|define| format!("-D{define}")));
        // Findings name files as one names them in the project.
        let folders = vec![
            format!("-I{HOST}"),
            format!("-I{KERNELS}"),
            format!("-fmacro-prefix-map={KERNELS}/="),
            format!("-fmacro-prefix-map={HOST}/="),
            format!("-fmacro-prefix-map={}/=", cache()?.join("planted").display()),
        ];
        Ok(Self { key: Key { program, version, flags }, folders })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.key.program);
        command.args(&self.key.flags).args(&self.folders);
        command
    }
}

/// Where objects and libraries are kept: in the build's own folder, which `cargo clean` empties.
fn cache() -> Result<PathBuf, String> {
    let program = env::current_exe().map_err(|why| format!("where this program lies: {why}"))?;
    let target = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists());
    let cache = target.map_or_else(env::temp_dir, Path::to_path_buf).join("fovea-emulator");
    fs::create_dir_all(&cache).map_err(|why| format!("{}: {why}", cache.display()))?;
    Ok(cache)
}

/// Held while compiling: test binaries may run side by side.
fn lock(cache: &Path) -> Result<File, String> {
    use std::os::fd::AsRawFd;
    let path = cache.join("lock");
    let file = File::create(&path).map_err(|why| format!("{}: {why}", path.display()))?;
    // SAFETY: the descriptor is the open file's; closing it lets go of the lock.
    match unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX) } {
        0 => Ok(file),
        _ => Err(format!("{}: {}", path.display(), std::io::Error::last_os_error())),
    }
}

/// The folder's files of this kind, sorted.
fn files(folder: &str, extension: &str) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(folder).map_err(|why| format!("{folder}: {why}"))?;
    let paths = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    let mut found: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|it| it == extension)).collect();
    found.sort();
    Ok(found)
}

fn text(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|why| format!("{}: {why}", path.display()))
}

/// Where it is compiled from while the lock is held: texts of the same name may differ.
fn write(cache: &Path, name: &str, text: &str) -> Result<PathBuf, String> {
    let folder = cache.join("planted");
    fs::create_dir_all(&folder).map_err(|why| format!("{}: {why}", folder.display()))?;
    let path = folder.join(name);
    fs::write(&path, text).map_err(|why| format!("{}: {why}", path.display()))?;
    Ok(path)
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

fn hash_files(paths: &[PathBuf]) -> Result<u64, String> {
    let named = paths.iter().map(|path| Ok((path.file_name(), text(path)?))).collect::<Result<Vec<_>, String>>()?;
    Ok(hash(&named))
}

/// Makes a file whole or not at all.
fn whole(path: &Path, make: impl FnOnce(&Path) -> Result<(), String>) -> Result<(), String> {
    let unfinished = path.with_extension("unfinished");
    make(&unfinished)?;
    fs::rename(&unfinished, path).map_err(|why| format!("{}: {why}", path.display()))
}

fn run(mut command: Command) -> Result<(), String> {
    let answer = command.output().map_err(|why| format!("{command:?}: {why}"))?;
    if answer.status.success() {
        return Ok(());
    }
    Err(format!("{command:?} failed:\n{}", String::from_utf8_lossy(&answer.stderr)))
}

/// Does all of them, as many at a time as there are cores; the first error ends it.
fn each<T: Send>(
    work: impl Iterator<Item = T> + Send,
    act: impl Fn(T) -> Result<(), String> + Sync,
) -> Result<(), String> {
    let work = Mutex::new(work);
    let next = || work.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).next();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let worker = || next_until_error(&next, &act);
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(worker)).collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().unwrap_or_else(|_| Err("a compiler thread failed".into())))
    })
}

fn next_until_error<T>(next: &impl Fn() -> Option<T>, act: &impl Fn(T) -> Result<(), String>) -> Result<(), String> {
    while let Some(work) = next() {
        act(work)?;
    }
    Ok(())
}
