//! Names that would be more than names: in every picture and every report they are text.

#![allow(clippy::unwrap_used)]

mod gallery;
mod support;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea::display::{
    Column, Compared, Comparison, Confused, Device, Guess, Page, Summary, SummaryRow, Table, TestFigures, TestReport,
    Totals, devices, guesses,
};
use fovea::event::{Event, Figure, Output, Progress};
use fovea::failure::Failure;
use fovea::live::Live;
use fovea::picture::Theme;
use fovea::session::Session;
use gallery::drawn;
use resvg::usvg::roxmltree::{Document, ParsingOptions};
use support::bench::Bench;

/// Marks, quotes, an entity, the end of a comment and of CDATA, control characters, marks that turn text around.
const HOSTILE: &str =
    "<script>alert(1)</script>\"'&lt;-->]]><img src=x onerror=alert(1)>\u{0}\u{7}\u{1b}[31m\r\u{202e}\u{2066}\u{ffff}";

/// What may be in a picture.
const DRAWN: &[&str] = &["svg", "rect", "path", "circle", "text", "image", "title"];

/// What may be in a report: tags that notebooks keep of authors whom they do not trust.
const WRITTEN: &[&str] = &[
    "div", "p", "br", "pre", "b", "progress", "details", "summary", "table", "thead", "tbody", "tfoot", "tr", "th",
    "td",
];

/// Properties that they keep.
const STYLES: &[&str] = &[
    "border-bottom",
    "border-collapse",
    "border-top",
    "font-family",
    "font-weight",
    "margin",
    "max-height",
    "overflow",
    "overflow-x",
    "padding",
    "table-layout",
    "text-align",
    "vertical-align",
    "white-space",
    "width",
];

/// The texts of a document whose every tag and attribute may be there.
fn texts(markup: &str, tags: &[&str], attributes: &[&str]) -> Vec<String> {
    let options = ParsingOptions { allow_dtd: false, ..ParsingOptions::default() };
    let document = Document::parse_with_options(markup, options).unwrap_or_else(|error| panic!("{error}: {markup}"));
    for node in document.descendants() {
        assert!(!node.is_comment() && !node.is_pi(), "{markup}");
        let Some(tag) = node.is_element().then(|| node.tag_name().name()) else { continue };
        assert!(tags.contains(&tag), "<{tag}> in {markup}");
        for attribute in node.attributes() {
            let (name, value) = (attribute.name(), attribute.value());
            assert!(attributes.contains(&name), "{name} of <{tag}> in {markup}");
            assert!(name != "href" || value.starts_with("data:image/png;base64,"), "{value}");
            assert!(name != "style" || !value.contains("url") && !value.contains("//"), "{value}");
            assert!(!value.chars().any(is_unseen), "{value:?}");
        }
    }
    let texts: Vec<String> = document.descendants().filter_map(|node| node.text().map(str::to_string)).collect();
    assert!(!texts.iter().flat_map(|text| text.chars()).any(is_unseen), "{texts:?}");
    texts
}

fn is_unseen(c: char) -> bool {
    c.is_control() && c != '\n' || "\u{202e}\u{2066}\u{ffff}".contains(c)
}

fn is_sound_picture(svg: &str) -> Vec<String> {
    let shapes = ["x", "y", "width", "height", "rx", "cx", "cy", "r", "d", "viewBox", "transform"];
    let looks = ["fill", "stroke", "stroke-width", "stroke-linejoin", "stroke-linecap", "preserveAspectRatio"];
    let words = ["font-size", "font-weight", "font-family", "text-anchor", "style", "href", "role", "aria-label"];
    texts(svg, DRAWN, &[&shapes[..], &looks, &words].concat())
}

/// Reads a report; its words.
fn is_sound_report(html: &str) -> String {
    let texts = texts(html, WRITTEN, &["style", "open", "max", "value"]);
    for style in html.split("style=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        for property in style.split(';').map(str::trim).filter(|property| !property.is_empty()) {
            let name = property.split(':').next().unwrap();
            assert!(STYLES.contains(&name), "{name} in {style}");
            assert!(!property.contains('#') && !property.contains("rgb"), "a colour of its own: {style}");
        }
    }
    texts.concat()
}

/// Whether the words of a text are all in HTML, in their order; rules and bars are not words.
fn says(html: &str, text: &str) {
    let words = |text: &str| -> String { text.chars().filter(|c| c.is_alphanumeric()).collect() };
    let (html, text) = (words(html), words(text));
    let mut rest = text.chars().peekable();
    html.chars().for_each(|c| {
        rest.next_if_eq(&c);
    });
    assert!(rest.peek().is_none(), "{} is missing of {text} in {html}", rest.collect::<String>());
}

fn is_sound_page(page: &Page) {
    let html = page.html().unwrap();
    let words = is_sound_report(&html);
    assert!(words.contains("<script>alert(1)") && !html.contains("<script"), "{html}");
    let text = page.to_string();
    assert!(!text.chars().any(is_unseen), "{text:?}");
    says(&words, &text);
}

#[test]
fn every_picture_writes_a_hostile_name_as_text() {
    for theme in [Theme::Light, Theme::Dark] {
        for (name, picture) in drawn(HOSTILE, theme) {
            let texts = is_sound_picture(&picture.svg).concat();
            assert!(texts.contains("<script>"), "{name} does not show it: {texts}");
            assert!(picture.png().unwrap().starts_with(b"\x89PNG"), "{name}");
        }
    }
}

