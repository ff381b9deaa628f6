//! The canonical form of programs as people write them.
#![allow(clippy::unwrap_used)]

use fovea_dsl::editor::examples;
use fovea_dsl::format::format;
use fovea_dsl::{Source, parse};
use fovea_graph::SourceId;

#[track_caller]
fn formats(text: &str, expected: &str) {
    assert_eq!(format(text).unwrap(), expected);
    assert_eq!(format(expected).unwrap(), expected, "its own canonical form");
}

#[test]
fn spellings_become_one() {
    formats(
        "NET q =28x28x1->[CONV 6 5×5/2->RELU]*2,SOFTMAX 10;  # so\n",
        "net q = 28x28x1 - (conv 6 5x5/2 - relu)^2, softmax 10;  # so\n",
    );
    formats("   let a=1,b = {2,3}\n   seed 7", "let a = 1, b = {2, 3}\nseed 7\n");
    formats("train q on d,batch 8,with sgd( lr=0.1 )", "train q on d, batch 8, with sgd(lr 0.1)\n");
    formats("block w( c,s = 1 )=conv c /s", "block w(c, s=1) = conv c /s\n");
    formats("theme  dark ;", "theme dark;\n");
    formats("", "");
    formats("# only\n\n\n\n# this", "# only\n\n# this\n");
}

#[test]
fn comments_and_blank_lines_stay() {
    let text = "\n\n# The net.\nnet q = 28x28x1 - # the input\n    # hidden\n   fc 10\n\n\n\nseed 7 # of luck\n# end";
    formats(text, "# The net.\nnet q = 28x28x1  # the input\n    # hidden\n    - fc 10\n\nseed 7  # of luck\n# end\n");
    formats("note \"a # b\" # c", "note \"a # b\"  # c\n");
    formats("seed 7;  # quiet\n", "seed 7;  # quiet\n");
}

#[test]
fn long_chains_break_at_dashes_and_joins_at_bars() {
    let text = "block inception(a, b3, b, c5, c, p) = concat(conv a 1x1 - relu | conv b3 1x1 - relu - conv b 3x3 - relu | conv c5 1x1 - relu - conv c 5x5 - relu | pool 3x3/1 same - conv p 1x1 - relu)";
    formats(
        text,
        "block inception(a, b3, b, c5, c, p) = concat(
          conv a 1x1 - relu
        | conv b3 1x1 - relu - conv b 3x3 - relu
        | conv c5 1x1 - relu - conv c 5x5 - relu
        | pool 3x3/1 same - conv p 1x1 - relu)
",
    );
    let text = "net alexnet = 227x227x3 - conv 96 11x11/4 valid - relu - pool 3x3/2 - lrn - conv 256 5x5 - relu - pool 3x3/2 - lrn - (conv 384 - relu)^2, softmax 1000 where N=2";
    formats(
        text,
        "net alexnet = 227x227x3 - conv 96 11x11/4 valid - relu - pool 3x3/2 - lrn - conv 256 5x5 - relu
    - pool 3x3/2 - lrn - (conv 384 - relu)^2, softmax 1000 where N = 2
",
    );
}

#[test]
fn mistakes_are_all_that_comes_of_a_wrong_text() {
    assert_eq!(format("net q = conv 64 relu").unwrap_err().len(), 1);
}

#[test]
fn the_library_and_the_reference_keep_their_meaning() {
    let tree =
        |text: &str| parse(&Source { id: SourceId(0), name: String::new(), text: text.into() }).0.without_spans();
    let library = [
        include_str!("../library/alexnet.fov"),
        include_str!("../library/googlenet.fov"),
        include_str!("../library/resnet.fov"),
        include_str!("../library/vgg.fov"),
    ];
    for text in library.into_iter().chain(examples().map(|(text, _)| text)) {
        let once = format(text).unwrap();
        assert_eq!(tree(&once), tree(text), "{once}");
        assert_eq!(format(&once).unwrap(), once);
        assert_eq!(once.matches('#').count(), text.matches('#').count());
        assert!(once.lines().all(|line| line.starts_with('#') || line.chars().count() <= 120), "{once}");
    }
}

#[test]
fn the_deepest_nesting_has_a_form() {
    for (open, close) in [("(", ")^2"), ("add(id | ", ")"), ("concat(conv 64 3x3 - relu - conv 64 | ", ")^2")] {
        let text = std::format!("net q = {}conv{}", open.repeat(64), close.repeat(64));
        let once = format(&text).unwrap();
        assert_eq!(format(&once).unwrap(), once);
    }
}

#[test]
fn matrices_stand_on_one_line_or_a_line_a_row() {
    formats("convolve [1,0 ; 0 1\n -1 1/9] with[2], pad 1/2", "convolve [1 0; 0 1; -1 1/9] with [2], pad 1/2\n");
    formats("convolve [1 (2-1);\n\n 0 1;] with [1]/2 same", "convolve [1 (2 - 1); 0 1] with [1] /2 same\n");
    let row = "0.125 ".repeat(12);
    let row = row.trim_end();
    formats(
        &std::format!("convolve [{row}; {row}] with [1 0; 0 1] /2, pad 1"),
        &std::format!("convolve [\n    {row}\n    {row}\n] with [1 0; 0 1] /2, pad 1\n"),
    );
    formats(
        "convolve [1 0 # first\n 0 1 # second\n] with [1]  # a dot",
        "convolve [\n    1 0  # first\n    0 1  # second\n] with [1]  # a dot\n",
    );
}

#[test]
fn the_script_that_the_readme_runs_is_in_its_canonical_form() {
    let text = include_str!("../../notebooks/lenet.fov");
    assert_eq!(format(text).unwrap(), text);
}
