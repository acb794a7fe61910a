//! Every single change of the order of messages, of the keys they are under, and of how they are cut.

use crate::flow::{Flow, Honest};
use gauntlet_model::Role;

/// What must hold for a changed flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oracle {
    /// It is forbidden: it may not lead to a completed handshake or delivered data.
    Forbidden,
    /// Likewise, but an answer is owed to what comes ahead of it, so that only data that comes back is acceptance.
    Useless,
    /// Whatever the answer is: the target neither crashes nor hangs.
    Survives,
}

/// One change of a flow.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// What is done: `omitted`, `doubled`, ... Findings are grouped by it.
    pub kind: &'static str,
    /// The message, or messages.
    pub what: String,
    /// Lines of `alter`.
    pub alter: Vec<String>,
    /// What must hold.
    pub oracle: Oracle,
}

impl Change {
    /// One sentence, the title of its scenario.
    pub fn title(&self, flow: &Flow) -> String {
        format!("{} {}, in the flow {}", self.what, self.kind, flow.name)
    }

    /// The same flow, as if it were taken for a good one.
    pub fn accepting(&self, flow: &Flow) -> String {
        flow.text(&self.title(flow), &self.alter, "accept")
    }

    /// The scenario.
    pub fn text(&self, flow: &Flow) -> String {
        let expect = match self.oracle {
            Oracle::Forbidden | Oracle::Useless => "{ reject: any }",
            Oracle::Survives => "survives",
        };
        flow.text(&self.title(flow), &self.alter, expect)
    }
}

/// What a client sends, and a server; what neither may send in a handshake.
const OF_CLIENTS: [&str; 5] =
    ["client_hello", "client_key_exchange", "certificate", "certificate_verify", "end_of_early_data"];
const OF_SERVERS: [&str; 6] = [
    "server_hello",
    "encrypted_extensions",
    "server_key_exchange",
    "server_hello_done",
    "certificate_verify",
    "certificate",
];
const OF_NOBODY: [&str; 4] = ["finished", "key_update", "new_session_ticket", "application_data"];

/// All changes of order, keys and cuts.
pub fn orders(honest: &Honest) -> Vec<Change> {
    let count = honest.sent.len();
    let mut all = Vec::new();
    for place in 0..count {
        all.push(omitted(honest, place));
        all.extend(["nothing", "sent"].map(|remember| doubled(honest, place, remember)));
        all.extend((0..=count).filter(|to| *to != place && *to != place + 1).map(|to| moved(honest, place, to)));
        all.extend(strangers(honest, place));
        all.extend(keys(honest, place));
        all.extend(cuts(honest, place));
        all.extend(floods(honest, place));
    }
    all
}

/// What may come now and then, coming without end.
const FLOOD: usize = 40;

/// Many of a message that a stack may have to take, or passes over, ahead of one that is due, and behind the last.
fn floods(honest: &Honest, place: usize) -> Vec<Change> {
    let many = if honest.is_server() { "hello_request" } else { "client_hello" };
    let warning = "alert, set: { level: warning, description: user_canceled }";
    let empty = "application_data, bytes: { text: \"\" }";
    let beside = &honest.sent[place];
    let flood = |how: &str, word: &str, (name, sent): (&str, &str)| Change {
        kind: "many times over",
        what: format!("{name} {word} {}", beside.reference),
        alter: vec![format!(
            "{}: {{ {how}: [{{ repeat: {FLOOD}, steps: [{{ send: {sent} }}] }}] }}",
            key(&beside.reference)
        )],
        oracle: Oracle::Survives,
    };
    let all = [
        ("change_cipher_spec", "change_cipher_spec, remember: nothing"),
        ("warning", warning),
        ("empty_data", empty),
        ("key_update", "key_update"),
        (many, many),
    ];
    let mut changes: Vec<Change> = all.into_iter().map(|one| flood("before", "ahead of", one)).collect();
    if place + 1 == honest.sent.len() {
        changes.extend(all.into_iter().map(|one| flood("after", "behind", one)));
        let asking = ("key_update_asking", "key_update, set: { request_update: update_requested }");
        changes.push(flood("after", "behind", asking));
    }
    changes
}

fn names(honest: &Honest) -> Vec<&str> {
    honest.sent.iter().map(|message| message.name.as_str()).collect()
}

/// A key of `alter`.
fn key(reference: &str) -> String {
    if reference.contains('[') { format!("\"{reference}\"") } else { reference.to_owned() }
}

fn ordered(honest: &Honest, kind: &'static str, what: String, alter: Vec<String>, names: &[&str]) -> Change {
    let oracle = if honest.is_forbidden(names) { Oracle::Forbidden } else { Oracle::Survives };
    Change { kind, what, alter, oracle }
}

