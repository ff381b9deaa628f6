//! The product of two matrices: the fully connected layer and both of its gradients.

use serde::{Deserialize, Serialize};

use super::bias::check_bias;
use super::{Activation, Cost, GradientError, Op, Rule, ShapeError};
use crate::autodiff::Backward;
use crate::ids::NodeId;
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
