//! A run's figures as a table for other programs: comma-separated values, a row an epoch or a step.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::record::RunRecord;

/// The columns that say what a row is of; the figures' own names follow.
const KIND: &str = "kind";

impl RunRecord {
    /// Its figures as comma-separated values: a line of names; then a row an epoch, `kind` `epoch`; then a row a step
    /// that was written down, `kind` `step`. What a row does not have is empty. pandas and spreadsheets read it as it is.
    pub fn csv(&self) -> String {
        let epochs = self.epochs.iter().map(|epoch| flat("epoch", epoch));
        let rows: Vec<Vec<(String, String)>> = epochs.chain(self.steps.iter().map(|step| flat("step", step))).collect();
        let mut names: Vec<&str> = vec![KIND, "epoch", "step"];
        for (name, _) in rows.iter().flatten() {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        let row = |row: &Vec<(String, String)>| {
            let cell = |name: &&str| row.iter().find(|(known, _)| known == name).map_or("", |(_, cell)| cell.as_str());
            names.iter().map(cell).collect::<Vec<_>>().join(",")
        };
        let lines = rows.iter().map(row);
        std::iter::once(names.join(",")).chain(lines).flat_map(|line| [line, "\n".to_string()]).collect()
    }
}

/// The figures of an object, one under the other; those of a list are numbered from 0. What is no number is empty.
fn flat(kind: &str, figures: &impl Serialize) -> Vec<(String, String)> {
    let object = match serde_json::to_value(figures) {
        Ok(Value::Object(object)) => object,
        _ => Map::new(),
    };
    let mut row = vec![(KIND.to_string(), kind.to_string())];
    for (name, value) in object {
        match value {
            Value::Array(list) => {
                row.extend(list.iter().enumerate().map(|(at, value)| (format!("{name}_{at}"), cell(value))));
            }
            value => row.push((name, cell(&value))),
        }
    }
    row
}

fn cell(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}
