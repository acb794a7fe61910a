//! The valid flows, and what we send in each of them.

use crate::excess::Excess;
use gauntlet_engine::run_case;
use gauntlet_model::{Case, Event, Kind, Role, Side, Transcript, What};
use gauntlet_peer::order::{self, Order};
use gauntlet_play::{AlertPolicy, Settings};
use gauntlet_scenario::Scenario;
use gauntlet_target::Instance;
use gauntlet_wire::Context;
use std::collections::BTreeMap;

/// A flow that an honest target completes; it ends in one `handshake` step, which is what is changed.
#[derive(Debug)]
pub struct Flow {
    /// `tls13`, `tls12_resumed`, ...
    pub name: &'static str,
    /// What the harness plays.
    pub peer: Role,
    /// `tls1.3` or `tls1.2`.
    pub version: &'static str,
    /// Options of the target, as YAML.
    target: &'static str,
    /// Steps ahead of the handshake.
    prelude: &'static [&'static str],
    /// What the handshake has beside `alter`, as lines of YAML.
    handshake: &'static [&'static str],
}

const AGAIN: &[&str] = &["handshake: full", "expect: new_session_ticket", "close: close_notify", "connect"];
const CLIENT_AUTH: &str = "{ client_auth: request }";

const fn flow(name: &'static str, peer: Role, version: &'static str) -> Flow {
    Flow { name, peer, version, target: "", prelude: &[], handshake: &["handshake: full"] }
}

/// All of them, as client and as server.
pub static FLOWS: &[Flow] = &[
    flow("tls13", Role::Client, "tls1.3"),
    Flow {
        handshake: &["handshake: full", "with: { client_hello: { set: { extensions.key_share.client_shares: [] } } }"],
        ..flow("tls13_retry", Role::Client, "tls1.3")
    },
    Flow { target: CLIENT_AUTH, ..flow("tls13_client_auth", Role::Client, "tls1.3") },
    Flow {
        prelude: AGAIN,
        handshake: &["handshake: { resume: last }"],
        ..flow("tls13_resumed", Role::Client, "tls1.3")
    },
    flow("tls12", Role::Client, "tls1.2"),
    Flow {
        handshake: &[
            "handshake: full",
            "with: { client_hello: { set: { cipher_suites: [TLS_RSA_WITH_AES_128_GCM_SHA256] } } }",
        ],
        ..flow("tls12_rsa", Role::Client, "tls1.2")
    },
    Flow { target: CLIENT_AUTH, ..flow("tls12_client_auth", Role::Client, "tls1.2") },
    Flow {
        prelude: AGAIN,
        handshake: &["handshake: { resume: last }"],
        ..flow("tls12_resumed", Role::Client, "tls1.2")
    },
    Flow {
        target: "{ renegotiation: yes }",
        prelude: &["handshake: full"],
        ..flow("tls12_renegotiation", Role::Client, "tls1.2")
    },
    flow("tls13_server", Role::Server, "tls1.3"),
    flow("tls12_server", Role::Server, "tls1.2"),
];

/// One message of ours in an honest run of a flow.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    /// As `alter` names it: `client_hello`, `client_hello[1]`.
    pub reference: String,
    /// Its type.
    pub name: String,
    /// Epoch of the keys it was sent under.
    pub keys: String,
    /// The message, with its header.
    pub bytes: Vec<u8>,
    /// What a decoder must know besides.
    pub context: Context,
}

/// What we send in a flow's handshake, and what a target makes of a change in it.
#[derive(Clone, Debug)]
pub struct Honest {
    /// The messages, in order, without application data and alerts.
    pub sent: Vec<Sent>,
    flow: order::Flow,
    peer: Role,
    /// It is a renegotiation.
    again: bool,
    /// Data that came unasked.
    pub excess: Excess,
}

impl Flow {
    /// The text of the flow with changes (lines of `alter`), and what is then expected.
    pub fn text(&self, title: &str, alter: &[String], expect: &str) -> String {
        let requirement = match (self.version, self.peer) {
            ("tls1.3", Role::Client) => "requirements: [rfc9846-4-03]\n",
            ("tls1.3", Role::Server) => "requirements: [rfc9846-4-02]\n",
            _ => "requirements: [rfc5246-7.2.2-07]\n",
        };
        let mut text =
            format!("title: '{title}'\n{requirement}peer: {}\nversion: {}\n", self.peer.name(), self.version);
        if !self.target.is_empty() {
            text += &format!("target: {}\n", self.target);
        }
        text += "flow:\n";
        for step in self.prelude {
            text += &format!("  - {step}\n");
        }
        text += &format!("  - {}\n", self.handshake.join("\n    "));
        if !alter.is_empty() {
            text += "    alter:\n";
            text.extend(alter.iter().map(|line| format!("      {line}\n")));
        }
        text + &format!("  - expect: {expect}\n")
    }

    /// The flow unchanged, as a case.
    pub fn honest_case(&self) -> Option<Case> {
        case(self.name, &self.text("An honest handshake", &[], "accept")).ok()
    }

