"""What can go wrong with the lab.

LabError                  a daemon or a command failed; the message ends with what it said
`-- LabUnavailable        this machine cannot carry the lab; the message says what is missing
"""


class LabError(Exception):
    """A daemon did not come up, or a command of the lab failed."""


class LabUnavailable(LabError):
    """This machine cannot run the lab (not root, not Debian, no mount namespaces, no mirror)."""
