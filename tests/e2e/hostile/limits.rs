//! Each limit of a call, from the side of a guest that goes beyond it.

use std::time::{Duration, Instant};

use wharf::Level;

use super::{Attempt, attempt};
use crate::world::answer;

/// Far more than a call needs, and far less than a test may take.
const SHORT: Duration = Duration::from_millis(300);

fn of(guest: &str) -> Attempt {
    attempt("limits", guest)
}

/// Ends with its time, soon after it.
fn times_out(attempt: Attempt) {
    let started = Instant::now();
    let limit = attempt.limits(|limits| limits.timeout = SHORT).run().reached("timeout");
    assert!(started.elapsed() < SHORT * 20, "it took {:?}", started.elapsed());
    assert!(limit.remedy.contains("--timeout"), "{limit}");
}

#[test]
pub(super) fn sleeps_for_ever() {
    times_out(of("sleeps_for_ever"));
}

#[test]
pub(super) fn sleeps_again_and_again() {
    times_out(of("sleeps_again_and_again"));
}

#[test]
pub(super) fn loops_for_ever() {
    times_out(of("loops_for_ever"));
}

#[test]
pub(super) fn waits_for_a_provider() {
    let mut slow = answer(200, "application/json", "1");
    slow.delay = Some(Duration::from_secs(60));
    times_out(of("waits_for_a_provider").answered(slow));
}

/// Told that the time is over, it has a quarter of a second more, and no second one.
#[test]
pub(super) fn goes_on_when_it_is_told_of_its_limit() {
    let mut slow = answer(200, "application/json", "1");
    slow.delay = Some(Duration::from_secs(60));
    times_out(of("goes_on_when_it_is_told_of_its_limit").answered(slow));
}

#[test]
pub(super) fn says_that_nothing_was_missing() {
    let ended = of("says_that_nothing_was_missing").limits(|limits| limits.requests = 2).run();
    ended.reached("requests");
    assert!(ended.report.partial.is_none());
    assert_eq!(ended.server.requests().len(), 2);
}

#[cfg(unix)]
#[test]
pub(super) fn computes_for_ever() {
    let ended = of("computes_for_ever").limits(|limits| limits.cpu = Duration::from_millis(100)).run();
    assert_eq!(ended.reached("cpu").value, "100ms");
}

#[test]
pub(super) fn hoards_memory() {
    assert_eq!(of("hoards_memory").limits(|limits| limits.memory = 64 << 20).run().reached("memory").value, "64.0 MiB");
}

#[test]
pub(super) fn recurses_for_ever() {
    of("recurses_for_ever").run().reached("stack");
}

#[test]
pub(super) fn asks_without_end() {
    let ended = of("asks_without_end").limits(|limits| limits.requests = 7).run();
    ended.reached("requests");
    assert_eq!(ended.server.requests().len(), 7);
}

#[test]
pub(super) fn is_refused_without_end() {
    of("is_refused_without_end").run().reached("requests");
}

#[test]
pub(super) fn sends_too_much() {
    let ended = of("sends_too_much").limits(|limits| limits.request = 1 << 20).run();
    ended.reached("request");
    assert!(ended.server.requests().is_empty());
}

#[test]
pub(super) fn reads_too_much() {
    let long = answer(200, "text/plain", &"x".repeat(2 << 20));
    of("reads_too_much").limits(|limits| limits.answer = 1 << 20).answered(long).run().reached("answer");
}

/// A megabyte of zeros that is a kilobyte on the way (RFC 1952).
#[test]
pub(super) fn unpacks_too_much() {
    let mut bomb = answer(200, "text/plain", "");
    bomb.body = flate2_zeros(64 << 20);
    bomb.headers.push(("Content-Encoding".to_owned(), "gzip".to_owned()));
    assert!(bomb.body.len() < 100_000, "{}", bomb.body.len());
    of("unpacks_too_much").limits(|limits| limits.answer = 1 << 20).answered(bomb).run().reached("answer");
}

fn flate2_zeros(size: usize) -> Vec<u8> {
    use std::io::Write as _;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(&vec![0; size]).unwrap();
    packed.finish().unwrap()
}

#[test]
pub(super) fn moves_too_much() {
    let ended = of("moves_too_much").limits(|limits| limits.traffic = 2 << 20).run();
    ended.reached("traffic");
    assert_eq!(ended.server.requests().len(), 2);
}

#[test]
pub(super) fn hoards_files() {
    of("hoards_files").limits(|limits| limits.blobs = 1 << 20).run().reached("blobs");
}

#[test]
pub(super) fn hoards_answers() {
    let file = || answer(200, "image/png", &"x".repeat(600 << 10));
    let attempt = of("hoards_answers").limits(|limits| limits.blobs = 1 << 20).answered(file()).answered(file());
    attempt.run().reached("blobs");
}

#[test]
pub(super) fn returns_too_much() {
    of("returns_too_much").limits(|limits| limits.output = 1 << 20).run().reached("output");
}

#[test]
pub(super) fn returns_one_file_many_times() {
    let attempt = of("returns_one_file_many_times").limits(|limits| limits.attachments = 1 << 20);
    attempt.run().reached("attachments");
}

#[test]
pub(super) fn keeps_too_much() {
    of("keeps_too_much").run().reached("state");
}

#[test]
pub(super) fn draws_randomness_without_end() {
    of("draws_randomness_without_end").run().reached("randomness");
}

#[test]
pub(super) fn hoards_resources() {
    of("hoards_resources").run().reached("resources");
}

#[test]
pub(super) fn floods_the_log() {
    let log = of("floods_the_log").run().report.log;
    assert_eq!(log[0].level, Level::Info);
    assert_eq!(log[0].message, "\\u{1b}[2J\\u{1b}[31mwiped");
    assert_eq!(log.len(), 3, "one long message, and a note that there were more");
    assert!(log[2].message.contains("`log` of 64.0 KiB") && log[2].message.contains("dropped"), "{:?}", log[2]);
}

#[test]
pub(super) fn whispers_without_end() {
    let log = of("whispers_without_end").run().report.log;
    assert!(log.len() <= 1 + (64 << 10) / 64, "empty messages are not free: {}", log.len());
}
