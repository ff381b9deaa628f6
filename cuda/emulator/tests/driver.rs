//! The stand-in driver through plain cudarc: what it does, and what it refuses.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::{Gpu, View, code, numbers, rectified};
use cudarc::driver::sys::{self, CUresult, CUstreamCaptureMode};
use cudarc::driver::{CudaContext, DriverError, LaunchConfig, PushKernelArg};
use cudarc::nvrtc::Ptx;
use fovea_cuda_emulator::{Device, Emulator, Variant, install, or_skip};
use std::ptr;

const GLOBAL: CUstreamCaptureMode = CUstreamCaptureMode::CU_STREAM_CAPTURE_MODE_GLOBAL;
const FLAGS: sys::CUgraphInstantiate_flags = sys::CUgraphInstantiate_flags(0);

fn emulator() -> Option<Emulator> {
    or_skip(install(Variant::Plain))
}

#[test]
fn the_rectifier_is_right_in_any_order() {
    let Some(emulator) = emulator() else { return };
    let _alone = emulator.alone();
    let x = numbers(1000);
    // What a device held that another test lost may stay taken.
    let before = emulator.used();
    for seed in [0, 1, 2] {
        emulator.seed(seed);
        emulator.reset_counters();
        let gpu = Gpu::open(emulator);
        let from = gpu.stream.clone_htod(&x).unwrap();
        let to = gpu.stream.alloc_zeros::<f32>(x.len()).unwrap();
        gpu.relu(&from, &to).unwrap();
        assert_eq!(gpu.stream.clone_dtoh(&to).unwrap(), rectified(&x));
        let counters = emulator.counters();
        assert_eq!(counters.launches, ["relu"]);
        assert_eq!((counters.total().loaded, counters.total().stored), (1000, 1000));
        assert_eq!((counters.bytes_to_device, counters.bytes_to_host), (4000, 4000));
        assert_eq!(emulator.used() - before, 8000);
    }
    assert_eq!((emulator.findings(), emulator.used()), (Vec::new(), before));
}

#[test]
fn memory_is_spoiled_until_it_is_written() {
    let Some(emulator) = emulator() else { return };
    let _together = emulator.together();
    let gpu = Gpu::open(emulator);
    // SAFETY: what is in it is the question.
    let mut memory = unsafe { gpu.stream.alloc::<u32>(4) }.unwrap();
    assert_eq!(gpu.stream.clone_dtoh(&memory).unwrap(), [u32::MAX; 4]);
    gpu.stream.memset_zeros(&mut memory.slice_mut(1..3)).unwrap();
    assert_eq!(gpu.stream.clone_dtoh(&memory).unwrap(), [u32::MAX, 0, 0, u32::MAX]);
    let copy = gpu.stream.clone_dtod(&memory).unwrap();
    assert_eq!(gpu.stream.clone_dtoh(&copy).unwrap(), [u32::MAX, 0, 0, u32::MAX]);
}

#[test]
fn devices_are_what_the_test_says() {
    let Some(emulator) = emulator() else { return };
    let _alone = emulator.alone();
    let context = CudaContext::new(0).unwrap();
    assert_eq!(context.compute_capability().unwrap(), (9, 0));
    emulator.device(Device { count: 2, capability: (8, 0), driver_version: 12040, memory: 1 << 20 });
    assert_eq!(CudaContext::device_count().unwrap(), 2);
    assert_eq!(context.compute_capability().unwrap(), (8, 0));
    assert_eq!(context.total_mem().unwrap(), 1 << 20);
    let stream = context.default_stream();
    let held = stream.alloc_zeros::<u8>(1 << 19).unwrap();
    assert_eq!(context.mem_get_info().unwrap(), (1 << 19, 1 << 20));
    assert_eq!(code(stream.alloc_zeros::<u8>((1 << 19) + 1)), CUresult::CUDA_ERROR_OUT_OF_MEMORY);
    drop(held);
    assert_eq!(context.mem_get_info().unwrap(), (1 << 20, 1 << 20));
    assert_eq!(code(CudaContext::new(2)), CUresult::CUDA_ERROR_INVALID_DEVICE);
    assert!(CudaContext::new(1).is_ok());
    emulator.device(Device { count: 0, ..Device::default() });
    assert_eq!(code(CudaContext::device_count()), CUresult::CUDA_ERROR_NO_DEVICE);
}

