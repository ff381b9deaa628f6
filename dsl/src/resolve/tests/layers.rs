//! Every layer, with its options and defaults, along one axis, two and three.

use super::*;

/// The last layer of `text`, written out, and its output.
fn last(text: &str) -> (String, String) {
    let net = net(text);
    let layer = net.layers.last().unwrap();
    (layer.kind.to_string(), fovea_graph::shape::join(&layer.output))
}

/// Each chain ends with this layer, written out, and gives this shape; and it can be trained.
fn ends(cases: &[(&str, &str, &str)]) {
    for (chain, layer, output) in cases {
        let text = format!("net n = {chain}");
        assert_eq!(last(&text), (layer.to_string(), output.to_string()), "{chain}");
        trains(&net(&text));
    }
}

#[test]
fn convolutions_of_every_rank() {
    ends(&[
        ("128x1 - conv", "conv 32 size 3 stride 1 pad 1", "128x32"),
        ("128x1 - conv 8 size 5 /2", "conv 8 size 5 stride 2 pad 2", "64x8"),
        ("128x2 - conv3-8 valid groups 2", "conv 8 size 3 stride 1 pad 0 groups 2", "126x8"),
        ("16x16x8x3 - conv 4", "conv 4 3x3x3 stride 1 pad 1", "16x16x8x4"),
        ("16x16x8x3 - conv 4 3x3x1 /2x2x1 nobias", "conv 4 3x3x1 stride 2x2x1 pad 1x1x0 nobias", "8x8x8x4"),
        ("16x16x8x3 - conv 4 dilate 2", "conv 4 3x3x3 stride 1 pad 2 dilate 2", "16x16x8x4"),
        ("28x28x1 - conv3-6", "conv 6 3x3 stride 1 pad 1", "28x28x6"),
        ("7x7x1 - conv 6 2x2/2 same", "conv 6 2x2 stride 2 pad 0+1", "4x4x6"),
    ]);
}

#[test]
fn pools_of_every_rank() {
    ends(&[
        ("128x4 - pool", "pool max size 2 stride 2 pad 0", "64x4"),
        ("129x4 - pool 3/2 ceil", "pool max size 3 stride 2 pad 0 ceil", "64x4"),
        ("16x16x8x3 - pool", "pool max 2x2x2 stride 2 pad 0", "8x8x4x3"),
        ("16x16x8x3 - pool 3/2 pad 1", "pool max 3x3x3 stride 2 pad 1", "8x8x4x3"),
        ("16x16x8x3 - avgpool global", "pool avg 16x16x8 stride 16x16x8 pad 0", "1x1x1x3"),
        ("9x9x3 - pool avg 3x3/2 same", "pool avg 3x3 stride 2 pad 1", "5x5x3"),
    ]);
}

#[test]
fn transposed_convolutions() {
    ends(
        &[
            // The map times the stride, the odd one of the crop at the start.
            ("7x7x8 - deconv 4", "deconv 4 4x4 stride 2 pad 1", "14x14x4"),
            ("7x7x8 - deconv 4 3x3", "deconv 4 3x3 stride 2 pad 1+0", "14x14x4"),
            ("7x7x8 - deconv 4 2x2/2", "deconv 4 2x2 stride 2 pad 0", "14x14x4"),
            ("7x7x8 - deconv 4 1x1/2", "deconv 4 1x1 stride 2 pad 0", "14x14x4"),
            ("7x7x8 - deconv 4 3x3/1", "deconv 4 3x3 stride 1 pad 1", "7x7x4"),
            ("7x7x8 - deconv 4 64x64/32 nobias", "deconv 4 64x64 stride 32 pad 16 nobias", "224x224x4"),
            // (n − 1)s + k − 2p.
            ("7x7x8 - deconv 4 4x4/2 pad 1", "deconv 4 4x4 stride 2 pad 1", "14x14x4"),
            ("7x7x8 - deconv 4 5x5/2 pad 2", "deconv 4 5x5 stride 2 pad 2", "13x13x4"),
            ("7x7x8 - deconv 4 5x5/2 valid", "deconv 4 5x5 stride 2 pad 0", "17x17x4"),
            ("7x7x8 - deconv 4 3x3/2 dilate 2", "deconv 4 3x3 stride 2 pad 2+1 dilate 2", "14x14x4"),
            ("7x7x8 - deconv 4 groups 4", "deconv 4 4x4 stride 2 pad 1 groups 4", "14x14x4"),
            // A size that is asked for.
            ("7x7x8 - deconv 4 to 15x15", "deconv 4 4x4 stride 2 pad 1+0", "15x15x4"),
            ("7x7x8 - deconv 4 to 17x17", "deconv 4 4x4 stride 2 pad 0", "17x17x4"),
            ("7x7x8 - deconv 4 to 13x16", "deconv 4 4x4 stride 2 pad 2+1x0", "13x16x4"),
            ("15x15x1 - conv 8 /2 - conv 4 /2 - deconv 2 to input", "", ""),
            ("32x1 - deconv 2", "deconv 2 size 4 stride 2 pad 1", "64x2"),
            ("4x4x2x3 - deconv 2", "deconv 2 4x4x4 stride 2 pad 1", "8x8x4x2"),
        ]
        .into_iter()
        .filter(|case| !case.1.is_empty())
        .collect::<Vec<_>>(),
    );
    assert_eq!(last("net n = 15x15x1 - conv 8 /2 - deconv 2 to input").1, "15x15x2");
    assert_eq!(last("net n = 15x15x1 - conv 8 as c - pool - deconv 2 to c").1, "15x15x2");
    assert_eq!(last("net n = 15x15x1 - conv 8 - pool - deconv 2 3x3 to conv1").0, "deconv 2 3x3 stride 2 pad 0");
    // 2·2·8·4 weights and 4 biases.
    assert_eq!(parameters("net n = 7x7x8 - deconv 4 2x2"), 132);
    assert_eq!(parameters("net n = 7x7x8 - deconv 4 2x2 groups 2"), 68);
}