    /// Plays the flow unchanged. The error says why the target has it not.
    pub fn honest(&self, instance: &mut dyn Instance, settings: &Settings) -> Result<Honest, String> {
        let case = case(self.name, &self.text("An honest handshake", &[], "accept"))?;
        let (transcript, verdict) = run_case(instance, &case, settings, AlertPolicy::Exact);
        if verdict.kind != Kind::Pass {
            return Err(verdict.reason);
        }
        let mut sent: Vec<Sent> = Vec::new();
        let mut keys = String::new();
        for event in since(&transcript, self.prelude.len()) {
            match &event.what {
                What::Record { from: Side::Us, keys: under, .. } => keys = under.to_string(),
                What::Message { from: Side::Us, name, bytes, context, content_type: 20 | 22, .. } => {
                    let before = sent.iter().filter(|other| other.name == *name).count();
                    let reference = if before == 0 { name.to_string() } else { format!("{name}[{before}]") };
                    let (bytes, context) = (bytes.clone(), *context);
                    sent.push(Sent { reference, name: name.to_string(), keys: keys.clone(), bytes, context });
                }
                _ => {}
            }
        }
        // What comes behind Finished is no part of a TLS 1.3 handshake.
        let end = sent.iter().rposition(|message| message.name == "finished").map_or(sent.len(), |place| place + 1);
        sent.truncate(if self.version == "tls1.3" { end } else { sent.len() });
        let again = self.prelude == ["handshake: full"];
        let excess = Excess::of(&transcript);
        Ok(Honest { flow: self.kind(&sent), sent, peer: self.peer, again, excess })
    }

    fn kind(&self, sent: &[Sent]) -> order::Flow {
        let has = |name: &str| sent.iter().any(|message| message.name == name);
        let tls13 = self.version == "tls1.3";
        order::Flow {
            tls13,
            resumed: match (self.peer, tls13) {
                (Role::Client, true) => false,
                (Role::Client, false) => !has("client_key_exchange"),
                (Role::Server, true) => !has("certificate"),
                (Role::Server, false) => !has("server_hello_done"),
            },
            certificate: has("certificate"),
            key_exchange: has("server_key_exchange"),
            hint: false,
            requested: self.peer == Role::Client && has("certificate"),
        }
    }
}

/// A case out of a scenario's text.
pub(crate) fn case(id: &str, text: &str) -> Result<Case, String> {
    let file = gauntlet_yaml::File::new(&format!("{id}.yaml"), text);
    let rendered = |error: gauntlet_yaml::Diagnostics| error.render(false);
    let (scenario, _) = Scenario::load(id, file, &BTreeMap::new()).map_err(rendered)?;
    let expansion = scenario.expand(None).map_err(rendered)?;
    expansion.cases.into_iter().next().ok_or_else(|| "no case".to_owned())
}

impl Honest {
    /// Whether the target must not take these messages in this order, by the peer's table of legal orders.
    pub fn is_forbidden(&self, names: &[&str]) -> bool {
        // Data of the handshake before may come in the midst of a renegotiation. [RFC 5246, 6.2.1]
        if self.again && names.contains(&"application_data") {
            return false;
        }
        let hellos = self.sent.iter().filter(|message| is_hello(&message.name)).count();
        let came = names.iter().filter(|name| is_hello(name)).count();
        let first = names.iter().position(|name| is_hello(name)).unwrap_or(0);
        let is_ignored = |place: usize, name: &str| match name {
            // By a client that negotiates; ahead of the ServerHello that may be TLS 1.2. [RFC 5246, 7.4.1.1]
            "hello_request" => self.peer == Role::Server && (place < first || !self.flow.tls13),
            // By an honest target between the hello and Finished. [RFC 9846, 5]
            "change_cipher_spec" => self.flow.tls13,
            _ => false,
        };
        let mut rest =
            names.iter().enumerate().filter(|(place, name)| !is_ignored(*place, name)).map(|(_, name)| *name);
        if came != hellos || !rest.by_ref().take(hellos).all(is_hello) {
            return true;
        }
        // Ahead of the first hello of all, and behind Finished, even what is otherwise passed over may not come.
        let early = self.peer == Role::Client && names.first() != Some(&&*self.sent[0].name);
        if self.flow.tls13 && (early || names.last() == Some(&"change_cipher_spec")) {
            return true;
        }
        let slots = match self.peer {
            Role::Client => order::from_client(self.flow),
            Role::Server => order::from_server(self.flow),
        };
        let mut order = Order::new(slots);
        if self.sent.iter().any(|message| message.name == "certificate_verify") {
            order.require("certificate_verify");
        }
        rest.any(|name| order.take(name).is_err()) || !order.is_over()
    }
}

/// What happened since a step began, the last time.
pub(crate) fn since(transcript: &Transcript, step: usize) -> &[Event] {
    let began = |event: &Event| matches!(event.what, What::StepBegan { step: number, .. } if number as usize == step);
    &transcript.events[transcript.events.iter().rposition(began).unwrap_or(0)..]
}

fn is_hello(name: &str) -> bool {
    matches!(name, "client_hello" | "server_hello" | "hello_retry_request")
}

impl Honest {
    pub(crate) fn is_tls13(&self) -> bool {
        self.flow.tls13
    }

    /// What the harness plays.
    pub(crate) fn role(&self) -> Role {
        self.peer
    }
}
