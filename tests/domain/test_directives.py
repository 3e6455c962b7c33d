"""``#SBATCH`` lines, against sbatch itself."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s9s.domain.directives import other_identity, parse_directives, with_directives
from s9s.domain.jobs import JobSubmission
from s9s.domain.memory import parse_memory

#: Directive, fields. None of these leaves anything unknown.
UNDERSTOOD: dict[str, dict[str, object]] = {
    "-J name": {"job_name": "name"},
    "--job-name=name": {"job_name": "name"},
    "--job-name name": {"job_name": "name"},
    "-p a,b": {"partition": "a,b"},
    "-A physics": {"account": "physics"},
    "-q high": {"qos": "high"},
    "-N2": {"nodes": 2},
    "-N 2-4": {"nodes": 2, "nodes_max": 4},
    "--nodes=3-3": {"nodes": 3},
    "-n 8": {"tasks": 8},
    "--ntasks-per-node=4": {"tasks_per_node": 4},
    "--tasks-per-node=4": {"tasks_per_node": 4},
    "-c 2": {"cpus_per_task": 2},
    "--mem=4G": {"memory_mib": 4096},
    "--mem=0": {"memory_mib": 0},
    "--mem-per-cpu 512": {"memory_per_cpu_mib": 512},
    "-G 2": {"gpus": 2},
    "--gpus-per-node=2": {"gpus_per_node": 2},
    "--gpus-per-node=a100:2": {"gres": "gpu:a100:2"},
    "--gres=gpu:1,shard:2": {"gres": "gpu:1,shard:2"},
    "-t 1-12": {"time_limit_seconds": 129600},
    "--time=UNLIMITED": {"time_limit_seconds": -1},
    "--time-min=10": {"time_min_seconds": 600},
    "-D /scratch": {"working_directory": "/scratch"},
    "-i in": {"standard_input": "in"},
    "-o out-%j": {"standard_output": "out-%j"},
    "-o none": {"standard_output": "/dev/null"},
    "-e err": {"standard_error": "err"},
    "-d afterok:1:2?afterany:3": {"dependency": "afterok:1:2?afterany:3"},
    "-a 0-15%4": {"array": "0-15%4"},
    "--deadline=uts1900000000": {"deadline": 1900000000},
    "-b uts1900000000": {"begin_time": 1900000000},
    "-C 'a&b'": {"constraint": "a&b"},
    "--reservation=maint": {"reservation": "maint"},
    "-w node[001-002]": {"nodelist": "node[001-002]"},
    "-x node003": {"exclude": "node003"},
    "-L matlab:2": {"licenses": "matlab:2"},
    "--nice": {"nice": 100},
    "--nice=-5": {"nice": -5},
    "--priority=7": {"priority": 7},
    "-H": {"hold": True},
    "--requeue": {"requeue": True},
    "--no-requeue": {"requeue": False},
    "--exclusive": {"exclusive": True},
    "--comment='a \"b\" # c'": {"comment": 'a "b" # c'},
    '--comment=a\\"b': {"comment": 'a"b'},
    "--comment=a#b": {"comment": "a"},
    "--mail-type=END,FAIL --mail-user=a@b": {"mail_type": "END,FAIL", "mail_user": "a@b"},
    "--open-mode=a": {"open_mode": "append"},
    "--open-mode=truncate": {"open_mode": "truncate"},
    "--signal=B:USR1@60": {"signal": "B:USR1@60"},
    "-HvN2 -n 4": {"hold": True, "nodes": 2, "tasks": 4},
    "--export=ALL --parsable -Q": {},
    "-t 5 # -t 6": {"time_limit_seconds": 300},
    "-t 5 -t 6": {"time_limit_seconds": 360},
    "": {},
}

#: For sbatch an error.
WRONG = [
    "-t abc", "-t 2h", "-t 5.5", "--mem=2.5G", "--mem=1GiB", "-N x", "-N 4-2", "-n 0", "-n 1k", "-c 0", "-J",
    "--signal=FOO", "--open-mode=x", "--foo=1", "stray", "-N", "--time", "-b now+2h",
    "--mem=-1", "--exclusive=foo", "--comment='x",
]  # fmt: skip

#: For sbatch all right, but no field of ours can hold it.
BEYOND = [
    "--exclusive=user", "--gpus=a100:2", "--hint=nomultithread", "-M other", "--export=FOO=1", "-s", "-k",
    "--gpus-per-node=a100:1,v100:1", "--cpus-per-gpu=2", "--priority=TOP", "--switches=1", "-O",
]  # fmt: skip


def script(*directives: str) -> str:
    return "\n".join(["#!/bin/sh", *(f"#SBATCH {directive}" for directive in directives), "sleep 1", ""])


@pytest.mark.parametrize(("directive", "fields"), UNDERSTOOD.items())
def test_reads_every_form(directive: str, fields: dict[str, object]) -> None:
    directives = parse_directives(script(directive))
    assert directives.submission_fields == fields
    assert directives.unknown == ()


@pytest.mark.parametrize("directive", [*WRONG, *BEYOND])
def test_what_is_not_understood_is_handed_back_as_written(directive: str) -> None:
    directives = parse_directives(script(directive, "-N 3"))
    assert directives.unknown == (directive,)
    assert directives.submission_fields == {"nodes": 3}


def test_a_blank_can_be_escaped() -> None:
    # By sbatch since 24.11 at the latest; 22.05 takes it for the end of the word.
    assert parse_directives(script("--comment=a\\ b")).submission_fields == {"comment": "a b"}


@pytest.mark.parametrize("directive", ["--job-name=", "--comment=a\0b", "-w ./nodes", "--signal=USR1@x"])
def test_values_that_no_field_should_hold_are_unknown(directive: str) -> None:
    assert parse_directives(script(directive)).unknown == (directive,)


def test_relative_directories_are_unknown() -> None:
    # Relative to where sbatch was called, which is nowhere here.
    assert parse_directives(script("-D here")).unknown == ("-D here",)


def test_a_later_line_replaces_an_earlier_one() -> None:
    assert parse_directives(script("-N 2-4", "-N 3")).submission_fields == {"nodes": 3}
    assert parse_directives(script("-t 1", "-t 2")).submission_fields == {"time_limit_seconds": 120}


def test_a_wrong_value_does_not_replace_a_right_one() -> None:
    assert parse_directives(script("-t 1", "-t x")).submission_fields == {"time_limit_seconds": 60}


def test_typed_gpus_join_the_other_gres() -> None:
    fields = parse_directives(script("--gpus-per-node=a100:2 --gres=shard:1")).submission_fields
    assert fields == {"gres": "shard:1,gpu:a100:2"}


def test_stops_at_the_first_command() -> None:
    text = "#!/bin/sh\n\n# comment\n   # another\n#SBATCH -N 2\n\t\n#SBATCH -n 4\ntrue\n#SBATCH -c 8\n"
    assert parse_directives(text).submission_fields == {"nodes": 2, "tasks": 4}


@pytest.mark.parametrize("line", [" #SBATCH -N 2", "#sbatch -N 2", "# SBATCH -N 2", "##SBATCH -N 2"])
def test_other_comments_are_no_directives(line: str) -> None:
    assert parse_directives(f"#!/bin/sh\n{line}\n") == parse_directives("")


@pytest.mark.parametrize("line", ["#SBATCH\t-N\t2", "#SBATCH-N2", "#SBATCH -N 2\r"])
def test_blanks_do_not_matter(line: str) -> None:
    assert parse_directives(f"#!/bin/sh\n{line}\n").submission_fields == {"nodes": 2}


def test_other_components_of_a_het_job_are_unknown() -> None:
    directives = parse_directives(script("-N 1", "-n 2 hetjob -n 3", "-N 2", "-p gpu"))
    assert directives.submission_fields == {"nodes": 1, "tasks": 2}
    assert directives.unknown == ("hetjob -n 3", "-N 2", "-p gpu")


def test_a_name_may_contain_hetjob() -> None:
    directives = parse_directives(script("-J hetjob", "--comment=packjobs # hetjob", "-N 2"))
    assert directives.submission_fields == {"job_name": "hetjob", "comment": "packjobs", "nodes": 2}


def test_relative_begin_times_count_from_now() -> None:
    before = int(time.time())
    begin = parse_directives(script("--begin=now+1hour")).submission_fields["begin_time"]
    assert isinstance(begin, int)
    assert before + 3600 <= begin <= int(time.time()) + 3600


def test_fields_of_the_request_win() -> None:
    text = script("-N 2-4", "-J theirs", "-p normal", "-H", "--foo")
    completed, unknown = with_directives(JobSubmission(script=text, job_name="ours", nodes=3, hold=False))
    assert completed == JobSubmission(script=text, job_name="ours", nodes=3, hold=False, partition="normal")
    assert unknown == ("--foo",)


@pytest.mark.parametrize(
    ("directive", "field", "value"),
    [
        ("--mem=1G", "memory_per_cpu_mib", 512),
        ("--mem-per-cpu=1G", "memory_mib", 512),
        ("--gpus-per-node=2", "gpus", 1),
        ("-G 2", "gpus_per_node", 1),
        ("--gres=gpu:4", "gpus", 1),
        ("-G 2", "gres", "gpu:1"),
        ("--gpus-per-node=a100:2", "gpus_per_node", 1),
        ("-n 8 -c 2 --ntasks-per-node=4", "cpus_per_node", 4),
    ],
)
def test_fields_of_the_request_win_over_other_words_for_the_same(
    directive: str, field: str, value: object
) -> None:
    request = JobSubmission(script=script(directive), **{field: value})
    assert with_directives(request) == (request, ())


def test_gres_other_than_gpus_stays_beside_gpus() -> None:
    completed, _ = with_directives(JobSubmission(script=script("--gres=shard:4"), gpus=1))
    assert (completed.gpus, completed.gres) == (1, "shard:4")


@given(st.text() | st.text("#SBATCH-Nntmg= '\"\\0123:,%\n", max_size=60))
def test_any_script_is_read(text: str) -> None:
    submission = JobSubmission(script=f"#SBATCH {text}")
    completed, _ = with_directives(submission)
    assert completed.script == submission.script


@given(st.lists(st.sampled_from([*UNDERSTOOD, *WRONG, *BEYOND]), max_size=8))
def test_lines_are_read_one_by_one(lines: list[str]) -> None:
    alone = [parse_directives(script(line)) for line in lines]
    together = parse_directives(script(*lines))
    assert list(together.unknown) == [raw for directives in alone for raw in directives.unknown]
    assert set().union(*(d.submission_fields for d in alone)) >= set(together.submission_fields)


def test_a_long_script_is_not_read_to_its_end() -> None:
    text = script("-N 2") + "x\n" * 2_000_000
    started = time.process_time()
    assert parse_directives(text).submission_fields == {"nodes": 2}
    assert time.process_time() - started < 0.05


#: How ``sbatch -vv`` calls the fields whose values it shows as they are.
SHOWN_AS = {
    "job_name": "job-name", "partition": "partition", "account": "account", "qos": "qos", "tasks": "ntasks",
    "tasks_per_node": "ntasks-per-node", "cpus_per_task": "cpus-per-task", "gpus": "gpus", "array": "array",
    "standard_output": "output", "standard_error": "error", "standard_input": "input", "comment": "comment",
    "constraint": "constraint", "dependency": "dependency", "nodelist": "nodelist", "exclude": "exclude",
    "licenses": "licenses", "reservation": "reservation", "nice": "nice", "priority": "priority",
    "mail_user": "mail-user", "working_directory": "chdir",
}  # fmt: skip


@pytest.mark.slurm
@pytest.mark.xdist_group("lab22.05")
def test_agrees_with_sbatch(lab22: Any) -> None:
    def shown_by_sbatch(directive: str) -> dict[str, str]:
        done = lab22.run("alice", "sbatch", "-vv", "--test-only", stdin=script(directive), check=False)
        return dict(re.findall(r"^sbatch: (\S+) +: (.*)$", done.stderr, re.MULTILINE))

    for directive, fields in UNDERSTOOD.items():
        shown = shown_by_sbatch(directive)
        assert "test-only" in shown or "-Q" in directive, directive
        for field, value in fields.items():
            if field in SHOWN_AS:
                assert shown[SHOWN_AS[field]].removeprefix("/home/alice/") == str(value), directive
            elif field == "memory_mib":
                assert parse_memory(shown["mem"].rstrip("?")) == value, directive
    for directive in WRONG:
        assert not shown_by_sbatch(directive), directive
    for directive in BEYOND:
        assert shown_by_sbatch(directive), directive


@pytest.mark.parametrize(
    ("line", "option"),
    [
        ("--uid=bob", "--uid"),
        ("--uid bob", "--uid"),
        ("--ui=0", "--ui"),
        ("--gid=wheel", "--gid"),
        ("--gi 0", "--gi"),
        ("-N 2 --uid=bob -n 1", "--uid"),
        ("'--uid=bob'", "--uid"),
        ("--uid=bob 'open", "--uid"),
        ("'--uid' bob 'open", "--uid"),
        ("hetjob\n#SBATCH --uid=bob", "--uid"),
        ("--unknown\n\n# more\n#SBATCH --gid=0", "--gid"),
        ("--nodes=2", None),
        ("--comment=--uid=3", None),
        ("--gres=gpu:1", None),
        ("--uidx=3", None),
        ("-n 1 # --uid=bob", None),
    ],
)
def test_scripts_that_want_to_be_somebody_elses(line: str, option: str | None) -> None:
    assert other_identity(f"#!/bin/sh\n#SBATCH {line}\necho\n") == option
    assert other_identity(f"#!/bin/sh\necho\n#SBATCH {line}\n") is None
