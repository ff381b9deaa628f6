//! Verbs, one by one.

use super::read::{Clauses, Parts};
use super::table;
use super::{BenchMode, Command, Curve, Data, Samples, Schedule, Show, Theme, Train};
use super::{convolve, layers};
use crate::diagnostic::{Diagnostic, Stage};
use crate::parse::quoted;
use crate::scope::{Scope, nearest};
use crate::syntax::{Name, PartKind, Verb};

/// Reads a verb's statement strictly: every clause known and there at most once, every number evaluated with the
/// scope's constants, every default filled in.
///
/// Errors: all that is wrong with the statement.
pub fn command(verb: &Verb, scope: &Scope) -> Result<Command, Vec<Diagnostic>> {
    let word = verb.word.text.to_lowercase();
    let Some(&(known, ..)) = table::VERBS.iter().find(|(known, ..)| *known == word) else {
        return Err(vec![unknown(&verb.word)]);
    };
    let mut parts = Parts::new(known, verb, scope);
    let command = read(&mut parts);
    match command {
        Some(command) if parts.mistakes.is_empty() => Ok(command),
        _ => Err(parts.mistakes),
    }
}

/// Why a statement cannot begin with `word`.
pub(crate) fn unknown(word: &Name) -> Diagnostic {
    let text = quoted(&word.text);
    if text.starts_with('%') {
        let known = || table::of_the_session();
        let all = known().map(|verb| format!("`{verb}`")).collect::<Vec<_>>().join(" and ");
        let error = Diagnostic::new(Stage::Verbs, word.span, format!("there is no `{text}`")).found(text.clone());
        let error = error.expected(all.replace(" and ", " or "));
        return match nearest(&text, known()).filter(|_| text.len() > 2) {
            Some(near) => error.help(format!("write `{near}`; there are {all}")),
            None => error.help(format!("there are {all}")),
        };
    }
    if table::is_absent_verb(&word.text) {
        return Diagnostic::new(Stage::Verbs, word.span, table::absent_message(&text))
            .found(text)
            .expected("the word of a statement");
    }
    let error =
        Diagnostic::new(Stage::Verbs, word.span, format!("no statement begins with `{text}`")).found(text.clone());
    match nearest(&text, table::statements()) {
        Some(near) if text.len() > 1 => error.expected(near).help(format!("write `{near}`")),
        _ => error
            .expected("the word of a statement")
            .help(format!("statements begin with {}", table::statement_words())),
    }
}

fn read(parts: &mut Parts<'_>) -> Option<Command> {
    Some(match parts.verb {
        "data" => return data(parts),
        "train" => return train(parts),
        "test" => {
            let (net, clauses) = applied(parts);
            let data = whole_data(parts, clauses.on);
            Command::Test { net: net?, data: data? }
        }
        "predict" => {
            let (net, clauses) = applied(parts);
            let samples = given(parts, clauses.on);
            Command::Predict { net: net?, samples: samples?, save: clauses.save }
        }
        "show" => return show(parts),
        "summary" => {
            let (net, clauses) = applied(parts);
            Command::Summary { net: net?, batch: clauses.batch.map_or(1, |(batch, _)| batch) }
        }
        "plot" => return plot(parts),
        "save" => {
            let (net, path) = with_path(parts);
            Command::Save { net: net?, path: path? }
        }
        "load" => {
            let (net, path) = with_path(parts);
            Command::Load { net: net?, path: path? }
        }
        "seed" => return seed(parts),
        "device" => return device(parts),
        "theme" => return theme(parts),
        "explain" => {
            let (net, _) = applied(parts);
            Command::Explain { net: net? }
        }
        "bench" => return bench(parts),
        "compare" => return compare(parts),
        "convolve" => return convolve::convolve(parts),
        "filters" => return layers::filters(parts),
        "features" => return layers::features(parts),
        "%who" => {
            parts.clauses();
            Command::Who
        }
        "%reset" => {
            parts.clauses();
            Command::Reset
        }
        "library" => {
            parts.clauses();
            Command::Library
        }
        _ => {
            let text = parts.text("the text");
            parts.clauses();
            Command::Note(text?.text)
        }
    })
}

/// A net, then clauses.
fn applied(parts: &mut Parts<'_>) -> (Option<Name>, Clauses) {
    let net = parts.net();
    (net, parts.clauses())
}

fn with_path(parts: &mut Parts<'_>) -> (Option<Name>, Option<Name>) {
    let Some(net) = parts.net() else { return (None, None) };
    let path = parts.text("the file's name");
    parts.clauses();
    let net = Some(net);
    (net, path)
}

