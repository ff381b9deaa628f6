//! What a net is trained toward: as far as a statement says it, and what follows with a net's end and the data's labels.

use fovea_data::{Augment, LabelKind};
use fovea_graph::Graph;
use fovea_graph::op::{Function, Op, Unary};
use fovea_graph::training::{ClassLoss, Classes, Distance, Objective, Several, Truth, Weighting};
use serde::{Deserialize, Serialize};

/// What a statement says of the target; where it says nothing, the labels decide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Target {
    /// What results are compared with.
    pub toward: Toward,
    /// By what; `None`: what is usual.
    pub loss: Option<Loss>,
    /// What classes count.
    pub weights: Weights,
    /// The share of label smoothing.
    pub smoothing: f64,
    /// The label that counts for nothing.
    pub ignore: Option<u32>,
    /// The deviation of the noise on samples that are to come out without it.
    pub noise: f64,
}

/// What results are compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Toward {
    /// The data's labels.
    #[default]
    Labels,
    /// The samples themselves, as they are read: an autoencoder.
    Itself,
}

/// By what results are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// The mean squared error.
    Mse,
    /// The mean absolute error.
    L1,
    /// Huber's.
    Huber,
    /// How far regions cover each other.
    Dice,
}

/// What classes count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weights {
    /// All labels the same.
    #[default]
    Alike,
    /// All classes the same: labels by how rare theirs is.
    Balanced,
}

/// How a net ends, as far as a target cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// In probabilities of classes of which one is right.
    Softmax,
    /// In a probability for each of several classes.
    Sigmoid,
    /// In one probability: of the second of two classes, or of the only one.
    One,
    /// In numbers.
    Other,
}

impl End {
    /// How a forward graph ends.
    pub fn of(forward: &Graph) -> Self {
        let result = forward.find_output("result").map(|id| forward.node(id));
        let is_one = result.is_some_and(|node| node.shape.channels() == 1);
        match result.map(|node| &node.op) {
            Some(Op::Softmax(_)) => Self::Softmax,
            Some(Op::Unary(Unary { function: Function::Sigmoid })) if is_one => Self::One,
            Some(Op::Unary(Unary { function: Function::Sigmoid })) => Self::Sigmoid,
            _ => Self::Other,
        }
    }
}

/// Why a target goes with neither a net's end nor the data's labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsuited {
    /// There are no labels to train toward.
    NoLabels,
    /// Classes need a net that ends in softmax.
    NoSoftmax,
    /// Several classes at once need one that ends in sigmoid.
    NoSigmoid,
    /// A loss for something else.
    Loss(Loss),
    /// Class weights, where there are no single classes, or where regions are compared.
    Weights,
    /// Label smoothing, likewise.
    Smoothing,
    /// A label to be ignored, where there are no single classes.
    Ignore,
    /// The same, where samples are mixed.
    MixedIgnore,
}

impl Target {
    /// What a net of this end is trained by on labels of this kind.
    ///
    /// # Errors
    /// What does not go together.
    pub fn objective(&self, end: End, labels: &LabelKind) -> Result<Objective, Unsuited> {
        let numbers = match (self.toward, labels) {
            (Toward::Itself, _) | (Toward::Labels, LabelKind::Numbers(_)) => true,
            (Toward::Labels, LabelKind::Nothing) => return Err(Unsuited::NoLabels),
            (Toward::Labels, LabelKind::Classes | LabelKind::Several(_)) => false,
        };
        if numbers {
            self.without_classes()?;
            return self.of_numbers().map(Objective::Numbers);
        }
        if let LabelKind::Several(_) = labels {
            let is_weighted = self.weights == Weights::Balanced;
            Self { weights: Weights::Alike, ..*self }.without_classes()?;
            return match (end, self.loss) {
                (End::Softmax | End::Other, _) => Err(Unsuited::NoSigmoid),
                (_, None) if is_weighted => Ok(Objective::Several(Several::Weighted)),
                (_, None) => Ok(Objective::Several(Several::CrossEntropy)),
                (_, Some(Loss::Dice)) if is_weighted => Err(Unsuited::Weights),
                (_, Some(Loss::Dice)) => Ok(Objective::Several(Several::Dice)),
                (_, Some(other)) => Err(Unsuited::Loss(other)),
            };
        }
        match end {
            End::Softmax | End::One => self.of_classes().map(Objective::Classes),
            End::Sigmoid | End::Other => Err(Unsuited::NoSoftmax),
        }
    }

    /// The same for training samples that are changed so.
    ///
    /// # Errors
    /// Samples are mixed, and some labels are to count for nothing.
    pub fn augmented(objective: Objective, by: &Augment) -> Result<Objective, Unsuited> {
        match objective {
            Objective::Classes(classes) if by.mixes() && classes.ignore.is_some() => Err(Unsuited::MixedIgnore),
            Objective::Classes(classes) if by.mixes() => {
                Ok(Objective::Classes(Classes { truth: Truth::Shares, ..classes }))
            }
            other => Ok(other),
        }
    }

