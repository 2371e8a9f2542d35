//! What is believed of a chain, and of whom.

use auth_results::{AuthenticationResults, Method, Ptype, Resinfo, ResultCode};
use dns::Name;

use crate::{Set, Verdict};

impl Verdict {
    /// Whether somebody who is trusted says that the message was in order, for DMARC, when it came there: reason enough not to reject it because it is not any
    /// more. The list is the receiver's own; an empty one trusts nobody.
    ///
    /// Exactly this is believed:
    ///
    /// - The chain passes, and the message has one author, whose From the newest message signature covers.
    /// - Sets are trusted from the newest on, as long as each is sealed by one of these domains: the very name in `d=` of the seal, not one below it. A seal by a key that is
    ///   still tested (`t=y`) ends that. What is older than the first set that is not trusted says nothing.
    /// - One of the trusted sets says `dmarc=pass` with the author's domain in `header.from`, and nothing else about DMARC. If it says nothing at all about DMARC,
    ///   `spf=pass` with this domain in `smtp.mailfrom` will do, or `dkim=pass` with it in `header.d` or `header.i`: the same domain, since who else may sign for
    ///   it cannot be asked here.
    ///
    /// What the message was when it came there is not known: a trusted server may have changed all of it but the author.
    #[must_use]
    pub fn vouches_dmarc(&self, trusted: &[Name]) -> bool {
        let Some(author) = &self.inner.author else { return false };
        let sets = self.passed().iter().rev();
        let mut sets = sets.take_while(|set| !set.testing && trusted.contains(set.seal.domain_name()));
        sets.any(|set| says_pass(set, author))
    }
}

/// Whether one set says that the message came from its author.
fn says_pass(set: &Set, author: &Name) -> bool {
    let Ok(results) = set.results() else { return false };
    let mut dmarc = results.results.iter().filter(|result| result.method == Method::Dmarc).peekable();
    if dmarc.peek().is_some() {
        return dmarc.all(|result| is_pass(result) && is_author(result, &Ptype::Header, "from", author));
    }
    // what could not be read may have been about DMARC
    results.skipped == 0 && is_aligned(&results, author)
}

fn is_aligned(results: &AuthenticationResults<'_>, author: &Name) -> bool {
    results.results.iter().filter(|result| is_pass(result)).any(|result| match result.method {
        Method::Spf => is_author(result, &Ptype::Smtp, "mailfrom", author),
        Method::Dkim if result.get(&Ptype::Header, "d").is_some() => is_author(result, &Ptype::Header, "d", author),
        Method::Dkim => is_author(result, &Ptype::Header, "i", author),
        _ => false,
    })
}

fn is_pass(result: &Resinfo<'_>) -> bool {
    result.is_known() && result.result == ResultCode::Pass
}

/// Whether a property has the author's domain, alone or behind an at sign.
fn is_author(result: &Resinfo<'_>, ptype: &Ptype<'_>, name: &str, author: &Name) -> bool {
    let Some(value) = result.get(ptype, name) else { return false };
    let domain = value.rsplit_once('@').map_or(value, |(_, domain)| domain);
    Name::parse(domain).is_ok_and(|domain| domain == *author)
}
