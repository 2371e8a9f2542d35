//! Messages as hickory-proto writes them, and as it never would.

#![cfg(feature = "hickory-proto")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on must fail")]

use dns::{
    Absence, Kind, Limits, Mx, Name, RecordSet, Response, Soa, Tlsa, Txt,
    wire::{self, Options, Reply, WireError},
};
use hickory_proto::{
    op::{Edns, Message, MessageType, OpCode, Query, ResponseCode},
    rr::{self, RData, Record, RecordType, rdata},
    serialize::binary::{BinDecodable as _, BinEncodable as _, BinEncoder},
};
use proptest::prelude::*;

const ID: u16 = 0xABCD;

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn wire_name(name: &Name) -> rr::Name {
    let mut name = rr::Name::from_labels(name.labels().map(str::as_bytes)).unwrap();
    name.set_fqdn(true);
    name
}

fn wire_type(kind: Kind) -> RecordType {
    kind.as_str().parse().unwrap()
}

/// A record as the wire has it.
fn record(owner: &str, ttl: u32, data: RData) -> Record {
    Record::from_rdata(wire_name(&name(owner)), ttl, data)
}

fn a(owner: &str, ttl: u32, last: u8) -> Record {
    record(owner, ttl, RData::A(rdata::A::new(192, 0, 2, last)))
}

fn cname(owner: &str, ttl: u32, target: &str) -> Record {
    record(owner, ttl, RData::CNAME(rdata::CNAME(wire_name(&name(target)))))
}

fn soa(owner: &str, ttl: u32, minimum: u32) -> Record {
    let server = wire_name(&name("ns.example"));
    record(owner, ttl, RData::SOA(rdata::SOA::new(server.clone(), server, 1, 2, 3, 4, minimum)))
}

/// An answer to a question about `www.example`.
fn message(kind: Kind, code: ResponseCode, answers: Vec<Record>, authorities: Vec<Record>) -> Message {
    let mut message = Message::new(ID, MessageType::Response, OpCode::Query);
    message.metadata.response_code = code;
    message.queries.push(Query::query(wire_name(&name("www.example")), wire_type(kind)));
    message.answers = answers;
    message.authorities = authorities;
    message
}

fn written(message: &Message) -> Vec<u8> {
    message.to_bytes().unwrap()
}

fn decode(kind: Kind, message: &[u8]) -> Result<Reply, WireError> {
    wire::decode(ID, &name("www.example"), kind, message, &Limits::default())
}

fn answered(
    kind: Kind,
    code: ResponseCode,
    answers: Vec<Record>,
    authorities: Vec<Record>,
) -> Result<Reply, WireError> {
    decode(kind, &written(&message(kind, code, answers, authorities)))
}

/// The last octets of the addresses, the TTL, and whether they are authentic.
fn addresses(reply: &Reply) -> (Vec<u8>, u32, bool) {
    let answer = reply.response.as_answer();
    assert_eq!(answer.ttl(), reply.ttl);
    (answer.a().unwrap().iter().map(|address| address.octets()[3]).collect(), reply.ttl, answer.is_authenticated())
}

#[test]
fn questions_are_what_hickory_reads() {
    for (options, dnssec, payload) in [
        (Options::default(), false, Some(1_232)),
        (options(|options| options.dnssec = true), true, Some(1_232)),
        (options(|options| options.payload = None), false, None),
        (options(|options| (options.recursion, options.authentic) = (false, false)), false, Some(1_232)),
    ] {
        for kind in Kind::ALL {
            let question = wire::encode(ID, &name("_25._tcp.MX.example"), kind, &options);
            let message = Message::from_bytes(&question).unwrap();
            assert_eq!(message.metadata.id, ID);
            assert_eq!(message.metadata.message_type, MessageType::Query);
            assert_eq!(message.metadata.recursion_desired, options.recursion);
            assert_eq!(message.metadata.authentic_data, options.authentic);
            assert!(!message.metadata.checking_disabled && !message.metadata.truncation);
            assert_eq!(message.queries, [Query::query(wire_name(&name("_25._tcp.mx.example")), wire_type(kind))]);
            assert_eq!(message.edns.as_ref().map(Edns::max_payload), payload);
            assert_eq!(message.edns.is_some_and(|edns| edns.flags().dnssec_ok), dnssec);
        }
    }
}

fn options(change: impl FnOnce(&mut Options)) -> Options {
    let mut options = Options::default();
    change(&mut options);
    options
}

