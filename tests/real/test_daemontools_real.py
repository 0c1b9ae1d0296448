"""A genuine svscan, on service folders of the test."""

import shutil
from collections.abc import Iterator

import pytest

from tests.real import service_folders
from tests.real.service_folders import House, supervised

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("svscan") is None, reason="needs Debian's package daemontools"),
]


@pytest.fixture
def house() -> Iterator[House]:
    with supervised("svscan") as house:
        yield house


def test_a_folder_is_found_held_and_released(house: House) -> None:
    service_folders.is_found_held_and_released(house, "daemontools", "supervise")


def test_the_hold_lasts_over_a_new_supervisor(house: House) -> None:
    service_folders.the_hold_lasts_over_a_new_supervisor(house, "daemontools")


def test_it_is_restarted_through_its_folder(house: House) -> None:
    service_folders.it_is_restarted_through_its_folder(house, "daemontools")


def test_a_folder_without_a_supervisor_is_no_job(house: House) -> None:
    service_folders.a_folder_without_a_supervisor_is_no_job(house, "daemontools")
