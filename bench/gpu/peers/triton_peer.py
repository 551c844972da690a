# Training a population of perceptrons by one Triton kernel, the whole training loop in it (MSE, AdamW, float32):
#
#   loop-ieee     products in float32
#   loop-tf32x3   products by three passes of the tensor cores' TF32, whose error is near that of float32
#
# One program trains one model from its first step to its last: weights and moments stay in the program's registers, rows are
# gathered from tables on the device, and validation and the copy of the best weights are made in the kernel. Models need not wait
# for each other. Widths are padded to powers of two from 16 on, and padding stays zero. Before anything is timed, a few steps
# are compared with PyTorch's.
import argparse
import time

import wire

try:
    import torch
    import triton
    import triton.language as tl
except Exception as e:
    wire.absent(e)

ROWS, VALIDATION = 1024, 256
ACTIVATIONS = {"relu": 0, "tanh": 1, "gelu": 2, "silu": 3}
RATE, BETA1, BETA2, EPSILON = 2.0**-10, 0.9, 0.999, 1e-8
TRIED = 4  # steps that are compared with PyTorch's
device = None


@triton.jit
def sigmoid(x):
    return 1.0 / (1.0 + tl.exp(-x))


@triton.jit
def activate(x, KIND: tl.constexpr):
    if KIND == 0:
        y = tl.maximum(x, 0.0)
    elif KIND == 1:
        y = 2.0 * sigmoid(2.0 * x) - 1.0
    elif KIND == 2:  # x · (1 + tanh u) / 2 = x · sigmoid(2u)
        y = x * sigmoid(1.5957691216057308 * (x + 0.044715 * x * x * x))
    else:
        y = x * sigmoid(x)
    return y


@triton.jit
def slope(x, KIND: tl.constexpr):
    if KIND == 0:
        y = tl.where(x > 0.0, 1.0, 0.0)
    elif KIND == 1:
        t = 2.0 * sigmoid(2.0 * x) - 1.0
        y = 1.0 - t * t
    elif KIND == 2:
        s = sigmoid(1.5957691216057308 * (x + 0.044715 * x * x * x))
        y = s + x * s * (1.0 - s) * 1.5957691216057308 * (1.0 + 3.0 * 0.044715 * x * x)
    else:
        s = sigmoid(x)
        y = s + x * s * (1.0 - s)
    return y


@triton.jit
def adam(p, m, v, g, c1, c2, rate, beta1, beta2, epsilon):
    m = beta1 * m + (1.0 - beta1) * g
    v = beta2 * v + (1.0 - beta2) * g * g
    return p - rate * (m * c1) / (tl.sqrt(v * c2) + epsilon), m, v


@triton.jit
def store(at, w1, b1, w2, b2, w3, b3, i, h1, h2, I: tl.constexpr, H1: tl.constexpr, H2: tl.constexpr, DEPTH: tl.constexpr):
    tl.store(at + i[:, None] * H1 + h1[None, :], w1)
    at += I * H1
    tl.store(at + h1, b1)
    at += H1
    if DEPTH == 2:
        tl.store(at + h1[:, None] * H2 + h2[None, :], w2)
        at += H1 * H2
        tl.store(at + h2, b2)
        at += H2
    tl.store(at + h2, w3)
    tl.store(at + H2, b3)


