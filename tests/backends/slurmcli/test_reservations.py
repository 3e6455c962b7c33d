from s9s.backends.slurmcli.scontrol import parse_reservations
from s9s.domain.reservations import Reservation

#: As Slurm 26.05 prints it (22.05 and 24.11 have fewer fields).
OUTPUT = (
    "ReservationName=maint_week StartTime=1795563981 EndTime=1795571181 Duration=02:00:00 "
    "Nodes=node[001-002] NodeCnt=2 CoreCnt=64 Features=(null) PartitionName=(null) "
    "Flags=MAINT,IGNORE_JOBS,SPEC_NODES TRES=cpu=64 AllowedPartitions=(null) QOS=(null) Users=root,alice "
    "Groups=(null) Accounts=(null) Licenses=(null) State=INACTIVE BurstBuffer=(null) MaxStartDelay=(null)\n"
)


def test_reservations() -> None:
    assert parse_reservations(OUTPUT) == [
        Reservation(
            name="maint_week",
            state="INACTIVE",
            start_time=1795563981,
            end_time=1795571181,
            nodes=("node001", "node002"),
            users=("root", "alice"),
            flags=("MAINT", "IGNORE_JOBS", "SPEC_NODES"),
        )
    ]
    assert parse_reservations("No reservations in the system\n") == []
