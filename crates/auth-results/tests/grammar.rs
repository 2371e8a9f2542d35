//! The grammar of RFC 8601, 2.2, piece by piece.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests stop at what they do not expect")]

use auth_results::{
    AuthenticationResults, Error, Leniency, Limit, Limits, Method, Misuse, Ptype, Resinfo, ResultCode, Syntax,
};

fn parse(value: &str) -> Result<AuthenticationResults<'_>, Error> {
    AuthenticationResults::parse(value.as_bytes())
}

fn forgiving(value: &str) -> AuthenticationResults<'_> {
    AuthenticationResults::parse_with(value.as_bytes(), &Limits::default(), Leniency::Forgiving).unwrap()
}

/// The results as `Display` shows them, with `; ` between.
fn shown(field: &AuthenticationResults<'_>) -> String {
    field.results.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

#[test]
fn white_space_and_comments_may_be_anywhere() {
    let field = parse(
        "(a) x.example (b) 1 (c) ; (d) DKIM (e) / (f) 1 (g) = (h) Pass (i) reason (j) = (k) \"good\r\n one\" (l) \
         header (m) . (n) D (o) = (p) example.net (q) header.i=(r)user(s)@example.net(t);\r\n\tspf=none\r\n",
    )
    .unwrap();
    assert_eq!(field.authserv_id, "x.example");
    assert_eq!(field.comments, ["a", "b", "c"]);
    assert_eq!(shown(&field), "dkim=pass reason=\"good one\" header.d=example.net header.i=user@example.net; spf=none");
    assert_eq!(field.results[0].comments, ["d", "e", "f", "g", "h", "i", "j", "k", "l"]);
    assert_eq!(field.results[0].properties[0].comments, ["m", "n", "o", "p", "q"]);
    assert_eq!(field.results[0].properties[1].comments, ["r", "s", "t"]);
}

#[test]
fn values_are_tokens_quoted_strings_or_addresses() {
    for (value, text) in [
        ("example.net", "example.net"),
        ("192.0.2.1", "192.0.2.1"),
        ("\"2001:db8::1\"", "2001:db8::1"),
        ("\"\"", ""),
        ("\"a\\\"b\\\\\"", "a\"b\\"),
        ("@example.net", "@example.net"),
        ("user@example.net", "user@example.net"),
        ("a/b=c@example.net", "a/b=c@example.net"),
        ("\"john doe\"@example.net", "\"john doe\"@example.net"),
        ("\"john\"@example.net", "john@example.net"),
        ("\"\"@example.net", "\"\"@example.net"),
        ("john . \"d\" . oe @example.net", "john.d.oe@example.net"),
        ("\"a@b\"@example.net", "\"a@b\"@example.net"),
        ("\"a@b\"", "a@b"),
        ("m\u{fc}ller@m\u{fc}nchen.example", "m\u{fc}ller@m\u{fc}nchen.example"),
        ("m\u{fc}nchen.example", "m\u{fc}nchen.example"),
    ] {
        let field = format!("x; spf=pass smtp.mailfrom={value}(c)smtp.y=z");
        let field = parse(&field).unwrap();
        assert_eq!(field.results[0].get(&Ptype::Smtp, "MailFrom"), Some(text), "{value}");
        assert_eq!(field.results[0].properties[0].comments, ["c"]);
        assert_eq!(field.results[0].get(&Ptype::Smtp, "y"), Some("z"), "{value}");
    }
    // properties may follow quotes at once
    assert_eq!(shown(&parse("x; dkim=pass header.a=\"b\"header.c=d").unwrap()), "dkim=pass header.a=b header.c=d");
}

#[test]
fn none_is_no_result() {
    for value in ["x; none", "x 1;NONE", "\"x\" (a) 1 (b) ; (c) none (d)\r\n"] {
        assert!(parse(value).unwrap().results.is_empty(), "{value}");
    }
    assert_eq!(shown(&parse("x; none=none").unwrap()), "none=none");
}

#[test]
fn other_versions_are_told_and_unknown_names_are_not_acted_on() {
    for (value, version) in [("x 2; whatever that is", 2), ("x 0; none", 0), ("x (1) 99999999999; none", u32::MAX)] {
        assert_eq!(parse(value), Err(Error::Version { version }), "{value}");
    }
    let field = parse("x 01; dkim/2=pass; dkim/1=pass; dkim=sublime; x-dkim=pass; dkim=pass future.d=x").unwrap();
    let known: Vec<_> = field.results.iter().map(Resinfo::is_known).collect();
    assert_eq!(known, [false, true, false, false, true]);
    assert_eq!(field.of(&Method::Dkim).count(), 2);
    assert_eq!(field.results[2].result, ResultCode::Other("sublime".into()));
    assert_eq!(field.results[3].method, Method::Other("x-dkim".into()));
    assert!(!field.results[4].properties[0].ptype.is_known());
}

#[test]
fn what_breaks_the_grammar_is_told_with_its_place() {
    for (value, what, at) in [
        ("", Syntax::AuthservId, 0),
        (" (a) ; none", Syntax::AuthservId, 5),
        ("\"\"; none", Syntax::AuthservId, 0),
        ("x", Syntax::Semicolon, 1),
        ("x y; none", Syntax::Semicolon, 2),
        ("x/1; none", Syntax::Semicolon, 1),
        ("\"x\"1; none", Syntax::Space, 3),
        ("x;", Syntax::NoResult, 2),
        ("x; spf=pass; ", Syntax::NoResult, 13),
        ("x; spf=pass;; dkim=pass", Syntax::Keyword, 12),
        ("x; none; spf=pass", Syntax::Trailing, 2),
        ("x; spf=pass; none", Syntax::Trailing, 12),
        ("x; none none", Syntax::Equals, 8),
        ("x; spf", Syntax::Equals, 6),
        ("x; spf/=pass", Syntax::Number, 7),
        ("x; spf=", Syntax::Keyword, 7),
        ("x; spf_=pass", Syntax::Equals, 6),
        ("x; spf-=pass", Syntax::Keyword, 3),
        ("x; spf=pass\"a\"", Syntax::Space, 11),
        ("x; spf=pass reason=", Syntax::Value, 19),
        ("x; spf=pass reason=\"a\"smtp.helo=b", Syntax::Space, 22),
        ("x; spf=pass smtp.helo=b reason=a", Syntax::Dot, 24),
        ("x; spf=pass reason=a reason=b", Syntax::Dot, 21),
        ("x; spf=pass action=none", Syntax::Dot, 12),
        ("x; spf=pass smtp helo=a", Syntax::Dot, 17),
        ("x; spf=pass smtp.=a", Syntax::Keyword, 17),
        ("x; spf=pass smtp.helo a", Syntax::Equals, 22),
        ("x; spf=pass smtp.helo=", Syntax::Value, 22),
        ("x; spf=pass smtp.helo=;", Syntax::Value, 22),
        ("x; dkim=pass header.b=ab/c=", Syntax::Value, 24),
        ("x; iprev=pass policy.iprev=2001:db8::1", Syntax::Keyword, 31),
        ("x; spf=pass smtp.mailfrom=a@", Syntax::Domain, 28),
        ("x; spf=pass smtp.mailfrom=a@b..c", Syntax::Domain, 28),
        ("x; spf=pass smtp.mailfrom=a@[192.0.2.1]", Syntax::Domain, 28),
        ("x; spf=pass smtp.mailfrom=a..b@c", Syntax::LocalPart, 28),
        ("x; spf=pass smtp.mailfrom=a .b c", Syntax::LocalPart, 31),
        ("x; spf=pass smtp.mailfrom=\"a", Syntax::Unterminated, 28),
        ("x; spf=pass (a", Syntax::Unterminated, 14),
        ("x; spf=pass\0", Syntax::Octet, 11),
        ("x; spf=pass (\u{85})", Syntax::Octet, 13),
        ("x; spf=pass (\u{202e})", Syntax::Octet, 13),
        ("x; spf=pass (a\rb)", Syntax::Octet, 14),
        ("x; spf=pass\r\nBcc: y", Syntax::Space, 11),
    ] {
        assert_eq!(parse(value), Err(Error::Syntax { what, at }), "{value:?}");
    }
    assert_eq!(AuthenticationResults::parse(b"x; spf=pass (\xff)"), Err(Error::Syntax { what: Syntax::Octet, at: 13 }));
    let deep = format!("x; spf=pass {}{}", "(".repeat(33), ")".repeat(33));
    assert_eq!(parse(&deep), Err(Error::Syntax { what: Syntax::Depth, at: 44 }));
}

#[test]
fn a_forgiving_reader_takes_what_others_write() {
    for (value, id, results, skipped) in [
        (
            "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=example.net; dkim=hardfail (body hash) header.d=example.net;\
             dmarc=pass action=none header.from=example.net;compauth=pass reason=100",
            "",
            "spf=pass smtp.mailfrom=example.net; dkim=fail header.d=example.net; dmarc=pass header.from=example.net; compauth=pass reason=\"100\"",
            0,
        ),
        ("x; iprev=pass policy.iprev=2001:db8::1 (mx.y)", "x", "iprev=pass policy.iprev=\"2001:db8::1\"", 0),
        ("x; dkim=pass header.b=ab/c=d header.d=y", "x", "dkim=pass header.b=\"ab/c=d\" header.d=y", 0),
        (
            "x; spf=pass smtp.mailfrom=<a@b> smtp.helo=[192.0.2.1]",
            "x",
            "spf=pass smtp.mailfrom=\"<a@b>\" smtp.helo=\"[192.0.2.1]\"",
            0,
        ),
        ("x; spf=pass smtp.mailfrom=a@b_c.d", "x", "spf=pass smtp.mailfrom=\"a@b_c.d\"", 0),
        ("x; spf=pass smtp.mailfrom=a@[192.0.2.1];", "x", "spf=pass smtp.mailfrom=\"a@[192.0.2.1]\"", 0),
        ("x; spf=pass smtp.mailfrom=; dkim=none", "x", "spf=pass smtp.mailfrom=\"\"; dkim=none", 0),
        ("x; spf=pass smtp.helo=a reason=\"late\"", "x", "spf=pass reason=\"late\" smtp.helo=a", 0),
        ("x; dkim_adsp=pass", "x", "dkim_adsp=pass", 0),
        ("x;; spf=pass;", "x", "spf=pass", 0),
        ("x", "x", "", 0),
        ("x; none; spf=pass", "x", "spf=pass", 0),
        ("x; y.example; dkim=pass", "x", "dkim=pass", 1),
        ("x; y \"a;b\" (c;d) z; dkim=pass; ?", "x", "dkim=pass", 2),
        ("x; spf=pass; dkim=pass header.d=\"y; spf=fail", "x", "spf=pass", 1),
    ] {
        let field = forgiving(value);
        assert_eq!((&*field.authserv_id, &*shown(&field), field.skipped), (id, results, skipped), "{value}");
    }
    // what no forgiving reader can know either
    for value in ["x 2; spf=pass", "x; spf=pass\0"] {
        assert!(AuthenticationResults::parse_with(value.as_bytes(), &Limits::default(), Leniency::Forgiving).is_err());
    }
}

#[test]
fn limits_are_told_with_their_value() {
    let over = |limit, value| Err(Error::Limit { limit, value });
    assert_eq!(parse(&"x".repeat(65_537)), over(Limit::Field, 65_536));
    assert_eq!(parse(&format!("x{}", "; a=b".repeat(101))), over(Limit::Results, 100));
    assert_eq!(parse(&format!("x{}", "; a=b".repeat(100))).map(|field| field.results.len()), Ok(100));
    assert_eq!(parse(&format!("x; a=b{}", " a.b=c".repeat(501))), over(Limit::Properties, 500));
    assert_eq!(parse(&format!("x; a=b{}", " ()".repeat(501))), over(Limit::Comments, 500));
    let forgiving = |value: &str| {
        AuthenticationResults::parse_with(value.as_bytes(), &Limits::default(), Leniency::Forgiving).map(drop)
    };
    assert_eq!(
        forgiving(&format!("x; a=b{}", " a.b=c".repeat(501))),
        Err(Error::Limit { limit: Limit::Properties, value: 500 })
    );
    assert_eq!(
        forgiving(&format!("x; a{}", " ()".repeat(501))),
        Err(Error::Limit { limit: Limit::Comments, value: 500 })
    );
}

#[test]
fn arc_has_its_instance_first() {
    for (value, instance) in
        [("i=1; x; none", 1), ("\r\n (a) i (b) = (c) 50 (d) ;\r\n x; none\r\n", 50), ("i=07;x; none", 7)]
    {
        let (read, field) = AuthenticationResults::parse_arc(value.as_bytes()).unwrap();
        assert_eq!((read, &*field.authserv_id), (instance, "x"), "{value}");
        let mut out = Vec::new();
        field.write_arc(instance, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), format!("ARC-Authentication-Results: i={instance}; x; none\r\n"));
    }
    for value in [
        "x; none",
        "i=0; x; none",
        "i=51; x; none",
        "i=001; x; none",
        "I=1; x; none",
        "i=; x; none",
        "i=1 x; none",
        "i=300; x",
    ] {
        let error = AuthenticationResults::parse_arc(value.as_bytes()).unwrap_err();
        assert!(matches!(error, Error::Syntax { what: Syntax::Instance | Syntax::Semicolon, .. }), "{value}");
    }
}

