//! Verbs read strictly: what they mean, and what is said where they are wrong.
#![allow(clippy::unwrap_used)]

use fovea_dsl::scope::{Scope, Value};
use fovea_dsl::syntax::StatementKind;
use fovea_dsl::verb::{
    Adam, BenchMode, Compare, Compared, Convolve, Curve, Decayed, Features, Filter, Filters, Library, Load, Loss,
    Momentum, Note, Optimizer, Origin, Padding, Period, Pixels, Plot, PoolForm, Predict, ReadAs, Reset, RmsProp,
    RunRef, Save, Schedule, Seed, SetTheme, Sgd, Show, Shown, Side, Subject, Summary, Test, Theme, Train, Who,
};
use fovea_dsl::{Command, Diagnostic, Source, command, parse};
use fovea_graph::SourceId;

fn read(text: &str) -> Result<Command, Vec<Diagnostic>> {
    let mut scope = Scope::default();
    scope.constants.insert("width".into(), Value::Number(16.0));
    scope.constants.insert("widths".into(), Value::List(vec![1.0, 2.0]));
    let (program, mistakes) = parse(&Source { id: SourceId(0), name: String::new(), text: text.into() });
    assert!(mistakes.is_empty(), "{text}: {mistakes:?}");
    let StatementKind::Verb(verb) = &program.statements[0].kind else { panic!("{text} is no verb") };
    command(verb, &scope)
}

/// The mistakes of each text: the words they point at and their messages, in order.
fn wrong(text: &str, expected: &[(&str, &str)]) -> Vec<Diagnostic> {
    let mistakes = read(text).unwrap_err();
    let found: Vec<_> = mistakes.iter().map(|m| (&text[m.span().range()], m.message.as_str())).collect();
    assert_eq!(found, expected, "{text}");
    mistakes
}

fn help(text: &str) -> String {
    read(text).unwrap_err()[0].help.clone().unwrap_or_default()
}

#[test]
fn train_reads_its_clauses_in_any_order() {
    let texts = [
        "train lenet on digits for 3 epochs with sgd(lr 0.05, momentum 0.8, decay 1e-4), batch 32, schedule cosine, seed 7",
        "train lenet further seed 7 schedule = cosine batch = 32 with sgd(decay=1e-4, momentum=0.8, lr=0.05), for 3 epochs on digits",
        "TRAIN lenet ON digits FOR 3 EPOCHS BATCH 2*width WITH SGD(LR 0.05, Momentum 0.8, decay 1e-4) Schedule Cosine SEED 7",
    ];
    for text in texts {
        let text = text.replace("2*width", "(2*width)");
        let Command::Train(train) = read(&text).unwrap() else { panic!("{text}") };
        assert_eq!((train.net.text.as_str(), train.data.text.as_str()), ("lenet", "digits"));
        let batch = train.batch.unwrap();
        assert_eq!((train.length.unwrap().value, batch.value, train.seed.unwrap().value), (Period::Epochs(3), 32, 7));
        let optimizer = train.optimizer.unwrap().value;
        assert_eq!(
            optimizer,
            Optimizer::Sgd(Sgd {
                rate: 0.05,
                momentum: 0.8,
                form: Momentum::Classical,
                decay: 1e-4,
                decayed: Decayed::All,
            })
        );
        assert_eq!(train.schedule.unwrap().value, Schedule::Cosine);
        assert_eq!(train.further.is_some(), text.contains("further"));
        assert_eq!(text[batch.word.range()].to_lowercase(), "batch");
        let said = text[batch.span.range()].to_lowercase();
        assert!(said.starts_with("batch") && (said.ends_with("32") || said.ends_with("(2*width)")), "{said}");
    }
}

