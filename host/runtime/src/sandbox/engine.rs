//! The engine: how components are compiled, and where their instances live.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use wasmtime::{Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::admission::Admission;
use crate::failure::Fault;
use crate::limits::{EngineLimits, Limits};

/// How often a guest is asked whether its time is over, and so how far it can run beyond its deadline.
const TICK: Duration = Duration::from_millis(10);

/// A component in Rust has four core instances with its adapters; one in Python some thirty, so that fewer calls fit.
const CORE_INSTANCES_OF_A_CALL: u32 = 8;

/// Room for one memory and one table, in bytes and entries, however low the limits of a call are: it is the call's meter
/// that says which limit was reached.
const LEAST_MEMORY: u64 = 256 << 20;
const LEAST_TABLE: u64 = 100_000;

/// What stays resident of the memory and of each table of a call for the next one, in bytes: it is set back by writing, which
/// costs less than taking the pages away and faulting them in again. A Rust guest uses less.
const RESIDENT_MEMORY: usize = 2 << 20;
const RESIDENT_TABLE: usize = 64 << 10;

/// A wasmtime engine with the clock that its deadlines go by.
pub(crate) struct Engine {
    inner: wasmtime::Engine,
    pub(crate) admission: Admission,
    stopped: Arc<AtomicBool>,
    ticker: Option<JoinHandle<()>>,
}

impl Engine {
    /// An engine whose calls may have at most these limits.
    pub(crate) fn new(limits: &Limits) -> Result<Self, Fault> {
        let broken =
            |error: &dyn std::fmt::Display| Fault::Host(format!("the WebAssembly engine does not start: {error}"));
        let admission = Admission::new(limits.engine.calls);
        let inner = wasmtime::Engine::new(&config(limits, admission.cap())).map_err(|error| {
            broken(&format!(
                "{error}; it keeps room for `calls`, `memories` and `tables`, so lower them under [limits]"
            ))
        })?;
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
        Ok(Self { inner, admission, stopped, ticker: Some(ticker) })
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

fn config(limits: &Limits, calls: u32) -> Config {
    let EngineLimits { instances, memories, tables, stack, .. } = limits.engine;
    let of_calls = calls.saturating_mul(CORE_INSTANCES_OF_A_CALL).max(instances);
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(calls)
        .total_core_instances(of_calls)
        .total_memories(calls.max(memories))
        .total_tables(of_calls.max(tables))
        // Calls run on their own threads.
        .total_stacks(1)
        // From Linux 6.7 the kernel tells which pages are to be set back; else all of what stays resident is.
        .pagemap_scan(Enabled::Auto)
        .linear_memory_keep_resident(RESIDENT_MEMORY)
        .table_keep_resident(RESIDENT_TABLE)
        .max_core_instances_per_component(instances)
        .max_memories_per_component(memories)
        .max_tables_per_component(tables)
        .max_memories_per_module(memories)
        .max_tables_per_module(tables)
        .max_component_instance_size(4 << 20)
        .max_core_instance_size(4 << 20)
        .table_elements(usize::try_from(limits.table_entries.max(LEAST_TABLE)).unwrap_or(usize::MAX))
        .max_memory_size(usize::try_from(limits.memory.max(LEAST_MEMORY)).unwrap_or(usize::MAX));
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .epoch_interruption(true)
        .max_wasm_stack(
            usize::try_from(stack.clamp(EngineLimits::LEAST_STACK, EngineLimits::MOST_STACK)).unwrap_or(usize::MAX),
        )
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}
