//! The JSON Schema (draft 7) of a scenario file, for editors: completion, hints, and the mistakes of structure underlined
//! while typing. What a file means (paths, requirement ids, roles, parameters) is the lint's.
//!
//! The names come from the same lists that the loader reads by. A `$name` may stand for any value and within any key.

mod messages;
mod pki;

use crate::{flow, load, names, value};
use serde_json::{Map, Value, json};

/// The JSON Schema of a scenario file.
pub fn schema() -> Value {
    let mut definitions = Map::new();
    for (name, definition) in basics().into_iter().chain(messages::definitions()).chain(pki::definitions()) {
        let whole = matches!(name, "parameter" | "text" | "path");
        definitions.insert(name.to_owned(), if whole { definition } else { or_parameter(definition) });
    }
    for (kind, enum_name) in names::KINDS.iter().filter(|(_, enum_name)| !enum_name.is_empty()) {
        definitions.insert(format!("one_of_{kind}"), choice(names::all(enum_name)));
    }
    let described = scenario();
    // In the order in which they are best written.
    let in_order = load::KEYS.iter().map(|key| ((*key).to_owned(), described.get(*key).cloned().unwrap_or_default()));
    let properties: Map<String, Value> = in_order.collect();
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A scenario",
        "description": "A TLS handshake flow, usually with one thing wrong in it. Its path is its id.",
        "type": "object",
        "required": ["title", "peer", "flow"],
        "additionalProperties": false,
        "properties": properties,
        "definitions": definitions,
    })
}

/// The keys of a scenario.
fn scenario() -> Value {
    json!({
        "title": said("The rule in one sentence.", reference("text")),
        "requirements": said(
            "Ids that each case decides; needed unless all that is expected is `survives`.",
            one_or_many(reference("requirement")),
        ),
        "note": said("Doubts, readings, why something is other than the catalogue says.", reference("text")),
        "tags": said("Words to select by: tag(slow).", one_or_many(reference("text"))),
        "peer": {
            "description": "What the harness plays; the target plays the other. `both`: a case for each.",
            "enum": ["client", "server", "both"],
        },
        "version": said("What our hello offers, or our server takes, best first.", one_or_many(reference("version"))),
        "needs": said("What the target must have; else the case is skipped.", needs()),
        "target": {
            "description": "Options of the target's profile that it is started with.",
            "type": "object",
            "additionalProperties": {"type": ["string", "number", "boolean"]},
        },
        "pki": said("Our own certificate chain, as its difference from a good one.", reference("pki")),
        "vary": {
            "description": "Parameters: `$name` stands for a value, a step, a key, or a part of a text.",
            "type": "object",
            "propertyNames": {"pattern": "^[a-z_][a-z0-9_]*$", "not": {"const": "peer"}},
            "additionalProperties": reference("values"),
        },
        "strength": {
            "description": "Every value (the default), every pair of values, or all combinations.",
            "enum": ["each", "pairs", "all"],
        },
        "except": {
            "description": "Combinations that are left out; `*` stands for anything.",
            "type": "array",
            "items": {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": {"type": ["string", "number", "boolean"]},
            },
        },
        "plays": said("The flow several times within one case: a number, named values, or until something comes.", plays()),
        "flow": {"description": "The steps.", "type": "array", "minItems": 1, "items": reference("step")},
        "across": said("What must hold over all plays.", reference("conditions")),
    })
}

