//! Where the answers to the requests of a call come from.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sha2::{Digest as _, Sha256};
use wasmtime_wasi::clocks::HostWallClock;
use wasmtime_wasi::random::Deterministic;

use crate::cassette::{Player, Recorder};

/// Where the answers to the requests of a call come from.
#[derive(Clone)]
pub(crate) enum Way {
    /// From the provider.
    Network,
    /// From nowhere: the call ends with its first request and leaves no traces.
    DryRun,
    /// From the provider, and they are kept.
    Recording(Arc<Recorder>),
    /// From a cassette. Nothing is sent.
    Replay(Arc<Player>),
}

/// What a plugin would find another way in each run: recorded, so that a replay is the same.
#[derive(Clone)]
pub(crate) struct Moment {
    /// What the wall clock tells, and goes on to tell.
    pub(crate) time: SystemTime,
    /// What random numbers are made from.
    pub(crate) seed: String,
}

impl Way {
    pub(crate) fn is_dry_run(&self) -> bool {
        matches!(self, Self::DryRun)
    }

    pub(crate) fn is_network(&self) -> bool {
        matches!(self, Self::Network)
    }

    /// Set where the call has to be the same each time.
    pub(crate) fn moment(&self) -> Option<&Moment> {
        match self {
            Self::Network | Self::DryRun => None,
            Self::Recording(recorder) => Some(&recorder.moment),
            Self::Replay(player) => Some(&player.moment),
        }
    }
}

impl Moment {
    /// What the plugin takes for the id of the call.
    pub(crate) fn call_id(&self) -> String {
        let hash = Sha256::new().chain_update(&self.seed).chain_update("call").finalize();
        hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Random numbers that repeat themselves after more than guests draw.
    pub(crate) fn random(&self) -> Deterministic {
        const BLOCKS: u32 = 512;
        let block = |number: u32| Sha256::new().chain_update(&self.seed).chain_update(number.to_le_bytes()).finalize();
        Deterministic::new((0..BLOCKS).flat_map(block).collect())
    }

    /// What guests seed their hash tables with.
    pub(crate) fn insecure_seed(&self) -> u128 {
        Sha256::digest(&self.seed).first_chunk().map_or(0, |bytes| u128::from_le_bytes(*bytes))
    }
}

/// A wall clock that stands still.
impl HostWallClock for Moment {
    fn resolution(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn now(&self) -> Duration {
        self.time.duration_since(UNIX_EPOCH).unwrap_or_default()
    }
}
