//! What goes wrong with a GPU, and what a user hears of it; nothing is lost.
#![allow(clippy::unwrap_used, clippy::result_large_err)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea::event::Event;
use fovea::failure::Failure;
use fovea::session::Session;
use fovea_cuda::{Images, Options, open_with};
use fovea_cuda_emulator::{Device, Emulator};
use fovea_graph::op::{Activation, Matmul, Transpose};
use fovea_graph::plan::plan;
use fovea_graph::{Backend, BackendError, Graph, Op, Shape};
use fovea_tests::cuda::TestGpu;
use fovea_tests::lenet;

/// The emulator alone, quiet about what it is meant to find.
fn emulated() -> Option<(TestGpu, Emulator)> {
    let gpu = TestGpu::alone(true)?;
    let emulator = gpu.emulator?;
    emulator.quiet(true);
    Some((gpu, emulator))
}

/// Why the GPU of this number cannot be opened.
fn refused(emulator: Emulator, index: usize) -> String {
    match open_with(index, Options { images: Images::Given(emulator.image()), captured: true }) {
        Err(BackendError::Unavailable(why)) => why,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it opens"),
    }
}

#[test]
fn what_cannot_be_opened_says_what_to_do() {
    let Some((_gpu, emulator)) = emulated() else { return };
    emulator.device(Device { driver_version: 12_040, ..Device::default() });
    let why = refused(emulator, 0);
    assert!(why.contains("CUDA 12.4") && why.contains("version 580 or newer") && why.contains("`device cpu`"), "{why}");
    emulator.device(Device { capability: (6, 1), ..Device::default() });
    let why = refused(emulator, 0);
    assert!(why.contains("compute capability 6.1") && why.contains("7.5 or newer"), "{why}");
    emulator.device(Device { count: 0, ..Device::default() });
    let why = refused(emulator, 0);
    assert!(why.contains("sees no GPU") && why.contains("`nvidia-smi`"), "{why}");
    emulator.device(Device { count: 2, ..Device::default() });
    assert_eq!(refused(emulator, 5), "there is no cuda:5; the driver sees cuda:0, cuda:1");
    for why in [refused(emulator, 5), refused(emulator, 7)] {
        assert!(!why.contains('\n'), "one sentence: {why}");
    }
}

/// An image for another device or a newer driver.
#[test]
fn an_image_that_the_driver_does_not_take_is_refused() {
    let Some((_gpu, _)) = emulated() else { return };
    let other = open_with(0, Options { images: Images::Given(b".version 9.9".to_vec()), captured: true }).unwrap();
    let Err(BackendError::Unavailable(why)) = other.compile(plan(lenet::step(), &other)).map(|_| ()) else {
        panic!("it is taken")
    };
    assert!(why.contains("does not take the kernels") && why.contains("driver 580 or newer"), "{why}");
}

#[test]
fn memory_that_is_not_there_is_an_error() {
    let Some((gpu, emulator)) = emulated() else { return };
    emulator.fail_allocation_after(0);
    let compiled = gpu.backend.compile(plan(lenet::step(), &gpu.backend)).map(|_| ());
    assert!(matches!(compiled, Err(BackendError::OutOfMemory { needed, .. }) if needed > 1000), "{compiled:?}");
    let allocated = gpu.backend.allocate(&lenet::step().states).map(|_| ());
    assert!(matches!(allocated, Err(BackendError::OutOfMemory { .. })), "{allocated:?}");
    emulator.reset();
    assert!(gpu.backend.compile(plan(lenet::step(), &gpu.backend)).is_ok());
}

