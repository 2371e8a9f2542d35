//! Addresses and messages that others have collected. Suites that are not installed are skipped, on one line each.

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

mod support;

use message::{AddrSpec, Error, Index, Mailbox, Progress, Syntax};
use support::{bytes, files, suite, text};

/// Where we take what that suite calls wrong, on purpose: its address or diagnosis, and why.
const ISEMAIL_TAKEN: [(&str, &str); 6] = [
    ("ISEMAIL_ERR_DOMAINHYPHENSTART", "RFC 5322, 3.4.1 has atoms in a domain; what is a host name is the DNS' to say"),
    ("ISEMAIL_ERR_DOMAINHYPHENEND", "as above"),
    ("\"test\\\u{a9}\"@iana.org", "RFC 6532, 3.2 lets UTF-8 stand wherever a printable character may"),
    (
        "(\r)test@iana.org",
        "in a comment a lone CR or LF does no harm: it is shown as U+FFFD, and belongs to no address",
    ),
    ("test@iana.org(\r)", "as above"),
    ("(\n)test@iana.org", "as above"),
];

/// Where we refuse what that suite lets a header have, on purpose.
const ISEMAIL_REFUSED: [(&str, &str); 3] = [
    ("ISEMAIL_DEPREC_QTEXT", "row W-8: an address holds no control character, because nothing may write it any more"),
    ("ISEMAIL_DEPREC_QP", "as above"),
    ("ISEMAIL_RFC5322_DOMLIT_OBSDTEXT", "a literal that only obsolete escapes can write cannot be written again"),
];

/// The mailboxes of is_email(): its categories say whether a header may have an address, or nothing may.
#[test]
fn isemail() {
    let Some(folder) = suite("addr-isemail") else { return };
    let xml = text(&folder.join("tests.xml"));
    let (mut run, mut wrong) = (0, Vec::new());
    for test in xml.split("<test id=").skip(1) {
        let part = |name: &str| {
            let (_, rest) = test.split_once(&format!("<{name}>")).unwrap_or(("", ""));
            unescape(rest.split_once(&format!("</{name}>")).map_or("", |(part, _)| part))
        };
        let (address, category, diagnosis) = (part("address"), part("category"), part("diagnosis"));
        let taken = Mailbox::parse(address.as_bytes()).is_ok();
        let known = |list: &[(&str, &str)]| list.iter().any(|(listed, _)| *listed == address || *listed == diagnosis);
        let expected = (category != "ISEMAIL_ERR" || known(&ISEMAIL_TAKEN)) && !known(&ISEMAIL_REFUSED);
        if taken != expected {
            wrong.push(format!("{address:?} {diagnosis}: taken {taken}"));
        }
        run += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(run, 164);
}

/// XML's entities, and the suite's own signs for control characters.
fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, entity)) = rest.split_once('&') {
        out.push_str(before);
        let (name, behind) = entity.split_once(';').unwrap();
        out.push(match name {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            number => char::from_u32(u32::from_str_radix(number.strip_prefix("#x").unwrap(), 16).unwrap()).unwrap(),
        });
        rest = behind;
    }
    out.push_str(rest);
    out.chars()
        .map(|char| {
            if ('\u{2400}'..'\u{2420}').contains(&char) {
                char::from(u8::try_from(u32::from(char) - 0x2400).unwrap())
            } else {
                char
            }
        })
        .collect()
}

/// Lines of flanker's that we judge otherwise, on purpose, and why.
const FLANKER_TAKEN: [(&str, &str); 6] = [
    ("partially.\"quoted\"@sld.com", "RFC 5322, 4.4: an obsolete local part may have quoted words between its dots"),
    ("partially.\"quoted\"", "as above"),
    ("first.\"\".last@iana.org", "as above"),
    ("first.\"\".last", "as above"),
    ("\"foo\"(yay)@(hoopla)[1.2.3.4]", "3.2.2: comments around the parts of an address are no part of it"),
    ("test@xn--example.com", "whether an A-label decodes is the DNS' business"),
];

