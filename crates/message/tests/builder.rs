//! Messages that are built: read back they say the same, and whatever is put in, nothing comes out that was not meant.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    reason = "tests stop at what they do not expect"
)]

use base64::{Engine as _, engine::general_purpose::STANDARD};
use message::{
    AddrSpec, Address, BuildError, Content, DateTime, DisplayName, FieldName, Headers, Index, Mailbox, MessageBuilder,
    MessageId, Multipart,
};
use proptest::prelude::*;

fn author() -> AddrSpec<'static> {
    "a@example.org".parse().unwrap()
}

fn builder() -> MessageBuilder {
    MessageBuilder::new(author(), DateTime::utc(0))
}

#[test]
fn what_no_message_may_have_is_refused_and_nothing_written() {
    let refused = |builder: MessageBuilder| {
        let mut out = b"before".to_vec();
        let error = builder.write(&mut out).unwrap_err();
        assert_eq!(out, b"before");
        error
    };
    assert_eq!(refused(builder().subject("a\r\nBcc: b@c")), BuildError::Control { field: "Subject".into(), at: 1 });
    let name = |name: &str| FieldName::new(name).unwrap();
    assert_eq!(refused(builder().field(name("X-A"), "\0")), BuildError::Control { field: "X-A".into(), at: 0 });
    for reserved in ["from", "BCC", "Date", "content-type", "Content-X", "mime-version"] {
        assert_eq!(refused(builder().field(name(reserved), "x")), BuildError::Reserved(name(reserved)));
    }
    assert_eq!(refused(builder().from(author())), BuildError::SenderMissing);
    assert!(builder().from(author()).sender(author()).build().is_ok());
    for wrong in ["", "a b", "a:", "é", "a\r\n", &"x".repeat(71)] {
        assert_eq!(FieldName::new(wrong), Err(BuildError::FieldName), "{wrong:?}");
    }
}

#[test]
fn hidden_recipients_are_for_the_envelope_alone() {
    let to = |address: &str| address.parse::<AddrSpec<'_>>().unwrap();
    let message = builder().to(to("to@x")).cc(to("cc@x")).bcc(to("bcc@x"));
    let recipients: Vec<_> = message.recipients().map(ToString::to_string).collect();
    assert_eq!(recipients, ["to@x", "cc@x", "bcc@x"]);
    let written = String::from_utf8(message.build().unwrap()).unwrap();
    assert!(!written.to_ascii_lowercase().contains("bcc"), "{written}");
}

#[test]
fn smtputf8_is_told() {
    let needs = |builder: MessageBuilder| builder.write(&mut Vec::new()).unwrap();
    assert!(!needs(builder().subject("ü").text("ü")));
    assert!(needs(builder().subject("ü").utf8(true)));
    assert!(needs(builder().to("ü@example.org".parse::<AddrSpec<'_>>().unwrap())));
}

#[test]
fn long_lists_are_folded() {
    let mut message = builder();
    for i in 0..100 {
        message = message.to(AddrSpec::new(format!("user{i}"), "example.org").unwrap());
    }
    let written = String::from_utf8(message.build().unwrap()).unwrap();
    assert!(written.split("\r\n").all(|line| line.len() <= 78));
}

/// Quoted-printable and base64, undone by other means than they were done.
fn body(headers: &Headers<'_>) -> String {
    let body = std::str::from_utf8(headers.body()).unwrap();
    match &*headers.get("Content-Transfer-Encoding").unwrap().text() {
        "7bit" => body.to_owned(),
        "base64" => String::from_utf8(STANDARD.decode(body.replace("\r\n", "")).unwrap()).unwrap(),
        _ => {
            let joined = body.replace("=\r\n", "");
            let mut bytes = Vec::new();
            let mut parts = joined.split('=');
            bytes.extend_from_slice(parts.next().unwrap_or("").as_bytes());
            for part in parts {
                bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
                bytes.extend_from_slice(&part.as_bytes()[2..]);
            }
            String::from_utf8(bytes).unwrap()
        }
    }
}

/// The text with CRLF behind each line, by the shortest way.
fn canonical(text: &str) -> String {
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    let end = if lines.is_empty() || lines.ends_with('\n') { "" } else { "\n" };
    (lines + end).replace('\n', "\r\n")
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ -~]{0,300}",
        "[a =?_ü\\t]{0,200}",
        "(=\\?utf-8\\?q\\?[a-z=0D\\r\\n]{0,9}\\?= ?){0,3}",
        "(\\PC{0,9}[\\r\\n]{0,3}(Bcc: x@y)?){0,20}",
        "[a-z]{900,1100}( {1,3}[a-z]{1,40}){0,3}",
    ]
}

fn any_address() -> impl Strategy<Value = AddrSpec<'static>> {
    let local = prop_oneof!["[a-z.]{1,80}", "[ -~\\t]{0,80}", "\\PC{1,20}"];
    let domain = prop_oneof!["[a-z]{1,9}(\\.[a-z0-9-]{1,60}){0,9}", "\\[[0-9.:]{0,20}\\]", "[é-ü]{1,9}\\.com"];
    (local, domain).prop_filter_map("no address", |(local, domain)| AddrSpec::new(local, domain).ok())
}

