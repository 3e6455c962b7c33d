"""`s9s report`: by a server, of its database without one, and on schedule."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pypdf

from tests.cli.conftest import Run
from tests.cli.test_export import s9s as local
from tests.cli.test_export import state

__all__ = ["state"]


async def test_a_report_by_the_server(s9s: Run, tmp_path: Path) -> None:
    output = tmp_path / "use.json"
    saved = await s9s("report", "usage", "--from", "2023-12-01", "--to", "2023-12-31", "-o", str(output))
    assert saved.returncode == 0, saved.stderr
    assert saved.stderr.splitlines()[-1] == f"Written to {output}"
    made = json.loads(output.read_text())
    assert (made["type"], made["period"]["label"]) == ("usage", "December 2023")
    assert made["summary"][0] in saved.stderr
    refused = await s9s("report", "usage", "--partitions", "nope", "-o", str(output))
    assert refused.returncode == 1
    assert "parameters.partitions" in refused.stderr or "allowed: " in refused.stderr
    # The server's own copy is gone.
    assert json.loads(output.read_text()) == made


async def test_a_schedule_from_its_making_to_its_end(s9s: Run) -> None:
    made = await s9s("report", "schedule", "add", "usage", "0  6 1 * *", "--time-zone", "Europe/Berlin")
    assert made.returncode == 0, made.stderr
    schedule_id = made.stdout.strip()
    assert (await s9s("report", "schedule", "pause", schedule_id)).returncode == 0
    [one] = json.loads((await s9s("report", "schedule", "list", "--json")).stdout)
    assert (one["schedule_id"], one["cron"], one["next_run_at"]) == (schedule_id, "0 6 1 * *", None)
    assert (await s9s("report", "schedule", "resume", schedule_id)).returncode == 0
    [line] = (await s9s("report", "schedule", "list")).stdout.splitlines()
    assert line.split("\t")[:3] == [schedule_id, "usage 0  6 1 * *", "0 6 1 * *"]
    assert (await s9s("report", "schedule", "delete", schedule_id)).returncode == 0
    assert (await s9s("report", "schedule", "list")).stdout == ""
    refused = await s9s("report", "schedule", "add", "usage", "often")
    assert refused.returncode == 1
    assert "five fields" in refused.stderr


def test_the_database_alone_will_do(state: Path) -> None:
    output = state / "use.pdf"
    days = ("--from", "1971-01-01", "--to", "1971-01-31")
    done = local(state, "report", "efficiency", *days, "-o", str(output))
    assert done.returncode == 0, done.stderr
    assert "January 1971" in pypdf.PdfReader(io.BytesIO(output.read_bytes())).pages[0].extract_text()
    done = local(state, "report", "usage", *days, "--format", "json")
    assert json.loads(done.stdout)["scope"] == "All partitions, all users"
    wrong = local(state, "report", "usage", "--time-zone", "Mars/Olympus", "-o", str(output))
    assert wrong.returncode == 1
    assert "Mars/Olympus" in wrong.stderr
