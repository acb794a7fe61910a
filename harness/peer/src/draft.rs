//! One message, from honest to wire. [scenarios/README.md, "Exactly what happens"]

use crate::Peer;
use crate::change::{Change, RecordChange, is_late};
use crate::ech::{CONFIRMATION, ENC, PAYLOAD};
use crate::exchange::old_scheme;
use crate::inside::is_made_whole;
use crate::psk::BINDERS;
use crate::records::Made;
use crate::ssl2::{self, SSL2};
use crate::view::{ClientHelloView, ServerHelloView, extension};
use gauntlet_crypto::suite::KeyExchange;
use gauntlet_crypto::{KeyShare, NamedGroup, SignatureScheme, schedule13};
use gauntlet_model::{Cut, Remember, Role, Side, What};
use gauntlet_wire::{Context, Edit, Grammar, Node, Path, Plain, Segment, Value, edit_inside};
use std::borrow::Cow;
use std::sync::LazyLock;

/// A message that is made but not sent.
pub struct Draft {
    /// `client_hello`, `alert`, ...
    pub name: String,
    /// Content type of its records.
    pub content_type: u8,
    /// Encoded, as it will be sent.
    pub bytes: Vec<u8>,
    /// Encoded without the change; `None` if there is no change.
    pub meant: Option<Vec<u8>>,
    /// Bytes that wait to be sent: `bytes`, behind what was joined to it.
    content: Vec<u8>,
    offset: usize,
    context: Context,
    remember: Remember,
    words: Vec<String>,
    honest_tree: Option<Node>,
    noted: bool,
    /// It replaces a secret, which its own bytes may not show.
    replaces: bool,
    /// Our secret is the one that its changed bytes lead to.
    followed: bool,
    /// The hello inside of an encrypted one, and what it would have been without the change.
    inner: Vec<u8>,
    meant_inner: Vec<u8>,
}

impl Draft {
    /// Whether the change left the bytes as they would have been.
    pub fn is_unchanged(&self) -> bool {
        !self.replaces && self.meant.as_ref().is_some_and(|meant| *meant == self.bytes)
    }
    /// Whether it is a ClientHello in the layout of SSL 2.0.
    fn is_ssl2(&self) -> bool {
        self.context.version == Some(SSL2)
    }
    /// Bytes that are not yet in a record.
    pub fn left(&self) -> usize {
        self.content.len() - self.offset
    }
}

static CLIENT_SHARES: LazyLock<Path> = LazyLock::new(|| path("extensions.key_share.client_shares"));
static SERVER_SHARE: LazyLock<Path> = LazyLock::new(|| path("extensions.key_share.server_share"));
static KEY_EXCHANGE: LazyLock<Path> = LazyLock::new(|| path("key_exchange"));

/// A path that is known to be well formed.
pub(crate) fn path(text: &str) -> Path {
    Path::parse(text).expect("a path of our own parses")
}

/// Computed fields of a message.
pub(crate) fn computed(name: &str) -> &'static [&'static str] {
    match name {
        "client_hello" => &["extensions.key_share.client_shares.key_exchange", BINDERS, ENC, PAYLOAD],
        // With Encrypted Client Hello the random has a part that is.
        "server_hello" => &["extensions.key_share.server_share.key_exchange", "random"],
        "hello_retry_request" => &[CONFIRMATION],
        "certificate_verify" => &["signature"],
        "server_key_exchange" => &["signed_params.signature", "signature"],
        "finished" => &["verify_data"],
        "compressed_certificate" => &["compressed_certificate_message"],
        _ => &[],
    }
}

/// Content type of a message by name.
fn content_type(name: &str) -> u8 {
    match name {
        "change_cipher_spec" => 20,
        "alert" => 21,
        "application_data" => 23,
        "heartbeat" => 24,
        _ => 22,
    }
}