#[test]
fn all_kinds_are_read() {
    let target = name("mx.example");
    let wire_target = wire_name(&target);
    for (data, expected) in [
        (RData::A(rdata::A::new(192, 0, 2, 1)), RecordSet::A(vec!["192.0.2.1".parse().unwrap()])),
        (
            RData::AAAA(rdata::AAAA("2001:db8::1".parse().unwrap())),
            RecordSet::Aaaa(vec!["2001:db8::1".parse().unwrap()]),
        ),
        (
            RData::MX(rdata::MX::new(10, wire_target.clone())),
            RecordSet::Mx(vec![Mx { preference: 10, exchange: target }]),
        ),
        (
            RData::TXT(rdata::TXT::from_bytes(vec![b"v=spf1 ", b"\xFF-all", b""])),
            RecordSet::Txt(vec![Txt(b"v=spf1 \xFF-all"[..].into())]),
        ),
        (RData::PTR(rdata::PTR(wire_target.clone())), RecordSet::Ptr(vec![target])),
        (RData::CNAME(rdata::CNAME(wire_target.clone())), RecordSet::Cname(vec![target])),
        (RData::NS(rdata::NS(wire_target.clone())), RecordSet::Ns(vec![target])),
        (
            RData::SOA(rdata::SOA::new(wire_target.clone(), wire_target.clone(), 1, 2, 3, 4, 5)),
            RecordSet::Soa(vec![Soa { primary: target, responsible: target, serial: 1, minimum: 5 }]),
        ),
        (
            RData::TLSA(rdata::TLSA::new(3.into(), 1.into(), 200.into(), vec![1, 2])),
            RecordSet::Tlsa(vec![Tlsa { usage: 3, selector: 1, matching: 200, data: [1, 2].into() }]),
        ),
    ] {
        let kind = expected.as_records().kind();
        let reply = answered(kind, ResponseCode::NoError, vec![record("www.example", 60, data)], vec![]).unwrap();
        assert_eq!(reply.response, Response::Records { records: expected, ttl: 60, authenticated: false });
    }
}

#[test]
fn absence_has_its_reason_and_its_time() {
    let at = |code, authorities: Vec<Record>| {
        let reply = answered(Kind::A, code, vec![], authorities).unwrap();
        (reply.response, reply.ttl)
    };
    let zone = |ttl, minimum| vec![soa("example", ttl, minimum)];
    assert_eq!(at(ResponseCode::NoError, vec![]), (Absence::NoRecords.into(), 0));
    assert_eq!(at(ResponseCode::NoError, zone(60, 90)), (Absence::NoRecords.into(), 60));
    assert_eq!(at(ResponseCode::NXDomain, zone(90, 60)), (Absence::NoSuchName.into(), 60));
    assert_eq!(at(ResponseCode::NXDomain, zone(9_000, 9_000)), (Absence::NoSuchName.into(), 3_600));
    assert_eq!(at(ResponseCode::NXDomain, zone(1 << 31, 60)), (Absence::NoSuchName.into(), 0));
    // Another zone says nothing about the name.
    assert_eq!(at(ResponseCode::NXDomain, vec![soa("other", 60, 60)]), (Absence::NoSuchName.into(), 0));
    assert_eq!(at(ResponseCode::ServFail, zone(60, 60)), (Absence::TryLater.into(), 0));
    for code in [ResponseCode::Refused, ResponseCode::NotAuth, ResponseCode::YXDomain] {
        assert_eq!(at(code, zone(60, 60)), (Absence::Refused.into(), 0));
    }
}

#[test]
fn a_ttl_with_its_first_bit_set_is_none() {
    for (ttl, kept) in [(1 << 31, 0), (u32::MAX, 0), (60, 60), ((1 << 31) - 1, Limits::default().ttl)] {
        let reply = answered(Kind::A, ResponseCode::NoError, vec![a("www.example", ttl, 1)], vec![]).unwrap();
        assert_eq!(reply.ttl, kept, "{ttl}");
    }
}

#[test]
fn servers_without_edns_are_told_apart() {
    for code in [ResponseCode::FormErr, ResponseCode::NotImp] {
        assert_eq!(answered(Kind::A, code, vec![], vec![]), Err(WireError::NotUnderstood));
        let mut message = message(Kind::A, code, vec![], vec![]);
        message.queries.clear();
        assert_eq!(decode(Kind::A, &written(&message)), Err(WireError::NotUnderstood));
    }
    let mut message = message(Kind::A, ResponseCode::BADVERS, vec![], vec![]);
    message.edns = Some(Edns::new());
    assert_eq!(decode(Kind::A, &written(&message)), Err(WireError::NotUnderstood));
}

