//! To be written.
#![no_std]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;
