import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from s9s.cli import cli
from s9s.cli.checks import host
from s9s.cli.checks.findings import Level
from s9s.config import Settings
from s9s.storage.tables import SCHEMA_VERSION


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("S9S_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("S9S_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("S9S_PORT", "0")


def check(code: int, **variables: str) -> str:
    result = CliRunner().invoke(cli, ["check"], env=variables)
    assert result.exit_code == code, result.output
    return result.stdout


def lines(output: str, level: str) -> list[str]:
    return [" ".join(line.split()[1:]) for line in output.splitlines() if line.startswith(f"{level} ")]


def test_on_the_simulated_cluster_all_is_well_and_nothing_is_made(tmp_path: Path) -> None:
    output = check(0, S9S_CLUSTER="simulated")
    assert lines(output, "FAIL") == []
    assert "cluster the embedded simulated cluster: as configured" in lines(output, "OK")
    assert output.splitlines()[-1].endswith(" OK, 0 WARN, 0 FAIL")
    assert not (tmp_path / "state").exists()


def test_an_existing_database_is_named_with_its_version(tmp_path: Path) -> None:
    CliRunner().invoke(cli, ["token", "create", "--user", "alice"])
    output = check(0, S9S_CLUSTER="simulated")
    assert f"database sqlite:///{tmp_path}/state/s9s.db, schema {SCHEMA_VERSION}" in lines(output, "OK")


def test_a_broken_database_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o700)
    (tmp_path / "state" / "s9s.db").write_text("no database " * 1000)
    [failure] = lines(check(1, S9S_CLUSTER="simulated"), "FAIL")
    assert failure.startswith("database ")
    assert failure.endswith("file is not a database")


def test_without_commands_the_way_to_mend_is_told(tmp_path: Path) -> None:
    output = check(1, S9S_CLUSTER="cli", S9S_CLUSTER__BIN_DIR=str(tmp_path / "none"))
    assert any(line.startswith("commands scontrol is not found") for line in lines(output, "FAIL"))
    assert "mend: set cluster.bin_dir and cluster.slurm_conf" in output


def test_a_slurmrestd_that_does_not_answer_is_a_failure(tmp_path: Path) -> None:
    key = tmp_path / "jwt.key"
    key.write_bytes(b"k" * 32)
    key.chmod(0o600)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        output = check(
            1, S9S_CLUSTER="slurmrestd", S9S_CLUSTER__SLURMRESTD_URL=url, S9S_CLUSTER__JWT_KEY=str(key)
        )
    assert f"jwt key {key}" in lines(output, "OK")
    assert any(line.startswith("cluster ") for line in lines(output, "FAIL"))


@pytest.mark.parametrize(
    ("content", "mode", "text"),
    [(b"k" * 32, 0o644, "has mode 0644"), (b"k", 0o600, "has 1 bytes"), (None, 0, "cannot read")],
)
def test_a_key_that_cannot_be_used_is_a_failure(
    tmp_path: Path, content: bytes | None, mode: int, text: str
) -> None:
    key = tmp_path / "jwt.key"
    if content is not None:
        key.write_bytes(content)
        key.chmod(mode)
    output = check(
        1,
        S9S_CLUSTER="slurmrestd",
        S9S_CLUSTER__SLURMRESTD_URL="http://127.0.0.1:9",
        S9S_CLUSTER__JWT_KEY=str(key),
    )
    assert any(line.startswith("jwt key ") and text in line for line in lines(output, "FAIL"))


def test_a_bad_configuration_is_told_before_anything_is_checked() -> None:
    result = CliRunner().invoke(cli, ["check"], env={"S9S_PORT": "x"})
    assert result.exit_code == 2
    assert "server.port = 'x' (environment)" in result.stderr


def test_a_configuration_that_others_can_write_is_a_failure(tmp_path: Path) -> None:
    file = tmp_path / "s9s.toml"
    file.write_text("[cluster]\nmode = 'simulated'\n")
    file.chmod(0o666)
    assert f"configuration {file} has mode 0666" in lines(check(1, S9S_CONFIG=str(file)), "FAIL")
    file.chmod(0o644)
    assert f"configuration {file}" in lines(check(0, S9S_CONFIG=str(file)), "OK")


