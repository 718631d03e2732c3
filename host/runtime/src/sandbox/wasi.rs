//! WASI with nothing granted: no files, sockets, environment or arguments. Clocks work, and no timer reaches beyond the
//! deadline of the call; random numbers work, and are counted; what a guest prints goes to its log. While a call is recorded
//! or replayed the wall clock stands still, and random numbers come from a seed.

use wasmtime::component::{HasData, Linker, Resource};
use wasmtime_wasi::clocks::WasiClocksCtxView;
use wasmtime_wasi::p2::DynPollable;
use wasmtime_wasi::p2::bindings::clocks::monotonic_clock;
use wasmtime_wasi::p2::bindings::random::{insecure, random};
use wasmtime_wasi::random::WasiRandomCtx;
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

use super::ctx::Ctx;
use super::log::{Level, Log, Printed};
use super::meter::Meter;
use super::running::Running;
use super::way::Moment;

pub(crate) fn add_to_linker(linker: &mut Linker<Ctx>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_sync(linker)?;
    linker.allow_shadowing(true);
    monotonic_clock::add_to_linker::<Ctx, Clamped>(linker, |ctx| {
        let Ctx { wasi, table, meter, log, call, .. } = ctx;
        let wasi = wasi.get_or_insert_with(|| nothing_granted(log, moment(call)));
        ClampedClocks { clocks: WasiClocksCtxView { ctx: wasi.clocks(), table }, meter }
    })?;
    random::add_to_linker::<Ctx, Counting>(linker, counted)?;
    insecure::add_to_linker::<Ctx, Counting>(linker, counted)?;
    linker.allow_shadowing(false);
    Ok(())
}

fn moment(call: &Option<Running>) -> Option<&Moment> {
    call.as_ref().and_then(|call| call.way.moment())
}

fn nothing_granted(log: &Log, moment: Option<&Moment>) -> WasiCtx {
    let mut builder = WasiCtxBuilder::new();
    if let Some(moment) = moment {
        builder.wall_clock(moment.clone()).secure_random(moment.random()).insecure_random(moment.random());
        builder.insecure_random_seed(moment.insecure_seed());
    }
    builder
        .stdout(Printed { log: log.clone(), level: Level::Info })
        .stderr(Printed { log: log.clone(), level: Level::Warning })
        // No address could be reached with one; without this a guest could still use up the process's file descriptors.
        .allow_tcp(false)
        .allow_udp(false)
        .build()
}

/// Most guests never ask WASI for anything, so its context is made when the first one does.
impl WasiView for Ctx {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let (log, call) = (&self.log, &self.call);
        let ctx = self.wasi.get_or_insert_with(|| nothing_granted(log, moment(call)));
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
        let left = self.meter.deadline.left();
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

/// Random numbers, counted: WASI would hand out any number of bytes, 64 MiB at a time.
struct Counting;

impl HasData for Counting {
    type Data<'a> = CountedRandom<'a>;
}

struct CountedRandom<'a> {
    random: &'a mut WasiRandomCtx,
    meter: &'a mut Meter,
}

fn counted(ctx: &mut Ctx) -> CountedRandom<'_> {
    let Ctx { wasi, meter, log, call, .. } = ctx;
    CountedRandom { random: wasi.get_or_insert_with(|| nothing_granted(log, moment(call))).random(), meter }
}

/// Of a number in place of a list of bytes.
const NUMBER: u64 = 8;

impl random::Host for CountedRandom<'_> {
    fn get_random_bytes(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
        self.meter.count_randomness(length)?;
        self.random.get_random_bytes(length)
    }

    fn get_random_u64(&mut self) -> wasmtime::Result<u64> {
        self.meter.count_randomness(NUMBER)?;
        self.random.get_random_u64()
    }
}

impl insecure::Host for CountedRandom<'_> {
    fn get_insecure_random_bytes(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
        self.meter.count_randomness(length)?;
        self.random.get_insecure_random_bytes(length)
    }

    fn get_insecure_random_u64(&mut self) -> wasmtime::Result<u64> {
        self.meter.count_randomness(NUMBER)?;
        self.random.get_insecure_random_u64()
    }
}
