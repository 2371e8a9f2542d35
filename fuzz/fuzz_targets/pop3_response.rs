//! Any lines of a server: status lines and capabilities are read, written and read again as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pop3_proto::{Capabilities, Response, apop::Timestamp};

fuzz_target!(|bytes: &[u8]| {
    let mut offers = Capabilities::new();
    for line in bytes.split(|byte| *byte == b'\n').take(200) {
        if let Some(response) = Response::parse(line) {
            let mut wire = Vec::new();
            response.write(&mut wire);
            assert!(wire.len() <= 512 && wire.ends_with(b"\r\n"));
            let once = Response::parse(&wire[..wire.len() - 2]).expect("what is written is a status line").into_owned();
            let mut again = Vec::new();
            once.write(&mut again);
            assert_eq!(again, wire);
            assert_eq!(once.is_ok(), response.is_ok());
        }
        if let Some(timestamp) = String::from_utf8(line.to_vec()).ok().and_then(Timestamp::new) {
            let text = timestamp.as_str();
            assert!(text.bytes().all(|byte| byte.is_ascii_graphic()) && text.len() <= Timestamp::MAX);
            assert!(text.matches(['<', '>']).count() == 2 && text.starts_with('<') && text.ends_with('>'));
        }
        offers.read(&String::from_utf8_lossy(line));
    }
    let mut wire = Vec::new();
    offers.write(&mut wire);
    assert!(wire.ends_with(b".\r\n"));
    let mut once = Capabilities::new();
    String::from_utf8(wire.clone())
        .expect("text")
        .strip_suffix(".\r\n")
        .expect("its end")
        .split("\r\n")
        .for_each(|line| once.read(line));
    let mut again = Vec::new();
    once.write(&mut again);
    assert_eq!(again, wire);
});
