"""Whether deploy/ and docs/deploy/ hold to what Wharf and Kubernetes know, and to each other."""

import json
import os
import re
import secrets
import shlex
import subprocess
import tempfile
from pathlib import Path

import kubernetes_validate
import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
WHARF = os.environ["WHARF"]

unit = (DEPLOY / "systemd/wharf.service").read_text()
containerfile = (DEPLOY / "container/Containerfile").read_text()
manifests = {
    name: [one for one in yaml.safe_load_all((DEPLOY / f"kubernetes/{name}.yaml").read_text())]
    for name in ("config", "wharf", "first-token")
}
objects = {(one["kind"], one["metadata"]["name"]): one for all_of in manifests.values() for one in all_of}
stateful = objects["StatefulSet", "wharf"]["spec"]
pod = stateful["template"]["spec"]
first = objects["Pod", "wharf-first-token"]["spec"]
in_cluster = objects["ConfigMap", "wharf"]["data"]["wharf.toml"]
in_image = (DEPLOY / "container/wharf.toml").read_text()
on_machine = (DEPLOY / "systemd/wharf.toml").read_text()


def set_in_unit(key):
    return re.findall(rf"^{key}=(.*)$", unit, re.M)[-1]


def said(instruction):
    """What an instruction of the last stage says."""
    return re.findall(rf"^{instruction} (.*)$", containerfile, re.M)[-1]


def run(*words, **more):
    return subprocess.run([WHARF, *words], capture_output=True, text=True, **more)


def each_command_is_one_that_wharf_knows():
    commands = [shlex.split(set_in_unit("ExecStart"))[1:], json.loads(said("CMD"))]
    containers = pod["initContainers"] + pod["containers"] + first["containers"]
    commands += [container["args"] for container in containers]
    for page in (ROOT / "docs/deploy").glob("*.md"):
        text = page.read_text()
        # In blocks of shell, also behind `$(` and as what is run within a container; and in the text between backticks.
        blocks = "\n".join(re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S)).replace("\\\n", " ")
        inline = re.findall(r"`(wharf [^`]*)`", text)
        shown = re.findall(r"(?:^|\$\(|/usr/bin/|\bwharf )wharf ((?!wharf )[a-z-].*?)(?:\)|$|\s+#)", blocks, re.M)
        shown += [words.removeprefix("wharf ") for words in inline]
        assert shown or page.name == "README.md", f"{page.name} shows no command"
        commands += [shlex.split(words.replace("…", "x")) for words in shown]
    for words in commands:
        ended = run(*words, "--help")
        assert ended.returncode == 0, f"wharf {' '.join(words)}: {ended.stderr}"
    return len(commands)


def each_configuration_is_accepted():
    for name, text in {"systemd": on_machine, "container": in_image, "kubernetes": in_cluster}.items():
        uncommented = re.sub(r"^#(?=\S)", "", text, flags=re.M)
        assert uncommented != text, f"{name}: it shows nothing more"
        for text in (text, uncommented):
            with tempfile.TemporaryDirectory() as folder:
                text = re.sub(r'^store = "', f'store = "{folder}', text, flags=re.M)
                # Each secret is there, and no two are the same file.
                for number, file in enumerate(re.findall(r'file = "([^"]*)"', text)):
                    secret = Path(folder, f"secret-{number}")
                    secret.touch(0o600)
                    secret.write_text(secrets.token_hex(32))
                    text = text.replace(f'"{file}"', f'"{secret}"')
                configuration = Path(folder, "wharf.toml")
                configuration.write_text(text)
                ended = run("check", "--offline", "--config", str(configuration))
                assert ended.returncode == 0, f"{name}: {ended.stdout}{ended.stderr}"
                opened = run("vault", "status", "--config", str(configuration))
                assert opened.returncode == 0, f"{name}: {opened.stderr}"


def each_manifest_holds_to_its_schema():
    for one in objects.values():
        kubernetes_validate.validate(one, "1.37", strict=True)


def whoever_stops_it_waits_longer_than_its_grace():
    grace = int(re.search(r"^\| `grace` \| (\d+)s \|", (ROOT / "docs/configuration.md").read_text(), re.M)[1])
    assert f'grace = "{grace}s"' in in_cluster
    # Answers have two seconds more, and threads one.
    for wait in (int(set_in_unit("TimeoutStopSec")), pod["terminationGracePeriodSeconds"]):
        assert wait > grace + 3, f"{wait} s"
    text = (ROOT / "docs/deploy/container.md").read_text()
    assert int(re.search(r"--stop-timeout (\d+)", text)[1]) > grace + 3


