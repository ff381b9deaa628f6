//! A picture being painted, and the class of each of its pixels.

use super::dice::Dice;
use super::outline::{Outline, Point, minus};

/// Red, green and blue in 0..=1.
pub type Colour = [f32; 3];

/// A picture. Its coordinates count the shorter side as 1, x to the right and y down, from the upper left corner.
pub struct Canvas {
    height: usize,
    width: usize,
    /// Pixels along a length of 1.
    scale: f32,
    pixels: Vec<Colour>,
    classes: Vec<u32>,
}

/// An outline on a canvas: where its origin comes to lie, how large and how turned.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The outline.
    pub outline: Outline,
    /// Where its origin is.
    pub at: Point,
    /// How long its unit is.
    pub size: f32,
    /// By how much it is turned, clockwise, in radians.
    pub turn: f32,
}

impl Canvas {
    /// A picture in one colour, all of class 0.
    pub fn new(height: usize, width: usize) -> Self {
        let (scale, area) = (height.min(width) as f32, height * width);
        Self { height, width, scale, pixels: vec![[0.0; 3]; area], classes: vec![0; area] }
    }

    /// The lengths of its sides: 1 and 1 where it is a square.
    pub fn sides(&self) -> Point {
        [self.width as f32 / self.scale, self.height as f32 / self.scale]
    }

    /// Paints every pixel: `paint` gives a colour, how much of it covers the pixel, and what is beneath it changes to
    /// `class` where that is more than half.
    pub fn paint(&mut self, class: Option<u32>, paint: impl Fn(Point, f32) -> (Colour, f32)) {
        self.paint_in([0, self.width], [0, self.height], class, paint);
    }

    fn paint_in(
        &mut self,
        columns: [usize; 2],
        rows: [usize; 2],
        class: Option<u32>,
        paint: impl Fn(Point, f32) -> (Colour, f32),
    ) {
        for y in rows[0]..rows[1] {
            for x in columns[0]..columns[1] {
                let p = [(x as f32 + 0.5) / self.scale, (y as f32 + 0.5) / self.scale];
                let (colour, cover) = paint(p, self.scale);
                let at = y * self.width + x;
                self.pixels[at] = mix(self.pixels[at], colour, cover.clamp(0.0, 1.0));
                if let (Some(class), true) = (class, cover > 0.5) {
                    self.classes[at] = class;
                }
            }
        }
    }

    /// Fills an outline; `colour` is told where a point is in the outline's own units.
    pub fn fill(&mut self, placed: &Placed, class: Option<u32>, colour: impl Fn(Point) -> Colour) {
        self.soften(placed, 1.0 / self.scale, class, 1.0, colour);
    }

    /// Fills an outline whose edge runs out over a width of `blur`, and covers what is beneath by `most`.
    pub fn soften(
        &mut self,
        placed: &Placed,
        blur: f32,
        class: Option<u32>,
        most: f32,
        colour: impl Fn(Point) -> Colour,
    ) {
        let reach = placed.outline.reach() * placed.size + blur;
        let range = |centre: f32, end: usize| {
            let pixel = |v: f32| (v * self.scale).clamp(0.0, end as f32);
            [pixel(centre - reach).floor() as usize, pixel(centre + reach).ceil() as usize]
        };
        let (columns, rows) = (range(placed.at[0], self.width), range(placed.at[1], self.height));
        let (sin, cos) = placed.turn.sin_cos();
        self.paint_in(columns, rows, class, |p, _| {
            let [x, y] = minus(p, placed.at);
            let own = [(x * cos + y * sin) / placed.size, (y * cos - x * sin) / placed.size];
            let distance = placed.outline.distance(own) * placed.size;
            (colour(own), most * (0.5 - distance / blur).clamp(0.0, 1.0))
        });
    }

    /// Adds noise of this deviation to every value.
    pub fn grain(&mut self, deviation: f32, dice: &mut Dice) {
        for pixel in &mut self.pixels {
            let noise = dice.noise();
            // What all three share is brightness, and the eye's own film has most of it there.
            for (value, own) in pixel.iter_mut().zip(&noise[1..]) {
                *value += deviation * (0.8 * noise[0] + 0.6 * own);
            }
        }
    }

    /// The values, each one of 256 levels in 0..=1, as a picture file would have them.
    pub fn values(&self) -> impl Iterator<Item = f32> {
        self.pixels.iter().flatten().map(|value| (value.clamp(0.0, 1.0) * 255.0).round() / 255.0)
    }

    /// The classes of the pixels.
    pub fn classes(&self) -> &[u32] {
        &self.classes
    }
}

/// From one colour to another.
pub fn mix(from: Colour, to: Colour, share: f32) -> Colour {
    std::array::from_fn(|c| from[c] + (to[c] - from[c]) * share)
}

/// A colour by hue (0..1 once around), saturation and value.
pub fn hsv(hue: f32, saturation: f32, value: f32) -> Colour {
    [0.0, 4.0, 2.0].map(|offset| {
        let place = (hue.rem_euclid(1.0) * 6.0 + offset).rem_euclid(6.0);
        value * (1.0 - saturation * (1.0 - ((place - 3.0).abs() - 1.0).clamp(0.0, 1.0)))
    })
}

/// A colour, brighter or darker.
pub fn shade(colour: Colour, by: f32) -> Colour {
    if by > 0.0 { mix(colour, [1.0; 3], by) } else { mix(colour, [0.0; 3], -by) }
}