/// What `on` gave, which must be there.
pub(super) fn given(parts: &mut Parts<'_>, on: Option<Samples>) -> Option<Samples> {
    if on.is_none() && parts.mistakes.is_empty() {
        let (verb, net) = (parts.verb, parts.subject_words());
        let error = parts.error(parts.here(), format!("`{verb}` lacks its data")).found("the end");
        parts.wrong(error.expected("`on` and data").help(format!("write `{verb} {net} on digits`, say")));
    }
    on
}

/// What `on` gave, which must be data as a whole.
fn whole_data(parts: &mut Parts<'_>, on: Option<Samples>) -> Option<Name> {
    let samples = given(parts, on)?;
    let is_whole = samples.range.is_none() && samples.span.end == samples.data.span.end;
    if !is_whole {
        let (verb, data) = (parts.verb, &samples.data.text);
        let which = if verb == "train" { "training" } else { "test" };
        let error = parts.error(samples.span, format!("`{verb}` takes all of the {which} part")).expected(data.clone());
        parts.wrong(error.help(format!("write `on {data}`")));
    }
    Some(samples.data)
}

fn data(parts: &mut Parts<'_>) -> Option<Command> {
    let name = match parts.next().map(|part| (&part.kind, part.span)) {
        Some((PartKind::Word(word), span)) => Name { text: word.clone(), span },
        other => {
            let span = other.map_or(parts.here(), |(_, span)| span);
            let error = parts.error(span, "`data` lacks its name").expected("the name of data");
            parts.wrong(error.help("write `data digits`, say"));
            return None;
        }
    };
    if let Some(part) = parts.peek().filter(|part| part.kind == PartKind::Equals) {
        let error = parts.error(part.span, "`data` takes data by its name, and nothing behind `=`").found("=");
        parts.wrong(error.expected("`size`, or the end").help("write `data digits size 28x28`, say"));
        return None;
    }
    let size = parts.clauses().size;
    Some(Command::Data(Data { name, size }))
}

fn train(parts: &mut Parts<'_>) -> Option<Command> {
    let (net, clauses) = applied(parts);
    let data = whole_data(parts, clauses.on);
    if clauses.further
        && let Some((_, span)) = &clauses.resume
    {
        let error = parts.error(*span, "`further` and `resume` stand together").expected("one of the two");
        parts.wrong(error.help("`further` begins a new run from the net's weights; `resume` goes on with an old run"));
    }
    let (batch, batch_span) = clauses.batch.unwrap_or((64, parts.span));
    Some(Command::Train(Train {
        net: net?,
        data: data?,
        further: clauses.further,
        epochs: clauses.epochs.unwrap_or(10),
        optimizer: clauses.optimizer.unwrap_or_default(),
        batch,
        batch_span,
        schedule: clauses.schedule.unwrap_or(Schedule::Constant),
        warmup: clauses.warmup,
        seed: clauses.seed,
        checkpoint: clauses.checkpoint,
        resume: clauses.resume.map(|(run, _)| run),
    }))
}

fn show(parts: &mut Parts<'_>) -> Option<Command> {
    let shown = match parts.run() {
        Some(run) => run.map(Show::Run),
        None => match parts.next() {
            Some(part) if matches!(part.kind, PartKind::Word(_) | PartKind::Select(..)) => {
                parts.picked(part).map(Show::Samples)
            }
            other => {
                let span = other.map_or(parts.here(), |part| part.span);
                let error = parts.error(span, "`show` lacks what it is to show").expected("data, samples or a run");
                parts.wrong(error.help("write `show digits`, `show digits[0..16]` or `show run last`"));
                None
            }
        },
    };
    parts.clauses();
    shown.map(Command::Show)
}

fn plot(parts: &mut Parts<'_>) -> Option<Command> {
    let mut curves = Vec::new();
    while let Some(part) = parts.peek() {
        match &part.kind {
            PartKind::Word(word) if word.eq_ignore_ascii_case("of") => break,
            PartKind::Word(word) => curves.extend(curve(parts, word, part.span).map(|curve| (curve, part.span))),
            PartKind::Comma => {}
            _ => break,
        }
        parts.next();
    }
    let here = parts.here();
    let of = parts.clauses().of;
    if parts.mistakes.is_empty() && curves.is_empty() {
        let error = parts.error(here, "`plot` lacks its curves").expected("loss or accuracy");
        parts.wrong(error.help("write `plot loss, accuracy of lenet`, say"));
    }
    if parts.mistakes.is_empty() && of.is_empty() {
        let error = parts.error(here, "`plot` lacks the net or the run").found("the end").expected("`of` and a net");
        parts.wrong(error.help("write `plot loss of lenet` or `plot loss of run last`"));
    }
    Some(Command::Plot { curves, of })
}

