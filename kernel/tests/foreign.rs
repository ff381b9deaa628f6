//! Weights by other people's names: what is said of them, and of files that do not fit.

#![allow(clippy::unwrap_used, clippy::result_large_err)]

mod support;

use std::collections::BTreeMap;

use fovea_dsl::library::names::{Naming, namings};
use fovea_graph::Tensor;
use fovea_train::Weights;
use serde_json::json;
use support::bench::Bench;

/// A file of these tensors.
fn write(bench: &Bench, file: &str, tensors: Vec<(String, Tensor)>) {
    let weights = Weights { tensors, standardisation: None, classes: Vec::new(), metadata: BTreeMap::new() };
    weights.save(bench.path(file)).unwrap();
}

/// Tensors of these shapes, whose numbers count up.
fn counted(shapes: &[(&str, &[usize])]) -> Vec<(String, Tensor)> {
    let tensor = |shape: &[usize]| {
        let count: usize = shape.iter().product();
        Tensor::from_shape_vec(shape, (0..count).map(|i| i as f32 / 10.0).collect()).unwrap()
    };
    shapes.iter().map(|(name, shape)| (name.to_string(), tensor(shape))).collect()
}

/// A number for every layer that a table names.
fn named(naming: &Naming) -> Vec<(String, Tensor)> {
    naming.layers.iter().map(|layer| (format!("{layer}.weight"), Tensor::zeros(vec![1]))).collect()
}

fn naming(net: &str, by: &str) -> &'static Naming {
    namings().iter().find(|naming| naming.net == Some(net) && naming.by == by).unwrap()
}

/// The first mistake's message and its help.
fn said(bench: &mut Bench, text: &str) -> (String, String) {
    let mistake = bench.mistakes(text).remove(0);
    (mistake.message, mistake.help.unwrap_or_default())
}

const NET: &str = "net q = 4x4x3 - conv 2 3x3 - relu - pool - fc 5 - relu, softmax 3\n";

const SHAPES: [(&str, &[usize]); 6] = [
    ("0.weight", &[2, 3, 3, 3]),
    ("0.bias", &[2]),
    ("4.weight", &[5, 8]),
    ("4.bias", &[5]),
    ("6.weight", &[3, 5]),
    ("6.bias", &[3]),
];

#[test]
fn a_file_that_does_not_say_it_stands_for_pictures_as_they_are_unless_the_statement_does() {
    let mut bench = Bench::new();
    write(&bench, "w.safetensors", counted(&SHAPES));
    let load = format!("{NET}load q \"{}\"", bench.path("w.safetensors"));
    let loaded = bench.ok(&load).pop().unwrap();
    assert_eq!((&loaded.data["names"], &loaded.data["names_of"]), (&json!("number"), &json!(null)));
    assert_eq!(loaded.data["pictures"], json!(null));
    assert!(
        loaded.text.starts_with("q: 119 parameters loaded, in the order of PyTorch's numbers\n"),
        "{}",
        loaded.text
    );
    assert!(loaded.text.contains("`normalize imagenet` behind it says otherwise"), "{}", loaded.text);

    let loaded = bench.ok(&format!("{load} normalize imagenet")).pop().unwrap();
    assert_eq!(loaded.data["pictures"]["deviation"], json!([0.229f32, 0.224f32, 0.225f32]));
    assert_eq!(loaded.text.lines().count(), 1, "nothing is left to say: {}", loaded.text);
    // It is kept with the weights from then on.
    bench.ok(&format!("save q \"{}\"", bench.path("mine.safetensors")));
    let kept = Weights::load(bench.path("mine.safetensors")).unwrap();
    assert_eq!(kept.standardisation.unwrap().mean, [0.485, 0.456, 0.406]);
    let loaded = bench.ok(&format!("load q \"{}\"", bench.path("mine.safetensors"))).pop().unwrap();
    assert_eq!(loaded.data["names"], json!(null), "these are our own names");
}

