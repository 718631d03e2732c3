//! A search of all that is written and shown, for every secret that the server has ever given.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use wharf::{Call, Report};
use wharf_simulated::oauth::{Odd, Options};

use crate::world::{CONNECTION, PLUGIN, World, call};

/// As people see it.
fn shown(report: &Report) -> String {
    let result = match &report.result {
        Ok(output) => output.json.to_string(),
        Err(error) => format!("{error} {error:?}"),
    };
    format!("{result}{}{}", json!(report.exchanges), json!(report.log))
}

#[test]
fn no_token_is_anywhere_but_in_requests_and_sealed_in_the_vault() {
    let world = World::new(Options::default());
    let audit = world.at("audit.jsonl");
    let mut seen = Vec::new();
    {
        let host = world.host_with(|builder| builder.audit(&audit, true));
        // The answers repeat the header with the token.
        world.server.change(|options| options.api.echoes = true);
        for turn in 0..5 {
            host.refresh(PLUGIN, CONNECTION).unwrap();
            seen.push(shown(&host.run(Call::new(PLUGIN, "me.get"))));
            seen.push(shown(&host.run(Call::new(PLUGIN, "things.list").dry_run())));
            let (report, cassette) = host.record(Call::new(PLUGIN, "me.get"));
            seen.extend([shown(&report), json!(cassette.unwrap()).to_string()]);
            world.server.expire_all();
            seen.push(shown(&host.run(Call::new(PLUGIN, "me.get"))));
            if turn == 3 {
                world.server.next(Odd::EchoSecrets);
                let error = host.refresh(PLUGIN, CONNECTION).unwrap_err();
                seen.push(format!("{error} {error:?}"));
            }
            seen.push(json!(host.connections(None, None, 10).unwrap()).to_string());
            seen.push(format!("{:?}", host.info(PLUGIN, CONNECTION).unwrap()));
        }
        call(&host).unwrap();
        world.server.revoke_all();
        seen.push(format!("{:?}", host.refresh(PLUGIN, CONNECTION).unwrap_err()));
        host.flush_audit().unwrap();
    }
    let mut written = vec![("audit", fs::read(&audit).unwrap())];
    for file in fs::read_dir(world.at("store")).unwrap().map(|file| file.unwrap().path()).filter(|path| path.is_file())
    {
        written.push(("vault", fs::read(file).unwrap()));
    }
    written.extend(seen.into_iter().map(|text| ("shown", text.into_bytes())));
    assert!(written.iter().any(|(what, bytes)| *what == "shown" && find(bytes, "•••".as_bytes())));

    let secrets = world.server.secrets();
    assert!(secrets.len() > 10, "{}", secrets.len());
    for secret in secrets {
        let coded = STANDARD.encode(&secret);
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        // The last character of base 64 depends on what comes behind it.
        for form in [secret.as_str(), coded.trim_end_matches('=').get(..coded.len() - 4).unwrap(), &hex] {
            for (what, bytes) in &written {
                assert!(!find(bytes, form.as_bytes()), "{form} is in {what}: {}", String::from_utf8_lossy(bytes));
            }
        }
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}
