"""A problem of one's own for a DOIN network: a function and its space. One file, standard library only, Python 3.8 or later.

    import doin

    @doin.problem(space={"x": doin.real(-2, 2), "y": doin.real(-2, 2)})
    def objective(x, y):
        return (1 - x) ** 2 + 100 * (y - x * x) ** 2

    doin.serve()

Saved as own.py and made executable (with #!/usr/bin/env python3), it is a node's "optimization_plugin": "exec:./own.py".
`./own.py --try 20` evaluates twenty random points without a node. `Study` is the same search from a loop of one's own;
`champions`, `trials` and `forecast` ask a running node.

The program speaks version 2 of the worker protocol (compute/worker/PROTOCOL.md) as one that only evaluates, with tables as
JSON lines. The objective runs in processes of its own: it may print, crash or hang without disturbing the protocol.
"""

import argparse
import collections
import csv
import hashlib
import inspect
import io
import json
import math
import multiprocessing
import os
import queue
import random
import secrets
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.parse
import urllib.request
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

try:
    import numpy
except ImportError:  # vectors are lists then
    numpy = None

__all__ = ["problem", "serve", "real", "log_real", "integer", "categorical", "when", "Study", "Trial", "Best",
           "champions", "trials", "forecast", "Problem", "Gene"]
__version__ = "1"

_MAX_HEADER = 1 << 20
_MAX_BODY = 268_435_456
_MAX_MESSAGE = 4000


# Genes

class Gene(NamedTuple):
    """One searched dimension, or `size` of them. Made by real, log_real, integer and categorical."""
    kind: str
    low: float = 0
    high: float = 0
    log: bool = False
    choices: Tuple[str, ...] = ()
    when: Optional[Dict[str, Any]] = None
    size: int = 0  # of a vector; 0: a single value

    def declared(self, name: str) -> Dict[str, Any]:
        """The gene as the worker protocol has it."""
        o: Dict[str, Any] = {"name": name, "kind": self.kind}
        if self.kind == "category":
            o["choices"] = list(self.choices)
        elif self.kind == "int":
            o.update(low=int(self.low), high=int(self.high))
        else:
            o.update(low=float(self.low), high=float(self.high))
        if self.log:
            o["log"] = True
        if self.when:
            o["when"] = self.when
        return o

    def fault(self, value: Any) -> str:
        """What is wrong with a value of the gene, "" if nothing is."""
        if self.kind == "category":
            return "" if value in self.choices else "not one of its choices"
        if isinstance(value, bool) or not isinstance(value, int if self.kind == "int" else float):
            return "not a value of its kind"
        slack = 0 if self.kind == "int" else 1e-6 * max(abs(self.low), abs(self.high))  # bounds are rounded to binary32
        return "" if self.low - slack <= value <= self.high + slack else "out of its bounds"

    def draw(self, r: random.Random) -> Any:
        """A random value, as a search would draw it first."""
        if self.kind == "category":
            return r.choice(self.choices)
        if self.log:
            value = math.exp(r.uniform(math.log(self.low), math.log(self.high)))
        elif self.kind == "int":
            return r.randint(int(self.low), int(self.high))
        else:
            value = r.uniform(self.low, self.high)
        if self.kind == "int":
            return min(max(int(value + 0.5), int(self.low)), int(self.high))
        return min(max(value, self.low), self.high)


def real(low: float, high: float, *, log: bool = False, when: Optional[Dict[str, Any]] = None, size: int = 0) -> Gene:
    """A real number in [low, high], on a logarithmic scale if log. Values are binary32 numbers between the bounds.

    With size the objective gets that many of them as one argument: a numpy array if numpy is there, else a list.
    """
    if not (low <= high and math.isfinite(low) and math.isfinite(high)):
        raise ValueError("real: low %r must not be above high %r" % (low, high))
    if log and not low > 0:
        raise ValueError("real: a logarithmic scale needs a positive low, not %r" % (low,))
    return Gene("real", float(low), float(high), bool(log), when=when, size=int(size))


def log_real(low: float, high: float, *, when: Optional[Dict[str, Any]] = None, size: int = 0) -> Gene:
    """A positive real number on a logarithmic scale: a learning rate."""
    return real(low, high, log=True, when=when, size=size)


def integer(low: int, high: int, *, log: bool = False, when: Optional[Dict[str, Any]] = None, size: int = 0) -> Gene:
    """An integer in [low, high], both included, of magnitude below 2**24."""
    if int(low) != low or int(high) != high or low > high:
        raise ValueError("integer: want whole bounds, low %r not above high %r" % (low, high))
    if log and low < 1:
        raise ValueError("integer: a logarithmic scale begins at 1, not %r" % (low,))
    return Gene("int", int(low), int(high), bool(log), when=when, size=int(size))


def categorical(choices: Sequence[str], *, when: Optional[Dict[str, Any]] = None) -> Gene:
    """One of some texts."""
    names = tuple(choices)
    if not names or any(not isinstance(c, str) or not c for c in names) or len(set(names)) != len(names):
        raise ValueError("categorical: want different texts that are not empty, not %r" % (choices,))
    return Gene("category", choices=names, when=when)


