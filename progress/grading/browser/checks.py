"""Checks of an exercise in the reader's own browser: the server's harness and comparison, for a quick answer.

It is a help for the one who tries. What counts is checked again on the server, where the answers to hidden checks are.
"""

import json

from ..comparing import judge, label_of
from ..runtime.harness import Session
from . import cells
from .errors import not_here

# Bound before any cell runs: a cell that replaces them deceives nobody but its author.
_loads, _dumps = json.loads, json.dumps


def check(job: str, folder: str, absent: str = "{}") -> str:
    """JSON text of `{"code", "setup", "checks"}` to that of `{"stdout", "error", "results": [judged, …]}`.

    Checks may be text of their own, so that numbers come here as the server wrote them. The code runs in a namespace of
    its own; `cells` get their streams back afterwards. `absent`: JSON text of module → package for packages that cannot
    be had here; with any, nothing is run.
    """
    asked = _loads(job)
    if missing := sorted(set(_loads(absent).values())):
        message = not_here(missing)
        error = {"type": "ModuleNotFoundError", "mro": ["ModuleNotFoundError", "ImportError", "Exception"]}
        error |= {"message": message, "traceback": [f"ModuleNotFoundError: {message}"], "where": "code"}
        return _dumps({"stdout": "", "error": error, "results": []})
    checks = _loads(asked["checks"]) if isinstance(asked["checks"], str) else asked["checks"]
    session = Session(folder)
    try:
        outcome = session.run(asked["code"], asked.get("setup") or "", checks)
        outcome["results"] = [
            {**judge(check, result), "label": label_of(check)}
            for check, result in zip(checks, outcome["results"], strict=False)
        ]
    finally:
        session.close()
        if cells._current is not None:
            cells._current.take_over()
    return _dumps(outcome)
