//! Verbs read strictly: what they mean, and what is said where they are wrong.
#![allow(clippy::unwrap_used)]

mod reading;

use fovea_dsl::Command;
use fovea_dsl::verb::{
    BenchMode, Compare, Compared, Curve, Features, Filters, Layout, Library, Load, Neighbourly, Note, Origin, Period,
    Plot, Predict, Reset, RunRef, Save, Seed, SetTheme, Show, Shown, Side, Subject, Summary, Test, Theme, Who,
};
use reading::{help, read, wrong};

#[test]
fn what_is_shown_is_samples_or_a_run() {
    let Command::Show(Show { what: Shown::Samples(samples), .. }) = read("show digits.train[3]").unwrap() else {
        panic!()
    };
    assert_eq!((samples.data.text.as_str(), samples.range, samples.side), ("digits", Some((3, 4)), Side::Train));
    assert!(matches!(read("show run last").unwrap(), Command::Show(Show { what: Shown::Run(RunRef::Last(_)), .. })));
    assert!(matches!(read("show run 3").unwrap(), Command::Show(Show { what: Shown::Run(RunRef::Number(3, _)), .. })));
}

#[test]
fn the_other_verbs() {
    assert!(
        matches!(read("test lenet on digits").unwrap(), Command::Test(Test { net, data }) if net.text == "lenet" && data.text == "digits")
    );
    let Command::Predict(Predict { samples, save, .. }) =
        read("predict lenet on digits[0..16] save \"logits.npy\"").unwrap()
    else {
        panic!()
    };
    assert_eq!(
        (samples.range, samples.side, save.unwrap().value.text.as_str()),
        (Some((0, 16)), Side::Test, "logits.npy")
    );
    let Command::Saliency(said) = read("saliency lenet on digits[3] class 0, save \"g.npy\"").unwrap() else {
        panic!()
    };
    assert_eq!((said.class.unwrap().value, said.samples.range, said.save.is_some()), (0, Some((3, 4)), true));
    assert_eq!(help("saliency lenet on digits[3] class (-1)").as_str(), "");
    let Command::Summary(Summary { net, batch, train, on: None, all: None }) =
        read("summary resnet.50 batch(32) train").unwrap()
    else {
        panic!()
    };
    assert_eq!((net.text.as_str(), batch.unwrap().value, train.is_some()), ("resnet.50", 32, true));
    assert!(matches!(read("summary lenet").unwrap(), Command::Summary(Summary { batch: None, train: None, .. })));
    let Command::Plot(Plot { curves, of }) = read("plot loss, accuracy of lenet").unwrap() else { panic!() };
    assert_eq!(curves.iter().map(|(curve, _)| *curve).collect::<Vec<_>>(), [Curve::Loss, Curve::Accuracy]);
    assert!(matches!(&of[..], [Subject::Net(net)] if net.text == "lenet"));
    let Command::Plot(Plot { of, .. }) = read("plot loss of run 3").unwrap() else { panic!() };
    assert!(matches!(&of[..], [Subject::Run(RunRef::Number(3, _))]));
    assert!(
        matches!(read("save lenet \"a b.safetensors\"").unwrap(), Command::Save(Save { path, .. }) if path.text == "a b.safetensors")
    );
    assert!(matches!(read("load lenet \"x\"").unwrap(), Command::Load(Load { .. })));
    assert!(matches!(read("seed 7").unwrap(), Command::Seed(Seed { seed: 7 })));
    assert!(matches!(read("seed (width+1)").unwrap(), Command::Seed(Seed { seed: 17 })));
    assert!(matches!(read("device").unwrap(), Command::Device(device) if device.name.is_none()));
    assert!(
        matches!(read("device CUDA:1").unwrap(), Command::Device(device) if device.name.as_ref().unwrap().text == "cuda:1")
    );
    assert!(matches!(read("theme dark").unwrap(), Command::Theme(SetTheme { theme: Theme::Dark })));
    assert!(matches!(read("theme LIGHT").unwrap(), Command::Theme(SetTheme { theme: Theme::Light })));
    assert!(matches!(read("explain lenet").unwrap(), Command::Explain(_)));
    let bench = |text: &str| match read(text).unwrap() {
        Command::Bench(bench) => (bench.mode(), bench.batch.map(|batch| batch.value)),
        _ => panic!("{text}"),
    };
    assert_eq!(bench("bench lenet train batch 8"), (Some(BenchMode::Train), Some(8)));
    assert_eq!(bench("bench lenet infer"), (Some(BenchMode::Infer), None));
    assert_eq!(bench("bench lenet"), (None, None));
    assert!(matches!(read("note \"any # text\"").unwrap(), Command::Note(Note { text }) if text.text == "any # text"));
    let Command::Compare(Compare { what: Compared::Nets(nets) }) = read("compare alexnet, vgg.D,\n  lenet").unwrap()
    else {
        panic!()
    };
    assert_eq!(nets.iter().map(|net| net.text.as_str()).collect::<Vec<_>>(), ["alexnet", "vgg.D", "lenet"]);
}