def when(gene: str, *choices: str, at_least: Optional[int] = None) -> Dict[str, Any]:
    """A condition: when("kernel", "rbf", "poly") or when("layers", at_least=2). The gene stands earlier in the space.

    Where it does not hold, the objective gets None, or its argument's default.
    """
    if bool(choices) == (at_least is not None):
        raise ValueError("when: want either choices or at_least")
    return {"gene": gene, "in": list(choices)} if choices else {"gene": gene, "at_least": int(at_least or 0)}


class _Refused(Exception):
    """A request, a recipe or a row that is not acceptable; code is the protocol's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class _Space:
    """Genes by name, vectors spread over one gene for each element."""

    def __init__(self, genes: Dict[str, Gene]) -> None:
        if not genes:
            raise ValueError("space: is empty")
        self.genes = dict(genes)
        self.flat: "collections.OrderedDict[str, Gene]" = collections.OrderedDict()
        for name, gene in genes.items():
            if not isinstance(gene, Gene):
                raise TypeError("space: %s: want doin.real, log_real, integer or categorical, not %r" % (name, gene))
            for key in self._keys(name):
                if key in self.flat:
                    raise ValueError("space: %s: is there twice" % key)
                if gene.when and gene.when["gene"] not in self.flat:
                    raise ValueError("space: %s: %r does not stand earlier in the space" % (name, gene.when["gene"]))
                self.flat[key] = gene

    def _keys(self, name: str) -> List[str]:
        size = self.genes[name].size
        return ["%s_%d" % (name, i) for i in range(size)] if size else [name]

    def declared(self) -> List[Dict[str, Any]]:
        return [gene.declared(name) for name, gene in self.flat.items()]

    def active(self, name: str, recipe: Dict[str, Any]) -> bool:
        """Whether a gene is active beside the values of the genes before it; inactive ones are absent."""
        condition = self.flat[name].when
        if not condition:
            return True
        value = recipe.get(condition["gene"])
        if value is None:
            return False
        return value in condition["in"] if "in" in condition else value >= condition["at_least"]

    def check(self, recipe: Any) -> None:
        """Raises _Refused for what is not a recipe of the space: its active genes, each within its bounds."""
        if not isinstance(recipe, dict):
            raise _Refused("refused", "a recipe is an object")
        for name in recipe:
            if name not in self.flat:
                raise _Refused("refused", "%.80s is no gene" % name)
        for name, gene in self.flat.items():
            if self.active(name, recipe) != (name in recipe):
                raise _Refused("refused", "%s: is there though its condition does not hold, or missing" % name)
            fault = name in recipe and gene.fault(recipe[name])
            if fault:
                raise _Refused("refused", "%s %.80r: %s" % (name, recipe[name], fault))

    def draw(self, r: random.Random) -> Dict[str, Any]:
        recipe: Dict[str, Any] = {}
        for name, gene in self.flat.items():
            if self.active(name, recipe):
                recipe[name] = gene.draw(r)
        return recipe

    def arguments(self, recipe: Dict[str, Any]) -> Dict[str, Any]:
        """What the objective is called with; None stands for a gene that is not active."""
        out: Dict[str, Any] = {}
        for name, gene in self.genes.items():
            if not gene.size:
                out[name] = recipe.get(name)
                continue
            values = [recipe.get(key) for key in self._keys(name)]
            inactive = any(v is None for v in values)
            out[name] = None if inactive else numpy.array(values) if numpy is not None else values
        return out


# Problems

class Problem:
    """A function to be optimized, with its space. Made by the decorator `problem`."""

    def __init__(self, function: Callable[..., Any], space: Dict[str, Gene], *, name: str = "", direction: str = "minimize",
                 metric: str = "", workers: int = 1, version: str = "1", data: Sequence[str] = ()) -> None:
        if direction not in ("minimize", "minimise", "maximize", "maximise"):
            raise ValueError('direction %r: must be "minimize" or "maximize"' % (direction,))
        if workers < 1:
            raise ValueError("workers %r: must be at least 1" % (workers,))
        self.function, self.space = function, _Space(space)
        self.name = name or getattr(function, "__name__", "objective")
        self.sign = -1.0 if direction.startswith("min") else 1.0
        self.direction, self.metric, self.workers = direction, metric or "score", int(workers)
        self.version, self.data = str(version), tuple(data)
        parameters = inspect.signature(function).parameters
        self.seeded = "seed" in parameters and "seed" not in self.space.genes
        self._defaults = {p.name for p in parameters.values() if p.default is not p.empty}

    def evaluate(self, recipe: Dict[str, Any], seed: int = 0) -> Tuple[float, Dict[str, Any]]:
        """Calls the objective; the score as it returned it, and metrics."""
        arguments = self.space.arguments(recipe)
        for name in [n for n, v in arguments.items() if v is None and n in self._defaults]:
            del arguments[name]
        if self.seeded:
            arguments["seed"] = seed & 0x7FFFFFFF  # what numpy and scikit-learn take
        return _scored(self.function(**arguments))

    def data_hash(self) -> str:
        """Names what results depend on beside the recipe: name, version, direction, space and the content of the data files."""
        h = hashlib.sha256(json.dumps([self.name, self.version, self.sign, self.space.declared()], sort_keys=True).encode())
        for path in self.data:
            with open(path, "rb") as f:
                for piece in iter(lambda: f.read(1 << 20), b""):
                    h.update(piece)
            h.update(b"\0")
        return h.hexdigest()

    def description(self) -> Dict[str, Any]:
        return {"protocol": 2, "name": self.name, "version": self.version, "device": "python %d.%d" % sys.version_info[:2],
                "has_gpu": False, "workers": self.workers, "plugins": [self.name], "capabilities": ["evaluate_only", "json_lines"]}

    def info(self) -> Dict[str, Any]:
        return {"plugin": self.name, "data_hash": self.data_hash(), "performance_metric": self.metric, "higher_is_better": True,
                "strategy": "ga", "contract": "", "folds": 1, "cases": 0, "deterministic": not self.seeded, "baselines": {},
                "defaults": {}, "space": self.space.declared()}


def _scored(result: Any) -> Tuple[float, Dict[str, Any]]:
    """A score, or (score, metrics), as a float and an object that JSON can hold."""
    metrics: Dict[str, Any] = {}
    if isinstance(result, tuple) and len(result) == 2 and isinstance(result[1], dict):
        result, metrics = result
    score = float(result)
    return score, {str(k): _plain(v) for k, v in metrics.items()}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (str, bool, int)):
        return value
    try:
        number = float(value)
    except (TypeError, ValueError):
        return str(value)
    return number if math.isfinite(number) else str(number)


_problems: List[Problem] = []


def problem(space: Dict[str, Gene], **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Makes a function the problem that `serve` serves; it stays callable.

    It is called with the genes of space by name, and with `seed` if it has an argument of that name: an integer below 2**31 that
    is different for each training. One without is taken for deterministic. It returns a number, or (number, {metric: number}).

    direction   "minimize" (default) or "maximize"
    workers     how many evaluations run at a time, each in a process of its own; default 1
    name        of the problem; default the function's
    version     changes when results do: machines with another version do not vote for one another
    metric      what the number is called in tables; default "score"
    data        paths of files that results depend on; machines with other content do not vote for one another
    """
    def made(function: Callable[..., Any]) -> Callable[..., Any]:
        _problems.append(Problem(function, space, **options))
        function.problem = _problems[-1]  # type: ignore[attr-defined]
        return function
    return made


