//! Which versions the entries have, sealed beside them: so that an earlier entry that is put back is noticed, and one that is taken
//! away, though each opens.
//!
//! Entries are spread over buckets by their names. A bucket is a sealed list of names, as digests, with their versions, and is written
//! with each change of one of them. Who puts a bucket and its entries back together, or the whole file, does what a restored
//! backup does, and nobody can tell the two apart.

use std::collections::BTreeMap;

use ring::digest::{SHA256, digest};
use zeroize::Zeroizing;

/// How many buckets there are: so that one of 100,000 entries has about a hundred.
pub(crate) const BUCKETS: u16 = 1024;

const DIGEST: usize = 16;
const ITEM: usize = DIGEST + 8;

/// What stands for a name in a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NameDigest([u8; DIGEST]);

impl NameDigest {
    pub(crate) fn of(name: &[u8]) -> Self {
        let digest = digest(&SHA256, name);
        Self(digest.as_ref().first_chunk().copied().unwrap_or_default())
    }

    pub(crate) fn bucket(self) -> u16 {
        let [first, second, ..] = self.0;
        u16::from_be_bytes([first, second]) % BUCKETS
    }
}

/// The versions of the entries of a bucket.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Anchor(BTreeMap<NameDigest, u64>);

impl Anchor {
    pub(crate) fn put(&mut self, name: NameDigest, version: u64) {
        self.0.insert(name, version);
    }

    pub(crate) fn remove(&mut self, name: NameDigest) {
        self.0.remove(&name);
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &NameDigest> {
        self.0.keys()
    }

    /// As a list in the order of the digests.
    pub(crate) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Vec::with_capacity(self.0.len() * ITEM);
        for (name, version) in &self.0 {
            bytes.extend_from_slice(&name.0);
            bytes.extend_from_slice(&version.to_be_bytes());
        }
        bytes.into()
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (items, rest) = bytes.as_chunks::<ITEM>();
        let item =
            |item: &[u8; ITEM]| Some((NameDigest(*item.first_chunk()?), u64::from_be_bytes(*item.last_chunk()?)));
        rest.is_empty().then(|| items.iter().map(item).collect::<Option<_>>().map(Self))?
    }

    /// The version of one name in the list of a bucket, without the others; `None` where it is no list.
    pub(crate) fn version_in(bytes: &[u8], name: NameDigest) -> Option<Option<u64>> {
        let (items, rest) = bytes.as_chunks::<ITEM>();
        rest.is_empty().then_some(())?;
        let found = items.binary_search_by(|item| item.first_chunk().cmp(&Some(&name.0))).ok();
        Some(found.and_then(|at| items.get(at)?.last_chunk().copied()).map(u64::from_be_bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_what_was_put_into_it() {
        let mut anchor = Anchor::default();
        let names: Vec<NameDigest> = (0..100).map(|n| NameDigest::of(format!("acme/{n}").as_bytes())).collect();
        names.iter().zip(1..).for_each(|(name, version)| anchor.put(*name, version));
        let bytes = anchor.to_bytes();
        assert_eq!(Anchor::from_bytes(&bytes), Some(Anchor(anchor.0.clone())));
        for (name, version) in names.iter().zip(1..) {
            assert_eq!(Anchor::version_in(&bytes, *name), Some(Some(version)));
        }
        let other = NameDigest::of(b"other");
        assert_eq!((Anchor::version_in(&bytes, other), Anchor::version_in(b"", other)), (Some(None), Some(None)));
        assert_eq!((Anchor::version_in(&bytes[1..], other), Anchor::from_bytes(&bytes[1..])), (None, None));
        anchor.remove(names[0]);
        assert_eq!((anchor.0.get(&names[0]), anchor.0.get(&names[1]), anchor.names().count()), (None, Some(&2), 99));
    }

    #[test]
    fn names_are_spread_over_all_buckets() {
        let mut counts = vec![0; usize::from(BUCKETS)];
        (0..100_000).for_each(|n| counts[usize::from(NameDigest::of(format!("acme/{n}").as_bytes()).bucket())] += 1);
        assert!(counts.iter().all(|count| (40..200).contains(count)), "{counts:?}");
    }
}
