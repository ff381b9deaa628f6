//! What a session promises: everything is checked before anything runs, and a statement completes or changes nothing.

#![allow(clippy::unwrap_used, clippy::result_large_err)]

mod support;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use fovea::event::Event;
use fovea::failure::Failure;
use fovea_cpu::Cpu;
use fovea_dsl::Stage;
use fovea_graph::plan::{Choice, Plan};
use fovea_graph::{Arena, Backend, BackendError, Device, Graph, Memory, NodeId, Program, State};
use support::bench::Bench;

const TINY: &str = "net tiny = 8x8x1 - conv 4 - relu - pool, softmax 10\n";

/// The scores of the first test pictures, which tell any two sets of weights apart.
fn scores(bench: &mut Bench, net: &str) -> serde_json::Value {
    bench.ok(&format!("predict {net} on digits[0..8]"))[0].data["probabilities"].clone()
}

#[test]
fn a_mistake_on_the_last_line_leaves_nothing_behind() {
    let mut bench = Bench::new();
    let file = bench.path("tiny.safetensors");
    let text = format!("{TINY}train tiny on digits for 1 epochs\nsave tiny \"{file}\"\ntest tinny on digits\n");
    let mistakes = bench.mistakes(&text);
    assert_eq!(mistakes.len(), 1);
    assert_eq!((mistakes[0].stage, mistakes[0].expected.as_deref()), (Stage::Names, Some("tiny")));
    assert_eq!(bench.entries(), 0);
    assert_eq!(bench.mistakes("summary tiny").len(), 1, "not even the net is known");
}

#[test]
fn a_mistake_is_told_once_and_not_again_by_what_follows_from_it() {
    let mut bench = Bench::new();
    let text = "net bad = 8x8x1 - conv 4 9x9 valid, softmax 10\ntrain bad on digits\ntest bad on digits\nseed -1\n";
    let stages: Vec<Stage> = bench.mistakes(text).iter().map(|mistake| mistake.stage).collect();
    assert_eq!(stages.len(), 2, "{stages:?}");
    assert_eq!(stages[0], Stage::Shapes);
}

#[test]
fn what_could_be_read_is_checked_beside_what_could_not() {
    let mut bench = Bench::new();
    let text = "net bad = 8x8x1 - conv 4 relu\ntrain bad on digits\nnet odd = 8x8x1 - rleu\nsummary odd\nseed -1\n";
    let stages: Vec<Stage> = bench.mistakes(text).iter().map(|mistake| mistake.stage).collect();
    assert_eq!(stages.len(), 3, "{stages:?}");
    assert_eq!(stages[..2], [Stage::Parse, Stage::Names]);
}

#[test]
fn data_of_another_size_gets_the_clause_that_fits() {
    let mut bench = Bench::new();
    let net = "net big = 28x28x1 - conv 2 - relu - pool, softmax 10\n";
    let mistakes = bench.mistakes(&format!("{net}train big on digits for 1 epochs"));
    assert_eq!(mistakes.len(), 1);
    assert!(mistakes[0].help.as_ref().unwrap().contains("data digits size 28x28"), "{mistakes:?}");
    assert_eq!(bench.entries(), 0);
    bench.ok(&format!("{net}data digits size 28x28\ntest big on digits"));
}

#[test]
fn classes_and_batches_are_held_against_the_data() {
    let mut bench = Bench::new();
    let twelve = bench.mistakes("net n = 8x8x1 - conv 4, softmax 12\ntrain n on digits for 1 epochs");
    assert!(twelve[0].help.as_ref().unwrap().contains("softmax 10"), "{twelve:?}");
    let open = bench.mistakes("net n = 8x8x1 - conv 4 - relu\ntrain n on digits for 1 epochs");
    assert!(open[0].help.as_ref().unwrap().contains(", softmax 10"), "{open:?}");
    let batch = bench.mistakes(&format!("{TINY}train tiny on digits for 1 epochs, batch 1438"));
    assert_eq!((batch[0].stage, batch[0].found.as_deref()), (Stage::Values, Some("1438")));
    assert_eq!(bench.entries(), 0);
}