# Evaluations in processes of their own

class _Task(NamedTuple):
    batch: "_Batch"
    row: int
    recipe: Dict[str, Any]
    seed: int


class _Pool:
    """So many processes, each fed by a thread. A process that dies is an error of its task; one of a cancelled task is killed."""

    def __init__(self, of: Problem, close_in_child: Sequence[int] = ()) -> None:
        method = "fork" if "fork" in multiprocessing.get_all_start_methods() else None
        self.of, self.close = of, tuple(close_in_child) if method == "fork" else ()
        self.context = multiprocessing.get_context(method)
        self.tasks: "queue.Queue[Optional[_Task]]" = queue.Queue()
        self.lock = threading.Lock()
        self.running: Dict[int, Tuple[_Task, Any]] = {}
        self.killed: Any = None  # the process that was killed last
        first = [self._start() for _ in range(of.workers)]  # before there are threads to be forked
        for i, started in enumerate(first):
            threading.Thread(target=self._feed, args=(i, started), daemon=True).start()

    def _start(self) -> Tuple[Any, Any]:
        ours, theirs = self.context.Pipe()
        process = self.context.Process(target=_child, args=(self.of, theirs, self.close, os.getpid()), daemon=True)
        process.start()
        theirs.close()
        return process, ours

    def submit(self, task: _Task) -> None:
        self.tasks.put(task)

    def cancel(self, batch: "_Batch") -> None:
        with self.lock:
            for task, process in self.running.values():
                if task.batch is batch:
                    self.killed = process
                    process.kill()

    def close_all(self) -> None:
        for process in multiprocessing.active_children():
            process.kill()

    def _feed(self, slot: int, started: Tuple[Any, Any]) -> None:
        process, pipe = started
        while True:
            task = self.tasks.get()
            if task is None:
                return
            if task.batch.cancelled:
                task.batch.done(task, None, {}, "cancelled")
                continue
            if process is None or not process.is_alive():
                process, pipe = self._start()
            with self.lock:
                self.running[slot] = (task, process)
            if task.batch.cancelled:
                process.kill()
            try:
                pipe.send((task.recipe, task.seed))
                score, metrics, error = pipe.recv()
            except (EOFError, OSError):
                process.join()
                if process is self.killed and not task.batch.cancelled:  # meant for the task before, which had just ended
                    process = None
                    with self.lock:
                        del self.running[slot]
                    self.tasks.put(task)
                    continue
                score, metrics, error = None, {}, "the process of the objective ended with status %s" % process.exitcode
                process = None
            with self.lock:
                del self.running[slot]
            task.batch.done(task, score, metrics, error)


