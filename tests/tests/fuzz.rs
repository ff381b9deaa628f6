//! Some seconds of what `cargo run --release -p fovea-tests --bin fuzz` does for as long as one likes.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea_tests::fuzz::{Fuzz, Target};

/// The first cases of a seed.
fn cases(target: Target, count: u32) {
    let mut fuzz = Fuzz::new(target, 1, &Arc::new(AtomicBool::new(false)));
    for number in 0..count {
        if let Err(failed) = fuzz.case(number) {
            panic!("{} --seed 1 --case {number}: {}\n{}", target.name(), failed.why, failed.input.escape_ascii());
        }
    }
}

#[test]
fn mutated_programs_are_read_checked_formatted_coloured_and_completed() {
    cases(Target::Programs, 400);
}

#[test]
fn a_mutated_run_is_refused_or_goes_on_to_the_same_bits() {
    cases(Target::Files, 100);
}

#[test]
fn of_mutated_frames_only_what_is_signed_arrives_and_the_socket_goes_on() {
    cases(Target::Frames, 400);
}
