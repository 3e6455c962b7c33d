"""`python3 -m lab`: bring a real Slurm up and down."""

import argparse
import json
import logging
import sys

from lab.cluster import Lab
from lab.errors import LabError, LabUnavailable
from lab.packages import SUITES


def main() -> int:
    """Run one command; 0 on success, 1 when something failed, 3 when this machine cannot carry the lab."""
    arguments = _parser().parse_args()
    logging.basicConfig(level=logging.WARNING if arguments.quiet else logging.INFO, format="lab: %(message)s")
    try:
        settings = dict(setting.split("=", 1) for setting in arguments.set)
        lab = Lab(
            arguments.version, arguments.dir, nodes=arguments.nodes, cloud=arguments.cloud, settings=settings
        )
        _act(lab, arguments)
    except LabUnavailable as error:
        logging.error("%s", error)
        return 3
    except PermissionError as error:
        logging.error("only root may use %s", error.filename)
        return 1
    except LabError as error:
        logging.error("%s", error)
        return 1
    return 0


def _act(lab: Lab, arguments: argparse.Namespace) -> None:
    match arguments.command:
        case "up":
            lab.up()
            print(json.dumps(lab.env(), indent=1))
        case "down":
            lab.down(purge=arguments.purge)
        case "status":
            for name, pid in lab.status().items():
                print(f"{name:20} {pid or '-'}")
        case "env":
            print(json.dumps(lab.env(), indent=1))
        case "load":
            print(json.dumps(lab.load_jobs(arguments.jobs), indent=1))
        case "token":
            print(lab.token(arguments.user, arguments.lifespan))


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--version", choices=SUITES, help="Slurm's version (default: the directory's, else 22.05)"
    )
    common.add_argument("--dir", help="state directory (default: one for each version)")
    common.add_argument("--quiet", action="store_true", help="no lines about what is happening")
    common.set_defaults(nodes=None, cloud=None, set=[])
    parser = argparse.ArgumentParser(prog="lab", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser(
        "up", parents=[common], help="install, configure and start a cluster; print its env"
    )
    up.add_argument("--nodes", type=int, help="number of nodes, each with its slurmd (default 4)")
    up.add_argument(
        "--cloud", type=int, metavar="N", help="N CLOUD nodes without machines in place of real ones"
    )
    up.add_argument(
        "--set", action="append", metavar="KEY=VALUE", default=[], help="setting of slurm.conf; repeatable"
    )
    down = commands.add_parser("down", parents=[common], help="end a cluster and all its jobs")
    down.add_argument("--purge", action="store_true", help="forget its data too")
    commands.add_parser("status", parents=[common], help="daemons and their pids")
    commands.add_parser("env", parents=[common], help="addresses, paths, users as JSON")
    token = commands.add_parser("token", parents=[common], help="print a JWT")
    token.add_argument("--user", required=True)
    token.add_argument("--lifespan", type=int, default=3600, help="seconds (default 3600)")
    load = commands.add_parser(
        "load", parents=[common], help="bring job records into a cloud; print the seconds"
    )
    load.add_argument("--jobs", type=int, required=True, help="number of records")
    return parser


if __name__ == "__main__":
    sys.exit(main())