#[test]
fn what_is_not_said_stays_open() {
    let Command::Train(train) = read("train lenet on digits").unwrap() else { panic!() };
    let Train { net, data, further, length, optimizer, batch, schedule, warmup, checkpoint, resume, seed, .. } = &train;
    assert_eq!((net.text.as_str(), data.text.as_str()), ("lenet", "digits"));
    assert_eq!((further, length, optimizer, batch, schedule), (&None, &None, &None, &None, &None));
    assert_eq!((warmup, checkpoint, resume, seed), (&None, &None, &None, &None));
    let Train { toward, noise, loss, weights, smooth, ignore, .. } = &train;
    let Train { sweep, seeds, clip, freeze, lr, keep, stop, .. } = &train;
    assert_eq!((keep, stop), (&None, &None));
    assert_eq!((sweep, seeds, clip, freeze, lr), (&None, &None, &None, &None, &None));
    assert_eq!((toward, noise, loss, weights, smooth, ignore), (&None, &None, &None, &None, &None, &None));
    let Command::Train(train) = read("train lenet on digits for 10 epochs, batch 64").unwrap() else { panic!() };
    assert!(
        train.length.is_some_and(|length| length.value == Period::Epochs(10))
            && train.batch.is_some_and(|batch| batch.value == 64)
    );
}

#[test]
fn optimizers_schedules_and_what_else_train_takes() {
    let train = |clauses: &str| match read(&format!("train q on d {clauses}")).unwrap() {
        Command::Train(train) => train,
        _ => panic!(),
    };
    let adam = Adam { rate: 0.001, beta1: 0.9, beta2: 0.999, eps: 1e-8, decay: 0.0, decayed: Decayed::All };
    assert_eq!(train("with adam").optimizer.unwrap().value, Optimizer::Adam(adam));
    assert_eq!(train("with AdamW").optimizer.unwrap().value, Optimizer::AdamW(Adam { decay: 0.01, ..adam }));
    let said = train("with adam(lr 0.01, beta1=0.5, beta2 0.9, eps 1e-7, decay 0.1)").optimizer.unwrap().value;
    assert_eq!(
        said,
        Optimizer::Adam(Adam { rate: 0.01, beta1: 0.5, beta2: 0.9, eps: 1e-7, decay: 0.1, decayed: Decayed::All })
    );
    assert_eq!(train("schedule step(every 10, by 0.5)").schedule.unwrap().value, Schedule::Step { every: 10, by: 0.5 });
    assert_eq!(train("schedule step").schedule.unwrap().value, Schedule::Step { every: 30, by: 0.1 });
    assert_eq!(train("schedule constant").schedule.unwrap().value, Schedule::Constant);
    for warmup in ["warmup 5 epochs", "warm-up 5 epochs", "schedule cosine, Warm-Up = 5 epochs"] {
        assert_eq!(train(warmup).warmup.unwrap().value, Period::Epochs(5), "{warmup}");
    }
    assert_eq!(train("warmup 500 steps, batch 8").warmup.unwrap().value, Period::Steps(500));
    assert_eq!(train("checkpoint every 100 steps").checkpoint.unwrap().value, Period::Steps(100));
    assert_eq!(train("checkpoint every 1 epoch, seed 1").checkpoint.unwrap().value, Period::Epochs(1));
    assert!(matches!(train("resume run 3").resume.unwrap().value, RunRef::Number(3, _)));
    assert!(matches!(train("resume run last, batch 2").resume.unwrap().value, RunRef::Last(_)));
}

#[test]
fn what_a_net_is_trained_toward() {
    let train = |clauses: &str| match read(&format!("train q on d {clauses}")).unwrap() {
        Command::Train(train) => train,
        _ => panic!(),
    };
    let coder = train("toward itself, noise 0.2, loss L1");
    assert!(coder.toward.is_some());
    assert_eq!((coder.noise.unwrap().value, coder.loss.unwrap().value), (0.2, Loss::L1));
    let masks = train("ignore 255, weights balanced, smooth 0.1, loss dice");
    assert_eq!((masks.ignore.unwrap().value, masks.smooth.unwrap().value), (255, 0.1));
    assert!(masks.weights.is_some() && masks.loss.unwrap().value == Loss::Dice);
    let Command::Data(data) = read("data x = npy \"x.npy\" labels \"y.npy\" as numbers").unwrap() else { panic!() };
    assert_eq!(data.read_as.unwrap().value, ReadAs::Numbers);
}