#[test]
fn launches_that_a_gpu_refuses() {
    let Some(emulator) = emulator() else { return };
    let _alone = emulator.alone();
    emulator.quiet(true);
    let gpu = Gpu::open(emulator);
    let x = gpu.stream.alloc_zeros::<f32>(100).unwrap();
    let views = [gpu.view(&x), gpu.view(&x)];
    let launch = |blocks, threads| code(gpu.launch_on(&gpu.stream, "relu", blocks, threads, &views, Some(100)));
    for (blocks, threads) in [(1, 128), (1, 1024), (1, 0), (0, 256), (1 << 31, 256)] {
        assert_eq!(launch(blocks, threads), CUresult::CUDA_ERROR_INVALID_VALUE, "{blocks} x {threads}");
    }
    assert!(
        emulator.findings()[0].contains("relu is launched with blocks of 128 x 1 x 1 threads; it is written for 256")
    );
    let relu = gpu.module.load_function("relu").unwrap();
    for (grid, bytes) in [((1, 65536, 1), 0), ((1, 1, 65536), 0), ((1, 1, 1), 4)] {
        let config = LaunchConfig { grid_dim: grid, block_dim: (256, 1, 1), shared_mem_bytes: bytes };
        let mut launch = gpu.stream.launch_builder(&relu);
        // SAFETY: it is refused.
        let refused = unsafe { launch.arg(&views[0]).arg(&views[1]).arg(&100u64).launch(config) };
        assert_eq!(code(refused.map(drop)), CUresult::CUDA_ERROR_INVALID_VALUE);
    }
    assert_eq!(launch(1, 256), CUresult::CUDA_SUCCESS);
    assert_eq!(code(gpu.module.load_function("no_such_kernel").map(drop)), CUresult::CUDA_ERROR_NOT_FOUND);
    let load = |bytes: &[u8]| code(gpu.context.load_module(Ptx::from_binary(bytes.to_vec())).map(drop));
    assert_eq!(load(b".version 9.0"), CUresult::CUDA_ERROR_INVALID_IMAGE);
}

#[test]
fn dead_memory_and_what_comes_after() {
    let Some(emulator) = emulator() else { return };
    let _alone = emulator.alone();
    for (free, size) in [(true, 100), (false, 101)] {
        emulator.reset();
        emulator.quiet(true);
        let gpu = Gpu::open(emulator);
        let x = gpu.stream.alloc_zeros::<f32>(100).unwrap();
        let from = View { size, ..gpu.view(&x) };
        let to = gpu.stream.alloc_zeros::<f32>(101).unwrap();
        if free {
            drop(x);
        }
        gpu.launch_on(&gpu.stream, "relu", 1, 256, &[from, gpu.view(&to)], Some(size)).unwrap();
        // The launch itself is accepted; every later call answers with what it broke.
        let broken = CUresult::CUDA_ERROR_ILLEGAL_ADDRESS;
        assert_eq!(code(gpu.stream.synchronize()), broken);
        assert_eq!(code(gpu.stream.clone_dtoh(&to)), broken);
        assert_eq!(code(gpu.relu(&to, &to)), broken);
        assert_eq!(emulator.findings().len(), 1);
        assert!(emulator.findings()[0].contains("do not lie in live device memory"), "{:?}", emulator.findings());
    }
    // A new context is a new start.
    emulator.quiet(true);
    let gpu = Gpu::open(emulator);
    let x = gpu.stream.alloc_zeros::<f32>(100).unwrap();
    gpu.relu(&x, &x).unwrap();
    gpu.stream.synchronize().unwrap();
}

