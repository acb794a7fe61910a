//! A run: every case of every target, from plan to result line.

use crate::flakes;
use crate::plain::plain_handshake;
use crate::probe::probe_widened;
use crate::supervise::{Growth, Starts};
use crate::{Select, probe};
use crate::{cost, evidence};
use gauntlet_crypto::Digest;
use gauntlet_model::result::{Cost, ReferenceResult, write_line};
use gauntlet_model::{
    Capabilities, Case, CaseResult, EndLine, Event, Expect, Kind, Line, LinkError, Role, RunLine, Step, StepKind,
    TargetLine, Transcript, Verdict, What,
};
use gauntlet_play::{AlertPolicy, Settings, has_data, judge, negotiated, play, reaction, today};
use gauntlet_reports::run::standing;
use gauntlet_reports::{Baseline, Standing};
use gauntlet_scenario::{Corpus, Scenario, twin, twin_key};
use gauntlet_target::{Instance, Target};
use gauntlet_vectors::catalogue::{Catalogue, Level, Rules};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Of which cases transcripts are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// Those that did not pass.
    #[default]
    Failures,
    /// All.
    All,
    /// None.
    None,
}

/// How a run is made.
#[derive(Clone, Debug)]
pub struct Options {
    /// Decides all randomness of ours.
    pub seed: u64,
    /// Workers; `None`: cores in memory, else as many as the target has instances.
    pub jobs: Option<usize>,
    /// Which other alerts pass.
    pub alerts: AlertPolicy,
    /// By which text of TLS 1.3 is judged.
    pub rules: Rules,
    /// Where results go.
    pub out: PathBuf,
    /// What is kept.
    pub keep: Keep,
    /// Ends at the first case that is not as expected.
    pub fail_fast: bool,
    /// This part of so many (from 1).
    pub shard: Option<(usize, usize)>,
    /// What is expected of targets.
    pub baselines: Vec<Baseline>,
    /// Wall clock at the start, RFC 3339, for the record.
    pub started: String,
    /// The day by which certificates are valid or not, such as `2026-11-21`; what is no day means today.
    pub date: String,
    /// What was selected, as written.
    pub selected: Vec<String>,
}

/// What happens in a run, as it happens.
#[derive(Debug)]
pub enum Happening<'a> {
    /// A target was probed; so many cases are to come.
    Planned {
        /// Target's name.
        target: &'a str,
        /// Cases, skips included.
        cases: usize,
    },
    /// A case ended.
    Case(&'a CaseResult),
    /// Something worth knowing.
    Note(&'a str),
}

/// How it went.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// By verdict name.
    pub counts: BTreeMap<String, u64>,
    /// Ended before its time.
    pub interrupted: bool,
    /// Targets that could not be reached, and why.
    pub unreachable: Vec<String>,
}

/// Why nothing could be run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The selection is empty.
    #[error("nothing is selected: no case of {scenarios} scenarios fits")]
    Nothing {
        /// In the corpus.
        scenarios: usize,
    },
    /// Results cannot be written.
    #[error("{path}: {error}")]
    Output {
        /// Where.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// The scenarios are wrong for a target.
    #[error("{0}")]
    Scenario(String),
    /// No target could be reached.
    #[error("{0}")]
    Unreachable(String),
}

/// The seed of a case: from the run's and the case's id, so that order, threads and shards change nothing.
pub fn case_seed(run: u64, id: &str) -> [u8; 32] {
    let mut input = run.to_be_bytes().to_vec();
    input.extend_from_slice(id.as_bytes());
    let hash = Digest::Sha256.hash(&input);
    let mut seed = [0; 32];
    seed.copy_from_slice(&hash);
    seed
}

/// The role of a target that a scenario tests.
pub fn scenario_role(scenario: &Scenario) -> Vec<Role> {
    scenario.peers.iter().map(|peer| peer.other()).collect()
}

