//! Small windows, step by step: along a sequence, through channels, and put down by a transposed convolution.

#![allow(clippy::unwrap_used, clippy::result_large_err)]

mod support;

use fovea::event::Output;
use serde_json::json;
use support::bench::Bench;

fn last(bench: &mut Bench, text: &str) -> Output {
    bench.ok(text).pop().unwrap()
}

/// The slides of one dimension: a filter of size 2, at stride 2, at stride 1, and padded by 1.
#[test]
fn a_filter_slides_along_a_sequence() {
    let mut bench = Bench::new();
    let two = last(&mut bench, "convolve [1 2 3 4 5 6] with [1 -1] stride 2");
    assert_eq!((&two.data["output"], &two.data["stride"]), (&json!([[-1.0, -1.0, -1.0]]), &json!([1, 2])));
    for words in
        ["a sequence of 6 convolved with a filter of 2: 3\nlength: (6 − 2)/2 + 1 = 3", "position 1: 3·1 + 4·(-1) = -1"]
    {
        assert!(two.text.contains(words), "{words} in {}", two.text);
    }
    assert!(!two.text.contains("row ") && two.pictures[0].svg.contains(">sequence 6<"));
    let one = last(&mut bench, "convolve [1 2 3 4 5 6] with [1 -1] stride 1");
    assert!(one.text.contains("length: (6 − 2)/1 + 1 = 5"), "{}", one.text);
    let padded = last(&mut bench, "convolve [1 2 3 4 5 6] with [1 -1] stride 2 pad 1");
    assert_eq!(
        (&padded.data["output"], &padded.data["padding"]),
        (&json!([[-1.0, -1.0, -1.0, 6.0]]), &json!([[0, 0], [1, 1]]))
    );
    assert!(padded.text.contains("length: (6 + 2·1 − 2)/2 + 1 = 4"), "{}", padded.text);
    // Said of both axes, it is of both.
    let both = &bench.mistakes("convolve [1 2 3] with [1 -1] pad 1x0")[0];
    assert!(both.message.contains("zeros alone"), "{}", both.message);
}

#[test]
fn a_window_goes_through_all_channels() {
    let mut bench = Bench::new();
    let text = "convolve [1 2 0; 0 1 1; 2 1 0], [0 1 1; 1 0 2; 0 0 1] with [1 0; 0 1], [0 -1; 1 0]";
    let output = last(&mut bench, text);
    assert_eq!(output.data["output"], json!([[2.0, 2.0], [1.0, -1.0]]));
    assert_eq!(output.data["image"][0][1], json!([2.0, 1.0]));
    assert!(output.text.starts_with("a 3x3x2 image convolved with a 2x2x2 filter: 2x2"), "{}", output.text);
    let svg = &output.pictures[0].svg;
    assert!(svg.contains(">channel 0 of the image<") && svg.contains(">channel 1 of the image<"), "{svg}");
    // One matrix goes over each channel by itself.
    let apart = last(&mut bench, "convolve [1 2; 3 4], [5 6; 7 8] with [1 1; 1 1]");
    assert_eq!(apart.data["output"], json!([[[10.0, 26.0]]]));
    let many = &bench.mistakes("convolve [1 2; 3 4], [5 6; 7 8] with [1], [1], [1]")[0];
    assert_eq!((many.found.as_deref(), many.expected.as_deref()), (Some("3 channels"), Some("2 channels")));
}

#[test]
fn each_number_puts_the_filter_down() {
    let mut bench = Bench::new();
    let output = last(&mut bench, "deconv [1 2; 3 4] with [1 1 1; 1 1 1; 1 1 1] stride 2");
    let data = &output.data;
    assert_eq!(data["output"][2], json!([4.0, 4.0, 10.0, 6.0, 6.0]));
    assert_eq!(
        data["written"],
        json!([
            [1.0, 1.0, 2.0, 1.0, 1.0],
            [1.0, 1.0, 2.0, 1.0, 1.0],
            [2.0, 2.0, 4.0, 2.0, 2.0],
            [1.0, 1.0, 2.0, 1.0, 1.0],
            [1.0, 1.0, 2.0, 1.0, 1.0]
        ])
    );
    assert_eq!((&data["uneven"], &data["summed"][1]), (&json!(true), &json!([6.0, 9.0, 9.0, 6.0])));
    for words in [
        "a 2x2 map deconvolved with a 3x3 filter: 5x5\nheight and width: (2 − 1)·2 + 3 = 5",
        "row 0, column 1: 2 times the filter, from row 0, column 2 on",
        "neighbours are written 1 to 4 times: along the height stride 2 does not divide\nthe filter's 3",
        "upsample 2, then convolve with the same filter: 4x4",
    ] {
        assert!(output.text.contains(words), "{words} in {}", output.text);
    }
    let svg = &output.pictures[0].svg;
    assert!((1..=4).all(|step| svg.contains(&format!(">step {step}: {step} × filter<"))), "{svg}");

    let even = last(&mut bench, "deconv [1 2; 3 4] with [1 1; 1 1]");
    assert_eq!((&even.data["uneven"], &even.data["stride"]), (&json!(false), &json!([2, 2])));
    assert!(even.text.contains("each position is written once"), "{}", even.text);
    let cropped = last(&mut bench, "deconv [1 2; 3 4] with [1 2; 3 4] /1 pad 1");
    assert_eq!(cropped.data["output"], json!([[20.0]]));
    // A layer's word it is elsewhere.
    bench.ok("net q = 4x4x1 - deconv 2 - deconv 1 2x2/2");
}

#[test]
fn large_maps_are_drawn_without_their_numbers() {
    let mut bench = Bench::new();
    let row = (0..40).map(|i| (i % 7).to_string()).collect::<Vec<_>>().join(" ");
    let rows = vec![row; 30].join("; ");
    let output = last(&mut bench, &format!("deconv [{rows}] with [1 0 1; 0 1 0; 1 0 1]"));
    assert_eq!(output.data["output"].as_array().unwrap().len(), 61);
    assert!(!output.pictures[0].svg.contains("step 1"));
    let much = &bench.mistakes(&format!("deconv [{rows}] with [1] stride 99"))[0];
    assert!(much.message.contains("too many to look at"), "{}", much.message);
    let gone = &bench.mistakes("deconv [1] with [1 2; 3 4] pad 1")[0];
    assert_eq!(gone.message, "`pad 1` takes away all that a filter of 2x2 puts there");
}
