//! The lecture's five slides, audited: their reports, altered copies whose change must be found, and harmless ones.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fmt::Write as _;

use fovea_dsl::slide::{Audit, Figure, Verdict, What, audit};

const ALEXNET: &str = include_str!("../../tests/slides/alexnet.txt");
const LISTING: &str = include_str!("../../tests/slides/vgg-listing.txt");
const CONFIGURATIONS: &str = include_str!("../../tests/slides/vgg-configurations.md");
const GOOGLENET: &str = include_str!("../../tests/slides/googlenet.md");
const RESNET: &str = include_str!("../../tests/slides/resnet.md");

const SLIDES: [(&str, &str); 5] = [
    ("alexnet", ALEXNET),
    ("vgg-listing", LISTING),
    ("vgg-configurations", CONFIGURATIONS),
    ("googlenet", GOOGLENET),
    ("resnet", RESNET),
];

/// A figure in a line.
fn told(figure: &Figure) -> String {
    let Figure { line, net, layer, what, printed, computed, verdict, because, .. } = figure;
    let mut text = format!("{line} {verdict} {}", what.word());
    for part in [net, layer].into_iter().flatten() {
        let _ = write!(text, " · {part}");
    }
    let _ = write!(text, " · {printed} → {computed}");
    if let Some(because) = because {
        let _ = write!(text, " · {because}");
    }
    text
}

/// A report: the nets, and all figures but those that agree, which are counted.
fn report(audit: &Audit) -> String {
    let mut text = format!("{}\n", audit.form);
    for net in &audit.nets {
        let _ = writeln!(text, "{}", net.text);
    }
    for unread in &audit.unread {
        let _ = writeln!(text, "{unread:?}");
    }
    let agree = audit.figures.iter().filter(|figure| figure.verdict == Verdict::Agrees).count();
    let _ = writeln!(text, "{agree} agree");
    for figure in audit.figures.iter().filter(|figure| figure.verdict != Verdict::Agrees) {
        let _ = writeln!(text, "{}", told(figure));
    }
    text
}

#[test]
fn the_five_slides_get_the_reports_that_were_read_through() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/slides");
    for (name, text) in SLIDES {
        let report = report(&audit(&name.replace('-', "_"), text));
        let expected = std::fs::read_to_string(format!("{folder}/{name}.report")).unwrap_or_default();
        if report != expected {
            let aside = std::env::temp_dir().join(format!("{name}.report"));
            std::fs::write(&aside, &report).unwrap();
            panic!("{name} reads\n{report}\nwhich is not {folder}/{name}.report; it is in {}", aside.display());
        }
    }
}

/// What an audit says of each line, places aside: a change of any of it is a change that was found.
fn by_line(audit: &Audit) -> BTreeSet<(usize, String)> {
    let figures = audit.figures.iter().map(|figure| (figure.line, told(figure)));
    figures.chain(audit.unread.iter().map(|unread| (unread.line, unread.expected.clone()))).collect()
}

/// `text` with the `nth` `from`, from 0, made `to`; and its line.
fn altered(text: &str, from: &str, nth: usize, to: &str) -> (String, usize) {
    let (at, _) = text.match_indices(from).nth(nth).unwrap_or_else(|| panic!("no {nth}th `{from}`"));
    let line = 1 + text[..at].matches('\n').count();
    (format!("{}{to}{}", &text[..at], &text[at + from.len()..]), line)
}

