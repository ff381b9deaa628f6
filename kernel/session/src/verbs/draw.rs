//! `draw googlenet`, `draw vgg19, plain34, resnet34`, `draw resnet50 train batch 32 save "resnet50.svg"`

use std::path::PathBuf;

use fovea_dsl::net::Net;
use fovea_dsl::syntax::Name;
use fovea_dsl::verb;
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::Span;
use fovea_train::write_whole;
use serde_json::json;

use super::summary::{planned, summary};
use super::weights::destination;
use super::{Checked, Events, Job};
use crate::architecture::{Architecture, Depth, architecture};
use crate::display::{Page, number};
use crate::event::Output;
use crate::failure::{At, Failure};
use crate::lookup::{Use, Weights};
use crate::picture::{self, Drawing, Picture, Traffic, View};
use crate::world::{Names, World};

/// So many nets stand beside each other.
const MOST_NETS: usize = 8;
/// So many boxes are drawn of a net.
const MOST_BOXES: usize = 600;
/// As many pictures as a training step takes that says nothing else.
const BATCH: usize = 64;

struct Draw {
    nets: Vec<Architecture>,
    view: View,
    drawing: Drawing,
    picture: Picture,
    file: Option<File>,
}

/// Where the drawing is written.
struct File {
    path: PathBuf,
    form: FileForm,
    span: Span,
}

/// How the drawing is written, by the file's ending.
#[derive(Clone, Copy)]
enum FileForm {
    Svg,
    Png,
    Tikz,
}

/// Folds each net, and counts what is said below its name.
pub fn check(said: &verb::Draw, span: Span, names: &Names, world: &World) -> Checked {
    if let Some(one_more) = said.nets.get(MOST_NETS) {
        let message = format!("{} nets are too many for one picture", said.nets.len());
        let mistake = Diagnostic::new(Stage::Verbs, one_more.span, message).expected(format!("at most {MOST_NETS}"));
        return Err(mistake
            .help("draw the others by a statement of their own; `compare` tells many in a table")
            .into());
    }
    if let (Some(batch), None) = (&said.batch, &said.train) {
        let mistake = Diagnostic::new(Stage::Verbs, batch.word, "`batch` counts the memory of a training step");
        let mistake = mistake.expected("`train`").put_before(batch.word, "train ");
        return Err(mistake.help(format!("write `train batch {}`", batch.value)).into());
    }
    let file = said.save.as_ref().map(|save| File::at(&save.value)).transpose()?;
    let traffic = said.train.as_ref().map(|_| Traffic { batch: said.batch.map_or(BATCH, |batch| batch.value) });
    let depth = if said.all.is_some() { Depth::All } else { Depth::Folded };
    let (mut nets, mut notes, mut mistakes) = (Vec::new(), Vec::new(), Vec::new());
    for net in &said.nets {
        let of = Use { net, data: said.on.as_ref().map(|on| &on.value), weights: Weights::Own };
        let shown = names.net(&of).and_then(|whole| {
            let architecture = drawable(&whole, net, depth)?;
            Ok((architecture, note(&whole, &of, traffic, span, names, world)?))
        });
        match shown {
            Ok((net, note)) => {
                nets.push(net);
                notes.push(note);
            }
            Err(Failure::Mistakes(found)) => mistakes.extend(found),
            Err(Failure::Interrupted) => return Err(Failure::Interrupted),
        }
    }
    if !mistakes.is_empty() {
        return Err(mistakes.into());
    }
    let view = View { traffic, notes };
    let drawing = picture::draw(&nets, &view, names.theme).at(span)?;
    let picture = drawing.picture("net", names.theme).map_err(|error| unfit(error, span))?;
    Ok(Box::new(Draw { nets, view, drawing, picture, file }))
}

/// Why there is no picture.
fn unfit(error: picture::Error, span: Span) -> Diagnostic {
    let picture::Error::Size { width, height } = error else {
        return Diagnostic::new(Stage::Verbs, span, error.to_string());
    };
    let message = format!("the drawing would be {width:.0}×{height:.0} pixels large, which is too much");
    Diagnostic::new(Stage::Verbs, span, message).help("draw fewer nets at once, or without `all`")
}

