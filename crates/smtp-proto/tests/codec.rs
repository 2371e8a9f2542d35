//! The grammar in both directions: what is read is written the same, or in the documented canonical form, and nothing that is written can be misread.

use proptest::prelude::*;
use smtp_proto::{
    EnhancedStatus, Reply,
    command::{Command, CommandError, Syntax},
    dsn::{Notify, OriginalRecipient},
    ehlo::Capabilities,
    path::{ForwardPath, Mailbox, ReversePath},
    xtext::Xtext,
};

fn utf8() -> Syntax {
    let mut syntax = Syntax::default();
    syntax.utf8 = true;
    syntax
}

fn written(command: &Command<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    command.write(&mut out);
    out
}

/// Reads a line, writes the command, and takes the CRLF off.
fn canonical(line: &[u8]) -> Result<String, CommandError> {
    let wire = written(&Command::parse(line, &utf8())?);
    let line = wire.strip_suffix(b"\r\n").unwrap_or(&wire);
    Ok(String::from_utf8_lossy(line).into_owned())
}

#[test]
fn commands_in_canonical_form() {
    for (line, expected) in [
        ("helo a", "HELO a"),
        ("EHLO [127.0.0.1]", "EHLO [127.0.0.1]"),
        ("ehlo my_laptop", "EHLO my_laptop"),
        ("LHLO [IPv6:::1]  ", "LHLO [IPv6:::1]"),
        ("mAiL fRoM:<>", "MAIL FROM:<>"),
        ("MAIL FROM: <a@b.example>", "MAIL FROM:<a@b.example>"),
        ("MAIL FROM:<@r.example,@s.example:a@b.example>", "MAIL FROM:<a@b.example>"),
        ("MAIL FROM:<a@b> ret=hdrs  SIZE=0", "MAIL FROM:<a@b> SIZE=0 RET=HDRS"),
        ("MAIL FROM:<a@b> AUTH=<> ENVID=x+2By", "MAIL FROM:<a@b> ENVID=x+2By AUTH=<>"),
        ("MAIL FROM:<a@b> AUTH=e+3Dmc2@example.com", "MAIL FROM:<a@b> AUTH=e+3Dmc2@example.com"),
        ("MAIL FROM:<дом@пример.рф> smtputf8", "MAIL FROM:<дом@пример.рф> SMTPUTF8"),
        (r#"RCPT TO:<"a > b"@c>"#, r#"RCPT TO:<"a > b"@c>"#),
        ("rcpt to:<POSTMASTER>", "RCPT TO:<Postmaster>"),
        ("RCPT TO:<a@b> notify=delay,success", "RCPT TO:<a@b> NOTIFY=SUCCESS,DELAY"),
        ("RCPT TO:<a@b> ORCPT=rfc822;a@b NOTIFY=never", "RCPT TO:<a@b> NOTIFY=NEVER ORCPT=rfc822;a@b"),
        ("bdat 86 last", "BDAT 86 LAST"),
        ("BDAT 0", "BDAT 0"),
        ("data ", "DATA"),
        ("starttls", "STARTTLS"),
        ("noop anything at all", "NOOP anything at all"),
        ("help\ttab\tinside\t", "HELP tab\tinside"),
        ("vrfy Bob", "VRFY Bob"),
        ("auth PLAIN =", "AUTH PLAIN ="),
        ("AUTH XOAUTH2 dGVzdA==", "AUTH XOAUTH2 dGVzdA=="),
    ] {
        assert_eq!(canonical(line.as_bytes()).as_deref(), Ok(expected), "{line}");
        assert_eq!(canonical(expected.as_bytes()).as_deref(), Ok(expected), "{expected}");
    }
}

#[test]
fn wrong_commands_get_the_reply_of_their_kind() {
    let long = |n| "a".repeat(n);
    for (line, reply) in [
        (String::new(), "500 5.5.1"),
        ("GET / HTTP/1.1".into(), "500 5.5.1"),
        ("MAILFROM:<a@b>".into(), "500 5.5.1"),
        ("STARTTLSX".into(), "500 5.5.1"),
        ("NOOP \0".into(), "500 5.5.2"),
        ("EHLO".into(), "501 5.5.4"),
        ("EHLO a b".into(), "501 5.5.4"),
        ("EHLO [1.2.3]".into(), "501 5.5.4"),
        ("DATA now".into(), "501 5.5.4"),
        ("STARTTLS now".into(), "501 5.5.4"),
        ("BDAT -1".into(), "501 5.5.4"),
        ("BDAT +1".into(), "501 5.5.4"),
        ("BDAT 18446744073709551616".into(), "501 5.5.4"),
        ("BDAT 1 FIRST".into(), "501 5.5.4"),
        ("MAIL TO:<a@b>".into(), "501 5.5.4"),
        ("MAIL FROM:a@b".into(), "501 5.1.7"),
        ("MAIL FROM:<a>".into(), "501 5.1.7"),
        ("MAIL FROM:<a@b.>".into(), "501 5.1.7"),
        ("MAIL FROM:<a@b_c>".into(), "501 5.1.7"),
        ("MAIL FROM:<a..b@c>".into(), "501 5.1.7"),
        ("MAIL FROM:<\"a\\\u{e4}\"@c> SMTPUTF8".into(), "501 5.1.7"),
        (format!("MAIL FROM:<{}@b>", long(65)), "501 5.1.7"),
        (format!("MAIL FROM:<a@{}>", [long(63), long(63), long(63), long(63)].join(".")), "501 5.1.7"),
        (format!("MAIL FROM:<a@{}>", long(64)), "501 5.1.7"),
        (format!("MAIL FROM:<a@\u{e4}.{}> SMTPUTF8", long(64)), "501 5.1.7"),
        ("MAIL FROM:<\u{e4}@b>".into(), "553 5.6.7"),
        ("MAIL FROM:<a@b> FOO=1".into(), "555 5.5.4"),
        ("MAIL FROM:<a@b> SIZE".into(), "501 5.5.4"),
        ("MAIL FROM:<a@b> SIZE=1 size=1".into(), "501 5.5.4"),
        ("MAIL FROM:<a@b> SMTPUTF8=1".into(), "501 5.5.4"),
        ("MAIL FROM:<a@b> BODY=9BIT".into(), "501 5.5.4"),
        ("MAIL FROM:<a@b> ENVID=a+0Ab".into(), "501 5.5.4"),
        (format!("MAIL FROM:<a@b> ENVID={}", long(101)), "501 5.5.4"),
        ("MAIL FROM:<a@b> AUTH=nobody".into(), "501 5.5.4"),
        ("MAIL FROM:<a@b> AUTH=a@b+0D+0A".into(), "501 5.5.4"),
        ("RCPT TO:<>".into(), "501 5.1.3"),
        ("RCPT TO:<a@[IPv6:1]>".into(), "501 5.1.3"),
        ("RCPT TO:<a@b> NOTIFY=NEVER,DELAY".into(), "501 5.5.4"),
        ("RCPT TO:<a@b> NOTIFY=DELAY,DELAY".into(), "501 5.5.4"),
        ("RCPT TO:<a@b> ORCPT=rfc822;".into(), "501 5.5.4"),
        (format!("RCPT TO:<a@b> ORCPT=rfc822;{}", long(500)), "501 5.5.4"),
        ("AUTH".into(), "501 5.5.4"),
        ("AUTH PLAIN a b".into(), "501 5.5.4"),
    ] {
        let error = Command::parse(line.as_bytes(), &utf8()).unwrap_err();
        assert!(error.reply().to_string().starts_with(reply), "{line}: {}", error.reply());
    }
    // An address that would not fit into a path is none without brackets either.
    let mut loose = utf8();
    loose.loose_paths = true;
    let line = |length| format!("MAIL FROM:a@{}.{}", [long(63), long(63), long(63)].join("."), long(length));
    assert!(Command::parse(line(60).as_bytes(), &loose).is_ok());
    assert!(Command::parse(line(61).as_bytes(), &loose).unwrap_err().reply().to_string().starts_with("501 5.1.7"));
    let recipient = Command::parse("RCPT TO:<\u{e4}@b>".as_bytes(), &Syntax::default()).unwrap_err();
    assert!(recipient.reply().to_string().starts_with("550 5.6.7"));
}

#[test]
fn mailboxes_are_equal_by_what_they_stand_for() {
    let mailbox = |text| Mailbox::parse(text, false).unwrap();
    assert_eq!(mailbox("bob@Example.ORG"), mailbox("\"b\\ob\"@example.org"));
    assert_ne!(mailbox("Bob@example.org"), mailbox("bob@example.org"));
    assert!(!format!("{:?}", mailbox("secretive@example.org")).contains("secretive"));
}

#[test]
fn lines_of_a_reply_have_one_code() {
    for (wire, good) in [
        (&b"250\r\n"[..], true),
        (b"250 \r\n", true),
        (b"250-a\r\n250 b\r\n", true),
        (b"250-a\r\n251 b\r\n", false),
        (b"150 a\r\n", false),
        (b"600 a\r\n", false),
        (b"250_a\r\n", false),
        (b"25\r\n", false),
    ] {
        assert_eq!(Reply::parse(wire).is_ok_and(|reply| reply.is_some()), good, "{}", wire.escape_ascii());
    }
    // RFC 2034, 4: the class must be the code's
    assert_eq!(Reply::new(550, Some(EnhancedStatus::new(4, 1, 1)), "").status(), None);
    assert_eq!(Reply::parse(b"250 5.1.1 no\r\n").unwrap().unwrap().0.status(), None);
}

fn mailbox() -> impl Strategy<Value = String> {
    let local =
        prop_oneof!["[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]{1,9}(\\.[a-z0-9-]{1,9}){0,3}", r#""([ !#-\[\]-~]|\\[ -~]){0,20}""#];
    let domain = prop_oneof![
        "[a-zA-Z0-9]([a-z0-9-]{0,9}[a-z0-9])?(\\.[a-z]{1,9}){0,4}",
        any::<core::net::Ipv4Addr>().prop_map(|address| format!("[{address}]")),
        any::<core::net::Ipv6Addr>().prop_map(|address| format!("[IPv6:{address}]")),
    ];
    (local, domain).prop_map(|(local, domain)| format!("{local}@{domain}"))
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        (mailbox(), "( SIZE=[0-9]{1,20})?( BODY=(7BIT|8BITMIME|BINARYMIME))?( SMTPUTF8)?( RET=(FULL|HDRS))?( ENVID=[a-z0-9]{1,9}(\\+20)?)?( AUTH=<>)?")
            .prop_map(|(path, params)| format!("MAIL FROM:<{path}>{params}")),
        (mailbox(), "( NOTIFY=(NEVER|SUCCESS|FAILURE|DELAY|SUCCESS,FAILURE|FAILURE,DELAY))?( ORCPT=rfc822;[a-z]{1,9}(\\+3D)?)?")
            .prop_map(|(path, params)| format!("RCPT TO:<{path}>{params}")),
        "(EHLO|HELO|LHLO) [a-z0-9]{1,9}(\\.[a-z]{1,9})?",
        "BDAT (0|[1-9][0-9]{0,18})( LAST)?",
        "(VRFY|EXPN|NOOP|HELP) [!-~]([ -~]{0,9}[!-~])?",
        "AUTH [A-Z0-9-]{1,20}( (=|[A-Za-z0-9+/]{1,20}=?))?",
    ]
}

proptest! {
    #[test]
    fn a_command_is_written_as_it_was_read(line in line()) {
        // But for zeros in front and a number too large to hold.
        prop_assume!(!line.contains("SIZE="));
        let command = Command::parse(line.as_bytes(), &Syntax::default()).unwrap();
        prop_assert_eq!(String::from_utf8(written(&command)).unwrap(), line + "\r\n");
    }

    #[test]
    fn canonical_form_stays(line in prop_oneof![line().prop_map(String::into_bytes), prop::collection::vec(any::<u8>(), 0..80)]) {
        if let Ok(command) = Command::parse(&line, &utf8()) {
            let wire = written(&command);
            let text = wire.strip_suffix(b"\r\n").unwrap();
            prop_assert!(!text.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)));
            let again = Command::parse(text, &utf8()).unwrap();
            prop_assert_eq!(&again, &command);
            prop_assert_eq!(written(&again), wire);
        }
    }

    #[test]
    fn paths_owned_and_borrowed_are_the_same(text in mailbox()) {
        let path = format!("<{text}>");
        let reverse = ReversePath::parse(&path, false).unwrap();
        prop_assert_eq!(reverse.to_string(), path.as_str());
        prop_assert_eq!(&reverse.clone().into_owned(), &reverse);
        let forward = ForwardPath::parse(&path, false).unwrap();
        prop_assert_eq!(forward.mailbox(), reverse.mailbox());
    }

    #[test]
    fn any_bytes_in_xtext(bytes in prop::collection::vec(any::<u8>(), 0..50)) {
        let xtext = Xtext::encode(&bytes);
        prop_assert_eq!(xtext.decode(), bytes);
        prop_assert_eq!(Xtext::parse(xtext.as_str(), false), Some(xtext.clone()));
    }

    #[test]
    fn a_reply_is_well_formed_whatever_its_text(code in any::<u16>(), subject in 0_u16..1000, detail in 0_u16..1000, text in "(\\PC|[\r\n\t\0]|5\\.1\\.1 |a{400}){0,9}") {
        let class = u8::try_from(code.clamp(200, 599) / 100).unwrap();
        let status = matches!(class, 2 | 4 | 5).then(|| EnhancedStatus::new(class, subject, detail));
        let reply = Reply::new(code, status, text);
        let mut wire = Vec::new();
        reply.write(&mut wire);
        for line in wire.split_inclusive(|byte| *byte == b'\n') {
            prop_assert!(line.len() <= 512 && line.ends_with(b"\r\n"));
            prop_assert!(!line[..line.len() - 2].iter().any(u8::is_ascii_control));
        }
        let (again, length) = Reply::parse(&wire).unwrap().unwrap();
        prop_assert_eq!((again.code(), again.status(), length), (reply.code(), reply.status(), wire.len()));
        let mut second = Vec::new();
        again.write(&mut second);
        prop_assert_eq!(&second, &wire);
        for cut in 0..wire.len() {
            prop_assert_eq!(Reply::parse(&wire[..cut]), Ok(None));
        }
    }

    #[test]
    fn an_enhanced_status_is_read_as_it_was_written(class in prop_oneof![Just(2_u8), Just(4), Just(5)], subject in 0_u16..1000, detail in 0_u16..1000) {
        let status = EnhancedStatus::new(class, subject, detail);
        prop_assert_eq!(EnhancedStatus::parse(status.to_string().as_bytes()), Some(status));
    }

    #[test]
    fn offers_are_read_as_they_were_written(flags in any::<[bool; 12]>(), size in any::<Option<Option<u32>>>(), auth in "([A-Z]{1,9} ){0,4}", others in prop::collection::hash_set("X[A-Z]{1,9}( [a-z]{1,9})?", 0..5)) {
        let mut offers = Capabilities::new();
        [offers.pipelining, offers.eight_bit_mime, offers.enhanced_status_codes, offers.chunking, offers.binary_mime, offers.smtputf8,
         offers.dsn, offers.start_tls, offers.require_tls, offers.vrfy, offers.expn, offers.help] = flags;
        offers.size = size.map(|size| size.filter(|size| *size > 0).map(u64::from));
        for name in auth.split_whitespace() {
            if !offers.offers_mechanism(name) {
                offers.auth.push(name.to_owned());
            }
        }
        offers.others = others.into_iter().collect();
        let mut wire = Vec::new();
        offers.write_reply("mx.example.org", &mut wire);
        let (reply, length) = Reply::parse(&wire).unwrap().unwrap();
        prop_assert_eq!(length, wire.len());
        prop_assert_eq!(Capabilities::from_reply(&reply), offers);
    }
}

#[test]
fn parameters_of_dsn_are_built_as_they_are_read() {
    assert_eq!(Notify::NEVER.to_string(), "NEVER");
    assert_eq!(OriginalRecipient::new("rfc822", Xtext::encode(b"")), None);
    assert_eq!(OriginalRecipient::new("rfc 822", Xtext::encode(b"a@b")), None);
    let original = OriginalRecipient::new("rfc822", Xtext::encode(b"a=1@b")).unwrap();
    assert_eq!(original.to_string(), "rfc822;a+3D1@b");
}
