//! How much memory large requests have between them. A body of a few kilobytes needs none of it, so that whoever sends large ones holds
//! up nobody but those who do so too.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wharf::Json;

use crate::problem::{self, Problem};
use crate::work::job::blocking;

/// What needs no room, in bytes.
pub(crate) const SMALL: u64 = 64 << 10;

/// All of it, and the unit in which it is counted, in bytes.
const ALL: u64 = 96 << 20;
const UNIT: u64 = 1 << 10;

/// What a value takes once it is read, beyond its letters, in bytes; measured, it is some 70.
const VALUE: u64 = 128;

/// The room.
pub(crate) struct Room(Arc<Semaphore>);

/// A part of it, until it is dropped.
pub(crate) struct Held(#[expect(dead_code, reason = "it is held, and dropped")] Option<OwnedSemaphorePermit>);

impl Default for Room {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new((ALL / UNIT) as usize)))
    }
}

impl Room {
    /// For so many bytes, as soon as there is room for them.
    pub(crate) async fn for_bytes(&self, bytes: u64, wait: Duration) -> Result<Held, Problem> {
        if bytes <= SMALL {
            return Ok(Held(None));
        }
        let units = u32::try_from(bytes.min(ALL) / UNIT).unwrap_or(u32::MAX);
        let room = tokio::time::timeout(wait, Arc::clone(&self.0).acquire_many_owned(units)).await;
        match room {
            Ok(Ok(room)) => Ok(Held(Some(room))),
            _ => {
                let detail =
                    "as many large requests are read as there is memory for: nothing was done; come again later";
                Err(Problem::new(problem::BUSY, detail).after(Duration::from_secs(1)))
            }
        }
    }

    /// For what is read of a text. The values of a large one are counted elsewhere, as others wait for this thread.
    pub(crate) async fn for_json(&self, json: Json, wait: Duration) -> Result<(Json, Held), Problem> {
        let length = json.as_str().len() as u64;
        if length <= SMALL {
            return Ok((json, Held(None)));
        }
        let (json, values) = blocking(move || {
            let values = json.tokens().count() as u64;
            (json, values)
        })
        .await?;
        let held = self.for_values(length, values, wait).await?;
        Ok((json, held))
    }

    /// For what is read of a text with so many values.
    async fn for_values(&self, bytes: u64, values: u64, wait: Duration) -> Result<Held, Problem> {
        let whole = bytes.saturating_mul(2).saturating_add(values.saturating_mul(VALUE));
        if whole > ALL {
            let most = ALL / VALUE;
            let detail = format!(
                "the body has {values} values, and some {most} are what one request may have; send several requests"
            );
            return Err(Problem::new(problem::BODY_TOO_LARGE, detail));
        }
        self.for_bytes(whole, wait).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn large_requests_wait_for_each_other_and_small_ones_for_nobody() {
        let room = Room::default();
        let now = Duration::ZERO;
        let large = room.for_bytes(ALL - SMALL, now).await.unwrap();
        assert!(room.for_bytes(SMALL, now).await.is_ok());
        assert_eq!(room.for_bytes(1 << 20, now).await.map(drop).unwrap_err().kind, problem::BUSY);
        drop(large);
        assert!(room.for_bytes(1 << 20, now).await.is_ok());
        let bomb = room.for_values(16 << 20, 8 << 20, now).await;
        assert_eq!(bomb.map(drop).unwrap_err().kind, problem::BODY_TOO_LARGE);
    }
}
