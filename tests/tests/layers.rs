//! The verbs that look into layers, against what PyTorch and the reference in f64 compute.
#![allow(clippy::unwrap_used, clippy::result_large_err)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea::event::{Event, Output};
use fovea::session::Session;
use fovea_cpu::Cpu;
use fovea_cpu::reference::{Feed64, evaluate};
use fovea_data::DataSpec;
use fovea_dsl::lower::{Mode, lower};
use fovea_graph::LayerId;
use fovea_tests::goldens::Goldens;
use fovea_tests::nets::net;
use fovea_train::{Standardisation, Weights};
use ndarray::{ArrayD, Axis};
use serde_json::Value;

/// A session with its runs in a folder of its own.
struct Bench {
    session: Session,
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runs = folder.path().join("runs");
        let session = Session::new(Arc::new(Cpu::new(Some(1)).unwrap()), runs, Arc::new(AtomicBool::new(false)));
        Self { session, folder }
    }

    /// The last result of a text.
    fn last(&mut self, text: &str) -> Output {
        let mut outputs = Vec::new();
        let ran = self.session.run("test", text, &mut |event| {
            if let Event::Output(output) = event {
                outputs.push(output);
            }
        });
        ran.unwrap_or_else(|failure| panic!("{text}: {failure:?}"));
        outputs.pop().unwrap()
    }
}

/// The numbers of lists in lists, row after row.
fn flat(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(list) => list.iter().flat_map(flat).collect(),
        number => vec![number.as_f64().unwrap_or_else(|| panic!("{number} is no number"))],
    }
}

#[track_caller]
fn close(found: &[f64], wanted: &[f64], what: &str) {
    assert_eq!(found.len(), wanted.len(), "{what}");
    let most = wanted.iter().fold(1.0, |most: f64, value| most.max(value.abs()));
    for (i, (found, wanted)) in found.iter().zip(wanted).enumerate() {
        assert!((found - wanted).abs() <= 2e-5 * most, "{what}: number {i} is {found}, not {wanted}");
    }
}

fn matrix(values: &ArrayD<f32>) -> String {
    let row =
        |row: ndarray::ArrayViewD<'_, f32>| row.iter().map(|value| value.to_string()).collect::<Vec<_>>().join(" ");
    format!("[{}]", values.outer_iter().map(row).collect::<Vec<_>>().join("; "))
}

#[test]
fn convolve_agrees_with_pytorch_for_every_stride_padding_and_dilation() {
    let goldens = Goldens::open("convolve.npz");
    let image = goldens.input("image");
    let mut bench = Bench::new();
    for filter in ["even", "tall"] {
        let weights = goldens.input(filter);
        for (stride, pad, dilate) in [["1x1", "2x2", "3x1"], ["0x0", "1x1", "1x0"], ["1x1", "2x2", "1x3"]]
            .iter()
            .fold(vec![vec![]], |all: Vec<Vec<&str>>, some| {
                all.iter().flat_map(|one| some.iter().map(|word| [&one[..], &[*word]].concat())).collect()
            })
            .iter()
            .map(|case| (case[0], case[1], case[2]))
        {
            let text =
                format!("convolve {} with {} /{stride} pad {pad} dilate {dilate}", matrix(&image), matrix(&weights));
            let wanted = goldens.output(&format!("{filter}.{stride}.{pad}.{dilate}"));
            let data = bench.last(&text).data;
            let rows = data["output"].as_array().unwrap();
            assert_eq!(
                (rows.len(), rows[0].as_array().unwrap().len()),
                (wanted.shape()[0], wanted.shape()[1]),
                "{text}"
            );
            close(&flat(&data["output"]), &wanted.iter().copied().collect::<Vec<_>>(), &text);
        }
    }
}

/// Whether numbers are these, to a hundred-thousandth of the largest of them.
#[track_caller]
fn alike(found: &ArrayD<f32>, wanted: &[f64], what: &str) {
    assert_eq!(found.len(), wanted.len(), "{what}");
    let most = wanted.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
    for (i, (&found, wanted)) in found.iter().zip(wanted).enumerate() {
        assert!((f64::from(found) - wanted).abs() <= 1e-5 * most, "{what}: number {i} is {found}, not {wanted}");
    }
}

/// A session in which `text`'s net `q` has the golden's weights.
fn with_weights(text: &str, goldens: &Goldens) -> Bench {
    let mut bench = Bench::new();
    let file = bench.folder.path().join("q.safetensors").display().to_string();
    let names = lower(&net(text), 1, Mode::Infer).unwrap().states.into_iter().map(|state| state.name);
    let [mean, deviation] = [0, 1].map(|at| vec![goldens.input("standardisation")[[at]]]);
    let tensors = names.map(|name| (name.clone(), goldens.input(&name))).collect();
    let standardisation = Some(Standardisation { mean, deviation });
    let (classes, metadata) = ((0..10).map(|class| class.to_string()).collect(), BTreeMap::new());
    Weights { tensors, standardisation, classes, metadata }.save(&file).unwrap();
    bench.last(&format!("{text}\nload q \"{file}\""));
    bench
}

