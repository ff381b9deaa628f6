//! Layered drawings of graphs: boxes in ranks from top to bottom, each below all that it reads.
//!
//! Source: K. Sugiyama, S. Tagawa and M. Toda, "Methods for visual understanding of hierarchical system structures", IEEE
//! Transactions on Systems, Man, and Cybernetics 11(2), 1981: ranks, places in each rank so that few links cross, then
//! coordinates. A link over several ranks goes through a point in each.

mod across;
mod order;
mod ports;
mod route;

use across::Ranked;
pub(super) use route::quarter;

/// Distances between boxes, in pixels.
#[derive(Clone, Copy, Debug)]
pub struct Gaps {
    /// Between two boxes beside each other.
    pub across: f64,
    /// Between a box and a link that goes past it.
    pub past: f64,
    /// Between two ranks.
    pub ranks: f64,
}

/// A box's size in pixels.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Its width.
    pub width: f64,
    /// Its height.
    pub height: f64,
    /// Its width with what stands below it.
    pub reach: f64,
}

/// A box, or a point that a link goes through.
#[derive(Clone, Copy, Debug)]
struct Vertex {
    rank: usize,
    width: f64,
    /// Whether it is a box.
    is_box: bool,
}

/// A piece of a link, from one rank to the next.
#[derive(Clone, Copy, Debug)]
struct Piece {
    from: usize,
    to: usize,
    /// How strongly it pulls its ends together.
    pull: f64,
    /// Whether its ends are to stand below each other.
    is_straight: bool,
}

/// A graph with its ranks and its places across.
#[derive(Clone, Debug)]
pub struct Layered {
    /// The rank of each box.
    pub ranks: Vec<usize>,
    /// The height of each rank's tallest box.
    pub heights: Vec<f64>,
    /// The width of the whole; boxes and links lie between 0 and this.
    pub width: f64,
    sizes: Vec<Size>,
    /// The middle of each vertex, boxes first.
    across: Vec<f64>,
    /// The vertices of each link, from its first box to its last.
    ways: Vec<Vec<usize>>,
    /// Where each link begins and ends across.
    ports: Vec<[f64; 2]>,
}

impl Layered {
    /// Places boxes of these sizes. A link goes from a box to one of a larger number.
    pub fn new(sizes: &[Size], links: &[(usize, usize)], gaps: Gaps) -> Self {
        let shape = Shape::new(sizes.len(), links);
        let ranks = shape.ranks.clone();
        let count = ranks.iter().max().map_or(0, |most| most + 1);
        let mut heights = vec![0.0f64; count];
        for (&rank, size) in ranks.iter().zip(sizes) {
            heights[rank] = heights[rank].max(size.height);
        }
        let mut vertices: Vec<Vertex> =
            ranks.iter().zip(sizes).map(|(&rank, size)| Vertex { rank, width: size.reach, is_box: true }).collect();
        let (mut pieces, mut ways) = (Vec::new(), Vec::new());
        for &(from, to) in links {
            let mut way = vec![from];
            for rank in ranks[from] + 1..ranks[to] {
                vertices.push(Vertex { rank, width: 0.0, is_box: false });
                way.push(vertices.len() - 1);
            }
            way.push(to);
            pieces.extend(shape.pieces(&way));
            ways.push(way);
        }
        let places = order::places(&vertices, &pieces, count);
        let ranked = Ranked { vertices: &vertices, pieces: &pieces, places: &places, gaps };
        let mut across = across::across(&ranked);
        let (left, right) = across::extent(&vertices, &across);
        across.iter_mut().for_each(|x| *x -= left);
        let ports = ports::ports(sizes, &ways, &across);
        Self { ranks, heights, width: right - left, sizes: sizes.to_vec(), across, ways, ports }
    }

    /// Where each rank's top is when ranks stand below each other.
    pub fn tops(&self, gap: f64) -> Vec<f64> {
        let mut top = 0.0;
        let each = self.heights.iter().map(|height| {
            let here = top;
            top += height + gap;
            here
        });
        each.collect()
    }

    /// The middle of a box, its rank's top being there.
    pub fn middle(&self, at: usize, tops: &[f64]) -> (f64, f64) {
        let rank = self.ranks[at];
        (self.across[at], tops[rank] + self.heights[rank] / 2.0)
    }

    /// The points that a link goes through, the ranks' tops being there: from the border of its first box to that of its
    /// last.
    pub fn route(&self, link: usize, tops: &[f64]) -> Vec<(f64, f64)> {
        route::route(self, &self.ways[link], self.ports[link], tops)
    }
}

/// How strongly a link pulls that goes around others.
const AROUND: f64 = 0.05;

/// How far each box is from the graph's ends.
struct Shape {
    /// Links of the longest way from a source to each box.
    ranks: Vec<usize>,
    /// How many boxes it reads on such a longest way, and how many read it on a longest way down.
    tight: Vec<[usize; 2]>,
    /// Links of the longest way from each box to an end.
    rest: Vec<usize>,
    /// How many links end and begin at each box.
    links: Vec<[usize; 2]>,
}