# Weights of a model: w1 [I, H1], b1 [H1], w2 [H1, H2], b2 [H2], w3 [H2], b3; without w2 and b2, and with H2 = H1, at DEPTH 1.
@triton.jit
def train(weights, out, kept, losses, x, y, vx, vy, order, batches, steps, eval_every, size, rate, beta1, beta2, epsilon, scale,
          B: tl.constexpr, I: tl.constexpr, H1: tl.constexpr, H2: tl.constexpr, DEPTH: tl.constexpr, KIND: tl.constexpr,
          PRECISION: tl.constexpr, VALIDATION: tl.constexpr):
    model = tl.program_id(0).to(tl.int64)
    i, h1, h2, b = tl.arange(0, I), tl.arange(0, H1), tl.arange(0, H2), tl.arange(0, B)
    at = weights + model * size
    w1 = tl.load(at + i[:, None] * H1 + h1[None, :])
    at += I * H1
    b1 = tl.load(at + h1)
    at += H1
    m1, v1 = tl.zeros_like(w1), tl.zeros_like(w1)
    n1, u1 = tl.zeros_like(b1), tl.zeros_like(b1)
    if DEPTH == 2:
        w2 = tl.load(at + h1[:, None] * H2 + h2[None, :])
        at += H1 * H2
        b2 = tl.load(at + h2)
        at += H2
    else:  # not used
        w2 = tl.zeros([16, 16], tl.float32)
        b2 = tl.zeros([16], tl.float32)
    m2, v2 = tl.zeros_like(w2), tl.zeros_like(w2)
    n2, u2 = tl.zeros_like(b2), tl.zeros_like(b2)
    w3 = tl.load(at + h2)
    b3 = tl.load(at + H2)
    m3, v3 = tl.zeros_like(w3), tl.zeros_like(w3)
    n3, u3 = b3 * 0.0, b3 * 0.0
    power1, power2 = b3 * 0.0 + 1.0, b3 * 0.0 + 1.0
    best = b3 * 0.0 + float("inf")
    for t in range(steps):
        rows = tl.load(order + (t % batches) * B + b)
        xs = tl.load(x + rows[:, None] * I + i[None, :])
        z1 = tl.dot(xs, w1, input_precision=PRECISION) + b1[None, :]
        a1 = activate(z1, KIND)
        if DEPTH == 2:
            z2 = tl.dot(a1, w2, input_precision=PRECISION) + b2[None, :]
            a2 = activate(z2, KIND)
        else:
            z2 = z1
            a2 = a1
        r = (tl.sum(a2 * w3[None, :], 1) + b3 - tl.load(y + rows)) * scale
        g3 = tl.sum(a2 * r[:, None], 0)
        d = r[:, None] * w3[None, :] * slope(z2, KIND)
        power1 *= beta1
        power2 *= beta2
        c1, c2 = 1.0 / (1.0 - power1), 1.0 / (1.0 - power2)
        w3, m3, v3 = adam(w3, m3, v3, g3, c1, c2, rate, beta1, beta2, epsilon)
        b3, n3, u3 = adam(b3, n3, u3, tl.sum(r, 0), c1, c2, rate, beta1, beta2, epsilon)
        if DEPTH == 2:
            d1 = tl.dot(d, tl.trans(w2), input_precision=PRECISION) * slope(z1, KIND)
            w2, m2, v2 = adam(w2, m2, v2, tl.dot(tl.trans(a1), d, input_precision=PRECISION), c1, c2, rate, beta1, beta2, epsilon)
            b2, n2, u2 = adam(b2, n2, u2, tl.sum(d, 0), c1, c2, rate, beta1, beta2, epsilon)
        else:
            d1 = d
        w1, m1, v1 = adam(w1, m1, v1, tl.dot(tl.trans(xs), d1, input_precision=PRECISION), c1, c2, rate, beta1, beta2, epsilon)
        b1, n1, u1 = adam(b1, n1, u1, tl.sum(d1, 0), c1, c2, rate, beta1, beta2, epsilon)
        if eval_every > 0:
            if (t + 1) % eval_every == 0:
                total = b3 * 0.0
                for first in range(0, VALIDATION, B):
                    q = tl.dot(tl.load(vx + (first + b)[:, None] * I + i[None, :]), w1, input_precision=PRECISION) + b1[None, :]
                    q = activate(q, KIND)
                    if DEPTH == 2:
                        p = activate(tl.dot(q, w2, input_precision=PRECISION) + b2[None, :], KIND)
                    else:
                        p = q
                    e = tl.sum(p * w3[None, :], 1) + b3 - tl.load(vy + first + b)
                    total += tl.sum(e * e, 0)
                total /= VALIDATION
                if total < best:
                    best = total
                    store(kept + model * size, w1, b1, w2, b2, w3, b3, i, h1, h2, I, H1, H2, DEPTH)
    store(out + model * size, w1, b1, w2, b2, w3, b3, i, h1, h2, I, H1, H2, DEPTH)
    tl.store(losses + model, best)


def power(n):
    return max(16, 1 << (n - 1).bit_length())