/// Which of the test part's digits are among the golden's, each with its place there.
fn of_goldens(goldens: &Goldens) -> Vec<(usize, usize)> {
    let data = DataSpec::of_builtin("digits").unwrap().load().unwrap();
    let pictures = goldens.bytes("pictures");
    let there: Vec<(usize, usize)> =
        data.test.iter().copied().enumerate().filter(|&(_, at)| at < pictures.shape()[0]).collect();
    for &(_, at) in &there {
        let grey = pictures.index_axis(Axis(0), at).mapv(|value| f32::from(value) / 16.0);
        assert!(
            grey.iter().eq(data.images.held().unwrap().index_axis(Axis(0), at).iter()),
            "the golden's picture {at} is another"
        );
    }
    assert!(there.len() >= 3, "only {} of the pictures are for testing", there.len());
    there
}

#[test]
fn saliency_agrees_with_pytorch() {
    let goldens = Goldens::open("saliency.npz");
    let mut bench = with_weights(
        "net q = 8x8x1 - conv 4 3x3 - relu - pool - conv 6 3x3 valid - tanh - fc 12 - relu, softmax 10",
        &goldens,
    );
    let (file, classes) = (bench.folder.path().join("map.npy"), goldens.bytes("classes"));
    for (word, wanted) in [
        ("gradient", "gradients"),
        ("guided", "guided"),
        ("integrated", "integrated"),
        ("gradcam", "gradcam"),
        ("gradcam(tanh1)", "gradcam"),
        ("gradcam(relu1)", "gradcam.relu1"),
    ] {
        let wanted = goldens.output(wanted);
        for (sample, at) in of_goldens(&goldens) {
            let of = format!("saliency q on digits[{sample}] with {word} class {}", classes[[at]]);
            bench.last(&format!("{of} save \"{}\"", file.display()));
            let wanted: Vec<f64> = wanted.index_axis(Axis(0), at).iter().copied().collect();
            alike(&ndarray_npy::read_npy(&file).unwrap(), &wanted, &of);
        }
    }
}

#[test]
fn what_is_carried_back_agrees_with_pytorch() {
    let goldens = Goldens::open("deconvnet.npz");
    let mut bench =
        with_weights("net q = 8x8x1 - conv 6 - relu - pool - conv 8 - relu - pool - conv 5, softmax 10", &goldens);
    let file = bench.folder.path().join("back.npy");
    for (layer, map) in [("conv1", 2), ("relu2", 3), ("conv3", 1)] {
        let (wanted, most) = (goldens.output(layer), goldens.output(&format!("{layer}.most")));
        for (sample, at) in of_goldens(&goldens) {
            let of = format!("deconvnet q.{layer}[{map}] on digits[{sample}]");
            let data = bench.last(&format!("{of} save \"{}\"", file.display())).data;
            let found = data["found"][0]["activation"].as_f64().unwrap();
            assert!((found - most[[at]]).abs() <= 1e-5 * most[[at]].abs(), "{of}: {found}, {}", most[[at]]);
            let wanted: Vec<f64> = wanted.index_axis(Axis(0), at).iter().copied().collect();
            alike(&ndarray_npy::read_npy(&file).unwrap(), &wanted, &of);
        }
    }
}

const NET: &str = "net n = 8x8x1 - conv 4 as c1 - bn - relu as r1 - concat(conv 3 1x1 - relu | conv 3 3x3 as c3) - pool - conv 3 2x2 groups 3 nobias as c4 \
                   - deconv 2 2x2/2 - leaky 0.2 - fc 6 - relu, softmax 10";

/// Every layer's value on some digits, by the reference: the whole net at once, from the weights as they were saved.
fn values(bench: &Bench, samples: std::ops::Range<usize>) -> Vec<(String, ArrayD<f64>)> {
    let data = DataSpec::of_builtin("digits").unwrap().load().unwrap();
    let weights = Weights::load(bench.folder.path().join("n.safetensors")).unwrap();
    let standard = weights.standardisation.as_ref().unwrap();
    let images = data.images.held().unwrap().select(Axis(0), &data.test[samples.clone()]);
    let images =
        images.mapv(|value| (f64::from(value) - f64::from(standard.mean[0])) / f64::from(standard.deviation[0]));
    let net = net(NET);
    let graph = lower(&net, samples.len(), Mode::Infer).unwrap();
    let state = |name: &String| weights.tensors.iter().find(|(n, _)| n == name).unwrap().1.mapv(f64::from);
    let states: Vec<ArrayD<f64>> = graph.states.iter().map(|declared| state(&declared.name)).collect();
    let feed = Feed64 { inputs: &[&images], learning_rate: 0.0, seed: 0, step: 0 };
    let all = evaluate(&graph, &states, &feed).unwrap();
    let last_of = |layer: usize| {
        let node = graph.nodes.iter().rposition(|node| node.layer == Some(LayerId::new(layer)));
        node.map(|node| (graph.layers[layer].name.clone(), all[node].clone()))
    };
    (0..graph.layers.len()).filter_map(last_of).collect()
}

