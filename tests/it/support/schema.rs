//! JSON Schema, as far as `data/client.schema.json` uses it. A word that is not known here fails the test.

use serde_json::Value;

/// Why `value` is not as `schema` says, if so.
pub(crate) fn check(schema: &Value, value: &Value) -> Result<(), String> {
    let words = schema.as_object().expect("a schema is an object");
    for (word, meaning) in words {
        let holds = match word.as_str() {
            "$schema" | "title" | "description" => true,
            "oneOf" => list(meaning).iter().filter(|one| check(one, value).is_ok()).count() == 1,
            "type" => {
                let types = meaning.as_array().map_or_else(|| vec![meaning], |types| types.iter().collect());
                types.into_iter().any(|kind| is_of_type(value, kind.as_str().unwrap()))
            }
            "const" => value == meaning,
            "enum" => list(meaning).contains(value),
            "minimum" => value.as_f64().is_none_or(|number| number >= meaning.as_f64().unwrap()),
            // There is one pattern, and it means this.
            "pattern" => value.as_str().unwrap().parse::<std::net::SocketAddrV4>().is_ok(),
            "properties" => {
                for (name, schema) in meaning.as_object().unwrap() {
                    value
                        .get(name)
                        .map_or(Ok(()), |found| check(schema, found).map_err(|why| format!("{name}: {why}")))?;
                }
                true
            }
            "required" => list(meaning).iter().all(|name| value.get(name.as_str().unwrap()).is_some()),
            "additionalProperties" => {
                assert_eq!(meaning, &Value::Bool(false));
                value.as_object().unwrap().keys().all(|name| words["properties"].get(name).is_some())
            }
            unknown => panic!("{unknown:?} is in the schema and not known here"),
        };
        if !holds {
            return Err(format!("{value} is not as {word:?} says: {meaning}"));
        }
    }
    Ok(())
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().expect("a list")
}

fn is_of_type(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        unknown => panic!("type {unknown:?} is in the schema and not known here"),
    }
}
