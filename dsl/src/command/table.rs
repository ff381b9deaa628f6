//! The one table of statements, verbs and their clauses. Parsing knows the words from here, reading a verb knows which
//! clauses it takes, and errors draw their suggestions from here.

use crate::parse::words::list;

/// What stands behind a clause's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// Nothing: the word is all.
    Nothing,
    /// Nets or `run N`, with commas between them.
    Subjects,
    /// Data, or some of its samples.
    Samples,
    /// A whole number of at least 1.
    Count,
    /// A whole number of at least 1 and the word `epochs`.
    Epochs,
    /// A whole number of at least 0.
    Seed,
    /// `sgd(…)`
    Optimizer,
    /// A matrix, or a filter of a layer.
    Filter,
    /// A number, or one for the height and one for the width.
    Steps,
    /// `cosine`, `step(…)`
    Schedule,
    /// A whole number of at least 1, and `steps` or `epochs`.
    Period,
    /// `every`, and then the same.
    Every,
    /// `run N` or `run last`.
    Run,
    /// Height and width.
    Size,
    /// A string.
    Text,
}

/// A clause: its word, what stands behind it, and an example.
#[derive(Debug, PartialEq)]
pub(crate) struct Clause {
    pub word: &'static str,
    pub takes: Takes,
    pub example: &'static str,
    /// The verbs that take it.
    pub verbs: &'static [&'static str],
}

/// Every clause.
pub(crate) const CLAUSES: &[Clause] = &[
    clause("on", Takes::Samples, "on digits", &["train", "test", "predict", "features"]),
    clause("further", Takes::Nothing, "further", &["train"]),
    clause("for", Takes::Epochs, "for 10 epochs", &["train"]),
    clause("with", Takes::Optimizer, "with sgd(lr 0.01, momentum 0.9, decay 5e-4)", &["train"]),
    clause("with", Takes::Filter, "with [1 0 1; 0 1 0; 1 0 1]", &["convolve"]),
    clause("stride", Takes::Steps, "stride 2", &["convolve"]),
    clause("pad", Takes::Steps, "pad 1", &["convolve"]),
    clause("same", Takes::Nothing, "same", &["convolve"]),
    clause("valid", Takes::Nothing, "valid", &["convolve"]),
    clause("dilate", Takes::Steps, "dilate 2", &["convolve"]),
    clause("batch", Takes::Count, "batch 64", &["train", "summary", "bench"]),
    clause("schedule", Takes::Schedule, "schedule cosine", &["train"]),
    clause("warmup", Takes::Period, "warmup 5 epochs", &["train"]),
    clause("checkpoint", Takes::Every, "checkpoint every 100 steps", &["train"]),
    clause("resume", Takes::Run, "resume run last", &["train"]),
    clause("seed", Takes::Seed, "seed 7", &["train"]),
    clause("size", Takes::Size, "size 28x28", &["data"]),
    clause("save", Takes::Text, "save \"logits.npy\"", &["predict", "features"]),
    clause("train", Takes::Nothing, "train", &["summary", "bench"]),
    clause("infer", Takes::Nothing, "infer", &["bench"]),
    clause("of", Takes::Subjects, "of lenet", &["plot"]),
];

const fn clause(word: &'static str, takes: Takes, example: &'static str, verbs: &'static [&'static str]) -> Clause {
    Clause { word, takes, example, verbs }
}

/// What stands right behind a verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Applied {
    /// A net, or a list of them.
    Net,
    /// Data.
    Data,
    /// Data, samples or a run.
    Shown,
    /// A matrix, or a sample.
    Image,
    /// A layer of a net.
    Layer,
    /// Curves.
    Curves,
    /// A device.
    Device,
    /// How pictures are drawn.
    Theme,
    /// A number.
    Number,
    /// A string, or nothing.
    Nothing,
}

