//! Checks the requirement catalogue and makes the JSON that is compiled in.
//!
//! `tests/catalogue.rs` includes this file, so that what it refuses is tested.

use gauntlet_yaml::{Diagnostics, File, Kind, MapReader, Span, Yaml, did_you_mean};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

const LEVELS: [&str; 5] = ["MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY"];
const BINDS: [&str; 3] = ["client", "server", "both"];
const OBSERVABLE: [&str; 5] = ["wire", "wire-probe", "timing", "local", "none"];
const BASIS: [&str; 2] = ["definition", "derived"];

/// The IANA registry "TLS Alerts", with the names of RFC 9846.
const ALERTS: [&str; 38] = [
    "access_denied",
    "bad_certificate",
    "bad_certificate_hash_value",
    "bad_certificate_status_response",
    "bad_record_mac",
    "certificate_expired",
    "certificate_required",
    "certificate_revoked",
    "certificate_unknown",
    "certificate_unobtainable",
    "close_notify",
    "decode_error",
    "decompression_failure",
    "decrypt_error",
    "decryption_failed",
    "ech_required",
    "export_restriction",
    "general_error",
    "handshake_failure",
    "illegal_parameter",
    "inappropriate_fallback",
    "insufficient_security",
    "internal_error",
    "missing_extension",
    "no_application_protocol",
    "no_certificate",
    "no_renegotiation",
    "protocol_version",
    "record_overflow",
    "too_many_cids_requested",
    "unexpected_message",
    "unknown_ca",
    "unknown_psk_identity",
    "unrecognized_name",
    "unsupported_certificate",
    "unsupported_extension",
    "unsupported_version",
    "user_canceled",
];

#[expect(clippy::print_stderr, reason = "cargo shows it when the build fails")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let folder = root.join("requirements");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=requirements");
    let mut files = Vec::new();
    for path in documents(&folder)? {
        println!("cargo:rerun-if-changed={}", path.display());
        let name = path.strip_prefix(&root)?.to_string_lossy().into_owned();
        files.push(File::from_bytes(&name, &std::fs::read(&path)?).map_err(|errors| errors.render(false))?);
    }
    match check(&files) {
        Ok(catalogue) => {
            let out = PathBuf::from(std::env::var("OUT_DIR")?).join("catalogue.json");
            Ok(std::fs::write(out, serde_json::to_vec(&catalogue)?)?)
        }
        Err(errors) => {
            eprintln!("{}", errors.render(false));
            Err("the requirement catalogue is not right; see above".into())
        }
    }
}

fn documents(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    paths.sort();
    Ok(paths)
}

/// All files as the JSON list of documents that `Catalogue` reads, or everything that is wrong with them.
pub fn check(files: &[File]) -> Result<Value, Diagnostics> {
    let mut checker = Checker::default();
    let documents: Vec<Value> = files.iter().filter_map(|file| checker.document(file)).collect();
    checker.links();
    if checker.errors.has_errors() { Err(checker.errors) } else { Ok(Value::Array(documents)) }
}

#[derive(Default)]
struct Checker {
    errors: Diagnostics,
    /// Every id, with the id that its `same_as` or `superseded_by` leads to.
    ids: HashMap<String, Option<String>>,
    links: Vec<Link>,
}

/// A reference from one entry to another.
struct Link {
    file: File,
    span: Span,
    key: &'static str,
    from: String,
    to: String,
}

impl Checker {
    fn document(&mut self, file: &File) -> Option<Value> {
        let tree = file.parse().map_err(|errors| self.errors.extend(errors)).ok()?;
        let mut map = MapReader::new(file, &tree, "a requirement file", &mut self.errors);
        let rfc = map.number("rfc", 1..=99_999, &mut self.errors);
        let draft = map.text("draft", &mut self.errors);
        map.require("title", &mut self.errors);
        let title = map.text("title", &mut self.errors);
        let obsoletes = map.list("obsoletes", &mut self.errors).unwrap_or_default();
        let obsoletes: Vec<_> = obsoletes.iter().filter_map(|item| self.rfc_number(file, item)).collect();
        map.require("requirements", &mut self.errors);
        let entries = map.list("requirements", &mut self.errors).unwrap_or_default();
        map.finish(&mut self.errors);

        let stem = Path::new(&*file.name).file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let named = match rfc {
            Some(number) => stem == format!("rfc{number}") && draft.is_none(),
            None => stem.starts_with("draft-") && draft.is_some(),
        };
        if !named {
            let message = "name of the file, `rfc` and `draft` do not agree";
            let help = "`rfc<number>.yaml` with `rfc`, or `draft-<name>.yaml` with `draft`".to_owned();
            self.errors.error(file, Span::empty(tree.span.start), message, Some(help));
        }
        let requirements: Vec<Value> =
            entries.iter().filter_map(|entry| self.requirement(file, &stem, entry)).collect();
        Some(json!({
            "name": stem, "rfc": rfc, "title": title, "obsoletes": obsoletes, "requirements": requirements,
        }))
    }

