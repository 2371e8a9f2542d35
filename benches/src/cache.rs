//! Maps as a server's cache has them, the same for ours and for the peers, so that a look-up costs everybody alike; and mail-auth's cache, made of them.

use std::{
    borrow::Borrow,
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::RwLock,
    time::Instant,
};

use mail_auth::dns::{DnsCache, Mx, Negative, RecordSet, ResolverCache, TxtRecord};

/// A map behind a lock, which is open to whoever lends what is in it.
#[derive(Debug)]
pub struct Map<K, V>(pub RwLock<HashMap<K, V>>);

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<K: Hash + Eq, V> FromIterator<(K, V)> for Map<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Self(RwLock::new(pairs.into_iter().collect()))
    }
}

impl<K: Hash + Eq, V: Clone> ResolverCache<K, V> for Map<K, V> {
    fn get<Q: Hash + Eq + ?Sized>(&self, name: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.0.read().expect("nobody panics").get(name).cloned()
    }

    fn remove<Q: Hash + Eq + ?Sized>(&self, name: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.0.write().expect("nobody panics").remove(name)
    }

    fn insert(&self, name: K, value: V, _: Instant) {
        self.0.write().expect("nobody panics").insert(name, value);
    }
}

/// What mail-auth keeps of a name.
pub type Cached<T> = Result<RecordSet<T>, Negative>;

/// mail-auth's cache; its names end in a dot.
#[derive(Default)]
pub struct MailAuthCache {
    pub txt: Map<Box<str>, TxtRecord>,
    pub mx: Map<Box<str>, Cached<Mx>>,
    pub ipv4: Map<Box<str>, Cached<Ipv4Addr>>,
    pub ipv6: Map<Box<str>, Cached<Ipv6Addr>>,
    pub ptr: Map<IpAddr, Cached<Box<str>>>,
}

impl DnsCache for MailAuthCache {
    type Txt = Map<Box<str>, TxtRecord>;
    type Mx = Map<Box<str>, Cached<Mx>>;
    type Ipv4 = Map<Box<str>, Cached<Ipv4Addr>>;
    type Ipv6 = Map<Box<str>, Cached<Ipv6Addr>>;
    type Ptr = Map<IpAddr, Cached<Box<str>>>;

    fn txt(&self) -> Option<&Self::Txt> {
        Some(&self.txt)
    }

    fn mx(&self) -> Option<&Self::Mx> {
        Some(&self.mx)
    }

    fn ipv4(&self) -> Option<&Self::Ipv4> {
        Some(&self.ipv4)
    }

    fn ipv6(&self) -> Option<&Self::Ipv6> {
        Some(&self.ipv6)
    }

    fn ptr(&self) -> Option<&Self::Ptr> {
        Some(&self.ptr)
    }
}
