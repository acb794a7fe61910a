//! `pki`: our own certificate chain.

use super::{any, choice, closed, list, one_or_many, or_parameter, reference, said};
use crate::{chain, names};
use gauntlet_model::chain::{ATTRIBUTES, EXTENSIONS, KEY_KINDS, KEY_USAGES, PURPOSES, SIGNATURES};
use serde_json::{Map, Value, json};

const OID: &str = "^[0-2]\\.[0-9.]+$";

pub(super) fn definitions() -> Vec<(&'static str, Value)> {
    vec![
        ("pki", any([described(), files()])),
        ("certificate", certificate()),
        ("staple", staple()),
        ("credential", credential()),
        (
            "moment",
            or_parameter(
                json!({"type": "string", "pattern": "^([+-][0-9]+[smhd]|[0-9]{4}-[0-9]{2}-[0-9]{2}(T.*Z)?)$"}),
            ),
        ),
        ("oid", or_parameter(json!({"type": "string", "pattern": OID}))),
        ("signature", choice(SIGNATURES)),
        ("general_names", or_absent(list(general_name()))),
        ("subject", subject()),
    ]
}

fn described() -> Value {
    let certificate = || reference("certificate");
    closed(
        &[],
        json!({
            "leaf": said("The end entity.", certificate()),
            "intermediate": said("Its issuer.", certificate()),
            "root": said("What targets are told to trust.", certificate()),
            "stranger": said("A root that nobody trusts.", certificate()),
            "others": {"description": "Further certificates by name.", "type": "object", "additionalProperties": certificate()},
            "intermediates": said("So many, each issued by the next.", reference("number")),
            "chain": said(
                "What is sent, in this order: names, `raw_public_key`, or bytes.",
                list(any([reference("text"), reference("value")])),
            ),
            "sign_with": said("Whose key signs the handshake.", reference("text")),
            "credential": said("A delegated credential, sent if the other side takes such.", reference("credential")),
            "staple": said("An OCSP response, sent if the client asks for one.", reference("staple")),
        }),
    )
}

fn files() -> Value {
    closed(
        &["chain", "key"],
        json!({
            "chain": {"description": "PEM file, beside the scenario.", "type": "string"},
            "key": {"description": "PEM file.", "type": "string"},
            "ca": {"description": "PEM file, sent behind the chain.", "type": "string"},
        }),
    )
}

fn certificate() -> Value {
    let usages = |all: &[&str]| or_absent(list(choice(all.iter().copied())));
    let purposes = PURPOSES.iter().map(|(name, _)| *name);
    let purpose = any([choice(purposes), reference("oid")]);
    let flags: Map<String, Value> =
        EXTENSIONS.iter().map(|(name, _)| ((*name).to_owned(), reference("boolean"))).collect();
    let extension = closed(
        &["oid"],
        json!({"oid": reference("oid"), "critical": reference("boolean"), "value": reference("value")}),
    );
    let constraints =
        closed(&[], json!({"permitted": reference("general_names"), "excluded": reference("general_names")}));
    closed(
        &[],
        json!({
            "key": said("What kind of key.", choice(KEY_KINDS)),
            "explicit_curve": said("The curve by its parameters.", reference("boolean")),
            "issuer": said("The certificate whose name and key issue it, or `self`.", reference("text")),
            "signed_by": said("Whose key signs it.", reference("text")),
            "version": said("1, 2 or 3.", reference("number")),
            "serial": said("A number, or the bytes of the INTEGER.", reference("value")),
            "subject": said("Attributes of the name.", reference("subject")),
            "san": said("Names, such as `{ dns: example.com }`.", reference("general_names")),
            "not_before": said("Such as -1d or 2049-12-31.", reference("moment")),
            "not_after": said("Such as +90d or 2049-12-31.", reference("moment")),
            "ca": or_absent(reference("boolean")),
            "path_length": or_absent(reference("number")),
            "key_usage": usages(&KEY_USAGES),
            "delegation_usage": said("Whether credentials may be delegated.", reference("boolean")),
            "extended_key_usage": or_absent(list(purpose)),
            "name_constraints": or_parameter(constraints),
            "subject_key_identifier": or_absent(reference("value")),
            "authority_key_identifier": or_absent(reference("value")),
            "tls_feature": or_absent(list(any([
                choice(["status_request", "status_request_v2"]),
                reference("number"),
            ]))),
            "extensions": said("Further ones.", list(extension)),
            "critical": said("Critical flags that are other than good.", closed(&[], Value::Object(flags))),
            "padding": said("So many bytes more, in an extension that nobody knows.", reference("number")),
            "signature": said("Algorithm that signs it.", reference("signature")),
            "inner_algorithm": said("Named within what is signed.", reference("signature")),
            "outer_algorithm": said("Named beside what is signed.", reference("signature")),
            "set": said("Any field by its name in RFC 5280.", der_fields()),
            "mutate": said("Changes of the DER.", list(reference("mutation"))),
            "resign": said("Whether it is signed again after `set` and `mutate`.", reference("boolean")),
        }),
    )
}