#[test]
fn every_report_writes_a_hostile_name_as_text() {
    let name = HOSTILE.to_string();
    let confused =
        |_| Confused { sample: name.clone(), truth: name.clone(), predicted: name.clone(), probability: 0.5 };
    for classes in [2, 40] {
        let report = TestReport {
            net: name.clone(),
            data: name.clone(),
            loss: 0.5,
            accuracy: Some(0.5),
            figures: TestFigures::default(),
            confusion: vec![vec![1; classes]; classes],
            iou: None,
            mean_iou: None,
            classes: vec![name.clone(); classes],
            worst: (0..3).map(confused).collect(),
        };
        is_sound_page(&report.page());
    }
    let compared = Compared {
        net: name.clone(),
        input: vec![8, 8, 1],
        depth: 1,
        params: 1,
        macs: 1,
        flops: 2,
        activation_bytes: 4,
    };
    is_sound_page(&Comparison { nets: vec![compared] }.page());
    let row = SummaryRow {
        name: name.clone(),
        kind: name.clone(),
        output: vec![10],
        params: 1,
        macs: 1,
        flops: 2,
        bytes: 4,
        receptive_field: vec![],
    };
    is_sound_page(&Summary { net: name.clone(), layers: vec![row; 60], totals: Totals::default() }.page(3));
    let device = Device { word: name.clone(), what: name.clone(), memory: None, state: name.clone() };
    is_sound_page(&Page::default().table(devices(&[device])));
    let guess = Guess { sample: name.clone(), truth: Some(name.clone()), classes: vec![(name.clone(), 0.5)] };
    is_sound_page(&Page::default().fold(HOSTILE, Page::default().code(guesses(&[guess]))));
    let mut table = Table::new([Column::left(HOSTILE), Column::right(HOSTILE)]);
    table.row([HOSTILE, HOSTILE]);
    is_sound_page(&Page::default().text(HOSTILE).section(HOSTILE, Page::default().table(table)));
}

#[test]
fn what_every_verb_says_is_the_same_as_text_and_as_html() {
    let mut bench = Bench::new();
    let program = "net tiny = 8x8x1 - conv 2 - relu - pool, softmax 10\nlet a = 1, b = {2, 3}\nseed 3\ndata digits\n\
                   theme dark\ntrain tiny on digits for 3 epochs, batch 256\ntest tiny on digits\nbench tiny\n\
                   predict tiny on digits[0..3]\nshow digits[0..4]\nshow run last\nsummary tiny\nsummary resnet50\n\
                   compare lenet, alexnet\nexplain tiny\ndevice\nlibrary\nplot loss, accuracy of tiny";
    let outputs = bench.ok(program);
    let with_html: Vec<&str> =
        outputs.iter().filter(|output| output.html.is_some()).map(|output| output.verb.as_str()).collect();
    let tables = ["train", "test", "bench", "predict", "show", "summary", "summary", "compare", "explain", "device"];
    assert_eq!(with_html, [&tables[..], &["library", "plot"]].concat());
    for Output { html, text, pictures, .. } in &outputs {
        html.iter().for_each(|html| says(&is_sound_report(html), text));
        pictures.iter().for_each(|picture| drop(is_sound_picture(&picture.svg)));
    }
}

/// A session whose runs lie in a folder of a hostile name, with one run, whose record somebody has edited.
fn with_edited_run(at: &Path) -> Session {
    let runs = at.join("<img src=x onerror=alert(1)>&\"\u{202e}");
    let cpu = Arc::new(fovea_cpu::Cpu::new(Some(1)).unwrap());
    let mut session = Session::new(cpu, runs.clone(), Arc::new(AtomicBool::new(false)));
    let program = "net tiny = 8x8x1 - fc 4 - relu, softmax 10\ntrain tiny on digits for 2 epochs, batch 512";
    session.run("test", program, &mut |_| ()).unwrap();
    let file = runs.join("1/run.json");
    let mut info: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    for key in ["statement", "net", "data", "device"] {
        info[key] = HOSTILE.into();
    }
    std::fs::write(&file, info.to_string()).unwrap();
    session
}

#[test]
fn a_record_that_was_edited_is_text() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = with_edited_run(folder.path());
    let mut seen = 0;
    let program = "show run 1\nplot loss, accuracy of run 1";
    let done = session.run("test", program, &mut |event| {
        if let Event::Output(output) = event {
            seen += 1;
            let words = is_sound_report(&output.html.unwrap());
            assert!(output.verb != "show" || words.contains("<script>") && words.contains("<img src=x"), "{words}");
            assert!(!output.text.chars().any(is_unseen), "{:?}", output.text);
            output.pictures.iter().for_each(|picture| drop(is_sound_picture(&picture.svg)));
        }
    });
    done.unwrap();
    assert_eq!(seen, 2);
    let resumed = session.run("test", "train tiny on digits resume run 1", &mut |_| ());
    assert!(matches!(resumed, Err(Failure::Mistakes(_))), "{resumed:?}");
}

#[test]
fn the_live_line_and_its_curves_are_text() {
    let mut live = Live::new(Theme::Dark);
    let progress = Progress {
        task: HOSTILE.into(),
        unit: HOSTILE.into(),
        done: 1,
        of: 9,
        part: None,
        figures: vec![Figure::number("loss", 0.5), Figure::share(HOSTILE, 0.5)],
        seconds_left: Some(1.0),
    };
    live.event(&Event::Progress(progress));
    assert!(is_sound_report(&live.line_html()).contains("<script>"));
    assert!(is_sound_picture(&live.picture().unwrap().unwrap().svg).concat().contains("<script>"));
    assert!(!live.line().chars().any(is_unseen));
}
