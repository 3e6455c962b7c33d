"""The AsyncAPI document: valid, up to date, and true of what the server says."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from s9s.api.asyncapi import AsyncDocument
from s9s.api.openapi import Document
from s9s.app.application import Application
from tests.api.conftest import Client
from tests.api.test_ws import RAN, Open, happen, opened, port, secret
from tests.snapshot.making import job

__all__ = ["opened", "port", "secret"]

DOCS = Path(__file__).parents[2] / "docs"
#: Of the npm package @asyncapi/specs 6.11.1 (Apache-2.0), schemas/3.0.0-without-$id.json.
SCHEMA = json.loads(gzip.decompress(Path(__file__).with_name("asyncapi-3.0.0.schema.json.gz").read_bytes()))


def test_it_is_a_valid_asyncapi_document() -> None:
    for address in (None, "https://api.example.com"):
        jsonschema.Draft7Validator(SCHEMA).validate(AsyncDocument(address).content)


def test_every_reference_leads_somewhere() -> None:
    content = AsyncDocument().content

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if "$ref" in value:
                found: Any = content
                for step in value["$ref"].removeprefix("#/").split("/"):
                    found = found[step]
            for one in value.values():
                walk(one)
        elif isinstance(value, list):
            for one in value:
                walk(one)

    walk(content)


def test_the_file_is_up_to_date() -> None:
    text = (DOCS / "asyncapi.yaml").read_text()
    assert yaml.safe_load(text) == json.loads(AsyncDocument().json), "run `make docs`"


async def test_it_is_served(client: Client) -> None:
    nobody = await client()
    assert (await nobody.get("/v1/asyncapi.json")).json()["asyncapi"] == "3.0.0"
    assert yaml.safe_load((await nobody.get("/api/v1/asyncapi.yaml")).text) == AsyncDocument().content
    assert "/v1/asyncapi.json" in Document().content["paths"]


async def test_what_the_server_says_is_as_it_says(application: Application, opened: Open) -> None:
    schemas = AsyncDocument().content["components"]["schemas"]

    def check(message: dict[str, Any], name: str) -> None:
        schema = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}}
        jsonschema.Draft202012Validator(schema).validate(message)

    peer = await opened()
    check(await peer.ask(action="ping", id=1), "Pong")
    check(await peer.ask(action="subscribe", channel="jobs", filter={"user": "alice"}), "Subscribed")
    await happen(application, job(1, "PENDING"), job(1, **RAN))
    for _ in range(2):
        check(await peer.next(), "Update")
    check(await peer.ask(action="subscribe", channel="nodes", snapshot=True), "Subscribed")
    for _ in range(2):
        check(await peer.next(), "Snapshot")
    check(await peer.ask(action="subscribe", channel="alerts", since=10**9, snapshot=True), "Subscribed")
    check(await peer.next(), "ReplayUnavailable")
    check(await peer.next(), "Snapshot")
    check(await peer.ask(action="unsubscribe", channel="jobs"), "Unsubscribed")
    check(await peer.ask(action="dance"), "ErrorEnvelope")


async def test_the_page_asks_nobody_else(client: Client) -> None:
    nobody = await client()
    page = await nobody.get("/live")
    assert page.status_code == 200
    assert "'unsafe" not in page.headers["content-security-policy"]
    for name in ("live.js", "live.css"):
        assert f"/live/assets/{name}" in page.text
        text = (await nobody.get(f"/live/assets/{name}")).text
        assert "http://" not in text
        assert "https://" not in text
    assert "style=" not in page.text
