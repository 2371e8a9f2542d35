//! HTML as it is in mail: its text, its links, and what it hides.
//!
//! This is no browser: nothing is laid out, run or fetched. One pass over the text tells what a reader would see and where links lead, and what is there that no reader
//! would see, which is how unwanted mail talks to filters. Each octet is looked at a bounded number of times, and nothing is nested (row M-8).

use alloc::{borrow::Cow, string::String};
use core::iter::FusedIterator;

use memchr::{memchr, memchr2};

use crate::work::look;

/// A piece of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Piece<'a> {
    /// Text between tags, as it stands there but with character references undone. White space means no more than one space, unless it is in a `pre`.
    Text {
        /// The text.
        text: Cow<'a, str>,
        /// Whether nobody sees it: it is in the title, or in something that is not displayed, invisible, or of no size.
        hidden: bool,
        /// Whether white space in it is to be kept.
        preformatted: bool,
    },
    /// An address in a link or a picture.
    Link {
        /// The address, with character references undone. Anybody wrote it: it may be anything.
        url: Cow<'a, str>,
        /// What it is for.
        kind: LinkKind,
        /// Whether nobody sees it.
        hidden: bool,
    },
    /// A line ends here, such as before and behind a paragraph.
    Break,
    /// Something stands between, such as a cell of a table.
    Space,
}

/// What an address is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LinkKind {
    /// To be followed: `href` of `a` and `area`, `action` of `form`.
    Followed,
    /// Fetched when the page is shown: `src`, `background`, and `href` of `link`.
    Fetched,
}

/// The pieces of a page one after the other.
///
/// ```
/// use message::html::{LinkKind, Piece, Pieces};
///
/// let mut pieces = Pieces::new("<p>Fish &amp; <a href='https://example.org/?a&amp;b'>chips</a><i style='display: none'>free</i>");
/// assert_eq!(pieces.next(), Some(Piece::Break));
/// assert!(matches!(pieces.next(), Some(Piece::Text { text, hidden: false, .. }) if text == "Fish & "));
/// assert!(matches!(pieces.next(), Some(Piece::Link { url, kind: LinkKind::Followed, .. }) if url == "https://example.org/?a&b"));
/// assert!(matches!(pieces.next(), Some(Piece::Text { text, .. }) if text == "chips"));
/// assert!(matches!(pieces.next(), Some(Piece::Text { text, hidden: true, .. }) if text == "free"));
/// ```
#[derive(Clone, Debug)]
pub struct Pieces<'a> {
    rest: &'a str,
    /// The tag whose attributes are looked through for more addresses.
    tag: Option<Tag<'a>>,
    /// The element that hides what is in it, and how many of its name are open in it.
    hiding: Option<(&'a str, u32)>,
    /// How many `pre` are open.
    preformatted: u32,
}

/// A start tag.
#[derive(Clone, Copy, Debug)]
struct Tag<'a> {
    name: &'a str,
    /// What is left of its attributes.
    attributes: &'a str,
    hidden: bool,
}

/// Elements whose content is no text: it ends with their end tag and nothing else.
const RAW: [&str; 5] = ["script", "style", "template", "noframes", "iframe"];
/// Elements without content.
const VOID: [&str; 12] = ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"];
/// Elements that stand on lines of their own.
const BLOCK: [&str; 30] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "br",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "fieldset",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "tr",
    "ul",
];

impl<'a> Pieces<'a> {
    /// Begins with a page.
    #[must_use]
    pub const fn new(html: &'a str) -> Self {
        Self { rest: html, tag: None, hiding: None, preformatted: 0 }
    }

    fn text(&mut self, end: usize) -> Piece<'a> {
        let (text, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        Piece::Text { text: unescape(text), hidden: self.hiding.is_some(), preformatted: self.preformatted > 0 }
    }

