import json
from pathlib import Path

import pytest

from s9s.config import (
    SYSTEM_FILE,
    BadConfiguration,
    Settings,
    describe_allowed,
    load_settings,
    loading,
    sections,
)


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import os

    for name in list(os.environ):
        if name.startswith("S9S_"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(loading, "SYSTEM_FILE", tmp_path / "etc" / "s9s.toml")
    monkeypatch.setenv("S9S_STATE_DIR", str(tmp_path / "state"))


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def refusal(config_file: Path | None = None, flags: dict[str, object] | None = None) -> list[str]:
    with pytest.raises(BadConfiguration) as caught:
        load_settings(config_file, flags)
    return str(caught.value).splitlines()


def test_flags_win_over_environment_over_file_over_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path / "a.toml", '[server]\nhost = "10.0.0.1"\nport = 1\n[simulated]\nnodes = 10\n')
    monkeypatch.setenv("S9S_SERVER__PORT", "2")
    monkeypatch.setenv("S9S_SIMULATED__NODES", "20")
    settings = load_settings(file, {"simulated.nodes": 30, "server.host": None})
    assert settings.server.host == "10.0.0.1"
    assert settings.server.port == 2
    assert settings.simulated.nodes == 30
    assert settings.simulated.jobs == Settings().simulated.jobs
    assert settings.config_file == file


LISTS = [
    (name, key, json.loads(describe_allowed(field).removeprefix("a list like ")))
    for name, section in sections().items()
    for key, field in section.model_fields.items()
    if describe_allowed(field).startswith("a list")
]


@pytest.mark.parametrize(("section", "key", "example"), LISTS)
def test_every_list_of_the_environment_is_commas_or_as_in_the_file(
    section: str, key: str, example: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(text: str) -> object:
        monkeypatch.setenv(f"S9S_{section}__{key}".upper(), text)
        return getattr(getattr(load_settings(), section), key)

    file = write(tmp_path / "a.toml", f"[{section}]\n{key} = {json.dumps(example)}\n")
    expected = getattr(getattr(load_settings(file), section), key)
    assert expected
    assert read(json.dumps(example)) == expected
    assert read(f" {example} \n") == expected
    assert read(" , ".join(example)) == expected
    assert read("[]") == read("") == ()


def test_there_are_lists_and_bad_ones_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {("server", "allowed_origins"), ("server", "trusted_proxies"), ("alerts", "off")} <= {
        (section, key) for section, key, _ in LISTS
    }
    allowed = 'allowed: a list like ["https://portal.example.com"]'
    for bad in ('["https://a.example"', "[https://a.example]", '["https://a.example"], "b"'):
        monkeypatch.setenv("S9S_SERVER__ALLOWED_ORIGINS", bad)
        assert refusal() == [f"server.allowed_origins = {bad!r} (environment): {allowed}"]
    monkeypatch.setenv("S9S_SERVER__ALLOWED_ORIGINS", "[1]")
    assert refusal() == [f"server.allowed_origins = 1 (environment): {allowed}"]


def test_short_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S9S_HOST", "::1")
    monkeypatch.setenv("S9S_PORT", "9000")
    monkeypatch.setenv("S9S_CLUSTER", "simulated")
    settings = load_settings()
    assert (settings.server.host, settings.server.port, settings.cluster.mode) == ("::1", 9000, "simulated")
    assert settings.server.state_dir == tmp_path / "state"
    assert settings.database_url == f"sqlite:///{tmp_path}/state/s9s.db"


def test_the_file_is_the_given_one_else_the_own_one_else_the_sites(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load_settings().config_file is None
    site = write(tmp_path / "etc" / "s9s.toml", "[server]\nport = 1\n")
    assert (load_settings().server.port, load_settings().config_file) == (1, site)
    own = write(tmp_path / "state" / "s9s.toml", "[server]\nport = 2\n")
    assert (load_settings().server.port, load_settings().config_file) == (2, own)
    named = write(tmp_path / "named.toml", "[server]\nport = 3\n")
    monkeypatch.setenv("S9S_CONFIG", str(named))
    assert (load_settings().server.port, load_settings().config_file) == (3, named)
    given = write(tmp_path / "given.toml", "[server]\nport = 4\n")
    assert (load_settings(given).server.port, load_settings(given).config_file) == (4, given)


def test_the_state_directory_of_a_flag_decides_where_its_file_is_looked_for(tmp_path: Path) -> None:
    write(tmp_path / "other" / "s9s.toml", "[server]\nport = 7\n")
    assert load_settings(None, {"server.state_dir": tmp_path / "other"}).server.port == 7


def test_the_site_file_is_where_the_documentation_says() -> None:
    assert Path("/etc/s9s/s9s.toml") == SYSTEM_FILE


def test_every_bad_value_has_a_line_with_key_value_origin_and_what_is_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path / "a.toml", '[cluster]\nmode = "magic"\n[snapshot]\ninterval_seconds = 0.01\n')
    monkeypatch.setenv("S9S_SIMULATED__RUN_JOBS", "perhaps")
    assert refusal(file, {"server.port": 70000}) == [
        "server.port = 70000 (command line): allowed: an integer from 0 to 65535",
        f"cluster.mode = 'magic' ({file}): allowed: auto, simulated, slurmrestd, cli",
        f"snapshot.interval_seconds = 0.01 ({file}): allowed: a number from 0.1 to 300",
        "simulated.run_jobs = 'perhaps' (environment): allowed: true, false",
    ]


def test_unknown_names_are_refused_and_the_known_ones_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path / "a.toml", "port = 3\n[server]\nprot = 1\n[databases]\nurl = 'x'\n")
    monkeypatch.setenv("S9S_LOGING__LEVEL", "info")
    tables = ", ".join(sections())
    keys = ", ".join(sections()["server"].model_fields)
    assert tables.startswith("server, database, ")
    assert keys.startswith("host, port, ")
    assert refusal(file) == [
        f"server.prot = 1 ({file}): unknown key; [server] has {keys}",
        f"port = {{...}} ({file}): unknown section; there are {tables}",
        f"databases = {{...}} ({file}): unknown section; there are {tables}",
        f"loging = {{...}} (environment): unknown section; there are {tables}",
    ]


