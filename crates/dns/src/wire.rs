//! Messages for whoever has a socket and no resolver, read by [hickory-proto](https://docs.rs/hickory-proto) (RFC 1035, 4; RFC 6891). Feature `hickory-proto`.
//!
//! A question goes out by UDP, from a fresh socket with a random port and a random id, since these are all that an answer can be known by (RFC 5452). What
//! comes in is read by [`decode`]; [`WireError`] says what to do next: wait on, ask by TCP, ask without EDNS.
//!
//! ```
//! use dns::{Kind, Limits, wire};
//!
//! # fn send_and_receive(question: &[u8]) -> Vec<u8> { let mut answer = question.to_vec(); answer[2] |= 0x80; answer }
//! let (id, name) = (0x1234, "example.org".parse()?);
//! let question = wire::encode(id, &name, Kind::Mx, &wire::Options::default());
//! let message = send_and_receive(&question); // yours: a UDP socket, a timeout
//! let reply = wire::decode(id, &name, Kind::Mx, &message, &Limits::default())?;
//! assert_eq!(reply.response.to_string(), "the name has no such records");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use alloc::vec::Vec;

use hickory_proto::{
    op::{Header, HeaderCounts, MessageType, OpCode, Query, ResponseCode},
    rr::{self, DNSClass, RData, RecordType},
    serialize::binary::{BinDecodable as _, BinDecoder, DecodeError, Restrict},
};

use crate::{Absence, Kind, Limits, Mx, Name, RecordSet, Response, Soa, Tlsa, Txt};

/// How many octets a message has at most: as many as TCP can say (RFC 1035, 4.2.2).
pub const MAX_MESSAGE: usize = 65_535;

/// How many records of a message are looked at. A name on the wire may point to others, so that a record costs more than its octets; real answers have a few.
const MAX_RECORDS: u32 = 1_024;

/// How many pointers a name may lead over. Each can lead to the next without a label between, so that a name of two octets could cost thousands of steps, in each of its
/// records; writers of messages need one.
const MAX_POINTERS: usize = 16;

/// What a question says beside its name and kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// That the server shall find the answer elsewhere, too (RD): true.
    pub recursion: bool,
    /// That the asker understands whether DNSSEC vouches for an answer (AD; RFC 6840, 5.7): true. Without it, or [`Self::dnssec`], a server does not say.
    pub authentic: bool,
    /// That signatures shall come along (DO; RFC 3225): false, since nothing here reads them.
    pub dnssec: bool,
    /// How many octets an answer by UDP may have (EDNS0; RFC 6891, 6.2.3): 1,232, which passes every network whole. Without it there is no EDNS: for servers that do not
    /// understand it, whose answers then have at most 512.
    pub payload: Option<u16>,
}

impl Default for Options {
    fn default() -> Self {
        Self { recursion: true, authentic: true, dnssec: false, payload: Some(1_232) }
    }
}

/// An answer and how long it may be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reply {
    /// The answer.
    pub response: Response,
    /// How long it may be kept, in seconds: of records the least that one of them or an alias says; that there are none, as long as the zone says (RFC 2308, 5). 0
    /// for what is no answer.
    pub ttl: u32,
}

impl Reply {
    /// An answer that may be kept for so many seconds.
    #[must_use]
    pub const fn new(response: Response, ttl: u32) -> Self {
        Self { response, ttl }
    }
}