    fn of_numbers(&self) -> Result<Distance, Unsuited> {
        match self.loss {
            None | Some(Loss::Mse) => Ok(Distance::Squared),
            Some(Loss::L1) => Ok(Distance::Absolute),
            Some(Loss::Huber) => Ok(Distance::Huber),
            Some(Loss::Dice) => Err(Unsuited::Loss(Loss::Dice)),
        }
    }

    fn of_classes(&self) -> Result<Classes, Unsuited> {
        let loss = match self.loss {
            None => ClassLoss::CrossEntropy,
            Some(Loss::Dice) if self.weights == Weights::Balanced => return Err(Unsuited::Weights),
            Some(Loss::Dice) if self.smoothing > 0.0 => return Err(Unsuited::Smoothing),
            Some(Loss::Dice) => ClassLoss::Dice,
            Some(other) => return Err(Unsuited::Loss(other)),
        };
        let weights = if self.weights == Weights::Balanced { Weighting::Own } else { Weighting::Alike };
        Ok(Classes { loss, smoothing: self.smoothing, ignore: self.ignore, weights, truth: Truth::Label })
    }

    /// Whether nothing is said that only single classes have.
    fn without_classes(&self) -> Result<(), Unsuited> {
        if self.weights == Weights::Balanced {
            Err(Unsuited::Weights)
        } else if self.smoothing > 0.0 {
            Err(Unsuited::Smoothing)
        } else if self.ignore.is_some() {
            Err(Unsuited::Ignore)
        } else {
            Ok(())
        }
    }

    /// Whether a net's result for a sample can come near to what it is compared with: numbers of this shape. A flat result
    /// of as many numbers will do.
    pub fn suits(result: &[usize], wanted: &[usize]) -> bool {
        let squeezed = |dims: &[usize]| dims.iter().copied().filter(|&n| n != 1).collect::<Vec<_>>();
        let is_flat = result.len() == 1 || wanted.len() == 1;
        squeezed(result) == squeezed(wanted)
            || is_flat && result.iter().product::<usize>() == wanted.iter().product::<usize>()
    }
}

/// As the language writes it: `toward itself, noise 0.2, loss l1`; `toward labels` where nothing more is said.
impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let said = [
            (self.toward == Toward::Itself).then(|| "toward itself".to_string()),
            (self.noise > 0.0).then(|| format!("noise {}", self.noise)),
            self.loss.map(|loss| format!("loss {loss}")),
            (self.weights == Weights::Balanced).then(|| "weights balanced".to_string()),
            (self.smoothing > 0.0).then(|| format!("smooth {}", self.smoothing)),
            self.ignore.map(|label| format!("ignore {label}")),
        ];
        let said: Vec<String> = said.into_iter().flatten().collect();
        f.write_str(if said.is_empty() { "toward labels" } else { "" })?;
        f.write_str(&said.join(", "))
    }
}

impl std::fmt::Display for Loss {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Loss::Mse => "mse",
            Loss::L1 => "l1",
            Loss::Huber => "huber",
            Loss::Dice => "dice",
        })
    }
}

/// A weight for each class by how often it is there, so that all count the same: of n labels of k classes that there are, n
/// over k times those of the class (G. King and L. Zeng, "Logistic regression in rare events data", Political Analysis 9, 2001). Of a class that
/// is not there it is 1.
pub fn balanced(counts: &[u64], classes: usize, ignore: Option<u32>) -> Vec<f32> {
    let of = |class: usize| counts.get(class).copied().filter(|_| ignore.is_none_or(|ignore| ignore as usize != class));
    let counts: Vec<u64> = (0..classes).map(|class| of(class).unwrap_or(0)).collect();
    let (all, there) = (counts.iter().sum::<u64>() as f64, counts.iter().filter(|&&count| count > 0).count() as f64);
    counts.iter().map(|&count| if count == 0 { 1.0 } else { (all / (there * count as f64)) as f32 }).collect()
}

