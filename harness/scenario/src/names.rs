//! The names that scenarios may use, and what is known about them.

use gauntlet_model::Role;
use gauntlet_wire::Grammar;
use std::sync::OnceLock;

/// Kinds of names (for `all` and `needs`) and the grammar's enum of each; versions have none.
pub(crate) const KINDS: [(&str, &str); 7] = [
    ("cipher_suites", "CipherSuite"),
    ("groups", "NamedGroup"),
    ("signature_schemes", "SignatureScheme"),
    ("messages", "HandshakeType"),
    ("versions", ""),
    ("extensions", "ExtensionType"),
    ("alerts", "AlertDescription"),
];

/// What the probe finds beside names of the grammar.
pub(crate) const FACTS: [&str; 25] = [
    "hello_retry_request",
    "resumption",
    "early_data",
    "client_auth",
    "post_handshake_auth",
    "renegotiation",
    "key_update",
    "alpn",
    "ech",
    "psk",
    "certificate_types",
    "certificate_compression",
    "compression",
    "heartbeat",
    "max_fragment_length",
    "record_size_limit",
    "ocsp_stapling",
    "server_name",
    "tickets",
    "delegated_credentials",
    "answers",
    "client_renegotiation",
    "records",
    "reassembly",
    "data",
];

/// Messages that are not of the handshake.
const OTHER_MESSAGES: [&str; 4] = ["alert", "change_cipher_spec", "application_data", "heartbeat"];

/// The fields of a record.
pub(crate) const RECORD_FIELDS: [&str; 14] = [
    "type",
    "opaque_type",
    "legacy_record_version",
    "length",
    "nonce",
    "content",
    "zeros",
    "tag",
    "iv",
    "mac",
    "padding",
    "padding_length",
    "plaintext",
    "fragment",
];

/// What paths into a transcript may begin with beside messages.
pub(crate) const ROOTS: [&str; 6] = ["records", "flights", "secrets", "established", "said", "reaction"];

/// Names of versions.
const VERSIONS: [&str; 5] = ["ssl3.0", "tls1.0", "tls1.1", "tls1.2", "tls1.3"];

/// Whether it is one that `$` can name.
pub(crate) fn is_identifier(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// Whether it may stand in a case id.
pub(crate) fn is_label(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
}

/// `a`, `b` and `c`, of many the first.
pub(crate) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const MOST: usize = 14;
    let mut quoted: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    let more = quoted.len().saturating_sub(MOST);
    quoted.truncate(MOST);
    match quoted.split_last() {
        Some(_) if more > 0 => format!("{} and {more} more", quoted.join(", ")),
        Some((last, most)) if !most.is_empty() => format!("{} and {last}", most.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}

/// Whether a name fits a pattern in which `*` stands for any text.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut rest) = name.strip_prefix(head) else { return false };
    let mut parts: Vec<&str> = tail.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// The number of an enum's name, if the grammar has it.
pub(crate) fn has(enum_name: &str, name: &str) -> bool {
    Grammar::tls().number(enum_name, name).is_some()
}

/// The number of an enum's name.
pub(crate) fn number(enum_name: &str, name: &str) -> Option<u64> {
    Grammar::tls().number(enum_name, name)
}

/// All names of an enum.
pub(crate) fn all(enum_name: &str) -> impl Iterator<Item = &'static str> {
    Grammar::tls().names(enum_name).iter().map(|(name, _)| *name)
}

/// All names of a kind, as scenarios may vary them; `None` if there is no such kind.
pub(crate) fn of_kind(kind: &str) -> Option<Vec<&'static str>> {
    let (_, enum_name) = KINDS.iter().find(|(name, _)| *name == kind)?;
    if enum_name.is_empty() {
        return Some(VERSIONS.to_vec());
    }
    let playable = |name: &&str| {
        let upper = name.to_ascii_uppercase();
        !upper.contains("RESERVED")
            && !upper.contains("GREASE")
            && !upper.contains("SCSV")
            && !upper.contains("UNASSIGNED")
    };
    Some(all(enum_name).filter(playable).collect())
}

/// Whether the probe learns all names of the kind that a target has.
pub(crate) fn is_probed(kind: &str) -> bool {
    matches!(kind, "cipher_suites" | "groups" | "signature_schemes" | "versions")
}

/// What `where` may ask about names of a kind.
pub(crate) fn properties(kind: &str) -> &'static [&'static str] {
    match kind {
        "cipher_suites" => &["name", "version", "key_exchange", "authentication", "cipher", "mode", "mac"],
        "groups" => &["name", "family"],
        "messages" => &["name", "sender"],
        _ => &["name"],
    }
}

/// A property of a name of a kind.
pub(crate) fn property(kind: &str, name: &str, property: &str) -> Option<String> {
    if property == "name" {
        return Some(name.to_owned());
    }
    match kind {
        "cipher_suites" => suite_property(name, property),
        "groups" => Some(family(name).to_owned()),
        "messages" => Some(sender(name).map_or("both", Role::name).to_owned()),
        _ => None,
    }
}

/// Families of groups by their names.
fn family(group: &str) -> &'static str {
    let group = group.to_ascii_lowercase();
    if group.contains("mlkem") {
        if group.starts_with("mlkem") { "mlkem" } else { "hybrid" }
    } else if group.starts_with("ffdhe") {
        "ffdhe"
    } else {
        "ecdhe"
    }
}

