"""Crontab lines as people write them: those that start a service, and those that do not.

Each line is a form of its own: a wrapper with options, a task runner, a shell's construct. The service is
``/srv/w/w.py``; the files that the lines lead to are in ``FILES``.
"""

import pytest

from ghostfix.managers.cron.jobs import RESTARTER
from ghostfix.model.job import Job
from ghostfix.model.process import ProcessTree
from ghostfix.model.service import Service
from tests.fake_system import FakeSystem

SERVICE = Service(name="w", profile="test", directory="/srv/w", script="w.py")
TABLE = "/etc/cron.d/w"

FILES = {
    "/srv/w/w.py": "import time\ntime.sleep(9e9)\n",
    "/srv/w/start.sh": "#!/bin/sh\ncd /srv/w\nexec python3 w.py\n",
    "/srv/w/stop.sh": "#!/bin/sh\npkill -f /srv/w/w.py\n",
    "/srv/w/ctl.sh": "#!/bin/sh\ncase $1 in\nstart) python3 /srv/w/w.py & ;;\nstop) pkill -f w.py ;;\nesac\n",
    "/srv/w/ctl.py": "import os, sys\n"
    "if sys.argv[1] == 'start':\n    os.system('python3 /srv/w/w.py &')\n"
    "elif sys.argv[1] == 'stop':\n    os.system('pkill -f w.py')\n",
    "/srv/w/starter.py": "import subprocess\n"
    "def start():\n    subprocess.Popen(['python3', '/srv/w/w.py'])\n",
    "/srv/w/up.py": "from starter import start\nstart()\n",
    "/srv/w/Makefile": "PY = python3\nall: w\nw:\n\t$(PY) /srv/w/w.py\nstop:\n\tpkill -f w.py\n",
    "/srv/w/justfile": "py := 'python3'\n\nw:\n    python3 /srv/w/w.py\n\nstop:\n    pkill -f w.py\n",
    "/srv/w/Taskfile.yml": "version: '3'\ntasks:\n  w:\n    cmds:\n      - python3 /srv/w/w.py\n"
    "  stop:\n    cmds:\n      - pkill -f w.py\n",
    "/srv/w/package.json": '{"scripts": {\n  "start": "python3 /srv/w/w.py",\n'
    '  "stop": "pkill -f w.py"\n}}\n',
    "/srv/w/Procfile": "w: python3 w.py\n",
    "/srv/w/env.sh": "export APP=/srv/w\nstart_w() { python3 $APP/w.py; }\n",
    "/srv/w/loop.sh": "#!/bin/bash\ndeclare -A jobs=([w]='python3 /srv/w/w.py' [x]='true')\n"
    'for name in "${!jobs[@]}"; do ${jobs[$name]} & done\n',
    "/srv/w/table.sh": '#!/bin/bash\nfor row in "w:python3 /srv/w/w.py:log"; do\n'
    '  IFS=: read -r name command log <<<"$row"\n  $command &\ndone\n',
    "/srv/w/dos.sh": "#!/bin/sh\r\ncd /srv/w\r\npython3 w.py\r\n",
    "/opt/bin/wctl": "#!/bin/sh\npython3 /srv/w/w.py\n",
    "/root/bin/wrun": "#!/bin/sh\npython3 /srv/w/w.py\n",
    "/srv/other/w.py": "import time\n",
}

