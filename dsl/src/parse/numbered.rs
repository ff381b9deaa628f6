//! Numbers of a slide's layers, `conv1 96 … - fc6 - fc7 - fc8`, which would be read as windows and units.

use fovea_graph::Span;

use super::{Reader, quoted};
use crate::syntax::{Chain, ExprKind, ItemKind, Layer, LayerOption, LayerWord, OptionKind};

/// No slide numbers more layers.
const MAX_NUMBER: f64 = 30.0;

#[derive(Clone, Copy, PartialEq)]
enum Family {
    Conv,
    Pool,
    Fc,
}

/// A layer with a number glued to its word.
struct Glued {
    family: Family,
    word: LayerWord,
    number: f64,
    /// The word and the number.
    span: Span,
    /// Where an option says the same in another way.
    other: Option<Span>,
    /// Which of its family it is, and which of the layers with weights, from 1.
    places: [f64; 2],
}

impl Glued {
    /// What the number says here.
    fn meaning(&self) -> String {
        match self.family {
            Family::Fc => format!("{} unit{}", self.number, if self.number == 1.0 { "" } else { "s" }),
            _ => format!("a window of {}", self.number),
        }
    }

    /// The same, said without a number that is glued.
    fn apart(&self) -> String {
        match self.family {
            Family::Fc => format!("{} {}", self.word.word(), self.number),
            _ => format!("{} {}x{}", self.word.word(), self.number, self.number),
        }
    }
}

impl Reader<'_> {
    /// Refuses numbers that number the layers as well as they say windows and units.
    pub(super) fn layer_numbers(&mut self, chain: &Chain) {
        let mut walk = Walk::default();
        walk.chain(chain);
        let glued = walk.glued;
        let (Some(first), Some(last)) = (glued.first(), glued.last()) else { return };
        if !count_layers(&glued) {
            return glued.iter().for_each(|layer| self.said_apart(layer));
        }
        let [a, b] = [first, last].map(|layer| quoted(self.written(layer.span)));
        let [word, other] = [first, last].map(|layer| layer.word.word());
        let error = self
            .wrong(first.span, format!("the numbers glued to `{a}` … `{b}` have two readings"))
            .here(format!("{}, or the layer's number?", first.meaning()))
            .also(last.span, format!("{}, or the layer's number?", last.meaning()));
        let all = first.span.to(last.span);
        let rewritten = |new: &dyn Fn(&Glued) -> String| {
            let (mut text, mut done) = (String::new(), all.start);
            for layer in &glued {
                text += self.written(Span { start: done, end: layer.span.start, ..all });
                text += &new(layer);
                done = layer.span.end;
            }
            text
        };
        let error = error
            .mend(all, rewritten(&|layer| layer.word.word().to_string()))
            .mend(all, rewritten(&Glued::apart))
            .help(format!(
                "layers are numbered by themselves: for their numbers write `{word}` and `{other}`; for what the \
                 numbers say here, `{}` and `{}`",
                first.apart(),
                last.apart()
            ));
        self.mistakes.push(error);
    }

    /// `conv1 96 11x11`: with another window behind it, the number can only be the layer's.
    fn said_apart(&mut self, layer: &Glued) {
        let Some(other) = layer.other else { return };
        let (word, behind) = (quoted(self.written(layer.span)), quoted(self.written(other)));
        let error = self
            .wrong(layer.span, format!("`{word}` says {}, and `{behind}` something else", layer.meaning()))
            .also(other, "the other")
            .expected(layer.word.word())
            .mend(layer.span, layer.word.word())
            .help(format!("write `{}`; a layer's number comes by itself", layer.word.word()));
        self.mistakes.push(error);
    }
}

/// Whether the numbers could be those of the layers.
fn count_layers(glued: &[Glued]) -> bool {
    let of = |families: &[Family]| -> Vec<f64> {
        glued.iter().filter(|layer| families.contains(&layer.family)).map(|layer| layer.number).collect()
    };
    let by_one = |numbers: &[f64]| numbers.windows(2).all(|pair| pair[1] == pair[0] + 1.0);
    let from_one =
        |numbers: &[f64], least: usize| numbers.len() >= least && numbers.first() == Some(&1.0) && by_one(numbers);
    let (convs, fcs, weights) = (of(&[Family::Conv]), of(&[Family::Fc]), of(&[Family::Conv, Family::Fc]));
    let rise = weights.windows(2).all(|pair| pair[1] > pair[0]) && weights.last() <= Some(&MAX_NUMBER);
    let in_place = |layer: &Glued| layer.family == Family::Pool || layer.places.contains(&layer.number);
    from_one(&convs, 2)
        || (fcs.len() >= 2 && by_one(&fcs))
        || from_one(&of(&[Family::Conv, Family::Pool, Family::Fc]), 3)
        || (weights.len() >= 2 && glued.iter().all(in_place))
        // Some of the layers only: `conv1 … fc6 … fc8`.
        || (convs.first() == Some(&1.0) && fcs.len() >= 2 && rise)
}

/// Goes over the layers in the order of the text.
#[derive(Default)]
struct Walk {
    glued: Vec<Glued>,
    convs: f64,
    pools: f64,
    fcs: f64,
}

impl Walk {
    fn chain(&mut self, chain: &Chain) {
        for item in &chain.items {
            match &item.kind {
                ItemKind::Layer(layer) => self.layer(layer),
                ItemKind::Group(chain, _) | ItemKind::Aux(_, chain) => self.chain(chain),
                ItemKind::Join(join, _) => join.branches.iter().for_each(|branch| self.chain(branch)),
                _ => {}
            }
        }
    }

    fn layer(&mut self, layer: &Layer) {
        let (family, count) = match layer.word {
            LayerWord::Conv | LayerWord::Deconv => (Family::Conv, &mut self.convs),
            LayerWord::Fc => (Family::Fc, &mut self.fcs),
            word if word.is_pool() => (Family::Pool, &mut self.pools),
            _ => return,
        };
        *count += 1.0;
        let places = [*count, self.convs + self.fcs];
        let Some(OptionKind::Glued(numbers)) = layer.options.first().map(|option| &option.kind) else { return };
        if let [number] = &numbers[..]
            && let ExprKind::Number(value) = number.kind
        {
            let span = layer.word_span.to(number.span);
            let says_it = |option: &&LayerOption| match &option.kind {
                OptionKind::Value(_) => family == Family::Fc,
                OptionKind::Size(_) => family != Family::Fc,
                OptionKind::Keyed(key, _) => family != Family::Fc && key == "size",
                _ => false,
            };
            let other = layer.options.iter().find(says_it).map(|option| option.span);
            self.glued.push(Glued { family, word: layer.word, number: value, span, other, places });
        }
    }
}
