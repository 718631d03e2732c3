//! The arguments of `wharf approvals`.

use clap::Subcommand;
use wharf_server::ApprovalState;

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Approvals {
    #[command(subcommand)]
    pub(crate) command: Option<OfApprovals>,
    #[command(flatten)]
    pub(crate) list: ListApprovals,
}

impl Approvals {
    pub(crate) fn wants_json(&self) -> bool {
        match &self.command {
            None => self.list.json,
            Some(OfApprovals::Show { json, .. }) => *json,
            Some(OfApprovals::Confirm { .. } | OfApprovals::Reject { .. }) => false,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum OfApprovals {
    /// Show all that is known of one: who asks, why, and the requests that would be sent
    Show {
        /// Its id
        id: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Let a call run, exactly as `show` shows it
    Confirm {
        /// Its id
        id: String,
        /// The digest that `show` shows
        #[arg(long, value_name = "DIGEST")]
        digest: String,
    },
    /// Let a call not run, or dismiss a request for access
    Reject {
        /// Its id
        id: String,
        /// Why, for whoever asked
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct ListApprovals {
    /// Only those of a tenant; '' is the one without a name
    #[arg(long, value_name = "TENANT")]
    pub(crate) tenant: Option<String>,
    /// Those that stand so, in place of those that are open: confirmed, rejected or expired
    #[arg(long, value_name = "STATE", value_parser = state, conflicts_with = "all")]
    pub(crate) state: Option<ApprovalState>,
    /// Those that are decided too
    #[arg(long)]
    pub(crate) all: bool,
    /// How many at most, the newest first
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) limit: usize,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

fn state(text: &str) -> Result<ApprovalState, String> {
    let names = || ApprovalState::ALL.map(ApprovalState::as_str).join(", ");
    ApprovalState::of(text).ok_or_else(|| format!("it is one of {}", names()))
}
