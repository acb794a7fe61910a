//! Lists of which a server picks one: suites, groups, signature schemes.

use super::{Probe, TLS12, TLS13, died, numbers, received, refused};
use crate::plain::through;
use gauntlet_crypto::CipherSuite;
use gauntlet_crypto::suite::{Authentication, KeyExchange, SuiteInfo};
use gauntlet_model::capabilities::Learnt;
use gauntlet_model::names::version_name;
use gauntlet_model::{LinkError, Side, Transcript, Val, What};
use gauntlet_peer::view::{ServerHelloView, number};
use gauntlet_wire::Node;

/// Groups that are asked for.
const GROUPS: [u16; 13] = [29, 23, 24, 25, 30, 256, 257, 258, 259, 260, 4588, 4587, 4589];
/// Signature schemes that are asked for.
const SCHEMES: [u16; 14] =
    [0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0807, 0x0808, 0x0809, 0x0401, 0x0501, 0x0601, 0x0203, 0x0201];
/// TLS 1.3 suites.
const SUITES13: [u16; 5] = [0x1301, 0x1302, 0x1303, 0x1304, 0x1305];
/// TLS 1.2 suites in use, the better ones first.
const SUITES12: [u16; 22] = [
    0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc009, 0xc013, 0xc00a, 0xc014, 0xc023, 0xc027, 0xc024, 0xc028,
    0x009c, 0x009d, 0x002f, 0x0035, 0x003c, 0x003d, 0x009e, 0x009f,
];
/// So many suites are offered at once: some stacks take no more than 150.
const AT_ONCE: usize = 64;

const SIGNATURES: &str = "extensions.signature_algorithms.supported_signature_algorithms";
const CHAIN_SIGNATURES: &str = "extensions.signature_algorithms_cert.supported_signature_algorithms";
const OFFERED_GROUPS: &str = "extensions.supported_groups.named_group_list";
const SHARES: &str = "extensions.key_share.client_shares";

/// What a server did with a list.
enum Choice {
    Of(u16),
    /// It has nothing of it, as it says. [RFC 9846, 6.2]
    None,
    /// It refused for another reason, or for one that it kept to itself.
    Refused,
    Silent,
    Died,
}

impl Choice {
    /// Why it is not known what of the list it has.
    fn unsure(&self) -> Option<String> {
        match self {
            Choice::Of(_) | Choice::None | Choice::Refused => None,
            Choice::Silent => Some("timed out".to_owned()),
            Choice::Died => Some("it died when it was asked".to_owned()),
        }
    }
}

/// What came of asking for a list until it was refused.
struct Chosen {
    /// In the order of choice.
    order: Vec<u16>,
    /// Why the others are not known to be lacking.
    unsure: Option<String>,
}

impl Chosen {
    fn learnt(&self, item: u16) -> Learnt {
        match &self.unsure {
            _ if self.order.contains(&item) => Learnt::Yes,
            Some(why) => Learnt::NotLearnt(why.clone()),
            None => Learnt::No,
        }
    }
}

/// Fields of a hello, by path.
type Set = Vec<(&'static str, Val)>;

/// How a list is asked for, and where the choice stands.
struct Question<'a> {
    version: u16,
    answer: &'a str,
    /// Fields of the hello for the list.
    set: &'a dyn Fn(&[u16]) -> Set,
    choice: &'a dyn Fn(&Node) -> Option<u16>,
}

