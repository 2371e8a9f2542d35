//! Messages made of parts that others have collected, and the trees that they saw in them. Suites that are not installed are skipped, on one line each.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    reason = "tests stop at what they do not expect"
)]

mod support;

use std::{fmt::Write as _, path::Path};

use message::mime::{Message, Parser, Part};
use message::{AddrSpec, AddressList, Carriage, Error, Limit, Limits, Mailbox};
use serde_json::Value;
use support::{bytes, files, suite, text};

/// Where we see another tree than mime4j does, on purpose.
const MIME4J_OTHERWISE: [(&str, &str); 5] = [
    (
        "malformedHeaderStartsBody-nocrlfcrlf",
        "a line that is no field does not end a header, only an empty line does (RFC 5322, 2.1): whoever can choose what is header could hide fields",
    ),
    ("malformedHeaderStartsBody-noheader", "as above"),
    (
        "weird-boundary",
        "a boundary does not end in white space (RFC 2046, 5.1.1), so that which was added or lost on the way does not matter",
    ),
    ("very-long-boundary", "as above"),
    ("very-very-long-boundary", "a boundary longer than a line may be is not looked for"),
];

/// Where base64 ends in characters that are half a group, and mime4j drops them while we read them as far as they go.
const MIME4J_TAILS: [&str; 2] = ["multi-frag", "frag"];

/// The tree of a part in one line: what it is, how many fields it has, what is in it.
fn outline(part: Part<'_>, out: &mut String) {
    let fields = part.headers().len();
    let name = if part.parent().is_some_and(|parent| parent.is_multipart()) { "part" } else { "message" };
    write!(out, "{name}[{fields}").unwrap();
    if part.is_multipart() {
        out.push_str(" multipart");
    }
    for child in part.children() {
        out.push(' ');
        outline(child, out);
    }
    // What is encoded is not looked into unasked; here it is.
    if part.media_type().is_message() && !part.is_message() {
        out.push(' ');
        let mail = part.decoded().bytes;
        outline(Parser::default().parse(&mail).unwrap().root(), out);
    }
    out.push(']');
}

/// The same from mime4j's events.
fn expected(xml: &str) -> (String, Vec<String>) {
    let mut out = String::new();
    let mut bodies = Vec::new();
    let mut fields = None;
    for tag in xml.split('<').skip(1).filter_map(|tag| tag.split_once('>').map(|(tag, _)| tag)) {
        match tag {
            "message" | "body-part" => {
                if !out.is_empty() {
                    out.push(' ');
                }
                out.push_str(if tag == "message" { "message[" } else { "part[" });
            }
            "header" => fields = Some(0),
            "field" => fields = fields.map(|fields| fields + 1),
            "/header" => write!(out, "{}", fields.take().unwrap_or_default()).unwrap(),
            "multipart" => out.push_str(" multipart"),
            "/message" | "/body-part" => out.push(']'),
            _ if tag.contains("-body name=") => bodies.push(tag.split('"').nth(1).unwrap().to_string()),
            _ => {}
        }
    }
    (out, bodies)
}

fn without_cr(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().filter(|byte| *byte != b'\r').collect()
}

/// The decoded bodies of all parts without others in them.
fn leaves(message: &Message<'_>, out: &mut Vec<Vec<u8>>) {
    for part in message.parts().filter(|part| !part.is_multipart() && !part.is_message()) {
        let body = part.decoded().bytes;
        if part.media_type().is_message() {
            leaves(&Parser::default().parse(&body).unwrap(), out);
        } else {
            out.push(body.into_owned());
        }
    }
}

