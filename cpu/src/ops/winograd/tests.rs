//! Both tile sizes and all gradients against plain sums in f64, on every set of instructions, whether or not the sizes are worth it.

#![allow(clippy::unwrap_used)]

use fovea_graph::op::Activation;
use fovea_graph::philox::{Purpose, Stream};
use proptest::prelude::*;

use super::cut::Cut;
use super::filters::{Direction, transform};
use super::forward;
use super::plane::Plane;
use super::wgrad::{self, WgradCut};
use crate::epilogue::Epilogue;
use crate::ops::conv::Operands;
use crate::simd::Instructions;
use crate::team::Team;
use crate::threads::Threads;

/// The most that a result is off, by the largest: what the module's head says.
const ERROR: f64 = 5e-6;

fn random(len: usize, seed: u64) -> Vec<f32> {
    let stream = Stream::new(seed, Purpose::Data, 0);
    (0..len).map(|i| stream.normal(i as u64) as f32).collect()
}

/// A convolution with its operands.
struct Case {
    plane: Plane,
    x: Vec<f32>,
    w: Vec<f32>,
    dy: Vec<f32>,
    bias: Vec<f32>,
}

impl Case {
    fn new(plane: Plane) -> Self {
        let (x, y) = (plane.map.iter().product::<usize>(), plane.out.iter().product::<usize>());
        Self {
            plane,
            x: random(plane.batch * x * plane.channels, 1),
            w: random(plane.filters * 9 * plane.channels, 2),
            dy: random(plane.batch * y * plane.filters, 3),
            bias: random(plane.filters, 4),
        }
    }

    /// Calls with the places in x, w and y of every product that there is.
    fn each(&self, mut visit: impl FnMut(usize, usize, usize)) {
        let Plane { batch, map, channels, out, filters, pad } = self.plane;
        for position in 0..batch * out[0] * out[1] {
            let (image, line, column) = (position / (out[0] * out[1]), position / out[1] % out[0], position % out[1]);
            for tap in 0..9 {
                let y = (line + tap / 3) as isize - pad[0];
                let x = (column + tap % 3) as isize - pad[1];
                if y < 0 || x < 0 || y >= map[0] as isize || x >= map[1] as isize {
                    continue;
                }
                let from = (image * map[0] + y as usize) * map[1] + x as usize;
                for f in 0..filters {
                    for c in 0..channels {
                        visit(from * channels + c, (f * 9 + tap) * channels + c, position * filters + f);
                    }
                }
            }
        }
    }

    /// The convolution with bias and ReLU, the gradient by its input, and that by its filters.
    fn expected(&self) -> [Vec<f64>; 3] {
        let filters = self.plane.filters;
        let mut y: Vec<f64> = (0..self.dy.len()).map(|i| f64::from(self.bias[i % filters])).collect();
        let (mut dx, mut dw) = (vec![0.0; self.x.len()], vec![0.0; self.w.len()]);
        self.each(|x, w, to| {
            y[to] += f64::from(self.x[x]) * f64::from(self.w[w]);
            dx[x] += f64::from(self.dy[to]) * f64::from(self.w[w]);
            dw[w] += f64::from(self.dy[to]) * f64::from(self.x[x]);
        });
        y.iter_mut().for_each(|y| *y = y.max(0.0));
        [y, dx, dw]
    }

    /// The same by this module.
    fn found(&self, threads: &Threads, size: usize, cut: fn(&Plane, usize, usize) -> Cut) -> [Vec<f32>; 3] {
        let (team, lanes) = (Team::new(threads, None), threads.vectors().lanes());
        let run = |plane: Plane, x: &[f32], epilogue: Epilogue<'_>, direction: Direction, y: &mut [f32]| {
            let cut = cut(&plane, size, lanes);
            let mut workspace = random(cut.scratch().bytes(threads.count()) / 4, 5);
            let mut packed = vec![f32::NAN; cut.packing.len()];
            transform(&cut.packing, direction, &self.w, &mut packed, &team);
            let filters = if cut.made.is_some() { &self.w } else { &packed };
            let operands = (Operands { x, filters, epilogue }, direction);
            forward::run(&team, &plane, &cut, operands, &mut workspace, y);
        };
        let (mut y, mut dx) = (vec![f32::NAN; self.dy.len()], vec![f32::NAN; self.x.len()]);
        let behind = Epilogue::new(Some(&self.bias), Some(Activation::Relu));
        run(self.plane, &self.x, behind, Direction::Forward, &mut y);
        run(self.plane.turned(), &self.dy, Epilogue::default(), Direction::Backward, &mut dx);
        let (cut, mut dw) = (WgradCut::new(&self.plane, lanes), vec![f32::NAN; self.w.len()]);
        let mut workspace = random(cut.scratch(&self.plane).bytes(threads.count()) / 4, 5);
        wgrad::run(&team, &self.plane, &cut, [&self.x, &self.dy], &mut workspace, &mut dw);
        [y, dx, dw]
    }

    /// How far the results are off at most, by the largest of each.
    fn errors(&self, found: [Vec<f32>; 3]) -> [f64; 3] {
        let expected = self.expected();
        std::array::from_fn(|i| {
            let largest = expected[i].iter().fold(1e-3f64, |most, e| most.max(e.abs()));
            let off = found[i].iter().zip(&expected[i]).map(|(&f, e)| (f64::from(f) - e).abs());
            // What is no number is infinitely far off.
            off.fold(
                0.0,
                |most: f64, off| if off <= most { most } else { if off.is_nan() { f64::INFINITY } else { off } },
            ) / largest
        })
    }

    fn check(&self) {
        for set in Instructions::available() {
            let threads = Threads::new(2, set).unwrap();
            let cuts: [fn(&Plane, usize, usize) -> Cut; 2] = [Cut::new, Cut::transformed];
            for (size, cut) in [4, 2].into_iter().flat_map(|size| cuts.map(|cut| (size, cut))) {
                let errors = self.errors(self.found(&threads, size, cut));
                assert!(errors.iter().all(|&e| e <= ERROR), "{errors:?} with {set} at {size}: {:?}", self.plane);
            }
        }
    }
}

