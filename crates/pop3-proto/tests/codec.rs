//! Commands, responses and capabilities: what is written is what is read.

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

use pop3_proto::{
    Capabilities, Response,
    apop::Digest,
    capabilities::{Expire, LoginDelay, Retention},
    command::{Command, SecretText},
    error::CommandError,
    maildrop::{Entry, Maildrop, Uid},
    response::Code,
};
use proptest::prelude::*;

#[test]
fn commands_that_are_none() {
    for (line, error) in [
        ("", CommandError::Unknown),
        ("RE", CommandError::Unknown),
        ("RETRX 1", CommandError::Unknown),
        (" RETR 1", CommandError::Unknown),
        ("RETR", CommandError::Number),
        ("RETR 0", CommandError::Number),
        ("RETR -1", CommandError::Number),
        ("RETR 1 2", CommandError::Number),
        ("RETR 4294967296", CommandError::Number),
        ("DELE x", CommandError::Number),
        ("TOP 1", CommandError::Arguments),
        ("TOP 1 x", CommandError::Arguments),
        ("TOP x 1", CommandError::Number),
        ("USER", CommandError::Arguments),
        ("PASS", CommandError::Arguments),
        ("QUIT now", CommandError::Arguments),
        ("AUTH A B C", CommandError::Arguments),
        ("APOP ann", CommandError::Arguments),
        ("APOP c4c9334bac560ecc979e58001b3e22fb", CommandError::Arguments),
        ("APOP ann c4c9334bac560ecc979e58001b3e22f", CommandError::Arguments),
        ("APOP ann c4c9334bac560ecc979e58001b3e22fbb", CommandError::Arguments),
        ("APOP ann C4C9334BAC560ECC979E58001B3E22FB", CommandError::Arguments),
        ("APOP ann \u{e9}c9334bac560ecc979e58001b3e22fb", CommandError::Arguments),
        ("LANG de fr", CommandError::Arguments),
        ("LANG de_DE", CommandError::Arguments),
        ("LANG *-CH", CommandError::Arguments),
        ("AUTH NAME-OF-MORE-THAN-TWENTY", CommandError::Arguments),
    ] {
        assert_eq!(Command::parse(line.as_bytes()), Err(error), "{line}");
    }
    assert!(matches!(Command::parse(b"USER a\x00b"), Err(CommandError::Character { at: 6 })));
    assert!(matches!(Command::parse(b"USER \xff"), Err(CommandError::Character { at: 5 })));
}

