//! Users: their websites, profiles, passwords and tokens.

use serde_json::{Value, json};

use super::call::{Call, Outcome, done, member, members, refusal};
use super::{EMAIL, RESET_TOKEN, State, message};
use crate::answer::Answer;

/// The pair of website and user that a call names.
fn pair(call: &Call<'_>) -> (String, String) {
    (call.body("websiteId").to_owned(), call.body("userId").to_owned())
}

pub(super) fn disconnect(state: &mut State, call: &Call<'_>) -> Outcome {
    match state.connected.remove(&pair(call)) {
        true => done("User disconnected from website"),
        false => Err(refusal(404, "User not found")),
    }
}

pub(super) fn connect(state: &mut State, call: &Call<'_>) -> Outcome {
    state.connected.insert(pair(call));
    done("User connected to website")
}

fn is_connected(state: &State, website: &str, user: &str) -> bool {
    state.connected.contains(&(website.to_owned(), user.to_owned()))
}

pub(super) fn list(state: &State, call: &Call<'_>) -> Outcome {
    let users = state.store.all("users").iter();
    let users = users.filter(|user| is_connected(state, call.website(), member(user, "id")));
    Ok(Answer::json(200, &json!({ "users": call.page(users) })))
}

/// It answers a bare text.
pub(super) fn update(state: &mut State, call: &Call<'_>) -> Outcome {
    if !is_connected(state, call.website(), call.body("id")) {
        return Err(refusal(404, "User not found"));
    }
    state.store.change("users", call.body("id"), call.input.body.clone());
    Ok(Answer::text(200, "text/plain", "User updated"))
}

/// The user with a fresh token.
fn with_token(state: &mut State, user: &str) -> Value {
    let token = format!("simulated-wibiclick-token-{}", state.store.number());
    state.tokens.insert(token.clone(), user.to_owned());
    let mut answer = members(state.store.find("users", user).cloned().unwrap_or_default());
    answer.insert("token".to_owned(), token.into());
    answer.into()
}

pub(super) fn profile(state: &mut State, user: &str) -> Answer {
    let mut profile = members(with_token(state, user));
    profile.extend(state.company.clone());
    Answer::json(200, &profile.into())
}

pub(super) fn update_profile(state: &mut State, call: &Call<'_>) -> Outcome {
    state.store.change("users", &call.caller, call.input.body.clone());
    Ok(profile(state, &call.caller))
}

fn by_email(state: &State, email: &str) -> Option<String> {
    let user = state.store.all("users").iter().find(|user| member(user, "email") == email)?;
    Some(member(user, "id").to_owned())
}

pub(super) fn login(state: &mut State, call: &Call<'_>) -> Outcome {
    let user = by_email(state, call.body("email"));
    let user = user.filter(|user| state.passwords.get(user).is_some_and(|own| own == call.body("password")));
    let user = user.ok_or_else(|| refusal(401, "Email or password is wrong"))?;
    Ok(Answer::json(200, &with_token(state, &user)))
}

pub(super) fn register(state: &mut State, call: &Call<'_>) -> Outcome {
    if by_email(state, call.body("email")).is_some() {
        return Err(refusal(409, "Email is registered already"));
    }
    let mut user = call.input.body.clone();
    user.remove("password");
    if user.remove("password_confirm").is_some_and(|again| again != call.body("password")) {
        return Err(refusal(400, "The passwords differ"));
    }
    let id = state.new_id();
    user.insert("id".to_owned(), id.clone().into());
    state.store.add("users", user.into());
    state.passwords.insert(id, call.body("password").to_owned());
    Ok(message(200, "User registered"))
}

pub(super) fn request_reset(state: &mut State, call: &Call<'_>) -> Outcome {
    let user = by_email(state, call.body("email")).ok_or_else(|| refusal(404, "User not found"))?;
    state.resetting = Some(user);
    Ok(message(200, "Mail sent"))
}

/// The token of the mail is good for once.
pub(super) fn reset_password(state: &mut State, call: &Call<'_>) -> Outcome {
    let user = state.resetting.take_if(|_| call.body("token") == RESET_TOKEN);
    let user = user.ok_or_else(|| refusal(400, "The token is not valid"))?;
    let email = state.store.find("users", &user).map_or(EMAIL, |user| member(user, "email")).to_owned();
    state.passwords.insert(user, call.body("password").to_owned());
    Ok(Answer::json(200, &json!({ "success": true, "message": "Password changed", "email": email })))
}

pub(super) fn reassign_notes(state: &mut State, call: &Call<'_>) -> Outcome {
    reassign(state, call, "notes", "user");
    done("Notes reassigned")
}

/// Tasks are all that this server knows of a user's activities.
pub(super) fn reassign_activities(state: &mut State, call: &Call<'_>) -> Outcome {
    reassign(state, call, "tasks", "assigneeId");
    done("Activities reassigned")
}

fn reassign(state: &mut State, call: &Call<'_>, list: &str, owner: &str) {
    let things = state.store.all(list).iter().filter(|thing| member(thing, owner) == call.body("oldUserId"));
    let ids: Vec<String> = things.filter_map(|thing| thing.get("id")).map(id_text).collect();
    for id in ids {
        state.store.change(list, &id, members(json!({ owner: call.body("newUserId") })));
    }
}

fn id_text(id: &Value) -> String {
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}
