//! What `embed` says and draws of codes in the plane.

use fovea_data::Dataset;
use fovea_graph::shape::join;
use fovea_train::probe::embed::{REDUCED, VOTES};
use serde_json::{Value, json};

use super::{By, Embed, Known, Laid};
use crate::display::Page;
use crate::display::number::{figure, of, percent, short};
use crate::event::Output;
use crate::picture::{self, Embedding, Image, embedding};
use crate::samples::{behind, image, is_pictured};

impl Embed {
    pub(super) fn output(&self, data: &Dataset, laid: &Laid, known: &Known) -> picture::Result<Output> {
        let interrupted = matches!(laid.by, By::Neighbours { interrupted: true, .. });
        let title = self.title(laid, known);
        let picture = self.picture(&title, data, laid, known)?;
        let page = self.lines(laid, known).into_iter().fold(Page::default().text(title), Page::text);
        let output = Output::page("embed", &page, self.figures(laid, known)).picture(picture);
        Ok(Output { interrupted, ..output })
    }

    /// `lenet.fc1 on digits: 360 codes of 120 numbers, by t-SNE`
    fn title(&self, laid: &Laid, known: &Known) -> String {
        let (count, of_numbers) = (
            laid.points.len(),
            match &known.shape[..] {
                [size] => of(*size, "number"),
                shape => join(shape),
            },
        );
        let by = match laid.by {
            By::Components(_) => "PCA",
            By::Neighbours { .. } => "t-SNE",
        };
        format!("{} on {}: {} of {of_numbers}, by {by}", self.place.path, self.what(), of(count, "code"))
    }

    /// `digits`, `digits.train[0..500]`
    fn what(&self) -> String {
        let (first, end) = self.pick.range;
        let range = self.pick.samples.range.map_or(String::new(), |_| format!("[{first}..{end}]"));
        format!("{}{}{range}", self.pick.samples.data.text, behind(self.pick.samples.side))
    }

    /// How it came to this, how far neighbours agree, and what is ringed.
    fn lines(&self, laid: &Laid, known: &Known) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(size) = known.reduced_from {
            let kept = REDUCED.min(laid.points.len());
            lines.push(format!("by the first {kept} principal components of their {}", of(size, "number")));
        }
        lines.push(match &laid.by {
            By::Components([first, second]) => {
                format!("the axes have {} and {} of the variance", percent(*first), percent(*second))
            }
            By::Neighbours { how, progress, interrupted } => {
                let steps = of(how.steps, "step");
                let steps = if *interrupted { format!("{} of {steps}", progress.steps) } else { steps };
                let broken = if *interrupted { ", broken off" } else { "" };
                let divergence = figure(progress.divergence);
                format!("perplexity {}, {steps}{broken}: divergence {divergence}", short(how.perplexity))
            }
        });
        if let Some([plane, codes]) = known.right {
            let right = percent(plane);
            let codes = percent(codes);
            lines.push(format!("the {VOTES} nearest tell the class of {right} in the plane, of {codes} by the codes"));
        }
        if let Some(wrong) = known.wrong.as_ref().filter(|wrong| !wrong.is_empty()) {
            lines.push(format!("ringed: {}", self.ringed(wrong.len())));
        }
        lines
    }

    /// `5 samples that lenet takes for another class`
    fn ringed(&self, count: usize) -> String {
        format!("{} that {} takes for another class", of(count, "sample"), self.place.net.name)
    }

    fn picture(&self, title: &str, data: &Dataset, laid: &Laid, known: &Known) -> picture::Result<picture::Picture> {
        let indices = self.pick.indices(data);
        let of_sample = |sample: usize| -> picture::Result<Image> { image(data, indices[sample]) };
        let wrong = known.wrong.as_deref().unwrap_or_default();
        let what = Embedding {
            points: &laid.points,
            labels: known.labels.as_deref(),
            classes: &data.classes,
            ringed: (wrong, &format!("taken for another class by {}", self.place.net.name)),
            image: if is_pictured(data) { Some(&of_sample) } else { None },
        };
        embedding(title, &what, self.theme)
    }

    fn figures(&self, laid: &Laid, known: &Known) -> Value {
        let points: Vec<[f32; 2]> = laid.points.iter().map(|point| point.map(|place| place as f32)).collect();
        let mut figures = json!({
            "net": self.place.net.name,
            "layer": self.place.layer().name,
            "data": self.what(),
            "shape": known.shape,
            "points": points,
            "labels": known.labels,
            "wrong": known.wrong,
            "neighbours": known.right.map(|[plane, codes]| json!({ "plane": plane, "codes": codes })),
        });
        match &laid.by {
            By::Components(shares) => {
                figures["by"] = "pca".into();
                figures["shares"] = json!(shares);
            }
            By::Neighbours { how, progress, interrupted } => {
                figures["by"] = "tsne".into();
                figures["perplexity"] = json!(how.perplexity);
                figures["steps"] = progress.steps.into();
                figures["divergence"] = json!(progress.divergence);
                figures["interrupted"] = (*interrupted).into();
            }
        }
        figures
    }
}
