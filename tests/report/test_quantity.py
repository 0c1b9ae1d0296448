import pytest
from msgspec import structs

from ghostfix.report.quantity import UNREAD, number, packets, quantities, share, size
from tests import sample_reports as samples


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1 MB"),
        (7_600_000_000, "7.6 GB"),
        (10**22, "10000 EB"),
    ],
)
def test_sizes_are_in_decimal_units(count: int, text: str) -> None:
    assert size(count) == text


def test_packets_are_counted_in_thousands_and_millions() -> None:
    assert packets(80_000_000) == "80 M packets"
    assert packets(45_300) == "45.3 k packets"


def test_a_count_is_a_share_of_its_limit() -> None:
    assert share(1252, 300) == "417 % of the limit of 300"
    assert number(7.0) == "7"


def test_the_incidents_metrics() -> None:
    rows = {row.name: row for row in quantities(samples.incident().metrics)}
    processes, load, memory = rows["Processes"], rows["Load"], rows["Memory"]
    assert (processes.value, processes.limit) == ("1252 processes, 417 % of the limit of 300", "300")
    assert (processes.exceeded, processes.share) == (True, 1252 / 300)
    assert (load.value, load.limit, load.exceeded) == ("7.02 on 8 CPUs", "16", False)
    assert (memory.value, memory.limit, memory.exceeded) == ("40.6 %", "90 %", False)
    assert rows["Received"].value == "7.6 GB, 80 M packets"
    assert rows["Sent"].value == "5.2 GB, 45 M packets"


def test_what_is_at_its_limit_is_not_beyond_it() -> None:
    metrics = structs.replace(
        samples.incident().metrics, process_count=300, zombie_count=1, cpu_load=16.0, cpu_count=1
    )
    rows = {row.name: row for row in quantities(metrics)}
    assert not any(rows[name].exceeded for name in ("Processes", "Zombies", "Load"))
    assert (rows["Zombies"].value, rows["Load"].value) == ("1 zombie", "16 on 1 CPU")


def test_what_could_not_be_read_says_so() -> None:
    rows = quantities(samples.unreadable().metrics)
    assert {row.value for row in rows} == {UNREAD}
    assert not any(row.exceeded for row in rows)
