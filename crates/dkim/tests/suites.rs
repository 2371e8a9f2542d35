//! Messages, keys and canonical forms that others have collected, with what they must come to.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "helpers of tests may fail as tests do"
)]

mod support;

use std::path::Path;

use dkim::{
    BodyCanonicalizer, BodyHashes, BodyLength, Canonicalization, Header, HeaderReader, Limits, Outcome, Policy,
    Problem, TagList, Verdict,
};
use dns::{Absence, RecordSet, Zone};
use serde_json::Value;
use support::{NOW, mail_dkim, message, suite, text, verdict, verdict_in, zone};

fn files(folder: &Path, ending: &str) -> Vec<std::path::PathBuf> {
    let mut found: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.to_string_lossy().ends_with(ending));
    found.sort();
    found
}

/// In pieces of some size: header fields, the empty line, the body.
fn canonical(message: &[u8], form: Canonicalization, size: usize) -> Vec<u8> {
    let limits = Limits::default();
    let (mut reader, mut out, mut body_out) = (HeaderReader::default(), Vec::new(), Vec::new());
    let mut body = BodyCanonicalizer::new(form);
    for piece in message.chunks(size) {
        let rest = reader.receive(piece, &limits).unwrap();
        body.write(rest, &mut |octets| body_out.extend_from_slice(octets));
    }
    body.finish(&mut |octets| body_out.extend_from_slice(octets));
    for field in Header::parse(reader.as_bytes(), &limits).unwrap().fields() {
        field.canonicalize(form, &mut out);
    }
    out.extend_from_slice(b"\r\n");
    out.extend(body_out);
    out
}

#[test]
fn dkim_canonicalization() {
    let Some(folder) = suite("dkim-canonicalization") else { return };
    let (mut passed, mut failed) = (0, Vec::new());
    for number in 1..=25 {
        let input = folder.join(format!("email.{number:02}"));
        if !input.exists() {
            continue;
        }
        let input = message(&input);
        for form in [Canonicalization::Simple, Canonicalization::Relaxed] {
            let expected = std::fs::read(folder.join(format!("{form}.expected.{number:02}"))).unwrap();
            for size in [1, 2, 7, usize::MAX] {
                let found = canonical(&input, form, size.min(input.len().max(1)));
                if found == expected {
                    passed += 1;
                } else {
                    failed.push(format!(
                        "{form} {number:02} in {size}:\n  {}\n  {}",
                        found.escape_ascii(),
                        expected.escape_ascii()
                    ));
                }
            }
        }
    }
    println!("dkim-canonicalization: {} of {} forms, each in 4 cuts", passed / 4, (passed + failed.len()) / 4);
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert_eq!(passed, 42 * 4);
}