#[test]
fn what_is_built_in_is_named_alone() {
    assert!(matches!(read("library").unwrap(), Command::Library(Library { net: None })));
    assert!(matches!(read("data scenes").unwrap(), Command::Data(data) if data.name.text == "scenes"));
    let Command::Data(data) = read("data digits size 28x(width+12)").unwrap() else { panic!() };
    assert_eq!((data.name.text.as_str(), data.size.unwrap().value), ("digits", [28, 28]));
}

#[test]
fn runs_are_listed_gone_on_with_and_removed() {
    let numbers = |runs: &[RunRef]| {
        let number = |run: &RunRef| if let RunRef::Number(number, _) = run { Some(*number) } else { None };
        runs.iter().map(number).collect::<Vec<_>>()
    };
    assert!(matches!(read("runs").unwrap(), Command::Runs(_)));
    assert!(
        matches!(read("remove run 3, run last").unwrap(), Command::Remove(said) if numbers(&said.runs) == [Some(3), None])
    );
    assert!(matches!(read("prune runs keep (2+width)").unwrap(), Command::Prune(said) if said.keep == 18));
    assert!(matches!(read("export run 3 \"x.csv\"").unwrap(), Command::Export(said) if said.path.text == "x.csv"));
    assert!(
        matches!(read("resume run 3 for 20 epochs").unwrap(), Command::Resume(said) if said.length.unwrap().value == Period::Epochs(20))
    );
    assert!(matches!(
        read("load lenet run 3").unwrap(),
        Command::Load(Load { from: Origin::Run(RunRef::Number(3, _)), .. })
    ));
    let Command::Compare(Compare { what: Compared::Runs(runs) }) = read("compare run 1, run last").unwrap() else {
        panic!()
    };
    assert_eq!(numbers(&runs), [Some(1), None]);

    assert_eq!(help("remove 3"), "write `remove run 3`");
    assert_eq!(help("resume last"), "write `resume run last`");
    assert_eq!(help("export \"x.csv\""), "write `export run last`, say; `runs` lists them");
    assert_eq!(help("prune keep 5"), "`prune runs keep 5` shows how it reads");
    assert_eq!(help("prune runs"), "write `prune runs keep 5`, say");
    assert_eq!(help("compare run 1"), "write `compare run 1, run last`, say");
    assert_eq!(help("compare lenet, run 1"), "`show run 3` says which net a run trained");
    assert_eq!(help("delete run 3"), "write `remove`");
    wrong("remove run 3, run 3", &[("3", "this run stands twice")]);
    wrong("prune runs keep 0", &[("0", "the number of runs must be at least 1, not 0")]);
}

