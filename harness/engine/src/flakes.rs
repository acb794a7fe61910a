//! Whether a failure is one: what does not repeat is told apart.
//!
//! | plays of a case | verdict |
//! |---|---|
//! | pass | pass |
//! | fail, fail | fail |
//! | fail, pass, fail | fail |
//! | fail, pass, pass | unstable |
//! | crash, pass, pass | crash: a death is a fact, though maybe of an earlier case |

use gauntlet_model::{Kind, Transcript, Verdict};

fn is_broken(kind: Kind) -> bool {
    matches!(kind, Kind::Fail | Kind::Crash | Kind::Hang)
}

/// Whether these plays of a case are enough.
pub(crate) fn is_decided(kinds: &[Kind]) -> bool {
    let broken = kinds.iter().filter(|kind| is_broken(**kind)).count();
    let sound = kinds.len() - broken;
    broken != 1 || sound >= 2
}

/// The play that stands for all of them, with the verdict on all.
pub(crate) fn decide(tried: Vec<(Transcript, Verdict)>) -> (Transcript, Verdict) {
    let plays = tried.len();
    let kinds: Vec<Kind> = tried.iter().map(|(_, verdict)| verdict.kind).collect();
    let broken = kinds.iter().filter(|kind| is_broken(**kind)).count();
    let died = kinds.contains(&Kind::Crash);
    // The mildest of what is broken, but for a death; without any, there was one play.
    let rank = |kind: Kind| (!is_broken(kind), if died { kind != Kind::Crash } else { false }, kind);
    let shown = tried.into_iter().min_by_key(|(_, verdict)| rank(verdict.kind));
    let (transcript, mut verdict) = shown.unwrap_or_else(|| (Transcript::default(), unplayed()));
    if broken == 1 && plays > 1 {
        verdict.reason = format!("once in {plays} plays: {}", verdict.reason);
        if !died {
            verdict.kind = Kind::Unstable;
        }
    }
    (transcript, verdict)
}

fn unplayed() -> Verdict {
    let reason = "not played".to_owned();
    Verdict { kind: Kind::Error, form: None, at: None, expected: String::new(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Kind::{Crash, Error, Fail, Hang, Loose, Pass};

    fn decided(kinds: &[Kind]) -> Option<(Kind, String)> {
        let play = |kind: &Kind| {
            let reason = kind.name().to_owned();
            (Transcript::default(), Verdict { kind: *kind, reason, ..unplayed() })
        };
        let (_, verdict) = decide(kinds.iter().map(play).collect());
        is_decided(kinds).then_some((verdict.kind, verdict.reason))
    }

    fn as_it_was(kind: Kind) -> Option<(Kind, String)> {
        Some((kind, kind.name().to_owned()))
    }

    #[test]
    fn what_does_not_fail_is_believed_at_once() {
        for kind in [Pass, Loose, Error] {
            assert_eq!(decided(&[kind]), as_it_was(kind));
        }
    }

    #[test]
    fn two_of_three_decide() {
        assert_eq!(decided(&[Fail]), None);
        assert_eq!(decided(&[Fail, Fail]), as_it_was(Fail));
        assert_eq!(decided(&[Fail, Pass]), None);
        assert_eq!(decided(&[Fail, Pass, Fail]), as_it_was(Fail));
        assert_eq!(decided(&[Hang, Fail]), as_it_was(Fail));
        assert_eq!(decided(&[Fail, Pass, Pass]), Some((Kind::Unstable, "once in 3 plays: fail".to_owned())));
        assert_eq!(decided(&[Hang, Loose, Pass]), Some((Kind::Unstable, "once in 3 plays: hang".to_owned())));
    }

    #[test]
    fn a_death_stays_one() {
        assert_eq!(decided(&[Crash, Crash]), as_it_was(Crash));
        assert_eq!(decided(&[Crash, Fail]), as_it_was(Crash));
        assert_eq!(decided(&[Crash, Pass, Pass]), Some((Crash, "once in 3 plays: crash".to_owned())));
    }
}
