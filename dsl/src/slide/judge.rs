//! Computes the networks that a slide states, row by row, and holds every figure against them.
//!
//! A row takes what the one before it gives, not what is printed of it. A figure that would be right with what is printed
//! follows from an earlier mistake.

use std::ops::Range;
use std::rc::Rc;

use super::complete::complete;
use super::draft::{Claim, Draft, DraftNet, Join, Order, Part, Printed, Remark, Row};
use super::figure::{Audit, Correction, Figure, SlideNet, Unread, Verdict, What};
use super::figures::{self, Counts};
use super::graph::{feeds, is_graph, joined};
use super::measure::{Measured, Measurer};
use super::settle::{Settled, settle};
use super::{LineStarts, assumptions, line_of, nets, readings, refine, repeated, totals, whole};

/// What a figure is judged in.
pub struct Bench<'a> {
    /// The slide's own text.
    pub text: &'a str,
    /// Where its lines begin.
    pub lines: &'a LineStarts,
    /// What was settled for all rows.
    pub settled: &'a Settled,
    /// Measures stretches.
    pub measurer: &'a Measurer,
    /// The net's column, where there are several.
    pub net: Option<String>,
    /// The shape of the net's input.
    pub input: &'a [usize],
}

/// Judges every figure of a draft; `text` is the slide's own.
pub fn judge(measurer: &Measurer, name: &str, text: &str, lines_before: usize, mut draft: Draft) -> Audit {
    if draft.nets.is_empty() && draft.unread.is_empty() {
        draft.unread.push(nothing(text));
    }
    let settled = settle(&draft, measurer);
    draft.nets.iter_mut().zip(&settled.inputs).for_each(|(net, input)| refine::refine(net, input, &settled, measurer));
    let mut figures: Vec<Figure> = draft.remarks.iter().map(|remark| remarked(text, remark)).collect();
    figures.extend(assumptions::assumptions(text, &draft, &settled));
    let mut defined: Vec<SlideNet> = Vec::new();
    let several = draft.nets.len() > 1;
    let lines = LineStarts::new(text, lines_before);
    let repeated = repeated::repeated(&lines, &draft.nets, &settled, measurer);
    for (net, input) in draft.nets.iter().zip(&settled.inputs) {
        let column = Some(net.name.clone()).filter(|_| several);
        let bench = Bench { text, lines: &lines, settled: &settled, measurer, net: column, input };
        let sum = rows(&bench, net, &mut figures);
        let ended = complete(net, input);
        let parts = totals::Parts { repeated: repeated.as_ref(), sum: is_graph(net).then_some(&sum) };
        totals::judge(&bench, &ended.net, parts, &mut figures);
        figures.extend(assumptions::unchecked(&bench, &ended.net));
        figures.extend(ended.remarks.iter().map(|remark| remarked(text, remark)));
        if draft.unread.is_empty() {
            defined.extend(nets::define(&bench, name, &ended.net));
        }
    }
    for figure in &mut figures {
        figure.place = whole(text, &figure.place);
        figure.mend.iter_mut().for_each(|mend| mend.place = whole(text, &mend.place));
    }
    draft.unread.iter_mut().for_each(|unread| unread.place = whole(text, &unread.place));
    let figures = figures::merged(figures);
    Audit { name: name.to_string(), form: draft.form, nets: defined, figures, unread: draft.unread }
}

/// A text in which no slide was found.
fn nothing(text: &str) -> Unread {
    let start = text.len() - text.trim_start().len();
    let found = text.trim_start().lines().next().unwrap_or_default().chars().take(80).collect::<String>();
    Unread {
        line: line_of(text, start),
        place: start..start + found.trim_end().len(),
        found: found.trim_end().to_string(),
        expected: "a listing of layers, or a table of a network".to_string(),
        read: "nothing".to_string(),
    }
}

/// A remark of a reader as a figure.
fn remarked(text: &str, remark: &Remark) -> Figure {
    Figure {
        line: line_of(text, remark.place.start),
        place: remark.place.clone(),
        net: None,
        layer: remark.layer.clone(),
        what: remark.what,
        printed: if remark.assumed { String::new() } else { printed(text, &remark.place) },
        computed: if remark.assumed { remark.text.clone() } else { String::new() },
        verdict: if remark.assumed { Verdict::Assumed } else { Verdict::Remark },
        because: (!remark.assumed).then(|| remark.text.clone()),
        mend: None,
    }
}