/// What is written in many places.
fn basics() -> Vec<(&'static str, Value)> {
    let operators: Map<String, Value> =
        value::OPERATORS.iter().map(|name| ((*name).to_owned(), operator(name))).collect();
    vec![
        ("parameter", json!({"type": "string", "pattern": "\\$[a-z_]"})),
        ("text", json!({"type": "string"})),
        ("requirement", json!({"type": "string", "pattern": "^[a-z0-9][A-Za-z0-9.-]*-[0-9]+$"})),
        ("number", json!({"type": "integer"})),
        ("boolean", json!({"type": "boolean"})),
        ("difference", json!({"type": ["integer", "string"], "pattern": "^[+-]?[0-9]+$"})),
        ("hex", json!({"type": ["string", "integer"], "pattern": "^[0-9a-fA-F\\s]+$"})),
        ("path", json!({"type": "string", "minLength": 1})),
        ("version", choice(names::of_kind("versions").unwrap_or_default())),
        ("group", choice(names::all("NamedGroup"))),
        ("alert", choice(names::all("AlertDescription"))),
        ("value", value()),
        ("values", values()),
        ("operators", closed(&[], Value::Object(operators))),
        (
            "condition",
            any([json!({"type": ["integer", "string", "boolean", "array"]}), reference("operators"), made_value()]),
        ),
        ("conditions", json!({"type": "object", "additionalProperties": reference("condition")})),
    ]
}

/// Bytes, numbers, names, lists, and structs by their fields.
fn value() -> Value {
    let fields = json!({
        "type": "object",
        "not": any(["fill", "from", "pick"].map(|key| json!({"required": [key]}))),
        "additionalProperties": reference("value"),
    });
    any([
        json!({"type": ["integer", "string"]}),
        json!({"type": "array", "items": reference("value")}),
        made_value(),
        fields,
    ])
}

/// The ways to make or find bytes, each known by its key.
fn made_value() -> Value {
    any([
        closed(&["text"], json!({"text": {"description": "The bytes of a text.", "type": "string"}})),
        closed(&["random"], json!({"random": said("So many random bytes, from the seed.", reference("number"))})),
        closed(&["up_to"], json!({"up_to": said("Zeros up to so much plaintext.", reference("number"))})),
        closed(&["join"], json!({"join": said("One behind the other.", list(reference("value")))})),
        closed(
            &["fill"],
            json!({
                "fill": said("Bytes, over and over.", reference("hex")),
                "length": said("So many of them.", reference("number")),
                "up_to": said("Zeros up to so much plaintext.", reference("number")),
            }),
        ),
        closed(
            &["from"],
            json!({
                "from": said("What was seen, by its path.", reference("path")),
                "plus": said("And so much more.", reference("number")),
            }),
        ),
        closed(
            &["pick"],
            json!({
                "pick": said("The first element of a list that was seen.", reference("path")),
                "not": said("But not this one.", reference("path")),
            }),
        ),
    ])
}

/// What one operator of a condition takes.
fn operator(name: &str) -> Value {
    match name {
        "not" => said("It is another.", any([reference("value"), json!({"type": "boolean"})])),
        "none_of" => said("It is none of these.", list(reference("value"))),
        "includes" => said("It has this among its elements.", reference("value")),
        "in_order_of" => said("Its elements come in the order of those that this path finds.", reference("path")),
        "one_of" => said("It is one of these.", list(reference("value"))),
        "at_least" => said("As a number.", reference("value")),
        "at_most" => said("As a number.", reference("value")),
        "same_as" => said("Equal to what this path finds.", reference("path")),
        "except" => said("Apart from these fields.", list(reference("path"))),
        "subset_of" => said("All elements are among these, or among those that a path finds.", reference("value")),
        "starts_with" | "ends_with" => said("As bytes.", reference("value")),
        "length" => said("Of the bytes.", reference("condition")),
        "count" => said("How many the path finds.", reference("condition")),
        "absent" => said("Whether the path finds nothing.", reference("boolean")),
        "distinct" | "same" | "increasing" => said("All that the path finds, together.", reference("boolean")),
        _ => json!(true),
    }
}

