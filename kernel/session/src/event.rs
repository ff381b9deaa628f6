//! What a running statement tells its front end, in one ordered stream. Front ends render; none computes.

use std::path::PathBuf;

use fovea_dsl::{Diagnostic, Source, visible, visible_line};

use crate::display::Page;
use crate::known::Snapshot;
use crate::picture::Picture;

/// One piece of news.
#[derive(Debug)]
pub enum Event {
    /// What the check of a text remarks, before any of it runs; with the sources that it points into.
    Remark(Diagnostic, Vec<Source>),
    /// A statement begins.
    Begin {
        /// It ends in `;`: of what it does, remarks alone are for reading.
        silent: bool,
    },
    /// A remark while a statement runs, a line or more, without the last newline.
    Text(String),
    /// Where a long statement stands; a terminal shows the newest only.
    Progress(Progress),
    /// An epoch's figures.
    Metric(Metric),
    /// A statement's result; comes once a statement.
    Output(Output),
    /// What there is to name from now on, for an editor; follows each statement's result.
    Names(Snapshot),
}

/// Where training stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// The net's name.
    pub net: String,
    /// The epoch under way, from 1.
    pub epoch: usize,
    /// How many epochs there are.
    pub epochs: usize,
    /// Steps done, of the whole run.
    pub step: u64,
    /// Steps of the whole run.
    pub steps: u64,
    /// The loss of the newest step's batch.
    pub loss: f64,
    /// The share of the test part that was right after the last epoch; none before the first has ended.
    pub accuracy: Option<f64>,
    /// Images a second since the run began.
    pub images_per_second: f64,
    /// Seconds that are left at the pace so far.
    pub seconds_left: f64,
}

/// The figures of an epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// The net's name.
    pub net: String,
    /// The epoch, from 1.
    pub epoch: usize,
    /// How many epochs there are.
    pub epochs: usize,
    /// Mean training loss.
    pub loss: f64,
    /// Training accuracy, 0 to 1; none where the net has no classes.
    pub accuracy: Option<f64>,
    /// Mean loss on the test part, where the data has one.
    pub test_loss: Option<f64>,
    /// Accuracy on the test part, 0 to 1.
    pub test_accuracy: Option<f64>,
    /// The epoch's duration, its test included.
    pub seconds: f64,
}

/// What an output is to whoever reads it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// What a statement came to.
    #[default]
    Result,
    /// Said in passing, and no result.
    Note,
    /// A page that explains a word, in Markdown.
    Page,
}

/// What a statement gives: always text, often a picture, and the same as data.
#[derive(Debug, Default)]
pub struct Output {
    /// The statement's verb.
    pub verb: String,
    /// What it is to whoever reads it.
    pub kind: Kind,
    /// For reading, lines joined by newlines; may be empty.
    pub text: String,
    /// The text with its tables as HTML, for notebooks: every name in it escaped, no script, no style sheet. None where
    /// the text is all there is.
    pub html: Option<String>,
    /// For looking at.
    pub pictures: Vec<Picture>,
    /// For scripts: `{"verb": …}` and its figures.
    pub data: serde_json::Value,
    /// Files that the statement wrote.
    pub files: Vec<PathBuf>,
    /// What the statement did was broken off, and its text says so.
    pub interrupted: bool,
    /// The statement ended in `;`: text and pictures are not shown.
    pub silent: bool,
}

impl Output {
    /// The text and the files that were written, a line each, as a terminal may show them.
    pub fn lines(&self) -> Vec<String> {
        let text = Some(visible(&self.text).into_owned()).filter(|text| !text.is_empty());
        text.into_iter().chain(self.file_lines()).collect()
    }

    /// The files that were written, `→ runs/3`.
    pub fn file_lines(&self) -> impl Iterator<Item = String> {
        self.files.iter().map(|path| format!("→ {}", visible_line(&path.display().to_string())))
    }

    /// Text, and the same as data; `data` should be an object, to which the verb is put in front.
    pub fn new(verb: &str, text: impl Into<String>, data: serde_json::Value) -> Self {
        let mut object = serde_json::Map::new();
        object.insert("verb".to_string(), verb.into());
        if let serde_json::Value::Object(figures) = data {
            object.extend(figures);
        }
        Self { verb: verb.to_string(), text: text.into(), data: object.into(), ..Self::default() }
    }

    /// What a page says, as text and as HTML, and the same as data.
    pub fn page(verb: &str, page: &Page, data: serde_json::Value) -> Self {
        Self { html: page.html(), ..Self::new(verb, page.to_string(), data) }
    }

    /// Adds a picture.
    pub fn picture(mut self, picture: Picture) -> Self {
        self.pictures.push(picture);
        self
    }

    /// Adds a file that was written.
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.files.push(path.into());
        self
    }

    /// The data with `"files"`, where any were written.
    pub fn as_data(&self) -> serde_json::Value {
        let mut data = self.data.clone();
        if let (false, Some(object)) = (self.files.is_empty(), data.as_object_mut()) {
            let files = self.files.iter().map(|path| path.display().to_string().into());
            object.insert("files".to_string(), serde_json::Value::Array(files.collect()));
        }
        data
    }
}
