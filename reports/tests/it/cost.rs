use crate::samples::Writer;
use gauntlet_model::transcript::{Side, What};
use gauntlet_reports::cost::costs;

/// A record of so many bytes, its header too, and the bytes on the wire.
fn record(writer: &mut Writer, from: Side, keys: &'static str, size: usize) {
    writer.push(What::Bytes { from, data: vec![0; size] });
    writer.record(from, keys, 22, &vec![0; size - 5]);
}

fn established(writer: &mut Writer, resumed: bool) {
    writer.push(What::Established { version: 0x0304, cipher_suite: 0x1301, group: 29, resumed, alpn: None, ech: None });
}

/// A full handshake, then a resumed one on the next connection, then one that is never completed.
fn transcript() -> gauntlet_model::Transcript {
    use Side::{Target, Us};
    let mut writer = Writer::default();
    record(&mut writer, Us, "none", 200);
    record(&mut writer, Target, "none", 1000);
    record(&mut writer, Target, "handshake", 500);
    record(&mut writer, Target, "application", 250);
    record(&mut writer, Us, "handshake", 74);
    established(&mut writer, false);
    record(&mut writer, Us, "application", 9999);
    writer.connection = 1;
    record(&mut writer, Us, "none", 300);
    record(&mut writer, Us, "early", 40);
    record(&mut writer, Target, "handshake", 150);
    record(&mut writer, Us, "handshake", 74);
    established(&mut writer, true);
    writer.connection = 2;
    record(&mut writer, Us, "none", 300);
    writer.transcript()
}

#[test]
fn flights_and_bytes_end_with_the_handshake() {
    let found = costs(&transcript(), true);
    assert_eq!(found.len(), 2, "what was never complete has no cost");
    let (full, resumed) = (&found[0], &found[1]);
    assert_eq!((full.handshake.as_str(), full.flights, full.sent, full.received), ("full", 3, 274, 1500));
    assert_eq!((resumed.handshake.as_str(), resumed.flights, resumed.sent, resumed.received), ("0-RTT", 3, 414, 150));
    assert_eq!((full.version.as_str(), full.group.as_deref()), ("tls1.3", Some("x25519")));
    assert!(full.answer_us.unwrap() > 0 && full.answer_us < full.took_us);
}

#[test]
fn a_count_of_calls_is_no_time() {
    assert!(costs(&transcript(), false).iter().all(|cost| cost.took_us.is_none() && cost.answer_us.is_none()));
}
