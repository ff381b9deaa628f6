//! The answers to `test`, `predict` and `devices`.

use super::chart::bar;
use super::number;
use super::page::Page;
use super::table::{Align, Column, Table, clean, cut, pad};
use serde::Serialize;
use unicode_width::UnicodeWidthStr;

/// How well a net does on data. As data it is `{"verb":"test","net":…,"loss":…,"accuracy":…,"confusion":[[…]]}`; the rest is for people.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "verb", rename = "test")]
pub struct TestReport {
    /// The net's name.
    pub net: String,
    /// The data's name.
    #[serde(skip)]
    pub data: String,
    /// The mean loss.
    pub loss: f64,
    /// The share of right answers, 0–1; none of a net that gives numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
    /// `confusion[truth][predicted]` counts samples; none where they have no class of their own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub confusion: Vec<Vec<u64>>,
    /// What else there is to tell.
    #[serde(flatten)]
    pub figures: TestFigures,
    /// Of nets that tell a class a position: for each class the positions that are truly and rightly of it, as a share of
    /// those that are truly or supposedly so (intersection over union, Everingham et al., IJCV 88, 2010); none of a class
    /// that neither has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iou: Option<Vec<Option<f64>>>,
    /// Its mean over the classes that there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_iou: Option<f64>,
    /// The classes' names.
    #[serde(skip)]
    pub classes: Vec<String>,
    /// The mistakes that the net was surest of, the worst first.
    #[serde(skip)]
    pub worst: Vec<Confused>,
}

/// The figures that fit what a net was trained toward. A class's are none where nothing is truly or supposedly of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TestFigures {
    /// The root of the mean squared error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rmse: Option<f64>,
    /// How much of the spread is explained.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r2: Option<f64>,
    /// How often the true class is among the five likeliest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top5: Option<f64>,
    /// How often all classes of a sample are told right, where it has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exact: Option<f64>,
    /// How much of what is told to be of a class is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub precision: Option<Vec<Option<f64>>>,
    /// How much of what is of a class is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recall: Option<Vec<Option<f64>>>,
    /// The harmonic mean of the two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub f1: Option<Vec<Option<f64>>>,
    /// Its mean over the classes that there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_f1: Option<f64>,
    /// The area under a class's curve (ROC): of two classes, and of several at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auc: Option<Vec<Option<f64>>>,
}

/// A wrong answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Confused {
    /// Which sample: `digits[17]`.
    pub sample: String,
    /// The true class's name.
    pub truth: String,
    /// The predicted class's name.
    pub predicted: String,
    /// The probability that the prediction was given, 0–1.
    pub probability: f64,
}

/// With more classes than this the matrix is listed by its largest errors.
const WIDEST_MATRIX: usize = 16;
/// So many pairs of classes are listed.
const LISTED: usize = 10;
/// So many of the worst mistakes are told and shown.
pub const WORST: usize = 10;

impl TestReport {
    /// Loss, accuracy, confusion, the worst mistakes.
    pub fn page(&self) -> Page {
        let all: u64 = self.confusion.iter().flatten().fold(0, |sum, &count| sum.saturating_add(count));
        let right: u64 = self
            .confusion
            .iter()
            .enumerate()
            .filter_map(|(i, row)| row.get(i))
            .fold(0, |sum, &count| sum.saturating_add(count));
        let mut page = Page::default().text(self.line(right, all));
        if all > right {
            let matrix = if self.classes.len() <= WIDEST_MATRIX { self.matrix() } else { self.pairs() };
            page = page.fold("What was taken for what", Page::default().table(matrix));
        }
        if self.figures.f1.is_some() {
            page = match self.confusion.is_empty() {
                true => page.table(self.by_class()),
                false => page.fold(
                    if self.figures.auc.is_some() {
                        "Precision, recall, F1 and AUC"
                    } else {
                        "Precision, recall and F1"
                    },
                    Page::default().table(self.by_class()),
                ),
            };
        }
        if !self.worst.is_empty() {
            page = page.fold("The worst mistakes", Page::default().table(self.worst_table()));
        }
        page
    }