/// A slide, what is altered in a copy of it, which of them, and to what.
const ALTERED: [(&str, &str, usize, &str); 40] = [
    // One figure.
    (ALEXNET, "55x55x96", 0, "54x54x96"),
    (ALEXNET, "27x27x96", 0, "27x28x96"),
    (ALEXNET, "27x27x256", 0, "26x26x256"),
    (ALEXNET, "13x13x384", 1, "13x13x348"),
    (ALEXNET, "[4096]", 0, "[4069]"),
    (LISTING, "3.2M", 0, "3.4M"),
    (LISTING, "1,728", 0, "1,782"),
    (LISTING, "400K", 1, "500K"),
    (LISTING, "102,760,448", 0, "102,760,484"),
    (LISTING, "(3*3*128)*128", 0, "(3*3*182)*128"),
    (LISTING, "memory: 1000", 0, "memory: 1100"),
    (CONFIGURATIONS, "13 weight", 0, "14 weight"),
    (CONFIGURATIONS, "16 weight", 1, "15 weight"),
    (GOOGLENET, "112×112×64", 0, "112×113×64"),
    (GOOGLENET, "28×28×480", 0, "28×28×408"),
    (GOOGLENET, "360M", 0, "306M"),
    (GOOGLENET, "88M", 0, "98M"),
    (GOOGLENET, "112K", 0, "115K"),
    (GOOGLENET, "| 0     |", 1, "| 1     |"),
    (RESNET, "56×56", 0, "55×55"),
    (RESNET, "14×14", 0, "14×13"),
    (RESNET, "34-layer", 0, "36-layer"),
    (RESNET, r"1.8 \times 10^9", 0, r"1.9 \times 10^9"),
    (RESNET, r"11.3 \times 10^9", 0, r"22.6 \times 10^9"),
    // One row.
    (ALEXNET, "[27x27x96] NORM1: Normalization layer", 0, "[27x27x96] WARP1: Normalization layer"),
    (ALEXNET, "[13x13x256] MAX POOL2: 3x3 filters at stride 2", 0, "[13x13x256] MAX POOL2: 5x5 filters at stride 2"),
    (LISTING, "POOL2: [56x56x128]", 0, "POOL4: [56x56x128]"),
    (LISTING, "CONV3-512: [28x28x512]", 0, "CONV5-512: [28x28x512]"),
    (GOOGLENET, "inception (4b)", 0, "conception (4b)"),
    // One cell.
    (ALEXNET, "at stride 4", 0, "at stride 3"),
    (ALEXNET, "256 5x5 filters", 0, "526 5x5 filters"),
    (LISTING, "CONV3-128", 0, "CONV3-182"),
    (CONFIGURATIONS, "conv3-256        |", 0, "conf3-256        |"),
    (GOOGLENET, "7×7/2", 0, "7×7/3"),
    (GOOGLENET, "| 208 ", 0, "| 280 "),
    (GOOGLENET, "32           | 159K", 0, "23           | 159K"),
    (RESNET, "7×7, 64, stride 2", 0, "7×7, 64, stride 1"),
    // One unit.
    (LISTING, "25K", 0, "25M"),
    (GOOGLENET, "34M", 0, "34K"),
    (GOOGLENET, "304M", 0, "304G"),
];

