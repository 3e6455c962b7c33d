from s9s.domain.jobs import JobUsage
from s9s.domain.usage import StepUsage, usage_of_steps


def test_cpu_time_is_added_up_and_memory_is_that_of_the_step_with_the_most() -> None:
    batch = StepUsage(cpu_seconds=1.0, memory_mib=10.0, task_memory_mib=10.0, memory_node="n1", tasks=1)
    spread = StepUsage(
        cpu_seconds=30.5,
        memory_mib=400.0,
        task_memory_mib=250.0,
        memory_node="n2",
        tasks=2,
        gpu_utilization=0.5,
    )
    assert usage_of_steps([batch, spread]) == JobUsage(
        cpu_seconds=31.5,
        max_memory_mib=400.0,
        max_task_memory_mib=250.0,
        max_memory_node="n2",
        tasks=2,
        gpu_utilization=0.5,
    )


def test_what_nobody_has_measured_is_none_and_not_zero() -> None:
    assert usage_of_steps([]) is None
    assert usage_of_steps([StepUsage()]) == JobUsage()
    assert usage_of_steps([StepUsage(cpu_seconds=0.0, memory_mib=0.0, tasks=1)]) == JobUsage(cpu_seconds=0.0)
    # Without a sum, the largest task stands for all of them, as in seff.
    assert usage_of_steps([StepUsage(task_memory_mib=5.0, tasks=4)]) == JobUsage(
        max_memory_mib=20.0, max_task_memory_mib=5.0, tasks=4
    )
