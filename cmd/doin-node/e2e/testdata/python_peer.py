"""A scripted peer that stands in for a Python node of the reference's HEAD, because none is at hand.

It is written from the specification alone (wire.md 2-4, 8; consensus.md 1-5, 7, 8, 10, 11; node.md 4-8; http.md 1, 2) and
shares no code with the node under test: JSON, hashes and numbers are Python's own. Standard library only. What it does as
HEAD does: messages in gossip envelopes with transport metadata, echo to every mesh peer, unknown members dropped, versions
compared, claims believed, blocks checked as the SQLite store checks them, sync on announcements only, reorganisation before
the replacement is there. Beside that it answers a test's questions under /_*.
"""

import argparse
import collections
import hashlib
import json
import math
import queue
import sys
import threading
import time
import urllib.request
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ZERO = "0" * 64
TYPES = {
    "optimae_commit", "optimae_reveal", "optimae_announcement", "task_created", "task_claimed", "task_completed",
    "block_announcement", "chain_status", "block_request", "block_response", "peer_discovery", "champion_request",
    "champion_response", "stage_complete", "candidate_evaluation", "evaluation_request", "evaluation_response",
}
HEADER = ("index", "previous_hash", "timestamp", "merkle_root", "generator_id", "weighted_performance_sum", "threshold")
TX = ("id", "tx_type", "domain_id", "peer_id", "payload", "timestamp")
MAES = ("val_mae", "train_mae", "val_naive_mae", "train_naive_mae", "test_mae", "test_naive_mae")


def canonical(value):
    return json.dumps(value, sort_keys=True)


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def now_iso():
    return datetime.now(timezone.utc).isoformat()