def whoever_runs_it_is_one_user_without_rights():
    user = int(said("USER").split(":")[0])
    for spec in (pod, first):
        security = spec["securityContext"]
        assert [security[key] for key in ("runAsUser", "runAsGroup", "fsGroup")] == [user] * 3
        assert security["runAsNonRoot"] and security["seccompProfile"]["type"] == "RuntimeDefault"
        # Else a group could write to each file.
        assert security["fsGroupChangePolicy"] == "OnRootMismatch"
        assert not spec["automountServiceAccountToken"]
        for container in spec.get("initContainers", []) + spec["containers"]:
            own = container["securityContext"]
            assert own["readOnlyRootFilesystem"] and not own["allowPrivilegeEscalation"]
            assert own["capabilities"] == {"drop": ["ALL"]}
    assert f"--uid {user} --gid {user}" in (DEPLOY / "container/try").read_text()
    assert set_in_unit("CapabilityBoundingSet") == "" and set_in_unit("NoNewPrivileges") == "yes"


def what_is_written_is_in_the_volume():
    volume = said("VOLUME")
    for text in (in_image, in_cluster):
        assert re.search(r'^store = "(.*)"', text, re.M)[1].startswith(f"{volume}/")
    assert f"XDG_CACHE_HOME={volume}/" in said("ENV")
    for spec in (pod, first):
        volumes = {one["name"]: one for one in spec["volumes"]}
        for container in spec.get("initContainers", []) + spec["containers"]:
            mounts = {one["mountPath"]: one for one in container["volumeMounts"]}
            assert set(one["name"] for one in mounts.values()) == set(volumes)
            assert volumes[mounts[volume]["name"]]["persistentVolumeClaim"]["claimName"] == "wharf"
            assert all(mount["readOnly"] for path, mount in mounts.items() if path != volume)
            assert re.search(r'key = \{ file = "(.*)/', in_cluster)[1] in mounts
        assert ("ConfigMap", volumes["config"]["configMap"]["name"]) in objects
    state = f"/var/lib/{set_in_unit('StateDirectory')}"
    assert re.search(r'^store = "(.*)"', on_machine, re.M)[1].startswith(f"{state}/")
    assert state in set_in_unit("NoExecPaths").split()
    # Compiled plugins are mapped from there, if it is there before the server starts for the first time.
    assert set_in_unit("ExecPaths") == f"-{state}/.cache"
    assert re.search(rf"^d {state}/\.cache 0700 wharf wharf$", (DEPLOY / "systemd/tmpfiles.conf").read_text(), re.M)


def ports_are_the_same_everywhere():
    ports = said("EXPOSE").split()
    for text in (in_image, in_cluster, on_machine):
        assert re.findall(r'^(?:listen|management) = ".*:(\d+)"', text, re.M) == ports
    [container] = pod["containers"]
    named = {one["name"]: str(one["containerPort"]) for one in container["ports"]}
    assert list(named.values()) == ports
    services = [objects["Service", name]["spec"] for name in ("wharf", "wharf-management")]
    assert [str(one["port"]) for service in services for one in service["ports"]] == ports
    assert [named[one["targetPort"]] for service in services for one in service["ports"]] == ports
    policy = objects["NetworkPolicy", "wharf"]["spec"]
    assert [str(rule["ports"][0]["port"]) for rule in policy["ingress"]] == ports
    for service, port in zip(("wharf", "wharf-management"), ports):
        assert f'"{service}:{port}"' in in_cluster, "the name of the Service is a `Host` that is taken"
    proxies = "".join((DEPLOY / "proxy" / name).read_text() for name in ("nginx.conf", "Caddyfile"))
    assert set(re.findall(r"127\.0\.0\.1:(\d+)", proxies)) == {ports[0]}


def each_selector_selects_the_server_alone():
    labels = stateful["template"]["metadata"]["labels"]
    selectors = [objects["Service", name]["spec"]["selector"] for name in ("wharf", "wharf-management")]
    selectors += [stateful["selector"]["matchLabels"], objects["NetworkPolicy", "wharf"]["spec"]["podSelector"]["matchLabels"]]
    others = objects["Pod", "wharf-first-token"]["metadata"]["labels"]
    for selector in selectors:
        assert selector.items() <= labels.items() and not selector.items() <= others.items()
    assert stateful["replicas"] == 1, "one server serves a store"


def one_image_is_named():
    images = {container["image"] for container in pod["initContainers"] + pod["containers"] + first["containers"]}
    assert len(images) == 1
    assert images.pop() in (ROOT / "docs/deploy/kubernetes.md").read_text()


def each_file_that_is_named_is_there():
    texts = [page.read_text() for page in (ROOT / "docs/deploy").glob("*.md")] + [containerfile]
    named = set(re.findall(r"\bdeploy/(?:systemd|container|kubernetes|proxy)/[\w.-]+", "\n".join(texts)))
    assert len(named) >= 8
    for file in named:
        assert (ROOT / file).is_file(), file


CHECKS = [
    each_command_is_one_that_wharf_knows,
    each_configuration_is_accepted,
    each_manifest_holds_to_its_schema,
    whoever_stops_it_waits_longer_than_its_grace,
    whoever_runs_it_is_one_user_without_rights,
    what_is_written_is_in_the_volume,
    ports_are_the_same_everywhere,
    each_selector_selects_the_server_alone,
    one_image_is_named,
    each_file_that_is_named_is_there,
]
for check in CHECKS:
    found = check()
    print(f"✓ {check.__name__.replace('_', ' ')}{f': {found}' if found else ''}")
