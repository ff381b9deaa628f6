//! Slides with their figures marked.

use fovea::picture::{Picture, Theme, audited};
use fovea_dsl::slide::{Correction, Figure, Unread, Verdict, What, audit};

use super::HOSTILE;

/// The lecture's slides, as they stand.
const SLIDES: [(&str, &str); 5] = [
    ("audit-alexnet", include_str!("../../../tests/slides/alexnet.txt")),
    ("audit-vgg-listing", include_str!("../../../tests/slides/vgg-listing.txt")),
    ("audit-vgg-configurations", include_str!("../../../tests/slides/vgg-configurations.md")),
    ("audit-googlenet", include_str!("../../../tests/slides/googlenet.md")),
    ("audit-resnet", include_str!("../../../tests/slides/resnet.md")),
];

pub fn audits(theme: Theme) -> Vec<(&'static str, Picture)> {
    let of = |name: &str, text: &str| audited(&audit(name, text), text, 0..text.len(), theme).unwrap();
    let mut all: Vec<_> = SLIDES.iter().map(|&(name, text)| (name, of(name, text))).collect();
    let long = "[8x8x4] CONV1: 4 3x3 filters at stride 1, pad 1\n".repeat(400);
    let wide =
        format!("| a |{}\n|---|{}\n| {HOSTILE} |{}", " conv3-64 |".repeat(20), "--|".repeat(20), " 9 |".repeat(20));
    all.push(("audit-long", of("long", &long)));
    all.push(("audit-wide", of("wide", &wide)));
    all.push(("audit-nothing", of("nothing", "no network")));
    all.push(("audit-hostile", hostile(theme)));
    all
}

/// Everything that is said holds what must be escaped, and places lie anywhere.
fn hostile(theme: Theme) -> Picture {
    let text = format!("CONV1 {HOSTILE} \u{5d0}\u{5d1}: 3x3\n{}\n", "wide ".repeat(60));
    let figure = |place: std::ops::Range<usize>, verdict: Verdict| Figure {
        line: 1,
        mend: Some(Correction { place: place.clone(), text: HOSTILE.to_string() }),
        place,
        net: None,
        layer: Some(HOSTILE.to_string()),
        what: What::Output,
        printed: HOSTILE.to_string(),
        computed: HOSTILE.to_string(),
        verdict,
        because: Some(HOSTILE.to_string()),
    };
    let mut audit = audit("hostile", &text);
    audit.figures =
        vec![figure(0..5, Verdict::Disagrees), figure(6..9, Verdict::Follows), figure(40..9000, Verdict::Remark)];
    let (found, expected) = (HOSTILE.to_string(), HOSTILE.to_string());
    audit.unread = vec![Unread { line: 2, place: text.len() - 9..text.len(), found, expected, read: String::new() }];
    audited(&audit, &text, 0..text.len(), theme).unwrap()
}
