//! Several nets at one scale: chains below each other in perspective, others beside each other in layers, maps of one size
//! at one height.

use super::super::canvas::Anchor;
use super::super::font::{self, Weight};
use super::super::palette::Palette;
use super::card::{Look, Style};
use super::drawing::{Drawing, Lettering, Pen, Point};
use super::flow::Laid;
use super::hues::{are_alike, hues};
use super::page::{self, WIDEST, frame};
use super::{Traffic, perspective};
use crate::architecture::{Architecture, BlockKind};

// Distances in pixels.

const BETWEEN: f64 = 40.0;
const NAME: f64 = 34.0;
/// Between two maps' sizes.
const BAND: f64 = 16.0;
/// More sizes of maps are not set at one height.
const MOST_BANDS: usize = 14;

/// Nets on one sheet, without a title; `notes` are their lines.
pub(super) fn beside(
    nets: &[Architecture],
    notes: &[String],
    palette: &'static Palette,
    traffic: Option<Traffic>,
) -> Drawing {
    let note = |at: usize| notes.get(at).map_or("", String::as_str);
    let hues = hues(nets);
    let looks =
        |style: Style| hues.iter().map(move |hues| Look { style, palette, ground: palette.paper, hues, traffic });
    let rows: Vec<Look<'_>> = looks(Style::Roomy).collect();
    if let Some(rows) = perspective::at_one_scale(nets, &rows) {
        return below_each_other(nets, rows, &note, palette);
    }
    let laid: Vec<Laid<'_>> =
        nets.iter().zip(looks(Style::Compact)).map(|(net, look)| Laid::new(&net.diagram, look)).collect();
    let heads: Vec<[String; 2]> = nets.iter().enumerate().map(|(at, net)| head(&net.net, note(at), palette)).collect();
    let mut drawing = Drawing::new(palette);
    let mut first = 0;
    while first < laid.len() {
        let mut end = first;
        let mut width = GUTTER;
        while end < laid.len() && (end == first || width + column(&laid[end], &heads[end], palette) <= WIDEST) {
            width += column(&laid[end], &heads[end], palette) + BETWEEN;
            end += 1;
        }
        let line = in_line(&laid[first..end], &heads[first..end], palette);
        let top = if first == 0 { 0.0 } else { drawing.height + BETWEEN };
        drawing.width = drawing.width.max(line.width);
        drawing.height = top + line.height;
        drawing.add(line, (0.0, top));
        first = end;
    }
    add_blocks(nets, &mut drawing, &looks(Style::Roomy).collect::<Vec<_>>());
    drawing
}

/// Each net's row, under its name.
fn below_each_other<'n>(
    nets: &[Architecture],
    rows: Vec<Drawing>,
    note: &dyn Fn(usize) -> &'n str,
    palette: &'static Palette,
) -> Drawing {
    let mut drawing = Drawing::new(palette);
    let [name, small] = letterings(palette);
    let mut top = 0.0;
    for (at, (net, row)) in nets.iter().zip(rows).enumerate() {
        let left = Lettering { anchor: Anchor::Start, ..name };
        let [title, note] = head(&net.net, note(at), palette);
        drawing.text(0.0, top + 8.0, &title, left);
        drawing.text(left.width(&title) + 12.0, top + 8.0, &note, Lettering { anchor: Anchor::Start, ..small });
        let noted = left.width(&title) + 12.0 + small.width(&note);
        drawing.width = drawing.width.max(row.width).max(noted);
        let height = row.height;
        drawing.add(row, (0.0, top + NAME));
        top += NAME + height + 26.0;
        drawing.height = top - 26.0;
    }
    drawing
}

/// Room for the maps' sizes at the left.
const GUTTER: f64 = 70.0;

fn letterings(palette: &Palette) -> [Lettering; 2] {
    let name = Lettering { size: 14.0, weight: Weight::SemiBold, anchor: Anchor::Middle, color: palette.ink };
    [name, Lettering { size: 11.0, weight: Weight::Regular, color: palette.muted, ..name }]
}

