//! Whatever is put into a message, it is read back as the same, and there is no field that nobody asked for. Trace fields likewise.
#![no_main]

use std::net::IpAddr;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use message::{
    AddrSpec, Address, BuildError, DateTime, FieldName, Index, Mailbox, MessageBuilder, MessageId,
    trace::{Received, WithProtocol},
};

#[derive(Arbitrary, Debug)]
struct Input {
    from: Mailbox<'static>,
    to: Vec<Address<'static>>,
    bcc: Option<Address<'static>>,
    id: Option<MessageId<'static>>,
    date: DateTime,
    subject: Option<String>,
    fields: Vec<(FieldName, String)>,
    text: String,
    utf8: bool,
    helo: String,
    recipient: Option<AddrSpec<'static>>,
    ip: IpAddr,
}

fuzz_target!(|input: Input| {
    let mut builder = MessageBuilder::new(input.from.clone(), input.date).text(input.text).utf8(input.utf8);
    let mut count = 5;
    for address in &input.to {
        builder = builder.to(address.clone());
    }
    count += usize::from(!input.to.is_empty());
    if let Some(bcc) = input.bcc {
        builder = builder.bcc(bcc);
    }
    if let Some(id) = &input.id {
        builder = builder.message_id(id.clone());
        count += 1;
    }
    if let Some(subject) = &input.subject {
        builder = builder.subject(subject.clone());
        count += 1;
    }
    for (name, text) in &input.fields {
        builder = builder.field(name.clone(), text.clone());
        count += 1;
    }

    let mut message = Vec::new();
    trace(&input.helo, input.recipient.clone(), input.ip, input.date).write(&mut message);
    match builder.write(&mut message) {
        Ok(_) => {}
        Err(BuildError::Control { .. } | BuildError::Reserved(_)) => return,
        Err(error) => panic!("{error}"),
    }

    let mut index = Index::default();
    let Ok(headers) = index.parse(&message) else { return };
    assert_eq!(headers.defects().count(), 0);
    assert_eq!(headers.len(), count + 1);
    assert!(headers.get("Bcc").is_none());
    assert_eq!(headers.author(), Ok(input.from));
    if !input.to.is_empty() {
        assert_eq!(headers.get("To").unwrap().addresses().unwrap().into_addresses(), input.to);
    }
    assert_eq!(headers.get("Message-ID").map(|field| field.message_ids().next().unwrap().unwrap()), input.id);
    assert_eq!(headers.get("Date").unwrap().date(), Ok(input.date));
    if let Some(subject) = input.subject {
        assert_eq!(headers.get("Subject").unwrap().text(), subject);
    }
    let written = headers.iter().skip(count + 1 - 3 - input.fields.len());
    for ((name, text), field) in input.fields.iter().zip(written) {
        assert_eq!((field.name(), &*field.text()), (name.as_str(), &**text));
    }
    let hop = headers.get("Received").unwrap().hop().unwrap();
    assert_eq!((hop.by, hop.id, hop.date), (Some("mx.example.org"), Some("1"), Some(input.date)));
    assert_eq!(hop.for_.is_some(), input.recipient.is_some());
});

fn trace<'a>(helo: &'a str, recipient: Option<AddrSpec<'a>>, ip: IpAddr, date: DateTime) -> Received<'a> {
    Received {
        from_helo: helo,
        from_ip: ip,
        from_name: Some(helo),
        by: "mx.example.org",
        protocol: WithProtocol { extended: true, tls: true, ..WithProtocol::default() },
        tls: Some((helo, helo)),
        id: "1",
        for_: recipient,
        date,
    }
}