#[test]
fn nesterov_rmsprop_and_what_decays() {
    let train = |clauses: &str| match read(&format!("train q on d {clauses}")).unwrap() {
        Command::Train(train) => train,
        _ => panic!(),
    };
    let optimizer = |text: &str| train(&format!("with {text}")).optimizer.unwrap().value;
    let sgd = Sgd { rate: 0.1, momentum: 0.9, form: Momentum::Nesterov, decay: 5e-4, decayed: Decayed::Weights };
    for text in ["sgd(lr 0.1, nesterov, decay 5e-4 weights)", "SGD(NESTEROV, decay = 5e-4 Weights, lr 0.1)"] {
        assert_eq!(optimizer(text), Optimizer::Sgd(sgd), "{text}");
    }
    let rmsprop = RmsProp { rate: 0.001, alpha: 0.99, eps: 1e-8, momentum: 0.0, decay: 0.0, decayed: Decayed::All };
    assert_eq!(optimizer("rmsprop"), Optimizer::RmsProp(rmsprop));
    let said = RmsProp { rate: 0.01, alpha: 0.9, eps: 1e-3, momentum: 0.5, decay: 0.1, decayed: Decayed::Weights };
    let text = "rmsprop(lr 0.01, alpha 0.9, eps 1e-3, momentum 0.5, decay 0.1 weights)";
    assert_eq!(optimizer(text), Optimizer::RmsProp(said));

    let schedule = |text: &str| train(&format!("schedule {text}")).schedule.unwrap().value;
    assert_eq!(schedule("step(at {30,60,90}, by 0.1)"), Schedule::StepsAt { at: vec![30, 60, 90], by: 0.1 });
    assert_eq!(schedule("step(at 30)"), Schedule::StepsAt { at: vec![30], by: 0.1 });
    assert_eq!(schedule("poly"), Schedule::Poly { power: 0.9 });
    assert_eq!(schedule("poly(power 2)"), Schedule::Poly { power: 2.0 });
    assert_eq!(schedule("plateau"), Schedule::Plateau { by: 0.1, patience: 10, threshold: 1e-4 });
    let said = Schedule::Plateau { by: 0.5, patience: 0, threshold: 0.01 };
    assert_eq!(schedule("plateau(by 0.5, patience 0, threshold 0.01)"), said);
}

#[test]
fn layers_are_frozen_and_have_rates_of_their_own() {
    let text = "train q on d, freeze conv1..pool2, fc1, lr 0.1 at fc2, fc3, 0.01 at conv3..conv5, clip width, batch 8";
    let Command::Train(train) = read(text).unwrap() else { panic!() };
    let named = |stretches: &[fovea_dsl::verb::Stretch]| {
        let text = |s: &fovea_dsl::verb::Stretch| {
            s.last.as_ref().map_or(s.first.text.clone(), |last| format!("{}..{}", s.first.text, last.text))
        };
        stretches.iter().map(text).collect::<Vec<_>>()
    };
    assert_eq!(named(&train.freeze.unwrap().value), ["conv1..pool2", "fc1"]);
    let rates = train.lr.unwrap().value;
    assert_eq!(rates.iter().map(|rate| rate.rate).collect::<Vec<_>>(), [0.1, 0.01]);
    assert_eq!(
        (named(&rates[0].at), named(&rates[1].at)),
        (vec!["fc2".into(), "fc3".into()], vec!["conv3..conv5".into()])
    );
    assert_eq!((train.clip.unwrap().value, train.batch.unwrap().value), (16.0, 8));
    let Command::Find(find) = read("find LR of q on d batch 32 with adam seed 3").unwrap() else { panic!() };
    assert_eq!((find.of.text.as_str(), find.on.text.as_str(), find.batch.unwrap().value), ("q", "d", 32));
}

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
    let Command::Summary(Summary { net, batch, train, on: None }) = read("summary resnet.50 batch(32) train").unwrap()
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
fn training_is_watched_and_ends() {
    let train = |clauses: &str| match read(&format!("train q on d {clauses}")).unwrap() {
        Command::Train(train) => train,
        other => panic!("{other:?}"),
    };
    assert_eq!(train("for 500 steps").length.unwrap().value, Period::Steps(500));
    let said = train("for 9 epochs, keep best, stop early (2+width)");
    assert_eq!((said.keep.is_some(), said.stop.unwrap().value), (true, 18));
    assert!(matches!(read("load lenet run 3 best").unwrap(), Command::Load(Load { best: Some(_), .. })));
    assert_eq!(help("train q on d keep"), "write `keep best`, say");
    assert_eq!(help("train q on d keep last"), "write `keep best`, say");
    assert_eq!(help("train q on d stop 5"), "write `stop early 5`, say");
    assert_eq!(help("train q on d for 500"), "write `for 500 epochs`");
    wrong("train q on d stop early 0", &[("0", "the number of epochs must be at least 1, not 0")]);
    wrong("load lenet \"x\" best", &[("best", "a file has no best epoch")]);
}

