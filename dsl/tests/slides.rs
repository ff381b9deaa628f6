//! A slide in a program: where its text begins and ends, how it prints, and what an editor makes of it.
#![allow(clippy::unwrap_used)]

use fovea_dsl::editor::{Completeness, Context, Token, complete, highlight, is_complete};
use fovea_dsl::format::format;
use fovea_dsl::syntax::{Program, SlideDef, StatementKind};
use fovea_dsl::{Diagnostic, Source, parse};
use fovea_graph::SourceId;
use proptest::prelude::*;

fn read(text: &str) -> (Program, Vec<Diagnostic>) {
    parse(&Source { id: SourceId(0), name: "text.fov".into(), text: text.into() })
}

/// The slide that a text begins with, and what follows it.
fn slide(text: &str) -> (SlideDef, String) {
    let (mut program, mistakes) = read(text);
    assert!(mistakes.is_empty(), "{text}: {mistakes:?}");
    let StatementKind::Slide(slide) = program.statements.remove(0).kind else { panic!("{text}") };
    assert_eq!(text.get(slide.span.range()).unwrap().replace('\r', ""), slide.text.replace([' ', '\r'], " "));
    (slide, program.to_string())
}

#[test]
fn a_slides_text_is_raw() {
    let body = "[55x55x96] CONV1: 96 11x11 filters (stride 4\n\n#1×1 net 50% 3² // 1_000 \"\n  | #3×3 |\n)";
    let (found, rest) = slide(&format!("slide alexnet  # the lecture's\n{body}\n\nseed 7\n"));
    assert_eq!((found.name.text.as_str(), found.text.as_str(), rest.as_str()), ("alexnet", body, "seed 7\n"));
    for last in ["| #1×1 | #3×3", "#params: 62M", "\\\\ $3 \\times 3$", "|", "-", "x;"] {
        assert_eq!(slide(&format!("slide a\nCONV1\n{last}")).0.text, format!("CONV1\n{last}"));
        assert_eq!(slide(&format!("slide a\nCONV1\n{last}\nseed 7")).1, "seed 7\n");
    }
    // An empty line behind the name counts as the slide's.
    assert_eq!(slide("slide a\n\nCONV1\n").0.text, "\nCONV1");
    assert_eq!(slide("Slide\tvgg.net\nCONV1").0.name.text, "vgg.net");
    // In a program that is indented as a whole, too.
    assert_eq!(slide("  slide a\n  CONV1\n  seed 7").1, "seed 7\n");
}

#[test]
fn comments_between_a_slide_and_a_statement_are_no_text_of_the_slide() {
    assert_eq!(slide("slide a\nCONV1\n\n# now\n\n# train\nseed 7").0.text, "CONV1");
    assert_eq!(slide("slide a\nCONV1\n\n# no\nCONV2\nseed 7").0.text, "CONV1\n\n# no\nCONV2");
    assert_eq!(slide("slide a\nCONV1\n\n# params: 3").0.text, "CONV1\n\n# params: 3", "nothing follows");
}

#[test]
fn a_slide_ends_at_a_whole_statement_only() {
    let text = "slide alexnet\nPOOL: [27x27x96] 3x3 filters\ndata (3 channels)\nfeatures\ntest error 16.4 %\nshow\n\
                summary of the layers: 60M\nnet effect: smaller maps\npool [27x27]\nslide 12\ntrain lenet on digits batch width\n";
    assert_eq!(slide(text).1, "train lenet on digits batch width\n");
    for (next, count) in [
        ("pool [0 1; 2 3]", 2),
        ("let N = 2", 2),
        ("net q = 8x8x1 - fc 3", 2),
        ("%who", 2),
        ("seed seven", 2),
        ("seed", 1),
        ("  seed 7", 1),
        ("slide vgg\nCONV1", 2),
    ] {
        let (program, mistakes) = read(&format!("slide alexnet\nCONV1\n{next}\n"));
        assert_eq!((program.statements.len(), mistakes.len()), (count, 0), "{next}");
    }
}

#[test]
fn a_cell_is_a_slide_to_its_end() {
    let (found, rest) = slide("%%slide vgg\nCONV1\nseed 7\n\n# and\nnet q = 8x8x1 - fc 3\n");
    assert_eq!((found.text.as_str(), rest.as_str()), ("CONV1\nseed 7\n\n# and\nnet q = 8x8x1 - fc 3", ""));
    // As a statement of a program, what would end it stands one column in.
    let printed = read("%%slide vgg\nCONV1\nseed 7\nPOOL").0.to_string();
    assert_eq!(printed, "slide vgg\nCONV1\n seed 7\nPOOL\n");
    assert_eq!(slide(&format!("{printed}seed 8")).1, "seed 8\n");
}

