from ghostfix.model.report import Report
from tests import sample_reports

SITUATIONS: dict[str, Report] = {
    "incident": sample_reports.incident(),
    "planned": sample_reports.planned(),
    "half_repaired": sample_reports.half_repaired(),
    "repaired": sample_reports.repaired(),
    "healthy": sample_reports.healthy(),
    "unreadable": sample_reports.unreadable(),
}
