//! Weights by other people's names: those that torchvision and timm have, and the scores that torchvision comes to by the
//! same weights, which are drawn by the tensors' names (`goldens/pretrained.py`, which does it for every net).
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use fovea::event::{Event, Output};
use fovea::foreign::named;
use fovea::session::Session;
use fovea_cpu::Cpu;
use fovea_dsl::library;
use fovea_dsl::library::names::namings;
use fovea_dsl::resolve::{Resolved, resolve};
use fovea_dsl::scope::Scope;
use fovea_graph::Never;
use fovea_tests::goldens::Goldens;
use ndarray::{Array4, ArrayD};
use ndarray_npy::{ReadNpyExt, WriteNpyExt};
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};

/// The tensors of a golden's listing, `features.0.weight 64x3x11x11` a line.
fn listed(goldens: &Goldens, key: &str) -> BTreeMap<String, Vec<usize>> {
    let text = String::from_utf8(goldens.bytes(key).into_iter().collect()).unwrap();
    let line = |line: &str| {
        let (name, shape) = line.split_once(' ').unwrap();
        (name.to_string(), shape.split('x').map(|side| side.parse().unwrap()).collect())
    };
    text.lines().map(line).collect()
}

#[test]
fn the_tables_have_the_names_and_shapes_of_torchvision_and_timm() {
    let goldens = Goldens::open("pretrained.npz");
    for naming in namings().iter().filter(|naming| naming.net.is_some()) {
        let name = naming.net.unwrap();
        let net = match resolve(library::find(name).unwrap(), &Scope::default(), None, None) {
            Ok(Resolved::Net(net)) => net,
            other => panic!("{name}: {other:?}"),
        };
        let ours: BTreeMap<String, Vec<usize>> = named(&net, naming, &Never).unwrap().into_iter().collect();
        // timm's names of residual nets are torchvision's.
        let by = if name.starts_with("resnet") { &["torchvision", "timm"][..] } else { &[naming.by][..] };
        for by in by {
            let mut theirs = listed(&goldens, &format!("{by}.{name}"));
            theirs.retain(|name, _| !naming.without.iter().any(|layer| name.starts_with(layer)));
            if *by == "timm" && name.starts_with("vgg") {
                // Its fully connected layers are convolutions over the whole map.
                let of_whole = |shape: &mut Vec<usize>| *shape = vec![shape[0], shape[1..].iter().product()];
                theirs
                    .iter_mut()
                    .filter(|(name, _)| name.contains(".fc") && name.ends_with("weight"))
                    .for_each(|(_, shape)| of_whole(shape));
            }
            assert_eq!(ours, theirs, "{by}'s {name}");
        }
    }
}

/// Numbers by a name: SplitMix64 from its FNV-1a hash.
fn bits(name: &str) -> impl Iterator<Item = u64> {
    let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let mut state = name.bytes().fold(0xcbf2_9ce4_8422_2325, hash);
    std::iter::from_fn(move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        Some(z ^ z >> 31)
    })
}

/// The tensor of a name, as the golden's script draws it.
fn drawn(name: &str, shape: &[usize]) -> Vec<f32> {
    let fan_in: usize = shape.iter().skip(1).product();
    let bound = (6.0 / fan_in as f64).sqrt() as f32;
    let number = |bits: u64| {
        let unit = (bits >> 40) as f32 * 2f32.powi(-23) - 1.0;
        match shape.len() {
            1 if name.ends_with("running_var") => 1.0 + 0.25 * unit,
            1 if name.ends_with("weight") => 1.0 + 0.125 * unit,
            1 => 0.125 * unit,
            _ => unit * bound,
        }
    };
    bits(name).take(shape.iter().product()).map(number).collect()
}

/// A file as other programs write it, by `dtype`.
fn write(path: &Path, tensors: &BTreeMap<String, Vec<usize>>, bytes: impl Fn(f32) -> Vec<u8>, dtype: Dtype) {
    let values: BTreeMap<&String, Vec<u8>> =
        tensors.iter().map(|(name, shape)| (name, drawn(name, shape).into_iter().flat_map(&bytes).collect())).collect();
    let counter = 7i64.to_le_bytes();
    let counters = tensors.keys().filter_map(|name| name.strip_suffix("running_var"));
    let counters = counters
        .map(|layer| (format!("{layer}num_batches_tracked"), TensorView::new(Dtype::I64, vec![], &counter).unwrap()));
    let views = tensors
        .iter()
        .map(|(name, shape)| (name.clone(), TensorView::new(dtype, shape.clone(), &values[name]).unwrap()));
    fs::write(path, serialize(views.chain(counters), None).unwrap()).unwrap();
}

/// The picture of the golden's script, `[1, H, W, 3]`.
fn picture(path: &Path, side: usize) {
    let values = bits("picture").take(side * side * 3).map(|bits| (bits >> 56) as f32 / 256.0).collect();
    let picture = Array4::from_shape_vec((1, side, side, 3), values).unwrap();
    picture.write_npy(fs::File::create(path).unwrap()).unwrap();
}

fn run(folder: &Path, text: &str) -> Vec<Output> {
    let mut session = Session::new(Arc::new(Cpu::new(None).unwrap()), folder.join("runs"), Arc::default());
    let mut outputs = Vec::new();
    let text = text.replace("FOLDER", &folder.display().to_string());
    let ran = session.run("test", &text, &mut |event| {
        if let Event::Output(output) = event {
            outputs.push(output);
        }
    });
    ran.unwrap();
    outputs
}