#[test]
fn what_the_server_vouches_for_is_told() {
    let mut message = message(Kind::A, ResponseCode::NoError, vec![a("www.example", 60, 1)], vec![]);
    message.metadata.authentic_data = true;
    assert_eq!(addresses(&decode(Kind::A, &written(&message)).unwrap()), (vec![1], 60, true));
}

#[test]
fn n5_only_the_answer_to_the_question_counts() {
    let good = message(Kind::A, ResponseCode::NoError, vec![a("www.example", 60, 1)], vec![]);
    assert!(decode(Kind::A, &written(&good)).is_ok());
    let unrelated = |change: &dyn Fn(&mut Message)| {
        let mut changed = good.clone();
        change(&mut changed);
        assert_eq!(decode(Kind::A, &written(&changed)), Err(WireError::Unrelated));
    };
    unrelated(&|message| message.metadata.id ^= 1);
    unrelated(&|message| message.metadata.message_type = MessageType::Query);
    unrelated(&|message| message.metadata.op_code = OpCode::Notify);
    unrelated(&|message| message.queries.clear());
    unrelated(&|message| message.queries.push(message.queries[0].clone()));
    unrelated(&|message| _ = message.queries[0].set_query_type(RecordType::AAAA));
    unrelated(&|message| _ = message.queries[0].set_query_class(rr::DNSClass::CH));
    unrelated(&|message| _ = message.queries[0].set_name(wire_name(&name("www.example.evil"))));
    // One label with a dot within is not two.
    let dotted = rr::Name::from_labels([&b"www.example"[..]]).unwrap();
    unrelated(&|message| _ = message.queries[0].set_name(dotted.clone()));
    // The question's letters may come back in another case (RFC 4343).
    let mut upper = good.clone();
    upper.queries[0].set_name(rr::Name::from_ascii("WwW.eXample.").unwrap());
    assert!(decode(Kind::A, &written(&upper)).is_ok());
}

#[test]
fn n5_records_of_other_names_are_ignored() {
    let answers = vec![a("bank.example", 60, 9), cname("other.example", 60, "www.example"), a("www.example", 60, 1)];
    let mut poisoned = message(Kind::A, ResponseCode::NoError, answers, vec![a("www.example", 60, 8)]);
    poisoned.additionals.push(a("www.example", 60, 7));
    assert_eq!(addresses(&decode(Kind::A, &written(&poisoned)).unwrap()), (vec![1], 60, false));
    let reply = answered(Kind::A, ResponseCode::NoError, vec![a("bank.example", 60, 9)], vec![]).unwrap();
    assert_eq!(reply.response, Absence::NoRecords.into());
    // An owner of one label with a dot within.
    let mut dotted = a("www.example", 60, 9);
    dotted.name = rr::Name::from_labels([&b"www.example"[..]]).unwrap();
    let reply = answered(Kind::A, ResponseCode::NoError, vec![dotted], vec![]).unwrap();
    assert_eq!(reply.response, Absence::NoRecords.into());
    // Another class.
    let mut chaos = a("www.example", 60, 9);
    chaos.dns_class = rr::DNSClass::CH;
    let reply = answered(Kind::A, ResponseCode::NoError, vec![chaos], vec![]).unwrap();
    assert_eq!(reply.response, Absence::NoRecords.into());
}

#[test]
fn n5_a_cut_answer_is_asked_for_again() {
    let mut cut = message(Kind::A, ResponseCode::NoError, vec![a("www.example", 60, 1)], vec![]);
    cut.metadata.truncation = true;
    assert_eq!(decode(Kind::A, &written(&cut)), Err(WireError::Truncated));
    cut.metadata.id ^= 1;
    assert_eq!(decode(Kind::A, &written(&cut)), Err(WireError::Unrelated));
}

