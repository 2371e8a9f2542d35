//! What of a message is to be read, and what is to be offered as a file.

use alloc::vec::Vec;

use super::{Message, Part};

/// The parts of a message by what they are for, as mail programs show them: the algorithm of RFC 8621, 4.1.4.
///
/// A picture between two texts is in both lists of texts, to be shown where it stands. The text of a message that is only HTML is in both as well: whoever shows plain
/// text has to [make it of that](crate::html::to_text).
///
/// ```
/// use message::mime::Parser;
///
/// let mail = b"Content-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\n\r\nHello\r\n--x\r\nContent-Type: text/html\r\n\r\n<b>Hello</b>\r\n--x--\r\n";
/// let mut parser = Parser::default();
/// let bodies = parser.parse(mail)?.bodies();
/// assert_eq!(bodies.text[0].text().unwrap(), "Hello");
/// assert_eq!(bodies.html[0].text().unwrap(), "<b>Hello</b>");
/// # Ok::<(), message::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Bodies<'a> {
    /// What to show to those who read plain text.
    pub text: Vec<Part<'a>>,
    /// What to show to those who read HTML.
    pub html: Vec<Part<'a>>,
    /// What to offer as files; also what is shown in one of the two and missing in the other.
    pub attachments: Vec<Part<'a>>,
}

/// What holds in a multipart for the parts in it.
#[derive(Clone, Copy)]
struct Around<'a> {
    /// Its subtype.
    kind: &'a str,
    /// It is in a multipart/alternative, or one itself.
    in_alternative: bool,
    text: bool,
    html: bool,
}

impl<'a> Message<'a> {
    /// The parts by what they are for.
    #[must_use]
    pub fn bodies(&self) -> Bodies<'a> {
        let mut bodies = Bodies::default();
        let around = Around { kind: "mixed", in_alternative: false, text: true, html: true };
        bodies.sort(core::iter::once(self.root()), around);
        bodies
    }
}

impl<'a> Bodies<'a> {
    /// Depth is bounded by the parser's limit.
    fn sort(&mut self, parts: impl Iterator<Item = Part<'a>>, mut around: Around<'_>) {
        let before = (self.text.len(), self.html.len());
        let alternative = around.kind.eq_ignore_ascii_case("alternative");
        for (n, part) in parts.enumerate() {
            let media_type = part.media_type();
            if part.is_multipart() {
                let in_alternative = around.in_alternative || media_type.sub().eq_ignore_ascii_case("alternative");
                let children: Vec<_> = part.children().collect();
                self.sort(children.into_iter(), Around { kind: media_type.sub(), in_alternative, ..around });
                continue;
            }
            let (plain, html) = (media_type.is("text", "plain"), media_type.is("text", "html"));
            let media = ["image", "audio", "video"].iter().any(|main| media_type.main().eq_ignore_ascii_case(main));
            let related = around.kind.eq_ignore_ascii_case("related");
            let shown = part.disposition().is_none_or(|disposition| disposition.is_inline())
                && (plain || html || media)
                && (n == 0 || (!related && (media || part.file_name().is_none())));
            if !shown {
                self.attachments.push(part);
                continue;
            }
            if alternative {
                match (plain, html) {
                    (true, _) => self.text.push(part),
                    (_, true) => self.html.push(part),
                    _ => self.attachments.push(part),
                }
                continue;
            }
            if around.in_alternative {
                // what follows belongs to this kind of text
                around.html &= !plain;
                around.text &= !html;
            }
            if around.text {
                self.text.push(part);
            }
            if around.html {
                self.html.push(part);
            }
            if media && !(around.text && around.html) {
                self.attachments.push(part);
            }
        }
        if alternative && around.text && around.html {
            let (text, html) = before;
            if self.text.len() == text {
                self.text.extend(self.html.iter().skip(html).copied());
            } else if self.html.len() == html {
                self.html.extend(self.text.iter().skip(text).copied());
            }
        }
    }
}
