//! From the bytes of a component to code and a description: in this process, or in one of its own that can be given up.

use wasmtime::component::Linker;
use wharf_egress::declaration::Problem;

use super::component::{check_world, compile};
use super::description::Description;
use crate::limits::Limits;
use crate::manifest;
use crate::sandbox;
use crate::sandbox::contract::v0_1::Plugin;
use crate::sandbox::ctx::Ctx;
use crate::sandbox::engine::Engine;

/// What a component was compiled to.
pub(crate) struct Compiled {
    /// As the engine reads it back.
    pub(crate) code: Vec<u8>,
    pub(crate) description: Description,
}

/// Compiles a component, lets it describe itself, and checks what it says.
pub(crate) fn compile_here(
    engine: &Engine,
    linker: &Linker<Ctx>,
    bytes: &[u8],
    limits: Limits,
) -> Result<Compiled, String> {
    let component = compile(engine.inner(), bytes, &limits)?;
    check_world(engine.inner(), &component)?;
    let plugin = link(linker, &component)?;
    let manifest = sandbox::describe(engine, &plugin, limits)?;
    manifest::check(&manifest).map_err(|problems| refused(&problems))?;
    let broken = |error: &dyn std::fmt::Display| format!("what was compiled cannot be kept: {error}");
    let code = component.serialize().map_err(|error| broken(&error))?;
    let description = Description::of(&manifest, bytes.len() as u64).map_err(|error| broken(&error))?;
    Ok(Compiled { code, description })
}

/// Makes a component ready to be instantiated.
pub(crate) fn link(linker: &Linker<Ctx>, component: &wasmtime::component::Component) -> Result<Plugin, String> {
    Plugin::link(linker, component).map_err(|error| {
        // The outermost one names the import, the innermost what is the matter with it.
        let (import, problem) = (error.to_string(), error.root_cause().to_string());
        let problem = if import == problem { problem } else { format!("{import}: {problem}") };
        format!(
            "it does not fit the contract ({problem}); build it against the contract of this host, with no other imports"
        )
    })
}

fn refused(problems: &[Problem]) -> String {
    const MOST: usize = 5;
    let mut lines: Vec<String> = problems.iter().take(MOST).map(|p| format!("\n  - {p}")).collect();
    if problems.len() > MOST {
        lines.push(format!("\n  - and {} more", problems.len() - MOST));
    }
    format!("its manifest is not accepted:{}", lines.concat())
}
