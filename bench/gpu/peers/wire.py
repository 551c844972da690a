# What the peers share: the conversation with the benchmark, one JSON object per line on standard input and output.
#
#   (start)                                               {"peer", "version", "device", "modes", "includes"}, or {"absent": why}
#   {"do": "prepare", "key", "mode", "groups": [GROUP]}   {"seconds"}: compiled, captured, warmed up
#   {"do": "measure", "key", "seconds": S}                {"seconds", "timed_seconds", "timed_steps"}
#   {"do": "ceiling", "size": N, "seconds": S}            {"gflops", "library"}
#   {"do": "drop"}                                        {}: nothing is prepared any more
#
# or {"error": why}. "includes" says of each mode what its figure contains, see includes(); a mode without is not measured. GROUP
# is {"count", "batch", "widths", "activation", "steps", "eval_every", "patience"}: so many models of one shape. "seconds" of a
# measurement is what the groups take one after another for all their steps, scaled from the steps that fit into S. A program of
# a group has
#
#   call()      makes .call_steps training steps of .models models, and every .eval_every steps validates
#   settle()    waits for the device
import json
import sys
import time


class Program:
    """One group's training, as a mode makes it. See above."""

    models = 1
    call_steps = 1


def includes(upload, compile, optimizer, stopping, python, digests="no"):
    """What a figure contains, in words: "no", "yes", or either with more, after a colon.

    upload    tables and first weights on their way to the device
    compile   the time to compile, capture and warm up
    optimizer the state of the optimizer, and its update
    stopping  validation, and what ends a training
    digests   hashes of the weights while they train
    python    the interpreter's own time between the device's work
    """
    return {"upload": upload, "compile": compile, "optimizer": optimizer, "stopping": stopping, "digests": digests, "python": python}


def measure(groups, programs, seconds):
    total, timed, steps = 0.0, 0.0, 0
    for group, program in zip(groups, programs):
        share = seconds / len(groups)
        program.settle()
        begun = time.perf_counter()
        program.call()
        program.settle()
        once = time.perf_counter() - begun
        calls = max(1, -(-group["steps"] // program.call_steps))
        n = max(1, min(calls, int(share / once)))
        begun = time.perf_counter()
        for _ in range(n):
            program.call()
        program.settle()
        took = time.perf_counter() - begun
        per_step = took / (n * program.call_steps)
        total += per_step * group["steps"] * group["count"] / program.models
        timed += took
        steps += n * program.call_steps
    return {"seconds": total, "timed_seconds": timed, "timed_steps": steps}


def serve(hello, make, ceiling, drop):
    """Answers until standard input ends. make(mode, group) returns a Program; drop() frees what the last ones held."""
    answer = sys.stdout
    sys.stdout = sys.stderr  # whatever a library prints
    say = lambda o: print(json.dumps(o), file=answer, flush=True)
    say(hello)
    prepared = {}  # key: groups and their programs
    for line in sys.stdin:
        request = json.loads(line)
        key = request.get("key")
        try:
            if request["do"] == "prepare":
                prepared.pop(key, None)
                begun = time.perf_counter()
                programs = []
                for group in request["groups"]:
                    program = make(request["mode"], group)
                    for _ in range(2):
                        program.call()
                    program.settle()
                    programs.append(program)
                prepared[key] = request["groups"], programs
                say({"seconds": time.perf_counter() - begun})
            elif request["do"] == "measure" and key in prepared:
                say(measure(*prepared[key], request["seconds"]))
            elif request["do"] == "ceiling":
                say(ceiling(request["size"], request["seconds"]))
            elif request["do"] == "drop":
                program, programs = None, []
                prepared.clear()
                drop()
                say({})
            else:
                say({"error": "unknown request, or nothing is prepared"})
        except Exception as e:  # out of memory, a mode that this version lacks
            program, programs = None, []
            prepared.pop(key, None)
            say({"error": (type(e).__name__ + ": " + str(e).strip().split("\n")[0])[:300]})


def absent(why):
    print(json.dumps({"absent": str(why)[:300]}), flush=True)
    sys.exit(0)
