//! The prompt, as a user at a terminal has it.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod support;
#[path = "support/terminal.rs"]
mod terminal;

use support::Place;
use terminal::Terminal;

const NET: &str = "net tiny = 8x8x1 - conv 4 - relu - pool, softmax 10";

fn prompt(place: &Place) -> Terminal {
    let mut terminal = Terminal::start(place.command(&[]));
    terminal.ready();
    terminal
}

#[test]
fn a_pasted_program_runs_whole_and_leaving_is_status_0() {
    let place = Place::new();
    let mut terminal = prompt(&place);
    terminal.paste(
        "net tiny = 8x8x1 -\n  conv 4 - relu -\n  pool, softmax\nlet k = 3\ntrain tiny on digits for 1 epochs\n",
    );
    terminal.keys("\r").wait("run 1: tiny on digits, 1 epoch:");
    terminal.ready();
    terminal.keys("?k\r").wait("k = 3");
    terminal.ready();
    terminal.keys("\x04");
    assert_eq!(terminal.ended(), Some(0));
}

#[test]
fn an_unfinished_line_goes_on_and_is_one_item_of_the_history() {
    let place = Place::new();
    let mut terminal = prompt(&place);
    terminal.keys("net tiny = 8x8x1 - conv 4 -\r").wait("...  ");
    terminal.keys("relu, softmax 10\r").ready();
    terminal.keys("summary tiny\r").wait("parameters");
    terminal.ready();
    terminal.keys("exit\r");
    assert_eq!(terminal.ended(), Some(0));

    let mut terminal = prompt(&place);
    // `exit`, `summary tiny`, the net.
    terminal.keys("\x1b[A").wait("exit");
    terminal.keys("\x1b[A").wait("summary tiny");
    terminal.keys("\x1b[A").wait("relu, softmax 10");
    terminal.keys("\r").ready();
    terminal.keys("\x12summ").wait("summary tiny");
    terminal.keys("\r").wait("parameters");
}

#[test]
fn training_that_is_broken_off_keeps_its_weights() {
    let place = Place::new();
    let mut terminal = prompt(&place);
    terminal.keys(&format!("{NET}\r")).ready();
    terminal.keys("train tiny on digits for 100000 epochs\r").wait("epoch      2/100000");
    terminal.keys("\x03").wait("broken off after step");
    terminal.ready();
    terminal.keys("test tiny on digits\r").wait("accuracy");
    terminal.ready();
    assert!(!terminal.all.contains("has its first weights"), "{}", terminal.all);
    // At the prompt it clears the line.
    terminal.keys("rubbish\x03").ready();
    terminal.keys("?tiny\r").wait("parameters");
}

#[test]
fn tab_completes_words_names_and_files() {
    let place = Place::new();
    place.write("weights of mine.safetensors", "no weights");
    let mut terminal = prompt(&place);
    terminal.keys(&format!("{NET}\r")).ready();
    terminal.keys("summ\t ti\t\r").wait("summary tiny");
    terminal.wait("parameters");
    terminal.ready();
    terminal.keys("load tiny \"wei\t\"\r").wait("load tiny \"weights of mine.safetensors\"");
    terminal.wait("error");
}

#[test]
fn a_wrong_line_gets_its_mend_and_the_session_goes_on() {
    let place = Place::new();
    let mut terminal = prompt(&place);
    terminal.keys("net a = 8x8x1 - conv 4 vald\r").wait("error");
    terminal.wait("valid");
    terminal.ready();
    terminal.keys(&format!("{NET}\r")).ready();
    terminal.keys("?tiny\r").wait("parameters");
    terminal.ready();
    terminal.keys("?conv\r").wait("Convolution.");
    terminal.ready();
    terminal.keys(";echo 4$((1+1)); exit 3\r").wait("42");
    terminal.wait("exit status 3");
}

#[test]
fn pictures_are_shown_and_their_files_named() {
    let place = Place::new();
    let mut terminal = Terminal::start(place.command(&["--graphics", "blocks"]));
    terminal.ready();
    terminal.keys("show digits\r").wait("▀▀▀");
    terminal.wait("→ fovea.out/01-show-");
    terminal.wait("→ fovea.out/01-show-");
}

#[test]
fn a_mistakes_place_counts_what_was_typed_as_a_notebook_does() {
    let place = Place::new();
    let mut terminal = prompt(&place);
    terminal.keys("let k = 3\r").ready();
    terminal.keys("net q = 8x8x1 - rellu\r").wait("In[2]:1:17");
    terminal.ready();
    terminal.keys("\x04");
    assert_eq!(terminal.ended(), Some(0));
}
