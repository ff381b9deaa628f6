//! A diagram in layers: boxes with their texts in ranks, links between them.

use super::card::{Card, Look, Style, is_pill};
use super::drawing::{Dash, Drawing, Outline, Pen};
use super::layered::{Gaps, Layered, Size};
use crate::architecture::{Diagram, Flow};

/// A diagram whose boxes are measured, and have their places across.
pub(super) struct Laid<'a> {
    pub diagram: &'a Diagram,
    cards: Vec<Card>,
    pub graph: Layered,
    look: Look<'a>,
}

impl<'a> Laid<'a> {
    pub(super) fn new(diagram: &'a Diagram, look: Look<'a>) -> Self {
        let mut cards: Vec<Card> = diagram.boxes.iter().map(|one| Card::of(one, &look)).collect();
        let is_wide = |at: usize| !is_pill(&diagram.boxes[at]);
        let widest = (0..cards.len()).filter(|&at| is_wide(at)).map(|at| cards[at].width).fold(0.0, f64::max);
        // Boxes of one width stand in straight columns.
        (0..cards.len()).filter(|&at| is_wide(at)).for_each(|at| cards[at].width = widest);
        let size = |card: &Card| Size { width: card.width, height: card.height, reach: card.reach(look.palette) };
        let sizes: Vec<Size> = cards.iter().map(size).collect();
        let links: Vec<(usize, usize)> = diagram.links.iter().map(|link| (link.from, link.to)).collect();
        let graph = Layered::new(&sizes, &links, gaps(&look));
        Self { diagram, cards, graph, look }
    }

    /// The distance between ranks.
    pub(super) fn gap(&self) -> f64 {
        gaps(&self.look).ranks
    }

    /// How tall it is where ranks stand right below each other.
    pub(super) fn height(&self) -> f64 {
        let count = self.graph.heights.len();
        self.graph.heights.iter().sum::<f64>() + self.gap() * count.saturating_sub(1) as f64 + self.tail()
    }

    /// What stands below the last rank.
    fn tail(&self) -> f64 {
        if self.look.traffic.is_some() { 20.0 } else { 0.0 }
    }

    /// The drawing, with the ranks' tops there.
    pub(super) fn drawing(&self, tops: &[f64]) -> Drawing {
        let palette = self.look.palette;
        let mut drawing = Drawing::new(palette);
        let place = |at: usize| {
            let (x, y) = self.graph.middle(at, tops);
            let card = &self.cards[at];
            Outline { x: x - card.width / 2.0, y: y - card.height / 2.0, width: card.width, height: card.height }
        };
        for (number, link) in self.diagram.links.iter().enumerate() {
            let dash = if link.flow == Flow::Switches { Dash::Dashed } else { Dash::Solid };
            let width = if self.look.style == Style::Compact { 1.1 } else { 1.3 };
            let pen = Pen { color: palette.axis, width, dash };
            drawing.wire((link.from, link.to), self.graph.route(number, tops), pen);
        }
        for (at, card) in self.cards.iter().enumerate() {
            card.draw_below(place(at), &self.look, &mut drawing);
        }
        for (at, (one, card)) in self.diagram.boxes.iter().zip(&self.cards).enumerate() {
            card.draw(one, place(at), &self.look, &mut drawing);
        }
        drawing.width = self.graph.width;
        drawing.height =
            tops.iter().zip(&self.graph.heights).map(|(top, height)| top + height).fold(0.0, f64::max) + self.tail();
        drawing
    }

    /// The drawing with ranks right below each other.
    pub(super) fn packed(&self) -> Drawing {
        self.drawing(&self.graph.tops(self.gap()))
    }
}

/// The distances of a style.
fn gaps(look: &Look<'_>) -> Gaps {
    let more = if look.traffic.is_some() { 20.0 } else { 0.0 };
    match look.style {
        Style::Roomy => Gaps { across: 18.0, past: 18.0, ranks: 22.0 + more },
        Style::Compact => Gaps { across: 12.0, past: 12.0, ranks: 12.0 + more },
    }
}
