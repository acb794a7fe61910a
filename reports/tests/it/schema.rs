//! As much of JSON Schema as the schemas of these tests use. A keyword that is not known here is a mistake, so that none is
//! passed over.

use serde_json::Value;

/// What says nothing about whether a value fits; formats are advice in JSON Schema.
const SILENT: [&str; 10] =
    ["$schema", "$id", "$comment", "title", "description", "definitions", "$defs", "format", "default", "examples"];

/// All that is wrong with a value, each with its place.
pub fn errors(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(schema, schema, value, "", &mut found);
    found
}

fn check(root: &Value, schema: &Value, value: &Value, place: &str, found: &mut Vec<String>) {
    let Value::Object(keywords) = schema else {
        assert!(schema == &Value::Bool(true), "{place}: no schema: {schema}");
        return;
    };
    for (keyword, rule) in keywords {
        let mut wrong = |text: String| found.push(format!("{place}: {text}"));
        match keyword.as_str() {
            "$ref" => {
                let target =
                    root.pointer(rule.as_str().unwrap().trim_start_matches('#')).expect("a reference leads somewhere");
                check(root, target, value, place, found);
            }
            "type" => {
                let names = rule.as_array().map_or_else(|| vec![rule], |list| list.iter().collect());
                if !names.iter().any(|name| is_a(value, name.as_str().unwrap())) {
                    wrong(format!("{value} is no {rule}"));
                }
            }
            "const" if value != rule => wrong(format!("{value} is not {rule}")),
            "enum" if !rule.as_array().unwrap().contains(value) => wrong(format!("{value} is none of {rule}")),
            "required" if value.is_object() => {
                let names = rule.as_array().unwrap().iter().filter_map(Value::as_str);
                names.filter(|name| value.get(name).is_none()).for_each(|name| wrong(format!("lacks {name}")));
            }
            "properties" => {
                for (name, rule) in rule.as_object().unwrap() {
                    if let Some(inner) = value.get(name) {
                        check(root, rule, inner, &format!("{place}/{name}"), found);
                    }
                }
            }
            "additionalProperties" => {
                let known = keywords.get("properties").and_then(Value::as_object);
                for (name, inner) in value.as_object().into_iter().flatten() {
                    if known.is_some_and(|known| known.contains_key(name)) {
                        continue;
                    }
                    if rule == &Value::Bool(false) {
                        found.push(format!("{place}: has {name}"));
                    } else {
                        check(root, rule, inner, &format!("{place}/{name}"), found);
                    }
                }
            }
            "items" => {
                for (number, inner) in value.as_array().into_iter().flatten().enumerate() {
                    check(root, rule, inner, &format!("{place}/{number}"), found);
                }
            }
            "anyOf" | "oneOf" => {
                let fits = |one: &&Value| {
                    let mut inner = Vec::new();
                    check(root, one, value, place, &mut inner);
                    inner.is_empty()
                };
                let number = rule.as_array().unwrap().iter().filter(fits).count();
                if number == 0 || keyword == "oneOf" && number > 1 {
                    wrong(format!("fits {number} of {keyword}"));
                }
            }
            "minimum" if value.as_f64().is_some_and(|number| number < rule.as_f64().unwrap()) => {
                wrong(format!("{value} is less than {rule}"));
            }
            "maximum" if value.as_f64().is_some_and(|number| number > rule.as_f64().unwrap()) => {
                wrong(format!("{value} is more than {rule}"));
            }
            "minLength"
                if value.as_str().is_some_and(|text| (text.chars().count() as u64) < rule.as_u64().unwrap()) =>
            {
                wrong(format!("{value} is too short"));
            }
            "minItems" if value.as_array().is_some_and(|list| (list.len() as u64) < rule.as_u64().unwrap()) => {
                wrong("too few".to_owned());
            }
            "uniqueItems" => {
                let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
                let mut texts: Vec<String> = list.iter().map(Value::to_string).collect();
                texts.sort();
                if rule == &Value::Bool(true) && texts.windows(2).any(|pair| pair[0] == pair[1]) {
                    wrong("has one twice".to_owned());
                }
            }
            // The one pattern: three numbers with points between them.
            "pattern" => {
                assert_eq!(rule, "^[0-9]+\\.[0-9]+\\.[0-9]+$", "{place}");
                let parts: Vec<&str> = value.as_str().unwrap_or_default().split('.').collect();
                if parts.len() != 3 || parts.iter().any(|part| part.parse::<u32>().is_err()) {
                    wrong(format!("{value} does not match {rule}"));
                }
            }
            "const" | "enum" | "required" | "minimum" | "maximum" | "minLength" | "minItems" => {}
            other => assert!(SILENT.contains(&other), "{place}: the keyword {other} is not known here"),
        }
    }
}

fn is_a(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("the type {other} is not known here"),
    }
}
