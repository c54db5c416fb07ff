from pathlib import PurePosixPath

import pytest

from aecore.data.custom.paths import labels_and_parts, labels_from_table, labels_in_names


def paths(*names: str) -> list[PurePosixPath]:
    return [PurePosixPath(name) for name in names]


def test_a_single_common_folder_is_not_a_class() -> None:
    assert labels_and_parts(paths("all/a.png", "all/b.png"))[0] == ["", ""]


def test_pictures_beside_the_folders_are_unlabelled() -> None:
    assert labels_and_parts(paths("cat/a.png", "cat/b.png", "c.png"))[0] == ["cat", "cat", ""]


def test_a_folder_for_each_picture_is_not_a_class() -> None:
    labels, _ = labels_and_parts(paths("cat/1/x.png", "cat/2/x.png", "dog/3/x.png", "dog/4/x.png"))
    assert labels == ["cat", "cat", "dog", "dog"]


def test_split_may_be_below_the_top_level() -> None:
    labels, parts = labels_and_parts(
        paths("x/Train/a/1.png", "x/Train/b/2.png", "x/TEST/a/3.png", "x/TEST/b/4.png")
    )
    assert labels == ["a", "b", "a", "b"]
    assert parts == ["train", "train", "test", "test"]


def test_class_may_be_called_test() -> None:
    labels, parts = labels_and_parts(paths("test/1.png", "test/2.png", "control/3.png"))
    assert labels == ["test", "test", "control"]
    assert set(parts) == {"train"}


def test_pattern_finds_labels_in_names() -> None:
    files = paths("a/cat_01.png", "a/dog_big_02.png", "a/other.png")
    assert labels_in_names(files, "{label}_*") == ["cat", "dog", ""]
    assert labels_in_names(files, "*_{label}") == ["01", "big_02", ""]
    assert labels_in_names(paths("x(1).png"), "x({label})") == ["1"]


@pytest.mark.parametrize("name", ["{}", "{}.png", "in/{}.png", "in/{}"])
def test_table_names_files_with_or_without_suffix_or_folder(name: str) -> None:
    files = paths("in/1.png", "in/2.png", "in/3.png", "in/4.png")
    rows = [["file", "label"], *([name.format(number), "ab"[number % 2]] for number in (1, 2, 3))]
    assert labels_from_table(files, rows) == ["b", "a", "b", ""]


def test_table_of_other_files_is_ignored() -> None:
    rows = [["id", "label"], ["8", "a"], ["9", "a"]]
    assert labels_from_table(paths("1.png", "2.png"), rows) is None


def test_name_that_two_files_share_is_not_matched() -> None:
    rows = [["id", "label"], ["1", "a"], ["2", "a"], ["test/1", "b"]]
    files = paths("train/1.png", "test/1.png", "train/2.png")
    assert labels_from_table(files, rows) == ["", "b", "a"]
