//! `train … against`: adversarial training.

#![allow(clippy::unwrap_used, clippy::result_large_err)]

mod support;

use serde_json::Value;
use support::bench::Bench;

const NET: &str = "net q = 8x8x1 - conv 8 - relu - conv 16 - relu - pool - fc 32 - relu, softmax 10";

/// The accuracy on digits as they are, and on those changed by at most 0.1.
fn accuracies(bench: &mut Bench, how: &str) -> [f64; 2] {
    let text = format!("train q on digits for 40 epochs with sgd(lr 0.03) {how}\nfool q on digits with fgsm(eps 0.1)");
    let output = bench.ok(&text).pop().unwrap();
    assert_eq!(output.data["eps"], 0.1, "as it was written, not as f32 has it");
    ["clean", "accuracy"].map(|key| output.data[key].as_f64().unwrap())
}

#[test]
fn a_net_learns_to_withstand_what_it_is_trained_against() {
    let mut bench = Bench::new();
    bench.ok(NET);
    for seed in [1, 2, 3] {
        let [clean, fooled] = accuracies(&mut bench, &format!(", seed {seed}"));
        assert!(fooled < 0.65, "seed {seed}: {fooled}");
        let [still, withstood] = accuracies(&mut bench, &format!("against fgsm(eps 0.1), seed {seed}"));
        assert!(withstood >= 0.85, "seed {seed}: {withstood}");
        assert!(still >= clean - 0.02, "seed {seed}: {still}, before {clean}");
    }
}

#[test]
fn the_loss_that_is_told_is_of_the_pictures_as_they_are() {
    let mut bench = Bench::new();
    bench.ok(NET);
    let mut told = |how: &str| {
        let text = format!("train q on digits for 1 steps with sgd(lr 0.03) {how}, batch 1437, seed 2");
        bench.ok(&text).pop().unwrap().data["epochs"][0].clone()
    };
    let (plain, against) = (told(""), told("against pgd(eps 0.2, steps 2), share 1"));
    assert_eq!(plain["loss"], against["loss"]);
    assert_ne!(plain["test_loss"], against["test_loss"], "but it was trained by others");
}

#[test]
fn a_run_goes_on_against_what_it_began_with() {
    let mut bench = Bench::new();
    bench.ok(&format!("{NET}\ntrain q on digits for 2 epochs against pgd(eps 0.1, steps 2), share 0.3"));
    let compared: Value = bench.ok("train q on digits for 1 epochs\ncompare run 1, run 2").pop().unwrap().data;
    assert!(compared.to_string().contains("pgd(eps 0.1, steps 2, step 0.025)"), "{compared}");
    let message = |bench: &mut Bench, how: &str| {
        let mistakes = bench.mistakes(&format!("train q on digits for 4 epochs {how}, resume run 1"));
        mistakes[0].message.clone()
    };
    let eps = message(&mut bench, "against fgsm(eps 0.1)");
    assert_eq!(eps, "run 1 began with `against pgd(eps 0.1, steps 2, step 0.025)`, and a run goes on as it began");
    let share = message(&mut bench, ", share 0.5");
    assert_eq!(share, "run 1 began with `share 0.3`, and a run goes on as it began");
    bench.ok("train q on digits for 4 epochs against pgd(eps 0.1, steps 2), share 0.3, resume run 1");
    let plain = bench.mistakes("train q on digits for 2 epochs against fgsm(eps 0.1), resume run 2");
    assert_eq!(plain[0].message, "run 2 began without `against`, and a run goes on as it began");
}

#[test]
fn what_cannot_be_trained_against_is_named() {
    let mut bench = Bench::new();
    bench.ok(NET);
    for (how, message) in [
        ("against fgsm(eps 0)", "`eps` must be a number above 0 and at most 1, not 0"),
        ("against fgsm(eps 2)", "`eps` must be a number above 0 and at most 1, not 2"),
        ("against pgd(eps 0.1, steps 0)", "`steps` must be a whole number from 1 to 10^9, not 0"),
        ("against deepfool", "there is no attack to train against `deepfool`"),
        ("against fgsm(eps 0.1), share 0", "`share` must be a number above 0 and at most 1, not 0"),
        ("against fgsm(eps 0.1), share 1.5", "`share` must be a number above 0 and at most 1, not 1.5"),
        (", share 0.5", "`share` is how much changed pictures count, and none are changed here"),
    ] {
        assert_eq!(bench.mistakes(&format!("train q on digits {how}"))[0].message, message, "{how}");
    }
}
