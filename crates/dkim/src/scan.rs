//! Finds what canonicalization changes; all between such places is hashed as it is.

/// How much is judged at once, and how much once something is known to be in it.
const BLOCK: usize = 256;
const SMALL: usize = 32;

/// How far is looked octet by octet first.
const NEAR: usize = 16;

/// The first white space that is not a lone space between two words: a tab, or a space with a space, a tab or a CR behind it, or with nothing behind it. `FOLDS`: and a
/// CR, wherever it is. The length, where there is none.
#[inline(always)]
fn find<const FOLDS: bool>(octets: &[u8]) -> usize {
    let all = octets.get(1..).unwrap_or_default();
    let plain = plain_blocks::<FOLDS>(octets, all, BLOCK);
    let rest = |n| (octets.get(n..).unwrap_or_default(), all.get(n..).unwrap_or_default());
    let (here, behind) = rest(plain);
    let plain = plain + plain_blocks::<FOLDS>(here, behind, SMALL);
    let (here, behind) = rest(plain);
    match here.iter().zip(behind).position(|(octet, next)| changes::<FOLDS>(*octet, *next)) {
        Some(at) => plain + at,
        None => {
            // nobody knows what comes behind the last octet
            let open = here.last().is_some_and(|octet| changes::<FOLDS>(*octet, b' '));
            octets.len() - usize::from(open)
        }
    }
}

#[inline(always)]
fn changes<const FOLDS: bool>(octet: u8, next: u8) -> bool {
    let tab = (octet == b'\t') | (FOLDS & (octet == b'\r'));
    tab | ((octet == b' ') & ((next == b' ') | (next == b'\t') | (next == b'\r')))
}

/// How many octets are in whole blocks, from the start on, with nothing to change; `behind` is the same text one octet later.
#[inline(always)]
fn plain_blocks<const FOLDS: bool>(here: &[u8], behind: &[u8], block: usize) -> usize {
    let mut at = 0;
    while let (Some(here), Some(behind)) = (here.get(at..at + block), behind.get(at..at + block)) {
        // without a branch, so that the compiler can do it for many octets at once
        let odd = here.iter().zip(behind).fold(0, |odd, (octet, next)| odd | u8::from(changes::<FOLDS>(*octet, *next)));
        if odd != 0 {
            break;
        }
        at += block;
    }
    at
}

/// Where the next place is that changes. What is near is found without the cost of getting vectors going: where one thing changes, the next is often close.
#[inline]
pub(crate) fn next_change<const FOLDS: bool>(octets: &[u8]) -> usize {
    let near = octets.get(..NEAR).unwrap_or(octets);
    let behind = near.get(1..).unwrap_or_default();
    if let Some(at) = near.iter().zip(behind).position(|(octet, next)| changes::<FOLDS>(*octet, *next)) {
        return at;
    }
    let done = behind.len();
    done + far::<FOLDS>(octets.get(done..).unwrap_or_default())
}

/// [`find`] with the widest vector instructions that the processor has.
#[cfg(feature = "std")]
fn far<const FOLDS: bool>(octets: &[u8]) -> usize {
    struct Find<'a, const FOLDS: bool>(&'a [u8]);
    impl<const FOLDS: bool> pulp::NullaryFnOnce for Find<'_, FOLDS> {
        type Output = usize;
        #[inline(always)]
        fn call(self) -> usize {
            find::<FOLDS>(self.0)
        }
    }
    pulp::Arch::new().dispatch(Find::<FOLDS>(octets))
}

/// [`find`] with the vector instructions that all processors of the target have.
#[cfg(not(feature = "std"))]
fn far<const FOLDS: bool>(octets: &[u8]) -> usize {
    find::<FOLDS>(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_found_wherever_they_are() {
        for at in 0..600 {
            let mut text = [b'x'; 600];
            if at > 0 {
                text[at - 1] = b' ';
            }
            assert_eq!(next_change::<false>(&text), if at == 600 { 599 } else { 600 }, "a lone space at {at}");
            for odd in [&b"\t"[..], b"  ", b" \t", b" \r"] {
                let mut text = [b'x'; 600];
                let room = odd.len().min(600 - at);
                text[at..at + room].copy_from_slice(&odd[..room]);
                assert_eq!(next_change::<false>(&text), at, "{odd:?} at {at}");
            }
            let mut text = [b'x'; 600];
            text[at] = b'\r';
            assert_eq!(next_change::<true>(&text), at);
            assert_eq!(next_change::<false>(&text), 600);
        }
        assert_eq!(next_change::<false>(b""), 0);
        assert_eq!(next_change::<true>(b"a"), 1);
    }
}
