"""Running short commands: always with a timeout, never through a shell."""

import os
import subprocess
from collections.abc import Mapping, Sequence

from lab.errors import LabError


def run(
    argv: Sequence[str | os.PathLike[str]],
    *,
    timeout: float = 60,
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
    check: bool = True,
    cwd: str | os.PathLike[str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end and return it with its output as text; `env` is added to ours.

    Raises: LabError if it cannot start, exceeds `timeout` seconds, or (with `check`) exits non-zero.
    """
    arguments = [os.fspath(argument) for argument in argv]
    try:
        done = subprocess.run(
            arguments,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise LabError(f"{arguments[0]} took longer than {timeout:g} s") from error
    except OSError as error:
        raise LabError(f"{arguments[0]} cannot be run: {error.strerror}") from error
    if check and done.returncode:
        said = (done.stderr.strip() or done.stdout.strip())[-2000:]
        raise LabError(f"{' '.join(arguments[:6])} exited with {done.returncode}: {said}")
    return done