/// Why a message is no answer that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// It is no answer to this question: another id or question, or no answer at all. Ignore it, and wait for the right one (RFC 5452, 9.1).
    #[error("the message is no answer to the question; wait for another")]
    Unrelated,
    /// It ends too early, or its parts do not fit together. Over UDP, wait for another.
    #[error("octet {at} of the message: no part of an answer is there; wait for another")]
    Malformed {
        /// The octet, counted from zero, where the part ends that could not be read.
        at: usize,
    },
    /// It has not all records in it (TC; RFC 2181, 9). Ask again by TCP.
    #[error("the answer is cut; ask by TCP")]
    Truncated,
    /// The server did not understand the question (FORMERR, NOTIMP or BADVERS). Ask without EDNS, if it was asked with it (RFC 6891, 7); otherwise, it refuses.
    #[error("the server does not understand the question; ask without EDNS")]
    NotUnderstood,
    /// The chain of aliases is longer than [`Limits::aliases`], or has no end.
    #[error("more than {limit} aliases lead from the name to its records")]
    Aliases {
        /// The limit.
        limit: usize,
    },
    /// A text has more octets than [`Limits::txt`].
    #[error("a text has {octets} octets, more than {limit}")]
    LongText {
        /// How many it has.
        octets: usize,
        /// The limit.
        limit: usize,
    },
    /// There are more records in the message than are ever looked at.
    #[error("the message has {records} records, too many to be read")]
    ManyRecords {
        /// How many it says it has.
        records: u32,
    },
}

/// The message of a question. The id has to be random, for each time it is asked (RFC 5452, 9.2). Over TCP two octets with the length go first.
#[must_use]
pub fn encode(id: u16, name: &Name, kind: Kind, options: &Options) -> Vec<u8> {
    let mut message = Vec::with_capacity(name.as_bytes().len() + 32);
    // RFC 1035, 4.1.1; RFC 6840, 5.7: RD is the last bit of the third octet, AD the sixth of the fourth.
    let flags = (u16::from(options.recursion) << 8) | (u16::from(options.authentic) << 5);
    for field in [id, flags, 1, 0, 0, u16::from(options.payload.is_some())] {
        message.extend_from_slice(&field.to_be_bytes());
    }
    for label in name.labels() {
        message.push(label.len() as u8);
        message.extend_from_slice(label.as_bytes());
    }
    message.push(0);
    for field in [u16::from(record_type(kind)), u16::from(DNSClass::IN)] {
        message.extend_from_slice(&field.to_be_bytes());
    }
    if let Some(payload) = options.payload {
        // RFC 6891, 6.1.2: the root's name, then the class as the payload, and the TTL with the version 0 and the flag DO.
        message.push(0);
        for field in [u16::from(RecordType::OPT), payload, 0, u16::from(options.dnssec) << 15, 0] {
            message.extend_from_slice(&field.to_be_bytes());
        }
    }
    message
}

