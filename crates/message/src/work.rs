//! Counts, in tests, how many octets the readers look at: so that "linear" is a number (rows M-1 to M-4).

/// Says that so many octets are looked at. Nothing at all, outside of tests.
#[inline(always)]
pub(crate) fn look(octets: usize) {
    #[cfg(test)]
    DONE.with(|done| done.set(done.get() + octets as u64));
    #[cfg(not(test))]
    let _ = octets;
}

#[cfg(test)]
std::thread_local! {
    static DONE: core::cell::Cell<u64> = const { core::cell::Cell::new(0) };
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::String, vec::Vec};
    use core::hint::black_box;

    use super::DONE;
    use crate::{AddressList, DateTime, Index, Leniency, Limits, MessageIds, html, mime};

    /// What it is, who reads it, and an input of about so many octets.
    type Bomb = (&'static str, fn(&[u8]), fn(usize) -> Vec<u8>);

    /// The octets looked at.
    fn counted(work: impl FnOnce()) -> u64 {
        DONE.with(|done| done.set(0));
        work();
        DONE.with(core::cell::Cell::get)
    }

    /// A bomb must not be defused by a limit before it shows what it costs.
    fn boundless() -> Limits {
        Limits {
            header: u32::MAX,
            field: u32::MAX,
            fields: u32::MAX,
            addresses: u32::MAX,
            parts: u32::MAX,
            ..Limits::default()
        }
    }

    fn repeat(start: &str, piece: &str, size: usize) -> Vec<u8> {
        [start.as_bytes(), &piece.as_bytes().repeat(size / piece.len() + 1)].concat()
    }

    /// All that can be asked of a message.
    fn read(message: &[u8]) {
        let mut parser = mime::Parser::new(boundless());
        let Ok(message) = parser.parse(message) else { return };
        for part in message.parts() {
            for field in part.headers().iter() {
                black_box((field.text(), field.date().is_ok(), field.hop().is_ok(), field.message_ids().count()));
                black_box(field.addresses().is_ok());
            }
            black_box((part.file_name(), part.decoded().bytes.len(), part.text().map(|text| text.len())));
        }
        black_box(message.bodies());
    }

    fn addresses(value: &[u8]) {
        for leniency in [Leniency::Standard, Leniency::Forgiving] {
            let _ = black_box(AddressList::parse_with(value, &boundless(), leniency));
        }
    }

    fn page(text: &[u8]) {
        black_box(html::to_text(&String::from_utf8_lossy(text)));
    }

    fn values(value: &[u8]) {
        black_box(DateTime::parse(value).is_ok());
        black_box(MessageIds::new(value).count());
    }

    fn header(message: &[u8]) {
        let _ = black_box(Index::new(boundless()).parse(message).map(|headers| headers.iter().count()));
    }

    const MULTIPART: &str = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";

    const INPUTS: &[Bomb] = &[
        // rows M-1 and M-2: depth
        ("comments in comments", addresses, |n| repeat("", "(", n)),
        ("comments one behind the other", addresses, |n| repeat("", "(a)", n)),
        ("a comment that ends in a backslash", addresses, |n| repeat("(", "\\(", n)),
        ("comments in a date", values, |n| repeat("1 Jan", " (x)", n)),
        ("comments in all fields", read, |n| repeat("", "From: ((((a@b\r\nDate: (((\r\nReceived: (((\r\n", n)),
        ("messages in messages", read, |n| repeat("", "Content-Type: message/rfc822\r\n\r\n", n)),
        ("multiparts in multiparts", read, |n| repeat("", &format!("{MULTIPART}--b\r\n"), n)),
        ("multiparts that differ", read, |n| {
            let part = |k| format!("Content-Type: multipart/mixed; boundary=b{k}\r\n\r\n--b{k}\r\n");
            (0..=n / 60).map(part).collect::<String>().into_bytes()
        }),
        ("boundaries that are the beginning of each other", read, |n| {
            let part = |k: usize| {
                let boundary = "b".repeat(k % 45 + 1);
                format!("Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n--{boundary}\r\n")
            };
            let nested: String = (0..48).map(part).collect();
            repeat(&nested, &format!("--{} x\r\n", "b".repeat(60)), n)
        }),
        // row M-3: parts
        ("many parts", read, |n| repeat(MULTIPART, "--b\r\n\r\nx\r\n", n)),
        ("many parts without a body", read, |n| repeat(MULTIPART, "--b\r\n", n)),
        ("many ends", read, |n| repeat(MULTIPART, "--b--\r\n", n)),
        ("nearly delimiters", read, |n| repeat(MULTIPART, "\r\n--", n)),
        ("a delimiter with much white space", read, |n| repeat(&format!("{MULTIPART}--b"), " ", n)),
        // row M-4: headers, addresses, parameters
        ("many fields", header, |n| repeat("", "A: b\r\n", n)),
        ("one field", header, |n| repeat("A: ", "x", n)),
        ("one field of many lines", read, |n| repeat("To: a", "\r\n b", n)),
        ("lone carriage returns", header, |n| repeat("A: ", "\r", n)),
        ("lone line feeds", header, |n| repeat("", "A\n", n)),
        ("NULs", header, |n| repeat("A: ", "\0", n)),
        ("an address list over lines", addresses, |n| repeat("", "a@b,\r\n ", n)),
        ("commas", addresses, |n| repeat("", ",", n)),
        ("groups", addresses, |n| repeat("", "g:a@b;,", n)),
        ("groups without end", addresses, |n| repeat("", "g:", n)),
        ("open comments behind commas", addresses, |n| repeat("", "(,", n)),
        ("open quotes behind commas", addresses, |n| repeat("", "\",", n)),
        ("open angles", addresses, |n| repeat("", "<,", n)),
        ("open literals", addresses, |n| repeat("", "[,", n)),
        ("routes", addresses, |n| repeat("<", "@a,", n)),
        ("dots", addresses, |n| repeat("", "a . ", n)),
        ("quoted words", addresses, |n| repeat("", "\"a\".", n)),
        ("quoted names", addresses, |n| repeat("", "\"a\\\"b\" ", n)),
        ("encoded names", addresses, |n| repeat("", "=?utf-8?q?a?= ", n)),
        ("continued parameters", read, |n| {
            let part = |k| format!(";\r\n name*{k}=x");
            let params: String = (0..n / 13).rev().map(part).collect();
            format!("Content-Disposition: attachment{params}\r\n\r\n").into_bytes()
        }),
        ("parameters of one name", read, |n| repeat("Content-Type: text/plain", "; name=x", n)),
        ("parameters with open comments", read, |n| repeat("Content-Type: text/plain", "; (name", n)),
        ("message ids", values, |n| repeat("", "<a@b> ", n)),
        ("open message ids", values, |n| repeat("", "<", n)),
        // texts
        ("encoded words", read, |n| repeat("Subject:", " =?utf-8?q?=C3=BC?=", n)),
        ("beginnings of encoded words", read, |n| repeat("Subject: ", "=?", n)),
        ("encoded words without end", read, |n| repeat("Subject: ", "=?utf-8?q?", n)),
        ("encoded words whose end is far", read, |n| repeat("Subject: ", &format!("=?utf-8?q?{}", "x".repeat(995)), n)),
        ("bad quoted-printable", read, |n| repeat("Content-Transfer-Encoding: quoted-printable\r\n\r\n", "=\r =", n)),
        ("spaces in quoted-printable", read, |n| repeat("Content-Transfer-Encoding: quoted-printable\r\n\r\n", " ", n)),
        ("bad base64", read, |n| repeat("Content-Transfer-Encoding: base64\r\n\r\n", "A=\r\n", n)),
        ("open tags", page, |n| repeat("", "<a", n)),
        ("open quotes in tags", page, |n| repeat("", "<a b='", n)),
        ("open comments", page, |n| repeat("", "<!--", n)),
        ("open scripts", page, |n| repeat("", "<script>", n)),
        ("elements that are never closed", page, |n| repeat("", "<div hidden>x", n)),
        ("ends without beginnings", page, |n| repeat("<div hidden>", "</p>", n)),
        ("references", page, |n| repeat("", "&#x", n)),
        ("attributes", page, |n| repeat("<a ", "href=x ", n)),
    ];

    /// Four times the input is four times the work, with something on top for sorting and for what does not grow.
    #[test]
    fn m1_to_m4_work_grows_as_the_input_does() {
        const SIZE: usize = 16_000;
        for (name, work, input) in INPUTS {
            let [one, two, four] = [1, 2, 4].map(|times| {
                let bytes = input(times * SIZE);
                (bytes.len() as u64, counted(|| work(&bytes)))
            });
            assert!(four.1 > 0, "{name}: nothing is counted");
            for (small, large) in [(one, two), (two, four)] {
                let allowed = small.1 * large.0 / small.0 * 11 / 10 + 2_000;
                assert!(
                    large.1 <= allowed,
                    "{name}: {} octets cost {}, {} cost {}",
                    small.0,
                    small.1,
                    large.0,
                    large.1
                );
            }
        }
    }

    /// The count finds what it is for.
    #[test]
    fn a_quadratic_reader_would_be_found() {
        let quadratic = |size: usize| counted(|| (0..size).for_each(super::look));
        assert!(quadratic(64_000) > 12 * quadratic(16_000));
    }

    /// What each octet may cost at most, with depth at its bound.
    #[test]
    fn m1_to_m4_an_octet_costs_little() {
        for (name, work, input) in INPUTS {
            let bytes = input(64_000);
            let done = counted(|| work(&bytes));
            assert!(done <= bytes.len() as u64 * 200, "{name}: {} octets cost {done}", bytes.len());
        }
    }
}