/// What stands at a place, in one line.
pub fn printed(text: &str, place: &Range<usize>) -> String {
    let text = &text[whole(text, place)];
    let is_marked_up = text.contains(['\\', '&', '<']);
    let text = if is_marked_up { super::plain::plain(text) } else { text.to_string() };
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What flows between two rows.
#[derive(Clone)]
struct Flow {
    /// What the rows so far give; where one of them could not be computed, what is printed of it.
    computed: Vec<usize>,
    /// What is printed.
    printed: Vec<usize>,
    /// The first row whose output is not the printed one.
    culprit: Option<String>,
    /// Additions of several rows' outputs before the row.
    added: u128,
}

/// Judges the figures of all rows; what the rows have together.
fn rows(bench: &Bench<'_>, net: &DraftNet, figures: &mut Vec<Figure>) -> Measured {
    let input = Flow { computed: bench.input.to_vec(), printed: bench.input.to_vec(), culprit: None, added: 0 };
    let mut flows: Vec<Flow> = Vec::with_capacity(net.rows.len());
    let mut sum = Measured::default();
    for (at, row) in net.rows.iter().enumerate() {
        let (feeds, join) = feeds(net, at);
        let inflow = match feeds.as_slice() {
            [] => input.clone(),
            [feed] => flows[*feed].clone(),
            feeds => joint(&feeds.iter().map(|&feed| &flows[feed]).collect::<Vec<_>>(), join),
        };
        figures.extend(readings::uneven(bench, row, &inflow.computed));
        figures.extend(readings::oblong(bench, row));
        let (flow, measured) = self::row(bench, row, inflow, figures);
        if let Ok(measured) = &*measured {
            let listed = if row.claims.iter().any(is_output) { measured.elements() } else { 0 };
            sum = Measured { listed: sum.listed.saturating_add(listed), ..sum.and(measured) };
        }
        flows.push(flow);
    }
    sum
}

/// What flows where several rows are joined.
fn joint(flows: &[&Flow], join: Join) -> Flow {
    let shapes = |shape: fn(&Flow) -> &[usize]| joined(&flows.iter().map(|flow| shape(flow)).collect::<Vec<_>>(), join);
    let computed = shapes(|flow| &flow.computed);
    let elements = computed.iter().fold(1u128, |product, &size| product.saturating_mul(size as u128));
    Flow {
        added: if join == Join::Add { elements } else { 0 },
        computed,
        printed: shapes(|flow| &flow.printed),
        culprit: flows.iter().find_map(|flow| flow.culprit.clone()),
    }
}

/// What a row has.
pub struct Found {
    /// With what the rows before it give.
    pub computed: Rc<Result<Measured, String>>,
    /// With what is printed of the row before it.
    pub printed: Rc<Result<Measured, String>>,
}

fn row(bench: &Bench<'_>, row: &Row, flow: Flow, figures: &mut Vec<Figure>) -> (Flow, Rc<Result<Measured, String>>) {
    let convention = bench.settled.convention;
    let measure = |input: &[usize]| match bench.measurer.measure(&row.parts, input, convention) {
        measured if flow.added == 0 => measured,
        measured => Rc::new((*measured).clone().map(|own| Measured { pooled: own.pooled + flow.added, ..own })),
    };
    let found = Found { computed: measure(&flow.computed), printed: measure(&flow.printed) };
    let mut culprit = flow.culprit.clone();
    for claim in &row.claims {
        let figure = match (is_output(claim), &*found.computed) {
            _ if claim.what == What::Input => input(bench, row, claim, &flow),
            (_, Err(why)) => uncomputed(bench, row, claim, &found, why, flow.culprit.as_deref()),
            (true, Ok(measured)) => output(bench, row, claim, &found, measured, &flow),
            (false, Ok(measured)) => counted(bench, row, claim, &found, measured, &flow),
        };
        if is_output(claim) && matches!(figure.verdict, Verdict::Disagrees | Verdict::Follows) {
            culprit.get_or_insert_with(|| format!("{} on line {}", row.name, bench.lines.before + figure.line));
        }
        figures.push(figure);
    }
    let measured = Rc::clone(&found.computed);
    (next(row, &found, flow, culprit), measured)
}

/// The size of what flows into a row.
fn input(bench: &Bench<'_>, row: &Row, claim: &Claim, flow: &Flow) -> Figure {
    let blank = figure(bench, Some(row), claim);
    let computed = figures::shape(claim, &blank.printed, &flow.computed);
    let blank = Figure { computed, ..blank };
    let flat = [flow.computed.iter().fold(1, |product: usize, &size| product.saturating_mul(size))];
    if has_size(claim, &flow.computed) || has_size(claim, &flat) {
        return blank;
    }
    if let (true, Some(culprit)) = (has_size(claim, &flow.printed), &flow.culprit) {
        return Figure { verdict: Verdict::Follows, because: Some(format!("because of {culprit}")), ..blank };
    }
    let mend = Some(Correction { place: claim.place.clone(), text: blank.computed.clone() });
    let because = Some("what feeds it gives another size".to_string());
    Figure { verdict: Verdict::Disagrees, because, mend, ..blank }
}

/// What flows out of a row.
fn next(row: &Row, found: &Found, flow: Flow, culprit: Option<String>) -> Flow {
    let known = found.computed.as_ref().as_ref().ok();
    let shape = row.claims.iter().find(|claim| is_output(claim)).and_then(|claim| match &claim.value {
        Printed::Shape(sizes, order) => Some((sizes, *order)),
        _ => None,
    });
    let channels = |fallback: &[usize]| match &*found.printed {
        Ok(measured) => measured.output.last().copied(),
        Err(_) => known.and_then(|measured| measured.output.last().copied()).or(fallback.last().copied()),
    };
    let printed = match shape {
        Some((sizes, Order::Spatial)) => {
            let spatial = sizes.iter().copied();
            Some(spatial.chain(channels(&flow.printed)).collect())
        }
        Some((sizes, order)) => Some(arranged(sizes, order)),
        None => found.printed.as_ref().as_ref().ok().map(|measured| measured.output.clone()),
    };
    let computed = known.map(|measured| measured.output.clone()).or_else(|| printed.clone());
    let printed = printed.filter(|shape| !has_same_size(shape, computed.as_deref().unwrap_or(&[])));
    let computed = computed.unwrap_or(flow.computed);
    Flow { printed: printed.unwrap_or_else(|| computed.clone()), computed, culprit, added: 0 }
}

/// A figure of a row.
pub fn figure(bench: &Bench<'_>, row: Option<&Row>, claim: &Claim) -> Figure {
    Figure {
        line: bench.lines.number(claim.place.start),
        place: claim.place.clone(),
        net: bench.net.clone(),
        layer: row.map(|row| row.name.clone()),
        what: claim.what,
        printed: printed(bench.text, &claim.place),
        computed: String::new(),
        verdict: Verdict::Agrees,
        because: None,
        mend: None,
    }
}

/// A figure of a row that cannot be computed.
fn uncomputed(bench: &Bench<'_>, row: &Row, claim: &Claim, found: &Found, why: &str, culprit: Option<&str>) -> Figure {
    let follows = match &*found.printed {
        Ok(measured) => figures::fits(claim, measured, bench.settled),
        Err(_) => false,
    };
    let because = if follows { culprit.map(|culprit| format!("{culprit}; then {why}")) } else { Some(why.to_string()) };
    let verdict = if follows { Verdict::Follows } else { Verdict::Disagrees };
    Figure { computed: "nothing".to_string(), verdict, because, ..figure(bench, Some(row), claim) }
}

/// The size of an output or an input.
fn output(bench: &Bench<'_>, row: &Row, claim: &Claim, found: &Found, measured: &Measured, flow: &Flow) -> Figure {
    let blank = figure(bench, Some(row), claim);
    let computed = figures::shape(claim, &blank.printed, &measured.output);
    let blank = Figure { computed, ..blank };
    if has_size(claim, &measured.output) {
        return Figure { verdict: Verdict::Agrees, ..blank };
    }
    if let (Ok(other), Some(culprit)) = (&*found.printed, &flow.culprit)
        && has_size(claim, &other.output)
    {
        return Figure { verdict: Verdict::Follows, because: Some(format!("because of {culprit}")), ..blank };
    }
    let reading = readings::output(bench, row, claim, &flow.computed);
    let own = Correction { place: claim.place.clone(), text: blank.computed.clone() };
    let (because, mend) = reading.map_or((None, None), |reading| (Some(reading.because), reading.mend));
    let because = because.or_else(|| Some("no padding, stride or window of this row gives it".to_string()));
    Figure { verdict: Verdict::Disagrees, because, mend: mend.or(Some(own)), ..blank }
}

/// A count: memory, parameters, operations, layers.
fn counted(bench: &Bench<'_>, row: &Row, claim: &Claim, found: &Found, measured: &Measured, flow: &Flow) -> Figure {
    let blank = figure(bench, Some(row), claim);
    let Counts { count, .. } = figures::counts(claim.what, measured, bench.settled);
    let blank = Figure { computed: figures::written(claim, count), ..blank };
    if let Some(verdict) = figures::verdict(claim, count) {
        return Figure { verdict, computed: figures::exact(count), ..blank };
    }
    if let (Ok(other), Some(culprit)) = (&*found.printed, &flow.culprit)
        && figures::fits(claim, other, bench.settled)
    {
        return Figure { verdict: Verdict::Follows, because: Some(format!("because of {culprit}")), ..blank };
    }
    let own_output = row.claims.iter().find(|claim| is_output(claim) && !has_size(claim, &measured.output));
    if let (What::Memory, Some(Claim { value: Printed::Shape(sizes, _), place, .. })) = (claim.what, own_output)
        && figures::verdict(claim, sizes.iter().map(|&size| size as u128).product()).is_some()
    {
        let because = format!("because of the size {} on its line", printed(bench.text, place));
        return Figure { verdict: Verdict::Follows, because: Some(because), ..blank };
    }
    let (because, mend) = readings::count(claim, measured, bench.settled);
    let own = Correction { place: claim.place.clone(), text: blank.computed.clone() };
    Figure { verdict: Verdict::Disagrees, because: Some(because), mend: mend.or(Some(own)), ..blank }
}

/// Whether a claim is of a size that a row gives.
pub fn is_output(claim: &Claim) -> bool {
    claim.what == What::Output && matches!(claim.value, Printed::Shape(..))
}

/// Whether a claim's size is this shape.
pub fn has_size(claim: &Claim, shape: &[usize]) -> bool {
    match &claim.value {
        Printed::Shape(sizes, Order::Spatial) => {
            let spatial = shape.get(..shape.len().saturating_sub(1)).unwrap_or_default();
            // A vector has one place: `1×1` of a table.
            sizes == spatial || spatial.is_empty() && sizes.iter().all(|&size| size == 1)
        }
        Printed::Shape(sizes, order) => has_same_size(&arranged(sizes, *order), shape),
        _ => false,
    }
}

/// A printed shape with its channels last.
pub fn arranged(sizes: &[usize], order: Order) -> Vec<usize> {
    let mut sizes = sizes.to_vec();
    match order {
        Order::ChannelsFirst if !sizes.is_empty() => sizes.rotate_left(1),
        Order::WidthFirst if sizes.len() > 2 => sizes.swap(0, 1),
        _ => {}
    }
    sizes
}

/// Whether two shapes are one; a vector of n is also 1×1×n.
fn has_same_size(one: &[usize], other: &[usize]) -> bool {
    let vector = |shape: &[usize]| match shape {
        [spatial @ .., channels] if spatial.iter().all(|&size| size == 1) => Some(*channels),
        _ => None,
    };
    one == other || vector(one).is_some_and(|one| vector(other) == Some(one))
}

/// The spatial parts of a row: those whose padding and stride decide its size.
pub fn spatial(parts: &[Part]) -> impl Iterator<Item = usize> + '_ {
    let is_spatial = |part: &Part| matches!(part, Part::Conv(_) | Part::Pool(_));
    parts.iter().enumerate().filter(move |(_, part)| is_spatial(part)).map(|(at, _)| at)
}