impl Peer {
    /// Makes a message as an honest endpoint would at this point, and changes it.
    ///
    /// # Errors
    /// A change that cannot be made, in words.
    pub fn draft(&mut self, name: &str, change: &Change) -> Result<Draft, String> {
        let meant = if change.is_empty() {
            None
        } else {
            let rng = self.rng.clone();
            let (bytes, _) = self.assemble(name, &Change::default())?;
            self.rng = rng;
            Some(bytes)
        };
        let meant_inner = std::mem::take(&mut self.hs.ech.made);
        self.followed = false;
        self.replace_secrets(change)?;
        let (mut bytes, tree) = self.assemble(name, change)?;
        let context = self.message_context(name, change);
        for edit in &change.bytes {
            edit.apply(&mut bytes).map_err(|error| error.to_string())?;
        }
        let mut content = std::mem::take(&mut self.joined);
        content.extend_from_slice(&bytes);
        Ok(Draft {
            name: name.to_owned(),
            content_type: content_type(name),
            bytes,
            meant,
            content,
            offset: 0,
            context,
            remember: change.remember,
            words: change.words.clone(),
            honest_tree: change.bytes.is_empty().then_some(tree),
            noted: false,
            replaces: change.replaces_secret(),
            followed: self.followed,
            inner: std::mem::take(&mut self.hs.ech.made),
            meant_inner,
        })
    }

    /// Steps 1 to 4 but for changes of the encoded bytes.
    fn assemble(&mut self, name: &str, change: &Change) -> Result<(Vec<u8>, Node), String> {
        let context = self.message_context(name, change);
        self.form = context.version;
        let tree = match (name, change.form) {
            ("client_hello", Some(SSL2)) => self.honest_ssl2_hello(&context),
            _ => self.honest(name, &context),
        };
        self.form = None;
        let mut tree = tree?;
        let computed = computed(name);
        let edit = |tree: &mut Node, edit: &Edit| edit_field(name, tree, edit, &context);
        for early in change.edits.iter().filter(|edit| !is_late(edit, computed)) {
            edit(&mut tree, early)?;
        }
        self.fill(name, &mut tree, change, &context)?;
        // Binders and the sealed hello come last, and cover all changes but those of themselves.
        let (last, late): (Vec<&Edit>, Vec<&Edit>) = change
            .edits
            .iter()
            .filter(|edit| is_late(edit, computed))
            .partition(|edit| is_late(edit, &[BINDERS, ENC, PAYLOAD]));
        for late in late {
            edit(&mut tree, late)?;
        }
        if name == "client_hello" {
            if !self.hides_psks() {
                self.fill_binders(&mut tree, change, &context)?;
            }
            self.seal_inner(&mut tree, change, &context)?;
        }
        for last in last {
            edit(&mut tree, last)?;
        }
        let bytes = tree.encode();
        Ok((bytes, tree))
    }

    /// What the message is laid out by: all but a hello have a version, also where none is settled yet.
    fn message_context(&mut self, name: &str, change: &Change) -> Context {
        let bare = name == "client_hello" || content_type(name) != 22;
        let layout = self.layout();
        // TLS 1.3 has no layout for these.
        let old = matches!(name, "client_key_exchange" | "server_key_exchange") && layout >= 0x0304;
        let own = if old { 0x0303 } else { layout };
        self.form = change.form.or((old || !bare && self.hs.version == 0).then_some(own));
        let context = self.context(Side::Us);
        self.form = None;
        context
    }

