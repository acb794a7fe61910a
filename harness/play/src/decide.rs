//! One `expect` or `check` step against the events so far: decided, and how, or not yet.

use crate::conditions::{Unmet, holds};
use crate::look::{Item, World, decode, in_message, look};
use gauntlet_model::case::Direction;
use gauntlet_model::{Condition, Event, Expect, Form, HandshakeStep, Kind, LooseForm, Role, Side, What};
use gauntlet_wire::{Grammar, Path, Segment};

/// How the sending of a case's own chain is recorded.
pub(crate) const CHAIN: &str = "certificate: the chain of `pki`";

/// How a step came out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) kind: Kind,
    pub(crate) form: Option<LooseForm>,
    pub(crate) expected: String,
    pub(crate) reason: String,
    /// Where the next step begins to look.
    pub(crate) cursor: usize,
    /// Where it begins to look for tickets, if this one took one: they are let pass, and can still be named later.
    pub(crate) tickets: Option<usize>,
}

/// What a step is judged by.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    /// Events of the plays before.
    pub(crate) earlier: &'a [Event],
    /// Events of the play so far.
    pub(crate) events: &'a [Event],
    /// The connection looked at.
    pub(crate) connection: u32,
    /// Place of the step's `StepBegan`.
    pub(crate) began: usize,
    /// Messages ahead of this place are taken.
    pub(crate) cursor: usize,
    /// Tickets ahead of this place are taken.
    pub(crate) tickets: usize,
    /// What we play.
    pub(crate) peer: Role,
    /// Nothing more will come: the waiting time is over, or the connection.
    pub(crate) over: bool,
}

/// A message of the target.
struct Seen<'a> {
    at: usize,
    name: &'a str,
    bytes: &'a [u8],
    event: &'a What,
}

impl<'a> Scene<'a> {
    fn world(&self) -> World<'a> {
        World { earlier: self.earlier, events: self.events, connection: self.connection }
    }

    fn events_from(&self, start: usize) -> impl Iterator<Item = (usize, &'a What)> {
        let connection = self.connection;
        let events = self.events.iter().enumerate().skip(start);
        events.filter(move |(_, event)| event.connection == connection).map(|(at, event)| (at, &event.what))
    }

    fn messages_from(&self, start: usize) -> impl Iterator<Item = Seen<'a>> {
        self.events_from(start).filter_map(|(at, what)| match what {
            What::Message { from: Side::Target, name, bytes, .. } => Some(Seen { at, name, bytes, event: what }),
            _ => None,
        })
    }

    /// How the target ended the connection, at or behind a place.
    fn end_from(&self, start: usize) -> Option<usize> {
        self.events_from(start).find(|(_, what)| matches!(what, What::End { .. })).map(|(at, _)| at)
    }

    fn is_tls13(&self) -> bool {
        // The version is settled early, and a flood may be long.
        self.events_from(0)
            .take(2_000)
            .any(|(_, what)| matches!(what, What::Message { context, .. } if context.version == Some(0x0304)))
    }

    /// Where what is under test began for the last time: the last alteration, else the last own message.
    fn spoiled(&self) -> usize {
        let altered = self.events_from(0).filter(|(_, what)| matches!(what, What::Altered { .. })).last();
        altered.map_or(0, |(at, _)| at)
    }

    /// Whether what was altered there is the chain that `pki` describes.
    fn shows_chain(&self, place: usize) -> bool {
        matches!(self.events.get(place).map(|event| &event.what), Some(What::Altered { text, .. }) if text == CHAIN)
    }

    fn not_followed(&self) -> bool {
        self.events_from(0).any(|(_, what)| matches!(what, What::NotFollowed { .. }))
    }

    fn last_own(&self, name: &str, before: usize) -> Option<usize> {
        self.events_from(0)
            .take_while(|(at, _)| *at < before)
            .filter(|(_, what)| matches!(what, What::Message { from: Side::Us, name: n, .. } if n == name))
            .last()
            .map(|(at, _)| at)
    }
}

/// Alert level and description.
fn alert(bytes: &[u8]) -> Option<(u8, u8)> {
    match bytes {
        [level, description] => Some((*level, *description)),
        _ => None,
    }
}

/// Name of an alert.
pub(crate) fn alert_name(description: u8) -> String {
    let name = Grammar::tls().name("AlertDescription", u64::from(description));
    name.map_or_else(|| format!("alert_{description}"), str::to_owned)
}