/// Runs what is selected against all targets. `stop` ends it early; results so far are kept.
///
/// # Errors
/// Nothing selected, nothing reachable, results not writable.
pub fn run(
    corpus: &Corpus,
    targets: &[Box<dyn Target>],
    select: &Select,
    options: &Options,
    stop: &AtomicBool,
    report: &(dyn Fn(Happening<'_>) + Sync),
) -> Result<Summary, RunError> {
    let output = Output::create(options)?;
    output.line(&Line::Run(RunLine {
        schema: 1,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        seed: format!("{:016x}", options.seed),
        alerts: options.alerts.name().to_owned(),
        rfc: options.rules.number(),
        corpus: corpus.fingerprint(),
        select: options.selected.clone(),
        started: options.started.clone(),
        date: options.date.clone(),
    }))?;
    let mut summary = Summary::default();
    let mut selected = 0;
    for target in targets {
        let target = target.as_ref();
        let run = |role: &Role| match stop.load(Ordering::Relaxed) {
            true => Ok(0),
            false => TargetRun { target, role: *role, corpus, select, options, stop, report, output: &output }.run(),
        };
        let roles = target.roles();
        // What rests in one role leaves its core to the other.
        let outcomes: Vec<_> = match target.is_memory() && options.jobs.is_none() {
            true => roles.par_iter().map(run).collect(),
            false => roles.iter().map(run).collect(),
        };
        for outcome in outcomes {
            match outcome {
                Ok(cases) => selected += cases,
                Err(RunError::Unreachable(why)) => summary.unreachable.push(why),
                Err(error) => return Err(error),
            }
        }
    }
    summary.interrupted = stop.load(Ordering::Relaxed);
    summary.counts = lock(&output.counts).clone();
    let took_us = output.began.elapsed().as_micros() as u64;
    output.line(&Line::End(EndLine { counts: summary.counts.clone(), took_us, interrupted: summary.interrupted }))?;
    if selected == 0 && !summary.interrupted {
        return Err(match summary.unreachable.first() {
            Some(why) => RunError::Unreachable(why.clone()),
            None => RunError::Nothing { scenarios: corpus.scenarios.len() },
        });
    }
    Ok(summary)
}

/// Settings for one target before its answer time is known.
pub fn patient(target: &dyn Target, seed: [u8; 32]) -> Settings {
    if target.is_memory() {
        return Settings::memory(target.name(), seed);
    }
    let (reply, silence) = (Duration::from_secs(2), Duration::from_secs(1));
    Settings { seed, target: target.name().to_owned(), reply, silence, date: today() }
}

/// `2026-01-02`, whatever follows: the seconds since 1970 at which that day begins.
pub fn midnight(text: &str) -> Option<i64> {
    let mut parts = text.get(..10)?.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    // Years begin in March here, so that a leap day is their last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let days = days + (153 * month + 2) / 5 + day - 1 - 719_468;
    (0..12).contains(&month).then_some(days * 86_400)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A worker that panicked has not left these half changed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The results file, one writer.
struct Output {
    file: Mutex<BufWriter<File>>,
    path: PathBuf,
    counts: Mutex<BTreeMap<String, u64>>,
    began: Instant,
}

impl Output {
    fn create(options: &Options) -> Result<Output, RunError> {
        let path = options.out.join("results.jsonl");
        let wrong = |error| RunError::Output { path: path.display().to_string(), error };
        std::fs::create_dir_all(&options.out).map_err(wrong)?;
        // Evidence of an earlier run would pass for this one's.
        let evidence = options.out.join("evidence");
        if evidence.exists() {
            std::fs::remove_dir_all(&evidence).map_err(wrong)?;
        }
        let file = File::create(&path).map_err(wrong)?;
        Ok(Output { file: Mutex::new(BufWriter::new(file)), path, counts: Mutex::default(), began: Instant::now() })
    }

    fn line(&self, line: &Line) -> Result<(), RunError> {
        write_line(&mut *lock(&self.file), line)
            .map_err(|error| RunError::Output { path: self.path.display().to_string(), error })
    }
}

/// Cases to play, and those to skip with the reason.
type Planned = (Vec<Case>, Vec<(Case, String)>);

/// One target in one role.
struct TargetRun<'a> {
    target: &'a dyn Target,
    role: Role,
    corpus: &'a Corpus,
    select: &'a Select,
    options: &'a Options,
    stop: &'a AtomicBool,
    report: &'a (dyn Fn(Happening<'_>) + Sync),
    output: &'a Output,
}

/// Results of twins, by how they are played.
type Twins = Mutex<HashMap<String, Arc<OnceLock<Twin>>>>;

