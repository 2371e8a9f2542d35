//! Addresses that are read, written, and read again are the same; what is written has no line end in it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use message::{AddrSpec, Address, AddressList, DisplayName, Leniency, Limits, Mailbox};

fuzz_target!(|value: &[u8]| {
    for leniency in [Leniency::Standard, Leniency::Forgiving] {
        let Ok(list) = AddressList::parse_with(value, &Limits::default(), leniency) else { continue };
        let written = list.to_string();
        assert!(!written.contains(|char: char| char.is_ascii_control() && char != '\t'), "{written:?}");
        let again = AddressList::parse(written.as_bytes()).unwrap_or_else(|error| panic!("{written:?}: {error}"));
        let plain: Vec<Address<'_>> = list.addresses().iter().map(without_comments).collect();
        assert_eq!(again.addresses(), plain, "{written:?}");
        for mailbox in list.mailboxes() {
            let address = mailbox.address().to_string();
            assert!(address.len() <= AddrSpec::MAX);
            assert_eq!(AddrSpec::parse(&address).as_ref(), Ok(mailbox.address()));
        }
    }
    if let Ok(text) = std::str::from_utf8(value)
        && let Ok(address) = AddrSpec::parse(text)
    {
        assert_eq!(Mailbox::parse(value).map(Mailbox::into_address), Ok(address));
    }
});

/// Comments are read, and not written.
fn without_comments(address: &Address<'_>) -> Address<'static> {
    let plain = |mailbox: &Mailbox<'_>| {
        Mailbox::new(mailbox.name().and_then(DisplayName::new), mailbox.address().clone()).into_owned()
    };
    match address {
        Address::Mailbox(mailbox) => Address::Mailbox(plain(mailbox)),
        Address::Group { name, members } => {
            Address::Group { name: name.clone().into_owned(), members: members.iter().map(plain).collect() }
        }
    }
}
