//! Events as messages: what a cell shows while it runs, and its result.

use std::thread::JoinHandle;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fovea::event::{Event, Kind, Output, Pictured};
use fovea::markup::escape;
use fovea::picture::{Picture, Theme};
use fovea_dsl::{Style, render, visible};
use jupyter_protocol::{DisplayData, ExecuteResult, ExecutionCount, JupyterMessage, StreamContent, Transient};
use jupyter_protocol::{Media, MediaType};
use serde_json::{Map, Value, json};

use super::outbox::Outbox;
use super::training::Training;
use fovea_wire::log;

/// What a cell shows.
pub struct Screen<'a> {
    out: &'a Outbox,
    cell: &'a JupyterMessage,
    count: ExecutionCount,
    /// How pictures are drawn.
    theme: Theme,
    /// The newest result; that of the last statement is the cell's.
    held: Option<Output>,
    training: Option<Training>,
    /// The statement that runs shows nothing but remarks.
    silent: bool,
    /// Last plots that are being drawn.
    drawings: Vec<JoinHandle<()>>,
}

/// What is left of a cell when everything else of it was shown.
pub struct Rest {
    /// The text of its result.
    pub result: Option<String>,
    /// What is shown when these are done.
    pub drawings: Vec<JoinHandle<()>>,
}

impl<'a> Screen<'a> {
    /// Of the cell with this number; live pictures are drawn in `theme`.
    pub fn new(out: &'a Outbox, cell: &'a JupyterMessage, count: ExecutionCount, theme: Theme) -> Self {
        Self { out, cell, count, theme, held: None, training: None, silent: false, drawings: Vec::new() }
    }

    /// Shows a piece of news; a result is held back until it is known whether another follows.
    pub fn event(&mut self, event: Event) {
        match event {
            Event::Begin { silent } => {
                self.release();
                self.silent = silent;
            }
            Event::Remark(remark, sources) => {
                self.release();
                let text = render(&[remark], &sources, Style::Coloured);
                self.out.publish(self.cell, StreamContent::stderr(&text));
            }
            Event::Text(text) => {
                self.release();
                self.print(&text);
            }
            Event::Progress(_) | Event::Metric(_) | Event::Draft(_) if self.silent => {}
            Event::Progress(_) | Event::Metric(_) | Event::Draft(_) => {
                self.release();
                self.training.get_or_insert_with(|| Training::new(self.out, self.cell, self.theme)).event(&event);
            }
            Event::Output(output) => {
                self.release();
                self.over();
                match output.kind {
                    Kind::Note if output.silent => {}
                    Kind::Note => self.print(&output.text),
                    Kind::Result | Kind::Page => self.held = Some(output),
                }
            }
            Event::Names(names) => self.theme = names.theme(),
        }
    }

    /// Writes a line or more.
    pub fn print(&mut self, text: &str) {
        self.out.publish(self.cell, StreamContent::stdout(&format!("{}\n", visible(text))));
    }

    /// The cell has failed: what it showed stays.
    pub fn fail(mut self) -> Rest {
        self.over();
        self.release();
        Rest { result: None, drawings: self.drawings }
    }

    /// The cell is done: the last statement's result is its own.
    pub fn finish(mut self) -> Rest {
        self.over();
        let mut shown = self.held.take().into_iter().flat_map(bundles);
        let result = shown.next().map(|first| self.result(first));
        shown.for_each(|bundle| self.display(bundle));
        Rest { result, drawings: self.drawings }
    }

    /// Shows the cell's result; its text.
    fn result(&self, bundle: Bundle) -> String {
        let text = bundle.text();
        let (execution_count, Bundle { data, metadata }) = (self.count, bundle);
        // The protocol's schema has it, empty or not.
        let transient = Some(Transient::default());
        self.out.publish(self.cell, ExecuteResult { execution_count, data, metadata, transient });
        text
    }

    /// What trained does so no more.
    fn over(&mut self) {
        self.drawings.extend(self.training.take().and_then(Training::end));
    }

    /// Shows the result that is held, which is not the last.
    fn release(&mut self) {
        for bundle in self.held.take().into_iter().flat_map(bundles) {
            self.display(bundle);
        }
    }

    fn display(&self, bundle: Bundle) {
        let transient = None;
        self.out.publish(self.cell, DisplayData { data: bundle.data, metadata: bundle.metadata, transient });
    }
}

/// One thing to show, in every form that there is of it.
pub struct Bundle {
    /// The forms.
    pub data: Media,
    /// How large a picture is shown.
    pub metadata: Map<String, Value>,
}

impl Bundle {
    /// Its text form.
    fn text(&self) -> String {
        let plain = self.data.content.iter().find_map(|media| match media {
            MediaType::Plain(text) => Some(text.clone()),
            _ => None,
        });
        plain.unwrap_or_default()
    }
}

/// What a statement's result shows: its text, with the files that it wrote, then its pictures, each drawn when its turn
/// comes: the text waits for none. Pictures that show what the text does are forms of it: a front end takes the one that it
/// likes best.
fn bundles(mut output: Output) -> impl Iterator<Item = Bundle> {
    let pictures = if output.silent { Vec::new() } else { std::mem::take(&mut output.pictures) };
    let mut text = if output.silent { None } else { text(&output) };
    let mut pictures = pictures.into_iter();
    if output.pictured == Pictured::Instead
        && let Some(text) = &mut text
    {
        for drawn in pictures.by_ref() {
            let Bundle { data, metadata } = picture(&drawn);
            text.data.content.extend(data.content.into_iter().filter(|form| !matches!(form, MediaType::Plain(_))));
            text.metadata.extend(metadata);
        }
    }
    text.into_iter().chain(pictures.map(|drawn| picture(&drawn)))
}

/// A result's text in every form; none where it has none.
fn text(output: &Output) -> Option<Bundle> {
    let lines = output.lines();
    let mut forms = vec![MediaType::Plain(lines.join("\n"))];
    if output.kind == Kind::Page {
        forms.push(MediaType::Markdown(output.text.clone()));
    }
    if let Some(html) = &output.html {
        let files: String = output.file_lines().map(|line| format!("<div>{}</div>", escape(&line))).collect();
        forms.push(MediaType::Html(html.clone() + &files));
    }
    (!lines.is_empty()).then(|| Bundle { data: Media::new(forms), metadata: Map::new() })
}

/// Pictures are shown no wider, in pixels: a notebook cuts what is wider than its cells.
const WIDEST: u32 = 960;

/// A picture as SVG and as PNG: notebooks that are not trusted show the one or the other.
pub fn picture(picture: &Picture) -> Bundle {
    let mut bundle = frame(picture);
    bundle.data.content.push(MediaType::Svg(picture.svg_at(picture.no_wider(WIDEST))));
    bundle
}

/// Nothing, in place of what was shown.
pub fn nothing() -> Bundle {
    Bundle { data: Media::new(vec![MediaType::Plain(String::new())]), metadata: Map::new() }
}

/// A picture as PNG alone: one of many that follow one another.
pub fn frame(picture: &Picture) -> Bundle {
    let mut data = Media::new(vec![MediaType::Plain(picture.alt.clone())]);
    match picture.png() {
        Ok(png) => data.content.push(MediaType::Png(STANDARD.encode(png))),
        Err(error) => log(format_args!("a picture has no PNG: {error}")),
    }
    let (width, height) = picture.no_wider(WIDEST);
    let size = json!({ "width": width, "height": height, "alt": picture.alt });
    Bundle { data, metadata: Map::from_iter([("image/png".to_string(), size)]) }
}
