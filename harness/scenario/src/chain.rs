//! Certificate chains, as their difference from a good one.

use crate::change::optional;
use crate::names;
use crate::typer::Typer;
use gauntlet_model::chain::{
    ATTRIBUTES, CertificateSpec, CertificateStatus, ChainFiles, ChainItem, ChainSpec, CredentialSpec, DerEdits,
    EXTENSIONS, ExtensionSpec, GeneralName, KEY_KINDS, KEY_USAGES, Moment, PURPOSES, SIGNATURES, StapleSpec, Text,
};
use gauntlet_model::{Role, Val};
use gauntlet_yaml::{Kind, MapReader, Yaml, did_you_mean};
use std::net::IpAddr;
use std::path::Path;
use time::{Date, Month, PrimitiveDateTime, Time};

/// Certificates that need not be described to be named.
const KNOWN: [&str; 4] = ["leaf", "intermediate", "root", "stranger"];

/// Strings in names, and their tags.
pub(crate) const STRINGS: [(&str, u8); 6] =
    [("utf8", 0x0c), ("printable", 0x13), ("teletex", 0x14), ("ia5", 0x16), ("universal", 0x1c), ("bmp", 0x1e)];

/// What an OCSP response says about a certificate.
pub(crate) const STATUS: [(&str, CertificateStatus); 3] = [
    ("good", CertificateStatus::Good),
    ("revoked", CertificateStatus::Revoked),
    ("unknown", CertificateStatus::Unknown),
];

/// What an OCSP response says about itself. [RFC 6960, 4.2.1]
pub(crate) const RESPONSE: [(&str, u8); 6] = [
    ("successful", 0),
    ("malformed_request", 1),
    ("internal_error", 2),
    ("try_later", 3),
    ("sig_required", 5),
    ("unauthorized", 6),
];

/// More bytes than this fit no certificate list.
const MOST_PADDING: usize = 1 << 24;

