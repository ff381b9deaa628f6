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
    formats("convolve [1,0 ; 0 1\n -1 1/9] with[2], pad 1 /2", "convolve [1 0; 0 1; -1 1/9] with [2] pad 1 /2\n");
    formats("convolve [1 (2-1);\n\n 0 1;] with [1]/2 same", "convolve [1 (2 - 1); 0 1] with [1] /2 same\n");
    let row = "0.125 ".repeat(12);
    let row = row.trim_end();
    formats(
        &std::format!("convolve [{row}; {row}] with [1 0; 0 1] /2, pad 1"),
        &std::format!("convolve [\n    {row}\n    {row}\n] with [1 0; 0 1] /2 pad 1\n"),
    );
    formats(
        "convolve [1 0 # first\n 0 1 # second\n] with [1]  # a dot",
        "convolve [\n    1 0  # first\n    0 1  # second\n] with [1]  # a dot\n",
    );
}

#[test]
fn verbs_and_clauses_have_one_spelling() {
    for (text, expected) in [
        (
            "TRAIN lenet ON digits, FOR 10 EPOCHS with sgd( lr=0.01 ,momentum = .9) batch=64 schedule = Cosine",
            "train lenet on digits for 10 epochs with sgd(lr 0.01, momentum 0.9), batch 64, schedule cosine",
        ),
        ("Train Lenet on d for 1 epoch, RESUME Run Last", "train Lenet on d for 1 epochs resume run last"),
        // A comma's clause sets off those behind it.
        ("train q on d batch(64) resume run 3 for n epochs", "train q on d, batch 64, resume run 3, for n epochs"),
        (
            "train q on d warm-up = 500 batches checkpoint EVERY 2*k step",
            "train q on d, warmup 500 steps, checkpoint every (2*k) steps",
        ),
        (
            "train q on d, with ADAM(Lr=rate, decay=2*rate, eps 1e-08), schedule step(BY=.5) ",
            "train q on d with adam(lr rate, decay (2*rate), eps 1e-8), schedule step(by 0.5)",
        ),
        ("train q on d with sgd(), schedule constant ( )", "train q on d with sgd, schedule constant"),
        ("data digits, SIZE = 28 × 28", "data digits size 28x28"),
        ("bench lenet, Train, batch = 64", "bench lenet train batch 64"),
        ("summary vgg16, train, on digits", "summary vgg16 train on digits"),
        ("predict q on digits.train [ 0 .. 16 ], save \"S.npy\"", "predict q on digits.train[0..16] save \"S.npy\""),
        ("PLOT Loss Accuracy, OF a ,RUN last,b", "plot loss, accuracy of a, run last, b"),
        ("convolve [1] with [1], stride 2, pad = (1)", "convolve [1] with [1] /2 pad 1"),
        (
            "convolve [1] with [1] stride {k} x 2 dilate(k), pad {k}x{0}",
            "convolve [1] with [1] /(k)x2 dilate k pad (k)x0",
        ),
        ("convolve [1] with [1] stride = k", "convolve [1] with [1] stride k"),
        ("pool [1 2] Size 3 x 3, stride=1 AVG", "pool [1 2] 3x3/1 avg"),
        ("pool [1 2] size=2, / 1", "pool [1 2] 2 /1"),
        ("DEVICE Cuda:1", "device cuda:1"),
        ("Theme DARK", "theme dark"),
        ("compare A,b ,  C", "compare A, b, C"),
        ("Seed (n)", "seed n"),
        ("note  \"As  It Stands\"", "note \"As  It Stands\""),
        ("%WHO", "%who"),
    ] {
        formats(text, &std::format!("{expected}\n"));
    }
}

#[test]
fn a_clause_by_a_constants_name_is_told_from_a_clause() {
    // `seed`, `same` and `with` are constants here.
    formats("train q on d, batch (seed)", "train q on d, batch (seed)\n");
    formats("convolve [1] with [1] stride (same), dilate = (with)", "convolve [1] with [1] /same dilate (with)\n");
    formats("pool [1] (same), pad = (k)", "pool [1] (same) pad k\n");
}

#[test]
fn what_is_not_right_stays_as_it_was_written() {
    for text in [
        "Convolve [1,0 ; 0 1\n -1 1/9] with[2], pad 1/2",
        "train  q ON d,  # the data\n  for 5  # of what?",
        "frobnicate  [1,2],  x=3",
        "Draw  lenet  as 3",
        "Train q on d, batch  0",
        "train q on d, batch 2,  batch 2",
        "train q further on d, RESUME run 1",
        "theme  drak",
        "TRAIN q on",
    ] {
        formats(text, &std::format!("{text}\n"));
    }
    formats("  theme  drak ;  # so\n  seed  7", "theme  drak;  # so\nseed 7\n");
}

#[test]
fn long_statements_break_before_a_clause() {
    formats(
        "train a_net_with_a_long_name on some_data_with_a_long_name for 100 epochs with sgd(lr 0.01, momentum 0.9, decay 5e-4) batch 64",
        "train a_net_with_a_long_name on some_data_with_a_long_name for 100 epochs
    with sgd(lr 0.01, momentum 0.9, decay 5e-4), batch 64\n",
    );
    let long = "a".repeat(100);
    formats(&std::format!("note \"{long}\""), &std::format!("note \"{long}\"\n"));
    formats(&std::format!("compare {long}, b"), &std::format!("compare {long},\n    b\n"));
}

#[test]
fn comments_stand_behind_the_clause_that_they_stood_behind() {
    formats(
        "train q on d, # data\n  for 3 epochs # short\n  with sgd(lr 0.1, # rate\n momentum 0.5), batch 8 # small",
        "train q on d  # data
    for 3 epochs  # short
    with sgd(lr 0.1, momentum 0.5),  # rate
    batch 8  # small\n",
    );
    formats("seed # of luck\n  7", "seed  # of luck\n    7\n");
}

#[test]
fn the_script_that_the_readme_runs_is_in_its_canonical_form() {
    let text = include_str!("../../notebooks/lenet.fov");
    assert_eq!(format(text).unwrap(), text);
}