/// The values of a parameter.
fn values() -> Value {
    let kinds: Vec<&str> = names::KINDS.iter().map(|(kind, _)| *kind).collect();
    let named = json!({
        "description": "Named values: the names stand in case ids.",
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": "^[A-Za-z0-9_.-]{1,64}$", "not": {"enum": ["range", "times", "all"]}},
    });
    any([
        json!({"type": "array", "minItems": 1, "uniqueItems": true}),
        closed(
            &["range"],
            json!({
                "range": {
                    "description": "The first and the last number.",
                    "type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2,
                },
                "step": {"type": "integer", "minimum": 1},
            }),
        ),
        closed(
            &["times"],
            json!({"times": {"description": "Only the seed differs.", "type": "integer", "minimum": 1}}),
        ),
        closed(
            &["all"],
            json!({
                "all": {"description": "All that the target, or the grammar, has.", "enum": kinds},
                "where": {
                    "description": "Narrowed by properties; `*` stands for anything.",
                    "type": "object",
                    "propertyNames": {"enum": properties()},
                    "additionalProperties": any([patterns(), closed(&["not"], json!({"not": patterns()}))]),
                },
            }),
        ),
        named,
    ])
}

fn patterns() -> Value {
    one_or_many(json!({"type": ["string", "number"]}))
}

/// What `where` can ask, of any kind.
fn properties() -> Vec<&'static str> {
    let mut all: Vec<&str> = names::KINDS.iter().flat_map(|(kind, _)| names::properties(kind)).copied().collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn plays() -> Value {
    let until = closed(
        &["until", "at_most"],
        json!({
            "until": said("Played until this holds; that play alone is judged.", reference("conditions")),
            "at_most": {"type": "integer"},
        }),
    );
    let named = json!({
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "propertyNames": {"pattern": "^[a-z_][a-z0-9_]*$", "not": {"const": "until"}},
        "additionalProperties": reference("values"),
    });
    any([reference("number"), until, named])
}

/// Kinds of names with their names, and facts.
fn needs() -> Value {
    let names_of = |kind: &str| {
        let name = if kind == "versions" { "version".to_owned() } else { format!("one_of_{kind}") };
        (kind.to_owned(), any([json!({"const": true}), one_or_many(reference(&name))]))
    };
    let fact = || any([json!({"const": true}), one_or_many(reference("text"))]);
    let kinds = names::KINDS.iter().map(|(kind, _)| names_of(kind));
    let facts = names::FACTS.iter().map(|name| ((*name).to_owned(), fact()));
    let properties: Map<String, Value> = kinds.chain(facts).collect();
    json!({"type": "object", "properties": properties, "additionalProperties": fact()})
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/definitions/{name}")})
}

/// With a sentence for whoever hovers over it. Beside `$ref` it would be passed over.
fn said(sentence: &str, schema: Value) -> Value {
    json!({"description": sentence, "allOf": [schema]})
}

fn any(schemas: impl IntoIterator<Item = Value>) -> Value {
    json!({"anyOf": schemas.into_iter().collect::<Vec<_>>()})
}

fn or_parameter(schema: Value) -> Value {
    any([schema, reference("parameter")])
}

/// One of some names, or a parameter.
fn choice<'a>(names: impl IntoIterator<Item = &'a str>) -> Value {
    or_parameter(json!({"enum": names.into_iter().collect::<Vec<_>>()}))
}

fn one_or_many(schema: Value) -> Value {
    any([schema.clone(), list(schema)])
}

fn list(items: Value) -> Value {
    or_parameter(json!({"type": "array", "items": items}))
}

/// A map with these keys and no others, but for those that a parameter names.
fn closed(required: &[&str], properties: Value) -> Value {
    json!({
        "type": "object",
        "required": required,
        "properties": properties,
        "patternProperties": {"\\$": true},
        "additionalProperties": false,
    })
}

/// A step's keys: what it does first.
fn step(action: &str, sentence: &str, argument: Value, more: Value) -> Value {
    debug_assert!(flow::ACTIONS.contains(&action), "no step {action}");
    let mut properties = Map::new();
    properties.insert(action.to_owned(), said(sentence, argument));
    if let Value::Object(more) = more {
        properties.extend(more);
    }
    properties.insert("on".to_owned(), said("Which connection, from 0.", reference("number")));
    closed(&[action], Value::Object(properties))
}
