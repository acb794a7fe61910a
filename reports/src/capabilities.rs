//! What a probe has found, as a page for people: grouped, aligned, with what is weak marked and why.
//!
//! ```text
//! gnutls-serv  gnutls-serv 3.7.9  as server, in 0.31 s
//!
//! Protocols
//!     TLS 1.3                         yes
//!   ! TLS 1.1                         yes   deprecated [RFC 8996]
//!     SSL 3.0                         no
//! ```

use crate::inert;
use crate::paint::Paint;
use gauntlet_model::{Capabilities, Learnt, Role};

/// Columns of a name.
const NAMES: usize = 46;
/// Columns of a list.
const WIDTH: usize = 100;

/// A block of the page: what it is about, kind, and which of its names are shown.
struct Block {
    title: &'static str,
    kind: &'static str,
    shown: Shown,
}

enum Shown {
    /// Each on a line, whether it has it or not.
    All,
    /// Each that it has on a line; the others in one list.
    Had,
    /// In one list.
    List,
}

const fn block(title: &'static str, kind: &'static str, shown: Shown) -> Block {
    Block { title, kind, shown }
}

const SERVER: [Block; 10] = [
    block("Protocols", "versions", Shown::All),
    block("Cipher suites", "cipher_suites", Shown::Had),
    block("Groups", "groups", Shown::Had),
    block("Signature schemes, TLS 1.3", "signature_schemes_tls1.3", Shown::Had),
    block("Signature schemes, TLS 1.2", "signature_schemes_tls1.2", Shown::Had),
    block("Extensions answered, TLS 1.3", "extensions_tls1.3", Shown::List),
    block("Extensions answered, TLS 1.2", "extensions_tls1.2", Shown::List),
    block("Application protocols", "alpn", Shown::List),
    block("Records taken", "records", Shown::All),
    block("ClientHello taken in", "reassembly", Shown::All),
];

const CLIENT: [Block; 8] = [
    block("Protocols completed", "versions", Shown::All),
    block("Protocols offered", "offered_versions", Shown::Had),
    block("Cipher suites, in its order", "cipher_suites", Shown::Had),
    block("Groups, in its order", "groups", Shown::Had),
    block("Key shares", "key_shares", Shown::List),
    block("Signature schemes, in its order", "signature_schemes", Shown::Had),
    block("Extensions, in its order", "extensions", Shown::List),
    block("Application protocols", "alpn", Shown::List),
];

/// What it does, a line each: words, kind, name.
const FACTS: [(&str, &str, &str); 17] = [
    ("own order of suites, TLS 1.3", "preference", "cipher_suites_tls1.3"),
    ("own order of suites, TLS 1.2", "preference", "cipher_suites_tls1.2"),
    ("HelloRetryRequest", "hello_retry_request", "yes"),
    ("resumption by ticket, TLS 1.3", "resumption", "tls1.3 ticket"),
    ("resumption by ticket, TLS 1.2", "resumption", "tls1.2 ticket"),
    ("resumption by session id, TLS 1.2", "resumption", "tls1.2 session_id"),
    ("0-RTT allowed by tickets", "early_data", "allowed_by_tickets"),
    ("0-RTT taken", "early_data", "taken"),
    ("client certificate requested", "client_auth", "requested"),
    ("client certificate required", "client_auth", "required"),
    ("post-handshake authentication offered", "post_handshake_auth", "offered"),
    ("renegotiation at a HelloRequest", "renegotiation", "yes"),
    ("renegotiation begun by the client", "client_renegotiation", "yes"),
    ("max_fragment_length", "max_fragment_length", "yes"),
    ("record_size_limit", "record_size_limit", "yes"),
    ("compression", "compression", "yes"),
    ("data echoed", "data", "echoed"),
];

/// The page of a target in a role. `took_us`: how long the probe took.
pub fn page(target: &str, version: &str, role: Role, found: &Capabilities, took_us: u64, colour: bool) -> String {
    let paint = Paint::new(colour);
    let name = paint.strong(&inert::line(target));
    let seconds = took_us as f64 / 1e6;
    let mut out = format!("{name}  {}  as {}, in {seconds:.2} s\n", inert::line(version), role.name());
    let blocks = match role {
        Role::Server => SERVER.as_slice(),
        Role::Client => CLIENT.as_slice(),
    };
    for block in blocks {
        let entries = found.kinds.get(block.kind).map(Vec::as_slice).unwrap_or_default();
        if !entries.is_empty() {
            out += &format!("\n{}\n{}", paint.strong(block.title), block.text(entries, paint));
        }
    }
    let facts = FACTS.iter().filter_map(|(words, kind, name)| {
        let weak = weakness(kind, name);
        found.learnt(kind, name).map(|learnt| line(words, learnt, weak, paint))
    });
    let facts: String = facts.collect();
    if !facts.is_empty() {
        out += &format!("\n{}\n{facts}", paint.strong("Manners"));
    }
    let weak: usize = found.kinds.iter().map(|(kind, entries)| weak_ones(kind, entries)).sum();
    let unsure = found.kinds.values().flatten().filter(|(_, learnt)| matches!(learnt, Learnt::NotLearnt(_))).count();
    out += &match weak {
        0 => format!("\n{}", paint.good("nothing weak")),
        weak => format!("\n{}", paint.bad(&format!("{weak} weak"))),
    };
    if unsure > 0 {
        out += &format!(", {unsure} not learnt");
    }
    out + "\n"
}

