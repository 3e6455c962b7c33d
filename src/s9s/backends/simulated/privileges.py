"""Who may do what, as Slurm decides it."""

from __future__ import annotations

from s9s.backends.simulated.accounts import Accounts
from s9s.domain.errors import PermissionDenied
from s9s.domain.jobs import Job

ACCESS_DENIED = "Access/permission denied"
INVALID_USER_ID = "Invalid user id"


class Privileges:
    """Slurm's rules on top of owners, coordinators, operators and administrators."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def is_operator(self, actor: str) -> bool:
        """Whether `actor` may change other users' jobs."""
        return self._accounts.is_operator(actor)

    def sees(self, job: Job, actor: str) -> bool:
        """Whether `actor` sees the job where PrivateData has ``jobs``."""
        if job.user == actor or self.is_operator(actor):
            return True
        return job.account in self._accounts.coordinated_by(actor)

    def control(self, job: Job, actor: str) -> None:
        """Raise `PermissionDenied` unless `actor` may cancel, hold or change the job.

        That is its owner, a coordinator of its account, or an operator.
        """
        # Who may see a private job and who may control one are the same people.
        if not self.sees(job, actor):
            raise PermissionDenied(f"Job {job.job_id}: {ACCESS_DENIED}")

    def operate(self, actor: str, on: str) -> None:
        """Raise `PermissionDenied` unless `actor` is an operator; `on` names the thing: ``Job 12``."""
        if not self.is_operator(actor):
            raise PermissionDenied(f"{on}: {ACCESS_DENIED}")

    def administer(self, actor: str, on: str) -> None:
        """Raise `PermissionDenied` unless `actor` is an administrator; operators cannot change nodes."""
        if not self._accounts.is_administrator(actor):
            raise PermissionDenied(f"{on}: {INVALID_USER_ID}")