/// What a message answers to the question that had this id.
///
/// Only what the question asked for counts: records of other names are ignored unless aliases lead there, in whatever order they stand; records with names in them that are
/// no [`Name`] are left out, and so is what is beyond the [`Limits`]. `authenticated` is what the server says (AD): believe it of one that you trust, on a way you trust,
/// such as a validating resolver on the same machine (RFC 6840, 5.8).
///
/// # Errors
///
/// [`WireError`], with what to do next.
pub fn decode(id: u16, name: &Name, kind: Kind, message: &[u8], limits: &Limits) -> Result<Reply, WireError> {
    if message.len() > MAX_MESSAGE {
        return Err(WireError::Malformed { at: MAX_MESSAGE });
    }
    let mut reader = Reader { message, decoder: BinDecoder::new(message) };
    let Header { metadata, counts } = reader.read(Header::read)?;
    if metadata.id != id || metadata.message_type != MessageType::Response || metadata.op_code != OpCode::Query {
        return Err(WireError::Unrelated);
    }
    let misunderstood = matches!(metadata.response_code, ResponseCode::FormErr | ResponseCode::NotImp);
    match counts.queries {
        1 => {
            let query = reader.read(Query::read)?;
            if from_wire(query.name()) != Some(*name)
                || query.query_type() != record_type(kind)
                || query.query_class() != DNSClass::IN
            {
                return Err(WireError::Unrelated);
            }
        }
        // A server that could not read the question cannot repeat it.
        0 if misunderstood => {}
        _ => return Err(WireError::Unrelated),
    }
    if misunderstood {
        return Err(WireError::NotUnderstood);
    }
    if metadata.truncation {
        return Err(WireError::Truncated);
    }
    let sections = reader.sections(&counts)?;
    let absence = match ResponseCode::from(sections.extended_code, metadata.response_code.low()) {
        ResponseCode::NoError => Absence::NoRecords,
        ResponseCode::NXDomain => Absence::NoSuchName,
        ResponseCode::ServFail => Absence::TryLater,
        ResponseCode::BADVERS | ResponseCode::BADSIG => return Err(WireError::NotUnderstood),
        _ => Absence::Refused,
    };
    let negative = |ttl: u32| Reply { response: absence.into(), ttl: ttl.min(limits.negative_ttl) };
    if !absence.is_certain() {
        return Ok(negative(0));
    }

    // RFC 1034, 3.6.2: an alias has no records of its own, so that the chain is one, and ends.
    let (mut end, mut least) = (*name, u32::MAX);
    let mut aliases = 0;
    while let Some(alias) = sections.aliases.iter().find(|alias| alias.owner == end).filter(|_| kind != Kind::Cname) {
        if aliases == limits.aliases {
            return Err(WireError::Aliases { limit: limits.aliases });
        }
        aliases += 1;
        (end, least) = (alias.target, least.min(alias.ttl));
    }
    if absence == Absence::NoRecords {
        reader.decoder = BinDecoder::new(message);
        let mut records = RecordSet::new(kind);
        reader.skip_to(sections.answers)?;
        for _ in 0..counts.answers {
            let record = reader.record()?;
            if record.of(record_type(kind)) && reader.owner(&record)? == Some(end) {
                least = least.min(seconds(record.ttl));
                reader.data(&record, &mut records, limits)?;
            }
        }
        if !records.as_records().is_empty() {
            let ttl = least.min(limits.ttl);
            let response = Response::Records { records, ttl, authenticated: metadata.authentic_data };
            return Ok(Reply { response, ttl });
        }
    }
    // RFC 2308, 5: without the zone's SOA it is not kept.
    let soa = sections.soa.filter(|(zone, _)| end.is_within(zone)).map_or(0, |(_, ttl)| ttl);
    Ok(negative(least.min(soa)))
}

/// An alias, as the answer has it.
struct Alias {
    owner: Name,
    target: Name,
    ttl: u32,
}

/// What the sections say in passing.
struct Sections {
    /// Where the answers begin.
    answers: usize,
    aliases: Vec<Alias>,
    /// The zone that says that there are no records, and for how long this holds.
    soa: Option<(Name, u32)>,
    /// The high bits of the response code (RFC 6891, 6.1.3).
    extended_code: u8,
}

/// A record's head; its data is the next thing in the message.
struct Record {
    /// Where the owner's name begins.
    owner: usize,
    record_type: RecordType,
    class: u16,
    ttl: u32,
    len: u16,
    /// Where the data begins.
    data: usize,
}

impl Record {
    fn of(&self, record_type: RecordType) -> bool {
        self.record_type == record_type && self.class == u16::from(DNSClass::IN)
    }
}

struct Reader<'a> {
    message: &'a [u8],
    decoder: BinDecoder<'a>,
}

