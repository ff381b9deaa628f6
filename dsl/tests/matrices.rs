//! Verbs of matrices, `convolve`, `pool`, `deconv`: what they mean, and what is said where they are wrong.
#![allow(clippy::unwrap_used)]

mod reading;

use fovea_dsl::verb::{Convolve, Filter, Padding, Pixels, PoolForm, Side};
use fovea_dsl::{Command, Source, parse};
use fovea_graph::SourceId;
use reading::{read, wrong};

fn convolve(text: &str) -> Convolve {
    match read(text).unwrap() {
        Command::Convolve(convolve) => convolve,
        other => panic!("{text} is {other:?}"),
    }
}

#[test]
fn convolve_reads_matrices_samples_and_filters() {
    let text = "convolve [1 1 0; 0 1 1; 0 0 1] with [1 0; 0 1]";
    let said = convolve(text);
    let Pixels::Planes(image) = &said.image else { panic!() };
    let [image] = &image[..] else { panic!() };
    assert_eq!(image.rows, [[1.0, 1.0, 0.0], [0.0, 1.0, 1.0], [0.0, 0.0, 1.0]]);
    assert_eq!(&text[image.span.range()], "[1 1 0; 0 1 1; 0 0 1]");
    let Filter::Planes(filter) = &said.filter else { panic!() };
    let [filter] = &filter[..] else { panic!() };
    assert_eq!(filter.rows, [[1.0, 0.0], [0.0, 1.0]]);
    assert_eq!((said.stride, said.padding(), said.dilate), (None, None, None));

    let rows = |text: &str| match convolve(&format!("convolve [0] with {text}")).filter {
        Filter::Planes(planes) => planes[0].rows.clone(),
        _ => panic!("{text}"),
    };
    assert_eq!(rows("[\n  1, -2\n\n  .5, 1/4 ;\n]"), [[1.0, -2.0], [0.5, 0.25]]);
    assert_eq!(rows("[-1/4 width (width-1) (2^3)]"), [[-0.25, 16.0, 15.0, 8.0]]);
    assert_eq!(rows("[7]"), [[7.0]]);
    assert_eq!(rows("[1 -1]"), [[1.0, -1.0]]);
    assert_eq!(rows("[1 0 # a\n 0 1]"), [[1.0, 0.0], [0.0, 1.0]]);

    let said = convolve("convolve digits.train[3] with lenet.conv1[2] /2x1 pad 1 dilate 2x3");
    let (Pixels::Sample(samples), Filter::Layer(layer)) = (&said.image, &said.filter) else { panic!() };
    assert_eq!((samples.side, samples.range), (Side::Train, Some((3, 4))));
    assert_eq!((layer.path.text.as_str(), layer.range), ("lenet.conv1", Some((2, 3))));
    assert_eq!((said.stride.unwrap().value, said.dilate.unwrap().value), ([2, 1], [2, 3]));
    assert_eq!(said.padding(), Some(Padding::Zeros([1, 1])));
    assert_eq!(convolve("convolve [1] with [1] pad 1 /2").stride.unwrap().value, [2, 2]);
    assert_eq!(convolve("convolve [1] same with [1], stride = width").stride.unwrap().value, [16, 16]);
    assert_eq!(convolve("convolve [1] with [1] same").padding(), Some(Padding::Same));
    assert_eq!(convolve("convolve [1] valid with [1]").padding(), Some(Padding::Valid));
}

#[test]
fn pool_takes_the_layers_options() {
    let pool = |text: &str| match read(text).unwrap() {
        Command::Pool(pool) => pool,
        other => panic!("{text} is {other:?}"),
    };
    let open = pool("pool [0 1; 2 3]");
    assert_eq!(open.image.rows, [[0.0, 1.0], [2.0, 3.0]]);
    assert_eq!((open.size, open.stride, open.form(), open.ceil), (None, None, None, None));
    let said = pool("POOL [0 1; 2 3] 3x2/1 avg, pad 1 ceil");
    assert_eq!((said.size.unwrap().value, said.stride.unwrap().value), ([3, 2], [1, 1]));
    assert_eq!((said.form(), said.pad.unwrap().value, said.ceil.is_some()), (Some(PoolForm::Avg), [1, 1], true));
    assert_eq!(pool("pool [1] size 3 stride 2x1 max same").size.unwrap().value, [3, 3]);
    assert_eq!(pool("pool [1] 3").size.unwrap().value, [3, 3]);
    wrong("pool [1] max avg", &[("avg", "`max` and `avg` stand together")]);
    wrong("pool [1] same pad 1", &[("pad", "`pad` and `same` stand together")]);
    wrong("pool [1] with [1]", &[("with", "`pool` has no clause `with`")]);
    wrong("pool [1] 0x2", &[("0", "the window must be at least 1, not 0")]);
}

