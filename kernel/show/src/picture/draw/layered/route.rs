//! How a link runs: straight down past boxes, and in curves between ranks.

use super::Layered;

/// Points of a curve.
const POINTS: usize = 12;

type Point = (f64, f64);

/// The points of a way, from the lower border of its first box to the upper border of its last; of boxes far enough at the
/// side, to their nearer border.
pub(super) fn route(graph: &Layered, way: &[usize], tops: &[f64]) -> Vec<Point> {
    let &[first, .., last] = way else { return Vec::new() };
    let x = |at: usize| graph.across[at];
    let begin = {
        let (middle, y) = graph.middle(first, tops);
        (port(middle, graph.sizes[first].width, x(way[1])), y + graph.sizes[first].height / 2.0)
    };
    let end = {
        let (middle, y) = graph.middle(last, tops);
        (port(middle, graph.sizes[last].width, x(way[way.len() - 2])), y - graph.sizes[last].height / 2.0)
    };
    let mut points = vec![begin];
    for (number, &at) in way[1..way.len() - 1].iter().enumerate() {
        let rank = graph.ranks[first] + 1 + number;
        curve(&mut points, (x(at), tops[rank]));
        let bottom = tops[rank] + graph.heights[rank];
        points.push((x(at), bottom));
    }
    curve(&mut points, end);
    points.dedup_by(|a, b| (a.0 - b.0).abs() < 1e-6 && (a.1 - b.1).abs() < 1e-6);
    points
}

/// Where a link meets a box of this middle and width that leads to or comes from `other`: as near to it as corners allow.
fn port(middle: f64, width: f64, other: f64) -> f64 {
    let reach = (width / 2.0 - CORNER).max(0.0);
    // A link to one box far at the side leaves in the middle, as the one straight down does.
    if (other - middle).abs() > reach { middle + (other - middle).signum() * reach.min(width / 4.0) } else { other }
}

/// Links keep so far from a box's corners.
const CORNER: f64 = 10.0;

/// Goes on to a point below, upright at both ends: in one bend where it is not far at the side, else level in between.
fn curve(points: &mut Vec<Point>, to: Point) {
    let Some(&from) = points.last() else { return };
    let (wide, tall) = (to.0 - from.0, to.1 - from.1);
    if wide.abs() < 0.5 {
        points.push(to);
    } else if wide.abs() < 1.6 * tall {
        bend(points, from, to);
    } else {
        // The end is straight, for the arrow's head.
        let tail = (tall * 0.4).min(8.0);
        let radius = ((tall - tail) / 2.0).min(9.0);
        let (level, side) = (to.1 - tail - radius, wide.signum());
        quarter(points, (from.0, level - radius), (from.0, level), (from.0 + side * radius, level));
        quarter(points, (to.0 - side * radius, level), (to.0, level), (to.0, level + radius));
        points.push(to);
    }
}

/// From a point to one below as a cubic curve, upright at both ends.
fn bend(points: &mut Vec<Point>, from: Point, to: Point) {
    let half = (to.1 - from.1) * 0.5;
    let at = |t: f64| {
        let u = 1.0 - t;
        let blend =
            |a: f64, b: f64, c: f64, d: f64| u * u * u * a + 3.0 * u * u * t * b + 3.0 * u * t * t * c + t * t * t * d;
        (blend(from.0, from.0, to.0, to.0), blend(from.1, from.1 + half, to.1 - half, to.1))
    };
    points.extend((1..POINTS).map(|step| at(step as f64 / POINTS as f64)));
    points.push(to);
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