/// Decides an `expect` step. `None`: not yet.
pub(crate) fn expect(expect: &Expect, scene: Scene<'_>) -> Option<Outcome> {
    match expect {
        Expect::Messages(messages) => expect_messages(messages, scene),
        Expect::Accept => accept(scene, false),
        Expect::Ignored => accept(scene, true),
        Expect::Reject { alerts, past } => reject(alerts, past, scene),
        Expect::Alert(names) => expect_alert(names, scene),
        Expect::Closed => closed(scene),
        Expect::Silence => silence(scene),
        Expect::Survives => survives(scene),
        Expect::OneOf(all) => one_of(all, scene),
    }
}

fn outcome(kind: Kind, form: Option<LooseForm>, expected: &str, reason: String, cursor: usize) -> Option<Outcome> {
    Some(Outcome { kind, form, expected: expected.to_owned(), reason, cursor, tickets: None })
}

fn pass(expected: &str, reason: impl Into<String>, cursor: usize) -> Option<Outcome> {
    outcome(Kind::Pass, None, expected, reason.into(), cursor)
}

fn fail(expected: &str, reason: impl Into<String>, scene: Scene<'_>) -> Option<Outcome> {
    outcome(Kind::Fail, None, expected, reason.into(), scene.events.len())
}

/// What is let pass: compatibility ChangeCipherSpec, tickets, KeyUpdates, warnings of TLS 1.2.
fn is_passable(seen: &Seen<'_>, scene: Scene<'_>) -> bool {
    match seen.name {
        "change_cipher_spec" => scene.is_tls13(),
        "new_session_ticket" | "key_update" => true,
        "alert" => alert(seen.bytes).is_some_and(|(level, description)| level == 1 && description != 0),
        _ => false,
    }
}

/// What stands in place of something that did not come.
fn instead(scene: Scene<'_>, start: usize) -> String {
    for seen in scene.messages_from(start) {
        if seen.name == "alert"
            && let Some((_, description)) = alert(seen.bytes)
        {
            return format!("alert {}", alert_name(description));
        }
    }
    if scene.end_from(start).is_some() { "the connection was closed".to_owned() } else { "silence".to_owned() }
}

fn expect_messages(messages: &[(String, Vec<(Path, Condition)>)], scene: Scene<'_>) -> Option<Outcome> {
    let names: Vec<&str> = messages.iter().map(|(name, _)| name.as_str()).collect();
    let expected = names.join(", ");
    let mut cursor = scene.cursor;
    let mut tickets = scene.tickets;
    for (name, conditions) in messages {
        let passed = scene.messages_from(tickets).find(|seen| seen.name == "new_session_ticket" && seen.at < cursor);
        if let Some(seen) = passed.filter(|_| name == "new_session_ticket") {
            if let Some((kind, text)) = unmet(seen.event, conditions, scene) {
                return outcome(kind, None, &expected, text, cursor);
            }
            tickets = seen.at + 1;
            continue;
        }
        let found = scene.messages_from(cursor).find(|seen| seen.name == name || !is_passable(seen, scene));
        match found {
            Some(seen) if seen.name == name => {
                if let Some((kind, text)) = unmet(seen.event, conditions, scene) {
                    return outcome(kind, None, &expected, text, seen.at + 1);
                }
                cursor = seen.at + 1;
                tickets = if name == "new_session_ticket" { cursor } else { tickets };
            }
            Some(seen) if seen.name == "alert" => {
                let text = alert(seen.bytes).map_or_else(String::new, |(_, description)| alert_name(description));
                return fail(&expected, format!("alert {text} instead of {name}"), scene);
            }
            Some(seen) => return fail(&expected, format!("{} instead of {name}", seen.name), scene),
            None if scene.over => {
                return fail(&expected, format!("{} instead of {name}", instead(scene, cursor)), scene);
            }
            None => return None,
        }
    }
    let outcome = pass(&expected, format!("{expected} came"), cursor)?;
    Some(Outcome { tickets: Some(tickets), ..outcome })
}

