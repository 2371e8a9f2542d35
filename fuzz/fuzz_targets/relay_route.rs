//! Whatever the DNS says, in whatever order: the route is the same, bounded, and leads neither to us nor to a private network.
#![no_main]

use std::time::Duration;

use arbitrary::Arbitrary;
use dns::{Absence, Inquiry as _, Kind, Mx, Name, QuestionId, RecordSet, Response, Step};
use libfuzzer_sys::fuzz_target;
use relay::{Destination, Limits, NoRoute, Plan, Route, Settings, is_public};

#[derive(Arbitrary, Debug)]
struct World {
    mx: Result<Vec<(u8, u8)>, u8>,
    hosts: Vec<(Found<u32>, Found<u128>)>,
    own_host: u8,
    own_address: u32,
    random: [u8; 16],
    order: Vec<u8>,
    private_networks: bool,
    addresses: u8,
}

#[derive(Arbitrary, Debug)]
enum Found<T> {
    These(Vec<T>),
    No(u8),
}

fn absence(which: u8) -> Absence {
    [Absence::NoRecords, Absence::NoSuchName, Absence::TryLater, Absence::Refused][usize::from(which % 4)]
}

fn host(number: u8) -> Name {
    if number == 0 { Name::ROOT } else { format!("h{number}.test").parse().unwrap() }
}

fn found(records: RecordSet) -> Response {
    Response::Records { records, ttl: 1, authenticated: true }
}

fn lookup(world: &World, name: &Name, kind: Kind) -> Response {
    match kind {
        Kind::Mx => match &world.mx {
            Ok(list) => {
                let record = |(preference, number): &(u8, u8)| Mx {
                    preference: u16::from(*preference),
                    exchange: host(*number),
                };
                found(RecordSet::Mx(list.iter().map(record).collect()))
            }
            Err(which) => absence(*which).into(),
        },
        _ => {
            let number =
                name.as_str().strip_prefix('h').and_then(|rest| rest.split_once('.')?.0.parse().ok()).unwrap_or(0);
            let Some((four, six)) = world.hosts.get::<usize>(number) else { return Absence::NoSuchName.into() };
            match (kind, four, six) {
                (Kind::A, Found::These(list), _) => {
                    found(RecordSet::A(list.iter().map(|bits| (*bits).into()).collect()))
                }
                (Kind::Aaaa, _, Found::These(list)) => {
                    found(RecordSet::Aaaa(list.iter().map(|bits| (*bits).into()).collect()))
                }
                (Kind::A, Found::No(which), _) | (_, _, Found::No(which)) => absence(*which).into(),
                _ => Absence::NoRecords.into(),
            }
        }
    }
}

fn route(world: &World) -> Route {
    let mut settings = Settings::default();
    settings.own_names.insert(host(world.own_host));
    settings.own_addresses.insert(std::net::Ipv4Addr::from(world.own_address).into());
    settings.private_networks = world.private_networks;
    let mut limits = Limits::default();
    limits.addresses = usize::from(world.addresses);
    Route::new(Destination::Domain("a.test".parse().unwrap()), settings, limits, world.random, Duration::ZERO)
}

fuzz_target!(|world: World| {
    let expected = dns::drive::blocking(route(&world), |name, kind| lookup(&world, name, kind));

    // the same with all questions open at once, and answered in another order, some twice
    let mut again = route(&world);
    let mut order = world.order.iter().cycle();
    let mut open: Vec<(QuestionId, Response)> = Vec::new();
    let verdict: Result<Plan, NoRoute> = loop {
        match again.step() {
            Step::Ask(question) => {
                let id = question.id;
                let mut response = lookup(&world, question.name, question.kind);
                if let Response::Records { records: RecordSet::Mx(list), .. } = &mut response {
                    list.reverse();
                }
                open.push((id, response));
                assert!(open.len() <= 2 * Limits::default().hosts);
            }
            Step::Wait => {
                assert!(!open.is_empty(), "it waits for nothing");
                let (id, response) = open.swap_remove(usize::from(*order.next().unwrap_or(&0)) % open.len());
                again.answer(id, response.as_answer());
                again.answer(id, Response::from(Absence::TryLater).as_answer());
                again.answer(QuestionId(u32::MAX), response.as_answer());
            }
            Step::Done(verdict) => break verdict,
        }
    };
    assert_eq!(verdict, expected);
    let Ok(plan) = verdict else { return };
    assert!(!plan.hosts.is_empty());
    let count = plan.targets().count();
    assert!(count >= 1 && count <= usize::from(world.addresses).max(1));
    for (host, address) in plan.targets() {
        assert!(world.private_networks || is_public(address.ip()));
        assert_ne!(address.ip(), std::net::IpAddr::V4(world.own_address.into()));
        assert_ne!(host.name, Some(self::host(world.own_host)).filter(|_| world.own_host != 0));
    }
    assert!(plan.hosts.windows(2).all(|pair| pair[0].preference <= pair[1].preference));
});
