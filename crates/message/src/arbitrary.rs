//! Values for fuzzing: all that can be made by the types' own constructors.

use alloc::{string::String, vec::Vec};

use arbitrary::{Arbitrary, Error, Result, Unstructured};

use crate::{AddrSpec, Address, DateTime, DisplayName, FieldName, Mailbox, MessageId};

impl<'a> Arbitrary<'a> for AddrSpec<'static> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let local: String = String::arbitrary(u)?.chars().filter(|char| !char.is_ascii_control()).take(100).collect();
        let domain = String::arbitrary(u)?;
        // few texts are domains, and a fuzzer should not have to find one each time
        let any = AddrSpec::new(local.clone(), domain).or_else(|_| AddrSpec::new(local, "example.org"));
        any.map_err(|_| Error::IncorrectFormat)
    }
}

impl<'a> Arbitrary<'a> for DisplayName<'static> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        DisplayName::new(String::arbitrary(u)?).ok_or(Error::IncorrectFormat)
    }
}

impl<'a> Arbitrary<'a> for Mailbox<'static> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Mailbox::new(DisplayName::new(String::arbitrary(u)?), u.arbitrary()?))
    }
}

impl<'a> Arbitrary<'a> for Address<'static> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        if u.arbitrary()? {
            return Ok(Address::Mailbox(u.arbitrary()?));
        }
        Ok(Address::Group { name: u.arbitrary()?, members: Vec::arbitrary(u)? })
    }
}

impl<'a> Arbitrary<'a> for DateTime {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(DateTime::at(u.arbitrary()?, u.arbitrary()?))
    }
}

impl<'a> Arbitrary<'a> for MessageId<'static> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let left = String::arbitrary(u)?;
        let random = u.arbitrary()?;
        let any = MessageId::new(left + "@example.org").or_else(|_| MessageId::generate(random, "example.org"));
        any.map_err(|_| Error::IncorrectFormat)
    }
}

impl<'a> Arbitrary<'a> for FieldName {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let any = FieldName::new(<&str>::arbitrary(u)?).or_else(|_| FieldName::new("X-Any"));
        any.map_err(|_| Error::IncorrectFormat)
    }
}