/// How a twin came out.
#[derive(Clone, Debug)]
enum Twin {
    Accepted,
    /// The target cannot play it.
    Lacking(String),
    Refused(String),
}

impl TargetRun<'_> {
    /// Runs all; how many cases were selected.
    fn run(&self) -> Result<usize, RunError> {
        let plain = gauntlet_target::Options::new();
        let unreachable = |error: LinkError| RunError::Unreachable(format!("{}: {error}", self.target.name()));
        if !self.any_selected()? {
            return Ok(0);
        }
        let mut settings = self.settings(1_000_000);
        let mut first = self.target.start(self.role, &plain).map_err(unreachable)?;
        let mut capabilities = probe(first.as_mut(), self.role, &plain, &settings).map_err(unreachable)?;
        capabilities.cannot_answer(&self.target.cannot_answer(self.role));
        let costs = self.costs(first.as_mut(), &capabilities, &settings);
        drop(first);
        if !self.target.is_memory() {
            settings = self.settings(capabilities.answer_us);
            self.reachable(&capabilities)?;
        }
        let line = TargetLine {
            target: self.target.name().to_owned(),
            version: self.target.version(),
            roles: vec![self.role],
            capabilities: capabilities.clone(),
            reference_costs: self.reference_costs(&capabilities),
            costs,
        };
        self.output.line(&Line::Target(line))?;
        let (cases, skipped) = self.plan(&capabilities, &settings)?;
        let total = cases.len() + skipped.len();
        (self.report)(Happening::Planned { target: self.target.name(), cases: total });
        for (case, reason) in &skipped {
            self.finish(case, &skip(reason), None, "none", Vec::new(), Instant::now());
        }
        let twins = Twins::default();
        self.play_all(&by_options(cases), &twins, &settings)?;
        Ok(total)
    }

    /// What plain handshakes cost; only servers are measured.
    fn costs(&self, instance: &mut dyn Instance, found: &Capabilities, settings: &Settings) -> Vec<Cost> {
        match self.role {
            Role::Server => cost::measure(instance, found, &Default::default(), settings, !self.target.is_memory()),
            Role::Client => Vec::new(),
        }
    }

    fn reference_costs(&self, found: &Capabilities) -> Vec<Cost> {
        let reference = gauntlet_target::embedded::openssl();
        if self.target.name() == reference.name() {
            return Vec::new();
        }
        let started = reference.start(self.role, &Default::default());
        let settings = Settings::memory(reference.name(), [0; 32]);
        started.map_or_else(
            |_| Vec::new(),
            |mut instance| {
                if self.role == Role::Client {
                    Vec::new()
                } else {
                    cost::measure(instance.as_mut(), found, &Default::default(), &settings, false)
                }
            },
        )
    }

    /// A target that does not serve a single handshake cannot be tested.
    fn reachable(&self, capabilities: &Capabilities) -> Result<(), RunError> {
        if self.role == Role::Client || !capabilities.all("versions").is_empty() {
            return Ok(());
        }
        let text = format!("{}: serves no plain handshake; its cases will end in error or skip", self.target.name());
        (self.report)(Happening::Note(&text));
        Ok(())
    }

    fn any_selected(&self) -> Result<bool, RunError> {
        for scenario in &self.corpus.scenarios {
            if scenario_role(scenario).contains(&self.role) {
                let expansion = scenario.expand(None).map_err(|error| RunError::Scenario(error.render(false)))?;
                if expansion.cases.iter().any(|case| case.peer.other() == self.role && self.select.takes(case)) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// How long we wait: from the target's measured answer time, within bounds.
    fn settings(&self, answer_us: u64) -> Settings {
        if self.target.is_memory() {
            return Settings { date: self.date(), ..Settings::memory(self.target.name(), [0; 32]) };
        }
        let answer = Duration::from_micros(answer_us);
        let long = Duration::from_secs(5);
        if self.target.is_watched() {
            let target = self.target.name().to_owned();
            return Settings { seed: [0; 32], target, reply: long, silence: long, date: self.date() };
        }
        Settings {
            seed: [0; 32],
            target: self.target.name().to_owned(),
            reply: (answer * 8).clamp(Duration::from_millis(400), Duration::from_secs(5)),
            silence: (answer * 4).clamp(Duration::from_millis(150), Duration::from_secs(3)),
            date: self.date(),
        }
    }

    /// The day that the run's record names, by which certificates are valid or not.
    fn date(&self) -> i64 {
        midnight(&self.options.date).unwrap_or_else(today)
    }

    /// The cases to play, and those to skip with the reason.
    fn plan(&self, plain: &Capabilities, settings: &Settings) -> Result<Planned, RunError> {
        let of_role = |scenario: &&Scenario| scenario_role(scenario).contains(&self.role);
        let planned = self.corpus.scenarios.par_iter().filter(of_role).map(|one| self.plan_one(one, plain, settings));
        let mut all = Planned::default();
        for (cases, skipped) in planned.collect::<Result<Vec<_>, _>>()? {
            all.0.extend(cases);
            all.1.extend(skipped);
        }
        Ok(all)
    }

    fn plan_one(&self, scenario: &Scenario, plain: &Capabilities, settings: &Settings) -> Result<Planned, RunError> {
        let expand = |found| scenario.expand(Some(found)).map_err(|error| RunError::Scenario(error.render(false)));
        let wanted = |case: &Case| case.peer.other() == self.role && self.select.takes(case) && self.in_shard(&case.id);
        let mut expansion = expand(plain)?;
        let further = match expansion.cases.iter().chain(expansion.skipped.iter().map(|(case, _)| case)).any(wanted) {
            true => probe_widened(self.target, self.role, plain, &expansion, settings),
            false => None,
        };
        let capabilities = further.as_deref().unwrap_or(plain);
        if further.is_some() {
            expansion = expand(capabilities)?;
        }
        let (mut cases, mut skipped) = Planned::default();
        skipped.extend(expansion.skipped.into_iter().filter(|(case, _)| wanted(case)));
        for mut case in expansion.cases.into_iter().filter(wanted) {
            self.add_options_to_ask(&mut case);
            match self.excluded(&case).or_else(|| self.lacks(&case, capabilities)) {
                Some(reason) => skipped.push((case, reason)),
                None => cases.push(case),
            }
        }
        Ok((cases, skipped))
    }

    /// Why the rules of this run have no such requirement.
    fn excluded(&self, case: &Case) -> Option<String> {
        let known = case.requirements.iter().filter_map(|id| Catalogue::embedded().requirement(id));
        self.options.rules.exclude(&known.collect::<Vec<_>>())
    }

    /// What the target must be started with, so that it can be asked for what the flow asks.
    fn add_options_to_ask(&self, case: &mut Case) {
        for action in asked(&case.steps) {
            for (name, value) in self.target.options_to_ask(self.role, &action).unwrap_or_default() {
                case.options.entry(name).or_insert(value);
            }
        }
    }

    fn lacks(&self, case: &Case, capabilities: &Capabilities) -> Option<String> {
        if let Err(reason) = self.target.supports(self.role, &case.options) {
            return Some(reason);
        }
        let mut actions = asked(&case.steps).into_iter();
        if let Some(action) = actions.find(|action| self.target.options_to_ask(self.role, action).is_none()) {
            return Some(format!("cannot be asked to do `{action}`"));
        }
        let options_choose = case.options.contains_key("versions");
        let spoken = capabilities.all("versions");
        let offered: Vec<String> = case.versions.iter().map(|v| gauntlet_model::names::version_name(*v)).collect();
        let none = !options_choose && !offered.iter().any(|version| spoken.contains(&version.as_str()));
        (none && !spoken.is_empty()).then(|| format!("does not speak {}", offered.join(" or ")))
    }

    fn in_shard(&self, id: &str) -> bool {
        let Some((part, parts)) = self.options.shard else { return true };
        let hash = Digest::Sha256.hash(id.as_bytes());
        usize::from(u16::from_be_bytes([hash[0], hash[1]])) % parts.max(1) + 1 == part
    }

    /// All groups, on as many workers as make sense. One that finds a group played out goes on to the next: nobody waits for
    /// the last case of any.
    fn play_all(&self, groups: &[Group], twins: &Twins, settings: &Settings) -> Result<(), RunError> {
        let cases = groups.iter().map(|group| group.cases.len()).sum::<usize>();
        let workers = self.workers(cases);
        // A pool of our own: waiting for silence must not starve anybody else's work.
        let pool = rayon::ThreadPoolBuilder::new().num_threads(workers).build();
        let pool = pool.map_err(|error| RunError::Unreachable(format!("no threads: {error}")))?;
        let wrong: Mutex<Option<RunError>> = Mutex::new(None);
        pool.scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|_| {
                    for group in groups.iter().filter(|group| group.takes_one_more(self.target.is_memory())) {
                        if let Err(error) = self.work(&group.options, &group.cases, &group.next, twins, settings) {
                            lock(&wrong).get_or_insert(error);
                        }
                    }
                });
            }
        });
        match lock(&wrong).take() {
            Some(error @ RunError::Output { .. }) => Err(error),
            _ => Ok(()),
        }
    }

    fn workers(&self, cases: usize) -> usize {
        let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
        let most = if self.target.is_memory() { cores } else { self.target.instances() };
        let wanted = self.options.jobs.unwrap_or(most).clamp(1, cases.max(1));
        if self.target.is_memory() { wanted } else { wanted.min(most.max(1)) }
    }

    fn work(
        &self,
        options: &gauntlet_target::Options,
        cases: &[Case],
        next: &AtomicUsize,
        twins: &Twins,
        settings: &Settings,
    ) -> Result<(), RunError> {
        let mut instance: Option<Box<dyn Instance>> = None;
        let mut starts = Starts::default();
        let mut growth = Growth::default();
        while !self.stop.load(Ordering::Relaxed) {
            let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
            let began = Instant::now();
            if instance.is_none() {
                match starts.attempt(|| self.target.start(self.role, options)) {
                    Ok(started) => instance = Some(started),
                    Err(reason) => {
                        let verdict = trouble(&format!("the target does not start: {reason}"));
                        self.finish(case, &verdict, None, "none", Vec::new(), began);
                        continue;
                    }
                }
            }
            let Some(running) = &mut instance else { continue };
            if self.play_one(running.as_mut(), case, twins, settings, began) {
                growth.look(running.memory());
            } else {
                growth = Growth::default();
                if running.restart().is_err() {
                    instance = None;
                }
            }
        }
        if let Some(remark) = growth.remark() {
            (self.report)(Happening::Note(&format!("{}: {remark}", self.target.name())));
        }
        if starts.has_given_up() {
            let text = format!("{}: given up: it did not start {} times in a row", self.target.name(), starts.failed());
            (self.report)(Happening::Note(&text));
        }
        Ok(())
    }

    /// One case, with its twin ahead of it; `false`: the instance is to be started anew.
    fn play_one(
        &self,
        instance: &mut dyn Instance,
        case: &Case,
        twins: &Twins,
        settings: &Settings,
        began: Instant,
    ) -> bool {
        let settings = Settings { seed: case_seed(self.options.seed, &case.id), ..settings.clone() };
        let twin = self.twin(instance, case, twins, &settings);
        match &twin {
            Some(Twin::Refused(reason)) => {
                let text = format!("the twin, the same flow without what is wrong in it, was not accepted: {reason}");
                let verdict = Verdict { expected: "the twin is accepted".to_owned(), ..trouble(&text) };
                self.finish(case, &verdict, None, "refused", Vec::new(), began);
                return !reason.starts_with("no link");
            }
            Some(Twin::Lacking(reason)) => {
                self.finish(case, &skip(reason), None, "none", Vec::new(), began);
                return true;
            }
            Some(Twin::Accepted) | None => {}
        }
        let twin = if twin.is_some() { "accepted" } else { "none" };
        let (tried, healthy) = self.tries(instance, case, &settings);
        let attempts = tried.iter().map(|(_, verdict)| verdict.kind).collect();
        let (transcript, verdict) = flakes::decide(tried);
        self.finish(case, &verdict, Some(&transcript), twin, attempts, began);
        healthy
    }

    /// Plays a case until what it shows has been seen twice, or at once does not fail. `false` with it: the instance is
    /// to be started anew.
    fn tries(
        &self,
        instance: &mut dyn Instance,
        case: &Case,
        settings: &Settings,
    ) -> (Vec<(Transcript, Verdict)>, bool) {
        let mut tried: Vec<(Transcript, Verdict)> = Vec::new();
        loop {
            tried.push(attempt(instance, case, settings, self.options.alerts));
            let kinds: Vec<Kind> = tried.iter().map(|(_, verdict)| verdict.kind).collect();
            let healthy = !matches!(kinds.last(), Some(Kind::Crash | Kind::Hang));
            if flakes::is_decided(&kinds) {
                return (tried, healthy);
            }
            if !healthy && instance.restart().is_err() {
                return (tried, false);
            }
        }
    }

    /// The twin's outcome; `None` where the case is its own twin.
    fn twin(&self, instance: &mut dyn Instance, case: &Case, twins: &Twins, settings: &Settings) -> Option<Twin> {
        let twin = twin(case);
        if case.pki.is_none() && twin.steps.iter().map(|step| &step.kind).eq(case.steps.iter().map(|step| &step.kind)) {
            return None;
        }
        let key = format!("{:?} {}", case.options, twin_key(case));
        let cell = Arc::clone(lock(twins).entry(key).or_default());
        let outcome = cell.get_or_init(|| {
            let mut last = String::new();
            // Once more if it fails: a twin decides about many cases.
            for _ in 0..2 {
                let (_, verdict) = attempt(instance, &twin, settings, AlertPolicy::Exact);
                match verdict.kind {
                    Kind::Pass => return Twin::Accepted,
                    Kind::Skip => return Twin::Lacking(verdict.reason),
                    // Nobody has to give tickets, nor at once.
                    Kind::Fail if verdict.expected == "new_session_ticket" && verdict.reason.starts_with("silence") => {
                        return Twin::Lacking("it gives no ticket where the flow waits for one".to_owned());
                    }
                    _ => last = verdict.reason,
                }
                // What an earlier case has killed is not this one's doing.
                if verdict.kind != Kind::Fail && instance.restart().is_err() {
                    break;
                }
            }
            Twin::Refused(last)
        });
        Some(outcome.clone())
    }

    /// Writes evidence and the result line, and tells.
    fn finish(
        &self,
        case: &Case,
        verdict: &Verdict,
        transcript: Option<&Transcript>,
        twin: &str,
        attempts: Vec<Kind>,
        began: Instant,
    ) {
        let mut result = result_of(case, verdict, transcript, self.target.name());
        result.twin = twin.to_owned();
        result.attempts = attempts;
        result.seed = format!("{:016x}", self.options.seed);
        result.started_us = began.duration_since(self.output.began).as_micros() as u64;
        result.took_us = began.elapsed().as_micros() as u64;
        let passed = matches!(verdict.kind, Kind::Pass | Kind::Skip);
        let keep = match self.options.keep {
            Keep::None => false,
            Keep::Failures => !passed,
            Keep::All => true,
        };
        if let Some(transcript) = transcript.filter(|_| keep) {
            let folder = evidence::folder_name(self.target.name(), &case.id);
            if evidence::write(&self.options.out.join(&folder), case, transcript).is_ok() {
                result.evidence = Some(folder);
            }
        }
        if !passed && transcript.is_some() {
            result.reference = self.reference(case);
        }
        let known = self.options.baselines.iter().find_map(|baseline| baseline.matches(&result));
        result.expected_by_baseline = known.map(str::to_owned);
        *lock(&self.output.counts).entry(verdict.kind.name().to_owned()).or_default() += 1;
        let as_expected = !matches!(standing(&result), Standing::Unexpected);
        (self.report)(Happening::Case(&result));
        if let Err(error) = self.output.line(&Line::Case(Box::new(result))) {
            (self.report)(Happening::Note(&error.to_string()));
            self.stop.store(true, Ordering::Relaxed);
        }
        if self.options.fail_fast && !as_expected {
            self.stop.store(true, Ordering::Relaxed);
        }
    }

    /// What the reference does with a case that the target did not pass.
    fn reference(&self, case: &Case) -> Option<ReferenceResult> {
        if self.target.name() == "embedded-openssl" {
            return None;
        }
        let reference = gauntlet_target::embedded::openssl();
        reference.supports(self.role, &case.options).ok()?;
        let mut instance = reference.start(self.role, &case.options).ok()?;
        let settings = Settings::memory("embedded-openssl", case_seed(self.options.seed, &case.id));
        let (transcript, verdict) = attempt(instance.as_mut(), case, &settings, self.options.alerts);
        Some(ReferenceResult { verdict: verdict.kind, reaction: reaction(&transcript, 0) })
    }
}

