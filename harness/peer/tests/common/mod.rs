//! Two peers that talk to each other, and what they say of it.

#![allow(dead_code, reason = "each test uses a part")]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use gauntlet_model::What;
use gauntlet_peer::{Change, Peer};
use gauntlet_wire::Path;

/// One message, whole.
pub fn send(peer: &mut Peer, name: &str, change: &Change) {
    let mut draft = peer.draft(name, change).unwrap();
    peer.remember(&mut draft);
    while draft.left() > 0 {
        peer.emit(&mut draft, None, None).unwrap();
    }
    peer.sent(&mut draft);
}

/// All that is due, as bytes; messages named are changed.
pub fn flush_with(peer: &mut Peer, changes: &[(&str, Change)]) -> Vec<u8> {
    while let Some(name) = peer.due() {
        let change = changes.iter().find(|(changed, _)| *changed == name).map(|(_, change)| change.clone());
        send(peer, name, &change.unwrap_or_default());
    }
    peer.take_output()
}

pub fn flush(peer: &mut Peer) -> Vec<u8> {
    flush_with(peer, &[])
}

/// Until neither has more to say: the bytes of the client, and of the server.
pub fn converse(client: &mut Peer, server: &mut Peer) -> (Vec<u8>, Vec<u8>) {
    let (mut up, mut down) = (Vec::new(), Vec::new());
    for _ in 0..10 {
        let bytes = flush(client);
        server.receive(&bytes);
        let answer = flush(server);
        client.receive(&answer);
        up.extend_from_slice(&bytes);
        down.extend_from_slice(&answer);
        if bytes.is_empty() && answer.is_empty() {
            break;
        }
    }
    (up, down)
}

pub fn remarks_in(events: &[What]) -> Vec<String> {
    let words = events.iter().filter_map(|event| match event {
        What::Remark { alert, text } => Some(format!("{alert}: {text}")),
        What::NotFollowed { text } => Some(text.clone()),
        _ => None,
    });
    words.collect()
}

pub fn remarks(peer: &mut Peer) -> Vec<String> {
    remarks_in(&peer.take_events())
}

pub fn path(text: &str) -> Path {
    Path::parse(text).unwrap()
}
