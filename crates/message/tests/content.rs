//! Messages with parts: what is built is read as what was put in, whatever that is.

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

use message::{
    AddrSpec, BuildError, Carriage, Content, DateTime, MessageBuilder, MessageId, Multipart,
    mime::{Parser, Part, TransferEncoding},
};
use proptest::prelude::*;

fn builder() -> MessageBuilder {
    let from: AddrSpec<'_> = "zoe@example.org".parse().unwrap();
    MessageBuilder::new(from, DateTime::utc(880_127_706)).boundaries([7; 16])
}

fn built(content: Content, carriage: Carriage) -> Vec<u8> {
    builder().content(content).carriage(carriage).build().unwrap()
}

/// What is put in, so that it can be compared with what is read.
#[derive(Debug, Clone)]
enum Node {
    Text(String),
    Html(String),
    File(String, Vec<u8>),
    Inline(Vec<u8>),
    Message(String),
    Parts(usize, Vec<Node>),
}

const KINDS: [Multipart; 3] = [Multipart::Mixed, Multipart::Alternative, Multipart::Related];

impl Node {
    fn content(&self) -> Content {
        match self {
            Self::Text(text) => Content::text(text),
            Self::Html(text) => Content::html(text),
            Self::File(name, octets) => Content::file(name, "application/x-thing", octets.clone()),
            Self::Inline(octets) => Content::inline(MessageId::new("a@b").unwrap(), "image/png", octets.clone()),
            Self::Message(subject) => Content::message(format!("Subject: {subject}\r\n\r\nHi\r\n")),
            Self::Parts(kind, parts) => Content::multipart(KINDS[kind % 3], parts.iter().map(Self::content)),
        }
    }

    fn is_in(&self, part: Part<'_>) {
        match self {
            Self::Text(text) | Self::Html(text) => {
                let mut lines = text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n");
                if !lines.is_empty() && !lines.ends_with('\n') {
                    lines.push_str("\r\n");
                }
                assert_eq!(part.text().unwrap(), lines);
                assert!(part.media_type().is("text", if matches!(self, Self::Text(_)) { "plain" } else { "html" }));
            }
            Self::File(name, octets) => {
                assert_eq!(&part.decoded().bytes[..], octets);
                assert_eq!(part.file_name().as_deref(), Some(&**name).filter(|name| !name.is_empty()));
                assert!(part.disposition().unwrap().is_attachment() && part.media_type().is("application", "x-thing"));
            }
            Self::Inline(octets) => {
                assert_eq!(&part.decoded().bytes[..], octets);
                assert!(part.disposition().unwrap().is_inline());
                assert_eq!(part.headers().get("Content-ID").unwrap().text(), "<a@b>");
            }
            Self::Message(subject) => {
                let inside: Vec<_> = part.children().collect();
                assert_eq!(inside.len(), 1);
                assert_eq!(inside[0].headers().get("Subject").unwrap().text(), subject.trim());
                assert_eq!(inside[0].body(), b"Hi\r\n");
            }
            Self::Parts(kind, parts) => {
                let names = ["mixed", "alternative", "related"];
                assert!(part.media_type().is("multipart", names[kind % 3]) && part.is_multipart());
                let children: Vec<_> = part.children().collect();
                assert_eq!(children.len(), parts.len());
                parts.iter().zip(children).for_each(|(node, child)| node.is_in(child));
                assert!(part.preamble().is_empty() && part.epilogue().trim_ascii().is_empty());
            }
        }
    }
}

fn node() -> impl Strategy<Value = Node> {
    let text =
        prop_oneof!["[ -~]{0,99}", "(\\PC|[\r\n\t]){0,60}", "[a-z=.-]{0,200}", "(--=_|\r\n|=07){0,9}", ".{990,1010}"];
    let octets = prop::collection::vec(any::<u8>(), 0..200);
    let leaf = prop_oneof![
        text.clone()
            .prop_filter("controls are text to nobody", |text| !text
                .contains(|c: char| c.is_control() && !"\r\n\t".contains(c)))
            .prop_map(Node::Text),
        "[<>a-z &\n]{0,80}".prop_map(Node::Html),
        ("\\PC{0,90}", octets.clone()).prop_map(|(name, octets)| Node::File(name, octets)),
        octets.prop_map(Node::Inline),
        "[a-z]{1,9}".prop_map(Node::Message),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        (0_usize..3, prop::collection::vec(inner, 1..4)).prop_map(|(kind, parts)| Node::Parts(kind, parts))
    })
}