/// What was freed, but not yet by the device, is waited for before memory is said to be short.
#[test]
fn a_program_takes_the_room_of_one_that_was_dropped() {
    let Some((gpu, emulator)) = emulated() else { return };
    let program = || gpu.backend.compile(plan(lenet::step(), &gpu.backend));
    let before = emulator.used();
    let first = program().unwrap();
    let needed = emulator.used() - before;
    let memory = before + needed + needed / 2;
    emulator.device(Device { memory, ..Device::default() });
    emulator.deferred(true);
    assert!(matches!(program().map(|_| ()), Err(BackendError::OutOfMemory { .. })));
    drop(first);
    let second = program().unwrap();
    drop(second);
    assert_eq!(gpu.backend.device().memory, Some(memory - before));
}

#[test]
fn a_tensor_beyond_thirty_one_bits_is_refused_by_name() {
    let Some((gpu, _)) = emulated() else { return };
    let mut graph = Graph::new("large");
    let a = graph.input("a", Shape::new([1 << 16, 1]).unwrap());
    let b = graph.input("b", Shape::new([1, 1 << 15]).unwrap());
    let product = Matmul { activation: Some(Activation::Relu), ..Matmul::new(Transpose::No, Transpose::No) };
    let y = graph.push(Op::Matmul(product), &[a, b], None).unwrap();
    graph.output("result", y);
    let refused = gpu.backend.compile(plan(graph, &gpu.backend)).map(|_| ()).unwrap_err().to_string();
    assert!(refused.contains("matmul of 65536x32768") && refused.contains("smaller batch"), "{refused}");
}

const TINY: &str = "net tiny = 8x8x1 - conv 4 - relu - pool, softmax 10\n";

fn session(gpu: &TestGpu, folder: &Path) -> Session {
    Session::new(Arc::new(gpu.again(true)), folder.join("runs"), Arc::new(AtomicBool::new(false)))
}

fn run(session: &mut Session, text: &str) -> Result<String, Failure> {
    let mut told = String::new();
    session.run("test", text, &mut |event| {
        if let Event::Output(output) = event {
            told += &output.text;
        }
    })?;
    Ok(told)
}

/// All that a failure says.
fn said(failure: &Failure) -> String {
    match failure {
        Failure::Mistakes(mistakes) => mistakes.iter().map(|m| format!("{} {:?}\n", m.message, m.help)).collect(),
        other => format!("{other:?}"),
    }
}

#[test]
fn a_batch_too_large_for_the_gpu_is_refused_with_one_that_fits() {
    let Some((gpu, emulator)) = emulated() else { return };
    let folder = tempfile::tempdir().unwrap();
    emulator.device(Device { memory: emulator.used() + (1 << 20), ..Device::default() });
    let mut session = session(&gpu, folder.path());
    let failure = run(&mut session, &format!("{TINY}train tiny on digits for 1 epochs, batch 1000")).unwrap_err();
    let said = said(&failure);
    assert!(said.contains("cuda:0") && said.contains("batch "), "{said}");
    let fits: usize = said
        .split("batch ")
        .filter_map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok())
        .find(|&n| n < 1000)
        .unwrap();
    assert!(!folder.path().join("runs").exists(), "nothing has run");
    run(&mut session, &format!("{TINY}train tiny on digits for 1 epochs, batch {fits}")).unwrap();
}

#[test]
fn a_gpu_lost_in_training_leaves_the_last_checkpoint() {
    let Some((gpu, emulator)) = emulated() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut session = session(&gpu, folder.path());
    run(&mut session, TINY).unwrap();
    run(&mut session, "summary tiny").unwrap();
    // In the second epoch: CUDA_ERROR_LAUNCH_FAILED at whatever is asked next.
    emulator.lose_after(700, 719);
    let train = "train tiny on digits for 3 epochs, batch 64, checkpoint every 10 steps";
    let said = said(&run(&mut session, train).unwrap_err());
    assert!(
        said.contains("lost") && said.contains("CUDA_ERROR_LAUNCH_FAILED") && said.contains("checkpoint"),
        "{said}"
    );
    emulator.reset();
    run(&mut session, "device cpu").unwrap();
    let again = run(&mut session, "train tiny on digits for 3 epochs, batch 64, resume run 1").unwrap();
    assert!(again.contains("run 1"), "{again}");
}
