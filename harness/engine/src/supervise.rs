//! Over many cases: a target that does not come up any more, and one whose memory only grows.

use std::fmt::Display;
use std::time::Duration;

/// So many failed starts in a row are enough.
const STARTS: u32 = 5;
/// Before the second try; doubled from then on.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Cases between two looks at the memory.
const BETWEEN: u32 = 20;
/// Looks that a remark needs.
const LOOKS: usize = 8;
/// Less growth than this is nobody's concern.
const MUCH: u64 = 16 << 20;

/// Starting with ever longer pauses, until it is given up.
#[derive(Default)]
pub(crate) struct Starts {
    failed: u32,
    last: String,
}

impl Starts {
    /// Tries once more, unless it is given up: the reason.
    pub fn attempt<T, E: Display>(&mut self, start: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
        if self.has_given_up() {
            return Err(format!("given up after {} starts in a row that failed: {}", self.failed, self.last));
        }
        if self.failed > 0 {
            std::thread::sleep(FIRST_PAUSE * 2_u32.pow(self.failed - 1));
        }
        match start() {
            Ok(started) => {
                self.failed = 0;
                Ok(started)
            }
            Err(error) => {
                self.failed += 1;
                self.last = error.to_string();
                Err(self.last.clone())
            }
        }
    }

    pub fn has_given_up(&self) -> bool {
        self.failed >= STARTS
    }

    pub fn failed(&self) -> u32 {
        self.failed
    }
}

/// Memory of one instance over the cases that it has served.
#[derive(Default)]
pub(crate) struct Growth {
    cases: u32,
    /// Bytes, at every look.
    held: Vec<u64>,
}

impl Growth {
    /// After a case.
    pub fn look(&mut self, held: Option<u64>) {
        if self.cases.is_multiple_of(BETWEEN) {
            self.held.extend(held);
        }
        self.cases += 1;
    }

    /// What is to be said: it has grown by half, and at nearly every look. What a first quarter takes is warming up.
    pub fn remark(&self) -> Option<String> {
        let later = &self.held[self.held.len() / 4..];
        let (first, last) = (*later.first()?, *later.last()?);
        let grew = later.windows(2).filter(|pair| pair[1] > pair[0]).count();
        // A collector lets go of much at once; a leak never does.
        let falls = later.windows(2).any(|pair| pair[1] + pair[1] / 16 < pair[0]);
        let steadily = grew * 10 >= (later.len() - 1) * 8 && !falls;
        let much = last >= first + MUCH && last * 2 >= first * 3;
        (self.held.len() >= LOOKS && steadily && much).then(|| {
            let mebibytes = |bytes: u64| bytes >> 20;
            let cases = later.len() as u32 * BETWEEN;
            format!("it may leak: from {} to {} MiB over {cases} cases", mebibytes(first), mebibytes(last))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remark(held: impl IntoIterator<Item = u64>) -> Option<String> {
        let mut growth = Growth::default();
        for mebibytes in held {
            for _ in 0..BETWEEN {
                growth.look(Some(mebibytes << 20));
            }
        }
        growth.remark()
    }

    #[test]
    fn steady_growth_is_remarked_on() {
        let text = remark((0..16).map(|look| 10 + 5 * look)).unwrap();
        assert_eq!(text, "it may leak: from 30 to 85 MiB over 240 cases");
    }

    #[test]
    fn other_growth_is_not() {
        assert_eq!(remark((0..16).map(|look| 40 + look.min(4) * 30)), None, "warming up");
        assert_eq!(remark((0..16).map(|look| 40 + look % 4 * 30)), None, "a collector's saw");
        assert_eq!(remark((0..16).map(|look| 500 + 2 * look)), None, "little of much");
        assert_eq!(remark((0..4).map(|look| 10 + 50 * look)), None, "too few looks");
        assert_eq!(remark([]), None);
    }

    #[test]
    fn starts_are_given_up() {
        let mut starts = Starts::default();
        assert!(starts.attempt(|| Err::<(), _>("no port")).is_err());
        assert!(starts.attempt(|| Ok::<_, String>(())).is_ok());
        for _ in 0..STARTS {
            assert!(!starts.has_given_up());
            assert_eq!(starts.attempt(|| Err::<(), _>("no port")).unwrap_err(), "no port");
        }
        let reason = starts.attempt::<(), String>(|| unreachable!("it is given up")).unwrap_err();
        assert_eq!(reason, "given up after 5 starts in a row that failed: no port");
    }
}