    /// Reads what begins with `<`; `None` if that is only a character.
    fn markup(&mut self) -> Option<Option<Piece<'a>>> {
        let inside = self.rest.get(1..)?;
        match inside.as_bytes() {
            [b'!', b'-', b'-', ..] => {
                // a comment; one that does not end takes the rest with it
                self.rest = behind(inside.get(3..).unwrap_or_default(), "-->");
                Some(None)
            }
            [b'!' | b'?', ..] => {
                self.rest = behind(inside, ">");
                Some(None)
            }
            [b'/', b'a'..=b'z' | b'A'..=b'Z', ..] => {
                let (name, rest) = name(inside.get(1..).unwrap_or_default());
                self.rest = behind(rest, ">");
                Some(self.end_tag(name))
            }
            [b'a'..=b'z' | b'A'..=b'Z', ..] => {
                let (name, rest) = name(inside);
                let end = attributes_end(rest);
                let (attributes, rest) = rest.split_at_checked(end).unwrap_or((rest, ""));
                self.rest = rest.strip_prefix('>').unwrap_or(rest);
                Some(self.start_tag(name, attributes))
            }
            _ => None,
        }
    }

    fn start_tag(&mut self, name: &'a str, attributes: &'a str) -> Option<Piece<'a>> {
        let is_void = among(&VOID, name);
        if among(&RAW, name) {
            self.rest = behind_element(self.rest, name);
            return None;
        }
        let hides =
            name.eq_ignore_ascii_case("title") || Attributes(attributes).any(|(name, value)| hides(name, value));
        match &mut self.hiding {
            Some((outer, open)) if !is_void => *open += u32::from(outer.eq_ignore_ascii_case(name)),
            None if hides && !is_void => self.hiding = Some((name, 1)),
            _ => {}
        }
        if name.eq_ignore_ascii_case("pre") {
            self.preformatted += 1;
        }
        self.tag = Some(Tag { name, attributes, hidden: hides || self.hiding.is_some() });
        between(name)
    }

    fn end_tag(&mut self, name: &'a str) -> Option<Piece<'a>> {
        if let Some((hiding, open)) = &mut self.hiding
            && hiding.eq_ignore_ascii_case(name)
        {
            *open -= 1;
            if *open == 0 {
                self.hiding = None;
            }
        }
        if name.eq_ignore_ascii_case("pre") {
            self.preformatted = self.preformatted.saturating_sub(1);
        }
        between(name)
    }

    /// The next address in the tag that was read last.
    fn link(&mut self) -> Option<Piece<'a>> {
        let tag = self.tag.as_mut()?;
        let mut attributes = Attributes(tag.attributes);
        let found = attributes.by_ref().find_map(|(name, value)| Some((link_kind(tag.name, name)?, value)));
        tag.attributes = attributes.0;
        let hidden = tag.hidden;
        let Some((kind, value)) = found else {
            self.tag = None;
            return None;
        };
        let url = match unescape(value) {
            Cow::Borrowed(url) => Cow::Borrowed(url.trim()),
            Cow::Owned(url) => Cow::Owned(String::from(url.trim())),
        };
        Some(Piece::Link { url, kind, hidden })
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        loop {
            if let Some(link) = self.link() {
                return Some(link);
            }
            let mut end = memchr(b'<', self.rest.as_bytes()).unwrap_or(self.rest.len());
            look(end + 1);
            if end == 0 && !self.rest.is_empty() {
                match self.markup() {
                    Some(Some(piece)) => return Some(piece),
                    Some(None) => continue,
                    // a character like any other: the text goes on to the next one
                    None => end = 1 + memchr(b'<', self.rest.get(1..)?.as_bytes()).unwrap_or(self.rest.len() - 1),
                }
            }
            if end == 0 {
                return None;
            }
            return Some(self.text(end));
        }
    }
}

impl FusedIterator for Pieces<'_> {}

/// What a reader would see, as plain text: paragraphs on lines of their own, white space put together, nothing of what is hidden.
///
/// ```
/// assert_eq!(message::html::to_text("<h1>Hello</h1>\n<p>How\n are <b>you</b>?<br>Well.</p>"), "Hello\nHow are you?\nWell.\n");
/// ```
#[must_use]
pub fn to_text(html: &str) -> String {
    let mut out = String::with_capacity(html.len() / 2);
    let mut space = false;
    for piece in Pieces::new(html) {
        match piece {
            Piece::Text { text, hidden: false, preformatted: true } => {
                out.push_str(&text);
                space = false;
            }
            Piece::Text { text, hidden: false, .. } => {
                for (n, word) in text.split(char::is_whitespace).enumerate() {
                    space |= n > 0;
                    if word.is_empty() {
                        continue;
                    }
                    if space && !out.is_empty() && !out.ends_with('\n') {
                        out.push(' ');
                    }
                    out.push_str(word);
                    space = false;
                }
            }
            Piece::Space => space = true,
            Piece::Break => {
                if !out.is_empty() && !out.ends_with('\n') {
                    out.push('\n');
                }
                space = false;
            }
            Piece::Text { .. } | Piece::Link { .. } => {}
        }
    }
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
    out
}

