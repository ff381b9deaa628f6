//! Which stride, padding or number of filters would have given the shape that the text states.

use std::borrow::Cow;

use fovea_graph::Span;

use super::layers::{Site, apply};
use super::options::{Options, Padding, Said};
use super::shapes::Progress;
use super::{Step, StepKind};

/// Longer stretches are not searched.
const MAX_STEPS: usize = 256;
/// Longer stretches are searched for one change only, not for a stride and a padding at once.
const MAX_STEPS_TWICE: usize = 32;
/// So many of the last windows are tried.
const MAX_WINDOWS: usize = 6;
/// So many mends are shown.
const MAX_MENDS: usize = 3;
/// Strides and paddings up to here are tried.
const MAX_STRIDE: usize = 8;
const MAX_PAD: usize = 5;

/// Another stride, padding or number of filters of one layer.
#[derive(Clone, Default)]
struct Change {
    stride: Option<usize>,
    padding: Option<Padding>,
    filters: Option<usize>,
}

/// A change of one layer after which another shape flows.
pub(super) struct Fitting {
    /// In words: `` `same` at conv1 ``.
    pub words: String,
    /// What to write where, where that is one place.
    pub mend: Option<(Span, String)>,
}

/// Changes of one layer after which `stated` flows behind `steps`, the nearest layer first. `start` flows before them.
pub(super) fn fitting(steps: &[&Step], start: &[usize], progress: Progress, stated: &[usize]) -> Vec<Fitting> {
    if steps.len() > MAX_STEPS {
        return Vec::new();
    }
    let one = singles(stated);
    let mends = search(steps, start, progress, stated, &one);
    if mends.is_empty() && steps.len() <= MAX_STEPS_TWICE {
        search(steps, start, progress, stated, &doubles())
    } else {
        mends
    }
}

fn search(steps: &[&Step], start: &[usize], progress: Progress, stated: &[usize], changes: &[Change]) -> Vec<Fitting> {
    let mut mends = Vec::new();
    for at in windows(steps) {
        for change in changes {
            if run(steps, at, change, start, progress).is_some_and(|shape| shape == stated) {
                let words = format!("`{}` at {}", change.words(), steps[at].name);
                mends.push(Fitting { words, mend: change.place(steps[at]) });
            }
            if mends.len() == MAX_MENDS {
                return mends;
            }
        }
    }
    mends
}

/// The last layers with a window, the nearest first; of a repetition's turns the last.
fn windows(steps: &[&Step]) -> Vec<usize> {
    let mut windows: Vec<usize> = Vec::new();
    for (at, step) in steps.iter().enumerate().rev() {
        let window = match &step.kind {
            StepKind::Layer(Options::Conv(_)) => true,
            StepKind::Layer(Options::Pool(pool)) => pool.global.is_none(),
            _ => false,
        };
        if window && windows.len() < MAX_WINDOWS && windows.iter().all(|&w| steps[w].span != step.span) {
            windows.push(at);
        }
    }
    windows
}

/// The shape behind `steps` when the layer `at`, at every turn, is changed.
fn run(steps: &[&Step], at: usize, change: &Change, start: &[usize], progress: Progress) -> Option<Vec<usize>> {
    let mut progress = progress;
    let mut shape = start.to_vec();
    for step in steps {
        let StepKind::Layer(options) = &step.kind else { return None };
        let options =
            if step.span == steps[at].span { Cow::Owned(change.apply(options)) } else { Cow::Borrowed(options) };
        let site = Site { name: &step.name, span: step.span, x: &shape, target: None, before: None };
        shape = apply(&options, progress, &site).ok()?.1;
        progress = progress.past(&options);
    }
    Some(shape)
}

fn singles(stated: &[usize]) -> Vec<Change> {
    let padding = paddings().into_iter().map(|padding| Change { padding: Some(padding), ..Change::default() });
    let stride = (1..=MAX_STRIDE).map(|stride| Change { stride: Some(stride), ..Change::default() });
    let filters = Change { filters: stated.last().copied(), ..Change::default() };
    padding.chain(stride).chain([filters]).collect()
}

fn doubles() -> Vec<Change> {
    let strides = 1..=MAX_STRIDE;
    let with = |stride| {
        paddings().into_iter().map(move |padding| Change {
            stride: Some(stride),
            padding: Some(padding),
            filters: None,
        })
    };
    strides.flat_map(with).collect()
}

fn paddings() -> Vec<Padding> {
    let by = (1..=MAX_PAD).map(|pad| Padding::By(vec![pad]));
    [Padding::Valid, Padding::Same].into_iter().chain(by).collect()
}

impl Change {
    fn apply(&self, options: &Options) -> Options {
        let mut options = options.clone();
        let (stride, padding) = match &mut options {
            Options::Conv(conv) => {
                if let Some(value) = self.filters {
                    conv.filters = Some(Said { value, span: Default::default() });
                }
                (&mut conv.stride, &mut conv.padding)
            }
            Options::Pool(pool) => (&mut pool.stride, &mut pool.padding),
            _ => return options,
        };
        if let Some(value) = self.stride {
            *stride = Some(Said { value: vec![value], span: Default::default() });
        }
        if let Some(value) = self.padding.clone() {
            *padding = Some(Said { value, span: Default::default() });
        }
        options
    }

    /// Where to write it: in the place of the one option that it changes, or behind the others.
    fn place(&self, step: &Step) -> Option<(Span, String)> {
        let (stride, padding, filters) = match &step.kind {
            StepKind::Layer(Options::Conv(conv)) => (&conv.stride, &conv.padding, &conv.filters),
            StepKind::Layer(Options::Pool(pool)) => (&pool.stride, &pool.padding, &None),
            _ => return None,
        };
        let stride = self.stride.and(stride.as_ref().map(|said| said.span));
        let padding = self.padding.as_ref().and(padding.as_ref().map(|said| said.span));
        let filters = self.filters.and(filters.as_ref().map(|said| said.span));
        let said: Vec<Span> = [stride, padding, filters].into_iter().flatten().collect();
        match said[..] {
            [] => Some((Span { start: step.span.end, ..step.span }, format!(" {}", self.words()))),
            [one] => Some((one, self.words())),
            _ => None,
        }
    }

    fn words(&self) -> String {
        let stride = self.stride.map(|n| format!("/{n}"));
        let padding = self.padding.as_ref().map(|padding| match padding {
            Padding::Same => "same".to_string(),
            Padding::Valid => "valid".to_string(),
            Padding::By(sizes) => format!("pad {}", sizes[0]),
        });
        let filters = self.filters.map(|n| format!("filters {n}"));
        [stride, padding, filters].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}
