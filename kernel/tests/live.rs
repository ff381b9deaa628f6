//! The line and the curves of a run while it trains, and what stays of them.

#![allow(clippy::unwrap_used)]

mod support;

use fovea::event::{Event, Figure, Metric, Part, Progress};
use fovea::live::Live;
use fovea::picture::Theme;
use support::bench::Bench;

const NET: &str = "lenet";

fn step(step: u64, steps: u64) -> Event {
    let epoch = 10 * step / steps + 1;
    let accuracy = (epoch > 1).then(|| Figure::share("test", 0.975));
    let figures = [Some(Figure::number("loss", 2.3 / (1.0 + step as f64))), accuracy];
    Event::Progress(Progress {
        task: NET.into(),
        unit: "step".into(),
        done: step,
        of: steps,
        part: Some(Part { unit: "epoch".into(), number: epoch.min(10), of: 10 }),
        figures: figures.into_iter().flatten().chain([Figure::rate("images/s", 5210.4)]).collect(),
        seconds_left: Some(4.0),
    })
}

fn epoch(epoch: u64, accuracy: Option<f64>) -> Event {
    let figures = [
        Some(Figure::number("loss", 1.0 / epoch as f64)),
        accuracy.map(|share| Figure::share("accuracy", share)),
        Some(Figure::number("test loss", 1.1 / epoch as f64)),
        accuracy.map(|share| Figure::share("test accuracy", share)),
    ];
    let part = Part { unit: "epoch".into(), number: epoch, of: 10 };
    let figures = figures.into_iter().flatten().collect();
    Event::Metric(Metric { task: NET.into(), part, figures, seconds: 1.5 })
}

/// A run of ten epochs, as far as the step.
fn upto(last: u64, steps: u64) -> Live {
    let mut live = Live::new(Theme::Light);
    for at in 1..=last {
        live.event(&step(at, steps));
        if at % (steps / 10) == 0 {
            live.event(&epoch(10 * at / steps, Some(0.9)));
        }
    }
    live
}

fn svg(live: &Live) -> String {
    live.picture().unwrap().unwrap().svg
}

#[test]
fn nothing_is_shown_before_the_first_event() {
    let live = Live::new(Theme::Light);
    assert_eq!((live.line(), live.line_html()), (String::new(), String::new()));
    assert!(live.picture().is_none());
}

#[test]
fn the_line_says_where_it_stands_and_then_what_came_of_it() {
    let mut live = upto(62, 100);
    assert_eq!(
        live.line(),
        "lenet epoch 7/10 ▕██████████████▉         ▏ 62 % \
         loss 0.0365 · test 97.5 % · 5,210 images/s · 4 s left"
    );
    live.over();
    assert_eq!(
        live.line(),
        "lenet epoch 7/10, ended early, at step 62 of 100: \
         loss 0.1667 · accuracy 90.0 % · test loss 0.1833 · test accuracy 90.0 % after epoch 6"
    );
    assert_eq!(
        upto(100, 100).line(),
        "lenet 10 epochs: loss 0.1000 · accuracy 90.0 % · test loss 0.1100 · test accuracy 90.0 % · 15 s"
    );
    let mut live = upto(3, 100);
    live.over();
    assert_eq!(live.line(), "lenet epoch 1/10, ended early, at step 3 of 100: loss 0.5750");
}

#[test]
fn a_task_without_parts_is_whole_behind_its_last_unit() {
    let upto = |done| {
        let mut live = Live::new(Theme::Light);
        live.event(&Event::Progress(Progress {
            task: "lenet".into(),
            unit: "generation".into(),
            done,
            of: 200,
            part: None,
            figures: vec![Figure::share("certainty", 0.5)],
            seconds_left: None,
        }));
        live.over();
        live.line()
    };
    assert_eq!(upto(200), "lenet 200 generations: certainty 50.0 %");
    assert_eq!(upto(7), "lenet generation 7/200, ended early, at generation 7 of 200: certainty 50.0 %");
}

