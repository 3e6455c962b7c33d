from s9s.backends.slurmcli import sstat
from s9s.domain.jobs import JobUsage


def test_steps_are_added_up_for_each_job() -> None:
    output = (
        "12.extern|cpu=00:00:00,mem=0\n"
        "12.batch|cpu=00:00:01,energy=0,mem=2048K,vmem=9M\n"
        "12.0|cpu=00:01:02,energy=0,mem=3M\n"
        "13.batch|cpu=1-00:00:00\n"
        "14.batch|\n"
        "sstat: error: couldn't get steps for job 15\n"
    )
    assert sstat.parse(output) == {
        12: JobUsage(cpu_seconds=63.0, max_memory_mib=3.0),
        13: JobUsage(cpu_seconds=86400.0, max_memory_mib=None),
    }
    assert sstat.parse("") == {}
    assert "--jobs=12,13" in sstat.of_jobs([12, 13])
