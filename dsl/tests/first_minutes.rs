//! What people write in their first ten minutes, and the mend that each text gets, whatever stage finds it.
#![allow(clippy::unwrap_used)]

use fovea_dsl::scope::Scope;
use fovea_dsl::syntax::StatementKind;
use fovea_dsl::{Diagnostic, Source, command, parse, resolve};
use fovea_graph::SourceId;

/// All that is wrong with a text of nets and verbs.
fn mistakes(text: &str) -> Vec<Diagnostic> {
    let (program, mut all) = parse(&Source { id: SourceId(0), name: "text.fov".into(), text: text.into() });
    let scope = Scope::default();
    for statement in &program.statements {
        match &statement.kind {
            StatementKind::Net(net) => all.extend(resolve(net, &scope, None, None).err().unwrap_or_default()),
            StatementKind::Verb(verb) => all.extend(command(verb, &scope).err().unwrap_or_default()),
            StatementKind::Block(_) | StatementKind::Let(_) | StatementKind::Slide(_) => {}
        }
    }
    all
}

/// The one mistake of each text: the words it points at, what it says, and the mend (whose beginning is enough).
fn mended(cases: &[(&str, &str, &str, &str)]) {
    for (text, place, message, help) in cases {
        let all = mistakes(text);
        let Some(first) = all.first() else { panic!("no mistake in {text}") };
        assert_eq!((all.len(), &text[first.span().range()]), (1, *place), "{text}: {all:?}");
        assert_eq!(first.message, *message, "{text}");
        assert!(first.help.as_deref().unwrap_or_default().starts_with(help), "{text}: {:?}", first.help);
    }
}

#[test]
fn each_gets_its_mend() {
    mended(&[
        ("net q = 28x28x1 - conv 64 relu", "relu", "`-` is missing before `relu`", "put `-` before `relu`"),
        ("net q = 28x28x1 - conv 64 vald", "vald", "nothing here is called `vald`", "write `valid`"),
        ("net q = 28x28x1 - conv 64 smae - pool", "smae", "nothing here is called `smae`", "write `same`"),
        ("net q = 28x28x1 - conv 64 padding 1", "padding 1", "`padding 1` is written `pad 1` here", "write `pad 1`"),
        ("net q = 28x28x1 - conv2d 64", "conv2d", "`conv2d` is called `conv` here", "write `conv 64`"),
        ("net q = 28x28x1 - conv 64 - batchnorm", "batchnorm", "`batchnorm` is called `bn` here", "write `bn`"),
        ("net q = 28x28x1 - conv 64 - rellu", "rellu", "there is no layer `rellu`", "write `relu`"),
        ("net q = 28x28x1 - Linear(10)", "Linear", "`Linear` is called `fc` here", "write `fc 10`"),
        ("net q = 28x28x1 - [conv 64, relu]", ",", "a comma between layers", "put `-` before `relu`"),
        (
            "train lenet on digits epochs 5",
            "epochs",
            "the number of epochs stands behind `for`",
            "write `for 5 epochs`",
        ),
        (
            "net q = 28x28x1 - fc 10\n    train q on digits",
            "train",
            "`train` begins a statement, and this line goes on with another",
            "begin the line with `train`, without indentation",
        ),
        ("train t for 5 epochs", "", "`train` lacks its data", "write `train t on digits`"),
    ]);
}

#[test]
fn each_is_taken_as_it_was_meant() {
    for text in [
        "net q = 28x28x1 - fc(10)",
        "net q = 28x28x1 - [conv 16 - relu]^N - fc 10\nwhere N = 2",
        "net q = 28x28x1\n  - [conv 16 - relu]^N - fc 10\n\nwhere N = 2\nseed 7",
        "    net q = 28x28x1 - fc 10\ntrain q on digits",
        "    net q = 28x28x1\n        - fc 10\n    train q on digits",
        "  seed 7\nnet q = 28x28x1 - fc 10\n- relu",
    ] {
        if text.ends_with("- relu") {
            assert_eq!(mistakes(text).len(), 1, "{text}");
        } else {
            assert_eq!(mistakes(text), [], "{text}");
        }
    }
}
