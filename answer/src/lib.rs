//! What the answer of a provider means.
//!
//! Plugins read answers in their sandbox by this crate, and the host reads those that a manifest describes: one way to read for both.
#![deny(missing_docs)]

mod answer;
pub mod build;
mod decimal;
pub mod document;
mod failure;
mod judge;
pub mod lines;
mod link;
mod look;
mod members;
pub mod pages;
pub mod read;
mod readable;
mod retry;
pub mod rules;
mod values;

pub use answer::Answer;
pub use decimal::Decimal;
pub use failure::{Detail, Failure};
pub use judge::{DEEPEST, Found, Named, judge, judge_within};
pub use look::{Late, Steps};
pub use members::{Members, Unclear, find, items, words};
pub use retry::pause;
