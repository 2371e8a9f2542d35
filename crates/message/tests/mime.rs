//! Parts: where they begin and end, what is taken for one, and what it costs those who send something else.

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
    DefectKind, Error, Limit, Limits,
    mime::{MediaType, Message, Parser, Part, TransferEncoding},
};
use proptest::prelude::*;

/// A tree in one line: each part's type with what is in it, leaves with their bodies.
fn tree(part: Part<'_>) -> String {
    let media_type = part.media_type();
    let inside: Vec<String> = part.children().map(tree).collect();
    match (part.is_multipart(), part.is_message()) {
        (true, _) => format!("{}({})", media_type.sub(), inside.join(" ")),
        (_, true) => format!("message({})", inside.join(" ")),
        _ => format!("{:?}", part.body().escape_ascii().to_string()),
    }
}

fn parsed(mail: &str) -> (String, Vec<DefectKind>) {
    let mail = mail.replace('\n', "\r\n");
    let mut parser = Parser::default();
    let message = parser.parse(mail.as_bytes()).unwrap();
    whole(&message);
    (tree(message.root()), message.defects().map(|defect| defect.kind).collect())
}

/// M-2: parts lie in their parents, one behind the other, and each octet is where it was.
fn whole(message: &Message<'_>) {
    assert_eq!(message.root().raw(), message.raw());
    for part in message.parts() {
        assert_eq!([part.headers().raw(), part.body()].concat(), part.raw());
        let mut at = part.at() + part.headers().raw().len() + part.preamble().len();
        let end = part.at() + part.raw().len();
        for child in part.children() {
            assert!(at <= child.at() && child.at() + child.raw().len() <= end, "{message:?}");
            assert_eq!(child.parent().unwrap().number(), part.number());
            at = child.at() + child.raw().len();
        }
        assert!(at + part.epilogue().len() <= end, "{message:?}");
    }
}