/// The attributes of a tag: names, and values without their quotes.
struct Attributes<'a>(&'a str);

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<(&'a str, &'a str)> {
        let blank = |c: char| c.is_ascii_whitespace() || c == '/';
        let before = self.0.len();
        let rest = self.0.trim_start_matches(blank);
        // an equals sign without a name before it is part of a name, as browsers have it
        let first = rest.chars().next()?.len_utf8();
        let end = rest.get(first..)?.find(|c: char| blank(c) || c == '=').map_or(rest.len(), |end| end + first);
        let (name, rest) = rest.split_at_checked(end)?;
        let Some(value) = rest.trim_start().strip_prefix('=') else {
            self.0 = rest;
            look(before - rest.len());
            return Some((name, ""));
        };
        let value = value.trim_start();
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (value, rest) = match quote {
            Some(quote) => {
                let inside = value.get(1..)?;
                inside.split_once(quote).unwrap_or((inside, ""))
            }
            None => value.split_at_checked(value.find(|c: char| c.is_ascii_whitespace()).unwrap_or(value.len()))?,
        };
        self.0 = rest;
        look(before - rest.len());
        Some((name, value))
    }
}

/// Where the attributes of a tag end: at the first `>` that is in no quotes.
fn attributes_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    // A quote begins a value only behind an equals sign.
    let mut value = false;
    while let Some(byte) = bytes.get(at) {
        look(1);
        match byte {
            b'>' => return at,
            b'"' | b'\'' if value => {
                let Some(length) = bytes.get(at + 1..).and_then(|inside| memchr(*byte, inside)) else { break };
                look(length);
                at += length + 2;
                value = false;
                continue;
            }
            b'=' => value = true,
            byte if byte.is_ascii_whitespace() => {}
            _ => value = false,
        }
        at += 1;
    }
    // A quote that does not end: to the next `>`, or all of it.
    bytes.get(at..).and_then(|rest| memchr(b'>', rest)).map_or(bytes.len(), |length| at + length)
}

/// The name at the start of a tag, and what is behind it.
fn name(text: &str) -> (&str, &str) {
    let end =
        text.bytes().position(|byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>')).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// What is behind the first occurrence of an end; nothing if there is none.
fn behind<'a>(text: &'a str, end: &str) -> &'a str {
    let rest = text.split_once(end).map_or("", |(_, rest)| rest);
    look(text.len() - rest.len());
    rest
}

/// What is behind the end tag of an element whose content is no markup.
fn behind_element<'a>(text: &'a str, element: &str) -> &'a str {
    let mut rest = text;
    while let Some(at) = memchr(b'<', rest.as_bytes()) {
        look(at + 1);
        rest = rest.get(at + 1..).unwrap_or_default();
        if let Some(tag) = rest.strip_prefix('/')
            && name(tag).0.eq_ignore_ascii_case(element)
        {
            return behind(tag, ">");
        }
    }
    ""
}

fn among(names: &[&str], name: &str) -> bool {
    names.iter().any(|one| one.eq_ignore_ascii_case(name))
}

/// What a tag puts between the texts around it.
fn between<'a>(name: &str) -> Option<Piece<'a>> {
    if among(&BLOCK, name) {
        Some(Piece::Break)
    } else if among(&["td", "th", "option"], name) {
        Some(Piece::Space)
    } else {
        None
    }
}

fn link_kind(tag: &str, attribute: &str) -> Option<LinkKind> {
    let is = |name: &str| attribute.eq_ignore_ascii_case(name);
    if is("href") {
        Some(if tag.eq_ignore_ascii_case("link") { LinkKind::Fetched } else { LinkKind::Followed })
    } else if is("action") {
        Some(LinkKind::Followed)
    } else {
        (is("src") || is("background")).then_some(LinkKind::Fetched)
    }
}

/// Whether an attribute makes its element invisible.
fn hides(name: &str, value: &str) -> bool {
    if name.eq_ignore_ascii_case("hidden") {
        return true;
    }
    if !name.eq_ignore_ascii_case("style") {
        return false;
    }
    value.split(';').filter_map(|rule| rule.split_once(':')).any(|(property, value)| {
        let property = property.trim();
        let value = value.split('!').next().unwrap_or_default().trim();
        let nothing = value.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '%');
        let nothing = !nothing.is_empty() && nothing.bytes().all(|byte| matches!(byte, b'0' | b'.'));
        match property {
            _ if property.eq_ignore_ascii_case("display") => value.eq_ignore_ascii_case("none"),
            _ if property.eq_ignore_ascii_case("visibility") => value.eq_ignore_ascii_case("hidden"),
            _ => among(&["font-size", "opacity", "max-height", "max-width"], property) && nothing,
        }
    })
}

