//! Messages that are changed: only what was meant is another.

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

use message::{
    BuildError, Carriage, Content, FieldName, Multipart,
    mime::{Edits, EncodeError, Parser, TransferEncoding},
};
use proptest::prelude::*;

const MAIL: &str = "From: a@b\r\nX-Odd : 1\r\nSubject: old\r\nSubject: older\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\npre\r\n--x\r\n\r\none\r\n\
                    --x  \r\nContent-Type: multipart/related; boundary=y\r\n\r\n--y\r\nContent-Type: text/html\r\n\r\ntwo\r\n--y\r\nContent-Type: image/png\r\n\r\nthree\r\n--y--\r\n\r\n--x--\r\npost\r\n";

fn edited(mail: &str, edit: impl FnOnce(&mut Edits<'_>)) -> String {
    let mut parser = Parser::default();
    let message = parser.parse(mail.as_bytes()).unwrap();
    let mut edits = Edits::new(message);
    edit(&mut edits);
    String::from_utf8(edits.to_vec()).unwrap()
}

/// The same, with the message that the edits are of.
macro_rules! edit {
    ($mail:expr, |$edits:ident, $message:ident| $change:expr) => {{
        let mail: &str = $mail;
        let mut parser = Parser::default();
        let $message = parser.parse(mail.as_bytes()).unwrap();
        let mut $edits = Edits::new($message);
        $change;
        String::from_utf8($edits.to_vec()).unwrap()
    }};
}

fn name(name: &str) -> FieldName {
    FieldName::new(name).unwrap()
}

#[test]
fn nothing_changed_is_nothing_changed() {
    assert_eq!(edited(MAIL, |_| {}), MAIL);
}

#[test]
fn fields_are_set_and_taken_away() {
    let mail = edit!(MAIL, |edits, message| {
        edits.set_field(message.root(), &name("subject"), "new").unwrap();
        edits.set_field(message.root(), &name("X-New"), "Grüße").unwrap();
        edits.set_field(message.root(), &name("From"), "c@d").unwrap();
        edits.set_field(message.part(1).unwrap(), &name("X-Part"), "one").unwrap();
        edits.remove_fields(message.root(), "x-odd");
    });
    let changed = MAIL
        .replace(
            "From: a@b\r\nX-Odd : 1\r\nSubject: old\r\nSubject: older\r\n",
            "X-New: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nFrom: c@d\r\nsubject: new\r\n",
        )
        .replace("--x\r\n\r\none", "--x\r\nX-Part: one\r\n\r\none");
    assert_eq!(mail, changed);
    let mut parser = Parser::default();
    let message = parser.parse(MAIL.as_bytes()).unwrap();
    let refused = Edits::new(message).set_field(message.root(), &name("Subject"), "a\r\nBcc: b@c");
    assert_eq!(refused, Err(BuildError::Control { field: "Subject".into(), at: 1 }));
}

#[test]
fn parts_are_taken_out_and_replaced() {
    assert_eq!(
        edit!(MAIL, |edits, message| edits.remove(message.part(1).unwrap())),
        MAIL.replace("--x\r\n\r\none\r\n", "")
    );
    assert_eq!(
        edit!(MAIL, |edits, message| edits.remove(message.part(4).unwrap())),
        MAIL.replace("--y\r\nContent-Type: image/png\r\n\r\nthree\r\n", "")
    );
    // with all that is in it, and with what was changed there
    let mail = edit!(MAIL, |edits, message| {
        edits.set_field(message.part(3).unwrap(), &name("X"), "y").unwrap();
        edits.remove(message.part(2).unwrap());
        edits.remove(message.root());
    });
    let start = MAIL.find("--x  ").unwrap();
    assert_eq!(mail, format!("{}--x--\r\npost\r\n", &MAIL[..start]));

    let mail = edit!(MAIL, |edits, message| {
        let two = Content::multipart(Multipart::Mixed, [Content::text("2")]);
        edits.replace(message.part(3).unwrap(), &two, [1; 16], Carriage::SevenBit).unwrap();
    });
    let mut parser = Parser::default();
    let message = parser.parse(mail.as_bytes()).unwrap();
    assert_eq!(message.part(4).unwrap().text().unwrap(), "2\r\n");
    assert_eq!((message.part(5).unwrap().body(), message.parts().len()), (&b"three"[..], 6));
    assert_eq!(message.defects().count(), Parser::default().parse(MAIL.as_bytes()).unwrap().defects().count());
}

#[test]
fn what_may_not_pass_is_encoded_and_nothing_else() {
    let mail = "Content-Type: multipart/mixed; boundary=x\r\nContent-Transfer-Encoding: 8bit\r\n\r\n--x\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße an alle im Hause\r\n\
                --x\r\nContent-Type: application/x\r\n\r\nÄÖÜ\r\n--x\r\n\r\nplain\r\n--x--\r\n";
    let mut parser = Parser::default();
    let message = parser.parse(mail.as_bytes()).unwrap();
    assert_eq!(&*message.encoded_for(Carriage::EightBit).unwrap(), mail.as_bytes());
    let seven = message.encoded_for(Carriage::SevenBit).unwrap();
    assert_eq!(
        core::str::from_utf8(&seven).unwrap(),
        mail.replace("8bit\r\n\r\n--x", "7bit\r\n\r\n--x")
            .replace("8bit\r\n\r\nGrüße", "quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe")
            .replace("x\r\n\r\nÄÖÜ", "x\r\nContent-Transfer-Encoding: base64\r\n\r\nw4TDlsOc\r\n")
    );
}

/// M-7: a line that is broken to be encoded does not make a delimiter of what was in its middle.
#[test]
fn m7_a_broken_line_is_no_delimiter() {
    for before in 60..90 {
        let text = format!("ü{}--x y", "a".repeat(before));
        let mail = format!(
            "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n--x--\r\n"
        );
        let (mut parser, mut other) = (Parser::default(), Parser::default());
        let encoded = parser.parse(mail.as_bytes()).unwrap().encoded_for(Carriage::SevenBit).unwrap();
        let message = other.parse(&encoded).unwrap();
        assert_eq!(message.parts().len(), 2);
        assert_eq!(message.part(1).unwrap().text().unwrap(), text);
    }
}

/// RFC 1847: what is signed is not changed, so it cannot go where it would have to be.
#[test]
fn what_is_signed_stays_or_does_not_go() {
    let mail = "Content-Type: multipart/signed; boundary=x\r\n\r\n--x\r\n\r\nGrüße\r\n--x\r\nContent-Type: application/pgp-signature\r\n\r\n...\r\n--x--\r\n";
    let mut parser = Parser::default();
    let message = parser.parse(mail.as_bytes()).unwrap();
    assert_eq!(message.encoded_for(Carriage::SevenBit), Err(EncodeError::Signed { at: message.part(1).unwrap().at() }));
    assert!(message.encoded_for(Carriage::EightBit).is_ok());
}

proptest! {
    #[test]
    fn what_was_encoded_says_the_same(lines in prop::collection::vec("\\PC{0,30}", 0..6), octets in prop::collection::vec(any::<u8>(), 0..90), way in any::<bool>()) {
        let carriage = if way { Carriage::SevenBit } else { Carriage::EightBit };
        let mail = [
            b"Content-Type: multipart/mixed; boundary=\"=_x=\"\r\n\r\n--=_x=\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n".to_vec(),
            lines.join("\r\n").into_bytes(),
            b"\r\n--=_x=\r\nContent-Type: application/x; name=y\r\nContent-Transfer-Encoding: binary\r\n\r\n".to_vec(),
            octets,
            b"\r\n--=_x=--\r\n".to_vec(),
        ].concat();
        let (mut parser, mut other) = (Parser::default(), Parser::default());
        let message = parser.parse(&mail).unwrap();
        let encoded = message.encoded_for(carriage).unwrap();
        let again = other.parse(&encoded).unwrap();
        prop_assert_eq!(again.parts().len(), message.parts().len());
        for (part, same) in message.parts().zip(again.parts()).filter(|(part, _)| !part.is_multipart()) {
            prop_assert_eq!(part.text(), same.text());
            prop_assert_eq!(part.decoded(), same.decoded());
            let passes = same.transfer_encoding() != TransferEncoding::SevenBit || carriage != Carriage::SevenBit || same.body().is_ascii();
            prop_assert!(passes);
        }
        if carriage == Carriage::SevenBit {
            prop_assert!(encoded.is_ascii());
        }
        let encoded = encoded.into_owned();
        let mut parser = Parser::default();
        prop_assert_eq!(&*parser.parse(&encoded).unwrap().encoded_for(carriage).unwrap(), &encoded[..]);
    }
}
