import pytest

from s9s.config import SHORT_NAMES, SYSTEM_FILE, load_settings, sections
from s9s.services.access import SCOPES, Role
from scripts.docs import DIRECTORY, PARTS, rewrite
from scripts.docs.commands import every_command
from scripts.docs.settings import descriptions

CONFIGURATION = (DIRECTORY / "configuration.md").read_text()
COMMANDS = (DIRECTORY / "commands.md").read_text()


@pytest.mark.parametrize("document", PARTS)
def test_generated_parts_are_up_to_date(document: str) -> None:
    text = (DIRECTORY / document).read_text()
    assert rewrite(text, PARTS[document]) == text, "run `make docs`"


@pytest.mark.parametrize("section", sections())
def test_every_key_is_described(section: str) -> None:
    kind = sections()[section]
    described = descriptions(kind)
    assert described.keys() == kind.model_fields.keys()
    assert all(text.endswith(".") for text in described.values())
    table = CONFIGURATION.split(f"### [{section}]")[1].split("###")[0]
    for key in kind.model_fields:
        assert f"| `{key}` | " in table


def test_every_variable_and_the_places_of_the_file_are_told() -> None:
    for name in (*SHORT_NAMES, "S9S_CONFIG", str(SYSTEM_FILE)):
        assert f"`{name}`" in CONFIGURATION


def test_the_example_is_a_valid_configuration(tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("S9S_STATE_DIR", raising=False)
    file = tmp_path / "s9s.toml"
    file.write_text(CONFIGURATION.split("```toml\n")[1].split("```")[0])
    assert load_settings(file).server.public_url == "https://slurm-api.example.com"


def test_every_command_and_option_is_described() -> None:
    for command, context in every_command():
        assert command.help
        section = COMMANDS.split(f"## {context.command_path}\n")[1].split("\n## ")[0]
        for parameter in command.get_params(context):
            for option in parameter.opts if parameter.param_type_name == "option" else ():
                assert option in section
                assert parameter.get_help_record(context)[1]


def test_every_role_and_scope_is_described() -> None:
    for word in (*Role, *SCOPES):
        assert f"`{word}`" in COMMANDS
