"""Tests of doin.py: python3 -m unittest, or go test ./sdk/python, which names the worker in DOIN_WORKER."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler, HTTPServer

import doin

HERE = os.path.dirname(os.path.abspath(__file__))

OWN = '''import os, sys, time
import doin

@doin.problem(space={"x": doin.real(-2, 2), "kind": doin.categorical(["plain", "poly"]), "degree": doin.integer(1, 5, when=doin.when("kind", "poly"))},
              workers=2, metric="loss")
def objective(x, kind, degree, seed):
    print("on standard output")
    if x > 1.5:
        raise ValueError("x is too large")
    if x < -1.5:
        os._exit(7)
    if kind == "poly" and degree == 5:
        time.sleep(600)
    return x * x + (degree or 0), {"seed": seed, "kind": kind}

doin.serve()
'''


class Program:
    """A served program and the frames to it."""

    def __init__(self, text=OWN):
        self.dir = tempfile.TemporaryDirectory()
        path = os.path.join(self.dir.name, "own.py")
        with open(path, "w") as f:
            f.write(text)
        env = dict(os.environ, PYTHONPATH=HERE)
        self.p = subprocess.Popen([sys.executable, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
        self.n = 0

    def send(self, verb, data=None, rows=None, kind="request", id=None):
        self.n += 1
        head = {"v": 2, "id": id or self.n, "verb": verb, "kind": kind, "data": data or {}, "body": "json_lines"}
        self.p.stdin.write(doin._frame(head, b"" if rows is None else doin._table(rows)))
        self.p.stdin.flush()
        return head["id"]

    def receive(self):
        text, body = doin._read_frame(self.p.stdout)
        return json.loads(text.decode()), [json.loads(line) for line in body.decode().splitlines()][1:]

    def ask(self, verb, data=None, rows=None):
        self.send(verb, data, rows)
        return self.receive()

    def configured(self):
        head, _ = self.ask("configure", {"domain": "d", "plugin": "objective", "config": {}})
        return head["data"]

    def evaluate(self, *recipes, seeds="[1, 2]"):
        rows = [{"parameters": json.dumps(r), "seed": 1, "seeds": seeds} for r in recipes]
        head, rows = self.ask("evaluate", {"domain": "d"}, rows)
        return rows if head["kind"] == "reply" else head["data"]

    def close(self):
        out, err = self.p.communicate(timeout=60)
        self.dir.cleanup()
        return self.p.returncode, err.decode()


class TestGenes(unittest.TestCase):
    def test_refuses(self):
        for make in (lambda: doin.real(2, 1), lambda: doin.real(0, 1, log=True), lambda: doin.integer(0.5, 2), lambda: doin.integer(0, 9, log=True),
                     lambda: doin.categorical([]), lambda: doin.categorical(["a", "a"]), lambda: doin.when("a"), lambda: doin.when("a", "b", at_least=1)):
            self.assertRaises(ValueError, make)

    def test_space(self):
        space = doin._Space({"kernel": doin.categorical(["rbf", "poly"]), "degree": doin.integer(2, 5, when=doin.when("kernel", "poly")),
                             "c": doin.log_real(0.01, 100), "w": doin.real(0, 1, size=3)})
        self.assertEqual([g["name"] for g in space.declared()], ["kernel", "degree", "c", "w_0", "w_1", "w_2"])
        self.assertEqual(space.declared()[1]["when"], {"gene": "kernel", "in": ["poly"]})
        good = {"kernel": "rbf", "c": 1.0, "w_0": 0.0, "w_1": 0.5, "w_2": 1.0}
        space.check(good)
        self.assertIsNone(space.arguments(good)["degree"])
        self.assertEqual(list(space.arguments(good)["w"]), [0.0, 0.5, 1.0])
        for change in ({"degree": 3}, {"kernel": "poly"}, {"c": 1}, {"c": 101.0}, {"c": True}, {"kernel": "x"}, {"more": 1}, {"w_0": -0.5}):
            with self.assertRaises(doin._Refused, msg=str(change)):
                space.check({**good, **change})
        import random
        for seed in range(50):
            space.check(space.draw(random.Random(seed)))

    def test_space_refuses(self):
        for genes in ({}, {"a": doin.real(0, 1, when=doin.when("b", "c"))}, {"a_0": doin.real(0, 1), "a": doin.real(0, 1, size=1)}):
            self.assertRaises(ValueError, doin._Space, genes)
        self.assertRaises(TypeError, doin._Space, {"a": 1})


class TestProblem(unittest.TestCase):
    def test_function_stays(self):
        @doin.problem(space={"x": doin.real(0, 1)}, direction="maximize")
        def f(x, y=2):
            return x + y
        self.assertEqual(f(1), 3)
        self.assertEqual(f.problem.evaluate({"x": 0.5}), (2.5, {}))
        self.assertEqual((f.problem.sign, f.problem.seeded, f.problem.info()["deterministic"]), (1.0, False, True))

    def test_defaults_of_inactive(self):
        p = doin.Problem(lambda a, b=7: (1, {"b": b, "nan": float("nan")}), {"a": doin.integer(0, 3), "b": doin.real(0, 1, when=doin.when("a", at_least=2))})
        self.assertEqual(p.evaluate({"a": 1}), (1.0, {"b": 7, "nan": "nan"}))
        self.assertEqual(p.evaluate({"a": 2, "b": 0.5})[1]["b"], 0.5)

    def test_data_hash(self):
        with tempfile.NamedTemporaryFile("w", suffix=".csv") as f:
            make = lambda version: doin.Problem(lambda x: x, {"x": doin.real(0, 1)}, name="n", version=version, data=[f.name]).data_hash()
            first = make("1")
            self.assertEqual(first, make("1"))
            self.assertNotEqual(first, make("2"))
            f.write("more")
            f.flush()
            self.assertNotEqual(first, make("1"))


class TestProgram(unittest.TestCase):
    def test_evaluates(self):
        p = Program()
        info = p.configured()
        self.assertEqual((info["higher_is_better"], info["deterministic"], len(info["data_hash"])), (True, False, 64))
        good = {"x": 0.5, "kind": "plain"}
        first, bad, raised, died, again = p.evaluate(good, {"x": 0.5}, {"x": 1.75, "kind": "plain"}, {"x": -1.75, "kind": "plain"}, good)
        self.assertEqual(first, again)
        self.assertEqual(first["performance"], -0.25)
        self.assertEqual(json.loads(first["metrics"]), {"seed": 1.5, "kind": "plain"})
        self.assertEqual(bad["error_code"], "refused")
        self.assertEqual(raised, {"error_code": "internal", "error_message": "ValueError: x is too large"})
        self.assertIn("ended with status 7", died["error_message"])
        self.assertEqual(p.evaluate(good)[0], first)
        status, err = p.close()
        self.assertEqual(status, 0)
        self.assertIn("on standard output", err)
        self.assertIn("ValueError: x is too large", err)

    def test_cancel_ends_what_hangs(self):
        p = Program()
        p.configured()
        hangs = p.send("evaluate", {"domain": "d"}, [{"parameters": json.dumps({"x": 0.5, "kind": "poly", "degree": 5}), "seed": 1}] * 3)
        self.assertEqual(p.ask("telemetry")[0]["kind"], "reply")
        p.send("", kind="cancel", id=hangs)
        head, _ = p.receive()
        self.assertEqual((head["id"], head["kind"], head["data"]["code"]), (hangs, "error", "cancelled"))
        self.assertEqual(p.evaluate({"x": 0.5, "kind": "poly", "degree": 1})[0]["performance"], -1.25)
        self.assertEqual(p.close()[0], 0)

    def test_refuses_requests(self):
        p = Program()
        for verb, data, code in (("configure", {"domain": "d", "plugin": "other", "config": {}}, "refused"), ("evaluate", {"domain": "d"}, "unknown_domain"),
                                 ("optimize", {"domain": "d"}, "unsupported"), ("dance", {}, "bad_request")):
            head, _ = p.ask(verb, data)
            self.assertEqual((verb, head["kind"], head["data"]["code"]), (verb, "error", code))
        p.configured()
        self.assertEqual(p.ask("evaluate", {"domain": "d"})[0]["data"]["code"], "bad_request")
        self.assertEqual(p.ask("shutdown")[0]["kind"], "reply")
        self.assertEqual(p.close()[0], 0)

    def test_bad_frames(self):
        for sent in (b"\x14\0\0", doin.struct.pack("<IQ", 1 << 21, 0)):
            p = Program()
            p.p.stdin.write(sent)
            self.assertEqual(p.close()[0], 1, sent)

    def test_try(self):
        with tempfile.TemporaryDirectory() as d:
            path = os.path.join(d, "own.py")
            with open(path, "w") as f:
                f.write('import doin\n@doin.problem(space={"x": doin.real(0, 1)}, workers=2)\ndef f(x):\n    return x, {"twice": 2 * x}\ndoin.serve()\n')
            out = subprocess.run([sys.executable, path, "--try", "6"], env=dict(os.environ, PYTHONPATH=HERE), stdout=subprocess.PIPE, check=True).stdout.decode()
            self.assertEqual(len(out.splitlines()), 8)
            self.assertIn("best  score", out)
            self.assertIn('"twice"', out)
            describe = subprocess.run([sys.executable, path, "describe"], env=dict(os.environ, PYTHONPATH=HERE), stdout=subprocess.PIPE, check=True).stdout
            self.assertEqual(json.loads(describe.decode())["capabilities"], ["evaluate_only", "json_lines"])


@unittest.skipUnless(os.environ.get("DOIN_WORKER"), "DOIN_WORKER names no doin-worker")
class TestStudy(unittest.TestCase):
    def test_search(self):
        with doin.Study({"x": doin.real(-4, 4)}, settings={"population": 8}, parallel=2) as study:
            first, second = study.ask(), study.ask()
            self.assertNotEqual(first.params, second.params)
            study.tell(second, (second.params["x"] - 1) ** 2)
            study.tell(first.number, None)
            self.assertRaises(ValueError, study.tell, first, 1.0)
            best = study.optimize(lambda x: (x - 1) ** 2, 100)
            self.assertLess(best.value, 0.01)

    def test_same_again(self):
        def points():
            with doin.Study({"x": doin.real(-4, 4), "n": doin.integer(0, 9)}, seed=3, direction="maximize", settings={"population": 4}) as study:
                out = []
                for _ in range(12):
                    trial = study.ask()
                    out.append(trial)
                    study.tell(trial, trial.params["x"], {"n": trial.params["n"]})
                return out
        self.assertEqual(points(), points())

    def test_bad_settings(self):
        with doin.Study({"x": doin.real(-4, 4)}, settings={"populaton": 8}) as study:
            with self.assertRaisesRegex(RuntimeError, "population"):
                study.ask()


class Node(BaseHTTPRequestHandler):
    """Answers as a node does."""
    answers = {
        "/status": {"progress": {"own": {"champion": {"performance": -0.5, "verified": True}}, "other": {"champion": None}}},
    }
    files = {
        "/export/fact_trial.csv": "trial_id,domain_id,trial_number,score,test,parents,parameters\r\n"
                                  "a,own,0,-1.5,,[],\"{\"\"x\"\": 1.25}\"\r\nb,other,0,-2,3,[0],{}\r\nc,own,1,-1,0.5,[0],{}\r\n",
    }

    def answer(self, o):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(o).encode())

    def do_GET(self):
        if self.path in self.files:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(self.files[self.path].encode())
        else:
            self.answer(self.answers[self.path])

    def do_POST(self):
        self.answer({"asked": json.loads(self.rfile.read(int(self.headers["Content-Length"])).decode())})

    def log_message(self, *_):
        pass


class TestNode(unittest.TestCase):
    def test_asks(self):
        server = HTTPServer(("127.0.0.1", 0), Node)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = "http://127.0.0.1:%d/" % server.server_port
        self.assertEqual(doin.champions(url), {"own": {"performance": -0.5, "verified": True}})
        first = {"trial_id": "a", "domain_id": "own", "trial_number": 0, "score": -1.5, "test": None, "parents": [], "parameters": {"x": 1.25}}
        own = doin.trials(url, "own")
        self.assertEqual(own[0], first)
        self.assertEqual([t["trial_id"] for t in own], ["a", "c"])
        self.assertEqual([t["trial_id"] for t in doin.trials(url, limit=2)], ["b", "c"])
        self.assertEqual(doin.forecast(url, "co2", wait=1, steps=3),
                         {"asked": {"domain_id": "co2", "input_data": {"steps": 3}, "wait": 1}})
        server.shutdown()
        server.server_close()


if __name__ == "__main__":
    unittest.main()