/// Plays a case once and judges it; after silence, whether a plain handshake is still served is played, recorded, and
/// judged too.
fn attempt(
    instance: &mut dyn Instance,
    case: &Case,
    settings: &Settings,
    policy: AlertPolicy,
) -> (Transcript, Verdict) {
    let mut transcript = match instance.link() {
        Ok(mut link) => play(case, &mut *link, settings),
        Err(error) => {
            let transcript =
                Transcript { case: case.id.clone(), target: settings.target.clone(), ..Transcript::default() };
            return (transcript, trouble(&format!("no link: {error}")));
        }
    };
    let verdict = judge(case, &transcript, policy);
    // Silence survives nothing unless a plain handshake is served behind it.
    let survives = matches!(case.steps.last().map(|step| &step.kind), Some(StepKind::Expect(Expect::Survives)));
    let silent = (verdict.kind == Kind::Fail || survives && verdict.kind == Kind::Pass)
        && transcript.events.iter().rev().any(|event| event.what == What::Quiet);
    if !silent || case.peer == Role::Server {
        return (transcript, verdict);
    }
    let alive = is_alive(instance, case, settings);
    let us = transcript.events.last().map_or(0, |event| event.us);
    let play = transcript.events.last().map_or(0, |event| event.play);
    transcript.events.push(Event { play, connection: 0, us, what: What::Alive { alive } });
    let verdict = judge(case, &transcript, policy);
    (transcript, verdict)
}

