"""Settings to the queue of background work and its files; for servers and for workers."""

from __future__ import annotations

from typing import Final

from s9s.config import BadConfiguration, Settings
from s9s.domain.work import DELIVERY, ERRANDS, EXPORT, NOTICE, REPORT
from s9s.services.work.artifacts import Artifacts
from s9s.services.work.queue import WorkQueue
from s9s.storage.database import Database
from s9s.storage.files import LocalFiles
from s9s.storage.sealing import Seal
from s9s.storage.work import WorkRecords
from s9s.storage.work_bounds import Bounds

#: In the state directory.
FILES: Final = "files"
SEAL_FILE: Final = "secrets-key"
#: How long a message is remembered after it has been sent.
NOTICE_KEPT_SECONDS: Final = 7 * 86_400


def open_artifacts(settings: Settings) -> Artifacts:
    """Where the files of exports and reports are. Raises `BadConfiguration`."""
    wanted = settings.artifacts
    if wanted.bucket is None:
        return Artifacts(LocalFiles(settings.server.state_dir / FILES))
    if (wanted.access_key_id is None) != (wanted.secret_access_key_file is None):
        raise BadConfiguration("artifacts.access_key_id and artifacts.secret_access_key_file belong together")
    # It brings with it all that sends mail, which most have no use for here.
    from s9s.app.delivery import read_secret

    secret = (
        None
        if wanted.secret_access_key_file is None
        else read_secret("artifacts.secret_access_key_file", wanted.secret_access_key_file)
    )
    try:
        from s9s.storage.object_files import ObjectFiles
    except ImportError as error:
        raise BadConfiguration("artifacts.bucket needs s9s[s3]: pip install 's9s[s3]'") from error
    return Artifacts(
        ObjectFiles(
            wanted.bucket,
            prefix=wanted.prefix,
            endpoint=wanted.endpoint,
            region=wanted.region,
            access_key_id=wanted.access_key_id,
            secret_access_key=secret,
        )
    )


def open_seal(settings: Settings) -> Seal:
    """What secrets in the database are sealed with."""
    return Seal(settings.server.secrets_key_file or settings.server.state_dir / SEAL_FILE)


def open_queue(settings: Settings, database: Database) -> WorkQueue:
    """The queue, knowing every kind of work by name. Raises `BadConfiguration`."""
    work, reports = settings.work, settings.reports
    bounds = Bounds(
        waiting_per_owner=work.unfinished_per_user,
        waiting=work.unfinished,
        running_per_owner=work.running_per_user,
        errands=ERRANDS,
    )
    queue = WorkQueue(WorkRecords(database, bounds), open_artifacts(settings))
    queue.register(DELIVERY, None, kept_seconds=reports.lifetime_seconds)
    queue.register(REPORT, None, kept_seconds=reports.lifetime_seconds)
    queue.register(EXPORT, None, kept_seconds=settings.exports.lifetime_seconds)
    queue.register(NOTICE, None, kept_seconds=NOTICE_KEPT_SECONDS)
    return queue
