//! How a link runs: straight down past boxes, and in curves between ranks.

use super::Layered;

type Point = (f64, f64);

/// The points of a way, from the lower border of its first box to the upper border of its last, at these places across.
pub(super) fn route(graph: &Layered, way: &[usize], [begin, end]: [f64; 2], tops: &[f64]) -> Vec<Point> {
    let &[first, .., last] = way else { return Vec::new() };
    let border = |at: usize, side: f64| graph.middle(at, tops).1 + side * graph.sizes[at].height / 2.0;
    let mut points = vec![(begin, border(first, 1.0))];
    for (number, &at) in way[1..way.len() - 1].iter().enumerate() {
        let rank = graph.ranks[first] + 1 + number;
        curve(&mut points, (graph.across[at], tops[rank]));
        points.push((graph.across[at], tops[rank] + graph.heights[rank]));
    }
    curve(&mut points, (end, border(last, -1.0)));
    points.dedup_by(|a, b| (a.0 - b.0).abs() < 1e-6 && (a.1 - b.1).abs() < 1e-6);
    points
}

/// Goes on to a point below, upright at both ends and level in between.
fn curve(points: &mut Vec<Point>, to: Point) {
    let Some(&from) = points.last() else { return };
    let (wide, tall) = (to.0 - from.0, to.1 - from.1);
    if wide.abs() < 0.5 {
        points.push(to);
    } else {
        // The end is straight, for the arrow's head.
        let tail = (tall * 0.4).min(8.0);
        let radius = ((tall - tail) / 2.0).min(9.0).min(wide.abs() / 2.0);
        let (level, side) = (to.1 - tail - radius, wide.signum());
        quarter(points, (from.0, level - radius), (from.0, level), (from.0 + side * radius, level));
        quarter(points, (to.0 - side * radius, level), (to.0, level), (to.0, level + radius));
        points.push(to);
    }
}

/// Around a corner.
pub(in super::super) fn quarter(points: &mut Vec<Point>, from: Point, corner: Point, to: Point) {
    points.push(from);
    let at = |t: f64| {
        let u = 1.0 - t;
        let blend = |a: f64, b: f64, c: f64| u * u * a + 2.0 * u * t * b + t * t * c;
        (blend(from.0, corner.0, to.0), blend(from.1, corner.1, to.1))
    };
    points.extend((1..=6).map(|step| at(f64::from(step) / 6.0)));
}
