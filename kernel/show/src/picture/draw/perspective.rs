//! A chain in perspective, as AlexNet's and VGG's figures are drawn: solids on one axis, sized by their tensors, each with
//! its label below. Ways around others, as those of a U-Net, run above.

use std::ops::Range;

use super::super::canvas::Anchor;
use super::super::font::Weight;
use super::card::Look;
use super::colors::hue;
use super::drawing::{Dash, Drawing, Lettering, Outline, Pen, Point};
use super::layered::quarter;
use super::page::WIDEST;
use super::solid::{Leaned, Scale, Solid};
use crate::architecture::{Architecture, Diagram, Family, Flow, LayerBox};

// Distances in pixels.

const BETWEEN: f64 = 26.0;
const WITHIN: f64 = 8.0;
const LINE: f64 = 14.0;
const LABEL: f64 = 16.0;
const ARC: f64 = 18.0;
const ROWS: f64 = 46.0;
/// More ways around are drawn in layers.
const MOST_ARCS: usize = 8;
/// More boxes are drawn in layers.
const MOST_BOXES: usize = 64;

/// Solids that share a label: maps of one size, and the pooling behind them.
struct Cluster {
    boxes: Range<usize>,
    lines: Vec<(String, Lettering)>,
}

/// A net's solids and clusters at a scale.
struct Row<'a> {
    diagram: &'a Diagram,
    solids: Vec<Solid>,
    clusters: Vec<Cluster>,
    between: f64,
}

/// Whether a net can be drawn so: boxes one behind the other, and few ways around.
pub(super) fn suits(net: &Architecture) -> bool {
    let diagram = &net.diagram;
    let arcs = diagram.links.iter().filter(|link| link.from + 1 != link.to).count();
    let has_maps = diagram.boxes.iter().any(|one| one.output.len() > 1);
    let is_whole = net.blocks.is_empty() && diagram.goes_through_all();
    is_whole && has_maps && arcs <= MOST_ARCS && (2..=MOST_BOXES).contains(&diagram.boxes.len())
}

/// The largest side of a net's maps.
pub(super) fn largest(net: &Architecture) -> usize {
    let sides = net.diagram.boxes.iter().flat_map(|one| one.output.iter().rev().skip(1).map(|size| size[1]));
    sides.max().unwrap_or(1)
}

/// How closely solids and labels are set.
#[derive(Clone, Copy)]
struct Setting {
    /// Solids are drawn to this factor.
    factor: f64,
    /// The size of letters in pixels.
    letters: f64,
    /// Between two clusters, in pixels.
    between: f64,
}

/// From the widest to the closest.
fn settings() -> impl Iterator<Item = Setting> {
    let usual = (0..=8).map(|step| Setting { factor: 1.0 - 0.05 * f64::from(step), letters: 10.5, between: BETWEEN });
    usual.chain([Setting { factor: 0.6, letters: 9.5, between: 14.0 }])
}

/// The net in one row, or in several where one is too wide, without a title; at a scale for maps up to the largest.
pub(super) fn perspective(net: &Architecture, largest: usize, look: Look<'_>) -> Option<Drawing> {
    if let Some(row) =
        settings().map(|set| Row::new(&net.diagram, largest, set, look)).find(|row| row.width() <= WIDEST)
    {
        return Some(row.whole(look));
    }
    // Ways around cannot go from row to row.
    let row = Row::new(&net.diagram, largest, Setting { factor: 0.8, letters: 10.5, between: BETWEEN }, look);
    net.diagram.is_chain().then(|| row.drawing(&row.broken(), look))
}

