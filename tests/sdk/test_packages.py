"""Each client's package, built and installed into an empty environment, where its README's example runs."""

from __future__ import annotations

import re
import shutil
import sys
import tarfile
import zipfile
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.contract.serving import Server
from tests.sdk.toolchains import GO, GO_ENVIRONMENT, ROOT, built_javascript, go, node, run

PYTHON = ROOT / "sdk/python"
VERSION = re.search('VERSION = "(.*)"', (PYTHON / "src/s9s_client/version.py").read_text())[1]

pytestmark = [pytest.mark.xdist_group("sdk"), pytest.mark.timeout(300)]


def example(readme: Path) -> str:
    """The first example."""
    return re.search(r"```\w+\n(.*?)```", readme.read_text(), re.DOTALL)[1]


def environment(server: Server) -> dict[str, str]:
    return {"S9S_API_URL": server.base_url, "S9S_API_TOKEN": server.token("alice")}


def check_said(said: str) -> None:
    found = re.fullmatch(r"(\d+) COMPLETED\nhello from job (\d+)\n\n", said)
    assert found, said
    assert found[1] == found[2]


def test_they_have_one_version() -> None:
    assert f'"version": "{VERSION}"' in (ROOT / "sdk/javascript/package.json").read_text()
    assert f"VERSION = '{VERSION}'" in (ROOT / "sdk/javascript/src/version.ts").read_text()
    assert f'const Version = "{VERSION}"' in (GO / "client.go").read_text()


def locked(name: str) -> str:
    """What the lock says of a package and of all that it needs."""
    wanted, pending = set(), [name]
    while pending:
        one = pending.pop().lower().replace("_", "-")
        if one in wanted:
            continue
        wanted.add(one)
        needs = [Requirement(text) for text in requires(one) or ()]
        pending += [need.name for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})]
    pins = re.split(r"\n(?=\S)", (ROOT / "requirements/test.txt").read_text())
    return "\n".join(pin for pin in pins if pin.partition("==")[0] in wanted) + "\n"


def built(source: Path, target: str, into: Path) -> Path:
    run(sys.executable, "-m", "hatchling", "build", "-t", target, "-d", into, cwd=source)
    [made] = into.iterdir()
    return made


def test_python(embedded: Server, tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(PYTHON, source, ignore=shutil.ignore_patterns("__pycache__"))
    sdist = built(source, "sdist", tmp_path / "sdist")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    wheel = built(tmp_path / f"s9s_client-{VERSION}", "wheel", tmp_path / "wheel")
    assert wheel.name == f"s9s_client-{VERSION}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    package = PYTHON / "src/s9s_client"
    there = {f"s9s_client/{one.relative_to(package)}" for one in package.rglob("*.py")}
    assert there | {"s9s_client/py.typed"} <= names

    run(sys.executable, "-m", "venv", "--without-pip", "empty", cwd=tmp_path)
    (tmp_path / "needed.txt").write_text(locked("httpx2"))
    python = tmp_path / "empty/bin/python"
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps")
    run(*pip, "--require-hashes", "--only-binary", ":all:", "-r", "needed.txt", cwd=tmp_path)
    run(*pip, "--no-index", wheel, cwd=tmp_path)
    (tmp_path / "example.py").write_text(example(PYTHON / "README.md"))
    check_said(run(python, "-I", "example.py", cwd=tmp_path, env=environment(embedded)))


def test_javascript(embedded: Server, tmp_path: Path) -> None:
    executable, package = node(), built_javascript()
    run("npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", tmp_path, cwd=package)
    tarball = f"s9s-client-{VERSION}.tgz"
    with tarfile.open(tmp_path / tarball) as archive:
        names = archive.getnames()
    assert {"package/README.md", "package/LICENSE", "package/dist/cjs/index.js"} <= set(names)
    assert not [name for name in names if name.startswith(("package/src", "package/test"))]

    (tmp_path / "package.json").write_text('{ "private": true }')
    run("npm", "install", "--offline", "--no-audit", "--no-fund", f"./{tarball}", cwd=tmp_path)
    assert [one.name for one in (tmp_path / "node_modules").iterdir() if one.name[0] != "."] == ["@s9s"]
    (tmp_path / "example.mjs").write_text(example(package / "README.md"))
    check_said(run(executable, "example.mjs", cwd=tmp_path, env=environment(embedded)))
    commonjs = "const { S9SClient, VERSION } = require('@s9s/client'); console.log(VERSION, typeof S9SClient)"
    assert run(executable, "-e", commonjs, cwd=tmp_path) == f"{VERSION} function\n"
    (tmp_path / "typed.ts").write_text(
        "import { S9SClient, type Job } from '@s9s/client';\n"
        "const job: Promise<Job> = new S9SClient().jobs.get('1');\nvoid job;\n"
        "// @ts-expect-error: there is no such order\nvoid new S9SClient().jobs.list({ order: 'up' });\n"
    )
    options = ["--noEmit", "--strict", "--module", "NodeNext", "--target", "ES2022", "--lib", "ES2022,DOM"]
    # Whoever uses ES modules, and whoever uses CommonJS, gets the types of what is loaded.
    shutil.copy(tmp_path / "typed.ts", tmp_path / "typed.mts")
    shutil.copy(tmp_path / "typed.ts", tmp_path / "typed.cts")
    consumers = ("typed.mts", "typed.cts")
    run(executable, package / "node_modules/typescript/bin/tsc", *options, *consumers, cwd=tmp_path)


def test_go(embedded: Server, tmp_path: Path) -> None:
    executable = go()
    # The module as a proxy serves it.
    served = tmp_path / "proxy/github.com/s9s/go-client/@v"
    served.mkdir(parents=True)
    (served / f"v{VERSION}.info").write_text(f'{{"Version": "v{VERSION}", "Time": "2026-01-01T00:00:00Z"}}')
    (served / "list").write_text(f"v{VERSION}\n")
    shutil.copy(GO / "go.mod", served / f"v{VERSION}.mod")
    with zipfile.ZipFile(served / f"v{VERSION}.zip", "w") as archive:
        for file in sorted(GO.rglob("*")):
            if file.is_file():
                archive.write(file, f"github.com/s9s/go-client@v{VERSION}/{file.relative_to(GO)}")
    given = GO_ENVIRONMENT | {
        "GOPROXY": (tmp_path / "proxy").as_uri(),
        "GONOSUMDB": "*",
        "GOMODCACHE": str(tmp_path / "cache"),
        "GOFLAGS": "-mod=mod -modcacherw",
    }
    program = tmp_path / "program"
    program.mkdir()
    (program / "main.go").write_text(example(GO / "README.md"))
    run(executable, "mod", "init", "example", cwd=program, env=given)
    run(executable, "get", f"github.com/s9s/go-client@v{VERSION}", cwd=program, env=given)
    run(executable, "build", "-o", "example", ".", cwd=program, env=given)
    check_said(run(program / "example", cwd=program, env=environment(embedded)))
