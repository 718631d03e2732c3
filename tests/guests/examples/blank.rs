//! A plugin that is nothing but its manifest, which whoever tests writes into the component: no toolchain is needed for one.
//!
//! What is written over begins with `MARK` and goes on with spaces, as far as there are any. A shorter manifest keeps spaces
//! behind it, as JSON lets it.

// A native build has nobody who takes the exports.
#[cfg(target_arch = "wasm32")]
mod plugin {
    use std::hint::black_box;

    use wharf_plugin::bindings::exports::wharf::provider::plugin::Guest;
    use wharf_plugin::bindings::wharf::provider::call::{Call, Failure, Output};

    const MARK: &[u8] = b"A manifest is written over this text.";

    /// More than any manifest of a test has.
    const SIZE: usize = 64 * 1024;

    static MANIFEST: [u8; SIZE] = {
        let mut text = [b' '; SIZE];
        let (beginning, _) = text.split_at_mut(MARK.len());
        beginning.copy_from_slice(MARK);
        text
    };

    struct Blank;

    impl Guest for Blank {
        fn describe() -> String {
            // The compiler must not know what stands there.
            String::from_utf8_lossy(black_box(&MANIFEST)).trim_end().to_owned()
        }

        fn invoke(_: Call) -> Result<Output, Failure> {
            unreachable!("no operation of this plugin is code")
        }
    }

    wharf_plugin::bindings::export!(Blank with_types_in wharf_plugin::bindings);
}
