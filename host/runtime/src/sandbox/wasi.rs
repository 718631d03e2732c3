//! WASI with nothing granted: no files, sockets, environment or arguments. Clocks and random numbers work, what a guest
//! prints goes to its log, and no timer reaches beyond the deadline of the call.

use std::time::Instant;

use wasmtime::component::{HasData, Linker, Resource};
use wasmtime_wasi::clocks::WasiClocksCtxView;
use wasmtime_wasi::p2::DynPollable;
use wasmtime_wasi::p2::bindings::clocks::monotonic_clock;
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

use super::ctx::Ctx;
use super::log::{Level, Log, Printed};
use super::meter::Meter;

/// The most random bytes for one request; WASI's default of 64 MiB is a way to keep the host busy.
const RANDOM_BYTES: u64 = 64 * 1024;

pub(crate) fn add_to_linker(linker: &mut Linker<Ctx>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_sync(linker)?;
    linker.allow_shadowing(true);
    monotonic_clock::add_to_linker::<Ctx, Clamped>(linker, |ctx| {
        let Ctx { wasi, table, meter, log, .. } = ctx;
        let wasi = wasi.get_or_insert_with(|| nothing_granted(log));
        ClampedClocks { clocks: WasiClocksCtxView { ctx: wasi.clocks(), table }, meter }
    })?;
    linker.allow_shadowing(false);
    Ok(())
}

pub(crate) fn nothing_granted(log: &Log) -> WasiCtx {
    WasiCtxBuilder::new()
        .stdout(Printed { log: log.clone(), level: Level::Info })
        .stderr(Printed { log: log.clone(), level: Level::Warning })
        .max_random_size(RANDOM_BYTES)
        .build()
}

/// Most guests never ask WASI for anything, so its context is made when the first one does.
impl WasiView for Ctx {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let log = &self.log;
        let ctx = self.wasi.get_or_insert_with(|| nothing_granted(log));
        WasiCtxView { ctx, table: &mut self.table }
    }
}

/// The monotonic clock, whose timers end with the call: an epoch deadline does not wake a guest that sleeps.
struct Clamped;

impl HasData for Clamped {
    type Data<'a> = ClampedClocks<'a>;
}

struct ClampedClocks<'a> {
    clocks: WasiClocksCtxView<'a>,
    meter: &'a mut Meter,
}

impl ClampedClocks<'_> {
    fn clamp(&mut self, duration: u64) -> u64 {
        let left = self.meter.deadline.saturating_duration_since(Instant::now());
        let left = u64::try_from(left.as_nanos()).unwrap_or(u64::MAX);
        if duration > left {
            self.meter.overslept = true;
        }
        duration.min(left)
    }
}

impl monotonic_clock::Host for ClampedClocks<'_> {
    fn now(&mut self) -> wasmtime::Result<u64> {
        self.clocks.now()
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        self.clocks.resolution()
    }

    fn subscribe_instant(&mut self, when: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let now = self.clocks.now()?;
        let duration = self.clamp(when.saturating_sub(now));
        self.clocks.subscribe_duration(duration)
    }

    fn subscribe_duration(&mut self, duration: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let duration = self.clamp(duration);
        self.clocks.subscribe_duration(duration)
    }
}
