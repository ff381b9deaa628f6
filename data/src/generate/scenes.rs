//! `scenes`: small landscapes with a class at every pixel.

use fovea_graph::Stop;

use super::Drawing;
use super::canvas::{Canvas, Colour, Placed, mix, shade};
use super::dice::Dice;
use super::outline::{Outline, Point};
use crate::dataset::{Counts, Dataset};
use crate::description::Description;
use crate::error::DataError;
use crate::part::Dealt;
use crate::room::Room;

/// The name in the language.
pub(crate) const NAME: &str = "scenes";
/// Height and width where nobody says others.
const SIDE: usize = 64;
/// How many there are.
const COUNTS: Counts = Counts { train: 600, validation: 0, test: 100 };
/// What a pixel shows, in the order of the labels; the sky, with its clouds, is the background.
const CLASSES: [&str; 6] = ["sky", "sun", "land", "water", "tree", "house"];

const SKY: Option<u32> = Some(0);
const SUN: Option<u32> = Some(1);
const LAND: Option<u32> = Some(2);
const WATER: Option<u32> = Some(3);
const TREE: Option<u32> = Some(4);
const HOUSE: Option<u32> = Some(5);

/// Its own random numbers among those of all generated data.
const KIND: u32 = 2;

/// What is known of them before they are drawn.
pub(crate) fn describe(size: Option<[usize; 2]>) -> Description {
    let [height, width] = size.unwrap_or([SIDE; 2]);
    Description {
        shape: vec![height, width, 3],
        positions: vec![height, width],
        classes: CLASSES.map(str::to_string).to_vec(),
        counts: COUNTS,
    }
}

/// How they are dealt out.
pub(crate) fn dealt() -> Dealt {
    super::dealt(COUNTS, Vec::new())
}

/// All of them, at a size.
pub(crate) fn draw(seed: u64, size: Option<[usize; 2]>, room: &Room, stop: &dyn Stop) -> Result<Dataset, DataError> {
    let paint = |canvas: &mut Canvas, index: usize| paint(canvas, &mut Dice::new(seed, KIND, index as u32));
    Drawing { name: NAME, seed, known: describe(size), classes: None, paint: &paint }.draw(room, stop)
}

/// A time of the day.
#[derive(Clone, Copy)]
struct Light {
    zenith: Colour,
    horizon: Colour,
    sun: Colour,
    /// What the land's own colours are multiplied by.
    tint: Colour,
}

const LIGHTS: [Light; 4] = [
    // Noon.
    Light { zenith: [0.25, 0.53, 0.87], horizon: [0.74, 0.88, 0.97], sun: [1.0, 0.95, 0.6], tint: [1.0, 1.0, 1.0] },
    // Morning.
    Light { zenith: [0.49, 0.66, 0.86], horizon: [0.99, 0.88, 0.78], sun: [1.0, 0.86, 0.55], tint: [1.0, 0.95, 0.88] },
    // Sunset.
    Light { zenith: [0.33, 0.27, 0.52], horizon: [0.98, 0.59, 0.37], sun: [1.0, 0.83, 0.43], tint: [0.85, 0.68, 0.66] },
    // Night, and the sun is the moon.
    Light { zenith: [0.05, 0.07, 0.2], horizon: [0.2, 0.26, 0.46], sun: [0.96, 0.95, 0.86], tint: [0.42, 0.48, 0.66] },
];

const MEADOWS: [Colour; 4] = [[0.42, 0.66, 0.3], [0.56, 0.7, 0.33], [0.33, 0.58, 0.32], [0.78, 0.7, 0.42]];
const LEAVES: [Colour; 4] = [[0.16, 0.42, 0.22], [0.24, 0.5, 0.2], [0.85, 0.47, 0.16], [0.1, 0.34, 0.28]];
const WALLS: [Colour; 4] = [[0.95, 0.91, 0.82], [0.85, 0.42, 0.33], [0.92, 0.76, 0.46], [0.72, 0.79, 0.86]];
const ROOFS: [Colour; 3] = [[0.66, 0.24, 0.18], [0.36, 0.27, 0.26], [0.27, 0.33, 0.43]];
const TRUNK: Colour = [0.36, 0.25, 0.17];

impl Light {
    fn on(&self, colour: Colour) -> Colour {
        std::array::from_fn(|c| colour[c] * self.tint[c])
    }

    fn night(&self) -> bool {
        self.zenith[2] < 0.3
    }
}

/// A scene, from the far to the near.
fn paint(canvas: &mut Canvas, dice: &mut Dice) {
    let light = dice.pick(&LIGHTS);
    let [_, height] = canvas.sides();
    let horizon = height * dice.between(0.4, 0.58);
    sky(canvas, &light, horizon, dice);
    ranges(canvas, &light, horizon, dice);
    let meadow = light.on(dice.pick(&MEADOWS));
    let ground = horizon + dice.between(0.03, 0.07);
    ridge(canvas, ground, 0.03, meadow, dice);
    let lake = lake(canvas, &light, ground, dice);
    things(canvas, &light, ground, lake, dice);
    canvas.grain(dice.between(0.006, 0.02), dice);
}

