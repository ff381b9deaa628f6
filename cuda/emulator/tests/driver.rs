//! The stand-in driver through plain cudarc.
#![allow(clippy::unwrap_used, missing_docs)]

use cudarc::driver::{CudaContext, CudaFunction, CudaSlice, CudaStream, DeviceRepr, LaunchConfig, PushKernelArg};
use cudarc::nvrtc::Ptx;
use fovea_cuda_emulator::{Emulator, Variant, install, or_skip};
use std::sync::Arc;

#[repr(C)]
#[derive(Clone, Copy)]
struct View {
    data: u64,
    size: u64,
}
// SAFETY: two numbers.
unsafe impl DeviceRepr for View {}

fn view<T>(slice: &CudaSlice<T>, stream: &CudaStream) -> View {
    use cudarc::driver::DevicePtr;
    View { data: slice.device_ptr(stream).0, size: slice.len() as u64 }
}

fn open(emulator: Emulator) -> (Arc<CudaContext>, CudaFunction) {
    let context = CudaContext::new(0).unwrap();
    let module = context.load_module(Ptx::from_binary(emulator.image())).unwrap();
    (context, module.load_function("relu").unwrap())
}

#[test]
fn the_rectifier_is_right_in_any_order() {
    let Some(emulator) = or_skip(install(Variant::Plain)) else { return };
    let _alone = emulator.alone();
    let (context, relu) = open(emulator);
    let stream = context.new_stream().unwrap();
    let x: Vec<f32> = (0..1000).map(|i| (i % 7) as f32 - 3.0).collect();
    for seed in [0, 1, 2] {
        emulator.seed(seed);
        emulator.reset_counters();
        let from = stream.clone_htod(&x).unwrap();
        let to = stream.alloc_zeros::<f32>(x.len()).unwrap();
        let (a, b, n) = (view(&from, &stream), view(&to, &stream), x.len() as u64);
        let config = LaunchConfig { grid_dim: (2, 1, 1), block_dim: (256, 1, 1), shared_mem_bytes: 0 };
        // SAFETY: the parameters are relu's.
        unsafe { stream.launch_builder(&relu).arg(&a).arg(&b).arg(&n).launch(config) }.unwrap();
        let y = stream.clone_dtoh(&to).unwrap();
        assert!(x.iter().zip(&y).all(|(x, y)| x.max(0.0) == *y));
        let counters = emulator.counters();
        assert_eq!(counters.launches, ["relu"]);
        assert_eq!((counters.total().loaded, counters.total().stored), (1000, 1000));
        assert_eq!((counters.bytes_to_device, counters.bytes_to_host), (4000, 4000));
    }
    assert!(emulator.findings().is_empty());
}
