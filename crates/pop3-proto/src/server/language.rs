//! LANG: which languages are there, and in which the session speaks (RFC 6856, 3).

use super::{Config, Core};
use crate::{
    error::{Error, Order},
    language::{self, Language},
    response::Response,
};

/// A language that LANG has chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chosen {
    /// This crate's own.
    Default,
    /// One of those that are configured, by its place.
    Offered(usize),
}

impl Chosen {
    /// The configured language that it is.
    pub(super) fn of(self, config: &Config) -> Option<&Language> {
        match self {
            Self::Default => None,
            Self::Offered(place) => config.languages.get(place),
        }
    }
}

impl Core {
    pub(super) fn tag(&self, chosen: Chosen) -> &str {
        chosen.of(&self.config).map_or(language::DEFAULT, Language::tag)
    }

    /// A text of the session's own, in the language of the session.
    pub(super) fn word<'a>(&'a self, english: &'a str) -> &'a str {
        self.language.and_then(|chosen| chosen.of(&self.config)?.text(english)).unwrap_or(english)
    }

    /// LANG with a range, or without. What fails leaves the language as it was.
    pub(super) fn lang(&mut self, range: Option<&str>) -> Result<(), Error> {
        let offered = &self.config.languages;
        if offered.is_empty() {
            return Err(Error::Order(Order::NotServed));
        }
        let Some(range) = range else {
            self.list_languages();
            return Ok(());
        };
        let chosen = match language::choose(offered, range) {
            Some(place) => Chosen::Offered(place),
            None if range.eq_ignore_ascii_case(language::DEFAULT) => Chosen::Default,
            None => return Err(Error::NoSuchLanguage),
        };
        self.language = Some(chosen);
        // The tag as it is configured, a space, and already the new language.
        let text = alloc::format!("{} {}", self.tag(chosen), self.word("Language changed"));
        self.respond(&Response::ok(text));
        Ok(())
    }

    /// Tag, a space and the language's name in UTF-8, whether UTF8 has been said or not.
    fn list_languages(&mut self) {
        self.ok("Languages follow");
        let offered = &self.config.languages;
        let default = language::choose(offered, language::DEFAULT).is_none().then_some((language::DEFAULT, ""));
        let out = self.output.tail();
        for (tag, description) in offered.iter().map(|one| (one.tag(), one.description())).chain(default) {
            out.extend_from_slice(tag.as_bytes());
            if !description.is_empty() {
                out.push(b' ');
                out.extend_from_slice(description.as_bytes());
            }
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b".\r\n");
    }
}
