//! The engine: how components are compiled, and where their instances live.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use wasmtime::{Config, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::failure::{Fault, LimitReached};
use crate::limits::Limits;

/// How long a guest that never pauses can run beyond its deadline.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Calls that can be in flight at one time, where a component has no more than [`CORE_INSTANCES_OF_A_CALL`].
const CALLS: u32 = 1000;

/// A component in Rust has four core instances with its adapters; one in Python some thirty, so that fewer calls fit.
const CORE_INSTANCES_OF_A_CALL: u32 = 8;

/// Core instances, memories and tables of one component. A component made from Python has about thirty modules.
const CORE_INSTANCES: u32 = 100;
const MEMORIES: u32 = 4;
const TABLES: u32 = 20;

/// Room for one memory and one table, in bytes and entries, however low the limits of a call are: it is the call's meter
/// that says which limit was reached.
const LEAST_MEMORY: u64 = 256 << 20;
const LEAST_TABLE: u64 = 100_000;

/// There is no room for one more instance: all calls together reached a limit, not this one.
pub(crate) fn too_many_calls() -> LimitReached {
    LimitReached {
        name: "calls",
        value: format!("about {CALLS}"),
        what: "too many calls are in flight, or fewer calls of large components".to_owned(),
        remedy: "fewer calls at one time, or try again".to_owned(),
    }
}

/// A wasmtime engine with the clock that its deadlines go by.
pub(crate) struct Engine {
    inner: wasmtime::Engine,
    stopped: Arc<AtomicBool>,
    ticker: Option<JoinHandle<()>>,
}

impl Engine {
    /// An engine whose calls may have at most these limits.
    pub(crate) fn new(limits: &Limits) -> Result<Self, Fault> {
        let broken =
            |error: &dyn std::fmt::Display| Fault::Host(format!("the WebAssembly engine does not start: {error}"));
        let inner = wasmtime::Engine::new(&config(limits)).map_err(|error| broken(&error))?;
        let stopped = Arc::new(AtomicBool::new(false));
        let ticker = thread::Builder::new()
            .name("wharf-ticker".to_owned())
            .spawn({
                let (engine, stopped) = (inner.clone(), Arc::clone(&stopped));
                move || {
                    while !stopped.load(Ordering::Relaxed) {
                        thread::park_timeout(TICK);
                        engine.increment_epoch();
                    }
                }
            })
            .map_err(|error| broken(&error))?;
        Ok(Self { inner, stopped, ticker: Some(ticker) })
    }

    pub(crate) fn inner(&self) -> &wasmtime::Engine {
        &self.inner
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        if let Some(ticker) = self.ticker.take() {
            ticker.thread().unpark();
            // It cannot panic, and there would be nobody to tell.
            let _ = ticker.join();
        }
    }
}

fn config(limits: &Limits) -> Config {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(CALLS)
        .total_core_instances(CALLS * CORE_INSTANCES_OF_A_CALL)
        .total_memories(CALLS)
        .total_tables(CALLS * CORE_INSTANCES_OF_A_CALL)
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_memories_per_component(MEMORIES)
        .max_tables_per_component(TABLES)
        .max_component_instance_size(4 << 20)
        .max_core_instance_size(4 << 20)
        .table_elements(usize::try_from(limits.table_entries.max(LEAST_TABLE)).unwrap_or(usize::MAX))
        .max_memory_size(usize::try_from(limits.memory.max(LEAST_MEMORY)).unwrap_or(usize::MAX));
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .epoch_interruption(true)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}