#[test]
fn n6_chains_are_followed_in_any_order_and_bounded() {
    let chain = |aliases: usize| {
        let names: Vec<String> =
            (0..=aliases).map(|at| if at == 0 { "www.example".into() } else { format!("n{at}.example") }).collect();
        let mut answers: Vec<_> =
            names.windows(2).enumerate().map(|(at, pair)| cname(&pair[0], 100 - at as u32, &pair[1])).collect();
        answers.push(a(&names[aliases], 200, 1));
        answers
    };
    for aliases in 0..=8 {
        for turn in 0..=aliases {
            let mut answers = chain(aliases);
            answers.rotate_left(turn);
            answers.swap(0, aliases);
            let reply = answered(Kind::A, ResponseCode::NoError, answers, vec![]).unwrap();
            let ttl = if aliases == 0 { 200 } else { 101 - aliases as u32 };
            assert_eq!(addresses(&reply), (vec![1], ttl, false));
        }
    }
    let too_long = Err(WireError::Aliases { limit: 8 });
    assert_eq!(answered(Kind::A, ResponseCode::NoError, chain(9), vec![]), too_long);
    let circle = vec![cname("www.example", 60, "a.example"), cname("a.example", 60, "www.example")];
    assert_eq!(answered(Kind::A, ResponseCode::NoError, circle, vec![]), too_long);
    let own = vec![cname("www.example", 60, "www.example")];
    assert_eq!(answered(Kind::A, ResponseCode::NoError, own, vec![]), too_long);
    // The code is that of the chain's end (RFC 6604, 3), and so is the zone.
    let alias = vec![cname("www.example", 30, "a.other")];
    let reply = answered(Kind::A, ResponseCode::NXDomain, alias.clone(), vec![soa("other", 60, 60)]).unwrap();
    assert_eq!((reply.response, reply.ttl), (Absence::NoSuchName.into(), 30));
    // An alias that is itself the question is not followed.
    let reply = answered(Kind::Cname, ResponseCode::NoError, alias, vec![]).unwrap();
    assert_eq!(reply.response.as_answer().cname(), Ok(&[name("a.other")][..]));
}

#[test]
fn n6_many_records_and_long_texts_are_bounded() {
    let thousand: Vec<_> = (0..1_000).map(|at| a("www.example", 60, at as u8)).collect();
    let reply = answered(Kind::A, ResponseCode::NoError, thousand.clone(), vec![]).unwrap();
    assert_eq!(reply.response.as_answer().a().unwrap().len(), 32);
    let more = [thousand, vec![a("www.example", 60, 1); 25]].concat();
    assert_eq!(answered(Kind::A, ResponseCode::NoError, more, vec![]), Err(WireError::ManyRecords { records: 1_025 }));
    let txt = |octets: usize| {
        let text = vec![b'x'; octets];
        let txt = RData::TXT(rdata::TXT::from_bytes(text.chunks(255).collect()));
        answered(Kind::Txt, ResponseCode::NoError, vec![record("www.example", 60, txt)], vec![])
    };
    assert_eq!(txt(8_192).unwrap().response.as_answer().txt().unwrap()[0].0.len(), 8_192);
    assert_eq!(txt(8_193), Err(WireError::LongText { octets: 8_193, limit: 8_192 }));
    let week = answered(Kind::A, ResponseCode::NoError, vec![a("www.example", 604_800, 1)], vec![]).unwrap();
    assert_eq!(week.ttl, 86_400);
    let negative = answered(Kind::A, ResponseCode::NoError, vec![a("www.example", u32::MAX, 1)], vec![]).unwrap();
    assert_eq!(negative.ttl, 0);
}

#[test]
fn names_that_are_none_are_left_out() {
    let odd = rr::Name::from_labels([&b"a b"[..], b"example"]).unwrap();
    let answers = vec![
        record("www.example", 60, RData::PTR(rdata::PTR(odd))),
        record("www.example", 60, RData::PTR(rdata::PTR(wire_name(&name("mx.example"))))),
    ];
    let reply = answered(Kind::Ptr, ResponseCode::NoError, answers, vec![]).unwrap();
    assert_eq!(reply.response.as_answer().ptr(), Ok(&[name("mx.example")][..]));
    let nothing = record("www.example", 60, RData::MX(rdata::MX::new(0, rr::Name::root())));
    let reply = answered(Kind::Mx, ResponseCode::NoError, vec![nothing], vec![]).unwrap();
    assert_eq!(reply.response.as_answer().mx(), Ok(&[Mx { preference: 0, exchange: Name::ROOT }][..]));
}