impl Typer<'_> {
    /// The value of `pki`.
    pub fn chain_spec(&mut self, map: &Yaml) -> Option<ChainSpec> {
        if map.get("chain").is_some_and(|chain| chain.as_str().is_some()) {
            return self.chain_files(map);
        }
        let names = certificate_names(map);
        self.reading(map, "`pki`", |typer, reader| {
            let mut certificates = Some(Vec::new());
            for name in KNOWN {
                if let Some(said) = reader.take(name) {
                    let spec = typer.certificate(said, name, &names);
                    push(&mut certificates, spec.map(|spec| (name.to_owned(), spec)));
                }
            }
            for (key, said) in reader.take("others").and_then(|map| typer.map(map, "`others`")).unwrap_or_default() {
                let name = key.as_text().unwrap_or_default();
                if KNOWN.contains(&name.as_str()) || name == "self" || name == "raw_public_key" {
                    typer.fail(key, format!("`{name}` has a meaning of its own"), None);
                }
                let spec = typer.certificate(said, &name, &names);
                push(&mut certificates, spec.map(|spec| (name, spec)));
            }
            let chain = reader.take("chain").map(|list| typer.chain_items(list, &names));
            let intermediates = reader.take("intermediates").map(|number| typer.number(number, "`intermediates`"));
            let staple = reader.take("staple").map(|map| typer.staple(map, &names));
            let credential = reader.take("credential").map(|map| typer.credential(map, &names));
            let sign_with = reader.take("sign_with").map(|name| typer.certificate_name(name, &names));
            for key in ["key", "ca"] {
                if let Some(value) = reader.take(key) {
                    let help =
                        "`leaf: { key: ... }` says what kind of key; files go together: `chain: a.pem, key: a.key`";
                    typer.fail(value, format!("`{key}` belongs to a `chain` from a file"), Some(help.to_owned()));
                }
            }
            Some(ChainSpec {
                certificates: certificates?,
                chain: optional(chain)?,
                intermediates: optional(intermediates)?,
                staple: optional(staple)?,
                credential: optional(credential)?,
                sign_with: optional(sign_with)?,
                files: None,
            })
        })
    }

    /// `{ chain: a.pem, key: a.key, ca: root.pem }`.
    fn chain_files(&mut self, map: &Yaml) -> Option<ChainSpec> {
        self.reading(map, "a `pki` from files", |typer, reader| {
            let chain = reader.take("chain").map(|path| typer.file_bytes(path));
            let key = reader.require("key", &mut typer.errors).map(|path| typer.file_bytes(path));
            let ca = reader.take("ca").map(|path| typer.file_bytes(path));
            let files = ChainFiles { chain: chain??, key: key??, ca: optional(ca)? };
            Some(ChainSpec { files: Some(files), ..ChainSpec::default() })
        })
    }

    /// A file beside the scenario's.
    fn file_bytes(&mut self, path: &Yaml) -> Option<Vec<u8>> {
        let name = self.text(path, "a file name")?;
        let beside = Path::new(&*self.file.name).parent().unwrap_or(Path::new("")).join(name);
        match std::fs::read(&beside) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                let help = "file names are relative to the scenario's file".to_owned();
                self.fail(path, format!("cannot read {}: {error}", beside.display()), Some(help));
                None
            }
        }
    }

    fn certificate_name(&mut self, value: &Yaml, names: &[String]) -> Option<String> {
        let name = self.text(value, "a certificate's name")?;
        if names.iter().any(|known| known == name) {
            return Some(name.to_owned());
        }
        let known = names.iter().map(String::as_str);
        let help = did_you_mean(name, known.clone()).or_else(|| Some(format!("there are {}", names::listed(known))));
        self.fail(value, format!("no certificate is named `{name}`"), help);
        None
    }

    fn chain_items(&mut self, list: &Yaml, names: &[String]) -> Option<Vec<ChainItem>> {
        let items = self.list(list, "`chain`")?;
        let mut chain = Some(Vec::new());
        for item in items {
            let item = match &item.kind {
                Kind::Text(text) if text == "raw_public_key" => Some(ChainItem::RawPublicKey),
                Kind::Map(_) => self.octets(item, "an entry of `chain`").map(ChainItem::Bytes),
                _ => self.certificate_name(item, names).map(ChainItem::Certificate),
            };
            push(&mut chain, item);
        }
        chain
    }

    fn certificate(&mut self, map: &Yaml, name: &str, names: &[String]) -> Option<CertificateSpec> {
        let issuers: Vec<String> = names.iter().cloned().chain(["self".to_owned()]).collect();
        self.reading(map, &format!("`{name}`"), |typer, reader| {
            let key = reader.take("key").map(|key| typer.known(key, "a kind of key", &KEY_KINDS));
            let explicit = reader.take("explicit_curve").map(|value| typer.boolean(value, "`explicit_curve`"));
            let issuer = reader.take("issuer").map(|issuer| typer.certificate_name(issuer, &issuers));
            let signed_by = reader.take("signed_by").map(|signer| typer.certificate_name(signer, names));
            let version = reader.take("version").map(|version| typer.number(version, "`version`"));
            let serial = reader.take("serial").map(|serial| typer.serial(serial));
            let subject = reader.take("subject").map(|subject| typer.subject(subject));
            let san = reader.take("san").map(|san| typer.general_names(san, "`san`", false));
            let not_before = reader.take("not_before").map(|moment| typer.moment(moment));
            let not_after = reader.take("not_after").map(|moment| typer.moment(moment));
            let ca = reader.take("ca").map(|ca| typer.unless_absent(ca, |typer, ca| typer.boolean(ca, "`ca`")));
            let path_length = reader.take("path_length").map(|length| {
                typer.unless_absent(length, |typer, length| typer.number::<u64>(length, "`path_length`"))
            });
            let delegation = reader.take("delegation_usage").map(|value| typer.boolean(value, "`delegation_usage`"));
            let key_usage = reader.take("key_usage").map(|list| typer.known_names(list, "key usage", &KEY_USAGES));
            let purposes = reader.take("extended_key_usage").map(|list| typer.purposes(list));
            let constraints = reader.take("name_constraints").map(|map| typer.constraints(map));
            let own_id = reader.take("subject_key_identifier").map(|value| typer.identifier_bytes(value));
            let issuer_id = reader.take("authority_key_identifier").map(|value| typer.identifier_bytes(value));
            let features = reader.take("tls_feature").map(|list| typer.features(list));
            let extensions = reader.take("extensions").map(|list| typer.extensions(list));
            let critical = reader.take("critical").map(|map| typer.critical(map));
            let padding = reader.take("padding").map(|size| typer.padding(size));
            let signature = reader.take("signature").map(|name| typer.known(name, "a signature", &SIGNATURES));
            let inner = reader.take("inner_algorithm").map(|name| typer.known(name, "a signature", &SIGNATURES));
            let outer = reader.take("outer_algorithm").map(|name| typer.known(name, "a signature", &SIGNATURES));
            let edits = typer.der_edits(reader, "Certificate");
            Some(CertificateSpec {
                key: optional(key)?,
                explicit_curve: optional(explicit)?.unwrap_or_default(),
                issuer: optional(issuer)?,
                signed_by: optional(signed_by)?,
                version: optional(version)?,
                serial: optional(serial)?,
                subject: optional(subject)?,
                san: optional(san)?,
                not_before: optional(not_before)?,
                not_after: optional(not_after)?,
                ca: optional(ca)?,
                path_length: optional(path_length)?,
                delegation_usage: optional(delegation)?,
                key_usage: optional(key_usage)?,
                extended_key_usage: optional(purposes)?,
                name_constraints: optional(constraints)?,
                subject_key_identifier: optional(own_id)?,
                authority_key_identifier: optional(issuer_id)?,
                tls_feature: optional(features)?.unwrap_or_default(),
                extensions: optional(extensions)?.unwrap_or_default(),
                critical: optional(critical)?.unwrap_or_default(),
                padding: optional(padding)?.unwrap_or_default(),
                signature: optional(signature)?,
                inner_algorithm: optional(inner)?,
                outer_algorithm: optional(outer)?,
                edits: edits?,
            })
        })
    }

    fn staple(&mut self, map: &Yaml, names: &[String]) -> Option<StapleSpec> {
        self.reading(map, "`staple`", |typer, reader| {
            let certificate = reader.take("certificate").map(|name| typer.certificate_name(name, names));
            let status = reader.take("status").map(|status| typer.one_of(status, "`status`", &STATUS));
            let response = reader.take("response_status").map(|s| typer.one_of(s, "`response_status`", &RESPONSE));
            let signer = reader.take("signer").map(|name| typer.certificate_name(name, names));
            let this_update = reader.take("this_update").map(|moment| typer.moment(moment));
            let next_update = reader
                .take("next_update")
                .map(|moment| typer.unless_absent(moment, |typer, moment| typer.moment(moment)));
            let serial = reader.take("serial").map(|serial| typer.serial(serial));
            let bytes = reader.take("bytes").map(|bytes| typer.octets(bytes, "`bytes`"));
            let edits = typer.der_edits(reader, "OCSPResponse");
            Some(StapleSpec {
                certificate: optional(certificate)?,
                status: optional(status)?.unwrap_or_default(),
                response_status: optional(response)?.unwrap_or_default(),
                signer: optional(signer)?,
                this_update: optional(this_update)?,
                next_update: optional(next_update)?,
                serial: optional(serial)?,
                edits: edits?,
                bytes: optional(bytes)?,
            })
        })
    }

    fn credential(&mut self, map: &Yaml, names: &[String]) -> Option<CredentialSpec> {
        const ROLES: [(&str, Role); 2] = [("client", Role::Client), ("server", Role::Server)];
        self.reading(map, "`credential`", |typer, reader| {
            let key = reader.take("key").map(|key| typer.known(key, "a kind of key", &KEY_KINDS));
            let scheme = reader.take("scheme").map(|scheme| typer.scheme(scheme));
            let not_after = reader.take("not_after").map(|moment| typer.moment(moment));
            let signature = reader.take("signature").map(|scheme| typer.scheme(scheme));
            let signed_by = reader.take("signed_by").map(|name| typer.certificate_name(name, names));
            let certificate = reader.take("certificate").map(|name| typer.certificate_name(name, names));
            let signed_for = reader.take("signed_for").map(|role| typer.one_of(role, "`signed_for`", &ROLES));
            Some(CredentialSpec {
                key: optional(key)?,
                scheme: optional(scheme)?,
                not_after: optional(not_after)?,
                signature: optional(signature)?,
                signed_by: optional(signed_by)?,
                certificate: optional(certificate)?,
                signed_for: optional(signed_for)?,
            })
        })
    }

    /// A signature scheme by its name or number.
    fn scheme(&mut self, value: &Yaml) -> Option<u16> {
        if let Kind::Number(_) = value.kind {
            return self.number(value, "a signature scheme");
        }
        let name = self.enum_name(value, "SignatureScheme", "signature scheme")?;
        names::number("SignatureScheme", &name).map(|number| number as u16)
    }

    /// `set`, `mutate` and `resign`.
    fn der_edits(&mut self, reader: &mut MapReader<'_>, kind: &str) -> Option<DerEdits> {
        let set = reader.take("set").map(|set| self.der_set(set, kind));
        let mutate = reader.take("mutate").map(|list| self.mutations(list, kind));
        let resign = reader.take("resign").map(|value| self.boolean(value, "`resign`"));
        Some(DerEdits {
            set: optional(set)?.unwrap_or_default(),
            mutate: optional(mutate)?.unwrap_or_default(),
            keep_signature: !optional(resign)?.unwrap_or(true),
        })
    }

    fn der_set(&mut self, map: &Yaml, kind: &str) -> Option<Vec<(gauntlet_wire::Path, Val)>> {
        let mut all = Some(Vec::new());
        for (key, value) in self.map(map, "`set`")? {
            let path = self.field(key, kind);
            let value = match value.kind {
                Kind::Bool(truth) => Some(Val::Name(truth.to_string())),
                _ => self.value(value),
            };
            push(&mut all, path.zip(value));
        }
        all
    }

    /// One of some names.
    fn known(&mut self, value: &Yaml, what: &str, all: &[&'static str]) -> Option<String> {
        let names: Vec<(&str, &str)> = all.iter().map(|name| (*name, *name)).collect();
        self.one_of(value, what, &names).map(str::to_owned)
    }

    fn known_names(&mut self, list: &Yaml, what: &str, all: &[&'static str]) -> Option<Vec<String>> {
        self.none_if_absent(list, what, |typer, item| typer.known(item, &format!("a {what}"), all))
    }

    /// `absent`, or a list.
    fn none_if_absent<T>(
        &mut self,
        list: &Yaml,
        what: &str,
        mut read: impl FnMut(&mut Self, &Yaml) -> Option<T>,
    ) -> Option<Vec<T>> {
        if list.as_str() == Some("absent") {
            return Some(Vec::new());
        }
        let Some(items) = list.as_list() else {
            self.wrong(list, &format!("`{}`", what.trim_matches('`').replace(' ', "_")), "a list, or `absent`");
            return None;
        };
        let mut all = Some(Vec::new());
        for item in items {
            let item = read(self, item);
            push(&mut all, item);
        }
        all
    }

    fn unless_absent<T>(
        &mut self,
        value: &Yaml,
        read: impl FnOnce(&mut Self, &Yaml) -> Option<T>,
    ) -> Option<Option<T>> {
        if value.as_str() == Some("absent") { Some(None) } else { read(self, value).map(Some) }
    }

    fn purposes(&mut self, list: &Yaml) -> Option<Vec<String>> {
        let known = PURPOSES.map(|(name, _)| name);
        self.none_if_absent(list, "extended_key_usage", |typer, item| match item.as_str() {
            Some(text) if is_oid(text) => Some(text.to_owned()),
            _ => typer.known(item, "a purpose", &known),
        })
    }

    fn features(&mut self, list: &Yaml) -> Option<Vec<u16>> {
        self.none_if_absent(list, "tls_feature", |typer, item| match item.as_str() {
            Some("status_request") => Some(5),
            Some("status_request_v2") => Some(17),
            _ => typer.number(item, "a feature, which is `status_request` or"),
        })
    }

    fn extensions(&mut self, list: &Yaml) -> Option<Vec<ExtensionSpec>> {
        let mut all = Some(Vec::new());
        for item in self.list(list, "`extensions`")? {
            let read = self.reading(item, "an extension", |typer, reader| {
                let oid = reader.require("oid", &mut typer.errors).map(|oid| typer.oid(oid));
                let critical = reader.take("critical").map(|value| typer.boolean(value, "`critical`"));
                let value = reader.take("value").map(|value| typer.octets(value, "`value`"));
                Some(ExtensionSpec {
                    oid: oid??,
                    critical: optional(critical)?.unwrap_or_default(),
                    value: optional(value)?.unwrap_or_else(|| vec![5, 0]),
                })
            });
            push(&mut all, read);
        }
        all
    }

    fn oid(&mut self, value: &Yaml) -> Option<String> {
        let text = value.as_str().unwrap_or_default();
        if !is_oid(text) {
            let help = "such as 1.3.6.1.4.1.32473.2".to_owned();
            self.fail(value, "an object identifier is numbers with dots", Some(help));
            return None;
        }
        Some(text.to_owned())
    }

    fn critical(&mut self, map: &Yaml) -> Option<Vec<(String, bool)>> {
        let known = EXTENSIONS.map(|(name, _)| name);
        let mut all = Some(Vec::new());
        for (key, value) in self.map(map, "`critical`")? {
            let name = self.known(key, "an extension of ours", &known);
            let flag = self.boolean(value, "a critical flag");
            push(&mut all, name.zip(flag));
        }
        all
    }

    fn padding(&mut self, value: &Yaml) -> Option<usize> {
        let size: usize = self.number(value, "`padding`")?;
        if size > MOST_PADDING {
            self.fail(value, format!("`padding` is at most {MOST_PADDING} bytes"), None);
            return None;
        }
        Some(size)
    }

    /// A number, or the bytes of the INTEGER.
    fn serial(&mut self, value: &Yaml) -> Option<Vec<u8>> {
        if let Kind::Number(_) = value.kind {
            let number: u64 = self.number(value, "`serial`")?;
            let bytes: Vec<u8> = number.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
            let high = bytes.first().is_none_or(|first| first & 0x80 != 0);
            return Some(if high { [&[0], &bytes[..]].concat() } else { bytes });
        }
        self.octets(value, "`serial`")
    }

    fn identifier_bytes(&mut self, value: &Yaml) -> Option<Vec<u8>> {
        Some(self.unless_absent(value, |typer, value| typer.octets(value, "a key identifier"))?.unwrap_or_default())
    }

    /// Bytes that depend on nothing.
    fn octets(&mut self, value: &Yaml, what: &str) -> Option<Vec<u8>> {
        let bytes = match self.value(value)? {
            Val::Bytes(bytes) => Some(bytes),
            Val::Fill { pattern, length } => Some(pattern.iter().copied().cycle().take(length).collect()),
            Val::Name(text) => hex(&text),
            Val::Join(parts) => join(&parts),
            _ => None,
        };
        if bytes.is_none() {
            self.wrong(value, what, "bytes, such as \"0a 0b\", `{ text: ... }` or `{ fill: \"00\", length: 9 }`");
        }
        bytes
    }

    /// Text as it is, or bytes.
    fn text_bytes(&mut self, value: &Yaml, what: &str) -> Option<Vec<u8>> {
        match &value.kind {
            Kind::Map(_) => self.octets(value, what),
            _ => self.text(value, what).map(|text| text.as_bytes().to_vec()),
        }
    }

    fn subject(&mut self, map: &Yaml) -> Option<Vec<(String, Text)>> {
        let mut all = Some(Vec::new());
        for (key, value) in self.map(map, "a name's attributes")? {
            let name = key.as_str().unwrap_or_default();
            let known = ATTRIBUTES.map(|(known, _)| known);
            let attribute = if is_oid(name) { Some(name.to_owned()) } else { self.known(key, "an attribute", &known) };
            // Several of one kind stand in a list.
            let single = std::slice::from_ref(value);
            for value in value.as_list().unwrap_or(single) {
                let text = self.string(value);
                push(&mut all, attribute.clone().zip(text));
            }
        }
        all
    }

    /// `text`, `{ printable: text }`, or `{ utf8: { join: [...] } }`.
    fn string(&mut self, value: &Yaml) -> Option<Text> {
        if let Some([(key, inner)]) = value.as_map()
            && let Some((_, tag)) = STRINGS.iter().find(|(name, _)| key.as_str() == Some(name))
        {
            return self.text_bytes(inner, "a string").map(|bytes| Text { bytes, tag: *tag });
        }
        self.text_bytes(value, "an attribute").map(|bytes| Text { bytes, tag: 0x0c })
    }

    fn general_names(&mut self, list: &Yaml, what: &str, constraint: bool) -> Option<Vec<GeneralName>> {
        self.none_if_absent(list, what, |typer, item| typer.general_name(item, constraint))
    }

    fn general_name(&mut self, item: &Yaml, constraint: bool) -> Option<GeneralName> {
        let Some([(key, value)]) = item.as_map() else {
            let help = "such as `{ dns: example.com }`; there are `dns`, `ip`, `email`, `uri`, `directory` and `der`";
            self.fail(item, "a name has one key, which says its kind", Some(help.to_owned()));
            return None;
        };
        match key.as_str().unwrap_or_default() {
            "dns" => self.text_bytes(value, "`dns`").map(GeneralName::Dns),
            "email" => self.text_bytes(value, "`email`").map(GeneralName::Email),
            "uri" => self.text_bytes(value, "`uri`").map(GeneralName::Uri),
            "ip" => self.ip(value, constraint).map(GeneralName::Ip),
            "directory" => self.subject(value).map(GeneralName::Directory),
            "der" => self.octets(value, "`der`").map(GeneralName::Der),
            name => {
                let known = ["dns", "ip", "email", "uri", "directory", "der"];
                let help = did_you_mean(name, known).or_else(|| Some(format!("there are {}", names::listed(known))));
                self.fail(key, format!("there is no kind of name `{name}`"), help);
                None
            }
        }
    }

    /// `127.0.0.1`, `10.0.0.0/8` in constraints, or bytes.
    fn ip(&mut self, value: &Yaml, constraint: bool) -> Option<Vec<u8>> {
        let Some(text) = value.as_str() else { return self.octets(value, "`ip`") };
        let bytes = match constraint {
            false => text.parse::<IpAddr>().ok().map(address),
            true => network(text),
        };
        if bytes.is_none() {
            let such = if constraint { "10.0.0.0/8" } else { "127.0.0.1" };
            self.fail(value, format!("`{text}` is no address"), Some(format!("such as {such}, or `{{ fill: ... }}`")));
        }
        bytes
    }

    fn constraints(&mut self, map: &Yaml) -> Option<(Vec<GeneralName>, Vec<GeneralName>)> {
        self.reading(map, "`name_constraints`", |typer, reader| {
            let permitted = reader.take("permitted").map(|list| typer.general_names(list, "`permitted`", true));
            let excluded = reader.take("excluded").map(|list| typer.general_names(list, "`excluded`", true));
            Some((optional(permitted)?.unwrap_or_default(), optional(excluded)?.unwrap_or_default()))
        })
    }

    /// `-1d`, `+90d`, `-2h`, `2049-12-31`, `2050-01-01T00:00:00Z`.
    fn moment(&mut self, value: &Yaml) -> Option<Moment> {
        let text = value.as_text().unwrap_or_default();
        let moment = relative(&text).or_else(|| absolute(&text));
        if moment.is_none() {
            let help = "`-1d`, `+90d`, `-2h` from the date of the run on, or `2049-12-31`, `2050-01-01T00:00:00Z`";
            self.fail(value, format!("`{text}` is no moment"), Some(help.to_owned()));
        }
        moment
    }
}

fn push<T>(all: &mut Option<Vec<T>>, item: Option<T>) {
    match (all.as_mut(), item) {
        (Some(list), Some(item)) => list.push(item),
        _ => *all = None,
    }
}

/// Names that a certificate can be called by.
fn certificate_names(map: &Yaml) -> Vec<String> {
    let mut names: Vec<String> = KNOWN.map(str::to_owned).to_vec();
    let own = map.get("others").and_then(Yaml::as_map).unwrap_or_default();
    names.extend(own.iter().filter_map(|(key, _)| key.as_text()));
    if let Some(Kind::Number(count @ 2..=1000)) = map.get("intermediates").map(|count| &count.kind) {
        names.extend((2..=*count).map(|number| format!("intermediate{number}")));
    }
    names
}

fn is_oid(text: &str) -> bool {
    let mut parts = text.split('.');
    let number = |part: &str| part.parse::<u64>().is_ok();
    text.contains('.') && matches!(parts.next(), Some("0" | "1" | "2")) && parts.all(number)
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_digit(16).map(|d| d as u8)).collect::<Option<_>>()?;
    digits.len().is_multiple_of(2).then(|| digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

fn join(parts: &[Val]) -> Option<Vec<u8>> {
    let bytes = |part: &Val| match part {
        Val::Bytes(bytes) => Some(bytes.clone()),
        Val::Name(text) => hex(text),
        Val::Fill { pattern, length } => Some(pattern.iter().copied().cycle().take(*length).collect()),
        Val::Join(parts) => join(parts),
        _ => None,
    };
    Some(parts.iter().map(bytes).collect::<Option<Vec<_>>>()?.concat())
}

fn address(ip: IpAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    }
}

/// Address and mask. [RFC 5280, 4.2.1.10]
fn network(text: &str) -> Option<Vec<u8>> {
    let (ip, bits) = text.split_once('/')?;
    let ip = address(ip.parse().ok()?);
    let bits: usize = bits.parse().ok().filter(|bits| *bits <= 8 * ip.len())?;
    let mask = (0..ip.len()).map(|byte| {
        let ones = bits.saturating_sub(8 * byte).min(8);
        (0xff00_u16 >> ones) as u8
    });
    Some(ip.iter().copied().chain(mask).collect())
}

fn relative(text: &str) -> Option<Moment> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("-", rest) => (-1, rest),
        ("+", rest) => (1, rest),
        _ => return None,
    };
    let (number, unit) = rest.split_at_checked(rest.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    let number: i64 = number.parse().ok().filter(|number| *number >= 0)?;
    Some(Moment::Relative(sign * number.checked_mul(seconds)?))
}