/// Whether a plain handshake is served, of any version that the case speaks.
fn is_alive(instance: &mut dyn Instance, case: &Case, settings: &Settings) -> bool {
    let plain = plain_handshake("alive", case.peer, &[0x0304, 0x0303], &case.options, &[]);
    let Ok(mut link) = instance.link() else { return false };
    let transcript = play(&plain, &mut *link, settings);
    judge(&plain, &transcript, AlertPolicy::Exact).kind == Kind::Pass
}

/// Plays and judges one case on its own, for `replay`, tests and selftest.
pub fn run_case(
    instance: &mut dyn Instance,
    case: &Case,
    settings: &Settings,
    policy: AlertPolicy,
) -> (Transcript, Verdict) {
    attempt(instance, case, settings, policy)
}

/// What a flow asks the target to do.
fn asked(steps: &[Step]) -> Vec<String> {
    let mut all = Vec::new();
    for step in steps {
        match &step.kind {
            StepKind::Ask(action) => all.push(action.clone()),
            StepKind::Repeat { steps, .. } => all.extend(asked(steps)),
            _ => {}
        }
    }
    all
}

fn trouble(reason: &str) -> Verdict {
    Verdict { kind: Kind::Error, form: None, at: None, expected: String::new(), reason: reason.to_owned() }
}

