//! Languages of what a server says for people to read (RFC 6856, 3), and how one of them is chosen (RFC 4647).

use alloc::{string::String, vec::Vec};

/// The language that every server speaks, which LANG offers beside the others: that of this crate's own texts, English (RFC 2277, 4.5).
pub const DEFAULT: &str = "i-default";

/// What a server session says of its own, for [`Language::says`] to translate. The last two stand behind numbers.
pub const TEXTS: &[&str] = &[
    "Already logged in",
    "Authentication cancelled",
    "Begin TLS",
    "Bye",
    "Cannot decode that: send base64",
    "Capabilities follow",
    "Commands are text without control characters",
    "Language changed",
    "Languages follow",
    "Line too long",
    "Lines must end in CR LF",
    "Log in first",
    "Marked",
    "Mechanism not offered: CAPA lists those that are",
    "Mechanisms follow",
    "No message is marked",
    "No such language: LANG lists those that are here",
    "No such message",
    "Not a message number",
    "Not possible now",
    "Not served here: CAPA lists what is",
    "Nothing done",
    "Plaintext after STLS",
    "Say STLS first: no password in the clear",
    "Say USER first",
    "Send the password",
    "Shutting down, nothing was removed",
    "TLS is already on",
    "The top follows",
    "This is POP3",
    "Unique ids follow",
    "Unknown command: CAPA lists what is served",
    "UTF-8 it is",
    "Wait for the reply before sending on",
    "Wrong arguments",
    "Wrong user name or password",
    "messages",
    "octets",
];

/// A language that a server offers: its tag, its name, and the texts in it that the host has.
///
/// ```
/// use pop3_proto::language::Language;
///
/// let german = Language::new("de", "Deutsch").unwrap().says("Bye", "Auf Wiedersehen");
/// assert_eq!(german.text("Bye"), Some("Auf Wiedersehen"));
/// assert_eq!(german.text("Marked"), None);
/// assert_eq!(Language::new("german language", "Deutsch"), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Language {
    tag: String,
    description: String,
    texts: Vec<(String, String)>,
}

impl Language {
    /// A language by its tag (RFC 5646) and its name, in the language itself; the name may be empty. `None` if the tag is none, the name has control characters, or
    /// both are longer than a line of 512 octets takes.
    #[must_use]
    pub fn new(tag: impl Into<String>, description: impl Into<String>) -> Option<Self> {
        let (tag, description) = (tag.into(), description.into());
        let plain = !description.bytes().any(|byte| byte.is_ascii_control());
        let good = is_tag(&tag) && plain && tag.len() + description.len() <= 500;
        good.then(|| Self { tag, description, texts: Vec::new() })
    }

    /// Adds a text: for one of [`TEXTS`], or for what the caller itself says in English. What is not there is said in English.
    #[must_use]
    pub fn says(mut self, english: impl Into<String>, text: impl Into<String>) -> Self {
        let english = english.into();
        self.texts.retain(|(known, _)| *known != english);
        let at = self.texts.partition_point(|(known, _)| *known < english);
        self.texts.insert(at, (english, text.into()));
        self
    }

    /// The tag, as it is written in responses to LANG.
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// The name of the language, in itself.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// What stands for an English text.
    #[must_use]
    pub fn text(&self, english: &str) -> Option<&str> {
        let at = self.texts.binary_search_by(|(known, _)| known.as_str().cmp(english)).ok()?;
        self.texts.get(at).map(|(_, text)| text.as_str())
    }
}

/// Whether a text has the form of a language tag: letters, then letters and digits, 1 to 8 in each part between hyphens (RFC 4647, 2.1).
#[must_use]
pub fn is_tag(text: &str) -> bool {
    let part = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let first = text.split('-').next().unwrap_or_default();
    text.split('-').all(part) && first.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// Whether a text has the form of a basic language range: a tag's, or `*` (RFC 4647, 2.1).
#[must_use]
pub fn is_range(text: &str) -> bool {
    text == "*" || is_tag(text)
}

/// The language that a range asks for, by its place among those that are offered; `*` takes the first. The order of RFC 4647, 3.4: the range as it is, then without its
/// last part, and so on; where that finds nothing, the first language that is more particular than the range (3.3.1).
///
/// ```
/// use pop3_proto::language::{Language, choose};
///
/// let offered = ["de", "en-GB", "zh-Hant"].map(|tag| Language::new(tag, "").unwrap());
/// assert_eq!(choose(&offered, "de-CH-1996"), Some(0));
/// assert_eq!(choose(&offered, "EN"), Some(1));
/// assert_eq!(choose(&offered, "en-US"), None);
/// ```
#[must_use]
pub fn choose(offered: &[Language], range: &str) -> Option<usize> {
    if range == "*" {
        return (!offered.is_empty()).then_some(0);
    }
    let mut shorter = range;
    loop {
        if let Some(found) = offered.iter().position(|language| language.tag.eq_ignore_ascii_case(shorter)) {
            return Some(found);
        }
        let Some((rest, _)) = shorter.rsplit_once('-') else { break };
        // RFC 4647, 3.4: a single letter only begins what follows it, and goes with it
        shorter = rest.rsplit_once('-').filter(|(_, single)| single.len() == 1).map_or(rest, |(rest, _)| rest);
    }
    offered.iter().position(|language| {
        language
            .tag
            .split_at_checked(range.len())
            .is_some_and(|(start, rest)| start.eq_ignore_ascii_case(range) && rest.starts_with('-'))
    })
}
