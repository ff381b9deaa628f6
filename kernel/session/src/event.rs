//! What a running statement tells its front end, in one ordered stream. Front ends render; none computes.

use std::path::PathBuf;

use fovea_dsl::{Diagnostic, Source, visible, visible_line};
use serde::{Deserialize, Deserializer, Serialize};

use crate::display::Page;
use crate::known::Snapshot;
use crate::picture::Picture;

/// One piece of news.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    /// What came of a part of it, an epoch say.
    Metric(Metric),
    /// What a long statement has made so far; a newer one takes its place, and the statement's result in the end.
    Draft(Picture),
    /// A statement's result; comes once a statement.
    Output(Output),
    /// What there is to name from now on, for an editor; follows each statement's result.
    Names(Snapshot),
}

/// Where a long task stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// What it is about, for reading: a net's name.
    pub task: String,
    /// What is counted: `step`, `picture`.
    pub unit: String,
    /// How many of them are done.
    pub done: u64,
    /// How many there are.
    pub of: u64,
    /// The part of the task under way, where it has parts.
    pub part: Option<Part>,
    /// How it goes.
    pub figures: Vec<Figure>,
    /// Seconds that are left at the pace so far, where that can be told.
    pub seconds_left: Option<f64>,
}

/// A part of a task: epoch 3 of 10.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// What it is called.
    pub unit: String,
    /// Its number, from 1.
    pub number: u64,
    /// How many there are.
    pub of: u64,
}

/// What came of a part of a task that is complete.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// The task's, as its progress has it.
    pub task: String,
    /// Which part.
    pub part: Part,
    /// What came of it.
    pub figures: Vec<Figure>,
    /// How long it took.
    pub seconds: f64,
}

/// A number with its name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// What it is: `loss`, `test accuracy`, `images/s`.
    pub name: String,
    /// The number. Where it is not finite, JSON has null.
    #[serde(deserialize_with = "finite_or_nan")]
    pub value: f64,
    /// How it reads.
    pub form: Form,
}

/// How a figure reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// `loss 0.1234`
    Number,
    /// `accuracy 97.5 %`
    Share,
    /// `5,210 images/s`
    Rate,
}

impl Figure {
    /// A number, `loss 0.1234`.
    pub fn number(name: &str, value: f64) -> Self {
        Self { name: name.to_string(), value, form: Form::Number }
    }

    /// A share, from 0 to 1, `accuracy 97.5 %`.
    pub fn share(name: &str, value: f64) -> Self {
        Self { name: name.to_string(), value, form: Form::Share }
    }

    /// So many a second, `5,210 images/s`.
    pub fn rate(name: &str, value: f64) -> Self {
        Self { name: name.to_string(), value, form: Form::Rate }
    }
}

/// A number that JSON may not be able to hold.
fn finite_or_nan<'de, D: Deserializer<'de>>(source: D) -> Result<f64, D::Error> {
    Ok(Option::<f64>::deserialize(source)?.unwrap_or(f64::NAN))
}

/// The figure of this name.
pub fn figure(figures: &[Figure], name: &str) -> Option<f64> {
    figures.iter().find(|figure| figure.name == name).map(|figure| figure.value)
}

/// What an output is to whoever reads it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// What a statement came to.
    #[default]
    Result,
    /// Said in passing, and no result.
    Note,
    /// A page that explains a word, in Markdown.
    Page,
}

/// How the pictures of an output stand to its text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pictured {
    /// They show something else.
    #[default]
    Besides,
    /// They show what the text as HTML does, for wherever that is not shown.
    Instead,
}

/// What a statement gives: always text, often a picture, and the same as data.
#[derive(Debug, Default, Serialize, Deserialize)]
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
    /// The text with colours as ANSI has them, for terminals that take them: nothing else in it steers one. None where it
    /// has no colours.
    pub coloured: Option<String>,
    /// For looking at.
    pub pictures: Vec<Picture>,
    /// How these stand to the text.
    pub pictured: Pictured,
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
        Self { html: page.html(), coloured: page.coloured(), ..Self::new(verb, page.to_string(), data) }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::known::Known;

    #[test]
    fn events_are_the_same_behind_json() {
        let part = Part { unit: "epoch".into(), number: 3, of: 10 };
        let progress = Progress {
            task: "lenet".into(),
            unit: "step".into(),
            done: 50,
            of: 230,
            part: Some(part.clone()),
            figures: vec![Figure::number("loss", 0.1234), Figure::rate("images/s", 5210.4)],
            seconds_left: None,
        };
        let figures = vec![Figure::share("accuracy", 0.968)];
        let metric = Metric { task: "lenet".into(), part, figures, seconds: 1.5 };
        let output = Output::new("note", "text", serde_json::json!({ "text": "text" }));
        let known = Known { nets: vec!["lenet".into()], last_run: Some(3), ..Known::default() };
        let names = Snapshot::new(known.theme, move || known.clone());
        for event in [
            Event::Begin { silent: true },
            Event::Text("a remark".into()),
            Event::Progress(progress),
            Event::Metric(metric),
            Event::Draft(Picture {
                name: "stylize".into(),
                svg: "<svg/>".into(),
                width: 8,
                height: 6,
                alt: "a picture so far".into(),
            }),
            Event::Output(output),
            Event::Names(names),
        ] {
            let text = serde_json::to_string(&event).unwrap();
            let back: Event = serde_json::from_str(&text).unwrap();
            assert_eq!(serde_json::to_string(&back).unwrap(), text);
        }
    }

    #[test]
    fn a_loss_that_ran_away_is_null_and_reads_back_as_no_number() {
        let text = serde_json::to_string(&Figure::number("loss", f64::INFINITY)).unwrap();
        assert_eq!(text, r#"{"name":"loss","value":null,"form":"number"}"#);
        assert!(serde_json::from_str::<Figure>(&text).unwrap().value.is_nan());
    }
}
