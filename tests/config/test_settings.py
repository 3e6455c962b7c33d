import re
from pathlib import Path

import pytest

import s9s.app
from s9s.config import Settings, describe_allowed, sections

APP = "\n".join(path.read_text() for path in Path(s9s.app.__file__).parent.glob("*.py"))
#: Sections that are read as a whole: by a property.
READERS = {"database": "database_url", "samples": "kept_seconds"}
KEYS = [(name, key) for name, section in sections().items() for key in section.model_fields]


@pytest.mark.parametrize(("section", "key"), KEYS)
def test_every_key_has_an_effect(section: str, key: str) -> None:
    reader = READERS.get(section, key)
    assert re.search(rf"\.{reader}\b", APP), f"nothing reads {section}.{key}"


def test_the_defaults_are_valid() -> None:
    defaults = Settings().model_dump()
    assert Settings.model_validate(defaults) == Settings()


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().server.port = 1


def test_what_is_allowed_is_said_in_words() -> None:
    words = {f"{name}.{key}": describe_allowed(sections()[name].model_fields[key]) for name, key in KEYS}
    assert words["server.port"] == "an integer from 0 to 65535"
    assert words["server.state_dir"] == words["cluster.jwt_key"] == "a path"
    assert words["cluster.mode"] == "auto, simulated, slurmrestd, cli"
    assert words["cluster.name"] == "text without spaces"
    assert words["cluster.sudo"] == "true, false"
    assert words["cluster.timeout_seconds"] == "a number above 0 to 600"
    assert words["database.url"] == "text like sqlite:////srv/s9s/s9s.db"