#[test]
fn a_size_that_no_crop_leaves_says_what_is_reachable() {
    let error = mistake("net n = 7x7x8 - deconv 4 to 28x28", "deconv 4 to 28x28");
    assert_eq!(error.message, "deconv1 does not reach the height 28");
    // From 6·2 + 4 − 2·3 to 6·2 + 4 + 1.
    assert_eq!(error.labels[0].1, "from 7, a stride of 2 and a window over 4 give 10 to 17");
    assert!(error.help.unwrap().contains("`/4`"));
    for to in 10..=17 {
        assert_eq!(last(&format!("net n = 7x7x8 - deconv 4 to {to}x{to}")).1, format!("{to}x{to}x4"));
    }
    for to in [9, 18] {
        assert_eq!(mistakes(&format!("net n = 7x7x8 - deconv 4 to {to}x{to}")).len(), 1);
    }
    assert!(
        mend("net n = 7x7x8 - deconv 4 pad 1 to 17x17", "deconv 4 pad 1 to 17x17").contains("leave out the padding")
    );
    assert!(message("net n = 7x7x8 - deconv 4 same to 14x14", "same").contains("both say"));
    assert!(message("net n = 2x2x8 - deconv 4 pad 3", "deconv 4 pad 3").contains("leaves nothing of the height"));
    assert!(message("net n = 7x7x8 - deconv 4 to nowhere", "nowhere").contains("no layer before this one"));
}

#[test]
fn larger_and_smaller_maps() {
    ends(&[
        ("7x7x8 - conv 8 - upsample 2", "upsample 2 nearest", "14x14x8"),
        ("7x7x8 - conv 8 - upsample", "upsample 2 nearest", "14x14x8"),
        ("7x7x8 - conv 8 - upsample 2x3 bilinear", "upsample 2x3 bilinear", "14x21x8"),
        ("32x8 - conv 8 - upsample 2", "upsample 2 nearest", "64x8"),
        ("4x4x4x8 - conv 8 - upsample 2x2x1", "upsample 2x2x1 nearest", "8x8x4x8"),
        ("28x28x1 - conv 4 - crop 24x24", "crop 2", "24x24x4"),
        ("28x28x1 - conv 4 - crop 25", "crop 1+2", "25x25x4"),
        ("28x28x1 - conv 4 - pad 2", "pad 2", "32x32x4"),
        ("28x28x1 - conv 4 - pad 2x1", "pad 2x1", "32x30x4"),
        ("28x28x1 - conv 4 as c - conv 4 valid as d - pad 3 - crop to d", "crop 3", "26x26x4"),
        ("28x1 - conv 4 - crop 20 - pad 1", "pad 1", "22x4"),
        ("8x8x4x2 - conv 4 - crop 8x8x2", "crop 0x0x1", "8x8x2x4"),
    ]);
    assert!(message("net n = 28x28x1 - crop 30x30", "crop 30x30").contains("cannot cut the height to 30: it is 28"));
}

