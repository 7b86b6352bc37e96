"""Writes `courses/content/browser_modules.json`: which modules the Python in the reader's browser can import.

Usage, when the version of Pyodide changes: install the npm package in a folder of your own and name it, as in
`echo '{"dependencies": {"pyodide": "314.0.7"}}' > package.json && deno install`, then
`python deploy/browser_modules.py node_modules/pyodide`. The names of packages are those of its lock file; those of the
standard library are found by starting it, offline, and importing each.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parent.parent / "courses/content/browser_modules.json"
# A joke: importing it opens a page.
JOKES = ("antigravity",)
PROBE = """
import {{ loadPyodide }} from {module};
const python = await loadPyodide({{ indexURL: {folder} }});
console.log("NAMES " + python.runPython(`
import json, sys, warnings
warnings.simplefilter("ignore")
def can_import(name):
    try:
        __import__(name)
    except ImportError:
        return False
    return True
wanted = [name for name in sorted(sys.stdlib_module_names) if name[0] != "_" and name not in {jokes}]
json.dumps([name for name in wanted if can_import(name)])
`));
"""


def packages_of(lock: dict[str, Any]) -> dict[str, str]:
    """Import name → package, for each package that Python code can import."""
    names: dict[str, str] = {}
    for package in lock["packages"].values():
        if package["package_type"] == "package" and not package["name"].endswith("-tests"):
            names |= {name: package["name"] for name in package["imports"] if not name.startswith("_")}
    return names


def standard_library(runtime: Path) -> list[str]:
    """The modules of the standard library that the runtime in the folder `runtime` can import."""
    with tempfile.TemporaryDirectory() as folder:
        probe = Path(folder) / "probe.mjs"
        module = json.dumps((runtime / "pyodide.mjs").as_uri())
        probe.write_text(PROBE.format(module=module, folder=json.dumps(f"{runtime}/"), jokes=JOKES), encoding="utf-8")
        command = ["deno", "run", "--no-remote", f"--allow-read={runtime},{folder}", str(probe)]
        done = subprocess.run(  # noqa: S603, S607 (a maintainer's own deno)
            command, stdout=subprocess.PIPE, text=True, check=True, timeout=120, env=os.environ | {"NO_COLOR": "1"}
        )
    found = next(line for line in done.stdout.splitlines() if line.startswith("NAMES "))
    return json.loads(found.removeprefix("NAMES "))


def main() -> None:
    runtime = Path(sys.argv[1]).resolve()
    lock = json.loads((runtime / "pyodide-lock.json").read_text(encoding="utf-8"))
    version = json.loads((runtime / "package.json").read_text(encoding="utf-8"))["version"]
    content = {
        "pyodide": version,
        "python": lock["info"]["python"],
        "standard_library": standard_library(runtime),
        "packages": packages_of(lock),
    }
    TARGET.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
