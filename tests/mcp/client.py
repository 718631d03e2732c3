"""The official client for Python (`mcp`), in both eras and over both transports: the same story as `story.mjs`."""

import asyncio
import base64
import json
import os
import re
import sys
from pathlib import Path

import httpx2
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

FIVE = ["search", "describe", "call", "connect", "request-approval"]


async def good(client, tool, arguments):
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result
    texts = [block.text for block in result.content if block.type == "text"]
    assert json.loads(texts[-1]) == result.structured_content
    return result


async def bad(client, tool, arguments):
    result = await client.call_tool(tool, arguments)
    assert result.is_error, result
    return result.structured_content["problem"]


def swap():
    """Puts another build of the plugin in the place of the one that answers: its version is the next one."""
    file = Path(os.environ["PLUGIN"])
    component = file.read_bytes()
    patch = int(re.search(rb"Appwrite0\.1\.([0-9])", component)[1])
    version = f"0.1.{patch + 1}"
    assert patch < 9
    new = file.with_name(file.name + ".new")
    new.write_bytes(component.replace(f"Appwrite0.1.{patch}".encode(), f"Appwrite{version}".encode()))
    new.rename(file)
    return version


async def story(name, client, changed):
    tools = (await client.list_tools()).tools
    assert [tool.name for tool in tools[:5]] == FIVE

    found = await good(client, "search", {"query": "end a session of a user", "plugin": "appwrite"})
    assert "users.delete-session" in json.dumps(found.structured_content)
    described = await good(client, "describe", {"plugin": "appwrite", "operation": "users.create"})
    assert "emailVerification" in json.dumps(described.structured_content)

    of_ada = {"plugin": "appwrite", "operation": "users.list-sessions", "input": {"userId": "ada"}}
    sessions = await good(client, "call", of_ada)
    assert sessions.structured_content["output"]["total"] == 3

    # A second user of this id would be refused by the provider.
    write = {"plugin": "appwrite", "operation": "users.create", "idempotencyKey": f"key-{name}"}
    first = (await good(client, "call", write | {"input": {"userId": name}})).structured_content
    second = (await good(client, "call", write | {"input": {"userId": name}})).structured_content
    assert (first["replayed"], second["replayed"], second["call"]) == (False, True, first["call"])
    other = await bad(client, "call", write | {"input": {"userId": f"{name}-other"}})
    assert other["type"].endswith("idempotency-conflict"), other

    picture = {"bucketId": "pictures", "fileId": "lighthouse"}
    file = await good(client, "call", {"plugin": "appwrite", "operation": "files.download", "input": picture})
    link = next(block for block in file.content if block.type == "resource_link")
    read = (await client.read_resource(link.uri)).contents[0]
    content = base64.b64decode(read.blob) if hasattr(read, "blob") else read.text.encode()
    assert len(content) == file.structured_content["files"][0]["size"]

    unknown = await bad(client, "call", {"plugin": "appwrite", "operation": "users.creat"})
    assert unknown["type"].endswith("unknown") and "`users.create`" in unknown["detail"], unknown
    wrong = await bad(client, "call", {"plugin": "appwrite", "operation": "users.list-sessions", "input": {}})
    assert wrong["type"].endswith("invalid-input") and "userId" in wrong["detail"], wrong

    version = await changed(swap)
    after = await good(client, "call", of_ada)
    assert after.structured_content["plugin"]["version"] == version
    print(f"✓ {name}")


async def legacy(name, transport):
    told = asyncio.Event()

    async def on_message(message):
        if "tools/list_changed" in repr(message) or "ToolListChanged" in type(message).__name__ + repr(message):
            told.set()

    async def changed(swap):
        version = swap()
        await asyncio.wait_for(told.wait(), 60)
        return version

    async with Client(transport, mode="legacy", message_handler=on_message) as client:
        assert client.protocol_version < "2026", client.protocol_version
        await story(name, client, changed)


async def modern(name, transport):
    async with Client(transport, mode="auto") as client:
        assert client.protocol_version == "2026-07-28", client.protocol_version

        async def changed(swap):
            async with client.listen(tools_list_changed=True) as events:
                version = swap()
                await asyncio.wait_for(anext(aiter(events)), 60)
                return version

        await story(name, client, changed)


async def main():
    env = os.environ
    stdio = StdioServerParameters(command=env["WHARF"], args=["mcp", "--config", env["CONFIG"]], env=dict(env))
    headers = {"Authorization": f"Bearer {env['WHARF_TOKEN']}"}
    async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
        url = f"{env['WHARF_URL']}/mcp"
        await legacy("python-legacy-http", streamable_http_client(url, http_client=http))
        await modern("python-modern-http", streamable_http_client(url, http_client=http))
    await legacy("python-legacy-stdio", stdio)
    await modern("python-modern-stdio", stdio)


sys.exit(asyncio.run(asyncio.wait_for(main(), 300)))