#[test]
fn unknown_verbs_get_the_nearest_one() {
    wrong("trian lenet on digits", &[("trian", "no statement begins with `trian`")]);
    assert_eq!(help("trian lenet on digits"), "write `train`");
    assert!(help("frobnicate lenet").starts_with("statements begin with net, block, let, slide, data, train"));
    assert_eq!((help("visualize vgg16"), help("diagram lenet"), help("architecture lenet")), {
        let draw = || "write `draw`".to_string();
        (draw(), draw(), draw())
    });
}

#[test]
fn clauses_unknown_twice_or_empty() {
    wrong("train lenet on digits epochs 5", &[("epochs", "the number of epochs stands behind `for`")]);
    assert_eq!(help("train lenet on digits epochs 5"), "write `for 5 epochs`");
    assert_eq!(help("train lenet on digits for 5"), "write `for 5 epochs`");
    assert_eq!(help("train lenet on digits for 5 rounds"), "write `for 5 epochs`");
    assert!(help("train lenet on digits batchs 64").starts_with("write `batch`; `train` takes on, further, for"));
    assert_eq!(help("train lenet on digits lr 0.1"), "write `with sgd(lr 0.1)`");
    assert_eq!(help("train lenet on digits optimizer adam"), "write `with`");
    let twice = wrong("train lenet on digits, batch 8, batch 16", &[("batch 16", "`batch` stands twice")]);
    assert_eq!(twice[0].labels.len(), 2);
    wrong(
        "train lenet on digits augment flip, crop 4, jitter 0.2, batch 0",
        &[("augment", "`train` has no clause `augment`"), ("0", "the batch must be at least 1, not 0")],
    );
    wrong("summary lenet batch", &[("", "`batch` lacks its number")]);
    wrong("test lenet on digits size 28x28", &[("size", "`test` has no clause `size`")]);
    wrong("train lenet on digits 64", &[("64", "`64` does not belong here")]);
    wrong("explain lenet deeply", &[("deeply", "`explain` has no clause `deeply`")]);
}

#[test]
fn what_a_verb_lacks() {
    wrong("train lenet", &[("", "`train` lacks its data")]);
    assert_eq!(help("train t for 5 epochs"), "write `train t on digits`, say");
    wrong("compare lenet", &[("", "`compare` lacks its second net")]);
    wrong("compare lenet and vgg16", &[("and", "`,` is missing before `and`")]);
    wrong("compare lenet, lenet", &[("lenet", "`lenet` stands twice")]);
    wrong("compare", &[("", "`compare` lacks its net")]);
    wrong("compare a, b batch 3", &[("batch", "`compare` has no clause `batch`")]);
    wrong("library vgg now", &[("now", "`library` has no clause `now`")]);
    wrong("library 5", &[("5", "`library` shows one net's text, or lists them all")]);
    wrong("train on digits", &[("on", "`train` lacks its net")]);
    wrong("train", &[("", "`train` lacks its net")]);
    wrong("train lenet digits", &[("digits", "`on` is missing before the data")]);
    assert_eq!(help("predict lenet digits[0..16]"), "write `on digits[0..16]`");
    wrong("data digits 28x28", &[("28x28", "`size` is missing before the size")]);
    wrong("load \"x\" into lenet", &[("\"x\"", "the net stands first, and its file behind it")]);
    wrong("save lenet as \"x\"", &[("as", "`save` takes no `as` before `\"x\"`")]);
    wrong("predict lenet", &[("", "`predict` lacks its data")]);
    wrong("test lenet on", &[("", "`on` lacks its data")]);
    wrong("save lenet", &[("", "the file's name is missing")]);
    wrong("save lenet a.npy", &[("a.npy", "the file's name stands in quotes")]);
    assert_eq!(help("save lenet a.npy"), "write `\"a.npy\"`");
    wrong("note hello", &[("hello", "the text stands in quotes")]);
    wrong("plot loss", &[("", "`plot` lacks the net or the run")]);
    wrong("plot los of lenet", &[("los", "there is no curve `los`")]);
    wrong("show", &[("", "`show` lacks what it is to show")]);
    wrong("seed", &[("", "`seed` lacks its number")]);
    wrong("show run", &[("", "which run?")]);
}

