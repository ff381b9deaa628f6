//! `slide` in programs and on the command line: what it defines, what it says, and how it ends.

#![allow(clippy::unwrap_used, clippy::result_large_err)]

mod support;

use std::io::Write;
use std::sync::Arc;

use fovea::session::Session;
use fovea_cpu::Cpu;
use fovea_dsl::{Source, Style, render};
use fovea_graph::{SourceId, Span};
use serde_json::{Value, json};
use support::bench::Bench;
use support::{Place, Ran};

/// A slide that is right, and small enough to train.
const SMALL: &str = "[8x8x1] INPUT
[8x8x4] CONV1: 4 3x3 filters at stride 1, pad 1

[4x4x4] MAX POOL1: 2x2 filters at stride 2
[10] FC2: 10 neurons (class scores)
";

/// The lecture's, as they stand.
const ALEXNET: &str = include_str!("../../tests/slides/alexnet.txt");
const VGG: &str = include_str!("../../tests/slides/vgg-listing.txt");

/// The figures of a slide that have a verdict, each as its line, what it counts, and what is computed.
fn with<'d>(data: &'d Value, verdict: &str) -> Vec<(u64, &'d str, &'d str)> {
    let figures = data["figures"].as_array().unwrap().iter().filter(|figure| figure["verdict"] == verdict);
    let word = |figure: &'d Value, key: &str| figure[key].as_str().unwrap();
    figures.map(|figure| (figure["line"].as_u64().unwrap(), word(figure, "what"), word(figure, "computed"))).collect()
}

#[test]
fn a_slide_in_a_program_is_judged_and_defines_its_net() {
    let mut bench = Bench::new();
    let outputs = bench.ok(&format!("note \"before\"\nslide mine\n{SMALL}\nsummary mine\n"));
    let data = &outputs[1].data;
    assert_eq!((&data["verb"], &data["net"], &data["nets"]), (&json!("slide"), &json!("mine"), &json!(["mine"])));
    assert_eq!(data["unread"], json!([]));
    // Lines count in the slide's own text.
    assert_eq!(with(data, "agrees"), [(2, "output", "8x8x4"), (4, "output", "4x4x4"), (5, "output", "10")]);
    assert_eq!(data["summary"]["figures"], 3);
    assert!(outputs[1].text.starts_with("3 figures: 3 agree"), "{}", outputs[1].text);
    assert_eq!(outputs[2].data["totals"]["params"], 4 * 9 + 4 + 64 * 10 + 10);
}

#[test]
fn what_is_known_to_be_wrong_is_found() {
    let data = Bench::new().ok(&format!("slide alexnet\n{ALEXNET}")).remove(0).data;
    assert_eq!(with(&data, "disagrees"), [(9, "output", "25x25x256")]);
    let figure = data["figures"].as_array().unwrap().iter().find(|figure| figure["verdict"] == "disagrees").unwrap();
    let expected = json!({"line": 9, "layer": "CONV2", "what": "output", "printed": "27x27x256",
        "computed": "25x25x256", "verdict": "disagrees", "because": "pad 1; pad 2 gives it"});
    assert_eq!(*figure, expected);
    let data = Bench::new().ok(&format!("slide vgg\n{VGG}")).remove(0).data;
    assert_eq!((with(&data, "disagrees"), with(&data, "follows")), (vec![], vec![]));
}

#[test]
fn a_net_of_a_slide_trains_and_its_run_resumes() {
    let mut bench = Bench::new();
    let train = "train mine on digits for 2 epochs with sgd(lr 0.01), batch 64, seed 3";
    let whole = bench.ok(&format!("slide mine\n{SMALL}\n{train}")).remove(1);
    // Broken off after an epoch, and taken up in another session from the run's own program.
    bench.ok("train mine on digits for 1 epochs with sgd(lr 0.01), batch 64, seed 3");
    bench.session = Session::new(Arc::new(Cpu::new(Some(1)).unwrap()), bench.path("runs").into(), Arc::default());
    let resumed = bench.ok("resume run 2 for 2 epochs\nsummary mine").remove(0);
    let last = |data: &Value| {
        let mut last = data["epochs"].as_array().unwrap().last().unwrap().clone();
        last["seconds"] = Value::Null;
        last
    };
    assert_eq!(last(&resumed.data), last(&whole.data));
    // Its values come by constants of other nets, too.
    bench.ok("let rate = 0.1\ntrain mine on digits for 1 epochs with sgd(lr rate) sweep rate {0.1, 0.01}");
}