fn weak_ones(kind: &str, entries: &[(String, Learnt)]) -> usize {
    // Said of one version, it is said once more of all.
    let twice = matches!(kind, "signature_schemes" | "extensions");
    entries.iter().filter(|(name, learnt)| !twice && *learnt == Learnt::Yes && weakness(kind, name).is_some()).count()
}

impl Block {
    fn text(&self, entries: &[(String, Learnt)], paint: Paint) -> String {
        match self.shown {
            Shown::All => entries.iter().map(|(name, learnt)| self.line(name, learnt, paint)).collect(),
            Shown::Had => {
                let (had, others): (Vec<_>, Vec<_>) = entries.iter().partition(|(_, learnt)| *learnt == Learnt::Yes);
                let lines: String = had.iter().map(|(name, learnt)| self.line(name, learnt, paint)).collect();
                lines + &others_of(&others, paint)
            }
            Shown::List => {
                let (had, others): (Vec<_>, Vec<_>) = entries.iter().partition(|(_, learnt)| *learnt == Learnt::Yes);
                let names: Vec<&str> = had.iter().map(|(name, _)| name.as_str()).collect();
                let weak: String = had
                    .iter()
                    .filter(|(name, _)| weakness(self.kind, name).is_some())
                    .map(|(name, learnt)| self.line(name, learnt, paint))
                    .collect();
                let list = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
                folded("    ", &list) + &weak + &others_of(&others, paint)
            }
        }
    }

    fn line(&self, name: &str, learnt: &Learnt, paint: Paint) -> String {
        line(&shown(name), learnt, weakness(self.kind, name), paint)
    }
}

fn line(words: &str, learnt: &Learnt, weak: Option<&str>, paint: Paint) -> String {
    let weak = weak.filter(|_| *learnt == Learnt::Yes);
    let mark = if weak.is_some() { paint.bad("!") } else { " ".to_owned() };
    let (word, why) = match learnt {
        Learnt::Yes => ("yes", weak.unwrap_or_default().to_owned()),
        Learnt::No => ("no", String::new()),
        Learnt::NotLearnt(why) => ("?", inert::line(why).into_owned()),
    };
    let line = format!("{:<NAMES$}{word:<5}{why}", inert::line(words));
    let line = if *learnt == Learnt::No { paint.faint(line.trim_end()) } else { line.trim_end().to_owned() };
    format!("  {mark} {line}\n")
}

fn others_of(others: &[&(String, Learnt)], paint: Paint) -> String {
    let mut out = String::new();
    let lacking: Vec<&str> =
        others.iter().filter(|(_, learnt)| *learnt == Learnt::No).map(|(name, _)| name.as_str()).collect();
    match lacking.len() {
        0 => {}
        1..=24 => out += &paint.faint(&folded("    not: ", &lacking.join(", "))),
        number => out += &paint.faint(&format!("    not: {number} others\n")),
    }
    for (name, learnt) in others {
        if let Learnt::NotLearnt(why) = learnt {
            out += &format!("    {}: not learnt, {}\n", inert::line(name), inert::line(why));
        }
    }
    out
}

/// Text of a list, wrapped behind its beginning.
fn folded(beginning: &str, list: &str) -> String {
    let mut lines = vec![beginning.to_owned()];
    for item in list.split_inclusive(' ') {
        match lines.last_mut() {
            Some(line) if line.len() + item.trim_end().len() <= WIDTH => line.push_str(item),
            _ => lines.push(format!("{:width$}{item}", "", width = beginning.len())),
        }
    }
    lines.iter().map(|line| format!("{}\n", inert::line(line.trim_end()))).collect()
}

/// `tls1.2` → `TLS 1.2`; others as they are.
fn shown(name: &str) -> String {
    match name.strip_prefix("tls1.") {
        Some(minor) => format!("TLS 1.{minor}"),
        None if name == "ssl3.0" => "SSL 3.0".to_owned(),
        None => name.to_owned(),
    }
}

