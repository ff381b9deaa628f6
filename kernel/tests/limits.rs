//! What arithmetic cannot do is refused before it runs, or changes nothing: rates beyond f32, updates that overflow, and
//! batch normalisation by a single value.
#![allow(clippy::unwrap_used, clippy::result_large_err)]

mod support;

use fovea_data::DataSpec;
use fovea_dsl::{Diagnostic, Stage};
use fovea_train::Weights;
use support::bench::Bench;

const TINY: &str = "net tiny = 8x8x1 - conv 4 - relu - pool, softmax 10\n";
const NORMALISED: &str = "net n = 8x8x1 - fc 16 - bn - relu, softmax 10\n";

/// The one mistake of a text, and the words it points at.
fn mistake(text: &str) -> (Diagnostic, String) {
    let mistakes = Bench::new().mistakes(text);
    assert_eq!(mistakes.len(), 1, "{mistakes:?}");
    let span = mistakes[0].labels[0].0;
    let words = text[span.start as usize..span.end as usize].to_string();
    (mistakes.into_iter().next().unwrap(), words)
}

#[test]
fn a_rate_beyond_f32_is_refused_at_its_words() {
    for (optimizer, word) in [("sgd(lr 1e39)", "lr"), ("adam(lr 0.001, decay 1e39)", "decay")] {
        let (refused, words) = mistake(&format!("{TINY}train tiny on digits for 1 epochs with {optimizer}"));
        assert_eq!(words, "1e39");
        assert_eq!(
            refused.message,
            format!("`{word}` must be at most 3.4e38, the largest number of f32, not 1e39"),
            "{optimizer}"
        );
    }
}

#[test]
fn an_update_that_overflows_changes_nothing_and_is_recorded() {
    let mut bench = Bench::new();
    let text = format!("{TINY}train tiny on digits for 1 epochs with sgd(lr 3e38, decay 100), seed 1");
    let mistakes = bench.mistakes(&text);
    assert_eq!(mistakes[0].message, "training ended at step 1: the update of conv1.filter is not finite");
    assert_eq!(mistakes[0].found.as_deref(), Some("a learning rate of 3e38"));
    assert!(mistakes[0].help.as_ref().unwrap().contains("`sgd(lr 0.01)`"), "{mistakes:?}");
    let shown = bench.ok("show run 1").remove(0).text;
    assert!(shown.contains("ended at step 1: the update of conv1.filter was not finite"), "{shown}");
}

#[test]
fn weights_on_disk_are_finite_whatever_the_rate() {
    let mut bench = Bench::new();
    let text = format!("{TINY}train tiny on digits for 1 epochs with sgd(lr 1e37), seed 1");
    let mistakes = bench.mistakes(&text);
    assert!(mistakes[0].message.ends_with("is not finite"), "{mistakes:?}");
    let weights = Weights::load(bench.path("runs/1/weights.safetensors")).unwrap();
    assert_eq!(weights.not_finite(), None);
}

#[test]
fn before_any_update_no_smaller_rate_is_advised() {
    // Each layer makes its numbers larger; four hundred make them infinite.
    let (ended, _) = mistake("net wild = 8x8x1 - (fc 8)^400 - relu, softmax 10\ntrain wild on digits for 1 epochs");
    assert_eq!(ended.message, "training ended at step 1: the loss is not finite");
    assert_eq!(ended.found.as_deref(), Some("before any update"));
    let help = ended.help.unwrap();
    assert!(help.starts_with("no rate has been used yet") && !help.contains("smaller rate"), "{help}");
}

/// How many training pictures the digits have.
fn samples() -> usize {
    DataSpec::of_builtin("digits").unwrap().counts().train
}

#[test]
fn batch_norm_over_one_value_is_refused_before_anything_runs() {
    let last = samples() - 1;
    for (batch, message) in [
        (1, "at batch 1 `bn1` has a single value a channel to normalise by, and would make it 0".to_string()),
        (
            last,
            format!(
                "batch {last} leaves a last batch of 1 of the {} training pictures, in which `bn1` has a single value a \
                 channel to normalise by, and would make it 0",
                samples()
            ),
        ),
    ] {
        let (refused, words) = mistake(&format!("{NORMALISED}train n on digits for 1 epochs, batch {batch}"));
        assert_eq!((refused.stage, refused.message), (Stage::Values, message));
        assert!(words.contains(&batch.to_string()), "{words}");
        // The mend, followed literally, is accepted.
        let help = refused.help.unwrap();
        let mend = help.strip_prefix('`').and_then(|help| help.split('`').next()).unwrap();
        let mut bench = Bench::new();
        bench.session.check("test", &format!("{NORMALISED}train n on digits for 1 epochs, {mend}")).unwrap();
    }
}

#[test]
fn batch_norm_with_more_values_or_without_training_is_legal() {
    let mut bench = Bench::new();
    bench.ok(&format!("{NORMALISED}predict n on digits[0]\nsummary n batch 1 train"));
    let conv = "net c = 8x8x1 - conv 2 - bn - relu, softmax 10\ntrain c on digits for 1 epochs, batch 1";
    bench.session.check("test", conv).unwrap();
}