    /// `lenet on digits: loss 0.0321, accuracy 98.6 % (355 of 360)`, and what else there is.
    fn line(&self, right: u64, all: u64) -> String {
        let TestFigures { rmse, r2, exact, mean_f1, .. } = self.figures;
        let accuracy = self.accuracy.map(|share| match self.confusion.is_empty() {
            true => format!("{} of all answers right", number::percent(share)),
            false => {
                format!("accuracy {} ({} of {})", number::percent(share), number::count(right), number::count(all))
            }
        });
        let several = |figure: Option<f64>| figure.filter(|_| self.confusion.is_empty());
        let told = [
            Some(format!("loss {}", number::figure(self.loss))),
            accuracy,
            exact.map(|share| format!("{} right in all classes", number::percent(share))),
            several(mean_f1).map(|f1| format!("mean F1 {}", number::percent(f1))),
            rmse.map(|rmse| format!("RMSE {}", number::figure(rmse))),
            r2.map(|r2| format!("R² {}", number::figure(r2))),
            self.mean_iou.map(|iou| format!("mean IoU {}", number::percent(iou))),
        ];
        let told: Vec<String> = told.into_iter().flatten().collect();
        format!("{} on {}: {}", self.net, self.data, told.join(", "))
    }

    /// A row a class, where a sample has several at once.
    fn by_class(&self) -> Table {
        let heads = [Column::right("precision"), Column::right("recall"), Column::right("F1")];
        let TestFigures { precision, recall, f1, auc, .. } = &self.figures;
        let area = auc.as_ref().map(|_| Column::right("AUC"));
        let mut table = Table::new(std::iter::once(Column::left("class").at_most(40)).chain(heads).chain(area));
        for (i, class) in self.classes.iter().enumerate() {
            let found = |all: &Option<Vec<Option<f64>>>| all.as_ref().and_then(|all| all.get(i).copied().flatten());
            let figure = |all| found(all).map_or_else(|| "–".to_string(), number::percent);
            let area = auc.as_ref().map(|_| found(auc).map_or_else(|| "–".to_string(), |area| format!("{area:.3}")));
            let shares = [class.clone(), figure(precision), figure(recall), figure(f1)];
            table.row(shares.into_iter().chain(area));
        }
        table
    }

    /// The matrix itself, zeros as dots.
    fn matrix(&self) -> Table {
        let columns = self.classes.iter().map(|class| Column::right(&cut(&clean(class), 9)).at_most(12));
        let recall = Column::right("right");
        let iou = self.iou.as_ref().map(|_| Column::right("IoU"));
        let mut table = Table::new(
            std::iter::once(Column::left("true \\ predicted").at_most(20)).chain(columns).chain([recall]).chain(iou),
        );
        for (i, (row, class)) in self.confusion.iter().zip(&self.classes).enumerate() {
            let total: f64 = row.iter().map(|&count| count as f64).sum();
            let recall = row.get(i).map_or(f64::NAN, |&right| right as f64 / total);
            let recall = if recall.is_nan() { "–".to_string() } else { number::percent(recall) };
            let counts = row.iter().map(|&count| if count == 0 { "·".to_string() } else { number::count(count) });
            let iou = self.iou.as_ref().map(|iou| iou[i].map_or_else(|| "–".to_string(), number::percent));
            table.row(std::iter::once(class.clone()).chain(counts).chain([recall]).chain(iou));
        }
        table
    }

