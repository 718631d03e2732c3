//! What the host refuses, told to a hook besides the audit.

use std::sync::Arc;

use wharf_egress::audit::Who;

use crate::failure::Refusal;

/// Something that the host refused: one that the audit is about, so no wrong input and no unknown name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefusalEvent<'a> {
    /// Id of the call.
    pub call: &'a str,
    /// Name of the plugin.
    pub plugin: &'a str,
    /// Name of the operation.
    pub operation: &'a str,
    /// Name of the connection.
    pub connection: &'a str,
    /// One of [`rules`](wharf_egress::rules), or `missing-credential`, `needs-reconnect` or `limit`: as it stands in the audit.
    pub rule: &'static str,
    /// Which limit it was, where it was one: such as `timeout`.
    pub limit: Option<&'static str>,
}

/// Who is told of refusals.
pub(crate) type RefusalHook = Arc<dyn Fn(&RefusalEvent<'_>) + Send + Sync>;

/// The rule of a refusal, and which limit it was; none where it is one of the input, which the caller mends.
pub(crate) fn rule_of(refusal: &Refusal) -> Option<(&'static str, Option<&'static str>)> {
    match refusal {
        Refusal::Denied(denial) => Some((denial.rule.name(), None)),
        Refusal::MissingCredential(_) => Some(("missing-credential", None)),
        Refusal::Reconnect(_) => Some(("needs-reconnect", None)),
        Refusal::Limit(limit) => Some(("limit", Some(limit.name))),
        Refusal::InvalidInput { .. } | Refusal::Unknown(_) | Refusal::Connection(_) => None,
    }
}

/// Tells the hook, where there is one.
pub(crate) fn tell_refusal(hook: Option<&RefusalHook>, who: Who<'_>, refusal: &Refusal) {
    let (Some(hook), Some((rule, limit))) = (hook, rule_of(refusal)) else { return };
    let Who { call, plugin, operation, connection, .. } = who;
    hook(&RefusalEvent { call, plugin, operation, connection, rule, limit });
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::json;
    use wharf_artifacts::OBEDIENT;

    use crate::{Call, Connection, Grant, Host};

    #[test]
    fn a_refusal_is_told_also_where_there_is_no_audit_and_not_of_a_dry_run() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&told);
        let hook = move |event: &super::RefusalEvent<'_>| {
            heard.lock().unwrap().push((event.operation.to_owned(), event.rule, event.limit));
        };
        let host = Host::builder().on_refusal(hook).build().unwrap();
        host.load_bytes(OBEDIENT.bytes).unwrap();
        let connection = Connection::builder("obedient", "main", "http://127.0.0.1:9").field("greeting", "hello");
        let connection = connection.absent("key", "a test").build().unwrap();
        host.connect("obedient", Grant::from(connection).operations(vec!["good.remember".parse().unwrap()]));
        assert!(host.call(Call::new("obedient", "good.remember")).is_ok());
        assert!(host.call(Call::new("obedient", "good.remember").input(json!({"no": "such input"}))).is_err());
        assert!(host.call(Call::new("obedient", "good.greet").dry_run()).is_err());
        assert_eq!(*told.lock().unwrap(), []);
        assert!(host.call(Call::new("obedient", "good.greet")).is_err());
        let told = told.lock().unwrap();
        assert_eq!(*told, [("good.greet".to_owned(), "grant", None)]);
    }
}