    /// The honest tree, computed fields still empty.
    fn honest(&mut self, name: &str, context: &Context) -> Result<Node, String> {
        let build = |type_name: &str, value: &Plain| {
            Grammar::tls().build(type_name, value, context).map_err(|error| format!("{name}: {error}"))
        };
        let body = match name {
            "alert" => {
                let fields = [("level", Plain::Number(1)), ("description", Plain::Number(0))];
                return build("Alert", &Plain::map(fields));
            }
            "change_cipher_spec" => return build("ChangeCipherSpec", &Plain::map([("type", Plain::Number(1))])),
            "application_data" => {
                let honest = if self.is_client() { REQUEST } else { ANSWER };
                let data = self.early_bytes().unwrap_or_else(|| honest.to_vec());
                return build("ApplicationData", &Plain::map([("data", Plain::Bytes(data))]));
            }
            "heartbeat" => {
                let fields = self.honest_heartbeat();
                return build("HeartbeatMessage", &fields);
            }
            "client_hello" => return self.honest_client_hello(context),
            "server_hello" => self.honest_server_hello(),
            "hello_retry_request" => self.honest_retry(),
            "encrypted_extensions" => self.honest_encrypted_extensions(),
            "certificate_request" => self.honest_certificate_request(),
            "certificate" => self.honest_certificate(),
            "compressed_certificate" => self.honest_compressed_certificate(),
            "certificate_status" => self.honest_certificate_status(),
            "certificate_verify" => self.honest_certificate_verify(),
            "server_key_exchange" => self.honest_server_key_exchange()?,
            "client_key_exchange" => self.honest_client_key_exchange()?,
            "finished" => Plain::map([("verify_data", Plain::Bytes(vec![0; self.verify_data_length()]))]),
            "new_session_ticket" => self.honest_new_session_ticket(),
            "key_update" => Plain::map([("request_update", Plain::Number(0))]),
            _ => Plain::Map(Vec::new()),
        };
        let msg_type = if name == "hello_retry_request" { "server_hello" } else { name };
        let context = &self.layout_of(name, context);
        let build = |type_name: &str, value: &Plain| {
            Grammar::tls().build(type_name, value, context).map_err(|error| format!("{name}: {error}"))
        };
        let mut tree =
            build("Handshake", &Plain::map([("msg_type", Plain::Name(msg_type.to_owned())), ("body", body)]))?;
        let greases = matches!(name, "certificate_request" | "new_session_ticket") && self.layout() >= 0x0304;
        if greases && !self.is_client() {
            // [RFC 8701, 4.1]
            self.add_grease_extensions(&mut tree, context);
        }
        Ok(tree)
    }

    /// A request with a payload of our own, or the answer to the target's. [RFC 6520, 4]
    fn honest_heartbeat(&mut self) -> Plain {
        let answer = self.heartbeat.take();
        let kind = if answer.is_some() { 2 } else { 1 };
        let padding = self.random(16);
        let payload = answer.unwrap_or_else(|| b"gauntlet".to_vec());
        Plain::map([("type", Plain::Number(kind)), ("payload", payload.into()), ("padding", padding.into())])
    }

    /// Content that a record of ours may hold.
    fn record_limit(&self) -> usize {
        self.agreed_limits.0.unwrap_or(usize::MAX).min(self.config.record_limit)
    }

    /// How a message is laid out. A ServerKeyExchange that was due for an honest suite stays one of ECDHE when an altered
    /// suite has none.
    fn layout_of(&self, name: &str, context: &Context) -> Context {
        let exchange = self.hs.suite.map(|suite| suite.key_exchange);
        let without = matches!(exchange, None | Some(KeyExchange::Rsa | KeyExchange::Tls13 | KeyExchange::Other));
        if name != "server_key_exchange" || !without {
            return *context;
        }
        let number = Grammar::tls().number("KeyExchange", "ecdhe");
        Context { key_exchange: number.map(|number| number as u8), ..*context }
    }

    fn verify_data_length(&self) -> usize {
        match self.layout() {
            0x0304 => self.digest().len(),
            0x0300 => 36,
            _ => 12,
        }
    }

    /// Step 3: fields that are computed from others.
    fn fill(&mut self, name: &str, tree: &mut Node, change: &Change, context: &Context) -> Result<(), String> {
        match name {
            "client_hello" => self.fill_client_shares(tree, change)?,
            "compressed_certificate" => self.fill_compressed_certificate(tree, change, context)?,
            "server_hello" => {
                self.fill_server_share(tree, change);
                self.confirm_by_hello(tree);
            }
            "hello_retry_request" => self.confirm_by_retry(tree),
            "finished" => {
                let verify_data = self.computed_verify_data(change)?;
                put(tree, "verify_data", verify_data);
            }
            "certificate_verify" => self.fill_certificate_verify(tree, change)?,
            "client_key_exchange" => self.fill_premaster(tree, change)?,
            "server_key_exchange" => self.fill_server_key_exchange(tree, change)?,
            _ => {}
        }
        Ok(())
    }

    pub(crate) fn fill_client_shares(&mut self, tree: &mut Node, change: &Change) -> Result<(), String> {
        let Some(list) = tree.at_mut(&CLIENT_SHARES) else { return Ok(()) };
        let Value::List(entries) = &mut list.value else { return Ok(()) };
        for (place, entry) in entries.iter_mut().enumerate() {
            let given = path(&format!("extensions.key_share.client_shares[{place}].key_exchange"));
            if change.given.contains(&given) {
                continue;
            }
            let group = entry.field("group").and_then(Node::number).unwrap_or(0) as u16;
            let Some(field) = entry.at_mut(&KEY_EXCHANGE) else { continue };
            let share = match own_share(&mut self.hs.shares, group, &mut self.rng) {
                Some(share) => share.public().to_vec(),
                // GREASE and groups we cannot compute in: something of a share's size.
                None if field.content().is_empty() => vec![0x2a; 32],
                None => continue,
            };
            field.value = Value::Bytes(share);
        }
        Ok(())
    }

