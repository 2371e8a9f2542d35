//! A reply is read the same whole and line by line, needs all of its bytes, and is written so that it is well-formed whatever its text.
#![no_main]

use arbitrary::{Arbitrary as _, Unstructured};
use libfuzzer_sys::fuzz_target;
use smtp_proto::{
    Reply,
    ehlo::Capabilities,
    reply::{ReplyError, ReplyLine},
};

fn well_formed(reply: &Reply<'_>) {
    let mut wire = Vec::new();
    reply.write(&mut wire);
    for line in wire.split_inclusive(|byte| *byte == b'\n') {
        let text = line.strip_suffix(b"\r\n").expect("a line ends in CRLF");
        assert!(line.len() <= 512 && !text.iter().any(u8::is_ascii_control));
    }
    let (again, length) = Reply::parse(&wire).expect("what is written can be read").expect("all of it is there");
    assert_eq!((again.code(), length), (reply.code(), wire.len()));
    if reply.status().is_some() {
        let mut second = Vec::new();
        again.write(&mut second);
        assert_eq!((again.status(), second), (reply.status(), wire));
    }
}

fuzz_target!(|data: &[u8]| {
    if let Ok(Some((reply, length))) = Reply::parse(data) {
        well_formed(&reply);
        let whole = &data[..length];
        assert_eq!(Reply::parse(&whole[..length - 1]), Ok(None), "a reply needs its last byte");
        let mut lines = Vec::new();
        let mut rest = whole;
        while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
            lines.push(ReplyLine::parse(&rest[..end]).expect("it was read as one reply"));
            rest = &rest[end + 2..];
        }
        assert_eq!(Reply::from_lines(lines), Some(reply.clone().into_owned()));

        // The offers that were understood are understood again.
        let offers = Capabilities::from_reply(&reply);
        let mut wire = Vec::new();
        offers.write_reply("mx.example.org", &mut wire);
        let (again, _) = Reply::parse(&wire).expect("what is written can be read").expect("all of it is there");
        let mut known = Capabilities::from_reply(&again);
        assert!(known.others.len() <= offers.others.len());
        known.others.clone_from(&offers.others);
        known.auth.clone_from(&offers.auth);
        assert_eq!(known, offers);
    } else if let Err(ReplyError::CodeChanged { from, to, .. }) = Reply::parse(data) {
        assert_ne!(from, to);
    }
    if let Ok(reply) = Reply::arbitrary(&mut Unstructured::new(data)) {
        well_formed(&reply);
    }
});
