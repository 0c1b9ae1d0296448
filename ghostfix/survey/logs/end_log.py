"""The last lines that a manager kept of a job, read as the end of a log."""

from ghostfix.model.last_end import LastEnd
from ghostfix.model.service import Service
from ghostfix.model.snapshot import LogExcerpt
from ghostfix.survey.logs.log_end import read_end
from ghostfix.survey.logs.log_line import WrittenLine


def end_log(end: LastEnd, service: Service, now: float) -> LogExcerpt | None:
    """The excerpt of those lines, under the name of where they stand; None where there are none."""
    if end.log is None or not end.lines:
        return None
    written = max((line.at for line in end.lines if line.at is not None), default=None)
    lines = [WrittenLine(line.text, line.at) for line in end.lines]
    read = read_end(lines, now, folder=service.directory, written=written or end.at)
    return LogExcerpt(
        path=end.log,
        size=sum(len(line.text) for line in end.lines),
        modified=written or end.at or now,
        read_from=0,
        errors=(read.ending,) if read.ending is not None else (),
        ending=read.ending,
        last_lines=read.last_lines,
    )