proptest! {
    #[test]
    fn what_is_built_is_read_as_what_was_put_in(node in node(), way in 0_usize..3) {
        let carriage = [Carriage::SevenBit, Carriage::EightBit, Carriage::Binary][way];
        let mail = built(node.content(), carriage);
        let mut parser = Parser::default();
        let message = parser.parse(&mail).unwrap();
        let defects: Vec<_> = message.defects().collect();
        prop_assert_eq!(defects, vec![]);
        node.is_in(message.root());
        if carriage != Carriage::Binary {
            prop_assert!(mail.split(|byte| *byte == b'\n').all(|line| line.len() <= 999));
            prop_assert!(!mail.contains(&0));
        }
        if carriage == Carriage::SevenBit {
            prop_assert!(mail.is_ascii());
        }
    }
}

#[test]
fn a_letter_with_a_file() {
    let letter =
        Content::multipart(Multipart::Alternative, [Content::text("Grüße"), Content::html("<p>Gr&uuml;&szlig;e")]);
    let mail = Content::multipart(Multipart::Mixed, [letter, Content::file("Zahlen für Zoë.csv", "text/csv", "1,2")]);
    let mail = String::from_utf8(built(mail, Carriage::SevenBit)).unwrap();
    let (_, mail) = mail.split_once("MIME-Version").unwrap();
    assert_eq!(
        mail,
        ": 1.0\r\n\
         Content-Type: multipart/mixed;\r\n boundary=\"=_07070707070707070707070707070707.1=\"\r\n\r\n\
         --=_07070707070707070707070707070707.1=\r\n\
         Content-Type: multipart/alternative;\r\n boundary=\"=_07070707070707070707070707070707.2=\"\r\n\r\n\
         --=_07070707070707070707070707070707.2=\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nR3LDvMOfZQ0K\r\n\r\n\
         --=_07070707070707070707070707070707.2=\r\n\
         Content-Type: text/html; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n\r\n<p>Gr&uuml;&szlig;e\r\n\r\n\
         --=_07070707070707070707070707070707.2=--\r\n\r\n\
         --=_07070707070707070707070707070707.1=\r\n\
         Content-Type: text/csv\r\nContent-Disposition: attachment;\r\n filename*=utf-8''Zahlen%20f%C3%BCr%20Zo%C3%AB.csv\r\nContent-Transfer-Encoding: base64\r\n\r\nMSwy\r\n\r\n\
         --=_07070707070707070707070707070707.1=--\r\n"
    );
}

/// R-10 for parts: no name, type or text makes a field or a part of its own.
#[test]
fn r10_what_no_part_may_have_is_refused() {
    for (content, error) in [
        (Content::file("a\r\nX: y", "a/b", ""), BuildError::Control { field: "Content-Disposition".into(), at: 1 }),
        (Content::file("a", "text/plain; x=y", ""), BuildError::MediaType("text/plain; x=y".into())),
        (Content::file("a", "text/plain\r\nX: y", ""), BuildError::MediaType("text/plain\r\nX: y".into())),
        (Content::file("a", "text", ""), BuildError::MediaType("text".into())),
        (Content::inline(MessageId::new("\u{e4}@b").unwrap(), "a/b", ""), BuildError::ContentId),
        (Content::multipart(Multipart::Mixed, []), BuildError::NoParts),
        (Content::message("Subject: \u{fc}\r\n\r\n"), BuildError::Carriage),
        (Content::message("A: b\n\n"), BuildError::Carriage),
    ] {
        assert_eq!(builder().content(content).build(), Err(error));
    }
    let parts = |content| Content::multipart(Multipart::Mixed, [content]);
    let deep = (0..60).fold(Content::text(""), |content, _| parts(content));
    assert_eq!(builder().content(deep).build(), Err(BuildError::Depth));
    let from: AddrSpec<'_> = "zoe@example.org".parse().unwrap();
    let without = MessageBuilder::new(from, DateTime::utc(0)).content(parts(Content::text("")));
    assert_eq!(without.build(), Err(BuildError::BoundaryMissing));
}

#[test]
fn less_is_encoded_where_more_may_pass() {
    let encoding = |carriage| {
        let mail = built(
            Content::multipart(Multipart::Mixed, [Content::text("Grüße"), Content::file("a", "a/b", "\0")]),
            carriage,
        );
        let mut parser = Parser::default();
        let message = parser.parse(&mail).unwrap();
        [0, 1, 2].map(|part| message.part(part).unwrap().transfer_encoding())
    };
    use TransferEncoding::{Base64, Binary, EightBit, SevenBit};
    assert_eq!(encoding(Carriage::SevenBit), [SevenBit, Base64, Base64]);
    assert_eq!(encoding(Carriage::EightBit), [EightBit, EightBit, Base64]);
    assert_eq!(encoding(Carriage::Binary), [Binary, EightBit, Binary]);
    assert!(
        builder().content(Content::message("Subject: \u{fc}\r\n\r\n")).carriage(Carriage::EightBit).build().is_ok()
    );
}