#[test]
fn what_was_altered_in_a_copy_is_found_at_its_line() {
    let mut missed = Vec::new();
    for (text, from, nth, to) in ALTERED {
        let (copy, line) = altered(text, from, nth, to);
        let (before, after) = (by_line(&audit("slide", text)), by_line(&audit("slide", &copy)));
        let changed: BTreeSet<usize> = before.symmetric_difference(&after).map(|(line, _)| *line).collect();
        if !changed.contains(&line) {
            missed.push(format!("`{from}` made `{to}` on line {line}: only lines {changed:?} changed"));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// What an audit says, lines and texts aside.
fn verdicts(audit: &Audit) -> Vec<String> {
    let squeeze = |text: &str| text.replace(['×', '*'], "x").replace(' ', "").replace("\\timesx", "x").to_lowercase();
    let figure = |figure: &Figure| {
        let Figure { net, what, printed, computed, verdict, .. } = figure;
        format!("{verdict} {} {net:?} {} {}", what.word(), squeeze(printed), squeeze(computed))
    };
    let mut all: Vec<String> = audit.figures.iter().map(figure).collect();
    all.extend(audit.unread.iter().map(|unread| unread.expected.clone()));
    all.sort();
    all
}

/// A Markdown table with its columns in another order.
fn reordered(table: &str, order: &[usize]) -> String {
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
        format!("|{}|", order.iter().map(|&at| cells[at]).collect::<Vec<_>>().join("|"))
    };
    table.lines().map(row).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_changes_nothing_changes_nothing() {
    let no_blank = |text: &str| text.lines().filter(|line| !line.trim().is_empty()).collect::<Vec<_>>().join("\n");
    let squeezed = |text: &str| {
        text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join("\n")
    };
    let cases: [(&str, String); 20] = [
        (ALEXNET, no_blank(ALEXNET)),
        (ALEXNET, ALEXNET.replace('x', "×")),
        (ALEXNET, ALEXNET.replace("\n", "\r\n")),
        (ALEXNET, ALEXNET.to_lowercase()),
        (ALEXNET, ALEXNET.replace("CONV", "  CONV")),
        (ALEXNET, format!("AlexNet architecture:\n\n{ALEXNET}\n\nfrom a lecture\n")),
        (LISTING, no_blank(LISTING)),
        (LISTING, squeezed(LISTING)),
        (LISTING, LISTING.replace('$', "")),
        (LISTING, LISTING.replace('*', " x ")),
        (LISTING, LISTING.replace("params: ", "params:")),
        (CONFIGURATIONS, squeezed(CONFIGURATIONS)),
        (CONFIGURATIONS, CONFIGURATIONS.replace('×', "x")),
        (CONFIGURATIONS, CONFIGURATIONS.replace("maxpool", "max pool").replace("soft-max", "softmax")),
        (GOOGLENET, GOOGLENET.replace('×', "x")),
        (GOOGLENET, squeezed(GOOGLENET)),
        (GOOGLENET, reordered(GOOGLENET, &[0, 11, 10, 2, 1, 9, 8, 7, 6, 5, 4, 3])),
        (GOOGLENET, GOOGLENET.replace("<br>", " ").replace("<br/>", " ")),
        (RESNET, RESNET.replace(r"\times", "×")),
        (RESNET, reordered(RESNET, &[1, 0, 2, 3, 4, 5, 6])),
    ];
    for (at, (text, copy)) in cases.iter().enumerate() {
        assert_ne!(*text, copy, "case {at} changes something");
        let (before, after) = (verdicts(&audit("slide", text)), verdicts(&audit("slide", copy)));
        let gone: Vec<_> = before.iter().filter(|one| !after.contains(one)).collect();
        let new: Vec<_> = after.iter().filter(|one| !before.contains(one)).collect();
        assert!(before == after, "case {at}: no longer {gone:#?}, now {new:#?}");
    }
}

/// The digits of a figure that may be altered, as byte offsets.
fn digits(text: &str) -> impl Iterator<Item = usize> + '_ {
    text.bytes().enumerate().filter(|(_, byte)| byte.is_ascii_digit()).map(|(at, _)| at)
}

/// A printed number in units, and how much its rounding leaves open: half of its last digit that is not 0.
fn number(text: &str) -> Option<(f64, f64)> {
    let text = text.replace([',', '$'], "").replace(r"\times", "x");
    let (digits, scale) = match text.trim().split_once("x 10^") {
        Some((digits, power)) => (digits.trim().to_string(), 10f64.powi(power.trim().parse().ok()?)),
        None => match text.trim().chars().last()? {
            'K' => (text.trim().trim_end_matches('K').to_string(), 1e3),
            'M' => (text.trim().trim_end_matches('M').to_string(), 1e6),
            _ => (text.trim().to_string(), 1.0),
        },
    };
    let decimals = digits.split_once('.').map_or(0, |(_, decimals)| decimals.len() as i32);
    let mut last = 10f64.powi(-decimals);
    let value: f64 = digits.parse().ok()?;
    while value != 0.0 && (value / (last * 10.0)).fract().abs() < 1e-9 {
        last *= 10.0;
    }
    Some((value * scale, 0.5 * last * scale))
}

/// Every figure that is right, with one digit altered by more than its rounding, is wrong at its place.
#[test]
fn a_right_figure_that_was_altered_disagrees() {
    let (mut missed, mut tried) = (Vec::new(), 0);
    for (name, text) in SLIDES {
        let before = audit("slide", text);
        let kinds = [What::Output, What::Memory, What::Parameters, What::Operations];
        let is_right = |figure: &&Figure| matches!(figure.verdict, Verdict::Agrees | Verdict::Rounds);
        for (turn, figure) in
            before.figures.iter().filter(|figure| kinds.contains(&figure.what)).filter(is_right).enumerate()
        {
            let place = figure.place.clone();
            let places: Vec<usize> = digits(&text[place.clone()]).collect();
            let at = place.start + places[turn % places.len()];
            let digit = (text.as_bytes()[at] - b'0' + 1 + (turn % 8) as u8) % 10;
            let copy = format!("{}{digit}{}", &text[..at], &text[at + 1..]);
            let exact = figure.computed.replace(',', "").parse::<f64>();
            if let (Ok(exact), Some((value, open))) = (exact, number(&copy[place.clone()]))
                && (value - exact).abs() <= open
            {
                continue;
            }
            tried += 1;
            let after = audit("slide", &copy);
            let found = after.figures.iter().find(|other| other.place == place && other.what == figure.what);
            if found.map(|found| found.verdict) != Some(Verdict::Disagrees) {
                let line = figure.line;
                missed.push(format!("{name} line {line}: {} made {}: {found:?}", figure.printed, &copy[place]));
            }
        }
    }
    assert!(tried > 120, "only {tried} figures were altered");
    assert!(missed.is_empty(), "{} of them:\n{}", missed.len(), missed.join("\n"));
}

/// Every size, stride and count that is stated, altered, changes what is said of its line or a later one; what is said of
/// whole networks, in a heading above, may change, too.
#[test]
fn a_stated_number_that_was_altered_changes_a_verdict_there_or_further_down() {
    let (mut missed, mut tried) = (Vec::new(), 0);
    for (name, text) in SLIDES {
        let before = audit("slide", text);
        let judged: Vec<_> =
            before.figures.iter().filter(|figure| !figure.printed.is_empty()).map(|figure| &figure.place).collect();
        // A table of deep networks takes long: a part of its numbers, every column's.
        let step = if name == "resnet" { 7 } else { 1 };
        for (turn, (at, line)) in stated(text).into_iter().enumerate().step_by(step) {
            if judged.iter().any(|place| place.contains(&at)) {
                continue;
            }
            let digit = (text.as_bytes()[at] - b'0' + 1 + (turn % 7) as u8) % 10;
            let copy = format!("{}{digit}{}", &text[..at], &text[at + 1..]);
            tried += 1;
            let after = audit("slide", &copy);
            let (old, new) = (by_line(&before), by_line(&after));
            // A size that stands on the line before its layer's is judged there.
            let is_whole = |told: &str| told.contains(" layers · ") || told.contains(" · FC");
            let first = old.symmetric_difference(&new).filter(|(_, told)| !is_whole(told)).map(|(line, _)| *line).min();
            let whole = old != new;
            if !whole || first.is_some_and(|first| first < line) {
                let around = &copy[copy[..at].rfind('\n').map_or(0, |start| start + 1)..];
                missed.push(format!(
                    "{name} line {line}: {digit} in `{}`: {first:?}",
                    around.lines().next().unwrap_or_default()
                ));
            }
        }
    }
    assert!(tried > 120, "only {tried} numbers were altered");
    assert!(missed.is_empty(), "{} of them:\n{}", missed.len(), missed.join("\n"));
}

/// The first digit of every number that states a size, a stride or a count, and its line: none of names (`CONV1`,
/// `conv2_x`, `(3a)`), none of headings.
fn stated(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut start = 0;
    for (line, words) in text.split('\n').enumerate() {
        for (at, c) in words.char_indices() {
            let before = words[..at].chars().next_back();
            let begins = c.is_ascii_digit() && before.is_none_or(|c| !c.is_alphanumeric() && c != '.' && c != ',');
            let is_name =
                words[at..].chars().nth(1).is_some_and(|c| c.is_ascii_alphabetic() && c != 'x' && c != 'K' && c != 'M');
            let is_heading = words.contains('#') || words.contains("layer name");
            if begins && !is_name && !is_heading {
                found.push((start + at, line + 1));
            }
        }
        start += words.len() + 1;
    }
    found
}