#[test]
fn unpooling() {
    ends(&[
        ("8x8x4 - conv 4 - pool - conv 4 - unpool pool1", "unpool max 2x2 stride 2 pad 0", "8x8x4"),
        ("9x9x4 - conv 4 - pool 2x2/3 as p - conv 4 - unpool p", "unpool max 2x2 stride 3 pad 0", "9x9x4"),
        // One window alone meets no other.
        ("3x3x4 - conv 4 - pool 3x3/2 - conv 4 - unpool pool1", "unpool max 3x3 stride 2 pad 0", "3x3x4"),
        ("32x4 - conv 4 - pool - conv 4 - unpool pool1", "unpool max size 2 stride 2 pad 0", "32x4"),
        ("8x8x4x2 - conv 4 - pool - unpool pool1", "unpool max 2x2x2 stride 2 pad 0", "8x8x4x4"),
        ("16x16x1 - [conv 4 - pool as p]^2 - [unpool p{2,1} - conv 4]^2", "conv 4 3x3 stride 1 pad 1", "16x16x4"),
    ]);
    let wrong = |text: &str, place: &str| message(&format!("net n = 8x8x4 - {text}"), place);
    assert!(wrong("conv 4 - pool - unpool conv1", "conv1").contains("`conv1` is a `conv`"));
    assert!(wrong("conv 4 - pool avg - unpool pool1", "pool1").contains("takes averages"));
    assert!(
        wrong("conv 4 - pool 3x3/2 - unpool pool1", "pool1").contains("two of its windows may have the same maximum")
    );
    assert!(wrong("pool - conv 8 - unpool pool1", "unpool pool1").contains("is given 4x4x8, but `pool1` gave 4x4x4"));
    assert!(wrong("pool - unpool pool2", "pool2").contains("no layer before this one"));
    assert!(wrong("pool - unpool", "unpool").contains("which?"));
}

#[test]
fn activations_and_normalisations() {
    ends(&[
        ("8x8x3 - conv 4 - leaky", "leaky 0.01", "8x8x4"),
        ("8x8x3 - conv 4 - leaky 0.1", "leaky 0.1", "8x8x4"),
        ("8x8x3 - conv 4 - sigmoid", "sigmoid", "8x8x4"),
        ("8x8x3 - conv 4 - tanh", "tanh", "8x8x4"),
        ("8x8x3 - conv 4 - elu", "elu", "8x8x4"),
        ("8x3 - fc 4 - gelu", "gelu", "4"),
        ("8x8x3 - conv 4 - bn", "bn momentum 0.1 eps 0.00001", "8x8x4"),
        ("8x8x3 - conv 4 - bn momentum 0.2 eps 1e-3", "bn momentum 0.2 eps 0.001", "8x8x4"),
        ("8x3 - fc 4 - bn", "bn momentum 0.1 eps 0.00001", "4"),
        ("8x8x3 - conv 4 - lrn", "lrn size 5 alpha 0.0001 beta 0.75 k 2", "8x8x4"),
        ("8x8x3 - conv 4 - lrn size 3 alpha 0.1 beta 0.5 k 1", "lrn size 3 alpha 0.1 beta 0.5 k 1", "8x8x4"),
    ]);
    assert!(message("net n = 8x8x3 - lrn k 0", "k 0").contains("above 0"));
    assert!(message("net n = 8x8x3 - bn momentum 2", "momentum 2").contains("from 0 to 1"));
    assert!(message("net n = 8x8x3 - bn eps 0", "eps 0").contains("above 0"));
}

#[test]
fn a_convolution_that_only_normalisations_read_has_no_bias() {
    let biases = |text: &str| -> Vec<bool> {
        let bias = |layer: &crate::net::Layer| match layer.kind {
            Kind::Conv { bias, .. } | Kind::Deconv { bias, .. } => Some(bias),
            _ => None,
        };
        net(text).layers.iter().filter_map(bias).collect()
    };
    assert_eq!(biases("net n = 8x8x3 - conv 4 - bn - relu - conv 4 - relu - conv 4"), [false, true, true]);
    assert_eq!(
        biases("net n = 8x8x3 - conv 4 bias - bn - conv 4 8x8x4 - deconv 4 - bn".replace(" 8x8x4", "").as_str()),
        [true, true, false]
    );
    assert_eq!(biases("net n = 8x8x3 - conv 4 as c - bn - add(id | c)"), [true]);
    assert_eq!(biases("net n = 8x8x3 - conv 4 - add(bn - relu | bn)"), [false]);
    assert_eq!(biases("net n = 8x8x3 - conv 4 - 8x8x4 - bn"), [false]);
}

