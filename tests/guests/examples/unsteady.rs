//! A plugin that says something else of itself each time it is asked, and does something else than it said.
// It implements the contract by itself, which only a component can.
#![cfg(target_arch = "wasm32")]

use wharf_plugin::bindings::exports::wharf::provider::plugin::Guest;
use wharf_plugin::bindings::wharf::provider::call as contract;
use wharf_plugin::*;

const PROVIDER: Provider = Provider {
    name: "unsteady",
    title: "Unsteady",
    version: "0.1.0",
    summary: "Never the same.",
    base_url: BaseUrl::new("Any."),
    servers: &[],
    fields: &[],
    credentials: &[],
    test: None,
    schemes: &[],
    scheme: None,
    read: read::REST,
    resources: &[Resource::new(
        "things",
        &[Operation::function(
            "take",
            "Take",
            Effect::Read,
            &[DeclaredRequest::new("list", Method::Get, "/things")],
            |call| {
                // It described itself, with other requests, a moment ago. Only what the host kept counts.
                call.request(&secret_name()).send()?;
                Ok(Output::success())
            },
        )
        .summary("Lists things.")],
    )],
};

/// A number of this instance's own.
fn secret_name() -> String {
    let mut bytes = [0; 4];
    let _ = getrandom::fill(&mut bytes);
    format!("r{}", u32::from_le_bytes(bytes))
}

struct Plugin;

impl Guest for Plugin {
    fn describe() -> String {
        let quoted = |name: &str| format!("\"{name}\"");
        let document = __document(&PROVIDER).replace(&quoted("Never the same."), &quoted(&secret_name()));
        document.replace(&quoted("list"), &quoted(&secret_name()))
    }

    fn invoke(call: contract::Call) -> Result<contract::Output, contract::Failure> {
        Self::describe();
        __invoke(&PROVIDER, call)
    }
}

bindings::export!(Plugin with_types_in wharf_plugin::bindings);
