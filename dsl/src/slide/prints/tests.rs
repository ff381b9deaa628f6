#![allow(clippy::unwrap_used)]

use super::super::figure::{Audit, Verdict};

/// A print as its tool made it.
macro_rules! print {
    ($name:literal) => {
        ($name, include_str!(concat!("../../../../tests/slides/prints/", $name, ".txt")))
    };
}

const PRINTS: &[(&str, &str)] = &[
    print!("keras-lenet"),
    print!("keras-vgg"),
    print!("keras-resnet"),
    print!("keras-inception"),
    print!("keras2-lenet"),
    print!("keras2-vgg"),
    print!("keras2-resnet"),
    print!("keras2-inception"),
    print!("darknet-darknet19"),
    print!("darknet-darknet19-alexeyab"),
    print!("darknet-yolov3-tiny"),
    print!("darknet-yolov3-tiny-alexeyab"),
    print!("darknet-yolov3-head"),
    print!("darknet-yolov3-head-alexeyab"),
    print!("torchsummary-lenet"),
    print!("torchsummary-vgg16"),
    print!("torchsummary-vgg11_bn"),
    print!("torchsummary-resnet18"),
    print!("torchinfo-lenet"),
    print!("torchinfo-lenet-columns"),
    print!("torchinfo-alexnet"),
    print!("torchinfo-alexnet-columns"),
    print!("torchinfo-vgg11_bn"),
    print!("torchinfo-resnet18"),
    print!("torchinfo-resnet18-columns"),
];

fn audit(text: &str) -> Audit {
    super::super::audit("print", text)
}

/// The figures of an audit that are not the network's.
fn wrong(audit: &Audit) -> Vec<String> {
    let is_wrong = |verdict| matches!(verdict, Verdict::Disagrees | Verdict::Follows);
    let figures = audit.figures.iter().filter(|figure| is_wrong(figure.verdict));
    figures
        .map(|figure| format!("{}: {} is {} ({:?})", figure.line, figure.printed, figure.computed, figure.because))
        .collect()
}

#[test]
fn real_prints_agree() {
    for (name, text) in PRINTS {
        let audit = audit(text);
        println!("{name}: {} figures\n{}", audit.figures.len(), audit.nets.first().map_or("no net", |net| &net.text));

        assert_eq!(audit.unread, [], "{name}");
        assert_eq!(wrong(&audit), Vec::<String>::new(), "{name}");
        assert_eq!(audit.nets.len(), 1, "{name}");
    }
}

/// Every place at which digits stand in a figure of a print's table, with one of them changed.
fn altered(text: &str, every: usize) -> Vec<(usize, String)> {
    let audit = audit(text);
    let mut all = Vec::new();
    for figure in audit.figures.iter().filter(|figure| matches!(figure.verdict, Verdict::Agrees | Verdict::Rounds)) {
        let printed = &text[figure.place.clone()];
        let digits: Vec<usize> = printed.char_indices().filter(|(_, c)| c.is_ascii_digit()).map(|(at, _)| at).collect();
        // The first digit of a figure: more than any rounding.
        if let Some(&at) = digits.first() {
            let digit = printed.as_bytes()[at];
            let other = if digit == b'9' { b'7' } else { digit + 1 };
            let place = figure.place.start + at;
            let mut bytes = text.as_bytes().to_vec();
            bytes[place] = other;
            all.push((place, String::from_utf8(bytes).unwrap()));
        }
    }
    all.into_iter().step_by(every).collect()
}

#[test]
fn an_altered_figure_is_found_at_its_place() {
    let mut missed = Vec::new();
    let mut count = 0;
    for (name, text) in PRINTS {
        // Of long prints a part, another of each.
        for (place, text) in altered(text, text.len() / 150 + 1) {
            count += 1;
            let audit = audit(&text);
            let is_there = |figure: &&super::super::figure::Figure| figure.place.contains(&place);
            let found = audit.figures.iter().filter(is_there).any(|figure| figure.verdict == Verdict::Disagrees);
            if !found {
                let line = text[..place].matches('\n').count() + 1;
                missed.push(format!(
                    "{name}:{line} {}\n    {:?}",
                    text.lines().nth(line - 1).unwrap().trim(),
                    wrong(&audit)
                ));
            }
        }
    }
    assert!(missed.is_empty(), "{} of {count}\n{}", missed.len(), missed.join("\n"));
}

#[test]
fn prints_may_end_anywhere_and_hold_any_number() {
    for (name, text) in PRINTS {
        let every = text.len() / 3 + 1;
        for (at, _) in text.char_indices().step_by(every) {
            let _ = audit(&text[..at]);
        }
        for number in ["0", "1073741824", "18446744073709551615"] {
            let turn = name.len() % 3;
            let digits = |c: char| c.is_ascii_digit();
            let numbers: Vec<_> = text.match_indices(digits).filter(|(at, _)| !text[..*at].ends_with(digits)).collect();
            for (at, _) in numbers.iter().skip(turn).step_by(numbers.len() / 2 + 1) {
                let end = at + text[*at..].find(|c: char| !c.is_ascii_digit()).unwrap_or(1);
                let _ = audit(&format!("{}{number}{}", &text[..*at], &text[end..]));
            }
        }
    }
}
