//! Activations other than the rectifier, element by element.
//!
//! Sources: beside each function; for the sigmoid and tanh, Y. LeCun et al., "Efficient BackProp", 1998.

use serde::{Deserialize, Serialize};

use super::{Cost, GradientError, Op, Rule, ShapeError, agree, arity};
use crate::ids::NodeId;
use crate::op::Backward;
use crate::shape::Shape;

/// A function of one number.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Function {
    /// `x` where positive, else `slope·x` (A. Maas et al., "Rectifier nonlinearities improve neural network acoustic
    /// models", ICML 2013).
    Leaky {
        /// The slope of the negative side.
        slope: f64,
    },
    /// `1 / (1 + e^−x)`.
    Sigmoid,
    /// The hyperbolic tangent.
    Tanh,
    /// `x` where positive, else `e^x − 1` (D.-A. Clevert et al., arXiv:1511.07289).
    Elu,
    /// `x·Φ(x)` with the normal distribution's Φ, exactly (D. Hendrycks and K. Gimpel, arXiv:1606.08415).
    Gelu,
}

/// `y = f(x)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unary {
    /// Which function.
    pub function: Function,
}

/// `dx = f'(x) · dy`; inputs x and dy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnaryGrad {
    /// The function whose derivative this is.
    pub function: Function,
}

impl Rule for Unary {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [x] = arity("unary", "one", inputs)?;
        Ok(x.clone())
    }

    fn gradient(&self, backward: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        let (x, dy) = (backward.input(0), backward.dy());
        Ok(vec![Some(backward.push(Op::UnaryGrad(UnaryGrad { function: self.function }), &[x, dy])?)])
    }

    fn cost(&self, _: &[&Shape], output: &Shape) -> Cost {
        Cost::elementwise(output.elements())
    }
}

impl Rule for UnaryGrad {
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let [x, dy] = arity("unary_grad", "two", inputs)?;
        agree("unary_grad", x, dy)?;
        Ok(x.clone())
    }

    fn gradient(&self, _: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        Err(GradientError::Undefined("unary_grad"))
    }

    fn cost(&self, _: &[&Shape], output: &Shape) -> Cost {
        Cost::elementwise(2 * output.elements())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::testing::{given, gradient};

    #[test]
    fn each_function_keeps_the_shape_and_its_gradient_reads_the_input() {
        let functions = [
            (Function::Leaky { slope: 0.01 }, r#"{"function":{"leaky":{"slope":0.01}}}"#),
            (Function::Sigmoid, r#"{"function":"sigmoid"}"#),
            (Function::Tanh, r#"{"function":"tanh"}"#),
            (Function::Elu, r#"{"function":"elu"}"#),
            (Function::Gelu, r#"{"function":"gelu"}"#),
        ];
        for (function, attributes) in functions {
            let op = || Op::Unary(Unary { function });
            assert_eq!(given(op(), &[&[5, 4, 3]]), Ok((vec![5, 4, 3], Cost::elementwise(60))));
            assert_eq!(gradient(op(), &[&[5, 4, 3]]), [format!("unary_grad{attributes}(a, dy)")]);
            let grad = || Op::UnaryGrad(UnaryGrad { function });
            assert_eq!(given(grad(), &[&[5, 3], &[5, 3]]), Ok((vec![5, 3], Cost::elementwise(30))));
            assert!(given(grad(), &[&[5, 3], &[3, 5]]).is_err());
        }
    }
}
