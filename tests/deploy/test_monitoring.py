"""Scrape configuration, rules and dashboard: valid, and about metrics that the server really tells."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import yaml

from s9s.app.application import Application
from s9s.services.access import Role
from tests.api.conftest import Client, application, changed_settings, client

__all__ = ["application", "changed_settings", "client"]

DEPLOY = Path(__file__).parents[2] / "deploy"
RULES = DEPLOY / "prometheus/s9s-rules.yml"
CONFIG = DEPLOY / "prometheus/prometheus.yml"
DASHBOARD = DEPLOY / "grafana/s9s.json"

#: What Prometheus itself adds.
OWN = {"up"}


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
    return found


def names(expression: str) -> set[str]:
    """The metrics in an expression."""
    bare = re.sub(r'"[^"]*"|\b(by|on|without|ignoring)\s*\([^)]*\)|\{[^}]*\}', " ", expression)
    return set(re.findall(r"\b(?:up|(?:s9s|process)[a-z0-9_:]*)\b", bare))


def expressions() -> dict[str, str]:
    found = {rule.get("alert") or rule["record"]: rule["expr"] for rule in rules()}
    for panel in panels():
        for target in panel.get("targets", ()):
            found[f"{panel['title']} {target['refId']}"] = target["expr"]
    return found


def series(text: str) -> set[str]:
    """All that a scrape can tell, by the declarations: what has not happened yet has no samples."""
    found = set()
    for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE):
        found |= {f"{name}_{part}" for part in ("bucket", "count", "sum")} if kind == "histogram" else {name}
    return found


async def test_every_expression_is_about_metrics_that_there_are(
    application: Application, client: Client
) -> None:
    carol = await client(user="carol", role=Role.OPERATOR)
    told = (
        series((await carol.get("/metrics")).text)
        | OWN
        | {rule["record"] for rule in rules() if "record" in rule}
    )
    assert len(expressions()) > 40
    for title, expression in expressions().items():
        assert names(expression), title
        assert names(expression) <= told, title


def test_every_label_that_a_text_shows_survives_its_expression() -> None:
    for rule in rules():
        if "alert" in rule:
            assert rule["annotations"]["summary"]
            assert rule["labels"]["severity"] in ("critical", "warning", "info")
            for label in re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]):
                grouped = re.search(r"by \(([^)]*)\)", rule["expr"])
                assert grouped is None or label in grouped[1].split(", "), rule["alert"]


def test_panels_have_ids_of_their_own_and_do_not_overlap() -> None:
    places: set[tuple[int, int]] = set()
    assert len({panel["id"] for panel in panels()}) == len(panels())
    for panel in panels():
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not places & cells, panel["title"]
        assert at["x"] + at["w"] <= 24
        places |= cells


def test_the_scrape_configuration_is_ours() -> None:
    (job,) = yaml.safe_load(CONFIG.read_text())["scrape_configs"]
    assert (job["job_name"], job["metrics_path"]) == ("s9s", "/metrics")
    assert yaml.safe_load(CONFIG.read_text())["rule_files"] == [RULES.name]


def test_promtool_finds_nothing_to_mend(promtool: str) -> None:
    for command in (["rules", str(RULES)], ["config", "--syntax-only", str(CONFIG)]):
        done = subprocess.run([promtool, "check", *command], capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, done.stdout + done.stderr