    fn fill_server_share(&mut self, tree: &mut Node, change: &Change) {
        let Some(entry) = tree.at_mut(&SERVER_SHARE) else { return };
        let group = entry.field("group").and_then(Node::number).unwrap_or(0) as u16;
        let theirs = self.hs.hello.shares.iter().find(|(g, _)| *g == group).map(|(_, share)| share.clone());
        let answer = theirs.map(|theirs| KeyShare::respond(NamedGroup(group), &theirs, &mut self.rng));
        if answer
            .as_ref()
            .is_some_and(|answer| !answer.as_ref().is_ok_and(|(_, secret)| secret.iter().any(|b| *b != 0)))
        {
            self.remark("illegal_parameter", format!("the share for group {group} is not valid"));
        }
        let (share, secret) = answer
            .and_then(Result::ok)
            // Without a share to answer: our own, and zeros for a secret.
            .or_else(|| {
                let share = KeyShare::generate(NamedGroup(group), &mut self.rng).ok()?;
                Some((share.public().to_vec(), Vec::new()))
            })
            .unwrap_or((vec![0x2a; 32], Vec::new()));
        self.hs.shared_secret = secret;
        self.hs.group = group;
        let given = path("extensions.key_share.server_share.key_exchange");
        if change.given.contains(&given) {
            return;
        }
        if let Some(field) = entry.at_mut(&KEY_EXCHANGE) {
            field.value = Value::Bytes(share);
        }
    }

    /// verify_data of our own Finished at this point.
    pub(crate) fn own_verify_data(&mut self) -> Vec<u8> {
        if !self.is_tls13() {
            if self.hs.master_secret.is_empty() {
                self.make_master_secret();
            }
            return self.prf().verify_data(&self.hs.master_secret, self.is_client(), self.hash.messages());
        }
        if self.hs.established {
            // Behind the handshake: under the traffic secret in force. [RFC 9846, 4.5]
            let secret = self.outbound.epochs[self.outbound.current].secret.clone();
            let digest = self.digest();
            return schedule13::verify_data(digest, &secret, &self.hash.current(digest));
        }
        let (ours, _) = self.pair(&self.hs.client_handshake.clone(), &self.hs.server_handshake.clone());
        let digest = self.digest();
        let hash = self.hash.current(digest);
        schedule13::verify_data(digest, &ours, &hash)
    }

    fn fill_certificate_verify(&mut self, tree: &mut Node, change: &Change) -> Result<(), String> {
        if self.hs.version == 0x0300 {
            let given = change.input_bytes("signature", "value")?;
            let signature = given.unwrap_or_else(|| self.sign_ssl3());
            put(tree, "signature", signature);
            return Ok(());
        }
        let algorithm = tree.field("algorithm").and_then(Node::number).map_or(self.hs.scheme, |number| number as u16);
        let content = self.signed_content(change)?;
        let signature = match self.computed_signature(change, algorithm, &content)? {
            Some(signature) => signature,
            None => self.sign(algorithm, &content),
        };
        put(tree, "signature", signature);
        Ok(())
    }

    /// SSL 3.0 signs a hash with the master secret in it. [RFC 6101, 5.6.8]
    fn sign_ssl3(&mut self) -> Vec<u8> {
        let Some(identity) = self.identity().cloned() else { return Vec::new() };
        if self.hs.master_secret.is_empty() {
            self.make_master_secret();
        }
        let hash = self.prf().ssl3_signed_hash(&self.hs.master_secret, self.hash.messages());
        let scheme = old_scheme(&identity.key.public());
        let covered = if scheme == SignatureScheme::RSA_PKCS1_MD5_SHA1 { &hash[..] } else { &hash[16..] };
        let mut rng = self.rng.clone();
        let signature = identity.key.sign_hash(scheme, covered, &mut rng);
        self.rng = rng;
        signature.unwrap_or_default()
    }

