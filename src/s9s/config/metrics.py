"""Who may read the server's metrics."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from s9s.config.section import Networks, Section


class Metrics(Section):
    """What monitoring reads: `/metrics`, in Prometheus' text format."""

    public_networks: Annotated[Networks, Field(examples=['["10.0.0.5", "2001:db8::/64"]'])] = ()
    """Networks from which `/metrics` can be read without a credential; unset is none: everybody needs one
    with the scope `metrics:read`. What an untrusted proxy passes on never counts."""