def iso(text):
    """The rendering of a wire time in pre-images."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).isoformat()


def wire(text):
    return text[:-6] + "Z" if text.endswith("+00:00") else text


def tx_id(tx):
    return sha(canonical({"domain_id": tx["domain_id"], "payload": tx["payload"], "peer_id": tx["peer_id"],
                          "timestamp": iso(tx["timestamp"]), "tx_type": tx["tx_type"]}))


def merkle(ids):
    if not ids:
        return ZERO
    level = list(ids)
    while len(level) > 1:
        if len(level) % 2:
            level.append(level[-1])
        level = [sha(level[i] + level[i + 1]) for i in range(0, len(level), 2)]
    return level[0]


def block_hash(header):
    return sha(canonical(dict(header, timestamp=iso(header["timestamp"]))))


def model_block(raw):
    """The model layer: declared members only, floats are floats."""
    header = {k: raw["header"][k] for k in HEADER}
    header["index"] = int(header["index"])
    for k in ("weighted_performance_sum", "threshold"):
        header[k] = float(header[k])
        if not math.isfinite(header[k]):
            raise ValueError(k)
    txs = [{k: t[k] for k in TX} for t in raw.get("transactions", [])]
    return {"header": header, "transactions": txs, "hash": raw.get("hash") or block_hash(header)}


def genesis():
    header = {"index": 0, "previous_hash": ZERO, "timestamp": "1970-01-01T00:00:00Z", "merkle_root": ZERO,
              "generator_id": "genesis", "weighted_performance_sum": 0.0, "threshold": 0.0}
    return {"header": header, "transactions": [], "hash": block_hash(header)}


class Peer:
    def __init__(self, args):
        self.args = args
        self.id = args.id
        self.lock = threading.RLock()
        self.chain = [genesis()]
        self.known = set()
        self.seen = set()
        self.endpoints = {e: e for e in args.bootstrap}  # endpoint -> id, a placeholder until it is known
        self.commits, self.quorums, self.tasks = {}, {}, {}
        self.best = None
        self.metrics = None
        self.reputation = {}  # peer -> score, time
        self.increments, self.accepted, self.inc_total = 0.0, 0, 0.0
        self.pending = []
        self.threshold = args.threshold
        self.target = args.target
        self.received = collections.Counter()
        self.alerts, self.bad_ids, self.pushed = [], 0, []
        self.inbox, self.outbox = queue.Queue(), queue.Queue()

    # -- the wire ---------------------------------------------------------------------------------------------------

    def post(self, endpoint, body):
        try:
            req = urllib.request.Request("http://%s/message" % endpoint, data=json.dumps(body).encode(),
                                         headers={"Content-Type": "application/json"})
            with urllib.request.urlopen(req, timeout=30) as res:
                return res.status == 200
        except OSError:
            return False

    def get(self, endpoint, path):
        with urllib.request.urlopen("http://%s%s" % (endpoint, path), timeout=30) as res:
            return json.load(res)

    def message(self, kind, payload):
        return {"msg_type": kind, "sender_id": self.id, "timestamp": wire(now_iso()), "ttl": 7, "payload": payload}

    def broadcast(self, kind, payload):
        payload = dict(payload, _sender_port=self.args.port, _component_versions=self.args.versions, _plugin_configs={})
        m = self.message(kind, payload)
        with self.lock:
            self.seen.add(self.gossip_id(m))
        self.relay(m)

    def relay(self, m):
        for endpoint in list(self.endpoints):
            self.outbox.put((endpoint, {"type": "message", "data": m}))

    def gossip_id(self, m):
        return sha(canonical({"msg_type": m["msg_type"], "payload": m["payload"], "sender_id": m["sender_id"],
                              "timestamp": iso(m["timestamp"])}))

    def receive(self, body):
        """Returns whether the body is a message; the work is done in the background."""
        if not isinstance(body, dict):
            return False
        if body.get("type") == "control":
            return True
        if body.get("type") == "message" and "data" in body:
            body = body["data"]
        if body.get("msg_type") not in TYPES or not isinstance(body.get("sender_id"), str) \
                or not isinstance(body.get("payload", {}), dict):
            return False
        m = {k: body[k] for k in ("msg_type", "sender_id", "timestamp", "ttl", "payload") if k in body}
        m.setdefault("timestamp", wire(now_iso()))
        m.setdefault("payload", {})
        self.inbox.put(m)
        return True

    def work(self):
        while True:
            m = self.inbox.get()
            key = self.gossip_id(m)
            if key in self.seen:
                continue
            self.seen.add(key)
            self.received[m["msg_type"]] += 1
            theirs = m["payload"].get("_component_versions") or {}
            if theirs and any(theirs.get(k) != v for k, v in self.args.versions.items()):
                self.alerts.append("version_mismatch")
            else:
                try:
                    handler = getattr(self, "on_" + m["msg_type"], None)
                    if handler and m["sender_id"] != self.id:
                        with self.lock:
                            handler(m["sender_id"], m["payload"])
                except Exception as e:  # logged and swallowed, as HEAD does
                    print("handler", m["msg_type"], repr(e), file=sys.stderr, flush=True)
            self.relay(m)

    def send(self):
        while True:
            endpoint, body = self.outbox.get()
            self.post(endpoint, body)

    def introduce(self):
        """Learns the ids behind the configured endpoints."""
        while True:
            for endpoint, name in list(self.endpoints.items()):
                if name == endpoint:
                    try:
                        self.endpoints[endpoint] = self.get(endpoint, "/peers")["self"]["peer_id"]
                    except (OSError, KeyError, ValueError):
                        pass
            time.sleep(0.2)

    def endpoint_of(self, peer):
        return next((e for e, name in self.endpoints.items() if name == peer), None)

    # -- claims -----------------------------------------------------------------------------------------------------

    def evaluate(self, parameters):
        total = -0.0
        for x, t in zip(parameters["x"], self.target, strict=True):
            total += (x - t) ** 2  # fewer than eight: numpy adds them one by one
        return -total

    def better(self, value):
        return self.best is None or value > self.best[1] + 1e-5

    def on_optimae_commit(self, sender, p):
        self.commits.setdefault(p["commitment_hash"], {"owner": sender, "domain": p["domain_id"], "revealed": False})

    def on_optimae_reveal(self, sender, p):
        c = self.commits.get(p["commitment_hash"])
        if not c or c["revealed"] or c["owner"] != sender or c["domain"] != p["domain_id"] \
                or sha(canonical(p["parameters"]) + ":" + p["nonce"]) != p["commitment_hash"]:
            print("reveal refused:", p["optimae_id"], "again" if c and c["revealed"] else "", file=sys.stderr, flush=True)
            return
        c["revealed"] = True
        claim = float(p["reported_performance"])
        if self.args.validate:
            self.draw(sender, p, claim)
            if sender != self.id and self.better(claim):
                self.best = (p["parameters"], claim)
            return
        if self.better(claim):
            self.accept(sender, p["optimae_id"], p["parameters"], claim, claim, 1.0, p.get("champion_metrics"),
                        "auto_accept_no_synthetic_validation")
            self.best, self.metrics = (p["parameters"], claim), p.get("champion_metrics")
            self.generate()
        else:
            self.transact("optimae_rejected", sender, {
                "optimae_id": p["optimae_id"],
                "reason": "reported perf %.6f <= current best %.6f" % (claim, self.best[1])})
            self.champion_to(sender, "reject-push-" + p["optimae_id"][:12])

    def transact(self, kind, peer, payload):
        tx = {"tx_type": kind, "domain_id": self.args.domain, "peer_id": peer, "payload": payload, "timestamp": now_iso()}
        tx["id"] = tx_id(tx)
        self.pending.append({k: wire(tx[k]) if k == "timestamp" else tx[k] for k in TX})

    def accept(self, optimizer, optimae, parameters, claim, verified, agree, metrics, reason):
        now = time.time()
        score, last = self.reputation.get(optimizer, (0.0, now))
        score = score * 0.5 ** (max(now - last, 0.0) / 604800.0) + 1.0
        self.reputation[optimizer] = score, now
        factor = min(1.0, math.log1p(score) / math.log1p(10))
        progress = min(self.inc_total / self.accepted, 2.0) if self.accepted else 0.0
        increment = abs(claim) * (1.0 * max(0.1, 1.0) * (1 + progress) * 0.5) * factor * 1.0
        self.transact("optimae_accepted", optimizer,
                      {"optimae_id": optimae, "performance": verified or claim, "increment": increment})
        full = {"optimae_id": optimae, "parameters": parameters, "verified_performance": verified,
                "effective_increment": increment, "reward_fraction": 1.0, "quorum_agree_fraction": agree,
                "incentive_reason": reason}
        if not self.args.validate:
            full.update({k: (metrics or {}).get(k) for k in MAES})
        full["champion_metrics"] = metrics
        self.transact("optimae_accepted", optimizer, full)
        self.accepted += 1
        self.inc_total += increment
        self.increments += increment

    def champion_to(self, peer, request):
        endpoint = self.endpoint_of(peer)
        if endpoint:
            self.pushed.append(peer)
            has = self.best is not None
            self.outbox.put((endpoint, self.message("champion_response", {
                "domain_id": self.args.domain, "request_id": request, "parameters": self.best[0] if has else None,
                "performance": self.best[1] if has else None, "has_champion": has, "champion_metrics": self.metrics})))

    def on_champion_request(self, sender, p):
        self.champion_to(sender, p["request_id"])

    def on_champion_response(self, sender, p):
        if p["has_champion"] and self.better(p["performance"]):
            self.best, self.metrics = (p["parameters"], p["performance"]), p.get("champion_metrics")

    def propose(self, x, claim=None, model=0):
        """An own result, as HEAD's champion broadcast: handled here first, revealed two seconds later."""
        parameters = {"x": [float(v) for v in x]}
        if model:
            parameters["_model_b64"] = "A" * model
        claim = self.evaluate(parameters) if claim is None else claim
        nonce = hashlib.sha256(now_iso().encode()).hexdigest()[:32]
        commit = {"commitment_hash": sha(canonical(parameters) + ":" + nonce), "domain_id": self.args.domain}
        with self.lock:
            self.on_optimae_commit(self.id, commit)
        self.broadcast("optimae_commit", commit)
        time.sleep(self.args.delay)
        optimae = "opt-%s-%d" % (self.id[:8], int(time.time()))
        reveal = dict(commit, optimae_id=optimae, parameters=parameters, reported_performance=claim, nonce=nonce,
                      champion_metrics=None)
        with self.lock:
            self.on_optimae_reveal(self.id, reveal)
        self.broadcast("optimae_reveal", reveal)
        return optimae

    # -- quorum -----------------------------------------------------------------------------------------------------

    def draw(self, sender, p, claim):
        eligible = [self.id] + list(self.endpoints.values())
        draw = sha("genesis:" + p["optimae_id"])
        members = sorted((sha(draw + ":" + c), c) for c in eligible if c != sender)[:self.args.quorum]
        if not members:
            return
        self.quorums[p["optimae_id"]] = {"members": [c for _, c in members], "votes": {}, "claim": claim, "optimizer": sender,
                                         "parameters": p["parameters"], "metrics": p.get("champion_metrics"), "decided": False}
        task = {"task_type": "optimae_verification", "domain_id": self.args.domain, "requester_id": sender,
                "parameters": p["parameters"], "created_at": now_iso()}
        task_id = sha(canonical(task))
        self.tasks[task_id] = {"optimae": p["optimae_id"], "parameters": p["parameters"], "status": "pending"}
        self.broadcast("task_created", {
            "task_id": task_id, "task_type": "optimae_verification", "domain_id": self.args.domain, "requester_id": sender,
            "parameters": p["parameters"], "optimae_id": p["optimae_id"], "reported_performance": claim, "metric_evidence": {},
            "priority": 0})

    def on_task_created(self, sender, p):
        self.tasks.setdefault(p["task_id"], {"optimae": p["optimae_id"], "parameters": p["parameters"], "status": "pending"})

    def on_task_claimed(self, sender, p):
        task = self.tasks.get(p["task_id"])
        if task and task["status"] == "pending":
            task["status"] = "claimed"

    def on_task_completed(self, sender, p):
        task = self.tasks.get(p["task_id"])
        if task and task["status"] in ("pending", "claimed"):
            task["status"] = "completed"
            self.vote(p["optimae_id"], p["evaluator_id"], p["verified_performance"])

    def evaluator(self):
        while True:
            time.sleep(0.3)
            with self.lock:
                for task_id, task in list(self.tasks.items()):
                    q = self.quorums.get(task["optimae"])
                    if task["status"] != "pending" or q and self.id not in q["members"]:
                        continue
                    task["status"] = "completed"
                    value = self.evaluate(task["parameters"])
                    base = {"task_id": task_id, "evaluator_id": self.id, "domain_id": self.args.domain}
                    self.broadcast("task_claimed", base)
                    self.broadcast("task_completed", dict(base, verified_performance=value, result=None, optimae_id=task["optimae"]))
                    self.vote(task["optimae"], self.id, value)

    def vote(self, optimae, voter, value):
        q = self.quorums.get(optimae)
        if not q or q["decided"] or voter not in q["members"] or voter in q["votes"] or value is None:
            return
        q["votes"][voter] = value
        if len(q["votes"]) < len(q["members"]):
            return
        q["decided"] = True
        values = sorted(q["votes"].values())
        half = len(values) // 2
        median = values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2
        far = lambda v: abs(v - median) / abs(median) if abs(median) > 1e-10 else abs(v - median)
        agree = sum(far(v) <= 0.05 for v in values) / len(values)
        if agree >= 0.67 and far(q["claim"]) <= 0.05:
            self.accept(q["optimizer"], optimae, q["parameters"], q["claim"], median, agree, q["metrics"],
                        "full reward: verified matches reported")
            if self.better(median):
                self.best = (q["parameters"], median)
        else:
            self.transact("optimae_rejected", q["optimizer"], {"optimae_id": optimae, "reason": "quorum"})
        self.transact("task_completed", voter, {"task_id": "", "task_type": "optimae_verification"})

    # -- blocks -----------------------------------------------------------------------------------------------------

    def generate(self):
        if self.increments < self.threshold:
            return
        tip = self.chain[-1]
        header = {"index": tip["header"]["index"] + 1, "previous_hash": tip["hash"], "timestamp": wire(now_iso()),
                  "merkle_root": merkle([t["id"] for t in self.pending]), "generator_id": self.id,
                  "weighted_performance_sum": self.increments, "threshold": self.threshold}
        block = {"header": header, "transactions": self.pending, "hash": block_hash(header)}
        self.pending, self.increments = [], 0.0
        if not self.append(block):
            print("own block refused", file=sys.stderr, flush=True)
            return
        self.broadcast("block_announcement", {
            "block_index": header["index"], "block_hash": block["hash"], "previous_hash": header["previous_hash"],
            "generator_id": self.id, "transaction_count": len(block["transactions"]),
            "weighted_performance_sum": header["weighted_performance_sum"], "threshold": header["threshold"]})

    def append(self, raw):
        b = model_block(raw)
        ids = [t["id"] for t in b["transactions"]]
        h, tip = b["header"], self.chain[-1]
        if h["index"] != len(self.chain) or h["previous_hash"] != tip["hash"] or merkle(ids) != h["merkle_root"] \
                or block_hash(h) != b["hash"] or len(set(ids)) != len(ids) or self.known & set(ids):
            return False
        # What HEAD does not do: look whether the ids are those of the content.
        self.bad_ids += sum(t["id"] != tx_id(t) for t in b["transactions"])
        self.chain.append(b)
        self.known |= set(ids)
        return True

    def roll_back(self, index):
        for b in self.chain[index + 1:]:
            self.known -= {t["id"] for t in b["transactions"]}
        del self.chain[index + 1:]

    def on_block_announcement(self, sender, p):
        height = len(self.chain)
        index = p["block_index"]
        if index >= height or index == height - 1 and p["block_hash"] != self.chain[-1]["hash"]:
            endpoint = self.endpoint_of(sender)
            if endpoint:
                self.sync(endpoint)

    def sync(self, endpoint):
        status = self.get(endpoint, "/chain/status")
        theirs = status["chain_height"]
        if theirs == len(self.chain) and status["tip_hash"] != self.chain[-1]["hash"]:
            return self.fork(endpoint, status)
        tried = False
        while len(self.chain) < theirs:
            start = len(self.chain)
            page = self.get(endpoint, "/chain/blocks?from=%d&to=%d" % (start, min(theirs - 1, start + 49)))["blocks"]
            done = 0
            for raw in page:
                if not self.append(raw):
                    break
                done += 1
            if not page or not done and tried:
                return
            if not done:
                tried = True
                self.roll_back(self.common(endpoint, len(self.chain) - 1))
        self.rescan()

    def common(self, endpoint, top):
        low, high = 0, top
        while low < high:
            mid = (low + high + 1) // 2
            if self.get(endpoint, "/chain/block/%d" % mid)["hash"] == self.chain[mid]["hash"]:
                low = mid
            else:
                high = mid - 1
        return low

    def fork(self, endpoint, status):
        base = self.common(endpoint, len(self.chain) - 1)
        branch = self.get(endpoint, "/chain/blocks?from=%d&to=%d" % (base + 1, len(self.chain) - 1))["blocks"]
        if not branch or branch[-1]["hash"] != status["tip_hash"]:
            return
        ours = self.chain[base + 1:]
        a, b = score(ours), score(branch)
        if abs(a[0] - b[0]) > 1e-10:
            wins = b[0] > a[0]
        elif a[1] != b[1]:
            wins = b[1] > a[1]
        else:
            wins = branch[-1]["hash"] < ours[-1]["hash"]
        if not wins:
            return
        self.roll_back(base)
        if not all(self.append(raw) for raw in branch):
            self.roll_back(base)
            for raw in ours:
                self.append(raw)
        self.rescan()

    def rescan(self):
        for b in self.chain:
            for t in b["transactions"]:
                p = t["payload"]
                if t["tx_type"] == "optimae_accepted" and p.get("parameters") and p.get("verified_performance") is not None \
                        and self.better(p["verified_performance"]):
                    self.best = (p["parameters"], p["verified_performance"])

    def initial_sync(self):
        for endpoint in list(self.endpoints):
            for _ in range(100):
                try:
                    with self.lock:
                        self.sync(endpoint)
                    break
                except OSError:
                    time.sleep(0.1)

    def state(self):
        with self.lock:
            return {"height": len(self.chain), "tip": self.chain[-1]["hash"], "best": self.best and self.best[1],
                    "pending": len(self.pending), "received": dict(self.received), "alerts": self.alerts,
                    "bad_ids": self.bad_ids, "pushed": self.pushed, "generators": [b["header"]["generator_id"] for b in self.chain],
                    "peers": self.endpoints}