fn absolute(text: &str) -> Option<Moment> {
    let (date, time) = text.split_once('T').unwrap_or((text, "00:00:00Z"));
    let mut parts = date.splitn(3, '-');
    let year: i32 = parts.next()?.parse().ok().filter(|year| (1..=9999).contains(year))?;
    let month: u8 = parts.next()?.parse().ok()?;
    let day: u8 = parts.next()?.parse().ok()?;
    let mut clock = time.strip_suffix('Z')?.splitn(3, ':').map(|part| part.parse::<u8>().ok());
    let time = Time::from_hms(clock.next()??, clock.next()??, clock.next()??).ok()?;
    let date = Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()?;
    Some(Moment::Absolute(PrimitiveDateTime::new(date, time).assume_utc().unix_timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        assert_eq!(relative("-1d"), Some(Moment::Relative(-86_400)));
        assert_eq!(relative("+2h"), Some(Moment::Relative(7200)));
        assert_eq!(absolute("1970-01-02"), Some(Moment::Absolute(86_400)));
        assert_eq!(absolute("2050-01-01T00:00:01Z"), Some(Moment::Absolute(2_524_608_001)));
        for wrong in ["", "-", "1d", "-1", "-1w", "--1d", "2023-02-29", "2024-13-01", "2024-01-01T24:00:00Z", "-é"] {
            assert_eq!((relative(wrong), absolute(wrong)), (None, None), "{wrong}");
        }
    }

    #[test]
    fn networks() {
        assert_eq!(network("10.0.0.0/9"), Some(vec![10, 0, 0, 0, 0xff, 0x80, 0, 0]));
        assert_eq!(network("10.0.0.0/33"), None);
    }
}
