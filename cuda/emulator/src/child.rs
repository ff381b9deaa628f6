//! Tests that run themselves again: a process has room for one variant of the emulator.

use crate::compile::{self, can_run};
use crate::control::Emulator;
use crate::install::install_with;
use crate::variant::{Extra, Variant};
use std::env;
use std::io::{self, Write};
use std::process::Command;

const NAME: &str = "FOVEA_EMULATOR_CHILD";

/// Runs the body of the test called `test` (its full path within the binary) in a process of its own, with this variant and
/// these kernels installed. To be called from that test, and to be the last it does.
///
/// # Errors
/// What the child printed, if it failed; why the emulator cannot be installed.
pub fn in_child(test: &str, variant: Variant, extra: &Extra, body: impl FnOnce(Emulator)) -> Result<(), String> {
    if env::var(NAME).is_ok_and(|name| name == test) {
        body(install_with(variant, extra)?);
        return Ok(());
    }
    compile::library(variant, extra)?;
    let program = env::current_exe().map_err(|why| why.to_string())?;
    let mut command = Command::new(program);
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(NAME, test);
    if variant == Variant::Address {
        command.env("LD_PRELOAD", sanitizer()?);
        // Rust keeps what it allocates once; fibers have stacks of their own; odd ends of the process are not ours.
        command.env("ASAN_OPTIONS", "detect_leaks=0:detect_stack_use_after_return=0:abort_on_error=0");
        command.env("UBSAN_OPTIONS", "print_stacktrace=1");
    }
    let answer = command.output().map_err(|why| format!("{command:?}: {why}"))?;
    let printed = format!("{}{}", String::from_utf8_lossy(&answer.stdout), String::from_utf8_lossy(&answer.stderr));
    if !printed.contains("test result: ok. 1 passed") || !answer.status.success() {
        return Err(format!("{test}, as a child ({}):\n{printed}", answer.status));
    }
    Ok(())
}

/// Where g++ keeps the library of its address sanitizer.
fn sanitizer() -> Result<String, String> {
    let compiler = compile::program();
    let answer = Command::new(&compiler).arg("-print-file-name=libasan.so").output();
    let answer = answer.map_err(|why| format!("the address sanitizer needs g++ (or $CXX), but {compiler}: {why}"))?;
    Ok(String::from_utf8_lossy(&answer.stdout).trim().to_string())
}

/// The value; or, on a machine that lacks what the emulator needs, says so loudly and gives nothing: the test ends.
///
/// # Panics
/// With the error, where nothing is missing or where `CI` is `true`.
pub fn or_skip<T>(result: Result<T, String>) -> Option<T> {
    let why = match result {
        Ok(value) => return Some(value),
        Err(why) => why,
    };
    assert!(can_run().is_err() && env::var("CI").as_deref() != Ok("true"), "{why}");
    // Not eprintln!: the test harness would keep it to itself.
    let _ = writeln!(io::stderr(), "\n*** NOT TESTED: {why} ***\n");
    None
}
