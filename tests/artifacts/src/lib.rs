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

include!(concat!(env!("OUT_DIR"), "/artifacts.rs"));
