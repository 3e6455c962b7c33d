"""The people of the lab: Linux users with homes and scripts, and their Slurm associations."""

import json
import pwd
import shutil
from pathlib import Path

from lab.commands import run

USERS = ("alice", "bob", "carol", "dave")
RESTD_USER = "slurmrestd"
"""slurmrestd refuses to run as root and as SlurmUser (24.11, 26.05)."""

_SCRIPTS = {
    "test.sh": "#!/bin/bash\n#SBATCH --job-name=test\necho \"test on $(hostname), job $SLURM_JOB_ID\"\nsleep 5\n",
    "scripts/simulation.sh": (
        "#!/bin/bash\n#SBATCH --job-name=simulation\n"
        'echo "simulation $SLURM_JOB_ID on $SLURM_JOB_NODELIST"\n'
        'for step in $(seq 1 "${STEPS:-10}"); do\n    echo "step $step"\n    sleep 1\ndone\n'
    ),
}
_FOLDERS = ("scripts", "simulations", "logs")


def create_users(record: Path) -> dict[str, int]:
    """Create the Linux users and alice's files where missing; what was created is added to `record` (JSON).

    Returns the uid of each user.
    """
    created: list[str] = json.loads(record.read_text()) if record.exists() else []
    known = {entry.pw_name for entry in pwd.getpwall()}
    if "slurm" not in known:  # Debian's fixed uid; its packages are only in the tree
        run(["groupadd", "--system", "--gid", "64030", "slurm"])
        run(["useradd", "--system", "--no-create-home", "--uid", "64030", "--gid", "slurm", "slurm"])
        created.append("user slurm")
    if RESTD_USER not in known:
        run(["useradd", "--system", "--no-create-home", "--user-group", "--shell", "/usr/sbin/nologin", RESTD_USER])
        created.append(f"user {RESTD_USER}")
    for user in USERS:
        if user not in known:
            run(["useradd", "--create-home", "--user-group", "--shell", "/bin/bash", user])
            created.append(f"user {user}")
    created += _create_files(pwd.getpwnam("alice"))
    record.write_text(json.dumps(created, indent=1))
    return {user: pwd.getpwnam(user).pw_uid for user in USERS}


def _create_files(alice: pwd.struct_passwd) -> list[str]:
    home, created = Path(alice.pw_dir), []
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


ACCOUNTING = """\
Cluster - '{cluster_name}':QOS='normal'
Parent - 'root'
Account - 'research':Description='Research':Organization='Research'
Account - 'engineering':Description='Engineering':Organization='Engineering'
Parent - 'research'
User - 'alice':DefaultAccount='research':QOS='normal,high':DefaultQOS='normal'
User - 'bob':DefaultAccount='research':QOS='normal':DefaultQOS='normal'
Parent - 'engineering'
User - 'bob':DefaultAccount='research':QOS='normal':DefaultQOS='normal'
User - 'carol':DefaultAccount='engineering':AdminLevel='Operator':QOS='normal,high,low':DefaultQOS='normal'
User - 'dave':DefaultAccount='engineering':AdminLevel='Administrator':QOS='normal,high,low':DefaultQOS='normal'
"""
"""Cluster, accounts and users as `sacctmgr load` takes them: one command, where 22.05 needs half a second for each."""


def create_associations(bin_dir: Path, dump: Path, cluster_name: str) -> None:
    """Create QOS, cluster, accounts and users in slurmdbd; may be repeated.

    Args:
        bin_dir: directory of the cluster's client commands.
        dump: file to write for `sacctmgr load`.
        cluster_name: name of the cluster.
    """
    sacctmgr = [str(bin_dir / "sacctmgr"), "-i"]
    run([*sacctmgr, "modify", "qos", "normal", "set", "Priority=100"])
    known = run([*sacctmgr, "-nP", "list", "qos", "format=name"]).stdout.split()
    for name, priority in (("high", 1000), ("low", 10)):
        if name not in known:
            run([*sacctmgr, "add", "qos", name, f"Priority={priority}"])
    dump.write_text(ACCOUNTING.format(cluster_name=cluster_name))
    run([*sacctmgr, "load", str(dump)])
