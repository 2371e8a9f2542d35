//! Counts, in tests, how many octets the readers look at: so that "linear" is a number.

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
    use alloc::format;
    use core::hint::black_box;

    use super::DONE;
    use crate::{AuthenticationResults, Leniency, Limits, claims};

    /// The octets looked at by all readers.
    fn counted(value: &str) -> u64 {
        // a bomb must not be defused by a limit before it shows what it costs
        let mut limits = Limits::default();
        (limits.field, limits.results, limits.properties, limits.comments) = (u32::MAX, u32::MAX, u32::MAX, u32::MAX);
        DONE.with(|done| done.set(0));
        for leniency in [Leniency::Standard, Leniency::Forgiving] {
            let _ = black_box(AuthenticationResults::parse_with(value.as_bytes(), &limits, leniency));
            let _ = black_box(AuthenticationResults::parse_arc_with(value.as_bytes(), &limits, leniency));
        }
        black_box(claims(value.as_bytes(), "mx.example.org"));
        DONE.with(core::cell::Cell::get)
    }

    /// Beginning and what is repeated.
    const BOMBS: &[(&str, &str)] = &[
        ("x", "; a=b"),
        ("x; ", ";"),
        ("x; ", "y;"),
        ("x; a=b", " c.d=e"),
        ("x; a=b", " c.d=\"e\""),
        ("x; a=b", " c.d=\"e\"@f"),
        ("x; a=b", " c.d=e .f"),
        ("x; a=b c.d=e", " .f"),
        ("x; a=b c.d=e", "(a).f"),
        ("x; a=b", " c.d=e/"),
        ("x; a=b", " c.d=e (f) @"),
        ("x; a=b", " c=d"),
        ("x; a=b", " reason=d"),
        ("x; a=b c.d=\"", "a\r\n "),
        ("x; a=b c.d=\"", "\\a"),
        ("x; a=b c.d=", "@"),
        ("x; a=b c.d=", "a@"),
        ("x; a=b c.d=", "a."),
        ("x", "; \"a"),
        ("x", "; (a"),
        ("x", "; a=b c.d=\"e"),
        ("x", "; a=b c.d=(e"),
        ("x; none", " (a)"),
        ("x", "; none (a"),
        ("x; none", ";none"),
        ("", "("),
        ("", "()"),
        ("", "\r\n "),
        ("", "\""),
        ("", "mx.example.or "),
        ("", "=?"),
        ("", "\u{fc} "),
        ("", "\u{fc}"),
        ("", ";"),
        ("", "\0"),
        ("x; a=b", "\\"),
        ("i", " (a)"),
        ("x ", "1"),
        ("x; a/", "1"),
    ];

    #[test]
    fn work_grows_as_the_input_does() {
        const SIZE: usize = 16_000;
        for (start, piece) in BOMBS {
            let input = |times: usize| format!("{start}{}", piece.repeat(times * SIZE / piece.len()));
            let [one, two, four] = [1, 2, 4].map(|times| counted(&input(times)));
            assert!(four > 0, "{piece:?}: nothing is counted");
            for (small, large) in [(one, two), (two, four)] {
                assert!(large <= small * 22 / 10 + 2_000, "{piece:?}: {small} octets, with twice the input {large}");
            }
            // five readings, each of an octet a few times
            assert!(four <= 4 * SIZE as u64 * 40, "{piece:?}: {four}");
        }
    }

    #[test]
    fn a_quadratic_reader_would_be_found() {
        let quadratic = |size: usize| {
            DONE.with(|done| done.set(0));
            (0..size).for_each(super::look);
            DONE.with(core::cell::Cell::get)
        };
        assert!(quadratic(64_000) > 12 * quadratic(16_000));
    }
}
