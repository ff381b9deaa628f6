//! What a slide says of a whole network: how many layers, parameters, operations it has.

use super::draft::{Claim, DraftNet, Operations, Part, Printed};
use super::figure::{Correction, Figure, Verdict, What};
use super::figures::{self, Counts, counts, verdict, written};
use super::judge::{Bench, figure};
use super::measure::Measured;
use super::number::{Fit, Number, Reading, grouped};
use super::readings;
use super::repeated::{Repeated, stages};
use super::size::Size;
use super::write::{Convention, Shortcut, StrideAt, net};

/// What is known of a net's rows.
#[derive(Clone, Copy)]
pub struct Parts<'a> {
    /// What several nets have in common.
    pub repeated: Option<&'a Repeated>,
    /// What the rows have together, where they need not be one chain.
    pub sum: Option<&'a Measured>,
}

/// Judges the figures of the whole net, its end included.
pub fn judge(bench: &Bench<'_>, whole: &DraftNet, parts: Parts<'_>, figures: &mut Vec<Figure>) {
    let repeated = parts.repeated;
    for claim in &whole.totals {
        let blank = figure(bench, None, claim);
        if let (Some(sum), Printed::Size(printed)) = (parts.sum, &claim.value) {
            figures.push(size(bench, printed, sum, blank));
            continue;
        }
        if let Some(sum) = parts.sum {
            figures.push(total(bench, whole, claim, sum, repeated, blank));
            continue;
        }
        let text = net("slide", bench.input, whole, bench.settled.convention).text;
        figures.push(match &*bench.measurer.text(text) {
            Ok(measured) => total(bench, whole, claim, measured, repeated, blank),
            Err(why) => Figure {
                computed: "nothing".to_string(),
                verdict: Verdict::Disagrees,
                because: Some(why.clone()),
                ..blank
            },
        });
    }
}

fn total(
    bench: &Bench<'_>,
    whole: &DraftNet,
    claim: &Claim,
    measured: &Measured,
    repeated: Option<&Repeated>,
    blank: Figure,
) -> Figure {
    let Counts { count, .. } = counts(claim.what, measured, bench.settled);
    let blank = Figure { computed: written(claim, count), ..blank };
    if let Some(verdict) = verdict(claim, count) {
        return Figure { verdict, computed: figures::exact(count), ..blank };
    }
    if is_frozen(whole, claim, measured, bench) {
        let because = "with what is not trained it is the total: which layers are frozen is not printed".to_string();
        return Figure { verdict: Verdict::Agrees, computed: blank.printed.clone(), because: Some(because), ..blank };
    }
    if let Some(sum) = printed_sum(whole, claim).filter(|&sum| verdict(claim, sum).is_some()) {
        let because = format!("the rows as they are printed sum up to {}", grouped(sum));
        return Figure { verdict: Verdict::Follows, because: Some(because), ..blank };
    }
    let (because, text) = match (&claim.value, claim.what) {
        (Printed::Number(number), What::Operations) => {
            (operations(bench, whole, number, measured), blank.computed.clone())
        }
        (Printed::Exact(stated), What::Layers) => (layers(whole, *stated, count, repeated), blank.computed.clone()),
        _ => (readings::count(claim, measured, bench.settled).0, blank.computed.clone()),
    };
    let mend = Some(Correction { place: claim.place.clone(), text });
    Figure { verdict: Verdict::Disagrees, because: Some(because), mend, ..blank }
}

/// Whether a figure of trained or of other numbers is right once some layers are frozen: the two together are all
/// there are.
fn is_frozen(whole: &DraftNet, claim: &Claim, measured: &Measured, bench: &Bench<'_>) -> bool {
    let value = |claim: &Claim| match &claim.value {
        Printed::Number(number) => number.value(),
        _ => None,
    };
    let last = |what: &[What]| whole.totals.iter().rfind(|claim| what.contains(&claim.what) && value(claim).is_some());
    let (Some(rest), Some(trained)) = (last(&[What::Frozen, What::Fixed]), last(&[What::Parameters])) else {
        return false;
    };
    let all = if rest.what == What::Fixed { What::Stored } else { What::Parameters };
    let sum = value(trained).zip(value(rest)).and_then(|(trained, rest)| trained.checked_add(rest));
    [trained, rest].contains(&claim) && sum == Some(counts(all, measured, bench.settled).count)
}

/// A size in bytes.
fn size(bench: &Bench<'_>, printed: &Size, sum: &Measured, blank: Figure) -> Figure {
    let bytes = printed.bytes(sum, bench.input, bench.settled);
    let blank = Figure { computed: printed.write(bytes), ..blank };
    if let Some(verdict) = printed.verdict(bytes) {
        return Figure { verdict, ..blank };
    }
    let mend = Some(Correction { place: blank.place.clone(), text: blank.computed.clone() });
    let because = Some(format!("it is {} bytes, four a number", grouped(bytes)));
    Figure { verdict: Verdict::Disagrees, because, mend, ..blank }
}

/// What the rows' printed figures of a kind sum up to; `None` where one is not exact, or where there are none.
fn printed_sum(whole: &DraftNet, total: &Claim) -> Option<u128> {
    let claims = whole.rows.iter().flat_map(|row| &row.claims).filter(|claim| claim.what == total.what);
    let mut sum = None;
    for claim in claims {
        if let Printed::Number(number) = &claim.value {
            sum = Some(u128::checked_add(sum.unwrap_or(0), number.value()?)?);
        }
    }
    sum
}

