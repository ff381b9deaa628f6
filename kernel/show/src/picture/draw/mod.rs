//! Diagrams of nets: a chain's boxes in perspective, sized by their tensors, and what branches in layers.
//!
//! A layout is a function from what a diagram shows ([`Architecture`]) to coordinates ([`Drawing`]); SVG and TikZ are
//! written from these.

mod alt;
mod beside;
mod card;
mod colors;
mod drawing;
mod flow;
mod hues;
mod layered;
mod legend;
mod page;
mod perspective;
mod solid;
mod svg;
mod tikz;
mod traffic;

pub use drawing::{Drawing, Footprint, Outline, Wire};
pub use traffic::Traffic;

use super::canvas::Anchor;
use super::font::{self, Weight};
use super::palette::{Palette, Theme};
use super::{Error, Result};
use crate::architecture::Architecture;
use card::Look;
use drawing::Lettering;

/// What is drawn of nets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// What links are labelled with.
    pub traffic: Option<Traffic>,
    /// A line below each net's name.
    pub notes: Vec<String>,
}

/// Distance from the sheet's edges, in pixels.
const EDGE: f64 = 24.0;

/// A diagram of nets.
///
/// Fails with [`Error::Empty`] where there is none.
pub fn draw(nets: &[Architecture], view: &View, theme: Theme) -> Result<Drawing> {
    let palette = Palette::of(theme);
    let mut drawing = match nets {
        [] => return Err(Error::Empty { what: "no net" }),
        [net] => titled(one(net, view, palette), &net.net, view.notes.first().map_or("", String::as_str), palette),
        nets => {
            let mut body = beside::beside(nets, &view.notes, palette, view.traffic);
            if nets.iter().all(perspective::suits) {
                legend::add(&mut body, nets);
            }
            titled(body, "", "", palette)
        }
    };
    drawing.alt = alt::alt(nets);
    Ok(drawing)
}

/// One net, without its title.
fn one(net: &Architecture, view: &View, palette: &'static Palette) -> Drawing {
    let hues = hues::hues(std::slice::from_ref(net)).concat();
    let (style, ground) = (page::style(net), palette.paper);
    let look = Look { style, palette, ground, hues: &hues, traffic: view.traffic };
    let chain = perspective::suits(net).then(|| perspective::perspective(net, perspective::largest(net), look));
    match chain.flatten() {
        Some(mut body) => {
            legend::add(&mut body, std::slice::from_ref(net));
            body
        }
        None => page::page(net, look),
    }
}

/// A drawing on a sheet, under a title and a line.
fn titled(body: Drawing, title: &str, note: &str, palette: &'static Palette) -> Drawing {
    let mut sheet = Drawing::new(palette);
    let name = Lettering { size: 17.0, weight: Weight::SemiBold, anchor: Anchor::Start, color: palette.ink };
    let small = Lettering { size: 12.0, weight: Weight::Regular, color: palette.muted, ..name };
    let title = &font::elide(title, page::WIDEST, name.size, name.weight);
    let note = &font::elide(note, page::WIDEST, small.size, small.weight);
    sheet.text(EDGE, 28.0, title, name);
    sheet.text(EDGE, 49.0, note, small);
    let top = match (title.as_str(), note.as_str()) {
        ("", _) => EDGE,
        (_, "") => 52.0,
        _ => 72.0,
    };
    sheet.width = body.width.max(name.width(title)).max(small.width(note)) + 2.0 * EDGE;
    sheet.height = body.height + top + EDGE;
    sheet.add(body, (EDGE, top));
    sheet
}
