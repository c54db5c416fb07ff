import re
from pathlib import Path

import pytest

from dashboard import components
from dashboard.components.modules import join_modules

FOLDER = Path(components.__file__).parent
SCRIPTS = sorted(FOLDER.glob("*/*.js"))


def test_modules_are_joined_once_after_their_imports(tmp_path: Path) -> None:
    (tmp_path / "base.js").write_text("export const base = 1;\n")
    (tmp_path / "one.js").write_text(
        'import { base } from "./base.js";\nexport const one = base;\n'
    )
    (tmp_path / "entry.js").write_text(
        'import { base } from "./base.js";\nimport {\n  one,\n} from "./one.js";\n'
        "export default function () { return base + one; }\n"
    )
    assert join_modules(tmp_path / "entry.js").split("\n") == [
        "const base = 1;",
        "",
        "const one = base;",
        "",
        "export default function () { return base + one; }",
        "",
    ]


def test_modules_with_circular_imports_are_joined(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text('import { b } from "./b.js";\nexport function a() { b(); }\n')
    (tmp_path / "b.js").write_text('import { a } from "./a.js";\nexport function b() { a(); }\n')
    joined = join_modules(tmp_path / "a.js")
    assert joined == "function b() { a(); }\n\nfunction a() { b(); }\n"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_every_imported_name_is_exported(path: Path) -> None:
    source = path.read_text("utf-8")
    for names, target in re.findall(r'import \{([^}]*)\} from "([^"]+)";', source):
        exported = (path.parent / target).resolve().read_text("utf-8")
        for name in filter(None, (each.strip() for each in names.split(","))):
            assert re.search(
                rf"^export (async )?(function\*?|const|let|class) {name}\b", exported, re.M
            )


@pytest.mark.parametrize("entry", [p for p in SCRIPTS if "export default" in p.read_text("utf-8")])
def test_joined_script_has_no_duplicate_names(entry: Path) -> None:
    joined = join_modules(entry)
    names = re.findall(r"^(?:async )?(?:function\*?|const|let|class) (\w+)", joined, re.MULTILINE)
    assert len(names) == len(set(names))
    assert joined.count("export default") == 1
