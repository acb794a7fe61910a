//! Names of protocol versions, as scenarios and reports write them.

/// What `compute` can say about a field that is computed, by field: names of inputs. `value` is the result itself.
pub const COMPUTED: [(&str, &[&str]); 5] = [
    ("verify_data", &["value", "label", "secret", "transcript"]),
    ("signature", &["value", "scheme", "key", "salt", "context", "transcript", "content"]),
    ("binders", &["value", "psk", "label", "hash", "transcript"]),
    ("compressed_certificate_message", &["content"]),
    ("payload", &["info", "public_key", "additional_data", "sequence", "plaintext"]),
];

/// Secrets that `compute` can replace, each with all that follows from it.
pub const SECRETS: [&str; 11] = [
    "pre_master_secret",
    "master_secret",
    "shared_secret",
    "early_secret",
    "handshake_secret",
    "client_handshake_traffic_secret",
    "server_handshake_traffic_secret",
    "client_application_traffic_secret",
    "server_application_traffic_secret",
    "resumption_master_secret",
    "exporter_master_secret",
];

/// `tls1.3` for 0x0304, ...; other numbers as hex.
pub fn version_name(version: u16) -> String {
    match version {
        0x0300 => "ssl3.0".to_owned(),
        0x0301 => "tls1.0".to_owned(),
        0x0302 => "tls1.1".to_owned(),
        0x0303 => "tls1.2".to_owned(),
        0x0304 => "tls1.3".to_owned(),
        other => format!("{other:#06x}"),
    }
}

/// The number of `tls1.3`, ...
pub fn version_number(name: &str) -> Option<u16> {
    Some(match name {
        "ssl3.0" => 0x0300,
        "tls1.0" => 0x0301,
        "tls1.1" => 0x0302,
        "tls1.2" => 0x0303,
        "tls1.3" => 0x0304,
        _ => return None,
    })
}
