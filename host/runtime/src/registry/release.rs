use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use indexmap::IndexMap;
use wharf_egress::declaration::{Routes, Scheme};

use super::description::Description;
use super::ready::{Ready, Slot};
use crate::failure::Refusal;
use crate::manifest::{self, About, Manifest};
use crate::operation::{Operation, nearest};
use crate::sandbox::contract::{Contract, Plugin};

/// A loaded version of a plugin, ready to answer calls.
pub struct Release {
    /// What the plugin says of itself; it has passed the check.
    pub about: About,
    /// SHA-256 of the component, in lower case hexadecimal.
    pub digest: String,
    /// Size of the component, in bytes.
    pub size: u64,
    /// The file that it was loaded from; none for bytes in memory.
    pub file: Option<PathBuf>,
    description: Description,
    schemes: Vec<Arc<Scheme>>,
    routes: OnceLock<Routes>,
    /// Each is made ready for use when it is called for the first time.
    operations: IndexMap<String, Arc<Slot>>,
    ready: Arc<Ready>,
    pub(crate) plugin: Plugin,
}

impl Release {
    pub(crate) fn new(
        plugin: Plugin,
        description: Description,
        digest: String,
        file: Option<PathBuf>,
        ready: Arc<Ready>,
    ) -> Self {
        Self {
            about: description.about.clone(),
            digest,
            size: description.size,
            file,
            schemes: description.about.schemes.iter().cloned().map(Arc::new).collect(),
            routes: OnceLock::new(),
            operations: description.weights().map(|(name, weight)| (name.to_owned(), Slot::new(weight))).collect(),
            ready,
            description,
            plugin,
        }
    }

    /// The version of the contract that it was built for.
    pub fn contract(&self) -> Contract {
        self.plugin.contract()
    }

    /// All that the plugin says of itself, operations included. It is read anew with each call.
    pub fn manifest(&self) -> Manifest {
        self.description.manifest()
    }

    /// The names of the operations, in the plugin's order.
    pub fn operation_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.operations.keys().map(String::as_str)
    }

    /// An operation by its name.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] with the nearest name.
    pub fn operation(&self, name: &str) -> Result<Arc<Operation>, Refusal> {
        let Some(slot) = self.operations.get(name) else { return Err(Refusal::Unknown(self.no_operation(name))) };
        self.ready.get(slot, || self.prepare(name)).map_err(Refusal::Unknown)
    }

    /// Makes ready what the release before this one had ready, so that no call after the swap has to.
    pub(crate) fn warm_up(&self, before: &Self) {
        // What cannot be made ready now is told to the call that needs it.
        let _ = self.plugin.warm_up();
        for (name, ready) in &before.operations {
            if ready.is_ready() && self.operations.contains_key(name) {
                let _ = self.operation(name);
            }
        }
    }

    /// Whether it fits was checked when the release was made.
    fn prepare(&self, name: &str) -> Result<Operation, String> {
        let routes = self.routes.get_or_init(|| self.description.routes().into_iter().collect());
        let declared = self.description.operation(name).ok_or_else(|| "its description is damaged".to_owned());
        let ready = declared.and_then(|declared| manifest::prepare(declared, &self.schemes, routes));
        ready.map_err(|problem| {
            let plugin = &self.about.name;
            format!(
                "`{plugin}` has an operation `{name}` that cannot be used: {problem}; delete the compiled components"
            )
        })
    }

    fn no_operation(&self, name: &str) -> String {
        let plugin = &self.about.name;
        // The part after the dot alone is a common way to name it.
        let by_action = self.operation_names().find(|known| known.split('.').nth(1) == Some(name));
        match by_action.or_else(|| nearest(name, self.operation_names())) {
            Some(near) => format!("`{plugin}` has no operation `{name}`; did you mean `{near}`?"),
            None => format!("`{plugin}` has no operation `{name}`; `wharf describe {plugin}` lists them"),
        }
    }
}