impl<'a> Reader<'a> {
    fn read<T>(&mut self, read: impl FnOnce(&mut BinDecoder<'a>) -> Result<T, DecodeError>) -> Result<T, WireError> {
        read(&mut self.decoder).map_err(|_| WireError::Malformed { at: self.decoder.index() })
    }

    fn u16(&mut self) -> Result<u16, WireError> {
        self.read(|decoder| decoder.read_u16().map(Restrict::unverified))
    }

    fn skip_to(&mut self, at: usize) -> Result<(), WireError> {
        let octets = at.saturating_sub(self.decoder.index());
        self.read(|decoder| decoder.read_slice(octets)).map(|_| ())
    }

    /// Reads a record's head, past the data of the record before.
    fn record(&mut self) -> Result<Record, WireError> {
        let owner = self.decoder.index();
        // Most names are never looked at: only their length matters.
        loop {
            let octet = self.read(|decoder| decoder.pop().map(Restrict::unverified))?;
            match octet {
                0 => break,
                1..=63 => _ = self.read(|decoder| decoder.read_slice(usize::from(octet)))?,
                // A pointer, of two octets, ends a name.
                192.. => {
                    self.read(BinDecoder::pop)?;
                    break;
                }
                _ => return Err(WireError::Malformed { at: self.decoder.index() }),
            }
        }
        let record_type = RecordType::from(self.u16()?);
        let class = self.u16()?;
        let ttl = self.read(|decoder| decoder.read_u32().map(Restrict::unverified))?;
        let len = self.u16()?;
        let data = self.decoder.index();
        self.skip_to(data + usize::from(len))?;
        Ok(Record { owner, record_type, class, ttl, len, data })
    }

    /// What stands somewhere further up.
    fn at<T>(
        &self,
        at: usize,
        read: impl FnOnce(&mut BinDecoder<'a>) -> Result<T, DecodeError>,
    ) -> Result<T, WireError> {
        let malformed = WireError::Malformed { at };
        let mut decoder = self.decoder.clone(u16::try_from(at).map_err(|_| malformed)?);
        read(&mut decoder).map_err(|_| malformed)
    }

    /// Looks at a name before it is read: it may lead over [`MAX_POINTERS`]. Where it ends.
    fn check_name(&self, at: usize) -> Result<usize, WireError> {
        let malformed = WireError::Malformed { at };
        let (mut here, mut end) = (at, None);
        let mut pointers = 0;
        loop {
            match self.message.get(here..).and_then(<[u8]>::split_first).ok_or(malformed)? {
                (0, _) => return Ok(end.unwrap_or(here + 1)),
                (len @ 1..=63, _) => here += 1 + usize::from(*len),
                (high @ 192.., [low, ..]) if pointers < MAX_POINTERS => {
                    pointers += 1;
                    end.get_or_insert(here + 2);
                    let to = usize::from(u16::from_be_bytes([high & 0x3F, *low]));
                    // RFC 1035, 4.1.4: to a name further up; that makes an end of it.
                    here = Some(to).filter(|to| *to < here).ok_or(malformed)?;
                }
                _ => return Err(malformed),
            }
        }
    }

    /// The owner, where it is a [`Name`].
    fn owner(&self, record: &Record) -> Result<Option<Name>, WireError> {
        self.check_name(record.owner)?;
        self.at(record.owner, rr::Name::read).map(|name| from_wire(&name))
    }

    fn rdata(&self, record: &Record) -> Result<RData, WireError> {
        match record.record_type {
            RecordType::CNAME | RecordType::NS | RecordType::PTR => _ = self.check_name(record.data)?,
            RecordType::MX => _ = self.check_name(record.data + 2)?,
            RecordType::SOA => _ = self.check_name(self.check_name(record.data)?)?,
            _ => {}
        }
        self.at(record.data, |decoder| RData::read(decoder, record.record_type, Restrict::new(record.len)))
    }

    /// All sections, once: what leads to the records or explains that there are none.
    fn sections(&mut self, counts: &HeaderCounts) -> Result<Sections, WireError> {
        let records = [counts.answers, counts.authorities, counts.additionals].map(u32::from).iter().sum();
        if records > MAX_RECORDS {
            return Err(WireError::ManyRecords { records });
        }
        let mut sections = Sections { answers: self.decoder.index(), aliases: Vec::new(), soa: None, extended_code: 0 };
        for _ in 0..counts.answers {
            let record = self.record()?;
            if !record.of(RecordType::CNAME) {
                continue;
            }
            if let (Some(owner), RData::CNAME(target)) = (self.owner(&record)?, self.rdata(&record)?)
                && let Some(target) = from_wire(&target)
            {
                sections.aliases.push(Alias { owner, target, ttl: seconds(record.ttl) });
            }
        }
        for _ in 0..counts.authorities {
            let record = self.record()?;
            if record.of(RecordType::SOA)
                && let (Some(zone), RData::SOA(soa)) = (self.owner(&record)?, self.rdata(&record)?)
            {
                // RFC 2308, 5: the lesser of both is how long.
                sections.soa = Some((zone, seconds(record.ttl).min(seconds(soa.minimum))));
            }
        }
        for _ in 0..counts.additionals {
            let record = self.record()?;
            if record.record_type == RecordType::OPT {
                sections.extended_code = (record.ttl >> 24) as u8;
            }
        }
        Ok(sections)
    }

    /// Adds a record, where there is room, and where it can be one.
    fn data(&self, record: &Record, records: &mut RecordSet, limits: &Limits) -> Result<(), WireError> {
        let room = match records {
            RecordSet::A(_) | RecordSet::Aaaa(_) => limits.addresses,
            _ => limits.records,
        };
        if records.as_records().len() >= room {
            return Ok(());
        }
        match (records, self.rdata(record)?) {
            (RecordSet::A(to), RData::A(address)) => to.push(address.0),
            (RecordSet::Aaaa(to), RData::AAAA(address)) => to.push(address.0),
            (RecordSet::Mx(to), RData::MX(mx)) => {
                to.extend(from_wire(&mx.exchange).map(|exchange| Mx { preference: mx.preference, exchange }));
            }
            (RecordSet::Txt(to), RData::TXT(txt)) => {
                let octets = txt.txt_data.iter().map(|string| string.len()).sum();
                if octets > limits.txt {
                    return Err(WireError::LongText { octets, limit: limits.txt });
                }
                to.push(Txt(txt.txt_data.concat().into()));
            }
            (RecordSet::Ptr(to), RData::PTR(rr::rdata::PTR(name)))
            | (RecordSet::Cname(to), RData::CNAME(rr::rdata::CNAME(name)))
            | (RecordSet::Ns(to), RData::NS(rr::rdata::NS(name))) => to.extend(from_wire(&name)),
            (RecordSet::Soa(to), RData::SOA(soa)) => {
                if let (Some(primary), Some(responsible)) = (from_wire(&soa.mname), from_wire(&soa.rname)) {
                    to.push(Soa { primary, responsible, serial: soa.serial, minimum: soa.minimum });
                }
            }
            (RecordSet::Tlsa(to), RData::TLSA(tlsa)) => to.push(Tlsa {
                usage: tlsa.cert_usage.into(),
                selector: tlsa.selector.into(),
                matching: tlsa.matching.into(),
                data: tlsa.cert_data.into(),
            }),
            _ => {}
        }
        Ok(())
    }
}

/// RFC 2181, 8: a TTL with its first bit set is none.
const fn seconds(ttl: u32) -> u32 {
    if ttl >> 31 == 0 { ttl } else { 0 }
}

/// A name from the wire, where it is a [`Name`]: a label with a dot within would look like two.
fn from_wire(name: &rr::Name) -> Option<Name> {
    Name::from_labels(name.iter())
}

const fn record_type(kind: Kind) -> RecordType {
    match kind {
        Kind::A => RecordType::A,
        Kind::Aaaa => RecordType::AAAA,
        Kind::Mx => RecordType::MX,
        Kind::Txt => RecordType::TXT,
        Kind::Ptr => RecordType::PTR,
        Kind::Cname => RecordType::CNAME,
        Kind::Tlsa => RecordType::TLSA,
        Kind::Ns => RecordType::NS,
        Kind::Soa => RecordType::SOA,
    }
}
