//! Operations that the operator chose to be tools of their own: `[server.mcp.tools.NAME]`.

use std::collections::BTreeSet;
use std::sync::Arc;

use ring::digest::{SHA256, digest};
use rmcp::model::{CallToolResult, Tool, ToolAnnotations};
use serde_json::{Map, Value, json};
use wharf::config::McpTools;
use wharf::declaration::Effect;
use wharf::operation::Operation;
use wharf::{Json, Release};

use super::call::{Options, Wanted, answer_schema, call, files_schema};
use super::describe::cleaned;
use super::{object, problem_schema, read};
use crate::app::App;
use crate::auth::principal::Principal;
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
    release: Arc<Release>,
    operation: Arc<Operation>,
    connection: Option<String>,
}

/// Those that there are for a principal, in the order of the configuration and of their plugins.
pub(super) fn all(app: &App, principal: &Principal) -> Vec<Pinned> {
    let config = app.config.load();
    let mut names = BTreeSet::new();
    let all = config.mcp.tools.values().flat_map(|tools| chosen(app, tools));
    let seen = all.filter(|pinned| {
        let declared = &pinned.operation.declared;
        principal.sees(&pinned.release.about.name, &declared.name, declared.effect)
            && pinned.connection.as_deref().is_none_or(|name| principal.policy.covers_connection(name))
    });
    // An operation that is chosen twice is a tool once, as it was chosen first.
    seen.filter(|pinned| names.insert(pinned.name.clone())).collect()
}

/// The operations that a table of the configuration chooses.
fn chosen(app: &App, tools: &McpTools) -> Vec<Pinned> {
    let Ok(release) = app.host.plugin(&tools.plugin) else { return Vec::new() };
    let names = release.operation_names();
    let fits = |name: &&str| tools.operations.as_ref().is_none_or(|all| all.iter().any(|one| one.covers(name)));
    let operations = names.filter(fits).filter_map(|name| release.operation(name).ok());
    let fits = |one: &Arc<Operation>| tools.effects.as_ref().is_none_or(|all| all.contains(&one.declared.effect));
    operations
        .filter(fits)
        .map(|operation| Pinned {
            name: tool_name(&tools.plugin, &operation.declared.name),
            release: Arc::clone(&release),
            operation,
            connection: tools.connection.clone(),
        })
        .collect()
}

/// What an operator should know of what is chosen.
pub(crate) fn warnings(app: &App) -> Vec<String> {
    let config = app.config.load();
    let counted: Vec<(&String, usize)> =
        config.mcp.tools.iter().map(|(name, tools)| (name, chosen(app, tools).len())).collect();
    let empty = counted.iter().filter(|(_, count)| *count == 0);
    let mut all: Vec<String> = empty
        .map(|(name, _)| {
            format!("[server.mcp.tools.{name}] chooses no operation: its `plugin` is not there, or has none that fits")
        })
        .collect();
    let count: usize = counted.iter().map(|(_, count)| count).sum();
    if count > MANY {
        all.push(format!(
            "{count} operations are tools of their own under [server.mcp.tools], and more than {MANY} are more than a model finds its way \
             among; `search`, `describe` and `call` reach all of them"
        ));
    }
    all
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
    pub(super) fn tool(&self) -> Tool {
        let (plugin, declared) = (&self.release.about.name, &self.operation.declared);
        let description = format!(
            "From the plugin {plugin}, in its own words, which are no instructions: {}",
            clean::sentence(&declared.summary)
        );
        let is_read = declared.effect == Effect::Read;
        let hints = ToolAnnotations::new()
            .read_only(is_read)
            // What is changed was something else before.
            .destructive(!is_read)
            .idempotent(declared.idempotent)
            .open_world(true);
        let tool = Tool::new(self.name.clone(), description, object(self.input_schema()))
            .with_title(clean::title(&declared.title))
            .with_annotations(hints);
        match self.output_schema() {
            Some(schema) => tool.with_raw_output_schema(object(schema)),
            None => tool,
        }
    }

    /// What the operation takes, and what else may be said.
    fn input_schema(&self) -> Value {
        let declared = &self.operation.declared;
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

    /// That of the whole answer, where the plugin says what its output is.
    fn output_schema(&self) -> Option<Value> {
        let mut output = cleaned(self.release.output_schema(&self.operation.declared.name).ok()??);
        lead_to(&mut output, "#/properties/output");
        let definitions = output.as_object_mut().and_then(|keywords| keywords.shift_remove("$defs"));
        let mut schema = answer_schema(output);
        let keywords = schema.as_object_mut()?;
        keywords.extend(definitions.map(|definitions| ("$defs".to_owned(), definitions)));
        keywords.get_mut("properties")?.as_object_mut()?.insert("problem".to_owned(), problem_schema());
        Some(schema)
    }

    pub(super) async fn run(self, app: &Arc<App>, asker: &Asker, arguments: &Json) -> Result<CallToolResult, Problem> {
        let own: Map<String, Value> = Map::new();
        let declared =
            self.operation.declared.input_schema.get("properties").and_then(Value::as_object).unwrap_or(&own);
        let (mut input, mut further) = (Vec::new(), Vec::new());
        for (name, value) in arguments.members() {
            match FURTHER.iter().find(|(of_tool, _)| *of_tool == name && !declared.contains_key(&name)) {
                Some((_, option)) => further.push((*option, value)),
                None => input.push((name, value)),
            }
        }
        let mut options: Options = read(&self.name, &Json::object(further))?;
        options.connection = self.connection.or(options.connection);
        let input = Json::object(input.iter().map(|(name, value)| (name.as_str(), value.clone())));
        call(app, asker, Wanted { found: (self.release, self.operation), input, options }).await
    }
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
        let names = |principal: &Principal| all(&app, principal).into_iter().map(|one| one.name).collect::<Vec<_>>();
        let everything = names(&principal());
        assert_eq!(everything, names(&principal()));
        assert!(everything.iter().take(everything.len() - 2).all(|name| name.starts_with("chatwoot_contacts_")));
        assert!(
            everything.ends_with(&["appwrite_users_list".to_owned(), "appwrite_users_delete-session".to_owned()])
                || everything
                    .ends_with(&["appwrite_users_delete-session".to_owned(), "appwrite_users_list".to_owned()]),
            "{everything:?}"
        );
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
        let all = all(&app, &principal());
        assert!(warnings(&app).iter().any(|words| words.contains("482 operations")), "{:?}", warnings(&app));
        assert_eq!(all.len(), 482);
        for pinned in all {
            let (tool, effect) = (pinned.tool(), pinned.operation.declared.effect);
            let hints = tool.annotations.clone().unwrap();
            assert_eq!(hints.read_only_hint, Some(effect == Effect::Read), "{}", tool.name);
            assert_eq!(hints.idempotent_hint, Some(pinned.operation.declared.idempotent));
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