def score(branch):
    increment, count = 0.0, 0
    for b in branch:
        for t in b["transactions"]:
            if t["tx_type"] == "optimae_accepted":
                count += 1
                increment += abs(t["payload"].get("effective_increment", 0))
    return increment, count


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    peer = None

    def log_message(self, *args):
        pass

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        p = self.peer
        path, _, text = self.path.partition("?")
        query = dict(q.partition("=")[::2] for q in text.split("&") if q)
        if path == "/health":
            return self.answer(200, {"status": "healthy", "port": p.args.port})
        if path == "/peers":
            known = [{"peer_id": name, "address": e.rpartition(":")[0], "port": int(e.rpartition(":")[2])}
                     for e, name in list(p.endpoints.items())]
            return self.answer(200, {"self": {"peer_id": p.id, "port": p.args.port}, "peers": known})
        chain = list(p.chain)
        if path == "/chain/status":
            return self.answer(200, {"chain_height": len(chain), "tip_hash": chain[-1]["hash"], "tip_index": len(chain) - 1,
                                     "finalized_height": -1, "component_versions": p.args.versions})
        if path == "/chain/blocks":
            start = int(query.get("from", 0))
            end = min(int(query.get("to", len(chain) - 1)), start + 49)
            return self.answer(200, {"request_id": query.get("request_id", ""), "blocks": chain[max(start, 0):end + 1],
                                     "has_more": end < len(chain) - 1})
        if path.startswith("/chain/block/"):
            index = int(path.rpartition("/")[2])
            if 0 <= index < len(chain):
                return self.answer(200, chain[index])
        if path == "/_state":
            return self.answer(200, p.state())
        if path == "/_chain.json":  # the JSON back end's file
            body = json.dumps(chain, indent=2).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            return self.wfile.write(body)
        self.answer(404, {"status": "error", "detail": "not found"})

    def do_POST(self):
        p = self.peer
        try:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        except ValueError:
            return self.answer(400, {"status": "error", "detail": "invalid message"})
        if self.path == "/message":
            if p.receive(body):
                return self.answer(200, {"status": "ok"})
            return self.answer(400, {"status": "error", "detail": "invalid message"})
        if self.path == "/_propose":
            return self.answer(200, {"optimae_id": p.propose(body["x"], body.get("claim"), body.get("model", 0))})
        self.answer(404, {"status": "error", "detail": "not found"})


