//! What kind of pictures the terminal shows: from what it says of itself in the environment, else by one question.

use std::io::{IsTerminal, Read, Write};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr};

use super::Graphics;

/// How long a terminal may take to answer: it stands on the same machine, or is not asked.
const PATIENCE: Duration = Duration::from_millis(25);

/// The question for the terminal's features, which every terminal answers (DA1); 4 is sixel.
const QUESTION: &[u8] = b"\x1b[c";

/// What the terminal of the prompt shows.
pub fn terminal() -> Graphics {
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        return Graphics::None;
    }
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    by_name(variable).unwrap_or_else(|| {
        let remote = std::env::var_os("SSH_CONNECTION").is_some();
        let sixel = !remote && answer().is_some_and(|answer| has_sixel(&answer));
        if sixel { Graphics::Sixel } else { by_colours(variable) }
    })
}

/// How many characters a line of the terminal has.
pub fn columns() -> usize {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok();
    size.map(|size| usize::from(size.ws_col)).filter(|&columns| columns > 0).unwrap_or(80)
}

/// What is known by the terminal's name.
fn by_name(variable: impl Fn(&str) -> String) -> Option<Graphics> {
    let (term, program) = (variable("TERM"), variable("TERM_PROGRAM"));
    // A multiplexer draws its own cells, and its environment is that of another terminal.
    if !variable("TMUX").is_empty() || !variable("STY").is_empty() {
        return Some(by_colours(variable));
    }
    if matches!(&*term, "" | "dumb" | "linux") {
        return Some(Graphics::None);
    }
    if term.contains("kitty") || term.contains("ghostty") || program == "ghostty" {
        return Some(Graphics::Kitty);
    }
    let iterm = matches!(&*program, "iTerm.app" | "WezTerm") || variable("LC_TERMINAL") == "iTerm2";
    iterm.then_some(Graphics::Iterm)
}

/// Blocks where the terminal has 24-bit colours.
fn by_colours(variable: impl Fn(&str) -> String) -> Graphics {
    let colours = matches!(&*variable("COLORTERM"), "truecolor" | "24bit");
    if colours || variable("TERM").contains("256color") { Graphics::Blocks } else { Graphics::None }
}

/// What the terminal says of itself; nothing where somebody has typed already, or it is silent.
fn answer() -> Option<Vec<u8>> {
    let stdin = std::io::stdin().lock();
    if ready(&stdin, Duration::ZERO) {
        return None;
    }
    let before = tcgetattr(&stdin).ok()?;
    let mut raw = before.clone();
    raw.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
    raw.special_codes[SpecialCodeIndex::VMIN] = 0;
    raw.special_codes[SpecialCodeIndex::VTIME] = 0;
    tcsetattr(&stdin, OptionalActions::Now, &raw).ok()?;
    let answer = ask(stdin);
    // What the terminal was before it should be again; where it cannot, the prompt sets its own mode.
    let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &before);
    answer
}

fn ask(mut stdin: std::io::StdinLock<'_>) -> Option<Vec<u8>> {
    let mut stdout = std::io::stdout();
    stdout.write_all(QUESTION).and_then(|()| stdout.flush()).ok()?;
    let end = Instant::now() + PATIENCE;
    let mut answer = Vec::new();
    while !answer.ends_with(b"c") && ready(&stdin, end.saturating_duration_since(Instant::now())) {
        let mut bytes = [0; 64];
        let count = stdin.read(&mut bytes).ok().filter(|&count| count > 0)?;
        answer.extend_from_slice(&bytes[..count]);
    }
    Some(answer)
}

/// Whether something can be read within the time.
fn ready(stdin: &std::io::StdinLock<'_>, within: Duration) -> bool {
    let timeout = Timespec::try_from(within).ok();
    poll(&mut [PollFd::new(stdin, PollFlags::IN)], timeout.as_ref()).is_ok_and(|count| count > 0)
}

/// Whether the answer, `ESC [ ? 62 ; 4 ; … c`, has sixel among its features.
fn has_sixel(answer: &[u8]) -> bool {
    let answer = String::from_utf8_lossy(answer);
    let features = answer.split_once("\x1b[?").and_then(|(_, rest)| rest.split_once('c'));
    features.is_some_and(|(features, _)| features.split(';').skip(1).any(|feature| feature == "4"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(of: &[(&str, &str)]) -> Option<Graphics> {
        by_name(|name| of.iter().find(|(n, _)| *n == name).map_or(String::new(), |(_, value)| value.to_string()))
    }

    #[test]
    fn terminals_are_known_by_their_names() {
        assert_eq!(named(&[("TERM", "xterm-kitty")]), Some(Graphics::Kitty));
        assert_eq!(named(&[("TERM", "xterm-256color"), ("TERM_PROGRAM", "iTerm.app")]), Some(Graphics::Iterm));
        assert_eq!(named(&[("TERM", "xterm-256color")]), None);
        assert_eq!(named(&[("TERM", "dumb")]), Some(Graphics::None));
        let inside = [("TERM", "tmux-256color"), ("TMUX", "1"), ("TERM_PROGRAM", "WezTerm")];
        assert_eq!(named(&inside), Some(Graphics::Blocks));
    }

    #[test]
    fn sixel_is_feature_four() {
        assert!(has_sixel(b"\x1b[?62;4;22c"));
        assert!(!has_sixel(b"\x1b[?64;14;22c") && !has_sixel(b"\x1b[?4c") && !has_sixel(b""));
    }
}