#[test]
fn what_does_not_fit_is_said_by_name_and_nothing_is_loaded() {
    let mut bench = Bench::new();
    write(&bench, "right.safetensors", counted(&SHAPES));
    bench.ok(&format!("{NET}load q \"{}\"", bench.path("right.safetensors")));
    let save = |bench: &mut Bench| {
        bench.ok(&format!("save q \"{}\"", bench.path("now.safetensors")));
        Weights::load(bench.path("now.safetensors")).unwrap()
    };
    let before = save(&mut bench);

    let mut shapes = SHAPES.to_vec();
    shapes[2].1 = &[5, 9];
    shapes.remove(1);
    shapes.push(("6.running_mean", &[3]));
    write(&bench, "w.safetensors", counted(&shapes));
    let load = format!("load q \"{}\"", bench.path("w.safetensors"));
    let (message, help) = said(&mut bench, &load);
    let expected = "the weights have no 0.bias, of 2, which the net needs; \
                    the weights have 6.running_mean, of 3, which the net has no place for; \
                    4.weight is 5x9 in the weights and 5x8 in the net";
    assert_eq!(
        (message.as_str(), help.as_str()),
        (expected, "the layers were taken in the order of PyTorch's numbers")
    );

    write(&bench, "w.safetensors", counted(&SHAPES[..4]));
    let (message, _) = said(&mut bench, &load);
    assert_eq!(message, "the file has 2 numbered layers, and `q` has 3 with weights");

    write(&bench, "w.safetensors", counted(&[("stem.weight", &[2]), ("head.weight", &[3])]));
    let (message, help) = said(&mut bench, &load);
    assert_eq!(message, "stem.weight, head.weight: such names are neither `q`'s nor any that are known");
    assert!(help.contains("(`conv1.weight`) or numbered (`features.0.weight`)"), "{help}");
    assert_eq!(save(&mut bench), before);
}

#[test]
fn names_of_another_net_lead_to_it() {
    let mut bench = Bench::new();
    write(&bench, "w.safetensors", named(naming("resnet34", "torchvision")));
    let path = bench.path("w.safetensors");
    let (message, help) = said(&mut bench, &format!("load resnet18 \"{path}\""));
    assert_eq!(message, "these are torchvision's names of `resnet34`, and `resnet18` has other layers");
    assert!(help.starts_with("`load resnet34 …` takes the file, and `net mine = resnet34.LAYER - …`"), "{help}");
    assert_eq!(bench.mistakes(&format!("load resnet18 \"{path}\""))[0].mends[0].text, "resnet34");
    let (message, help) = said(&mut bench, &format!("load resnet34 \"{path}\""));
    assert!(message.starts_with("the weights lack 109 of what the net needs: bn1.bias (64), "), "{message}");
    assert!(message.contains("; conv1.weight is 1 in the weights and 64x3x7x7 in the net; "), "{message}");
    assert!(message.ends_with(" more are of another shape"), "{message}");
    assert_eq!(help, "these are torchvision's names of `resnet34`");
    let mine = "net mine = resnet34.pool1 - conv 8 - relu, softmax 10";
    let (message, _) = said(&mut bench, &format!("{mine}\nload mine \"{path}\""));
    assert_eq!(message, "these are torchvision's names of `resnet34`, and `mine` has other layers");

    write(&bench, "w.safetensors", named(naming("vgg16", "timm")));
    let (message, help) = said(&mut bench, &format!("load vgg16 \"{path}\""));
    assert!(message.contains("pre_logits.fc1.bias (4096)") || message.contains(" more"), "{message}");
    assert_eq!(help, "these are timm's names of `vgg16`");
}

/// As timm has those of VGG.
#[test]
fn fully_connected_layers_may_stand_there_as_convolutions_over_the_whole_map() {
    let mut bench = Bench::new();
    let text = "net q = 8x8x3 - conv 4 3x3 - relu - pool - conv 4 3x3 - relu - pool - fc 6 - relu, softmax 3\n";
    let layers: [(&str, &[usize]); 4] =
        [("conv1", &[4, 3, 3, 3]), ("conv2", &[4, 4, 3, 3]), ("fc1", &[6, 4, 2, 2]), ("fc2", &[3, 6, 1, 1])];
    let mut tensors = Vec::new();
    for (layer, shape) in layers {
        tensors.extend(counted(&[(&format!("{layer}.weight"), shape), (&format!("{layer}.bias"), &shape[..1])]));
    }
    write(&bench, "w.safetensors", tensors);
    let loaded = bench.ok(&format!("{text}load q \"{}\"", bench.path("w.safetensors"))).pop().unwrap();
    assert_eq!(loaded.data["names"], json!("layers"));
    bench.ok(&format!("save q \"{}\"", bench.path("now.safetensors")));
    let now: BTreeMap<String, Tensor> =
        Weights::load(bench.path("now.safetensors")).unwrap().tensors.into_iter().collect();
    // Unit 1, channel 2, row 1, column 0; and unit 1, row 0, column 1, channel 2.
    assert_eq!(now["fc1.weight"][[1, 2 * 4 + 2]], (16 + 2 * 4 + 2) as f32 / 10.0);
    assert_eq!(now["conv1.filter"][[1, 2, 0, 1]], (27 + 9 + 6) as f32 / 10.0);
}

