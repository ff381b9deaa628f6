//! Formulas that have no number to judge: `y = w_1x_1 + w_2x_2`.

use std::collections::HashSet;

use super::sheet::Sheet;

/// Lists the formulas of a slide on whose line nothing else was found.
pub(super) fn read(sheet: &mut Sheet<'_>) {
    let found: HashSet<usize> = sheet.found_lines().collect();
    let lines: Vec<_> = sheet.free_lines().map(|(_, line)| line).collect();
    for line in lines {
        let text = line.text.trim();
        let is_formula = text.contains('$') && text.contains('=') && text.len() < 400;
        if !is_formula || found.contains(&line.number) {
            continue;
        }
        let start = line.place.start + line.text.len() - line.text.trim_start().len();
        let formula = line.plain.split_whitespace().collect::<Vec<_>>().join(" ");
        sheet.say(start..start + text.len(), format!("a formula without a number to judge: {formula}"));
    }
}
