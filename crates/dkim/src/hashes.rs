//! Hashes of one body, as many as are wanted, in one pass.

use alloc::vec::Vec;

use crate::crypto::{Context, Digest};
use crate::{BodyCanonicalizer, Canonicalization, Hash};

/// How much of the body is canonicalized and hashed at a time, while it is in the processor's nearest cache.
const PIECE: usize = 8 << 10;

/// Short runs are gathered before they are hashed.
const GATHERED: usize = 512;

/// What of a body is hashed, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyHash {
    /// The form that is hashed.
    pub canonicalization: Canonicalization,
    /// By what.
    pub hash: Hash,
    /// How many octets of the canonical body, where not all of it is (RFC 6376, 3.5, l=).
    pub length: Option<u64>,
}

/// A body's hash, finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyDigest {
    digest: Digest,
    /// How many octets of the canonical body are in the hash.
    pub hashed: u64,
    /// How many octets the canonical body has.
    pub size: u64,
}

impl BodyDigest {
    /// The hash.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.digest.as_ref()
    }
}

/// The hashes of one body, made as it passes. Its size does not depend on the body's, and each [`BodyHash`] is computed once, however often it is asked for.
///
/// ```
/// use dkim::{BodyHash, BodyHashes, Canonicalization, Hash};
///
/// let mut hashes = BodyHashes::default();
/// let at = hashes.add(BodyHash { canonicalization: Canonicalization::Simple, hash: Hash::Sha256, length: None });
/// hashes.update(b"Hello\r\n");
/// let digests = hashes.finish();
/// assert_eq!(digests[at].size, 7);
/// ```
#[derive(Debug, Default)]
pub struct BodyHashes {
    wanted: Vec<(BodyHash, Context, u64)>,
    forms: Vec<Form>,
}

/// A canonical form, and how many octets of it there are so far.
#[derive(Debug)]
struct Form {
    canonicalization: Canonicalization,
    body: BodyCanonicalizer,
    size: u64,
}

impl BodyHashes {
    /// Asks for a hash, before anything of the body has come: where it will be in [`Self::finish`]'s list.
    pub fn add(&mut self, hash: BodyHash) -> usize {
        if let Some(at) = self.wanted.iter().position(|(wanted, ..)| *wanted == hash) {
            return at;
        }
        let canonicalization = hash.canonicalization;
        if !self.forms.iter().any(|form| form.canonicalization == canonicalization) {
            self.forms.push(Form { canonicalization, body: BodyCanonicalizer::new(canonicalization), size: 0 });
        }
        self.wanted.push((hash, Context::new(hash.hash), 0));
        self.wanted.len() - 1
    }

    /// The next piece of the body.
    pub fn update(&mut self, piece: &[u8]) {
        for form in &mut self.forms {
            for piece in piece.chunks(PIECE) {
                let mut sink = Sink { form: form.canonicalization, size: &mut form.size, wanted: &mut self.wanted };
                let mut gather = Gather::new(&mut sink);
                form.body.write(piece, &mut |octets| gather.write(octets));
                gather.flush();
            }
        }
    }

    /// The hashes, in the order in which they were asked for.
    #[must_use]
    pub fn finish(mut self) -> Vec<BodyDigest> {
        for form in &mut self.forms {
            let mut sink = Sink { form: form.canonicalization, size: &mut form.size, wanted: &mut self.wanted };
            form.body.clone().finish(&mut |octets| sink.write(octets));
        }
        let forms = self.forms;
        let size = |hash: &BodyHash| {
            forms.iter().find(|form| form.canonicalization == hash.canonicalization).map_or(0, |form| form.size)
        };
        self.wanted
            .into_iter()
            .map(|(hash, context, hashed)| BodyDigest { digest: context.finish(), hashed, size: size(&hash) })
            .collect()
    }
}

/// All hashes of one form.
struct Sink<'a> {
    form: Canonicalization,
    size: &'a mut u64,
    wanted: &'a mut [(BodyHash, Context, u64)],
}

impl Sink<'_> {
    fn write(&mut self, octets: &[u8]) {
        *self.size += octets.len() as u64;
        for (hash, context, hashed) in self.wanted.iter_mut().filter(|(hash, ..)| hash.canonicalization == self.form) {
            let room = hash.length.map_or(u64::MAX, |length| length - (*hashed).min(length));
            let octets = octets.get(..usize::try_from(room).unwrap_or(usize::MAX)).unwrap_or(octets);
            if !octets.is_empty() {
                context.update(octets);
                *hashed += octets.len() as u64;
            }
        }
    }
}

/// Gathers short runs, so that a body that changes at each word costs little more than one that never does.
struct Gather<'a, 's> {
    sink: &'a mut Sink<'s>,
    gathered: [u8; GATHERED],
    len: usize,
}

impl<'a, 's> Gather<'a, 's> {
    fn new(sink: &'a mut Sink<'s>) -> Self {
        Self { sink, gathered: [0; GATHERED], len: 0 }
    }

    #[inline]
    fn write(&mut self, octets: &[u8]) {
        if let Some(room) = self.gathered.get_mut(self.len..self.len + octets.len()) {
            room.copy_from_slice(octets);
            self.len += octets.len();
            return;
        }
        self.flush();
        match self.gathered.get_mut(..octets.len()) {
            Some(room) if octets.len() <= GATHERED / 2 => {
                room.copy_from_slice(octets);
                self.len = octets.len();
            }
            _ => self.sink.write(octets),
        }
    }

    fn flush(&mut self) {
        let len = core::mem::take(&mut self.len);
        if let Some(gathered) = self.gathered.get(..len)
            && len > 0
        {
            self.sink.write(gathered);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k5_each_hash_is_computed_once() {
        let mut hashes = BodyHashes::default();
        let whole = BodyHash { canonicalization: Canonicalization::Relaxed, hash: Hash::Sha256, length: None };
        let part = BodyHash { length: Some(5), ..whole };
        assert_eq!([whole, part, whole, part].map(|hash| hashes.add(hash)), [0, 1, 0, 1]);
        assert_eq!((hashes.forms.len(), hashes.wanted.len()), (1, 2));
        hashes.update(b"Hello world \r\n");
        let digests = hashes.finish();
        assert_eq!(digests.iter().map(|digest| (digest.hashed, digest.size)).collect::<Vec<_>>(), [(13, 13), (5, 13)]);
        let mut again = BodyHashes::default();
        again.add(BodyHash { canonicalization: Canonicalization::Simple, ..part });
        again.update(b"Hello");
        assert_eq!(again.finish()[0].as_bytes(), digests[1].as_bytes());
    }
}
