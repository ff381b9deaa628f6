//! What a Rust program or notebook gets: results as values, errors that read well, and what evcxr is shown.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fovea::{Error, Session};
use fovea_train::Ending;

/// Two epochs of a net that learns something.
const TRAINED: &str = "net t = 8x8x1 - conv 4 - relu - pool, softmax 10\ntrain t on digits for 2 epochs";

fn session(folder: &Path) -> Session {
    Session::open("cpu", folder.join("runs")).unwrap()
}

/// The message of a call that must fail.
fn message<T>(result: Result<T, Error>) -> String {
    let error = result.err().unwrap();
    assert_eq!(format!("{error:?}"), error.to_string());
    assert!(!error.to_string().contains('\x1b'));
    let boxed: Box<dyn std::error::Error + Send + Sync> = Box::new(error);
    boxed.to_string()
}

#[test]
fn a_net_has_its_figures() {
    let folder = tempfile::tempdir().unwrap();
    let lenet = session(folder.path()).net("lenet").unwrap();
    assert_eq!((lenet.name.as_str(), &lenet.input[..]), ("lenet", &[28, 28, 1][..]));
    // LeNet's known totals, and its first layer by hand: six 5x5 filters with a bias each, at 28x28 positions.
    assert_eq!((lenet.parameters, lenet.macs), (61_706, 416_520));
    let first = &lenet.layers[0];
    assert_eq!((first.params, first.macs, &first.output[..]), (6 * 26, 6 * 25 * 28 * 28, &[28, 28, 6][..]));
    assert!(lenet.to_string().contains("61,706"), "{lenet}");
    assert!(!folder.path().join("runs").exists(), "to look at a net writes nothing");
}

#[test]
fn a_history_has_the_figures_of_the_run_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = session(folder.path());
    first.eval(TRAINED).unwrap();
    let history = first.history("t").unwrap();
    assert_eq!((history.net.as_str(), history.run, &history.ending), ("t", 1, &Some(Ending::Complete)));
    let lines = std::fs::read_to_string(folder.path().join("runs/1/metrics.jsonl")).unwrap();
    let lines = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let epochs: Vec<_> = lines.filter(|line| line["kind"] == "epoch").collect();
    assert_eq!((epochs.len(), history.epochs.len()), (2, 2));
    for (epoch, line) in history.epochs.iter().zip(&epochs) {
        assert_eq!(line["loss"], epoch.loss);
        assert_eq!(line["accuracy"].as_f64(), epoch.accuracy);
        assert_eq!(line["test_loss"].as_f64(), epoch.test_loss);
        assert_eq!(line["test_accuracy"].as_f64(), epoch.test_accuracy);
    }
    // Another session finds the run on disk; one that has trained again means its own.
    let mut second = session(folder.path());
    second.eval("net t = 8x8x1 - fc 4 - relu, softmax 10").unwrap();
    assert_eq!(second.history("t").unwrap().run, 1);
    second.eval("train t on digits for 1 epochs").unwrap();
    assert_eq!((second.history("t").unwrap().run, first.history("t").unwrap().run), (2, 1));
}

#[test]
fn results_are_one_a_statement_and_debug_prints_no_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let results = session(folder.path()).eval("show digits[0..2];\nnote \"said\"\nsummary lenet").unwrap();
    let verbs: Vec<&str> = results.outputs.iter().map(|output| output.verb.as_str()).collect();
    assert_eq!(verbs, ["show", "note", "summary"]);
    let text = results.to_string();
    assert!(text.starts_with("said\n") && text.contains("61,706"), "{text}");
    assert_eq!(format!("{results:?}"), text);
}

#[test]
fn errors_point_at_the_words() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = session(folder.path());
    let shape = message(session.eval("net t = 28x28x1 - conv 6 5x5 valid - 28x28x6, softmax 10"));
    assert!(shape.contains("28x28x6 is stated here, but 24x24x6 flows") && shape.contains("eval:1:38"), "{shape}");
    let unknown = message(session.net("lenett"));
    assert!(unknown.contains("net:1:1") && unknown.contains("`lenet` is the nearest"), "{unknown}");
    let untrained = message(session.history("lenet"));
    assert!(untrained.contains("`lenet` has not been trained"), "{untrained}");
    assert!(message(session.history("nobody")).contains("no net called `nobody`"));
    let open = message(session.eval("net o = input - conv 4 - relu, softmax 10").and_then(|_| session.net("o")));
    assert!(open.contains("input"), "{open}");
    assert!(message(Session::open("gpu", "runs")).contains("there is no device `gpu`"));
}

