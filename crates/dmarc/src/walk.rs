//! The DNS Tree Walk (RFC 9989, 4.10): which names are asked, and what the answers come to.

use dns::Name;

use crate::{Limits, Psd};

/// Why the DNS could not tell something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trouble {
    /// It refused; asking again soon is of no use.
    Refused,
    /// It did not answer now.
    TryLater,
}

/// What is known of one name of a walk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mark {
    #[default]
    Unasked,
    Asked,
    Nothing,
    Several,
    Found(Psd),
    Unknown(Trouble),
}

impl Mark {
    pub(crate) const fn is_open(self) -> bool {
        matches!(self, Self::Unasked | Self::Asked)
    }

    /// Whether the walk ends here (RFC 9989, 4.10, steps 2 and 6).
    const fn stops(self) -> bool {
        matches!(self, Self::Found(Psd::Yes | Psd::No))
    }
}

/// All that some silent names might have said. What holds under each of these guesses holds, whatever they would say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guesses(u32);

impl Guesses {
    /// For so many silent names; `None` for more than three, where nobody guesses.
    pub(crate) fn of(names: usize) -> Option<Self> {
        (names <= 3).then(|| Self(1 << (2 * names)))
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Guess> {
        (0..self.0).map(Guess)
    }
}

/// One thing for each of some silent names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Guess(u32);

impl Guess {
    /// What a name is taken to say: what it has said, or what is guessed of it, being the silent name with a number.
    pub(crate) fn mark(self, mark: Mark, labels: usize, number: impl FnOnce() -> usize) -> Mark {
        let Mark::Unknown(_) = mark else { return mark };
        match (self.0 >> (2 * number())) & 3 {
            1 => Mark::Found(Psd::Yes),
            // RFC 9989, 5.2: who publishes a record at a top-level domain says psd=y. So a silent one never costs its subdomains their policies.
            2 | 3 if labels == 1 => Mark::Nothing,
            2 => Mark::Found(Psd::Unknown),
            3 => Mark::Found(Psd::No),
            _ => Mark::Nothing,
        }
    }
}

/// The names of one walk: the one it starts at, then those above it, the longest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) start: Name,
    /// How many labels the start has.
    labels: usize,
}

impl Path {
    #[inline]
    pub(crate) fn new(start: &Name) -> Self {
        Self { start: *start, labels: count_labels(start) }
    }

    /// How many names are asked.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.labels.min(Limits::WALK)
    }

    /// How many labels the name has that is asked in this place. RFC 9989, 4.10, step 4: from a start with eight labels or more it goes on with seven.
    pub(crate) fn labels_at(&self, place: usize) -> usize {
        if place == 0 { self.labels } else { self.len().saturating_sub(place) }
    }

    /// In which place the name with so many labels is asked.
    pub(crate) fn place_of(&self, labels: usize) -> Option<usize> {
        if labels == self.labels {
            return Some(0);
        }
        (labels > 0 && labels < self.len()).then(|| self.len() - labels)
    }

    /// Whether all that is needed is known, the marks being those of the places.
    pub(crate) fn first_open(&self, mark: impl Fn(usize) -> Mark) -> Option<usize> {
        (0..self.len()).take_while_inclusive(|place| !mark(*place).stops()).find(|place| mark(*place).is_open())
    }

    /// The Organizational Domain (RFC 9989, 4.10.2), as a number of labels, where everything is known or guessed.
    pub(crate) fn organization(&self, mark: impl Fn(usize) -> Mark) -> usize {
        let mut fewest = self.labels;
        for place in 0..self.len() {
            let labels = self.labels_at(place);
            match mark(place) {
                Mark::Found(Psd::No) => return labels,
                // A Public Suffix Domain's own mail is its own affair.
                Mark::Found(Psd::Yes) if place == 0 => return labels,
                Mark::Found(Psd::Yes) => return labels + 1,
                Mark::Found(Psd::Unknown) => fewest = labels,
                _ => {}
            }
        }
        fewest
    }

    /// Where the walk ends by `psd=y` above its start.
    pub(crate) fn public_suffix(&self, mark: impl Fn(usize) -> Mark) -> Option<usize> {
        let place = (0..self.len()).find(|place| mark(*place).stops())?;
        (place > 0 && mark(place) == Mark::Found(Psd::Yes)).then_some(place)
    }

    /// How many names before a place are silent; behind the end of the walk it does not matter.
    pub(crate) fn silent(&self, mark: impl Fn(usize) -> Mark, before: usize) -> usize {
        let marks = (0..before.min(self.len())).map(mark).take_while(|mark| !mark.stops());
        marks.filter(|mark| matches!(mark, Mark::Unknown(_))).count()
    }

    /// The worst of what went wrong before the walk ended; a server that may answer later counts more than one that refuses.
    pub(crate) fn trouble(&self, mark: impl Fn(usize) -> Mark) -> Option<Trouble> {
        let until_stop = (0..self.len()).map(mark).take_while(|mark| !mark.stops());
        until_stop.filter_map(|mark| if let Mark::Unknown(trouble) = mark { Some(trouble) } else { None }).max()
    }
}