fn plane(batch: usize, map: [usize; 2], channels: usize, filters: usize, pads: [[usize; 2]; 2]) -> Plane {
    let out = [0, 1].map(|axis| map[axis] + pads[axis][0] + pads[axis][1] - 2);
    Plane { batch, map, channels, out, filters, pad: pads.map(|pad| pad[0] as isize) }
}

fn planes() -> impl Strategy<Value = Plane> {
    let axis = || (1usize..14, 0usize..3, 0usize..3).prop_filter("a window fits", |(n, a, b)| n + a + b >= 3);
    let many = || prop_oneof![1usize..40, Just(64), 60usize..80];
    (1usize..4, axis(), axis(), many(), many()).prop_map(|(batch, y, x, channels, filters)| {
        plane(batch, [y.0, x.0], channels, filters, [[y.1, y.2], [x.1, x.2]])
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn all_are_close_to_plain_sums(plane in planes()) {
        Case::new(plane).check();
    }
}

#[test]
fn filters_made_by_tasks_and_filters_packed_before() {
    let same = [[1, 1]; 2];
    let cases = [
        // (sizes, whether filters are made, with AVX-512's vectors)
        (plane(2, [6, 6], 300, 200, same), true),
        (plane(3, [13, 9], 260, 130, same), true),
        (plane(6, [22, 18], 130, 120, same), false),
        (plane(2, [40, 37], 40, 30, same), false),
    ];
    for (plane, made) in cases {
        assert_eq!(Cut::new(&plane, 4, 16).made.is_some(), made, "{plane:?}");
        Case::new(plane).check();
    }
}

/// One sum over many channels; all of one sign, and of a checkerboard that meets the transforms' signs.
#[test]
fn the_error_stays_below_what_is_said_of_what_is_worst() {
    let plane = plane(1, [12, 12], 512, 32, [[1, 1]; 2]);
    let board = |i: usize, width: usize, channels: usize| match (i / channels % width + i / channels / width) % 2 {
        0 => 1.0,
        _ => -1.0,
    };
    let mut cases = [Case::new(plane), Case::new(plane), Case::new(plane), Case::new(plane)];
    let [_, positive, signs, huge] = &mut cases;
    for values in [&mut positive.x, &mut positive.w, &mut positive.dy] {
        values.iter_mut().for_each(|v| *v = v.abs());
    }
    for (values, width, channels) in [(&mut signs.x, 12, 512), (&mut signs.w, 3, 512), (&mut signs.dy, 12, 32)] {
        values.iter_mut().enumerate().for_each(|(i, v)| *v = v.abs() * board(i, width, channels));
    }
    for values in [&mut huge.x, &mut huge.dy] {
        values.iter_mut().enumerate().for_each(|(i, v)| *v *= if i % 97 == 0 { 1000.0 } else { 1.0 });
    }
    for case in &cases {
        case.check();
    }
}

#[test]
fn bits_are_the_same_for_any_number_of_threads() {
    for set in Instructions::available() {
        for plane in [plane(2, [6, 6], 300, 200, [[1, 1]; 2]), plane(5, [21, 18], 70, 50, [[0, 1], [2, 1]])] {
            let case = Case::new(plane);
            let found = |threads| {
                case.found(&Threads::new(threads, set).unwrap(), 4, Cut::new)
                    .map(|v| v.iter().map(|v| v.to_bits()).collect::<Vec<_>>())
            };
            let one = found(1);
            assert!(one == found(2) && one == found(5), "{set}: {plane:?}");
        }
    }
}
