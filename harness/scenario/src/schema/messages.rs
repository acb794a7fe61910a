//! Steps, and what can be done to messages and records.

use super::{any, choice, closed, list, one_or_many, or_parameter, reference, said, step};
use crate::{change, flow, names};
use gauntlet_model::names::{COMPUTED, SECRETS};
use serde_json::{Map, Value, json};

pub(super) fn definitions() -> Vec<(&'static str, Value)> {
    vec![
        ("step", steps_of_all_kinds()),
        ("steps", one_or_many(reference("step"))),
        ("message", choice(names::messages().iter().copied())),
        ("changes", changes(json!({}))),
        (
            "altered",
            changes(json!({"handshake": said("Options that are themselves the fault.", or_parameter(options()))})),
        ),
        ("change", closed(&[], Value::Object(message_change()))),
        ("fields", json!({"type": "object", "additionalProperties": reference("value")})),
        ("mutation", mutation()),
        ("place", place()),
        ("compute", compute()),
        ("record", closed(&[], Value::Object(record()))),
        ("expectation", expectation()),
        ("expected_message", expected_message()),
        (
            "refusal",
            any([
                json!({"const": "any"}),
                json!({"type": "array", "items": reference("alert"), "minItems": 1}),
                reference("alert"),
            ]),
        ),
    ]
}

fn steps_of_all_kinds() -> Value {
    let closes: Vec<&str> = flow::CLOSES.iter().map(|(name, _)| *name).collect();
    any([
        json!({"const": "connect", "description": "A further connection to the same instance."}),
        reference("parameter"),
        json!({"type": "array", "items": reference("step")}),
        handshake(),
        send(),
        step(
            "expect",
            "Waits for what it names, and judges.",
            reference("expectation"),
            json!({"where": said("What must hold within the message.", reference("conditions"))}),
        ),
        step("check", "Looks at what has come, and judges.", reference("conditions"), json!({})),
        step(
            "given",
            "Looks at what has come: where it is otherwise, the case is skipped.",
            reference("conditions"),
            json!({}),
        ),
        step("connect", "A further connection to the same instance.", json!({"type": "null"}), json!({})),
        step("close", "Ends our side.", choice(closes), json!({})),
        step(
            "pause",
            "Lets time pass.",
            or_parameter(json!({"type": "string", "pattern": "^[0-9]+ *(ms|s)$"})),
            json!({}),
        ),
        step(
            "ask",
            "Has the target act, in the way that its profile says.",
            or_parameter(json!({"type": "string", "pattern": "^[a-z_][a-z0-9_]*$"})),
            json!({}),
        ),
        repeat(),
        closed(
            &["use"],
            json!({"use": {"description": "Shared steps: the list in steps/NAME.yaml.", "type": "string"}}),
        ),
    ])
}

fn repeat() -> Value {
    let mut repeat = step(
        "repeat",
        "Steps several times over.",
        reference("number"),
        json!({"steps": said("What is repeated.", reference("steps"))}),
    );
    repeat["required"] = json!(["repeat", "steps"]);
    repeat
}

fn handshake() -> Value {
    let mut keys = options_keys();
    keys.insert("through".to_owned(), said("Until that message has been sent or has come.", reference("text")));
    keys.insert("before".to_owned(), said("Until that message would be next.", reference("text")));
    let mut map = closed(&[], Value::Object(keys));
    map["not"] = json!({"required": ["through", "before"]});
    let form = any([json!({"enum": ["full", "rest"]}), reference("parameter"), map]);
    let more = json!({
        "with": said("Shapes the handshake in ways that are legal.", reference("changes")),
        "alter": said("The thing under test.", reference("altered")),
    });
    step("handshake", "Plays what an honest endpoint does; judges nothing.", form, more)
}

fn options() -> Value {
    closed(&[], Value::Object(options_keys()))
}

fn options_keys() -> Map<String, Value> {
    let psk = closed(
        &["identity", "key"],
        json!({"identity": reference("value"), "key": reference("value"), "hash": choice(["sha256", "sha384"])}),
    );
    let keys = json!({
        "resume": said("`last`, or the path of a ticket.", reference("path")),
        "psks": said("External PSKs.", list(or_parameter(psk))),
        "early_data": said("0-RTT data; as server: how much tickets allow.", reference("value")),
        "retry": said("As server: a HelloRetryRequest for that group.", reference("group")),
        "repeat_of": said("As client: all that is random is as on that connection.", reference("number")),
        "ech": {
            "description": "Encrypted ClientHello; `grease` as client, `reject` as server.",
            "anyOf": [{"enum": [true, false, "grease", "reject"]}, reference("parameter")],
        },
        "grease": said("Reserved values wherever they may stand.", reference("boolean")),
    });
    object(keys)
}

fn send() -> Value {
    let mut more = alteration();
    more.extend(object(json!({
        "bytes": said("What is sent, of raw and application_data.", reference("value")),
        "keys": keys(),
        "sequence": said("The record's number: +1, -1, or a number.", reference("difference")),
    })));
    let names = names::messages().iter().copied().chain(["raw", "record"]);
    let sentence = "Sends one message; `raw`: bytes for the transport, `record`: one record by its fields.";
    step("send", sentence, choice(names), Value::Object(more))
}

/// Messages with what is done to them.
fn changes(more: Value) -> Value {
    let names: Vec<&str> = names::messages().iter().copied().chain(["every"]).collect();
    let mut properties: Map<String, Value> = object(more);
    properties.extend(names.iter().map(|name| ((*name).to_owned(), reference("change"))));
    let which = format!("^({})\\[([0-9]+|every)\\]$", names.join("|"));
    json!({
        "type": "object",
        "properties": properties,
        "patternProperties": {which: reference("change"), "\\$": true},
        "additionalProperties": false,
    })
}