#[test]
fn pool_and_deconv_begin_a_statement_only_before_a_bracket_at_the_margin() {
    let printed = |text: &str| {
        let (program, mistakes) = parse(&Source { id: SourceId(0), name: String::new(), text: text.into() });
        (program.statements.len(), mistakes.into_iter().map(|mistake| mistake.message).collect::<Vec<_>>())
    };
    let none: Vec<String> = Vec::new();
    assert_eq!(printed("net q = 8x8x1 -\npool 2x2 - fc 3"), (1, none.clone()), "a chain that goes on");
    assert_eq!(printed("net q = 8x8x1 - (conv -\npool) - deconv\nseed 7"), (2, none.clone()));
    assert_eq!(printed("net q = 8x8x1 - conv\npool [0 1; 2 3]\n  avg\nseed 7"), (3, none.clone()));
    assert_eq!(printed("net q = 8x8x1 -\n  pool [0 1; 2 3]").0, 0, "a line that stands in is no statement");
    assert!(matches!(read("deconv [1 2] with [1]").unwrap(), Command::Deconv(_)));
    let (_, mistakes) = printed("pool 2x2 - conv");
    assert_eq!(mistakes, ["a chain of layers without a name"]);
}

#[test]
fn convolve_says_what_it_lacks() {
    wrong("convolve", &[("", "`convolve` lacks its image")]);
    wrong("convolve with [1]", &[("with", "`convolve` lacks its image")]);
    wrong("convolve digits with [1]", &[("digits", "which picture of `digits`?")]);
    wrong("convolve digits[0..2] with [1]", &[("digits[0..2]", "`convolve` takes one picture")]);
    let message = "the image of `convolve` is a matrix or a sample, and `lenet.conv1[0]` is neither";
    wrong("convolve lenet.conv1[0] with [1]", &[("lenet.conv1[0]", message)]);
    wrong("convolve [1]", &[("", "`convolve` lacks its filter")]);
    wrong("convolve [1] [1]", &[("[1]", "`with` is missing before the filter")]);
    wrong("convolve [1] with lenet", &[("lenet", "`lenet` is no filter")]);
    wrong("convolve [1] with lenet.conv1", &[("lenet.conv1", "which filter of `lenet.conv1`?")]);
    wrong("convolve [1] with lenet.conv1[0..2]", &[("lenet.conv1[0..2]", "`convolve` takes one filter")]);
    wrong("convolve [1] with [1] pad 1 same", &[("same", "the padding is said twice")]);
    wrong("convolve [1] with [1] /0", &[("0", "the stride must be at least 1, not 0")]);
    wrong("convolve [1] with [1] pad 1/2", &[("1/2", "`1/2` has two readings")]);
    wrong(
        "convolve [1] with [1] stride 1x2x3",
        &[("1x2x3", "an image has a height and a width, and the stride is of those")],
    );
    wrong("convolve [1e39] with [1]", &[("1e39", "devices compute with numbers up to 3.4e38")]);
    wrong("convolve [widths] with [1]", &[("widths", "a number of a matrix is one number, and this is a list")]);
    wrong("convolve [1] with [1] batch 2", &[("batch", "`convolve` has no clause `batch`")]);
    wrong("summary lenet [1 0]", &[("[1 0]", "`[1 0]` does not belong here")]);
}

#[test]
fn matrices_that_have_two_readings_or_none() {
    let mistakes = |text: &str| -> Vec<(String, String)> {
        let (_, mistakes) = parse(&Source { id: SourceId(0), name: String::new(), text: text.into() });
        mistakes.iter().map(|m| (text[m.span().range()].to_string(), m.message.clone())).collect()
    };
    let one = |text: &str, place: &str, message: &str| {
        assert_eq!(mistakes(text), [(place.to_string(), message.to_string())], "{text}");
    };
    one("convolve [1 2; 3] with [1]", "3", "row 2 has 1 number, and the first has 2 numbers");
    one("convolve [1 2\n3 4\n5 6 7] with [1]", "5 6 7", "row 3 has 3 numbers, and the first has 2 numbers");
    one("convolve [] with [1]", "[]", "a matrix without numbers");
    one("convolve [1-1] with [1]", "1-1", "`1-1` has two readings");
    one("convolve [1 - 1] with [1]", "-", "`-` stands alone in this matrix");
    one("convolve [1,,2] with [1]", ",", "no number stands before this comma");
    one("convolve [1, 2,\n3, 4] with [1]", ",", "a row ends in a comma");
    one("convolve [1 2 with [1]", "[", "`[` is never closed");
}
