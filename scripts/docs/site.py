"""Build the site: ``python -m scripts.docs.site [DIRECTORY]``. Links are checked, a warning is an error."""

import sys
import tempfile
from pathlib import Path

from sphinx.cmd.build import main

from scripts.docs import DIRECTORY

target = Path(sys.argv[1]) if len(sys.argv) > 1 else DIRECTORY.parent / "build/site"

with tempfile.TemporaryDirectory(prefix="s9s-doctrees-") as trees:
    status = main(
        ["-q", "-W", "--keep-going", "-n", "-E", "-b", "html", "-d", trees, str(DIRECTORY), str(target)]
    )
if status == 0:
    print(f"{target}/index.html")
sys.exit(status)
