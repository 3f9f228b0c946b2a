"""In which order the files of tests run side by side: what takes long begins first, so that nothing long comes last.

By itself xdist begins with the files of most tests, and ends with the few of a browser, one of which takes minutes.
"""

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
LONG = (  # on a quiet machine, half a minute and more; the longest first
    "dashboard/test_connection.py",  # waits most of the time, so others run meanwhile
    "dashboard/test_audit_tab.py",
    "dashboard/test_train_tab.py",
    "dashboard/test_requests.py",
    "dashboard/test_browser.py",
    "dashboard/test_readers.py",
    "dashboard/test_load.py",
)


def pytest_configure(config):
    config.option.loadscopereorder = False


@pytest.hookimpl(trylast=True)  # pytest itself puts tests together that share a fixture
def pytest_collection_modifyitems(items):
    places = {TESTS / name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: places.get(item.path, len(LONG)))
