//! What `stylize` says and draws.

use fovea_graph::Tensor;
use fovea_train::probe::style::{Descent, Far, Styled};
use serde_json::{Value, json};

use super::{Given, Stylize, Weighted};
use crate::display::number::{figure, of, percent, short};
use crate::display::{Column, Page, Table};
use crate::event::Output;
use crate::picture::{self, Framed, Image, Picture, Series, SeriesKind, stylized};

/// A loss: its name, what it was and how much it counts.
type Part = (&'static str, fn(&Far) -> Option<f64>, f64);

impl Stylize {
    pub(super) fn output(&self, given: &[Given; 2], styled: &Styled, weights: Weighted) -> picture::Result<Output> {
        let steps = styled.course.len() - 1;
        let interrupted = steps < self.transfer.steps && !styled.settled;
        let asked = of(self.transfer.steps, "step");
        let end = match (interrupted, styled.settled) {
            (true, _) => format!("broken off after {steps} of {asked}"),
            (_, true) => format!("after {} of {asked} none leads lower", of(steps, "step")),
            _ => asked,
        };
        let text = format!("{}, with {}: {end}; {}", self.title(), self.with(weights), self.asked());
        let page = Page::default().text(text).table(self.table(styled));
        let picture = self.picture(given, &styled.picture, &styled.course, weights)?;
        let data = self.data(styled, weights);
        Ok(Output { interrupted, ..Output::page("stylize", &page, data) }.picture(picture))
    }

    /// What there is after some steps, beside what is given.
    pub(super) fn picture(
        &self,
        given: &[Given; 2],
        pixels: &Tensor,
        course: &[Far],
        weights: Weighted,
    ) -> picture::Result<Picture> {
        let title = self.title();
        let framed = |caption: String, image: Image| Framed { caption, image };
        let [photo, painting] = given;
        let beside = [
            framed(format!("photograph: {}", self.photo.name(0)), photo.image()?),
            framed(format!("painting: {}", self.painting.name(0)), painting.image()?),
        ];
        let shape: [usize; 4] = pixels.shape().try_into().unwrap_or_default();
        let result = Image::new(shape[1], shape[2], shape[3], pixels.iter().copied().collect())?;
        let caption = format!("with {}, {}", self.with(weights), of(course.len() - 1, "step"));
        stylized(&title, &beside, &framed(caption, result), &self.curves(course), self.theme)
    }

    /// `photo.jpg as painting.jpg`
    fn title(&self) -> String {
        format!("{} as {}", self.photo.name(0), self.painting.name(0))
    }

    /// `vgg19 (random filters)`
    fn with(&self, weights: Weighted) -> String {
        format!("{} ({})", self.place.net.name, weights.in_words())
    }

    /// The losses that count.
    fn parts(&self) -> Vec<Part> {
        let weights = self.transfer.weights;
        let all: [Part; 3] = [
            ("content", |far| far.content, weights.content),
            ("style", |far| far.style, weights.style),
            ("variation", |far| far.variation, weights.variation),
        ];
        all.into_iter().filter(|(.., weight)| *weight > 0.0).collect()
    }

    /// `content by relu10, style by relu1, relu3`
    fn asked(&self) -> String {
        let named = |what: &str, layers: &[String]| format!("{what} by {}", layers.join(", "));
        let all = [("content", &self.transfer.content), ("style", &self.transfer.style)];
        let named = all.into_iter().filter(|(_, layers)| !layers.is_empty()).map(|(what, layers)| named(what, layers));
        named.collect::<Vec<_>>().join("; ")
    }

    /// Each loss at first and at the end.
    fn table(&self, styled: &Styled) -> Table {
        let columns = ["at first", "at the end", "weight", "share of the loss"].map(Column::right);
        let mut table = Table::new([Column::left("loss")].into_iter().chain(columns).collect::<Vec<_>>());
        let (Some(first), Some(last)) = (styled.course.first(), styled.course.last()) else { return table };
        for (name, part, weight) in self.parts() {
            let at = |far: &Far| part(far).unwrap_or_default();
            let share = percent(weight * at(last) / last.total);
            table.row([name.to_string(), figure(at(first)), figure(at(last)), short(weight), share]);
        }
        if let Descent::Lbfgs { .. } = self.transfer.descent {
            let [at_first, at_end] = [first.beyond, last.beyond].map(figure);
            let share = percent(last.beyond / last.total);
            table.row(["beyond 0 to 1".to_string(), at_first, at_end, String::new(), share]);
        }
        table.row(["all".to_string(), figure(first.total), figure(last.total), String::new(), String::new()]);
        table
    }

    /// The losses over the steps, each as much as it counts.
    fn curves(&self, course: &[Far]) -> Vec<Series> {
        let series = |label: &str, value: &dyn Fn(&Far) -> f64| {
            // What is 0, as the content's loss of the photograph itself, has no place where equal ratios are equally far apart.
            let points = course.iter().enumerate().map(|(step, far)| (step as f64, value(far)));
            let points = points.filter(|point| point.1 > 0.0).collect();
            Series { label: label.to_string(), points, kind: SeriesKind::Train }
        };
        let parts = self.parts();
        let mut all = vec![series("all", &|far| far.total)];
        if parts.len() > 1 {
            all.extend(
                parts.iter().map(|(name, part, weight)| series(name, &|far| weight * part(far).unwrap_or_default())),
            );
        }
        all
    }

    fn data(&self, styled: &Styled, weights: Weighted) -> Value {
        let step = |far: &Far| {
            json!({
                "content": far.content,
                "style": far.style,
                "variation": far.variation,
                "beyond": far.beyond,
                "total": far.total,
            })
        };
        let counts = self.transfer.weights;
        let size = &styled.picture.shape()[1..3];
        json!({
            "net": self.place.net.name,
            "weights": match weights {
                Weighted::Random => json!("random"),
                Weighted::Loaded => json!("loaded"),
                Weighted::Run(run) => json!({ "run": run }),
            },
            "photo": self.photo.name(0),
            "painting": self.painting.name(0),
            "content": self.transfer.content,
            "style": self.transfer.style,
            "counts": { "content": counts.content, "style": counts.style, "variation": counts.variation },
            "steps": styled.course.len() - 1,
            "settled": styled.settled,
            "loss": styled.course.iter().map(step).collect::<Vec<_>>(),
            "size": size,
            "bytes": self.bytes,
            "interrupted": styled.course.len() <= self.transfer.steps && !styled.settled,
        })
    }
}