/// An iterator with the element that ends it.
trait TakeWhileInclusive: Iterator + Sized {
    fn take_while_inclusive(mut self, mut wanted: impl FnMut(&Self::Item) -> bool) -> impl Iterator<Item = Self::Item> {
        let mut ended = false;
        core::iter::from_fn(move || {
            let item = if ended { None } else { self.next() }?;
            ended = !wanted(&item);
            Some(item)
        })
    }
}

impl<I: Iterator> TakeWhileInclusive for I {}

/// How many labels a name has.
#[inline]
pub(crate) fn count_labels(name: &Name) -> usize {
    let dots = name.as_bytes().iter().filter(|octet| **octet == b'.').count();
    if name.is_root() { 0 } else { dots + 1 }
}

/// The last labels of a name, so many, as text.
pub(crate) fn suffix(name: &Name, labels: usize) -> &str {
    let text = name.as_str();
    if labels == 0 {
        return "";
    }
    let mut dots = text.bytes().enumerate().rev().filter(|(_, octet)| *octet == b'.');
    dots.nth(labels - 1).and_then(|(dot, _)| text.get(dot + 1..)).unwrap_or(text)
}

/// How many labels two names have in common, from the right.
pub(crate) fn common_labels(one: &Name, other: &Name) -> usize {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut dots = 0;
    let mut same = 0;
    for (octet, beside) in one.iter().rev().zip(other.iter().rev()) {
        if octet != beside {
            return dots;
        }
        dots += usize::from(*octet == b'.');
        same += 1;
    }
    // One is a part of the other: its first label counts where the other's ends there too.
    let longer = if one.len() > other.len() { one } else { other };
    let ends = same > 0 && longer.len().checked_sub(same + 1).is_none_or(|at| longer.get(at) == Some(&b'.'));
    dots + usize::from(ends)
}

/// The names that a tree walk asks, at most eight, `_dmarc` left out: the start first, then those above it (RFC 9989, 4.10).
///
/// ```
/// let start = "a.mail.example.com".parse()?;
/// let names: Vec<String> = dmarc::walk_names(&start).map(|name| name.to_string()).collect();
/// assert_eq!(names, ["a.mail.example.com", "mail.example.com", "example.com", "com"]);
/// # Ok::<(), dns::NameError>(())
/// ```
pub fn walk_names(start: &Name) -> impl Iterator<Item = Name> {
    let path = Path::new(start);
    (0..path.len()).map(move |place| path.start.last_labels(path.labels_at(place)))
}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn d1_a_walk_has_eight_names_at_most() {
        // the example of RFC 9989, 4.10
        let start = "a.b.c.d.e.f.g.h.i.j.mail.example.com".parse().unwrap();
        let names: Vec<String> = walk_names(&start).map(|name| name.to_string()).collect();
        let all = [
            "a.b.c.d.e.f.g.h.i.j.mail.example.com",
            "g.h.i.j.mail.example.com",
            "h.i.j.mail.example.com",
            "i.j.mail.example.com",
            "j.mail.example.com",
            "mail.example.com",
            "example.com",
            "com",
        ];
        assert_eq!(names, all);
        for labels in 1..=20 {
            let start: Name = (0..labels).map(|_| "x").collect::<Vec<_>>().join(".").parse().unwrap();
            let counts: Vec<usize> = walk_names(&start).map(|name| name.labels().count()).collect();
            assert_eq!(counts.len(), labels.min(8));
            assert_eq!((counts[0], counts[counts.len() - 1]), (labels, 1));
            let path = Path::new(&start);
            for (place, count) in counts.into_iter().enumerate() {
                assert_eq!((path.labels_at(place), path.place_of(count)), (count, Some(place)));
            }
        }
        assert_eq!(walk_names(&Name::ROOT).count(), 0);
    }
}
