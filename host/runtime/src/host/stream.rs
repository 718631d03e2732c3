//! A call whose items are handed on as the provider sends them.

use std::time::Duration;

use wharf_egress::Json;

use super::Host;
use super::run::{Begun, Named, Target, report_of, unbroken};
use crate::call::{Call, Report};
use crate::data::{Items, Listened, gives_lines};
use crate::failure::CallError;
use crate::sandbox::Ran;
use crate::sandbox::admission::Admitted;
use crate::sandbox::way::Way;

/// The items of a call, each as soon as it is there, with strong secrets masked as in an [`Output`](crate::Output).
///
/// They end where those of [`Host::run`] do, and also where the call fails: [`Stream::end`] tells how it was. The call's timeout
/// goes on while nobody asks for an item. Who drops a stream ends its call, and hangs up.
pub struct Stream<'h> {
    host: &'h Host,
    named: Named,
    state: State<'h>,
}

enum State<'h> {
    Open(Box<Open<'h>>),
    Over(Box<Ran>),
    /// It was no stream.
    Told(Box<Report>),
}

/// What a call has as long as it is under way.
struct Open<'h> {
    /// Its place among the calls in flight.
    admitted: Admitted<'h>,
    target: Target,
    input: u64,
    items: Items,
}

impl Host {
    /// Begins a call, and gives its items as they come. It is for operations whose answer comes line by line; any other runs to its
    /// end, and has no items but an [end](Stream::end) with its output. It is tried once: what was handed on is not taken back.
    ///
    /// ```no_run
    /// # let host = wharf::Host::builder().build()?;
    /// # let call = wharf::Call::new("acme", "answers.write");
    /// let mut stream = host.stream(call);
    /// for item in &mut stream {
    ///     println!("{item}");
    /// }
    /// stream.end().result?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn stream(&self, call: Call) -> Stream<'_> {
        let way = if call.dry_run { Way::DryRun } else { Way::Network };
        let begun = self.begin(way, &call);
        let named = begun.named.clone();
        let of_lines = |target: &Target| gives_lines(&target.tenure.release.about, &target.operation);
        let state = if begun.target.as_ref().is_ok_and(of_lines) {
            self.listen(begun, call).unwrap_or_else(|error| State::Over(Box::new(Ran::ended(error))))
        } else {
            State::Told(Box::new(self.run_begun(begun, call).0))
        };
        Stream { host: self, named, state }
    }

    fn listen(&self, begun: Begun, call: Call) -> Result<State<'_>, CallError> {
        let target = begun.target?;
        let input = call.fingerprint();
        let (admitted, listened) = unbroken(|| {
            let (admitted, running) = self.let_in(&target, call)?;
            Ok((admitted, Items::of(running, target.limits, target.started)))
        })?;
        Ok(match listened {
            Listened::Items(items) => State::Open(Box::new(Open { admitted, target, input, items: *items })),
            Listened::Ran(ran) => {
                drop(admitted);
                State::Over(Box::new(self.conclude(&target, input, *ran)))
            }
        })
    }
}

impl Stream<'_> {
    /// Ends the call where it is, and tells all that is known of it. What was handed on is not in the output, which is null; to stop
    /// before the last item is no failure.
    pub fn end(self) -> Report {
        let Self { host, named, state } = self;
        let ran = match state {
            State::Told(report) => return *report,
            State::Over(ran) => *ran,
            State::Open(open) => {
                let Open { admitted, target, input, items } = *open;
                let ran = unbroken(|| Ok(items.end())).unwrap_or_else(Ran::ended);
                drop(admitted);
                host.conclude(&target, input, ran)
            }
        };
        report_of(named, ran, 0, Duration::ZERO)
    }
}

impl Iterator for Stream<'_> {
    type Item = Json;

    fn next(&mut self) -> Option<Json> {
        let State::Open(open) = &mut self.state else { return None };
        match unbroken(|| Ok(open.items.next())) {
            Ok(item) => item,
            Err(error) => {
                self.state = State::Over(Box::new(Ran::ended(error)));
                None
            }
        }
    }
}