#[test]
fn dkim_rfc() {
    let Some(folder) = suite("dkim-rfc") else { return };
    let (name, key) = text(&folder.join("rfc6376-A2.dns"))
        .trim()
        .split_once('\t')
        .map(|(n, k)| (n.to_owned(), k.to_owned()))
        .unwrap();
    let found = verdict(&message(&folder.join("rfc6376-A2.eml")), &zone([(name, key)]), Policy::default());
    assert_eq!(found.outcome(), Outcome::Pass, "{found}");
    assert_eq!(found.signatures()[0].key_bits(), Some(1024));

    let appendix = text(&folder.join("rfc8463-appendix-A.txt"));
    assert!(appendix.contains("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="));
    let keys = zone([
        (
            "brisbane._domainkey.football.example.com",
            "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        ),
        ("test._domainkey.football.example.com", rsa_of(&appendix).as_str()),
    ]);
    let found = verdict(&message(&folder.join("rfc8463-example.msg")), &keys, Policy::default());
    assert_eq!(found.counting().count(), 2, "{found}");
    println!("dkim-rfc: 2 of 2 messages, 3 of 3 signatures");
}

/// The RSA key of the appendix, from its lines.
fn rsa_of(appendix: &str) -> String {
    let start = appendix.find("v=DKIM1; k=rsa;").expect("the key");
    let text: String = appendix[start..].chars().take_while(|letter| *letter != ')').collect();
    let dense: String = text.chars().filter(|letter| !letter.is_whitespace() && *letter != '"').collect();
    dense.trim_end_matches('\n').split("DAQAB").next().map(|key| format!("{key}DAQAB")).unwrap()
}

/// The keys of a case: names with a colon, texts indented, or an error.
fn chasquid_zone(path: &Path) -> Zone {
    let mut zone = Zone::new();
    if !path.exists() {
        return zone;
    }
    for record in text(path).replace("\\\n", " ").lines().filter(|line| !line.trim().is_empty()) {
        let (name, rest) = record.split_once(':').unwrap();
        let name = name.trim().parse().unwrap();
        match rest.trim() {
            "TEMPERROR" => zone.set_absent(name, Absence::TryLater),
            "PERMERROR" => zone.set_absent(name, Absence::Refused),
            key => zone.add(name, RecordSet::Txt(vec![key.into()])),
        }
    }
    zone
}

#[test]
fn dkim_chasquid() {
    let Some(folder) = suite("dkim-chasquid") else { return };
    let (mut cases, mut signatures, mut lengths) = (0, 0, 0);
    for path in files(&folder, ".msg") {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let keys = chasquid_zone(&path.with_extension("dns"));
        let result = path.with_extension("result");
        let input = message(&path);
        cases += 1;
        if !result.exists() {
            // 03: no message at all; the tool that the case is from says so, and so do we, by finding no signature
            assert_eq!(verdict(&input, &keys, Policy::default()).outcome(), Outcome::None, "{name}");
            continue;
        }
        let expected: Value = serde_json::from_str(&text(&result)).unwrap();
        let mut policy = Policy::default();
        // that tool believes in l=
        policy.body_length = BodyLength::Accepted;
        for size in [1, 13, usize::MAX] {
            let found = verdict_in(&input, &keys, policy, NOW, size);
            let wanted = expected["Results"].as_array().unwrap();
            assert_eq!(found.signatures().len() as u64, expected["Found"].as_u64().unwrap(), "{name}: {found}");
            assert_eq!(found.counting().count() as u64, expected["Valid"].as_u64().unwrap(), "{name}: {found}");
            for (found, wanted) in found.signatures().iter().zip(wanted) {
                let state = match found.outcome() {
                    Outcome::Pass => "SUCCESS",
                    Outcome::TempError => "TEMPFAIL",
                    _ => "PERMFAIL",
                };
                assert_eq!(state, wanted["State"].as_str().unwrap(), "{name}: {found}");
                if wanted["Domain"] != "" {
                    assert_eq!(found.domain.as_deref(), wanted["Domain"].as_str());
                    assert_eq!(found.selector.as_deref(), wanted["Selector"].as_str());
                    assert!(wanted["B"].as_str().unwrap().starts_with(&*found.first_of_b));
                }
                signatures += 1;
            }
        }
        // under our own policy all is the same but for l=
        let strict = verdict(&input, &keys, Policy::default());
        for found in
            strict.signatures().iter().filter(|found| found.signature.as_ref().is_some_and(|s| s.length().is_some()))
        {
            assert_eq!(found.outcome(), Outcome::Policy, "{name}: {found}");
            lengths += 1;
        }
    }
    println!(
        "dkim-chasquid: {cases} of 11 cases, {} signatures, each in 3 cuts; {lengths} with l= refused by default",
        signatures / 3
    );
    assert_eq!((cases, signatures / 3, lengths), (11, 23, 1));
}

/// As the corpus puts it.
fn in_a_word(verdict: &Verdict) -> &'static str {
    match verdict.outcome() {
        Outcome::Pass => "pass",
        Outcome::Fail => "fail",
        _ => "invalid",
    }
}

