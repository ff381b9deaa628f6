//! The op cases under the emulator's slow checks: races between threads, and g++'s sanitizers.
//!
//! One case a kernel is checked for races here; all of them, and all under the sanitizers, by
//! `cargo test -p fovea-tests --test cuda_checked -- --ignored`, as `.ci/run` does for the sanitizers.
#![allow(clippy::unwrap_used)]

use std::cell::RefCell;
use std::collections::BTreeSet;

use fovea_cuda::{Cuda, Images, Options, open_with};
use fovea_cuda_emulator::{Emulator, Extra, Variant, in_child, or_skip};
use fovea_graph::plan::plan;
use fovea_graph::{Backend, Op, fuse::fuse};
use fovea_tests::backend::{check_cases, check_runs};
use fovea_tests::cuda::{is_real, kernels};
use fovea_tests::op_cases::Case;
use fovea_tests::products::products;

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

/// What a case computes: for each step its op, without its numbers, and its algorithm.
fn kinds(case: &Case, backend: &dyn Backend) -> BTreeSet<String> {
    let plan = plan(fuse(&case.graph), backend);
    let attributes = |op: &Op| serde_json::to_string(op).unwrap().replace(|c: char| c.is_ascii_digit(), "");
    plan.steps
        .iter()
        .map(|step| format!("{} {:?}", attributes(&plan.graph.node(step.node).op), step.algorithm))
        .collect()
}

#[test]
fn one_case_a_kernel_has_no_race() {
    checked("one_case_a_kernel_has_no_race", Variant::Races, |backend, emulator| {
        let known = RefCell::new(BTreeSet::new());
        // Of products the size decides on the kernel.
        let products: Vec<String> = products().into_iter().map(|product| product.case.name).collect();
        let wanted = |case: &Case| {
            let mut kinds = kinds(case, backend);
            kinds.retain(|kind| !known.borrow().contains(kind));
            let is_new = !kinds.is_empty();
            known.borrow_mut().extend(kinds);
            is_new || products.contains(&case.name)
        };
        check_cases(backend, wanted);
        check_runs(backend);
        let launched: BTreeSet<String> = emulator.counters().launches.into_iter().collect();
        let missing: Vec<String> = kernels().into_values().flatten().filter(|name| !launched.contains(name)).collect();
        assert!(missing.is_empty(), "no case launches {}", missing.join(", "));
    });
}

#[test]
#[ignore = "takes minutes"]
fn no_case_has_a_race() {
    checked("no_case_has_a_race", Variant::Races, |backend, _| {
        check_cases(backend, |_| true);
        check_runs(backend);
    });
}

#[test]
#[ignore = "takes minutes"]
fn the_sanitizers_find_nothing() {
    checked("the_sanitizers_find_nothing", Variant::Address, |backend, _| {
        check_cases(backend, |_| true);
        check_runs(backend);
    });
}