/// Why it is weak to have that.
pub fn weakness(kind: &str, name: &str) -> Option<&'static str> {
    match (kind, name) {
        ("versions", "tls1.1" | "tls1.0") => Some("deprecated [RFC 8996]"),
        ("versions", "ssl3.0") => Some("broken [RFC 7568]"),
        ("cipher_suites", suite) => weak_suite(suite),
        ("signature_schemes_tls1.3", "ecdsa_sha1") => Some("not for handshakes [RFC 9846, 4.3.3]"),
        ("signature_schemes_tls1.3", scheme) if scheme.starts_with("rsa_pkcs1") => {
            Some("not for handshakes [RFC 9846, 4.3.3]")
        }
        ("signature_schemes_tls1.2" | "signature_schemes", scheme) if scheme.ends_with("sha1") => {
            Some("SHA-1 [RFC 9155]")
        }
        ("compression", "yes") => Some("secrets leak by lengths [RFC 9325, 3.3]"),
        ("extensions_tls1.2", "heartbeat") => Some("for nobody but DTLS; once bled [RFC 6520]"),
        ("client_renegotiation", "yes") => Some("costs the server more than the client [RFC 9325, 3.5]"),
        ("early_data", "taken") => Some("can be replayed [RFC 9846, 8]"),
        ("records", "16385 bytes") => Some("more than may be [RFC 9846, 5.1; RFC 5246, 6.2.1]"),
        _ => None,
    }
}

fn weak_suite(name: &str) -> Option<&'static str> {
    let has = |part: &str| name.contains(part);
    let worst = [
        ("_NULL", "not encrypted"),
        ("anon", "nobody is authenticated"),
        ("EXPORT", "40 bits"),
        ("RC4", "broken [RFC 7465]"),
        ("3DES", "blocks of 64 bits"),
        ("_DES", "56 bits"),
        ("_IDEA", "blocks of 64 bits"),
        ("_MD5", "MD5"),
    ];
    if let Some((_, why)) = worst.into_iter().find(|(part, _)| has(part)) {
        return Some(why);
    }
    let kept_secret = has("DHE_") || !has("_WITH_");
    match (kept_secret, has("_CBC_")) {
        (false, true) => Some("no forward secrecy, CBC"),
        (false, false) => Some("no forward secrecy"),
        (true, true) => Some("CBC"),
        (true, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_weak_is_marked_only_where_it_is_had() {
        let mut found = Capabilities::default();
        found.learn("versions", "tls1.3", Learnt::Yes);
        found.learn("versions", "tls1.1", Learnt::Yes);
        found.learn("versions", "tls1.0", Learnt::No);
        found.learn("cipher_suites", "TLS_RSA_WITH_AES_128_CBC_SHA", Learnt::Yes);
        found.learn("cipher_suites", "TLS_RSA_WITH_RC4_128_SHA", Learnt::No);
        found.learn("compression", "yes", Learnt::Yes);
        found.learn("groups", "x448", Learnt::NotLearnt("timed out".to_owned()));
        let page = page("x", "1", Role::Server, &found, 250_000, false);
        let expected = "\
x  1  as server, in 0.25 s

Protocols
    TLS 1.3                                       yes
  ! TLS 1.1                                       yes  deprecated [RFC 8996]
    TLS 1.0                                       no

Cipher suites
  ! TLS_RSA_WITH_AES_128_CBC_SHA                  yes  no forward secrecy, CBC
    not: TLS_RSA_WITH_RC4_128_SHA

Groups
    x448: not learnt, timed out

Manners
  ! compression                                   yes  secrets leak by lengths [RFC 9325, 3.3]

3 weak, 1 not learnt
";
        assert_eq!(page, expected);
    }

    #[test]
    fn suites_are_weak_for_their_worst_part() {
        assert_eq!(weak_suite("TLS_AES_128_GCM_SHA256"), None);
        assert_eq!(weak_suite("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"), None);
        assert_eq!(weak_suite("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"), Some("CBC"));
        assert_eq!(weak_suite("TLS_RSA_WITH_AES_128_GCM_SHA256"), Some("no forward secrecy"));
        assert_eq!(weak_suite("TLS_RSA_WITH_NULL_SHA"), Some("not encrypted"));
        assert_eq!(weak_suite("TLS_DH_anon_WITH_AES_128_CBC_SHA"), Some("nobody is authenticated"));
        assert_eq!(weak_suite("TLS_PSK_WITH_AES_128_GCM_SHA256"), Some("no forward secrecy"));
    }
}
