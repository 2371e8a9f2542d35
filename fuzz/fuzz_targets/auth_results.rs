//! What is read is written as one field that is read as the same; whatever is put into a field is read back from it; and a field is known as its writer's.
#![no_main]

use auth_results::{AuthenticationResults, Leniency, Limits, Method, Misuse, Ptype, Resinfo, ResultCode, claims};
use libfuzzer_sys::fuzz_target;

type Built = (String, String, Option<String>, Vec<String>, Vec<(String, String, String)>);

fuzz_target!(|input: (&[u8], String, Vec<Built>)| {
    let (value, own, parts) = input;
    let _ = claims(value, &own);

    let strict = AuthenticationResults::parse(value);
    let forgiving = AuthenticationResults::parse_with(value, &Limits::default(), Leniency::Forgiving);
    if let Ok(field) = &strict {
        // whatever the strict reader takes, the forgiving one takes, but for an old word for `fail`
        let forgiving = forgiving.as_ref().unwrap();
        assert_eq!(
            (&field.authserv_id, &field.comments, forgiving.skipped),
            (&forgiving.authserv_id, &forgiving.comments, 0)
        );
        assert_eq!(field.results.len(), forgiving.results.len());
        assert!(
            claims(value, &field.authserv_id) || !field.authserv_id.bytes().any(|byte| byte.is_ascii_alphanumeric())
        );
        rewritten(field);
    }
    if let Ok(field) = &forgiving {
        rewritten(field);
    }
    if let Ok((instance, field)) = AuthenticationResults::parse_arc(value) {
        let mut out = Vec::new();
        if field.write_arc(instance, &mut out).is_ok() {
            let value = out.strip_prefix(b"ARC-Authentication-Results:").unwrap();
            assert_eq!(AuthenticationResults::parse_arc(value).map(|(instance, _)| instance), Ok(instance));
        }
    }

    let mut field = AuthenticationResults::new(&*own);
    for (method, code, reason, comments, properties) in &parts {
        let mut result = Resinfo::new(Method::from(&**method), ResultCode::from(&**code));
        result.reason = reason.as_deref().map(Into::into);
        for comment in comments {
            result = result.comment(&**comment);
        }
        for (ptype, name, value) in properties {
            result = result.property(Ptype::from(&**ptype), name, &**value);
        }
        field = field.result(result);
    }
    rewritten(&field);
});

fn rewritten(field: &AuthenticationResults<'_>) {
    let mut out = Vec::new();
    match field.write(&mut out) {
        Ok(()) => {}
        Err(Misuse::AuthservId | Misuse::Keyword) => return assert!(out.is_empty()),
        Err(error) => panic!("{error}"),
    }
    let value = out.strip_prefix(b"Authentication-Results:").unwrap();
    let body = value.strip_suffix(b"\r\n").unwrap();
    for (i, line) in body.split(|&byte| byte == b'\n').enumerate() {
        assert!(line.len() <= 998 && (i == 0 || line.starts_with(b" ") || line.starts_with(b"\t")), "{out:?}");
        assert!(i == 0 || line.iter().any(|byte| !byte.is_ascii_whitespace()), "{out:?}");
    }
    let mut limits = Limits::default();
    (limits.results, limits.properties, limits.comments) = (u32::MAX, u32::MAX, u32::MAX);
    let read = AuthenticationResults::parse_with(value, &limits, Leniency::Standard).unwrap();
    assert_eq!(read.authserv_id, field.authserv_id);
    assert_eq!(read.results.len(), field.results.len());
    let short = |text: &str| text.len() < 300 && text.chars().all(|char| (' '..='~').contains(&char));
    for (read, result) in read.results.iter().zip(&field.results) {
        assert_eq!(
            (read.method.as_str(), read.method_version),
            (&*result.method.as_str().to_ascii_lowercase(), result.method_version)
        );
        assert_eq!(read.result.as_str(), result.result.as_str().to_ascii_lowercase());
        assert_eq!((read.reason.is_some(), read.comments.len()), (result.reason.is_some(), result.comments.len()));
        assert!(read.properties.len() <= result.properties.len());
        if result.properties.iter().all(|property| short(&property.value)) {
            assert_eq!(read.properties.len(), result.properties.len());
            for (read, property) in read.properties.iter().zip(&result.properties) {
                assert_eq!((&read.name, &read.value), (&property.name, &property.value));
            }
        }
        if result.reason.as_deref().is_some_and(short) {
            assert_eq!(read.reason, result.reason);
        }
    }
    let mut again = Vec::new();
    read.write(&mut again).unwrap();
    assert_eq!(out, again);
}