def check(folder):
    """Holds this peer itself against what the reference was measured to do."""
    def cases(name):
        with open("%s/%s.json" % (folder, name)) as f:
            return json.load(f)["cases"]
    done = 0
    for c in cases("chain_validation"):
        p = Peer(argparse.Namespace(id="", bootstrap=[], threshold=1.0, target=[]))
        appended = 0
        while appended < len(c["inputs"]["blocks"]) and p.append(c["inputs"]["blocks"][appended]):
            appended += 1
        assert appended == c["expected"]["sqlite_appended"], c["name"]
        done += 1
    for c in cases("transaction_ids"):
        if "id" in c["expected"] and "payload" in c["inputs"] and not c["inputs"].get("id"):
            assert tx_id(c["inputs"]) == c["expected"]["id"], c["inputs"]
            done += 1
    for c in cases("messages"):
        m = dict(c["inputs"]["message"])
        assert Peer.gossip_id(None, m) == c["expected"]["gossip_message_id"], m
        m["payload"] = dict(m["payload"], **c["inputs"]["transport_metadata"])
        assert Peer.gossip_id(None, m) == c["expected"]["gossip_message_id_with_metadata"], m
        done += 1
    for c in cases("merkle_roots"):
        ids = next(v for v in c["inputs"].values() if isinstance(v, list))
        assert merkle(ids) in c["expected"].values(), c
        done += 1
    print("%d vectors hold" % done)


