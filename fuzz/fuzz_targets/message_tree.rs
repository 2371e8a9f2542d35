//! Well-formed mail is read as it was written, by us and by another parser.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use mail_parser::{MessageParser, PartType};
use message::mime::{Parser, Part};

/// What is in a part.
#[derive(Arbitrary, Debug)]
enum Node {
    Text(Vec<Line>),
    Octets(Vec<u8>),
    Parts(Box<Node>, Vec<Node>),
    Message(Box<Node>),
}

/// A line that could be mistaken for something else.
#[derive(Arbitrary, Debug)]
enum Line {
    Empty,
    Dashes(u8),
    Boundary(u8),
    Field,
    Words(u16),
}

/// Parts deeper than this are left out when a tree is written.
const DEPTH: usize = 5;

impl Node {
    fn write(&self, path: &str, depth: usize, out: &mut String) {
        match self {
            Self::Parts(first, more) if depth < DEPTH => {
                out.push_str(&format!("Content-Type: multipart/mixed;\r\n boundary=\"{path}_=\"\r\n\r\npreamble\r\n"));
                for (n, part) in std::iter::once(&**first).chain(more.iter().take(5)).enumerate() {
                    out.push_str(&format!("\r\n--{path}_=\r\n"));
                    part.write(&format!("{path}.{n}"), depth + 1, out);
                }
                out.push_str(&format!("\r\n--{path}_=--\r\nepilogue\r\n"));
            }
            Self::Message(inside) if depth < DEPTH => {
                out.push_str("Content-Type: message/rfc822\r\n\r\n");
                inside.write(path, depth + 1, out);
            }
            Self::Octets(octets) => {
                let hex: String = octets.iter().take(200).map(|octet| format!("={octet:02X}")).collect();
                let lines: Vec<&str> =
                    hex.as_bytes().chunks(72).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
                out.push_str(
                    "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n",
                );
                out.push_str(&lines.join("=\r\n"));
            }
            Self::Text(lines) => {
                out.push_str("Content-Type: text/plain\r\n\r\n");
                let lines: Vec<String> = lines.iter().take(9).map(|line| line.text(path)).collect();
                out.push_str(&lines.join("\r\n"));
            }
            Self::Parts(..) | Self::Message(_) => out.push_str("Content-Type: text/plain\r\n\r\ndeep"),
        }
    }

    /// Whether a message is directly in a message somewhere: that parser panics at some of those.
    fn has_message_in_message(&self, depth: usize) -> bool {
        match self {
            Self::Message(inside) if depth < DEPTH => {
                matches!(**inside, Self::Message(_)) || inside.has_message_in_message(depth + 1)
            }
            Self::Parts(first, more) if depth < DEPTH => {
                std::iter::once(&**first).chain(more.iter().take(5)).any(|part| part.has_message_in_message(depth + 1))
            }
            _ => false,
        }
    }

    /// The tree in one line.
    fn tree(&self, depth: usize) -> String {
        match self {
            Self::Parts(first, more) if depth < DEPTH => {
                let parts: Vec<String> =
                    std::iter::once(&**first).chain(more.iter().take(5)).map(|part| part.tree(depth + 1)).collect();
                format!("({})", parts.join(" "))
            }
            Self::Message(inside) if depth < DEPTH => format!("<{}>", inside.tree(depth + 1)),
            Self::Octets(octets) => format!("o{}", octets.len().min(200)),
            Self::Text(_) | Self::Parts(..) | Self::Message(_) => "t".into(),
        }
    }
}

impl Line {
    fn text(&self, path: &str) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Dashes(n) => "-".repeat(usize::from(n % 4)),
            // The beginning of a boundary, or one with something before it. None is the beginning of another: what is a delimiter then, programs do not agree on.
            Self::Boundary(n) if n % 2 == 0 => format!("--{path}x{n}"),
            Self::Boundary(n) => format!("{n}--{path}_="),
            Self::Field => "Content-Type: multipart/mixed; boundary=x".into(),
            Self::Words(n) => format!("word {n}"),
        }
    }
}

fn ours(part: Part<'_>) -> String {
    let inside: Vec<String> = part.children().map(ours).collect();
    match (part.is_multipart(), part.is_message()) {
        (true, _) => format!("({})", inside.join(" ")),
        (_, true) => format!("<{}>", inside.join(" ")),
        _ if part.media_type().is_text() => "t".into(),
        _ => format!("o{}", part.decoded().bytes.len()),
    }
}

fn theirs(message: &mail_parser::Message<'_>, part: usize) -> String {
    let part = &message.parts[part];
    match &part.body {
        PartType::Multipart(parts) => {
            let parts: Vec<String> = parts.iter().map(|part| theirs(message, *part as usize)).collect();
            format!("({})", parts.join(" "))
        }
        PartType::Message(inside) => format!("<{}>", theirs(inside, 0)),
        PartType::Text(_) | PartType::Html(_) => "t".into(),
        PartType::Binary(octets) | PartType::InlineBinary(octets) => format!("o{}", octets.len()),
    }
}

fuzz_target!(|node: Node| {
    let mut mail = String::from("Subject: a tree\r\n");
    node.write("=_", 0, &mut mail);
    let mut parser = Parser::default();
    let message = parser.parse(mail.as_bytes()).expect("no limit is near");
    let tree = node.tree(0);
    assert_eq!(ours(message.root()), tree, "{mail}");
    assert_eq!(message.defects().next(), None, "{mail}");
    if node.has_message_in_message(0) {
        return;
    }
    let other = MessageParser::default().parse(mail.as_bytes()).expect("a message");
    assert_eq!(theirs(&other, 0), tree, "{mail}");
});