/// A table of two networks.
const TABLE: &str = "| A | B |
|---|---|
| 2 weight layers | 3 weight layers |
| input (8 × 8 grayscale image) | |
| conv3-4 | conv3-4 |
|  | conv3-4 |
| maxpool | |
| FC-10 | |
| soft-max | |
";

#[test]
fn a_tables_columns_are_nets() {
    let mut bench = Bench::new();
    let text = format!(
        "slide tiny\n{TABLE}\nsummary tiny.A\ntrain tiny.B on digits for 1 epochs\n\
         filters tiny.B.conv2\nnet more = tiny.B.pool1 - fc 10, softmax"
    );
    let outputs = bench.ok(&text);
    assert_eq!(outputs[0].data["nets"], json!(["tiny.A", "tiny.B"]));
    assert_eq!(with(&outputs[0].data, "agrees"), [(3, "layers", "2"), (3, "layers", "3")]);
    assert_eq!(outputs[1].data["totals"]["params"], 40 + 650);
    // The run's program has the slide, under whichever of its nets.
    bench.session = Session::new(Arc::new(Cpu::new(Some(1)).unwrap()), bench.path("runs").into(), Arc::default());
    let resumed = bench.ok("resume run 1 for 2 epochs\nsummary tiny.B");
    assert_eq!(resumed[1].data["totals"]["params"], 40 + 148 + 650);
}

#[test]
fn a_slide_called_as_a_net_takes_its_place_and_says_so() {
    let mut bench = Bench::new();
    let said = "`lenet` is the slide's from here on, and no more the library's";
    let output = bench.ok(&format!("slide lenet\n{SMALL}")).remove(0);
    assert!(output.text.ends_with(said), "{}", output.text);
    assert_eq!(bench.ok("summary lenet")[0].data["layers"][0]["output"], json!([8, 8, 4]));
    // The same again changes nothing, weights among it.
    bench.ok("train lenet on digits for 1 epochs");
    let again = bench.ok(&format!("slide lenet\n\n{SMALL}")).remove(0);
    assert!(!again.text.contains("from here on"), "{}", again.text);
    let who = |bench: &mut Bench| bench.ok("%who")[0].data["nets"][0]["trained"].clone();
    assert_eq!(who(&mut bench), true);
    let other = bench.ok(&format!("slide lenet\n{}", SMALL.replace("x4]", "x5]").replace(": 4 ", ": 5 "))).remove(0);
    assert!(other.text.ends_with("no more what was called so"), "{}", other.text);
    assert_eq!(who(&mut bench), false);
    let mistake = &bench.mistakes(&format!("data x = digits[0..10]\nslide x\n{SMALL}"))[0];
    assert_eq!(mistake.message, "`x` is data of yours, so no net can be called so");
}

#[test]
fn a_slide_that_cannot_be_read_defines_nothing_and_the_rest_runs() {
    let place = Place::new();
    let broken = SMALL.replace("MAX POOL1", "FROB1");
    let ran = place.program(&format!("slide lenet\n{broken}\nnote \"after\"")).done();
    let [slide, note] = &ran.json()[..] else { panic!("{}", ran.out) };
    assert_eq!((&slide["nets"], &slide["unread"][0]["line"]), (&json!([]), &json!(4)));
    assert_eq!(note["text"], "after");
    let remark: Value = serde_json::from_str(ran.err.lines().next().unwrap()).unwrap();
    let remark = &remark["remark"];
    // The place is that of the file.
    assert_eq!((&remark["file"], &remark["line"]), (&json!("program.fov"), &json!(5)));
    assert!(remark["message"].as_str().unwrap().contains("the slide `lenet` cannot be read, line 4"), "{remark}");

    for use_of in ["summary lenet", "net m = lenet.pool1 - fc 3", "train lenet on digits for 1 epochs"] {
        let ran = place.program(&format!("slide lenet\n{broken}\n{use_of}"));
        ran.fails(&["`lenet", "was not defined: its slide could not be read, line 4"]);
    }
    // One that was read, but whose net cannot be.
    let ran = place.program(&format!("slide lenet\n{}\nsummary lenet", SMALL.replace("3x3", "30x30")));
    ran.fails(&["`lenet` was not defined: its slide", "line 2"]);
    // A net of that name is one again.
    place.program(&format!("slide lenet\n{broken}\nnet lenet = 8x8x1 - fc 3\nsummary lenet")).done();
}

