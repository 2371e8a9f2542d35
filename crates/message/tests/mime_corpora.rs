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