#[test]
fn numbers_out_of_range_all_come_together() {
    wrong(
        "train lenet on digits for 0 epochs, batch (1-5), seed 1.5",
        &[
            ("0", "the number of epochs must be at least 1, not 0"),
            ("1-5", "the batch must be at least 1, not `1 - 5`, which is -4"),
            ("1.5", "a seed must be a whole number, not 1.5"),
        ],
    );
    wrong("train q on d with sgd(lr=-0.1)", &[("-0.1", "`lr` must be a number above 0, not -0.1")]);
    wrong("train q on d with sgd(lr -0.1)", &[("lr -0.1", "`lr` cannot be negative")]);
    wrong("train q on d with sgd(momentum 1)", &[("1", "`momentum` must be a number from 0 to below 1, not 1")]);
    wrong("train q on d with sgd(0.1)", &[("0.1", "`0.1` lacks its word")]);
    wrong("train q on d with sgd(lr 0.1, lr 0.2)", &[("lr", "`lr` stands twice")]);
    wrong(
        "train q on d with sgd(weight_decay 1, dampening)",
        &[("weight_decay", "sgd has no `weight_decay`"), ("dampening", "sgd has no `dampening`")],
    );
    wrong("train q on d with adan(lr 1)", &[("adan(lr 1)", "there is no optimizer `adan`")]);
    assert_eq!(help("train q on d with adan(lr 1)"), "write `adam`");
    wrong("train q on d with adam(momentum 0.9)", &[("momentum", "adam has no `momentum`")]);
    wrong("train q on d with adamw(beta1 1)", &[("1", "`beta1` must be a number from 0 to below 1, not 1")]);
    wrong("train q on d schedule cosine(3)", &[("3", "cosine has no `3`")]);
    wrong(
        "train q on d schedule step(every 1.5)",
        &[("1.5", "`every` must be a whole number from 1 to 10^9, not 1.5")],
    );
    wrong("train q on d schedule step(gamma 0.5)", &[("gamma", "step has no `gamma`")]);
    assert_eq!(help("train q on d schedule step(gamma 0.5)"), "write `by`; step takes every, by and at");
    wrong("train q on d warmup 5", &[("", "`warmup` lacks its unit")]);
    wrong("train q on d warmup 5 minutes, batch 8", &[("minutes", "`warmup` lacks its unit")]);
    wrong("train q on d checkpoint 100 steps", &[("100", "`every` is missing before the number")]);
    wrong("train q on d checkpoint every", &[("", "`checkpoint` lacks its number")]);
    wrong("train q on d resume 3", &[("3", "`run` is missing before `3`")]);
    wrong("train q on d further(3)", &[("further(3)", "`further` takes nothing in parentheses")]);
    wrong("train q on d with(3) sgd", &[("with(3)", "`with` takes nothing in parentheses")]);
    wrong(
        "train q on d checkpoint(depth) every steps",
        &[
            ("depth", "nothing here is called `depth`"),
            ("checkpoint(depth)", "`checkpoint` takes nothing in parentheses"),
        ],
    );
    wrong("train q on d resume run", &[("", "which run?")]);
    wrong("train q further on d resume run 3", &[("resume", "`further` and `resume` stand together")]);
    wrong("train q on d batch widths", &[("widths", "the batch is one number, and this is a list")]);
    wrong("train q on d batch depth", &[("depth", "nothing here is called `depth`")]);
    wrong("predict q on d[5..5]", &[("5..5", "the range 5..5 is empty")]);
    wrong("train q on d[0..3]", &[("d[0..3]", "`train` takes all of the training part")]);
    wrong("data d size 28", &[("28", "a picture's size is its height and its width")]);
    assert_eq!(help("data d size 28"), "write `size 28x28`");
    wrong("data d size 28x28x3", &[("28x28x3", "a picture's size is its height and its width")]);
    wrong("device gpu", &[("gpu", "there is no device `gpu`")]);
    wrong("train q on d schedule cosin", &[("cosin", "there is no schedule `cosin`")]);
    wrong("bench q train infer", &[("infer", "`train` and `infer` stand together")]);
}

