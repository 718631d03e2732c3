//! Components, built: the five providers that `wharf` brings along, and the guests of the tests.
#![deny(missing_docs)]

/// A built component.
#[derive(Clone, Copy, Debug)]
pub struct Component {
    /// Of the plugin or guest.
    pub name: &'static str,
    /// Where the build left it. Only for tests: a program that is moved to another machine has the bytes alone.
    pub path: &'static str,
    /// The component itself.
    pub bytes: &'static [u8],
}

impl Component {
    /// The same with other texts of the same length in it: another release of a plugin.
    pub fn altered(&self, changes: &[(&str, &str)]) -> Vec<u8> {
        let mut bytes = self.bytes.to_vec();
        for (from, to) in changes {
            assert_eq!(from.len(), to.len(), "{from} and {to} are not of the same length");
            let places: Vec<usize> = (0..bytes.len())
                .filter(|at| bytes.get(*at..).is_some_and(|rest| rest.starts_with(from.as_bytes())))
                .collect();
            assert!(!places.is_empty(), "{from} is not in the component {}", self.name);
            for at in places {
                bytes.splice(at..at + from.len(), to.bytes());
            }
        }
        bytes
    }
}

/// A guest that was built for contract 0.1.0, when that was the newest: nothing builds it any more.
pub const OF_CONTRACT_0_1: Component = Component {
    name: "obedient",
    path: concat!(env!("CARGO_MANIFEST_DIR"), "/released/obedient-0.1.0.wasm"),
    bytes: include_bytes!("../released/obedient-0.1.0.wasm"),
};

include!(concat!(env!("OUT_DIR"), "/artifacts.rs"));
