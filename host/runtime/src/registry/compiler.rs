//! From the bytes of a component to code and a description: in this process, or in one of its own that can be given up.

use std::iter::successors;
use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use rayon::ThreadPoolBuilder;
use wasmtime::component::{Component, Linker};
use wharf_egress::declaration::{Problem, Route, Routes, Scheme};
use wharf_egress::text::shortened;

use super::component::{NotLoaded, compile, contract_of};
use super::description::Description;
use crate::limits::Limits;
use crate::manifest::{self, Manifest, Operation};
use crate::operation::Planner;
use crate::sandbox;
use crate::sandbox::contract::Plugin;
use crate::sandbox::ctx::Ctx;
use crate::sandbox::engine::Engine;

/// What a component was compiled to.
pub(crate) struct Compiled {
    /// As the engine reads it back.
    pub(crate) code: Vec<u8>,
    pub(crate) description: Description,
}

/// The most that one operation may take to be ready for use, in bytes: a hundred times what the largest one known does.
const LARGEST_OPERATION: u64 = 16 << 20;

/// Operations are made ready, to be measured, until they take so much together, as it is estimated, in bytes. Those without shared
/// definitions never do.
const MEASURED: u64 = 2 << 30;

/// Compiles a component, lets it describe itself, and checks what it says. `allocated` tells what this process has allocated, where
/// nobody else allocates at the same time.
pub(crate) fn compile_here(
    engine: &Engine,
    linker: &Linker<Ctx>,
    bytes: &[u8],
    limits: Limits,
    allocated: impl Fn() -> Option<u64>,
) -> Result<Compiled, NotLoaded> {
    let component = on_threads(|| compile(engine.inner(), bytes, &limits))?;
    let plugin = link(engine.inner(), linker, &component)?;
    let manifest = sandbox::describe(engine, &plugin, limits)?;
    manifest::check(&manifest).map_err(|problems| refused(&problems))?;
    let broken = |error: &dyn std::fmt::Display| format!("what was compiled cannot be kept: {error}");
    let code = component.serialize().map_err(|error| broken(&error))?;
    let weights = weights(&manifest, allocated)?;
    let description = Description::of(&manifest, bytes.len() as u64, &weights).map_err(|error| broken(&error))?;
    Ok(Compiled { code, description })
}

/// Compiles on as many threads as the system has room for, and on this one where it has room for none: the pool that would be
/// made otherwise panics there.
fn on_threads<T: Send>(compile: impl FnOnce() -> T + Send) -> T {
    let all = thread::available_parallelism().map_or(1, NonZero::get);
    for threads in successors(Some(all), |threads| Some(threads / 2)).take_while(|threads| *threads > 0) {
        if let Ok(pool) = ThreadPoolBuilder::new().num_threads(threads).build() {
            return pool.install(compile);
        }
    }
    // From now on this thread is a pool of one. Where that fails, it has been one before.
    let _pool = ThreadPoolBuilder::new().num_threads(1).use_current_thread().build();
    compile()
}

/// What each operation takes to be ready for use, as it is estimated. Where it can be measured, none takes more than it may.
fn weights<'m>(manifest: &'m Manifest, allocated: impl Fn() -> Option<u64>) -> Result<Vec<u64>, String> {
    let schemes: Vec<Arc<Scheme>> = manifest.about.schemes.iter().cloned().map(Arc::new).collect();
    let routes: Routes = manifest.operations.iter().flat_map(|o| &o.requests).map(Route::of).collect();
    let mut planner = Planner::sharing(&manifest.definitions).map_err(|(_, problem)| problem)?;
    let mut all = 0_u64;
    let weight = |operation: &'m Operation| {
        let estimated = planner.weight(&operation.input_schema)?;
        all = all.saturating_add(estimated);
        if all > MEASURED {
            return Ok(estimated);
        }
        let mut declared = operation.clone();
        manifest::add_definitions(&mut declared.input_schema, |name| Ok(manifest.definitions.get(name).cloned()))?;
        let before = allocated();
        let ready = manifest::prepare(declared, &schemes, &routes)?;
        let measured = before.zip(allocated()).map(|(before, after)| after.saturating_sub(before));
        let most = measured.unwrap_or_default().max(ready.weight());
        if most <= LARGEST_OPERATION {
            return Ok(ready.weight());
        }
        let name = &operation.name;
        Err(format!(
            "its operation `{name}` takes {most} bytes to be ready for use, and {LARGEST_OPERATION} are the most: use fewer and \
             simpler patterns and schemas"
        ))
    };
    manifest.operations.iter().map(weight).collect()
}

/// Makes a component ready to be instantiated.
pub(crate) fn link(engine: &wasmtime::Engine, linker: &Linker<Ctx>, component: &Component) -> Result<Plugin, String> {
    let contract = contract_of(engine, component)?;
    Plugin::link(contract, linker, component).map_err(|error| {
        // The outermost one names the import, the innermost what is the matter with it.
        let (import, problem) = (error.to_string(), error.root_cause().to_string());
        let problem = if import == problem { problem } else { format!("{import}: {problem}") };
        format!(
            "it does not fit the contract ({problem}); build it against `{contract}` as this host has it, with no other imports"
        )
    })
}

fn refused(problems: &[Problem]) -> String {
    const MOST: usize = 5;
    // The names in it are those of a stranger.
    let short = |text: &str| shortened(text, 180);
    let line = |problem: &Problem| {
        let (place, problem) = (short(&problem.place), short(&problem.problem));
        format!("\n  - {}", Problem { place, problem })
    };
    let mut lines: Vec<String> = problems.iter().take(MOST).map(line).collect();
    if problems.len() > MOST {
        lines.push(format!("\n  - and {} more", problems.len() - MOST));
    }
    format!("its manifest is not accepted:{}", lines.concat())
}