fn skip(reason: &str) -> Verdict {
    Verdict { kind: Kind::Skip, ..trouble(reason) }
}

/// Cases that share an instance's options.
#[derive(Default)]
struct Group {
    options: gauntlet_target::Options,
    cases: Vec<Case>,
    /// The first that nobody has taken.
    next: AtomicUsize,
    /// Workers at it, those that have left included.
    workers: AtomicUsize,
}

/// To start a process costs as much as to play so many cases.
const FEW: usize = 6;

impl Group {
    /// Whether a further worker is worth its instance.
    fn takes_one_more(&self, is_memory: bool) -> bool {
        let each = if is_memory { 1 } else { FEW };
        self.workers.fetch_add(1, Ordering::Relaxed) < self.cases.len().div_ceil(each)
    }
}

/// Whether a case does nothing for long: such a one is begun first, so that nobody waits for it in the end.
fn rests(case: &Case) -> bool {
    case.steps.iter().any(|step| matches!(step.kind, StepKind::Pause { milliseconds } if milliseconds >= 1000))
}

fn by_options(mut cases: Vec<Case>) -> Vec<Group> {
    cases.sort_by_key(|case| !rests(case));
    let mut groups: Vec<Group> = Vec::new();
    for case in cases {
        match groups.iter_mut().find(|group| group.options == case.options) {
            Some(group) => group.cases.push(case),
            None => groups.push(Group { options: case.options.clone(), cases: vec![case], ..Group::default() }),
        }
    }
    groups
}