/// The largest deviation of `FOLDER/scores.npy` from the golden, of the largest score.
fn deviation(folder: &Path, goldens: &Goldens, net: &str) -> f64 {
    let found = ArrayD::<f32>::read_npy(fs::File::open(folder.join("scores.npy")).unwrap()).unwrap();
    let wanted = goldens.output(&format!("scores.{net}"));
    assert_eq!(found.shape(), wanted.shape());
    let largest = wanted.iter().fold(0.0, |most: f64, score| most.max(score.abs()));
    found.iter().zip(&wanted).fold(0.0, |most: f64, (found, wanted)| most.max((f64::from(*found) - wanted).abs()))
        / largest
}

#[test]
fn nets_with_torchvisions_weights_tell_its_scores_and_are_written_again_bit_for_bit() {
    let goldens = Goldens::open("pretrained.npz");
    for (net, without) in [("resnet18", None), ("googlenet.torchvision", Some("aux"))] {
        let folder = tempfile::tempdir().unwrap();
        let mut tensors = listed(&goldens, &format!("torchvision.{net}"));
        write(&folder.path().join("w.safetensors"), &tensors, |x| x.to_le_bytes().to_vec(), Dtype::F32);
        picture(&folder.path().join("x.npy"), 224);
        let outputs = run(
            folder.path(),
            &format!(
                "data x = npy \"FOLDER/x.npy\"\nload {net} \"FOLDER/w.safetensors\"\n\
                 predict {net} on x[0] save \"FOLDER/scores.npy\"\n\
                 save {net} \"FOLDER/again.safetensors\" as torchvision"
            ),
        );
        let loaded = &outputs[1];
        assert_eq!((&loaded.data["names"], &loaded.data["names_of"]), (&"torchvision".into(), &net.into()));
        assert_eq!(loaded.data["left_out"].as_u64().unwrap() > 0, without.is_some());
        assert!(loaded.text.contains("as the published weights expect"), "{}", loaded.text);
        let found = deviation(folder.path(), &goldens, net);
        assert!(found < 1e-4, "{net}: {found}");
        if let Some(without) = without {
            tensors.retain(|name, _| !name.starts_with(without));
        }
        let again = fs::read(folder.path().join("again.safetensors")).unwrap();
        let again = SafeTensors::deserialize(&again).unwrap();
        assert_eq!(again.len(), tensors.len());
        for (name, shape) in &tensors {
            let (found, wanted) = (again.tensor(name).unwrap(), drawn(name, shape));
            assert_eq!(found.shape(), shape, "{name}");
            let wanted: Vec<u8> = wanted.into_iter().flat_map(f32::to_le_bytes).collect();
            assert!(found.data() == wanted, "{name}");
        }
    }
}

/// The small net of the golden's script.
const NUMBERED: &str = "net q = 16x16x3 - conv 6 bias - bn - relu - pool - (conv 6 - relu)^4 - pool - dropout - fc 12 \
                        - relu, softmax 5\n";

#[test]
fn layers_that_pytorch_numbers_come_in_their_order_in_any_precision() {
    let goldens = Goldens::open("pretrained.npz");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("w.safetensors");
    picture(&folder.path().join("x.npy"), 16);
    let tensors = listed(&goldens, "names.numbered");
    let text = format!(
        "{NUMBERED}data x = npy \"FOLDER/x.npy\"\nload q \"FOLDER/w.safetensors\"\n\
         predict q on x[0] save \"FOLDER/scores.npy\""
    );
    // Of half the precision, too, weights of a net are known to a few in a thousand.
    type Bytes = fn(f32) -> Vec<u8>;
    let kinds: [(Dtype, Bytes, f64); 3] = [
        (Dtype::F32, |x| x.to_le_bytes().to_vec(), 1e-5),
        (Dtype::F64, |x| f64::from(x).to_le_bytes().to_vec(), 1e-5),
        (Dtype::BF16, |x| ((x.to_bits() >> 16) as u16).to_le_bytes().to_vec(), 0.05),
    ];
    for (dtype, bytes, tolerance) in kinds {
        write(&file, &tensors, bytes, dtype);
        let loaded = &run(folder.path(), &text)[2];
        assert_eq!((&loaded.data["names"], &loaded.data["pictures"]), (&"number".into(), &serde_json::Value::Null));
        let found = deviation(folder.path(), &goldens, "numbered");
        assert!(found < tolerance, "{dtype}: {found}");
    }
    // The same weights by the names of the layers here, their tensors called as in PyTorch.
    let renamed: Vec<(&str, &str)> = vec![
        ("features.0", "conv1"),
        ("features.1", "bn1"),
        ("features.4", "conv2"),
        ("features.6", "conv3"),
        ("features.8", "conv4"),
        ("features.10", "conv5"),
        ("classifier.1", "fc1"),
        ("classifier.3", "fc2"),
    ];
    let values: BTreeMap<String, (Vec<usize>, Vec<u8>)> = tensors
        .iter()
        .map(|(name, shape)| {
            let (layer, part) = name.rsplit_once('.').unwrap();
            let (_, ours) = renamed.iter().find(|(theirs, _)| *theirs == layer).unwrap();
            let bytes = drawn(name, shape).into_iter().flat_map(f32::to_le_bytes).collect();
            (format!("{ours}.{part}"), (shape.clone(), bytes))
        })
        .collect();
    let views =
        values.iter().map(|(name, (shape, bytes))| (name, TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap()));
    fs::write(&file, serialize(views, None).unwrap()).unwrap();
    assert_eq!(run(folder.path(), &text)[2].data["names"], "layers");
    assert!(deviation(folder.path(), &goldens, "numbered") < 1e-5);
}
