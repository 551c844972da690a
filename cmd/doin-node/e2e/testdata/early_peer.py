"""A scripted peer that stands in for a Python node of the reference's first revision (R29), because none is at hand.

It is python_peer.py with what that revision does otherwise (wire.md 4-8, http.md 1, node.md 3.1, 5): /peers names nobody, not
even itself, /status shows 12 characters of the id, /message reads 1 MiB and answers later kinds with an error and a traceback,
nothing carries metadata, every node has a block 0 of its own and no peer syncs it, an optimizer announces every round and ends
at the target, and a node that is started again has another id. It waits 10 s for an answer.
"""

import json
import random
import sys
import time
import urllib.request

import python_peer
from python_peer import Peer, canonical, genesis, block_hash, now_iso, sha, wire

LATER = {"champion_request", "champion_response", "stage_complete", "candidate_evaluation"}
TYPES = python_peer.TYPES - LATER
MAX_BODY = 1 << 20
PATIENCE = 10


class Early(Peer):
    def __init__(self, args):
        super().__init__(args)
        first = genesis()
        first["header"].update(generator_id=self.id, timestamp=wire(now_iso()))
        first["hash"] = block_hash(first["header"])
        self.chain = [first]
        self.rounds, self.converged, self.adopted = 0, False, []
        self.tracebacks, self.failed, self.slowest, self.unopened = [], 0, 0.0, 0
        self.random = random.Random(args.seed)

    def post(self, endpoint, body):
        begun = time.monotonic()
        try:
            req = urllib.request.Request("http://%s/message" % endpoint, data=json.dumps(body).encode(),
                                         headers={"Content-Type": "application/json"})
            with urllib.request.urlopen(req, timeout=PATIENCE) as res:
                ok = res.status == 200
        except OSError:
            ok = False
        with self.lock:
            self.failed += not ok
            self.slowest = max(self.slowest, time.monotonic() - begun)
        return ok

    def broadcast(self, kind, payload):
        m = self.message(kind, payload)
        with self.lock:
            self.seen.add(self.gossip_id(m))
        self.relay(m)

    def receive(self, body):
        m = body.get("data", body) if isinstance(body, dict) and body.get("type") == "message" else body
        if isinstance(m, dict) and m.get("type") != "control" and m.get("msg_type") not in TYPES:
            self.traceback("no such type: %s" % m.get("msg_type"))
            return False
        return super().receive(body)

    def traceback(self, what):
        with self.lock:
            self.tracebacks.append(what)
        print("Traceback:", what, file=sys.stderr, flush=True)

    def introduce(self):
        """Its peers stay under their endpoints: it learns nobody from a loopback address."""

    def initial_sync(self):
        """Its chain begins with a block of its own: no other chain follows it."""

    def on_block_announcement(self, sender, p):
        pass

    def on_optimae_reveal(self, sender, p):
        c = self.commits.get(p["commitment_hash"])
        if not c or c["revealed"] or c["owner"] != sender or c["domain"] != p["domain_id"] \
                or sha(canonical(p["parameters"]) + ":" + p["nonce"]) != p["commitment_hash"]:
            self.unopened += 1  # it came too late for the commit, or again
            return
        c["revealed"] = True
        claim = float(p["reported_performance"])
        if self.best is None or claim > self.best[1]:
            self.best = (p["parameters"], claim)  # the claim itself
            self.adopted.append(sender)
        self.draw(sender, p, claim)

    def better(self, value):
        return self.best is None or value > self.best[1]

    def optimizer(self):
        """Rounds, each announced whether it improves or not; nobody is waited for."""
        while not self.converged:
            self.round()
            with self.lock:
                self.converged = self.best is not None and self.best[1] >= self.args.goal
            time.sleep(self.args.interval)

    def round(self):
        with self.lock:
            self.rounds += 1
            x = self.best[0]["x"] if self.best else [self.random.uniform(-10, 10) for _ in self.target]
            candidate = {"x": [v + self.random.gauss(0, self.args.step) for v in x]}
            if self.best and self.evaluate(candidate) <= self.evaluate(self.best[0]):
                candidate = {"x": x}
            value = self.evaluate(candidate)
            if self.better(value):
                self.best = (candidate, value)
        self.announce(candidate, value)

    def announce(self, parameters, value):
        nonce = "%032x" % self.random.getrandbits(128)
        commit = {"commitment_hash": sha(canonical(parameters) + ":" + nonce), "domain_id": self.args.domain}
        self.broadcast("optimae_commit", commit)
        time.sleep(self.args.delay)
        optimae = "opt-%s-%d" % (self.id[:8], int(time.time()))
        self.broadcast("optimae_reveal", dict(commit, optimae_id=optimae, parameters=parameters, reported_performance=value, nonce=nonce))
        return optimae

    def propose(self, x, claim=None, model=0):
        parameters = {"x": [float(v) for v in x]}
        value = self.evaluate(parameters) if claim is None else claim
        with self.lock:
            if self.better(value):
                self.best = (parameters, value)
        return self.announce(parameters, value)

    def state(self):
        with self.lock:
            return dict(super().state(), rounds=self.rounds, converged=self.converged, adopted=self.adopted,
                        tracebacks=self.tracebacks, failed=self.failed, slowest=self.slowest, unopened=self.unopened,
                        decided=sum(q["decided"] for q in self.quorums.values()))


class Handler(python_peer.Handler):
    def do_GET(self):
        p = self.peer
        path = self.path.partition("?")[0]
        if path == "/peers":
            return self.answer(200, {"peers": []})
        if path == "/status":
            return self.answer(200, {"status": "healthy", "peer_id": p.id[:12], "port": p.args.port, "chain_height": len(p.chain)})
        if path == "/chain/status":
            tip = p.chain[-1]
            return self.answer(200, {"chain_height": len(p.chain), "tip_hash": tip["hash"], "tip_index": len(p.chain) - 1,
                                     "finalized_height": -1})
        if path.startswith("/api/") or path == "/dashboard":
            return self.answer(404, {"status": "error", "detail": "not found"})
        super().do_GET()

    def do_POST(self):
        size = int(self.headers.get("Content-Length", 0))
        if self.path == "/message" and size > MAX_BODY:
            self.rfile.read(size)
            self.peer.traceback("a body of %d bytes" % size)
            return self.answer(400, {"status": "error", "detail": "invalid message"})
        super().do_POST()


if __name__ == "__main__":
    python_peer.main(Early, Handler)
