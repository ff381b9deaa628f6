//! A class at every position, of pictures of any size.

#![allow(clippy::unwrap_used, clippy::result_large_err)]

mod support;

use std::fs::File;
use std::io::BufReader;

use fovea::event::Output;
use fovea_dsl::resized::resized;
use fovea_dsl::resolve::{Resolved, resolve};
use fovea_dsl::scope::Scope;
use fovea_dsl::{Mode, lower};
use fovea_graph::Never;
use image::{Rgb, RgbImage};
use ndarray::Array3;
use serde_json::{Value, json};
use support::bench::Bench;

/// A net that halves and doubles its map, with a branch that takes what was before.
const NET: &str = "net m = 64x64x3 - conv 8 - relu as a - pool - conv 12 - relu - concat(deconv 8 2x2/2 | a) - conv 6 1x1 - softmax\n";

fn last(bench: &mut Bench, text: &str) -> Output {
    bench.ok(text).pop().unwrap()
}

/// A photograph of this size, drawn.
fn photograph(bench: &Bench, name: &str, height: u32, width: u32) -> String {
    let file = bench.path(name);
    RgbImage::from_fn(width, height, |x, y| Rgb([(x * 3 % 256) as u8, (y * 2 % 256) as u8, 90])).save(&file).unwrap();
    file
}

#[test]
fn masks_with_the_intersection_over_the_union_of_each_class() {
    let mut bench = Bench::new();
    let file = bench.path("masks.npy");
    bench.ok(&format!("{NET}train m on scenes for 1 epochs with adam(lr 0.01), batch 32"));
    let output = last(&mut bench, &format!("segment m on scenes[0..3] save \"{file}\""));
    let data = &output.data;
    assert_eq!((&data["verb"], &data["net"], &data["size"]), (&json!("segment"), &json!("m"), &json!([64, 64])));
    assert_eq!(output.as_data()["files"], json!([file]));

    // The same as `predict` says, and what a second counting of it gives.
    let predicted = last(&mut bench, "predict m on scenes[0..3]").data["classes"].clone();
    let kept: Array3<u8> = ndarray_npy::read_npy(&file).unwrap();
    assert_eq!(kept.dim(), (3, 64, 64));
    let flat: Vec<u8> =
        predicted.as_array().unwrap().iter().flat_map(|map| map.as_array().unwrap()).flat_map(number).collect();
    assert_eq!(kept.iter().copied().collect::<Vec<u8>>(), flat);
    let all = fovea_data::DataSpec::of_builtin("scenes").unwrap().load().unwrap();
    let truth: Vec<u8> =
        all.test[..3].iter().flat_map(|&at| all.labels.of(at, &Never).unwrap()).map(|class| class as u8).collect();
    let mut known = Vec::new();
    for class in 0..6 {
        let count = |is: fn(bool, bool) -> bool| {
            truth.iter().zip(&flat).filter(|&(&truth, &told)| is(truth == class, told == class)).count() as f64
        };
        let (both, either) = (count(|a, b| a && b), count(|a, b| a || b));
        let iou = &data["iou"][usize::from(class)];
        if either > 0.0 {
            assert!((iou.as_f64().unwrap() - both / either).abs() < 1e-12, "class {class}: {iou}");
            known.push(both / either);
        } else {
            assert_eq!(*iou, Value::Null);
        }
    }
    let mean = known.iter().sum::<f64>() / known.len() as f64;
    assert!((data["mean_iou"].as_f64().unwrap() - mean).abs() < 1e-12);
    assert!(output.text.contains("mean intersection over union: "), "{}", output.text);
    // Picture, truth, mask and overlay of each, and a legend.
    let svg = &output.pictures[0].svg;
    assert_eq!(svg.matches("<image").count(), 12);
    assert!(svg.contains(">water<") && svg.contains(">over the picture<"));
}

fn number(value: &Value) -> Vec<u8> {
    value.as_u64().map(|class| class as u8).into_iter().collect()
}