fn message_change() -> Map<String, Value> {
    let mut keys = alteration();
    keys.extend(object(json!({
        "omit": said("Not sent at all.", reference("boolean")),
        "instead": said("Steps in its place.", reference("steps")),
        "before": said("Steps ahead of it.", reference("steps")),
        "after": said("Steps behind it.", reference("steps")),
    })));
    keys
}

fn alteration() -> Map<String, Value> {
    let forms = names::of_kind("versions").unwrap_or_default();
    let cut = any([
        json!({"type": "integer", "minimum": 0}),
        json!({"const": "rest"}),
        reference("record"),
        reference("step"),
    ]);
    object(json!({
        "set": said("Path: value, in place of the honest one.", reference("fields")),
        "mutate": said("Changes, in order.", list(reference("mutation"))),
        "compute": said("Wrong inputs, or a result, for a computed field; a secret.", reference("compute")),
        "form": said("Laid out as in that version.", choice(forms.into_iter().chain(["ssl2.0"]))),
        "remember": said(
            "What our own transcript hash and state take from it.",
            choice(["sent", "unaltered", "nothing"]),
        ),
        "records": said("Sizes of its records; the last one repeats. Steps are carried out in between.", list(cut)),
        "record": said("Holds for each record of the message.", reference("record")),
        "joined": said("It shares records with the message behind it.", choice(["next"])),
        "segments": said("Sizes of the writes.", list(reference("number"))),
    }))
}

fn record() -> Map<String, Value> {
    let fields: Map<String, Value> =
        names::RECORD_FIELDS.iter().map(|name| ((*name).to_owned(), reference("value"))).collect();
    let mut set = closed(&[], Value::Object(fields));
    // Also a path into a field.
    set["patternProperties"] = json!({"\\$|\\.|\\[": true});
    object(json!({
        "size": said("Of the part, in bytes, or `rest`.", any([reference("number"), json!({"const": "rest"})])),
        "times": said("So many such records.", reference("number")),
        "keys": keys(),
        "sequence": said("+1, -1, or a number.", reference("difference")),
        "set": said("Field of the record: value.", or_parameter(set)),
        "mutate": said("Changes of the record.", list(reference("mutation"))),
    }))
}

fn keys() -> Value {
    said("The keys that protect it.", choice(change::KEYS.iter().map(|(name, _)| *name)))
}

fn mutation() -> Value {
    any(change::OPERATIONS.iter().map(|name| {
        let (required, properties) = operation(name);
        let mut keys = object(properties);
        keys.insert("field".to_owned(), said("Path; without it the encoded message.", reference("path")));
        let properties = Map::from_iter([((*name).to_owned(), or_parameter(closed(&required, Value::Object(keys))))]);
        closed(&[name], Value::Object(properties))
    }))
}

/// What one operation must have, and its keys beside `field`.
fn operation(name: &str) -> (Vec<&'static str>, Value) {
    let offset = || said("From 0, or back from -1.", reference("number"));
    match name {
        "remove" | "shuffle" => (vec!["field"], json!({})),
        "add" => (vec!["field", "value"], json!({"value": reference("value"), "to": reference("place")})),
        "duplicate" => (vec!["field"], json!({"to": reference("place")})),
        "move" => (vec!["field", "to"], json!({"to": reference("place")})),
        "length" => (vec!["field"], json!({"by": reference("difference"), "to": reference("number")})),
        "flip_bit" => (vec!["bit"], json!({"bit": offset()})),
        "append" => (vec!["bytes"], json!({"bytes": reference("value")})),
        "truncate" => (vec!["to"], json!({"to": offset()})),
        "delete" => (vec!["offset"], json!({"offset": offset(), "count": reference("number")})),
        _ => (vec!["offset", "bytes"], json!({"offset": offset(), "bytes": reference("value")})),
    }
}

/// Where in a list something goes.
fn place() -> Value {
    let name = json!({"type": ["string", "integer"]});
    any([
        json!({"enum": ["first", "last"]}),
        reference("number"),
        closed(&["before"], json!({"before": name.clone()})),
        closed(&["after"], json!({"after": name})),
    ])
}

fn compute() -> Value {
    let inputs = |known: &[&str]| {
        let keys: Map<String, Value> = known.iter().map(|name| ((*name).to_owned(), reference("value"))).collect();
        let mut inputs = closed(&[], Value::Object(keys));
        inputs["minProperties"] = json!(1);
        any([inputs, json!({"type": ["string", "integer"]}), reference("value")])
    };
    let fields = COMPUTED.iter().map(|(field, known)| ((*field).to_owned(), inputs(known)));
    let secrets = SECRETS.iter().map(|name| ((*name).to_owned(), reference("value")));
    closed(&[], Value::Object(fields.chain(secrets).collect()))
}

fn expectation() -> Value {
    let refusal = closed(
        &["reject"],
        json!({
            "reject": said("Refused with that fatal alert.", reference("refusal")),
            "past": said("Messages that are no sign that it goes on.", one_or_many(reference("message"))),
        }),
    );
    any([
        json!({"enum": flow::FORMS}),
        reference("expected_message"),
        json!({"type": "array", "items": reference("expected_message")}),
        refusal,
        closed(&["alert"], json!({"alert": said("That alert, of any level.", one_or_many(reference("alert")))})),
        closed(&["one_of"], json!({"one_of": said("The best of these.", list(reference("expectation")))})),
    ])
}

/// A message's name, alone or with conditions.
fn expected_message() -> Value {
    let with_conditions =
        closed(&["message"], json!({"message": reference("message"), "where": reference("conditions")}));
    any([reference("message"), with_conditions])
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
