//! Sizes with layers between them: `224×224×64`, `pool`, `112×112×64`, a line each or with arrows on one.

mod step;

use super::layers;
use super::scan::{Token, spots};
use super::sheet::Sheet;
use crate::slide::figure::What;
use step::{Layer, Map, Step, is_name, step};

/// Reads the maps and layers of a slide: those on lines with arrows, then those that stand alone on their lines.
pub(super) fn read(sheet: &mut Sheet<'_>) {
    arrows(sheet);
    alone(sheet);
}

/// `32×32×3 → conv 5×5 → 28×28×6 → pool → 14×14×6`; a line that begins or ends with an arrow goes on.
fn arrows(sheet: &mut Sheet<'_>) {
    let mut steps: Vec<Option<Step>> = Vec::new();
    let mut goes_on = false;
    let lines: Vec<_> = sheet.free_lines().filter(|(_, line)| !line.is_blank()).collect();
    for (at, line) in lines {
        let spots = spots(line);
        let is_arrow = |spot: Option<&super::scan::Spot<'_>>| spot.is_some_and(|spot| spot.token == Token::Arrow);
        if !(goes_on || is_arrow(spots.first())) {
            judge(sheet, &std::mem::take(&mut steps));
        }
        goes_on = is_arrow(spots.last());
        if !spots.iter().any(|spot| spot.token == Token::Arrow) {
            steps.push(None);
            continue;
        }
        let pieces = spots.split(|spot| spot.token == Token::Arrow).filter(|piece| !piece.is_empty());
        let found: Vec<_> = pieces.map(step).collect();
        if found.iter().filter(|step| matches!(step, Some(Step::Map(_)))).count() > 1 {
            sheet.take(at..at + 1);
        }
        steps.extend(found);
    }
    judge(sheet, &steps);
}

/// Judges every map behind one layer that itself stands behind a map.
fn judge(sheet: &mut Sheet<'_>, steps: &[Option<Step>]) {
    let steps: Vec<_> = steps.iter().filter(|step| !matches!(step, Some(Step::Same))).collect();
    for three in steps.windows(3) {
        if let [Some(Step::Map(from)), Some(Step::Layer(layer)), Some(Step::Map(to))] = three {
            judge_map(sheet, from, layer, to);
        }
    }
}

/// Maps and layers that stand alone on their lines, maps and layers in their order: one more map than layers.
fn alone(sheet: &mut Sheet<'_>) {
    let (mut maps, mut layers, mut lines) = (Vec::new(), Vec::new(), Vec::new());
    for (at, line) in sheet.free_lines() {
        let spots = spots(line);
        match step(&spots) {
            Some(Step::Map(map)) => maps.push(map),
            Some(Step::Layer(layer)) if is_name(&spots) => layers.push(layer),
            _ => continue,
        }
        lines.push(at);
    }
    if maps.len() < 2 || maps.len() != layers.len() + 1 {
        return;
    }
    for (pair, layer) in maps.windows(2).zip(&layers) {
        judge_map(sheet, &pair[0], layer, &pair[1]);
    }
    lines.into_iter().for_each(|at| sheet.take(at..at + 1));
}

fn judge_map(sheet: &mut Sheet<'_>, from: &Map, layer: &Layer, to: &Map) {
    let (verdict, computed, because) = layer.judge(&from.sizes, &to.sizes);
    let figure = sheet.judge(to.place.clone(), What::Output, layers::printed(&computed), verdict, because);
    figure.layer = Some(layer.word.to_string());
}
