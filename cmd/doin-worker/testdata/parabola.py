#!/usr/bin/env python3
"""A domain in Python: two numbers, at their best at (1, -2). It only evaluates; doin-worker searches (PROTOCOL.md)."""
import hashlib, json, signal, struct, sys

WHO = {"protocol": 2, "name": "parabola", "version": "1", "device": "python", "has_gpu": False, "workers": 1,
       "plugins": ["parabola"], "capabilities": ["evaluate_only", "json_lines", "deterministic"]}
INFO = {"plugin": "parabola", "data_hash": "none", "performance_metric": "height", "higher_is_better": True,
        "strategy": "ga", "contract": "", "baselines": {}, "defaults": {},
        "space": [{"name": n, "kind": "real", "low": -4.0, "high": 4.0} for n in ("a", "b")]}
domains = set()
def evaluate(job):
    recipe = json.loads(job["parameters"])
    if sorted(recipe) != ["a", "b"] or {type(v) for v in recipe.values()} != {float}:
        return {"error_code": "refused", "error_message": "not a recipe of a and b"}
    a, b = recipe["a"] - 1, recipe["b"] + 2
    height = -(a * a + b * b)
    return {"performance": height, "digest": hashlib.sha256(repr((a, b, height)).encode()).hexdigest(),
            "metrics": json.dumps({"height": height})}

def answer(verb, data, body):
    """Returns the reply's data and rows, or raises ValueError(code, message)."""
    if verb == "configure":
        if data["plugin"] != "parabola" and not data["plugin"].startswith("exec:"):
            raise ValueError("refused", "unknown plugin")
        domains.add(data["domain"])
        return INFO, None
    if "domain" in data and data["domain"] not in domains:
        raise ValueError("unknown_domain", "not configured")
    if verb == "describe":
        return INFO if "domain" in data else WHO, None
    if verb == "telemetry":
        return {"device": WHO["device"]}, None
    if verb == "evaluate":
        if body[:1] != b"{":
            raise ValueError("bad_request", "no table of JSON lines")
        return {}, [evaluate(json.loads(line)) for line in body.splitlines()[1:]]
    raise ValueError("unsupported", verb)

def send(head, kind, data, rows=None):
    body = b"" if rows is None else "".join(json.dumps(r) + "\n" for r in [{}] + rows).encode()
    head = {k: head[k] for k in ("v", "id", "verb")} | {"kind": kind, "data": data, "body": "json_lines"}
    text = json.dumps(head).encode()
    sys.stdout.buffer.write(struct.pack("<IQ", len(text), len(body)) + text + body)
    sys.stdout.buffer.flush()

signal.signal(signal.SIGINT, signal.SIG_IGN)
head = {}
while head.get("verb") != "shutdown":
    prefix = sys.stdin.buffer.read(12)
    if len(prefix) < 12 or struct.unpack("<IQ", prefix)[0] > 1 << 20:
        sys.exit(1 if prefix else 0)
    text, body = (sys.stdin.buffer.read(n) for n in struct.unpack("<IQ", prefix))
    try:
        head = json.loads(text)
        if head["kind"] == "request":
            send(head, "reply", *(({}, None) if head["verb"] == "shutdown" else answer(head["verb"], head.get("data", {}), body)))
    except json.JSONDecodeError as e:
        send({"v": 1, "id": 0, "verb": ""}, "error", {"code": "bad_frame", "message": str(e)})
    except ValueError as e:
        send(head, "error", {"code": e.args[0], "message": e.args[1]})
