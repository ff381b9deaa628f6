//! A run that is killed, at any moment, leaves a folder that reads and loses at most one checkpoint interval.
#![cfg(feature = "program")]
#![allow(clippy::unwrap_used)]

mod support;

use std::time::{Duration, Instant};

use fovea_graph::philox::{Purpose, Stream};
use fovea_train::Runs;
use support::Place;

const PROGRAM: &str = "\
net small = 8x8x1 - conv 4 - relu - pool, softmax
train small on digits for 40 epochs with sgd(lr 0.02), batch 32
";

#[test]
fn fifty_kills_leave_fifty_folders_that_read() {
    let whole = Instant::now();
    Place::new().program(PROGRAM).done();
    let whole = whole.elapsed();

    let random = Stream::new(1, Purpose::Data, 0);
    let mut in_training = 0;
    for kill in 0..50 {
        let place = Place::new();
        place.write("program.fov", PROGRAM);
        let mut child = place.command(&["run", "program.fov"]).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(random.below(kill, whole.as_millis() as u64 + 1)));
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
