//! Whatever is done, in whatever order and by whichever object, a vault in a file does what one in memory does.

use proptest::prelude::*;
use wharf::vault::{MemoryVault, Vault as _};

use super::World;

#[derive(Clone, Debug)]
enum Step {
    Get(u8),
    Put {
        name: u8,
        value: Vec<u8>,
        seen: Seen,
    },
    Delete {
        name: u8,
        seen: Seen,
    },
    List {
        prefix: &'static str,
        after: Option<u8>,
        most: usize,
    },
    Changes,
    /// The object is dropped, and another one takes its place.
    Anew,
}

#[derive(Clone, Debug)]
enum Seen {
    Nothing,
    Last,
    Other(u64),
}

/// Names that are hard to tell apart, and the end of which is behind every letter.
fn name(number: u8) -> String {
    ["", "acme/", "acme/a", "acme/aa", "acme/a\0", "acme/é", "acme/\u{10ffff}", "b", "acme/a b'\"%_", "ACME/A"]
        [usize::from(number) % 10]
        .to_owned()
}

fn seen() -> impl Strategy<Value = Seen> {
    prop_oneof![2 => Just(Seen::Nothing), 4 => Just(Seen::Last), 1 => (0..20_u64).prop_map(Seen::Other)]
}

fn step() -> impl Strategy<Value = Step> {
    let value = prop::collection::vec(any::<u8>(), 0..40);
    let prefix = prop::sample::select(vec!["", "acme/", "acme/a", "x"]);
    prop_oneof![
        3 => any::<u8>().prop_map(Step::Get),
        6 => (any::<u8>(), value, seen()).prop_map(|(name, value, seen)| Step::Put { name, value, seen }),
        3 => (any::<u8>(), seen()).prop_map(|(name, seen)| Step::Delete { name, seen }),
        1 => (prefix, any::<Option<u8>>(), 0..12_usize).prop_map(|(prefix, after, most)| Step::List { prefix, after, most }),
        2 => Just(Step::Changes),
        1 => Just(Step::Anew),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn a_vault_in_a_file_does_what_one_in_memory_does(steps in prop::collection::vec((0..3_usize, step()), 1..60)) {
        let (world, model) = (World::new(), MemoryVault::default());
        let mut vaults = [world.vault(), world.vault(), world.vault()];
        let mut until = [0; 3];
        for (by, step) in steps {
            let vault = &vaults[by];
            let version = |name: &str, seen: Seen| match seen {
                Seen::Nothing => None,
                Seen::Last => model.get(name).unwrap().map(|entry| entry.version),
                Seen::Other(version) => Some(version),
            };
            match step {
                Step::Get(number) => prop_assert_eq!(vault.get(&name(number)), model.get(&name(number))),
                Step::Put { name: number, value, seen } => {
                    let name = name(number);
                    let seen = version(&name, seen);
                    prop_assert_eq!(vault.put(&name, &value, seen), model.put(&name, &value, seen));
                }
                Step::Delete { name: number, seen } => {
                    let name = name(number);
                    let seen = version(&name, seen).unwrap_or(1);
                    prop_assert_eq!(vault.delete(&name, seen), model.delete(&name, seen));
                }
                Step::List { prefix, after, most } => {
                    let after = after.map(name);
                    prop_assert_eq!(vault.list(prefix, after.as_deref(), most), model.list(prefix, after.as_deref(), most));
                }
                Step::Changes => {
                    let changes = vault.changes(until[by]).unwrap();
                    prop_assert_eq!(&changes, &model.changes(until[by]).unwrap());
                    until[by] = changes.until;
                }
                Step::Anew => vaults[by] = world.vault(),
            }
        }
    }
}

#[test]
fn many_changes_are_told_one_after_the_other() {
    let world = World::new();
    let (vault, other) = (world.vault(), world.vault());
    let names: Vec<String> = (0..2500).map(|number| format!("acme/{number}")).collect();
    for name in &names {
        vault.put(name, b"", None).unwrap();
    }
    let (mut told, mut until) = (Vec::new(), 0);
    loop {
        let changes = other.changes(until).unwrap();
        assert!(changes.names.len() <= 1000);
        if changes.names.is_empty() {
            break;
        }
        (until, told) = (changes.until, [told, changes.names].concat());
    }
    assert_eq!((told, until), (names, 2500));
}
