//! Outlines as signed distances: how far a point is from the edge, negative inside. Angles in radians, y down.

use std::f32::consts::TAU;

/// A point or a vector.
pub type Point = [f32; 2];

/// What encloses an area.
#[derive(Clone, Debug)]
pub enum Outline {
    /// A circle around the origin.
    Circle(f32),
    /// What is between two circles around the origin, by the middle radius and half the width.
    Ring(f32, f32),
    /// The first circle without the second, each by centre and radius.
    Crescent((Point, f32), (Point, f32)),
    /// Straight edges between these corners, in order.
    Polygon(Vec<Point>),
    /// What is in any of these.
    Union(Vec<(Point, Outline)>),
}

impl Outline {
    /// A regular polygon of radius 1, a corner up.
    pub fn regular(corners: usize) -> Self {
        Self::Polygon(around(corners, |_| 1.0))
    }

    /// A star of radius 1, a tip up, whose inner corners have the radius `inner`.
    pub fn star(tips: usize, inner: f32) -> Self {
        Self::Polygon(around(2 * tips, |i| if i % 2 == 0 { 1.0 } else { inner }))
    }

    /// An upright rectangle around the origin.
    pub fn rectangle(half_width: f32, half_height: f32) -> Self {
        let (w, h) = (half_width, half_height);
        Self::Polygon(vec![[-w, -h], [w, -h], [w, h], [-w, h]])
    }

    /// The distance of a point to the edge; an upper bound of it inside a union.
    pub fn distance(&self, p: Point) -> f32 {
        match self {
            Outline::Circle(radius) => length(p) - radius,
            Outline::Ring(radius, half) => (length(p) - radius).abs() - half,
            Outline::Crescent((a, r), (b, s)) => (length(minus(p, *a)) - r).max(s - length(minus(p, *b))),
            Outline::Polygon(corners) => polygon(corners, p),
            Outline::Union(parts) => {
                parts.iter().map(|(at, part)| part.distance(minus(p, *at))).fold(f32::INFINITY, f32::min)
            }
        }
    }

    /// A radius around the origin that holds all of it.
    pub fn reach(&self) -> f32 {
        match self {
            Outline::Circle(radius) => *radius,
            Outline::Ring(radius, half) => radius + half,
            Outline::Crescent((a, r), _) => length(*a) + r,
            Outline::Polygon(corners) => corners.iter().map(|&corner| length(corner)).fold(0.0, f32::max),
            Outline::Union(parts) => parts.iter().map(|(at, part)| length(*at) + part.reach()).fold(0.0, f32::max),
        }
    }
}

/// Points around the origin, the first one up, at radii by their number.
fn around(count: usize, radius: impl Fn(usize) -> f32) -> Vec<Point> {
    let at = |i: usize| {
        let (sin, cos) = (TAU * i as f32 / count as f32).sin_cos();
        [radius(i) * sin, -radius(i) * cos]
    };
    (0..count).map(at).collect()
}

/// The nearest edge's distance; inside where a ray to the right crosses an odd number of edges.
fn polygon(corners: &[Point], p: Point) -> f32 {
    let (mut nearest, mut inside) = (f32::INFINITY, false);
    for (i, &a) in corners.iter().enumerate() {
        let b = corners[(i + 1) % corners.len()];
        let (edge, to) = (minus(b, a), minus(p, a));
        let along = (dot(to, edge) / dot(edge, edge).max(f32::MIN_POSITIVE)).clamp(0.0, 1.0);
        let off = [to[0] - along * edge[0], to[1] - along * edge[1]];
        nearest = nearest.min(dot(off, off));
        if (a[1] > p[1]) != (b[1] > p[1]) && to[0] < to[1] * edge[0] / edge[1] {
            inside = !inside;
        }
    }
    if inside { -nearest.sqrt() } else { nearest.sqrt() }
}

/// A point, seen from another.
pub fn minus(a: Point, b: Point) -> Point {
    [a[0] - b[0], a[1] - b[1]]
}

fn dot(a: Point, b: Point) -> f32 {
    a[0] * b[0] + a[1] * b[1]
}

fn length(a: Point) -> f32 {
    dot(a, a).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_school() {
        let square = Outline::rectangle(1.0, 1.0);
        let cases = [
            (&square, [0.0, 0.0], -1.0),
            (&square, [3.0, 0.0], 2.0),
            (&square, [4.0, 5.0], 5.0),
            (&square, [0.75, 0.5], -0.25),
            (&Outline::Circle(2.0), [3.0, 4.0], 3.0),
            (&Outline::Ring(2.0, 0.5), [0.0, 0.0], 1.5),
            (&Outline::Ring(2.0, 0.5), [2.0, 0.0], -0.5),
            (&Outline::Crescent(([0.0, 0.0], 2.0), ([1.0, 0.0], 1.0)), [-1.0, 0.0], -1.0),
            (&Outline::Crescent(([0.0, 0.0], 2.0), ([1.0, 0.0], 1.0)), [1.0, 0.0], 1.0),
            // A triangle of radius 1 has its edges at 1/2 from the middle.
            (&Outline::regular(3), [0.0, 0.0], -0.5),
            (&Outline::star(5, 0.4), [0.0, -2.0], 1.0),
        ];
        for (outline, point, expected) in cases {
            let found = outline.distance(point);
            assert!((found - expected).abs() < 1e-6, "{outline:?} at {point:?}: {found}, not {expected}");
        }
    }

    /// Nothing of an outline is farther out than its reach says.
    #[test]
    fn reaches_hold_outlines() {
        let heap = vec![([1.0, 0.0], Outline::regular(5)), ([-0.5, 0.5], Outline::Ring(0.5, 0.2))];
        for outline in [Outline::star(6, 0.3), Outline::rectangle(2.0, 0.5), Outline::Union(heap)] {
            for i in 0..64 {
                let (sin, cos) = (TAU * i as f32 / 64.0).sin_cos();
                let r = outline.reach() + 1e-3;
                assert!(outline.distance([r * cos, r * sin]) > 0.0, "{outline:?}");
            }
        }
    }
}
