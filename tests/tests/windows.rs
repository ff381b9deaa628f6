//! Windows through channels, along sequences and put down by a transposed convolution, against PyTorch.
#![allow(clippy::unwrap_used, clippy::result_large_err)]

use std::sync::Arc;

use fovea::event::Event;
use fovea::session::Session;
use fovea_cpu::Cpu;
use fovea_tests::goldens::Goldens;
use ndarray::{ArrayD, Axis};
use serde_json::Value;

/// What the only statement of a text gives as data.
fn data(text: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let cpu = Arc::new(Cpu::new(Some(1)).unwrap());
    let mut session = Session::new(cpu, folder.path().join("runs"), Arc::default());
    let mut found = Value::Null;
    let mut take = |event| {
        if let Event::Output(output) = event {
            found = output.data;
        }
    };
    session.run("test", text, &mut take).unwrap_or_else(|failure| panic!("{text}: {failure:?}"));
    found
}

/// Rows of numbers, as they stand.
fn flat(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(items) => items.iter().flat_map(flat).collect(),
        number => vec![number.as_f64().unwrap()],
    }
}

/// The numbers are those of the golden, and as many rows.
fn agrees(found: &Value, wanted: &ArrayD<f64>, what: &str) {
    assert_eq!(found.as_array().unwrap().len(), wanted.shape()[0], "{what}");
    let found = flat(found);
    assert_eq!(found.len(), wanted.len(), "{what}");
    for (found, wanted) in found.iter().zip(wanted) {
        assert!((found - wanted).abs() <= 1e-5 * (1.0 + wanted.abs()), "{what}: {found}, not {wanted}");
    }
}

fn matrix(values: &ArrayD<f32>) -> String {
    let row =
        |row: ndarray::ArrayViewD<'_, f32>| row.iter().map(|value| value.to_string()).collect::<Vec<_>>().join(" ");
    match values.ndim() {
        1 => format!("[{}]", row(values.view())),
        _ => format!("[{}]", values.outer_iter().map(row).collect::<Vec<_>>().join("; ")),
    }
}

/// A matrix a channel.
fn planes(values: &ArrayD<f32>) -> String {
    values.axis_iter(Axis(2)).map(|plane| matrix(&plane.to_owned())).collect::<Vec<_>>().join(", ")
}

#[test]
fn a_window_through_channels_and_along_a_sequence() {
    let goldens = Goldens::open("convolve.npz");
    let of = |name: &str, what: &str| goldens.input(&format!("{name}.{what}"));
    let (image, filter) = (planes(&of("channels", "image")), planes(&of("channels", "filter")));
    let (sequence, pair) = (matrix(&of("sequence", "image")), matrix(&of("sequence", "filter")));
    for (stride, pad) in [(1, 0), (1, 1), (2, 0), (2, 1)] {
        let text = format!("convolve {image} with {filter} /{stride} pad {pad}");
        agrees(&data(&text)["output"], &goldens.output(&format!("channels.{stride}.{pad}")), &text);
        let text = format!("convolve {sequence} with {pair} stride {stride} pad {pad}");
        let wanted = goldens.output(&format!("sequence.{stride}.{pad}")).insert_axis(Axis(0));
        agrees(&data(&text)["output"], &wanted, &text);
    }
}

#[test]
fn deconv_and_the_larger_map() {
    let goldens = Goldens::open("deconv.npz");
    let map = matrix(&goldens.input("map"));
    for name in ["even", "odd", "tall"] {
        let filter = matrix(&goldens.input(name));
        for stride in ["1x1", "2x2", "3x1"] {
            for pad in ["0x0", "0x1", "1x0", "1x1"] {
                let text = format!("deconv {map} with {filter} stride {stride} pad {pad}");
                let found = data(&text);
                let key = format!("{name}.{stride}.{pad}");
                agrees(&found["output"], &goldens.output(&key), &text);
                agrees(&found["written"], &goldens.output(&format!("{key}.written")), &text);
                agrees(&found["resized"], &goldens.output(&format!("{name}.{stride}.resized")), &text);
            }
        }
    }
}