#[test]
fn nonsense_is_an_error_and_leaves_the_session_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = session(folder.path());
    session.eval("net t = 8x8x1 - conv 4 - relu, softmax 10").unwrap();
    for name in ["", " ", "t ", "t\nsummary t", "t\0", "🙈", "\u{202e}t", "EVCXR_END_CONTENT"] {
        assert!(message(session.net(name)).contains("there is no net called"), "{name:?}");
        assert!(message(session.history(name)).contains("there is no net called"), "{name:?}");
    }
    for text in ["\0\x01\u{fffd}", "net", "net t =", "🙈🙈", &"(".repeat(100_000)] {
        message(session.eval(text));
    }
    assert_eq!(session.eval(" \n# nothing\n").unwrap().outputs.len(), 0);
    assert_eq!(session.net("t").unwrap().layers.len(), 4);
}

/// What evcxr makes of a process's lines: content by form.
fn as_evcxr_reads(out: &str) -> BTreeMap<String, String> {
    let mut contents = BTreeMap::new();
    let mut lines = out.lines();
    while let Some(line) = lines.next() {
        if let Some(mime) = line.strip_prefix("EVCXR_BEGIN_CONTENT ") {
            let content: Vec<&str> = lines.by_ref().take_while(|&line| line != "EVCXR_END_CONTENT").collect();
            contents.insert(mime.to_string(), content.join("\n"));
        }
    }
    contents
}

/// Set for the process that shows values, to the folder it works in.
const FOLDER: &str = "FOVEA_TEST_SHOWS_IN";

/// The process that [`evcxr_is_shown_tables_and_pictures`] starts and reads; by itself it has nothing to show.
#[test]
fn shows() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let mut session = session(Path::new(&folder));
    session.eval(TRAINED).unwrap().evcxr_display();
    session.net("t").unwrap().evcxr_display();
    session.history("t").unwrap().evcxr_display();
    let text = "note \"EVCXR_END_CONTENT\"\nnote \"<script>\"\nnote \"unseen\";\nshow digits[0..2]";
    session.eval(text).unwrap().evcxr_display();
}

#[test]
fn evcxr_is_shown_tables_and_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "shows", "--nocapture"]).env(FOLDER, folder.path());
    let child = child.output().unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
    let out = String::from_utf8(child.stdout).unwrap();
    let shown: Vec<&str> = out.split("EVCXR_BEGIN_CONTENT text/html\n").collect();
    assert_eq!(shown.len(), 5, "{out}");

    // While it trains, a line an epoch; then each value in both forms.
    let epochs = shown[0].lines().filter(|line| line.starts_with("epoch ")).count();
    assert_eq!(epochs, 2, "{}", shown[0]);
    let value = |at: usize| as_evcxr_reads(&format!("EVCXR_BEGIN_CONTENT text/html\n{}", shown[at]));
    let [trained, net, history, last] = [1, 2, 3, 4].map(value);
    assert!(trained["text/plain"].contains("run 1: t on digits, 2 epochs"), "{trained:?}");
    assert!(net["text/plain"].contains("690 parameters") && net["text/html"].contains("690"), "{net:?}");
    assert!(history["text/plain"].contains("complete"), "{history:?}");
    assert_eq!(pictures(&history["text/html"]).len(), 1);
    let (html, text) = (&last["text/html"], &last["text/plain"]);
    assert!(html.contains("&lt;script&gt;") && !html.contains("<script") && !html.contains("unseen"), "{html}");
    assert!(text.starts_with(" EVCXR_END_CONTENT\n<script>\ndigits: "), "{text}");
    assert_eq!(pictures(html).len(), 1);
}

/// The pictures in HTML, each checked to be an SVG of the size that it is shown at.
fn pictures(html: &str) -> Vec<String> {
    let attribute =
        |tag: &str, name: &str| tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next().map(str::to_string);
    let tags = html.split("<img").skip(1);
    let picture = |tag: &str| {
        let source = attribute(tag, "src").unwrap();
        let bytes = STANDARD.decode(source.strip_prefix("data:image/svg+xml;base64,").unwrap()).unwrap();
        let svg = String::from_utf8(bytes).unwrap();
        let head = svg.split('>').next().unwrap();
        for name in ["width", "height"] {
            assert_eq!(attribute(head, name), attribute(tag, name), "{head}");
        }
        assert!(svg.trim_end().ends_with("</svg>"));
        svg
    };
    tags.map(picture).collect()
}