impl Probe<'_> {
    /// All of a list that it has.
    fn choose(&mut self, all: &[u16], question: &Question<'_>) -> Result<Chosen, LinkError> {
        let mut left = all.to_vec();
        let mut chosen = Chosen { order: Vec::new(), unsure: None };
        while !left.is_empty() {
            let choice = self.choice(&left, question)?;
            match choice {
                Choice::Of(item) if left.contains(&item) => {
                    left.retain(|other| *other != item);
                    chosen.order.push(item);
                }
                // What was not offered is no answer about what was.
                Choice::Of(_) | Choice::Refused if chosen.order.is_empty() && all.len() > 1 => {
                    return self.choose_one_by_one(all, question);
                }
                Choice::Of(_) | Choice::None | Choice::Refused => break,
                Choice::Silent | Choice::Died => {
                    chosen.unsure = choice.unsure();
                    break;
                }
            }
        }
        Ok(chosen)
    }

    /// Whoever refuses a list as a whole may still take some of it.
    fn choose_one_by_one(&mut self, all: &[u16], question: &Question<'_>) -> Result<Chosen, LinkError> {
        let mut chosen = Chosen { order: Vec::new(), unsure: None };
        for item in all {
            let choice = self.choice(&[*item], question)?;
            match choice {
                Choice::Of(other) if other == *item => chosen.order.push(other),
                _ => chosen.unsure = choice.unsure().or(chosen.unsure),
            }
        }
        Ok(chosen)
    }

    fn choice(&mut self, offered: &[u16], question: &Question<'_>) -> Result<Choice, LinkError> {
        let set = (question.set)(offered);
        let transcript = self.play(&through(question.answer, &[question.version], self.options, &set))?;
        let choice = received(&transcript, question.answer).find_map(|message| (question.choice)(&message));
        Ok(match choice {
            Some(item) => Choice::Of(item),
            None if died(&transcript) => Choice::Died,
            None if has_nothing_of_it(&transcript) => Choice::None,
            None if refused(&transcript) => Choice::Refused,
            None => Choice::Silent,
        })
    }

    fn chosen_suite(&mut self, version: u16, offered: &[u16]) -> Result<Option<u16>, LinkError> {
        let transcript =
            self.play(&through("server_hello", &[version], self.options, &[("cipher_suites", numbers(offered))]))?;
        Ok(suite_of(&transcript))
    }

    pub(super) fn suites13(&mut self) -> Result<(), LinkError> {
        self.suites(TLS13, &SUITES13)
    }

    /// Up to TLS 1.2: the suites in use, then all others that we can play, each kind of key exchange on its own: who chooses
    /// one that it cannot go through with refuses all that were offered beside it.
    pub(super) fn suites12(&mut self, version: u16) -> Result<(), LinkError> {
        self.suites(version, &SUITES12)?;
        let is_other = |info: &&SuiteInfo| {
            info.key_exchange != KeyExchange::Tls13 && info.is_playable() && !SUITES12.contains(&info.suite.0)
        };
        let kind = |info: &SuiteInfo| (info.key_exchange as u8, info.authentication as u8);
        let mut others: Vec<_> = CipherSuite::all().iter().filter(is_other).collect();
        others.sort_by_key(|info| kind(info));
        for of_kind in others.chunk_by(|one, other| kind(one) == kind(other)) {
            let suites: Vec<u16> = of_kind.iter().map(|info| info.suite.0).collect();
            suites.chunks(AT_ONCE).try_for_each(|part| self.suites(version, part))?;
        }
        Ok(())
    }

    fn suites(&mut self, version: u16, all: &[u16]) -> Result<(), LinkError> {
        let set = |offered: &[u16]| vec![("cipher_suites", numbers(offered))];
        let choice = |hello: &Node| Some(ServerHelloView::of(hello).cipher_suite);
        let chosen = self.choose(all, &Question { version, answer: "server_hello", set: &set, choice: &choice })?;
        for suite in all {
            self.found.learn("cipher_suites", &super::name("CipherSuite", *suite), chosen.learnt(*suite));
        }
        let [first, .., last] = chosen.order.as_slice() else { return Ok(()) };
        // Offered the other way round, who goes by the client's order would choose another.
        let backwards: Vec<u16> = [*last, *first].into();
        if version == TLS13 || all.first() == SUITES12.first() {
            let own = self.chosen_suite(version, &backwards)? == Some(*first);
            let which = if version == TLS13 { "cipher_suites_tls1.3" } else { "cipher_suites_tls1.2" };
            self.learn_whether("preference", which, own);
        }
        Ok(())
    }

    /// By the group that it asks for when it got no share; without retries, by shares of each.
    pub(super) fn groups13(&mut self) -> Result<(), LinkError> {
        let set = |offered: &[u16]| vec![(OFFERED_GROUPS, numbers(offered)), (SHARES, Val::List(Vec::new()))];
        let choice = |hello: &Node| Some(ServerHelloView::of(hello).share?.0);
        let retries = Question { version: TLS13, answer: "hello_retry_request", set: &set, choice: &choice };
        let first = self.choice(&GROUPS, &retries)?;
        let learnt = match first {
            Choice::Of(_) => Learnt::Yes,
            Choice::None | Choice::Refused => Learnt::No,
            Choice::Silent | Choice::Died => Learnt::NotLearnt(first.unsure().unwrap_or_default()),
        };
        self.found.learn("hello_retry_request", "yes", learnt.clone());
        let chosen = match learnt {
            Learnt::Yes => self.choose(&GROUPS, &retries)?,
            Learnt::No | Learnt::NotLearnt(_) => self.choose_one_by_one(
                &GROUPS,
                &Question { version: TLS13, answer: "server_hello", set: &with_share, choice: &choice },
            )?,
        };
        for group in GROUPS {
            self.found.learn("groups", &super::name("NamedGroup", group), chosen.learnt(group));
        }
        Ok(())
    }

    /// By the curve of its ServerKeyExchange.
    pub(super) fn groups12(&mut self) -> Result<(), LinkError> {
        let suites = suites_of(&[Authentication::Rsa, Authentication::Ecdsa]);
        let set = |offered: &[u16]| vec![(OFFERED_GROUPS, numbers(offered)), ("cipher_suites", suites.clone())];
        let choice =
            |message: &Node| Some(number(message.field("params")?.field("curve_params")?, "namedcurve")? as u16);
        let curves = &GROUPS[..5];
        let question = Question { version: TLS12, answer: "server_key_exchange", set: &set, choice: &choice };
        let chosen = self.choose(curves, &question)?;
        for group in curves {
            self.found.learn("groups", &super::name("NamedGroup", *group), chosen.learnt(*group));
        }
        Ok(())
    }

    /// Scenarios that name no version mean the newest.
    fn learn_scheme(&mut self, version: u16, scheme: u16, learnt: Learnt) {
        let name = super::name("SignatureScheme", scheme);
        if version == TLS13 || !self.has_version(TLS13) {
            self.found.learn("signature_schemes", &name, learnt.clone());
        }
        self.found.learn(&format!("signature_schemes_{}", version_name(version)), &name, learnt);
    }

    /// By the scheme of its CertificateVerify; what a chain may be signed with is left open.
    pub(super) fn schemes13(&mut self) -> Result<(), LinkError> {
        let set = |offered: &[u16]| vec![(SIGNATURES, numbers(offered)), (CHAIN_SIGNATURES, numbers(&SCHEMES))];
        let choice = |message: &Node| Some(number(message, "algorithm")? as u16);
        let question = Question { version: TLS13, answer: "certificate_verify", set: &set, choice: &choice };
        let chosen = self.choose(&SCHEMES, &question)?;
        for scheme in SCHEMES {
            self.learn_scheme(TLS13, scheme, chosen.learnt(scheme));
        }
        Ok(())
    }

    /// By the scheme of its ServerKeyExchange, once for each kind of certificate: some choose the suite first.
    pub(super) fn schemes12(&mut self) -> Result<(), LinkError> {
        let choice = |message: &Node| Some(number(message.field("signed_params")?, "algorithm")? as u16);
        for (kind, is_rsa) in [(Authentication::Ecdsa, false), (Authentication::Rsa, true)] {
            let suites = suites_of(&[kind]);
            let set = |offered: &[u16]| vec![(SIGNATURES, numbers(offered)), ("cipher_suites", suites.clone())];
            let question = Question { version: TLS12, answer: "server_key_exchange", set: &set, choice: &choice };
            let those: Vec<u16> = SCHEMES.into_iter().filter(|scheme| is_rsa == is_rsa_scheme(*scheme)).collect();
            let chosen = self.choose(&those, &question)?;
            for scheme in those {
                self.learn_scheme(TLS12, scheme, chosen.learnt(scheme));
            }
        }
        Ok(())
    }
}