#[test]
fn a_photograph_of_another_size_keeps_it_and_its_mask_is_a_palette_png() {
    let mut bench = Bench::new();
    let (photo, mask) = (photograph(&bench, "photo.png", 52, 90), bench.path("mask.png"));
    bench.ok(NET);
    let output = last(&mut bench, &format!("segment m on \"{photo}\", save \"{mask}\""));
    assert_eq!((&output.data["size"], &output.data["iou"]), (&json!([52, 90]), &Value::Null));
    let decoder = png::Decoder::new(BufReader::new(File::open(&mask).unwrap()));
    let reader = decoder.read_info().unwrap();
    let info = reader.info();
    assert_eq!((info.width, info.height, info.color_type), (90, 52, png::ColorType::Indexed));
    assert_eq!(info.palette.as_ref().unwrap().len(), 18, "six colours");
    // As a net that was written at that size says.
    let wide = NET.replace("net m = 64x64x3", "net w = 52x90x3");
    let same = last(&mut bench, &format!("{wide}segment w on \"{photo}\""));
    assert_eq!(same.data["maps"], output.data["maps"]);
    let small = last(&mut bench, &format!("segment m on \"{photo}\" size 32x48"));
    assert_eq!(small.data["size"], json!([32, 48]));
}

#[test]
fn a_layer_that_forbids_a_size_is_named_with_one_that_works() {
    let mut bench = Bench::new();
    let photo = photograph(&bench, "photo.png", 53, 90);
    bench.ok(NET);
    let odd = bench.mistakes(&format!("segment m on \"{photo}\""))[0].clone();
    assert_eq!(odd.message, "`m` does not take pictures of 53x90: `concat1` would have 52x90x8 meet 53x90x8");
    assert_eq!((odd.expected.as_deref(), odd.mends[0].text.as_str()), (Some("52x90"), " size 52x90"));
    bench.ok(&format!("segment m on \"{photo}\" size 52x90"));
    let fixed = "net f = 64x64x3 - conv 2 - fc 64 - relu, softmax 6\n";
    assert_eq!(bench.mistakes(&format!("{fixed}segment f on \"{photo}\""))[0].message, "`f` tells one class a picture");
    let gone = &bench.mistakes("segment m on \"nowhere.png\"")[0];
    assert!(gone.message.contains("nowhere.png"), "{}", gone.message);
    let two = &bench.mistakes("segment m on scenes[0..2], save \"mask.png\"")[0];
    assert_eq!(two.message, "a png holds the mask of one picture, of at most 256 classes: here are 2 pictures");
}

#[test]
fn a_net_at_another_size_is_the_net_that_is_written_so() {
    let net = |text: &str| {
        let source = fovea_dsl::Source { id: fovea_graph::SourceId(0), name: String::new(), text: text.into() };
        let (program, _) = fovea_dsl::parse(&source);
        let fovea_dsl::syntax::StatementKind::Net(def) = &program.statements[0].kind else { panic!("{text}") };
        match resolve(def, &Scope::default(), None, None).unwrap() {
            Resolved::Net(net) => net,
            Resolved::Open(_) => panic!("{text} is open"),
        }
    };
    let chains = [
        NET.split_once("64x64x3").unwrap().1.trim(),
        " - conv 4 /2 - bn - relu - pool 3x3/2 pad 1 - deconv 4 - upsample 2 bilinear - conv 3 1x1 - softmax",
        " - conv 4 dilate 2 - lrn - pool - (conv 4 - relu)^2 - deconv 3 2x2/2 - softmax",
        " - conv 4 - pool avg global - conv 3 1x1 - softmax",
    ];
    for chain in chains {
        let [small, large] = ["64x64x3", "96x80x3"].map(|size| net(&format!("net m = {size}{chain}")));
        let made = resized(&small, &[96, 80, 3], &Never).unwrap().unwrap();
        let shapes =
            |net: &fovea_dsl::net::Net| net.layers.iter().map(|layer| layer.output.clone()).collect::<Vec<_>>();
        assert_eq!(shapes(&made), shapes(&large), "{chain}");
        let graphs = [&made, &large].map(|net| lower(net, 2, Mode::Infer).unwrap().nodes.len());
        assert_eq!(graphs[0], graphs[1]);
    }
    let fixed = resized(&net("net m = 64x64x3 - conv 2 - fc 6, softmax 6"), &[32, 32, 3], &Never).unwrap().unwrap_err();
    assert_eq!(fixed.to_string(), "`fc1` takes 8192 numbers, and would get 2048 numbers");
}