/// The first condition on a message that does not hold.
fn unmet(event: &What, conditions: &[(Path, Condition)], scene: Scene<'_>) -> Option<(Kind, String)> {
    let What::Message { content_type, bytes, context, .. } = event else { return None };
    if conditions.is_empty() {
        return None;
    }
    let node = decode(*content_type, bytes, context);
    let looker = |path: &Path| look(scene.world(), path);
    conditions.iter().find_map(|(path, condition)| {
        let items = in_message(&node, path);
        verdict_on(path, condition, holds(&items, condition, &looker), items.is_empty())
    })
}

/// Whether a path finds nothing in a message of the target's that came: then it is that message that lacks it.
fn is_lacking(path: &Path, found: &[Item], scene: Scene<'_>) -> bool {
    let is_way = |name: &str| matches!(name, "connection" | "play" | "received");
    let start = path.segments.iter().position(|segment| matches!(segment, Segment::Name(name) if !is_way(name)));
    let Some(start) = start.filter(|_| found.is_empty()) else { return false };
    let (way, rest) = path.segments.split_at(start);
    let picks = rest[1..].iter().take_while(|segment| !matches!(segment, Segment::Name(_))).count();
    let (message, field) = rest.split_at(1 + picks);
    let way = way.iter().filter(|segment| !matches!(segment, Segment::Name(name) if name == "received")).cloned();
    let received = [Segment::Name("received".to_owned())];
    let message = Path { segments: way.chain(received).chain(message.iter().cloned()).collect() };
    !field.is_empty() && !look(scene.world(), &message).is_empty()
}

fn verdict_on(path: &Path, condition: &Condition, result: Result<(), Unmet>, lacking: bool) -> Option<(Kind, String)> {
    match result {
        Ok(()) => None,
        Err(Unmet::Nothing) if lacking => Some((Kind::Fail, format!("{path} is absent, not {}", describe(condition)))),
        Err(Unmet::Not(came)) => Some((Kind::Fail, format!("{path} is {came}, not {}", describe(condition)))),
        Err(Unmet::Nothing) => Some((Kind::Error, format!("{path} finds nothing"))),
    }
}

/// A condition in words.
fn describe(condition: &Condition) -> String {
    match condition {
        Condition::Equals(value) => value_text(value),
        Condition::Not(value) => format!("other than {}", value_text(value)),
        Condition::OneOf(values) => values.iter().map(value_text).collect::<Vec<_>>().join(" or "),
        Condition::AtLeast(value) => format!("at least {}", value_text(value)),
        Condition::AtMost(value) => format!("at most {}", value_text(value)),
        Condition::SameAs { path, .. } => format!("the same as {path}"),
        Condition::SubsetOf(value) => format!("a subset of {}", value_text(value)),
        Condition::NoneOf(values) => {
            format!("none of {}", values.iter().map(value_text).collect::<Vec<_>>().join(", "))
        }
        Condition::Includes(value) => format!("a list with {}", value_text(value)),
        Condition::InOrderOf(path) => format!("in the order of {path}"),
        Condition::StartsWith(value) => format!("starting with {}", value_text(value)),
        Condition::EndsWith(value) => format!("ending with {}", value_text(value)),
        Condition::Length(inner) => format!("of a length of {}", describe(inner)),
        Condition::Absent(true) => "absent".to_owned(),
        Condition::Absent(false) => "there".to_owned(),
        Condition::Distinct(_) => "all distinct".to_owned(),
        Condition::Same(_) => "all the same".to_owned(),
        Condition::Increasing(_) => "increasing".to_owned(),
        Condition::Count(inner) => format!("a count of {}", describe(inner)),
        Condition::All(all) => all.iter().map(describe).collect::<Vec<_>>().join(" and "),
    }
}

fn value_text(value: &gauntlet_model::Val) -> String {
    use gauntlet_model::Val;
    match value {
        Val::Number(number) => number.to_string(),
        Val::Name(name) => name.clone(),
        Val::Bytes(bytes) => hex::encode(bytes),
        Val::List(values) => values.iter().map(value_text).collect::<Vec<_>>().join(" "),
        Val::From { path, .. } => path.to_string(),
        other => format!("{other:?}"),
    }
}

