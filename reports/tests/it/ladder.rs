use crate::samples::{self, Writer, handshake};
use gauntlet_model::Close;
use gauntlet_model::transcript::{Ending, Side, Transcript, What};
use gauntlet_reports::ladder::{Options, ladder};
use gauntlet_reports::{keylog, text};

const REDACTED: Options = Options { redact: true, lines: 40 };

#[test]
fn a_handshake_with_its_chances() {
    insta::assert_snapshot!(ladder(&handshake(0x5a), &Options::default()));
}

#[test]
fn a_handshake_without_them() {
    let drawn = ladder(&handshake(0x5a), &REDACTED);
    insta::assert_snapshot!(drawn);
    for chance in [0x11, 0x5b, 0xfe] {
        assert_eq!(ladder(&handshake(chance), &REDACTED), drawn);
        assert_ne!(ladder(&handshake(chance), &Options::default()), ladder(&handshake(0x5a), &Options::default()));
    }
}

#[test]
fn what_else_can_happen() {
    let mut writer = Writer::default();
    writer.push(What::Connected);
    writer.step(4);
    // A hello in three records, one of which is empty; then bytes that are no record.
    let hello = samples::encoded("client_hello", samples::client_hello(1), Default::default());
    for part in [&hello[..5], &[], &hello[5..9], &hello[9..]] {
        writer.record(Side::Us, "none", 22, part);
    }
    let at = writer.events.len() - 4;
    writer.message(Side::Us, "none", "client_hello", 22, hello, &["records [5, 0, 4, rest]"]);
    writer.events.truncate(at + 5);
    writer.push(What::Altered { step: 0, text: "flip bit 0 of body".to_owned(), unchanged: true });
    writer.push(What::Bytes { from: Side::Target, data: vec![0x15, 3, 1] });
    writer.push(What::NotFollowed { text: "unknown suite 0x5600".to_owned() });
    writer.push(What::Remark { alert: "decode_error".into(), text: "a record of 3 bytes\u{1b}[31m".to_owned() });
    writer.push(What::Quiet);
    writer.push(What::Quiet);
    writer.push(What::Closed { how: Close::CloseNotify });
    writer.push(What::End { how: Ending::Rst });
    writer.connection = 1;
    writer.push(What::Connected);
    writer.step(9);
    writer.message(Side::Target, "application", "application_data", 23, b"HTTP/1.0 200\r\n\x1b[31m\xff".to_vec(), &[]);
    writer.message(Side::Target, "none", "server_hello", 22, vec![2, 0, 0, 4, 3, 3, 1, 2], &[]);
    writer.message(Side::Target, "none", "alert", 21, vec![1, 99], &[]);
    writer.message(Side::Target, "none", "alert", 21, vec![2], &[]);
    writer.push(What::Target {
        status: None,
        signal: Some(11),
        stderr: "\nASan: \u{1b}[1mheap\u{202e}".to_owned(),
        crashed: true,
        accepted: None,
    });
    writer.push(What::Alive { alive: false });
    writer.push(What::Trouble { text: "no such action: key_update".to_owned(), skip: true });
    insta::assert_snapshot!(ladder(&writer.transcript(), &Options::default()));
}

/// Two integers in DER are as long as they happen to be, whatever algorithm the message names.
#[test]
fn sizes_of_signatures_are_by_chance_or_not() {
    let drawn = |algorithm: u64, signature: Vec<u8>| {
        let mut writer = Writer::default();
        let fields = [("algorithm", algorithm.into()), ("signature", signature.into())];
        writer.handshake(Side::Us, "handshake", "certificate_verify", gauntlet_wire::Plain::map(fields));
        ladder(&writer.transcript(), &REDACTED)
    };
    let pair = |length: usize| [&[0x30, length as u8 - 2, 2][..], &vec![1; length - 3]].concat();
    let long_pair = |length: usize| [&[0x30, 0x81, length as u8 - 3, 2][..], &vec![1; length - 4]].concat();
    assert_eq!(drawn(0x0103, pair(70)), drawn(0x0103, pair(72)));
    assert_eq!(drawn(0x0103, long_pair(136)), drawn(0x0103, long_pair(139)));
    assert_eq!(drawn(0x0403, vec![7; 70]), drawn(0x0403, vec![7; 71]), "a spoiled one too");
    assert!(drawn(0x0804, vec![7; 256]).contains(" 264 "), "of RSA it is always the same");
    assert!(drawn(0x0807, pair(64)).contains(" 72 "), "as of Ed25519, whatever it begins with");
}

