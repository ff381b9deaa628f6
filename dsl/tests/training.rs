//! `train`: what its clauses mean.
#![allow(clippy::unwrap_used)]

mod reading;

use fovea_dsl::Command;
use fovea_dsl::verb::{
    Adam, Decayed, Load, Loss, Momentum, Optimizer, Period, ReadAs, RmsProp, RunRef, Schedule, Sgd, Train,
};
use reading::{help, read, wrong};

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