/// Whether it said that nothing of what was offered will do.
fn has_nothing_of_it(transcript: &Transcript) -> bool {
    const HANDSHAKE_FAILURE: u8 = 40;
    transcript.events.iter().any(|event| match &event.what {
        What::Message { from: Side::Target, name, bytes, .. } => {
            &**name == "alert" && bytes.get(1) == Some(&HANDSHAKE_FAILURE)
        }
        _ => false,
    })
}

/// One group, with a share of it.
fn with_share(offered: &[u16]) -> Vec<(&'static str, Val)> {
    let share = |group: &u16| Val::Map(vec![("group".to_owned(), Val::Number(u64::from(*group)))]);
    vec![(OFFERED_GROUPS, numbers(offered)), (SHARES, Val::List(offered.iter().map(share).collect()))]
}

/// The suites of TLS 1.2 with ephemeral elliptic curves and such a certificate.
fn suites_of(kinds: &[Authentication]) -> Val {
    let fits = |suite: &u16| {
        CipherSuite(*suite)
            .info()
            .is_some_and(|info| info.key_exchange == KeyExchange::Ecdhe && kinds.contains(&info.authentication))
    };
    let suites: Vec<u16> = SUITES12.into_iter().filter(fits).collect();
    numbers(&suites)
}

/// By the second byte of the pairs of TLS 1.2, else by the block of RSASSA-PSS.
fn is_rsa_scheme(scheme: u16) -> bool {
    matches!(scheme, 0x0804..=0x0806 | 0x0809..=0x080b) || (scheme < 0x0800 && scheme & 0xff == 1)
}

fn suite_of(transcript: &Transcript) -> Option<u16> {
    received(transcript, "server_hello").next().map(|hello| ServerHelloView::of(&hello).cipher_suite)
}
