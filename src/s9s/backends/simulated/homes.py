"""Where the simulated users' files really are.

What clients see as ``/home/alice/...`` lies in the server's state directory; every other path, and the
home of whoever started the server, is the real one. A confined cluster has the simulated homes and nothing
else.
"""

from __future__ import annotations

import os
import posixpath
import pwd
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Final

from s9s.domain.errors import PermissionDenied, ResourceNotFound

_HOME: Final = "/home/"
#: Symbolic links from one home into another are followed so often.
_MOST_HOPS: Final = 8

#: Output files whose writers are remembered.
_MOST_WRITERS: Final = 10_000

#: What the contract's examples name, in alice's home.
_EXAMPLES: Final = {
    "test.sh": '#!/bin/sh\necho "test job $SLURM_JOB_ID on $SLURMD_NODENAME"\nsleep 5\necho done\n',
    "scripts/simulation.sh": (
        "#!/bin/sh\n#SBATCH --comment=example\n"
        'echo "simulating on $SLURM_JOB_NUM_NODES nodes with GPUs $CUDA_VISIBLE_DEVICES"\n'
        "step=1\nwhile [ $step -le 60 ]; do\n"
        '  echo "step $step of 60"\n  step=$((step + 1))\n  sleep 1\ndone\n'
    ),
    "scripts/run_simulation.sh": "#!/bin/sh\nexec /bin/sh /home/alice/scripts/simulation.sh\n",
    "logs/": "",
    "simulations/": "",
}


class Homes:
    """Maps what clients see to what is there.

    Args:
        state_dir: The server's own directory.
        own_user: Who started the server; this one's home is real.
        is_user: Whether somebody is a user of the cluster.
        confined: Whether nothing beyond the simulated homes is there, not even for `own_user`.
    """

    def __init__(
        self, state_dir: str, own_user: str, is_user: Callable[[str], bool], *, confined: bool = False
    ) -> None:
        self._state_dir = os.path.realpath(state_dir)
        self.root = os.path.join(self._state_dir, "simulated", "home")
        self._own_user = own_user
        self._is_user = is_user
        self._confined = confined
        self._writers: OrderedDict[tuple[int, int], str] = OrderedDict()

    def prepare(self) -> None:
        """Make alice's home and what the contract's examples need in it. Existing files stay as they are."""
        if self._is_mapped("alice"):
            home = Path(self.ensure("alice"))
            for name, text in _EXAMPLES.items():
                path = home / name
                if name.endswith("/"):
                    path.mkdir(parents=True, exist_ok=True)
                elif not path.exists():
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(text)
                    path.chmod(0o755)

    def ensure(self, user: str) -> str:
        """The real directory of a user's home, made if it is simulated and not there yet."""
        real = self.real(self.home(user))
        if self._is_mapped(user):
            os.makedirs(real, mode=0o755, exist_ok=True)
        return real

    def home(self, user: str) -> str:
        """A user's home directory as clients see it. Raises `ResourceNotFound`."""
        if user == self._own_user:
            try:
                return pwd.getpwnam(user).pw_dir
            except KeyError:
                return os.path.expanduser("~")
        if not self._is_user(user):
            raise ResourceNotFound.of("user", user)
        return _HOME + user

    def real(self, path: str) -> str:
        """Where an absolute path of a client's really leads; symbolic links are not looked at."""
        normal = posixpath.normpath(path)
        user = self._mapped_user(normal)
        return normal if user is None else self.root + normal[len(_HOME) - 1 :]

    def resolve(self, path: str, actor: str) -> str:
        """The real path with all symbolic links followed, which `actor` may enter.

        Raises:
            PermissionDenied: when it leads into somebody else's home or the server's own directory.
            ResourceNotFound: when it leads out of the simulated homes and the cluster is confined.
            OSError: for a loop of links.
        """
        real = os.path.realpath(self.real(path))
        for _ in range(_MOST_HOPS):
            if self._mapped_user(real) is None:
                break
            # A link in a simulated home that names a simulated home.
            real = os.path.realpath(self.real(real))
        self.check(real, path, actor)
        return real

    def check(self, real: str, path: str, actor: str) -> None:
        """Raise `PermissionDenied` unless `actor` may enter the real path; `path` is what is said to clients.

        Whoever started the server owns all these files and may. Raises `ResourceNotFound` as `resolve` does.
        """
        if self._confined and self.is_shared(real):
            raise ResourceNotFound.of("file", path)
        if actor == self._own_user:
            return
        inside = real == self._state_dir or real.startswith(self._state_dir + "/")
        if (inside and not f"{real}/".startswith(f"{self.root}/{actor}/")) or self._mapped_user(real):
            raise PermissionDenied(f"Permission denied: {path}")

    def note_writer(self, descriptor: int, user: str) -> None:
        """Remember whose job writes to an open file, which really belongs to the server's user."""
        status = os.fstat(descriptor)
        self._writers[status.st_dev, status.st_ino] = user
        while len(self._writers) > _MOST_WRITERS:
            self._writers.popitem(last=False)

    def is_writer(self, descriptor: int, user: str) -> bool:
        """Whether a job of the user's has written to the open file."""
        status = os.fstat(descriptor)
        return self._writers.get((status.st_dev, status.st_ino)) == user

    def is_shared(self, real: str) -> bool:
        """Whether a path is in the real file system, beyond the simulated homes."""
        return not real.startswith(self.root + "/")

    def _mapped_user(self, path: str) -> str | None:
        if not path.startswith(_HOME):
            return None
        user = path[len(_HOME) :].partition("/")[0]
        return user if self._is_mapped(user) else None

    def _is_mapped(self, user: str) -> bool:
        return (user != self._own_user or self._confined) and self._is_user(user)