impl Shape {
    fn new(count: usize, all: &[(usize, usize)]) -> Self {
        let (mut ranks, mut rest, mut links, mut tight) =
            (vec![0; count], vec![0; count], vec![[0; 2]; count], vec![[0; 2]; count]);
        let mut sorted = all.to_vec();
        sorted.sort_unstable();
        sorted.iter().for_each(|&(from, to)| ranks[to] = ranks[to].max(ranks[from] + 1));
        sorted.iter().rev().for_each(|&(from, to)| rest[from] = rest[from].max(rest[to] + 1));
        for &(from, to) in all {
            links[to][0] += 1;
            links[from][1] += 1;
            tight[to][0] += usize::from(ranks[to] == ranks[from] + 1);
            tight[from][1] += usize::from(rest[from] == rest[to] + 1);
        }
        Self { ranks, tight, rest, links }
    }

    /// Whether a link is the one longest way on at both of its ends: a chain, or the main way past a shorter one. Of more
    /// than two branches none is the main way.
    fn is_main(&self, from: usize, to: usize) -> bool {
        if self.links[from][1] > 2 || self.links[to][0] > 2 {
            return false;
        }
        let is_tight = self.ranks[to] == self.ranks[from] + 1 && self.rest[from] == self.rest[to] + 1;
        is_tight && self.tight[to][0] == 1 && self.tight[from][1] == 1
    }

    /// The pieces of a link that goes through these vertices.
    fn pieces(&self, way: &[usize]) -> impl Iterator<Item = Piece> {
        let (from, to, last) = (way[0], way[way.len() - 1], way.len() - 2);
        let (begins, ends) = (self.links[from][1] == 1, self.links[to][0] == 1);
        // What goes from a fork to a join around others gives way to them.
        let pull = if last == 0 || begins || ends { 1.0 } else { AROUND };
        let is_main = self.is_main(from, to);
        way.windows(2).enumerate().map(move |(number, ends_of)| {
            let is_straight = match (number == 0, number == last) {
                (true, true) => is_main,
                (true, false) => begins,
                (false, true) => ends,
                (false, false) => true,
            };
            Piece { from: ends_of[0], to: ends_of[1], pull, is_straight }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GAPS: Gaps = Gaps { across: 10.0, past: 10.0, ranks: 20.0 };

    fn laid(count: usize, links: &[(usize, usize)]) -> Layered {
        Layered::new(&vec![Size { width: 60.0, height: 20.0, reach: 60.0 }; count], links, GAPS)
    }

    fn middles(graph: &Layered) -> Vec<f64> {
        graph.across[..graph.sizes.len()].to_vec()
    }

    #[test]
    fn a_chain_is_straight_and_a_way_around_it_stands_beside() {
        let graph = laid(5, &[(0, 1), (1, 2), (2, 3), (3, 4), (1, 3)]);
        assert_eq!(graph.ranks, [0, 1, 2, 3, 4]);
        assert_eq!(middles(&graph), [30.0; 5]);
        let around = graph.route(4, &graph.tops(20.0));
        assert!(around.iter().any(|&(x, _)| (x - 70.0).abs() < 1e-9), "{around:?}");
    }

    #[test]
    fn branches_stand_on_both_sides_of_their_fork_and_join() {
        let graph = laid(6, &[(0, 1), (0, 2), (0, 3), (0, 4), (1, 5), (2, 5), (3, 5), (4, 5)]);
        assert_eq!(middles(&graph), [135.0, 30.0, 100.0, 170.0, 240.0, 135.0]);
    }

    #[test]
    fn the_longer_of_two_ways_is_the_straight_one() {
        let graph = laid(6, &[(0, 1), (1, 2), (2, 3), (0, 4), (4, 3), (3, 5)]);
        let x = middles(&graph);
        assert!([1, 2, 3, 5].iter().all(|&at| x[at] == x[0]) && x[4] != x[0], "{x:?}");
    }

    #[test]
    fn links_that_need_not_cross_do_not() {
        // As numbered, every link would cross every other.
        let graph = laid(7, &[(0, 1), (0, 2), (0, 3), (1, 6), (2, 5), (3, 4)]);
        let x = middles(&graph);
        let right = |a: usize, b: usize| x[a] < x[b];
        assert_eq!([right(1, 2), right(2, 3)], [right(6, 5), right(5, 4)]);
    }

    #[test]
    fn graphs_by_chance_keep_their_gaps() {
        let mut seed = 1u64;
        let mut below = |limit: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % limit
        };
        for _ in 0..200 {
            let count = 2 + below(30) as usize;
            let mut links: Vec<(usize, usize)> = (1..count).map(|to| (below(to as u64) as usize, to)).collect();
            links.extend((0..below(20)).map(|_| {
                let to = 1 + below(count as u64 - 1) as usize;
                (below(to as u64) as usize, to)
            }));
            links.sort_unstable();
            links.dedup();
            let graph = laid(count, &links);
            let tops = graph.tops(20.0);
            for (a, b) in (0..count).flat_map(|a| (0..a).map(move |b| (a, b))) {
                if graph.ranks[a] == graph.ranks[b] {
                    assert!((graph.across[a] - graph.across[b]).abs() > 70.0 - 1e-6, "{a} and {b} of {links:?}");
                }
            }
            for (number, &(from, to)) in links.iter().enumerate() {
                let route = graph.route(number, &tops);
                assert!(graph.ranks[from] < graph.ranks[to]);
                assert!(route.windows(2).all(|pair| pair[0].1 <= pair[1].1 + 1e-9), "{from} to {to} of {links:?}");
                assert!(route.iter().all(|&(x, _)| (-1e-6..=graph.width + 1e-6).contains(&x)), "{links:?}");
            }
        }
    }
}