#[test]
fn layers_are_looked_into() {
    let Command::Filters(Filters { layer }) = read("filters net.wide.conv1[0..8]").unwrap() else { panic!() };
    assert_eq!((layer.path.text.as_str(), layer.range), ("net.wide.conv1", Some((0, 8))));
    let Command::Features(Features { layer, samples, save }) =
        read("features lenet.relu1 on digits[0..4] save \"m.npy\"").unwrap()
    else {
        panic!()
    };
    assert_eq!((layer.range, samples.range, save.unwrap().value.text.as_str()), (None, Some((0, 4)), "m.npy"));
    wrong("filters", &[("", "`filters` lacks its layer")]);
    wrong("filters lenet", &[("lenet", "which layer of `lenet`?")]);
    wrong("filters lenet.conv1[3..3]", &[("3..3", "the range 3..3 is empty")]);
    wrong("features lenet.conv1", &[("", "`features` lacks its data")]);
    let text = wrong(
        "features lenet.conv1 on \"nothing.png\"",
        &[("\"nothing.png\"", "`on` takes a sample, and here stands a text")],
    );
    assert_eq!(text[0].expected.as_deref(), Some("a sample such as `digits[3]`"));
    wrong("features lenet.conv1 digits[3]", &[("digits[3]", "`on` is missing before the data")]);
}

#[test]
fn the_sessions_own_verbs_begin_with_a_percent_sign() {
    assert_eq!(read("%who").unwrap(), Command::Who(Who {}));
    assert_eq!(read("%RESET").unwrap(), Command::Reset(Reset {}));
    wrong("%whos", &[("%whos", "there is no `%whos`")]);
    let unknown = wrong("%foo", &[("%foo", "there is no `%foo`")]);
    assert_eq!(unknown[0].expected.as_deref(), Some("`%who` or `%reset`"));
    assert_eq!(help("%whos"), "write `%who`; there are `%who` and `%reset`");
    assert_eq!(help("%matplotlib inline"), "there are `%who` and `%reset`");
    assert_eq!(help("who"), "write `%who`");
    wrong("%reset lenet", &[("lenet", "`%reset` has no clause `lenet`")]);
}

#[test]
fn plot_takes_several_nets_and_runs() {
    let Command::Plot(Plot { of, .. }) = read("plot accuracy of a, run 3, b, run last").unwrap() else { panic!() };
    assert_eq!(of.len(), 4);
    assert!(matches!(of[1], Subject::Run(RunRef::Number(3, _))) && matches!(of[3], Subject::Run(RunRef::Last(_))));
    wrong("plot loss of a b", &[("b", "`,` is missing before `b`")]);
    wrong("plot loss of a and b", &[("and", "`,` is missing before `and`")]);
    wrong("plot loss of a, run 3, a", &[("a", "`a` stands twice")]);
    wrong("plot loss of a,", &[("", "`plot` lacks its net")]);
}

#[test]
fn layouts_have_their_numbers() {
    let Command::Embed(said) = read("embed lenet on digits with tsne(perplexity 5, random), seed 3").unwrap() else {
        panic!()
    };
    let layout = Layout::Tsne(Neighbourly { perplexity: Some(5.0), steps: 1000, theta: 0.5, is_random: true });
    assert_eq!((said.layer.path.text.as_str(), said.layout.unwrap().value), ("lenet", layout));
    let Command::Embed(said) = read("embed lenet.fc1[0..8] on digits with pca").unwrap() else { panic!() };
    assert_eq!((said.layer.range, said.layout.unwrap().value), (Some((0, 8)), Layout::Pca));
}