#[test]
fn files_that_pytorch_wrote_itself_are_said_to_be_such_and_how_weights_are_made_of_them() {
    let mut bench = Bench::new();
    let path = bench.path("w.pth");
    std::fs::write(&path, b"PK\x03\x04\0\0\0\0 and more of a zip file").unwrap();
    let (message, help) = said(&mut bench, &format!("{NET}load q \"{path}\""));
    assert!(message.ends_with("PyTorch's own files are programs, and are not run here"), "{message}");
    assert!(help.contains("weights_only=True)`, then `safetensors.torch.save_file(weights, "), "{help}");
    assert!(help.contains("w.safetensors"), "{help}");
    std::fs::remove_file(&path).unwrap();
    let (message, _) = said(&mut bench, &format!("{NET}load q \"{path}\""));
    assert!(message.ends_with("there is no such file or folder"), "{message}");
}

#[test]
fn only_nets_that_torchvision_has_are_written_by_its_names() {
    let mut bench = Bench::new();
    let path = bench.path("w.safetensors");
    let (message, help) = said(&mut bench, &format!("{NET}save q \"{path}\" as torchvision"));
    assert_eq!(message, "torchvision has no net whose layers are those of `q`");
    assert!(help.contains("`alexnet.torchvision`, ") && help.contains("`resnet152`"), "{help}");
    let (message, _) = said(&mut bench, "net resnet18 = 8x8x3 - conv 4, softmax 3\nsave resnet18 \"w\" as torchvision");
    assert_eq!(message, "torchvision has no net whose layers are those of `resnet18`");
    // What a statement before it writes is read in the same program.
    let both = format!("save resnet18 \"{path}\" as torchvision\nload resnet18 \"{path}\"");
    assert_eq!(bench.ok(&both)[1].data["names"], json!("torchvision"));
    // As many classes as one likes, by another name.
    let text = "net mine = 32x32x3 - conv 64 7x7/2 - bn - relu - pool 3x3/2 pad 1 \
                - [basic({64,128,256,512}, {1,2,2,2}) - basic({64,128,256,512})]^4 - pool avg global - dropout, softmax 7";
    let saved = bench.ok(&format!("{text}\nsave mine \"{path}\" as torchvision")).pop().unwrap();
    assert_eq!(saved.data["names"], json!("torchvision"));
    let written: BTreeMap<String, Tensor> = Weights::load(&path).unwrap().tensors.into_iter().collect();
    assert_eq!(written["fc.weight"].shape(), [7, 512]);
    assert_eq!(written["layer4.0.downsample.0.weight"].shape(), [512, 256, 1, 1]);
    let loaded = bench.ok(&format!("load mine \"{path}\"")).pop().unwrap();
    assert_eq!((&loaded.data["names_of"], &loaded.data["pictures"]), (&json!("resnet18"), &json!(null)));
    assert_eq!(loaded.text.lines().count(), 1, "the file says what pictures are brought to: {}", loaded.text);
}

#[test]
fn what_the_names_do_not_tell_is_said() {
    let mut bench = Bench::new();
    // The paper's stride is elsewhere, and every shape is the same.
    let text = "block other(c, s=1) = add(conv c - bn - relu - conv c /s - bn | shortcut) - relu\n\
                net mine = 32x32x3 - conv 64 7x7/2 - bn - relu - pool 3x3/2 pad 1 \
                - [other({64,128,256,512}, {1,2,2,2}) - other({64,128,256,512})]^4 - pool avg global, softmax 7";
    let net = "net mine2 = 32x32x3 - conv 64 7x7/2 - bn - relu - pool 3x3/2 pad 1 \
               - [basic({64,128,256,512}, {1,2,2,2}) - basic({64,128,256,512})]^4 - pool avg global, softmax 7";
    let path = bench.path("w.safetensors");
    bench.ok(&format!("{net}\nsave mine2 \"{path}\" as torchvision"));
    let loaded = bench.ok(&format!("{text}\nload mine \"{path}\"")).pop().unwrap();
    assert!(loaded.text.contains(" is not as in resnet18, but for the shape of its weights"), "{}", loaded.text);
}
