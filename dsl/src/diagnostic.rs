//! What is wrong with a text: where, what was found, what was expected, and the mend.

use fovea_graph::{SourceId, Span};

/// The stage that rejects a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// The text is not of the language.
    Parse,
    /// A name is not known, or known already.
    Names,
    /// A list, count or arithmetic makes no sense.
    Values,
    /// Shapes do not fit, or options contradict one another.
    Shapes,
    /// A verb's clauses, or what it is applied to.
    Verbs,
    /// It does not fit in memory.
    Memory,
    /// None: the fault is Fovea's own.
    Internal,
}

/// Whether what is said of a text stops it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It is wrong, and nothing runs.
    Error,
    /// It is taken as it stands, though something else was meant, most likely.
    Remark,
}

/// A way to mend a text: what to write at a place instead of what stands there.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Mend {
    /// What it replaces; where that is nothing, the text is put in.
    pub span: Span,
    /// What to write.
    pub text: String,
}

/// One mistake, or one remark. `labels[0]` is where it is; more labels show the other side of a contradiction.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Diagnostic {
    /// Whether it stops the program.
    pub level: Level,
    /// Which stage rejects it.
    pub stage: Stage,
    /// One sentence, lower case, no full stop: what is wrong.
    pub message: String,
    /// Where, the main place first, each with a few words (which may be empty).
    pub labels: Vec<(Span, String)>,
    /// What stood there.
    pub found: Option<String>,
    /// What would have been right.
    pub expected: Option<String>,
    /// The mend: one sentence that says what to write instead.
    pub help: Option<String>,
    /// What the sentence says to write, each a way of its own.
    pub mends: Vec<Mend>,
}

impl Diagnostic {
    /// A mistake at `span`.
    pub fn new(stage: Stage, span: Span, message: impl Into<String>) -> Self {
        let (labels, mends) = (vec![(span, String::new())], Vec::new());
        Self {
            level: Level::Error,
            stage,
            message: message.into(),
            labels,
            found: None,
            expected: None,
            help: None,
            mends,
        }
    }

    /// A remark in place of a mistake.
    pub fn remark(self) -> Self {
        Self { level: Level::Remark, ..self }
    }

    /// Says something at the main place.
    pub fn here(mut self, words: impl Into<String>) -> Self {
        self.labels[0].1 = words.into();
        self
    }

    /// Points at another place.
    pub fn also(mut self, span: Span, words: impl Into<String>) -> Self {
        self.labels.push((span, words.into()));
        self
    }

    /// What stood there.
    pub fn found(mut self, found: impl Into<String>) -> Self {
        self.found = Some(found.into());
        self
    }

    /// What would have been right.
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// The mend.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// What the help's sentence says to write at `span`: one way to mend it.
    pub fn mend(mut self, span: Span, text: impl Into<String>) -> Self {
        self.mends.push(Mend { span, text: text.into() });
        self
    }

    /// The mend is to put `text` in before `span`.
    pub fn put_before(self, span: Span, text: impl Into<String>) -> Self {
        self.mend(Span { end: span.start, ..span }, text)
    }

    /// The mend is to put `text` in behind `span`.
    pub fn put_behind(self, span: Span, text: impl Into<String>) -> Self {
        self.mend(Span { start: span.end, ..span }, text)
    }

    /// The only mend is to write `text` at `span`, and the help says so.
    pub fn write(mut self, span: Span, text: impl Into<String>) -> Self {
        let text = text.into();
        self.mends = vec![Mend { span, text: text.clone() }];
        self.help(format!("write `{}`", quoted(&text)))
    }

    /// The main place.
    pub fn span(&self) -> Span {
        self.labels[0].0
    }
}

/// `a, b and c`
pub(crate) fn list(words: &[&str], last: &str) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).into(),
        [most @ .., end] => format!("{} {last} {end}", most.join(", ")),
    }
}

/// A piece of a text, short enough for a message.
pub(crate) fn quoted(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(40) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

impl Mend {
    /// The text of a source with this mend in it; as it was, where the mend belongs to another source.
    pub fn apply(&self, source: &Source) -> String {
        let mut text = source.text.clone();
        let range = self.span.range();
        if self.span.source == source.id && text.get(range.clone()).is_some() {
            text.replace_range(range, &self.text);
        }
        text
    }
}

/// A text and what to call it: a file's name, `In[3]`, `-e 1`.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Source {
    /// Its number in the session.
    pub id: SourceId,
    /// What to call it.
    pub name: String,
    /// The text.
    pub text: String,
}

impl Source {
    /// A source from a file's bytes. Where they are not UTF-8, stand-ins take the wrong bytes' places, and the
    /// mistake points at the first of them.
    pub fn from_bytes(id: SourceId, name: impl Into<String>, bytes: &[u8]) -> (Self, Option<Diagnostic>) {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let mistake = std::str::from_utf8(bytes).err().map(|error| {
            let at = error.valid_up_to();
            let byte = bytes.get(at).copied().unwrap_or_default();
            let span = Span::new(id, at, at + char::REPLACEMENT_CHARACTER.len_utf8());
            Diagnostic::new(Stage::Parse, span, "the text is not UTF-8")
                .here("the first byte that is not")
                .found(format!("the byte 0x{byte:02x}"))
                .expected("UTF-8")
                .help("save the file as UTF-8")
        });
        (Self { id, name: name.into(), text }, mistake)
    }
}
