//! A call whose items are handed on as they come.

use std::sync::Arc;
use std::time::Instant;

use wharf_egress::Json;

use super::lines::{Listening, NoItem, first_lines};
use super::{Begun, Ended, Run, end, rules};
use crate::grant::Grant;
use crate::limits::Limits;
use crate::manifest::About;
use crate::operation::Operation;
use crate::registry::Release;
use crate::sandbox::Ran;
use crate::sandbox::ctx::Ctx;
use crate::sandbox::running::Running;

/// Whether the output of an operation is a list of items that come line by line.
pub(crate) fn gives_lines(about: &About, operation: &Operation) -> bool {
    operation.declared.data.as_ref().is_some_and(|data| first_lines(rules(about, data), about).is_some())
}

/// How a call began.
pub(crate) enum Listened {
    /// It is over already.
    Ran(Box<Ran>),
    Items(Box<Items>),
}

/// The items of a call.
pub(crate) struct Items {
    ctx: Ctx,
    release: Arc<Release>,
    operation: Arc<Operation>,
    grant: Arc<Grant>,
    listening: Box<Listening>,
    /// Set where it failed.
    ended: Option<Ended>,
}

impl Items {
    /// Sends the request of an operation, and waits for the head of its answer.
    pub(crate) fn of(running: Running, limits: Limits, started: Instant) -> Listened {
        let (release, operation, grant) = (running.release.clone(), running.operation.clone(), running.grant.clone());
        let mut ctx = Ctx::new(limits, started, Some(running));
        let data = operation.declared.data.clone().unwrap_or_default();
        let mut run = Run::of(&mut ctx, &release.about, &operation, &data);
        let ended = match run.begin() {
            Ok(Begun::Lines(listening)) => {
                return Listened::Items(Box::new(Self { ctx, release, operation, grant, listening, ended: None }));
            }
            Ok(Begun::Given(given)) => run.ended_with(Ok((given, None))),
            Err(why) => run.ended_with(Err(why)),
        };
        Listened::Ran(Box::new(end(ctx, &release, &operation, &grant, ended)))
    }

    /// The next item, if there is another.
    pub(crate) fn next(&mut self) -> Option<Json> {
        if self.ended.is_some() {
            return None;
        }
        match self.listening.next(&mut self.ctx) {
            Ok(item) => item,
            Err(why) => {
                self.ended = Some(self.failed(why));
                None
            }
        }
    }

    fn failed(&mut self, why: NoItem) -> Ended {
        let data = self.operation.declared.data.clone().unwrap_or_default();
        let mut run = Run::of(&mut self.ctx, &self.release.about, &self.operation, &data);
        let why = run.no_item(why);
        run.ended_with(Err(why))
    }

    /// How it ended. What has not come is not waited for.
    pub(crate) fn end(mut self) -> Ran {
        let ended = match self.ended.take() {
            Some(ended) => ended,
            None => match self.listening.hang_up(&mut self.ctx) {
                Ok(()) => Ended::Answered(Ok(((Json::null(), Vec::new()), None))),
                Err(why) => self.failed(why),
            },
        };
        end(self.ctx, &self.release, &self.operation, &self.grant, ended)
    }
}
