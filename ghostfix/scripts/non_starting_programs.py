"""Programs that speak of others, read them or end them: what stands in their words is not run."""

MENTIONS = frozenset(
    """
    echo printf log logger cat tee grep egrep fgrep rg sed awk gawk ps pgrep pkill kill killall
    pidof fuser lsof test [ [[ cd export alias rm cp mv ln mkdir touch chmod chown tar gzip zip
    rsync scp ssh sleep wait trap find ls stat head tail less vi vim nano git mail notify-send
    osascript say crontab read type which whereis docker podman kubectl pip pip3 apt apt-get
    brew exit return unset set true false : dirname basename realpath readlink diff wc sort cut tr
    watchman strings file ldd nm objdump sha256sum md5sum black flake8 ruff mypy pylint
    """.split()  # noqa: SIM905 -- a hundred quoted names would be a hundred lines
)
