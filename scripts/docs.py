"""`make docs`: write the documents that are made from the code anew (`--check`: only say which are old)."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def generated() -> dict[Path, str]:
    """Path to content of every generated document."""
    from s9s.api.openapi import Document

    return {ROOT / "docs/openapi.yaml": Document().yaml}


def main() -> int:
    old = [path for path, content in generated().items() if not path.exists() or path.read_text() != content]
    if "--check" in sys.argv[1:]:
        for path in old:
            print(f"{path.relative_to(ROOT)} is not what the code says: run `make docs`")
        return int(bool(old))
    for path, content in generated().items():
        path.write_text(content)
        print(f"wrote {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