#[test]
fn parts_are_found_where_they_are() {
    for (mail, expected) in [
        ("A: b\n\nbody\n", r#""body\\r\\n""#),
        (
            "Content-Type: multipart/mixed; boundary=x\n\nbefore\n--x\n\none\n--x\n\ntwo\n\n--x--\nafter\n",
            r#"mixed("one" "two\\r\\n")"#,
        ),
        ("Content-Type: multipart/mixed; boundary=\"x y\"\n\n--x y  \n\none\n--x y--\n", r#"mixed("one")"#),
        // a delimiter is a whole line
        (
            "Content-Type: multipart/mixed; boundary=x\n\n--x\n\none\n--xy\n --x\n--x--",
            r#"mixed("one\\r\\n--xy\\r\\n --x")"#,
        ),
        // a part without a header, one without a body, and one that is empty
        ("Content-Type: multipart/mixed; boundary=x\n\n--x\n\none\n--x\nA: b\n--x\n--x--\n", r#"mixed("one" "" "")"#),
        // a message, and one in a digest, which needs not be said
        (
            "Content-Type: multipart/digest; boundary=x\n\n--x\n\nA: b\n\none\n--x\nContent-Type: text/plain\n\ntwo\n--x--\n",
            r#"digest(message("one") "two")"#,
        ),
        (
            "Content-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\none\n--x--\n",
            r#"message(mixed("one"))"#,
        ),
        // inner and outer, where one boundary is the beginning of the other
        (
            "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: multipart/related; boundary=xy\n\n--xy\n\none\n--xy\n\ntwo\n--xy--\n--x\n\nthree\n--x--\n",
            r#"mixed(related("one" "two") "three")"#,
        ),
    ] {
        assert_eq!(parsed(mail), (expected.to_string(), vec![]), "{mail}");
    }
}

#[test]
fn what_is_wrong_is_told_and_read_all_the_same() {
    use DefectKind::{EncodedMultipart, MediaType, NoBody, NoBoundary, NoEnd, NoParts, OddBoundary, SeveralMimeFields};
    for (mail, expected, defects) in [
        (
            "Content-Type: multipart/mixed\n\n--x\n\none\n--x--\n",
            r#""--x\\r\\n\\r\\none\\r\\n--x--\\r\\n""#,
            vec![NoBoundary],
        ),
        ("Content-Type: multipart/mixed; boundary=x\n\nnothing\n", "mixed()", vec![NoParts]),
        ("Content-Type: multipart/mixed; boundary=x\n\n--x\n\none\n", r#"mixed("one\\r\\n")"#, vec![NoEnd]),
        ("Content-Type: multipart/mixed; boundary=x\n\n--x\nA: b\n", r#"mixed("")"#, vec![NoBody, NoEnd]),
        // the inner one's end is missing
        (
            "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: multipart/related; boundary=y\n\n--y\n\none\n--x\n\ntwo\n--x--\n",
            r#"mixed(related("one") "two")"#,
            vec![NoEnd],
        ),
        (
            "Content-Type: multipart/mixed; boundary=x\nContent-Transfer-Encoding: base64\n\n--x\n\none\n--x--\n",
            r#"mixed("one")"#,
            vec![EncodedMultipart],
        ),
        ("Content-Type: message\n\none", r#""one""#, vec![MediaType]),
        // M-7: the first of two counts
        (
            "Content-Type: multipart/mixed; boundary=x; boundary=y\n\n--y\n\none\n--x\n\ntwo\n--x--\n",
            r#"mixed("two")"#,
            vec![OddBoundary],
        ),
        (
            "Content-Type: text/plain\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\none\n--x--\n",
            r#""--x\\r\\n\\r\\none\\r\\n--x--\\r\\n""#,
            vec![SeveralMimeFields],
        ),
    ] {
        assert_eq!(parsed(mail), (expected.to_string(), defects), "{mail}");
    }
}

#[test]
fn a_part_tells_what_it_is() {
    let mail = "Content-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=FC=DFe\r\n\
                --x\r\nContent-Type: image/png; name*=utf-8''Gr%C3%BC%C3%9Fe.png\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n\
                --x\r\n\r\nnothing is said: Gr\u{fc}\u{df}e\r\n--x--\r\n";
    let mut parser = Parser::default();
    let message = parser.parse(mail.as_bytes()).unwrap();
    let [text, image, unsaid] = [1, 2, 3].map(|number| message.part(number).unwrap());
    assert_eq!(text.text().unwrap(), "Grüße");
    assert_eq!((image.text(), &image.decoded().bytes[..], image.decoded().damaged), (None, &b"hello"[..], false));
    assert_eq!(image.file_name().unwrap(), "Grüße.png");
    assert!(image.disposition().unwrap().is_attachment() && text.disposition().is_none());
    assert_eq!((unsaid.media_type(), unsaid.transfer_encoding()), (MediaType::TEXT_PLAIN, TransferEncoding::SevenBit));
    assert_eq!(unsaid.text().unwrap(), "nothing is said: Grüße");
    assert_eq!(unsaid.headers().len(), 0);
    assert_eq!(message.root().all().len(), 4);
    assert!(message.part(4).is_none());
}

/// RFC 8621, 4.1.4: what is to be read as text, as HTML, and what is to be offered as a file.
#[test]
fn parts_are_sorted_by_what_they_are_for() {
    fn part(headers: &str) -> String {
        format!("{headers}\r\n\r\nx")
    }
    fn multipart(kind: &str, parts: &[String]) -> String {
        let inside: String = parts.iter().map(|part| format!("\r\n--{kind}\r\n{part}")).collect();
        format!("Content-Type: multipart/{kind}; boundary={kind}\r\n{inside}\r\n--{kind}--\r\n")
    }
    let (text, html) = (part("Content-Type: text/plain"), part("Content-Type: text/html"));
    let picture = part("Content-Type: image/png");
    let file = part("Content-Type: text/plain; name=a.txt\r\nContent-Disposition: attachment");
    let pdf = part("Content-Type: application/pdf");
    let alternative = multipart("alternative", &[text.clone(), html.clone()]);
    let related = multipart("related", &[html.clone(), picture.clone()]);
    for (mail, texts, htmls, attachments) in [
        (text.clone(), vec![0], vec![0], vec![]),
        (html.clone(), vec![0], vec![0], vec![]),
        (pdf.clone(), vec![], vec![], vec![0]),
        (alternative.clone(), vec![1], vec![2], vec![]),
        (multipart("mixed", &[alternative, pdf.clone()]), vec![2], vec![3], vec![4]),
        (
            multipart("mixed", &[text.clone(), file, picture.clone(), html.clone()]),
            vec![1, 3, 4],
            vec![1, 3, 4],
            vec![2],
        ),
        // a picture that belongs to the HTML is a file to those who read the text
        (multipart("alternative", &[text.clone(), related]), vec![1], vec![3], vec![4]),
        (multipart("alternative", &[html]), vec![1], vec![1], vec![]),
        (multipart("alternative", &[text.clone(), pdf]), vec![1], vec![1], vec![2]),
        (multipart("related", &[text, picture]), vec![1], vec![1], vec![2]),
    ] {
        let mut parser = Parser::default();
        let bodies = parser.parse(mail.as_bytes()).unwrap().bodies();
        let numbers = |parts: &[Part<'_>]| parts.iter().map(Part::number).collect::<Vec<_>>();
        let found = (numbers(&bodies.text), numbers(&bodies.html), numbers(&bodies.attachments));
        assert_eq!(found, (texts, htmls, attachments), "{mail}");
    }
}

/// M-1: parts in parts and messages in messages, ten thousand of them: on a small stack, with what is too deep left as it is.
#[test]
fn m1_nesting_is_bounded() {
    let multiparts: String =
        (0..10_000).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n")).collect();
    let messages = "Content-Type: message/rfc822\r\n\r\n".repeat(10_000);
    std::thread::Builder::new()
        .stack_size(256 << 10)
        .spawn(move || {
            for mail in [multiparts, messages] {
                let mut parser = Parser::default();
                let message = parser.parse(mail.as_bytes()).unwrap();
                assert_eq!(message.parts().map(|part| part.depth()).max(), Some(50));
                assert!(message.defects().any(|defect| defect.kind == DefectKind::TooDeep));
                whole(&message);
            }
        })
        .unwrap()
        .join()
        .unwrap();
}

/// M-3: a hundred thousand empty parts; those over the limit belong to the last one.
#[test]
fn m3_parts_are_bounded() {
    let mail = format!("Content-Type: multipart/mixed; boundary=x\r\n\r\n{}", "--x\r\n\r\n".repeat(100_000));
    let mut parser = Parser::default();
    let message = parser.parse(mail.as_bytes()).unwrap();
    assert_eq!(message.parts().len(), 1_000);
    assert!(message.defects().any(|defect| defect.kind == DefectKind::TooManyParts));
    whole(&message);
    let mut limits = Limits::default();
    limits.parts = 3;
    assert_eq!(Parser::new(limits).parse(mail.as_bytes()).unwrap().parts().len(), 3);
}

/// M-4: a part's header over the limits costs the part its header; the message's own is an error, as for an index.
#[test]
fn m4_headers_of_parts_are_bounded() {
    let fields = "A: b\r\n".repeat(2_000);
    let mail = format!(
        "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n{fields}\r\none\r\n--x\r\n\r\ntwo\r\n--x--\r\n"
    );
    let mut parser = Parser::default();
    let message = parser.parse(mail.as_bytes()).unwrap();
    assert_eq!(message.part(1).unwrap().headers().len(), 1_000);
    assert_eq!(message.part(2).unwrap().body(), b"two");
    assert!(message.defects().any(|defect| defect.kind == DefectKind::HeaderTooLong));
    whole(&message);
    assert_eq!(
        parser.parse(fields.as_bytes()).map(|message| message.parts().len()),
        Err(Error::Limit { limit: Limit::Fields, value: 1_000 })
    );
}

/// M-5: what is decoded is no longer than what was encoded.
#[test]
fn m5_decoding_does_not_grow() {
    for (encoding, body) in [("base64", "QUJD".repeat(10_000)), ("quoted-printable", "=41 =\r\n".repeat(10_000))] {
        let mail = format!("Content-Transfer-Encoding: {encoding}\r\n\r\n{body}");
        let mut parser = Parser::default();
        let part = parser.parse(mail.as_bytes()).unwrap().root();
        assert!(part.decoded().bytes.len() <= body.len());
    }
}

/// What takes a program long that does more than one pass: many lines that look like delimiters, many open parts, one delimiter after the other. Twice as much of it
/// takes twice the work: each octet is looked at once for a line that may be a delimiter, and compared with as many boundaries as there are open parts.
#[test]
fn m7_lookalikes_are_no_delimiters() {
    let open: String = (0..50)
        .map(|n| format!("Content-Type: multipart/mixed; boundary=same{n:02}\r\n\r\n--same{n:02}\r\n"))
        .collect();
    let mail = format!("{open}\r\n{}", "--same99\r\n--same\r\n--\r\n".repeat(20_000));
    let mut parser = Parser::default();
    let message = parser.parse(mail.as_bytes()).unwrap();
    assert_eq!(message.parts().len(), 51);
    whole(&message);
}

/// A tree to be written and read.
#[derive(Debug, Clone)]
enum Node {
    Text(String),
    Parts(Vec<Node>),
    Message(Box<Node>),
}

impl Node {
    fn write(&self, path: &str, out: &mut String) {
        match self {
            Self::Text(text) => out.push_str(&format!("Content-Type: text/plain\r\n\r\n{text}")),
            Self::Message(inside) => {
                out.push_str("Content-Type: message/rfc822\r\n\r\n");
                inside.write(path, out);
            }
            Self::Parts(parts) => {
                out.push_str(&format!("Content-Type: multipart/mixed; boundary=\"{path}\"\r\n\r\npreamble"));
                for (n, part) in parts.iter().enumerate() {
                    out.push_str(&format!("\r\n--{path}\r\n"));
                    part.write(&format!("{path}{n}"), out);
                }
                out.push_str(&format!("\r\n--{path}--\r\nepilogue"));
            }
        }
    }

    fn tree(&self) -> String {
        match self {
            Self::Text(text) => format!("{:?}", text.escape_default().to_string()),
            Self::Message(inside) => format!("message({})", inside.tree()),
            Self::Parts(parts) => format!("mixed({})", parts.iter().map(Self::tree).collect::<Vec<_>>().join(" ")),
        }
    }
}

fn node() -> impl Strategy<Value = Node> {
    "[a-z -]{0,9}(\r\n-{0,3}[a-z0-9]{0,3}){0,3}".prop_map(Node::Text).prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Node::Parts),
            inner.prop_map(|inside| Node::Message(Box::new(inside))),
        ]
    })
}

proptest! {
    #[test]
    fn a_tree_is_read_as_it_was_written(node in node()) {
        let mut mail = String::new();
        node.write("=_", &mut mail);
        let mut parser = Parser::default();
        let message = parser.parse(mail.as_bytes()).unwrap();
        prop_assert_eq!(tree(message.root()), node.tree());
        prop_assert_eq!(message.defects().next(), None);
        whole(&message);
    }

    #[test]
    fn any_bytes_are_a_tree(pieces in prop::collection::vec(prop_oneof![
        Just("Content-Type: multipart/mixed; boundary=x\r\n"), Just("Content-Type: multipart/digest; boundary=y\n"), Just("Content-Type: message/rfc822\r\n"),
        Just("--x\r\n"), Just("--y\n"), Just("--x--\r\n"), Just("--y--"), Just("\r\n"), Just("\n"), Just("\r"), Just("A: b\r\n"), Just(" c\r\n"), Just("text"),
    ], 0..40)) {
        let mail = pieces.concat();
        let mut parser = Parser::default();
        let message = parser.parse(mail.as_bytes()).unwrap();
        whole(&message);
        // and the storage of one message changes nothing in the next
        let first = format!("{message:?}");
        let message = parser.parse(mail.as_bytes()).unwrap();
        prop_assert_eq!(format!("{message:?}"), first);
    }
}