#[test]
fn a_net_without_a_shape_takes_that_of_its_data_and_keeps_it() {
    let mut bench = Bench::new();
    bench.ok("net any = conv 4 - relu - pool, softmax\ntrain any on digits for 1 epochs");
    let summary = &bench.ok("summary any")[0].data;
    assert_eq!(summary["layers"][0]["output"], serde_json::json!([8, 8, 4]));
    let other = bench.mistakes("data digits size 12x12\ntest any on digits");
    assert!(other[0].message.contains("the weights of `any` take 8x8x1"), "{other:?}");
}

#[test]
fn training_again_gives_the_same_bits_and_another_seed_gives_others() {
    let mut bench = Bench::new();
    bench.ok(TINY);
    let train = "train tiny on digits for 1 epochs with sgd(lr 0.05)";
    bench.ok(train);
    let first = scores(&mut bench, "tiny");
    bench.ok(train);
    assert_eq!(scores(&mut bench, "tiny"), first);
    bench.ok(&format!("{train}, seed 3"));
    assert_ne!(scores(&mut bench, "tiny"), first);
}

#[test]
fn a_net_said_again_keeps_its_weights_and_one_that_says_something_else_loses_them() {
    let mut bench = Bench::new();
    bench.ok(TINY);
    bench.ok("train tiny on digits for 1 epochs");
    let trained = scores(&mut bench, "tiny");
    bench.ok("# the same, written differently\nnet tiny = 8x8x1 -> conv 2*2 3x3 -> relu -> pool, softmax 10\n");
    assert_eq!(scores(&mut bench, "tiny"), trained);
    bench.ok("net tiny = 8x8x1 - conv 5 - relu - pool, softmax 10");
    assert_ne!(scores(&mut bench, "tiny"), trained);
    assert_eq!(bench.mistakes("train tiny further on digits for 1 epochs").len(), 1);
}

#[test]
fn weights_go_through_a_file_and_a_file_of_another_net_is_refused() {
    let mut bench = Bench::new();
    let file = bench.path("tiny.safetensors");
    bench.ok(&format!("{TINY}train tiny on digits for 1 epochs\nsave tiny \"{file}\""));
    let trained = scores(&mut bench, "tiny");
    bench.ok(&format!("net again = 8x8x1 - conv 4 - relu - pool, softmax 10\nload again \"{file}\""));
    assert_eq!(scores(&mut bench, "again"), trained);
    let wider = bench.mistakes(&format!("net wider = 8x8x1 - conv 5 - relu - pool, softmax 10\nload wider \"{file}\""));
    assert!(wider[0].message.contains("conv1"), "{wider:?}");
    assert_eq!(bench.mistakes("load tiny \"there is none.safetensors\"").len(), 1);
}

#[test]
fn weights_are_read_once_when_the_program_is_checked() {
    let (mut first, mut second) = (Bench::new(), Bench::new());
    let file = first.path("tiny.safetensors");
    first.ok(&format!("{TINY}train tiny on digits for 1 epochs\nsave tiny \"{file}\""));
    let text = format!("{TINY}load tiny \"{file}\"");
    let mut begun = 0;
    let mut gone = |event| {
        if let Event::Begin { .. } = event {
            begun += 1;
            drop(std::fs::remove_file(&file));
        }
    };
    second.session.run("test", &text, &mut gone).unwrap();
    assert!(begun > 1 && !Path::new(&file).exists());
    assert_eq!(scores(&mut second, "tiny"), scores(&mut first, "tiny"));
}

#[test]
fn saving_to_a_folder_that_is_missing_is_found_before_training() {
    let mut bench = Bench::new();
    let file = bench.path("nowhere/tiny.safetensors");
    let mistakes = bench.mistakes(&format!("{TINY}train tiny on digits for 1 epochs\nsave tiny \"{file}\""));
    assert!(mistakes[0].message.contains("there is no folder"), "{mistakes:?}");
    assert_eq!(bench.entries(), 0);
}

