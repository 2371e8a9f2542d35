//! The structure of a chain (RFC 8617, 5.2, steps 1 to 3).

use alloc::vec::Vec;

use dkim::{Field, Form, Header, Signature, TagList};

use crate::field::{instance, results_instance, status};
use crate::{ArcResult, Exceeded, FieldKind, Limits, Problem, Seal};

/// One set: where its fields are in the header, and what they say.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) instance: u8,
    /// In the order of [`FieldKind::ALL`].
    pub(crate) places: [usize; 3],
    pub(crate) seal: Seal,
    /// Only the newest has to be right.
    pub(crate) message: Result<Signature, Problem>,
}

/// A field of a chain, with its tags, where it has some.
struct Found<'a> {
    place: usize,
    kind: FieldKind,
    tags: Option<TagList<'a>>,
    instance: u8,
}

/// Reads a chain, the oldest set first; none, where there is no field of one.
///
/// Whatever is wrong here costs nobody a question.
pub(crate) fn read(header: &Header<'_>, limits: &Limits) -> Result<Vec<Link>, Problem> {
    let fields = fields(header);
    within(&fields, limits)?;
    let found = fields.into_iter().map(|(place, kind, field)| Found::read(place, kind, field, limits));
    let found = found.collect::<Result<Vec<_>, _>>()?;
    let Some(newest) = found.iter().map(|found| found.instance).max() else { return Ok(Vec::new()) };
    // 2: what a server before has given up is not looked at
    if found.iter().any(|found| found.instance == newest && found.status() == Some(ArcResult::Fail)) {
        return Err(Problem::SaidToFail(newest));
    }
    if newest > limits.max_sets() {
        return Err(Exceeded::Sets(limits.max_sets()).into());
    }
    // 3 A and B: each field of each set once
    let mut sets: Vec<[Option<&Found<'_>>; 3]> = alloc::vec![[None; 3]; usize::from(newest)];
    for this in &found {
        let slot = sets.get_mut(usize::from(this.instance) - 1).and_then(|set| set.get_mut(this.kind as usize));
        if slot.is_none_or(|slot| slot.replace(this).is_some()) {
            return Err(Problem::Twice { instance: this.instance, kind: this.kind });
        }
    }
    (1..=newest).zip(&sets).map(|(instance, set)| link(instance, set, limits)).collect()
}

/// The fields of a chain, by their place in the header.
fn fields<'a>(header: &Header<'a>) -> Vec<(usize, FieldKind, Field<'a>)> {
    let fields = header.fields().enumerate();
    fields.filter_map(|(place, field)| FieldKind::of(&field).map(|kind| (place, kind, field))).collect()
}

/// Row K-8: what is too much is told by counting, before any of it is read.
fn within(fields: &[(usize, FieldKind, Field<'_>)], limits: &Limits) -> Result<(), Exceeded> {
    for kind in FieldKind::ALL {
        if fields.iter().filter(|(_, other, _)| *other == kind).count() > usize::from(limits.max_sets()) {
            return Err(Exceeded::Sets(limits.max_sets()));
        }
    }
    let octets: usize = fields.iter().map(|(.., field)| field.raw().len()).sum();
    if octets > limits.chain { Err(Exceeded::Chain(limits.chain)) } else { Ok(()) }
}

impl<'a> Found<'a> {
    fn read(place: usize, kind: FieldKind, field: Field<'a>, limits: &Limits) -> Result<Self, Problem> {
        let tags = match kind {
            FieldKind::Results => None,
            _ => Some(TagList::parse(field.value(), &limits.dkim).map_err(|error| Problem::Tags { kind, error })?),
        };
        let instance = match &tags {
            Some(tags) => instance(tags),
            None => results_instance(field.value()),
        };
        Ok(Self { place, kind, tags, instance: instance.ok_or(Problem::Instance(kind))? })
    }

    /// `cv=` of a seal.
    fn status(&self) -> Option<ArcResult> {
        self.tags.as_ref().filter(|_| self.kind == FieldKind::Seal).and_then(status)
    }
}

/// What a message signature must not be over for a validator. RFC 8617, 4.1.2, keeps sealers from signing results, too; those of the time before it did, and harm nobody but
/// themselves.
fn is_signature(name: &str) -> bool {
    [FieldKind::Message, FieldKind::Seal].iter().any(|kind| kind.name().eq_ignore_ascii_case(name))
}

fn link(instance: u8, set: &[Option<&Found<'_>>; 3], limits: &Limits) -> Result<Link, Problem> {
    let [Some(results), Some(message), Some(seal)] = set else {
        let kind = FieldKind::ALL.into_iter().zip(set).find(|(_, found)| found.is_none()).map(|(kind, _)| kind);
        return Err(Problem::Missing { instance, kind: kind.unwrap_or(FieldKind::Seal) });
    };
    let (Some(message_tags), Some(seal_tags)) = (&message.tags, &seal.tags) else {
        return Err(Problem::Instance(FieldKind::Seal));
    };
    let read = Seal::from_tags(seal_tags, instance)?;
    // 3 C
    let first = if instance == 1 { ArcResult::None } else { ArcResult::Pass };
    if read.status() != first {
        return Err(Problem::Status { instance, status: read.status() });
    }
    let signature = Signature::from_tags(message_tags, Form::Arc, &limits.dkim)
        .map_err(|error| Problem::Message { instance, problem: error.into() });
    let signature = signature.and_then(|signature| {
        if signature.signed_names().any(is_signature) { Err(Problem::SignsSeals(instance)) } else { Ok(signature) }
    });
    Ok(Link { instance, places: [results.place, message.place, seal.place], seal: read, message: signature })
}

/// The highest instance that anything in the message has, whatever else is wrong with it, and whether its seal says that the chain has failed.
#[cfg(feature = "seal")]
pub(crate) fn highest(header: &Header<'_>, limits: &Limits) -> (u8, bool) {
    let fields = fields(header).into_iter();
    let found = fields.filter_map(|(place, kind, field)| Found::read(place, kind, field, limits).ok());
    found.fold((0, false), |(highest, failed), found| {
        let fails = found.status() == Some(ArcResult::Fail);
        match found.instance.cmp(&highest) {
            core::cmp::Ordering::Less => (highest, failed),
            core::cmp::Ordering::Equal => (highest, failed || fails),
            core::cmp::Ordering::Greater => (found.instance, fails),
        }
    })
}