def main(kind=Peer, handler=Handler):
    if sys.argv[1:2] == ["--check"]:
        return check(sys.argv[2])
    a = argparse.ArgumentParser()
    a.add_argument("--port", type=int, required=True)
    a.add_argument("--id", required=True)
    a.add_argument("--bootstrap", type=lambda s: [e for e in s.split(",") if e], default=[])
    a.add_argument("--domain", default="quadratic")
    a.add_argument("--target", type=json.loads, default=[])
    a.add_argument("--threshold", type=float, default=1.0)
    a.add_argument("--delay", type=float, default=0.3)
    a.add_argument("--quorum", type=int, default=2)
    a.add_argument("--validate", action="store_true")
    a.add_argument("--versions", type=json.loads, default={})
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("--goal", type=float, help="optimize in rounds until the best is that good")
    a.add_argument("--step", type=float, default=4.0)
    a.add_argument("--interval", type=float, default=0.2)
    args = a.parse_args()
    peer = kind(args)
    handler.peer = peer
    server = ThreadingHTTPServer(("127.0.0.1", args.port), handler)
    server.daemon_threads = True
    loops = [peer.work, peer.introduce, peer.send, peer.send, peer.initial_sync]
    if args.validate:
        loops.append(peer.evaluator)
    if args.goal is not None:
        loops.append(peer.optimizer)
    for loop in loops:
        threading.Thread(target=loop, daemon=True).start()
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
