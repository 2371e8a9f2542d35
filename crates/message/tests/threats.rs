//! Known attacks on whoever reads headers, by the names of their rows.

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

use message::{AddrSpec, AddressList, Error, Index, Leniency, Limit, Limits, Mailbox, Syntax};

fn list(value: &str) -> Result<Vec<String>, Error> {
    let list = AddressList::parse(value.as_bytes())?;
    Ok(list.mailboxes().map(|mailbox| mailbox.address().to_string()).collect())
}

/// W-8: an address type is the only way to put an address anywhere, and it holds nothing that ends a line or an argument.
#[test]
fn w8_an_address_cannot_hold_a_line_end_or_a_nul() {
    for text in [
        "a@b\r\nRCPT TO:<c@d>",
        "\"a\r\n b\"@c",
        "\"\\\r\"@c",
        "\"\\\n\"@c",
        "\"\0\"@c",
        "a@[1\r\n]",
        "a@b c",
        "a b@c",
        "<a@b>",
        "@c:a@b",
        "a@b>",
    ] {
        assert!(AddrSpec::parse(text).is_err(), "{text:?}");
    }
    for (local, domain) in [
        ("a\r", "b"),
        ("a\n", "b"),
        ("\0", "b"),
        ("a", "b\r\n"),
        ("a", "[\r]"),
        ("a", "b>"),
        ("a", "b c"),
        ("a", ""),
        ("a", "[1]]"),
        ("a", "b@c"),
    ] {
        assert!(AddrSpec::new(local, domain).is_err(), "{local:?} {domain:?}");
    }
    assert_eq!(AddrSpec::new("> a@b \"", "c").unwrap().to_string(), r#""> a@b \""@c"#);
    assert!(AddrSpec::new("x".repeat(2000), "c").is_err());
}

/// M-4: the counted work of a list is linear, and more addresses than allowed are a limit, not a long time.
#[test]
fn m4_address_bombs_meet_the_limit() {
    let error = |value: &str| AddressList::parse(value.as_bytes()).err();
    let over = Some(Error::Limit { limit: Limit::Addresses, value: 10_000 });
    assert_eq!(error(&"a@b,".repeat(10_000)), None);
    assert_eq!(error(&"a@b,".repeat(10_001)), over);
    assert_eq!(error(&"a@b,\r\n ".repeat(500_000)), over);
    assert_eq!(error(&"g:;,".repeat(10_001)), over);
    assert_eq!(AddressList::parse(",".repeat(1_000_000).as_bytes()).unwrap().addresses().len(), 0);
    // each of these would be quadratic for a reader that starts again behind each comma
    for piece in ["(,", "\",", "<,", "a <\"(,", "[,", "@,", "a@b (((", "\\,", "=?utf-8?q?,", "x:("] {
        let value = piece.repeat(100_000);
        let _ = AddressList::parse(value.as_bytes());
        let _ = AddressList::parse_with(value.as_bytes(), &Limits::default(), Leniency::Forgiving);
    }
}

/// M-4: header bombs on each axis.
#[test]
fn m4_header_bombs_meet_the_limits() {
    let error = |message: &str| Index::default().parse(message.as_bytes()).err();
    assert_eq!(error(&"A: b\r\n".repeat(1_001)), Some(Error::Limit { limit: Limit::Fields, value: 1_000 }));
    assert_eq!(
        error(&format!("A: b\r\n{}", " c\r\n".repeat(100_000))),
        Some(Error::Limit { limit: Limit::Field, value: 100 << 10 })
    );
    assert_eq!(error(&"x".repeat(10_000_000)), Some(Error::Limit { limit: Limit::Field, value: 100 << 10 }));
    let field = format!("A: {}\r\n", "x".repeat(90_000));
    assert_eq!(error(&field.repeat(12)), Some(Error::Limit { limit: Limit::Header, value: 1 << 20 }));
}

/// M-9: one reading of From, and it is sure or it is none.
#[test]
fn m9_the_author_is_one_or_none() {
    let author = |fields: &str| {
        let message = format!("{fields}\r\n\r\n");
        let mut index = Index::default();
        let author = index.parse(message.as_bytes()).unwrap().author().map(|mailbox| mailbox.address().to_string());
        author.map_err(|error| match error {
            Error::Syntax { what, .. } => what,
            other => panic!("{other}"),
        })
    };
    let good = |address: &str| Ok(address.to_owned());
    assert_eq!(author("From: a@b"), good("a@b"));
    assert_eq!(author("From : a@b"), good("a@b"));
    assert_eq!(author("fRoM:\r\n a@b"), good("a@b"));
    assert_eq!(author("X: y"), Err(Syntax::Address));
    assert_eq!(author("From: a@b\r\nFrom: c@d"), Err(Syntax::Several));
    assert_eq!(author("From: a@b\r\nfrom : c@d"), Err(Syntax::Several));
    assert_eq!(author("From: a@b, c@d"), Err(Syntax::Several));
    assert_eq!(author("From: a@b,"), Err(Syntax::Several));
    assert_eq!(author("From: g:a@b;"), Err(Syntax::Address));
    assert_eq!(author("From:"), Err(Syntax::Address));
    // an address in a name, a comment, a route or an encoded word is none
    assert_eq!(author("From: a@good.example <x@evil.example>"), Err(Syntax::Trailing));
    assert_eq!(author("From: \"a@good.example\" <x@evil.example>"), good("x@evil.example"));
    assert_eq!(author("From: (a@good.example) x@evil.example"), good("x@evil.example"));
    assert_eq!(author("From: <@good.example,@b:x@evil.example>"), good("x@evil.example"));
    assert_eq!(author("From: =?utf-8?q?a=40good.example?= <x@evil.example>"), good("x@evil.example"));
    assert_eq!(author("From: <a@good.example> <x@evil.example>"), Err(Syntax::Trailing));
    assert_eq!(author("From: <a@good.example>x@evil.example"), Err(Syntax::Trailing));
    assert_eq!(author("From: a@good.example\0@evil.example"), Err(Syntax::Trailing));
    assert_eq!(author("From: a@b@c"), Err(Syntax::Trailing));
    assert_eq!(author("From: \"a\0\"@b"), Err(Syntax::Octet));
    assert_eq!(author("From: =?utf-8?q?a?=@b"), good("=?utf-8?q?a?=@b"));
    assert!(Mailbox::parse(b"a\xff@b").is_err());
}

/// M-10: fields that may be there once are told when they are there twice.
#[test]
fn m10_duplicates_of_single_fields_are_told() {
    let message = b"Subject: a\r\nTo: a@b\r\nReceived: x\r\nsubject: b\r\nReceived: y\r\nContent-Type: a\r\nSUBJECT: c\r\nContent-type: b\r\n\r\n";
    let mut index = Index::default();
    let headers = index.parse(message).unwrap();
    let duplicates: Vec<_> = headers.duplicates().map(|field| (field.name(), field.text())).collect();
    assert_eq!(duplicates, [("subject", "b".into()), ("SUBJECT", "c".into()), ("Content-type", "b".into())]);
}

/// M-1: comments as deep as an attacker likes, in every value that may have them.
#[test]
fn m1_nested_comments_are_bounded_everywhere() {
    let deep = format!("{}a@b", "(".repeat(90_000));
    let message = format!("From: {deep}\r\n\r\n");
    let mut index = Index::default();
    let headers = index.parse(message.as_bytes()).unwrap();
    let field = headers.get("From").unwrap();
    let depth = |error| matches!(error, Error::Syntax { what: Syntax::Depth, .. });
    assert!(
        depth(field.addresses().unwrap_err()) && depth(field.date().unwrap_err()) && depth(field.hop().unwrap_err())
    );
    assert!(field.message_ids().next().unwrap().is_err_and(depth));
    assert_eq!(field.text(), deep);
}

/// U-4: bytes that are not UTF-8 are shown as such, and are no part of an address.
#[test]
fn u4_invalid_utf8_is_replaced_in_text_and_refused_in_addresses() {
    let message = b"Subject: \xc0\xaf\xff\r\nFrom: \xff <a@b>\r\nTo: a\xff@b\r\n\r\n";
    let mut index = Index::default();
    let headers = index.parse(message).unwrap();
    assert_eq!(headers.get("Subject").unwrap().text(), "\u{fffd}\u{fffd}\u{fffd}");
    assert_eq!(headers.author().unwrap().name(), Some("\u{fffd}"));
    assert!(headers.get("To").unwrap().addresses().is_err());
}

/// F-5: what a log gets of a field is escaped and short, and of an address it does not get the person.
#[test]
fn f5_debug_output_cannot_forge_or_tell() {
    let message = format!("Subject: a\x1b[2Jb\rc{}\r\n\r\n", "x".repeat(500));
    let mut index = Index::default();
    let headers = index.parse(message.as_bytes()).unwrap();
    let shown = format!("{headers:?}");
    assert!(shown.len() < 150 && shown.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{shown}");
    assert_eq!(format!("{:?}", "mary.smith@example.org".parse::<AddrSpec<'_>>().unwrap()), "m…@example.org");
}

/// The obsolete and the odd, read by the standard grammar.
#[test]
fn lists_of_addresses() {
    let table: &[(&str, &[&str])] = &[
        ("", &[]),
        (" (nobody) ", &[]),
        ("Undisclosed recipients:;", &[]),
        ("a@b,,c@d,", &["a@b", "c@d"]),
        (
            "A Group:Ed Jones <joe@where.test>,joe@where.test,John <jdoe@one.test>;",
            &["joe@where.test", "joe@where.test", "jdoe@one.test"],
        ),
        ("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>", &["pete@silly.test"]),
        (
            "A Group(Some people)\r\n     :Chris Jones <c@(Chris's host.)public.example>,\r\n joe@example.org,\r\n  (the end);,x@y",
            &["c@public.example", "joe@example.org", "x@y"],
        ),
        (
            "\"Joe Q. Public\" <john.q.public@example.com>, Joe Q. Public <a . b @ c . d>",
            &["john.q.public@example.com", "a.b@c.d"],
        ),
        (
            "Mary Smith <@node.test:mary@example.net>, , jdoe@test   . example",
            &["mary@example.net", "jdoe@test.example"],
        ),
        ("\"a\".b.\"c d\"@e", &["\"a.b.c d\"@e"]),
        ("δοκιμή@παράδειγμα.δοκιμή", &["δοκιμή@παράδειγμα.δοκιμή"]),
        ("a@[IPv6:2001:db8::1], b@[ 192.0.2.1 ]", &["a@[IPv6:2001:db8::1]", "b@[192.0.2.1]"]),
    ];
    for (value, expected) in table {
        assert_eq!(list(value).unwrap_or_else(|error| panic!("{value}: {error}")), *expected, "{value}");
    }
    for value in [
        "a",
        "a@",
        "@b",
        "a@b c@d",
        "a@b;",
        "g:a@b",
        "g:h:a@b;;",
        "<a@b",
        "a@b>",
        "a..b@c",
        ".a@b",
        "a@b..c",
        "\"a@b",
        "a@[b",
        "g:;x",
        "<>",
        "a b@c",
    ] {
        assert!(list(value).is_err(), "{value}");
    }
}

/// What a forgiving reader makes of lists that the grammar does not have.
#[test]
fn forgiving_lists() {
    let table: &[(&str, &[&str], u32)] = &[
        ("a@b; c@d", &["a@b", "c@d"], 0),
        ("nonsense, a@b", &["a@b"], 1),
        ("a..b@c, .d.@e", &["\"a..b\"@c", "\".d.\"@e"], 0),
        ("A <a@b", &["a@b"], 0),
        ("a@good <x@evil>, b@c", &["b@c"], 1),
        ("g: a@b, c@d", &["a@b", "c@d"], 0),
        ("g: h: a@b; c@d", &["a@b", "c@d"], 1),
        ("a@b \"x, c@d", &["c@d"], 1),
    ];
    for (value, expected, skipped) in table {
        let list = AddressList::parse_with(value.as_bytes(), &Limits::default(), Leniency::Forgiving).unwrap();
        let found: Vec<_> = list.mailboxes().map(|mailbox| mailbox.address().to_string()).collect();
        assert_eq!(
            (&found[..], list.skipped()),
            (&expected.iter().map(ToString::to_string).collect::<Vec<_>>()[..], *skipped),
            "{value}"
        );
    }
    let quoted =
        AddressList::parse_with(b"\"=?utf-8?q?=C3=BC?=\" <a@b>", &Limits::default(), Leniency::Forgiving).unwrap();
    assert_eq!(quoted.mailboxes().next().unwrap().name(), Some("ü"));
    assert_eq!(Mailbox::parse(b"\"=?utf-8?q?=C3=BC?=\" <a@b>").unwrap().name(), Some("=?utf-8?q?=C3=BC?="));
}