#[test]
fn training_that_is_broken_off_keeps_the_last_step_and_can_go_on() {
    let mut bench = Bench::new();
    bench.ok(TINY);
    let untrained = scores(&mut bench, "tiny");
    let flag = Arc::clone(&bench.interrupted);
    let mut texts = Vec::new();
    let ended = bench.session.run("test", "train tiny on digits for 50 epochs", &mut |event| match event {
        Event::Progress(progress) if progress.done == 5 => flag.store(true, Ordering::Relaxed),
        Event::Output(output) => texts.push(output.text),
        _ => {}
    });
    assert_eq!(ended, Err(Failure::Interrupted));
    assert!(texts[0].contains("after step 5"), "{texts:?}");
    bench.interrupted.store(false, Ordering::Relaxed);
    let kept = scores(&mut bench, "tiny");
    assert_ne!(kept, untrained);
    let run = &bench.ok("train tiny further on digits for 1 epochs\nshow run 1\nshow run last")[2].data;
    assert_eq!(run["run"], 2);
    assert_eq!(run["ending"], "complete");
}

#[test]
fn training_that_runs_away_changes_nothing() {
    let mut bench = Bench::new();
    bench.ok(&format!("{TINY}train tiny on digits for 1 epochs with sgd(lr 0.01)"));
    let before = scores(&mut bench, "tiny");
    let mistakes = bench.mistakes("train tiny further on digits for 5 epochs with sgd(lr 1e30)");
    assert!(mistakes[0].message.contains("is not finite"), "{mistakes:?}");
    assert_eq!(scores(&mut bench, "tiny"), before);
}

#[test]
fn a_constant_that_changes_later_does_not_reach_a_net() {
    let mut bench = Bench::new();
    bench.ok("let width = 4\nnet n = 8x8x1 - conv width, softmax 10\nlet width = 7");
    assert_eq!(bench.ok("summary n")[0].data["layers"][0]["output"][2], 4);
}

#[test]
fn pictures_beyond_the_data_are_refused() {
    let mut bench = Bench::new();
    bench.ok(TINY);
    assert_eq!(bench.mistakes("predict tiny on digits[360]")[0].stage, Stage::Values);
    assert_eq!(bench.mistakes("show digits[5..5]").len(), 1);
    assert_eq!(bench.ok("show digits.train[1436]")[0].pictures.len(), 1);
}

#[test]
fn scores_are_written_as_npy_before_the_softmax() {
    let mut bench = Bench::new();
    let file = bench.path("scores.npy");
    bench.ok(TINY);
    let said = &bench.ok(&format!("predict tiny on digits[0..7] save \"{file}\""))[0];
    let scores: ndarray::Array2<f32> = ndarray_npy::read_npy(Path::new(&file)).unwrap();
    assert_eq!(scores.shape(), [7, 10]);
    let exponentials: Vec<f64> = scores.row(3).iter().map(|&score| f64::from(score).exp()).collect();
    let softmax = exponentials[2] / exponentials.iter().sum::<f64>();
    assert!((said.data["probabilities"][3][2].as_f64().unwrap() - softmax).abs() < 1e-6);
}

/// A CPU that owns little memory.
struct Small(Cpu);

impl Backend for Small {
    fn device(&self) -> Device {
        Device { memory: Some(2_000_000), ..self.0.device() }
    }
    fn footprint(&self, plans: &[&Plan]) -> u64 {
        self.0.footprint(plans)
    }
    fn shares_host(&self) -> bool {
        true
    }
    fn machine(&self) -> String {
        self.0.machine()
    }

    fn choose(&self, graph: &Graph, node: NodeId) -> Choice {
        self.0.choose(graph, node)
    }
    fn allocate(&self, states: &[State]) -> Result<Box<dyn Memory>, BackendError> {
        self.0.allocate(states)
    }
    fn arena(&self, bytes: usize) -> Result<Arc<dyn Arena>, BackendError> {
        self.0.arena(bytes)
    }
    fn compile_in(&self, plan: Plan, arena: &Arc<dyn Arena>) -> Result<Box<dyn Program>, BackendError> {
        self.0.compile_in(plan, arena)
    }
}

#[test]
fn a_batch_that_does_not_fit_is_refused_with_one_that_does() {
    let mut bench = Bench::on(Arc::new(Small(Cpu::new(Some(1)).unwrap())));
    bench.ok("net wide = 8x8x1 - conv 32 - relu - conv 32 - relu - pool, softmax 10");
    let mistakes = bench.mistakes("train wide on digits for 1 epochs, batch 1000");
    assert_eq!(mistakes[0].stage, Stage::Memory);
    let help = mistakes[0].help.clone().unwrap();
    let batch: usize = help.trim_start_matches("`batch ").trim_end_matches("` fits").parse().unwrap();
    assert!((1..1000).contains(&batch), "{help}");
    bench.session.check("test", &format!("train wide on digits for 1 epochs, batch {batch}")).unwrap();
    let more = bench.mistakes(&format!("train wide on digits for 1 epochs, batch {}", batch + 1));
    assert_eq!(more[0].stage, Stage::Memory);
    assert_eq!(bench.entries(), 0);
}

