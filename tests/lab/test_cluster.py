"""The lab's clusters do what a real one does, on every version."""

import base64
import json
import shutil
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab import Lab, LabError
from lab.daemons import processes_of

FIXTURES = ["lab22", "lab24", "lab26"]
PARSERS = {"22.05": "v0.0.38", "24.11": "v0.0.42", "26.05": "v0.0.44"}


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in FIXTURES])
def lab(request: pytest.FixtureRequest) -> Lab:
    lab: Lab = request.getfixturevalue(request.param)
    return lab


@pytest.fixture
def directory() -> Iterator[Path]:
    """For a cluster of the test's own; pytest's directories are closed to the cluster's users."""
    path = Path(tempfile.mkdtemp(prefix="s9s-lab-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


def eventually(probe: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not probe():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)


def state(lab: Lab, job_id: str) -> str:
    return lab.run("root", "squeue", "-h", "-t", "all", "-j", job_id, "-o", "%T", check=False).stdout.strip()


def submit(lab: Lab, user: str, *options: str) -> str:
    return lab.run(user, "sbatch", "--parsable", *options).stdout.strip()


@pytest.mark.slurm
def test_a_job_runs_as_its_user_with_gpus_and_is_accounted_for(lab: Lab) -> None:
    job_id = submit(
        lab, "alice", "-A", "research", "-p", "gpu", "--gres=gpu:2", "-o", "logs/%j.out", "--wrap", "id -un"
    )
    eventually(lambda: state(lab, job_id) == "COMPLETED")
    assert Path(f"/home/alice/logs/{job_id}.out").read_text() == "alice\n"
    columns = ["sacct", "-nPXj", job_id, "-o", "User,Account,State,AllocTRES"]
    eventually(lambda: "COMPLETED" in lab.run("alice", *columns).stdout)
    user, account, _, tres = lab.run("alice", *columns).stdout.strip().split("|")
    assert (user, account) == ("alice", "research")
    assert "gres/gpu=2" in tres.split(",")


@pytest.mark.slurm
def test_slurmrestd_takes_a_minted_token(lab: Lab) -> None:
    def jobs(token: str) -> int:
        request = urllib.request.Request(
            f"{lab.slurmrestd_url}/slurm/{PARSERS[lab.version]}/jobs",
            headers={"X-SLURM-USER-NAME": "alice", "X-SLURM-USER-TOKEN": token},
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                assert isinstance(json.load(answer)["jobs"], list)
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    token = lab.token("alice")
    assert jobs(token) == 200
    claims = base64.urlsafe_b64encode(json.dumps({"sun": "alice", "iat": 0, "exp": 2**31}).encode()).rstrip(
        b"="
    )
    head, _, signature = token.split(".")
    assert jobs(f"{head}.{claims.decode()}.{signature}") != 200


@pytest.mark.slurm
def test_carol_may_cancel_what_alice_may_not_and_dave_drains(lab: Lab) -> None:
    job_id = submit(lab, "bob", "-o", "/dev/null", "--wrap", "sleep 300")
    eventually(lambda: state(lab, job_id) == "RUNNING")
    assert lab.run("alice", "scancel", job_id, check=False).returncode != 0
    lab.run("carol", "scancel", job_id)
    eventually(lambda: state(lab, job_id) == "CANCELLED")
    drain = ["scontrol", "update", "nodename=node003", "state=drain", "reason=test"]
    assert lab.run("carol", *drain, check=False).returncode != 0
    lab.run("dave", *drain)
    try:
        assert lab.run("bob", "sinfo", "-h", "-n", "node003", "-o", "%T").stdout.split() == ["drained"]
    finally:
        lab.run("dave", "scontrol", "update", "nodename=node003", "state=resume")


@pytest.mark.slurm
def test_a_killed_slurmctld_is_down_until_it_is_started(lab: Lab) -> None:
    try:
        lab.kill("slurmctld")
        assert lab.status()["slurmctld"] is None
        assert lab.run("alice", "scontrol", "ping", check=False).returncode != 0
    finally:
        lab.start("slurmctld")
    assert lab.run("alice", "scontrol", "ping").returncode == 0
    assert lab.cpu_seconds("slurmctld") >= 0


@pytest.mark.slurm
def test_reconfigure_sets_and_takes_back(lab: Lab) -> None:
    def age() -> str:
        shown = lab.run("alice", "scontrol", "show", "config").stdout.splitlines()
        return next(line.split("=")[1].strip() for line in shown if line.startswith("MinJobAge"))

    usual = age()
    try:
        lab.reconfigure(MinJobAge=123)
        eventually(lambda: age() == "123 sec")
    finally:
        lab.reconfigure(MinJobAge=None)
    eventually(lambda: age() == usual)


@pytest.mark.slurm
@pytest.mark.parametrize("restart", [False, True])
def test_slurmctld_outlives_a_change_after_an_outage_of_slurmdbd(lab: Lab, restart: bool) -> None:
    """What 24.11.5 had still to tell of a job with a new script killed it."""
    lab.stop("slurmdbd")
    try:
        submit(lab, "alice", "-o", "/dev/null", "--wrap", f"true {time.time()}")
        eventually(lambda: "DBD Agent queue size: 0\n" not in lab.run("root", "sdiag").stdout)
    finally:
        lab.start("slurmdbd")
    pid = lab.status()["slurmctld"]
    lab.reconfigure(restart=restart)
    assert (lab.status()["slurmctld"] == pid) is not restart
    assert lab.run("alice", "scontrol", "ping").returncode == 0
    nodes = lab.run("alice", "sinfo", "-h", "-N", "-o", "%T").stdout.split()
    assert not {"unknown", "down"} & set(nodes)


@pytest.mark.slurm
def test_a_node_set_down_stays_so_when_its_slurmd_registers(lab: Lab) -> None:
    def shown(what: str) -> str:
        node = lab.run("dave", "scontrol", "-o", "show", "node", "node003").stdout
        return next(word for word in node.split() if word.startswith(f"{what}="))

    before = shown("SlurmdStartTime")
    lab.run("dave", "scontrol", "update", "nodename=node003", "state=down", "reason=test")
    try:
        lab.restart("slurmd-node003")
        eventually(lambda: shown("SlurmdStartTime") != before)
        assert shown("State").startswith("State=DOWN")
    finally:
        lab.run("dave", "scontrol", "update", "nodename=node003", "state=resume")


@pytest.mark.slurm
def test_up_again_changes_nothing(lab: Lab) -> None:
    before = lab.env()
    Lab(directory=lab.directory).up()
    assert lab.env() == before


@pytest.mark.slurm
def test_unknown_daemons_and_other_versions_are_refused(lab: Lab) -> None:
    with pytest.raises(LabError, match="slurmctld"):
        lab.stop("slurm")
    other = "22.05" if lab.version != "22.05" else "24.11"
    with pytest.raises(LabError, match=f"holds a Slurm {lab.version}"):
        Lab(other, lab.directory)
    with pytest.raises(LabError, match="other nodes"):
        Lab(directory=lab.directory, nodes=lab.nodes + 1).up()


@pytest.mark.slurm
@pytest.mark.xdist_group("lab24")
def test_down_leaves_nothing_and_loses_nothing(lab24: Lab, directory: Path) -> None:
    """A second cluster of the same version beside the first, with a job that hides from its step."""
    lab = Lab("24.11", directory, nodes=1)
    with lab:
        assert set(lab.env()["ports"]["slurmd"]).isdisjoint(lab24.env()["ports"]["slurmd"])
        stray = "setsid nohup sleep 599 >/dev/null 2>&1 & sleep 599"
        job_id = submit(lab, "bob", "-o", "/dev/null", "--wrap", stray)
        eventually(lambda: state(lab, job_id) == "RUNNING")
        columns = ["sacct", "-nPXj", job_id, "-o", "User"]
        eventually(lambda: lab.run("bob", *columns).stdout == "bob\n")
        lab.down()
        assert processes_of(lab.directory, lab.slurm_conf) == []
        assert not any(pid for name, pid in lab.status().items() if name.startswith("slurm"))
        assert lab24.status()["slurmctld"] is not None
        lab.up()
        assert lab.run("bob", *columns).stdout == "bob\n"
    assert not lab.directory.exists()
    assert processes_of(lab.directory, lab.slurm_conf) == []


@pytest.mark.slurm
def test_a_directory_that_users_cannot_enter_is_refused(lab22: Lab, directory: Path) -> None:
    directory.chmod(0o700)
    with pytest.raises(LabError, match=f"cannot enter {directory}"):
        Lab(lab22.version, directory / "lab").up()


@pytest.mark.slurm
@pytest.mark.xdist_group("lab24")
def test_what_does_not_come_up_is_ended_and_says_why(lab24: Lab, directory: Path) -> None:
    lab = Lab("24.11", directory, nodes=1, settings={"SelectType": "select/none_such"})
    with pytest.raises(LabError, match="none_such"):
        lab.up()
    assert processes_of(lab.directory, lab.slurm_conf) == []
    assert lab24.status()["slurmctld"] is not None
    lab.down(purge=True)


@pytest.mark.slurm
@pytest.mark.xdist_group("lab26")
def test_a_cloud_is_filled_with_jobs(lab26: Lab, directory: Path) -> None:
    with Lab("26.05", directory, cloud=200) as lab:
        lab.load_jobs(1000)
        states = lab.run("root", "squeue", "-h", "-r", "-t", "all", "-o", "%T").stdout.split()
        assert {name: states.count(name) for name in set(states)} == {
            "CANCELLED": 20,
            "CONFIGURING": 100,
            "PENDING": 880,
        }
    with pytest.raises(LabError, match="--cloud"):
        lab26.load_jobs(1)
