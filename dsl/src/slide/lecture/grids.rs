//! Grids of numbers that are convolved or pooled: every number of the result is computed.

use std::ops::Range;

use super::matrix::{Decimal, Entry, Matrix, matrices};
use super::scan::{Spot, Token, number_behind, spots};
use super::sheet::Sheet;
use super::sliding::{Sliding, Taking};
use crate::slide::figure::{Verdict, What};

/// The grids of numbers on a slide that no reader took.
pub(super) fn find(sheet: &Sheet<'_>) -> Vec<Matrix> {
    matrices(sheet.lines, |at| sheet.is_free(at))
}

/// Judges the grids of a slide.
pub(super) fn read(sheet: &mut Sheet<'_>, list: &[Matrix]) {
    let (mut at, mut behind) = (0, 0);
    while at < list.len() {
        let rest = &list[at..];
        let about = About::around(sheet, rest, behind);
        let count = overlaid(sheet, rest, &about)
            .or_else(|| convolved(sheet, rest, &about))
            .or_else(|| pooled(sheet, rest, &about))
            .unwrap_or(0);
        if count == 0 && (about.is_convolved || about.pool.is_some()) {
            let [rows, columns] = rest[0].size();
            sheet.say(rest[0].place.clone(), format!("a grid of {rows}×{columns} numbers"));
        }
        let last = &rest[count.max(1) - 1];
        sheet.take(rest[0].lines.start..last.lines.end);
        behind = last.lines.end;
        at += count.max(1);
    }
}

/// What is said around grids.
struct About {
    /// A filter is spoken of.
    is_convolved: bool,
    /// What makes a pool's of a window, where one is spoken of.
    pool: Option<fn([usize; 2]) -> Taking>,
    /// The window.
    window: Option<[usize; 2]>,
    stride: Option<usize>,
    pad: Option<usize>,
}

impl About {
    /// What is said between the end of the grids before and a few lines behind the next two; what stands nearest
    /// counts.
    fn around(sheet: &Sheet<'_>, grids: &[Matrix], behind: usize) -> Self {
        const FAR: usize = 8;
        let first = &grids[0];
        let last = grids.get(1).unwrap_or(first);
        let start = behind.max(first.lines.start.saturating_sub(FAR));
        let end = grids.get(2).map_or(sheet.lines.len(), |next| next.lines.start).min(last.lines.end + FAR);
        let is_row = |at: usize| sheet.lines[at].plain.trim_start().starts_with('|');
        let inside = first.lines.start..last.lines.end;
        let order = inside.chain(start..first.lines.start).chain(last.lines.end..end.max(last.lines.end));
        let lines: Vec<Vec<Spot<'_>>> = order.filter(|&at| !is_row(at)).map(|at| spots(&sheet.lines[at])).collect();
        let title = sheet.title.to_ascii_lowercase();
        let has = |words: &[&str]| lines.iter().flatten().any(|spot| spot.is_one_of(words));
        let is_pool = title.contains("pool") || has(&["pool", "pooling", "maxpool", "avgpool"]);
        let is_mean =
            has(&["average", "avg", "mean", "avgpool"]) || title.contains("average") || title.contains("mean");
        // `[…] * […] = […]`
        let has_sign = |sign: u8| lines.iter().flatten().any(|spot| spot.token == Token::Sign(sign));
        let is_joined =
            grids.len() > 2 && grids[0].lines.start == grids[1].lines.start && has_sign(b'*') && has_sign(b'=');
        let pair = |spot: &Spot<'_>| match spot.sizes() {
            Some(&[height, width]) => Some([height, width]),
            _ => None,
        };
        Self {
            is_convolved: is_joined
                || title.contains("convol")
                || title.contains("filter")
                || has(&["filter", "kernel", "convolution", "convolved", "convolve", "conv"]) && !is_pool,
            pool: is_pool.then_some(if is_mean { Taking::Mean } else { Taking::Largest }),
            window: lines.iter().flatten().find_map(pair),
            stride: lines.iter().find_map(|line| number_behind(line, &["stride", "strides"])).map(|(stride, _)| stride),
            pad: lines.iter().find_map(|line| number_behind(line, &["pad", "padding"])).map(|(pad, _)| pad),
        }
    }
}