#[test]
fn a_sweep_has_names_and_their_values() {
    let sweep = |text: &str| match read(text).unwrap() {
        Command::Train(train) => {
            let swept = train.sweep.unwrap().value.into_iter().map(|swept| (swept.name.text, swept.values));
            (swept.collect::<Vec<_>>(), train.batch.map(|batch| batch.value), train.seeds.map(|seeds| seeds.value))
        }
        other => panic!("{other:?}"),
    };
    let named = |name: &str, values: &[f64]| (name.to_string(), values.to_vec());
    assert_eq!(
        sweep("train q on d sweep width {2, 3}, lr {0.1, 0.01}, batch 32, seeds 5"),
        (vec![named("width", &[2.0, 3.0]), named("lr", &[0.1, 0.01])], Some(32), Some(5))
    );
    assert_eq!(
        sweep("train q on d sweep lr={0.1}, batch {8, width}"),
        (vec![named("lr", &[0.1]), named("batch", &[8.0, 16.0])], None, None)
    );
    assert_eq!(help("train q on d sweep lr 0.1, 0.01, batch 32"), "write `{0.1, 0.01}`");
    assert_eq!(help("train q on d sweep lr"), "write `lr {0.1, 0.03}`, say");
    assert_eq!(help("train q on d sweep"), "write `sweep lr {0.1, 0.03}`, say");
    assert_eq!(help("train q on d grid lr {0.1, 0.2}"), "write `sweep`");
    wrong("train q on d sweep lr {0.1, 0.1}", &[("{0.1, 0.1}", "`lr` has the value 0.1 twice")]);
    wrong("train q on d sweep widht {1, 2}", &[("widht", "nothing here is called `widht`")]);
    wrong("train q on d sweep lr {1, 2}, lr {3, 4}", &[("lr {3, 4}", "`lr` stands twice")]);
    wrong("train q on d sweep lr {1, 2} resume run 3", &[("resume", "`sweep` and `resume` stand together")]);
    wrong("train q on d seeds 1", &[("1", "the number of seeds must be at least 2, not 1")]);
}

#[test]
fn unknown_verbs_get_the_nearest_one() {
    wrong("trian lenet on digits", &[("trian", "no statement begins with `trian`")]);
    assert_eq!(help("trian lenet on digits"), "write `train`");
    assert!(help("frobnicate lenet").starts_with("statements begin with net, block, let, data, train"));
    for verb in ["draw", "fool", "maximize", "draw", "segment"] {
        let all = read(&format!("{verb} lenet")).unwrap_err();
        assert!(
            all[0].message.starts_with(&format!("`{verb}` is not among the statements Fovea has: net, block, let"))
        );
    }
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
    let Pixels::Matrix(image) = &said.image else { panic!() };
    assert_eq!(image.rows, [[1.0, 1.0, 0.0], [0.0, 1.0, 1.0], [0.0, 0.0, 1.0]]);
    assert_eq!(&text[image.span.range()], "[1 1 0; 0 1 1; 0 0 1]");
    let Filter::Matrix(filter) = &said.filter else { panic!() };
    assert_eq!(filter.rows, [[1.0, 0.0], [0.0, 1.0]]);
    assert_eq!((said.stride, said.padding(), said.dilate), (None, None, None));

    let rows = |text: &str| match convolve(&format!("convolve [0] with {text}")).filter {
        Filter::Matrix(matrix) => matrix.rows,
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
    wrong("deconv [1 2] with [1]", &[("deconv", &absent("deconv"))]);
    let (_, mistakes) = printed("pool 2x2 - conv");
    assert_eq!(mistakes, ["a chain of layers without a name"]);
}

fn absent(word: &str) -> String {
    read(&format!("{word} [1]")).unwrap_err()[0].message.clone()
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
