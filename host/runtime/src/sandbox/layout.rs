//! Where the memories and tables of calls lie: how much address space is set aside for them, and what is done where there is
//! too little of it.

use std::hint::black_box;

use serde::{Deserialize, Serialize};
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Result};
use wharf_egress::shortage;

use crate::limits::{EngineLimits, Limits};

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

/// Where there is room for fewer calls of the wide layout than these, a tight one is better.
const FEW_CALLS: u32 = 32;

/// As many calls as may take their memory from the system at one time.
const CALLS_ON_DEMAND: u32 = 8;

/// What lies behind a memory whose code checks where it reads and writes, in bytes.
const GUARD: u64 = 64 << 10;

/// What has to be left for the rest of the process where address space is limited, in bytes: threads, compiled code, answers.
const SPARE: u64 = 256 << 20;

/// How the memories of calls lie. Code is compiled for one of these, and cannot be used with another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Layout {
    /// Each memory has all that 32 bits address set aside for it, so that code need not check where it reads and writes.
    Wide,
    /// Each memory has as much set aside as it may take, and code checks.
    Tight,
    /// Nothing is set aside: an instance takes what it needs from the system, and gives it back.
    OnDemand,
}

/// The first engine that there is room for, with its layout and the number of its calls: fewer calls than these where it has to
/// be, and then another layout.
pub(crate) fn roomiest(limits: &Limits, calls: u32) -> Result<(Engine, Layout, u32)> {
    let limit = shortage::address_space();
    let spare = limit.map_or(SPARE, |most| SPARE.min(most / 4));
    let mut is_short = limit.is_some();
    for (layout, calls) in rungs(calls) {
        if let Ok(engine) = layout.engine(limits, calls)
            && (!is_short || is_left(spare))
        {
            return Ok((engine, layout, calls));
        }
        is_short = true;
    }
    let calls = calls.min(CALLS_ON_DEMAND);
    Ok((Layout::OnDemand.engine(limits, calls)?, Layout::OnDemand, calls))
}

/// What is tried, one after the other.
fn rungs(calls: u32) -> impl Iterator<Item = (Layout, u32)> {
    let halves = |layout, least| {
        let fewer = std::iter::successors(Some(calls), |calls| Some(calls / 2));
        fewer.take_while(move |calls| *calls >= least).map(move |calls| (layout, calls))
    };
    halves(Layout::Wide, FEW_CALLS.min(calls)).chain(halves(Layout::Tight, 1))
}

/// Whether the process may still ask for so many bytes. They are not touched.
fn is_left(bytes: u64) -> bool {
    let mut tried = Vec::<u8>::new();
    let had = usize::try_from(bytes).is_ok_and(|bytes| tried.try_reserve_exact(bytes).is_ok());
    black_box(tried);
    had
}

impl Layout {
    /// An engine for so many calls.
    pub(crate) fn engine(self, limits: &Limits, calls: u32) -> Result<Engine> {
        let EngineLimits { stack, .. } = limits.engine;
        let stack = stack.clamp(EngineLimits::LEAST_STACK, EngineLimits::MOST_STACK);
        let mut config = Config::new();
        config.wasm_component_model(true).epoch_interruption(true).max_wasm_stack(in_memory(stack));
        // Nobody is shown where in the guest an error happened, and to find that out takes longer than the rest of such a call.
        config.wasm_backtrace_max_frames(None);
        match self {
            Self::Wide => {
                let memory = limits.memory.max(LEAST_MEMORY);
                config.allocation_strategy(pool(limits, calls, memory));
            }
            Self::Tight => {
                // A memory has whole pages of WebAssembly.
                let memory = limits.memory.max(1).next_multiple_of(64 << 10);
                config.allocation_strategy(pool(limits, calls, memory));
                config.memory_reservation(memory).memory_guard_size(GUARD);
            }
            Self::OnDemand => {
                config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
                config.memory_reservation(0).memory_reservation_for_growth(1 << 20).memory_guard_size(GUARD);
            }
        }
        Engine::new(&config)
    }
}

fn pool(limits: &Limits, calls: u32, memory: u64) -> InstanceAllocationStrategy {
    let EngineLimits { instances, memories, tables, .. } = limits.engine;
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
        .table_elements(in_memory(limits.table_entries.max(LEAST_TABLE)))
        .max_memory_size(in_memory(memory));
    InstanceAllocationStrategy::Pooling(pool)
}

fn in_memory(size: u64) -> usize {
    usize::try_from(size).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_calls_come_before_another_layout_and_one_call_before_none() {
        let all: Vec<_> = rungs(100).collect();
        assert_eq!(all[..3], [(Layout::Wide, 100), (Layout::Wide, 50), (Layout::Tight, 100)]);
        assert_eq!(all.last(), Some(&(Layout::Tight, 1)));
        assert_eq!(rungs(1).collect::<Vec<_>>(), [(Layout::Wide, 1), (Layout::Tight, 1)]);
    }

    #[test]
    fn a_machine_with_room_has_what_was_asked_for() {
        if shortage::address_space().is_none() {
            let (_, layout, calls) = roomiest(&Limits::default(), 500).unwrap();
            assert_eq!((layout, calls), (Layout::Wide, 500));
        }
    }

    #[test]
    fn more_than_any_machine_sets_aside_is_taken_as_it_is_needed() {
        let mut limits = Limits::default();
        limits.engine.memories = 100_000_000;
        let (_, layout, calls) = roomiest(&limits, 500).unwrap();
        assert_eq!((layout, calls), (Layout::OnDemand, CALLS_ON_DEMAND));
    }
}
