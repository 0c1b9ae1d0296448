from ghostfix.model.service import Service
from ghostfix.survey.processes import collect
from tests.fake_system import FakeSystem

SERVICE = Service(
    name="g",
    profile="t",
    directory="/srv/ghost",
    module="gpt_cursor_runner.main",
    ports=(5555,),
    pidfiles=("a.pid",),
)
GHOST = ("python", "-m", "gpt_cursor_runner.main")


def detailed(system: FakeSystem) -> set[int]:
    return {process.pid for process in collect(system, SERVICE).value if process.detail is not None}


def test_candidates_and_what_is_above_and_below_them_have_details() -> None:
    system = FakeSystem()
    system.add_process(100, ("cron", "-f"))
    system.add_process(101, ("sh", "-c", "x"), ppid=100)
    system.add_process(102, GHOST, ppid=101)
    system.add_process(103, ("helper",), ppid=102)
    system.add_process(104, ("sleep", "9"), ppid=100)
    assert detailed(system) == {1, 100, 101, 102, 103}


def test_holders_of_the_port_and_pids_in_files_and_workers_have_details() -> None:
    system = FakeSystem()
    system.add_process(200, ("stranger",), listens=[5555])
    system.add_process(201, ("other",), listens=[5556])
    system.add_process(202, ("bystander",))
    code = "from multiprocessing.spawn import spawn_main; spawn_main(1)"
    system.add_process(203, ("python", "-c", code), cwd="/srv/ghost")
    system.add_process(204, ("gunicorn: worker [app]",), cwd="/srv/ghost")
    system.add_process(205, ("gunicorn: worker [other]",), cwd="/srv/other")
    system.add_file("/srv/ghost/a.pid", b"202\n")
    assert detailed(system) == {1, 200, 202, 203, 204}


def test_a_pidfile_with_pid_1_does_not_bring_everybody() -> None:
    system = FakeSystem()
    system.add_process(300, ("sleep", "9"))
    system.add_file("/srv/ghost/a.pid", b"1\n")
    assert detailed(system) == {1}


def test_what_could_not_be_read_is_said() -> None:
    system = FakeSystem()
    system.problems["processes"] = "hidden"
    reading = collect(system, SERVICE)
    assert (reading.complete, reading.problem) == (False, "hidden")
