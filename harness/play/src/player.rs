//! The flow interpreter: a case over a link → a transcript.

use crate::decide::{self, Scene};
use crate::look::World;
use crate::values::Source;
use crate::{number_steps, steps_of};
use gauntlet_model::case::{Direction, Record};
use gauntlet_model::chain::StapleSpec;
use gauntlet_model::{
    Alteration, Case, ChainSpec, Close, Condition, Cut, Ech, Event, Expect, Form, HandshakeOptions, HandshakeStep,
    Link, LinkError, MessageChange, MessageRef, Plays, Received, RecordItem, Resume, Role, SendStep, Side, Step,
    StepKind, Transcript, Val, What, Which,
};
use gauntlet_peer::{Change, Config, Draft, Peer, RecordChange, Resumption, Session, Temper, external_psk};
use gauntlet_pki::{EchKem, Identity, Making};
use gauntlet_wire::{Path, Segment};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Bytes of the target's that are kept in the transcript of one connection.
const KEPT: usize = 256 << 10;
/// Events of a play that are kept; honest flows have hundreds.
const KEPT_EVENTS: usize = 20_000;
/// Bytes of the target's that are read on one connection before it counts as a flood.
const FLOOD: usize = 32 << 20;
/// So many times what came of a flood is read before it is given up.
const FLOOD_READS: usize = 4_096;
/// Bytes of the target's, and events, that a transcript may hold for a further play to begin.
const MANY: (usize, usize) = (8 << 20, 250_000);
/// So many times as long as an answer may take, a target may go on sending in one step; drop by drop it could for years.
const DRIP: u32 = 20;

/// From here on a pause is for time to pass, not for something to come.
const LONG: Duration = Duration::from_secs(1);

/// How a case is played.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The case's seed.
    pub seed: [u8; 32],
    /// The target's name, for the transcript.
    pub target: String,
    /// How long an answer may take that is due.
    pub reply: Duration,
    /// How long it must be quiet to count as silence.
    pub silence: Duration,
    /// The date of the run, seconds since 1970: certificates are valid, or not, by it.
    pub date: i64,
}

/// Seconds of a day.
const DAY: u64 = 86_400;

/// Today's midnight, seconds since 1970.
pub fn today() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
    i64::try_from(now - now % DAY).unwrap_or(0)
}

impl Settings {
    /// For stacks in memory, where quiet is a fact.
    pub fn memory(target: &str, seed: [u8; 32]) -> Settings {
        let (reply, silence) = (Duration::ZERO, Duration::ZERO);
        Settings { seed, target: target.to_owned(), reply, silence, date: today() }
    }
}

/// Plays a case. What goes wrong on our side is in the transcript, as `Trouble`.
pub fn play(case: &Case, link: &mut dyn Link, settings: &Settings) -> Transcript {
    let mut transcript = Transcript {
        case: case.id.clone(),
        target: settings.target.clone(),
        seed: hex::encode(settings.seed),
        events: Vec::new(),
    };
    let plays = match &case.plays {
        Plays::Once => 1,
        Plays::Times(times) => *times,
        Plays::Variants(variants) => variants.len() as u32,
        Plays::Until { at_most, .. } => *at_most,
    };
    let mut kept = 0;
    for number in 0..plays {
        let start = transcript.events.len();
        if kept > MANY.0 || start > MANY.1 {
            let text = format!("the target sends so much that only {number} of {plays} plays were made");
            let us = link.now();
            transcript.events.push(Event {
                play: number,
                connection: 0,
                us,
                what: What::Trouble { text, skip: false },
            });
            break;
        }
        let mut seed = settings.seed;
        for (byte, part) in seed.iter_mut().zip(number.to_le_bytes()) {
            *byte ^= part;
        }
        let mut player = Player::new(case, number, link, settings, seed, &mut transcript.events);
        player.run();
        kept += player.connections.iter().map(|connection| connection.read.min(KEPT)).sum::<usize>();
        if let Plays::Until { conditions, at_most } = &case.plays {
            let scene = Scene {
                earlier: &[],
                events: &transcript.events[start..],
                connection: 0,
                began: 0,
                cursor: 0,
                tickets: 0,
                peer: case.peer,
                over: true,
            };
            if decide::check(conditions, scene).kind == gauntlet_model::Kind::Pass {
                // Only the play that was waited for is judged.
                let mut events = transcript.events.split_off(start);
                events.iter_mut().for_each(|event| event.play = 0);
                transcript.events = events;
                return transcript;
            }
            // The others are many, and nobody looks at them.
            transcript.events.truncate(start);
            kept = 0;
            if number + 1 == *at_most {
                let us = link.now();
                let text = format!("did not come about in {at_most} plays");
                transcript.events =
                    vec![Event { play: 0, connection: 0, us, what: What::Trouble { text, skip: false } }];
            }
        }
    }
    transcript
}

/// Why the flow stops.
enum Stop {
    /// A step has failed, or nothing more can be done.
    Over,
    /// Something on our side.
    Trouble(String, bool),
}

type Flow = Result<(), Stop>;

struct Connection {
    peer: Peer,
    link: usize,
    /// The target has ended its side.
    ended: bool,
    /// We have ended ours.
    closed: bool,
    /// We have ended our sending.
    half: bool,
    /// We answer and finish by ourselves.
    drives: bool,
    cursor: usize,
    tickets: usize,
    read: usize,
    /// Messages of ours in the current handshake, by name.
    sent: HashMap<String, usize>,
    offered_at: Option<usize>,
}

