//! Faults of ours, and cells that are none.

use std::sync::Arc;

use fovea_cpu::Cpu;
use fovea_graph::plan::{Choice, Plan};
use fovea_graph::{Arena, Backend, BackendError, Device, Graph, Memory, NodeId, Program, State};

use serde_json::json;

use super::{Kernel, Seen, TINY, names, reply, text};

/// A device whose compiler is broken.
struct Broken(Cpu);

impl Backend for Broken {
    fn device(&self) -> Device {
        Device { name: "broken".into(), description: "made up".into(), memory: None }
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
    fn compile_in(&self, _: Plan, _: &Arc<dyn Arena>) -> Result<Box<dyn Program>, BackendError> {
        panic!("no kernel for this\nat all")
    }
}

fn traceback(seen: &[Seen]) -> String {
    let error = seen.iter().find(|seen| seen.kind == "error").unwrap();
    let lines = error.content["traceback"].as_array().unwrap();
    lines.iter().map(|line| line.as_str().unwrap()).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_panic_in_a_verb_is_reported_as_ours_and_the_session_goes_on() {
    crate::jupyter::panics::watch();
    let kernel = Kernel::on(Arc::new(Broken(Cpu::new(Some(1)).unwrap())));
    kernel.run(&format!("{TINY}\nlet n = 5"));
    let cell = kernel.execute("let n = 6\ntrain tiny on digits for 1 epochs\nlet n = 7");
    let seen = kernel.until_idle(&cell);
    let answer = reply(&seen, &cell);
    assert_eq!((answer["status"].as_str(), answer["ename"].as_str()), (Some("error"), Some("InternalError")));
    let report = traceback(&seen);
    for line in [
        "this broke inside fovea: no kernel for this",
        "This is a fault of Fovea, not of the program.",
        &format!("    fovea {} on broken (made up)", env!("CARGO_PKG_VERSION")),
        "    In[2]: train tiny on digits for 1 epochs",
        &format!("    panicked at {}:", file!()),
        "no kernel for this at all",
    ] {
        assert!(report.contains(line), "{line} is missing:\n{report}");
    }
    assert_eq!(text(kernel.run("?n").last().unwrap()), "n = 6", "what completed stays");
    assert!(text(kernel.run("summary tiny").last().unwrap()).contains("conv1"));
}

#[test]
fn garbage_in_a_cell_is_an_error_and_no_more() {
    let kernel = Kernel::new();
    let bytes: Vec<u8> = (0..20_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let garbage = [
        String::from_utf8_lossy(&bytes).into_owned(),
        bytes.iter().map(|&byte| char::from(byte)).collect(),
        "\0".repeat(1000),
        "(".repeat(100_000),
        "\u{1b}[2J\u{202e}\u{7}".repeat(100),
        "?".repeat(1000),
        format!("net t = {}conv{}", "(".repeat(30_000), ")".repeat(30_000)),
        format!("let n = {}1{}", "(".repeat(30_000), ")".repeat(30_000)),
        "\"".to_string(),
    ];
    for code in garbage {
        // As while it is typed: on threads whose stacks are those of these tests.
        for at in [0, 5, code.chars().count()] {
            let complete = kernel.request("complete_request", json!({ "code": code, "cursor_pos": at }));
            kernel.until_idle(&complete);
            let inspect = kernel.request("inspect_request", json!({ "code": code, "cursor_pos": at }));
            kernel.until_idle(&inspect);
        }
        let whole = kernel.request("is_complete_request", json!({ "code": code }));
        kernel.until_idle(&whole);
        let cell = kernel.execute(&code);
        let seen = kernel.until_idle(&cell);
        let size: usize = seen.iter().skip(2).map(|seen| seen.content.to_string().len()).sum();
        assert!(size < 400_000, "{size} bytes are said of {:?}…", code.chars().take(9).collect::<String>());
    }
    kernel.run("let n = 1");
}

#[test]
fn a_cell_of_five_megabytes_is_refused_in_few_words() {
    let kernel = Kernel::new();
    for code in ["x".repeat(5 << 20), "let n = 2\n".repeat((5 << 20) / 10), "é\n?".repeat(5 << 19)] {
        let cell = kernel.execute(&code);
        let seen = kernel.until_idle(&cell);
        assert_eq!(names(&seen)[2..], ["error", "execute_reply", "status idle"]);
        let error = &seen[2].content;
        assert_eq!(error["evalue"], format!("a cell of {} bytes; the longest may have 1048576", code.len()));
        assert!(traceback(&seen).contains("In[") && traceback(&seen).contains("`fovea run FILE`"));
        assert!(error.to_string().len() < 2_000, "{} bytes", error.to_string().len());
    }
    kernel.run("let n = 1");
}

#[test]
fn of_very_many_mistakes_some_are_shown_and_the_others_counted() {
    let kernel = Kernel::new();
    let cell = kernel.execute(&"nonsense 1\n".repeat(20_000));
    let seen = kernel.until_idle(&cell);
    let error = &seen[2].content;
    assert!(error.to_string().len() < 200_000, "{} bytes", error.to_string().len());
    assert!(error["evalue"].as_str().unwrap().ends_with("(and 19999 more)"));
    assert!(traceback(&seen).ends_with("more mistakes"));
}