/// A net's name and note, cut where they are long.
fn head(name: &str, note: &str, palette: &Palette) -> [String; 2] {
    let [large, small] = letterings(palette);
    [font::elide(name, 300.0, large.size, large.weight), font::elide(note, 420.0, small.size, small.weight)]
}

/// The width of a net's column.
fn column(laid: &Laid<'_>, head: &[String; 2], palette: &Palette) -> f64 {
    let [name, small] = letterings(palette);
    laid.graph.width.max(name.width(&head[0])).max(small.width(&head[1]))
}

/// Nets beside each other.
fn in_line(nets: &[Laid<'_>], heads: &[[String; 2]], palette: &'static Palette) -> Drawing {
    let mut drawing = Drawing::new(palette);
    let [name, small] = letterings(palette);
    let has_notes = heads.iter().any(|head| !head[1].is_empty());
    let top = if has_notes { NAME + 14.0 } else { NAME };
    let bands = Bands::of(nets);
    let left = if bands.is_some() { GUTTER } else { 0.0 };
    let (mut x, mut columns) = (left, Vec::new());
    for (laid, head) in nets.iter().zip(heads) {
        let wide = column(laid, head, palette);
        columns.push((x, wide));
        x += wide + BETWEEN;
    }
    drawing.width = x - BETWEEN;
    if let Some(bands) = &bands {
        bands.draw(top, &mut drawing);
    }
    for ((laid, head), &(x, wide)) in nets.iter().zip(heads).zip(&columns) {
        let tops = bands.as_ref().map_or_else(|| laid.graph.tops(laid.gap()), |bands| bands.tops(laid));
        let body = laid.drawing(&tops);
        drawing.height = drawing.height.max(top + body.height);
        let main = x + (wide - body.width) / 2.0;
        // The name stands above the input.
        let middle = main + laid.graph.middle(0, &tops).0;
        drawing.add(body, (main, top));
        let fits = |width: f64| (middle - width / 2.0).max(x).min(x + wide - width) + width / 2.0;
        drawing.text(fits(name.width(&head[0])), 8.0, &head[0], name);
        drawing.text(fits(small.width(&head[1])), 25.0, &head[1], small);
    }
    drawing
}

/// Each kind of block once: at the right of the nets where there is room, else below them.
fn add_blocks(nets: &[Architecture], drawing: &mut Drawing, looks: &[Look<'_>]) {
    let frames = frames(nets, looks);
    let places = page::beside(drawing, &frames);
    let ends = places.iter().zip(&frames).map(|((x, _), frame)| x + frame.width);
    let places = if ends.fold(0.0, f64::max) <= WIDEST { places } else { below(drawing, &frames) };
    for (frame, place) in frames.into_iter().zip(places) {
        page::put(drawing, frame, place);
    }
}

/// Places below a drawing, from left to right in lines.
fn below(drawing: &Drawing, frames: &[Drawing]) -> Vec<Point> {
    let (mut x, mut tallest) = (0.0, 0.0f64);
    let mut top = drawing.height + BETWEEN;
    let each = frames.iter().map(|frame| {
        if x > 0.0 && x + frame.width > WIDEST {
            (x, top, tallest) = (0.0, top + tallest + 20.0, 0.0);
        }
        tallest = tallest.max(frame.height);
        let here = (x, top);
        x += frame.width + 20.0;
        here
    });
    each.collect()
}

/// A frame for each kind of block, with the nets that it is in.
fn frames(nets: &[Architecture], looks: &[Look<'_>]) -> Vec<Drawing> {
    let kinds = |(net, look)| (0..).map_while(move |kind| block(net, kind).map(|block| (net, look, kind, block)));
    let all: Vec<(&Architecture, &Look<'_>, usize, &BlockKind)> = nets.iter().zip(looks).flat_map(kinds).collect();
    let mut frames = Vec::new();
    for (at, &(net, look, kind, block)) in all.iter().enumerate() {
        let is_same = |(_, _, _, other): &&(_, _, _, &BlockKind)| are_alike(other, block);
        if all[..at].iter().any(|earlier| is_same(&earlier)) {
            continue;
        }
        let among: Vec<&str> = all.iter().filter(is_same).map(|(net, ..)| net.net.as_str()).collect();
        frames.push(frame(net, kind, block, &format!("in {}", among.join(", ")), *look));
    }
    frames
}

fn block(net: &Architecture, kind: usize) -> Option<&BlockKind> {
    net.blocks.get(kind)
}

/// Sizes of maps that several nets have, each at a height of its own.
struct Bands {
    /// From the largest: its sizes, and where it begins and ends.
    all: Vec<(f64, String, f64, f64)>,
}

impl Bands {
    /// None where a net's maps grow again, or the nets have too many sizes.
    fn of(nets: &[Laid<'_>]) -> Option<Self> {
        let mut all: Vec<(f64, String, f64, f64)> = Vec::new();
        for laid in nets {
            let ranks = areas(laid);
            if ranks.windows(2).any(|pair| pair[0].0 < pair[1].0) {
                return None;
            }
            for (area, sizes) in ranks {
                if all.iter().all(|(known, ..)| *known != area) {
                    all.push((area, sizes, 0.0, 0.0));
                }
            }
        }
        all.sort_by(|a, b| b.0.total_cmp(&a.0));
        if all.len() > MOST_BANDS {
            return None;
        }
        let mut top = 0.0;
        for band in &mut all {
            let height = nets.iter().map(|laid| stretch(laid, band.0)).fold(0.0, f64::max);
            (band.2, band.3) = (top, top + height);
            top += height + BAND;
        }
        Some(Self { all })
    }

    /// Where the ranks of a net are.
    fn tops(&self, laid: &Laid<'_>) -> Vec<f64> {
        let mut tops: Vec<f64> = Vec::new();
        let mut last = f64::NAN;
        for (rank, (area, _)) in areas(laid).into_iter().enumerate() {
            let begin = self.all.iter().find(|(known, ..)| *known == area).map_or(0.0, |band| band.2);
            let below = |tops: &[f64]| tops.last().map_or(0.0, |top| top + laid.graph.heights[rank - 1] + laid.gap());
            tops.push(if area == last { below(&tops) } else { begin });
            last = area;
        }
        tops
    }

    /// Lines between the bands, and their sizes.
    fn draw(&self, top: f64, drawing: &mut Drawing) {
        let palette = drawing.palette;
        let look = Lettering { size: 10.5, weight: Weight::Regular, anchor: Anchor::Start, color: palette.muted };
        for (number, (_, sizes, begin, _)) in self.all.iter().enumerate() {
            drawing.text(0.0, top + begin + 9.0, sizes, look);
            if number > 0 {
                let y = top + begin - BAND / 2.0;
                drawing.line(vec![(0.0, y), (drawing.width, y)], Pen::solid(palette.grid, 1.0));
            }
        }
    }
}

/// The area of each rank's maps, and their sizes.
fn areas(laid: &Laid<'_>) -> Vec<(f64, String)> {
    let mut areas: Vec<(f64, String)> = vec![(0.0, String::new()); laid.graph.heights.len()];
    for (one, &rank) in laid.diagram.boxes.iter().zip(&laid.graph.ranks) {
        let axes = &one.output[..one.output.len().saturating_sub(1)];
        let area = axes.iter().map(|size| size[1] as f64).product::<f64>().max(1.0);
        let sizes = axes.iter().map(|size| size[1].to_string()).collect::<Vec<_>>().join("×");
        if area > areas[rank].0 || areas[rank].1.is_empty() {
            areas[rank] = (area, if area > 1.0 { sizes } else { "1×1".to_string() });
        }
    }
    areas
}

/// The height of a net's ranks with maps of this area.
fn stretch(laid: &Laid<'_>, area: f64) -> f64 {
    let heights: Vec<f64> = areas(laid)
        .iter()
        .zip(&laid.graph.heights)
        .filter(|((own, _), _)| *own == area)
        .map(|(_, height)| *height)
        .collect();
    heights.iter().sum::<f64>() + laid.gap() * heights.len().saturating_sub(1) as f64
}