/// What an IANA name says: `TLS_<exchange>_<authentication>_WITH_<cipher>_<mac>`; TLS 1.3 names neither of the first.
fn suite_property(name: &str, property: &str) -> Option<String> {
    let name = name.strip_prefix("TLS_")?.to_ascii_lowercase();
    let (exchange, protection) = match name.split_once("_with_") {
        Some((exchange, protection)) => (Some(exchange), protection),
        None => (None, name.as_str()),
    };
    let (cipher, mac) = protection.rsplit_once('_')?;
    let aead = ["_gcm", "_ccm", "poly1305"].iter().any(|mode| cipher.contains(mode)) || exchange.is_none();
    // `..._CCM` and `..._CCM_8` have no hash behind them.
    let (cipher, mac) = match mac {
        "ccm" | "8" => (protection, ""),
        _ => (cipher, if aead { "" } else { mac }),
    };
    Some(match property {
        "version" => if exchange.is_some() { "tls1.2" } else { "tls1.3" }.to_owned(),
        "key_exchange" => exchange.map_or("tls13".to_owned(), key_exchange),
        "authentication" => exchange.map_or("tls13", authentication).to_owned(),
        "cipher" => cipher.to_owned(),
        "mode" => mode(cipher).to_owned(),
        "mac" => if aead || mac.is_empty() { "aead" } else { mac }.to_owned(),
        _ => return None,
    })
}

/// As the grammar's enum `KeyExchange` has it; export grades keep their own name.
fn key_exchange(exchange: &str) -> String {
    let (exchange, export) = match exchange.strip_suffix("_export") {
        Some(exchange) => (exchange, "_export"),
        None => (exchange, ""),
    };
    let name = match exchange {
        "dhe_psk" | "ecdhe_psk" | "rsa_psk" | "dh_anon" | "ecdh_anon" => exchange,
        "psk_dhe" => "dhe_psk",
        _ => exchange.split('_').next().unwrap_or(exchange),
    };
    format!("{name}{export}")
}

fn authentication(exchange: &str) -> &str {
    let exchange = exchange.strip_suffix("_export").unwrap_or(exchange);
    match exchange {
        "rsa_psk" => "rsa",
        "psk_dhe" => "psk",
        _ => exchange.rsplit('_').next().unwrap_or(exchange),
    }
}

fn mode(cipher: &str) -> &'static str {
    match cipher {
        "null" => "null",
        _ if cipher.ends_with("_ccm_8") => "ccm_8",
        _ if cipher.ends_with("_ccm") => "ccm",
        _ if cipher.ends_with("_gcm") => "gcm",
        _ if cipher.contains("poly1305") => "poly1305",
        _ if cipher.contains("_cbc") => "cbc",
        _ => "stream",
    }
}

/// All messages by name: what `expect` may name, and `send` beside `raw` and `record`.
pub(crate) fn messages() -> &'static [&'static str] {
    static ALL: OnceLock<Vec<&'static str>> = OnceLock::new();
    ALL.get_or_init(|| {
        let mut names: Vec<&str> = all("HandshakeType").collect();
        for name in OTHER_MESSAGES.into_iter().chain(["hello_retry_request", "client_hello_inner"]) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    })
}

/// Whether there is a message of that name.
pub(crate) fn is_message(name: &str) -> bool {
    messages().contains(&name)
}

/// Who sends a message, if only one side does.
pub(crate) fn sender(message: &str) -> Option<Role> {
    match message {
        "client_hello" | "client_hello_inner" | "client_key_exchange" | "end_of_early_data" => Some(Role::Client),
        "hello_request"
        | "server_hello"
        | "hello_retry_request"
        | "hello_verify_request"
        | "encrypted_extensions"
        | "certificate_request"
        | "server_key_exchange"
        | "server_hello_done"
        | "certificate_status"
        | "new_session_ticket" => Some(Role::Server),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_say_what_they_are_made_of() {
        let of = |name: &str| {
            ["version", "key_exchange", "authentication", "cipher", "mode", "mac"]
                .map(|p| suite_property(name, p).expect(p))
        };
        assert_eq!(of("TLS_RSA_WITH_AES_128_CBC_SHA"), ["tls1.2", "rsa", "rsa", "aes_128_cbc", "cbc", "sha"]);
        assert_eq!(
            of("TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8"),
            ["tls1.2", "ecdhe", "ecdsa", "aes_256_ccm_8", "ccm_8", "aead"]
        );
        assert_eq!(of("TLS_DH_anon_WITH_RC4_128_MD5"), ["tls1.2", "dh_anon", "anon", "rc4_128", "stream", "md5"]);
        assert_eq!(of("TLS_DHE_PSK_WITH_NULL_SHA256"), ["tls1.2", "dhe_psk", "psk", "null", "null", "sha256"]);
        assert_eq!(of("TLS_RSA_EXPORT_WITH_RC4_40_MD5"), ["tls1.2", "rsa_export", "rsa", "rc4_40", "stream", "md5"]);
        assert_eq!(of("TLS_AES_128_CCM_SHA256"), ["tls1.3", "tls13", "tls13", "aes_128_ccm", "ccm", "aead"]);
        assert_eq!(
            of("TLS_CHACHA20_POLY1305_SHA256"),
            ["tls1.3", "tls13", "tls13", "chacha20_poly1305", "poly1305", "aead"]
        );
    }

    #[test]
    fn stars_stand_for_anything() {
        assert!(matches("TLS_RSA_*", "TLS_RSA_WITH_NULL_MD5"));
        assert!(!matches("TLS_RSA_*", "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"));
        assert!(matches("*_CBC_*", "TLS_RSA_WITH_AES_128_CBC_SHA"));
        assert!(matches("*", "") && matches("4", "4") && !matches("4", "40") && !matches("a*a", "a"));
    }
}
