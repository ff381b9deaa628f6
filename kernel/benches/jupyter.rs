//! How long the kernel for Jupyter lets one wait, over its sockets: `cargo bench -p fovea-lang --bench jupyter`.
//! The goals: a cell that defines a net 5 ms at p95, an interrupt 100 ms, the start 500 ms.

#![allow(clippy::unwrap_used)]

#[path = "../tests/support/kernel/mod.rs"]
mod kernel;

use std::time::{Duration, Instant};

use jupyter_protocol::CompleteRequest;
use jupyter_protocol::connection_info::Transport;
use kernel::client::Client;
use kernel::{Served, connection};

const STARTS: usize = 10;
const CELLS: usize = 300;
/// How many nets the notebook has.
const NAMES: usize = 20;
const INTERRUPTS: usize = 20;
const COMPLETIONS: usize = 20;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let starts: Vec<Duration> = (0..STARTS).map(|_| start()).collect();
    let served = Served::start(folder.path(), Transport::TCP);
    let mut client = served.client();
    client.kernel_info();
    let cells = (0..CELLS).map(|at| define(&mut client, at)).collect();
    client.run("data digits size 28x28");
    let (mut interrupts, mut completions) = (Vec::new(), Vec::new());
    for at in 0..INTERRUPTS {
        interrupts.push(interrupt(&mut client, at, &mut completions));
    }
    print("start to the first kernel_info_reply", 500, starts);
    print("a cell that defines a net", 5, cells);
    print("interrupt of training lenet to the cell's reply", 100, interrupts);
    print("completion while lenet trains", 100, completions);
}

/// From the start of a process to its first answer.
fn start() -> Duration {
    let folder = tempfile::tempdir().unwrap();
    let info = connection(folder.path(), Transport::TCP);
    let begun = Instant::now();
    let mut served = Served::starting(folder.path(), info);
    assert!(served.is_up(), "{}", served.log());
    served.client().kernel_info();
    begun.elapsed()
}

/// From sending a cell to its reply.
fn define(client: &mut Client, at: usize) -> Duration {
    let net =
        "28x28x1 - conv 6 5x5 - relu - pool - conv 16 5x5 valid - relu - pool - (fc {120,84} - relu)^2, softmax 10";
    let begun = Instant::now();
    let cell = client.execute(&format!("net lenet{} = {net}", at % NAMES));
    let reply = client.reply();
    let took = begun.elapsed();
    assert_eq!((reply.parent, reply.content["status"].as_str()), (cell.clone(), Some("ok")));
    client.until_idle(&cell);
    took
}

/// From the request that breaks training off to the cell's reply; completions are asked for in between.
fn interrupt(client: &mut Client, at: usize, completions: &mut Vec<Duration>) -> Duration {
    let cell = client.execute("train lenet on digits for 1000 epochs");
    // Past the first plot, at another moment of a step and of a drawing each time.
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(550 + 13 * at as u64) {
        client.until(|seen| seen.kind == "update_display_data");
    }
    for _ in 0..COMPLETIONS {
        let asked = Instant::now();
        let request = client.ask(CompleteRequest { code: "train le".to_string(), cursor_pos: 8 });
        assert_eq!(client.reply().parent, request);
        completions.push(asked.elapsed());
    }
    let asked = Instant::now();
    client.interrupt();
    let reply = client.reply();
    let took = asked.elapsed();
    assert_eq!((reply.parent, reply.content["ename"].as_str()), (cell.clone(), Some("Interrupted")));
    client.until_idle(&cell);
    took
}

/// Prints the middle, p95 and the longest.
fn print(what: &str, goal: u64, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: f64| times[((times.len() as f64 * share).ceil() as usize).clamp(1, times.len()) - 1];
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    println!(
        "{what:<50} p50 {:7.2} ms   p95 {:7.2} ms   max {:7.2} ms   of {:3}   (goal {goal} ms)",
        milliseconds(at(0.5)),
        milliseconds(at(0.95)),
        milliseconds(at(1.0)),
        times.len()
    );
}
