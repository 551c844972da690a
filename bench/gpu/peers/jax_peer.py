# JAX's way of training a population of perceptrons in float32 (MSE, AdamW), at the highest precision of products:
#
#   scan       jit(scan(vmap(grad))): so many steps of all models in one program; with validation, one program from one
#              validation to the next
#   scan-all   jit(scan(vmap(grad))) of all steps: a training is one program, validation and its end within it
#
# All models of a group share the minibatches and the learning rate, and the tables lie on the device.
import argparse
import functools
import os
import time

import wire

os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
try:
    import jax
    import jax.numpy as jnp
except Exception as e:
    wire.absent(e)

ROWS, VALIDATION = 1024, 256
ACTIVATIONS = {"relu": jax.nn.relu, "tanh": jnp.tanh, "gelu": functools.partial(jax.nn.gelu, approximate=True), "silu": jax.nn.silu}
RATE, BETA1, BETA2, EPSILON = 2.0**-10, 0.9, 0.999, 1e-8


def table(key, rows, inputs):
    x = jax.random.uniform(key, (rows, inputs), minval=-1.0, maxval=1.0)
    return x, x.mean(1, keepdims=True)


class Scan(wire.Program):
    def steps_of_call(self, group):
        return self.eval_every or max(1, min(50, group["steps"]))

    def __init__(self, group):
        self.models, batch, widths = group["count"], group["batch"], group["widths"]
        self.eval_every, patience = group["eval_every"], group["patience"]
        self.call_steps = self.steps_of_call(group)
        activation = ACTIVATIONS[group["activation"]]
        keys = jax.random.split(jax.random.PRNGKey(1), len(widths) + 2)
        x, y = table(keys[0], ROWS, widths[0])
        vx, vy = table(keys[1], VALIDATION, widths[0])
        batches = ROWS // batch
        order = jax.random.permutation(keys[2], ROWS)[: batches * batch].reshape(batches, batch)

        def loss(p, x, y):
            for i, (w, b) in enumerate(p):
                x = jnp.dot(x, w, precision="highest") + b
                if i < len(p) - 1:
                    x = activation(x)
            return jnp.mean((x - y) ** 2)

        gradient = jax.vmap(jax.grad(loss), in_axes=(0, None, None))
        validation = jax.vmap(loss, in_axes=(0, None, None))

        def step(state, _):
            p, m, v, t = state
            rows = order[t % batches]
            g = gradient(p, x[rows], y[rows])
            t = t + 1
            m = jax.tree_util.tree_map(lambda m, g: BETA1 * m + (1 - BETA1) * g, m, g)
            v = jax.tree_util.tree_map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, v, g)
            c1, c2 = 1 - BETA1 ** t.astype(jnp.float32), 1 - BETA2 ** t.astype(jnp.float32)
            p = jax.tree_util.tree_map(lambda p, m, v: p - RATE * (m / c1) / (jnp.sqrt(v / c2) + EPSILON), p, m, v)
            return (p, m, v, t), None

        def validate(p, stop):
            best, stale, kept = stop
            now = validation(p, vx, vy)
            better = now < best
            kept = jax.tree_util.tree_map(lambda p, k: jnp.where(better.reshape((-1,) + (1,) * (p.ndim - 1)), p, k), p, kept)
            return jnp.where(better, now, best), jnp.where(better, 0, stale + 1), kept

        self.step, self.validate, self.patience = step, validate, patience
        self.program = self.compiled()

        p = [
            (jax.random.normal(k, (self.models, i, o)) / i**0.5, jnp.zeros((self.models, o)))
            for k, i, o in zip(keys[3:], widths, widths[1:])
        ]
        zeros = lambda: jax.tree_util.tree_map(jnp.zeros_like, p)
        self.state = (p, zeros(), zeros(), jnp.zeros((), jnp.int32))
        self.stop = (jnp.full((self.models,), jnp.inf), jnp.zeros((self.models,), jnp.int32), zeros()) if self.eval_every else None

    def compiled(self):
        @functools.partial(jax.jit, donate_argnums=(0, 1))
        def program(state, stop):
            state, _ = jax.lax.scan(self.step, state, None, length=self.call_steps)
            if self.eval_every:
                stop = self.validate(state[0], stop)
                return state, stop, jnp.all(stop[1] >= self.patience)
            return state, stop, None

        return program

    def call(self):
        self.state, self.stop, stopped = self.program(self.state, self.stop)
        if stopped is not None:
            bool(stopped)

    def settle(self):
        jax.block_until_ready(self.state)


class ScanAll(Scan):
    """A training from its first weights to its last step by one program."""

    def steps_of_call(self, group):
        every = self.eval_every or 1
        return max(1, -(-group["steps"] // every)) * every

    def compiled(self):
        def part(carried, _):
            state, stop = carried
            state, _ = jax.lax.scan(self.step, state, None, length=self.eval_every)
            return (state, self.validate(state[0], stop)), None

        # How many steps a group makes was found by the trainings themselves: all of them are made, stopped models' too.
        @jax.jit
        def program(state, stop):
            if not self.eval_every:
                return jax.lax.scan(self.step, state, None, length=self.call_steps)[0], stop
            return jax.lax.scan(part, (state, stop), None, length=self.call_steps // self.eval_every)[0]

        return program

    def call(self):
        self.result = self.program(self.state, self.stop)

    def settle(self):
        jax.block_until_ready(getattr(self, "result", self.state))


MODES = {"scan": Scan, "scan-all": ScanAll}
COMMON = dict(
    upload="no: tables and first weights lie on the device", compile="no", optimizer="yes: AdamW, both moments",
)
INCLUDES = {
    "scan": wire.includes(
        stopping="where asked for: validation, best weights, and the host's look whether all have stopped",
        python="yes: a call every 50 steps, or from one validation to the next", **COMMON),
    "scan-all": wire.includes(
        stopping="where asked for: validation and best weights; no look whether all have stopped", python="a call a training", **COMMON),
}


def ceiling(size, seconds):
    a, b = (jax.random.normal(jax.random.PRNGKey(i), (size, size)) for i in (1, 2))
    product = jax.jit(functools.partial(jnp.dot, precision="highest"))
    product(a, b).block_until_ready()
    fastest, end = float("inf"), time.perf_counter() + seconds
    while True:
        begun = time.perf_counter()
        product(a, b).block_until_ready()
        now = time.perf_counter()
        fastest = min(fastest, now - begun)
        if now >= end:
            break
    return {"gflops": 2 * size**3 / fastest / 1e9, "library": "XLA's product at highest precision, through JAX " + jax.__version__}


def main():
    flags = argparse.ArgumentParser()
    flags.add_argument("--device", default="cuda")
    wanted = flags.parse_args().device
    if wanted == "cpu":
        jax.config.update("jax_platforms", "cpu")
    jax.config.update("jax_default_matmul_precision", "highest")
    try:
        device = jax.devices()[0]
    except Exception as e:
        wire.absent(e)
    if wanted != "cpu" and device.platform != "gpu":
        wire.absent("JAX " + jax.__version__ + " sees no GPU")
    hello = {"peer": "jax", "version": jax.__version__, "device": str(device.device_kind), "modes": list(MODES), "includes": INCLUDES}
    wire.serve(hello, lambda mode, group: MODES[mode](group), ceiling, jax.clear_caches)


if __name__ == "__main__":
    main()
