//! The kernels as NVIDIA's compilers make them: the driver takes every image, and finds each kernel with the parameters
//! that its launches pass.
//!
//! `FOVEA_CUDA_IMAGES` is the folder that `cuda/aot.sh` wrote, `FOVEA_NVRTC` that of NVRTC; `cuda/README.md`.
#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::path::PathBuf;

use cudarc::driver::CudaContext;
use cudarc::nvrtc::Ptx;
use fovea_cuda::{Images, Options, open_with};
use fovea_cuda_emulator::Device;
use fovea_graph::Backend;
use fovea_graph::plan::plan;
use fovea_tests::backend::check_cases;
use fovea_tests::cuda::{TestGpu, kernels};
use fovea_tests::lenet;

/// The folder that an environment variable names; where it is not set that is said, and fails on CI.
fn folder(variable: &str) -> Option<PathBuf> {
    let folder = std::env::var_os(variable).map(PathBuf::from);
    if folder.is_none() {
        assert!(std::env::var_os("CI").is_none(), "{variable} is not set");
        // Not by a macro, whose words the test harness would keep to itself.
        #[allow(clippy::explicit_write)]
        writeln!(std::io::stderr(), "NOT RUN: {variable} is not set; see cuda/README.md").unwrap();
    }
    folder
}

#[test]
fn the_driver_takes_every_image() {
    let (Some(folder), Some(gpu)) = (folder("FOVEA_CUDA_IMAGES"), TestGpu::alone(true)) else { return };
    let context = CudaContext::new(0).unwrap();
    let kernels = kernels();
    assert!(kernels.len() > 10, "only {} sources", kernels.len());
    for (source, names) in &kernels {
        assert!(!names.is_empty(), "{source}.cu has no kernel");
        let image = std::fs::read(folder.join(format!("{source}.fatbin"))).unwrap();
        // The stand-in driver reads the machine code in it that is for its GPU.
        for capability in [(8, 0), (8, 9), (9, 0)] {
            gpu.emulator.iter().for_each(|emulator| emulator.device(Device { capability, ..Device::default() }));
            let image = image.clone();
            let module = context.load_module(Ptx::from_binary(image)).unwrap_or_else(|e| panic!("{source}: {:?}", e.0));
            for name in names {
                module.load_function(name).unwrap_or_else(|e| panic!("{source}, {name}: {:?}", e.0));
            }
        }
    }
}

/// A kernel whose launches would pass four bytes too few for its first parameter.
#[test]
fn an_image_of_other_parameters_is_refused() {
    let (Some(folder), Some(gpu)) = (folder("FOVEA_CUDA_IMAGES"), TestGpu::alone(true)) else { return };
    let Some(emulator) = gpu.emulator else { return };
    emulator.quiet(true);
    let mut image = std::fs::read(folder.join("rectifier.sm_90.cubin")).unwrap();
    // EIATTR_KPARAM_INFO, twelve bytes: index, ordinal and offset, then the size from bit 18 on.
    let at = image.windows(4).position(|bytes| bytes == [4, 0x17, 12, 0]).unwrap();
    image[at + 14] += 4 << 2;
    let context = CudaContext::new(0).unwrap();
    assert!(context.load_module(Ptx::from_binary(image)).is_err());
    let findings = emulator.findings().join("\n");
    assert!(findings.contains("bytes in the cubin"), "{findings}");
}

/// The images of a build are for GPUs of compute capability 8.0 and newer: an older one is told so.
#[test]
fn a_gpu_older_than_the_images_is_refused() {
    let (Some(folder), Some(gpu)) = (folder("FOVEA_CUDA_IMAGES"), TestGpu::alone(true)) else { return };
    let Some(emulator) = gpu.emulator else { return };
    emulator.device(Device { capability: (7, 5), ..Device::default() });
    let images = Images::Given(std::fs::read(folder.join("matmul.fatbin")).unwrap());
    let old = open_with(0, Options { images, captured: true }).unwrap();
    let why = old.compile(plan(lenet::step(), &old)).map(|_| ()).unwrap_err().to_string();
    assert!(why.contains("8.0 or newer") && why.contains("compute capability 7.5"), "{why}");
}

/// What NVRTC makes of the sources is loaded and launched: every op case without rank or of one axis.
#[test]
fn what_nvrtc_compiles_is_launched() {
    let (Some(_), Some(gpu)) = (folder("FOVEA_NVRTC"), TestGpu::alone(true)) else { return };
    let compiled = open_with(0, Options { images: Images::Compiled, captured: true }).unwrap();
    assert!(check_cases(&compiled, |case| case.rank() <= 1) > 100);
    if let Some(emulator) = gpu.emulator {
        assert!(emulator.findings().is_empty(), "{:?}", emulator.findings());
    }
}
