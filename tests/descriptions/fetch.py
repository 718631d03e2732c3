"""Gets the descriptions out of the packages that carry them, of which nothing is installed and nothing runs."""

import base64
import fnmatch
import hashlib
import json
import re
import subprocess
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
GENERATED = HERE / "generated"
LISTED = json.loads((HERE / "descriptions.json").read_text())


@dataclass
class Description:
    """One file that is made a plugin of. Several may be parts of one API."""

    api: str
    plugin: str
    file: Path
    options: list[str]


def descriptions(chosen: list[str]) -> list[Description]:
    """Those whose API was chosen, all where none was."""
    return [
        description
        for api, listed in LISTED["descriptions"].items()
        if api in chosen or not chosen
        for description in files_of(api, listed)
    ]


def files_of(api: str, listed: dict) -> list[Description]:
    folder = GENERATED / "descriptions" / api
    if not (folder / "whole").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in members(package(listed["package"]), listed["files"]):
            (folder / Path(name).name).write_bytes(content)
        (folder / "whole").touch()
    files = sorted(folder.glob("*.json"))
    if not files:
        raise SystemExit(f"the package `{listed['package']}` has no {listed['files']}")
    names = [api] if len(files) == 1 else [plugin_name(api, file.stem) for file in files]
    return [
        Description(api, name, file, listed.get("options", []))
        for name, file in zip(names, files, strict=True)
    ]


def plugin_name(api: str, stem: str) -> str:
    """`twilio_verify_v2` of Twilio is `twilio-verify-v2`."""
    return f"{api}-{re.sub(r'[^a-z0-9]+', '-', stem.lower()).removeprefix(f'{api}-')}"


def package(name: str) -> Path:
    """The file of a package, whose digest is the one that is written here."""
    listed = LISTED["packages"][name]
    folder = GENERATED / "packages" / name
    folder.mkdir(parents=True, exist_ok=True)
    if not any(folder.iterdir()):
        if "npm" in listed:
            command = ["npm", "pack", "--silent", "--pack-destination", folder, listed["npm"]]
        else:
            command = ["pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--dest", folder, listed["pypi"]]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    [file] = folder.iterdir()
    digest = hashlib.sha512 if "npm" in listed else hashlib.sha256
    found = digest(file.read_bytes())
    said = base64.b64encode(found.digest()).decode() if "npm" in listed else found.hexdigest()
    if said != listed.get("sha512", listed.get("sha256")):
        file.unlink()
        raise SystemExit(f"{file.name} is not the package that descriptions.json names: its digest is {said}")
    return file


def members(file: Path, pattern: str):
    """The files of a package whose names fit, with what they hold."""
    if file.suffix == ".whl":
        with zipfile.ZipFile(file) as archive:
            for name in fnmatch.filter(archive.namelist(), pattern):
                yield name, archive.read(name)
    else:
        with tarfile.open(file) as archive:
            for member in archive:
                if member.isfile() and fnmatch.fnmatch(member.name, pattern):
                    yield member.name, archive.extractfile(member).read()