#[test]
fn n7_counts_and_pointers_are_not_believed() {
    let good = written(&message(Kind::A, ResponseCode::NoError, vec![a("www.example", 60, 1)], vec![]));
    for cut in 0..good.len() {
        assert!(decode(Kind::A, &good[..cut]).is_err(), "{cut}");
    }
    // Counts that promise more than there is.
    for count in 3..6 {
        let mut more = good.clone();
        more[count * 2] = 1;
        assert!(decode(Kind::A, &more).is_err());
        more[count * 2] = 0xFF;
        assert!(matches!(decode(Kind::A, &more), Err(WireError::ManyRecords { .. })));
    }
    let mut questions = good.clone();
    questions[4] = 0xFF;
    assert_eq!(decode(Kind::A, &questions), Err(WireError::Unrelated));
    // A length that is not an address's.
    let mut short = good.clone();
    let at = short.len() - 5;
    short[at] = 3;
    assert!(matches!(decode(Kind::A, &short), Err(WireError::Malformed { .. })));
    // An owner that points to itself, forward, and out of the message.
    let owner = 12 + "www.example".len() + 2 + 4;
    assert_eq!(good[owner..owner + 2], [0xC0, 12], "the owner is a pointer to the question");
    for pointer in [owner as u8, owner as u8 + 2, 0xFF] {
        let mut pointing = good.clone();
        pointing[owner + 1] = pointer;
        assert!(matches!(decode(Kind::A, &pointing), Err(WireError::Malformed { .. })), "{pointer}");
    }
    assert!(decode(Kind::A, &vec![0; 65_536]).is_err());
}

/// An answer that is an alias whose owner or target leads over so many pointers, each to the one before, in the data of another record.
fn ladder(pointers: u16, owner: bool) -> Vec<u8> {
    let mut message = wire::encode(ID, &name("www.example"), Kind::Cname, &options(|options| options.payload = None));
    message[2] |= 0x80;
    message[7] = 2;
    let rung = |message: &mut Vec<u8>, last: u16| {
        let at = message.len() as u16;
        message.extend_from_slice(&(0xC000 | last).to_be_bytes());
        at
    };
    message.extend_from_slice(&[0, 0, 99, 0, 1, 0, 0, 0, 1]);
    message.extend_from_slice(&(2 * (pointers - 1)).to_be_bytes());
    let top = (1..pointers).fold(12, |last, _| rung(&mut message, last));
    rung(&mut message, if owner { top } else { 12 });
    message.extend_from_slice(&[0, 5, 0, 1, 0, 0, 0, 1, 0, 2]);
    rung(&mut message, if owner { 12 } else { top });
    message
}

#[test]
fn n7_pointers_to_pointers_are_bounded() {
    for owner in [true, false] {
        assert!(decode(Kind::Cname, &ladder(1, owner)).unwrap().response.as_answer().cname().is_ok());
        assert!(decode(Kind::Cname, &ladder(16, owner)).unwrap().response.as_answer().cname().is_ok());
        for pointers in [17, 8_000] {
            assert!(matches!(decode(Kind::Cname, &ladder(pointers, owner)), Err(WireError::Malformed { .. })));
        }
    }
}

/// Any name: labels of any visible ASCII.
fn names() -> impl Strategy<Value = Name> {
    prop::collection::vec("[!-\\-/-~]{1,20}", 0..8)
        .prop_map(|labels| labels.iter().rev().fold(Name::ROOT, |name, label| name.prefixed(label).unwrap()))
}

fn record_sets() -> impl Strategy<Value = RecordSet> {
    let texts = prop::collection::vec(any::<u8>(), 0..600).prop_map(|octets| Txt(octets.into()));
    let tlsas = (any::<(u8, u8, u8)>(), prop::collection::vec(any::<u8>(), 0..70))
        .prop_map(|((usage, selector, matching), data)| Tlsa { usage, selector, matching, data: data.into() });
    let soas = (names(), names(), any::<u32>(), any::<u32>()).prop_map(|(primary, responsible, serial, minimum)| Soa {
        primary,
        responsible,
        serial,
        minimum,
    });
    let mxs = (any::<u16>(), names()).prop_map(|(preference, exchange)| Mx { preference, exchange });
    let some = 1..5;
    prop_oneof![
        prop::collection::vec(any::<core::net::Ipv4Addr>(), some.clone()).prop_map(RecordSet::A),
        prop::collection::vec(any::<core::net::Ipv6Addr>(), some.clone()).prop_map(RecordSet::Aaaa),
        prop::collection::vec(mxs, some.clone()).prop_map(RecordSet::Mx),
        prop::collection::vec(texts, some.clone()).prop_map(RecordSet::Txt),
        prop::collection::vec(names(), some.clone()).prop_map(RecordSet::Ptr),
        prop::collection::vec(names(), some.clone()).prop_map(RecordSet::Ns),
        prop::collection::vec(names(), some.clone()).prop_map(RecordSet::Cname),
        prop::collection::vec(soas, some.clone()).prop_map(RecordSet::Soa),
        prop::collection::vec(tlsas, some).prop_map(RecordSet::Tlsa),
    ]
}

