//! What is too much: data that nobody asked for, memory that is not given back.

use gauntlet_model::{Side, Transcript, What};

/// How such a reason begins.
pub(crate) const MORE: &str = "more came back than was sent";
/// Memory that a target may take for itself, bytes.
const MUCH: u64 = 64 << 20;

/// What comes of itself in an honest flow, such as a client's request: bytes of application data, and of heartbeats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Excess {
    data: usize,
    heartbeat: usize,
}

impl Excess {
    /// Of an honest flow.
    pub fn of(transcript: &Transcript) -> Excess {
        Excess { data: sum(transcript, Side::Target, 23), heartbeat: sum(transcript, Side::Target, 24) }
    }

    /// In words, if a changed flow brought more than that and all that we sent ourselves.
    pub fn exceeded_by(&self, transcript: &Transcript) -> Option<String> {
        let more = |what: &str, kind: u8, honest: usize| {
            let (came, allowed) = (sum(transcript, Side::Target, kind), honest + sum(transcript, Side::Us, kind));
            (came > allowed).then(|| format!("{MORE}: {} bytes of {what}", came - allowed))
        };
        more("application data", 23, self.data).or_else(|| more("heartbeats", 24, self.heartbeat))
    }
}

/// Bytes of a content type from one side.
fn sum(transcript: &Transcript, side: Side, kind: u8) -> usize {
    let length = |what: &What| match what {
        What::Message { from, content_type, bytes, .. } if *from == side && *content_type == kind => bytes.len(),
        _ => 0,
    };
    transcript.events.iter().map(|event| length(&event.what)).sum()
}

/// In words, if memory grew by much, and to more than double.
pub(crate) fn grown(before: Option<u64>, after: Option<u64>) -> Option<String> {
    let (before, after) = (before?, after?);
    let grew = after > before + MUCH && after > 2 * before;
    grew.then(|| format!("an instance grew from {} to {} MiB", before >> 20, after >> 20))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gauntlet_model::Event;

    fn heartbeat(from: Side, length: usize) -> Event {
        let what = What::Message {
            from,
            name: "heartbeat".into(),
            content_type: 24,
            context: Default::default(),
            bytes: vec![0; length],
            meant: None,
            changes: Vec::new(),
        };
        Event { play: 0, connection: 0, us: 0, what }
    }

    #[test]
    fn a_reply_longer_than_its_request_is_told() {
        let events = vec![heartbeat(Side::Us, 20), heartbeat(Side::Target, 20)];
        let mut transcript = Transcript { events, ..Transcript::default() };
        assert_eq!(Excess::default().exceeded_by(&transcript), None);
        transcript.events.push(heartbeat(Side::Target, 300));
        let told = Excess::default().exceeded_by(&transcript).expect("too much");
        assert!(told.contains("300 bytes of heartbeats"), "{told}");
        assert_eq!(Excess::of(&transcript).exceeded_by(&transcript), None, "an honest flow sets the measure");
    }

    #[test]
    fn memory_may_grow_but_not_without_end() {
        assert_eq!(grown(Some(10 << 20), Some(60 << 20)), None);
        assert_eq!(grown(Some(100 << 20), Some(190 << 20)), None);
        assert!(grown(Some(10 << 20), Some(90 << 20)).is_some());
        assert_eq!(grown(None, Some(90 << 20)), None);
    }
}
