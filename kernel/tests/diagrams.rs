//! `draw` and the folding `summary`: what they answer, as text, pictures, files and data, and every mistake.

#![allow(clippy::unwrap_used, clippy::result_large_err)]

mod support;

use fovea::event::Output;
use support::bench::Bench;

fn last(bench: &mut Bench, text: &str) -> Output {
    bench.ok(text).pop().unwrap()
}

fn message(text: &str) -> String {
    Bench::new().mistakes(text)[0].message.clone()
}

fn help(text: &str) -> String {
    Bench::new().mistakes(text)[0].help.clone().unwrap_or_default()
}

#[test]
fn a_net_is_drawn_as_text_picture_and_data() {
    let output = last(&mut Bench::new(), "draw lenet");
    assert!(
        output.text.starts_with("lenet: 61,706 parameters · 417 k MACs for one picture\n○  input"),
        "{}",
        output.text
    );
    assert!(output.html.unwrap().contains("<summary>lenet: 61,706 parameters"));
    let [picture] = &output.pictures[..] else { panic!() };
    assert!(
        picture.svg.contains(">conv 16 5×5<") && picture.alt.starts_with("lenet: input (28×28×1) → conv 6 5×5, relu")
    );
    let net = &output.data["nets"][0];
    assert_eq!((&output.data["verb"], &net["net"]), (&"draw".into(), &"lenet".into()));
    assert_eq!(net["boxes"][1]["label"], "conv 6 5×5");
    assert_eq!(net["boxes"][1]["names"], serde_json::json!(["conv1", "relu1"]));
    assert_eq!(net["links"].as_array().unwrap().len(), 7);
}

#[test]
fn repeats_fold_unless_all_is_to_be_seen() {
    let mut bench = Bench::new();
    let folded = last(&mut bench, "draw resnet152").data["nets"][0].clone();
    let counts: Vec<u64> =
        folded["boxes"].as_array().unwrap().iter().map(|one| one["count"].as_u64().unwrap()).collect();
    assert_eq!(counts, [1, 1, 1, 3, 8, 36, 3, 1, 1]);
    assert_eq!(folded["blocks"][0]["name"], "bottleneck");
    let whole = last(&mut bench, "draw resnet152 all").data["nets"][0].clone();
    assert!(whole["boxes"].as_array().unwrap().len() > 200 && whole["blocks"].as_array().unwrap().is_empty());
}

#[test]
fn training_is_told_on_links() {
    let output = last(&mut Bench::new(), "net t = 8x8x1 - conv 4 - relu - pool, softmax 10\ndraw t train batch 10");
    assert!(output.text.contains("training by 10 a step takes"), "{}", output.text);
    // 8·8·4 values of 4 bytes, for ten pictures.
    assert!(output.pictures[0].svg.contains(">8×8×4 · 10.2 kB<"), "{}", output.pictures[0].svg);
}

#[test]
fn drawings_are_written_as_their_files_end() {
    let mut bench = Bench::new();
    for (name, begins) in
        [("n.svg", &b"<svg xmlns"[..]), ("n.png", b"\x89PNG"), ("N.TEX", b"% Needs \\usepackage{tikz}")]
    {
        let path = bench.path(name);
        let output = last(&mut bench, &format!("draw lenet, vgg11 save \"{path}\""));
        assert_eq!(output.files, [std::path::PathBuf::from(&path)]);
        assert!(std::fs::read(&path).unwrap().starts_with(begins), "{name}");
    }
    assert_eq!(message("draw lenet save \"n.pdf\""), "a drawing is not written as .pdf");
    assert_eq!(message("draw lenet save \"n\""), "the file's ending says how the drawing is written");
    assert_eq!(message("draw lenet save \"nowhere/n.svg\""), "there is no folder nowhere");
}

#[test]
fn what_cannot_be_drawn_is_refused_at_its_words() {
    assert_eq!(message("draw lennet"), "there is no net called `lennet`");
    assert_eq!(message("draw lenet, lenet"), "`lenet` stands twice");
    assert_eq!(help("draw lenet full"), "write `all`");
    assert_eq!(help("draw lenet batch 8"), "write `train batch 8`");
    let nine = "draw vgg11, vgg13, vgg16, vgg19, alexnet, lenet, unet, fcn8, allconv";
    assert_eq!(message(nine), "9 nets are too many for one picture");
    let deep = "net q = 8x8x4 - (conv 4 - relu - conv 4 - tanh)^2000, softmax 2\n";
    assert_eq!(message(&format!("{deep}draw q all")), "`q` has 4,002 boxes to draw");
    assert_eq!(help(&format!("{deep}draw q all")), "without `all` what repeats is folded");
    Bench::new().ok(&format!("{deep}draw q"));
    // Several wrong nets are told of at once.
    assert_eq!(Bench::new().mistakes("draw lennet, vgg166").len(), 2);
}

#[test]
fn data_completes_a_net_that_is_drawn() {
    let net = "net q = input - conv 8 - relu - pool, softmax\n";
    assert!(message(&format!("{net}draw q")).contains("`q`"));
    let output = last(&mut Bench::new(), &format!("{net}draw q on digits"));
    assert!(output.text.contains("○  input             8×8×1"), "{}", output.text);
}

#[test]
fn a_nets_own_text_decides_what_is_drawn() {
    let text = "net mine = vgg16.pool5 - fc 256 - relu, softmax 10\ndraw mine";
    assert!(last(&mut Bench::new(), text).text.contains("●  conv 512 3×3, relu ×3  14×14×512\n"));
    let sides = "net q = 32x32x3 - conv 16 - relu - aux 0.3 (pool avg global, softmax 10) - conv 32 - relu - pool, softmax 10\ndraw q";
    let text = last(&mut Bench::new(), sides).text;
    assert!(text.contains("●─╮  conv 16 3×3, relu") && text.contains("aux 0.3"), "{text}");
}

#[test]
fn a_summary_folds_blocks_and_its_data_stay_whole() {
    let mut bench = Bench::new();
    let folded = last(&mut bench, "summary resnet50");
    let all = last(&mut bench, "summary resnet50 all");
    assert_eq!(folded.data, all.data);
    assert!(folded.text.contains("\nbottleneck9–13 ×5   14×14×1024  22.1 MB   5,585,920"), "{}", folded.text);
    assert!(folded.text.contains("`summary resnet50 all` has a row a layer") && folded.text.lines().count() < 50);
    assert!(all.text.lines().count() > 175 && !all.text.contains("×5 "), "{}", all.text);
    // The sums of folded rows are those of the layers.
    let sum: u64 = all.data["layers"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| (9..=13).any(|n| row["name"].as_str().unwrap().starts_with(&format!("bottleneck{n}."))))
        .map(|row| row["params"].as_u64().unwrap())
        .sum();
    assert_eq!(sum, 5_585_920);
    // Nets of few layers have a row a layer as they had.
    let vgg = last(&mut bench, "summary vgg16").text;
    assert_eq!((vgg.contains("\nconv13 "), last(&mut bench, "summary vgg16 all").text == vgg), (true, true));
    // The figures of GoogLeNet's blocks stand in its paper's table.
    let google = last(&mut bench, "summary googlenet").text;
    assert!(google.contains("\ninception1  28×28×256    3.7 MB     163,696   128 M"), "{google}");
}