#[test]
fn batch_norm_declares_the_same_states_in_both_modes() {
    let net = net("net n = 8x8x3 - conv 4 - bn - relu - dropout, softmax 5");
    let (train, infer) = (lower(&net, 4, Mode::Train).unwrap(), lower(&net, 4, Mode::Infer).unwrap());
    assert_eq!(train.states, infer.states);
    let names: Vec<&str> = train.states.iter().map(|state| state.name.as_str()).collect();
    let expected = ["conv1.filter", "bn1.scale", "bn1.shift", "bn1.mean", "bn1.variance", "fc1.weight", "fc1.bias"];
    assert_eq!(names, expected);
    assert_eq!((train.updates.len(), infer.updates.len()), (2, 0));
    // 4 · 8 · 8 positions.
    let correction = |graph: &Graph| {
        graph.nodes.iter().find_map(|node| match &node.op {
            fovea_graph::Op::Running(running) if running.correction > 1.0 => Some(running.correction),
            _ => None,
        })
    };
    assert_eq!(correction(&train), Some(256.0 / 255.0));
    assert_eq!(train.parameter_count(), 3 * 9 * 4 + 8 + 256 * 5 + 5);
}

#[test]
fn default_filters_follow_poolings_and_upsamplings() {
    assert_eq!(
        filters("net n = 32x32x3 - [conv - pool]^5 - [upsample 2 - conv]^3"),
        [32, 64, 128, 256, 512, 512, 256, 128]
    );
    assert_eq!(outputs("net n = 8x8x3 - pool - conv - deconv - conv")[2..], ["4x4x64", "8x8x64", "8x8x32"]);
    assert_eq!(filters("net n = 8x8x3 - deconv 4 - conv"), [16]);
}

#[test]
fn what_a_position_sees_is_cut_off_at_the_edges() {
    let seen = |text: &str, layer: &str, position: &[usize]| {
        let net = net(text);
        net.seen(net.find(layer).unwrap(), position)
    };
    let plain = "net n = 16x12x1 - conv 4 - relu - pool - conv 4 3x3 as c - pool avg global - fc 3";
    assert_eq!(seen(plain, "c", &[3, 2]), [(3, 11), (1, 9)]);
    assert_eq!(seen(plain, "c", &[0, 5]), [(0, 5), (7, 12)]);
    assert_eq!(seen(plain, "fc1", &[]), [(0, 16), (0, 12)]);
    // Of branches what any of them sees.
    let joined = "net n = 9x9x1 - concat(conv 2 1x1 | conv 2 5x5 as w) as j - deconv 2 2x2/2 as d";
    assert_eq!(seen(joined, "j", &[4, 0]), [(2, 7), (0, 3)]);
    assert_eq!(seen(joined, "d", &[9, 0]), [(2, 7), (0, 3)]);
}

#[test]
fn receptive_fields() {
    let sizes = |text: &str| -> Vec<f64> { net(text).receptive_fields().iter().map(|field| field[0].size).collect() };
    assert_eq!(
        sizes("net n = 32x32x3 - conv 4 - conv 4 - pool - conv 4 5x5/2 - conv 4 dilate 2"),
        [1.0, 3.0, 5.0, 6.0, 14.0, 30.0]
    );
    let vgg = library_net("vgg16");
    // Windows of two among pairs of equal elements see one or two of them.
    assert_eq!(sizes("net n = 8x8x1 - upsample 2 - conv 1 2x2 valid")[2], 1.5);
    let fields = vgg.receptive_fields();
    let field = |name: &str| fields[vgg.find(name).unwrap()][1];
    assert_eq!((field("pool5").size, field("pool5").jump, field("fc1").size), (212.0, 32.0, 404.0));
    // Of two branches the larger counts.
    assert_eq!(sizes("net n = 9x9x3 - concat(conv 4 | conv 4 5x5)")[3], 5.0);
    // Two neighbours of a map twice as large see the same pooled elements.
    assert_eq!(sizes("net n = 8x8x3 - pool - upsample 2 - conv 4")[3], 4.0);
    assert!(net("net n = 784 - fc 10").receptive_fields().iter().all(Vec::is_empty));
}

#[test]
fn the_reference_gives_the_defaults_that_hold() {
    let page = |word: &str| crate::editor::inspect(word).unwrap();
    assert!(page("leaky").contains("slope 0.01") && page("fc").contains("512 units"));
    ends(&[("8x8x3 - leaky", "leaky 0.01", "8x8x3"), ("8x8x3 - fc - relu - fc", "fc 512", "512")]);
}

#[test]
fn decay_acts_on_every_parameter() {
    let net = net("net n = 8x8x1 - conv 4 bias - bn - relu - fc 3, softmax 3");
    let graph = lower(&net, 2, Mode::Train).unwrap();
    let optimizer = fovea_graph::training::Optimizer::Sgd { momentum: 0.9, decay: 0.5 };
    let step = fovea_graph::training::training_step(&graph, &optimizer).unwrap();
    let decayed =
        step.nodes.iter().filter(|node| matches!(&node.op, fovea_graph::Op::SgdVelocity(v) if v.decay == 0.5));
    // Filter and bias, scale and shift, weights and bias.
    assert_eq!(decayed.count(), 6);
}
