//! Steps.

use crate::change::optional;
use crate::names;
use crate::typer::Typer;
use gauntlet_model::{
    Close, Direction, Ech, Expect, Form, HandshakeOptions, HandshakeStep, MessageChange, MessageRef, Record, Resume,
    Role, SendStep, Step, StepKind, Val, Which,
};
use gauntlet_yaml::{Kind, MapReader, Span, Yaml, did_you_mean};

/// What a step does, by key.
pub(crate) const ACTIONS: [&str; 11] =
    ["handshake", "send", "expect", "check", "given", "connect", "close", "pause", "ask", "repeat", "use"];

pub(crate) const CLOSES: [(&str, Close); 4] =
    [("half", Close::Half), ("fin", Close::Fin), ("rst", Close::Rst), ("close_notify", Close::CloseNotify)];

/// What `expect` can say in one word, besides messages.
pub(crate) const FORMS: [&str; 6] = ["accept", "reject", "ignored", "closed", "silence", "survives"];

/// Shared steps within each other.
const DEEPEST_USE: usize = 8;

impl Typer<'_> {
    /// A list of steps, or a single one.
    pub fn steps(&mut self, value: &Yaml) -> Option<Vec<Step>> {
        let single = std::slice::from_ref(value);
        let items = match &value.kind {
            Kind::List(items) => items,
            _ => single,
        };
        let mut steps = Some(Vec::new());
        for item in items {
            // A parameter may stand for several steps.
            let more = match &item.kind {
                Kind::List(_) => self.steps(item),
                _ if item.get("use").is_some() => self.shared_steps(item),
                _ => self.step(item).map(|step| vec![step]),
            };
            steps = steps.zip(more).map(|(steps, more)| [steps, more].concat());
        }
        steps
    }

    fn shared_steps(&mut self, item: &Yaml) -> Option<Vec<Step>> {
        let used = item.get("use")?;
        self.reading(item, "`use`", |_, reader| reader.take("use").map(|_| ()))?;
        let name = self.text(used, "`use`")?.to_owned();
        let shared = self.shared;
        let Some((file, steps)) = shared.get(&name) else {
            let help = did_you_mean(&name, shared.keys().map(String::as_str))
                .or_else(|| Some(format!("shared steps are files: steps/{name}.yaml")));
            self.fail(used, format!("there are no shared steps `{name}`"), help);
            return None;
        };
        if self.using.contains(&name) || self.using.len() >= DEEPEST_USE {
            self.fail(used, format!("the shared steps `{name}` use themselves, or nest too deep"), None);
            return None;
        }
        let steps = self.environment.substitute(file, steps, true, &mut self.errors);
        self.using.push(name);
        let outer = std::mem::replace(&mut self.file, file.clone());
        let typed = self.steps(&steps);
        self.file = outer;
        self.using.pop();
        typed
    }

    fn step(&mut self, item: &Yaml) -> Option<Step> {
        let place = self.place(item.span);
        if item.as_str() == Some("connect") {
            return Some(Step { kind: StepKind::Connect, place, on: None });
        }
        let Some(entries) = item.as_map() else {
            let help = format!("a step is `connect`, or a map with one of {}", names::listed(ACTIONS));
            self.fail(item, format!("a step cannot be {}", item.describe()), Some(help));
            return None;
        };
        let actions: Vec<&str> = entries
            .iter()
            .filter_map(|(key, _)| ACTIONS.into_iter().find(|action| key.as_str() == Some(action)))
            .collect();
        let [action] = actions.as_slice() else {
            self.no_single_action(item, entries, &actions);
            return None;
        };
        let action = *action;
        self.reading(item, &format!("a `{action}` step"), |typer, reader| {
            let on = reader.take("on").map(|on| typer.number(on, "`on`"));
            let argument = reader.take(action)?;
            let kind = typer.kind(action, argument, reader);
            Some(Step { kind: kind?, place, on: optional(on)? })
        })
    }

    fn no_single_action(&mut self, item: &Yaml, entries: &[(Yaml, Yaml)], actions: &[&str]) {
        if actions.len() > 1 {
            let message = format!("one step cannot both {} and {}", actions[0], actions[1]);
            return self.fail(item, message, Some("write two steps".to_owned()));
        }
        let near = entries.iter().find_map(|(key, _)| Some((key, did_you_mean(key.as_str()?, ACTIONS)?)));
        match near {
            Some((key, help)) => {
                self.fail(key, format!("unknown step `{}`", key.as_str().unwrap_or_default()), Some(help));
            }
            None => {
                let at = entries.first().map_or(item, |(key, _)| key);
                let help = format!("there are {}", names::listed(ACTIONS));
                self.fail(at, "a step must say what it does", Some(help));
            }
        }
    }

    fn kind(&mut self, action: &str, argument: &Yaml, reader: &mut MapReader<'_>) -> Option<StepKind> {
        Some(match action {
            "handshake" => StepKind::Handshake(Box::new(self.handshake(argument, reader)?)),
            "send" => StepKind::Send(Box::new(self.send(argument, reader)?)),
            "expect" => {
                let expect = self.expect_step(argument, reader);
                self.judging(!matches!(expect, Some(Expect::Survives)));
                StepKind::Expect(expect?)
            }
            "check" => {
                self.judging(true);
                StepKind::Check(self.conditions(argument, "`check`")?)
            }
            "given" => StepKind::Given(self.conditions(argument, "`given`")?),
            "connect" => match argument.kind {
                Kind::Null => StepKind::Connect,
                _ => {
                    self.wrong(argument, "`connect`", "without a value");
                    return None;
                }
            },
            "close" => StepKind::Close(self.one_of(argument, "`close`", &CLOSES)?),
            "pause" => StepKind::Pause { milliseconds: self.duration(argument)? },
            "ask" => {
                let what = self.text(argument, "`ask`")?;
                if !names::is_identifier(what) {
                    let help = "such as `key_update` or `renegotiate`; target profiles say how".to_owned();
                    self.fail(argument, format!("a target cannot be asked to `{what}`"), Some(help));
                    return None;
                }
                StepKind::Ask(what.to_owned())
            }
            _ => {
                let times = self.number(argument, "`repeat`");
                let steps = match reader.take("steps") {
                    Some(steps) => self.steps(steps),
                    None => {
                        self.fail(argument, "a `repeat` step lacks the key `steps`", None);
                        None
                    }
                };
                StepKind::Repeat { times: times?, steps: steps? }
            }
        })
    }

    /// `20ms` or `2s`, in milliseconds.
    fn duration(&mut self, value: &Yaml) -> Option<u64> {
        let text = value.as_text().unwrap_or_default();
        let number = |text: &str| text.trim().parse::<u64>().ok();
        let found = match text.strip_suffix("ms") {
            Some(text) => number(text),
            None => text.strip_suffix('s').and_then(number).and_then(|seconds| seconds.checked_mul(1000)),
        };
        if found.is_none() {
            self.fail(value, "`pause` must be a time", Some("such as `20ms` or `2s`".to_owned()));
        }
        found
    }

    fn handshake(&mut self, argument: &Yaml, reader: &mut MapReader<'_>) -> Option<HandshakeStep> {
        let form = match &argument.kind {
            Kind::Map(_) => self.reading(argument, "`handshake`", |typer, reader| {
                let options = typer.options(reader);
                let form = typer.form(argument, reader);
                Some((form?, options?))
            }),
            _ => {
                let known = [("full", true), ("rest", false)];
                let full = self.one_of(argument, "`handshake`", &known);
                full.map(|full| (if full { Form::Full } else { Form::Rest }, HandshakeOptions::default()))
            }
        };
        let with = reader.take("with").map(|map| self.changes(map, false));
        let alter = reader.take_entry("alter").map(|(key, map)| {
            let changes = self.changes(map, true);
            if map.as_map().is_some_and(|entries| !entries.is_empty()) {
                self.unjudged.push((self.file.clone(), key.span));
            }
            changes
        });
        let (form, options) = form?;
        let (with, _) = optional(with)?.unwrap_or_default();
        let (alter, alter_options) = optional(alter)?.unwrap_or_default();
        Some(HandshakeStep { form, options, with, alter, alter_options })
    }

    fn form(&mut self, map: &Yaml, reader: &mut MapReader<'_>) -> Option<Form> {
        let through = reader.take("through").map(|goal| self.goal(goal));
        let before = reader.take("before").map(|goal| self.goal(goal));
        match (through, before) {
            (None, None) => Some(Form::Full),
            (Some(goal), None) => goal.map(|(direction, message)| Form::Through(direction, message)),
            (None, Some(goal)) => goal.map(|(direction, message)| Form::Before(direction, message)),
            _ => {
                self.fail(map, "a handshake goes either `through` or up to `before` a message", None);
                None
            }
        }
    }

    /// `sent.finished`, `received.server_hello[1]`; the direction may be left out where only one side sends it.
    fn goal(&mut self, value: &Yaml) -> Option<(Direction, MessageRef)> {
        let text = self.text(value, "a goal")?;
        let (direction, name) = match text.split_once('.') {
            Some(("sent", name)) => (Some(Direction::Sent), name),
            Some(("received", name)) => (Some(Direction::Received), name),
            _ => (None, text),
        };
        let message = self.message_ref(name, value)?;
        let sent = |sender: Role| if sender == self.role { Direction::Sent } else { Direction::Received };
        let natural = names::sender(&message.name).map(sent);
        match (direction, natural) {
            (Some(direction), Some(natural)) if direction != natural => {
                let (role, name) = (self.role.name(), &message.name);
                let right = if natural == Direction::Sent { "sent" } else { "received" };
                let help = Some(format!("write `{name}`, or `{right}.{name}`"));
                self.fail(value, format!("here we are the {role}, for whom `{name}` is {right}"), help);
                None
            }
            (Some(direction), _) | (None, Some(direction)) => Some((direction, message)),
            (None, None) => {
                let name = &message.name;
                let help = format!("write `sent.{name}` or `received.{name}`");
                self.fail(value, format!("both sides send `{name}`"), Some(help));
                None
            }
        }
    }

    /// `client_hello`, `client_hello[1]`, `client_hello[every]`, `every`.
    fn message_ref(&mut self, text: &str, at: &Yaml) -> Option<MessageRef> {
        if text == "every" {
            return Some(MessageRef { name: text.to_owned(), which: Which::Every });
        }
        let (name, which) = match text.split_once('[') {
            None => (text, Some(Which::Nth(0))),
            Some((name, "every]")) => (name, Some(Which::Every)),
            Some((name, index)) => (name, index.strip_suffix(']').and_then(|i| i.parse().ok()).map(Which::Nth)),
        };
        let Some(which) = which else {
            let help = format!("`{name}` is the first, `{name}[1]` the second, `{name}[every]` each");
            self.fail(at, format!("`{text}` names no message"), Some(help));
            return None;
        };
        self.message(name, at)?;
        Some(MessageRef { name: name.to_owned(), which })
    }

    fn options(&mut self, reader: &mut MapReader<'_>) -> Option<HandshakeOptions> {
        let resume = reader.take("resume").map(|resume| match resume.as_str() {
            Some("last") => Some(Resume::Last),
            Some("none") => Some(Resume::Nothing),
            _ => self.transcript_path(resume).map(Resume::Ticket),
        });
        let psks = reader.take("psks").map(|psks| self.psks(psks));
        let early_data = reader.take("early_data").map(|data| self.value(data));
        let retry = reader.take("retry").map(|group| self.enum_name(group, "NamedGroup", "group"));
        let ech = reader.take("ech").map(|ech| self.ech(ech));
        let grease = reader.take("grease").map(|grease| self.boolean(grease, "`grease`"));
        let repeat_of = reader.take("repeat_of").map(|number| self.number(number, "`repeat_of`"));
        Some(HandshakeOptions {
            resume: optional(resume)?,
            psks: optional(psks)?.unwrap_or_default(),
            early_data: optional(early_data)?,
            retry: optional(retry)?,
            ech: optional(ech)?,
            repeat_of: optional(repeat_of)?,
            grease: optional(grease)?,
        })
    }

    fn ech(&mut self, value: &Yaml) -> Option<Ech> {
        match value.kind {
            Kind::Bool(true) => Some(Ech::On),
            Kind::Bool(false) => Some(Ech::Off),
            _ if self.role == Role::Client => self.one_of(value, "`ech` of a client", &[("grease", Ech::Grease)]),
            _ => self.one_of(value, "`ech` of a server", &[("reject", Ech::Reject)]),
        }
    }

    fn psks(&mut self, list: &Yaml) -> Option<Vec<(Val, Val, String)>> {
        let items = self.list(list, "`psks`")?;
        let read = |typer: &mut Self, item: &Yaml| {
            typer.reading(item, "a PSK", |typer, reader| {
                let identity = reader.require("identity", &mut typer.errors).map(|identity| typer.value(identity));
                let key = reader.require("key", &mut typer.errors).map(|key| typer.value(key));
                let hashes = [("sha256", "sha256"), ("sha384", "sha384")];
                let hash = reader.take("hash").map_or(Some("sha256"), |hash| typer.one_of(hash, "`hash`", &hashes));
                Some((identity??, key??, hash?.to_owned()))
            })
        };
        let psks: Vec<_> = items.iter().map(|item| read(self, item)).collect();
        psks.into_iter().collect()
    }

    /// `with` or `alter`: message → changes; only `alter` has options.
    fn changes(&mut self, map: &Yaml, alter: bool) -> Option<(Vec<(MessageRef, MessageChange)>, HandshakeOptions)> {
        let entries = self.map(map, if alter { "`alter`" } else { "`with`" })?;
        let mut options = Some(HandshakeOptions::default());
        let mut changes = Some(Vec::new());
        for (key, value) in entries {
            let name = key.as_text().unwrap_or_default();
            if name == "handshake" && alter {
                options = self.reading(value, "options", |typer, reader| typer.options(reader));
                continue;
            }
            if name == "handshake" {
                let help = "options that are no fault stand at `handshake` itself".to_owned();
                self.fail(key, "`with` has no `handshake`", Some(help));
                changes = None;
                continue;
            }
            let change = self.change(&name, key, value);
            changes = changes.zip(change).map(|(mut changes, change)| {
                changes.push(change);
                changes
            });
        }
        Some((changes?, options?))
    }

    fn change(&mut self, name: &str, key: &Yaml, value: &Yaml) -> Option<(MessageRef, MessageChange)> {
        let message = self.message_ref(name, key)?;
        if names::sender(&message.name).is_some_and(|sender| sender != self.role) {
            let text = format!("`{}` is not ours to change: here we are the {}", message.name, self.role.name());
            self.fail(key, text, None);
            return None;
        }
        let mut change = self.message_change(value, &message.name)?;
        if message.name == "client_hello_inner" && !is_of_fields_alone(&change) {
            let help = "`set`, `mutate` and `compute` change it; records and steps belong to `client_hello`".to_owned();
            self.fail(key, "the hello inside is not sent by itself", Some(help));
            return None;
        }
        // The message's name tells more than what stands behind it, which a parameter may have brought from elsewhere.
        change.place = self.place(Span { start: key.span.start, end: value.span.end.max(key.span.end) });
        Some((message, change))
    }

    fn send(&mut self, argument: &Yaml, reader: &mut MapReader<'_>) -> Option<SendStep> {
        let name = self.text(argument, "`send`")?;
        if !matches!(name, "raw" | "record") {
            self.message(name, argument)?;
        }
        let mut bytes = None;
        let mut alteration = match name {
            "raw" => {
                bytes = Some(reader.require("bytes", &mut self.errors)?).map(|bytes| self.value(bytes));
                Some(gauntlet_model::Alteration::default())
            }
            _ => self.alteration(reader, name),
        };
        if name == "application_data" {
            bytes = reader.take("bytes").map(|bytes| self.value(bytes));
        }
        if name == "record" {
            let (keys, sequence) = self.protection(reader);
            let (keys, sequence) = (optional(keys)?, optional(sequence)?);
            if let (Some(alteration), true) = (&mut alteration, keys.is_some() || sequence.is_some()) {
                let record = alteration.record.take().unwrap_or_default();
                let (keys, sequence) = (keys.or(record.keys), sequence.or(record.sequence));
                alteration.record = Some(Record { keys, sequence, ..record });
            }
        }
        Some(SendStep { message: name.to_owned(), alteration: alteration?, bytes: optional(bytes)? })
    }

    fn expect_step(&mut self, argument: &Yaml, reader: &mut MapReader<'_>) -> Option<Expect> {
        let expect = self.expect(argument);
        let Some(conditions) = reader.take("where") else { return expect };
        match expect? {
            Expect::Messages(mut messages) if messages.len() == 1 => {
                let (name, found) = &mut messages[0];
                found.extend(self.conditions_on(conditions, name)?);
                Some(Expect::Messages(messages))
            }
            _ => {
                let help = "in a list write `{ message: server_hello, where: { ... } }`".to_owned();
                self.fail(conditions, "`where` needs a single message", Some(help));
                None
            }
        }
    }

    fn expect(&mut self, value: &Yaml) -> Option<Expect> {
        match &value.kind {
            Kind::Text(text) => match text.as_str() {
                "accept" => Some(Expect::Accept),
                "reject" => Some(Expect::Reject { alerts: self.alerts.clone(), past: Vec::new() }),
                "ignored" => Some(Expect::Ignored),
                "closed" => Some(Expect::Closed),
                "silence" => Some(Expect::Silence),
                "survives" => Some(Expect::Survives),
                _ => self.expected_message(value).map(|message| Expect::Messages(vec![message])),
            },
            Kind::List(items) => {
                let messages: Vec<_> = items.iter().map(|item| self.expected_message(item)).collect();
                messages.into_iter().collect::<Option<_>>().map(Expect::Messages)
            }
            Kind::Map(entries) => self.expect_map(value, entries),
            _ => {
                self.wrong(value, "`expect`", "a message or a form such as `accept`");
                None
            }
        }
    }

    /// A message's name, or `{ message: server_hello, where: { ... } }`.
    fn expected_message(
        &mut self,
        value: &Yaml,
    ) -> Option<(String, Vec<(gauntlet_wire::Path, gauntlet_model::Condition)>)> {
        if value.as_map().is_some() {
            return self.reading(value, "an expected message", |typer, reader| {
                let name = reader.require("message", &mut typer.errors)?;
                let (name, _) = typer.expected_message(name)?;
                let conditions = reader.take("where").map(|map| typer.conditions_on(map, &name));
                Some((name, optional(conditions)?.unwrap_or_default()))
            });
        }
        let name = self.text(value, "an expected message")?;
        if FORMS.contains(&name) {
            self.fail(
                value,
                format!("`{name}` cannot stand in a list of messages"),
                Some("write a further step".to_owned()),
            );
            return None;
        }
        if !names::is_message(name) {
            let known = names::messages().iter().copied().chain(FORMS);
            let help = did_you_mean(name, known).or_else(|| Some(format!("a message, {}", names::listed(FORMS))));
            self.fail(value, format!("neither a message nor another form of `expect`: `{name}`"), help);
            return None;
        }
        Some((name.to_owned(), Vec::new()))
    }

    fn expect_map(&mut self, map: &Yaml, entries: &[(Yaml, Yaml)]) -> Option<Expect> {
        const KEYS: [&str; 4] = ["reject", "alert", "one_of", "message"];
        if map.get("message").is_some() {
            return self.expected_message(map).map(|message| Expect::Messages(vec![message]));
        }
        if map.get("reject").is_some() && map.get("past").is_some() {
            return self.reject_past(map);
        }
        let [(key, value)] = entries else {
            self.fail(map, "this form of `expect` has one key", Some(names::listed(KEYS)));
            return None;
        };
        match key.as_str().unwrap_or_default() {
            "reject" => self.refusal(value).map(|alerts| Expect::Reject { alerts, past: Vec::new() }),
            "alert" => self.alert_names(value).map(Expect::Alert),
            "one_of" => {
                let items = self.list(value, "`one_of`")?;
                let forms: Vec<_> = items.iter().map(|item| self.expect(item)).collect();
                forms.into_iter().collect::<Option<_>>().map(Expect::OneOf)
            }
            name => {
                let help = did_you_mean(name, KEYS).or_else(|| Some(names::listed(KEYS)));
                self.fail(key, format!("`expect` has no form `{name}`"), help);
                None
            }
        }
    }

    /// `{ reject: handshake_failure, past: [server_hello] }`: those messages are no sign that the target goes on.
    fn reject_past(&mut self, map: &Yaml) -> Option<Expect> {
        self.reading(map, "a refusal", |typer, reader| {
            let alerts = reader.require("reject", &mut typer.errors).and_then(|value| typer.refusal(value));
            let past = reader.require("past", &mut typer.errors)?;
            let single = std::slice::from_ref(past);
            let names: Vec<_> =
                past.as_list().unwrap_or(single).iter().map(|item| typer.expected_message(item)).collect();
            let names: Option<Vec<_>> = names.into_iter().collect();
            Some(Expect::Reject { alerts: alerts?, past: names?.into_iter().map(|(name, _)| name).collect() })
        })
    }

    /// Alerts of a refusal; none for `any`.
    fn refusal(&mut self, value: &Yaml) -> Option<Vec<String>> {
        if value.as_str() == Some("any") {
            return Some(Vec::new());
        }
        let alerts = self.alert_names(value)?;
        self.compare(value, &alerts);
        Some(alerts)
    }

    /// What the catalogue names should be what is expected; a note may say why it is not.
    fn compare(&mut self, value: &Yaml, alerts: &[String]) {
        let odd = alerts.iter().find(|alert| !self.alerts.contains(alert));
        if let (Some(odd), false, false, Some(_)) = (odd, self.alerts.is_empty(), self.has_note, self.lint) {
            let message =
                format!("the requirements name {}, not `{odd}`", names::listed(self.alerts.iter().map(String::as_str)));
            let help = "plain `reject` takes what they name; if this is right, say why in `note`".to_owned();
            self.errors.warning(&self.file, value.span, message, Some(help));
        }
    }

    /// A step that judges; what was altered before it is not in vain.
    fn judging(&mut self, more_than_survival: bool) {
        self.judged = true;
        self.judged_more |= more_than_survival;
        self.unjudged.clear();
    }

    fn alert_names(&mut self, value: &Yaml) -> Option<Vec<String>> {
        let single = std::slice::from_ref(value);
        let items = value.as_list().unwrap_or(single);
        if items.is_empty() {
            self.fail(value, "a list of alerts without an alert", Some("`any` allows every alert".to_owned()));
            return None;
        }
        let names: Vec<_> = items.iter().map(|item| self.enum_name(item, "AlertDescription", "alert")).collect();
        names.into_iter().collect()
    }
}

/// Whether nothing is said about the sending of a message, only about what is in it.
fn is_of_fields_alone(change: &MessageChange) -> bool {
    let alteration = gauntlet_model::Alteration {
        set: change.alteration.set.clone(),
        mutate: change.alteration.mutate.clone(),
        compute: change.alteration.compute.clone(),
        ..Default::default()
    };
    *change == MessageChange { alteration, place: change.place.clone(), ..MessageChange::default() }
}
