//! Mutated input: whatever comes, nothing panics, and nothing is silently taken for something else. A case is a seed and a
//! number, so that what failed once fails again; `cargo run --release -p fovea-tests --bin fuzz` goes on as long as told.
#![allow(clippy::unwrap_used)]

mod dice;
mod files;
mod frames;
mod programs;

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

pub use dice::Dice;

/// What is attacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The language: programs are parsed, checked, formatted, coloured and completed.
    Programs,
    /// What is on disk: runs are resumed.
    Files,
    /// The wire: what peers send.
    Frames,
}

impl Target {
    /// All of them.
    pub const ALL: [Target; 3] = [Target::Programs, Target::Files, Target::Frames];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Target::Programs => "programs",
            Target::Files => "files",
            Target::Frames => "frames",
        }
    }
}

/// A target, ready for cases.
pub struct Fuzz {
    attack: Box<dyn Attack>,
    seed: u64,
}

/// What is done to a target in one case.
trait Attack {
    /// The mutated input: what is tried, for whoever reads of a failure.
    fn draw(&mut self, dice: &mut Dice) -> Vec<u8>;

    /// Tries it; what went wrong, in words.
    fn attempt(&mut self, input: &[u8], dice: &mut Dice) -> Result<(), String>;
}

/// A case that failed.
#[derive(Debug)]
pub struct Failed {
    /// What went wrong.
    pub why: String,
    /// What was tried.
    pub input: Vec<u8>,
}

impl Fuzz {
    /// Cases of a seed. Raising `stop` breaks off what a case computes.
    pub fn new(target: Target, seed: u64, stop: &Arc<AtomicBool>) -> Self {
        let attack: Box<dyn Attack> = match target {
            Target::Programs => Box::new(programs::Programs::new(Arc::clone(stop))),
            Target::Files => Box::new(files::Files::new()),
            Target::Frames => Box::new(frames::Frames::new()),
        };
        Self { attack, seed }
    }

    /// Tries one case.
    ///
    /// # Errors
    /// It panicked, or did what it must not do.
    pub fn case(&mut self, number: u32) -> Result<(), Failed> {
        let mut dice = Dice::new(self.seed, number);
        let input = self.attack.draw(&mut dice);
        let attempt = || self.attack.attempt(&input, &mut dice);
        let outcome = catch_unwind(AssertUnwindSafe(attempt));
        outcome.unwrap_or_else(|panic| Err(panicked(&*panic))).map_err(|why| Failed { why, input })
    }
}

thread_local! {
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// From now on a panic says nothing itself: the case that it ends does.
pub fn quietly() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        PLACE.with_borrow_mut(|last| *last = place);
    }));
}

fn panicked(panic: &(dyn Any + Send)) -> String {
    format!("panicked at {}: {}", PLACE.with_borrow(Clone::clone), fovea::failure::said(panic))
}
