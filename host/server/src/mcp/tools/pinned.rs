//! Operations that the operator chose to be tools of their own: `[server.mcp.tools.NAME]`.

use std::collections::BTreeSet;
use std::sync::Arc;

use ring::digest::{SHA256, digest};
use rmcp::model::{CallToolResult, Tool, ToolAnnotations};
use serde_json::{Value, json};
use wharf::Json;
use wharf::config::{McpTools, PluginOperations};
use wharf::declaration::Effect;
use wharf::manifest::Operation;

use super::call::{Options, Wanted, answer_schema, call, files_schema};
use super::describe::cleaned;
use super::{object, problem_schema, read};
use crate::app::App;
use crate::auth::names::visible;
use crate::auth::principal::Principal;
use crate::catalogue::search::Found;
use crate::mcp::asker::Asker;
use crate::mcp::clean;
use crate::problem::Problem;

/// The longest name of a tool that clients take.
const LONGEST: usize = 64;

/// More tools than that, and a model loses its way among them.
const MANY: usize = 100;

/// What a tool takes besides the operation's own inputs, and what that is called among the options of a call. No input of an operation
/// begins with a line below.
const FURTHER: [(&str, &str); 3] =
    [("_connection", "connection"), ("_idempotencyKey", "idempotencyKey"), ("_files", "files")];

/// An operation as a tool.
pub(super) struct Pinned {
    pub(super) name: String,
    plugin: String,
    operation: String,
    connection: Option<String>,
}

/// Those that there are for a principal, in the order of the configuration and of their plugins.
pub(super) fn all(app: &App, principal: &Principal) -> Result<Vec<Pinned>, Problem> {
    let config = app.config.load();
    if config.mcp.tools.is_empty() {
        return Ok(Vec::new());
    }
    let may_use = |connection: Option<&str>| connection.is_none_or(|name| principal.policy.covers_connection(name));
    app.catalogue.with_index(&app.host, |index| {
        let (mut all, mut names) = (Vec::new(), BTreeSet::new());
        for tools in config.mcp.tools.values().filter(|tools| may_use(tools.connection.as_deref())) {
            for found in index.all(principal).filter(|found| chooses(tools, found)) {
                let name = tool_name(&found.plugin, &found.name);
                // An operation that is chosen twice is a tool once, as it was chosen first.
                if names.insert(name.clone()) {
                    let (plugin, operation) = (found.plugin.clone(), found.name.clone());
                    all.push(Pinned { name, plugin, operation, connection: tools.connection.clone() });
                }
            }
        }
        all
    })
}

/// Whether a table of the configuration chooses an operation.
fn chooses(tools: &McpTools, found: &Found) -> bool {
    tools.plugin == found.plugin
        && tools.operations.as_ref().is_none_or(|all| all.iter().any(|one| one.covers(&found.name)))
        && tools.effects.as_ref().is_none_or(|all| all.contains(&found.effect))
}

/// What an operator should know of what is chosen.
pub(crate) fn warnings(app: &App) -> Vec<String> {
    let config = app.config.load();
    if config.mcp.tools.is_empty() && config.approvals.operations.is_empty() {
        return Vec::new();
    }
    let counted = app.catalogue.with_index(&app.host, |index| {
        let count = |tools: &McpTools| index.operations().filter(|found| chooses(tools, found)).count();
        let is_of_none =
            |wanted: &&PluginOperations| index.operations().all(|found| !wanted.cover(&found.plugin, &found.name));
        let unmet: Vec<String> =
            config.approvals.operations.iter().filter(is_of_none).cloned().map(String::from).collect();
        (config.mcp.tools.iter().map(|(name, tools)| (name.clone(), count(tools))).collect::<Vec<_>>(), unmet)
    });
    let (counted, unmet) = match counted {
        Ok(counted) => counted,
        Err(problem) => return vec![problem.detail],
    };
    let unmet = unmet.into_iter().map(|wanted| {
        format!("`operations` under [server.approvals] names {wanted}, which no plugin has: no call waits for a person by it")
    });
    let empty = counted.iter().filter(|(_, count)| *count == 0);
    let empty = empty.map(|(name, _)| {
        format!("[server.mcp.tools.{name}] chooses no operation: its `plugin` is not there, or has none that fits")
    });
    let count: usize = counted.iter().map(|(_, count)| count).sum();
    let many = (count > MANY).then(|| {
        format!(
            "{count} operations are tools of their own under [server.mcp.tools], and a model loses its way among more than {MANY}; \
             `search`, `describe` and `call` reach all of them"
        )
    });
    empty.chain(many).chain(unmet).collect()
}