fn any_mailbox() -> impl Strategy<Value = Mailbox<'static>> {
    (any_text(), any_address()).prop_map(|(name, address)| Mailbox::new(DisplayName::new(name), address))
}

fn any_addresses() -> impl Strategy<Value = Address<'static>> {
    prop_oneof![
        3 => any_mailbox().prop_map(Address::Mailbox),
        1 => (any_text(), prop::collection::vec(any_mailbox(), 0..4)).prop_filter_map("no name", |(name, members)| {
            Some(Address::Group { name: DisplayName::new(name)?, members })
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn r10_what_is_built_is_read_as_the_same_and_nothing_else(
        from in any_mailbox(),
        to in prop::collection::vec(any_addresses(), 0..5),
        subject in any_text(),
        value in any_text(),
        text in any_text(),
        unix in -2_000_000_000_i64..10_000_000_000,
        utf8 in any::<bool>(),
    ) {
        let date = DateTime::at(unix, Some(90));
        let id = MessageId::generate([1; 16], "example.org").unwrap();
        let name = FieldName::new("X-Value").unwrap();
        let mut message = MessageBuilder::new(from.clone(), date).message_id(id.clone()).in_reply_to(id.clone()).reference(id.clone());
        message = to.iter().fold(message, |message, address| message.to(address.clone())).utf8(utf8).text(text.clone());
        let plain = |text: &str| !text.contains(|char: char| char.is_ascii_control() && char != '\t');
        let mut count = 8;
        for (text, is_subject) in [(&subject, true), (&value, false)] {
            let with = if is_subject { message.clone().subject(text.clone()) } else { message.clone().field(name.clone(), text.clone()) };
            if plain(text) {
                message = with;
                count += 1;
            } else {
                let refused = matches!(with.build(), Err(BuildError::Control { .. }));
                prop_assert!(refused);
            }
        }
        count += usize::from(!to.is_empty());

        let written = message.build().unwrap();
        let mut index = Index::default();
        let headers = index.parse(&written).unwrap();
        prop_assert_eq!(headers.defects().collect::<Vec<_>>(), []);
        prop_assert_eq!(headers.len(), count);
        prop_assert_eq!(headers.duplicates().count(), 0);
        prop_assert_eq!(headers.author(), Ok(from));
        if !to.is_empty() {
            prop_assert_eq!(headers.get("To").unwrap().addresses().unwrap().into_addresses(), to);
        }
        prop_assert_eq!(headers.get("Date").unwrap().date(), Ok(date));
        for name in ["Message-ID", "In-Reply-To", "References"] {
            prop_assert_eq!(headers.get(name).unwrap().message_ids().collect::<Vec<_>>(), [Ok(id.clone())]);
        }
        if plain(&subject) {
            prop_assert_eq!(headers.get("Subject").unwrap().text(), subject);
        }
        if plain(&value) {
            prop_assert_eq!(headers.get("X-Value").unwrap().text(), value);
        }
        prop_assert_eq!(body(&headers), canonical(&text));

        // every line has its length, and those with encoded words have theirs (RFC 2047, 2)
        for line in headers.raw().split(|&byte| byte == b'\n') {
            let line = std::str::from_utf8(line.strip_suffix(b"\r").unwrap_or(line)).unwrap();
            prop_assert!(line.len() <= 998);
        }
        prop_assert!(written.split(|&byte| byte == b'\n').all(|line| line.len() <= 999));
        prop_assert!(!written.windows(2).any(|pair| (pair[0] == b'\r') != (pair[1] == b'\n')), "a line end that is no CRLF");
    }
}

#[test]
fn r10_a_delivery_report_has_three_parts_and_its_fields_cannot_be_broken() {
    let group = |text: &str| vec![(FieldName::new("Final-Recipient").unwrap(), text.to_owned())];
    let report = |text: &str, header: &[u8]| {
        let parts = [
            Content::text("Gone.\n"),
            Content::delivery_status([group("dns; x"), group(text)]),
            Content::header(header),
        ];
        builder().boundaries([0; 16]).content(Content::multipart(Multipart::DeliveryReport, parts)).build()
    };
    let mail = report("rfc822; a@b", b"Subject: x\r\n").unwrap();
    let mut parser = message::mime::Parser::default();
    let parsed = parser.parse(&mail).unwrap();
    let parts: Vec<_> = parsed.root().children().collect();
    assert!(parsed.headers().get("content-type").unwrap().text().contains("report-type=delivery-status"));
    assert_eq!(parts[1].decoded().bytes.as_ref(), b"Final-Recipient: dns; x\r\n\r\nFinal-Recipient: rfc822; a@b\r\n");
    assert!(parts[2].media_type().is("text", "rfc822-headers"));
    for (wrong, at) in [("a\r\nAction: delivered", 1), ("a\u{e9}", 1), ("\0", 0)] {
        assert_eq!(report(wrong, b""), Err(BuildError::Control { field: "Final-Recipient".into(), at }), "{wrong:?}");
    }
    let global = report("x", "Subject: é\r\n".as_bytes()).unwrap();
    assert!(global.is_ascii() && String::from_utf8(global).unwrap().contains("message/global-headers"));
}