#[test]
fn a_cell_is_a_slide_and_a_session_keeps_it() {
    let mut bench = Bench::new();
    let output = bench.ok(&format!("%%slide mine\n{SMALL}\nseed 7\n")).remove(0);
    assert_eq!(output.data["nets"], json!(["mine"]));
    let program = bench.session.program().to_string();
    bench.ok("train mine on digits for 1 epochs");
    let mut other = Bench::new();
    assert_eq!(other.ok(&format!("{program}summary mine")).len(), 2, "{program}");
}

/// `fovea slide` on what stands in standard input.
fn piped(place: &Place, text: &str, arguments: &[&str]) -> Ran {
    let mut child = place.command(arguments).stdin(std::process::Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    child.wait_with_output().unwrap().into()
}

#[test]
fn files_are_audited_and_the_status_says_whether_all_was_read() {
    let place = Place::new();
    place.write("alex-net 1.txt", ALEXNET);
    place.write("small.md", SMALL);
    place.write("none.txt", "There is no network in this.\n");
    let ran = place.run(&["slide", "alex-net 1.txt", "small.md", "--format", "json"]).done();
    let [alexnet, small] = &ran.json()[..] else { panic!("{}", ran.out) };
    assert_eq!((&alexnet["net"], &small["net"]), (&json!("alex_net_1"), &json!("small")));
    assert_eq!(with(alexnet, "disagrees").len(), 1);
    assert_eq!(place.files(), ["alex-net 1.txt", "none.txt", "small.md"], "no pictures but where they are asked for");

    let ran = place.run(&["slide", "none.txt", "small.md", "--format", "json"]);
    assert_eq!(ran.status, Some(1));
    assert_eq!(ran.json().iter().map(|data| data["unread"].as_array().unwrap().len()).collect::<Vec<_>>(), [1, 0]);
    let error: Value = serde_json::from_str(ran.err.trim()).unwrap();
    assert_eq!((&error["error"]["file"], &error["error"]["line"]), (&json!("none.txt"), &json!(1)));
    place.run(&["slide", "none.txt"]).fails(&["the slide `none` cannot be read, line 1", "none.txt:1:1"]);
    place.run(&["slide", "mine.fov"]).fails(&["`fovea run mine.fov` audits them"]);
    place.run(&["slide", "there-is-none.md"]).fails(&["there-is-none.md cannot be read"]);

    let both = place.run(&["slide", "small.md", "small.md"]).done().out;
    assert_eq!(both.matches("\n\n3 figures: 3 agree").count(), 1, "set apart: {both}");
    let ran = piped(&place, &format!("\u{feff}{}", SMALL.replace('\n', "\r")), &["slide", "-"]).done();
    assert!(ran.out.starts_with("3 figures: 3 agree"), "{}", ran.out);
    let ran = piped(&place, SMALL, &["slide", "-"]).done();
    assert!(ran.out.starts_with("3 figures: 3 agree"), "{}", ran.out);
    for wrong in [&["slide"][..], &["slide", "small.md", "--set", "N=3"], &["slide", "small.md", "-e", "seed 7"]] {
        assert_eq!(place.run(wrong).status, Some(2), "{wrong:?}");
    }
    let help = place.run(&["slide", "--help"]).done().out;
    assert!(help.contains("--theme") && !help.contains("--device"), "{help}");
}

#[test]
fn a_picture_comes_where_it_is_asked_for() {
    let place = Place::new();
    place.write("small.md", SMALL);
    place.run(&["slide", "small.md", "--out", "drawn", "--theme", "dark"]).done();
    assert_eq!(place.files(), ["drawn/01-slide-small.png", "drawn/01-slide-small.svg", "small.md"]);
    let output = Bench::new().ok(&format!("slide mine\n{SMALL}")).remove(0);
    assert_eq!(output.pictures[0].alt, "mine – 3 figures: 3 agree; 2 assumptions.");
    assert!(output.html.unwrap().contains("8x8x4"));
}

#[test]
fn a_whole_lecture_is_a_report_and_an_object_a_slide() {
    let place = Place::new();
    place.write("lecture.md", include_str!("../../tests/slides/lecture.md"));
    let ran = place.run(&["slide", "lecture.md"]).done();
    let sum = ran.out.lines().next().unwrap();
    assert!(sum.contains(" figures: ") && sum.contains(" disagree"), "{sum}");
    for words in ["AlexNet (2012 Winner) (lines 341–374)\n", "nothing to compute: ", "→ pad 2", "2.359 million"] {
        assert!(ran.out.contains(words), "no `{words}`");
    }
    let slides = place.run(&["slide", "lecture.md", "--format", "json"]).done().json();
    let alexnet = slides.iter().find(|slide| slide["nets"] == json!(["alexnet"])).unwrap();
    // Lines count in the file.
    assert_eq!((with(alexnet, "disagrees")[0].0, &alexnet["lines"]), (353, &json!([341, 374])));
    let silent = slides.iter().filter(|slide| slide["figures"] == json!([]) && slide["unjudged"] == json!([])).count();
    assert!(silent > 10 && slides.len() > silent + 10, "{silent} of {}", slides.len());
}

#[test]
fn colours_come_on_a_terminal_alone() {
    let place = Place::new();
    place.write("alexnet.txt", ALEXNET);
    assert!(!place.run(&["slide", "alexnet.txt"]).done().out.contains('\u{1b}'));
    let forced = place.command(&["slide", "alexnet.txt"]).env("CLICOLOR_FORCE", "1").output().unwrap();
    let coloured = Ran::from(forced).done().out;
    assert!(coloured.contains("\u{1b}[9;31mpad 1\u{1b}[0m \u{1b}[1;32mpad 2\u{1b}[0m"), "{coloured:?}");
}

/// None breaks, whatever it says; each ends as it was read or not.
#[test]
fn bad_slides_are_told_of() {
    let googlenet = include_str!("../../tests/slides/googlenet.md");
    let heading: String = googlenet.lines().take(2).map(|line| format!("{line}\n")).collect();
    let row = |cell: &str| format!("{}|\n", format!("| {cell} ").repeat(10_000));
    let cut: String =
        googlenet.lines().map(|line| line.split('|').take(6).collect::<Vec<_>>().join("|") + "\n").collect();
    let place = Place::new();
    for (name, text) in [
        ("wide", [row("a"), row("---"), row("conv3-64"), row("maxpool")].concat()),
        ("two-headings", format!("{heading}{googlenet}")),
        ("missing-cells", cut),
        ("overflow", ALEXNET.replace("4096 neurons", "40960000000000000000000 neurons")),
        (
            "right-to-left",
            ALEXNET.replace("INPUT", "INPUT \u{5e9}\u{5dc} \u{202e}x").replace("Normalization", "\u{646}\u{648}"),
        ),
        (
            "large",
            "[2270x2270x3] INPUT\n[2270x2270x9600] CONV1: 9600 11x11 filters at stride 1, pad 5\nFC: 40960 neurons"
                .into(),
        ),
        ("nothing", "\u{feff}\u{0}\n\n".into()),
    ] {
        place.write(name, &text);
        let ran = place.run(&["slide", name]);
        assert!(matches!(ran.status, Some(0 | 1)) && !ran.err.contains("panicked"), "{name}: {}", ran.err);
        assert!(!ran.out.contains(['\u{202e}', '\u{0}']), "{name}");
        assert!(ran.out.len() < 20_000, "{name}: {}", ran.out.len());
        let silent = ran.status == Some(1) && ran.err.is_empty();
        assert!(!silent, "{name}");
        Bench::new().run(&format!("%%slide odd\n{text}\n")).ok();
    }
}

/// A print in a box, whose signs take three bytes each.
const BOX: &str = "┏━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━┓
┃ Layer (type)    ┃ Output Shape       ┃ Param # ┃
┡━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━┩
│ conv2d (Conv2D) │ (None, 26, 26, 32) │     320 │
├─────────────────┼────────────────────┼─────────┤
│ dense (Dense)   │ (None, 10)         │  10⁹    │
└─────────────────┴────────────────────┴─────────┘
";

#[test]
fn whatever_is_cut_off_is_shown() {
    let slides = [ALEXNET, TABLE, BOX, include_str!("../../tests/slides/resnet.md")];
    for text in slides {
        for end in (0..text.len()).step_by(41).filter(|&end| text.is_char_boundary(end)) {
            let text = &text[..end];
            let audit = fovea_dsl::slide::audit("cut", text);
            let output = fovea::slides::output(&audit, text, &[], Some(fovea::picture::Theme::Dark));
            assert!(output.text.contains("figure") && output.html.is_some() && output.coloured.is_some());
            let source = Source { id: SourceId(0), name: "cut".into(), text: text.into() };
            for unread in &audit.unread {
                let place = Span::new(source.id, unread.place.start, unread.place.end);
                let missed = fovea::slides::missed("cut", unread, place);
                assert!(!render(&[missed], std::slice::from_ref(&source), Style::Plain).is_empty());
            }
        }
    }
}