    /// Signs as far as our key can; with a scheme that it cannot, by the scheme that it can.
    pub(crate) fn sign(&mut self, scheme: u16, content: &[u8]) -> Vec<u8> {
        let Some(key) = self.signing_key() else { return Vec::new() };
        let tls13 = self.is_tls13();
        let mut rng = self.rng.clone();
        let signature = key.sign(SignatureScheme(scheme), content, &mut rng).or_else(|_| {
            let able = key.schemes(tls13);
            let first = able.first().copied().unwrap_or(SignatureScheme(scheme));
            key.sign(first, content, &mut rng)
        });
        self.rng = rng;
        signature.unwrap_or_default()
    }

    // ---- sending ---------------------------------------------------------------------------------

    /// Puts the next piece of a message into a record. `size` `None`: as much as a record may hold.
    ///
    /// # Errors
    /// A change that cannot be made, in words.
    pub fn emit(&mut self, draft: &mut Draft, size: Option<Cut>, change: Option<&RecordChange>) -> Result<(), String> {
        if draft.is_ssl2() {
            // It stands in no record of TLS.
            let rest = draft.content.split_off(draft.offset);
            draft.offset = draft.content.len();
            self.put(&rest);
            return Ok(());
        }
        let length = match size {
            None => draft.left().min(self.record_limit()),
            Some(Cut::Rest) => draft.left(),
            Some(Cut::Bytes(bytes)) => bytes.min(draft.left()),
        };
        self.prepare_keys(change);
        let piece = &draft.content[draft.offset..draft.offset + length];
        let now = self.outbound.current;
        self.outbound.current = self.joined_under.take().unwrap_or(now);
        let made = self.outbound.make(draft.content_type, piece, change, &mut self.rng);
        self.outbound.current = now;
        let made = made?;
        draft.offset += length;
        self.put_record(made);
        Ok(())
    }

    /// One record that is no part of a message.
    ///
    /// # Errors
    /// A change that cannot be made, in words.
    pub fn record(&mut self, content_type: u8, content: &[u8], change: &RecordChange) -> Result<(), String> {
        self.prepare_keys(Some(change));
        let made = self.outbound.make(content_type, content, Some(change), &mut self.rng)?;
        self.put_record(made);
        Ok(())
    }

    /// Makes the keys that only a change asks for.
    fn prepare_keys(&mut self, change: Option<&RecordChange>) {
        use gauntlet_model::KeysOf;
        let Some(keys) = change.and_then(|change| change.keys) else { return };
        let (name, secret) = match keys {
            KeysOf::Next => {
                let secret = &self.outbound.epochs[self.outbound.current].secret;
                ("next", schedule13::next_traffic_secret(self.digest(), secret))
            }
            KeysOf::Target => ("target", self.inbound.epochs[self.inbound.current].secret.clone()),
            _ => return,
        };
        if self.is_tls13() {
            self.outbound.epochs.retain(|epoch| epoch.name != name);
            let current = self.outbound.epochs.len() - 1;
            self.switch_outbound13(name, &secret);
            self.outbound.current = current;
        }
    }

    fn put_record(&mut self, made: Made) {
        self.put(&made.bytes);
        self.event(What::Record {
            from: Side::Us,
            outer: made.outer,
            version: made.version,
            length: made.length as u32,
            keys: made.keys,
            sequence: made.sequence,
            content_type: made.content_type,
            content: made.content,
            padding: made.padding as u32,
            verified: true,
            wire: made.bytes,
        });
    }

    /// Keeps the message for the records of the one behind it.
    pub fn join(&mut self, mut draft: Draft) {
        self.joined = std::mem::take(&mut draft.content);
        let began = self.outbound.current;
        self.sent(&mut draft);
        // A record is protected under the keys in force where it begins.
        self.joined_under = (began != self.outbound.current).then_some(began);
    }

