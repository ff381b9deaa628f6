//! Codes in the plane: the gradient by finite differences, the tree beside every pair, and what cannot be laid out.
#![allow(clippy::unwrap_used)]

use fovea_graph::philox::{Purpose, Stream};
use fovea_graph::stop::looks;
use fovea_graph::{Never, Tensor};
use fovea_train::probe::embed::{
    Affinities, Codes, EmbedError, Layout, Point, Repulsion, Start, Tsne, accuracy, components, most_perplexity,
    nearest_in_plane,
};
use ndarray::{Array2, Axis};

const TSNE: Tsne = Tsne { perplexity: 5.0, steps: 300, exaggeration: 12.0, theta: 0.5, start: Start::Components };

/// Rows in three heaps.
fn heaps(count: usize, size: usize) -> Array2<f64> {
    let random = Stream::new(3, Purpose::Data, 0);
    let mut rows = Array2::from_shape_fn((count, size), |(i, j)| {
        let heap = if j % 3 == i % 3 { 6.0 } else { 0.0 };
        heap + random.normal((i * size + j) as u64)
    });
    let mean = rows.mean_axis(Axis(0)).unwrap();
    rows -= &mean;
    rows
}

fn points(count: usize) -> Vec<Point> {
    let random = Stream::new(4, Purpose::Data, 0);
    (0..count as u64).map(|i| [random.normal(2 * i) * 3.0, random.normal(2 * i + 1)]).collect()
}

#[test]
fn the_gradient_is_the_slope_of_the_divergence() {
    for is_exact in [true, false] {
        let affinities = Affinities::of(&heaps(30, 6), 4.0, is_exact, &Never).unwrap();
        let places = points(30);
        let gradient = Layout::new(places.clone(), Repulsion::Exact).gradient(&affinities, 1.0, &Never).unwrap();
        for (i, slope) in gradient.iter().enumerate() {
            for axis in [0, 1] {
                let moved = |by: f64| {
                    let mut places = places.clone();
                    places[i][axis] += by;
                    Layout::new(places, Repulsion::Exact).progress(&affinities).divergence
                };
                let expected = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                assert!((slope[axis] - expected).abs() < 1e-8, "{}, {expected}", slope[axis]);
            }
        }
    }
}

#[test]
fn what_belongs_together_sums_to_one_and_goes_both_ways() {
    for is_exact in [true, false] {
        let affinities = Affinities::of(&heaps(60, 6), 4.0, is_exact, &Never).unwrap();
        let share = |i: usize, j: usize| affinities.row(i).find(|&(other, _)| other == j).map(|(_, share)| share);
        let all: f64 = (0..affinities.count()).flat_map(|i| affinities.row(i)).map(|(_, share)| share).sum();
        assert!((all - 1.0).abs() < 1e-12, "{all}");
        let others = affinities.row(7).count();
        assert!(if is_exact { others == 59 } else { (13..59).contains(&others) }, "{others}");
        assert!(affinities.row(7).all(|(other, share_of_7)| share(other, 7) == Some(share_of_7)));
    }
}

#[test]
fn the_tree_is_near_every_pair_and_the_same_where_nothing_is_taken_together() {
    // Some at one place, where no halving parts them.
    let mut places = points(500);
    places.extend([[0.25, 0.5]; 7]);
    places.push([0.25 + 1e-15, 0.5]);
    let affinities = Affinities::of(&heaps(508, 6), 10.0, false, &Never).unwrap();
    let by = |repulsion| Layout::new(places.clone(), repulsion).gradient(&affinities, 1.0, &Never).unwrap();
    let exact = by(Repulsion::Exact);
    let length = |gradient: &[Point]| gradient.iter().flatten().map(|slope| slope * slope).sum::<f64>().sqrt();
    for (theta, most) in [(0.0, 1e-12), (0.2, 0.005), (0.5, 0.05)] {
        let tree = by(Repulsion::Tree { theta });
        let away: Vec<Point> = tree.iter().zip(&exact).map(|(a, b)| [a[0] - b[0], a[1] - b[1]]).collect();
        assert!(length(&away) <= most * length(&exact), "{theta}: {} of {}", length(&away), length(&exact));
    }
}

