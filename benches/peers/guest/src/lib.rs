//! The plugin for Extism: what the guest `obedient` and the plugin `appwrite` do for Wharf in the same benchmark.

use std::sync::atomic::{AtomicU32, Ordering};

use extism_pdk::*;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    user_id: String,
    session_id: String,
}

#[derive(Serialize)]
struct Output {
    success: bool,
}

/// Counts its calls, as the operation `good.remember` does.
#[plugin_fn]
pub fn remember(_: String) -> FnResult<Json<u32>> {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    Ok(Json(CALLS.fetch_add(1, Ordering::Relaxed)))
}

/// Signs a user out of one session, as the operation `users.delete-session` does.
#[plugin_fn]
pub fn delete_session(Json(input): Json<Input>) -> FnResult<Json<Output>> {
    let url = format!("{}/users/{}/sessions/{}", setting("base_url")?, input.user_id, input.session_id);
    let request = HttpRequest::new(url)
        .with_method("DELETE")
        .with_header("x-appwrite-project", setting("project_id")?)
        .with_header("x-appwrite-key", setting("api_key")?);
    match http::request::<()>(&request, None)?.status_code() {
        204 => Ok(Json(Output { success: true })),
        status => Err(Error::msg(format!("status {status}")).into()),
    }
}

fn setting(name: &str) -> Result<String, Error> {
    config::get(name)?.ok_or_else(|| Error::msg(format!("{name} is not set")))
}