#[test]
fn a_lost_device_and_memory_that_runs_out() {
    let Some(emulator) = emulator() else { return };
    let _alone = emulator.alone();
    {
        let gpu = Gpu::open(emulator);
        let x = gpu.stream.alloc_zeros::<f32>(100).unwrap();
        emulator.fail_allocation_after(1);
        let y = gpu.stream.alloc_zeros::<f32>(100).unwrap();
        assert_eq!(code(gpu.stream.alloc_zeros::<f32>(100)), CUresult::CUDA_ERROR_OUT_OF_MEMORY);
        emulator.lose_after(2, CUresult::CUDA_ERROR_UNKNOWN as i32);
        for _ in 0..2 {
            gpu.relu(&x, &y).unwrap();
        }
        assert_eq!(code(gpu.relu(&x, &y)), CUresult::CUDA_ERROR_UNKNOWN);
        assert_eq!(code(gpu.stream.synchronize()), CUresult::CUDA_ERROR_UNKNOWN);
    }
    assert!(code(CudaContext::new(0)) != CUresult::CUDA_SUCCESS);
    emulator.reset();
    let gpu = Gpu::open(emulator);
    gpu.stream.synchronize().unwrap();
}

#[test]
fn a_captured_step_is_replayed() {
    let Some(emulator) = emulator() else { return };
    let _alone = emulator.alone();
    for (seed, deferred) in [(0, false), (0, true), (1, false), (2, true), (3, true)] {
        emulator.seed(seed);
        emulator.deferred(deferred);
        emulator.reset_counters();
        let gpu = Gpu::open(emulator);
        let side = gpu.context.new_stream().unwrap();
        let mut x = gpu.stream.clone_htod(&numbers(300)).unwrap();
        let y = gpu.stream.alloc_zeros::<f32>(300).unwrap();
        let z = gpu.stream.alloc_zeros::<f32>(300).unwrap();
        // SAFETY: it is filled before it is read.
        let mut pinned = unsafe { gpu.context.alloc_pinned::<f32>(300) }.unwrap();
        pinned.as_mut_slice().unwrap().fill(-1.0);

        gpu.stream.begin_capture(GLOBAL).unwrap();
        gpu.relu(&x, &y).unwrap();
        let fork = gpu.stream.record_event(None).unwrap();
        side.wait(&fork).unwrap();
        gpu.relu_on(&side, &y, &z).unwrap();
        let join = side.record_event(None).unwrap();
        gpu.stream.wait(&join).unwrap();
        gpu.stream.memcpy_dtoh(&z, &mut pinned).unwrap();
        let graph = gpu.stream.end_capture(FLAGS).unwrap().unwrap();
        graph.upload().unwrap();
        assert!(emulator.counters().launches.is_empty());

        for scale in [1.0, 2.0] {
            let numbers: Vec<f32> = numbers(300).iter().map(|x| x * scale).collect();
            gpu.stream.memcpy_htod(&numbers, &mut x).unwrap();
            graph.launch().unwrap();
            gpu.stream.synchronize().unwrap();
            assert_eq!(pinned.as_slice().unwrap(), rectified(&numbers));
        }
        let counters = emulator.counters();
        assert_eq!((counters.launches.len(), counters.graph_launches), (4, 2));
    }
    assert!(emulator.findings().is_empty());
}