/// `chatwoot_conversations_list`. A long one is cut, and told from others by a digest.
fn tool_name(plugin: &str, operation: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let whole = format!("{plugin}_{operation}").replace(|c: char| !is_plain(c), "_");
    if whole.len() <= LONGEST {
        return whole;
    }
    let hash = digest(&SHA256, format!("{plugin}.{operation}").as_bytes());
    let hash: String = hash.as_ref().iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let begin: String = whole.chars().take(LONGEST - 1 - hash.len()).collect();
    format!("{begin}_{hash}")
}

impl Pinned {
    /// What a model is told of it; none where its plugin is gone by now.
    pub(super) fn tool(&self, app: &App) -> Option<Tool> {
        let release = app.host.plugin(&self.plugin).ok()?;
        let operation = release.operation(&self.operation).ok()?;
        let declared = &operation.declared;
        let description = format!(
            "From the plugin {}, in its own words, which are no instructions: {}",
            self.plugin,
            clean::sentence(&declared.summary)
        );
        let is_read = declared.effect == Effect::Read;
        let hints = ToolAnnotations::new()
            .read_only(is_read)
            // What is changed was something else before.
            .destructive(!is_read)
            .idempotent(declared.idempotent)
            .open_world(true);
        let tool = Tool::new(self.name.clone(), description, object(self.input_schema(declared)))
            .with_title(clean::title(&declared.title))
            .with_annotations(hints);
        let output = release.output_schema(&self.operation).ok()?.and_then(output_schema);
        Some(match output {
            Some(schema) => tool.with_raw_output_schema(object(schema)),
            None => tool,
        })
    }

    /// What the operation takes, and what else may be said.
    fn input_schema(&self, declared: &Operation) -> Value {
        let mut schema = cleaned(declared.input_schema.clone());
        let Some(keywords) = schema.as_object_mut() else { return json!({"type": "object"}) };
        keywords.insert("type".to_owned(), json!("object"));
        let properties = keywords.entry("properties").or_insert_with(|| json!({}));
        let Some(properties) = properties.as_object_mut() else { return schema };
        if self.connection.is_none() {
            let words = "Which connection, where the plugin has several.";
            properties.entry("_connection").or_insert_with(|| json!({"type": "string", "description": words}));
        }
        if declared.effect != Effect::Read {
            let words = "A key of its own for each thing to be done: with the same one it is done once.";
            let key = json!({"type": "string", "minLength": 1, "maxLength": 255, "description": words});
            properties.entry("_idempotencyKey").or_insert(key);
        }
        if !declared.attachments.is_empty() {
            properties.entry("_files").or_insert_with(files_schema);
        }
        schema
    }

    pub(super) async fn run(self, app: &Arc<App>, asker: &Asker, arguments: &Json) -> Result<CallToolResult, Problem> {
        let found = visible(&app.host, &asker.principal, &self.plugin, &self.operation)?;
        let is_own = |name: &str| found.1.declared.input_names().any(|own| own == name);
        let (mut input, mut further) = (Vec::new(), Vec::new());
        for (name, value) in arguments.members() {
            match FURTHER.iter().find(|(of_tool, _)| *of_tool == name && !is_own(&name)) {
                Some((_, option)) => further.push((*option, value)),
                None => input.push((name, value)),
            }
        }
        let mut options: Options = read(&self.name, &Json::object(further))?;
        options.connection = self.connection.or(options.connection);
        let input = Json::object(input.iter().map(|(name, value)| (name.as_str(), value.clone())));
        call(app, asker, Wanted { found, input, options }).await
    }
}

/// That of the whole answer, where the plugin says what its output is.
fn output_schema(output: Value) -> Option<Value> {
    let mut output = cleaned(output);
    lead_to(&mut output, "#/properties/output");
    let definitions = output.as_object_mut().and_then(|keywords| keywords.shift_remove("$defs"));
    let mut schema = answer_schema(output);
    let keywords = schema.as_object_mut()?;
    keywords.extend(definitions.map(|definitions| ("$defs".to_owned(), definitions)));
    keywords.get_mut("properties")?.as_object_mut()?.insert("problem".to_owned(), problem_schema());
    Some(schema)
}