def _child(of: Problem, pipe: Any, close: Sequence[int], parent: int) -> None:
    """Evaluates what comes through the pipe until it, or the parent, ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for fd in close:
        os.close(fd)

    def orphaned() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)
    threading.Thread(target=orphaned, daemon=True).start()
    while True:
        try:
            recipe, seed = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            score, metrics = of.evaluate(recipe, seed)
            answer = (score, metrics, "")
        except Exception:  # a fault of the objective is an answer
            traceback.print_exc()
            answer = (None, {}, traceback.format_exc().strip().splitlines()[-1])
        sys.stdout.flush()
        pipe.send(answer)


class _Batch:
    """The jobs of one evaluate: a task for each job and seed. finished is called once, with the rows in order."""

    def __init__(self, of: Problem, jobs: List[Dict[str, Any]], finished: Callable[["_Batch"], None]) -> None:
        self.of, self.finished, self.cancelled = of, finished, False
        self.rows: List[Optional[Dict[str, Any]]] = [None] * len(jobs)
        self.tasks: List[_Task] = []
        self.lock = threading.Lock()
        self.found: List[List[Tuple[int, float, Dict[str, Any]]]] = [[] for _ in jobs]
        self.recipes: List[Any] = [None] * len(jobs)
        for i, job in enumerate(jobs):
            try:
                recipe, seeds = json.loads(job["parameters"]), self._seeds(job)
                of.space.check(recipe)
            except (KeyError, TypeError, ValueError) as e:
                self.rows[i] = {"error_code": "bad_request", "error_message": str(e)}
                continue
            except _Refused as e:
                self.rows[i] = {"error_code": e.code, "error_message": str(e)}
                continue
            self.recipes[i] = recipe
            for seed in seeds:
                self.tasks.append(_Task(self, i, recipe, seed))
        self.left = len(self.tasks)

    def _seeds(self, job: Dict[str, Any]) -> List[int]:
        seeds = json.loads(job["seeds"]) if job.get("seeds") else [job["seed"]]
        if not seeds or not all(isinstance(s, int) for s in seeds):
            raise ValueError("seeds: want integers")
        return seeds if self.of.seeded else seeds[:1]

    def start(self, pool: Any) -> None:
        if not self.tasks:
            self.finished(self)
        for task in self.tasks:
            pool.submit(task)

    def done(self, task: _Task, score: Optional[float], metrics: Dict[str, Any], error: str) -> None:
        """Takes the outcome of a task; any thread."""
        with self.lock:
            if error:
                self.rows[task.row] = {"error_code": "internal", "error_message": error[:_MAX_MESSAGE]}
            else:
                self.found[task.row].append((task.seed, self.of.sign * (score or 0.0), metrics))
            self.left -= 1
            over = self.left == 0
        if over:
            for i, row in enumerate(self.rows):
                if row is None:
                    self.rows[i] = self._row(i)
            self.finished(self)

    def _row(self, i: int) -> Dict[str, Any]:
        found = sorted(self.found[i], key=lambda f: f[0])  # whatever the order in which they ended
        performance = math.fsum(f[1] for f in found) / len(found) + 0.0  # no negative zero
        metrics = dict(found[0][2])
        for key in metrics:
            values = [f[2].get(key) for f in found]
            if len(found) > 1 and all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values):
                metrics[key] = math.fsum(values) / len(values)  # type: ignore[arg-type]
        text = json.dumps([self.recipes[i], [f[:2] for f in found]], sort_keys=True)
        row = {"digest": hashlib.sha256(text.encode()).hexdigest(), "metrics": json.dumps(metrics)}
        if math.isfinite(performance):
            row["performance"] = performance  # type: ignore[assignment]
        return row


# The worker protocol

def _frame(head: Dict[str, Any], body: bytes = b"") -> bytes:
    text = json.dumps(head, allow_nan=False).encode()
    return struct.pack("<IQ", len(text), len(body)) + text + body


def _table(rows: List[Dict[str, Any]]) -> bytes:
    return "".join(json.dumps(r, allow_nan=False) + "\n" for r in [{}] + rows).encode()


class _BadFrame(Exception):
    """Bytes that cannot be followed any more."""


def _read_frame(f: Any) -> Optional[Tuple[bytes, bytes]]:
    """A frame's header and body; None at the end of the input."""
    prefix = f.read(12)
    if not prefix:
        return None
    if len(prefix) == 12:
        h, b = struct.unpack("<IQ", prefix)
        if h > _MAX_HEADER or b > _MAX_BODY:
            raise _BadFrame("a frame of %d and %d bytes" % (h, b))
        text, body = f.read(h), f.read(b)
        if len(text) == h and len(body) == b:
            return text, body
    raise _BadFrame("the input ends inside a frame")


