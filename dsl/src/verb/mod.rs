//! Verbs, one file each: its struct, its word, what stands behind it, its clauses with their types, an example, its page
//! in the reference, and how it is read. What a statement leaves open stays open: who uses it fills in the default.
//!
//! Clauses and what stands behind a verb are shared: [`clause`] and [`behind`] hold what several verbs take.

mod about;
mod behind;
mod bench;
pub(crate) mod clause;
mod compare;
mod convolve;
mod data;
mod declare;
mod deconv;
mod deconvnet;
mod device;
mod draw;
mod elsewhere;
mod embed;
mod evolve;
mod explain;
mod export;
mod features;
mod filters;
mod find;
mod fool;
mod form;
mod library;
mod load;
mod loose;
mod maximize;
mod mends;
mod note;
mod plot;
mod pool;
mod predict;
mod prune;
mod read;
mod remove;
mod reset;
mod resume;
mod runs;
mod saliency;
mod save;
mod seed;
mod segment;
mod show;
mod stylize;
mod summary;
mod test;
mod theme;
mod train;
mod unknown;
mod who;
pub(crate) mod words;

pub use behind::{LayerRef, Matrix, Pixels, RunRef, Samples, Side};
pub use bench::{Bench, BenchMode};
pub use clause::{
    Adam, Array, Attack, Attributed, Attribution, Change, Classes, Column, Decayed, Descent, Filter, Labelled,
    LayerRate, Layout, Loss, Momentum, Neighbourly, Optimizer, Path, Period, Publisher, ReadAs, Regulariser, RmsProp,
    Schedule, Sgd, Shares, Stretch, StyleWeights, Subject, Swept,
};
pub use compare::{Compare, Compared};
pub use convolve::{Convolve, Padding};
pub use data::{Basis, Data};
pub use deconv::Deconv;
pub use deconvnet::Deconvnet;
pub use device::Device;
pub use draw::Draw;
pub use embed::Embed;
pub use evolve::Evolve;
pub use explain::Explain;
pub use export::Export;
pub use features::Features;
pub use filters::Filters;
pub use find::Find;
pub use fool::Fool;
pub use library::Library;
pub use load::{Load, Origin};
pub use maximize::Maximize;
pub use note::Note;
pub use plot::{Curve, Plot};
pub use pool::{Pool, PoolForm};
pub use predict::Predict;
pub use prune::Prune;
pub use remove::Remove;
pub use reset::Reset;
pub use resume::Resume;
pub use runs::RunList;
pub use saliency::Saliency;
pub use save::Save;
pub use seed::Seed;
pub use segment::Segment;
pub use show::{Show, Shown};
pub use stylize::{Beginning, Stylize};
pub use summary::Summary;
pub use test::Test;
pub use theme::{SetTheme, Theme};
pub use train::Train;
pub use who::Who;

pub(crate) use about::{About, ClauseAbout, Offer};
pub(crate) use form::{Joint, Piece, canonical};
pub(crate) use unknown::unknown;

use declare::Declared;
use fovea_graph::Span;
use read::Parts;

use crate::diagnostic::Diagnostic;
use crate::scope::Scope;
use crate::syntax::Verb;

