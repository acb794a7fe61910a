//! The legal orders of messages, in one table [RFC 9846, 4 and A; RFC 5246, 7.3].
//!
//! What a side may receive behind the hellos is a list of slots, some of them optional. `Order` walks
//! along it: a message that fits no slot that can be reached is unexpected.

/// One place in the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Message name.
    pub name: &'static str,
    /// It may be missing.
    pub optional: bool,
}

const fn must(name: &'static str) -> Slot {
    Slot { name, optional: false }
}

const fn may(name: &'static str) -> Slot {
    Slot { name, optional: true }
}

/// What decides about the order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// TLS 1.3.
    pub tls13: bool,
    /// A session or PSK is used.
    pub resumed: bool,
    /// TLS 1.2: the server shows a certificate.
    pub certificate: bool,
    /// TLS 1.2: a ServerKeyExchange is due.
    pub key_exchange: bool,
    /// TLS 1.2 with PSK: a ServerKeyExchange may come.
    pub hint: bool,
    /// The server asked for a certificate.
    pub requested: bool,
}

/// What a client receives behind the ServerHello.
pub fn from_server(flow: Flow) -> Vec<Slot> {
    if flow.tls13 {
        let mut slots = vec![must("encrypted_extensions")];
        if !flow.resumed {
            slots.extend([may("certificate_request"), must("certificate"), must("certificate_verify")]);
        }
        slots.push(must("finished"));
        return slots;
    }
    let mut slots = Vec::new();
    if !flow.resumed {
        if flow.certificate {
            slots.extend([must("certificate"), may("certificate_status")]);
        }
        if flow.key_exchange {
            slots.push(must("server_key_exchange"));
        } else if flow.hint {
            slots.push(may("server_key_exchange"));
        }
        slots.extend([may("certificate_request"), must("server_hello_done")]);
    }
    slots.extend([may("new_session_ticket"), must("change_cipher_spec"), must("finished")]);
    slots
}

/// What a server receives behind the last ClientHello.
pub fn from_client(flow: Flow) -> Vec<Slot> {
    let mut slots = Vec::new();
    if flow.tls13 {
        slots.push(may("end_of_early_data"));
        if flow.requested {
            slots.extend([must("certificate"), may("certificate_verify")]);
        }
        slots.push(must("finished"));
        return slots;
    }
    if !flow.resumed {
        if flow.requested {
            slots.push(must("certificate"));
        }
        slots.push(must("client_key_exchange"));
        if flow.requested {
            slots.push(may("certificate_verify"));
        }
    }
    slots.extend([must("change_cipher_spec"), must("finished")]);
    slots
}

/// A walk along the slots.
#[derive(Clone, Debug, Default)]
pub struct Order {
    slots: Vec<Slot>,
    next: usize,
}

impl Order {
    /// At the start.
    pub fn new(slots: Vec<Slot>) -> Order {
        Order { slots, next: 0 }
    }

    /// Takes a message; the error names what could have come.
    pub fn take(&mut self, name: &str) -> Result<(), String> {
        let mut could = Vec::new();
        for (place, slot) in self.slots.iter().enumerate().skip(self.next) {
            if slot.name == name {
                self.next = place + 1;
                return Ok(());
            }
            could.push(slot.name);
            if !slot.optional {
                break;
            }
        }
        match could.as_slice() {
            [] => Err("nothing more of the handshake".to_owned()),
            names => Err(names.join(" or ")),
        }
    }

    /// What may be missing from here on must come.
    pub fn require(&mut self, name: &str) {
        let rest = self.slots.iter_mut().skip(self.next);
        rest.filter(|slot| slot.name == name).for_each(|slot| slot.optional = false);
    }

    /// It may no longer come.
    pub fn forbid(&mut self, name: &str) {
        let mut place = 0;
        self.slots.retain(|slot| {
            place += 1;
            place <= self.next || slot.name != name
        });
    }

    /// Whether the last slot has been taken.
    pub fn is_over(&self) -> bool {
        self.next >= self.slots.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn optional_messages_may_be_missing_and_others_not() {
        let flow = Flow { certificate: true, key_exchange: true, ..Flow::default() };
        let mut order = Order::new(from_server(flow));
        for name in ["certificate", "server_key_exchange", "server_hello_done", "change_cipher_spec", "finished"] {
            assert_eq!(order.take(name), Ok(()));
        }
        assert!(order.is_over());

        let mut order = Order::new(from_server(flow));
        order.take("certificate").unwrap();
        assert_eq!(order.take("server_hello_done").unwrap_err(), "certificate_status or server_key_exchange");
    }

    #[test]
    fn a_message_may_not_come_twice() {
        let mut order = Order::new(from_server(Flow { tls13: true, ..Flow::default() }));
        order.take("encrypted_extensions").unwrap();
        assert_eq!(order.take("encrypted_extensions").unwrap_err(), "certificate_request or certificate");
    }

    #[test]
    fn nothing_comes_behind_finished() {
        let mut order = Order::new(from_client(Flow { tls13: true, ..Flow::default() }));
        order.take("finished").unwrap();
        assert_eq!(order.take("finished").unwrap_err(), "nothing more of the handshake");
    }
}