/// Decides a `check` step, or the conditions of `across`.
pub(crate) fn check(conditions: &[(Path, Condition)], scene: Scene<'_>) -> Outcome {
    let looker = |path: &Path| look(scene.world(), path);
    let found = conditions.iter().find_map(|(path, condition)| {
        let items = looker(path);
        verdict_on(path, condition, holds(&items, condition, &looker), is_lacking(path, &items, scene))
    });
    let expected = conditions
        .iter()
        .map(|(path, condition)| format!("{path}: {}", describe(condition)))
        .collect::<Vec<_>>()
        .join(", ");
    let (kind, reason) = found.unwrap_or((Kind::Pass, "as said".to_owned()));
    Outcome { kind, form: None, expected, reason, cursor: scene.cursor, tickets: None }
}

/// The handshake completes, everything in it verifies, and data passes both ways.
fn accept(scene: Scene<'_>, ignored: bool) -> Option<Outcome> {
    let expected = if ignored { "ignored" } else { "accept" };
    if scene.peer == Role::Server {
        return accepted_by_client(expected, scene, ignored);
    }
    let hello = if scene.peer == Role::Client { scene.last_own("client_hello", scene.events.len()) } else { None };
    let start = hello.unwrap_or(0);
    let mut established = None;
    let mut offered = None;
    for (at, what) in scene.events_from(start) {
        match what {
            What::Established { .. } => established = Some(at),
            What::Remark { alert, text } if is_verification(alert) => {
                return fail(expected, format!("what it sent does not verify: {text}"), scene);
            }
            What::Message { from: Side::Us, name, .. }
                if name == "application_data" && established.is_some() && at > scene.spoiled() =>
            {
                offered = offered.or(Some(at));
            }
            What::Message { from: Side::Target, name, bytes, .. } => {
                let is_alert = name == "alert";
                if name == "application_data" && offered.is_some() {
                    return pass(expected, "data came back", scene.events.len());
                }
                if let (true, Some((level, description))) = (is_alert, alert(bytes))
                    && (is_fatal(level, description, scene) || ignored && at > scene.began)
                {
                    let what = if description == 0 { "closed with".to_owned() } else { "refused with".to_owned() };
                    return fail(expected, format!("{what} {}", alert_name(description)), scene);
                }
            }
            What::End { .. } => return fail(expected, closed_text(established.is_some()), scene),
            _ => {}
        }
    }
    if !scene.over {
        return None;
    }
    let text = match (established, offered) {
        (None, _) => "silent before the handshake was complete",
        (Some(_), None) => "the handshake completed, but no data could be offered",
        (Some(_), Some(_)) => "no answer to our data",
    };
    fail(expected, text, scene)
}

/// A client's end without a word, which its exit status may contradict.
pub(crate) const ENDED: &str = "took our data and ended";

/// A client's orderly end behind data of ours, which its exit status may contradict.
pub(crate) const TOOK: &str = "went on: took our data and closed";

/// Few clients send our data back. The proof is their Finished, and that they have nothing against what came behind it:
/// once all is read, they close in order, or are quiet. What of the handshake was accepted is seen in the Finished, so a
/// request of theirs proves nothing further: it may be older than what it would have to answer.
fn accepted_by_client(expected: &str, scene: Scene<'_>, ignored: bool) -> Option<Outcome> {
    let hello = scene.messages_from(0).filter(|seen| seen.name == "client_hello").last();
    let start = hello.map_or(0, |seen| seen.at);
    let mut established = false;
    let mut offered = false;
    for (at, what) in scene.events_from(start) {
        match what {
            What::Established { .. } => established = true,
            What::Remark { alert, text } if is_verification(alert) => {
                return fail(expected, format!("what it sent does not verify: {text}"), scene);
            }
            What::Message { from: Side::Us, name, .. } if name == "application_data" => {
                offered |= established && at > scene.spoiled();
            }
            What::Message { from: Side::Target, name, bytes, .. } if name == "alert" => {
                let (level, description) = alert(bytes).unwrap_or((2, 50));
                if description == 0 && offered {
                    return pass(expected, "took our data and closed", scene.events.len());
                }
                if is_fatal(level, description, scene) || ignored && at > scene.began {
                    let what = if description == 0 { "closed with" } else { "refused with" };
                    return fail(expected, format!("{what} {}", alert_name(description)), scene);
                }
            }
            What::End { .. } if offered => return pass(expected, ENDED, scene.events.len()),
            What::End { .. } => return fail(expected, "closed before the handshake was complete", scene),
            _ => {}
        }
    }
    match (established, offered) {
        _ if !scene.over => None,
        (true, true) => pass(expected, "completed, and took our data without an alert", scene.events.len()),
        (true, false) => fail(expected, "the handshake completed, but no data could be offered", scene),
        (false, _) => fail(expected, "silent before the handshake was complete", scene),
    }
}