fn result_of(case: &Case, verdict: &Verdict, transcript: Option<&Transcript>, target: &str) -> CaseResult {
    let mut at = verdict.at.clone();
    if at.is_none() {
        at = case.steps.iter().rev().find(|step| matches!(step.kind, StepKind::Expect(_) | StepKind::Check(_))).map(
            |step| gauntlet_model::verdict::At {
                file: step.place.file.to_string(),
                line: step.place.line,
                column: step.place.column,
                width: step.place.width,
                step: 0,
            },
        );
    }
    CaseResult {
        id: case.id.clone(),
        scenario: case.scenario.to_string(),
        title: case.title.clone(),
        parameters: case.parameters.iter().cloned().collect(),
        target: target.to_owned(),
        role: case.peer.other(),
        options: case.options.clone(),
        requirements: case.requirements.clone(),
        level: strictest(&case.requirements),
        verdict: verdict.kind,
        form: verdict.form,
        reason: verdict.reason.clone(),
        at,
        expected: verdict.expected.clone(),
        reaction: transcript.map(|transcript| reaction(transcript, 0)).unwrap_or_default(),
        negotiated: transcript.map(negotiated).unwrap_or_default(),
        data: transcript.is_some_and(has_data),
        twin: String::new(),
        reference: None,
        attempts: Vec::new(),
        seed: String::new(),
        started_us: 0,
        took_us: 0,
        evidence: None,
        expected_by_baseline: None,
    }
}