fn omitted(honest: &Honest, place: usize) -> Change {
    let message = &honest.sent[place];
    let mut order = names(honest);
    order.remove(place);
    let alter = vec![format!("{}: {{ omit: true }}", key(&message.reference))];
    ordered(honest, "left out", message.reference.clone(), alter, &order)
}

fn doubled(honest: &Honest, place: usize, remember: &str) -> Change {
    let message = &honest.sent[place];
    let mut order = names(honest);
    order.insert(place, &message.name);
    let alter =
        vec![format!("{}: {{ after: [{{ send: {}, remember: {remember} }}] }}", key(&message.reference), message.name)];
    let change = ordered(honest, "doubled", message.reference.clone(), alter, &order);
    let oracle = if change.oracle == Oracle::Forbidden { Oracle::Useless } else { change.oracle };
    Change { oracle, ..change }
}

/// To the place ahead of the message that is now at `to`.
fn moved(honest: &Honest, place: usize, to: usize) -> Change {
    let message = &honest.sent[place];
    let (beside, how, word) = match honest.sent.get(to).filter(|_| to < place) {
        Some(beside) => (beside, "before", "ahead of"),
        None => (&honest.sent[to - 1], "after", "behind"),
    };
    let mut order = names(honest);
    let name = order.remove(place);
    order.insert(if to > place { to - 1 } else { to }, name);
    let alter = vec![
        format!("{}: {{ omit: true }}", key(&message.reference)),
        format!("{}: {{ {how}: [{{ send: {} }}] }}", key(&beside.reference), message.name),
    ];
    ordered(honest, "moved", format!("{} {word} {}", message.reference, beside.reference), alter, &order)
}

/// Messages that have no place there, ahead of one that has.
fn strangers(honest: &Honest, place: usize) -> Vec<Change> {
    let beside = &honest.sent[place];
    // A server may ask for a certificate, and say HelloRequest at any time; these are no strangers.
    let own = if honest.is_server() { OF_SERVERS.as_slice() } else { OF_CLIENTS.as_slice() };
    let others = if honest.is_server() { OF_CLIENTS.as_slice() } else { OF_SERVERS.as_slice() };
    let mut all: Vec<&str> = [own, others, OF_NOBODY.as_slice()].concat();
    all.sort_unstable();
    all.dedup();
    all.retain(|name| *name != beside.name);
    let change = |name: &str, sent: &str| {
        let mut order = names(honest);
        order.insert(place, name);
        let alter = vec![format!("{}: {{ before: [{{ send: {sent} }}] }}", key(&beside.reference))];
        ordered(honest, "put in", format!("{name} ahead of {}", beside.reference), alter, &order)
    };
    let mut changes = vec![
        change("message_of_type_99", "server_hello_done, set: { msg_type: 99 }, remember: nothing"),
        change("message_of_type_99", "server_hello_done, set: { msg_type: 99 }"),
    ];
    for name in all {
        changes.push(change(name, &format!("{name}, remember: nothing")));
        changes.push(change(name, name));
    }
    changes
}

fn keys(honest: &Honest, place: usize) -> Vec<Change> {
    let message = &honest.sent[place];
    let under = ["none", "handshake", "application", "previous", "next"];
    let change = |other: &str| Change {
        kind: "under other keys",
        what: format!("{} ({other})", message.reference),
        alter: vec![format!("{}: {{ record: {{ keys: {other} }} }}", key(&message.reference))],
        oracle: if message.name == "change_cipher_spec" { Oracle::Survives } else { Oracle::Forbidden },
    };
    under.into_iter().filter(|other| *other != message.keys).map(change).collect()
}

fn cuts(honest: &Honest, place: usize) -> Vec<Change> {
    let message = &honest.sent[place];
    let change = |how: &str, kind| Change {
        kind,
        what: message.reference.clone(),
        alter: vec![format!("{}: {{ {how} }}", key(&message.reference))],
        oracle: Oracle::Survives,
    };
    let mut all = vec![
        change("records: [1]", "in records of a byte each"),
        change("records: [1, rest]", "cut behind its first byte"),
        change("segments: [1]", "in segments of a byte each"),
    ];
    if honest.is_tls13() && message.name != "change_cipher_spec" {
        // [RFC 9846, 5.1]
        let between =
            change("records: [1, { send: change_cipher_spec }, rest]", "with another record between its parts");
        all.push(Change { oracle: Oracle::Forbidden, ..between });
    }
    if place + 1 < honest.sent.len() {
        all.push(change("joined: next", "joined with the next message"));
    }
    all
}

impl Honest {
    fn is_server(&self) -> bool {
        self.role() == Role::Server
    }
}
