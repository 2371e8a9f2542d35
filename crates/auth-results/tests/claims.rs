//! Forged fields, in every disguise that a careless reader sees through, by the names of their rows.

use auth_results::claims;

const OWN: &str = "mx.example.org";

/// R-11, B-6: what must be removed before our own field is added.
#[test]
fn r11_forged_fields_are_known_in_every_disguise() {
    let deep = format!("{}{}mx.example.org; spf=pass", "(".repeat(50_000), ")".repeat(50_000));
    let open = format!("{}mx.example.org; spf=pass", "(".repeat(50_000));
    let long = format!("{}mx.example.org; spf=pass", " (x)\r\n".repeat(10_000));
    for value in [
        // as it is
        "mx.example.org; spf=pass",
        " mx.example.org; none\r\n",
        "mx.example.org",
        "mx.example.org;",
        "mx.example.org ; bimi=pass policy.indicator-uri=x",
        // case
        "MX.Example.ORG; spf=pass",
        // versions
        "mx.example.org 1; spf=pass",
        "mx.example.org 2; spf=pass",
        "mx.example.org (x) 99999999999999; spf=pass",
        "mx.example.org one; spf=pass",
        "mx.example.org 1 1; spf=pass",
        // folds
        "\r\n mx.example.org; spf=pass",
        "\n\tmx.example.org\r\n ;\r\n spf=pass",
        "\r\n \r\n mx.example.org; spf=pass",
        "mx.\r\n example.org; spf=pass",
        "mx.example.org\r\n",
        // lone line ends
        "\rmx.example.org; spf=pass",
        "mx\r.example.org; spf=pass",
        "mx.example\n.org; spf=pass",
        // quotes
        "\"mx.example.org\"; spf=pass",
        "\"mx.example.org\"2; spf=pass",
        r#""mx\.example\.org"; spf=pass"#,
        "\"MX.\r\n example.org\"; spf=pass",
        "\" mx.example.org \"; spf=pass",
        "\"mx.example.org; spf=pass",
        "mx.example.org\"; spf=pass",
        "\"mx\".\"example\".\"org\"; spf=pass",
        "mx.\"example\".org; spf=pass",
        "\"mx.example.org; x\"; spf=pass",
        "\"\"mx.example.org; spf=pass",
        "'mx.example.org' x; spf=pass",
        r"mx\.example.org; spf=pass",
        // comments
        "(x) mx.example.org; spf=pass",
        "(x)mx.example.org(y)1(z); spf=pass",
        "(a(b\\)c)) mx.example.org; spf=pass",
        "(;) mx.example.org; spf=pass",
        "mx.(x)example.org; spf=pass",
        "m(x)x.example.org; spf=pass",
        "mx(;).example.org; spf=pass",
        "(mx.example.org); spf=pass",
        "(mx.example.org; spf=pass",
        "(x mx.example.org; spf=pass",
        "(x)) mx.example.org; spf=pass",
        &deep,
        &open,
        &long,
        // dots, and white space around them
        "mx.example.org.; spf=pass",
        "mx.example.org..; spf=pass",
        "mx . example . org; spf=pass",
        "mx.example.org .; spf=pass",
        // what is in no name
        "; mx.example.org; spf=pass",
        ";;(x); mx.example.org; spf=pass",
        "<mx.example.org>; spf=pass",
        "[mx.example.org]; spf=pass",
        "@mx.example.org; spf=pass",
        "mx.example.org:25; spf=pass",
        "mx.example.org/1; spf=pass",
        "mx.example.org, x; spf=pass",
        "x mx.example.org; spf=pass",
        "mx.example.org spf=pass",
        "mx.example.org=1; spf=pass",
        "mx.example.org\0; spf=pass",
        "mx\0.example.org; spf=pass",
        "\u{feff}mx.example.org; spf=pass",
        "\u{a0}mx.example.org; spf=pass",
        "mx.exa\u{ad}mple.org; spf=pass",
        "mx.exa\u{200b}mple.org; spf=pass",
        "mx.example.org\u{2028}; spf=pass",
        "mx.example.org\u{3000}x; spf=pass",
        "mx.example.org \u{fc}; spf=pass",
        // encoded words: somebody decodes them
        "=?utf-8?q?mx.example.org?=; spf=pass",
        "=?us-ascii?b?bXguZXhhbXBsZS5vcmc=?=; spf=pass",
        "\"=?utf-8?b?bXguZXhhbXBsZS5vcmc=?=\"; spf=pass",
    ] {
        assert!(claims(value.as_bytes(), OWN), "{:?}", &value.chars().take(80).collect::<String>());
        assert!(claims(value.as_bytes(), "MX.EXAMPLE.ORG."), "{:?}", &value.chars().take(80).collect::<String>());
    }
    for value in
        [&b"mx.exam\xffple.org; spf=pass"[..], b"\xc0mx.example.org; spf=pass", b"mx.example.org\x80; spf=pass"]
    {
        assert!(claims(value, OWN), "{value:?}");
    }
}

