//! The op cases under the emulator's slow checks: races between threads, and g++'s sanitizers.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use fovea_cuda::{Cuda, Images, Options, open_with};
use fovea_cuda_emulator::{Emulator, Extra, Variant, in_child, or_skip};
use fovea_tests::backend::{check_cases, check_runs};
use fovea_tests::cuda::{is_real, kernels};

/// Runs `body` in a process of its own, on an emulator of this variant; nothing may be found.
fn checked(test: &str, variant: Variant, body: impl FnOnce(&Cuda, Emulator)) {
    if is_real() {
        return;
    }
    let done = in_child(test, variant, &Extra::default(), |emulator| {
        let backend = open_with(0, Options { images: Images::Given(emulator.image()), captured: true }).unwrap();
        body(&backend, emulator);
        assert!(emulator.findings().is_empty(), "{:#?}", emulator.findings());
    });
    or_skip(done);
}

/// Every op case and training run; each kernel is launched by one at least.
fn check_all(backend: &Cuda, emulator: Emulator) {
    check_cases(backend, |_| true);
    check_runs(backend);
    let launched: BTreeSet<String> = emulator.counters().launches.into_iter().collect();
    let missing: Vec<String> = kernels().into_values().flatten().filter(|name| !launched.contains(name)).collect();
    assert!(missing.is_empty(), "no case launches {}", missing.join(", "));
}

#[test]
fn no_case_has_a_race() {
    checked("no_case_has_a_race", Variant::Races, check_all);
}

#[test]
fn the_sanitizers_find_nothing() {
    checked("the_sanitizers_find_nothing", Variant::Address, check_all);
}
