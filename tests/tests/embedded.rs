//! Codes in the plane against scikit-learn: principal components, and how well neighbours tell classes.
#![allow(clippy::unwrap_used)]

use fovea_graph::stop::At;
use fovea_graph::{Never, Tensor};
use fovea_tests::goldens::Goldens;
use fovea_train::probe::embed::{Codes, Start, Tsne, accuracy, nearest_in_plane};

/// The golden's codes and their labels.
fn codes(goldens: &Goldens) -> (Tensor, Vec<u32>) {
    let codes = goldens.bytes("codes").mapv(|byte| f32::from(byte) - 128.0);
    (codes, goldens.bytes("labels").iter().map(|&label| label.into()).collect())
}

const TSNE: Tsne = Tsne { perplexity: 30.0, steps: 1000, exaggeration: 12.0, theta: 0.5, start: Start::Components };

#[test]
fn principal_components_are_those_of_scikit_learn() {
    let goldens = Goldens::open("embed.npz");
    let (codes, _) = codes(&goldens);
    let (points, shares) = Codes::of(&codes, 1, &Never).unwrap().by_components(&Never).unwrap();
    let (places, wanted) = (goldens.output("pca"), goldens.output("shares"));
    for axis in [0, 1] {
        assert!((shares[axis] - wanted[[axis]]).abs() < 1e-9, "{shares:?}, {wanted}");
        // An axis may point either way.
        let largest =
            (0..points.len()).max_by(|&a, &b| points[a][axis].abs().total_cmp(&points[b][axis].abs())).unwrap();
        let sign = (places[[largest, axis]] * points[largest][axis]).signum();
        for (row, point) in points.iter().enumerate() {
            let (found, wanted) = (point[axis], sign * places[[row, axis]]);
            assert!((found - wanted).abs() < 1e-6 * (1.0 + wanted.abs()), "{found}, {wanted}");
        }
    }
}

#[test]
fn neighbours_in_the_plane_tell_classes_as_well_as_scikit_learns() {
    let goldens = Goldens::open("embed.npz");
    let (codes, labels) = codes(&goldens);
    let codes = Codes::of(&codes, 1, &Never).unwrap();
    let of_codes = accuracy(&codes.nearest(5, &Never).unwrap(), &labels);
    assert!((of_codes - goldens.output("right.codes")[[]]).abs() < 1e-12, "{of_codes}");
    let (right, divergences) = (goldens.output("right.planes"), goldens.output("divergences"));
    let random = Tsne { start: Start::Random, ..TSNE };
    for (how, golden) in [(TSNE, 0), (random, 2)] {
        let embedded = codes.by_neighbours(&how, &mut |_| (), &Never).unwrap();
        let found = accuracy(&nearest_in_plane(&embedded.points, 5), &labels);
        let divergence = embedded.progress.divergence;
        assert!(found >= right[[golden]] - 0.01, "{found}, {}", right[[golden]]);
        assert!(divergence <= divergences[[golden]] * 1.05, "{divergence}, {}", divergences[[golden]]);
        assert_eq!((embedded.progress.steps, embedded.interrupted), (1000, false));
    }
}

#[test]
fn the_same_seed_gives_the_same_points_and_a_descent_that_is_broken_off_keeps_its_steps() {
    let (samples, _) = codes(&Goldens::open("embed.npz"));
    let codes = Codes::of(&samples, 7, &Never).unwrap();
    let how = Tsne { steps: 20, start: Start::Random, ..TSNE };
    let whole = codes.by_neighbours(&how, &mut |_| (), &Never).unwrap();
    assert_eq!(codes.by_neighbours(&how, &mut |_| (), &Never).unwrap(), whole);
    let other = Codes::of(&samples, 8, &Never).unwrap().by_neighbours(&how, &mut |_| (), &Never).unwrap();
    assert_ne!(other.points, whole.points);
    let looks = At::never();
    codes.by_neighbours(&how, &mut |_| (), &looks).unwrap();
    let late = codes.by_neighbours(&how, &mut |_| (), &At::look(looks.asked() - 1)).unwrap();
    assert!(late.interrupted && late.progress.steps >= 19, "{:?}", late.progress);
    assert!(codes.by_neighbours(&how, &mut |_| (), &At::look(0)).is_err(), "there is nothing to show");
}