    /// Step 5: what our hash and state take from the message. Called ahead of the first record, and by `sent`.
    pub fn remember(&mut self, draft: &mut Draft) {
        if std::mem::replace(&mut draft.noted, true) || draft.content_type != 22 {
            return;
        }
        let (bytes, tree) = match draft.remember {
            Remember::Nothing => return,
            Remember::Unaltered if draft.meant.is_some() => {
                self.event(What::NotFollowed { text: format!("{} is remembered as it was", draft.name) });
                (draft.meant.clone().unwrap_or_default(), None)
            }
            _ => (draft.bytes.clone(), draft.honest_tree.take()),
        };
        let unaltered = draft.remember == Remember::Unaltered && draft.meant.is_some();
        self.hs.ech.made = std::mem::take(if unaltered { &mut draft.meant_inner } else { &mut draft.inner });
        if draft.is_ssl2() {
            let tree = tree.unwrap_or_else(|| Grammar::tls().decode("V2ClientHello", &bytes, &draft.context));
            self.hs.hello = ClientHelloView::of_ssl2(&tree);
            self.hs.hellos += 1;
            return self.hash.add(bytes.get(ssl2::LENGTH..).unwrap_or_default());
        }
        let tree = tree.unwrap_or_else(|| Grammar::tls().decode("Handshake", &bytes, &draft.context));
        self.note_sent(&draft.name, &bytes, &tree);
    }

    fn note_sent(&mut self, name: &str, bytes: &[u8], tree: &Node) {
        match name {
            // Not part of any hash [RFC 5246, 7.4.1.1; RFC 9846, 4.1].
            "hello_request" => return,
            "key_update" => {
                self.awaits_key_update |= crate::view::number(tree, "request_update") == Some(1);
                return;
            }
            "new_session_ticket" if self.is_tls13() => {
                let session = self.session13(tree);
                return self.sessions.push(session);
            }
            "certificate_request" if self.is_tls13() && self.hs.established => self.begin_late_request(),
            "hello_retry_request" => {
                let view = ServerHelloView::of(tree);
                self.agree(&view);
                self.hash.retry(self.digest());
                self.hs.retry = Some(view);
            }
            _ => {}
        }
        let was = (name == "certificate").then(|| crate::view::bytes(tree, "certificate_list"));
        match name {
            "client_hello" => self.note_both_hellos(bytes, tree),
            "server_hello" => {
                self.follow_confirmation(bytes, &ServerHelloView::of(tree));
                self.hash.add(bytes);
            }
            _ => self.hash.add(bytes),
        }
        match name {
            "server_hello" => {
                let view = ServerHelloView::of(tree);
                let planned = self.hs.suite_id;
                self.agree(&view);
                self.note_server_hello(&view);
                if !self.is_client() && !self.is_tls13() && self.hs.suite_id != planned && self.hs.session.is_none() {
                    self.plan_again();
                }
            }
            "compressed_certificate" if self.is_client() => self.hs.client_certificate = true,
            "certificate" if self.is_client() => self.hs.client_certificate = was.is_some_and(|list| !list.is_empty()),
            "client_key_exchange" => self.make_master_secret(),
            "certificate_request" if !self.is_client() => {
                self.hs.asked_context = crate::view::bytes(tree, "certificate_request_context");
                let credentials = crate::view::extension_data(tree, extension::DELEGATED_CREDENTIAL);
                self.hs.credential_asked = credentials.is_some();
                self.certificate_was_requested();
            }
            "finished" => self.last_sent_finished = crate::view::bytes(tree, "verify_data"),
            "new_session_ticket" => self.note_ticket12(tree),
            _ => {}
        }
    }

    pub(crate) fn note_client_hello(&mut self, tree: &Node) {
        self.hs.hello = ClientHelloView::of(tree);
        if self.hs.hellos == 0 {
            self.hs.first_hello = Some(tree.clone());
        }
        self.hs.hellos += 1;
    }

    /// Step 7, and the event: the last record of the message is made.
    pub fn sent(&mut self, draft: &mut Draft) {
        self.remember(draft);
        let altered = draft.meant.as_ref().is_some_and(|meant| *meant != draft.bytes);
        if altered && draft.name == "client_key_exchange" && !draft.followed && !self.has_given_secret() {
            self.event(What::NotFollowed { text: "our secret is that of the honest key exchange".to_owned() });
        }
        self.event(What::Message {
            from: Side::Us,
            name: Cow::Owned(draft.name.clone()),
            content_type: draft.content_type,
            context: draft.context,
            bytes: draft.bytes.clone(),
            meant: if altered { draft.meant.clone() } else { None },
            changes: draft.words.clone(),
        });
        self.go_on(&draft.name.clone());
    }

