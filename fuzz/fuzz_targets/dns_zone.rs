//! A zone file is read or refused with its line; what is read answers every question, and always alike.
#![no_main]

use dns::{Answer, Kind, Name, Response, Zone};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, Vec<Name>)| {
    let (text, names) = input;
    let Ok(zone) = text.parse::<Zone>() else { return };
    for name in &names {
        for kind in Kind::ALL {
            let response = zone.lookup(name, kind);
            assert_eq!(response, zone.lookup(name, kind));
            if let Response::Records { records, .. } = &response {
                assert_eq!(records.as_records().kind(), kind);
            }
            // RFC 8020: below what does not exist there is nothing
            if let (Answer::NoSuchName, Ok(below)) = (response.as_answer(), name.prefixed("below")) {
                assert!(!matches!(zone.lookup(&below, kind).as_answer(), Answer::NoRecords));
            }
        }
    }
});
