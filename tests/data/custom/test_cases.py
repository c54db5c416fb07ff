from pathlib import Path

import pytest

from aecore.data.custom import reader
from aecore.errors import DataError
from tests.data.custom.cases import CASES


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if not case.refused])
def test_file_is_understood(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    report = reader.read(case.write(tmp_path)).report.as_json()
    assert {key: report[key] for key in case.expected} == case.expected


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.refused])
def test_file_is_refused_for_what_it_is(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    path = case.write(tmp_path)
    with pytest.raises(DataError, match=case.refused):
        reader.read(path)
