//! A diagram as TikZ, for papers.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::super::canvas::Anchor;
use super::super::font::Weight;
use super::super::palette::Color;
use super::drawing::{Dash, Drawing, Lettering, Pen, Point, Shape};

/// A pixel in TeX's points.
const POINT: f64 = 0.75;

/// The colours of a drawing, each with its name in the text.
#[derive(Default)]
struct Colors(BTreeMap<[u8; 3], usize>);

impl Colors {
    fn name(&mut self, Color(r, g, b): Color) -> String {
        let next = self.0.len();
        format!("fovea{}", self.0.entry([r, g, b]).or_insert(next))
    }
}

impl Drawing {
    /// The diagram as a `tikzpicture`, to be put into a text that uses the package tikz.
    pub fn tikz(&self) -> String {
        let mut colors = Colors::default();
        let mut body = String::new();
        // Writing to a string cannot fail.
        for shape in &self.shapes {
            let _ = writeln!(body, "  {}", shape.tikz(&mut colors));
        }
        let mut text =
            "% Needs \\usepackage{tikz}; \\resizebox{\\textwidth}{!}{\\input{…}} brings it to a page's width.\n"
                .to_string();
        let mut named: Vec<_> = colors.0.into_iter().collect();
        named.sort_by_key(|(_, number)| *number);
        for ([r, g, b], number) in named {
            let _ = writeln!(text, "\\definecolor{{fovea{number}}}{{RGB}}{{{r},{g},{b}}}");
        }
        let _ = writeln!(text, "\\begin{{tikzpicture}}[x={POINT}pt, y=-{POINT}pt, line join=round, line cap=round]");
        text + &body + "\\end{tikzpicture}\n"
    }
}

impl Shape {
    fn tikz(&self, colors: &mut Colors) -> String {
        match self {
            Shape::Rectangle { at, radius, fill, pen } => {
                let mut options = vec![format!("rounded corners={:.2}pt", radius.min(at.height / 2.0) * POINT)];
                options.extend(fill.map(|fill| format!("fill={}", colors.name(fill))));
                options.extend(pen.iter().flat_map(|pen| drawn(*pen, colors)));
                let (from, to) = (point((at.x, at.y)), point((at.right(), at.bottom())));
                format!("\\path[{}] {from} rectangle {to};", options.join(", "))
            }
            Shape::Polygon { points, fill, pen } => {
                let mut options = vec![format!("fill={}", colors.name(*fill))];
                options.extend(pen.iter().flat_map(|pen| drawn(*pen, colors)));
                format!("\\path[{}] {} -- cycle;", options.join(", "), path(points))
            }
            Shape::Line { points, pen } => format!("\\path[{}] {};", drawn(*pen, colors).join(", "), path(points)),
            Shape::Text { x, y, text, look } => written((*x, *y), text, look, colors),
        }
    }
}

fn written(at: Point, text: &str, look: &Lettering, colors: &mut Colors) -> String {
    let anchor = match look.anchor {
        Anchor::Start => "west",
        Anchor::Middle => "center",
        Anchor::End => "east",
    };
    let size = look.size * POINT;
    let weight = if look.weight == Weight::SemiBold { "\\bfseries" } else { "" };
    let font = format!("\\sffamily\\fontsize{{{size:.1}}}{{{:.1}}}\\selectfont{weight}", size * 1.2);
    let color = colors.name(look.color);
    format!("\\node[anchor={anchor}, inner sep=0pt, text={color}, font={font}] at {} {{{}}};", point(at), escaped(text))
}

fn drawn(pen: Pen, colors: &mut Colors) -> Vec<String> {
    let mut options =
        vec![format!("draw={}", colors.name(pen.color)), format!("line width={:.2}pt", pen.width * POINT)];
    if pen.dash == Dash::Dashed {
        options.push("dashed".to_string());
    }
    options
}

fn point((x, y): Point) -> String {
    format!("({x:.2},{y:.2})")
}

fn path(points: &[Point]) -> String {
    points.iter().map(|&at| point(at)).collect::<Vec<_>>().join(" -- ")
}

/// A text as TeX may hold it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => out.extend(['\\', c]),
            '\\' => out.push_str("\\textbackslash{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            '×' => out.push_str("$\\times$"),
            '·' => out.push_str("$\\cdot$"),
            '–' => out.push_str("--"),
            c if crate::markup::is_unseen(c) => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