/// An image with a filter laid over it, and its result as far as it goes.
fn overlaid(sheet: &mut Sheet<'_>, grids: &[Matrix], about: &About) -> Option<usize> {
    let (at, filter) = grids[0].overlay()?;
    let sliding = Sliding {
        image: grids[0].values()?,
        taking: Taking::Filter(filter),
        stride: [about.stride.unwrap_or(1); 2],
        pad: about.pad.unwrap_or(0),
    };
    let window = sliding.window();
    let what = format!("a {}×{} filter over row {}, column {}", window[0], window[1], at[0] + 1, at[1] + 1);
    let Some(result) = grids.get(1).filter(|result| result.overlay().is_none()) else {
        let value = sliding.at(at.map(|n| n / sliding.stride[0].max(1)))?;
        sheet.say(grids[0].place.clone(), format!("{what}, gives {value} there"));
        return Some(1);
    };
    judge_result(sheet, &grids[0], result, &sliding);
    Some(2)
}

/// An image, a filter and their result.
fn convolved(sheet: &mut Sheet<'_>, grids: &[Matrix], about: &About) -> Option<usize> {
    let [image, filter, result, ..] = grids else { return None };
    let is_smaller =
        filter.size()[0] <= image.size()[0] && filter.size()[1] <= image.size()[1] && filter.size() != image.size();
    if !about.is_convolved || !is_smaller {
        return None;
    }
    let mut sliding = Sliding {
        image: image.values()?,
        taking: Taking::Filter(filter.values()?),
        stride: [about.stride.unwrap_or(1); 2],
        pad: about.pad.unwrap_or(0),
    };
    let says = about.stride.is_some() || about.pad.is_some();
    if !says && sliding.size() != Some(result.size()) {
        sliding.find(result.size());
    }
    judge_result(sheet, image, result, &sliding);
    Some(3)
}

/// A grid and what pooling makes of it.
fn pooled(sheet: &mut Sheet<'_>, grids: &[Matrix], about: &About) -> Option<usize> {
    let [image, result, ..] = grids else { return None };
    let taking = about.pool?;
    let [height, width] = image.size();
    if result.size()[0] > height || result.size()[1] > width {
        return None;
    }
    let window = about.window.unwrap_or([height / result.size()[0].max(1), width / result.size()[1].max(1)]);
    let sliding = Sliding {
        image: image.values()?,
        taking: taking(window),
        stride: about.stride.map_or(window, |stride| [stride; 2]),
        pad: about.pad.unwrap_or(0),
    };
    judge_result(sheet, image, result, &sliding);
    sheet.take(image.lines.end..result.lines.start.max(image.lines.end));
    Some(2)
}

/// Judges the size of a result, and its numbers.
fn judge_result(sheet: &mut Sheet<'_>, image: &Matrix, result: &Matrix, sliding: &Sliding) {
    let [mut rows, columns] = result.size();
    let size = sliding.size();
    // Markdown has a heading over every table: an empty one may be the first row.
    let head = usize::from(result.has_empty_head && size == Some([rows + 1, columns]));
    rows += head;
    let place = caption(sheet, result).unwrap_or_else(|| result.place.clone());
    let [height, width] = image.size();
    let of = format!("{} on {height}×{width}", sliding.describe());
    match size {
        Some([h, w]) => {
            let verdict = if [h, w] == [rows, columns] { Verdict::Agrees } else { Verdict::Disagrees };
            let reading = sliding.reading([rows, columns]).map(|text| format!("; {text}")).unwrap_or_default();
            let because = match verdict {
                Verdict::Agrees => of,
                _ => format!("{of} gives {h}×{w}, and {rows}×{columns} are drawn{reading}"),
            };
            let figure = sheet.judge(place, What::Output, format!("{h}×{w}"), verdict, because);
            // A drawing's size is not text that could be replaced.
            (figure.printed, figure.mend) = (format!("{rows}×{columns}"), None);
        }
        None => {
            sheet.judge(place, What::Output, "", Verdict::Disagrees, format!("{of}: the window does not fit"));
        }
    }
    let is_turned = is_turned(result, head, sliding);
    for (row, entries) in result.rows.iter().enumerate() {
        for (column, entry) in entries.iter().enumerate() {
            judge_entry(sheet, entry, [row + head, column], sliding, is_turned);
        }
    }
}

