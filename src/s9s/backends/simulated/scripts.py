"""Batch scripts: what runs them, and what they find on their PATH."""

from __future__ import annotations

import errno
import os
import re
from typing import Final

SRUN: Final = """#!/bin/sh
# The simulated cluster has one real host: srun runs the command once, in place.
while [ $# -gt 0 ]; do
  case "$1" in
    --) shift; break ;;
    --*=*) shift ;;
    -[nNcptJwxoeiGAqDmC]) shift 2 ;;
    --ntasks|--nodes|--cpus-per-task|--partition|--time|--job-name|--output|--error|--gpus|--mem) shift 2 ;;
    -*) shift ;;
    *) break ;;
  esac
done
exec "$@"
"""


def interpreter(script: str) -> list[str]:
    """What the kernel makes of the first line: an interpreter and at most one argument. Raises `OSError`."""
    words = re.split("[ \t]+", script.partition("\n")[0].removeprefix("#!").strip(" \t"), maxsplit=1)
    if not words[0]:
        raise OSError(errno.ENOEXEC, os.strerror(errno.ENOEXEC))
    return words
