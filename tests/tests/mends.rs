//! Every mend that is offered is followed to the letter: the same is not said again at the same place.
#![allow(clippy::unwrap_used)]

mod programs;

use fovea_dsl::{Diagnostic, Mend, Source, Style, render};
use programs::{said, suite, traps};

/// Programs, parted by `%%`, each with what it is after the first mend that is offered, behind `=>`; or with the message,
/// where nothing here does what was meant.
const MENDED: &str = include_str!("../mends/mends.txt");

/// Statements of verbs, in the same way; [`BEFORE`] stands before each.
const VERBS: &str = include_str!("../mends/verbs.txt");

/// What statements of verbs are about.
const BEFORE: &str = "data digits size 28x28\nnet small = 28x28x1 - conv 8 - relu - pool, softmax 10\n";

/// Each program, with what it is after its first mend.
fn mended() -> Vec<(String, String)> {
    let parts = |text: &'static str| text.trim_end().split("\n%%\n").map(|entry| entry.split_once("\n=> ").unwrap());
    let nets = parts(MENDED).map(|(program, then)| (program.to_string(), then.to_string()));
    let verbs = parts(VERBS).map(|(program, then)| (format!("{BEFORE}{program}"), then.to_string()));
    nets.chain(verbs).collect()
}

/// What is wrong with what is said after a mend was followed.
fn follow(source: &Source, diagnostic: &Diagnostic, mend: &Mend) -> Option<String> {
    let mended = mend.apply(source);
    if mended == source.text {
        return Some(format!("the mend changes nothing: {mend:?}"));
    }
    let (then, after) = said(&mended);
    let start = diagnostic.span().start;
    // Where the same place is now.
    let moved = match start > mend.span.start {
        true => (i64::from(start) + mended.len() as i64 - source.text.len() as i64).max(0) as u32,
        false => start,
    };
    let again = then.iter().find(|next| {
        let at = next.span().start;
        next.message == diagnostic.message && next.level == diagnostic.level && (at == start || at == moved)
    })?;
    let shown = render(std::slice::from_ref(again), std::slice::from_ref(&after), Style::Plain);
    Some(format!("the same is said again behind `{}`:\n{shown}", mend.text))
}

/// Follows every mend of a program; what went wrong, and how many there were.
fn followed(text: &str) -> (Vec<String>, usize) {
    let (said, source) = said(text);
    let (mut wrong, mut count) = (Vec::new(), 0);
    for diagnostic in &said {
        let shown = || render(std::slice::from_ref(diagnostic), std::slice::from_ref(&source), Style::Plain);
        let is_here = |mend: &&Mend| mend.span.source == source.id;
        for mend in diagnostic.mends.iter().filter(is_here) {
            count += 1;
            wrong.extend(follow(&source, diagnostic, mend).map(|why| format!("{}{why}", shown())));
        }
        if diagnostic.mends.is_empty() && promises(diagnostic.help.as_deref().unwrap_or_default()) {
            wrong.push(format!("{}its mend is in words only", shown()));
        }
    }
    (wrong, count)
}

/// Whether a help says what to write, to the letter.
fn promises(help: &str) -> bool {
    help.starts_with("write `") && !help.contains('…') && !help.contains(", say")
}

#[test]
fn every_mend_of_the_suite_and_the_traps_can_be_followed() {
    let suite = suite().into_iter().map(|path| std::fs::read_to_string(path).unwrap());
    let more = mended().into_iter().map(|(program, _)| program);
    let (mut wrong, mut count) = (Vec::new(), 0);
    for text in suite.chain(traps().into_iter().map(|(program, _)| program)).chain(more) {
        let (complaints, mends) = followed(&text);
        wrong.extend(complaints);
        count += mends;
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n── "));
    assert!(count >= 400, "only {count} mends");
}

#[test]
fn each_program_is_mended_as_it_was_meant() {
    let mut wrong = Vec::new();
    for (program, expected) in mended() {
        let (said, source) = said(&program);
        let found = match said.first().map(|diagnostic| (diagnostic, diagnostic.mends.first())) {
            None => "accepted".to_string(),
            Some((_, Some(mend))) => mend.apply(&source),
            Some((diagnostic, None)) => diagnostic.message.clone(),
        };
        if found.strip_prefix(BEFORE).unwrap_or(&found) != expected {
            let shown = render(&said, &[source], Style::Plain);
            wrong.push(format!("{program}\n   expected: {expected}\n   found:    {found}\n{shown}"));
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n── "));
}

#[test]
fn a_mend_that_leads_nowhere_is_found() {
    let (said, source) = said("net t = 8x8x1 - conv 8 vald, softmax 10");
    let [mistake] = &said[..] else { panic!("{said:?}") };
    assert_eq!(follow(&source, mistake, &mistake.mends[0]), None);
    let useless = Mend { text: "vald ".to_string(), ..mistake.mends[0].clone() };
    assert!(follow(&source, mistake, &useless).unwrap().starts_with("the same is said again"));
}