/// The records as hickory-proto has them.
fn wire_data(records: &RecordSet) -> Vec<RData> {
    let host = wire_name;
    match records {
        RecordSet::A(records) => records.iter().map(|address| RData::A(rdata::A(*address))).collect(),
        RecordSet::Aaaa(records) => records.iter().map(|address| RData::AAAA(rdata::AAAA(*address))).collect(),
        RecordSet::Mx(records) => {
            records.iter().map(|mx| RData::MX(rdata::MX::new(mx.preference, host(&mx.exchange)))).collect()
        }
        RecordSet::Txt(records) => records
            .iter()
            .map(|txt| {
                let strings: Vec<&[u8]> = if txt.0.is_empty() { vec![b""] } else { txt.0.chunks(255).collect() };
                RData::TXT(rdata::TXT::from_bytes(strings))
            })
            .collect(),
        RecordSet::Ptr(records) => records.iter().map(|name| RData::PTR(rdata::PTR(host(name)))).collect(),
        RecordSet::Ns(records) => records.iter().map(|name| RData::NS(rdata::NS(host(name)))).collect(),
        RecordSet::Cname(records) => records.iter().map(|name| RData::CNAME(rdata::CNAME(host(name)))).collect(),
        RecordSet::Soa(records) => records
            .iter()
            .map(|soa| {
                let (primary, responsible) = (host(&soa.primary), host(&soa.responsible));
                RData::SOA(rdata::SOA::new(primary, responsible, soa.serial, 1, 2, 3, soa.minimum))
            })
            .collect(),
        RecordSet::Tlsa(records) => records
            .iter()
            .map(|tlsa| {
                let (usage, selector, matching) = (tlsa.usage.into(), tlsa.selector.into(), tlsa.matching.into());
                RData::TLSA(rdata::TLSA::new(usage, selector, matching, tlsa.data.to_vec()))
            })
            .collect(),
        _ => unreachable!("a kind that is not generated"),
    }
}

proptest! {
    #[test]
    fn names_are_what_they_say(name in names()) {
        prop_assert_eq!(name.to_string().parse::<Name>(), Ok(name));
        prop_assert_eq!(Name::from_ascii(name.to_string().as_bytes()), Ok(name));
        let message = Message::from_bytes(&wire::encode(ID, &name, Kind::A, &Options::default())).unwrap();
        prop_assert_eq!(message.queries[0].name(), &wire_name(&name));
    }

    /// What hickory-proto writes is what we read.
    #[test]
    fn what_is_written_is_read(owner in names(), target in names(), records in record_sets(), ttl in 0..86_400_u32, authenticated: bool, alias: bool) {
        let kind = records.as_records().kind();
        let mut message = Message::new(ID, MessageType::Response, OpCode::Query);
        message.metadata.authentic_data = authenticated;
        message.queries.push(Query::query(wire_name(&owner), wire_type(kind)));
        let alias = alias && kind != Kind::Cname && owner != target;
        let end = if alias { target } else { owner };
        for data in wire_data(&records) {
            message.answers.push(Record::from_rdata(wire_name(&end), ttl, data));
        }
        if alias {
            let data = RData::CNAME(rdata::CNAME(wire_name(&target)));
            message.answers.push(Record::from_rdata(wire_name(&owner), 86_400, data));
        }
        let mut bytes = Vec::new();
        message.emit(&mut BinEncoder::new(&mut bytes)).unwrap();
        let reply = wire::decode(ID, &owner, kind, &bytes, &Limits::default());
        prop_assert_eq!(reply.map(|reply| reply.response), Ok(Response::Records { records, ttl, authenticated }));
    }

    #[test]
    fn n7_nothing_that_comes_in_panics(mut octets in prop::collection::vec(any::<u8>(), 0..200), good: bool) {
        if good {
            let mut message = wire::encode(ID, &name("www.example"), Kind::Mx, &options(|options| options.payload = None));
            message[2] |= 0x80;
            message[7] = 3;
            message.append(&mut octets);
            octets = message;
        }
        let _ = decode(Kind::Mx, &octets);
    }
}