STARTS = r"""
python3 /srv/w/w.py
/usr/bin/python3 /srv/w/w.py
cd /srv/w && python3 w.py
cd /srv/w; python3 w.py
cd /srv/w && ./start.sh
/srv/w/start.sh
sh /srv/w/start.sh
bash -x /srv/w/start.sh
. /srv/w/start.sh
python3 -u /srv/w/w.py
python3 -O -W ignore /srv/w/w.py
python3.11 /srv/w/w.py
/srv/w/.venv/bin/python /srv/w/w.py
cd /srv/w && .venv/bin/python w.py
cd /srv/w && . .venv/bin/activate && python w.py
PYTHONPATH=/srv/w python3 /srv/w/w.py
nohup python3 /srv/w/w.py >/dev/null 2>&1 &
setsid python3 /srv/w/w.py
setsid -f python3 /srv/w/w.py
nice python3 /srv/w/w.py
nice -n 10 python3 /srv/w/w.py
nice -10 python3 /srv/w/w.py
ionice -c3 python3 /srv/w/w.py
ionice -c 2 -n 7 python3 /srv/w/w.py
timeout 1h python3 /srv/w/w.py
timeout -k 5 1h python3 /srv/w/w.py
timeout --signal=KILL 60 python3 /srv/w/w.py
env python3 /srv/w/w.py
env -i PATH=/usr/bin python3 /srv/w/w.py
env -C /srv/w python3 w.py
env --chdir=/srv/w python3 w.py
env -u HOME python3 /srv/w/w.py
env -S "python3 /srv/w/w.py"
sudo python3 /srv/w/w.py
sudo -u app python3 /srv/w/w.py
sudo -n -u app -- python3 /srv/w/w.py
sudo -D /srv/w python3 w.py
sudo --chdir=/srv/w -u app python3 w.py
sudo -i -u app python3 /srv/w/w.py
sudo -u app sh -c 'cd /srv/w && python3 w.py'
sudo -Hu app python3 /srv/w/w.py
doas -u app python3 /srv/w/w.py
su app -c 'python3 /srv/w/w.py'
su - app -c "cd /srv/w && python3 w.py"
su -s /bin/sh app -c 'python3 /srv/w/w.py'
runuser -u app -- python3 /srv/w/w.py
runuser -l app -c 'python3 /srv/w/w.py'
setpriv --reuid nobody --clear-groups python3 /srv/w/w.py
setpriv --reuid=nobody --regid=nogroup --init-groups python3 /srv/w/w.py
gosu app python3 /srv/w/w.py
su-exec app python3 /srv/w/w.py
chpst -u app python3 /srv/w/w.py
chpst -u app -e /etc/env python3 /srv/w/w.py
setuidgid app python3 /srv/w/w.py
envuidgid app python3 /srv/w/w.py
envdir /etc/env python3 /srv/w/w.py
softlimit -m 99999 python3 /srv/w/w.py
s6-setuidgid app python3 /srv/w/w.py
s6-envdir /etc/env python3 /srv/w/w.py
s6-setsid python3 /srv/w/w.py
taskset -c 0 python3 /srv/w/w.py
taskset 0x1 python3 /srv/w/w.py
chrt -i 0 python3 /srv/w/w.py
chrt --batch 0 python3 /srv/w/w.py
prlimit --nofile=1024 python3 /srv/w/w.py
numactl --cpunodebind=0 python3 /srv/w/w.py
systemd-cat python3 /srv/w/w.py
systemd-cat -t w -p info python3 /srv/w/w.py
systemd-run python3 /srv/w/w.py
systemd-run --unit=w --working-directory=/srv/w python3 w.py
systemd-run -p User=app --collect python3 /srv/w/w.py
systemd-inhibit --what=sleep python3 /srv/w/w.py
script -c 'python3 /srv/w/w.py' /dev/null
script -qc 'python3 /srv/w/w.py' /dev/null
unshare -n python3 /srv/w/w.py
nsenter -t 1 -n python3 /srv/w/w.py
run-one python3 /srv/w/w.py
run-one-constantly python3 /srv/w/w.py
chronic python3 /srv/w/w.py
cronitor exec d3x0c1 python3 /srv/w/w.py
dotenv run -- python3 /srv/w/w.py
dotenv -f /srv/w/.env run python3 /srv/w/w.py
direnv exec /srv/w python3 /srv/w/w.py
conda run -n w python3 /srv/w/w.py
conda run --no-capture-output -n w python3 /srv/w/w.py
poetry run python3 /srv/w/w.py
cd /srv/w && poetry run python w.py
poetry -C /srv/w run python w.py
pipenv run python3 /srv/w/w.py
hatch run python3 /srv/w/w.py
hatch run dev:python /srv/w/w.py
pdm run python3 /srv/w/w.py
uv run /srv/w/w.py
uv run python3 /srv/w/w.py
uv run --directory /srv/w python w.py
uv --directory /srv/w run w.py
uv run --project /srv/w --with requests python /srv/w/w.py
npm --prefix /srv/w start
npm --prefix /srv/w run start
npm run start --prefix /srv/w
cd /srv/w && npm start
yarn --cwd /srv/w start
cd /srv/w && yarn start
pnpm -C /srv/w start
pnpm --dir /srv/w run start
make -C /srv/w w
make -C /srv/w
cd /srv/w && make w
make -f /srv/w/Makefile w
make --directory=/srv/w all
just -f /srv/w/justfile w
just --justfile /srv/w/justfile --working-directory /srv/w w
cd /srv/w && just w
cd /srv/w && just
task -d /srv/w w
cd /srv/w && task w
cd /srv/w && honcho start
honcho -f /srv/w/Procfile -d /srv/w start w
cd /srv/w && foreman start
foreman start -d /srv/w
overmind start -f /srv/w/Procfile
tmux new-session -d -s w 'python3 /srv/w/w.py'
tmux new-session -d -c /srv/w 'python3 w.py'
tmux new -d -s w -c /srv/w python3 w.py
tmux send-keys -t w 'python3 /srv/w/w.py' Enter
screen -dmS w python3 /srv/w/w.py
screen -d -m -S w bash -c 'cd /srv/w && python3 w.py'
start-stop-daemon --start --exec /usr/bin/python3 -- /srv/w/w.py
start-stop-daemon --start -d /srv/w --exec /usr/bin/python3 -- w.py
start-stop-daemon -S -b -m -p /run/w.pid -x /usr/bin/python3 -- /srv/w/w.py
daemonize /usr/bin/python3 /srv/w/w.py
daemonize -c /srv/w /usr/bin/python3 w.py
daemon --name=w --respawn -- python3 /srv/w/w.py
daemon -D /srv/w -n w python3 w.py
flock -n /tmp/w.lock python3 /srv/w/w.py
flock -n /tmp/w.lock -c 'python3 /srv/w/w.py'
flock -w 5 /tmp/w.lock sh -c 'cd /srv/w; python3 w.py'
pgrep -f '^python3 /srv/w/w.py' || python3 /srv/w/w.py
curl -sf localhost:80 || python3 /srv/w/w.py
[ -f /run/w.pid ] || python3 /srv/w/w.py
test -f /run/w.off || /srv/w/start.sh
if ! pgrep -f w.py; then python3 /srv/w/w.py & fi
sleep 30; python3 /srv/w/w.py
sleep 30 && cd /srv/w && python3 w.py
pkill -f w.py; sleep 2; python3 /srv/w/w.py
(cd /srv/w && python3 w.py)
{ cd /srv/w; python3 w.py; }
sh -c 'python3 /srv/w/w.py'
bash -lc 'cd /srv/w && python3 w.py'
bash -c 'exec python3 /srv/w/w.py'
sh -s%python3 /srv/w/w.py
bash%cd /srv/w%python3 w.py
echo 'python3 /srv/w/w.py' | sh
echo 'python3 /srv/w/w.py' | at now
eval 'python3 /srv/w/w.py'
xargs -a /dev/null python3 /srv/w/w.py
echo w.py | xargs -I{} python3 /srv/w/{}
watch -n 60 python3 /srv/w/w.py
find /srv/w -name w.py -exec python3 {} \;
cd /srv/w && python3 -m w
cd /srv/w && exec -a web python3 w.py
cd /srv/w && bash ctl.sh start
/srv/w/ctl.sh start
cd /srv/w && python3 ctl.py start
cd /srv/w && python3 up.py
python3 /srv/w/up.py
bash /srv/w/loop.sh
bash /srv/w/table.sh
sh /srv/w/dos.sh
. /srv/w/env.sh; start_w
bash -c 'source /srv/w/env.sh && start_w'
APP=/srv/w; python3 $APP/w.py
python3 $APPDIR/w.py
wctl
cd && bin/wrun
~/bin/wrun
$HOME/bin/wrun
python3 -c 'import os; os.system("python3 /srv/w/w.py")'
perl -e 'exec "python3", "/srv/w/w.py"'
perl -e 'system("python3 /srv/w/w.py")'
ruby -e 'exec "python3 /srv/w/w.py"'
php -r 'exec("python3 /srv/w/w.py > /dev/null &");'
pm2 start /srv/w/w.py --interpreter python3
forever start -c python3 /srv/w/w.py
nodemon --exec python3 /srv/w/w.py
watchmedo auto-restart -d /srv/w -- python3 /srv/w/w.py
npx concurrently "python3 /srv/w/w.py" "true"
concurrently "python3 /srv/w/w.py"
some-new-wrapper --level 3 python3 /srv/w/w.py
/opt/tool/run-it -- /usr/bin/python3 /srv/w/w.py
"""