/// The list of verbs: what a statement can say, what is known of each, and who reads it.
macro_rules! verbs {
    ($($(#[$doc:meta])* $name:ident($type:ty),)+) => {
        /// A statement that does something.
        #[derive(Clone, Debug, PartialEq)]
        #[allow(clippy::large_enum_variant, reason = "a statement is read, used and let go of, one at a time")]
        pub enum Command {
            $($(#[$doc])* $name($type),)+
        }

        /// Every verb, in the order in which messages name them.
        pub(crate) static VERBS: &[About] = &[$(<$type as Declared>::ABOUT),+];

        /// Reads the verb of this word.
        fn read(parts: &mut Parts<'_>) -> Option<Command> {
            $(if parts.verb.word == <$type as Declared>::ABOUT.word {
                return <$type as Declared>::read(parts).map(Command::$name);
            })+
            None
        }
    };
}

verbs! {
    /// `data digits size 28x28`
    Data(Data),
    /// `train lenet on digits for 10 epochs …`
    Train(Train),
    /// `test lenet on digits`
    Test(Test),
    /// `predict lenet on digits[0..16] save "logits.npy"`
    Predict(Predict),
    /// `show digits`, `show digits[3]`, `show run 3`, `show run last`
    Show(Show),
    /// `summary lenet`, `summary vgg16 batch 32 train`
    Summary(Summary),
    /// `draw googlenet`, `draw vgg19, plain34, resnet34`
    Draw(Draw),
    /// `plot loss, accuracy of lenet`, `plot loss of run 3`
    Plot(Plot),
    /// `save lenet "lenet.safetensors"`
    Save(Save),
    /// `load lenet "lenet.safetensors"`, `load lenet run 3`
    Load(Load),
    /// `runs`: what has been trained.
    Runs(RunList),
    /// `resume run 3`
    Resume(Resume),
    /// `export run 3 "run3.csv"`
    Export(Export),
    /// `remove run 3`
    Remove(Remove),
    /// `prune runs keep 5`
    Prune(Prune),
    /// `seed 7`
    Seed(Seed),
    /// `device cpu`, `device cuda:1`; alone it lists the devices.
    Device(Device),
    /// `theme dark`
    Theme(SetTheme),
    /// `explain lenet`
    Explain(Explain),
    /// `find lr of lenet on digits batch 32`
    Find(Find),
    /// `bench lenet train batch 64`
    Bench(Bench),
    /// `compare alexnet, vgg16`, `compare run 1, run 3`: a table and a plot.
    Compare(Compare),
    /// `convolve [1 1 0; 0 1 1; 0 1 0] with [1 0; 0 1] /2 pad 1`
    Convolve(Convolve),
    /// `deconv [1 2; 3 4] with [1 1 1; 1 1 1; 1 1 1] stride 2`
    Deconv(Deconv),
    /// `pool [0 1 4 9; 3 2 5 8; 1 2 3 1; 3 1 7 4] 2x2 avg`
    Pool(Pool),
    /// `filters lenet.conv1`, `filters lenet.conv1[5]`
    Filters(Filters),
    /// `features lenet.conv1 on digits[3]`
    Features(Features),
    /// `saliency lenet on digits[3] class 7`
    Saliency(Saliency),
    /// `deconvnet lenet.conv2[5] on digits top 9`
    Deconvnet(Deconvnet),
    /// `embed lenet.fc1 on digits with tsne(perplexity 30)`
    Embed(Embed),
    /// `segment unet on "photo.jpg"`
    Segment(Segment),
    /// `maximize lenet.conv2[5]`
    Maximize(Maximize),
    /// `evolve lenet class 7 indirect for 200 generations`
    Evolve(Evolve),
    /// `fool lenet on digits[3] with fgsm(eps 0.1)`
    Fool(Fool),
    /// `stylize "photo.jpg" as "painting.jpg" with vgg19 for 300 steps`
    Stylize(Stylize),
    /// `library`: the nets that come with the language; `library resnet50`: the text of one.
    Library(Library),
    /// `note "any text"`
    Note(Note),
    /// `%who`: the session's names.
    Who(Who),
    /// `%reset`: the session forgets its names.
    Reset(Reset),
}

/// What a clause says, and where.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Said<T> {
    /// What it says.
    pub value: T,
    /// Its word.
    pub word: Span,
    /// What stands behind the word; the word itself where it is all.
    pub what: Span,
    /// All of it.
    pub span: Span,
    /// Where the space and the comma before it begin.
    pub(crate) before: u32,
}

impl<T> Said<T> {
    /// What another clause says in this one's place.
    pub fn at(value: T, span: Span) -> Self {
        Self { value, word: span, what: span, span, before: span.start }
    }

    /// What to take out of the text to leave it out: all of it, with the space and the comma before it.
    pub fn cut(&self) -> Span {
        Span { start: self.before, ..self.span }
    }
}

/// Reads a verb's statement strictly: every clause known and there at most once, every number evaluated with the
/// scope's constants.
///
/// Errors: all that is wrong with the statement.
pub fn command(verb: &Verb, scope: &Scope) -> Result<Command, Vec<Diagnostic>> {
    let Some(about) = words::verb(&verb.word.text) else { return Err(vec![unknown(verb, scope)]) };
    let mut parts = Parts::new(about, verb, scope);
    match read(&mut parts) {
        Some(command) if parts.mistakes.is_empty() => Ok(command),
        _ => Err(parts.mistakes),
    }
}
