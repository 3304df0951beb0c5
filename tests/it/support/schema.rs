//! The schemas of what the programs write.

use jsonschema::Validator;
use serde_json::Value;
use std::fs;
use std::path::Path;

/// The schema `data/NAME.schema.json`.
pub(crate) fn validator(name: &str) -> Validator {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(format!("{name}.schema.json"));
    let schema: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}