fn word() -> impl Strategy<Value = String> {
    "[!-~]{1,20}"
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(line in proptest::collection::vec(any::<u8>(), 0..60)) {
        if let Ok(command) = Command::parse(&line) {
            let mut wire = Vec::new();
            command.write(&mut wire);
            prop_assert!(wire.ends_with(b"\r\n") && !wire[..wire.len() - 2].contains(&b'\n'));
            prop_assert_eq!(Command::parse(&wire[..wire.len() - 2]), Ok(command));
        }
    }

    #[test]
    fn commands_written_are_read(user in word(), password in "[ -~]{1,30}", number in 1_u32.., lines: u64, which in 0..11_u8, digest: [u8; 16], range in "[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8}){0,3}") {
        let command = match which {
            0 => Command::User(&user),
            1 => Command::Pass(SecretText::new(&password).unwrap()),
            2 => Command::Retr(number),
            3 => Command::Top { number, lines },
            4 => Command::List(Some(number)),
            5 => Command::Uidl(None),
            7 => Command::Lang(None),
            8 => Command::Lang(Some(&range)),
            9 => Command::Lang(Some("*")),
            6 => Command::Auth { mechanism: "PLAIN", initial: SecretText::new(&user) },
            _ => Command::Apop(&user, Digest::from_bytes(digest)),
        };
        let mut wire = Vec::new();
        command.write(&mut wire);
        prop_assert_eq!(Command::parse(&wire[..wire.len() - 2]), Ok(command));
    }

    #[test]
    fn responses_are_one_line(ok: bool, text in any::<String>(), code in 0..7_usize) {
        let all = [Code::Auth, Code::SysTemp, Code::SysPerm, Code::InUse, Code::LoginDelay, Code::Utf8];
        let code = all.get(code).copied();
        let response = if ok { Response::ok(text.as_str()) } else { Response::err(code, text.as_str()) };
        let mut wire = Vec::new();
        response.write(&mut wire);
        prop_assert!(wire.len() <= 512 && wire.ends_with(b"\r\n"));
        let line = &wire[..wire.len() - 2];
        prop_assert!(!line.iter().any(u8::is_ascii_control));
        let read = Response::parse(line).unwrap();
        prop_assert_eq!(read.is_ok(), ok);
        prop_assert!(code.is_none() || ok || read.code() == code);
        let mut again = Vec::new();
        read.write(&mut again);
        prop_assert_eq!(again, wire);
    }

    /// RFC 2449, 8: detail that is not known does not hide a code that is.
    #[test]
    fn detail_behind_a_code(detail in "[!-Z^-~]{1,10}") {
        let line = format!("-ERR [in-use/{detail}] Busy");
        prop_assert_eq!(Response::parse(line.as_bytes()), Some(Response::err(Some(Code::InUse), "Busy")));
        let line = format!("-ERR [IN-USED/{detail}] Busy");
        prop_assert_eq!(Response::parse(line.as_bytes()).unwrap().code(), None);
    }

    #[test]
    fn policies_written_are_read(days: u32, seconds: u32, never: bool, user: bool) {
        let mut offers = Capabilities::new();
        let retention = if never { Retention::Never } else { Retention::Days(days) };
        offers.expire = Some(Expire { retention, per_user: user });
        offers.login_delay = Some(LoginDelay { seconds, per_user: !user });
        (offers.utf8, offers.utf8_user, offers.lang) = (true, user, never);
        let mut wire = Vec::new();
        offers.write(&mut wire);
        let mut again = Capabilities::new();
        String::from_utf8(wire).unwrap().lines().filter(|line| *line != ".").for_each(|line| again.read(line));
        prop_assert_eq!(again, offers);
    }

    #[test]
    fn capabilities_written_are_read(lines in proptest::collection::vec("[A-Z][A-Z0-9-]{0,9}( [!-~]{1,8}){0,3}", 0..20)) {
        let mut offers = Capabilities::new();
        lines.iter().for_each(|line| offers.read(line));
        let mut wire = Vec::new();
        offers.write(&mut wire);
        let text = String::from_utf8(wire).unwrap();
        let mut again = Capabilities::new();
        text.strip_suffix(".\r\n").unwrap().lines().for_each(|line| again.read(line));
        prop_assert_eq!(again, offers);
    }

    #[test]
    fn a_maildrop_is_a_list_with_marks(sizes in proptest::collection::vec(0_u64..1000, 0..20), marks in proptest::collection::vec((any::<bool>(), 0_u32..25), 0..60)) {
        let mut maildrop = Maildrop::new(sizes.iter().enumerate().map(|(n, size)| Entry { size: *size, uid: Uid::new(format!("{n}")).unwrap() }));
        let mut model = vec![false; sizes.len()];
        for (reset, number) in marks {
            if reset && number == 0 {
                maildrop.reset();
                model.fill(false);
            } else {
                let slot = (number as usize).checked_sub(1).and_then(|index| model.get_mut(index));
                let expected = slot.is_some_and(|marked| !std::mem::replace(marked, true));
                prop_assert_eq!(maildrop.delete(number), expected);
            }
            let left = || sizes.iter().zip(&model).filter(|(_, marked)| !**marked).map(|(size, _)| *size);
            prop_assert_eq!(maildrop.count() as usize, left().count());
            prop_assert_eq!(maildrop.octets(), left().sum::<u64>());
            let deleted: Vec<u32> = (1..).zip(&model).filter(|(_, marked)| **marked).map(|(number, _)| number).collect();
            prop_assert_eq!(maildrop.deleted().collect::<Vec<_>>(), deleted);
        }
    }
}