/// Whether the numbers are those of a filter that is turned by 180°, and not all those of the filter itself.
fn is_turned(result: &Matrix, head: usize, sliding: &Sliding) -> bool {
    let Some(turned) = sliding.turned() else { return false };
    let is_all = |sliding: &Sliding| {
        result.rows.iter().enumerate().all(|(row, entries)| {
            entries.iter().enumerate().all(|(column, entry)| match (entry.value, sliding.at([row + head, column])) {
                (Some(printed), Some(computed)) => printed.is(computed) || printed.is_rounded(computed),
                (printed, _) => printed.is_none(),
            })
        })
    };
    is_all(&turned) && !is_all(sliding)
}

fn judge_entry(sheet: &mut Sheet<'_>, entry: &Entry, at: [usize; 2], sliding: &Sliding, is_turned: bool) {
    let Some(printed) = entry.value else { return };
    let layer = format!("row {}, column {}", at[0] + 1, at[1] + 1);
    let (computed, verdict, because) = match sliding.at(at) {
        None => (String::new(), Verdict::Disagrees, "the window does not reach here".to_string()),
        Some(computed) if printed.is(computed) => (printed.write(computed), Verdict::Agrees, String::new()),
        Some(computed) if printed.is_rounded(computed) => (format!("{computed}"), Verdict::Rounds, String::new()),
        Some(computed) if is_turned => {
            let because =
                "it is right for the filter turned by 180°: a convolution as mathematics has it, not networks";
            (printed.write(computed), Verdict::Remark, because.to_string())
        }
        Some(computed) => (printed.write(computed), Verdict::Disagrees, why(printed, at, sliding)),
    };
    sheet.judge(entry.place.clone(), What::Value, computed, verdict, because).layer = Some(layer);
}

/// What a number is that is not the one at its place.
fn why(printed: Decimal, at: [usize; 2], sliding: &Sliding) -> String {
    for (reading, other) in sliding.others() {
        if other.at(at).is_some_and(|value| printed.is(value)) {
            return reading;
        }
    }
    let [rows, columns] = sliding.size().unwrap_or_default();
    let places = (0..rows).flat_map(|row| (0..columns).map(move |column| [row, column]));
    let mut same = places.filter(|&place| sliding.at(place).is_some_and(|value| printed.is(value)));
    match (same.next(), same.next()) {
        (Some([row, column]), None) => format!("it belongs in row {}, column {}", row + 1, column + 1),
        _ => sliding.sum(at),
    }
}

/// The words under or over a result: `Convolved Feature`.
fn caption(sheet: &Sheet<'_>, result: &Matrix) -> Option<Range<usize>> {
    const NEAR: usize = 3;
    let is_caption = |at: &usize| {
        let words = spots(&sheet.lines[*at]);
        let names = ["feature", "features", "convolved", "output", "result", "map", "pooled"];
        words.len() < 5 && words.iter().any(|word| word.is_one_of(&names))
    };
    let below = result.lines.end..sheet.lines.len().min(result.lines.end + NEAR);
    let above = result.lines.start.saturating_sub(NEAR)..result.lines.start;
    let at = below.into_iter().find(is_caption).or_else(|| above.rev().find(is_caption))?;
    let line = &sheet.lines[at];
    let skip = line.plain.len() - line.plain.trim_start().len();
    Some(line.place.start + skip..line.place.start + line.plain.trim_end().len())
}