/// What cannot be opened may be a signature; an alert is too short for one.
#[test]
fn sizes_of_records_that_cannot_be_opened() {
    let drawn = |length: u32, from: Side| {
        let mut writer = Writer::default();
        writer.push(What::Record {
            from,
            outer: 23,
            version: 0x0303,
            length,
            keys: "handshake".into(),
            sequence: 0,
            content_type: 23,
            content: vec![0; 4],
            padding: 0,
            verified: false,
            wire: Vec::new(),
        });
        ladder(&writer.transcript(), &REDACTED)
    };
    assert_eq!(drawn(95, Side::Target), drawn(97, Side::Target));
    assert!(drawn(19, Side::Target).contains(" 19 "));
    assert!(drawn(95, Side::Us).contains(" 95 "), "ours are by the seed");
}

fn updates(number: usize, alternately: bool) -> Transcript {
    let mut writer = Writer::default();
    writer.step(7);
    for _ in 0..number {
        writer.push(What::StepBegan { line: 8, column: 9, step: 0, nested: true });
        writer.message(Side::Us, "application", "key_update", 22, vec![24, 0, 0, 1, 1], &[]);
        if alternately {
            writer.message(Side::Target, "application", "key_update", 22, vec![24, 0, 0, 1, 0], &[]);
        }
    }
    writer.transcript()
}

#[test]
fn repetition_is_counted() {
    insta::assert_snapshot!(ladder(&updates(33, false), &Options::default()), @"
    line 7
      -->  key_update                 5  application  update_requested
           ... 32 more key_update
    ");
    insta::assert_snapshot!(ladder(&updates(33, true), &Options::default()), @"
    line 7
      -->  key_update                 5  application  update_requested
      <--  key_update                 5  application  update_not_requested
           ... 32 more times these 2
    ");
    assert_eq!(ladder(&updates(2, false), &Options::default()).lines().count(), 3);
}

#[test]
fn plays_that_are_alike_are_drawn_once() {
    let mut writer = Writer::default();
    for (play, alert) in [(0, 51), (1, 51), (2, 51), (3, 20)] {
        writer.play = play;
        writer.step(7);
        writer.handshake(Side::Us, "none", "client_hello", samples::client_hello(play as u8));
        writer.message(Side::Target, "none", "alert", 21, vec![2, alert], &[]);
    }
    insta::assert_snapshot!(ladder(&writer.transcript(), &REDACTED), @"
    plays 0 to 2, all alike
    line 7
      -->  client_hello             162  none         tls1.2; versions tls1.3 tls1.2; 2 suites; groups x25519 secp256r1; shares x25519; sni example.com; [session_id]; [random]
      <--  alert                      2  none         fatal decrypt_error
    play 3
    line 7
      -->  client_hello             162  none         tls1.2; versions tls1.3 tls1.2; 2 suites; groups x25519 secp256r1; shares x25519; sni example.com; [session_id]; [random]
      <--  alert                      2  none         fatal bad_record_mac
    ");
}

#[test]
fn bytes_outside_of_records_are_counted() {
    let mut writer = Writer::default();
    writer.push(What::Bytes { from: Side::Us, data: b"GET / HTTP/1.0\r\n\r\n".to_vec() });
    writer.push(What::Bytes { from: Side::Target, data: vec![21, 3, 1, 0, 2, 2, 10] });
    writer.message(Side::Target, "none", "alert", 21, vec![2, 10], &[]);
    insta::assert_snapshot!(ladder(&writer.transcript(), &Options::default()), @"
      <--  alert                      2  none         fatal unexpected_message
      -->  18 bytes outside of records
    ");
}

#[test]
fn a_long_ladder_keeps_its_ends() {
    let mut writer = Writer::default();
    for number in 0..200u8 {
        writer.message(Side::Us, "none", "alert", 21, vec![1, number], &[]);
    }
    writer.push(What::End { how: Ending::Fin });
    let drawn = ladder(&writer.transcript(), &Options::default());
    assert_eq!(drawn.lines().count(), 40);
    assert!(drawn.contains("162 lines left out") && drawn.ends_with("end: fin\n"), "{drawn}");
}

#[test]
fn the_full_text_has_all_bytes() {
    let mut transcript = handshake(0x5a);
    // A handshake is long; its first messages and the altered one show the form.
    let altered = transcript.events.iter().position(|event| matches!(event.what, What::Altered { .. })).unwrap();
    transcript.events.drain(6..altered);
    insta::assert_snapshot!(text(&transcript));
}

#[test]
fn the_key_log_has_each_secret_once() {
    let mut transcript = handshake(0x5a);
    transcript.events.extend(transcript.events.clone());
    let expected = format!("CLIENT_RANDOM {} {}\n", "5a".repeat(32), "01".repeat(48));
    assert_eq!(keylog(&transcript), expected);
    let mut writer = Writer::default();
    writer.push(What::Secret { label: "A\nB".into(), random: vec![1], secret: vec![2] });
    assert_eq!(keylog(&writer.transcript()), "");
}
