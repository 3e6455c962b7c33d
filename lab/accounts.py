"""The people of the lab in Slurm's accounting: QOS, accounts, associations."""

from pathlib import Path

from lab.commands import run

_QOS = {"high": 1000, "low": 10}
"""Priorities beside those of `normal`, which slurmdbd creates itself."""

_EVERY_QOS = "DefaultQOS='normal':QOS='normal,high,low'"

# One command, where 22.05 would need half a second for each of its lines.
_LOAD = """\
Cluster - '{cluster_name}':QOS='normal'
Parent - 'root'
Account - 'research':Description='Research':Organization='Research'
Account - 'engineering':Description='Engineering':Organization='Engineering'
Parent - 'research'
User - 'alice':DefaultAccount='research':DefaultQOS='normal':QOS='normal,high'
User - 'bob':DefaultAccount='research':DefaultQOS='normal':QOS='normal'
Parent - 'engineering'
User - 'bob':DefaultAccount='research':DefaultQOS='normal':QOS='normal'
User - 'carol':DefaultAccount='engineering':AdminLevel='Operator':{every_qos}
User - 'dave':DefaultAccount='engineering':AdminLevel='Administrator':{every_qos}
"""


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
    for name, priority in _QOS.items():
        if name not in known:
            run([*sacctmgr, "add", "qos", name, f"Priority={priority}"])
    dump.write_text(_LOAD.format(cluster_name=cluster_name, every_qos=_EVERY_QOS))
    run([*sacctmgr, "load", str(dump)])