#[test]
fn dkim_mail_dkim_strictly() {
    let Some(folder) = suite("dkim-mail-dkim") else { return };
    let corpus = mail_dkim::load(&folder).unwrap();
    let (mut passed, mut skipped) = (0, 0);
    for case in &corpus.cases {
        if case.skip.is_some() {
            skipped += 1;
            continue;
        }
        let found = verdict(&case.message, &corpus.zone, Policy::default());
        // RFC 8301: rsa-sha1, and all keys in the corpus that are not Ed25519, are not taken
        let strict = match &case.result_strict {
            Some(result) => result,
            None if case.algorithms.iter().all(|algorithm| algorithm == "ed25519-sha256") => &case.result,
            None => "invalid",
        };
        assert_eq!(in_a_word(&found), strict, "{}: {found}", case.name);
        passed += 1;
    }
    println!("dkim-mail-dkim, strictly: {passed} passed, {skipped} skipped by the suite's own flags");
    assert_eq!((passed, skipped), (14, 26));
}

#[cfg(feature = "legacy")]
#[test]
fn dkim_mail_dkim_as_it_was() {
    let Some(folder) = suite("dkim-mail-dkim") else { return };
    let corpus = mail_dkim::load(&folder).unwrap();
    let (mut passed, mut without_g) = (0, 0);
    for case in corpus.cases.iter().filter(|case| case.skip.is_none()) {
        for size in [1, usize::MAX] {
            let found = verdict_in(&case.message, &corpus.zone, Policy::legacy(), NOW, size);
            // the suite's own word: g= is of RFC 4871 alone, and what it made invalid passes now
            let wanted = if case.has_g_tag && case.result == "invalid" { "pass" } else { &case.result };
            without_g += usize::from(wanted != case.result);
            assert_eq!(in_a_word(&found), wanted, "{}: {found}", case.name);
        }
        passed += 1;
    }
    println!("dkim-mail-dkim, as it was: {passed} passed, {} of them by RFC 6376, which has no g=", without_g / 2);
    assert_eq!((passed, without_g / 2), (14, 2));
}

#[test]
fn dkim_jdkim() {
    let Some(folder) = suite("dkim-jdkim") else { return };
    let keys = match suite("dkim-mail-dkim") {
        Some(folder) => mail_dkim::load(&folder).unwrap().zone,
        None => Zone::new(),
    };
    let (mut lines, mut bodies) = (Vec::new(), 0);
    for path in files(&folder.join("corpus"), ".eml") {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let found = verdict(&message(&path), &keys, Policy::default());
        assert_eq!(found.signatures().len(), 1, "{name}");
        let signature = &found.signatures()[0];
        if let Some(parsed) = &signature.signature {
            // the body can be judged without a key
            let (mut reader, mut hashes) = (HeaderReader::default(), BodyHashes::default());
            hashes.add(parsed.wanted_body());
            hashes.update(reader.receive(&message(&path), &Limits::default()).unwrap());
            assert_eq!(hashes.finish()[0].as_bytes() == parsed.body_hash(), !name.starts_with("FAIL_BADBH"), "{name}");
            bodies += 1;
        }
        assert!(!name.starts_with("FAIL_") || signature.outcome() != Outcome::Pass, "{name}: {found}");
        if name.starts_with("FAIL_BADBH") && signature.key.is_some() {
            assert_eq!(signature.problem, Some(Problem::Body), "{name}");
        }
        lines.push((name, signature.problem));
    }
    println!("dkim-jdkim: {} of 7, {bodies} bodies", lines.len());
    for (name, problem) in &lines {
        println!("  {name}: {}", problem.map_or_else(|| "pass".to_owned(), |problem| problem.to_string()));
    }
    assert_eq!((lines.len(), bodies), (7, 6));
}

/// What the suite's tool does and RFC 6376, 3.2, does not: cases by the end of their names.
const NOT_OURS: &[(&str, &str)] = &[
    ("Should handle literal newlines and carriage returns", "a backslash and a letter are no white space"),
    ("Should parse SPF record format", "a tag that is there twice spoils the list"),
    ("Should warn about duplicate tags", "a tag that is there twice spoils the list"),
    ("Should handle case sensitivity", "names are told apart by case, with no setting for it"),
];