/// A gradient, the sun in its glow, and clouds, which are sky too.
fn sky(canvas: &mut Canvas, light: &Light, horizon: f32, dice: &mut Dice) {
    let [width, _] = canvas.sides();
    canvas.paint(SKY, |[_, y], _| (mix(light.zenith, light.horizon, (y / horizon).clamp(0.0, 1.0)), 1.0));
    if dice.below(6) > 0 {
        let at = [width * dice.between(0.1, 0.9), horizon * dice.between(0.18, 0.8)];
        let sun = Placed { outline: Outline::Circle(1.0), at, size: dice.between(0.055, 0.095), turn: 0.0 };
        let glow = Placed { size: 1.5 * sun.size, ..sun.clone() };
        canvas.soften(&glow, 2.4 * sun.size, None, 0.6, |_| mix(light.horizon, light.sun, 0.6));
        canvas.fill(&sun, SUN, |_| light.sun);
    }
    for _ in 0..dice.below(4) {
        let puff = |dice: &mut Dice, x: f32| ([x, -dice.between(0.0, 0.25)], Outline::Circle(dice.between(0.35, 0.6)));
        let outline = Outline::Union([-0.8, -0.25, 0.3, 0.85].map(|x| puff(dice, x)).to_vec());
        let at = [width * dice.between(0.0, 1.0), horizon * dice.between(0.1, 0.6)];
        let cloud = Placed { outline, at, size: dice.between(0.06, 0.12), turn: 0.0 };
        let colour = mix(light.horizon, [1.0; 3], if light.night() { 0.15 } else { 0.75 });
        canvas.soften(&cloud, 0.05, None, 0.75, |[_, y]| shade(colour, -0.1 * (y + 0.4)));
    }
}

/// Mountains, the paler the farther.
fn ranges(canvas: &mut Canvas, light: &Light, horizon: f32, dice: &mut Dice) {
    let count = dice.below(3);
    for i in 0..count {
        let near = (i + 1) as f32 / (count + 1) as f32;
        let colour = mix(light.horizon, light.on([0.34, 0.42, 0.5]), 0.35 + 0.5 * near);
        ridge(canvas, horizon - 0.12 * (1.0 - near) + 0.02, dice.between(0.05, 0.11), colour, dice);
    }
}

/// Land below a wavy line at about `top`, darker towards the viewer.
fn ridge(canvas: &mut Canvas, top: f32, swing: f32, colour: Colour, dice: &mut Dice) {
    let [_, height] = canvas.sides();
    let mut wave = |low: f32, high: f32, share: f32| {
        let (often, from) = (dice.between(low, high), dice.between(0.0, 6.3));
        move |x: f32| share * (often * x + from).sin()
    };
    let (long, middle, short) = (wave(2.0, 5.0, 0.6), wave(6.0, 11.0, 0.3), wave(14.0, 24.0, 0.1));
    canvas.paint(LAND, |[x, y], scale| {
        let line = top + swing * (long(x) + middle(x) + short(x));
        (shade(colour, -0.25 * ((y - line) / height).clamp(0.0, 1.0)), (y - line) * scale + 0.5)
    });
}

/// An ellipse of water.
#[derive(Clone, Copy)]
struct Lake {
    at: Point,
    radii: Point,
}

impl Lake {
    /// About how far a point is from its shore, negative in the water.
    fn distance(&self, [x, y]: Point) -> f32 {
        let scaled = ((x - self.at[0]) / self.radii[0]).hypot((y - self.at[1]) / self.radii[1]);
        (scaled - 1.0) * self.radii[1]
    }
}

/// A lake in the meadow or a shore before it, in the sky's colours with a shimmer; in one scene of five there is none.
fn lake(canvas: &mut Canvas, light: &Light, ground: f32, dice: &mut Dice) -> Option<Lake> {
    let [width, height] = canvas.sides();
    let depth = height - ground;
    let lake = match dice.below(5) {
        0 => return None,
        1 | 2 => Lake {
            at: [width * dice.between(0.0, 1.0), height + 0.1],
            radii: [width * dice.between(0.7, 1.3), 0.1 + depth * dice.between(0.3, 0.55)],
        },
        _ => Lake {
            at: [width * dice.between(0.15, 0.85), ground + depth * dice.between(0.45, 0.75)],
            radii: [width * dice.between(0.22, 0.45), depth * dice.between(0.14, 0.26)],
        },
    };
    let (often, from) = (dice.between(90.0, 140.0), dice.between(0.0, 6.3));
    let deep = mix(light.on([0.16, 0.42, 0.6]), light.zenith, 0.35);
    canvas.paint(WATER, |[x, y], scale| {
        let inside = -lake.distance([x, y]);
        let shimmer = 0.08 * (often * y + 3.0 * (11.0 * x + from).sin()).sin();
        let colour = mix(mix(deep, light.horizon, 0.45), deep, (y - ground) / depth);
        (shade(colour, shimmer), inside * scale + 0.5)
    });
    Some(lake)
}

