//! What is answered at once.

use serde_json::{Value, json};

use super::{Kernel, TINY, names, reply};

/// The answer to a request on shell.
fn answer(kernel: &Kernel, kind: &str, content: Value) -> Value {
    let request = kernel.request(kind, content);
    let seen = kernel.until_idle(&request);
    reply(&seen, &request).clone()
}

#[test]
fn the_kernel_says_what_it_is() {
    let kernel = Kernel::new();
    let info = answer(&kernel, "kernel_info_request", json!({}));
    assert_eq!(info["protocol_version"], "5.5");
    let language = &info["language_info"];
    assert_eq!((&language["name"], &language["file_extension"]), (&json!("fovea"), &json!(".fov")));
    assert_eq!(language["mimetype"], "text/x-fovea");
    let id = kernel.tell("kernel_info_request", json!({}));
    assert_eq!(reply(&kernel.until_idle(&id), &id), &info, "on control the same");
}

#[test]
fn completions_count_characters_and_know_the_session() {
    let kernel = Kernel::new();
    kernel.run(TINY);
    let text = "# 猫 é 👩‍🔬\nsummary ti";
    let at = text.chars().count();
    let found = answer(&kernel, "complete_request", json!({ "code": text, "cursor_pos": at }));
    assert_eq!(found["matches"], json!(["tiny"]));
    assert_eq!((&found["cursor_start"], &found["cursor_end"]), (&json!(at - 2), &json!(at)));
    let kind = &found["metadata"]["_jupyter_types_experimental"][0];
    assert_eq!((&kind["text"], &kind["type"]), (&json!("tiny"), &json!("class")));
    // Whatever a front end says of the cursor.
    for at in [0, 3, 1_000_000] {
        answer(&kernel, "complete_request", json!({ "code": "é猫", "cursor_pos": at }));
    }
    let files = answer(&kernel, "complete_request", json!({ "code": "load tiny \"src/", "cursor_pos": 15 }));
    assert!(files["matches"].as_array().unwrap().contains(&json!("src/main.rs")), "{files}");
}

#[test]
fn what_is_said_to_the_notebook_completes_too() {
    let kernel = Kernel::new();
    let all = vec!["%load", "%save", "%%slide", "%who", "%reset"];
    for (text, words) in [("%", all), ("%%s", vec!["%%slide"]), ("%l", vec!["%load"])] {
        let found = answer(&kernel, "complete_request", json!({ "code": text, "cursor_pos": text.len() }));
        assert_eq!((&found["matches"], &found["cursor_start"]), (&json!(words), &json!(0)), "{text}");
    }
}

#[test]
fn a_word_is_explained_where_the_cursor_stands() {
    let kernel = Kernel::new();
    kernel.run("let width = 16");
    let inspect = |code: &str, at: usize| {
        answer(&kernel, "inspect_request", json!({ "code": code, "cursor_pos": at, "detail_level": 1 }))
    };
    let conv = inspect("é net t = 8x8x1 - conv 3", 20);
    assert_eq!(conv["data"]["text/markdown"], conv["data"]["text/plain"]);
    assert_eq!(conv["data"]["text/plain"], fovea_dsl::editor::inspect("conv").unwrap());
    assert_eq!(inspect("conv width", 10)["data"]["text/plain"], "width = 16");
    let number = inspect("train lenet on digits with sgd(momentum 0.9)", 35);
    assert_eq!(number["data"]["text/plain"], fovea_dsl::editor::inspect("sgd").unwrap());
    let net = inspect("summary lenet", 9);
    assert!(net["data"]["text/plain"].as_str().unwrap().contains("conv1"), "{net}");
    assert!(net["data"]["text/html"].as_str().unwrap().contains("<table"), "{net}");
    assert_eq!(inspect("a + b", 2), json!({ "status": "ok", "found": false, "data": {}, "metadata": {} }));
}

#[test]
fn a_text_is_complete_or_goes_on_or_is_wrong() {
    let kernel = Kernel::new();
    let status = |code: &str| answer(&kernel, "is_complete_request", json!({ "code": code }))["status"].clone();
    assert_eq!(status("let n = 3"), "complete");
    assert_eq!(status("?conv"), "complete");
    assert_eq!(status("net t = (8x8x1 - conv"), "incomplete");
    assert_eq!(status("net = = 3"), "invalid");
    assert_eq!(answer(&kernel, "is_complete_request", json!({ "code": "net t = [" }))["indent"], "    ");
}