    /// One entry; what is not said is left out.
    fn requirement(&mut self, file: &File, stem: &str, entry: &Yaml) -> Option<Value> {
        let errors = &mut self.errors;
        let mut map = MapReader::new(file, entry, "a requirement", errors);
        let mut out = Map::new();
        let span = map.require("id", errors)?.span;
        let id = map.text("id", errors)?;
        out.insert("id".to_owned(), json!(id));
        for key in ["rfc8446", "when", "alert_from", "note", "why_not"] {
            if let Some(text) = map.text(key, errors) {
                out.insert(key.to_owned(), json!(text));
            }
        }
        for key in ["new", "disputed"] {
            if map.boolean(key, errors) == Some(true) {
                out.insert(key.to_owned(), json!(true));
            }
        }
        for (key, values) in [("level", &LEVELS[..]), ("binds", &BINDS), ("observable", &OBSERVABLE)] {
            map.require(key, errors);
            one_of(&mut map, key, values, &mut out, errors);
        }
        one_of(&mut map, "basis", &BASIS, &mut out, errors);
        for key in ["then", "topic"] {
            map.require(key, errors);
            if let Some(text) = map.text(key, errors) {
                out.insert(key.to_owned(), json!(text));
            }
        }
        let alerts = map.texts("alert", errors).unwrap_or_default();
        for (name, span) in &alerts {
            known(file, *span, "alert", name, &ALERTS, errors);
        }
        if !alerts.is_empty() {
            out.insert("alert".to_owned(), alerts.into_iter().map(|(name, _)| name).collect());
        }
        let mut target = None;
        for key in ["same_as", "superseded_by"] {
            let span = map.take(key).map(|value| value.span);
            if let (Some(to), Some(span)) = (map.text(key, errors), span) {
                out.insert(key.to_owned(), json!(to));
                self.links.push(Link { file: file.clone(), span, key, from: id.clone(), to: to.clone() });
                target = Some(to);
            }
        }
        map.finish(errors);

        if let Err(help) = id_form(stem, &id) {
            errors.error(file, span, format!("`{id}` is not an id of this file"), Some(help));
        }
        if self.ids.insert(id.clone(), target).is_some() {
            errors.error(file, span, format!("a second `{id}`"), None);
        }
        Some(Value::Object(out))
    }

    fn rfc_number(&mut self, file: &File, item: &Yaml) -> Option<i128> {
        match item.kind {
            Kind::Number(number @ 1..=99_999) => Some(number),
            _ => {
                self.errors.error(
                    file,
                    item.span,
                    format!("`obsoletes` has RFC numbers, not {}", item.describe()),
                    None,
                );
                None
            }
        }
    }

    /// References that lead nowhere, or round in a circle.
    fn links(&mut self) {
        let mut names: Vec<&str> = self.ids.keys().map(String::as_str).collect();
        names.sort_unstable();
        for Link { file, span, key, from, to } in &self.links {
            if !self.ids.contains_key(to) {
                let help = did_you_mean(to, names.iter().copied());
                self.errors.error(file, *span, format!("`{key}` names `{to}`, which does not exist"), help);
                continue;
            }
            let mut at = to;
            for _ in 0..self.ids.len() {
                match self.ids.get(at) {
                    Some(Some(next)) if at != from => at = next,
                    _ => break,
                }
            }
            if at == from {
                self.errors.error(file, *span, format!("`{key}` leads back to `{from}`"), None);
            }
        }
    }
}

/// Takes text that must be one of a few.
fn one_of(
    map: &mut MapReader<'_>,
    key: &'static str,
    values: &[&str],
    out: &mut Map<String, Value>,
    errors: &mut Diagnostics,
) {
    let Some(span) = map.take(key).map(|value| value.span) else {
        return;
    };
    let Some(text) = map.text(key, errors) else {
        return;
    };
    known(map.file(), span, key, &text, values, errors);
    out.insert(key.to_owned(), json!(text));
}

fn known(file: &File, span: Span, what: &str, text: &str, values: &[&str], errors: &mut Diagnostics) {
    if !values.contains(&text) {
        let few = || (values.len() < 8).then(|| format!("one of {}", values.join(", ")));
        let help = did_you_mean(text, values.iter().copied()).or_else(few);
        errors.error(file, span, format!("unknown {what} `{text}`"), help);
    }
}

/// `<stem>-<section>-<nn>`.
fn id_form(stem: &str, id: &str) -> Result<(), String> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let appendix = |text: &str| text.len() == 1 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    let section = |text: &str| {
        let mut parts = text.split('.');
        let first = parts.next().unwrap_or_default();
        (digits(first) || appendix(first)) && parts.all(digits)
    };
    let rest = id.strip_prefix(stem).and_then(|rest| rest.strip_prefix('-'));
    match rest.and_then(|rest| rest.rsplit_once('-')) {
        Some((place, number)) if section(place) && number.len() == 2 && digits(number) => Ok(()),
        _ => Err(format!("it should read `{stem}-<section>-<nn>`")),
    }
}