/// mime4j's own messages and those of MIME-tools: the tree, the number of fields in each header, and the octets of each decoded body.
#[test]
fn mime4j() {
    let Some(folder) = suite("mime-mime4j") else { return };
    let mut wrong = Vec::new();
    let mut run = 0;
    for path in files(&folder).into_iter().filter(|path| path.extension().is_some_and(|end| end == "msg")) {
        let name = path.file_stem().unwrap().to_str().unwrap().to_string();
        if MIME4J_OTHERWISE.iter().any(|(listed, _)| *listed == name) {
            continue;
        }
        run += 1;
        let mail = bytes(&path);
        let mut parser = Parser::default();
        let message = parser.parse(&mail).unwrap();
        let (tree, bodies) = expected(&text(&path.with_file_name(format!("{name}_decoded.xml"))));
        let mut ours = String::new();
        outline(message.root(), &mut ours);
        if ours != tree {
            wrong.push(format!("{name}\n  ours {ours}\n  not  {tree}"));
            continue;
        }
        let mut found = Vec::new();
        leaves(&message, &mut found);
        for (leaf, body) in found.iter().zip(&bodies) {
            let (leaf, expected) = (without_cr(leaf), without_cr(&bytes(&path.with_file_name(body))));
            let tail = MIME4J_TAILS.contains(&&*name) && leaf.starts_with(&expected) && leaf.len() < expected.len() + 3;
            if leaf != expected && !tail {
                wrong.push(format!("{name}: {body} is another: {} octets, not {}", leaf.len(), expected.len()));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {run}\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(run + MIME4J_OTHERWISE.len(), 80);
}

/// WildDuck's view of Crispin's torture test and of a simple message: types, sizes and numbers of lines of all parts.
#[test]
fn torture() {
    let Some(folder) = suite("mime-torture") else { return };
    for (name, parts) in [("mimetorture", 49), ("simple", 6)] {
        let mail = bytes(&folder.join(format!("{name}.eml")));
        let tree: Value = serde_json::from_str(&text(&folder.join(format!("{name}.json")))).unwrap();
        // they were told of it with CRLF
        let mail = without_cr(&mail).split(|byte| *byte == b'\n').collect::<Vec<_>>().join(&b"\r\n"[..]);
        let mut parser = Parser::default();
        let message = parser.parse(&mail).unwrap();
        assert_eq!(compare(&tree, message.root()), parts);
    }
}

/// How many parts were compared.
fn compare(tree: &Value, part: Part<'_>) -> usize {
    let media_type = part.media_type();
    let said = &tree["parsedHeader"]["content-type"];
    if let Some(said) = said["value"].as_str() {
        assert_eq!(
            format!("{}/{}", media_type.main(), media_type.sub()).to_lowercase(),
            said.to_lowercase(),
            "{part:?}"
        );
    }
    let children: Vec<_> = part.children().collect();
    let nodes: Vec<&Value> = match (tree["childNodes"].as_array(), tree.get("message")) {
        (Some(nodes), _) => nodes.iter().collect(),
        (None, Some(message)) if message.is_object() => vec![message],
        _ => vec![],
    };
    assert_eq!(children.len(), nodes.len(), "{part:?}");
    if !part.is_multipart() {
        assert_eq!(part.body().len() as u64, tree["size"].as_u64().unwrap(), "{part:?}");
    }
    1 + nodes.into_iter().zip(children).map(|(node, child)| compare(node, child)).sum::<usize>()
}

/// Every message of the other suites is read: each octet is in its tree, and no part is lost.
#[test]
fn others() {
    for (name, least) in [
        ("mime-cpython-email", 47),
        ("mime-cyrus", 13),
        ("mime-enmime", 115),
        ("mime-nodemailer", 7),
        ("mime-ruby-mail", 105),
        ("mime-torture", 6),
    ] {
        let Some(folder) = suite(name) else { continue };
        let mut run = 0;
        let mut parser = Parser::default();
        for path in files(&folder).into_iter().filter(|path| is_message(path)) {
            let mail = bytes(&path);
            let Ok(message) = parser.parse(&mail) else { panic!("{}", path.display()) };
            whole(&message);
            run += 1;
        }
        assert!(run >= least, "{name}: only {run}");
    }
}

fn is_message(path: &Path) -> bool {
    let name = path.file_name().unwrap().to_str().unwrap();
    !name.starts_with("README")
        && !name.starts_with("LICENSE")
        && !name.ends_with(".json")
        && !path.to_str().unwrap().contains("LICENSES")
}

/// A part begins with its header and ends with its body; the parts of a multipart lie one behind the other between preamble and epilogue.
fn whole(message: &Message<'_>) {
    assert_eq!(message.root().raw(), message.raw());
    for part in message.parts() {
        assert_eq!([part.headers().raw(), part.body()].concat(), part.raw());
        let (start, end) = (part.at(), part.at() + part.raw().len());
        let mut at = start + part.headers().raw().len() + part.preamble().len();

        for child in part.children() {
            assert!(at <= child.at() && child.at() + child.raw().len() <= end);
            assert_eq!(child.parent().map(|parent| parent.number()), Some(part.number()));
            assert_eq!(child.depth(), part.depth() + 1);
            at = child.at() + child.raw().len();
        }
        assert!(at + part.epilogue().len() <= end);
        let _ = (part.text(), part.file_name(), part.decoded());
    }
}

/// Where we see other parts than Postfix does, on purpose.
const POSTFIX_OTHERWISE: [(&str, &str); 3] = [
    (
        "mime_garb4",
        "a message that is encoded, which it must not be, is not looked into unasked (RFC 2046, 5.2.1): what is in it is read once it is decoded",
    ),
    (
        "mime_test",
        "a fold in a quoted boundary loses its line end, not the white space around it (RFC 5322, 2.2.3): two spaces stay, where Postfix leaves one",
    ),
    ("mime_nest", "how deep parts may be nested is each reader's own limit; ours is 50"),
];

/// What Postfix's MIME reader tells of its test inputs: which types it met, which multiparts it opened, and what it makes of content for servers that take seven
/// bits alone.
#[test]
fn postfix() {
    let Some(folder) = suite("postfix-units") else { return };
    let folder = folder.join("global");
    let mut trees = 0;
    let mut conversions = 0;
    for path in files(&folder) {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let reference = folder.join(name.replace(".in", ".ref"));
        if !name.starts_with("mime_") || !name.contains(".in") || !reference.exists() {
            continue;
        }
        // The files have lone line feeds; mail has none.
        let mail = bytes(&path).split(|byte| *byte == b'\n').collect::<Vec<_>>().join(&b"\r\n"[..]);
        let said = text(&reference);
        let mut parser = Parser::default();
        if name.starts_with("mime_cvt") {
            // Postfix goes by what the header says; we encode what has to be, so one line of the body has to.
            let mail = [&mail[..], "é\r\n".as_bytes()].concat();
            let message = parser.parse(&mail).unwrap();
            let converted = message.encoded_for(Carriage::SevenBit).unwrap();
            let converted = String::from_utf8(converted.into_owned()).unwrap();
            let (_, body) = converted.split_once("\r\n\r\n").unwrap();
            let expected: Vec<&str> = said
                .lines()
                .filter_map(|line| Some(line.strip_prefix("BODY N ")?.split_once('|')?.1))
                .skip(1)
                .collect();
            // Each writer breaks where it likes (RFC 2045, 6.7, rule 5), within 76 characters.
            assert!(body.lines().all(|line| line.len() <= 76), "{name}");
            let unbroken = |text: &str| text.replace("=\n", "");
            let ours = unbroken(&body.replace("\r\n", "\n"));
            assert_eq!(
                ours.trim_end().strip_suffix("=C3=A9"),
                Some(&*(unbroken(&expected.join("\n")) + "\n")),
                "{name}"
            );
            conversions += 1;
            continue;
        }
        // A field that is longer than either of us takes: Postfix cuts it, we refuse the message unless the limit is raised.
        let limit = parser.parse(&mail).err();
        let too_long = matches!(limit, Some(Error::Limit { limit: Limit::Field, .. }));
        assert_eq!(said.contains("message header length exceeds safety limit"), too_long, "{name}: {limit:?}");
        let mut limits = Limits::default();
        limits.field = limits.header;
        let mut parser = Parser::new(limits);
        let message = parser.parse(&mail).unwrap();
        let theirs: Vec<String> = said
            .lines()
            .filter_map(|line| line.strip_prefix("mime_state: header_token: ")?.split_once(" / "))
            .map(|(main, sub)| format!("{main}/{sub}").to_lowercase())
            .collect();
        let ours: Vec<String> = message
            .parts()
            .filter(|part| part.headers().get("Content-Type").is_some())
            .map(|part| format!("{}/{}", part.media_type().main(), part.media_type().sub()).to_lowercase())
            .collect();
        let opened = (said.matches("PUSH boundary").count(), message.parts().filter(Part::is_multipart).count());
        let otherwise = POSTFIX_OTHERWISE.iter().any(|(known, _)| name.starts_with(known));
        assert_eq!(
            theirs != ours || opened.0 != opened.1,
            otherwise,
            "{name}: {theirs:?} and {ours:?}, {opened:?} opened"
        );
        trees += 1;
    }
    assert_eq!((trees, conversions), (9, 3), "the whole suite");
}

/// The same reader's judgement of addresses: what needs quotes, and what is inside them.
#[test]
fn postfix_quotes() {
    let Some(folder) = suite("postfix-units") else { return };
    let said = text(&folder.join("global/quote_822_local.ref"));
    let mut seen = 0;
    for line in said.lines() {
        let words: Vec<&str> = line.split('\'').collect();
        let (from, what, to) = (words[1], words[2].trim(), words[3]);
        match what {
            "quoted" if !from.is_empty() => {
                let (local, domain) = from.rsplit_once('@').unwrap();
                assert_eq!(AddrSpec::new(local, domain).unwrap().to_string(), to);
                seen += 1;
            }
            // A local part alone is no address here, and what is behind the domain is an error.
            "unquoted" => match AddrSpec::parse(from) {
                Ok(address) => {
                    assert_eq!(format!("{}@{}", address.local_part(), address.domain()), to);
                    seen += 1;
                }
                Err(_) => assert!(from.matches("\"@").count() != 1 || from.ends_with("@d@e"), "{from}"),
            },
            _ => {}
        }
    }
    assert_eq!(seen, 2, "the whole suite");

    let said = text(&folder.join("global/mail_addr_crunch.ref"));
    let list = AddressList::parse(b"foo@example.com, \"foo bar\"@example.com, foo+ext@example.com").unwrap();
    let section = |name: &str| -> Vec<String> {
        let (_, rest) = said.split_once(name).unwrap();
        let lines = rest.lines().skip(1).take_while(|line| line.starts_with('|'));
        lines.map(|line| line.trim_matches('|').to_owned()).collect()
    };
    let external: Vec<String> = list.mailboxes().map(|mailbox| mailbox.address().to_string()).collect();
    assert_eq!(section("external to external, without extension"), external);
    let address = |mailbox: &Mailbox<'_>| format!("{}@{}", mailbox.address().local_part(), mailbox.address().domain());
    let internal: Vec<String> = list.mailboxes().map(address).collect();
    assert_eq!(section("external to internal, without extension"), internal);
}