#[test]
fn the_html_says_the_same_words() {
    for live in [upto(3, 100), upto(62, 100), upto(100, 100)] {
        let html = live.line_html();
        let mut words = String::new();
        for part in html.split('<') {
            words += part.split_once('>').map_or(part, |(_, text)| text);
        }
        let word = |c: &char| c.is_alphanumeric() || "/%.,:·".contains(*c);
        let squeezed = |text: &str| text.chars().filter(word).collect::<String>();
        let (text, html) = (squeezed(&live.line()), squeezed(&words));
        assert_eq!(text, html);
    }
    assert!(upto(62, 100).line_html().contains("max=\"1000\" value=\"620\""));
}

#[test]
fn a_hostile_name_is_escaped() {
    let mut live = Live::new(Theme::Dark);
    let Event::Progress(progress) = step(1, 100) else { panic!() };
    live.event(&Event::Progress(Progress { task: "<script>\"&\u{202e}\u{1b}[0m".into(), ..progress }));
    for html in [live.line_html(), svg(&live)] {
        assert!(!html.contains("<script") && html.contains("&lt;script&gt;&quot;&amp;"), "{html}");
        assert!(!html.contains('\u{202e}') && !html.contains('\u{1b}'), "{html}");
    }
    assert!(!live.line().contains('\u{1b}') && !live.line().contains('\u{202e}'));
}

#[test]
fn steps_are_drawn_until_an_epoch_has_ended() {
    let first = svg(&upto(5, 100));
    assert!(first.contains(">step<") && !first.contains(">epoch<") && !first.contains(">accuracy<"), "{first}");
    let later = svg(&upto(25, 100));
    assert!(later.contains(">epoch<") && later.contains(">accuracy<") && !later.contains(">step<"), "{later}");
}

#[test]
fn nets_without_accuracy_have_one_panel() {
    let mut live = upto(5, 100);
    live.event(&epoch(1, None));
    let picture = live.picture().unwrap().unwrap();
    assert!(picture.svg.contains(">loss<") && !picture.svg.contains(">accuracy<"));
    assert_eq!(picture.name, "loss");
}

#[test]
fn another_run_begins_anew() {
    let mut live = upto(100, 100);
    live.event(&step(1, 100));
    assert!(live.line().starts_with("lenet epoch 1/10"), "{}", live.line());
    assert!(svg(&live).contains(">step<"));
}

#[test]
fn a_million_steps_are_bounded() {
    let mut live = Live::new(Theme::Light);
    for at in 1..=1_000_000 {
        live.event(&step(at, 20_000_000));
    }
    let short = svg(&upto(9_999, 100_000)).len();
    let long = svg(&live).len();
    assert!(long < 3 * short, "{short} bytes of a picture become {long}");
}

#[test]
fn what_stays_is_what_plot_draws() {
    let mut bench = Bench::new();
    let mut live = Live::new(Theme::Light);
    let program = "net tiny = 8x8x1 - conv 2 - relu - pool, softmax 10\ntrain tiny on digits for 3 epochs, batch 256";
    bench.session.run("test", program, &mut |event| live.event(&event)).unwrap();
    assert!(live.line().starts_with("tiny 3 epochs"), "{}", live.line());
    let plotted = bench.ok("plot loss, accuracy of tiny").remove(0);
    assert_eq!(live.picture().unwrap().unwrap(), plotted.pictures[0]);
}

/// The picture that changes stands in place of the curves, until there is a result.
#[test]
fn a_draft_is_what_is_shown_until_it_is_over() {
    let mut live = upto(5, 100);
    let draft = |alt: &str| fovea::picture::Picture { alt: alt.into(), ..live_picture() };
    live.event(&Event::Draft(draft("the first")));
    live.event(&step(6, 100));
    live.event(&Event::Draft(draft("the second")));
    assert_eq!(live.picture().unwrap().unwrap().alt, "the second");
    live.over();
    assert!(live.picture().is_none() && live.has_drafts());
}

fn live_picture() -> fovea::picture::Picture {
    fovea::picture::Picture { name: "stylize".into(), svg: "<svg/>".into(), width: 8, height: 6, alt: String::new() }
}
