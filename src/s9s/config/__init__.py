"""Settings: the one reader of configuration files and of the environment.

Flags of the command line win over ``S9S_*`` environment variables, these over the TOML file, that over
the defaults. ``docs/configuration.md`` lists every key, written from the docstrings in `s9s.config.settings`.
"""

from s9s.config.loading import SHORT_NAMES, SYSTEM_FILE, BadConfiguration, load_settings
from s9s.config.settings import Section, Settings, describe_allowed, sections

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
