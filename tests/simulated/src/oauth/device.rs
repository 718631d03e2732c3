//! Devices that cannot show a page (RFC 8628).

use std::collections::VecDeque;

use serde_json::json;

use super::call::Request;
use super::client;
use super::options::DeviceStep;
use super::reply::{self, Refusal};
use super::state::State;
use crate::answer::Canned;
use crate::random;

/// A device that waits for consent.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) scopes: Vec<String>,
    user_code: String,
    steps: VecDeque<DeviceStep>,
}

impl Waiting {
    /// Takes away what a device has to wait for.
    pub(super) fn approve(&mut self) {
        self.steps.clear();
    }
}

pub(super) fn begin(state: &mut State, call: &Request) -> Result<Canned, Refusal> {
    client::authenticate(state, call)?;
    let name = state.grants.secret("dc-");
    let user_code = format!("{:04X}-{:04X}", random::number() & 0xffff, random::number() & 0xffff);
    let (device, page) = (&state.options.device, format!("{}/device/verify", state.issuer));
    let answer = json!({
        "device_code": name,
        "user_code": user_code,
        "verification_uri": page,
        "verification_uri_complete": format!("{page}?user_code={user_code}"),
        "expires_in": device.expires_in,
        "interval": device.interval,
    });
    let steps = device.steps.iter().copied().collect();
    state.devices.insert(name, Waiting { scopes: state.scopes(call.form("scope")), user_code, steps });
    Ok(reply::json(200, &answer))
}

/// The page that a person is sent to. Whoever comes with the right code consents.
pub(super) fn page(state: &mut State, call: &Request) -> Canned {
    let code = call.query("user_code").unwrap_or_default();
    match state.devices.values_mut().find(|device| device.user_code.eq_ignore_ascii_case(code)) {
        Some(device) => {
            device.approve();
            reply::html(200, "The device has your consent")
        }
        None => reply::html(404, "There is no device with this code"),
    }
}

/// The family that a device's code gives, when consent has been given. It gives it once.
pub(super) fn ask(state: &mut State, name: &str) -> Result<usize, Refusal> {
    let device = state.devices.get_mut(name).ok_or_else(|| Refusal::grant("The device code is not known"))?;
    let error = match device.steps.front().copied() {
        None => None,
        Some(DeviceStep::Pending) => Some(("authorization_pending", device.steps.pop_front())),
        Some(DeviceStep::SlowDown) => Some(("slow_down", device.steps.pop_front())),
        Some(DeviceStep::Wait) => Some(("authorization_pending", None)),
        Some(DeviceStep::Expired) => Some(("expired_token", None)),
        Some(DeviceStep::Denied) => Some(("access_denied", None)),
    };
    if let Some((error, _)) = error {
        return Err(Refusal::new(error, "There is no consent to this device"));
    }
    let scopes = state.devices.remove(name).map(|device| device.scopes).unwrap_or_default();
    Ok(state.grants.begin(&state.options.user, scopes))
}
