//! Criterion's medians, and the CSV file.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A name, a number, its unit, and the bar that it is held against.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) unit: String,
    pub(crate) bar: String,
}

fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("")
}

/// What criterion has written since `start`: medians with a 95 % confidence interval.
pub(crate) fn medians_since(start: SystemTime) -> Vec<Row> {
    let mut files = Vec::new();
    collect(&target().join("criterion"), &mut files);
    files.sort();
    let row = |file: &PathBuf| {
        if fs::metadata(file).ok()?.modified().ok()? < start {
            return None;
        }
        let text = fs::read_to_string(file).ok()?;
        let (_, median) = text.split_once("\"median\"")?;
        let (_, point) = median.split_once("\"point_estimate\":")?;
        let value = point.split([',', '}']).next()?.parse().ok()?;
        let folder = file.parent()?.parent()?.strip_prefix(target().join("criterion")).ok()?;
        let name = folder.to_string_lossy().replace(',', ";");
        Some(Row { name, value, unit: "ns".to_owned(), bar: String::new() })
    };
    files.iter().filter_map(row).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.ends_with("new/estimates.json") {
            files.push(path);
        }
    }
}

/// Writes `bench-results/micro.csv`.
pub(crate) fn write_csv(rows: &[Row]) {
    let folder = target().join("bench-results");
    let file = folder.join("micro.csv");
    let mut csv = "name,value,unit,bar\n".to_owned();
    for Row { name, value, unit, bar } in rows {
        csv += &format!("{name},{value:.3},{unit},{bar}\n");
    }
    fs::create_dir_all(folder).and_then(|()| fs::write(&file, csv)).expect("a place for the results");
    println!("\nwritten: {}", file.display());
}