/// What is drawn of a net, where that is not too much.
fn drawable(net: &Net, name: &Name, depth: Depth) -> Result<Architecture, Diagnostic> {
    let shown = architecture(net, depth);
    let blocks = shown.blocks.iter().map(|block| &block.diagram);
    let boxes: usize = std::iter::once(&shown.diagram).chain(blocks).map(|diagram| diagram.boxes.len()).sum();
    if boxes <= MOST_BOXES {
        return Ok(shown);
    }
    let message = format!("`{}` has {} boxes to draw", name.text, number::count(boxes as u64));
    let help = match depth {
        Depth::All => "without `all` what repeats is folded",
        Depth::Folded => "too little of it repeats to be folded; `summary` lists its layers",
    };
    Err(Diagnostic::new(Stage::Verbs, name.span, message).expected(format!("at most {MOST_BOXES}")).help(help))
}

/// The line below a net's name.
fn note(
    net: &Net,
    of: &Use<'_>,
    traffic: Option<Traffic>,
    span: Span,
    names: &Names,
    world: &World,
) -> Result<String, Failure> {
    let counted = || summary(net, of.net.span, &*names.interrupted).map(|summary| summary.totals);
    let totals = match traffic.map(|traffic| planned(of, traffic.batch, span, names, world)) {
        Some(Ok(summary)) => summary.totals,
        // What takes more memory than there is can still be drawn.
        Some(Err(Failure::Mistakes(_))) | None => counted()?,
        Some(Err(Failure::Interrupted)) => return Err(Failure::Interrupted),
    };
    let params = match totals.params {
        params @ ..100_000 => number::of(params as usize, "parameter"),
        params => format!("{} parameters", number::si(params as f64, "")),
    };
    let mut note = format!("{params} · {} MACs for one picture", number::si(totals.macs as f64, ""));
    if let Some(Traffic { batch }) = traffic.filter(|_| totals.train_bytes > 0) {
        note += &format!(" · training by {batch} a step takes {}", number::bytes(totals.train_bytes));
    }
    Ok(note)
}

impl File {
    /// What a clause says, as far as can be told without writing it.
    fn at(path: &Name) -> Result<Self, Diagnostic> {
        let (file, span) = destination(path)?;
        let ending = file.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
        let form = match ending.as_str() {
            "svg" => FileForm::Svg,
            "png" => FileForm::Png,
            "tex" => FileForm::Tikz,
            _ => {
                let message = match ending.as_str() {
                    "" => "the file's ending says how the drawing is written".to_string(),
                    ending => format!("a drawing is not written as .{ending}"),
                };
                let mend = format!("\"{}\"", file.with_extension("svg").display());
                let mistake = Diagnostic::new(Stage::Verbs, span, message).found(&path.text);
                let mistake = mistake.expected(".svg, .png or .tex").mend(span, mend);
                return Err(mistake.help("`.svg` for the web, `.png` for slides, `.tex` (TikZ) for papers"));
            }
        };
        Ok(Self { path: file, form, span })
    }
}

impl Job for Draw {
    fn run(&self, _: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        let drawn = self.picture.clone();
        if let Some(file) = &self.file {
            let bytes = match file.form {
                FileForm::Svg => drawn.svg.clone().into_bytes(),
                FileForm::Tikz => self.drawing.tikz().into_bytes(),
                FileForm::Png => match drawn.to_png() {
                    Some(png) => png.at(file.span)?,
                    None => {
                        let mistake = Diagnostic::new(Stage::Verbs, file.span, "this build draws no PNG");
                        return Err(mistake.help("write `.svg`").into());
                    }
                },
            };
            write_whole(&file.path, &bytes).at(file.span)?;
        }
        let batch = self.view.traffic.map(|traffic| traffic.batch);
        let text = |page: Page, (net, note): (&Architecture, &String)| net.tell(page, note, batch);
        let page = self.nets.iter().zip(&self.view.notes).fold(Page::default(), text);
        let output = Output::page("draw", &page, json!({ "nets": self.nets, "batch": batch })).picture(drawn);
        Ok(match &self.file {
            Some(file) => output.file(&file.path),
            None => output,
        })
    }
}
