//! What was found of each picture: drawn, in words, as data.

use fovea_data::Dataset;
use fovea_graph::Tensor;
use fovea_train::probe::saliency::Attribution;
use serde_json::{Value, json};

use super::super::filters::MOST_DATA;
use super::{Found, Look};
use crate::display::Page;
use crate::display::number::{figure, of};
use crate::event::Output;
use crate::picture::{self, Salient, SalientMap, saliency};
use crate::samples::image;

impl Look {
    pub(super) fn output(&self, data: &Dataset, found: &[Found]) -> picture::Result<Output> {
        let mut items = Vec::with_capacity(found.len());
        let mut lines = Vec::with_capacity(found.len());
        for ((i, found), &at) in found.iter().enumerate().zip(self.pick.indices(data)) {
            let (name, class) = (self.pick.name(i), &self.classes[found.class]);
            let picture = image(data, at)?;
            lines.push(self.line(&name, class, found, picture.width()));
            let map = |(at, (_, words)): (usize, &(Attribution, String))| SalientMap {
                name: words.clone(),
                values: found.map(at),
            };
            let maps = self.maps.iter().enumerate().map(map).collect();
            items.push(Salient { image: picture, maps, captions: [name, format!("class {class}")] });
        }
        let title = format!("What {} looks at on {}", self.net.name, self.pick.samples.data.text);
        let picture = saliency(&title, &items, self.theme)?;
        let page = Page::default().text(format!("{title}: {}", of(found.len(), "picture"))).code(lines.join("\n"));
        Ok(Output::page("saliency", &page, self.data(found)).picture(picture))
    }

    /// `digits[3]: class 7, score 4.21; steepest at row 12, column 9: 0.83`
    fn line(&self, name: &str, class: &str, found: &Found, width: usize) -> String {
        let head = format!("{name}: class {class}, score {}", figure(found.score.into()));
        let most = |(at, (by, words)): (usize, &(Attribution, String))| {
            let map = found.map(at);
            let better = |best: usize, at: usize| if map[at] > map[best] { at } else { best };
            let most = (0..map.len()).fold(0, better);
            let (row, column, value) =
                (most / width, most % width, figure(map.get(most).copied().unwrap_or(0.0).into()));
            let is_zero = map.get(most).is_none_or(|&value| value <= 0.0);
            match by {
                _ if is_zero && self.maps.len() > 1 => format!("{words} 0 everywhere"),
                _ if is_zero => "no pixel changes it".to_string(),
                Attribution::Gradient if self.maps.len() == 1 => {
                    format!("steepest at row {row}, column {column}: {value}")
                }
                _ => format!("{words} most at row {row}, column {column}: {value}"),
            }
        };
        let most: Vec<String> = self.maps.iter().enumerate().map(most).collect();
        format!("{head}; {}", most.join("; "))
    }

    fn data(&self, found: &[Found]) -> Value {
        let width = self.net.input().get(1).copied().unwrap_or(1).max(1);
        let map = |at: usize| -> Value {
            found.iter().map(|found| found.map(at).chunks(width).map(|row| json!(row)).collect::<Value>()).collect()
        };
        let numbers: usize = found.iter().flat_map(|found| &found.maps).map(Tensor::len).sum();
        let maps = match self.maps.len() {
            _ if numbers > MOST_DATA => Value::Null,
            1 => map(0),
            _ => self.maps.iter().enumerate().map(|(at, (_, words))| (words.clone(), map(at))).collect(),
        };
        json!({
            "net": self.net.name,
            "data": self.pick.samples.data.text,
            "samples": (0..found.len()).map(|i| self.pick.name(i)).collect::<Vec<_>>(),
            "classes": found.iter().map(|found| found.class).collect::<Vec<_>>(),
            "scores": found.iter().map(|found| found.score).collect::<Vec<_>>(),
            "with": self.maps.iter().map(|(_, words)| words).collect::<Vec<_>>(),
            "maps": maps,
        })
    }
}
