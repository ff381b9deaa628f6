//! `shapes`: a coloured shape of one of ten kinds on a soft background.

use std::f32::consts::TAU;

use fovea_graph::Stop;
use fovea_graph::philox::{Purpose, Stream};

use super::Drawing;
use super::canvas::{Canvas, Colour, Placed, hsv, mix, shade};
use super::dice::Dice;
use super::outline::{Outline, Point};
use crate::dataset::{Counts, Dataset};
use crate::description::Description;
use crate::error::DataError;
use crate::part::Dealt;
use crate::room::Room;

/// The name in the language.
pub(crate) const NAME: &str = "shapes";
/// Height and width where nobody says others.
const SIDE: usize = 32;
/// How many there are; the classes come equally often.
const COUNTS: Counts = Counts { train: 2000, validation: 0, test: 400 };
/// The kinds, in the order of their labels.
const CLASSES: [&str; 10] =
    ["circle", "ring", "crescent", "triangle", "square", "pentagon", "star", "cross", "heart", "arrow"];

/// Its own random numbers among those of all generated data.
const KIND: u32 = 1;

/// What is known of them before they are drawn.
pub(crate) fn describe(size: Option<[usize; 2]>) -> Description {
    let [height, width] = size.unwrap_or([SIDE; 2]);
    Description {
        shape: vec![height, width, 3],
        positions: Vec::new(),
        classes: CLASSES.map(str::to_string).to_vec(),
        counts: COUNTS,
    }
}

/// How they are dealt out.
pub(crate) fn dealt(seed: u64) -> Dealt {
    super::dealt(COUNTS, labels(seed, COUNTS.train + COUNTS.test))
}

/// All of them, at a size.
pub(crate) fn draw(seed: u64, size: Option<[usize; 2]>, room: &Room, stop: &dyn Stop) -> Result<Dataset, DataError> {
    let classes = labels(seed, COUNTS.all());
    let paint = |canvas: &mut Canvas, index: usize| {
        paint(canvas, classes[index] as usize, &mut Dice::new(seed, KIND, index as u32));
    };
    Drawing { name: NAME, seed, known: describe(size), classes: Some(classes.clone()), paint: &paint }.draw(room, stop)
}

/// Each ten have every class once, in an order of their own.
fn labels(seed: u64, count: usize) -> Vec<u32> {
    let ten = |i| Stream::new(seed, Purpose::Shuffle, i).at_step(KIND).permutation(CLASSES.len());
    let tens = (0..).flat_map(ten).map(|class| class as u32);
    tens.take(count).collect()
}

/// The kind's outline, of about the same area for all.
fn outline(class: usize) -> Outline {
    match CLASSES[class] {
        "circle" => Outline::Circle(0.86),
        "ring" => Outline::Ring(0.72, 0.22),
        "crescent" => Outline::Crescent(([-0.1, 0.0], 0.95), ([0.38, -0.12], 0.72)),
        "triangle" => Outline::regular(3),
        "square" => Outline::rectangle(0.76, 0.76),
        "pentagon" => Outline::regular(5),
        "star" => Outline::star(5, 0.45),
        "cross" => Outline::Union(vec![
            ([0.0, 0.0], Outline::rectangle(0.95, 0.3)),
            ([0.0, 0.0], Outline::rectangle(0.3, 0.95)),
        ]),
        "heart" => heart(),
        _ => Outline::Polygon(ARROW.to_vec()),
    }
}

/// An arrow up.
const ARROW: [Point; 7] =
    [[0.0, -1.0], [0.78, -0.1], [0.3, -0.1], [0.3, 0.95], [-0.3, 0.95], [-0.3, -0.1], [-0.78, -0.1]];

/// A square on its corner, with a half circle on each upper side.
fn heart() -> Outline {
    let (side, low) = (0.56, 0.15);
    let half = side / std::f32::consts::SQRT_2;
    let (left, up, right, down) =
        ([-2.0 * half, low], [0.0, low - 2.0 * half], [2.0 * half, low], [0.0, low + 2.0 * half]);
    Outline::Union(vec![
        ([0.0, 0.0], Outline::Polygon(vec![left, up, right, down])),
        ([-half, low - half], Outline::Circle(side)),
        ([half, low - half], Outline::Circle(side)),
    ])
}

/// Background, a soft shadow, the shape with light from above, and grain.
fn paint(canvas: &mut Canvas, class: usize, dice: &mut Dice) {
    let [width, height] = canvas.sides();
    let hue = dice.between(0.0, 1.0);
    // The background's hue is far from the shape's, and its brightness too.
    let behind = hue + dice.between(0.3, 0.7);
    let (colour, from, to) = match dice.below(4) {
        0 => (
            hsv(hue, dice.between(0.4, 0.7), dice.between(0.92, 1.0)),
            hsv(behind, dice.between(0.25, 0.5), dice.between(0.18, 0.32)),
            hsv(behind + 0.06, dice.between(0.25, 0.5), dice.between(0.3, 0.42)),
        ),
        _ => (
            hsv(hue, dice.between(0.7, 0.95), dice.between(0.55, 0.85)),
            hsv(behind, dice.between(0.05, 0.25), dice.between(0.88, 1.0)),
            hsv(behind + 0.08, dice.between(0.1, 0.3), dice.between(0.76, 0.9)),
        ),
    };
    background(canvas, from, to, dice);

    let size = dice.between(0.3, 0.42);
    let margin = 0.92 * size;
    let at = [dice.between(margin, width - margin), dice.between(margin, height - margin)];
    let turn = dice.between(-0.3, 0.3);
    let placed = Placed { outline: outline(class), at, size, turn };
    let shadow = Placed { at: [at[0] + 0.025, at[1] + 0.04], ..placed.clone() };
    canvas.soften(&shadow, 0.09, None, 0.35, |_| [0.05, 0.05, 0.1]);
    let (sin, cos) = turn.sin_cos();
    canvas.fill(&placed, None, |[x, y]| shade(colour, -0.16 * (x * sin + y * cos)));
    canvas.grain(dice.between(0.008, 0.025), dice);
}

/// A gradient across the picture, and two faint discs out of focus.
fn background(canvas: &mut Canvas, from: Colour, to: Colour, dice: &mut Dice) {
    let [width, height] = canvas.sides();
    let (sin, cos) = dice.between(0.0, TAU).sin_cos();
    let across = width + height;
    canvas.paint(None, |[x, y], _| {
        let along = ((x - width / 2.0) * cos + (y - height / 2.0) * sin) / across * 1.4 + 0.5;
        (mix(from, to, along.clamp(0.0, 1.0)), 1.0)
    });
    for _ in 0..2 {
        let at = [dice.between(0.0, width), dice.between(0.0, height)];
        let disc = Placed { outline: Outline::Circle(1.0), at, size: dice.between(0.15, 0.4), turn: 0.0 };
        let light = dice.between(-0.25, 0.35);
        let (tint, most) = (shade(mix(from, to, 0.5), light), dice.between(0.25, 0.5));
        canvas.soften(&disc, 0.12, None, most, |_| tint);
    }
}
