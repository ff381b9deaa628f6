//! What `segment` says and draws.

use fovea_data::Dataset;
use serde_json::{Value, json};

use super::{Segment, Told};
use crate::display::number::{of, percent};
use crate::display::{Column, Page, Table};
use crate::event::Output;
use crate::picture::{self, Mapped, maps};
use crate::positions::{in_words, shares, spread};
use crate::samples::{image, mapped, share_right};
use crate::verbs::filters::MOST_DATA;

/// How many classes a table lists.
const LISTED: usize = 40;

impl Segment {
    pub(super) fn output(&self, data: &Dataset, told: &Told) -> picture::Result<Output> {
        let title = format!("{} on {}", self.net.name, self.what());
        let indices = self.pick.indices(data);
        let shares = || indices.iter().zip(&told.maps).map(|(&at, map)| share_right(data, at, map));
        let right = told.counts.as_ref().map(|_| shares().collect::<picture::Result<Vec<f64>>>()).transpose()?;
        let mut items = Vec::with_capacity(told.maps.len());
        let mut lines = Vec::with_capacity(told.maps.len());
        for (i, (&at, map)) in indices.iter().zip(&told.maps).enumerate() {
            let right = right.as_ref().map(|right| percent(right[i]));
            items.push(self.drawn(data, (i, at), told, right.as_deref())?);
            let right = right.map_or(String::new(), |right| format!("{right} of its positions are right; "));
            lines.push(format!("{}: {right}{}", self.pick.name(i), in_words(map, &self.classes)));
        }
        let picture = maps(&title, &items, &self.classes, self.theme)?;
        let page = Page::default().text(format!("{title}: {}", of(items.len(), "picture"))).code(lines.join("\n"));
        let page = match told.iou() {
            None => page,
            Some((iou, mean)) => self.table(page, &iou, mean),
        };
        Ok(Output::page("segment", &page, self.figures(told, right)).picture(picture))
    }

    /// `scenes[4]`, `scenes[0..4]`, the file's name.
    fn what(&self) -> String {
        match self.pick.range {
            (first, end) if end == first + 1 => self.pick.name(0),
            (first, end) if self.pick.files.is_empty() => format!("{}[{first}..{end}]", self.pick.samples.data.text),
            _ => self.pick.samples.data.text.clone(),
        }
    }

    /// A picture, its mask, the truth where it is known, and the mask over the picture.
    fn drawn(
        &self,
        data: &Dataset,
        (i, at): (usize, usize),
        told: &Told,
        right: Option<&str>,
    ) -> picture::Result<Mapped> {
        let image = image(data, at)?;
        let map = spread(&told.maps[i], told.extent, [image.height(), image.width()]);
        let caption = right.map_or("mask".to_string(), |right| format!("mask, {right} right"));
        let (mask, over) = ((caption, map.clone()), Some(("over the picture".to_string(), map)));
        if told.counts.is_some() {
            return Ok(Mapped { over, ..mapped(data, at, self.pick.name(i), Some(mask))? });
        }
        Ok(Mapped { caption: self.pick.name(i), image, maps: vec![mask], over })
    }

    /// A row a class.
    fn table(&self, page: Page, iou: &[Option<f64>], mean: Option<f64>) -> Page {
        let mut table = Table::new([Column::left("class"), Column::right("intersection over union")]);
        let share = |share: Option<f64>| share.map_or("–".to_string(), percent);
        let rows = self.classes.iter().zip(iou);
        rows.take(LISTED).for_each(|(class, iou)| table.row([class.clone(), share(*iou)]));
        let page = page.table(table);
        let page = match self.classes.len().saturating_sub(LISTED) {
            0 => page,
            more => page.text(format!("… and {more} more")),
        };
        page.text(format!("mean intersection over union: {}", share(mean)))
    }

    fn figures(&self, told: &Told, right: Option<Vec<f64>>) -> Value {
        let (iou, mean) = told.iou().map_or((None, None), |(iou, mean)| (Some(iou), mean));
        let numbers: usize = told.maps.iter().map(Vec::len).sum();
        let rows = |map: &Vec<u32>| map.chunks(told.extent[1].max(1)).map(|row| json!(row)).collect::<Value>();
        json!({
            "net": self.net.name,
            "data": self.what(),
            "size": told.extent,
            "classes": self.classes,
            "shares": told.maps.iter().map(|map| shares(map, self.classes.len())).collect::<Vec<_>>(),
            "right": right,
            "iou": iou,
            "mean_iou": mean,
            "maps": (numbers <= MOST_DATA).then(|| told.maps.iter().map(rows).collect::<Vec<_>>()),
        })
    }
}

impl Told {
    /// The intersection over the union of each class that there is, and the mean of them.
    fn iou(&self) -> Option<(Vec<Option<f64>>, Option<f64>)> {
        let iou: Vec<Option<f64>> = self.counts.as_ref()?.iter().map(|counts| counts.figures().iou).collect();
        let known: Vec<f64> = iou.iter().copied().flatten().collect();
        let mean = (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64);
        Some((iou, mean))
    }
}