class _Server:
    """Answers a parent's frames. The reader never waits for an evaluation."""

    def __init__(self, of: Problem, pool: Any, out: Any) -> None:
        self.of, self.pool, self.out = of, pool, out
        self.lock = threading.Lock()  # guards what follows
        self.open: Dict[int, _Batch] = {}
        self.domains: Dict[str, Dict[str, Any]] = {}

    def send(self, head: Dict[str, Any], kind: str, data: Dict[str, Any], rows: Optional[List[Dict[str, Any]]] = None) -> None:
        answer = {"v": head.get("v", 1), "id": head.get("id", 0), "verb": head.get("verb", ""), "kind": kind, "data": data}
        body = b""
        if rows is not None:
            answer["body"], body = "json_lines", _table(rows)
        with self.lock:
            try:
                self.out.write(_frame(answer, body))
                self.out.flush()
            except OSError:
                os._exit(0)  # nobody reads any more

    def error(self, head: Dict[str, Any], code: str, message: str) -> None:
        self.send(head, "error", {"code": code, "message": message[:_MAX_MESSAGE]})

    def run(self, f: Any) -> int:
        """Serves until the input ends or a shutdown; the exit status."""
        while True:
            try:
                frame = _read_frame(f)
            except _BadFrame as e:
                self.error({}, "bad_frame", str(e))
                return 1
            if frame is None:
                return 0
            try:
                head = json.loads(frame[0].decode())
                if not isinstance(head, dict) or not isinstance(head.get("id"), int):
                    raise ValueError("a header is an object with an id")
            except ValueError as e:
                self.error({}, "bad_frame", str(e))
                continue
            if self.handle(head, frame[1]):
                return 0

    def handle(self, head: Dict[str, Any], body: bytes) -> bool:
        """Takes a frame; true for a shutdown."""
        kind, verb = head.get("kind"), head.get("verb")
        if kind == "cancel":
            with self.lock:
                batch = self.open.get(head["id"])
            if batch is not None:
                batch.cancelled = True
                self.pool.cancel(batch)
            return False
        if kind != "request":
            return False
        if verb == "shutdown":
            self.send(head, "reply", {})
            return True
        try:
            data = self.answer(head, verb, head.get("data") or {}, body)
            if data is not None:
                self.send(head, "reply", data)
        except _Refused as e:
            self.error(head, e.code, str(e))
        except Exception as e:
            traceback.print_exc()
            self.error(head, "internal", repr(e))
        return False

    def answer(self, head: Dict[str, Any], verb: Any, data: Dict[str, Any], body: bytes) -> Optional[Dict[str, Any]]:
        if verb == "configure":
            plugin = data.get("plugin")
            if not isinstance(data.get("domain"), str) or plugin != self.of.name and not str(plugin).startswith("exec:"):
                raise _Refused("refused", "unknown plugin %.80r, this is %s" % (plugin, self.of.name))
            self.domains[data["domain"]] = self.of.info()
            return self.domains[data["domain"]]
        if verb == "telemetry":
            return {"device": self.of.description()["device"], "pid": os.getpid(), "workers": self.of.workers}
        if verb == "describe" and "domain" not in data:
            return self.of.description()
        if verb not in ("describe", "evaluate"):
            raise _Refused("unsupported" if verb in ("optimize", "infer", "generate", "export") else "bad_request", "verb %.40r" % (verb,))
        if data.get("domain") not in self.domains:
            raise _Refused("unknown_domain", "not configured: %.80r" % (data.get("domain"),))
        if verb == "describe":
            return self.domains[data["domain"]]
        self.evaluate(head, self.jobs(body))
        return None

    def jobs(self, body: bytes) -> List[Dict[str, Any]]:
        try:
            rows = [json.loads(line) for line in body.decode().splitlines()]
        except ValueError as e:
            raise _Refused("bad_request", "no table of JSON lines: %s" % e)
        if len(rows) < 2 or not all(isinstance(r, dict) for r in rows):
            raise _Refused("bad_request", "no table of JSON lines with a job")
        return rows[1:]

    def evaluate(self, head: Dict[str, Any], jobs: List[Dict[str, Any]]) -> None:
        def finished(batch: _Batch) -> None:
            with self.lock:
                self.open.pop(head["id"], None)
            if batch.cancelled:
                self.error(head, "cancelled", "as asked for")
            else:
                self.send(head, "reply", {}, batch.rows)  # type: ignore[arg-type]
        batch = _Batch(self.of, jobs, finished)
        with self.lock:
            self.open[head["id"]] = batch
        batch.start(self.pool)


