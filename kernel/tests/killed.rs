//! A run that is killed, at any moment, leaves a folder that reads and loses at most one checkpoint interval.
#![cfg(feature = "program")]
#![allow(clippy::unwrap_used)]

mod support;

use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use fovea_graph::philox::{Purpose, Stream};
use fovea_train::Runs;
use support::Place;

/// A net that trains for so many epochs.
fn program(epochs: u32) -> String {
    format!(
        "net small = 8x8x1 - conv 4 - relu - pool, softmax\n\
         train small on digits for {epochs} epochs with sgd(lr 0.02), batch 32\n"
    )
}

/// How many bytes of metrics a run has so far.
fn written(place: &Path) -> u64 {
    std::fs::metadata(place.join("runs/1/metrics.jsonl")).map_or(0, |file| file.len())
}

/// Waits until a run has come so far, or has ended.
fn until(child: &mut Child, place: &Path, bytes: u64) {
    let begun = Instant::now();
    while written(place) < bytes && child.try_wait().unwrap().is_none() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{} of {bytes} bytes are written", written(place));
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn fifty_kills_leave_fifty_folders_that_read() {
    let place = Place::new();
    place.program(&program(40)).done();
    let whole = written(place.path());

    let random = Stream::new(1, Purpose::Data, 0);
    let mut in_training = 0;
    for kill in 0..50 {
        // By turns of a run that ends, so that its last files are met too, and of one that no kill comes too late for.
        let (epochs, place) = (if kill % 2 == 0 { 40 } else { 100_000 }, Place::new());
        place.write("program.fov", program(epochs));
        let mut child = place.command(&["run", "program.fov"]).spawn().unwrap();
        until(&mut child, place.path(), random.below(kill, whole + 1));
        child.kill().unwrap();
        child.wait().unwrap();

        let runs = Runs::at(place.path().join("runs"));
        let Some(number) = runs.last().unwrap() else { continue };
        let record = runs.open(number).unwrap_or_else(|e| panic!("kill {kill}: {e}"));
        let checkpoint = record.load_checkpoint().unwrap().map_or(0, |c| c.epoch as usize);
        assert!(checkpoint + 1 >= record.epochs.len(), "kill {kill}: {checkpoint} of {}", record.epochs.len());
        in_training += usize::from(!record.epochs.is_empty() && record.ending.is_none());
        place.run(&["-e", "show run last", "--format", "json"]).done();
        // The next run gets a number of its own.
        let next = place.run(&["-e", "net t = 8x8x1 - fc 10, softmax", "-e", "train t on digits for 1 epochs"]).done();
        assert!(place.path().join(format!("runs/{}", number + 1)).is_dir(), "{}", next.err);
    }
    assert!(in_training >= 10, "only {in_training} of 50 kills came while it trained");
}