/// A session with `n` trained for an epoch, its weights in a file.
fn trained() -> Bench {
    let mut bench = Bench::new();
    let file = bench.folder.path().join("n.safetensors").display().to_string();
    bench.last(&format!("{NET}\ntrain n on digits for 1 epochs with sgd(lr 0.05), seed 3\nsave n \"{file}\""));
    bench
}

#[test]
fn features_of_every_layer_are_those_of_the_reference() {
    let mut bench = trained();
    let layers = values(&bench, 3..6);
    assert!(layers.len() >= 14, "{}", layers.len());
    for (layer, wanted) in layers {
        let data = bench.last(&format!("features n.{layer} on digits[3..6]")).data;
        assert_eq!(data["shape"], serde_json::json!(&wanted.shape()[1..]), "{layer}");
        close(&flat(&data["values"]), &wanted.iter().copied().collect::<Vec<_>>(), &layer);
    }
}

#[test]
fn some_channels_are_picked_and_kept_in_a_file() {
    let mut bench = trained();
    let layers = values(&bench, 0..2);
    let (_, wanted) = layers.iter().find(|(name, _)| name == "r1").unwrap();
    let file = bench.folder.path().join("maps.npy");
    let output = bench.last(&format!("features n.r1[1..3] on digits[0..2] save \"{}\"", file.display()));
    assert_eq!(output.files, std::slice::from_ref(&file));
    let wanted: Vec<f64> = wanted.slice_axis(Axis(3), ndarray::Slice::from(1..3)).iter().copied().collect();
    close(&flat(&output.data["values"]), &wanted, "data");
    let kept: ArrayD<f32> = ndarray_npy::read_npy(&file).unwrap();
    assert_eq!(kept.shape(), [2, 8, 8, 2]);
    close(&kept.iter().map(|&value| value.into()).collect::<Vec<_>>(), &wanted, "file");
}

#[test]
fn filters_are_the_weights() {
    let mut bench = trained();
    let weights = Weights::load(bench.folder.path().join("n.safetensors")).unwrap();
    let of = |name: &str| weights.tensors.iter().find(|(n, _)| n == name).unwrap().1.clone();
    for layer in ["c1", "c3", "c4"] {
        let filter = of(&format!("{layer}.filter"));
        let data = bench.last(&format!("filters n.{layer}")).data;
        assert_eq!(data["shape"], serde_json::json!(filter.shape()), "{layer}");
        close(&flat(&data["weights"]), &filter.iter().map(|&w| w.into()).collect::<Vec<_>>(), layer);
        let norm = filter.index_axis(Axis(0), 1).iter().map(|&w| f64::from(w).powi(2)).sum::<f64>().sqrt();
        close(&[data["filters"][1]["norm"].as_f64().unwrap()], &[norm], layer);
    }
    // A transposed convolution's filters are those of its results.
    let filter = of("deconv1.filter");
    let second = filter.index_axis(Axis(3), 1).permuted_axes(vec![1, 2, 0]);
    let data = bench.last("filters n.deconv1[1]").data;
    assert_eq!(data["filters"][0]["number"], 1);
    close(&flat(&data["weights"]), &second.iter().map(|&w| w.into()).collect::<Vec<_>>(), "deconv1");
    // A fully connected layer's weights lie as its map does.
    let data = bench.last("filters n.fc1[2..4]").data;
    let weight = of("fc1.weight");
    let some = weight.slice_axis(Axis(0), ndarray::Slice::from(2..4));
    close(&flat(&data["weights"]), &some.iter().map(|&w| w.into()).collect::<Vec<_>>(), "fc1");
    assert_eq!(data["weights"][0].as_array().unwrap().len(), 6, "rows of the map");
}

#[test]
fn a_learned_filter_slides_as_its_layer_does() {
    let mut bench = Bench::new();
    // Nothing is trained, so that pictures go in as they are; and there is no bias.
    bench.last("net q = 8x8x1 - conv 3 3x3 valid nobias - relu, softmax 10");
    let maps = bench.last("features q.conv1[1] on digits[7]").data;
    let slid = bench.last("convolve digits[7] with q.conv1[1]").data;
    close(&flat(&slid["output"]), &flat(&maps["values"]), "a filter of one channel");
    bench.last("net c = 32x32x3 - conv 3 3x3/2 pad 1 nobias - relu, softmax 10");
    let maps = bench.last("features c.conv1[2] on shapes[7]").data;
    let slid = bench.last("convolve shapes[7] with c.conv1[2] /2 pad 1").data;
    close(&flat(&slid["output"]), &flat(&maps["values"]), "a filter of three channels");
}
