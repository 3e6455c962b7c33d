"""Write the generated parts of the documents anew."""

from scripts.docs import DIRECTORY, PARTS, WHOLE, rewrite

for name, parts in PARTS.items():
    path = DIRECTORY / name
    before = path.read_text()
    after = rewrite(before, parts)
    path.write_text(after)
    print(f"docs/{name}: {'unchanged' if after == before else 'written'}")

for name, whole in WHOLE.items():
    (DIRECTORY / name).write_text(whole())
    print(f"docs/{name}: written")
