"""The people of the lab on the host: Linux users, homes, and scripts to submit."""

import json
import pwd
import shutil
from collections.abc import Mapping
from pathlib import Path

from lab.commands import run
from lab.locks import locked

PEOPLE = ("alice", "bob", "carol", "dave")
RESTD_USER = "slurmrestd"
"""slurmrestd refuses to run as root and as SlurmUser (24.11, 26.05)."""

_SCRIPTS = {
    "test.sh": """\
#!/bin/bash
#SBATCH --job-name=test
echo "test on $SLURMD_NODENAME, job $SLURM_JOB_ID"
sleep 5
""",
    "scripts/simulation.sh": """\
#!/bin/bash
#SBATCH --job-name=simulation
echo "simulation $SLURM_JOB_ID on $SLURM_JOB_NODELIST"
for step in $(seq 1 "${STEPS:-10}"); do
    echo "step $step"
    sleep 1
done
""",
}
_FOLDERS = ("scripts", "simulations", "logs")


def create_users(record: Path) -> dict[str, int]:
    """Create Linux users and alice's files where missing; what was created is added to `record` (JSON).

    Returns the uid of each of the people.
    """
    with locked(record.with_suffix(".lock")):
        created: list[str] = json.loads(record.read_text()) if record.exists() else []
        created += [f"user {name}" for name in _missing_users()]
        created += _create_files(pwd.getpwnam("alice"))
        record.write_text(json.dumps(created, indent=1))
    return {name: pwd.getpwnam(name).pw_uid for name in PEOPLE}


def home(name: str) -> Path:
    """Home directory of a Linux user."""
    return Path(pwd.getpwnam(name).pw_dir)


def login(name: str, env: Mapping[str, str]) -> list[str]:
    """Command prefix that runs a command as a Linux user, with nothing of our environment but `env`."""
    entry = pwd.getpwnam(name)
    own = {"HOME": entry.pw_dir, "USER": name, "LOGNAME": name, **env}
    become = ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--init-groups"]
    return [*become, "env", "-i", *(f"{key}={value}" for key, value in own.items())]


def _missing_users() -> list[str]:
    """Create the missing users and return their names."""
    known = {entry.pw_name for entry in pwd.getpwall()}
    system = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin"]
    ways = {name: ["useradd", "--create-home", "--user-group", "--shell", "/bin/bash"] for name in PEOPLE}
    ways[RESTD_USER] = [*system, "--user-group"]
    ways["slurm"] = [*system, "--user-group", "--uid", "64030"]  # Debian's uid; its packages may be in a tree
    missing = [name for name in ways if name not in known]
    for name in missing:
        run([*ways[name], name])
    return missing


def _create_files(alice: pwd.struct_passwd) -> list[str]:
    home = Path(alice.pw_dir)
    created = []
    for folder in _FOLDERS:
        if not (home / folder).exists():
            (home / folder).mkdir()
            created.append(home / folder)
    for name, text in _SCRIPTS.items():
        if not (home / name).exists():
            (home / name).write_text(text)
            (home / name).chmod(0o755)
            created.append(home / name)
    for path in created:
        shutil.chown(path, alice.pw_uid, alice.pw_gid)
    return [str(path) for path in created]