/// Whether an alert ends the connection; close_notify does.
fn is_fatal(level: u8, description: u8, scene: Scene<'_>) -> bool {
    level == 2 || description == 0 || scene.is_tls13() && description != 90
}

fn closed_text(established: bool) -> &'static str {
    if established { "closed without answering our data" } else { "closed before the handshake was complete" }
}

/// Remarks that mean a computation came out otherwise. Whether a chain leads to the harness's root is no matter of the
/// handshake: a server that somebody else runs has its own.
fn is_verification(alert: &str) -> bool {
    matches!(alert, "decrypt_error" | "bad_record_mac")
}

/// Refused with a fatal alert, then the end.
fn reject(alerts: &[String], past: &[String], scene: Scene<'_>) -> Option<Outcome> {
    let expected = if alerts.is_empty() { "reject".to_owned() } else { format!("reject: {}", alerts.join(" or ")) };
    let spoiled = scene.spoiled();
    let mut warning = None;
    let mut late = false;
    let shows_chain = scene.peer == Role::Server && scene.shows_chain(spoiled);
    for (at, what) in scene.events_from(spoiled) {
        match what {
            What::Message { from: Side::Target, name, bytes, .. } if name == "alert" => {
                let Some((level, description)) = alert(bytes) else {
                    return fail(&expected, "an alert that cannot be read", scene);
                };
                let named = alert_name(description);
                if description == 0 && took_data(at, spoiled, scene) {
                    return fail(&expected, TOOK, scene);
                }
                if description == 0 {
                    return no_alert(&expected, warning, "closed with close_notify, without another alert", scene);
                }
                if level == 1 && !(scene.is_tls13() && description != 90) {
                    warning = Some(named);
                    continue;
                }
                return refused(alerts, &expected, &named, at, scene);
            }
            What::Message { from: Side::Target, name, .. } if late && name == "application_data" => {
                return fail(&expected, format!("went on with {name}"), scene);
            }
            // A client may look at the chain once the handshake is complete, as long as it sends nothing else.
            What::Message { from: Side::Target, name, .. }
                if shows_chain && is_of_handshake(name) && goes_on(name, at, spoiled, scene) =>
            {
                late = true;
            }
            What::Message { from: Side::Target, name, .. }
                if !past.iter().any(|past| past == name) && goes_on(name, at, spoiled, scene) =>
            {
                return fail(&expected, format!("went on with {name}"), scene);
            }
            What::End { .. } => {
                return no_alert(&expected, warning, "closed without an alert", scene);
            }
            _ => {}
        }
    }
    match warning {
        _ if !scene.over => None,
        Some(warning) => {
            let right = alerts.is_empty() || alerts.contains(&warning);
            let text = format!("warning {warning}, and the connection was left open");
            if right {
                outcome(Kind::Loose, Some(LooseForm::Warning), &expected, text, scene.events.len())
            } else {
                fail(&expected, text, scene)
            }
        }
        None if late => fail(&expected, "went on with finished", scene),
        None => fail(&expected, "silence", scene),
    }
}

fn is_of_handshake(name: &str) -> bool {
    !matches!(name, "application_data" | "heartbeat")
}

/// Whether a client that closes in order does so behind application data that we sent after what is under test.
fn took_data(at: usize, spoiled: usize, scene: Scene<'_>) -> bool {
    scene.peer == Role::Server && scene.last_own("application_data", at).is_some_and(|own| own > spoiled)
}

fn refused(alerts: &[String], expected: &str, named: &str, at: usize, scene: Scene<'_>) -> Option<Outcome> {
    let right = alerts.is_empty() || alerts.iter().any(|alert| alert == named);
    if !right && scene.not_followed() && matches!(named, "bad_record_mac" | "decrypt_error") {
        return fail(expected, format!("went on until the keys parted: {named}"), scene);
    }
    let cursor = scene.events.len();
    if scene.end_from(at).is_none() {
        if !scene.over {
            return None;
        }
        if right {
            let text = format!("{named}, but the connection was left open");
            return outcome(Kind::Loose, Some(LooseForm::LeftOpen), expected, text, cursor);
        }
    }
    if right {
        return pass(expected, format!("refused with {named}"), cursor);
    }
    outcome(Kind::Loose, Some(LooseForm::OtherAlert), expected, format!("refused with {named}"), cursor)
}