def serve(of: Union[Problem, Callable[..., Any], None] = None) -> None:
    """Serves the problem defined last, or the one given, to the node that started the program; returns at its end.

    What the command line may say instead:
    --try N [--seed S]   evaluates N random points and prints them
    describe             prints what the program is, as JSON
    """
    if getattr(multiprocessing, "parent_process", lambda: None)() is not None:
        return  # a process of the pool that read the program again
    if of is None and not _problems:
        raise RuntimeError("doin.serve: there is no problem; use the decorator doin.problem")
    chosen: Any = of if of is not None else _problems[-1]
    p: Problem = chosen if isinstance(chosen, Problem) else chosen.problem
    flags = argparse.ArgumentParser(description="The problem %s, for a DOIN node." % p.name)
    flags.add_argument("command", nargs="?", choices=["describe"], help="print what the program is, as JSON")
    flags.add_argument("--try", dest="points", type=int, metavar="N", help="evaluate N random points and print them")
    flags.add_argument("--seed", type=int, default=1, help="of the points")
    args = flags.parse_args()
    if args.command:
        print(json.dumps(p.description()))
    elif args.points is not None:
        sys.exit(_try(p, args.points, args.seed))
    elif sys.stdin.isatty():
        flags.error("a node starts this program and speaks to it; try it with --try 20")
    else:
        sys.exit(_serve(p))