/// A factor for what is there of each of several classes at once, so that it counts as much as what is not: of `all` samples,
/// how many are not of the class for one that is, where so many are. Of a class that is nowhere, or everywhere, it is 1.
pub fn balanced_several(there: &[u64], all: u64) -> Vec<f32> {
    let factor = |&there: &u64| if there == 0 || there >= all { 1.0 } else { (all - there) as f32 / there as f32 };
    there.iter().map(factor).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use fovea_data::Augmentation;

    const PLAIN: Target = Target {
        toward: Toward::Labels,
        loss: None,
        weights: Weights::Alike,
        smoothing: 0.0,
        ignore: None,
        noise: 0.0,
    };

    #[test]
    fn the_labels_and_the_nets_end_decide() {
        let (classes, several, numbers) = (LabelKind::Classes, LabelKind::Several(3), LabelKind::Numbers(vec![2]));
        let of = |end, labels: &LabelKind| PLAIN.objective(end, labels);
        assert_eq!(of(End::Softmax, &classes), Ok(Objective::CROSS_ENTROPY));
        assert_eq!(of(End::Sigmoid, &classes), Err(Unsuited::NoSoftmax));
        assert_eq!(of(End::Sigmoid, &several), Ok(Objective::Several(Several::CrossEntropy)));
        assert_eq!(of(End::One, &LabelKind::Several(1)), Ok(Objective::Several(Several::CrossEntropy)));
        assert_eq!(of(End::One, &classes), Ok(Objective::CROSS_ENTROPY));
        assert_eq!(of(End::Other, &several), Err(Unsuited::NoSigmoid));
        assert_eq!(of(End::Other, &numbers), Ok(Objective::SQUARED_ERROR));
        assert_eq!(of(End::Sigmoid, &LabelKind::Nothing), Err(Unsuited::NoLabels));
        let itself = Target { toward: Toward::Itself, loss: Some(Loss::L1), ..PLAIN };
        assert_eq!(itself.objective(End::Sigmoid, &classes), Ok(Objective::Numbers(Distance::Absolute)));
        assert_eq!(itself.objective(End::Other, &LabelKind::Nothing), Ok(Objective::Numbers(Distance::Absolute)));
    }

    #[test]
    fn what_is_said_goes_with_the_labels_or_is_unsuited() {
        let classes = |target: Target| target.objective(End::Softmax, &LabelKind::Classes);
        let numbers = |target: Target| target.objective(End::Other, &LabelKind::Numbers(vec![1]));
        let dice = Target { loss: Some(Loss::Dice), ..PLAIN };
        let weighted = Target { weights: Weights::Balanced, ..PLAIN };
        let smoothed = Target { smoothing: 0.1, ignore: Some(255), ..PLAIN };
        let ignoring = Target { ignore: Some(0), ..PLAIN };
        let expected = Classes { smoothing: 0.1, ignore: Some(255), ..Classes::default() };
        assert_eq!(classes(smoothed), Ok(Objective::Classes(expected)));
        assert_eq!(classes(weighted).map(Objective::of_test), Ok(Objective::CROSS_ENTROPY));
        assert_eq!(classes(Target { loss: Some(Loss::Huber), ..PLAIN }), Err(Unsuited::Loss(Loss::Huber)));
        assert_eq!(classes(Target { weights: Weights::Balanced, ..dice }), Err(Unsuited::Weights));
        assert_eq!(classes(Target { smoothing: 0.1, ..dice }), Err(Unsuited::Smoothing));
        assert!(classes(Target { ignore: Some(3), ..dice }).is_ok());
        let several = |target: Target| target.objective(End::Sigmoid, &LabelKind::Several(3));
        assert_eq!(several(weighted), Ok(Objective::Several(Several::Weighted)));
        assert_eq!(several(weighted).map(Objective::of_test), Ok(Objective::Several(Several::CrossEntropy)));
        assert_eq!(several(Target { weights: Weights::Balanced, ..dice }), Err(Unsuited::Weights));
        let mixed = [Augmentation::Mixup(0.2)].into_iter().collect();
        let shares = Classes { truth: Truth::Shares, ..Classes::default() };
        assert_eq!(Target::augmented(Objective::CROSS_ENTROPY, &mixed), Ok(Objective::Classes(shares)));
        assert_eq!(Objective::Classes(shares).of_test(), Objective::CROSS_ENTROPY);
        assert_eq!(Target::augmented(Objective::Classes(expected), &mixed), Err(Unsuited::MixedIgnore));
        assert_eq!(
            Target::augmented(Objective::Classes(expected), &Augment::default()),
            Ok(Objective::Classes(expected))
        );
        assert_eq!(numbers(dice), Err(Unsuited::Loss(Loss::Dice)));
        assert_eq!(numbers(weighted), Err(Unsuited::Weights));
        assert_eq!(numbers(smoothed), Err(Unsuited::Smoothing));
        assert_eq!(numbers(ignoring), Err(Unsuited::Ignore));
    }

    #[test]
    fn a_flat_result_of_as_many_numbers_will_do() {
        for (result, wanted) in [(&[784][..], &[28, 28, 1][..]), (&[1], &[1]), (&[4, 4, 1], &[4, 4]), (&[6], &[2, 3])] {
            assert!(Target::suits(result, wanted), "{result:?} {wanted:?}");
        }
        for (result, wanted) in [(&[10][..], &[1][..]), (&[4, 6, 1], &[6, 4, 1]), (&[2, 3], &[3, 2])] {
            assert!(!Target::suits(result, wanted), "{result:?} {wanted:?}");
        }
    }

    #[test]
    fn rare_classes_weigh_more() {
        // As scikit-learn's compute_class_weight has it.
        assert_eq!(balanced(&[3, 1], 2, None), [4.0 / 6.0, 2.0]);
        assert_eq!(balanced(&[2, 0, 1, 0, 0, 0, 0, 0, 0, 2], 3, Some(9)), [3.0 / 4.0, 1.0, 1.5]);
        assert_eq!(balanced(&[], 2, None), [1.0, 1.0]);
        assert_eq!(balanced_several(&[1, 0, 3, 4], 4), [3.0, 1.0, 1.0 / 3.0, 1.0]);
    }
}
