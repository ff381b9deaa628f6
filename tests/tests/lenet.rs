//! The example that the README promises: LeNet on the digits.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea::event::Event;
use fovea::session::Session;

/// Runs `notebooks/lenet.fov` with this seed; the last epoch's accuracy on the held-out part.
fn accuracy(seed: u64) -> f64 {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("notebooks/lenet.fov");
    let text = std::fs::read_to_string(script).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let cpu = Arc::new(fovea_cpu::Cpu::new(None).unwrap());
    let mut session = Session::new(cpu, folder.path().join("runs"), Arc::new(AtomicBool::new(false)));
    let mut last = None;
    let mut listen = |event: Event| {
        if let Event::Output(output) = event
            && output.verb == "train"
        {
            let epochs = output.data["epochs"].as_array().unwrap();
            last = epochs.last().unwrap()["test_accuracy"].as_f64();
        }
    };
    session.run("lenet.fov", &format!("seed {seed}\n{text}"), &mut listen).unwrap();
    last.unwrap()
}

/// 98 % of the 360 held-out digits, as the median of five seeds.
#[test]
fn lenet_reads_the_digits() {
    let mut accuracies: Vec<f64> = (1..=5).map(accuracy).collect();
    println!("{accuracies:?}");
    accuracies.sort_by(f64::total_cmp);
    assert!(accuracies[2] >= 0.98, "the median of {accuracies:?}");
    assert!(accuracies[0] < accuracies[4], "the seed makes no difference: {accuracies:?}");
}