#[test]
fn as_many_units_are_climbed_to_at_once_as_there_is_room_for() {
    let mut bench = Bench::on(Arc::new(Small(Cpu::new(Some(1)).unwrap())));
    bench.ok("net wide = 24x24x1 - conv 32 - relu - conv 32\nnet huge = 64x64x1 - conv 64 - relu - conv 64");
    // The maps of one layer of sixteen pictures take more than half of what there is, those of one and its filters, in
    // whatever form a processor wants them, a small part.
    let climbed = bench.ok("maximize wide.conv2[0..16] for 1 steps");
    assert_eq!(climbed[0].data["units"].as_array().unwrap().len(), 16);
    let refused = bench.mistakes("maximize huge.conv2[0..16] for 1 steps");
    assert_eq!((refused.len(), refused[0].stage), (1, Stage::Memory));
}

#[test]
fn what_is_refused_is_what_a_summary_on_the_data_tells() {
    let mut bench = Bench::on(Arc::new(Small(Cpu::new(Some(1)).unwrap())));
    bench.ok("net t = 16x16x1 - pool - fc 10, softmax 10\ndata digits size 16x16");
    // The data alone are 1.9 MB; read, they count among what there is room for.
    let told = bench.ok("summary t on digits batch 4 train")[0].data["totals"].clone();
    let (train, data) = (told["train_bytes"].as_u64().unwrap(), told["data_bytes"].as_u64().unwrap());
    assert_eq!(data, 1797 * (16 * 16 * 4 + 4 + 8));
    assert!((data + 1..2_000_000).contains(&train), "{train}");
    let apart = bench.ok("summary t batch 4 train")[0].data["totals"].clone();
    assert_eq!((&apart["data_bytes"], apart["train_bytes"].as_u64().unwrap()), (&serde_json::json!(0), train - data));
    for statement in ["train t on digits for 1 epochs, batch 1400", "summary t on digits batch 1400 train"] {
        let refused = bench.mistakes(statement);
        assert_eq!((refused.len(), refused[0].stage), (1, Stage::Memory), "{statement}");
    }
    let mut told = |statement| bench.mistakes(statement)[0].message.clone();
    assert_eq!(told("train t on digits for 1 epochs, batch 1400"), told("summary t on digits batch 1400 train"));
}

/// The colour of a picture's corner.
fn paper(output: &fovea::event::Output) -> [u8; 3] {
    image::load_from_memory(&output.pictures[0].png().unwrap()).unwrap().to_rgb8().get_pixel(0, 0).0
}

#[test]
fn a_theme_holds_for_every_picture_until_another_is_set() {
    let mut bench = Bench::new();
    bench.ok(TINY);
    bench.ok("train tiny on digits for 1 epochs, batch 512");
    let draws = "show digits[0..2]\nshow scenes[0..2]\nshow run last\nplot loss of tiny\npredict tiny on digits[0..2]\n\
                 test tiny on digits\ncompare tiny, lenet";
    let papers = |bench: &mut Bench| -> Vec<[u8; 3]> { bench.ok(draws).iter().map(paper).collect() };
    assert_eq!(papers(&mut bench), [[255; 3]; 7]);
    let said = &bench.ok("theme dark")[0];
    assert_eq!((said.text.as_str(), &said.data["theme"]), ("theme dark", &"dark".into()));
    let dark = papers(&mut bench);
    assert!(dark.iter().all(|paper| paper.iter().all(|&part| part < 0x30)), "{dark:?}");
    // A program that does not pass its check sets nothing.
    bench.mistakes("theme light\nsummary nobody");
    assert_eq!(bench.session.known().theme.word(), "dark");
    bench.ok("theme light");
    assert_eq!(papers(&mut bench), [[255; 3]; 7]);
}
