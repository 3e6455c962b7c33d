"""Write the generated parts of the clients anew, and a conformance case for every route without one."""

from scripts.sdk import files
from scripts.sdk.cases import add_missing
from scripts.sdk.model import ROOT, read

api = read()
for path, text in files(api).items():
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_text() if path.exists() else None
    if before != text:
        path.write_text(text)
    print(f"{path.relative_to(ROOT)}: {'unchanged' if before == text else 'written'}")
for path in add_missing(api):
    print(f"{path.relative_to(ROOT)}: has a new case, to be looked at")
