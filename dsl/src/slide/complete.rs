//! The end of a network that a slide leaves out: its classifier.

use super::draft::{DraftNet, Part, PoolKind, Remark, Row, Stated};
use super::figure::What;

/// A net with its end, and what was filled in.
pub struct Whole {
    /// The net.
    pub net: DraftNet,
    /// What was filled in.
    pub remarks: Vec<Remark>,
}

/// Fills in the classifier that a net lacks, by what usually stands there.
pub fn complete(net: &DraftNet, input: &[usize]) -> Whole {
    let mut whole = Whole { net: net.clone(), remarks: Vec::new() };
    let last = net.rows.iter().flat_map(|row| &row.parts).rfind(|part| is_decisive(part));
    let (parts, words) = match last {
        _ if net.is_whole => return whole,
        None | Some(Part::Word(_)) => return whole,
        Some(Part::Fc(_)) => (vec![softmax()], "a softmax behind it".to_string()),
        Some(_) => {
            let (classes, data) = classes(input);
            let words = format!(
                "its end: the mean of each map, a fully connected layer, softmax over {classes} classes ({data})"
            );
            (vec![Part::PoolAll(PoolKind::Mean), Part::Fc(Stated::usual(classes)), softmax()], words)
        }
    };
    let Some(row) = net.rows.last() else { return whole };
    whole.remarks.push(Remark {
        place: row.place.end..row.place.end,
        what: What::Head,
        text: words,
        layer: None,
        assumed: true,
    });
    whole.net.rows.push(Row { name: "end".to_string(), place: row.place.clone(), parts, claims: Vec::new() });
    whole
}

fn softmax() -> Part {
    Part::Word("softmax".to_string())
}

/// Whether a part decides how the net ends.
fn is_decisive(part: &Part) -> bool {
    match part {
        Part::Word(word) => word == "softmax",
        Part::Rows(_) | Part::Lrn | Part::Bn => false,
        _ => true,
    }
}

/// How many classes pictures of a size usually have, and whose.
fn classes(input: &[usize]) -> (usize, &'static str) {
    match input {
        [height, ..] if *height >= 96 => (1000, "as ImageNet has"),
        [_, _, 3] => (10, "as CIFAR-10 has"),
        _ => (10, "as handwritten digits have"),
    }
}