def found(settings: Settings, subject: str) -> Iterator[tuple[Level, str]]:
    return ((one.level, one.text) for one in host.check_host(settings) if one.subject == subject)


def test_a_state_directory_that_others_can_write_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    settings = Settings.model_validate({"server": {"state_dir": tmp_path, "port": 0}})
    assert list(found(settings, "state directory")) == [(Level.WARN, f"{tmp_path} can be written by others")]
    tmp_path.chmod(stat.S_IRWXU)
    assert list(found(settings, "state directory")) == [(Level.OK, str(tmp_path))]


def test_a_state_directory_on_a_network_file_system_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "_file_system", lambda path: "nfs4")
    tmp_path.chmod(stat.S_IRWXU)
    settings = Settings.model_validate({"server": {"state_dir": tmp_path, "port": 0}})
    [_, (level, text)] = found(settings, "state directory")
    assert level is Level.WARN
    assert "network file system (nfs4)" in text


def test_the_kind_of_a_file_system_is_the_nearest_mounts() -> None:
    assert host._file_system(Path("/proc/self")) == "proc"
    assert host._file_system(Path("/proc/sys/kernel")) == "proc"
    assert host._file_system(Path("/sys/kernel")) == "sysfs"


def test_a_state_directory_below_a_file_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings = Settings.model_validate({"server": {"state_dir": tmp_path / "file" / "state", "port": 0}})
    assert list(found(settings, "state directory")) == [(Level.FAIL, f"{tmp_path}/file is not a directory")]


def test_a_taken_port_is_told_and_one_that_cannot_be_had_a_failure(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        settings = Settings.model_validate({"server": {"state_dir": tmp_path, "port": port}})
        [(level, text)] = found(settings, "listening")
    assert (level, text) == (Level.WARN, f"127.0.0.1 port {port} is taken, perhaps by this very server")
    elsewhere = {"state_dir": tmp_path, "port": 0, "host": "192.0.2.1"}
    [(level, text)] = found(Settings.model_validate({"server": elsewhere}), "listening")
    assert level is Level.FAIL
    assert "Cannot assign requested address" in text


def test_tokens_in_the_clear_are_warned_of(tmp_path: Path) -> None:
    server = {"state_dir": tmp_path, "port": 0, "host": "0.0.0.0"}
    levels = [level for level, _ in found(Settings.model_validate({"server": server}), "listening")]
    assert levels == [Level.OK, Level.WARN]
    server["public_url"] = "https://api.example.com"
    levels = [level for level, _ in found(Settings.model_validate({"server": server}), "listening")]
    assert levels == [Level.OK]


def test_a_database_that_cannot_be_made_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    url = f"sqlite:///{tmp_path}/file/s9s.db"
    output = check(1, S9S_CLUSTER="simulated", S9S_DATABASE__URL=url)
    assert any(line.startswith("database ") for line in lines(output, "FAIL"))


def test_a_certificate_that_cannot_be_used_is_a_failure(tmp_path: Path) -> None:
    certificate = tmp_path / "server.pem"
    certificate.write_text("no certificate")
    certificate.chmod(0o600)
    output = check(1, S9S_CLUSTER="simulated", S9S_SERVER__TLS_CERTIFICATE=str(certificate))
    assert any(line.startswith("tls server.tls_certificate") for line in lines(output, "FAIL"))


def test_a_named_slurm_that_is_not_there_is_a_failure_and_no_simulated_cluster(tmp_path: Path) -> None:
    output = check(1, S9S_CLUSTER="auto", S9S_CLUSTER__SLURM_CONF=str(tmp_path / "slurm.conf"))
    assert any(line.startswith("slurm.conf ") for line in lines(output, "FAIL"))
    assert "simulated" not in output


def test_a_state_directory_that_cannot_be_looked_into_is_a_failure(tmp_path: Path) -> None:
    # As where a directory above may not be entered, which root always may.
    (tmp_path / "file").touch()
    output = check(1, S9S_CLUSTER="simulated", S9S_STATE_DIR=str(tmp_path / "file" / ("x" * 300)))
    assert output.splitlines()[-1].endswith("FAIL")