#[test]
fn what_a_capture_forbids() {
    let Some(emulator) = emulator() else { return };
    let _alone = emulator.alone();
    emulator.quiet(true);
    let gpu = Gpu::open(emulator);
    let side = gpu.context.new_stream().unwrap();
    let mut x = gpu.stream.clone_htod(&numbers(300)).unwrap();
    let unsupported = CUresult::CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    let elsewhere = side.record_event(None).unwrap();

    // Each breaks the capture, which then cannot be ended well.
    type Forbidden<'a> = (&'a str, CUresult, Box<dyn FnMut() -> Result<(), DriverError> + 'a>);
    let held = x.clone();
    let calls: Vec<Forbidden<'_>> = vec![
        ("synchronize", unsupported, Box::new(|| gpu.stream.synchronize())),
        ("synchronize all", unsupported, Box::new(|| gpu.context.synchronize())),
        ("allocate", unsupported, Box::new(|| gpu.stream.alloc_zeros::<f32>(4).map(drop))),
        ("pageable copy", unsupported, Box::new(|| gpu.stream.memcpy_htod(&[1f32; 300], &mut x))),
        ("pageable copy back", unsupported, Box::new(|| gpu.stream.clone_dtoh(&held).map(drop))),
        (
            "a wait for the outside",
            CUresult::CUDA_ERROR_STREAM_CAPTURE_ISOLATION,
            Box::new(|| gpu.stream.wait(&elsewhere)),
        ),
        ("an image", unsupported, Box::new(|| gpu.context.load_module(Ptx::from_binary(emulator.image())).map(drop))),
    ];
    for (name, expected, mut call) in calls {
        gpu.stream.begin_capture(GLOBAL).unwrap();
        assert_eq!(code(call()), expected, "{name}");
        assert_eq!(
            code(gpu.stream.end_capture(FLAGS).map(drop)),
            CUresult::CUDA_ERROR_STREAM_CAPTURE_INVALIDATED,
            "{name}"
        );
        let _ = gpu.context.check_err();
    }

    // A branch that nobody waits for.
    let y = gpu.stream.alloc_zeros::<f32>(300).unwrap();
    gpu.stream.begin_capture(GLOBAL).unwrap();
    side.wait(&gpu.stream.record_event(None).unwrap()).unwrap();
    gpu.relu_on(&side, &held, &y).unwrap();
    assert_eq!(code(gpu.stream.end_capture(FLAGS).map(drop)), CUresult::CUDA_ERROR_STREAM_CAPTURE_UNJOINED);
    assert_eq!(code(gpu.stream.end_capture(FLAGS).map(drop)), CUresult::CUDA_ERROR_STREAM_CAPTURE_UNMATCHED);
    assert_eq!(code(gpu.context.default_stream().begin_capture(GLOBAL)), unsupported);
    gpu.stream.synchronize().unwrap();
}

#[test]
fn a_missing_wait_between_streams_shows() {
    let Some(emulator) = emulator() else { return };
    let _alone = emulator.alone();
    let x = numbers(300);
    let through_two_streams = |waits: bool| {
        let gpu = Gpu::open(emulator);
        let side = gpu.context.new_stream().unwrap();
        let from = gpu.stream.clone_htod(&x).unwrap();
        let (y, z) = (gpu.stream.alloc_zeros::<f32>(300).unwrap(), gpu.stream.alloc_zeros::<f32>(300).unwrap());
        gpu.stream.synchronize().unwrap();
        gpu.relu(&from, &y).unwrap();
        if waits {
            side.join(&gpu.stream).unwrap();
        }
        gpu.relu_on(&side, &y, &z).unwrap();
        side.clone_dtoh(&z).unwrap() == rectified(&x)
    };
    assert!(through_two_streams(false), "at once, nobody sees it");
    emulator.deferred(true);
    assert!(!through_two_streams(false));
    assert!(through_two_streams(true));
    let right = |waits| (1..=20).filter(|&seed| (emulator.seed(seed), through_two_streams(waits)).1).count();
    assert!(right(false) < 20);
    assert_eq!(right(true), 20);
}

#[test]
fn pinned_memory_is_read_and_written_late() {
    let Some(emulator) = emulator() else { return };
    let _alone = emulator.alone();
    emulator.deferred(true);
    let gpu = Gpu::open(emulator);
    // SAFETY: filled before it is read.
    let mut pinned = unsafe { gpu.context.alloc_pinned::<f32>(4) }.unwrap();
    let mut x = gpu.stream.alloc_zeros::<f32>(4).unwrap();
    pinned.as_mut_slice().unwrap().fill(1.0);
    let host = pinned.as_mut_ptr().unwrap();
    gpu.stream.memcpy_htod(&pinned, &mut x).unwrap();
    // SAFETY: the buffer lives; that the copy may still read it is what this shows.
    unsafe { ptr::write(host, 2.0) };
    assert_eq!(gpu.stream.clone_dtoh(&x).unwrap(), [2.0, 1.0, 1.0, 1.0]);
}

#[test]
fn events_tell_when_work_is_done() {
    let Some(emulator) = emulator() else { return };
    let _alone = emulator.alone();
    emulator.deferred(true);
    let gpu = Gpu::open(emulator);
    let timed = Some(sys::CUevent_flags::CU_EVENT_DEFAULT);
    let x = gpu.stream.alloc_zeros::<f32>(1000).unwrap();
    let begin = gpu.stream.record_event(timed).unwrap();
    gpu.relu(&x, &x).unwrap();
    let end = gpu.stream.record_event(timed).unwrap();
    assert!(!end.is_complete());
    end.synchronize().unwrap();
    assert!(end.is_complete() && begin.is_complete());
    assert!(begin.elapsed_ms(&end).unwrap() > 0.0);
    let untimed = gpu.stream.record_event(None).unwrap();
    assert_eq!(code(begin.elapsed_ms(&untimed)), CUresult::CUDA_ERROR_INVALID_HANDLE);
}

/// A cubin as far as the driver reads it: the kernel's section, and the sizes of its parameters.
fn cubin(kernel: &str, sizes: &[u32]) -> Vec<u8> {
    let mut attributes = Vec::new();
    for (number, size) in sizes.iter().enumerate() {
        attributes.extend([4, 0x17, 12, 0]); // sized, KPARAM_INFO
        attributes.extend([0; 4]);
        attributes.extend((number as u16).to_le_bytes());
        attributes.extend([0; 2]);
        attributes.extend((size << 18).to_le_bytes());
    }
    let names = format!("\0.text.{kernel}\0.nv.info.{kernel}\0.shstrtab\0").into_bytes();
    let mut sections = vec![0; 4 * 64];
    let data = 64 + sections.len();
    let mut section = |index: usize, name: usize, offset: usize, size: usize| {
        let at = index * 64;
        sections[at..at + 4].copy_from_slice(&(name as u32).to_le_bytes());
        sections[at + 24..at + 32].copy_from_slice(&(offset as u64).to_le_bytes());
        sections[at + 32..at + 40].copy_from_slice(&(size as u64).to_le_bytes());
    };
    section(1, 1, data, 0);
    section(2, 1 + 7 + kernel.len(), data, attributes.len());
    section(3, 1 + 7 + kernel.len() + 10 + kernel.len(), data + attributes.len(), names.len());
    let mut elf = vec![0; 64];
    elf[..4].copy_from_slice(b"\x7fELF");
    elf[40..48].copy_from_slice(&64u64.to_le_bytes());
    for (at, value) in [(58, 64u16), (60, 4), (62, 3)] {
        elf[at..at + 2].copy_from_slice(&value.to_le_bytes());
    }
    [elf, sections, attributes, names].concat()
}

#[test]
fn a_cubin_must_agree_with_its_source() {
    let Some(emulator) = emulator() else { return };
    let _alone = emulator.alone();
    emulator.quiet(true);
    let gpu = Gpu::open(emulator);
    let load = |kernel, sizes: &[u32]| gpu.context.load_module(Ptx::from_binary(cubin(kernel, sizes)));
    let module = load("relu", &[16, 16, 8]).unwrap();
    assert!(module.load_function("relu").is_ok());
    assert_eq!(code(module.load_function("relu_grad").map(drop)), CUresult::CUDA_ERROR_NOT_FOUND);
    for wrong in [&[16, 16, 4][..], &[16, 16], &[16, 16, 8, 8]] {
        assert_eq!(code(load("relu", wrong).map(drop)), CUresult::CUDA_ERROR_INVALID_IMAGE);
        assert!(emulator.findings().last().unwrap().contains("relu"));
    }
    let unknown = load("another", &[8]).unwrap();
    assert_eq!(code(unknown.load_function("another").map(drop)), CUresult::CUDA_ERROR_NOT_FOUND);
}

#[test]
fn one_variant_a_process() {
    if emulator().is_some() {
        assert!(install(Variant::Races).unwrap_err().contains("already installed"));
        assert!(install(Variant::Plain).is_ok());
    }
}