/// Readings of a figure of operations: what is counted, what shortcuts do, and which convolution takes the stride.
fn operations(bench: &Bench<'_>, whole: &DraftNet, number: &Number, measured: &Measured) -> String {
    let flops = measured.macs.saturating_mul(2);
    let (own, other, words) = match bench.settled.operations {
        Operations::Flops => (flops, measured.macs, "these are MACs, not FLOPs"),
        Operations::Macs => (measured.macs, flops, "these are FLOPs, two a MAC"),
        Operations::Darknet => (flops.saturating_add(measured.pooled), measured.macs, "these are MACs, not FLOPs"),
        Operations::MultAdds => (measured.macs.saturating_add(measured.adds), measured.macs, "without biases"),
    };
    let variants = variants(bench, whole);
    let right = |factor: u128| {
        let fits = variants.iter().filter_map(|(macs, with)| fit_words(number, macs.saturating_mul(factor), with));
        let mut fits: Vec<(bool, String)> = fits.collect();
        // What rounds explains more than what was cut.
        if fits.first().is_some_and(|(rounds, _)| *rounds) {
            fits.truncate(1);
        }
        fits.into_iter().map(|(_, words)| words).collect::<Vec<_>>().join("; ")
    };
    let (own_factor, other_factor) = if own > other { (2, 1) } else { (1, 2) };
    let (as_own, as_other) = (right(own_factor), right(other_factor));
    match (as_own.is_empty(), as_other.is_empty()) {
        (false, _) => as_own,
        (true, false) => format!("{words}: {as_other}{}", torchvisions(whole, &variants, other_factor)),
        (true, true) => readings::number_words(number, own, Some((other, words))),
    }
}

/// The MACs of a net as it was settled, and of a residual one with other shortcuts and another stride; what differs,
/// in words.
fn variants(bench: &Bench<'_>, whole: &DraftNet) -> Vec<(u128, &'static str)> {
    let own = bench.settled.convention;
    let mut tried = vec![(own, "")];
    if whole.rows.iter().flat_map(|row| &row.parts).any(|part| matches!(part, Part::Residual(_))) {
        let other = |shortcut, stride| Convention { shortcut, stride, ..own };
        tried.extend([
            (other(own.shortcut, opposite(own.stride)), stride_words(opposite(own.stride))),
            (other(Shortcut::Identity, own.stride), "identity shortcuts"),
            (other(Shortcut::Identity, opposite(own.stride)), "identity shortcuts and another stride"),
        ]);
    }
    let mut variants: Vec<(u128, &'static str)> = Vec::new();
    for (convention, words) in tried {
        if let Ok(measured) = &*bench.measurer.text(net("slide", bench.input, whole, convention).text)
            && !variants.iter().any(|(macs, _)| *macs == measured.macs)
        {
            variants.push((measured.macs, words));
        }
    }
    variants
}

/// Whether a number rounds, and in words how it is a count; `None` where it is not.
fn fit_words(number: &Number, count: u128, with: &str) -> Option<(bool, String)> {
    let with = if with.is_empty() { String::new() } else { format!("with {with} ") };
    match (number.fit(count), number.reading(count)) {
        (Fit::Exact | Fit::Rounds, _) => Some((true, format!("{with}{} rounds to it", grouped(count)))),
        (Fit::No, Some(Reading::Cut)) => Some((false, format!("{with}{} was cut, not rounded", grouped(count)))),
        _ => None,
    }
}

/// Where the stride was settled by what is printed: what it would be with the other one.
fn torchvisions(whole: &DraftNet, variants: &[(u128, &'static str)], factor: u128) -> String {
    let is_bottleneck = |part: &Part| matches!(part, Part::Residual(residual) if residual.convs.len() > 2);
    let has_bottleneck = whole.rows.iter().flat_map(|row| &row.parts).any(is_bottleneck);
    match variants {
        [_, (macs, words), ..] if has_bottleneck && words.contains("stride") => {
            format!(" (with {words}, it would be {})", grouped(macs.saturating_mul(factor)))
        }
        _ => String::new(),
    }
}

fn opposite(stride: StrideAt) -> StrideAt {
    match stride {
        StrideAt::Window => StrideAt::First,
        StrideAt::First => StrideAt::Window,
    }
}

fn stride_words(stride: StrideAt) -> &'static str {
    match stride {
        StrideAt::Window => "the stride in the 3×3, as torchvision has it",
        StrideAt::First => "the stride in the first 1×1, as the paper has it",
    }
}

/// Why a count of layers is wrong.
fn layers(whole: &DraftNet, stated: u128, count: u128, repeated: Option<&Repeated>) -> String {
    let rows = |count: u128, what: &str| fovea_graph::counted(usize::try_from(count).unwrap_or(usize::MAX), what);
    let without = repeated.and_then(|repeated| Some((repeated, count.checked_sub(repeated.layers)?)));
    match without {
        Some((repeated, without)) if without == stated => {
            format!("{count} are listed: {}, and without them it is {stated}", repeated.words())
        }
        Some((repeated, without)) if without < stated => {
            let lost = rows(stated - without, "row");
            let such = lost_rows(whole, stated - without, 1);
            format!("{count} are listed; {}, and without them {without} are: {lost} got lost{such}", repeated.words())
        }
        _ if stated < count => format!("{count} are listed: {} too many", rows(count - stated, "row")),
        _ => format!(
            "{count} are listed: {} got lost{}",
            rows(stated - count, "row"),
            lost_rows(whole, stated - count, 0)
        ),
    }
}

/// Where rows may have stood that got lost.
fn lost_rows(whole: &DraftNet, lost: u128, repeated: usize) -> String {
    let stages = stages(&whole.rows).len().saturating_sub(repeated);
    if lost == 0 || lost > stages as u128 || stages < 2 {
        return String::new();
    }
    format!(", such as a further convolution in {lost} of the {stages} stages")
}