    /// The message is not sent, but what would have followed from it happens.
    pub fn skip(&mut self, name: &str) {
        if name == "client_key_exchange" && self.hs.premaster.is_empty() {
            self.make_master_secret();
        }
        self.go_on(name);
    }

    /// Takes the message off what is due, and changes keys behind it.
    fn go_on(&mut self, name: &str) {
        if self.due.front() == Some(&name) {
            self.due.pop_front();
        }
        match (self.config.role, name) {
            (_, "key_update") if self.is_tls13() && self.hs.own_finished => self.update_outbound(),
            (_, "change_cipher_spec") if self.hs.version != 0 && !self.is_tls13() && !self.hs.own_finished => {
                if self.hs.master_secret.is_empty() {
                    self.make_master_secret();
                }
                let keys = self.key_block();
                self.switch_outbound12(keys);
            }
            // Only the first hello may bear an older version in its records. [RFC 9846, 5.1]
            (Role::Client, "client_hello") if self.config.has_version(0x0304) => {
                self.outbound.version = 0x0303;
                self.begin_early_data();
            }
            (Role::Client, "end_of_early_data") => self.leave_early_data("handshake"),
            (Role::Client, "finished") => self.client_finished(),
            (Role::Server, "server_hello") if self.is_tls13() => self.make_handshake_keys(),
            (Role::Server, "finished") => self.server_finished(),
            _ => {}
        }
    }
}

/// One change of a field, wherever it lies.
///
/// # Errors
/// A change that cannot be made, in words.
pub(crate) fn edit_field(name: &str, tree: &mut Node, edit: &Edit, context: &Context) -> Result<(), String> {
    if is_made_whole(edit) {
        return Ok(());
    }
    if let Some(result) = edit_inside(tree, edit) {
        return result.map_err(|error| format!("{name}: {}: {error}", error.path));
    }
    let whole = whole_extension(tree, edit);
    Grammar::tls()
        .edit(tree, whole.as_ref().unwrap_or(edit), context)
        .map_err(|error| format!("{name}: {}: {error}", error.path))
}

/// A field set in an extension that is not there: the extension with that field, as one edit.
fn whole_extension(tree: &Node, edit: &Edit) -> Option<Edit> {
    let Edit::Set(path, value) = edit else { return None };
    let [list, kind, fields @ ..] = path.segments.as_slice() else { return None };
    let extension = Path { segments: vec![list.clone(), kind.clone()] };
    let is_extension = matches!(list, Segment::Name(name) if name == "extensions");
    if !is_extension || fields.is_empty() || tree.at(&extension).is_some() {
        return None;
    }
    let mut content = value.clone();
    for field in fields.iter().rev() {
        let Segment::Name(name) = field else { return None };
        content = Plain::Map(vec![(name.clone(), content)]);
    }
    Some(Edit::Set(extension, content))
}

/// Our key in a group, made when first needed. `None`: we cannot compute in it.
pub(crate) fn own_share<'a>(
    shares: &'a mut Vec<(u16, KeyShare)>,
    group: u16,
    rng: &mut gauntlet_crypto::Rng,
) -> Option<&'a KeyShare> {
    if !shares.iter().any(|(g, _)| *g == group) {
        shares.push((group, KeyShare::generate(NamedGroup(group), rng).ok()?));
    }
    shares.iter().find(|(g, _)| *g == group).map(|(_, share)| share)
}

/// Bytes into a field of a tree, if it is there.
fn put(tree: &mut Node, field: &str, bytes: Vec<u8>) {
    let inner = path(field);
    if let Some(node) = tree.at_mut(&inner) {
        put_leaf(node, bytes);
    }
}

/// Bytes into a node, or into the one opaque field of a struct.
pub(crate) fn put_leaf(node: &mut Node, bytes: Vec<u8>) {
    match &mut node.value {
        Value::Struct(fields) if fields.len() == 1 => fields[0].value = Value::Bytes(bytes),
        value => *value = Value::Bytes(bytes),
    }
}

/// What a client sends as application data unless a scenario says otherwise: most servers have an answer to it.
pub(crate) const REQUEST: &[u8] = b"GET / HTTP/1.0\r\n\r\n";
/// What a server sends: a client that waits for a page is content with it.
pub(crate) const ANSWER: &[u8] = b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nok\n";