struct Player<'a> {
    case: &'a Case,
    play: u32,
    link: &'a mut dyn Link,
    settings: &'a Settings,
    seed: [u8; 32],
    /// Events of all plays; this one's begin at `base`.
    events: &'a mut Vec<Event>,
    base: usize,
    numbers: HashMap<*const Step, u32>,
    connections: Vec<Connection>,
    current: usize,
    sessions: Vec<Session>,
    running: Vec<(u32, bool)>,
    /// When the step has lasted too long for a target that still sends, by the link's clock.
    drip_ends: u64,
    /// A chain of the case's own.
    identity: Option<Arc<Identity>>,
    /// It was sent.
    chain_shown: bool,
}

impl<'a> Player<'a> {
    fn new(
        case: &'a Case,
        play: u32,
        link: &'a mut dyn Link,
        settings: &'a Settings,
        seed: [u8; 32],
        events: &'a mut Vec<Event>,
    ) -> Player<'a> {
        let steps = number_steps(steps_of(case, play as usize));
        let numbers = steps.into_iter().enumerate().map(|(n, step)| (std::ptr::from_ref(step), n as u32)).collect();
        let base = events.len();
        Player {
            case,
            play,
            link,
            settings,
            seed,
            events,
            base,
            numbers,
            connections: Vec::new(),
            current: 0,
            sessions: Vec::new(),
            running: Vec::new(),
            drip_ends: u64::MAX,
            identity: None,
            chain_shown: false,
        }
    }

    fn run(&mut self) {
        if let Some(spec) = &self.case.pki {
            let making = Making { spec, role: self.case.peer, date: self.settings.date, seed: self.seed };
            match gauntlet_pki::build(&making) {
                Ok(identity) => self.identity = Some(Arc::new(identity)),
                Err(reason) => {
                    self.event(What::Trouble { text: format!("`pki`: {reason}"), skip: false });
                    return;
                }
            }
        }
        let steps = steps_of(self.case, self.play as usize);
        if self.play == 0 || self.connections.is_empty() {
            let result = if matches!(steps.first().map(|step| &step.kind), Some(StepKind::Connect)) {
                self.run_steps(steps, false)
            } else {
                self.connect().and_then(|()| self.run_steps(steps, false))
            };
            if let Err(Stop::Trouble(text, skip)) = result {
                self.event(What::Trouble { text, skip });
            } else if self.identity.is_some() && !self.chain_shown {
                // Whatever came, it is no answer to the chain.
                self.event(What::Trouble { text: "the chain of `pki` was not sent".to_owned(), skip: false });
            }
        }
        while let Some((step, _)) = self.running.pop() {
            self.event(What::StepEnded { step });
        }
        self.finish();
    }

    /// Whether a message shows a chain of the case's own: then it is under test.
    fn shows_chain(&self, name: &str) -> bool {
        self.identity.is_some() && matches!(name, "certificate" | "compressed_certificate")
    }

    /// Ends what is still open, and looks how the target is.
    fn finish(&mut self) {
        for number in 0..self.connections.len() {
            if !self.connections[number].closed {
                self.flush(number);
                self.link.close(self.connections[number].link, Close::Fin);
            }
        }
        if let Some(exit) = self.link.exit() {
            self.event(What::Target {
                status: exit.status,
                signal: exit.signal,
                stderr: exit.stderr,
                crashed: exit.crashed,
                accepted: exit.accepted,
            });
        } else if self.case.peer == Role::Server && !self.link.is_memory() && !self.connections.is_empty() {
            // Its connection is closed, and it has had its time to end.
            self.event(What::Alive { alive: false });
        }
    }

    fn event(&mut self, what: What) {
        let connection = self.current as u32;
        self.event_on(connection, what);
    }

    fn event_on(&mut self, connection: u32, what: What) {
        let us = self.link.now();
        self.events.push(Event { play: self.play, connection, us, what });
    }

    fn played(&self) -> &[Event] {
        &self.events[self.base..]
    }

    fn here(&mut self) -> &mut Connection {
        &mut self.connections[self.current]
    }

    fn connect(&mut self) -> Flow {
        let link = match self.link.connect() {
            Err(LinkError::Busy) => {
                self.wait_for_ends();
                self.link.connect()
            }
            other => other,
        };
        let link = link.map_err(link_trouble)?;
        let mut peer = Peer::new(self.config(), self.seed_of(self.connections.len()));
        if self.case.peer == Role::Server {
            peer.config_mut().verify_chain = false;
            peer.config_mut().known = self.sessions.clone();
        }
        self.connections.push(Connection {
            peer,
            link,
            ended: false,
            closed: false,
            half: false,
            drives: false,
            cursor: 0,
            tickets: 0,
            read: 0,
            sent: HashMap::new(),
            offered_at: None,
        });
        self.current = self.connections.len() - 1;
        self.event(What::Connected);
        Ok(())
    }

    /// What all randomness of ours on a connection is drawn from.
    fn seed_of(&self, connection: usize) -> [u8; 32] {
        let mut seed = self.seed;
        seed[8] ^= connection as u8;
        seed
    }

    /// Gives the target the chance to end what we have ended on our side, or refused: it may be about to.
    fn wait_for_ends(&mut self) {
        for number in 0..self.connections.len() {
            self.flush(number);
            while !self.connections[number].ended && self.receive(number, self.settings.reply) {}
            if self.connections[number].half {
                self.link.close(self.connections[number].link, Close::Fin);
            }
        }
    }

    fn config(&self) -> Config {
        let config = match self.case.peer {
            Role::Client => Config::client(&self.case.versions),
            Role::Server => Config { temper: Temper::Patient, ..Config::server(&self.case.versions) },
        };
        let exporter = self.case.options.get("exporter").map(|label| label.as_bytes().to_vec());
        let config = Config { exporter, ..config };
        match &self.identity {
            Some(identity) => config.with_identity(identity.clone()),
            None => match self.stapled() {
                Some(identity) => config.with_identity(Arc::new(identity)),
                None => config,
            },
        }
    }

    /// For clients that are told to look at OCSP responses, the good chain comes with a good one.
    fn stapled(&self) -> Option<Identity> {
        let looked_at = self.case.options.get("ocsp").is_some_and(|ocsp| ocsp != "no");
        if !looked_at || self.case.peer == Role::Client {
            return None;
        }
        let spec = ChainSpec { staple: Some(StapleSpec::default()), ..ChainSpec::default() };
        let making = Making { spec: &spec, role: self.case.peer, date: self.settings.date, seed: self.seed };
        gauntlet_pki::build(&making).ok()
    }

    // ---- steps -----------------------------------------------------------------------------------

    fn run_steps(&mut self, steps: &'a [Step], nested: bool) -> Flow {
        for step in steps {
            self.run_step(step, nested)?;
        }
        Ok(())
    }

    fn run_step(&mut self, step: &'a Step, nested: bool) -> Flow {
        if !self.link.is_memory() {
            let longest = (self.settings.reply * DRIP).as_micros();
            self.drip_ends = self.link.now() + u64::try_from(longest).unwrap_or(u64::MAX / 2);
        }
        if let Some(on) = step.on {
            if on >= self.connections.len() {
                return Err(Stop::Trouble(format!("there is no connection {on} yet"), false));
            }
            self.current = on;
        } else if !nested && !self.connections.is_empty() {
            self.current = self.connections.len() - 1;
        }
        let number = self.numbers.get(&std::ptr::from_ref(step)).copied().unwrap_or(0);
        if matches!(step.kind, StepKind::Connect) {
            self.connect()?;
        }
        self.event(What::StepBegan {
            line: step.place.line as u32,
            column: step.place.column as u32,
            step: number,
            nested,
        });
        let began = self.played().len() - 1;
        self.running.push((number, nested));
        let result = self.run_kind(step, number, began);
        if matches!(result, Err(Stop::Trouble(..))) {
            return result;
        }
        if self.running.last().is_some_and(|(running, _)| *running == number) {
            self.running.pop();
            self.event(What::StepEnded { step: number });
        }
        result
    }

    fn run_kind(&mut self, step: &'a Step, number: u32, began: usize) -> Flow {
        match &step.kind {
            StepKind::Handshake(handshake) => self.run_handshake(handshake, number, began),
            StepKind::Send(send) => self.run_send(send, number),
            StepKind::Expect(expect) => self.run_expect(expect, began),
            StepKind::Check(conditions) => {
                self.wait_if_nothing_is_owed();
                self.hear_what_is_said(conditions);
                let outcome = decide::check(conditions, self.scene(began, true));
                if outcome.kind == gauntlet_model::Kind::Pass { Ok(()) } else { Err(Stop::Over) }
            }
            StepKind::Given(conditions) => {
                self.wait_if_nothing_is_owed();
                let outcome = decide::check(conditions, self.scene(began, true));
                if outcome.kind == gauntlet_model::Kind::Pass {
                    return Ok(());
                }
                Err(Stop::Trouble(format!("what the rule is about is not given: {}", outcome.reason), true))
            }
            StepKind::Connect => Ok(()),
            StepKind::Close(how) => self.close(*how),
            StepKind::Pause { milliseconds } => {
                self.flush(self.current);
                let patience = Duration::from_millis(*milliseconds);
                let began = Instant::now();
                let connection = self.current;
                self.receive(connection, patience);
                // In memory, or where the connection has ended, nothing was waited for: a long pause is about the clock.
                if patience >= LONG {
                    std::thread::sleep(patience.saturating_sub(began.elapsed()));
                }
                Ok(())
            }
            StepKind::Ask(action) => {
                self.flush(self.current);
                let link = self.here().link;
                self.link.ask(link, action).map_err(link_trouble)
            }
            StepKind::Repeat { times, steps } => {
                for _ in 0..*times {
                    self.run_steps(steps, true)?;
                }
                Ok(())
            }
        }
    }

    /// A check looks at what has come; what was sent before it is first given a chance to be answered.
    fn wait_if_nothing_is_owed(&mut self) {
        let connection = self.current;
        let waiting = self.flush(connection);
        if waiting && !self.connections[connection].ended {
            self.receive(connection, self.settings.reply);
        }
    }

    /// What conditions want to know of what the target says outside of TLS.
    fn hear_what_is_said(&mut self, conditions: &[(Path, Condition)]) {
        for (path, _) in conditions {
            let [Segment::Name(root), Segment::Name(name)] = path.segments.as_slice() else { continue };
            if root == "said" {
                let (link, patience) = (self.here().link, self.settings.reply);
                if let Some(bytes) = self.link.said(link, name, patience) {
                    self.event(What::Said { name: name.clone(), bytes });
                }
            }
        }
    }

    fn scene(&self, began: usize, over: bool) -> Scene<'_> {
        Scene {
            earlier: &self.events[..self.base],
            events: self.played(),
            connection: self.current as u32,
            began,
            cursor: self.connections[self.current].cursor,
            tickets: self.connections[self.current].tickets,
            peer: self.case.peer,
            over,
        }
    }

    fn close(&mut self, how: Close) -> Flow {
        if how == Close::CloseNotify {
            self.send_message("alert", &[], &[], 0)?;
        }
        self.flush(self.current);
        let link = self.here().link;
        self.link.close(link, how);
        self.here().half = matches!(how, Close::Half | Close::CloseNotify);
        self.here().closed = !self.here().half;
        self.event(What::Closed { how });
        Ok(())
    }

    // ---- expecting -------------------------------------------------------------------------------

    fn run_expect(&mut self, expect: &Expect, began: usize) -> Flow {
        let patience = if is_silence(expect) { self.settings.silence } else { self.settings.reply };
        let mut over = false;
        loop {
            if self.here().drives {
                self.drive(expect)?;
            }
            self.flush(self.current);
            let ended = self.here().ended || self.here().closed && self.here().peer.role() == Role::Client;
            if let Some(outcome) = decide::expect(expect, self.scene(began, over || ended)) {
                let here = self.here();
                (here.cursor, here.tickets) = (outcome.cursor, outcome.tickets.unwrap_or(here.tickets));
                let passed = matches!(outcome.kind, gauntlet_model::Kind::Pass | gauntlet_model::Kind::Loose);
                return if passed { Ok(()) } else { Err(Stop::Over) };
            }
            if over || ended {
                return Err(Stop::Over);
            }
            let connection = self.current;
            over = !self.receive(connection, patience);
        }
    }

    /// What an honest endpoint does by itself: answers, finishes, and offers data while the outcome is open.
    fn drive(&mut self, expect: &Expect) -> Flow {
        while let Some(name) = self.here().peer.due() {
            self.send_message(name, &[], &[], 0)?;
        }
        let data = matches!(expect, Expect::Accept | Expect::Reject { .. } | Expect::Ignored | Expect::OneOf(_));
        let altered = self.played().iter().rposition(|event| matches!(event.what, What::Altered { .. }));
        let here = self.here();
        let fresh = here.offered_at.is_none() || here.offered_at < altered;
        if data && fresh && here.peer.is_established() {
            self.hear_answers_out();
        }
        let here = self.here();
        if data && fresh && here.peer.is_established() && !here.peer.saw_fatal_alert() && !here.ended {
            here.offered_at = Some(usize::MAX);
            self.send_message("application_data", &[], &[], 0)?;
            let now = self.played().len();
            self.here().offered_at = Some(now);
        }
        Ok(())
    }

    /// An answer to data of ours from before what is under test must not be taken for one to what is offered next.
    fn hear_answers_out(&mut self) {
        let connection = self.current;
        let mut unanswered = false;
        for event in self.played().iter().filter(|event| event.connection == connection as u32) {
            match &event.what {
                What::Message { from, name, .. } if name == "application_data" => unanswered = *from == Side::Us,
                // What has been waited for in vain is not waited for again.
                What::Quiet => unanswered = false,
                _ => {}
            }
        }
        if unanswered && self.here().peer.role() == Role::Client && !self.here().closed {
            self.flush(connection);
            self.receive(connection, self.settings.reply);
        }
    }

    // ---- the transport ---------------------------------------------------------------------------

    /// Writes what waits; whether there was anything.
    fn flush(&mut self, number: usize) -> bool {
        let bytes = self.connections[number].peer.take_output();
        self.collect(number);
        if bytes.is_empty() {
            return false;
        }
        self.write(number, &bytes);
        true
    }

    fn write(&mut self, number: usize, bytes: &[u8]) {
        self.event_on(number as u32, What::Bytes { from: Side::Us, data: bytes.to_vec() });
        if !self.connections[number].closed {
            self.link.send(self.connections[number].link, bytes);
        }
    }

    /// The peer's events into ours.
    fn collect(&mut self, number: usize) {
        for what in self.connections[number].peer.take_events() {
            self.event_on(number as u32, what);
        }
        let sessions = &self.connections[number].peer.sessions;
        for session in sessions {
            if !self.sessions.contains(session) {
                self.sessions.push(session.clone());
            }
        }
    }

    /// Waits for bytes; `false`: none came in time.
    fn receive(&mut self, number: usize, patience: Duration) -> bool {
        if self.connections[number].ended {
            return false;
        }
        // A flood is read to its end at once: nothing can be decided in it.
        for _ in 0..FLOOD_READS {
            match self.link.receive(self.connections[number].link, patience) {
                Received::Bytes(bytes) => {
                    if !self.take(number, &bytes) {
                        return true;
                    }
                }
                Received::Quiet => {
                    self.event_on(number as u32, What::Quiet);
                    return false;
                }
                Received::End(how) => {
                    self.connections[number].ended = true;
                    self.event_on(number as u32, What::End { how });
                    return true;
                }
            }
        }
        self.give_up(number, "the target sends without end".to_owned());
        true
    }

    /// Takes bytes in; `true`: it is a flood, of which only the count is kept.
    fn take(&mut self, number: usize, bytes: &[u8]) -> bool {
        let read = &mut self.connections[number].read;
        *read += bytes.len();
        let (before, read) = (*read - bytes.len(), *read);
        if before > FLOOD {
            self.give_up(number, format!("the target sent more than {} MiB", FLOOD >> 20));
            return false;
        }
        let room = if self.played().len() < KEPT_EVENTS { KEPT.saturating_sub(before) } else { 0 };
        let (kept, flood) = bytes.split_at(bytes.len().min(room));
        if !kept.is_empty() {
            self.event_on(number as u32, What::Bytes { from: Side::Target, data: kept.to_vec() });
            self.connections[number].peer.receive(kept);
            self.collect(number);
        }
        if !flood.is_empty() {
            // Of a flood only the count is kept: the last event says how much came.
            let text = format!("flood: {read} bytes");
            match self.events.last_mut().map(|event| &mut event.what) {
                Some(What::Remark { text: last, .. }) if last.starts_with("flood:") => *last = text,
                _ => self.event_on(number as u32, What::Remark { alert: "record_overflow".into(), text }),
            }
        }
        if self.link.now() > self.drip_ends {
            self.give_up(number, "the target sends without end".to_owned());
            return false;
        }
        !flood.is_empty()
    }

    /// What still comes is not looked at any more.
    fn give_up(&mut self, number: usize, text: String) {
        self.connections[number].ended = true;
        self.link.close(self.connections[number].link, Close::Rst);
        self.event_on(number as u32, What::Remark { alert: "internal_error".into(), text });
        self.event_on(number as u32, What::Quiet);
    }

    // ---- the default handshake -------------------------------------------------------------------

    fn run_handshake(&mut self, step: &'a HandshakeStep, number: u32, began: usize) -> Flow {
        if self.case.peer == Role::Server {
            self.here().peer.config_mut().resumption = resumption(step);
        }
        self.apply_options(&step.options)?;
        self.apply_options(&step.alter_options)?;
        if step.alter_options != HandshakeOptions::default() {
            self.event(What::Altered { step: number, text: "options of the handshake".to_owned(), unchanged: false });
        }
        let mut used = vec![false; step.alter.len()];
        if step.form == Form::Full && self.here().peer.is_established() {
            self.hear_answers_out();
            self.here().sent.clear();
            if self.case.peer == Role::Server {
                // A server can only ask for it.
                self.play_due("hello_request", 0, step, number, &mut used)?;
            }
            self.here().peer.renegotiate();
        }
        self.here().drives = matches!(step.form, Form::Full | Form::Rest);
        loop {
            if self.reached(step, began) {
                break;
            }
            let due = self.here().peer.due();
            if let Some(name) = due {
                self.must_be_offered(step, name)?;
                let count = self.here().sent.get(name).copied().unwrap_or(0);
                if is_before(step, Direction::Sent, name, count) {
                    break;
                }
                self.play_due(name, count, step, number, &mut used)?;
                if is_through(step, Direction::Sent, name, count) {
                    break;
                }
                continue;
            }
            self.flush(self.current);
            let here = self.here();
            if here.peer.is_established() || here.peer.saw_fatal_alert() || here.ended {
                break;
            }
            let connection = self.current;
            if !self.receive(connection, self.settings.reply) {
                break;
            }
        }
        self.flush(self.current);
        self.hear_the_client_out();
        let scene = self.scene(began, true);
        let cursor = decide::handshake_cursor(step, scene);
        self.here().cursor = cursor;
        // What a target has refused already needs no second fault.
        let over = self.here().peer.saw_fatal_alert() || self.here().ended;
        let refused = over && used.iter().any(|used| *used);
        if let Some(place) = used.iter().position(|used| !used).filter(|_| !refused) {
            let (message, _) = &step.alter[place];
            return Err(Stop::Trouble(format!("the alteration of {} was not sent", message_text(message)), false));
        }
        Ok(())
    }

    /// As server, `resume` says that the client comes back with a session. One that does not is no case for the flow.
    fn must_be_offered(&mut self, step: &HandshakeStep, due: &str) -> Flow {
        let says = step.options.resume.is_some() || step.alter_options.resume.is_some();
        let wanted = says && resumption(step) != Resumption::Never && self.case.peer == Role::Server;
        let answers = matches!(due, "server_hello" | "hello_retry_request");
        if wanted && answers && !self.here().peer.is_resuming() {
            let text = "the client offers no session of an earlier connection".to_owned();
            return Err(Stop::Trouble(text, true));
        }
        Ok(())
    }

    /// Most clients ask for something of their own accord once the handshake is done: taken here, it is no answer to what
    /// the flow does next.
    fn hear_the_client_out(&mut self) {
        let connection = self.current;
        loop {
            let here = self.here();
            let waits = here.drives && here.peer.role() == Role::Server && here.peer.is_established();
            let heard = here.peer.application_data() > 0 || here.peer.saw_fatal_alert() || here.closed;
            if !waits || heard || !self.receive(connection, self.settings.reply) {
                return;
            }
        }
    }

    /// Whether a goal among the received messages is reached.
    fn reached(&self, step: &HandshakeStep, began: usize) -> bool {
        let (Form::Through(Direction::Received, message) | Form::Before(Direction::Received, message)) = &step.form
        else {
            return false;
        };
        let wanted = match message.which {
            Which::Nth(place) => place + 1,
            Which::Every => 1,
        };
        let here = self.current as u32;
        let came = self.played()[began..].iter().filter(|event| {
            event.connection == here
                && matches!(&event.what, What::Message { from: Side::Target, name, .. } if *name == message.name)
        });
        came.count() >= wanted
    }

    fn play_due(
        &mut self,
        name: &'static str,
        count: usize,
        step: &'a HandshakeStep,
        number: u32,
        used: &mut [bool],
    ) -> Flow {
        let matches = |message: &MessageRef| {
            (message.name == name || message.name == "every")
                && matches!(message.which, Which::Every) | (message.which == Which::Nth(count))
        };
        let mut changes: Vec<(&'a MessageChange, bool)> = Vec::new();
        changes.extend(step.with.iter().filter(|(message, _)| matches(message)).map(|(_, change)| (change, false)));
        let is_inner = |message: &MessageRef| {
            let which = matches!(message.which, Which::Every) || message.which == Which::Nth(count);
            name == "client_hello" && message.name == "client_hello_inner" && which
        };
        let mut inner: Vec<(&'a Alteration, bool)> = Vec::new();
        let with = step.with.iter().filter(|(message, _)| is_inner(message));
        inner.extend(with.map(|(_, change)| (&change.alteration, false)));
        for (place, (message, change)) in step.alter.iter().enumerate() {
            if matches(message) {
                changes.push((change, true));
                used[place] = true;
            } else if is_inner(message) {
                inner.push((&change.alteration, true));
                used[place] = true;
            }
        }
        *self.here().sent.entry(name.to_owned()).or_default() += 1;
        for (change, _) in &changes {
            self.run_steps(&change.before, true)?;
        }
        let replaced = changes.iter().find_map(|(change, _)| change.instead.as_ref());
        if replaced.is_some() || changes.iter().any(|(change, _)| change.omit) {
            let text = format!("{name} {}", if replaced.is_some() { "replaced" } else { "left out" });
            if changes.iter().any(|(_, altered)| *altered) {
                self.event(What::Altered { step: number, text, unchanged: false });
            }
            if let Some(steps) = replaced {
                self.run_steps(steps, true)?;
            }
            self.here().peer.skip(name);
        } else {
            self.send_message(name, &changes, &inner, number)?;
        }
        for (change, _) in &changes {
            self.run_steps(&change.after, true)?;
        }
        Ok(())
    }

    fn apply_options(&mut self, options: &HandshakeOptions) -> Flow {
        let session =
            match &options.resume {
                // As server it is the client's to offer one.
                _ if self.case.peer == Role::Server => None,
                None | Some(Resume::Nothing) => None,
                Some(Resume::Last) => {
                    // A ticket is offered rather than the session id that came with it.
                    let ticket = self.sessions.iter().rev().find(|session| !session.ticket.is_empty());
                    let last = ticket.or(self.sessions.last()).cloned();
                    Some(last.ok_or_else(|| {
                        Stop::Trouble("the target gave no session or ticket to resume".to_owned(), true)
                    })?)
                }
                Some(Resume::Ticket(path)) => {
                    let place = path.segments.iter().find_map(|segment| match segment {
                        Segment::Index(index) => usize::try_from(*index).ok(),
                        _ => None,
                    });
                    let session = place.and_then(|place| self.sessions.get(place).cloned());
                    Some(session.ok_or_else(|| Stop::Trouble(format!("{path} is no ticket that came"), false))?)
                }
            };
        if let Some(session) = session {
            self.here().peer.config_mut().session = Some(session);
        }
        if !options.psks.is_empty() {
            let psks: Result<Vec<Session>, Stop> =
                options.psks.iter().map(|(identity, key, hash)| self.external_psk(identity, key, hash)).collect();
            let (psks, config) = (psks?, self.here().peer.config_mut());
            let old = |session: &Session| gauntlet_peer::Psk {
                identity: session.ticket.clone(),
                key: session.secret.clone(),
                hint: None,
            };
            config.psk = psks.first().map(old);
            config.psks = psks;
        }
        if let Some(data) = &options.early_data {
            self.apply_early_data(data)?;
        }
        if let Some(group) = &options.retry {
            let number = gauntlet_wire::Grammar::tls().number("NamedGroup", group).unwrap_or(23) as u16;
            self.here().peer.config_mut().groups = vec![number];
        }
        if let Some(connection) = options.repeat_of {
            let seed = self.seed_of(connection);
            self.here().peer.reseed(seed);
        }
        let ech = options.ech.map(|ech| ech_config(ech, self.case));
        let config = self.here().peer.config_mut();
        if let Some(ech) = ech {
            config.ech = ech;
        }
        config.grease |= options.grease == Some(true);
        Ok(())
    }

    /// As client the data that goes along; as server how much of it tickets allow.
    fn apply_early_data(&mut self, data: &Val) -> Flow {
        if self.case.peer == Role::Client {
            let data = self.with_source(|source, peer| source.bytes(data, peer))?;
            self.here().peer.config_mut().early_data = Some(data);
            return Ok(());
        }
        let number = self.with_source(|source, peer| source.plain(data, peer))?;
        match number {
            gauntlet_wire::Plain::Number(size) => self.here().peer.config_mut().max_early_data = size as u32,
            _ => {
                let text = "as server, `early_data` is the number of bytes that are taken".to_owned();
                return Err(Stop::Trouble(text, false));
            }
        }
        Ok(())
    }

    fn external_psk(&mut self, identity: &Val, key: &Val, hash: &str) -> Result<Session, Stop> {
        let (ticket, secret) =
            self.with_source(|source, peer| Ok((source.bytes(identity, peer)?, source.bytes(key, peer)?)))?;
        Ok(external_psk(ticket, secret, if hash == "sha384" { 0x1302 } else { 0x1301 }))
    }

    // ---- sending ---------------------------------------------------------------------------------

    /// Works something out from what has happened so far.
    fn with_source<T>(&mut self, work: impl FnOnce(&Source<'_>, &mut Peer) -> Result<T, String>) -> Result<T, Stop> {
        self.collect(self.current);
        let (earlier, events) = self.events.split_at(self.base);
        let source = Source { world: World { earlier, events, connection: self.current as u32 } };
        let peer = &mut self.connections[self.current].peer;
        work(&source, peer).map_err(|text| Stop::Trouble(text, false))
    }

    fn run_send(&mut self, step: &'a SendStep, number: u32) -> Flow {
        match step.message.as_str() {
            "raw" => {
                let value = step.bytes.clone().unwrap_or(Val::Bytes(Vec::new()));
                let bytes = self.with_source(|source, peer| source.bytes(&value, peer))?;
                self.event(What::Altered {
                    step: number,
                    text: format!("{} raw bytes", bytes.len()),
                    unchanged: false,
                });
                self.flush(self.current);
                let connection = self.current;
                self.segmented(connection, &bytes, &step.alteration.segments);
                Ok(())
            }
            "record" => {
                let fields = Record {
                    set: step.alteration.set.clone(),
                    mutate: step.alteration.mutate.clone(),
                    ..Record::default()
                };
                let wrapped = step.alteration.record.clone().unwrap_or_default();
                let record = Record { keys: wrapped.keys, sequence: wrapped.sequence, ..fields };
                self.event(What::Altered { step: number, text: "a record".to_owned(), unchanged: false });
                self.with_source(|source, peer| {
                    let change = source.record(&record, peer)?;
                    peer.record(22, &[], &change)
                })
            }
            name => {
                let mut change = MessageChange { alteration: step.alteration.clone(), ..MessageChange::default() };
                if let (Some(bytes), "application_data") = (&step.bytes, name) {
                    let data = Path { segments: vec![Segment::Name("data".to_owned())] };
                    change.alteration.set.insert(0, (data, bytes.clone()));
                }
                self.event(What::Altered { step: number, text: name.to_owned(), unchanged: false });
                self.send_with(name, &[(&change.alteration, false)], &[], &step.alteration.records, number)
            }
        }
    }

    fn segmented(&mut self, number: usize, bytes: &[u8], segments: &[usize]) {
        if segments.is_empty() {
            return self.write(number, bytes);
        }
        let mut rest = bytes;
        let mut sizes = segments.iter().copied().chain(std::iter::repeat(segments[segments.len() - 1]));
        while !rest.is_empty() {
            let size = sizes.next().unwrap_or(rest.len()).clamp(1, rest.len());
            let (now, later) = rest.split_at(size);
            self.write(number, now);
            rest = later;
        }
    }

    /// Sends a message of the default handshake with its changes; `true` marks what is under test.
    fn send_message(
        &mut self,
        name: &str,
        changes: &[(&'a MessageChange, bool)],
        inner: &[(&Alteration, bool)],
        number: u32,
    ) -> Flow {
        let alterations: Vec<(&Alteration, bool)> =
            changes.iter().map(|(c, altered)| (&c.alteration, *altered)).collect();
        let records =
            changes.iter().rev().map(|(change, _)| change.alteration.records.as_slice()).find(|r| !r.is_empty());
        self.send_with(name, &alterations, inner, records.unwrap_or_default(), number)
    }

    fn send_with(
        &mut self,
        name: &str,
        changes: &[(&Alteration, bool)],
        inner: &[(&Alteration, bool)],
        records: &'a [RecordItem],
        number: u32,
    ) -> Flow {
        let mut change = Change::default();
        let mut draft = self.with_source(|source, peer| {
            for (alteration, _) in changes {
                source.change(alteration, peer, &mut change)?;
            }
            if !inner.is_empty() {
                let mut all = Change::default();
                for (alteration, _) in inner {
                    source.change(alteration, peer, &mut all)?;
                }
                change.words.extend(all.words.drain(..).map(|words| format!("inner {words}")));
                change.inner = Some(Box::new(all));
            }
            peer.draft(name, &change)
        })?;
        // An empty change is meant so: the variant in which nothing is wrong.
        let under_test = changes.iter().chain(inner).any(|(_, altered)| *altered);
        let empty = changes.iter().chain(inner).all(|(alteration, altered)| !*altered || alteration.is_empty());
        let cut = changes
            .iter()
            .any(|(a, _)| !a.records.is_empty() || a.record.is_some() || !a.segments.is_empty() || a.joined);
        if under_test {
            let unchanged = draft.is_unchanged() && !cut && !empty;
            let text =
                if change.words.is_empty() { name.to_owned() } else { format!("{name}: {}", change.words.join(", ")) };
            self.event(What::Altered { step: number, text, unchanged });
        }
        self.chain_shown |= self.shows_chain(name);
        if self.shows_chain(name) && !under_test {
            let text = decide::CHAIN.to_owned();
            self.event(What::Altered { step: number, text, unchanged: false });
        }
        let segments = changes.iter().map(|(a, _)| a.segments.clone()).find(|s| !s.is_empty()).unwrap_or_default();
        if !segments.is_empty() {
            self.flush(self.current);
        }
        if changes.iter().any(|(alteration, _)| alteration.joined) {
            self.here().peer.join(draft);
            return Ok(());
        }
        let record = changes.iter().rev().find_map(|(alteration, _)| alteration.record.as_ref());
        self.here().peer.remember(&mut draft);
        self.emit_all(&mut draft, records, record)?;
        self.here().peer.sent(&mut draft);
        self.collect(self.current);
        if !segments.is_empty() {
            let bytes = self.here().peer.take_output();
            let connection = self.current;
            self.segmented(connection, &bytes, &segments);
        }
        Ok(())
    }

    fn emit_all(&mut self, draft: &mut Draft, records: &'a [RecordItem], each: Option<&Record>) -> Flow {
        if records.is_empty() {
            loop {
                self.emit(draft, each, each)?;
                if draft.left() == 0 {
                    return Ok(());
                }
            }
        }
        let mut last: Option<&Record> = None;
        for item in records {
            match item {
                RecordItem::Record(record) => {
                    for _ in 0..record.times.unwrap_or(1) {
                        self.emit(draft, Some(record), each)?;
                    }
                    last = Some(record);
                }
                RecordItem::Step(step) => {
                    self.collect(self.current);
                    self.run_step(step, true)?;
                }
            }
        }
        // The last size repeats until nothing is left.
        let repeats = last.filter(|record| record.size != Some(Cut::Bytes(0)));
        while draft.left() > 0 {
            self.emit(draft, repeats, each)?;
        }
        Ok(())
    }

    fn emit(&mut self, draft: &mut Draft, record: Option<&Record>, each: Option<&Record>) -> Flow {
        let size = record.and_then(|record| record.size);
        let change: Option<RecordChange> = match (record, each) {
            (None, None) => None,
            (record, each) => {
                let merged = merge(record, each);
                Some(self.with_source(|source, peer| source.record(&merged, peer))?)
            }
        };
        let peer = &mut self.here().peer;
        peer.emit(draft, size, change.as_ref()).map_err(|text| Stop::Trouble(text, false))
    }
}

/// The configuration is the one that targets with these options are started with.
fn ech_config(ech: Ech, case: &Case) -> gauntlet_peer::Ech {
    let client = case.peer == Role::Client;
    let kem = EchKem::of(&case.options);
    let configs = || kem.config_list().unwrap_or_default();
    let key = || kem.key().ok().map(Arc::new);
    match ech {
        Ech::Off => gauntlet_peer::Ech::Unknown,
        Ech::Grease => gauntlet_peer::Ech::Grease,
        Ech::Reject => gauntlet_peer::Ech::Serve { configs: configs(), key: None },
        Ech::On if client => gauntlet_peer::Ech::Offer(configs()),
        Ech::On => gauntlet_peer::Ech::Serve { configs: configs(), key: key() },
    }
}

/// One record's own changes over those for each record.
fn merge(record: Option<&Record>, each: Option<&Record>) -> Record {
    let mut merged = each.cloned().unwrap_or_default();
    if let Some(record) = record
        && each.is_none_or(|each| !std::ptr::eq(each, record))
    {
        merged.keys = record.keys.or(merged.keys);
        merged.sequence = record.sequence.or(merged.sequence);
        merged.set.extend(record.set.iter().cloned());
        merged.mutate.extend(record.mutate.iter().cloned());
    }
    merged
}

fn is_silence(expect: &Expect) -> bool {
    match expect {
        Expect::Silence => true,
        Expect::OneOf(all) => all.iter().any(is_silence),
        _ => false,
    }
}

/// What becomes of the sessions that a client offers.
fn resumption(step: &HandshakeStep) -> Resumption {
    match (&step.options.resume, &step.alter_options.resume) {
        (_, Some(Resume::Nothing)) | (Some(Resume::Nothing), None) => Resumption::Never,
        (_, Some(_)) => Resumption::Anyway,
        _ => Resumption::Honest,
    }
}

fn is_through(step: &HandshakeStep, direction: Direction, name: &str, count: usize) -> bool {
    matches!(&step.form, Form::Through(d, message) if *d == direction && message.name == name && is_nth(message, count))
}

fn is_before(step: &HandshakeStep, direction: Direction, name: &str, count: usize) -> bool {
    matches!(&step.form, Form::Before(d, message) if *d == direction && message.name == name && is_nth(message, count))
}

fn is_nth(message: &MessageRef, count: usize) -> bool {
    match message.which {
        Which::Nth(place) => place == count,
        Which::Every => true,
    }
}

fn message_text(message: &MessageRef) -> String {
    match message.which {
        Which::Nth(0) => message.name.clone(),
        Which::Nth(place) => format!("{}[{place}]", message.name),
        Which::Every => format!("{} (every)", message.name),
    }
}

fn link_trouble(error: LinkError) -> Stop {
    let skip = matches!(error, LinkError::NoAction(_) | LinkError::Busy | LinkError::StaysAway(_));
    Stop::Trouble(error.to_string(), skip)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_its_own_overrides_what_holds_for_each() {
        let each = Record { keys: Some(gauntlet_model::KeysOf::None), ..Record::default() };
        let own = Record { keys: Some(gauntlet_model::KeysOf::Handshake), ..Record::default() };
        assert_eq!(merge(Some(&own), Some(&each)).keys, own.keys);
        assert_eq!(merge(None, Some(&each)).keys, each.keys);
    }
}