class Loop(wire.Program):
    def __init__(self, group, precision):
        widths = group["widths"]
        if len(widths) not in (3, 4) or widths[-1] != 1 or power(group["batch"]) != group["batch"]:
            raise ValueError("this kernel is for one or two hidden layers, one output, and batches of 16, 32, 64, …")
        self.group, self.precision = group, precision
        self.models, self.call_steps, self.batch = group["count"], group["steps"], group["batch"]
        self.depth, self.inputs = len(widths) - 2, power(widths[0])
        self.h1, self.h2 = power(widths[1]), power(widths[-2])
        batches = ROWS // self.batch
        self.order = torch.randperm(ROWS, device=device)[: batches * self.batch].to(torch.int32)
        self.x, self.y = self.table(ROWS, widths[0])
        self.vx, self.vy = self.table(VALIDATION, widths[0])
        # Each with its true widths, then padded with zeros.
        shapes = list(zip(widths, widths[1:]))
        self.ws = [torch.randn(self.models, i, o, device=device) / i**0.5 for i, o in shapes]
        padded = [(self.inputs, self.h1), (self.h1, self.h2), (self.h2, 1)]
        if self.depth == 1:
            padded = [padded[0], padded[2]]
        parts = []
        for w, (i, o) in zip(self.ws, padded):
            parts.append(torch.nn.functional.pad(w, (0, o - w.shape[2], 0, i - w.shape[1])).reshape(self.models, -1))
            parts.append(torch.zeros(self.models, o, device=device))
        self.weights = torch.cat(parts, 1).contiguous()
        self.out, self.kept = torch.empty_like(self.weights), torch.empty_like(self.weights)
        self.losses = torch.empty(self.models, device=device)
        self.warps = self.choose()
        self.compare()

    def table(self, rows, inputs):
        x = 2 * torch.rand(rows, inputs, device=device) - 1
        return torch.nn.functional.pad(x, (0, self.inputs - inputs)).contiguous(), x.mean(1).contiguous()

    def launch(self, steps, warps):
        train[(self.models,)](
            self.weights, self.out, self.kept, self.losses, self.x, self.y, self.vx, self.vy, self.order, ROWS // self.batch, steps,
            self.group["eval_every"], self.weights.shape[1], RATE, BETA1, BETA2, EPSILON, 2.0 / self.batch,
            B=self.batch, I=self.inputs, H1=self.h1, H2=self.h2, DEPTH=self.depth, KIND=ACTIVATIONS[self.group["activation"]],
            PRECISION=self.precision, VALIDATION=VALIDATION, num_warps=warps, num_stages=1)

    def choose(self):
        """The number of warps that is fastest for a few steps."""
        timed, failed = {}, None
        for warps in (4, 8, 16):
            try:
                self.launch(2, warps)
                settle()
                begun = time.perf_counter()
                self.launch(min(20, self.call_steps), warps)
                settle()
                timed[warps] = time.perf_counter() - begun
            except Exception as e:  # more shared memory than there is
                failed = e
        if not timed:
            raise failed
        return min(timed, key=timed.get)

    def compare(self):
        """A few steps of the first models against PyTorch's own gradients and optimizer."""
        self.launch(TRIED, self.warps)
        some, widths = min(2, self.models), self.group["widths"]
        activation = {
            "relu": torch.relu, "tanh": torch.tanh, "silu": torch.nn.functional.silu,
            "gelu": lambda x: torch.nn.functional.gelu(x, approximate="tanh"),
        }[self.group["activation"]]
        parameters = []
        for w in self.ws:
            zeros = torch.zeros(some, 1, w.shape[2], device=device, dtype=torch.double)
            parameters += [w[:some].double().requires_grad_(), zeros.requires_grad_()]
        optimizer = torch.optim.AdamW(parameters, lr=RATE, betas=(BETA1, BETA2), eps=EPSILON, weight_decay=0.0)
        for t in range(TRIED):
            at = t % (ROWS // self.batch) * self.batch
            rows = self.order[at : at + self.batch].long()
            h = self.x[rows, : widths[0]].double().expand(some, -1, -1)
            for n in range(0, len(parameters), 2):
                h = torch.baddbmm(parameters[n + 1], h, parameters[n])
                if n < len(parameters) - 2:
                    h = activation(h)
            optimizer.zero_grad()
            (h[:, :, 0] - self.y[rows].double()).square().mean(1).sum().backward()
            optimizer.step()
        w1 = self.out[:some, : self.inputs * self.h1].view(some, self.inputs, self.h1)[:, : widths[0], : widths[1]].double()
        moved = (parameters[0] - self.ws[0][:some].double()).norm()
        differs = ((w1 - parameters[0]).norm() / moved).item()
        if not differs < 0.02:
            raise ArithmeticError("the kernel's steps differ from PyTorch's by %.3g of what they move" % differs)

    def call(self):
        self.launch(self.call_steps, self.warps)

    def settle(self):
        settle()


def settle():
    torch.cuda.synchronize()


def ceiling(size, seconds):
    raise NotImplementedError("PyTorch's is measured")


INCLUDES = wire.includes(
    upload="no: tables and first weights lie on the device",
    compile="no",
    optimizer="yes: AdamW, moments in registers",
    stopping="where asked for: validation and best weights in the kernel; each model makes its shape's mean number of steps",
    python="one launch a shape",
)


def main():
    global device
    flags = argparse.ArgumentParser()
    flags.add_argument("--device", default="cuda")
    device = torch.device(flags.parse_args().device)
    if device.type != "cuda" or not torch.cuda.is_available():
        wire.absent("Triton " + triton.__version__ + " sees no GPU")
    torch.backends.cuda.matmul.allow_tf32 = False
    modes = {"loop-ieee": "ieee", "loop-tf32x3": "tf32x3"}
    hello = {
        "peer": "triton", "version": triton.__version__, "device": torch.cuda.get_device_name(device), "modes": list(modes),
        "includes": {mode: INCLUDES for mode in modes},
    }
    wire.serve(hello, lambda mode, group: Loop(group, modes[mode]), ceiling, torch.cuda.empty_cache)


if __name__ == "__main__":
    main()