/// The strictest level among requirements; what is reported but never scored counts as a MAY.
fn strictest(ids: &[String]) -> Option<String> {
    let known = ids.iter().filter_map(|id| Catalogue::embedded().requirement(id));
    let levels = known.map(|requirement| if requirement.is_scored() { requirement.level } else { Level::May });
    let rank = |level: Level| match level {
        Level::Must | Level::MustNot => 0,
        Level::Should | Level::ShouldNot => 1,
        Level::May => 2,
    };
    levels.min_by_key(|level| rank(*level)).map(|level| level.name().to_owned())
}

#[cfg(test)]
mod tests {
    use super::{FEW, Group, by_options, midnight};
    use crate::plain::plain_handshake;
    use gauntlet_model::{Role, StepKind};

    #[test]
    fn a_few_cases_are_not_worth_another_process() {
        let case = plain_handshake("plain", Role::Client, &[0x0304], &Default::default(), &[]);
        let admitted = |cases: usize, is_memory: bool| {
            let group = Group { cases: vec![case.clone(); cases], ..Group::default() };
            (0..4).filter(|_| group.takes_one_more(is_memory)).count()
        };
        assert_eq!((admitted(1, false), admitted(FEW, false), admitted(FEW + 1, false)), (1, 1, 2));
        assert_eq!((admitted(100, false), admitted(1, true), admitted(3, true)), (4, 1, 3));
    }

    #[test]
    fn what_takes_a_rest_is_begun_first() {
        let case = |id: &str| plain_handshake(id, Role::Client, &[0x0304], &Default::default(), &[]);
        let mut slow = case("slow");
        slow.options = [("tickets".to_owned(), "yes".to_owned())].into();
        slow.steps[0].kind = StepKind::Pause { milliseconds: 1000 };
        let groups = by_options(vec![case("one"), case("two"), slow]);
        let ids: Vec<Vec<_>> =
            groups.iter().map(|group| group.cases.iter().map(|case| case.id.as_str()).collect()).collect();
        assert_eq!(ids, [vec!["slow"], vec!["one", "two"]]);
    }

    #[test]
    fn a_day_begins_at_midnight() {
        assert_eq!(midnight("1970-01-01T12:00:00Z"), Some(0));
        assert_eq!(midnight("2024-03-01T00:00:01Z"), Some(1_709_251_200));
        assert_eq!(midnight("2026-11-21"), Some(1_795_219_200));
        assert_eq!(midnight("long ago"), None);
    }
}