DOES_NOT = r"""
python3 /srv/other/w.py
cd /srv/other && python3 w.py
python3 /srv/w/other.py
cd /srv/w && python3 -m http.server
cat /srv/w/w.py
cp /srv/w/w.py /backup/
tar czf /backup/w.tgz /srv/w/w.py
tail -n 100 /srv/w/w.py
grep -q x /srv/w/w.py
head -1 /srv/w/w.py >/tmp/x
sed -i s/a/b/ /srv/w/w.py
pkill -f 'python3 /srv/w/w.py'
pkill -f w.py
kill $(pgrep -f 'python3 /srv/w/w.py')
pgrep -f 'python3 /srv/w/w.py' >/dev/null
pgrep -f 'python3 /srv/w/w.py' || echo down | mail root
echo python3 /srv/w/w.py
echo "python3 /srv/w/w.py" >>/tmp/log
logger 'python3 /srv/w/w.py runs'
true # python3 /srv/w/w.py
# cd /srv/w
/srv/w/stop.sh
bash /srv/w/stop.sh
bash -n /srv/w/start.sh
sh -n /srv/w/start.sh
cd /srv/w && bash ctl.sh stop
/srv/w/ctl.sh stop
cd /srv/w && python3 ctl.py stop
python3 -m py_compile /srv/w/w.py
python3 -m pyflakes /srv/w/w.py
python3 -m pytest /srv/w/w.py
python3 -m json.tool /srv/w/package.json
make -C /srv/w stop
make -n -C /srv/w w
just -f /srv/w/justfile stop
cd /srv/w && just --list
task -d /srv/w stop
npm --prefix /srv/w run stop
npm --prefix /srv/w install
cd /srv/w && npm ci
cd /srv/w && honcho check
tmux kill-session -t w
screen -S w -X quit
start-stop-daemon --stop --exec /usr/bin/python3 -- /srv/w/w.py
systemctl stop w
ls -l /srv/w/w.py
stat /srv/w/w.py
chmod +x /srv/w/w.py
ln -sf /srv/w/w.py /usr/local/bin/w
rsync -a /srv/w/w.py backup:/srv/w/
scp /srv/w/w.py backup:
ssh backup python3 /srv/w/w.py
docker exec web python3 /srv/w/w.py
git -C /srv/w add w.py
find /srv/w -name w.py -print
find /srv/w -name '*.pyc' -delete
vim -es /srv/w/w.py
flake8 /srv/w/w.py
black --check /srv/w/w.py
ruff check /srv/w/w.py
mypy /srv/w/w.py
flock -n /tmp/w.lock -c 'pkill -f w.py'
sudo -u app cat /srv/w/w.py
perl -e 'print "python3 /srv/w/w.py"'
php -r 'echo "python3 /srv/w/w.py";'
watch -n 60 'pgrep -f /srv/w/w.py'
sha256sum /srv/w/w.py
xargs -a /dev/null cat /srv/w/w.py
false && python3 /srv/w/w.py
strings /usr/bin/python3 /srv/w/w.py
"""


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line]


