//! The layers with a window.

use fovea_graph::op::PoolKind;
use fovea_graph::window::Rounding;

use super::Reader;
use crate::diagnostic::{Diagnostic, Stage};
use crate::resolve::options::{Conv, Options, Padding, Pool, Said, Target};
use crate::syntax::{LayerWord, OptionKind};

impl Reader<'_, '_> {
    pub(super) fn conv(&mut self) -> Conv {
        self.convolution(&mut None)
    }

    pub(super) fn deconv(&mut self) -> Options {
        let mut target = None;
        let conv = self.convolution(&mut target);
        if let (Some(target), Some(padding)) = (&target, &conv.padding)
            && padding.value == Padding::Same
        {
            let message = "`same` and `to` both say what size the `deconv` gives";
            let error = Diagnostic::new(Stage::Shapes, padding.span, message).also(target.span, "");
            let error = error.mend(padding.span, "").mend(target.span, "");
            self.errors.push(error.help("keep one of them"));
        }
        Options::Deconv(conv, target)
    }

    /// The options of a convolution and, where the layer takes it, the size that it is to give.
    fn convolution(&mut self, target: &mut Option<Said<Target>>) -> Conv {
        let mut said = Conv::default();
        for option in &self.layer.options {
            let span = option.span;
            match &option.kind {
                OptionKind::Value(value) => match &said.filters {
                    Some(first) if self.is_bare(first.span) => self.two_bare_numbers(first.span, option),
                    _ => self.number(&mut said.filters, value, span, "the number of filters"),
                },
                OptionKind::Size(sizes) | OptionKind::Glued(sizes) => {
                    self.sizes(&mut said.size, sizes, span, "the window");
                }
                OptionKind::Stride(sizes) => self.sizes(&mut said.stride, sizes, span, "the stride"),
                OptionKind::Keyed(word, values) => match (word.as_str(), &values[..]) {
                    ("filters", [value]) => self.number(&mut said.filters, value, span, "the number of filters"),
                    ("size", sizes) => self.sizes(&mut said.size, sizes, span, "the window"),
                    ("stride", sizes) => self.sizes(&mut said.stride, sizes, span, "the stride"),
                    ("pad", sizes) => self.pad(&mut said.padding, sizes, span),
                    ("dilate", sizes) => self.sizes(&mut said.dilate, sizes, span, "the dilation"),
                    ("groups", [value]) => self.number(&mut said.groups, value, span, "the number of groups"),
                    ("filters" | "groups", _) => self.one_number(word, span),
                    _ => self.unknown(option),
                },
                OptionKind::To(to) if self.layer.word == LayerWord::Deconv => self.target(target, to, span),
                OptionKind::To(_) | OptionKind::Of(..) => self.unknown(option),
                OptionKind::Flag(word) => match word.as_str() {
                    "same" => self.put(&mut said.padding, Padding::Same, span, "the padding"),
                    "valid" => self.put(&mut said.padding, Padding::Valid, span, "the padding"),
                    "bias" => self.put(&mut said.bias, true, span, "the bias"),
                    "nobias" => self.put(&mut said.bias, false, span, "the bias"),
                    _ => self.unknown(option),
                },
            }
        }
        said
    }

    pub(super) fn pool(&mut self, kind: Option<PoolKind>) -> Pool {
        let kind = kind.map(|value| Said { value, span: self.layer.word_span });
        let mut said = Pool { kind, ..Pool::default() };
        for option in &self.layer.options {
            let span = option.span;
            match &option.kind {
                OptionKind::Value(value) => {
                    self.sizes(&mut said.size, std::slice::from_ref(value), span, "the window");
                }
                OptionKind::Size(sizes) | OptionKind::Glued(sizes) => {
                    self.sizes(&mut said.size, sizes, span, "the window");
                }
                OptionKind::Stride(sizes) => self.sizes(&mut said.stride, sizes, span, "the stride"),
                OptionKind::Keyed(word, sizes) => match word.as_str() {
                    "size" => self.sizes(&mut said.size, sizes, span, "the window"),
                    "stride" => self.sizes(&mut said.stride, sizes, span, "the stride"),
                    "pad" => self.pad(&mut said.padding, sizes, span),
                    _ => self.unknown(option),
                },
                OptionKind::To(_) | OptionKind::Of(..) => self.unknown(option),
                OptionKind::Flag(word) => match word.as_str() {
                    "same" => self.put(&mut said.padding, Padding::Same, span, "the padding"),
                    "valid" => self.put(&mut said.padding, Padding::Valid, span, "the padding"),
                    "max" => self.put(&mut said.kind, PoolKind::Max, span, "the kind of pooling"),
                    "avg" => self.put(&mut said.kind, PoolKind::Avg, span, "the kind of pooling"),
                    "ceil" => self.put(&mut said.rounding, Rounding::Ceil, span, "the rounding"),
                    "global" => self.put(&mut said.global, (), span, "`global`"),
                    _ => self.unknown(option),
                },
            }
        }
        self.global_alone(&said);
        said
    }

    /// A global pool has no window, stride or padding of its own.
    fn global_alone(&mut self, said: &Pool) {
        let Some(global) = &said.global else { return };
        let size = said.size.as_ref().map(|s| s.span);
        let stride = said.stride.as_ref().map(|s| s.span);
        let padding = said.padding.as_ref().map(|p| p.span);
        let rounding = said.rounding.as_ref().map(|r| r.span);
        for span in [size, stride, padding, rounding].into_iter().flatten() {
            let message = "the window of a global pool is the whole map: it has no size, stride or padding of its own";
            self.errors.push(Diagnostic::new(Stage::Shapes, span, message).also(global.span, "global"));
        }
    }
}
