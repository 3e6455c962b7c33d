"""The unit for systemd and the configuration of nginx are what those programs take."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.programs import installed
from tests.site.tools import provide

DEPLOY = Path(__file__).parents[2] / "deploy"


def test_systemd_finds_nothing_to_mend(tmp_path: Path) -> None:
    installed("systemd-analyze", "systemd")
    text = (DEPLOY / "systemd/s9s.service").read_text()
    # systemd looks whether the program is there.
    text, found = re.subn(r"/opt/s9s/\.venv/bin/s9s", str(Path(sys.executable).with_name("s9s")), text)
    assert found == 1
    unit = tmp_path / "s9s.service"
    unit.write_text(text)
    command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.skipif(os.geteuid() != 0, reason="nginx reads the key as root")
def test_nginx_finds_nothing_to_mend(tmp_path: Path) -> None:
    provide("nginx")
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj", "/CN=slurm-api.example.com", "-keyout", "key.pem", "-out", "fullchain.pem"]  # fmt: skip
    subprocess.run(make, cwd=tmp_path, check=True, capture_output=True, timeout=30)
    site = (DEPLOY / "nginx/s9s.conf").read_text().replace("/etc/s9s/tls", str(tmp_path))
    (tmp_path / "site.conf").write_text(site)
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid;\nerror_log stderr;\nevents {{}}\n"
        f"http {{\naccess_log off;\ninclude {tmp_path}/site.conf;\n}}\n"
    )
    done = subprocess.run(
        ["nginx", "-t", "-c", str(tmp_path / "nginx.conf")], capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr
