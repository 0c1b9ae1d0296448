"""The service of the fleet, and the ways in which it is broken on some of the machines."""

import sys

from tests.commands.fleet.lab import Machine
from tests.real.ghost_house import wait_until

FOLDER = "/srv/shop"
PORT = 8000
SECRET = "hunter2-of-the-shop"
"""A password that stands in command lines on the hosts, and must never be seen anywhere else."""

_PROGRAM = """
import http.server, signal, socketserver, sys
if "stubborn" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *arguments):
        pass
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    def server_bind(self):
        self.socket.setsockopt(__import__("socket").SOL_SOCKET, __import__("socket").SO_REUSEPORT, 1)
        super().server_bind()
Server(("127.0.0.1", 8000), Health).serve_forever()
"""
RUN = f"{sys.executable} -S shop.py --db-password={SECRET}"
START = f"cd {FOLDER}; setsid nohup {RUN} >>shop.log 2>&1 </dev/null &"
CRON_LINE = f"* * * * * root cd {FOLDER} && {RUN} >>shop.log 2>&1"

PROFILE = f"""
[services.shop]
directory = "{FOLDER}"
script = "shop.py"
pidfiles = ["shop.pid"]
ports = [{PORT}]
logs = ["shop.log"]
health = {{ url = "http://127.0.0.1:{PORT}/health", timeout = 2 }}
start = ["{sys.executable}", "-S", "shop.py"]
stop = {{ signal = "TERM", grace = 2 }}

[services.shop.limits]
processes = 100000
load_per_cpu = 1000
memory_percent = 100
disk_percent = 100
"""


def move_in(machine: Machine) -> None:
    """The shop and its profile."""
    machine.write(f"{FOLDER}/shop.py", _PROGRAM)
    machine.write("/etc/ghostfix/ghostfix.toml", PROFILE)


def start(machine: Machine, number: int = 1, user: str = "root") -> None:
    """Starts it, and waits until it serves."""
    script = "\n".join([START] * number)
    machine.sh(f"runuser -u {user} -- bash <<'END'\n{script}\nEND")
    wait_until(lambda: number_of(machine) == number and serves(machine), 20, f"the shop on {machine.name}")


def number_of(machine: Machine) -> int:
    """How many copies run."""
    return int(machine.sh("pgrep -cf '[s]hop.py' || true"))


def serves(machine: Machine) -> bool:
    return machine.answers(f"exec 3<>/dev/tcp/127.0.0.1/{PORT}")


# the five faults


def add_cron_line(machine: Machine, above: str = "") -> None:
    """A line that starts the shop each minute, and has done so twice. No cron runs, so nothing moves."""
    machine.write("/etc/cron.d/shop", f"{above}{CRON_LINE}\n")
    start(machine, 2)


def add_copies(machine: Machine) -> None:
    """Three copies that share the port."""
    start(machine, 3)


def add_stale_pidfile(machine: Machine) -> None:
    machine.write(f"{FOLDER}/shop.pid", "4194301\n")
    machine.sh(f"touch -d '2 days ago' {FOLDER}/shop.pid")


def add_unit(machine: Machine) -> None:
    """A unit of systemd that starts the shop again whenever it ends, beside a copy that somebody started."""
    machine.write(
        "/etc/systemd/system/shop.service",
        f"[Service]\nWorkingDirectory={FOLDER}\nExecStart={RUN}\nRestart=always\nRestartSec=0.3\n",
    )
    machine.sh("systemctl daemon-reload; systemctl start shop.service")
    wait_until(lambda: number_of(machine) == 1 and serves(machine), 20, "the unit starts the shop")
    machine.sh(START)
    wait_until(lambda: number_of(machine) == 2, 20, "a copy beside the unit's")


def end(machine: Machine) -> None:
    """Every copy, at once."""
    machine.sh("pkill -KILL -f '[s]hop.py' || true")
    wait_until(lambda: number_of(machine) == 0, 20, f"no shop on {machine.name}")


def add_stubborn_copies(machine: Machine) -> None:
    """Two copies that hear no TERM, and a profile that gives them a minute: so a repair can be disturbed."""
    machine.write("/etc/ghostfix/ghostfix.toml", PROFILE.replace("grace = 2", "grace = 60"))
    machine.sh("\n".join([START.replace("--db", "stubborn --db")] * 2))
    wait_until(lambda: number_of(machine) == 2 and serves(machine), 20, f"the shop on {machine.name}")


def take_python_away(machine: Machine) -> None:
    """As on a router, or an image that was made small."""
    machine.sh("rm -f /usr/bin/python* /usr/local/bin/python*")