#[test]
fn many_codes_are_laid_out_by_the_tree() {
    let rows = heaps(2100, 8);
    let codes = Codes::of(&rows.mapv(|value| value as f32).into_dyn(), 1, &Never).unwrap();
    let labels: Vec<u32> = (0..2100).map(|i| i % 3).collect();
    let mut told = Vec::new();
    let how = Tsne { perplexity: 30.0, ..TSNE };
    let embedded = codes.by_neighbours(&how, &mut |progress| told.push(progress), &Never).unwrap();
    let right = accuracy(&nearest_in_plane(&embedded.points, 5), &labels);
    assert!(right > 0.99, "{right}");
    assert_eq!((told.len(), told[0].steps, told[29]), (30, 10, embedded.progress));
    assert!(told[29].divergence < told[0].divergence);
}

#[test]
fn the_nearest_in_the_plane_are_the_nearest() {
    let mut places = points(200);
    places.extend([[0.5, 0.5]; 4]);
    let rows = Tensor::from_shape_fn(vec![204, 2], |at| places[at[0]][at[1]] as f32);
    let places: Vec<Point> = rows.outer_iter().map(|row| [row[0].into(), row[1].into()]).collect();
    let square = |a: Point, b: Point| (a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2);
    for (own, near) in nearest_in_plane(&places, 5).iter().enumerate() {
        let mut others: Vec<(f64, u32)> = (0..204)
            .filter(|&other| other != own)
            .map(|other| (square(places[own], places[other]), other as u32))
            .collect();
        others.sort_by(|a, b| a.partial_cmp(b).unwrap());
        assert_eq!(*near, others[..5].iter().map(|&(_, other)| other).collect::<Vec<_>>());
    }
    assert_eq!(nearest_in_plane(&places[..3], 5).iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 2]);
    // Two classes with two votes each: the smaller number.
    assert_eq!(accuracy(&[vec![1, 2, 3, 4, 5]], &[1, 2, 2, 1, 1, 3]), 1.0);
}

#[test]
fn wide_codes_are_laid_out_by_their_components() {
    let rows = heaps(90, 1200).mapv(|value| value as f32).into_dyn();
    let codes = Codes::of(&rows, 1, &Never).unwrap();
    assert_eq!(codes.reduced_from(), Some(1200));
    let labels: Vec<u32> = (0..90).map(|i| i % 3).collect();
    assert_eq!(accuracy(&codes.nearest(5, &Never).unwrap(), &labels), 1.0);
    // All of them, where there are few: the rows' lengths stay.
    let rows = heaps(20, 7);
    let found = components(&rows, 7, 1, 1e-12, &Never).unwrap();
    for (row, scores) in rows.outer_iter().zip(found.scores.outer_iter()) {
        assert!((row.dot(&row) - scores.dot(&scores)).abs() < 1e-9 * row.dot(&row));
    }
    assert!((found.shares.iter().sum::<f64>() - 1.0).abs() < 1e-9 && found.shares.is_sorted_by(|a, b| a >= b));
}

#[test]
fn codes_that_nothing_tells_apart_are_refused_and_few_or_flat_ones_are_laid_out() {
    let of = |codes: Vec<f32>, size: usize| {
        Codes::of(&Tensor::from_shape_vec(vec![codes.len() / size, size], codes).unwrap(), 1, &Never)
    };
    assert_eq!(of(vec![2.5; 12], 2).unwrap_err(), EmbedError::Alike);
    assert_eq!(of(vec![1.0, 2.0, f32::NAN, 4.0], 1).unwrap_err(), EmbedError::NotFinite { sample: 2 });
    let least = Tsne { perplexity: most_perplexity(4), ..TSNE };
    // One number a code; all but one the same.
    for codes in [vec![1.0, 2.0, 3.0, 4.0], vec![1.0, 1.0, 1.0, 2.0], vec![1e30, -1e30, 0.0, 5.0]] {
        let embedded = of(codes, 1).unwrap().by_neighbours(&least, &mut |_| (), &Never).unwrap();
        assert!(embedded.points.iter().flatten().all(|place| place.is_finite()), "{:?}", embedded.points);
    }
}

#[test]
fn laying_out_ends_where_it_is_told_to() {
    let rows = heaps(40, 5).mapv(|value| value as f32).into_dyn();
    let broken = |result: Result<Codes, EmbedError>| {
        result.map_err(|error| match error {
            EmbedError::Interrupted(interrupted) => interrupted,
            other => panic!("{other}"),
        })
    };
    assert!(looks(|stop| broken(Codes::of(&rows, 1, stop))) > 40);
    let codes = Codes::of(&rows, 1, &Never).unwrap();
    assert!(looks(|stop| codes.by_components(stop)) > 1);
    assert!(looks(|stop| codes.nearest(5, stop)) > 40);
}
