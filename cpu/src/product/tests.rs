#![allow(clippy::unwrap_used)]

use super::*;
use crate::simd::{Instructions, Vectors};
use crate::team::Team;
use crate::threads::Threads;
use proptest::prelude::*;

fn numbers(len: usize, seed: usize) -> Vec<f32> {
    (0..len).map(|i| ((i * 7919 + seed * 104_729) % 1000) as f32 / 500.0 - 1.0).collect()
}

/// `a · b`, with `a` row by row and `b` column by column, in f64.
fn naive(a: &[f32], b: &[f32], [m, n, k]: [usize; 3]) -> Vec<f64> {
    let sum = |i: usize, j: usize| (0..k).map(|x| f64::from(a[i * k + x]) * f64::from(b[j * k + x])).sum();
    (0..m * n).map(|at| sum(at / n, at % n)).collect()
}

/// As often as there are products and parts, every sum is some task's, and none is two tasks'.
fn each_once(cut: &Cut) {
    let len = cut.rows * cut.columns;
    let mut depths = vec![0; cut.times * len];
    for task in (0..cut.tasks()).map(|i| cut.task(i, len)) {
        assert!(!task.rows.is_empty() && !task.columns.is_empty());
        assert_eq!(task.columns.start % cut.width, 0);
        for row in task.rows {
            for column in task.columns.clone() {
                depths[task.which * len + row * cut.columns + column] += task.depth.len();
            }
        }
    }
    assert!(depths.iter().all(|&depth| depth == cut.depth), "{cut:?}");
}

fn sizes() -> impl Strategy<Value = [usize; 3]> {
    let side = || prop_oneof![1usize..40, 100usize..300];
    [side(), side(), prop_oneof![1usize..40, 500usize..1200]]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_sum_is_one_tasks(sizes in sizes(), times in 1usize..4, lanes in prop_oneof![Just(4usize), Just(8), Just(16)]) {
        each_once(&Cut::packed_before(sizes, times, lanes));
        each_once(&Cut::packed_by_tasks(sizes, times, lanes));
        each_once(&Cut::packed_by_tasks(sizes, times, lanes).split_depth());
    }

    #[test]
    fn both_ways_of_packing_are_the_product(sizes in sizes(), threads in 1usize..4, apart in 0usize..3) {
        let [m, n, k] = sizes;
        let (a, b) = (numbers(m * k, 1), numbers(n * k, 2));
        let expected = naive(&a, &b, sizes);
        // Where rows lie apart, what is between them is of no use.
        let rest = vec![f32::NAN; apart];
        let a: Vec<f32> = a.chunks(k).flat_map(|row| [row, &rest[..]].concat()).collect();
        let (left, right) = (Rows { data: &a, stride: k + apart, next: 0 }, Rows { data: &b, stride: k, next: 0 });
        for set in Instructions::available() {
            let lanes = Vectors::new(set).unwrap().lanes();
            let threads = Threads::new(threads, set).unwrap();
            let team = Team::new(&threads, None);
            for cut in [Cut::packed_before(sizes, 1, lanes), Cut::packed_by_tasks(sizes, 1, lanes)] {
                let mut scratch = vec![f32::NAN; cut.scratch().shared + threads.count() * cut.scratch().each];
                let (packed, workspace) = scratch.split_at_mut(cut.packed());
                let before = !packed.is_empty();
                if before {
                    pack(&team, &cut, &right, packed);
                }
                let right = if before { Factor::Packed(packed) } else { Factor::Own(&right) };
                let product = Product { left: &left, right, place: |_, row| row * n, epilogue: Epilogue::default() };
                let mut found = vec![f32::NAN; m * n];
                product.run(&team, &cut, &mut found, 0, workspace);
                for (found, expected) in found.iter().zip(&expected) {
                    // Each of k terms is at most 1, and each sum is rounded k times.
                    prop_assert!((f64::from(*found) - expected).abs() <= 1e-6 * k as f64, "{set}: {found} {expected}");
                }
            }
        }
    }
}