/// Every verb: its word, what it is applied to, and how a whole statement reads.
pub(crate) const VERBS: &[(&str, Applied, &str)] = &[
    ("data", Applied::Data, "data digits size 28x28"),
    ("train", Applied::Net, "train lenet on digits for 10 epochs"),
    ("test", Applied::Net, "test lenet on digits"),
    ("predict", Applied::Net, "predict lenet on digits[0..16]"),
    ("show", Applied::Shown, "show digits"),
    ("summary", Applied::Net, "summary lenet"),
    ("plot", Applied::Curves, "plot loss, accuracy of lenet"),
    ("save", Applied::Net, "save lenet \"lenet.safetensors\""),
    ("load", Applied::Net, "load lenet \"lenet.safetensors\""),
    ("seed", Applied::Number, "seed 7"),
    ("device", Applied::Device, "device cpu"),
    ("theme", Applied::Theme, "theme dark"),
    ("explain", Applied::Net, "explain lenet"),
    ("bench", Applied::Net, "bench lenet train batch 64"),
    ("compare", Applied::Net, "compare alexnet, vgg16"),
    ("convolve", Applied::Image, "convolve [1 1 0; 0 1 1; 0 1 0] with [1 0; 0 1]"),
    ("filters", Applied::Layer, "filters lenet.conv1"),
    ("features", Applied::Layer, "features lenet.conv1 on digits[3]"),
    ("library", Applied::Nothing, "library"),
    ("note", Applied::Nothing, "note \"any text\""),
    ("%who", Applied::Nothing, "%who"),
    ("%reset", Applied::Nothing, "%reset"),
];

/// Statements that define something.
const DEFINITIONS: &[&str] = &["net", "block", "let"];

/// Words of statements that begin one, and to which nothing here answers.
const ABSENT: &[&str] =
    &["slide", "draw", "export", "deconvnet", "maximize", "saliency", "embed", "fool", "evolve", "stylize", "segment"];

/// Clauses of the language that no verb here takes.
pub(crate) const ABSENT_CLAUSES: &[&str] = &[
    "split",
    "augment",
    "images",
    "npy",
    "labels",
    "normalize",
    "raw",
    "mixed",
    "against",
    "class",
    "toward",
    "direct",
    "indirect",
    "as",
    "masks",
];

/// Whether a statement begins with this word.
pub(crate) fn is_statement_word(word: &str) -> bool {
    statement_words_all().any(|known| known.eq_ignore_ascii_case(word))
}

/// Every word that begins a statement, those too to which nothing here answers.
pub(crate) fn statement_words_all() -> impl Iterator<Item = &'static str> {
    statements().chain(ABSENT.iter().copied())
}

/// Whether this word begins a definition.
pub(crate) fn is_definition(word: &str) -> bool {
    DEFINITIONS.iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// What `verb` is applied to.
pub(crate) fn applied(verb: &str) -> Applied {
    VERBS.iter().find(|(word, ..)| *word == verb).map_or(Applied::Nothing, |(_, applied, _)| *applied)
}

/// Whether this is a word of the language to which no statement here answers.
pub(crate) fn is_absent_verb(word: &str) -> bool {
    ABSENT.iter().any(|absent| absent.eq_ignore_ascii_case(word))
}

/// Whether a clause of some verb begins with this word.
pub(crate) fn is_clause_word(word: &str) -> bool {
    clause_words().any(|clause| clause.eq_ignore_ascii_case(word))
}

/// Every word that begins a clause, those too that no verb here takes.
pub(crate) fn clause_words() -> impl Iterator<Item = &'static str> {
    CLAUSES.iter().map(|clause| clause.word).chain(ABSENT_CLAUSES.iter().copied())
}

/// The clauses that a verb takes.
pub(crate) fn clauses_of(verb: &str) -> impl Iterator<Item = &'static Clause> {
    CLAUSES.iter().filter(move |clause| clause.verbs.contains(&verb))
}

/// The verbs that are about the session itself: they begin with `%`.
pub(crate) fn of_the_session() -> impl Iterator<Item = &'static str> {
    VERBS.iter().map(|&(verb, ..)| verb).filter(|verb| verb.starts_with('%'))
}

/// How a statement of `verb` reads.
pub(crate) fn example(verb: &str) -> &'static str {
    VERBS.iter().find(|(word, ..)| *word == verb).map_or("", |(.., example)| example)
}

/// Every word that begins a statement.
pub(crate) fn statements() -> impl Iterator<Item = &'static str> {
    DEFINITIONS.iter().copied().chain(VERBS.iter().map(|&(verb, ..)| verb))
}

/// `net, let, … and note`
pub(crate) fn statement_words() -> String {
    list(&statements().collect::<Vec<_>>(), "and")
}

/// Why a word of the language begins no statement.
pub(crate) fn absent_message(word: &str) -> String {
    format!("`{word}` is not among the statements Fovea has: {}", statement_words())
}
