//! Values for fuzzing: all that can be made by the types' own constructors.

use alloc::{string::String, vec::Vec};

use arbitrary::{Arbitrary, Error, Result, Unstructured};

use crate::{AddrSpec, Address, DateTime, DisplayName, FieldName, Mailbox, MessageId};

impl<'a> Arbitrary<'a> for AddrSpec<'static> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let (local, domain) = (String::arbitrary(u)?, String::arbitrary(u)?);
        AddrSpec::new(local, domain).map_err(|_| Error::IncorrectFormat)
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
        MessageId::new(String::arbitrary(u)?).map_err(|_| Error::IncorrectFormat)
    }
}

impl<'a> Arbitrary<'a> for FieldName {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        FieldName::new(<&str>::arbitrary(u)?).map_err(|_| Error::IncorrectFormat)
    }
}