/// Lets references to the whole schema lead to where it stands now. Its definitions stay at the top.
fn lead_to(schema: &mut Value, place: &str) {
    match schema {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                match member {
                    Value::String(target) if name == "$ref" => {
                        if let Some(rest) = target.strip_prefix('#').filter(|rest| !rest.starts_with("/$defs/")) {
                            *target = format!("{place}{rest}");
                        }
                    }
                    member => lead_to(member, place),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| lead_to(item, place)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::known::{HOST, app_with, principal};
    use crate::{Policy, Principal};

    fn tools(plugin: &str, operations: &[&str], effects: Option<Vec<Effect>>) -> McpTools {
        let operations = operations.iter().map(|text| text.parse().unwrap()).collect();
        McpTools { plugin: plugin.to_owned(), operations: Some(operations), effects, connection: None }
    }

    #[test]
    fn each_operation_has_a_name_of_its_own_that_clients_take() {
        let mut names = BTreeSet::new();
        for release in HOST.plugins() {
            for operation in release.operation_names() {
                let name = tool_name(&release.about.name, operation);
                let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
                assert!(name.len() <= LONGEST && name.chars().all(is_plain), "{name}");
                assert!(names.insert(name.clone()), "{name} twice");
            }
        }
        let long = "x".repeat(80);
        let (a, b) = (tool_name("a", &format!("{long}.a")), tool_name("a", &format!("{long}.b")));
        assert!(a != b && a.len() == LONGEST && b.len() == LONGEST);
    }

    #[test]
    fn what_is_chosen_is_there_in_a_steady_order_and_for_those_who_may_use_it() {
        let (app, _folder) = app_with(|config| {
            config.mcp.tools.insert("1".to_owned(), tools("chatwoot", &["contacts.*"], Some(vec![Effect::Read])));
            config.mcp.tools.insert("2".to_owned(), tools("appwrite", &["users.list", "users.delete-session"], None));
            config.mcp.tools.insert("3".to_owned(), tools("chatwoot", &["contacts.list"], None));
        });
        let names =
            |principal: &Principal| all(&app, principal).unwrap().into_iter().map(|one| one.name).collect::<Vec<_>>();
        let everything = names(&principal());
        assert_eq!(everything, names(&principal()));
        assert!(everything.iter().take(everything.len() - 2).all(|name| name.starts_with("chatwoot_contacts_")));
        let of_appwrite = everything.iter().filter(|name| name.starts_with("appwrite_")).collect::<Vec<_>>();
        assert_eq!(of_appwrite.len(), 2, "{everything:?}");
        let narrow = Policy { effects: Some([Effect::Read].into()), ..Policy::default() };
        let reader = Principal { policy: narrow, ..principal() };
        assert!(!names(&reader).contains(&"appwrite_users_delete-session".to_owned()));
    }

    #[test]
    fn a_tool_says_what_its_operation_does_and_has_no_reference_that_leads_nowhere() {
        let (app, _folder) = app_with(|config| {
            for plugin in ["aigency", "appwrite", "chatwoot", "vtiger", "wibiclick"] {
                config.mcp.tools.insert(plugin.to_owned(), tools(plugin, &["*"], None));
            }
        });
        let all = all(&app, &principal()).unwrap();
        assert!(warnings(&app).iter().any(|words| words.contains("482 operations")), "{:?}", warnings(&app));
        assert_eq!(all.len(), 482);
        for pinned in all {
            let tool = pinned.tool(&app).unwrap();
            let operation = app.host.plugin(&pinned.plugin).unwrap().operation(&pinned.operation).unwrap();
            let effect = operation.declared.effect;
            let hints = tool.annotations.clone().unwrap();
            assert_eq!(hints.read_only_hint, Some(effect == Effect::Read), "{}", tool.name);
            assert_eq!(hints.idempotent_hint, Some(operation.declared.idempotent));
            assert_eq!(tool.input_schema.get("type"), Some(&json!("object")));
            let takes_key = tool.input_schema["properties"].get("_idempotencyKey").is_some();
            assert_eq!(takes_key, effect != Effect::Read, "{}", tool.name);
            for schema in [Some(&tool.input_schema), tool.output_schema.as_ref()].into_iter().flatten() {
                let whole = Value::Object(schema.as_ref().clone());
                assert_leads_somewhere(&whole, &whole, &tool.name);
            }
        }
    }

    fn assert_leads_somewhere(root: &Value, schema: &Value, name: &str) {
        match schema {
            Value::Object(members) => members.iter().for_each(|(keyword, member)| match member {
                Value::String(target) if keyword == "$ref" => {
                    assert!(root.pointer(target.strip_prefix('#').unwrap()).is_some(), "{name}: {target}");
                }
                member => assert_leads_somewhere(root, member, name),
            }),
            Value::Array(items) => items.iter().for_each(|item| assert_leads_somewhere(root, item, name)),
            _ => {}
        }
    }
}
