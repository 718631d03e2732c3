//! `wharf mcp`: one agent, by the Model Context Protocol on the standard streams.

use std::collections::BTreeSet;
use std::io;
use std::process::ExitCode;

use anyhow::Result;
use wharf_server::{LOCAL, Local, Principal, Role, Store};

use super::serve::Serving;
use crate::args::{Args, Mcp};
use crate::print;
use crate::setup::find;
use crate::setup::server::file_of_user;

pub(crate) fn run(args: &Args, options: &Mcp) -> Result<ExitCode> {
    wharf_server::share_heaps();
    let file = find(args.config.as_deref());
    let serving = Serving::with(
        file.as_deref(),
        |_, builder| Ok(builder),
        |setup| Ok(Store::open_to_call(&file_of_user(&setup.config)?, setup.vault()?)?),
    )?;
    let local = match &options.of_token {
        Some(name) => Local::OfToken(name.clone()),
        None => Local::Somebody(Principal {
            name: LOCAL.to_owned(),
            tenant: None,
            roles: BTreeSet::from([Role::Call, Role::Manage]),
            policy: options.narrowed.policy(),
        }),
    };
    let (server, _log) = serving.server();
    server.serve_mcp(local, io::stdin(), print::of_protocol())?;
    Ok(ExitCode::SUCCESS)
}
