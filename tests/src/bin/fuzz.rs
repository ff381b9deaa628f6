//! Attacks the language and the wire with mutated input for as long as it is told:
//!
//! ```text
//! cargo run --release -p fovea-tests --bin fuzz -- --minutes 10
//! cargo run --release -p fovea-tests --bin fuzz -- programs --seed 7 --case 1234
//! ```
//!
//! It says the seed that it began with, and of each failure the input and the command that repeats it; its status is 1
//! where there was one.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::Parser;
use fovea_tests::fuzz::{Failed, Fuzz, Target, quietly};

/// A case that computes longer is broken off, and told of.
const SLOW: Duration = Duration::from_secs(20);

/// As much as the program's own threads have.
const STACK: usize = 8 << 20;

#[derive(Parser)]
struct Arguments {
    /// What to attack; all by turns where nothing is said.
    #[arg(value_parser = target)]
    targets: Vec<Target>,
    /// How long.
    #[arg(long, default_value_t = 1.0)]
    minutes: f64,
    /// Where the cases come from; the time where nothing is said.
    #[arg(long)]
    seed: Option<u64>,
    /// Only this case.
    #[arg(long)]
    case: Option<u32>,
}

fn target(name: &str) -> Result<Target, String> {
    let names = Target::ALL.map(Target::name).join(", ");
    Target::ALL.into_iter().find(|target| target.name() == name).ok_or(format!("there are: {names}"))
}

fn main() -> ExitCode {
    let mut arguments = Arguments::parse();
    if arguments.targets.is_empty() {
        arguments.targets = Target::ALL.to_vec();
    }
    quietly();
    let fuzzing = std::thread::Builder::new().stack_size(STACK).spawn(move || fuzz(&arguments)).unwrap();
    if fuzzing.join().unwrap() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Tries cases until the time is over; whether all went well.
fn fuzz(arguments: &Arguments) -> bool {
    let time = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let seed = arguments.seed.unwrap_or_else(time);
    println!("seed {seed}");
    let (stop, began) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(u64::MAX)));
    watch(Arc::clone(&stop), Arc::clone(&began));
    let mut attacks: Vec<(Target, Fuzz)> =
        arguments.targets.iter().map(|&target| (target, Fuzz::new(target, seed, &stop))).collect();
    let (start, mut seen) = (Instant::now(), BTreeSet::new());
    let mut number = arguments.case.unwrap_or(0);
    loop {
        for (target, fuzz) in &mut attacks {
            began.store(now(), Ordering::Relaxed);
            let failed = fuzz.case(number);
            began.store(u64::MAX, Ordering::Relaxed);
            let again = format!("{} --seed {seed} --case {number}", target.name());
            if stop.swap(false, Ordering::Relaxed) {
                println!("\nslow: it was broken off after {} s: fuzz {again}", SLOW.as_secs());
            }
            if let Err(Failed { why, input }) = failed {
                // Of failures that are told in the same words the first is enough.
                if seen.insert(why.lines().next().unwrap_or_default().to_string()) {
                    println!("\nfailed: fuzz {again}\n{why}\ninput:\n{}", input.escape_ascii());
                }
            }
        }
        number += 1;
        if arguments.case.is_some() || start.elapsed().as_secs_f64() >= arguments.minutes * 60.0 {
            println!(
                "\n{} cases of each target, {} kinds of failures",
                number - arguments.case.unwrap_or(0),
                seen.len()
            );
            return seen.is_empty();
        }
    }
}

/// Raises `stop` where a case takes too long.
fn watch(stop: Arc<AtomicBool>, began: Arc<AtomicU64>) {
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_millis(100));
            if now().saturating_sub(began.load(Ordering::Relaxed)) > SLOW.as_millis() as u64 {
                stop.store(true, Ordering::Relaxed);
            }
        }
    });
}

/// The time in milliseconds.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_millis() as u64)
}