fn staple() -> Value {
    closed(
        &[],
        json!({
            "certificate": said("About which certificate.", reference("text")),
            "status": choice(chain::STATUS.iter().map(|(name, _)| *name)),
            "response_status": choice(chain::RESPONSE.iter().map(|(name, _)| *name)),
            "signer": said("Whose key signs it.", reference("text")),
            "this_update": reference("moment"),
            "next_update": or_absent(reference("moment")),
            "serial": said("Another serial number.", reference("value")),
            "bytes": said("In place of all else.", reference("value")),
            "set": said("Any field by its name in RFC 6960.", der_fields()),
            "mutate": said("Changes of the DER.", list(reference("mutation"))),
            "resign": said("Whether it is signed again after `set` and `mutate`.", reference("boolean")),
        }),
    )
}

fn credential() -> Value {
    let scheme = || any([choice(names::all("SignatureScheme")), reference("number")]);
    closed(
        &[],
        json!({
            "key": said("What kind of key.", choice(KEY_KINDS)),
            "scheme": said("The scheme that CertificateVerify has by it.", scheme()),
            "not_after": said("Such as +1d.", reference("moment")),
            "signature": said("The scheme of the signature on it.", scheme()),
            "signed_by": said("Whose key signs it.", reference("text")),
            "certificate": said("The certificate that the signature covers.", reference("text")),
            "signed_for": said("As one of a client, or of a server.", choice(["client", "server"])),
        }),
    )
}

fn general_name() -> Value {
    let text = || any([reference("text"), reference("value")]);
    any([
        closed(&["dns"], json!({"dns": text()})),
        closed(&["ip"], json!({"ip": text()})),
        closed(&["email"], json!({"email": text()})),
        closed(&["uri"], json!({"uri": text()})),
        closed(&["directory"], json!({"directory": reference("subject")})),
        closed(&["der"], json!({"der": reference("value")})),
        reference("parameter"),
    ])
}

/// Attributes with one string, or several.
fn subject() -> Value {
    let strings = chain::STRINGS.iter().map(|(kind, _)| {
        let properties = Map::from_iter([((*kind).to_owned(), any([reference("text"), reference("value")]))]);
        closed(&[kind], Value::Object(properties))
    });
    let string = any(strings.chain([reference("text"), reference("value")]));
    let names: Map<String, Value> =
        ATTRIBUTES.iter().map(|(name, _)| ((*name).to_owned(), one_or_many(string.clone()))).collect();
    let map = json!({
        "type": "object",
        "properties": names,
        "patternProperties": {OID: one_or_many(string), "\\$": true},
        "additionalProperties": false,
    });
    or_parameter(map)
}

/// As in messages, and also `true` and `false`.
fn der_fields() -> Value {
    json!({"type": "object", "additionalProperties": any([reference("value"), json!({"type": "boolean"})])})
}

fn or_absent(schema: Value) -> Value {
    any([schema, json!({"const": "absent"}), reference("parameter")])
}
