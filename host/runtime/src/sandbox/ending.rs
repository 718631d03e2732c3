//! How a run ends: what is told of it, in words that are fit to be shown.

use std::sync::Arc;
use std::time::Duration;

use wharf_egress::text::visible;
use wharf_egress::{Connection, Masker};

use super::contract::Failed;
use super::ctx::Ctx;
use super::tokens::Tokens;
use super::{Given, Ran};
use crate::failure::{CallError, Detail, Failure, Fault, LimitReached, Refusal};
use crate::operation::Operation;
use crate::registry::Release;

/// What the words of a run's end are made by.
pub(crate) struct Ending<'a> {
    release: &'a Release,
    operation: &'a Operation,
    connection: Arc<Connection>,
    seen: Masker,
    tokens: Tokens,
}

impl<'a> Ending<'a> {
    pub(crate) fn of(
        ctx: &mut Ctx,
        release: &'a Release,
        operation: &'a Operation,
        connection: &Arc<Connection>,
    ) -> Self {
        // What its credentials were last: the words may be of any of them.
        let connection = Arc::clone(ctx.call.as_ref().map_or(connection, |call| &call.connection));
        let (seen, tokens) = (std::mem::take(&mut ctx.seen), std::mem::take(&mut ctx.tokens));
        Self { release, operation, connection, seen, tokens }
    }

    fn mask(&self, text: String) -> String {
        self.tokens.mask(self.seen.mask_text(self.connection.mask_for_people(text)))
    }

    fn words(&self, text: String) -> String {
        self.mask(visible(cut(&text)))
    }

    /// The plugin is broken.
    pub(crate) fn broken(&self, message: String) -> CallError {
        CallError::Fault(Fault::Plugin {
            plugin: self.release.about.name.clone(),
            operation: self.operation.declared.name.clone(),
            message: self.words(message),
        })
    }

    /// What it says that it failed with.
    pub(crate) fn failed(&self, ctx: &mut Ctx, why: Failed) -> CallError {
        let words = |text: String| self.words(text);
        match why {
            why if let Some(limit) = ctx.meter.reached() => Refusal::from(with_note(limit, &words(why.words()))).into(),
            Failed::Told(failure) => {
                clean(told_where(failure, ctx.moved.take()), words, &words(self.release.about.title.clone())).into()
            }
            Failed::Denied(message) => match ctx.refused.take() {
                Some(refusal) => noted(refusal, &words(message)).into(),
                None => self.broken(format!("it says that the host denied a request, which did not happen: {message}")),
            },
        }
    }

    /// The whole.
    pub(crate) fn ran(
        &self,
        ctx: Ctx,
        result: Result<Given, CallError>,
        partial: Option<Given>,
        sandbox: Option<Duration>,
    ) -> Ran {
        Ran {
            result: result.map_err(|error| ctx.changes.told(error)),
            changes: ctx.changes,
            partial,
            log: ctx.log.take(|text| self.mask(text)),
            exchanges: ctx.exchanges,
            network: ctx.network,
            waiting: ctx.waiting,
            sandbox,
        }
    }
}

/// A limit, with what the plugin says of it.
fn with_note(mut limit: LimitReached, words: &str) -> LimitReached {
    let note = note_before(words, &limit.to_string()).unwrap_or(words);
    if !note.is_empty() {
        limit.what = format!("{}; the plugin says: {note}", limit.what);
    }
    limit
}

/// A refusal, with what the plugin says of it before the host's own words.
fn noted(refusal: Refusal, words: &str) -> Refusal {
    match refusal {
        Refusal::Denied(mut denial) => {
            if let Some(note) = note_before(words, &denial.message).filter(|note| !note.is_empty()) {
                denial.message = format!("{}; the plugin says: {note}", denial.message);
            }
            Refusal::Denied(denial)
        }
        other => other,
    }
}

fn note_before<'w>(words: &'w str, known: &str) -> Option<&'w str> {
    words.strip_suffix(known).map(|note| note.strip_suffix(": ").unwrap_or(note))
}

/// As much of a stranger's words as anyone reads.
fn cut(text: &str) -> &str {
    const LONGEST: usize = 4096;
    text.get(..text.floor_char_boundary(LONGEST)).unwrap_or(text)
}

/// A failure that comes from a redirect, with where that leads: a plugin does not know what its requests are sent to.
fn told_where(failure: Failure, moved: Option<(u16, String)>) -> Failure {
    match (failure, moved) {
        (Failure::Provider(detail), Some((status, words))) if detail.status == Some(status) => {
            Failure::Provider(Detail { message: format!("{words}; the answer: {}", detail.message), ..detail })
        }
        (failure, _) => failure,
    }
}

/// A failure in words that came from a stranger, with what the provider is called.
fn clean(failure: Failure, clean: impl Fn(String) -> String, provider: &str) -> Failure {
    let detail = |from: Detail| Detail {
        message: clean(from.message),
        code: from.code.map(&clean),
        provider: provider.to_owned(),
        ..from
    };
    match failure {
        Failure::InvalidInput { field, message } => {
            Failure::InvalidInput { field: field.map(&clean), message: clean(message) }
        }
        Failure::Unauthorized(from) => Failure::Unauthorized(detail(from)),
        Failure::Forbidden(from) => Failure::Forbidden(detail(from)),
        Failure::NotFound(from) => Failure::NotFound(detail(from)),
        Failure::Conflict(from) => Failure::Conflict(detail(from)),
        Failure::RateLimited(from) => Failure::RateLimited(detail(from)),
        Failure::Provider(from) => Failure::Provider(detail(from)),
        Failure::Unavailable(from) => Failure::Unavailable(detail(from)),
        Failure::Timeout(from) => Failure::Timeout(detail(from)),
    }
}
