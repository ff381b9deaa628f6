//! Makes the launch wrappers: for each `KERNEL(threads, name, parameters…)` of `kernels/*.cu` a Rust function whose
//! parameters have the kernel's types, and for each struct that a kernel takes its `#[repr(C)]` twin. So a launch that
//! does not fit its kernel does not compile.
//!
//! With `FOVEA_CUDA_IMAGES=folder` the images that `aot.sh` has put there are built in.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let folder = root.join("kernels");
    println!("cargo:rerun-if-changed={}", folder.display());
    println!("cargo:rerun-if-env-changed=FOVEA_CUDA_IMAGES");
    let images = env::var_os("FOVEA_CUDA_IMAGES").map(PathBuf::from);

    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .expect("the kernels are there")
        .map(|entry| entry.expect("it can be read").path())
        .collect();
    files.sort();
    let (mut structs, mut modules, mut headers, mut kernels) =
        (String::new(), String::new(), String::new(), String::new());
    let (mut module, mut kernel) = (0, 0);
    for path in &files {
        println!("cargo:rerun-if-changed={}", path.display());
        let text = fs::read_to_string(path).expect("a source is text");
        let name = path.file_name().and_then(|name| name.to_str()).expect("sources have plain names");
        let fail = |why: String| -> ! { panic!("{name}: {why}") };
        structs += &twins(&text).unwrap_or_else(|why| fail(why));
        if name.ends_with(".cuh") {
            writeln!(headers, "    (\"{name}\", include_str!({path:?})),").expect("text");
        } else if let Some(stem) = name.strip_suffix(".cu") {
            let image = images.as_ref().map_or("None".to_string(), |images| image(images, stem));
            writeln!(modules, "    Module {{ name: \"{stem}\", source: include_str!({path:?}), image: {image} }},")
                .expect("text");
            for one in wrappers(&text, stem, module, &mut kernel).unwrap_or_else(|why| fail(why)) {
                kernels += &one;
            }
            module += 1;
        }
    }
    let sources = format!(
        "/// Every source with kernels.\npub static MODULES: [Module; {module}] = [\n{modules}];\n\n\
         /// What the sources include.\npub static HEADERS: &[(&str, &str)] = &[\n{headers}];\n\n\
         /// How many kernels there are.\npub const KERNELS: usize = {kernel};\n"
    );
    let target = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    for (file, text) in [("modules.rs", sources), ("kernels.rs", format!("{structs}\n{kernels}"))] {
        fs::write(target.join(file), text).expect("the build folder can be written");
    }
}

/// The image of a source compiled ahead of time.
fn image(folder: &Path, stem: &str) -> String {
    let path = folder.join(format!("{stem}.fatbin"));
    println!("cargo:rerun-if-changed={}", path.display());
    let path =
        fs::canonicalize(&path).unwrap_or_else(|error| panic!("{}: {error}; make it by cuda/aot.sh", path.display()));
    format!("Some(include_bytes!({path:?}))")
}

/// The Rust twins of a source's structs that are plain data; those with methods belong to the language of kernels.
fn twins(text: &str) -> Result<String, String> {
    let mut twins = String::new();
    let mut lines = text.lines();
    let mut above = Vec::new();
    while let Some(line) = lines.next() {
        if let Some(comment) = line.strip_prefix("// ") {
            above.push(comment);
            continue;
        }
        let Some(name) = line.strip_prefix("struct ").and_then(|rest| rest.strip_suffix(" {")) else {
            above.clear();
            continue;
        };
        let body: Vec<&str> = lines.by_ref().take_while(|line| !line.starts_with("};")).collect();
        if name.contains('<')
            || body.iter().any(|line| line.contains('(') && !line.trim_start().starts_with("//"))
            || name.contains(':')
        {
            above.clear();
            continue;
        }
        let doc = if above.is_empty() { format!("The kernels' `{name}`.") } else { above.join(" ") };
        write!(twins, "/// {doc}\n#[repr(C)]\n#[derive(Clone, Copy, Debug)]\npub struct {name} {{\n").expect("text");
        for line in body {
            if let Some(field) = field(line).map_err(|why| format!("struct {name}: {why}"))? {
                twins += &field;
            }
        }
        write!(twins, "}}\n\n// SAFETY: plain data, laid out as C lays it out.\nunsafe impl cudarc::driver::DeviceRepr for {name} {{}}\n\n")
            .expect("text");
        above.clear();
    }
    Ok(twins)
}