#[test]
fn wrong_slides() {
    for (text, place, message) in [
        ("slide", "slide", "a slide without a name"),
        ("slide  # vgg\nCONV1", "slide", "a slide without a name"),
        ("slide 3x\nCONV1", "3x", "`3x` cannot be a name"),
        ("slide vgg: \nCONV1", "vgg:", "`vgg:` cannot be a name"),
        ("slide conv3\nCONV1", "conv3", "`conv3` is a word for layers, so nothing else can be called so"),
        ("slide vgg CONV1: 64\nCONV2", "CONV1: 64", "the slide's text begins in the next line"),
        ("slide vgg\n \nseed 7", "vgg", "the slide `vgg` has no text"),
        ("%%slide", "%%slide", "a slide without a name"),
    ] {
        let (_, mistakes) = read(text);
        assert_eq!(mistakes.len(), 1, "{text}: {mistakes:?}");
        assert_eq!((&text[mistakes[0].span().range()], mistakes[0].message.as_str()), (place, message), "{text}");
        assert!(mistakes[0].help.is_some(), "{text}");
    }
}

#[test]
fn its_canonical_form_leaves_it_as_it_is() {
    let body = "\n [55x55x96]   CONV1:  # 96 \n\n\n\n#1×1\n\tPOOL ;";
    let text = format!("SLIDE   vgg  #  so\n{body}\n\n\n# then\nseed   7");
    let form = format!("slide vgg  #  so\n{body}\n\n# then\nseed 7\n");
    assert_eq!(format(&text).unwrap(), form);
    assert_eq!(format(&form).unwrap(), form);
    let cell = "%%slide vgg\nCONV1\nseed   7\n";
    assert_eq!(format(cell).unwrap(), cell);
}

#[test]
fn an_empty_line_ends_it_where_somebody_types() {
    for (text, expected) in [
        ("slide vgg", Completeness::Incomplete),
        ("slide vgg\n       ", Completeness::Incomplete),
        ("slide vgg\n       CONV1", Completeness::Incomplete),
        ("slide vgg\nCONV1\n\nCONV2 |", Completeness::Incomplete),
        ("slide vgg\nCONV1\n\nCONV2\n       ", Completeness::Complete),
        ("slide vgg\nCONV1\nseed 7", Completeness::Complete),
        ("slide", Completeness::Invalid),
        ("slide conv3\nCONV1\n", Completeness::Invalid),
        ("%%slide vgg\nCONV1\nseed 7", Completeness::Incomplete),
        ("%%slide vgg\nCONV1\nseed 7\n", Completeness::Complete),
    ] {
        assert_eq!(is_complete(text), expected, "{text:?}");
    }
}

#[test]
fn editors_know_it() {
    let offered = |text: &str| complete(text, text.len(), &Context::default());
    assert!(offered("sli").iter().any(|found| found.text == "slide" && !found.doc.is_empty()));
    assert!(offered("slide vgg\nCO").is_empty() && offered("slide vgg\n[55x55x96] CONV1: 9").is_empty());
    for word in ["slide", "%%slide"] {
        let text = format!("{word} vgg\nnet 3 \"x\"");
        let colours: Vec<_> = highlight(&text).into_iter().map(|(at, token)| (text[at].to_string(), token)).collect();
        assert_eq!(colours, [(word.to_string(), Token::Statement)]);
    }
}

/// Lines of slides and of programs.
const LINES: &[&str] = &[
    "",
    "slide a",
    "%%slide a",
    "slide",
    "  slide b # c",
    "| #1×1 | $\\text{x",
    "}",
    "# so",
    "  CONV1: [55x55x96]",
    "seed 7",
    "net q = 8x8x1 - fc 3",
    "net q = (",
    "\u{feff}–—×é\u{202e}",
    "data",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_stands_around_it(
        lines in prop::collection::vec((prop::sample::select(LINES), prop::sample::select(&["\n", "\r\n", "\r"][..])), 0..10),
        cut in 0usize..200,
    ) {
        let whole: String = lines.iter().flat_map(|(line, end)| [*line, *end]).collect();
        let end = (0..=cut.min(whole.len())).rev().find(|&at| whole.is_char_boundary(at)).unwrap();
        for text in [&whole[..], &whole[..end]] {
            let (program, _) = read(text);
            for statement in &program.statements {
                let StatementKind::Slide(slide) = &statement.kind else { continue };
                prop_assert_eq!(slide.text.len(), slide.span.range().len());
                let (again, mistakes) = read(&statement.to_string());
                prop_assert!(mistakes.is_empty() && again.statements.len() == 1, "{}", statement);
                prop_assert_eq!(again.to_string(), format!("{statement}\n"));
            }
            is_complete(text);
            highlight(text);
            if let Ok(form) = format(text) {
                prop_assert_eq!(format(&form).unwrap(), form.clone(), "{}", form);
            }
        }
    }
}
