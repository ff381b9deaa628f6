//! The product of two matrices: the fully connected layer and both of its gradients.
//!
//! Source: I. Goodfellow, Y. Bengio and A. Courville, "Deep Learning", MIT Press 2016, section 6.5.6: the gradients of a matrix
//! product.

use serde::{Deserialize, Serialize};

use super::bias::check_bias;
use super::{Activation, Cost, GradientError, Op, Rule, ShapeError};
use crate::ids::NodeId;
use crate::op::Backward;
use crate::shape::Shape;

/// Whether a factor is used as it is or transposed (BLAS's `trans`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transpose {
    /// As it is.
    No,
    /// Rows and columns exchanged.
    Yes,
}

impl Transpose {
    /// The other one.
    fn flip(self) -> Self {
        match self {
            Transpose::No => Transpose::Yes,
            Transpose::Yes => Transpose::No,
        }
    }

    /// Rows and columns of a matrix of these dimensions, seen through this.
    pub fn view(self, [rows, columns]: [usize; 2]) -> [usize; 2] {
        match self {
            Transpose::No => [rows, columns],
            Transpose::Yes => [columns, rows],
        }
    }
}

/// `y = act(op(a)·op(b) + bias)`; inputs a and b of two axes each, and, where it is fused in, bias `[columns of y]`.
/// A fully connected layer is `x [N, C] · wᵀ` with the weight w `[K, C]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Matmul {
    /// How the first factor is used.
    pub a: Transpose,
    /// How the second factor is used.
    pub b: Transpose,
    /// Applied to the result, where it is fused in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activation: Option<Activation>,
}

impl Matmul {
    /// A product alone.
    pub fn new(a: Transpose, b: Transpose) -> Self {
        Self { a, b, activation: None }
    }

    /// Rows, columns and depth: y is `rows × columns`, and each element a sum of `depth` products.
    pub fn sizes(&self, a: &Shape, b: &Shape) -> Result<[usize; 3], ShapeError> {
        let matrix = |s: &Shape| <[usize; 2]>::try_from(s.dims()).ok();
        let form = |s: &Shape| ShapeError::Form {
            op: "matmul",
            found: s.dims().to_vec(),
            why: "a matrix has two dimensions".into(),
        };
        let [rows, depth] = self.a.view(matrix(a).ok_or_else(|| form(a))?);
        let [depth_b, columns] = self.b.view(matrix(b).ok_or_else(|| form(b))?);
        if depth != depth_b {
            return Err(ShapeError::Disagree { op: "matmul", left: a.dims().to_vec(), right: b.dims().to_vec() });
        }
        Ok([rows, columns, depth])
    }
}

impl Rule for Matmul {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let (a, b) = match inputs {
            [a, b] | [a, b, _] => (a, b),
            _ => {
                return Err(ShapeError::Arity { op: "matmul", expected: "two or three", found: inputs.len() });
            }
        };
        let [rows, columns, _] = self.sizes(a, b)?;
        if let Some(bias) = inputs.get(2) {
            check_bias("matmul", columns, bias)?;
        }
        Ok(Shape::new([rows, columns])?)
    }

    fn gradient(&self, backward: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        if self.activation.is_some() || backward.inputs() > 2 {
            return Err(GradientError::Undefined("matmul with a fused bias or activation"));
        }
        let (a, b, dy) = (backward.input(0), backward.input(1), backward.dy());
        // y = A·B with A = op(a), B = op(b): dA = dy·Bᵀ and dB = Aᵀ·dy; a transposed factor transposes its gradient.
        let da = match (backward.wants(0), self.a) {
            (false, _) => None,
            (true, Transpose::No) => {
                Some(backward.push(Op::Matmul(Matmul::new(Transpose::No, self.b.flip())), &[dy, b])?)
            }
            (true, Transpose::Yes) => Some(backward.push(Op::Matmul(Matmul::new(self.b, Transpose::Yes)), &[b, dy])?),
        };
        let db = match (backward.wants(1), self.b) {
            (false, _) => None,
            (true, Transpose::No) => {
                Some(backward.push(Op::Matmul(Matmul::new(self.a.flip(), Transpose::No)), &[a, dy])?)
            }
            (true, Transpose::Yes) => Some(backward.push(Op::Matmul(Matmul::new(Transpose::Yes, self.a)), &[dy, a])?),
        };
        Ok(vec![da, db])
    }

    fn cost(&self, inputs: &[&Shape], output: &Shape) -> Cost {
        let depth = self.a.view([inputs[0].dims()[0], inputs[0].dims()[1]])[1];
        let epilogue = usize::from(inputs.len() > 2) + usize::from(self.activation.is_some());
        Cost::macs(output.elements() * depth) + Cost::elementwise(epilogue * output.elements())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::testing::{given, gradient};

    const SIZES: [[usize; 2]; 2] = [[5, 7], [7, 3]];

    /// A product of 5x7 and 7x3, either factor held as it is or transposed.
    fn product(a: Transpose, b: Transpose) -> (Op, [[usize; 2]; 2]) {
        (Op::Matmul(Matmul::new(a, b)), [a.view(SIZES[0]), b.view(SIZES[1])])
    }

    #[test]
    fn the_inner_sizes_agree_however_the_factors_are_held() {
        for a in [Transpose::No, Transpose::Yes] {
            for b in [Transpose::No, Transpose::Yes] {
                let (op, [left, right]) = product(a, b);
                assert_eq!(given(op.clone(), &[&left, &right]), Ok((vec![5, 3], Cost::macs(105))), "{a:?} {b:?}");
                assert!(given(op, &[&left, &[9, 9]]).is_err());
            }
        }
        let (op, [left, right]) = product(Transpose::No, Transpose::No);
        assert_eq!(
            given(op.clone(), &[&left, &right, &[3]]),
            Ok((vec![5, 3], Cost::macs(105) + Cost::elementwise(15)))
        );
        assert!(given(op.clone(), &[&left, &right, &[5]]).is_err() && given(op, &[&left, &[7, 3, 1]]).is_err());
    }

    #[test]
    fn a_transposed_factor_transposes_its_gradient() {
        let by = |a, b| {
            let (op, [left, right]) = product(a, b);
            gradient(op, &[&left, &right])
        };
        let matmul = |a: &str, b: &str, factors: &str| format!(r#"matmul{{"a":"{a}","b":"{b}"}}({factors})"#);
        use Transpose::{No, Yes};
        assert_eq!(by(No, No), [matmul("no", "yes", "dy, b"), matmul("yes", "no", "a, dy")]);
        assert_eq!(by(No, Yes), [matmul("no", "no", "dy, b"), matmul("yes", "no", "dy, a")]);
        assert_eq!(by(Yes, No), [matmul("no", "yes", "b, dy"), matmul("no", "no", "a, dy")]);
        assert_eq!(by(Yes, Yes), [matmul("yes", "yes", "b, dy"), matmul("yes", "yes", "dy, a")]);
    }
}