def test_a_section_that_is_no_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S9S_PORT", "1")
    keys = ", ".join(sections()["server"].model_fields)
    line = f"server = {{...}} ({tmp_path / 'a.toml'}): allowed: a table with {keys}"
    assert refusal(write(tmp_path / "a.toml", "server = 3\n")) == [line]


def test_other_variables_of_the_same_prefix_are_clients_business(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S9S_API_TOKEN", "test_token_123")
    monkeypatch.setenv("S9S_API_URL", "http://127.0.0.1:8080")
    monkeypatch.setenv("S9S_PORT", "")
    assert load_settings().server == Settings(server={"state_dir": load_settings().server.state_dir}).server


@pytest.mark.parametrize(
    "url", ["postgresql://s9s:hunter2@db/s9s", "sqlite:///:memory:", "sqlite:///relative.db"]
)
def test_a_database_that_is_none_is_refused_without_its_password(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("S9S_DATABASE__URL", url)
    [line] = refusal()
    assert line.startswith("database.url = ")
    assert "hunter2" not in line


@pytest.mark.parametrize(
    ("url", "is_allowed"),
    [
        ("http://127.0.0.1:6820", True),
        ("https://slurm.example.com/api", True),
        ("unix:/run/slurmrestd.sock", True),
        ("unix:slurmrestd.sock", False),
        ("127.0.0.1:6820", False),
        ("http://", False),
        ("http://a b", False),
    ],
)
def test_addresses_of_slurmrestd(url: str, is_allowed: bool) -> None:
    flags = {"cluster.slurmrestd_url": url}
    if is_allowed:
        assert load_settings(None, flags).cluster.slurmrestd_url == url
    else:
        assert (
            "allowed: text like http://127.0.0.1:6820 or unix:/run/slurmrestd.sock" in refusal(None, flags)[0]
        )


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.toml") == [f"{tmp_path / 'none.toml'}: No such file or directory"]
    assert refusal(tmp_path) == [f"{tmp_path}: Is a directory"]
    [line] = refusal(write(tmp_path / "bad.toml", "[server\n"))
    assert line.startswith(f"{tmp_path / 'bad.toml'}: not valid TOML: ")
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    assert refusal(binary)[0].startswith(f"{binary}: not valid TOML: ")


def test_paths_are_made_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("S9S_STATE_DIR", "relative")
    settings = load_settings(None, {"cluster.jwt_key": "~/jwt.key"})
    assert settings.cluster.jwt_key == tmp_path / "jwt.key"
    assert settings.server.state_dir == tmp_path / "relative"


def test_an_ordinary_user_has_a_state_directory_of_their_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("S9S_STATE_DIR")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert load_settings().server.state_dir == Path("/var/lib/s9s")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    assert load_settings().server.state_dir == tmp_path / ".local/state/s9s"
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    assert load_settings().server.state_dir == tmp_path / "xdg/s9s"


def test_a_state_directory_that_cannot_be_looked_into_holds_no_file(tmp_path: Path) -> None:
    # As where a directory above may not be entered, which root always may.
    assert load_settings(flags={"server.state_dir": str(tmp_path / ("x" * 300))}).config_file is None
