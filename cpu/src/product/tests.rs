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

    #[test]
    fn seven_multiplications_are_the_product(
        images in 1usize..4,
        rows in prop_oneof![10usize..13, 19usize..26, 40usize..120],
        [columns, depth] in [1usize..4, 1usize..80],
        threads in 1usize..4,
    ) {
        for set in Instructions::available() {
            let lanes = Vectors::new(set).unwrap().lanes();
            let (columns, depth) = (columns * 2 * VECTORS * lanes, 2 * depth);
            let Some(cut) = Strassen::new(images, [rows, columns, depth], lanes) else { continue };
            let (m, threads) = (images * rows, Threads::new(threads, set).unwrap());
            let (a, b) = (numbers(m * depth, 1), numbers(columns * depth, 2));
            let (bias, shortcut) = (numbers(columns, 3), numbers(m * columns, 4));
            let epilogue = Epilogue { bias: Some(&bias), shortcut: Some(&shortcut), ..Epilogue::default() };
            let (mut found, each) = (vec![f32::NAN; m * columns], cut.scratch().each);
            by_seven(&Team::new(&threads, None), &cut, [&a, &b], epilogue, (&mut found, &mut vec![f32::NAN; threads.count() * each]));
            for (at, (found, sum)) in found.iter().zip(naive(&a, &b, [m, columns, depth])).enumerate() {
                let expected = sum + f64::from(bias[at % columns]) + f64::from(shortcut[at]);
                // 4.5 times as much as the plain product's.
                prop_assert!((f64::from(*found) - expected).abs() <= 4.5e-6 * depth as f64, "{set}: {found} {expected}");
            }
        }
    }
}

/// What the last tasks get is as much as what the others get, where the panels can be shared out so.
#[test]
fn columns_are_shared_out_evenly() {
    for (sizes, lanes, columns) in [([49, 1024, 1024], 8, 128), ([49, 1024, 512], 8, 128), ([49, 1000, 1024], 8, 112)] {
        let cut = Cut::packed_before(sizes, 1, lanes);
        let widths: Vec<_> = (0..cut.tasks()).map(|i| cut.task(i, 0).columns.len()).collect();
        assert_eq!(widths.iter().max(), Some(&columns), "{sizes:?}: {widths:?}");
        assert!(sizes[1] % columns > 0 || widths.iter().all(|&width| width == columns), "{sizes:?}: {widths:?}");
    }
}

fn by_seven(
    team: &Team<'_>,
    cut: &Strassen,
    [a, b]: [&[f32]; 2],
    epilogue: Epilogue<'_>,
    to: (&mut [f32], &mut [f32]),
) {
    let mut packed = vec![f32::NAN; cut.packed()];
    cut.pack(team, b, &mut packed);
    cut.run(team, (a, &packed), epilogue, to.0, to.1);
}

/// An image does not reach another one's results, though its elements are very large; nor are sums beyond the range of f32 hidden.
#[test]
fn images_do_not_meet_in_seven_multiplications() {
    let sizes @ [rows, columns, depth] = [83, 64, 64];
    for set in Instructions::available() {
        let lanes = Vectors::new(set).unwrap().lanes();
        let cut = Strassen::new(3, sizes, lanes).unwrap();
        let threads = Threads::new(2, set).unwrap();
        let (mut a, b) = (numbers(3 * rows * depth, 1), numbers(columns * depth, 2));
        let expected = naive(&a, &b, [3 * rows, columns, depth]);
        a[rows * depth..2 * rows * depth].iter_mut().for_each(|a| *a *= 1e30);
        a[rows * depth] = f32::INFINITY;
        let mut found = vec![f32::NAN; 3 * rows * columns];
        let mut workspace = vec![f32::NAN; 2 * cut.scratch().each];
        by_seven(&Team::new(&threads, None), &cut, [&a, &b], Epilogue::default(), (&mut found, &mut workspace));
        let image = rows * columns;
        for (at, (found, expected)) in found.iter().zip(&expected).enumerate().filter(|(at, _)| at / image != 1) {
            assert!((f64::from(*found) - expected).abs() <= 4.5e-6 * depth as f64, "{set}, {sizes:?}: {found} at {at}");
        }
        assert!(found[image..][..columns].iter().all(|found| !found.is_finite()), "{set}");
    }
}

/// Rounding errors of both ways for sums of 512 terms, in the mean: the more of the seven's is what its head says.
#[test]
fn seven_multiplications_round_about_three_times_as_much() {
    let sizes @ [rows, columns, depth] = [84, 64, 512];
    let set = Instructions::best();
    let (lanes, threads) = (Vectors::new(set).unwrap().lanes(), Threads::new(2, set).unwrap());
    let team = Team::new(&threads, None);
    // Of neighbouring numbers nothing follows for the next ones: where they went on evenly, sums of halves would add up.
    let mut state = 1u32;
    let mut random = |len: usize| -> Vec<f32> {
        let next = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1u32 << 23) as f32 - 1.0
        };
        (0..len).map(next).collect()
    };
    let (a, b) = (random(rows * depth), random(columns * depth));
    let expected = naive(&a, &b, sizes);
    let error = |found: &[f32]| {
        let square = |(found, expected): (&f32, &f64)| (f64::from(*found) - expected).powi(2);
        (found.iter().zip(&expected).map(square).sum::<f64>() / found.len() as f64).sqrt()
    };
    let cut = Strassen::new(1, sizes, lanes).unwrap();
    let mut found = vec![f32::NAN; rows * columns];
    by_seven(&team, &cut, [&a, &b], Epilogue::default(), (&mut found, &mut vec![0.0; 2 * cut.scratch().each]));
    let seven = error(&found);
    let cut = Cut::packed_by_tasks(sizes, 1, lanes);
    let (left, right) = (Rows { data: &a, stride: depth, next: 0 }, Rows { data: &b, stride: depth, next: 0 });
    let right = Factor::Own(&right);
    let product = Product { left: &left, right, place: |_, row| row * columns, epilogue: Epilogue::default() };
    product.run(&team, &cut, &mut found, 0, &mut vec![0.0; 2 * cut.scratch().each]);
    let plain = error(&found);
    assert!((1.5..4.5).contains(&(seven / plain)), "{seven:e} for {plain:e}");
}