#[test]
fn what_cannot_be_written_is_misuse_and_writes_nothing() {
    let mut out = Vec::new();
    for id in ["", "x\r\ny", "\0", &"x".repeat(256)] {
        assert_eq!(AuthenticationResults::new(id).write(&mut out), Err(Misuse::AuthservId), "{id:?}");
    }
    for name in ["", "a b", "a\r\nBcc: x", "a;", "a-", "\u{fc}", "a_b", &"a".repeat(129)] {
        for result in [
            Resinfo::new(Method::from(name), ResultCode::Pass),
            Resinfo::new(Method::Spf, ResultCode::from(name)),
            Resinfo::new(Method::Spf, ResultCode::Pass).property(Ptype::from(name), "a", "b"),
            Resinfo::new(Method::Spf, ResultCode::Pass).property(Ptype::Smtp, name, "b"),
        ] {
            assert_eq!(
                AuthenticationResults::new("x").result(result).write(&mut out),
                Err(Misuse::Keyword),
                "{name:?}"
            );
        }
    }
    for instance in [0, 51, 255] {
        assert_eq!(AuthenticationResults::new("x").write_arc(instance, &mut out), Err(Misuse::Instance(instance)));
    }
    assert!(out.is_empty());
}

#[test]
fn names_are_written_in_lower_case_and_lines_are_divided_at_spaces() {
    let long = "because the key of the selector that the signature names has been withdrawn by the owner of the domain";
    let mut result = Resinfo::new(Method::from("X-Foo"), ResultCode::from("PASS")).reason(long).comment(long);
    result = result.property(Ptype::from("Policy"), "Bar", "B a\tz").property(Ptype::Smtp, "helo", "x".repeat(100));
    result.method_version = 3;
    let mut out = Vec::new();
    AuthenticationResults::new("mx 1").result(result).write(&mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert_eq!(
        text,
        format!(
            "Authentication-Results: \"mx 1\";\r\n \
             x-foo/3=pass\r\n \
             reason=\"because the key of the selector that the signature names has been\r\n \
             withdrawn by the owner of the domain\"\r\n \
             (because the key of the selector that the signature names has been withdrawn\r\n \
             by the owner of the domain) policy.bar=\"B a\tz\"\r\n \
             smtp.helo={}\r\n",
            "x".repeat(100)
        )
    );
}

#[test]
fn addresses_are_short_in_a_dump() {
    let field = parse("x; spf=pass smtp.mailfrom=mary.jones@example.net; dkim=pass header.i=@example.net").unwrap();
    let dump = format!("{field:?}");
    assert!(
        dump.contains("m\u{2026}@example.net") && dump.contains("\"@example.net\"") && !dump.contains("jones"),
        "{dump}"
    );
    assert_eq!(field.clone().into_owned(), field);
}

/// An id that looks like an address is none (RFC 8601, 2.5): it is written so that it is read back.
#[test]
fn an_id_like_an_address_is_quoted() {
    for id in ["user@example.org", "@example.org", "\"a b\"@example.org"] {
        let mut out = Vec::new();
        AuthenticationResults::new(id).write(&mut out).unwrap();
        let value = out.strip_prefix(b"Authentication-Results:").unwrap();
        assert_eq!(AuthenticationResults::parse(value).unwrap().authserv_id, id);
    }
}

/// What a control character becomes is part of the text before its form is chosen: written again it is the same.
#[test]
fn a_value_has_one_form_once_its_controls_are_gone() {
    let result = Resinfo::spf_mailfrom(ResultCode::Pass, "a\r\nb@example.net").property(Ptype::Smtp, "helo", "a\0");
    assert_eq!(result.to_string(), "spf=pass smtp.mailfrom=a??b@example.net smtp.helo=\"a?\"");
}
