//! One line about a message: the fields that one looks for first.

use crate::inert;
use gauntlet_model::names::version_name;
use gauntlet_wire::{Context, Grammar, Node, Value};

/// What is said of a message.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Line {
    pub text: String,
    /// The size is by chance: an ECDSA signature, a DH share without leading zeros.
    pub size_varies: bool,
}

/// Describes one message. Where the bytes do not fit, says so; never fails.
pub(crate) fn line(name: &str, content_type: u8, context: &Context, bytes: &[u8], redact: bool) -> Line {
    match content_type {
        20 if bytes == [1] => Line::default(),
        20 => Line { text: hex::encode(&bytes[..bytes.len().min(16)]), ..Line::default() },
        21 => Line { text: alert(bytes), ..Line::default() },
        22 => handshake(name, &Grammar::tls().decode("Handshake", bytes, context), redact),
        23 if bytes.is_empty() => Line { text: "empty".to_owned(), ..Line::default() },
        _ => Line { text: inert::bytes(bytes, 32), ..Line::default() },
    }
}

fn alert(bytes: &[u8]) -> String {
    let name = |kind: &str, byte: u8| match Grammar::tls().name(kind, byte.into()) {
        Some(name) => name.to_owned(),
        None => byte.to_string(),
    };
    match bytes {
        [level, description] => format!("{} {}", name("AlertLevel", *level), name("AlertDescription", *description)),
        _ => format!("no alert: {}", hex::encode(&bytes[..bytes.len().min(16)])),
    }
}

fn handshake(name: &str, message: &Node, redact: bool) -> Line {
    let fields = Fields { redact };
    let mut size_varies = false;
    let mut parts = match name {
        "client_hello" => fields.client_hello(message),
        "server_hello" | "hello_retry_request" => fields.server_hello(message),
        "encrypted_extensions" => vec![extension_names(message)],
        "certificate_request" => fields.certificate_request(message),
        "certificate" => fields.certificate(message),
        "certificate_verify" | "server_key_exchange" => {
            let parts = fields.signed(message);
            // Before TLS 1.2 nothing names the algorithm, and an altered message may name another.
            let pair = deep(message, "signature").is_some_and(|node| is_pair_of_integers(&content(node)));
            let named = |part: &String| part.contains("dsa") || part == "dh";
            size_varies = pair && !parts.iter().any(|part| part.starts_with("ed")) || parts.iter().any(named);
            parts
        }
        "client_key_exchange" => {
            size_varies = deep(message, "dh_Yc").is_some();
            fields.opaque(message, &["encrypted_pre_master_secret", "ecdh_Yc", "dh_Yc"])
        }
        "finished" => fields.opaque(message, &["verify_data"]),
        "new_session_ticket" => fields.ticket(message),
        "key_update" => deep(message, "request_update").map(named).into_iter().collect(),
        _ => Vec::new(),
    };
    if let Some((node, remark)) = message.first_remark() {
        parts.push(format!("({} at {})", remark.name(), node.name));
    }
    parts.retain(|part| !part.is_empty());
    Line { text: inert::line(&parts.join("; ")).into_owned(), size_varies }
}

/// Whether a signature is of the form of (EC)DSA: two integers in DER, each as long as it happens to be.
fn is_pair_of_integers(signature: &[u8]) -> bool {
    match signature {
        [0x30, length, 2, ..] => usize::from(*length) + 2 == signature.len(),
        [0x30, 0x81, length, 2, ..] => usize::from(*length) + 3 == signature.len(),
        _ => false,
    }
}

/// The first node of that name, depth first.
fn deep<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    if node.name == name {
        return Some(node);
    }
    match &node.value {
        Value::Struct(nodes) | Value::List(nodes) => nodes.iter().find_map(|node| deep(node, name)),
        Value::As(inner) => deep(inner, name),
        _ => None,
    }
}

/// The extension of that type.
fn extension(message: &Node, number: u64) -> Option<&Node> {
    deep(message, "extensions")?.tagged(number)
}

fn named(node: &Node) -> String {
    match (node.enum_name(), node.number()) {
        (Some(name), _) => name.to_owned(),
        (None, Some(number)) => format!("{number:#06x}"),
        (None, None) => "?".to_owned(),
    }
}

fn version(node: &Node) -> String {
    node.number().map_or_else(|| "?".to_owned(), |number| version_name(number as u16))
}

/// The first few, and how many more.
fn some(items: impl Iterator<Item = String>) -> String {
    const SHOWN: usize = 4;
    let items: Vec<String> = items.collect();
    match items.len() {
        0 => "none".to_owned(),
        number if number > SHOWN + 1 => format!("{} +{}", items[..SHOWN].join(" "), number - SHOWN),
        _ => items.join(" "),
    }
}

fn extension_names(message: &Node) -> String {
    let Some(list) = deep(message, "extensions") else { return "no extensions".to_owned() };
    let types = list.children().iter().filter_map(|extension| extension.field("extension_type"));
    format!("extensions {}", some(types.map(named)))
}

fn content(node: &Node) -> Vec<u8> {
    match &node.value {
        Value::Bytes(bytes) => bytes.clone(),
        _ => node.content(),
    }
}