fn no_alert(expected: &str, warning: Option<String>, text: &str, scene: Scene<'_>) -> Option<Outcome> {
    let (form, text) = match warning {
        Some(warning) => (LooseForm::Warning, format!("warning {warning}, then closed")),
        None => (LooseForm::NoAlert, text.to_owned()),
    };
    outcome(Kind::Loose, Some(form), expected, text, scene.events.len())
}

/// Whether a message is one that an honest target sends only after it has taken our last spoiled bytes: the
/// message of ours that it answers was sent behind them.
fn goes_on(name: &str, at: usize, spoiled: usize, scene: Scene<'_>) -> bool {
    let answers = |own: &str| scene.last_own(own, at).is_some_and(|own| own > spoiled);
    if name == "application_data" {
        return answers("application_data");
    }
    if name == "heartbeat" {
        return answers("heartbeat");
    }
    if scene.peer == Role::Server {
        return match name {
            "certificate"
            | "certificate_verify"
            | "client_key_exchange"
            | "finished"
            | "client_hello"
            | "end_of_early_data" => {
                ["hello_retry_request", "server_hello_done", "finished", "hello_request"].into_iter().any(answers)
            }
            "change_cipher_spec" => !scene.is_tls13() && ["server_hello_done", "finished"].into_iter().any(answers),
            _ => false,
        };
    }
    match name {
        "hello_request" | "key_update" => false,
        "new_session_ticket" | "change_cipher_spec" if scene.is_tls13() => false,
        "new_session_ticket" | "change_cipher_spec" | "finished" if !scene.is_tls13() => {
            let hello = scene.last_own("client_hello", at).unwrap_or(0);
            let full = scene.messages_from(hello).any(|seen| seen.at < at && seen.name == "server_hello_done");
            // In a full handshake they answer our Finished, or whatever we sent in its place.
            if full {
                scene.last_own("finished", at).is_none_or(|own| own < hello || own > spoiled)
            } else {
                hello > spoiled
            }
        }
        _ => answers_hello(name, at, spoiled, scene),
    }
}

/// The server's first flight answers a ClientHello: the HelloRetryRequest the first, what follows the second.
fn answers_hello(name: &str, at: usize, spoiled: usize, scene: Scene<'_>) -> bool {
    let is = |seen: &Seen<'_>| matches!(seen.name, "server_hello" | "hello_retry_request");
    let first_flight = scene.messages_from(0).filter(|seen| seen.at < at && is(seen)).count();
    let begins = matches!(name, "server_hello" | "hello_retry_request");
    let which = if begins { first_flight } else { first_flight.saturating_sub(1) };
    let hellos: Vec<usize> = scene
        .events_from(0)
        .filter(|(_, what)| matches!(what, What::Message { from: Side::Us, name, .. } if name == "client_hello"))
        .map(|(at, _)| at)
        .collect();
    // No hello to answer at all: whatever it answers, it was not honest.
    hellos.get(which).or(hellos.last()).is_none_or(|hello| *hello > spoiled)
}

fn expect_alert(names: &[String], scene: Scene<'_>) -> Option<Outcome> {
    let expected = format!("alert: {}", names.join(" or "));
    for seen in scene.messages_from(scene.cursor) {
        if seen.name == "alert"
            && let Some((_, description)) = alert(seen.bytes)
        {
            let named = alert_name(description);
            if names.is_empty() || names.contains(&named) {
                return pass(&expected, format!("alert {named}"), seen.at + 1);
            }
            return fail(&expected, format!("alert {named}"), scene);
        }
    }
    if scene.over { fail(&expected, instead(scene, scene.cursor), scene) } else { None }
}

fn closed(scene: Scene<'_>) -> Option<Outcome> {
    if scene.end_from(0).is_some() {
        return pass("closed", "closed", scene.events.len());
    }
    if scene.over { fail("closed", "left open", scene) } else { None }
}