#[test]
fn history_has_a_tail_ranges_and_a_search() {
    let kernel = Kernel::new();
    for code in ["let n = 1", "let m = 2", "let n = 1", "note \"x\""] {
        kernel.run(code);
    }
    let lines = |content: Value| -> Vec<(Value, Value)> {
        let found = answer(&kernel, "history_request", content);
        found["history"].as_array().unwrap().iter().map(|entry| (entry[1].clone(), entry[2].clone())).collect()
    };
    let line = |number: i32, input: &str| (json!(number), json!(input));
    let tail = json!({ "hist_access_type": "tail", "n": 2, "output": false, "raw": true });
    assert_eq!(lines(tail), [line(3, "let n = 1"), line(4, "note \"x\"")]);
    // jupyter_client says no `stop` where it was given none.
    let range = json!({ "hist_access_type": "range", "session": 0, "start": 3, "output": false, "raw": true });
    assert_eq!(lines(range), [line(3, "let n = 1"), line(4, "note \"x\"")]);
    let range =
        json!({ "hist_access_type": "range", "session": 0, "start": 1, "stop": 3, "output": false, "raw": true });
    assert_eq!(lines(range), [line(1, "let n = 1"), line(2, "let m = 2")]);
    let search = json!({ "hist_access_type": "search", "pattern": "let ? = *", "unique": true, "output": false });
    assert_eq!(lines(search), [line(2, "let m = 2"), line(3, "let n = 1")]);
    let search = json!({ "hist_access_type": "search", "pattern": "let*", "n": 1, "output": true, "raw": true });
    assert_eq!(lines(search), [(json!(3), json!(["let n = 1", "n = 1"]))]);
    assert!(lines(json!({ "hist_access_type": "search", "pattern": "let" })).is_empty(), "a pattern fits the whole");
    assert!(lines(json!({ "hist_access_type": "what" })).is_empty());
}

#[test]
fn history_outlives_the_kernel() {
    let kernel = Kernel::new();
    kernel.run("let n = 1");
    let written = std::fs::read_to_string(kernel.folder.path().join("history")).unwrap();
    let earlier = written.replace(&written[written.find(':').unwrap() + 1..written.find(',').unwrap()], "1000");
    // A line that another kernel is still writing, and one that is none.
    std::fs::write(kernel.folder.path().join("history"), format!("garbage\n{earlier}{{\"session\":10")).unwrap();
    let history = crate::jupyter::history::History::new(Some(kernel.folder.path().join("history")));
    let asked = |session: i64| {
        let content = json!({ "hist_access_type": "range", "session": session, "start": 0 });
        let asked = crate::jupyter::history::Asked::read(&content).unwrap();
        serde_json::to_value(history.answer(Some(&asked))).unwrap()["history"].clone()
    };
    assert_eq!(asked(-1), json!([[1000, 1, "let n = 1"]]));
    assert_eq!(asked(1000), json!([[1000, 1, "let n = 1"]]));
    assert_eq!((asked(0), asked(-2), asked(i64::MIN)), (json!([]), json!([]), json!([])));
}

#[test]
fn a_request_without_what_it_needs_is_answered_all_the_same() {
    let kernel = Kernel::new();
    for kind in ["execute", "complete", "inspect", "is_complete"] {
        let answer = answer(&kernel, &format!("{kind}_request"), json!({ "code": 7 }));
        assert_eq!((&answer["status"], &answer["ename"]), (&json!("error"), &json!("ValueError")), "{kind}");
    }
}

#[test]
fn a_comm_that_nobody_knows_is_closed_and_unknown_requests_still_end() {
    let kernel = Kernel::new();
    let open = json!({ "comm_id": "c1", "target_name": "jupyter.widget", "data": {} });
    let id = kernel.request("comm_open", open);
    let seen = kernel.until_idle(&id);
    assert_eq!(names(&seen), ["status busy", "comm_close", "status idle"]);
    assert_eq!(seen[1].content, json!({ "comm_id": "c1", "data": {} }));
    assert_eq!(answer(&kernel, "comm_info_request", json!({})), json!({ "status": "ok", "comms": {} }));
    let id = kernel.request("debug_request", json!({ "seq": 1 }));
    assert_eq!(names(&kernel.until_idle(&id)), ["status busy", "status idle"]);
    let id = kernel.request("made_up_request", json!({}));
    assert_eq!(names(&kernel.until_idle(&id)), ["status busy", "status idle"]);
}
