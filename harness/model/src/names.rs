//! Names of protocol versions, as scenarios and reports write them.

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