def _serve(p: Problem) -> int:
    # What the objective prints goes to the log: the protocol has standard output for itself.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    # Standard input, too: a process that is forked while the reader waits closes the sys.stdin it finds, and would wait with it.
    stdin = os.fdopen(os.dup(0), "rb")
    sys.stdin = open(os.devnull)
    os.dup2(sys.stdin.fileno(), 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    pool = _Pool(p, close_in_child=[out.fileno(), stdin.fileno()])
    try:
        return _Server(p, pool, out).run(stdin)
    finally:
        pool.close_all()


def _try(p: Problem, points: int, seed: int) -> int:
    """Evaluates random points and prints them as they come, in order, and the best at the end; 1 if all of them failed."""
    r = random.Random(seed)
    recipes = [p.space.draw(r) for _ in range(points)]
    ended = threading.Event()
    jobs = [{"parameters": json.dumps(x), "seed": seed + i} for i, x in enumerate(recipes)]
    began = time.monotonic()
    batch = _Batch(p, jobs, lambda _: ended.set())
    pool = _Pool(p)
    batch.start(pool)
    ended.wait()
    seconds = time.monotonic() - began
    best: Optional[Tuple[float, Dict[str, Any]]] = None
    for i, (recipe, row) in enumerate(zip(recipes, batch.rows)):
        assert row is not None
        if "performance" not in row:
            print("%4d  failed: %s  %s" % (i, row.get("error_message", "not finite"), json.dumps(recipe)))
            continue
        score = p.sign * row["performance"]
        metrics = "" if row["metrics"] == "{}" else "  " + row["metrics"]
        print("%4d  %s %.6g%s  %s" % (i, p.metric, score, metrics, json.dumps(recipe)))
        if best is None or p.sign * score > p.sign * best[0]:
            best = score, recipe
    pool.close_all()
    print("%d evaluations in %.2f s with %d at a time" % (points, seconds, p.workers))
    if best is not None:
        print("best  %s %.6g  %s" % (p.metric, best[0], json.dumps(best[1])))
    return 0 if best is not None or points == 0 else 1


# Ask and tell

class Trial(NamedTuple):
    """A point to be evaluated. seed is below 2**31; an objective with randomness in it uses it."""
    number: int
    params: Dict[str, Any]
    seed: int


class Best(NamedTuple):
    """The best that was told."""
    value: float
    params: Dict[str, Any]
    number: int


class Study:
    """The genetic search of doin-worker, asked from a loop of one's own, without a node:

        with doin.Study({"x": doin.real(-2, 2)}) as study:
            for _ in range(100):
                trial = study.ask()
                study.tell(trial, trial.params["x"] ** 2)
            print(study.best)

    doin-worker is found by its argument, then the environment's DOIN_WORKER, then on PATH. Up to parallel trials may be asked for
    before one is told, in any order. settings are those of "optimization_config.ga", {"population": 16}. noisy says that the same
    point scores differently with another seed: promising ones are then asked again. POSIX only.
    """

    def __init__(self, space: Dict[str, Gene], *, direction: str = "minimize", seed: int = 1, parallel: int = 1,
                 settings: Optional[Dict[str, Any]] = None, noisy: bool = False, worker: str = "", timeout: float = 60) -> None:
        self._problem = Problem((lambda seed, **k: 0) if noisy else (lambda **k: 0), space, name="study", direction=direction, workers=parallel)
        self._timeout, self._number, self.best = timeout, 0, None  # type: Tuple[float, int, Optional[Best]]
        self._asked: Dict[int, Tuple[Trial, int]] = {}
        self._due: "queue.Queue[Optional[Dict[str, Any]]]" = queue.Queue()
        self._write = threading.Lock()
        self._fault = ""
        self._dir = tempfile.mkdtemp(prefix="doin-study-")
        self._listener = socket.create_server(("127.0.0.1", 0))
        try:
            self._start(worker or os.environ.get("DOIN_WORKER") or shutil.which("doin-worker") or "", seed, settings or {}, noisy)
        except BaseException:
            self.close()
            raise

    def _start(self, worker: str, seed: int, settings: Dict[str, Any], noisy: bool) -> None:
        if not worker:
            raise FileNotFoundError("doin.Study: no doin-worker: name it with worker=, DOIN_WORKER or PATH")
        token = secrets.token_hex(16)
        self._search = {"domain": "study", "seed": seed, "settings": settings, "immigrants": [], "window": self._problem.workers}
        program = os.path.join(self._dir, "study")
        with open(program, "w") as f:
            f.write('#!/bin/sh\nexec "%s" "%s" --study\n' % (sys.executable, os.path.abspath(__file__)))
        os.chmod(program, 0o700)
        env = dict(os.environ, DOIN_STUDY="%d:%s" % (self._listener.getsockname()[1], token))
        self._log = open(os.path.join(self._dir, "log"), "w+b")
        self._process = subprocess.Popen([worker, "--workers", str(self._problem.workers), "--device", "cpu", "--log-level", "warn",
                                          "--program-time", "87600h"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, env=env)
        threading.Thread(target=self._read, daemon=True).start()
        self._send(1, "configure", {"domain": "study", "plugin": "exec:" + program, "config": {}})
        self._listener.settimeout(self._timeout)
        try:
            self._program, _ = self._listener.accept()
        except OSError:
            raise RuntimeError("doin.Study: the worker does not start: %s" % self._said())
        self._lines = self._program.makefile("r", encoding="utf-8")
        if self._lines.readline().strip() != token:
            raise RuntimeError("doin.Study: somebody else answered")
        hello = {"space": self._problem.space.declared(), "workers": self._problem.workers, "noisy": noisy, "sign": self._problem.sign}
        self._program.sendall((json.dumps(hello) + "\n").encode())
        threading.Thread(target=self._take, daemon=True).start()

    def _said(self) -> str:
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        return self._fault or (lines[-1] if lines else "it said nothing")

    def _send(self, number: int, verb: str, data: Dict[str, Any], kind: str = "request") -> None:
        head = {"v": 2, "id": number, "verb": verb, "kind": kind, "data": data, "body": "json_lines"}
        with self._write:
            self._process.stdin.write(_frame(head))  # type: ignore[union-attr]
            self._process.stdin.flush()  # type: ignore[union-attr]

    def _read(self) -> None:
        """Opens the search once the domain is configured, and answers its records; an error or the worker's end ends the study."""
        try:
            while True:
                frame = _read_frame(self._process.stdout)
                if frame is None:
                    break
                head = json.loads(frame[0].decode())
                if head["kind"] == "record":
                    self._send(head["id"], "optimize", {"immigrants": []}, "credit")
                elif head["kind"] == "reply" and head["id"] == 1:
                    self._send(2, "optimize", self._search)
                elif head["kind"] == "error":
                    self._fault = "%s: %s" % (head["data"].get("code"), head["data"].get("message"))
                    break
        except (_BadFrame, OSError, ValueError):
            pass
        self._due.put(None)

    def _take(self) -> None:
        try:
            for line in self._lines:
                self._due.put(json.loads(line))
        except (OSError, ValueError):
            pass
        self._due.put(None)

    def ask(self) -> Trial:
        """The next point. Waits while as many as parallel are not told yet."""
        task = self._due.get()
        if task is None:
            self._due.put(None)
            raise RuntimeError("doin.Study: the worker has ended: %s" % self._said())
        trial = Trial(self._number, task["recipe"], task["seed"] & 0x7FFFFFFF)
        self._number += 1
        self._asked[trial.number] = trial, task["n"]
        return trial

    def tell(self, trial: Union[Trial, int], value: Optional[float], metrics: Optional[Dict[str, Any]] = None) -> None:
        """The score of a point; None: its evaluation failed."""
        asked = self._asked.pop(trial if isinstance(trial, int) else trial.number, None)
        if asked is None:
            raise ValueError("doin.Study: trial %r was not asked for, or is told already" % (trial,))
        known, n = asked
        answer: Dict[str, Any] = {"n": n, "error": "told as failed"}
        if value is not None and math.isfinite(float(value)):
            score, plain = _scored((value, metrics or {}))
            answer = {"n": n, "score": score, "metrics": plain}
            if self.best is None or self._problem.sign * score > self._problem.sign * self.best.value:
                self.best = Best(score, known.params, known.number)
        self._program.sendall((json.dumps(answer) + "\n").encode())

    def optimize(self, function: Callable[..., Any], trials: int) -> Optional[Best]:
        """Asks and tells in a loop; function is called as the decorator `problem` has it. An exception is a failed trial."""
        p = Problem(function, self._problem.space.genes)
        for _ in range(trials):
            trial = self.ask()
            try:
                self.tell(trial, *p.evaluate(trial.params, trial.seed))
            except Exception:
                if trial.number not in self._asked:
                    raise
                traceback.print_exc()
                self.tell(trial, None)
        return self.best

    def close(self) -> None:
        """Ends the worker. A study that is closed answers nothing any more."""
        process = getattr(self, "_process", None)
        if process is not None and process.poll() is None:
            process.kill()
            process.wait()
        for name in ("_program", "_listener", "_log"):
            if getattr(self, name, None) is not None:
                getattr(self, name).close()
        if process is not None:
            process.stdin.close()
            process.stdout.close()
        shutil.rmtree(self._dir, ignore_errors=True)

    def __enter__(self) -> "Study":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


class _Remote:
    """A pool whose evaluations are made by the study on the other side of a connection."""

    def __init__(self, connection: socket.socket, lines: Any) -> None:
        self.connection, self.lines = connection, lines
        self.lock = threading.Lock()  # guards what follows
        self.open: Dict[int, _Task] = {}
        self.next = 0
        threading.Thread(target=self._read, daemon=True).start()

    def submit(self, task: _Task) -> None:
        with self.lock:
            self.next += 1
            self.open[self.next] = task
            self.connection.sendall((json.dumps({"n": self.next, "recipe": task.recipe, "seed": task.seed}) + "\n").encode())

    def cancel(self, batch: _Batch) -> None:
        with self.lock:
            gone = [n for n, task in self.open.items() if task.batch is batch]
            tasks = [self.open.pop(n) for n in gone]
        for task in tasks:
            task.batch.done(task, None, {}, "cancelled")

    def _read(self) -> None:
        for line in self.lines:
            answer = json.loads(line)
            with self.lock:
                task = self.open.pop(answer["n"], None)
            if task is not None:
                task.batch.done(task, answer.get("score"), answer.get("metrics") or {}, answer.get("error", ""))
        os._exit(0)


def _study() -> int:
    """The program that a Study has doin-worker start: a problem that somebody else evaluates."""
    port, token = os.environ["DOIN_STUDY"].split(":")
    connection = socket.create_connection(("127.0.0.1", int(port)))
    connection.sendall((token + "\n").encode())
    lines = connection.makefile("r", encoding="utf-8")
    hello = json.loads(lines.readline())
    genes = {g["name"]: Gene(g["kind"], g.get("low", 0), g.get("high", 0), g.get("log", False), tuple(g.get("choices", ())), g.get("when"))
             for g in hello["space"]}
    p = Problem((lambda seed, **k: 0) if hello["noisy"] else (lambda **k: 0), genes, name="study", workers=hello["workers"],
                direction="minimize" if hello["sign"] < 0 else "maximize")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return _Server(p, _Remote(connection, lines), sys.stdout.buffer).run(sys.stdin.buffer)


# A running node

def _get(url: str, path: str, query: Optional[Dict[str, Any]] = None, body: Any = None, timeout: float = 60) -> Any:
    address = url.rstrip("/") + path + ("?" + urllib.parse.urlencode(query) if query else "")
    request = urllib.request.Request(address, None if body is None else json.dumps(body).encode(), {"Content-Type": "application/json"})
    with _open(request, timeout) as answer:
        return json.load(answer)


def _open(request: urllib.request.Request, timeout: float) -> Any:
    own = request.host.startswith(("127.", "localhost"))  # no proxy is between programs of one machine
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}) if own else urllib.request.ProxyHandler())
    return opener.open(request, timeout=timeout)