/// Several nets, each in one row, all at one scale; none where one is no chain or is too wide.
pub(super) fn at_one_scale(nets: &[Architecture], looks: &[Look<'_>]) -> Option<Vec<Drawing>> {
    if !nets.iter().all(suits) {
        return None;
    }
    let largest = nets.iter().map(largest).max()?;
    let rows = |set: Setting| {
        let rows = nets.iter().zip(looks).map(|(net, look)| Row::new(&net.diagram, largest, set, *look));
        rows.collect::<Vec<_>>()
    };
    let rows = settings().map(rows).find(|rows| rows.iter().all(|row| row.width() <= WIDEST))?;
    Some(rows.iter().zip(looks).map(|(row, look)| row.whole(*look)).collect())
}

impl<'a> Row<'a> {
    fn new(diagram: &'a Diagram, largest: usize, set: Setting, look: Look<'_>) -> Self {
        let scale = Scale { largest, factor: set.factor };
        let solids = diagram.boxes.iter().map(|one| scale.solid(one)).collect();
        let clusters = clusters(&diagram.boxes).into_iter().map(|boxes| {
            let lines = lines(&diagram.boxes[boxes.clone()], set.letters, look);
            Cluster { boxes, lines }
        });
        Self { diagram, solids, clusters: clusters.collect(), between: set.between }
    }

    /// The width of a cluster's solids.
    fn solid_width(&self, cluster: &Cluster) -> f64 {
        let wide = |at: usize| match self.leaned(cluster, at) {
            Leaned::Leaned => self.solids[at].thickness,
            Leaned::Free => self.solids[at].width() + WITHIN,
        };
        cluster.boxes.clone().map(wide).sum::<f64>() - WITHIN
    }

    /// Whether the next solid of a cluster is of the same size: it leans on this one.
    fn leaned(&self, cluster: &Cluster, at: usize) -> Leaned {
        let size = |at: usize| (self.solids[at].height, self.solids[at].depth);
        if at + 1 < cluster.boxes.end && size(at) == size(at + 1) { Leaned::Leaned } else { Leaned::Free }
    }

    /// The width of a cluster with its label.
    fn cluster_width(&self, cluster: &Cluster) -> f64 {
        cluster.lines.iter().map(|(line, look)| look.width(line)).fold(self.solid_width(cluster), f64::max)
    }

    fn width(&self) -> f64 {
        self.widths(&self.clusters)
    }

    fn widths(&self, clusters: &[Cluster]) -> f64 {
        clusters.iter().map(|cluster| self.cluster_width(cluster) + self.between).sum::<f64>() - self.between
    }

    /// The clusters in rows of about one width.
    fn broken(&self) -> Vec<Range<usize>> {
        let rows = (self.width() / WIDEST).ceil().max(1.0);
        let share = self.width() / rows;
        let (mut broken, mut first, mut used) = (Vec::new(), 0, 0.0);
        for (at, cluster) in self.clusters.iter().enumerate() {
            let wide = self.cluster_width(cluster) + self.between;
            let is_full = used + wide - self.between > WIDEST || used + wide / 2.0 > share;
            if at > first && is_full {
                broken.push(first..at);
                (first, used) = (at, 0.0);
            }
            used += wide;
        }
        broken.push(first..self.clusters.len());
        broken
    }

    /// All clusters in one row.
    fn whole(&self, look: Look<'_>) -> Drawing {
        let all = 0..self.clusters.len();
        self.drawing(std::slice::from_ref(&all), look)
    }

    fn drawing(&self, rows: &[Range<usize>], look: Look<'_>) -> Drawing {
        let mut drawing = Drawing::new(look.palette);
        let mut top = 0.0;
        for (number, row) in rows.iter().enumerate() {
            let clusters = &self.clusters[row.clone()];
            let above = if number == 0 { self.arcs_height() } else { 0.0 };
            let half = self.halves(clusters);
            let axis = top + above + half;
            let first = drawing.boxes.len();
            let bottom = self.draw_row(clusters, axis, &mut drawing);
            if first > 0 {
                turn(&mut drawing, first, axis, (top - ROWS / 2.0, look));
            }
            top = bottom + ROWS;
            drawing.height = bottom;
        }
        self.draw_arcs(&mut drawing);
        drawing
    }

    /// Half the height of a row's tallest solid.
    fn halves(&self, clusters: &[Cluster]) -> f64 {
        let boxes = clusters.iter().flat_map(|cluster| cluster.boxes.clone());
        boxes.map(|at| self.solids[at].half()).fold(0.0, f64::max)
    }

    /// Draws a row of clusters; where it ends below.
    fn draw_row(&self, clusters: &[Cluster], axis: f64, drawing: &mut Drawing) -> f64 {
        let palette = drawing.palette;
        let pen = Pen::solid(palette.axis, 1.4);
        let (mut x, mut bottom) = (0.0, 0.0f64);
        let mut before: Option<Outline> = None;
        for cluster in clusters {
            let wide = self.cluster_width(cluster);
            let mut left = x + (wide - self.solid_width(cluster)) / 2.0;
            let mut lowest = 0.0f64;
            for at in cluster.boxes.clone() {
                let leaned = self.leaned(cluster, at);
                let outline = self.solids[at].draw(&self.diagram.boxes[at], (left, axis), leaned, drawing);
                let number = drawing.boxes.len() - 1;
                if let Some(before) = before {
                    drawing.wire((number - 1, number), vec![(before.right(), axis), (outline.x, axis)], pen);
                }
                lowest = lowest.max(outline.bottom());
                left = outline.right() + if leaned == Leaned::Free { WITHIN } else { 0.0 };
                before = Some(outline);
            }
            let middle = x + wide / 2.0;
            for (number, (line, look)) in cluster.lines.iter().enumerate() {
                let y = lowest + LABEL + LINE * number as f64;
                drawing.text(middle, y, line, *look);
                bottom = bottom.max(y + LINE / 2.0);
            }
            x += wide + self.between;
        }
        drawing.width = drawing.width.max(x - self.between);
        bottom
    }

    /// The ways around, each with how high above the axis it runs; the narrower first.
    fn arcs(&self) -> Vec<(usize, f64)> {
        let links = &self.diagram.links;
        let mut around: Vec<usize> = (0..links.len()).filter(|&at| links[at].from + 1 != links[at].to).collect();
        around.sort_by_key(|&at| links[at].to - links[at].from);
        let mut arcs: Vec<(usize, f64)> = Vec::new();
        for at in around {
            let (from, to) = (links[at].from, links[at].to);
            let solids = (from..=to).map(|at| self.solids[at].half());
            let inner = arcs.iter().filter(|(other, _)| links[*other].from <= to && links[*other].to >= from);
            let high = solids.chain(inner.map(|(_, high)| *high)).fold(0.0, f64::max) + ARC;
            arcs.push((at, high));
        }
        arcs
    }

    /// How far the ways around reach above the tallest solid.
    fn arcs_height(&self) -> f64 {
        let highest = self.arcs().into_iter().map(|(_, high)| high).fold(0.0, f64::max);
        let tallest = self.solids.iter().map(Solid::half).fold(0.0, f64::max);
        (highest - tallest).max(0.0)
    }

    fn draw_arcs(&self, drawing: &mut Drawing) {
        let Some(first) = drawing.boxes.first() else { return };
        let first = first.bounds();
        let axis = first.y + first.height / 2.0;
        for (at, high) in self.arcs() {
            let link = self.diagram.links[at];
            let [start, end] = [link.from, link.to].map(|at| self.solids[at].crown(&drawing.boxes[at].bounds()));
            let dash = if link.flow == Flow::Switches { Dash::Dashed } else { Dash::Solid };
            let pen = Pen { color: drawing.palette.axis, width: 1.4, dash };
            let level = axis - high;
            let round = 8.0f64.min((end.0 - start.0) / 2.0);
            let mut points = vec![start];
            quarter(&mut points, (start.0, level + round), (start.0, level), (start.0 + round, level));
            quarter(&mut points, (end.0 - round, level), (end.0, level), (end.0, level + round));
            points.push(end);
            drawing.wire((link.from, link.to), points, pen);
        }
    }
}

/// A link from the end of a row to the start of the next, below its labels.
fn turn(drawing: &mut Drawing, first: usize, axis: f64, (level, look): (f64, Look<'_>)) {
    let (from, to) = (drawing.boxes[first - 1].bounds(), drawing.boxes[first].bounds());
    let start = (from.right(), from.y + from.height / 2.0);
    let right = (drawing.width + 14.0).max(start.0 + 14.0);
    let left: f64 = -14.0;
    let points: Vec<Point> = vec![start, (right, start.1), (right, level), (left, level), (left, axis), (to.x, axis)];
    drawing.wire((first - 1, first), points, Pen::solid(look.palette.axis, 1.4));
    drawing.width = drawing.width.max(right + 2.0);
}

/// Boxes that share a label: maps of one size, and the pooling behind them.
fn clusters(boxes: &[LayerBox]) -> Vec<Range<usize>> {
    let extent = |one: &LayerBox| one.output[..one.output.len().saturating_sub(1)].to_vec();
    let mut clusters: Vec<Range<usize>> = Vec::new();
    for at in 0..boxes.len() {
        let joins = clusters.last().is_some_and(|last: &Range<usize>| {
            let before = &boxes[at - 1];
            let is_open = before.family != Family::Pooling && before.family != Family::Input && last.len() < 5;
            let is_pooled = boxes[at].family == Family::Pooling;
            let is_same = !extent(before).is_empty() && extent(before) == extent(&boxes[at]);
            is_open && (is_pooled && !extent(before).is_empty() || is_same)
        });
        match clusters.last_mut() {
            Some(last) if joins => last.end = at + 1,
            _ => clusters.push(at..at + 1),
        }
    }
    clusters
}

/// A cluster's label.
fn lines(boxes: &[LayerBox], size: f64, look: Look<'_>) -> Vec<(String, Lettering)> {
    let palette = look.palette;
    let plain = Lettering { size, weight: Weight::Regular, anchor: Anchor::Middle, color: palette.muted };
    let strong = |one: &LayerBox| {
        let color = palette.text(hue(one.family, palette)).mix(palette.ink, 0.35);
        Lettering { weight: Weight::SemiBold, color, ..plain }
    };
    let title = |one: &LayerBox| {
        let times = one.times().map(|times| format!(" {times}")).unwrap_or_default();
        format!("{}{times}", one.label)
    };
    let mut lines: Vec<(String, Lettering)> = Vec::new();
    for one in boxes.iter().filter(|one| one.family != Family::Pooling || boxes.len() == 1) {
        lines.push((title(one), strong(one)));
        lines.extend(one.first.iter().map(|first| (first.clone(), plain)));
    }
    let sized = boxes.iter().rev().find(|one| one.family != Family::Pooling).or(boxes.last());
    // `fc 4096` says its size.
    let sized = sized.filter(|one| one.family != Family::Dense || look.traffic.is_some());
    let sizes = |one: &LayerBox| look.traffic.map_or_else(|| one.sizes(), |traffic| one.traffic(traffic.batch));
    lines.extend(sized.map(|one| (sizes(one), plain)));
    lines.extend(
        boxes
            .iter()
            .filter(|one| one.family == Family::Pooling && boxes.len() > 1)
            .map(|one| (title(one), strong(one))),
    );
    lines
}
