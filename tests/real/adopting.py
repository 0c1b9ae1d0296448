"""What the tests of adoption have in common: a service with its profile, and ghostfix as it is typed."""

import sys

from tests.real.restarter_bench import GHOST, ROOT, Bench, sh

STEADY = GHOST
CRASHING = "import sys\nprint('crash', flush=True)\nsys.exit(3)\n"
LIMITS = (
    "{ load_per_cpu = 1000, memory_percent = 100, disk_percent = 100, "
    'service_memory = "200M", service_processes = 50, service_open_files = 256 }'
)


def settle(bench: Bench, folder: str, program: str = STEADY, more: str = "", owner: str = "root") -> None:
    """A folder with ghost.py and its profile, whose service is called ghost."""
    profile = '# kept\r\n[services.ghost]\ndirectory = "."\nscript = "ghost.py"\nlogs = ["logs/ghost.log"]\n'
    sh(
        bench,
        f"mkdir -p {folder}/logs && cat > {folder}/ghost.py <<'END'\n{program}END\n"
        f"cat > {folder}/ghostfix.toml <<'END'\n{profile}limits = {LIMITS}\n{more}END\n"
        f"chown -R {owner}: {folder}",
    )


def ghostfix(bench: Bench, folder: str, words: str, status: int = 0, before: str = "") -> str:
    """Runs ghostfix in the service's folder; it must end with this status."""
    answer = bench.run(
        f"cd {folder} && {before} env PYTHONPATH={ROOT} COLUMNS=200 {sys.executable} -m ghostfix {words}"
    )
    assert answer.status == status, answer.output
    return answer.output
