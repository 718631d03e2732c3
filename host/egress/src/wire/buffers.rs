//! The buffers of a socket: small while it waits, as thousands of calls may wait for their providers at one time. TLS, which
//! stands on top, has buffers of its own.

use std::sync::{Mutex, MutexGuard, PoisonError};

use ureq::unversioned::transport::Buffers;

/// What an input buffer begins with, in bytes: most answers of an API fit.
const LEAST_INPUT: usize = 2 << 10;

/// How many output buffers are kept for the next who sends.
const MOST_SPARE: usize = 64;

/// Output buffers that nobody uses. One is needed only while something is being sent.
static SPARE: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

/// The input buffer grows with what comes; the output buffer is borrowed.
pub(super) struct SocketBuffers {
    input: Vec<u8>,
    filled: usize,
    consumed: usize,
    /// Whether what came last took all the room there was.
    was_full: bool,
    /// Whether the reader made use of something the last time.
    progress: bool,
    output: Vec<u8>,
    most_input: usize,
    output_size: usize,
}

impl SocketBuffers {
    pub(super) fn new(most_input: usize, output_size: usize) -> Self {
        Self {
            input: Vec::new(),
            filled: 0,
            consumed: 0,
            was_full: false,
            progress: false,
            output: Vec::new(),
            most_input,
            output_size,
        }
    }

    /// The bytes to be sent; none where more are asked for than there is room for.
    pub(super) fn to_send(&self, amount: usize) -> Option<&[u8]> {
        self.output.get(..amount)
    }

    /// Gives the output buffer back, without the credentials that may have been in it: also in what was not sent, as where a
    /// header did not fit.
    pub(super) fn give_back(&mut self) {
        if self.output.is_empty() {
            return;
        }
        let mut output = std::mem::take(&mut self.output);
        output.fill(0);
        // Else the compiler may see that nobody reads it before it is freed.
        std::hint::black_box(&mut output);
        let mut spare = spare();
        if spare.len() < MOST_SPARE {
            spare.push(output);
        }
    }

    fn make_room(&mut self) {
        if self.consumed > 0 {
            self.input.copy_within(self.consumed..self.filled, 0);
            self.filled -= self.consumed;
            self.consumed = 0;
        }
        if self.was_full || self.input.is_empty() {
            // There may be more already, where a body was read into the same room.
            let size = (self.input.len() * 2).max(LEAST_INPUT).min(self.most_input).max(self.input.len());
            self.input.resize(size, 0);
            self.was_full = false;
        }
    }
}

impl Drop for SocketBuffers {
    fn drop(&mut self) {
        self.give_back();
    }
}

fn spare() -> MutexGuard<'static, Vec<Vec<u8>>> {
    SPARE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Buffers for SocketBuffers {
    fn output(&mut self) -> &mut [u8] {
        if self.output.len() != self.output_size {
            self.output = spare().pop().unwrap_or_default();
            self.output.resize(self.output_size, 0);
        }
        &mut self.output
    }

    fn input(&self) -> &[u8] {
        self.input.get(self.consumed..self.filled).unwrap_or_default()
    }

    fn input_append_buf(&mut self) -> &mut [u8] {
        self.make_room();
        self.input.get_mut(self.filled..).unwrap_or_default()
    }

    fn input_appended(&mut self, amount: usize) {
        self.filled += amount;
        self.was_full = self.filled >= self.input.len();
    }

    fn input_consume(&mut self, amount: usize) {
        self.progress = amount > 0;
        self.consumed = (self.consumed + amount).min(self.filled);
    }

    /// Where a body whose length is not known is read to, and where its chunks are written. The input has nothing to do then.
    fn tmp_and_output(&mut self) -> (&mut [u8], &mut [u8]) {
        self.output();
        self.make_room();
        if self.filled == self.input.len() {
            self.input.resize(self.filled + LEAST_INPUT, 0);
        }
        (self.input.get_mut(self.filled..).unwrap_or_default(), &mut self.output)
    }

    fn can_use_input(&self) -> bool {
        self.progress && !self.input().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: usize = 16 << 10;
    const OUTPUT: usize = 24 << 10;

    fn receive(buffers: &mut SocketBuffers, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let room = buffers.input_append_buf();
            let amount = room.len().min(rest.len());
            assert!(amount > 0, "there is room");
            room[..amount].copy_from_slice(&rest[..amount]);
            buffers.input_appended(amount);
            rest = &rest[amount..];
        }
    }

    #[test]
    fn the_input_grows_with_what_comes_and_no_further() {
        let mut buffers = SocketBuffers::new(MOST, OUTPUT);
        assert_eq!(buffers.input_append_buf().len(), LEAST_INPUT);
        let answer: Vec<u8> = (0..MOST).map(|n| n as u8).collect();
        receive(&mut buffers, &answer);
        assert_eq!(buffers.input(), answer);
        assert_eq!(buffers.input_append_buf().len(), 0, "no more than the most");

        buffers.input_consume(100);
        assert!(buffers.can_use_input());
        assert_eq!(buffers.input(), &answer[100..]);
        assert_eq!(buffers.input_append_buf().len(), 100, "in the place of what was consumed");
        assert_eq!(buffers.input(), &answer[100..]);
    }

    #[test]
    fn a_small_answer_needs_little() {
        let mut buffers = SocketBuffers::new(MOST, OUTPUT);
        for _ in 0..100 {
            receive(&mut buffers, b"HTTP/1.1 204 No Content\r\n\r\n");
            buffers.input_consume(27);
        }
        assert_eq!(buffers.input.len(), LEAST_INPUT);
        assert!(!buffers.can_use_input(), "nothing is left");
    }

    #[test]
    fn what_was_sent_is_wiped_and_its_buffer_given_back() {
        let mut buffers = SocketBuffers::new(MOST, OUTPUT);
        buffers.output()[..6].copy_from_slice(b"secret");
        buffers.output()[OUTPUT - 4..].copy_from_slice(b"tail");
        assert_eq!(buffers.to_send(6), Some(&b"secret"[..]));
        assert_eq!(buffers.to_send(OUTPUT + 1), None);
        buffers.give_back();
        assert_eq!(buffers.to_send(6), None, "it is borrowed anew for each thing that is sent");
        buffers.output()[..6].copy_from_slice(b"unsent");
        drop(buffers);
        assert!(spare().iter().all(|buffer| buffer.iter().all(|byte| *byte == 0)));
    }

    #[test]
    fn there_is_room_to_read_a_body_while_an_answer_waits() {
        let mut buffers = SocketBuffers::new(MOST, OUTPUT);
        receive(&mut buffers, &vec![1; MOST]);
        let (tmp, output) = buffers.tmp_and_output();
        let room = tmp.len();
        assert!(room > 0 && output.len() == OUTPUT);
        assert_eq!(buffers.input(), vec![1; MOST]);
        buffers.input_appended(room);
        assert_eq!(buffers.input_append_buf().len(), 0);
        assert_eq!(buffers.input().len(), MOST + room, "nothing is cut off");
    }
}
