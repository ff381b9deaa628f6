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
fn a_slide_is_pasted_with_its_empty_lines_or_typed_until_one() {
    let place = Place::new();
    let mut terminal = prompt(&place);
    terminal.paste(
        "slide mine\n[8x8x1] INPUT\n\n[9x9x4] CONV1: 4 3x3 filters at stride 1, pad 1\n\n\n[10] FC2: 10 neurons\n",
    );
    // On a terminal, in colours.
    terminal.keys("\r").wait("2 figures: 1 agrees, 1 disagrees");
    terminal.wait("9x9x4 ≠ 8x8x4");
    terminal.ready();
    terminal.keys("slide small\r").wait("...  ");
    terminal.keys("[8x8x1] INPUT\r[8x8x4] CONV1: 4 3x3 filters, pad 1\r").wait("pad 1");
    terminal.keys("\r").wait("1 figure: 1 agrees");
    terminal.ready();
    terminal.keys("summary small\r").wait("parameters");
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
fn tab_completes_layers_of_the_librarys_nets() {
    let place = Place::new();
    let mut terminal = prompt(&place);
    terminal.keys("filters vgg16.conv\t").wait("vgg16.conv13");
    terminal.keys("\x15net mine = resnet18.poo\t").wait("resnet18.pool");
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
    // Of lines and letters nothing is left where a character is two pixels.
    let plot = terminal.keys("compare lenet, alexnet\r").wait("→ fovea.out/01-");
    assert!(plot.contains("alexnet") && !plot.contains('▀'), "{plot}");
    terminal.ready();
    terminal.keys("show digits\r").wait("▀▀▀");
    terminal.wait("→ fovea.out/02-show-");
    terminal.wait("→ fovea.out/02-show-");
}

/// What is typed while nothing reads yet, or arrives in one piece, is run line by line.
#[test]
fn lines_that_arrive_at_once_are_all_run() {
    let place = Place::new();
    let mut terminal = prompt(&place);
    terminal.keys("note \"a\" + \"\"\rnote \"one\"\rnote \"two\"\rlet k = 6*7\rnote \"three\"\r?k\r");
    terminal.wait("\none\n");
    terminal.wait("\ntwo\n");
    terminal.wait("\nthree\n");
    terminal.wait("\nk = 42\n");
    // Many more than any buffer holds, a statement that takes long among them.
    let mut lines = format!("{NET}\rtrain tiny on digits for 2 epochs\r");
    for i in 0..200 {
        lines += &format!("note \"line {i} of many\"\r");
    }
    terminal.keys(&lines);
    for i in 0..200 {
        terminal.wait(&format!("\nline {i} of many\n"));
    }
}

#[test]
fn an_entry_of_several_lines_is_edited_as_one() {
    let place = Place::new();
    let mut terminal = prompt(&place);
    terminal.keys("net tiny = 8x8x1 -\r").wait("...  ");
    terminal.keys("conv 4 - relu,\r").wait("...  ");
    terminal.keys("softmax 10\r").ready();
    // Up brings all of it back; a mend in its second line, and Enter there, runs all of it.
    terminal.keys("\x1b[A").wait("softmax 10");
    terminal.keys("\x1b[A\x05\x7f\x7f\x7f\x7f\x7ftanh,\r").ready();
    terminal.keys("explain tiny\r").wait("tanh1");
    terminal.ready();
    // An open bracket goes on wherever the cursor stands in it.
    terminal.keys("net b = 8x8x1 - (conv 4 - relu\x1b[D\x1b[D\x1b[D\x1b[D\x1b[D\x1b[D\r").wait("...  ");
    terminal.keys("\x05)^2, softmax 10\r").ready();
    terminal.keys("?b\r").wait("parameters");
}

#[test]
fn history_is_searched() {
    let place = Place::new();
    let mut terminal = prompt(&place);
    for line in ["note \"alpha\"", "note \"beta\"", "note \"gamma\""] {
        terminal.keys(&format!("{line}\r")).ready();
    }
    terminal.keys("\x04");
    assert_eq!(terminal.ended(), Some(0));
    let mut terminal = prompt(&place);
    terminal.keys("\x12note").wait("\"gamma\"");
    terminal.keys("\x12").wait("\"beta\"");
    terminal.keys("\x12").wait("\"alpha\"");
    terminal.keys("\r").wait("\nalpha\n");
}

#[test]
fn a_session_is_saved_as_a_script_and_loaded() {
    let place = Place::new();
    place.pipe("pipe");
    place.write("other.fov", "let k = 6*7\nnote \"from the script\"\nnet wrong = 8x8x1 - rellu\n");
    let mut terminal = prompt(&place);
    terminal.keys("%save \"mine.fov\"\r").wait("there is no statement to save yet");
    terminal.ready();
    terminal.keys("net tiny = 8x8x1 -\rconv 4 -   relu, softmax 10\r").ready();
    terminal.keys("net broken = 8x8x1 - rellu\r").wait("relu");
    terminal.ready();
    terminal.keys("note \"typed\"\r").ready();
    terminal.keys("%sa\t \"mine.fov\"\r").wait("2 statements saved\n→ mine.fov");
    terminal.ready();
    let saved = std::fs::read_to_string(place.path().join("mine.fov")).unwrap();
    assert_eq!(saved, "net tiny = 8x8x1 - conv 4 - relu, softmax 10\nnote \"typed\"\n");
    terminal.keys("%save \"pipe\"\r").wait("pipe cannot be written: it is a pipe");
    terminal.ready();
    terminal.keys("%load \"pipe\"\r").wait("pipe cannot be read: it is a pipe");
    terminal.ready();
    terminal.keys("%load \"none.fov\"\r").wait("none.fov cannot be read: there is no such file or folder");
    terminal.ready();
    // Nothing of a script runs before the whole of it is checked, and its mistakes stand in it.
    terminal.keys("%load \"other.fov\"\r").wait("other.fov:3:");
    terminal.ready();
    place.write("other.fov", "let k = 6*7\nnote \"from the script\"\n");
    terminal.keys("run \"other.fov\"\r").wait("\nfrom the script");
    terminal.ready();
    terminal.keys("?k\r").wait("k = 42");
    terminal.ready();
    terminal.keys("exit()\r");
    assert_eq!(terminal.ended(), Some(0));

    // In another session.
    let mut terminal = prompt(&place);
    terminal.keys("%load mine.fov\r").wait("\ntyped");
    terminal.ready();
    terminal.keys("tiny?\r").wait("parameters");
    terminal.ready();
    terminal.keys("help conv\r").wait("Convolution.");
    terminal.ready();
    terminal.keys("help\r").wait("%save");
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