/// R-11: what others say stays.
#[test]
fn r11_foreign_fields_stay() {
    for value in [
        "",
        ";",
        " \r\n",
        "example.org; spf=pass",
        "amx.example.org; spf=pass",
        "mx.example.org.example.net; spf=pass",
        "mx-example.org; spf=pass",
        "sub.mx.example.org 1; spf=pass",
        "\"example.org\" 1; none",
        "relay.example.net; spf=pass smtp.helo=mx.example.org",
        "relay.example.net (for mx.example.org); spf=pass",
        "(mx.example.org) relay.example.net; spf=pass",
        "relay.example.net 1; x=pass policy.y=\"mx.example.org",
        "relay.example.net; mx.example.org; spf=pass",
        "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=example.net; dkim=pass header.d=mx.example.org",
        "mx.\u{435}xample.org; spf=pass",
    ] {
        assert!(!claims(value.as_bytes(), OWN), "{value:?}");
    }
    // what breaks the grammar behind the first semicolon casts no doubt on the id before it
    assert!(!claims(b"amx.example.org; spf=pass\0\xff (", OWN));
    assert!(claims(b"mx.example.org; spf=pass\0\xff (", OWN));
    assert!(!claims(b"mx.example.org; spf=pass", ""));
    assert!(!claims(b"mx.example.org; spf=pass", "."));
    assert!(!claims(b"; spf=pass", " "));
}

/// R-11: a domain beyond ASCII has several forms.
#[test]
#[cfg(feature = "idna")]
fn r11_every_form_of_an_internationalized_name_is_ones_own() {
    for own in [
        "mx.m\u{fc}nchen.example",
        "mx.xn--mnchen-3ya.example",
        "MX.M\u{dc}NCHEN.EXAMPLE.",
        "mx\u{3002}m\u{fc}nchen.example",
    ] {
        for value in [
            "mx.m\u{fc}nchen.example; spf=pass",
            "mx.xn--mnchen-3ya.example; spf=pass",
            "mx.XN--MNCHEN-3YA.example.; spf=pass",
            "mx.mu\u{308}nchen.example; spf=pass",
            "\"MX.M\u{dc}NCHEN.example\" 1; spf=pass",
            "mx\u{ff0e}m\u{fc}nchen\u{3002}example; spf=pass",
            "\u{ff4d}x.m\u{fc}nchen.example\u{3002}; spf=pass",
            "x mx.m\u{fc}nchen.example; spf=pass",
            "mx. mu\u{308}nchen.example; spf=pass",
            "[mx.m\u{fc}nchen.example]; spf=pass",
        ] {
            assert!(claims(value.as_bytes(), own), "{value:?} {own:?}");
        }
        assert!(!claims(b"mx.munchen.example; spf=pass", own));
    }
    // a name in ASCII alone has others too
    assert!(claims("\u{ff2d}\u{ff38}.example\u{3002}org; spf=pass".as_bytes(), OWN));
}
