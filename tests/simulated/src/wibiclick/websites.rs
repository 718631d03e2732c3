//! Websites, their settings, and the company behind them.

use serde_json::{Value, json};

use super::State;
use super::call::{Call, Outcome, done, member, members, refusal};
use crate::answer::Answer;

/// The list stands bare in the answer.
pub(super) fn list(state: &State, call: &Call<'_>) -> Answer {
    Answer::json(200, &call.page(state.store.all("websites").iter()).into())
}

/// Here `id` is the user.
pub(super) fn of_user(state: &State, call: &Call<'_>) -> Outcome {
    let user = call.query("id");
    state.find("users", user, "")?;
    let of = |website: &&Value| state.connected.contains(&(member(website, "id").to_owned(), user.to_owned()));
    Ok(Answer::json(200, &call.page(state.store.all("websites").iter().filter(of)).into()))
}

pub(super) fn get(state: &State, call: &Call<'_>) -> Outcome {
    let mut setting = state.settings.get(call.website()).cloned().unwrap_or_default();
    setting.extend(members(state.find("websites", call.website(), "")?.clone()));
    Ok(Answer::json(200, &json!({ "setting": setting })))
}

pub(super) fn add(state: &mut State, call: &Call<'_>) -> Outcome {
    let id = state.new_id();
    state.connected.insert((id.clone(), call.caller.clone()));
    let website =
        state.store.add("websites", json!({ "id": id, "url": call.body("url"), "createdAt": super::CREATED }));
    Ok(Answer::json(200, &json!({ "message": "Website added", "website": website })))
}

/// The whole set is replaced: what is not given is lost.
pub(super) fn update_settings(state: &mut State, call: &Call<'_>) -> Outcome {
    state.settings.insert(call.website().to_owned(), call.input.body.clone());
    done("Settings updated")
}

pub(super) fn update_company(state: &mut State, call: &Call<'_>) -> Outcome {
    state.company.extend(call.input.body.clone());
    Ok(super::message(200, "Company information updated"))
}

pub(super) fn upload_logo(state: &mut State, call: &Call<'_>) -> Outcome {
    let logo = call.input.files.first().filter(|file| !file.bytes.is_empty());
    logo.ok_or_else(|| refusal(400, "logo: the picture is empty"))?;
    state.company.insert("invoice_logo".to_owned(), call.body("name").into());
    done("Logo uploaded")
}