fn compare(parts: &mut Parts<'_>) -> Option<Command> {
    let mut nets: Vec<Name> = Vec::new();
    loop {
        let net = parts.net()?;
        if let Some(first) = nets.iter().find(|first| first.text == net.text) {
            let error = parts.error(net.span, format!("`{}` stands twice", net.text));
            let error = error.also(first.span, "it stands here already").here("the second");
            parts.wrong(error.help("remove one of the two"));
        }
        nets.push(net);
        match parts.peek().map(|part| (&part.kind, part.span)) {
            None => break,
            Some((PartKind::Comma, _)) => drop(parts.next()),
            Some((PartKind::Word(word), span)) => {
                let error = parts.error(span, format!("`,` is missing before `{}`", quoted(word))).found(quoted(word));
                parts.wrong(error.expected("`,`").help("put `,` between two nets"));
                if word.eq_ignore_ascii_case("and") || word.eq_ignore_ascii_case("with") {
                    parts.next();
                }
            }
            Some(_) => {
                parts.clauses();
                break;
            }
        }
    }
    if parts.mistakes.is_empty() && nets.len() < 2 {
        let error = parts.error(parts.here(), "`compare` lacks its second net").found("the end");
        parts.wrong(error.expected("`,` and a net").help(format!("write `{}`, say", table::example("compare"))));
    }
    Some(Command::Compare { nets })
}

fn curve(parts: &mut Parts<'_>, word: &str, span: fovea_graph::Span) -> Option<Curve> {
    match word.to_lowercase().as_str() {
        "loss" => Some(Curve::Loss),
        "accuracy" => Some(Curve::Accuracy),
        other => {
            let error = parts.error(span, format!("there is no curve `{}`", quoted(word))).found(quoted(word));
            let help = match nearest(other, ["loss", "accuracy"]) {
                Some(near) => format!("write `{near}`"),
                None if other == "and" => "put `,` between two curves".to_string(),
                None => "write `plot loss, accuracy of NET`".to_string(),
            };
            parts.wrong(error.expected("loss or accuracy").help(help));
            None
        }
    }
}

fn seed(parts: &mut Parts<'_>) -> Option<Command> {
    use crate::syntax::{Expr, ExprKind};
    let part = parts.next();
    let seed = match part.map(|part| (&part.kind, part.span)) {
        Some((PartKind::Value(expr), _)) => parts.seed(expr),
        Some((PartKind::Word(name), span)) => parts.seed(&Expr { kind: ExprKind::Name(name.clone()), span }),
        other => {
            let span = other.map_or(parts.here(), |(_, span)| span);
            let error = parts.error(span, "`seed` lacks its number").expected("a whole number");
            parts.wrong(error.help("write `seed 7`, say"));
            None
        }
    };
    parts.clauses();
    seed.map(Command::Seed)
}

fn device(parts: &mut Parts<'_>) -> Option<Command> {
    let Some(part) = parts.next() else { return Some(Command::Device(None)) };
    let text = quoted(&part.to_string());
    let lower = text.to_lowercase();
    let number = lower.strip_prefix("cuda:").map(|number| number.parse::<u16>().is_ok());
    if !matches!(lower.as_str(), "cpu" | "cuda") && number != Some(true) {
        let near =
            if matches!(lower.as_str(), "gpu" | "nvidia") { Some("cuda") } else { nearest(&lower, ["cpu", "cuda"]) };
        let help = match near {
            Some(near) => format!("write `device {near}`; `device` alone lists what there is"),
            None => "`device` alone lists what there is".into(),
        };
        let error = parts.error(part.span, format!("there is no device `{text}`")).found(text);
        parts.wrong(error.expected("cpu, cuda or cuda:1").help(help));
        return None;
    }
    let name = Name { text: lower, span: part.span };
    parts.clauses();
    Some(Command::Device(Some(name)))
}

fn theme(parts: &mut Parts<'_>) -> Option<Command> {
    let part = parts.next();
    let word = part.map_or(String::new(), |part| quoted(&part.to_string()));
    let Some(theme) = Theme::named(&word) else {
        let span = part.map_or(parts.here(), |part| part.span);
        let error = match part {
            Some(_) => parts.error(span, format!("there is no theme `{word}`")).found(word.clone()),
            None => parts.error(span, "`theme` lacks its word").found("the end"),
        };
        let near = nearest(&word.to_lowercase(), Theme::WORDS).unwrap_or("dark");
        parts.wrong(error.expected("light or dark").help(format!("write `theme {near}`")));
        return None;
    };
    parts.clauses();
    Some(Command::Theme(theme))
}

fn bench(parts: &mut Parts<'_>) -> Option<Command> {
    let (net, clauses) = applied(parts);
    if clauses.train && clauses.infer {
        let error = parts.error(parts.span, "`train` and `infer` stand together").expected("one of the two");
        parts.wrong(error.help("write two statements, one for each"));
    }
    let mode = if clauses.train { BenchMode::Train } else { BenchMode::Infer };
    Some(Command::Bench { net: net?, mode, batch: clauses.batch.map_or(1, |(batch, _)| batch) })
}
