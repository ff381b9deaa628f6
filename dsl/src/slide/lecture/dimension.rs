//! Headings that say how many axes there are, `1-D`, held against the first thing below them that shows it.

use std::ops::Range;

use super::matrix::Matrix;
use super::scan::{Spot, Token, spots};
use super::sheet::Sheet;
use super::split::{Line, heading_words};
use crate::slide::figure::{Verdict, What};

/// Something that has axes.
struct Shown {
    axes: usize,
    /// What it is, in words.
    what: String,
}

/// Judges the headings of a slide; `grids` are its grids of numbers.
pub(super) fn read(sheet: &mut Sheet<'_>, grids: &[Matrix]) {
    let labels: Vec<_> = sheet.lines.iter().enumerate().filter_map(|(at, line)| Some((at, label(line)?))).collect();
    let mut next = labels.iter().map(|(at, _)| *at).skip(1).chain([sheet.lines.len()]);
    for (at, (axes, place)) in &labels {
        let end = next.next().unwrap_or(sheet.lines.len());
        let Some(shown) = (at + 1..end).find_map(|line| shown(sheet, grids, line)) else { continue };
        let (computed, because) = (format!("{}-D", shown.axes), shown.what);
        if shown.axes == *axes {
            let printed = sheet.text.get(place.clone()).unwrap_or_default().to_string();
            sheet.judge(place.clone(), What::Heading, printed, Verdict::Agrees, because);
        } else {
            sheet.judge(place.clone(), What::Heading, computed, Verdict::Remark, because);
        }
    }
}

/// The axes that a line says alone or as a heading, `2-D`, and where.
fn label(line: &Line<'_>) -> Option<(usize, Range<usize>)> {
    let is_heading = heading_words(line).is_some();
    if !is_heading && line.plain.trim().len() > 4 {
        return None;
    }
    let found = said_axes(&spots(line));
    let [(axes, place)] = found.as_slice() else { return None };
    Some((*axes, place.clone()))
}

/// Every `2-D` among these.
fn said_axes(spots: &[Spot<'_>]) -> Vec<(usize, Range<usize>)> {
    let three = |three: &[Spot<'_>]| match &three[0].token {
        Token::Number(axes @ 1..=4) if three[1].token == Token::Sign(b'-') && three[2].is_one_of(&["d"]) => {
            Some((*axes, three[0].place.start..three[2].place.end))
        }
        _ => None,
    };
    spots.windows(3).filter_map(three).collect()
}

/// What shows how many axes there are on a line.
fn shown(sheet: &Sheet<'_>, grids: &[Matrix], at: usize) -> Option<Shown> {
    let line = &sheet.lines[at];
    let of_line = || format!("in line {}", line.number);
    if let Some(grid) = grids.iter().find(|grid| grid.lines.start == at) {
        let [rows, columns] = grid.size();
        let axes = if rows > 1 && columns > 1 { 2 } else { 1 };
        return Some(Shown { axes, what: format!("the grid {} has {rows} rows and {columns} columns", of_line()) });
    }
    let spots = spots(line);
    if let [(axes, _)] = said_axes(&spots).as_slice() {
        return Some(Shown { axes: *axes, what: format!("line {} says {axes}-D", line.number) });
    }
    spots.iter().find_map(|spot| {
        let (axes, text) = match &spot.token {
            Token::Sizes(sizes) if sizes.len() > 2 => (sizes.len() - 1, super::layers::printed(sizes)),
            Token::Letters(letters) => {
                let is_channels = |letter: &u8| letter.eq_ignore_ascii_case(&b'C');
                let text = letters.iter().map(|&letter| char::from(letter).to_string()).collect::<Vec<_>>().join("×");
                (letters.iter().filter(|letter| !is_channels(letter)).count(), text)
            }
            _ => return None,
        };
        let channels = if matches!(spot.token, Token::Sizes(_)) || text.ends_with('C') { " and channels" } else { "" };
        Some(Shown { axes, what: format!("{text} {} has {axes} axes{channels}", of_line()) })
    })
}