/// Trees and houses on dry land, the far ones first and smaller.
fn things(canvas: &mut Canvas, light: &Light, ground: f32, lake: Option<Lake>, dice: &mut Dice) {
    let [width, height] = canvas.sides();
    let (houses, trees) = (dice.below(3), 2 + dice.below(5));
    let mut feet: Vec<(Point, bool)> = Vec::new();
    for i in 0..houses + trees {
        let foot = [width * dice.between(0.03, 0.97), ground + (height - ground) * dice.between(0.08, 0.85)];
        if lake.is_none_or(|lake| lake.distance(foot) > 0.02) {
            feet.push((foot, i < houses));
        }
    }
    feet.sort_by(|a, b| a.0[1].total_cmp(&b.0[1]));
    for (foot, is_house) in feet {
        let near = (foot[1] - ground) / (height - ground);
        let size = (0.5 + 0.6 * near) * dice.between(0.85, 1.15);
        match is_house {
            true => house(canvas, light, foot, 0.13 * size, dice),
            false => tree(canvas, light, foot, 0.3 * size, dice),
        }
    }
}

/// Fills outlines whose origin is at `at`.
struct Brush<'c> {
    canvas: &'c mut Canvas,
    foot: Point,
    size: f32,
    class: Option<u32>,
}

impl Brush<'_> {
    /// `at` counts from the thing's foot, in its own size.
    fn fill(&mut self, outline: Outline, at: Point, colour: impl Fn(Point) -> Colour) {
        let at = [self.foot[0] + at[0] * self.size, self.foot[1] + at[1] * self.size];
        self.canvas.fill(&Placed { outline, at, size: self.size, turn: 0.0 }, self.class, colour);
    }
}

/// A conifer, or a tree with a round crown; `size` is its height.
fn tree(canvas: &mut Canvas, light: &Light, foot: Point, size: f32, dice: &mut Dice) {
    let leaves = light.on(dice.pick(&LEAVES));
    let mut brush = Brush { canvas, foot, size, class: TREE };
    brush.fill(Outline::rectangle(0.055, 0.2), [0.0, -0.18], |_| light.on(TRUNK));
    if dice.below(2) == 0 {
        for (low, wide, high) in [(-0.16, 0.3, 0.42), (-0.4, 0.24, 0.36), (-0.62, 0.17, 0.38)] {
            let triangle = Outline::Polygon(vec![[-wide, 0.0], [0.0, -high], [wide, 0.0]]);
            brush.fill(triangle, [0.0, low], |[x, y]| shade(leaves, 0.5 * (-x - 0.3 * y) - 0.08));
        }
        return;
    }
    let mut ball = |x: f32, y: f32| ([x, y], Outline::Circle(dice.between(0.19, 0.25)));
    let crown = vec![ball(0.0, -0.2), ball(-0.17, 0.0), ball(0.17, 0.0), ball(0.0, 0.05)];
    brush.fill(Outline::Union(crown), [0.0, -0.55], |[x, y]| shade(leaves, 0.45 * (-x - y)));
}

/// A house with a gable, a door and windows; `size` is half its width.
fn house(canvas: &mut Canvas, light: &Light, foot: Point, size: f32, dice: &mut Dice) {
    let (wall, roof) = (light.on(dice.pick(&WALLS)), light.on(dice.pick(&ROOFS)));
    let pane = if light.night() { [1.0, 0.86, 0.5] } else { light.on([0.42, 0.55, 0.68]) };
    let high = dice.between(0.8, 1.2);
    let mut brush = Brush { canvas, foot, size, class: HOUSE };
    brush.fill(Outline::rectangle(0.13, 0.35), [0.5, -high - 0.45], |_| shade(roof, -0.2));
    brush.fill(Outline::rectangle(1.0, high / 2.0), [0.0, -high / 2.0], |[x, _]| shade(wall, -0.09 * (x + 1.0)));
    let gable = Outline::Polygon(vec![[-1.2, 0.0], [0.0, -0.85], [1.2, 0.0]]);
    brush.fill(gable, [0.0, -high + 0.02], |[x, _]| shade(roof, -0.12 * x));
    let door = dice.between(-0.25, 0.25);
    brush.fill(Outline::rectangle(0.16, 0.27), [door, -0.27], |_| light.on([0.4, 0.26, 0.16]));
    for side in [-0.62, 0.62] {
        brush.fill(Outline::rectangle(0.18, 0.17), [side, -high * 0.56], |_| pane);
    }
}