def champions(url: str) -> Dict[str, Dict[str, Any]]:
    """The champion of each domain of the node at url ("http://127.0.0.1:8470") that has one: performance, verified, metrics, …"""
    progress = _get(url, "/status").get("progress") or {}
    return {domain: p["champion"] for domain, p in progress.items() if p.get("champion")}


def trials(url: str, domain: str = "", limit: int = 1000) -> List[Dict[str, Any]]:
    """The newest trials that the node has recorded, of one domain or of all, oldest first: dictionaries of the columns of fact_trial,
    numbers as numbers, parameters and metrics as dictionaries, what is not told None. The node tells them up to a minute late."""
    found: "collections.deque[Dict[str, Any]]" = collections.deque(maxlen=limit)
    with _open(urllib.request.Request(url.rstrip("/") + "/export/fact_trial.csv"), 120) as answer:
        for row in csv.DictReader(io.TextIOWrapper(answer, "utf-8", newline="")):
            if not domain or row["domain_id"] == domain:
                found.append(row)
    return [{name: _cell(name, text) for name, text in row.items()} for row in found]


_INTEGERS = {"trial_number", "generation", "rung", "seed", "seeds"}
_REALS = {"score", "expected", "score_error", "validation", "test", "seconds"}
_OBJECTS = {"parents", "metrics", "parameters"}


def _cell(name: str, text: str) -> Any:
    if text == "":
        return None
    if name in _OBJECTS:
        return json.loads(text)
    return int(text) if name in _INTEGERS else float(text) if name in _REALS else text


def forecast(url: str, domain: str, wait: float = 30, **question: Any) -> Any:
    """What a domain's champion answers: forecast(url, "co2", steps=12), or for a table rows=[{…}]."""
    return _get(url, "/inference", body={"domain_id": domain, "input_data": question, "wait": wait}, timeout=wait + 30)


if __name__ == "__main__" and sys.argv[1:] == ["--study"]:
    sys.exit(_study())
