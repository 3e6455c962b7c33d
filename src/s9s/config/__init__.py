"""Settings: the one reader of configuration files and of the environment.

Flags of the command line win over ``S9S_*`` environment variables, these over the TOML file, that over
the defaults. ``docs/configuration.md`` lists every key, written from the docstrings of the sections.
"""

from s9s.config.loading import SHORT_NAMES, SYSTEM_FILE, BadConfiguration, load_settings
from s9s.config.section import Section, describe_allowed
from s9s.config.settings import Settings, sections

__all__ = [
    "SHORT_NAMES",
    "SYSTEM_FILE",
    "BadConfiguration",
    "Section",
    "Settings",
    "describe_allowed",
    "load_settings",
    "sections",
]
