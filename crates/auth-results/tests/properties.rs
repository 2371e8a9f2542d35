//! What holds for all fields.

#![allow(clippy::unwrap_used, reason = "tests stop at what they do not expect")]

use auth_results::{AuthenticationResults, Leniency, Limits, Method, Ptype, Resinfo, ResultCode, claims};
use proptest::prelude::*;

/// Any text, and more often such as would break a field.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z@.\"\\\\();= \t\r\n\0\u{85}\u{202e}\u{3000}ü]{0,40}",
        "[a-z]{1,9}@[a-z]{1,9}",
        "\"[a-z \\\\\".]{0,9}\"@[a-z]{1,9}",
        "( {1,90}[a-z]{0,90}){0,9}",
    ]
}

fn keyword() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9-]{0,20}[a-zA-Z0-9]"
}

type Parts = (String, String, Option<String>, Vec<String>, Vec<(String, String, String)>);

fn parts() -> impl Strategy<Value = Vec<Parts>> {
    let properties = prop::collection::vec((keyword(), keyword(), text()), 0..4);
    let part = (keyword(), keyword(), prop::option::of(text()), prop::collection::vec(text(), 0..3), properties);
    prop::collection::vec(part, 0..4)
}

fn build<'a>(id: &'a str, parts: &'a [Parts]) -> AuthenticationResults<'a> {
    parts.iter().fold(AuthenticationResults::new(id), |field, (method, code, reason, comments, properties)| {
        let mut result = Resinfo::new(Method::from(&**method), ResultCode::from(&**code));
        if let Some(reason) = reason {
            result = result.reason(&**reason);
        }
        for comment in comments {
            result = result.comment(&**comment);
        }
        for (ptype, name, value) in properties {
            result = result.property(Ptype::from(&**ptype), name, &**value);
        }
        field.result(result)
    })
}

/// A text as it is once written.
fn cleaned(text: &str) -> String {
    let odd = |char: char| {
        char.is_control() && char != '\t' || matches!(char, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|char| if odd(char) { '?' } else { char }).collect()
}

/// The lines of what was written, of which there is one field.
fn value_of(out: &[u8]) -> &[u8] {
    let value = out.strip_prefix(b"Authentication-Results:").unwrap();
    let body = value.strip_suffix(b"\r\n").unwrap();
    for (i, line) in body.split(|&byte| byte == b'\n').enumerate() {
        // every line but the first begins with white space, and none has white space alone
        assert!(i == 0 || line.starts_with(b" ") || line.starts_with(b"\t"), "{out:?}");
        assert!(i == 0 || line.iter().any(|byte| !byte.is_ascii_whitespace()), "{out:?}");
        assert!(line.len() <= 998, "{out:?}");
    }
    assert_eq!(body.iter().filter(|&&byte| byte == b'\r').count(), body.iter().filter(|&&byte| byte == b'\n').count());
    assert!(
        body.windows(2).all(|pair| pair != b"\r\r" && (pair.first() != Some(&b'\r') || pair.last() == Some(&b'\n')))
    );
    value
}

proptest! {
    /// R-11: whatever a stranger's values are, one field comes out, and it says what was put in.
    #[test]
    fn r11_no_value_adds_a_field_or_a_result(id in "[a-z0-9. \"]{1,30}|=?[a-z]{1,9}@[a-z]{1,9}|[^\\p{C}\\p{Z}]{1,40}", parts in parts()) {
        let field = build(&id, &parts);
        let mut out = Vec::new();
        field.write(&mut out).unwrap();
        let read = AuthenticationResults::parse(value_of(&out)).unwrap();
        prop_assert_eq!(&*read.authserv_id, &*id);
        prop_assert!(claims(value_of(&out), &id) || !id.bytes().any(|byte| byte.is_ascii_alphanumeric()));
        prop_assert_eq!(read.results.len(), parts.len());
        for (result, (method, code, reason, comments, properties)) in read.results.iter().zip(&parts) {
            prop_assert_eq!(result.method.as_str(), method.to_ascii_lowercase());
            prop_assert_eq!(result.result.as_str(), code.to_ascii_lowercase());
            // the first 700 bytes of free text
            let is_same = |written: &str, given: &str| cleaned(given) == written || given.len() > 300 && cleaned(given).starts_with(written);
            prop_assert_eq!(result.reason.is_some(), reason.is_some());
            prop_assert!(is_same(result.reason.as_deref().unwrap_or_default(), reason.as_deref().unwrap_or_default()));
            prop_assert!(result.comments.len() == comments.len() && result.comments.iter().zip(comments).all(|(a, b)| is_same(a, b)));
            // one that is too long is left out
            prop_assert!(result.properties.len() == properties.len() || properties.iter().any(|(.., value)| value.len() > 300));
            if result.properties.len() == properties.len() {
                for ((ptype, name, value), property) in properties.iter().zip(&result.properties) {
                    prop_assert_eq!(property.ptype.as_str(), ptype.to_ascii_lowercase());
                    prop_assert_eq!(&*property.name, name.to_ascii_lowercase());
                    prop_assert_eq!(&*property.value, cleaned(value));
                }
            }
        }
        // and once more it is the same to the byte
        let mut again = Vec::new();
        read.write(&mut again).unwrap();
        prop_assert_eq!(out, again);
    }

    /// What is read is written so that it is read as the same.
    #[test]
    fn read_and_written_is_read_as_the_same(value in "[ab]; ?[ab]{1,3}=(pass|none)( reason=\"[ab \\\\\"]{0,3}\")?(( |\r\n |\\([a()\\\\ ]{0,3}\\))[ab][.]?[ab]=[ab@.\" ü]{1,5}){0,3}") {
        if let Ok(field) = AuthenticationResults::parse(value.as_bytes()) {
            let mut out = Vec::new();
            field.write(&mut out).unwrap();
            prop_assert_eq!(AuthenticationResults::parse(value_of(&out)), Ok(field.clone()));
            let forgiving = AuthenticationResults::parse_with(value.as_bytes(), &Limits::default(), Leniency::Forgiving).unwrap();
            prop_assert_eq!(forgiving, field);
        }
    }

    /// Nothing panics.
    #[test]
    fn any_bytes_are_read(value in prop::collection::vec(any::<u8>(), 0..200), id in any::<String>()) {
        let _ = AuthenticationResults::parse(&value);
        let _ = AuthenticationResults::parse_arc(&value);
        let _ = AuthenticationResults::parse_with(&value, &Limits::default(), Leniency::Forgiving);
        let _ = claims(&value, &id);
    }
}
