//! What was filled in for all rows of a slide alike, in words, and what of a network nothing that is printed can check.

use super::draft::{Draft, DraftNet, Operations, Pad, Part, Row};
use super::figure::{Figure, Verdict, What};
use super::judge::Bench;
use super::line_of;
use super::number::grouped;
use super::settle::Settled;
use super::write::{Convention, Shortcut, StrideAt, Unstated, net, sizes};

/// What was settled for all rows of a slide, as far as the slide does not say it, each at the first row that it concerns.
pub fn assumptions(text: &str, draft: &Draft, settled: &Settled) -> Vec<Figure> {
    let mut all = Vec::new();
    let mut assume = |what: What, concerns: &dyn Fn(&Row) -> bool, words: String| {
        if let Some(row) = draft.nets.iter().flat_map(|net| &net.rows).find(|row| concerns(row)) {
            all.push(assumed(text, row.place.start, what, words));
        }
    };
    if let (Some(DraftNet { input: None, .. }), Some(input)) = (draft.nets.first(), settled.inputs.first()) {
        assume(What::Input, &|_| true, format!("the input is {}", sizes(input)));
    }
    let Convention { conv, pool, .. } = settled.convention;
    assume(What::Padding, &|row| row.parts.iter().any(leaves_conv_open), padding("convolutions", conv));
    assume(What::Padding, &|row| row.parts.iter().any(leaves_pool_open), padding("pools", pool));
    let is_residual = |row: &Row| row.parts.iter().any(|part| matches!(part, Part::Residual(_)));
    assume(What::Shortcut, &is_residual, residual_words(settled.convention));
    let counts = |what: What| move |row: &Row| row.claims.iter().any(|claim| claim.what == what);
    if draft.counts.biases.is_none() {
        let counted = if settled.biases { "weights and biases" } else { "weights without biases" };
        assume(What::Parameters, &counts(What::Parameters), format!("parameters are {counted}"));
    }
    if draft.counts.operations.is_none() {
        let counted = match settled.operations {
            Operations::Macs => "multiplications whose product is added (MACs)",
            Operations::Darknet => "floating-point operations, two a MAC, and those of pools",
            Operations::MultAdds => "MACs, and a bias's additions",
            Operations::Flops => "floating-point operations, two a MAC",
        };
        assume(What::Operations, &counts(What::Operations), format!("operations are {counted}"));
    }
    all
}

/// Something that was filled in.
fn assumed(text: &str, at: usize, what: What, words: String) -> Figure {
    Figure {
        line: line_of(text, at),
        place: at..at,
        net: None,
        layer: None,
        what,
        printed: String::new(),
        computed: words,
        verdict: Verdict::Assumed,
        because: None,
        mend: None,
    }
}

fn padding(what: &str, unstated: Unstated) -> String {
    match unstated {
        Unstated::Half => format!("{what} are padded by half of their window, so that stride 1 keeps the size"),
        Unstated::Zero => format!("{what} have no padding"),
    }
}

/// Whether a convolution of a part has a window and no stated padding.
fn leaves_conv_open(part: &Part) -> bool {
    match part {
        Part::Conv(conv) => conv.pad.value == Pad::Convention && conv.window.value.iter().any(|&size| size > 1),
        Part::Residual(_) => true,
        _ => false,
    }
}

/// Whether a part is a pool whose padding matters and is not stated.
fn leaves_pool_open(part: &Part) -> bool {
    let is_open =
        |pool: &super::draft::Pool| pool.pad.value == Pad::Convention && pool.window.value.iter().any(|&size| size > 2);
    matches!(part, Part::Pool(pool) if is_open(pool))
}

/// What a net has of which the slide prints nothing: neither sizes nor counts.
pub fn unchecked(bench: &Bench<'_>, whole: &DraftNet) -> Option<Figure> {
    let mut claims = whole.rows.iter().flat_map(|row| &row.claims).chain(&whole.totals);
    if claims.any(|claim| claim.what != What::Layers) {
        return None;
    }
    let text = net("slide", bench.input, whole, bench.settled.convention).text;
    let at = whole.rows.last()?.place.end;
    let words = match &*bench.measurer.text(text) {
        Ok(measured) => format!("{} parameters, {} MACs", grouped(measured.all()), grouped(measured.macs)),
        Err(why) => why.clone(),
    };
    let because = Some(
        "the slide prints neither sizes nor counts to hold against the layers; this is what they have".to_string(),
    );
    Some(Figure {
        net: bench.net.clone(),
        verdict: Verdict::Remark,
        because,
        ..assumed(bench.text, at, What::Parameters, words)
    })
}

/// What shortcuts do, and which convolution of a block takes the stride.
fn residual_words(convention: Convention) -> String {
    let shortcut = match convention.shortcut {
        Shortcut::Projection => "a 1×1 convolution where shapes differ",
        Shortcut::Identity => "zeros for the channels that lack",
    };
    let stride = match convention.stride {
        StrideAt::Window => "the first convolution with a window, as torchvision has it",
        StrideAt::First => "the first convolution, as the paper has it and the printed operations say",
    };
    format!("shortcuts have {shortcut}; a block's stride is at {stride}")
}