#[test]
fn flanker() {
    let Some(folder) = suite("addr-flanker") else { return };
    let lines = |name: &str| -> Vec<String> {
        let whole = text(&folder.join(name));
        // a line may end in a remark behind many spaces; remarks go on below others
        let lines = whole.lines().map(|line| line.split("    ").next().unwrap_or("").to_owned());
        lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
    };
    let mut wrong = Vec::new();
    let mut judge = |line: &str, expected: bool| {
        let taken = Mailbox::parse(line.as_bytes());
        if taken.is_ok() != expected {
            wrong.push(format!("{line:?}: {taken:?}"));
        }
    };
    let (valid, invalid) = (lines("mailbox_valid.txt"), lines("mailbox_invalid.txt"));
    valid.iter().for_each(|line| judge(line, true));
    invalid.iter().for_each(|line| judge(line, FLANKER_TAKEN.iter().any(|(taken, _)| taken == line)));
    let (valid_local, invalid_local) = (lines("abridged_localpart_valid.txt"), lines("abridged_localpart_invalid.txt"));
    valid_local.iter().for_each(|line| judge(&format!("{line}@example.com"), true));
    invalid_local
        .iter()
        .for_each(|line| judge(&format!("{line}@example.com"), FLANKER_TAKEN.iter().any(|(taken, _)| taken == line)));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(valid.len() > 100 && invalid.len() > 50 && valid_local.len() > 30 && invalid_local.len() > 10);
}

/// Names that we give otherwise, on purpose: the mailbox, our name, and why.
const NAMES: [(&str, &str, &str); 1] = [(
    r#"foo "\\" bar <foo@bar.info>"#,
    r"foo \ bar",
    "RFC 5322, 3.2.4: the quotes of a quoted word are no part of what it says, in a phrase of several words too",
)];

/// Mailboxes with all their parts.
#[test]
fn email_address_list() {
    let Some(folder) = suite("addr-email-address-list") else { return };
    let cases: serde_json::Value = serde_json::from_str(&text(&folder.join("RFC5233.single.valid.json"))).unwrap();
    let cases = cases.as_array().unwrap();
    for case in cases {
        let part = |name: &str| case[name].as_str();
        let value = part("mailbox").unwrap();
        let mailbox = Mailbox::parse(value.as_bytes()).unwrap_or_else(|error| panic!("{value:?}: {error}"));
        let expected = AddrSpec::parse(part("address").unwrap()).unwrap();
        assert_eq!(mailbox.address(), &expected, "{value:?}");
        assert_eq!(mailbox.address().to_string(), part("address").unwrap());
        let name = NAMES.iter().find(|(known, ..)| *known == value).map(|(_, name, _)| *name);
        assert_eq!(mailbox.name(), name.or(part("display-name")), "{value:?}");
        let comments: Vec<_> =
            case["comments"].as_array().unwrap().iter().map(|comment| inside(comment.as_str().unwrap())).collect();
        assert_eq!(mailbox.comments(), comments, "{value:?}");
    }
    assert_eq!(cases.len(), 15);
}

/// A comment without its parentheses and escapes.
fn inside(comment: &str) -> String {
    comment.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap().replace('\\', "")
}

/// Every message there is: the index covers its header byte by byte, cut anywhere it comes out the same, and every value can be read.
#[test]
fn messages() {
    let suites = [
        "mime-torture",
        "mime-cpython-email",
        "mime-cyrus",
        "mime-enmime",
        "mime-mime4j",
        "mime-nodemailer",
        "mime-ruby-mail",
    ];
    for folder in suites.into_iter().filter_map(suite) {
        for file in files(&folder) {
            let bytes = bytes(&file);
            let mut whole = Index::default();
            let Ok(headers) = whole.parse(&bytes) else { panic!("{}", file.display()) };
            let covered: usize = headers.pieces().map(|(_, raw)| raw.len()).sum();
            let empty_line = headers.raw().len() - covered;
            assert!(empty_line <= 2 && headers.raw().len() + headers.body().len() == bytes.len(), "{}", file.display());
            for field in headers {
                let _ = (
                    field.text(),
                    field.addresses().is_ok(),
                    field.date().is_ok(),
                    field.message_ids().count(),
                    field.hop().is_ok(),
                );
            }
            let mut pieces = Index::default();
            for end in 0..bytes.len().min(5_000) {
                if let Progress::Body(_) = pieces.scan(&bytes[..end]).unwrap() {
                    break;
                }
            }
            pieces.finish(&bytes).unwrap();
            assert_eq!(pieces, whole, "{}", file.display());
        }
    }
}

/// What the suites' deviations come down to, so that they are seen where the suites are not.
#[test]
fn deviations() {
    let error = |text: &str| match Mailbox::parse(text.as_bytes()) {
        Err(Error::Syntax { what, .. }) => Some(what),
        _ => None,
    };
    assert_eq!(error("\"\\\u{7}\"@example.org"), Some(Syntax::Octet));
    assert_eq!(error("a@-b.example.org"), None);
}