    /// The commonest confusions.
    fn pairs(&self) -> Table {
        let mut pairs: Vec<(u64, usize, usize)> = Vec::new();
        for (truth, row) in self.confusion.iter().enumerate() {
            let wrong = row.iter().enumerate().filter(|&(predicted, &count)| predicted != truth && count > 0);
            pairs.extend(wrong.map(|(predicted, &count)| (count, truth, predicted)));
        }
        pairs.sort_by(|a, b| b.0.cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        let mut table = Table::new([
            Column::left("true").at_most(30),
            Column::left("taken for").at_most(30),
            Column::right("times"),
        ]);
        let name = |class: usize| self.classes.get(class).cloned().unwrap_or_else(|| class.to_string());
        for &(count, truth, predicted) in pairs.iter().take(LISTED) {
            table.row([name(truth), name(predicted), number::count(count)]);
        }
        table
    }

    fn worst_table(&self) -> Table {
        let mut table = Table::new([
            Column::left("picture").at_most(30),
            Column::left("true").at_most(30),
            Column::left("predicted").at_most(30),
            Column::right("sure"),
        ]);
        for mistake in self.worst.iter().take(WORST) {
            table.row([
                mistake.sample.clone(),
                mistake.truth.clone(),
                mistake.predicted.clone(),
                number::percent(mistake.probability),
            ]);
        }
        table
    }
}

/// What a net makes of a sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Guess {
    /// Which sample: `digits[3]`.
    pub sample: String,
    /// The true class's name, where it is known.
    pub truth: Option<String>,
    /// Names of classes and their probabilities, the likeliest first.
    pub classes: Vec<(String, f64)>,
}

impl Guess {
    /// Whether the likeliest class is the true one.
    pub fn is_right(&self) -> bool {
        self.truth.is_some() && self.truth.as_ref() == self.classes.first().map(|(name, _)| name)
    }
}

/// For each sample its five likeliest classes, with bars.
pub fn guesses(guesses: &[Guess]) -> String {
    let classes =
        |guess: &Guess| guess.classes.iter().take(5).map(|(name, p)| (cut(&clean(name), 30), *p)).collect::<Vec<_>>();
    let widest = guesses.iter().flat_map(&classes).map(|(name, _)| name.width()).max().unwrap_or(0);
    let block = |guess: &Guess| {
        let verdict = match &guess.truth {
            Some(_) if guess.is_right() => " ✓".to_string(),
            Some(truth) if !guess.classes.is_empty() => format!(" ✗ is {}", clean(truth)),
            _ => String::new(),
        };
        let mut lines = vec![format!("{}{verdict}", clean(&guess.sample))];
        for (name, probability) in classes(guess) {
            let bar = pad(&bar(probability, 24), 24, Align::Left);
            lines.push(format!(
                "  {}  {bar}  {}",
                pad(&name, widest, Align::Right),
                pad(&number::percent(probability), 7, Align::Right)
            ));
        }
        lines.join("\n")
    };
    guesses.iter().map(block).collect::<Vec<_>>().join("\n\n")
}

/// A device, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// The word that selects it: `cuda`.
    pub word: String,
    /// What it is: `NVIDIA H100`, `16 threads, AVX-512`.
    pub what: String,
    /// Its memory in bytes, where that is known.
    pub memory: Option<u64>,
    /// `in use`, or why it cannot be used.
    pub state: String,
}

