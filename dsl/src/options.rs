//! Which options each layer takes.

use crate::syntax::LayerWord;

/// The words that a layer's options may begin with.
pub(crate) fn of_layer(word: LayerWord) -> &'static [&'static str] {
    match word {
        LayerWord::Conv => &["filters", "size", "stride", "pad", "same", "valid", "dilate", "groups", "nobias", "bias"],
        LayerWord::Deconv => {
            &["filters", "size", "stride", "pad", "same", "valid", "dilate", "groups", "nobias", "bias", "to"]
        }
        LayerWord::Pool | LayerWord::MaxPool | LayerWord::AvgPool => {
            &["size", "stride", "pad", "same", "valid", "ceil", "global", "max", "avg"]
        }
        LayerWord::Upsample => &["nearest", "bilinear"],
        LayerWord::Fc => &["nobias", "bias"],
        LayerWord::Bn => &["momentum", "eps"],
        LayerWord::Lrn => &["size", "alpha", "beta", "k"],
        LayerWord::Crop => &["to"],
        LayerWord::Unpool
        | LayerWord::Dropout
        | LayerWord::Leaky
        | LayerWord::Pad
        | LayerWord::Relu
        | LayerWord::Sigmoid
        | LayerWord::Tanh
        | LayerWord::Elu
        | LayerWord::Gelu
        | LayerWord::Flatten
        | LayerWord::Softmax => &[],
    }
}
