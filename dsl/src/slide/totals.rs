//! What a slide says of a whole network: how many layers, parameters, operations it has.

use super::draft::{Claim, Conv, DraftNet, Operations, Part, Printed};
use super::figure::{Correction, Figure, Verdict, What};
use super::figures::{self, Counts, counts, verdict, written};
use super::judge::{Bench, figure};
use super::measure::Measured;
use super::number::{Fit, Number, Reading, grouped};
use super::readings;
use super::write::{Convention, Shortcut, StrideAt, net};

/// Judges the figures of the whole net, its end included.
pub fn judge(bench: &Bench<'_>, whole: &DraftNet, figures: &mut Vec<Figure>) {
    for claim in &whole.totals {
        let blank = figure(bench, None, claim);
        let text = net("slide", bench.input, whole, bench.settled.convention).text;
        figures.push(match &*bench.measurer.text(text) {
            Ok(measured) => total(bench, whole, claim, measured, blank),
            Err(why) => Figure {
                computed: "nothing".to_string(),
                verdict: Verdict::Disagrees,
                because: Some(why.clone()),
                ..blank
            },
        });
    }
}

fn total(bench: &Bench<'_>, whole: &DraftNet, claim: &Claim, measured: &Measured, blank: Figure) -> Figure {
    let Counts { count, .. } = counts(claim.what, measured, bench.settled);
    let blank = Figure { computed: written(claim, count), ..blank };
    if let Some(verdict) = verdict(claim, count) {
        return Figure { verdict, computed: figures::exact(count), ..blank };
    }
    if let Some(sum) = printed_sum(whole, claim).filter(|&sum| verdict(claim, sum).is_some()) {
        let because = format!("the rows as they are printed sum up to {}", grouped(sum));
        return Figure { verdict: Verdict::Follows, because: Some(because), ..blank };
    }
    let (because, text) = match (&claim.value, claim.what) {
        (Printed::Number(number), What::Operations) => {
            (operations(bench, whole, number, measured), blank.computed.clone())
        }
        (Printed::Exact(stated), What::Layers) => (layers(whole, *stated, count), blank.computed.clone()),
        _ => (readings::count(claim, measured, bench.settled).0, blank.computed.clone()),
    };
    let mend = Some(Correction { place: claim.place.clone(), text });
    Figure { verdict: Verdict::Disagrees, because: Some(because), mend, ..blank }
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
    let readings = right_operations(bench, whole, number);
    let flops = bench.settled.operations == Operations::Flops;
    if readings.is_empty() {
        let other = if flops { (measured.macs, "as MACs") } else { (measured.macs * 2, "as FLOPs, two a MAC,") };
        return readings::number_words(number, if flops { measured.macs * 2 } else { measured.macs }, Some(other));
    }
    readings.join("; ")
}

/// Every reading with which a figure is right, the net's own first.
fn right_operations(bench: &Bench<'_>, whole: &DraftNet, number: &Number) -> Vec<String> {
    let own = bench.settled.convention;
    let is_residual = whole.rows.iter().flat_map(|row| &row.parts).any(|part| matches!(part, Part::Residual(_)));
    let mut tried = vec![(own, "")];
    if is_residual {
        let other = |shortcut, stride| Convention { shortcut, stride, ..own };
        tried.extend([
            (other(own.shortcut, opposite(own.stride)), stride_words(opposite(own.stride))),
            (other(Shortcut::Identity, own.stride), "identity shortcuts"),
            (other(Shortcut::Identity, opposite(own.stride)), "identity shortcuts and another stride"),
        ]);
    }
    let mut found: Vec<(bool, u128, String)> = Vec::new();
    for (convention, words) in tried {
        let Ok(measured) = &*bench.measurer.text(net("slide", bench.input, whole, convention).text) else { continue };
        let counts = [(measured.macs, "MACs"), (measured.macs.saturating_mul(2), "FLOPs")];
        for (count, unit) in counts {
            let how = match (number.fit(count), number.reading(count)) {
                (Fit::Exact | Fit::Rounds, _) => "rounded",
                (Fit::No, Some(Reading::Cut)) => "cut, not rounded",
                _ => continue,
            };
            if found.iter().any(|(_, known, _)| *known == count) {
                continue;
            }
            let with = if words.is_empty() { String::new() } else { format!(" with {words}") };
            found.push((how == "rounded", count, format!("it is {} {unit}{with}, {how}", grouped(count))));
        }
    }
    // What rounds explains more than what was cut; the net's own stays first.
    let own_rounds = found.first().is_some_and(|(rounds, ..)| *rounds);
    found.truncate(if own_rounds { 1 } else { 3 });
    found.into_iter().map(|(.., words)| words).collect()
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
fn layers(whole: &DraftNet, stated: u128, count: u128) -> String {
    let diff = stated.abs_diff(count);
    let rows = |what: &str| fovea_graph::counted(usize::try_from(diff).unwrap_or(usize::MAX), what);
    if stated < count {
        return format!("{count} are listed: {} too many", rows("row"));
    }
    let stages = stages(whole);
    let (is, each) = (if diff == 1 { "is" } else { "are" }, if diff == 1 { "stage" } else { "stages" });
    let such = if stages >= 2 && diff <= stages as u128 {
        format!(", such as a further convolution in {diff} of the {stages} {each}")
    } else {
        String::new()
    };
    format!("{count} are listed: {} {is} lost{such}", rows("row"))
}

/// How many stretches of convolutions the pools part.
fn stages(whole: &DraftNet) -> usize {
    let is_conv = |part: &&Part| matches!(part, Part::Conv(Conv { .. }) | Part::Residual(_));
    let mut stages = 0;
    let mut inside = false;
    for row in &whole.rows {
        let conv = row.parts.iter().any(|part| is_conv(&part));
        let pool = row.parts.iter().any(|part| matches!(part, Part::Pool(_) | Part::PoolAll(_)));
        stages += usize::from(conv && !inside);
        inside = (inside || conv) && !pool;
    }
    stages
}