/// The table of devices.
pub fn devices(devices: &[Device]) -> Table {
    let mut table = Table::new([
        Column::left("device"),
        Column::left("what").wrapped_at(30),
        Column::right("memory"),
        Column::left("state").wrapped_at(30),
    ]);
    for device in devices {
        let memory = device.memory.map_or_else(|| "–".to_string(), number::bytes);
        table.row([device.word.clone(), device.what.clone(), memory, device.state.clone()]);
    }
    table
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn report(classes: &[&str], confusion: Vec<Vec<u64>>) -> TestReport {
        let worst = vec![Confused {
            sample: "pets[2]".into(),
            truth: "cat".into(),
            predicted: "dog".into(),
            probability: 0.976,
        }];
        let classes = classes.iter().map(|class| class.to_string()).collect();
        TestReport {
            net: "net".into(),
            data: "pets".into(),
            loss: 0.0512,
            accuracy: Some(0.75),
            confusion,
            figures: TestFigures::default(),
            iou: None,
            mean_iou: None,
            classes,
            worst,
        }
    }

    #[test]
    fn a_test_reads_well() {
        assert_eq!(
            report(&["cat", "dog"], vec![vec![1, 1], vec![0, 2]]).page().to_string(),
            "\
net on pets: loss 0.0512, accuracy 75.0 % (3 of 4)

What was taken for what
true \\ predicted  cat  dog   right
────────────────  ───  ───  ──────
cat                 1    1  50.0 %
dog                 ·    2   100 %

The worst mistakes
picture  true  predicted    sure
───────  ────  ─────────  ──────
pets[2]  cat   dog        97.6 %"
        );
    }

    #[test]
    fn a_test_of_many_classes_lists_the_commonest_confusions() {
        let names: Vec<String> = (0..20).map(|i| format!("c{i}")).collect();
        let mut confusion = vec![vec![0; 20]; 20];
        confusion[3][4] = 7;
        confusion[4][3] = 9;
        let text = report(&names.iter().map(String::as_str).collect::<Vec<_>>(), confusion).page().to_string();
        assert!(text.contains("c4    c3             9\nc3    c4             7"), "{text}");
    }

    #[test]
    fn a_test_has_the_keys_that_scripts_read() {
        let json = serde_json::to_string(&report(&["cat", "dog"], vec![vec![1, 1], vec![0, 2]])).unwrap();
        assert_eq!(json, r#"{"verb":"test","net":"net","loss":0.0512,"accuracy":0.75,"confusion":[[1,1],[0,2]]}"#);
    }

    #[test]
    fn a_class_a_position_is_judged_by_intersection_over_union() {
        let confusion = vec![vec![6, 2, 0], vec![1, 1, 0], vec![0, 0, 0]];
        // 6 of 6 + 2 + 1, and 1 of 1 + 1 + 2; of the land there is none.
        let iou = Some(vec![Some(6.0 / 9.0), Some(0.25), None]);
        let mean_iou = Some((6.0 / 9.0 + 0.25) / 2.0);
        let tested = TestReport { iou, mean_iou, ..report(&["sky", "sun", "land"], confusion) };
        let text = tested.page().to_string();
        assert!(text.starts_with("net on pets: loss 0.0512, accuracy 75.0 % (7 of 10), mean IoU 45.8 %"), "{text}");
        assert!(text.contains("sky                 6    2     ·  75.0 %  66.7 %"), "{text}");
        assert!(text.contains("land                ·    ·     ·       –       –"), "{text}");
        let json = serde_json::to_value(&tested).unwrap();
        assert_eq!(json["iou"], serde_json::json!([6.0 / 9.0, 0.25, null]));
    }

    #[test]
    fn devices_wrap_in_their_columns() {
        let device = |word: &str, what: &str, memory, state: &str| Device {
            word: word.into(),
            what: what.into(),
            memory,
            state: state.into(),
        };
        let gpu = "NVIDIA H100 80GB HBM3, compute capability 9.0, driver for CUDA 13.0";
        let found = [
            device("cpu", "16 threads, AVX-512", Some(24_500_000_000), "in use"),
            device("cuda:0", gpu, Some(85_520_809_984), "ready"),
            device("cuda:1", "NVIDIA Tesla K80", Some(12_000_000_000), "compute capability 3.7 is too old"),
        ];
        assert_eq!(
            devices(&found).to_string(),
            "\
device  what                             memory  state
──────  ──────────────────────────────  ───────  ─────────────────────────────
cpu     16 threads, AVX-512             24.5 GB  in use
cuda:0  NVIDIA H100 80GB HBM3, compute  85.5 GB  ready
        capability 9.0, driver for
        CUDA 13.0
cuda:1  NVIDIA Tesla K80                12.0 GB  compute capability 3.7 is too
                                                 old"
        );
    }

    #[test]
    fn guesses_have_bars() {
        let guess = Guess {
            sample: "digits[3]".into(),
            truth: Some("4".into()),
            classes: vec![("9".into(), 0.75), ("4".into(), 0.25)],
        };
        assert_eq!(
            guesses(&[guess]),
            "digits[3] ✗ is 4\n  9  ██████████████████         75.0 %\n  4  ██████                     25.0 %"
        );
    }
}