/// Undoes character references.
fn unescape(text: &str) -> Cow<'_, str> {
    look(text.len());
    if memchr2(b'&', b'\0', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    html_escape::decode_html_entities(text)
}

#[cfg(test)]
mod tests {
    use alloc::{format, vec, vec::Vec};

    use proptest::prelude::*;

    use super::*;

    fn links(html: &str) -> Vec<(String, bool)> {
        Pieces::new(html)
            .filter_map(|piece| match piece {
                Piece::Link { url, hidden, .. } => Some((url.into_owned(), hidden)),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn text_is_what_a_reader_sees() {
        for (html, text) in [
            ("plain", "plain\n"),
            ("", ""),
            ("<p>a<p>b", "a\nb\n"),
            ("a<br/>b<BR>c", "a\nb\nc\n"),
            ("a\n\n b <i>c</i>d", "a b cd\n"),
            ("<table><tr><td>a</td><td>b</td></tr><tr><td>c", "a b\nc\n"),
            ("<pre>a\n  b</pre> c", "a\n  b\nc\n"),
            ("<head><title>t</title><style>p { x: '<p>' }</style></head>a<script>if (1 < 2) '</p>'</SCRIPT >b", "ab\n"),
            ("a<!-- <p>b --><!doctype html><?x?>c", "ac\n"),
            ("1 < 2 &lt; 3 <3 &#65;&#x42; &nosuch; & &amp", "1 < 2 < 3 <3 AB &nosuch; & &amp\n"),
            ("<div style='color:red; DISPLAY : None !important'>a<div>b</div>c</div>d", "d\n"),
            ("<span hidden>a</span><span style=\"font-size:0px\">b</span><i style=opacity:0.0>c</i>d", "d\n"),
            ("<img style='display:none'>shown<div style='font-size:10px'>too", "shown\ntoo\n"),
            ("a<b title='>'>c</b>", "ac\n"),
            ("a<!-- no end", "a\n"),
            ("a<b", "a\n"),
            ("a<", "a<\n"),
        ] {
            assert_eq!(to_text(html), text, "{html}");
        }
    }

    #[test]
    fn links_are_found_however_they_are_written() {
        let found = |url: &str| vec![(url.into(), false)];
        for html in [
            "<a href=u>",
            "<A HREF = ' u '>",
            "<a\nclass='x>'href=\"u\">",
            "<a b href=u/c>x",
            "<img src='u",
            "<form action=u>",
        ] {
            let expected = if html.contains("u/c") { found("u/c") } else { found("u") };
            assert_eq!(links(html), expected, "{html}");
        }
        assert_eq!(links("<body background=a><a href=b><img src=c></a>").len(), 3);
        assert_eq!(links("<p hidden><a href=u>x</a></p><a href=v>"), [("u".into(), true), ("v".into(), false)]);
        assert_eq!(links("<!-- <a href=u> --><script>'<a href=v>'</script><a name=w>"), []);
        assert_eq!(links("<a href='&#106;avascript:x'>"), found("javascript:x"));
    }

    /// M-8: tags that never end, a hundred thousand deep, and the like cost what their length costs.
    #[test]
    fn m8_hostile_pages_cost_linear_time() {
        for piece in [
            "<div>",
            "<",
            "<a href='",
            "<a ",
            "<!--",
            "</",
            "&",
            "&#",
            "<script>",
            "<p hidden>",
            "<a b=",
            "=",
            "<a b='c",
        ] {
            let html = piece.repeat(100_000);
            let pieces = Pieces::new(&html).count();
            assert!(pieces <= html.len(), "{piece}");
            assert!(to_text(&html).len() <= html.len() + 1, "{piece}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_page(pieces in prop::collection::vec(prop_oneof![
            Just(String::from("<div style='display:none'>")), Just("</div>".into()), Just("<a href=\"x".into()), Just("\">".into()), Just("<!--".into()), Just("-->".into()),
            Just("<script>".into()), Just("</script>".into()), Just("&amp;".into()), Just("<".into()), Just("'".into()), "\\PC{0,5}",
        ], 0..30)) {
            let html = pieces.concat();
            let seen: usize = Pieces::new(&html).map(|piece| match piece { Piece::Text { text, .. } => text.len(), _ => 0 }).sum();
            prop_assert!(seen <= html.len());
            let text = to_text(&html);
            prop_assert!(text.is_empty() || text.ends_with('\n'));
            let behind = to_text(&format!("<p>{html}"));
            prop_assert_eq!(behind.trim_start(), text.trim_start());
        }
    }
}
