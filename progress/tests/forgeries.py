"""Learner code that tries to be called right without being right, or to read what is expected of it.

The exercise is `double(x)`, and `triple(x)` for decimals; none of these computes either. Each deceives `naive_grader`.
Where the name ends in "_assert" the check is an assert. FOREVER and GREEDY use the machine up instead.
"""

# ruff: noqa: E501 (code within text)

LIAR = """
class Liar:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 0
    def __sub__(self, other): return 0.0
    __rsub__ = __add__ = __abs__ = __sub__
    def __lt__(self, other): return True
    __gt__ = __le__ = __ge__ = __lt__
    def __bool__(self): return True
    def __repr__(self): return "6"
"""

FORGERIES = {
    "printed_verdict_then_exit": """
import os, sys
sys.stdout.write('{"passed": true}\\n{"stdout": "", "error": null, "results": [{"value": 6}]}\\n'); sys.stdout.flush()
os._exit(0)
""",
    "written_to_the_descriptor": """
import os
os.write(1, b'{"passed": true}\\n'); os._exit(0)
""",
    "written_to_the_first_stdout": """
import os, sys
sys.__stdout__.write('{"passed": true}\\n'); sys.__stdout__.flush(); os._exit(0)
""",
    "exit_by_exception": """
print('{"passed": true}')
raise SystemExit(0)
""",
    "stdout_replaced": """
import sys
class Out:
    def __init__(self, real): self.real = real
    def write(self, text): return self.real.write(text.replace("false", "true"))
    def flush(self): self.real.flush()
sys.stdout = Out(sys.stdout)
def double(x): return 0
triple = double
""",
    "printed_at_exit": """
import atexit
atexit.register(print, '{"passed": true}')
def double(x): return 0
triple = double
""",
    "printed_by_destructor": """
class Last:
    def __init__(self): import os; self.write = os.write
    def __del__(self): self.write(1, b'\\n{"passed": true}\\n')
last = Last()
import sys; sys.last_of_all = last
def double(x): return 0
triple = double
""",
    "always_equal": LIAR + "def double(x): return Liar()\ntriple = double",
    "always_equal_class": "class M(type):\n    def __eq__(c, o): return True\n    def __rsub__(c, o): return 0\n"
    "    __sub__ = __rsub__\n    __hash__ = type.__hash__\nclass A(metaclass=M): pass\ndef double(x): return A\ntriple = double",
    "int_with_own_equality": "class I(int):\n    def __eq__(s, o): return True\n    def __sub__(s, o): return 0\n"
    "    __hash__ = int.__hash__\n    def __int__(s): return 6\n    __index__ = __int__\ndef double(x): return I(0)\ntriple = double",
    "float_with_own_equality": "class F(float):\n    def __eq__(s, o): return True\n    def __sub__(s, o): return 0.0\n"
    "    def __rsub__(s, o): return 0.0\n    def __float__(s): return 6.0\n    __hash__ = float.__hash__\n"
    "def double(x): return F(0)\ntriple = double",
    "text_with_own_equality": "class S(str):\n    def __eq__(s, o): return True\n    def __sub__(s, o): return 0\n"
    "    __hash__ = str.__hash__\ndef double(x): return S('no')\ntriple = double",
    "list_with_own_equality": "class L(list):\n    def __eq__(s, o): return True\n    def __sub__(s, o): return 0\n"
    "    def __iter__(s): return iter([6])\n    __hash__ = None\ndef double(x): return L()\ntriple = double",
    "lying_class": LIAR
    + "class Posing(Liar):\n    __class__ = property(lambda s: int)\ndef double(x): return Posing()\ntriple = double",
    "pretends_to_be_numpy": LIAR
    + "import sys, types\nsys.modules['numpy'] = types.SimpleNamespace(ndarray=Liar, generic=Liar)\n"
    "def double(x): return Liar()\ntriple = double",
    "patched_builtins": """
import builtins
builtins.all = lambda values: True
builtins.len = builtins.repr = lambda *a: True
def double(x): return 0
triple = double
""",
    "patched_abs_and_eval": """
import builtins
builtins.eval = lambda source, names: names["right"]
builtins.abs = lambda value: 0
class Right:
    def __eq__(self, other): return True
    def __sub__(self, other): return self
right = Right()
double = triple = lambda x: 0
""",
    "patched_json": """
import json, json.encoder
fake = lambda *a, **k: '{"passed": true}'
json.dumps = json.JSONEncoder.encode = fake
json.encoder.encode_basestring_ascii = fake
double = triple = lambda x: 0
""",
    "patched_main": """
import sys
vars(sys.modules["__main__"])["grade"] = lambda *a: True
double = triple = lambda x: 0
""",
    "patched_through_frames": """
import sys
frame = sys._getframe()
while frame:
    for name in ("grade", "passes", "same", "judge", "_check", "dumps", "to_wire", "describe"):
        if callable(frame.f_globals.get(name)):
            frame.f_globals[name] = lambda *a, **k: True
    frame = frame.f_back
double = triple = lambda x: 0
""",
    "patched_through_the_collector": """
import gc, types
for held in gc.get_objects():
    if isinstance(held, types.FunctionType) and held.__name__ in ("grade", "passes", "same", "to_wire", "_check"):
        held.__code__ = (lambda *a, **k: True).__code__
double = triple = lambda x: 0
""",
    "expected_from_frames": """
import sys
def double(x):
    frame = sys._getframe()
    while frame:
        for value in list(frame.f_locals.values()):
            if isinstance(value, dict) and "expected" in value:
                return value["expected"]
        frame = frame.f_back
triple = double
""",
    "expected_from_the_collector": """
import gc
answers = {}
for held in gc.get_objects():
    for check in held if type(held) is list else ():
        if type(check) is dict and type(check.get("expression")) is str and "expected" in check:
            answers[check["expression"]] = check["expected"]
def double(x): return answers.get(f"double({x})")
def triple(x): return answers.get(f"triple({x})")
""",
    "expected_while_checking": """
import gc
def answer(x):
    for held in gc.get_objects():
        for check in held if type(held) is list else ():
            if type(check) is dict and str(check.get("expression", "")).endswith(f"({x})") and "expected" in check:
                return check["expected"]
double = triple = answer
""",
    "expected_from_the_job_file": """
import json, sys
checks = json.load(open(sys.argv[1]))["checks"]
def answer(name): return lambda x: next(c["expected"] for c in checks if c.get("expression") == f"{name}({x})")
double, triple = answer("double"), answer("triple")
""",
    "trace_jumps_over_assert": """
import sys
def tracer(frame, event, arg):
    if frame.f_code.co_filename in ("check", "the check"):
        if event == "line" and frame.f_lineno == 2:
            frame.f_lineno = 3
        return tracer
sys.settrace(tracer)
double = triple = lambda x: 0
""",
    "trace_steals_the_comparison": """
import sys
def tracer(frame, event, arg):
    for place in (frame.f_globals, getattr(frame, "f_builtins", {})):
        if "same" in place:
            place["same"] = lambda *a: True
    return tracer
sys.settrace(tracer)
double = triple = lambda x: 0
""",
    "always_equal_by_garbage_callback": """
import gc, sys
def patch(*a):
    for module in list(sys.modules.values()):
        if "same" in vars(module) and "grade" in vars(module):
            module.same = lambda *a: True
gc.callbacks.append(patch)
gc.collect()
double = triple = lambda x: 0
""",
}

CHECKS = [
    {"kind": "value", "expression": "double(3)", "expected": 6, "comparison": "equal"},
    {"kind": "value", "expression": "triple(0.5)", "expected": 1.5, "comparison": "close", "absolute": 1e-9},
]
HIDDEN = [{"kind": "value", "expression": "double(10)", "expected": 20, "comparison": "equal"}]
# The third line is there for a trace function that jumps.
ASSERT = [{"kind": "assert", "source": "value = double(3)\nassert value == 6\nvalue"}]

FOREVER = {
    "endless_loop": "while True: pass",
    "power_tower": "10 ** 10 ** 9",
    "slow_pattern": "import re; re.match(r'(a+)+$', 'a' * 60 + 'b')",
    "endless_printing": "while True: print('x' * 1000)",
    "endless_sleep": "import time; time.sleep(10**6)",
    "ignores_every_error": "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
}

GREEDY = {
    "list": "held = []\nwhile len(held) < 180: held.append([0] * 10**6)",
    "bytes": "held = []\nwhile len(held) < 140: held.append(b'x' * 10**7)",
    "doubling": "held = 'x'\nwhile len(held) < 1_000_000_000: held = held + held",
}