fn silence(scene: Scene<'_>) -> Option<Outcome> {
    let came = scene.messages_from(scene.cursor).find(|seen| !is_passable(seen, scene) || seen.name == "alert");
    if let Some(seen) = came {
        let text = match alert(seen.bytes) {
            Some((_, description)) if seen.name == "alert" => format!("alert {}", alert_name(description)),
            _ => seen.name.to_owned(),
        };
        return fail("silence", text, scene);
    }
    if scene.end_from(scene.cursor).is_some() {
        return fail("silence", "closed", scene);
    }
    if scene.over { pass("silence", "silence", scene.cursor) } else { None }
}

fn survives(scene: Scene<'_>) -> Option<Outcome> {
    if scene.over || scene.end_from(0).is_some() { pass("survives", "it lives", scene.events.len()) } else { None }
}

fn one_of(all: &[Expect], scene: Scene<'_>) -> Option<Outcome> {
    let outcomes: Vec<Option<Outcome>> = all.iter().map(|one| expect(one, scene)).collect();
    if let Some(passed) = outcomes.iter().flatten().find(|outcome| outcome.kind == Kind::Pass) {
        return Some(passed.clone());
    }
    if outcomes.iter().any(Option::is_none) && !scene.over {
        return None;
    }
    let expected = outcomes.iter().flatten().map(|outcome| outcome.expected.clone()).collect::<Vec<_>>().join(", or ");
    let best = outcomes.into_iter().flatten().min_by_key(|outcome| outcome.kind)?;
    Some(Outcome { expected, ..best })
}

/// How far a `handshake` step takes messages.
pub(crate) fn handshake_cursor(step: &HandshakeStep, scene: Scene<'_>) -> usize {
    if let Form::Through(Direction::Received, message) = &step.form {
        let found = scene.messages_from(scene.cursor).find(|seen| seen.name == message.name);
        if let Some(seen) = found {
            return seen.at + 1;
        }
    }
    match &step.form {
        Form::Before(Direction::Received, message) => {
            let found = scene.messages_from(scene.cursor).find(|seen| seen.name == message.name);
            found.map_or(scene.events.len(), |seen| seen.at)
        }
        // What judges the outcome looks at refusals itself, so an alert is never taken.
        _ => {
            // Nor is a ticket behind the handshake; one within it is part of it.
            let finished = scene.messages_from(scene.cursor).filter(|seen| seen.name == "finished").last();
            let finished = finished.map_or(0, |seen| seen.at);
            let left = scene
                .messages_from(scene.cursor)
                .find(|seen| seen.name == "alert" || seen.name == "new_session_ticket" && seen.at > finished);
            left.map_or(scene.events.len(), |seen| seen.at)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gauntlet_model::Val;

    fn kind_of(path: &str, events: &[Event]) -> (Kind, String) {
        let scene = Scene {
            earlier: &[],
            events,
            connection: 0,
            began: 0,
            cursor: 0,
            tickets: 0,
            peer: Role::Client,
            over: true,
        };
        let path = Path::parse(path).expect("a path");
        let outcome = check(&[(path, Condition::Equals(Val::Number(80)))], scene);
        (outcome.kind, outcome.reason)
    }

    #[test]
    fn what_a_message_lacks_is_its_fault_and_what_no_message_has_is_not() {
        let hello = [&[2, 0, 0, 40, 3, 3][..], &[7; 32], &[0, 0x13, 1, 0, 0, 0]].concat();
        let message = |from: Side| What::Message {
            from,
            name: "server_hello".into(),
            content_type: 22,
            context: gauntlet_wire::Context { version: Some(0x0304), ..Default::default() },
            bytes: hello.clone(),
            meant: None,
            changes: Vec::new(),
        };
        let event = |what| Event { play: 0, connection: 0, us: 0, what };
        let came = [event(message(Side::Target))];
        let reason = "server_hello.extensions.cookie is absent, not 80".to_owned();
        assert_eq!(kind_of("server_hello.extensions.cookie", &came), (Kind::Fail, reason));
        assert_eq!(kind_of("received.server_hello[0].extensions.cookie", &came).0, Kind::Fail);
        assert_eq!(kind_of("server_hello[1].extensions.cookie", &came).0, Kind::Error, "there is no such message");
        assert_eq!(kind_of("certificate.certificate_list", &came).0, Kind::Error);
        assert_eq!(kind_of("sent.server_hello.extensions.cookie", &came).0, Kind::Error);
        let ours = [event(message(Side::Us))];
        assert_eq!(kind_of("server_hello.extensions.cookie", &ours).0, Kind::Error);
    }
}
