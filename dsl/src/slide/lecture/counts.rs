//! What is said of a network beside its table: `Inception module: 437K parameters`.

use std::ops::Range;

use super::sheet::Sheet;
use super::split::Line;
use super::whole;
use crate::slide::figure::{Audit, Figure, SlideNet, Verdict, What};
use crate::slide::number::{Fit, Number, numbers};

/// What a number counts, of what.
struct Count {
    number: Number,
    place: Range<usize>,
    what: What,
    /// The words before it, written small.
    names: Vec<String>,
    /// All that stands before it.
    before: String,
}

/// Reads what is said of a row of `audits`, and of a whole network of `known`.
pub(super) fn read(sheet: &mut Sheet<'_>, audits: &[&Audit], known: &[&Audit]) {
    /// The most sentences of a slide that are looked at.
    const MOST: usize = 64;
    let counts: Vec<_> = sheet.free_lines().filter_map(|(_, line)| count(line)).take(MOST).collect();
    let nets: Vec<&SlideNet> = known.iter().flat_map(|audit| &audit.nets).collect();
    for count in counts {
        let figures = audits.iter().flat_map(|audit| &audit.figures).filter(|figure| figure.what == count.what);
        let is_named = |figure: &&Figure| {
            let row = figure.layer.as_deref().unwrap_or_default().to_ascii_lowercase();
            count.names.iter().any(|name| row.contains(name.as_str()))
        };
        let rows: Vec<&Figure> = figures.filter(is_named).collect();
        let whole =
            (count.what == What::Parameters).then(|| whole::judge(&count.before, &count.number, &nets)).flatten();
        match whole {
            Some((verdict, computed, because)) => {
                sheet.judge(count.place, count.what, computed, verdict, because);
            }
            None => judge(sheet, &count, &rows),
        }
    }
}

/// `Inception module: 437K parameters`, `VGG-16 params: 138M`
fn count(line: &Line<'_>) -> Option<Count> {
    const COMMON: &[&str] =
        &["module", "layer", "the", "has", "have", "with", "only", "about", "block", "for", "and", "number"];
    if line.plain.contains('=') || line.plain.trim_start().starts_with('|') || line.plain.len() > 2_000 {
        return None;
    }
    let found = numbers(line.plain).into_iter().find_map(|(number, place)| {
        let behind = line.plain.get(place.end..)?.trim_start();
        let before = line.plain.get(..place.start)?.trim_end();
        let word = behind.chars().take_while(char::is_ascii_alphabetic).collect::<String>();
        let label = before.strip_suffix(':').and_then(|label| label.rsplit(|c: char| !c.is_ascii_alphabetic()).next());
        // `ResNet 50 params: 25.6M`
        let unit_behind = unit(&word).filter(|_| !behind[word.len()..].starts_with(':'));
        Some((number, place, unit_behind.or_else(|| unit(label?))?))
    });
    let (number, place, what) = found?;
    let before = line.plain.get(..place.start)?.to_string();
    let names = before.split(|c: char| !c.is_ascii_alphanumeric()).map(str::to_ascii_lowercase);
    let names = names.filter(|name| name.len() > 2 && !COMMON.contains(&name.as_str()) && unit(name).is_none());
    let names: Vec<String> = names.filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic())).collect();
    let place = line.place.start + place.start..line.place.start + place.end;
    (!names.is_empty()).then_some(Count { number, place, what, names, before })
}

/// What a word says that a number counts.
fn unit(word: &str) -> Option<What> {
    match word.to_ascii_lowercase().as_str() {
        "parameters" | "params" | "weights" => Some(What::Parameters),
        "flops" | "macs" | "operations" | "ops" => Some(What::Operations),
        _ => None,
    }
}

/// Holds a count against the rows that it may be of.
fn judge(sheet: &mut Sheet<'_>, count: &Count, rows: &[&Figure]) {
    let value = |text: &str| numbers(&crate::slide::plain::plain(text)).first().map(|(number, _)| *number);
    let is_printed = |row: &&&Figure| value(&row.printed).is_some_and(|number| number.equals(&count.number));
    let name = |row: &Figure| format!("{}, line {}", row.layer.as_deref().unwrap_or_default(), row.line);
    if let Some(row) = rows.iter().find(is_printed) {
        let verdict = match row.verdict {
            Verdict::Disagrees | Verdict::Follows => Verdict::Follows,
            verdict => verdict,
        };
        let because = match verdict {
            Verdict::Follows => format!("it is the table's figure for {}, which disagrees", name(row)),
            _ => format!("it is the table's figure for {}", name(row)),
        };
        sheet.judge(count.place.clone(), count.what, row.computed.clone(), verdict, because);
        return;
    }
    let fits =
        |row: &&&Figure| value(&row.computed).and_then(|n| n.value()).is_some_and(|n| count.number.fit(n) != Fit::No);
    if let Some(row) = rows.iter().find(fits) {
        let because = format!("it is what {} has; the table prints {}", name(row), row.printed);
        sheet.judge(count.place.clone(), count.what, row.computed.clone(), Verdict::Agrees, because);
    } else if !rows.is_empty() {
        let printed = rows.iter().take(12).map(|row| row.printed.as_str()).collect::<Vec<_>>().join(", ");
        let because = format!("no row of the table that is called so has it: {printed}");
        sheet.judge(count.place.clone(), count.what, "", Verdict::Disagrees, because);
    } else {
        sheet.say(count.place.clone(), "no table or listing above says what this counts");
    }
}