/// `int size[3]; // what it is` as a field.
fn field(line: &str) -> Result<Option<String>, String> {
    let (code, comment) = line.split_once("//").map_or((line, None), |(code, comment)| (code, Some(comment.trim())));
    let code = code.trim();
    if code.is_empty() {
        return Ok(None);
    }
    let odd = || format!("`{code}` is no `type name;`");
    let (ty, name) = code.strip_suffix(';').and_then(|code| code.rsplit_once(' ')).ok_or_else(odd)?;
    let ty = rust_type(ty.trim())?;
    let (name, ty) = match name.split_once('[') {
        None => (name, ty),
        Some((name, length)) => (name, format!("[{ty}; {}]", length.strip_suffix(']').ok_or_else(odd)?)),
    };
    let doc = comment.unwrap_or(name);
    Ok(Some(format!("    /// {doc}\n    pub {name}: {ty},\n")))
}

/// A function for each kernel of a source.
fn wrappers(text: &str, file: &str, module: usize, count: &mut usize) -> Result<Vec<String>, String> {
    let mut wrappers = Vec::new();
    for (at, _) in text.match_indices("\nKERNEL(") {
        let rest = &text[at + "\nKERNEL(".len()..];
        let list = rest.split_once(')').ok_or("KERNEL( is not closed")?.0;
        let mut parts = list.split(',').map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "));
        let (Some(threads), Some(name)) = (parts.next(), parts.next()) else {
            return Err(format!("KERNEL({list}) has no name"));
        };
        let mut parameters = String::new();
        let mut arguments = String::new();
        for part in parts {
            let (ty, parameter) = part.rsplit_once(' ').ok_or_else(|| format!("{name}: `{part}` is no parameter"))?;
            write!(parameters, ", {parameter}: {}", rust_type(ty)?).expect("text");
            write!(arguments, "argument(&{parameter}), ").expect("text");
        }
        let constant = name.to_uppercase();
        let id = *count;
        *count += 1;
        wrappers.push(format!(
            "/// `{name}` of {file}.cu.\npub const {constant}: Kernel = Kernel {{ id: {id}, name: \"{name}\", module: \
             {module}, threads: {threads} }};\n\n/// Launches `{name}` of {file}.cu, in blocks of {threads} threads.\n\
             #[allow(clippy::too_many_arguments)]\npub fn {name}(queue: &Queue, grid: [u32; 3]{parameters}) -> Result<(), \
             BackendError> {{\n    queue.launch(&{constant}, grid, &[{arguments}])\n}}\n\n"
        ));
    }
    Ok(wrappers)
}

/// The Rust type of a kernel's parameter or of a struct's field.
fn rust_type(ty: &str) -> Result<String, String> {
    let inner = |outer: &str| ty.strip_prefix(outer).and_then(|rest| rest.strip_suffix('>'));
    for outer in ["In", "Out", "InOut"] {
        if let Some(element) = inner(&format!("{outer}<")) {
            return Ok(format!("{outer}<{}>", rust_type(element)?));
        }
    }
    Ok(match ty {
        "int" => "i32".into(),
        "u32" => "u32".into(),
        "u64" => "u64".into(),
        "float" => "f32".into(),
        "double" => "f64".into(),
        name if name.chars().all(|c| c.is_ascii_alphanumeric())
            && name.starts_with(|c: char| c.is_ascii_uppercase()) =>
        {
            name.into()
        }
        other => return Err(format!("`{other}` is no type that a kernel may take")),
    })
}
