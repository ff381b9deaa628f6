//! What values are brought to before a net sees them.

/// What the values of samples are brought to, a channel at a time, before a net sees them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Normalize {
    /// To mean 0 and deviation 1 over the training part.
    #[default]
    Own,
    /// As nets trained on ImageNet expect it: by the mean and deviation of its pictures.
    Imagenet,
    /// Nothing: they stay as they are.
    Raw,
}

impl Normalize {
    /// The mean of red, green and blue over ImageNet's pictures, as torchvision's transforms have it.
    pub const IMAGENET_MEAN: [f32; 3] = [0.485, 0.456, 0.406];
    /// Their deviation.
    pub const IMAGENET_DEVIATION: [f32; 3] = [0.229, 0.224, 0.225];
}