struct Fields {
    redact: bool,
}

impl Fields {
    /// `random 5a3f01c2`, or `[random]`.
    fn bytes(&self, label: &str, node: Option<&Node>) -> String {
        let Some(node) = node else { return String::new() };
        let bytes = content(node);
        match bytes.len() {
            0 => format!("{label} empty"),
            _ if self.redact => format!("[{label}]"),
            1..=8 => format!("{label} {}", hex::encode(bytes)),
            length => format!("{label} {}.. ({length})", hex::encode(&bytes[..4])),
        }
    }

    fn opaque(&self, message: &Node, names: &[&str]) -> Vec<String> {
        names.iter().filter_map(|name| Some(self.bytes(name, Some(deep(message, name)?)))).collect()
    }

    fn client_hello(&self, message: &Node) -> Vec<String> {
        let list = |number, name| extension(message, number).and_then(|found| deep(found, name)).map(Node::children);
        let mut parts = Vec::new();
        parts.extend(deep(message, "legacy_version").map(version));
        if let Some(versions) = list(43, "versions") {
            parts.push(format!("versions {}", some(versions.iter().map(version))));
        }
        if let Some(suites) = deep(message, "cipher_suites") {
            let suites = suites.children();
            let what = if suites.len() == 1 { named(&suites[0]) } else { crate::words::count(suites.len(), "suite") };
            parts.push(what);
        }
        if let Some(groups) = list(10, "named_group_list") {
            parts.push(format!("groups {}", some(groups.iter().map(named))));
        }
        if let Some(shares) = list(51, "client_shares") {
            let groups = shares.iter().filter_map(|share| share.field("group"));
            parts.push(format!("shares {}", some(groups.map(named))));
        }
        if let Some(name) = extension(message, 0).and_then(|found| deep(found, "name")) {
            parts.push(format!("sni {}", String::from_utf8_lossy(&content(name))));
        }
        if let Some(names) = list(16, "protocol_name_list") {
            let text = |name: &Node| String::from_utf8_lossy(&content(name)).into_owned();
            parts.push(format!("alpn {}", some(names.iter().map(text))));
        }
        if let Some(identities) = list(41, "identities") {
            parts.push(crate::words::count(identities.len(), "psk"));
        }
        parts.extend(extension(message, 42).map(|_| "early_data".to_owned()));
        parts.extend(extension(message, 44).map(|_| "cookie".to_owned()));
        parts.push(self.session(message, "legacy_session_id"));
        parts.push(self.bytes("random", deep(message, "random")));
        parts
    }

    fn session(&self, message: &Node, name: &str) -> String {
        let id = deep(message, name).filter(|id| !content(id).is_empty());
        self.bytes("session_id", id)
    }

    fn server_hello(&self, message: &Node) -> Vec<String> {
        let within = |number, name| extension(message, number).and_then(|found| deep(found, name));
        let legacy = || deep(message, "legacy_version");
        let mut parts: Vec<String> = within(43, "selected_version").or_else(legacy).map(version).into_iter().collect();
        parts.extend(deep(message, "cipher_suite").map(named));
        parts.extend(within(51, "group").or_else(|| within(51, "selected_group")).map(named));
        parts.extend(within(41, "selected_identity").and_then(Node::number).map(|number| format!("psk {number}")));
        if let Some(name) =
            extension(message, 16).and_then(|found| deep(found, "protocol_name_list")?.children().first())
        {
            parts.push(format!("alpn {}", String::from_utf8_lossy(&content(name))));
        }
        parts.push(self.session(message, "legacy_session_id_echo"));
        parts.push(self.bytes("random", deep(message, "random")));
        parts
    }

    fn certificate_request(&self, message: &Node) -> Vec<String> {
        let schemes = deep(message, "supported_signature_algorithms")
            .map(|list| format!("schemes {}", some(list.children().iter().map(named))));
        schemes.into_iter().collect()
    }

    fn certificate(&self, message: &Node) -> Vec<String> {
        let Some(list) = deep(message, "certificate_list") else { return Vec::new() };
        vec![crate::words::count(list.children().len(), "certificate")]
    }

    fn signed(&self, message: &Node) -> Vec<String> {
        let mut parts = Vec::new();
        if let Some(group) = deep(message, "namedcurve") {
            parts.push(named(group));
        } else if deep(message, "dh_p").is_some() {
            parts.push("dh".to_owned());
        }
        if let Some(algorithm) = deep(message, "algorithm") {
            parts.push(named(algorithm));
        }
        let signature = deep(message, "signature");
        parts.push(self.bytes("signature", signature));
        parts
    }

    fn ticket(&self, message: &Node) -> Vec<String> {
        let lifetime = deep(message, "ticket_lifetime").or_else(|| deep(message, "ticket_lifetime_hint"));
        let mut parts: Vec<String> =
            lifetime.and_then(Node::number).map(|time| format!("lifetime {time}")).into_iter().collect();
        parts.push(self.bytes("ticket", deep(message, "ticket")));
        if let Some(size) = extension(message, 42).and_then(|found| deep(found, "max_early_data_size")?.number()) {
            parts.push(format!("early_data {size}"));
        }
        parts
    }
}