def starters(line: str) -> tuple[Job, ...]:
    system = FakeSystem()
    for path, text in FILES.items():
        system.add_file(path, text.encode(), mode=0o755)
    for folder in ("/opt/bin", "/root/bin"):
        system.add_folder(folder)
    system.add_program("python3")
    system.add_program("crontab")
    system.add_command(("crontab", "-l"), status=1, stderr="no crontab for ghost\n")
    text = f"PATH=/usr/bin:/bin:/opt/bin\nAPPDIR=/srv/w\nHOME=/root\n1 2 3 4 5 root {line}\n"
    system.add_file(TABLE, text.encode())
    return tuple(job for job in RESTARTER.jobs(system, SERVICE, ProcessTree(())).value if job.enabled)


def test_there_are_enough_of_them() -> None:
    assert len(set(lines(STARTS))) >= 150
    assert len(set(lines(DOES_NOT))) >= 50


@pytest.mark.parametrize("line", lines(DOES_NOT))
def test_a_line_that_does_not_start_it_is_not_blamed(line: str) -> None:
    assert starters(line) == ()


def test_of_the_lines_that_start_it_at_least_nineteen_in_twenty_are_found() -> None:
    missed = [line for line in lines(STARTS) if len(starters(line)) != 1]
    assert len(missed) <= len(lines(STARTS)) // 20, missed
