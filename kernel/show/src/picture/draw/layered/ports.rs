//! Where links meet boxes across: as near to where they come from as corners allow, and in that order.

use super::Size;

/// Links keep so far from a box's corners.
const CORNER: f64 = 10.0;

/// The places of each way's begin and end, given the middle of each vertex.
pub(super) fn ports(sizes: &[Size], ways: &[Vec<usize>], across: &[f64]) -> Vec<[f64; 2]> {
    let place = |at: usize, other: f64| {
        let (middle, reach) = (across[at], reach(sizes[at]));
        let far = other - middle;
        // A link to one box far at the side leaves near the middle, as the one straight down does.
        if far.abs() > reach { middle + far.signum() * reach.min(sizes[at].width / 4.0) } else { other }
    };
    let mut ports: Vec<[f64; 2]> = ways
        .iter()
        .map(|way| {
            let (first, last) = (way[0], way[way.len() - 1]);
            let straight = if way.len() == 2 { below_each_other(sizes, across, first, last) } else { None };
            straight.map_or([place(first, across[way[1]]), place(last, across[way[way.len() - 2]])], |x| [x, x])
        })
        .collect();
    for at in 0..sizes.len() {
        sort(&mut ports, ways, at, 0, |way| across[way[1]]);
        sort(&mut ports, ways, at, 1, |way| across[way[way.len() - 2]]);
    }
    ports
}

/// How far from its middle a box has room for links.
fn reach(size: Size) -> f64 {
    (size.width / 2.0 - CORNER).max(0.0)
}

/// Where a link between two boxes can run straight down: as near to the lower one's middle as may be.
fn below_each_other(sizes: &[Size], across: &[f64], first: usize, last: usize) -> Option<f64> {
    let ends = |at: usize| [across[at] - reach(sizes[at]), across[at] + reach(sizes[at])];
    let [[a, b], [c, d]] = [ends(first), ends(last)];
    let (low, high) = (a.max(c), b.min(d));
    (low <= high).then(|| across[last].clamp(low, high))
}

/// Lets links meet a side of a box in the order in which they come from left to right.
fn sort(ports: &mut [[f64; 2]], ways: &[Vec<usize>], at: usize, side: usize, from: impl Fn(&[usize]) -> f64) {
    let end = |way: &Vec<usize>| if side == 0 { way[0] } else { way[way.len() - 1] };
    let mut links: Vec<usize> = (0..ways.len()).filter(|&link| end(&ways[link]) == at).collect();
    links.sort_by(|&a, &b| from(&ways[a]).total_cmp(&from(&ways[b])));
    let mut places: Vec<f64> = links.iter().map(|&link| ports[link][side]).collect();
    places.sort_by(f64::total_cmp);
    links.iter().zip(places).for_each(|(&link, place)| ports[link][side] = place);
}
