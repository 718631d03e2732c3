//! What holds for every input, whatever bytes it is made of. `cargo test` tries some thousands of them; a fuzzer that looks
//! for new ways through the code, as in the folder `fuzz`, tries them for as long as it is left.
#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a fault is found by panicking")]

mod guard;
mod judge;
mod manifest;
mod masker;
mod mcp;
mod wire;
mod words;

pub use guard::guard;
pub use manifest::manifest;
pub use masker::masker;
pub use mcp::mcp;
pub use wire::wire;

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::test_runner::{Config, TestRunner};

    /// Tries a number of inputs of up to so many bytes. So many of a hundred have to get through, or nothing was tried.
    fn holds(target: fn(&[u8]) -> bool, cases: u32, longest: usize, least: u32) {
        let config = Config { cases, failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() };
        let through = Cell::new(0);
        let tried = TestRunner::new(config).run(&vec(any::<u8>(), 0..longest), |bytes| {
            through.set(through.get() + u32::from(target(&bytes)));
            Ok(())
        });
        if let Err(error) = tried {
            panic!("{error}");
        }
        assert!(through.get() * 100 >= cases * least, "{} of {cases} got through", through.get());
    }

    #[test]
    fn what_is_sent_has_the_declared_shape() {
        holds(super::guard, 20_000, 400, 5);
    }

    #[test]
    fn a_manifest_is_accepted_or_refused_in_words_that_do_not_grow_beyond_it() {
        holds(super::manifest, 2_000, 100, 5);
    }

    #[test]
    fn whatever_a_server_answers_is_an_answer_or_an_error() {
        holds(super::wire, 2_000, 60, 5);
    }

    #[test]
    fn an_agent_may_say_anything_and_is_answered() {
        holds(super::mcp, 300, 400, 5);
    }

    #[test]
    fn no_secret_stays_in_a_masked_text() {
        holds(super::masker, 20_000, 300, 5);
    }
}