/// The calls of the suite that are about lists as such; what a record means is for the crates that read it.
#[test]
fn tag_value_records() {
    let Some(folder) = suite("tag-value-records") else { return };
    let cases: Value = serde_json::from_str(&text(&folder.join("record-parse.json"))).unwrap();
    let (mut passed, mut others, mut elsewhere) = (0, Vec::new(), 0);
    for case in cases.as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let calls = case["calls"].as_array().unwrap();
        if calls.iter().any(|call| call["fn"] != "tools.parseTagValueRecord") {
            elsewhere += 1;
            continue;
        }
        let problems: Vec<String> =
            case["asserts"].as_array().unwrap().iter().filter_map(|assert| check(calls, assert).err()).collect();
        let listed = NOT_OURS.iter().find(|(end, _)| name.ends_with(end));
        match (problems.is_empty(), listed) {
            (true, None) => passed += 1,
            (false, Some((end, why))) => others.push(format!("  {end}: {why}")),
            (true, Some(_)) => panic!("{name} is listed, and passes"),
            (false, None) => panic!("{name}: {problems:?}"),
        }
    }
    println!(
        "tag-value-records: {passed} passed, {elsewhere} about records of others, {} not by RFC 6376:\n{}",
        others.len(),
        others.join("\n")
    );
    assert_eq!(passed + elsewhere + others.len(), 37);
    assert_eq!(others.len(), NOT_OURS.len());
}

/// One assertion about one call's result: `resultN.isValid`, `resultN.tags.NAME`, or something that we say in other words.
fn check(calls: &[Value], assert: &Value) -> Result<(), String> {
    let path = assert["subject"]["ref"].as_str().unwrap();
    let (call, what) = path.split_once('.').unwrap();
    let call = &calls[call.trim_start_matches("result").parse::<usize>().unwrap()];
    let input = call["args"][0].as_str().unwrap_or_default();
    let list = TagList::parse(input.as_bytes(), &Limits::default());
    let options = &call["args"][1];
    let names =
        |key: &str| -> Option<Vec<&str>> { Some(options[key].as_array()?.iter().filter_map(Value::as_str).collect()) };
    // that a tag is required or known is asked of the list, not demanded by it
    let complete = list
        .as_ref()
        .is_ok_and(|list| names("requiredTags").is_none_or(|tags| tags.iter().all(|tag| list.get(tag).is_some())));
    let wanted = assert["args"].as_array().map(|args| args[0].clone()).unwrap_or_default();
    match what.split_once('.') {
        None if what == "isValid" => {
            let valid = assert["chain"].as_array().unwrap().iter().any(|word| word == "true");
            if complete == valid { Ok(()) } else { Err(format!("{input:?} is valid: {complete}")) }
        }
        Some(("tags", tag)) if complete => {
            let list = list.map_err(|error| error.to_string())?;
            let found = list.get(tag).and_then(|tag| tag.text().ok());
            if found == wanted.as_str() { Ok(()) } else { Err(format!("{tag}: {found:?}, not {wanted}")) }
        }
        // an error is the first one, and then there is nothing more; warnings are no matter of a list
        Some(("tags", _)) if what != "tags" => Ok(()),
        _ if what == "tags" && complete => {
            let list = list.map_err(|error| error.to_string())?;
            match assert["chain"].as_array().unwrap().last().and_then(Value::as_str) {
                Some("property") if assert["chain"].as_array().unwrap().iter().any(|word| word == "not") => Ok(()),
                Some("property") => list.get(wanted.as_str().unwrap()).map(|_| ()).ok_or(format!("no {wanted}")),
                _ if wanted == Value::Object(Default::default()) => {
                    if list.iter().next().is_none() {
                        Ok(())
                    } else {
                        Err("it is not empty".to_owned())
                    }
                }
                _ => Ok(()),
            }
        }
        _ => Ok(()),
    }
}
