# PyTorch's ways of training a population of perceptrons in float32 (ReLU and others, MSE, AdamW), TF32 off:
#
#   stacked    weights [models, in, out], batched products (torch.baddbmm), eager, fused optimizer
#   graph      the same as a CUDA graph of ten steps
#   compiled   stacked, by torch.compile
#   compiled-graph   the same as a CUDA graph of ten steps
#   vmap       torch.func.vmap over torch.func.grad of one model
#   single     one model after another
#
# All models of a group share the minibatches and the learning rate, and the tables lie on the device.
import argparse
import gc
import time

import wire

try:
    import torch
except Exception as e:
    wire.absent(e)

ROWS, VALIDATION = 1024, 256
ACTIVATIONS = {
    "relu": torch.relu,
    "tanh": torch.tanh,
    "gelu": lambda x: torch.nn.functional.gelu(x, approximate="tanh"),
    "silu": torch.nn.functional.silu,
}
device = None


def settle():
    if device.type == "cuda":
        torch.cuda.synchronize()


def optimizer(parameters, capturable=False):
    options = dict(lr=2.0**-10, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0)
    if device.type == "cuda":
        options.update(fused=True, capturable=capturable)
    return torch.optim.AdamW(parameters, **options)


class Population(wire.Program):
    """Data, forward pass and validation of stacked models; modes add how a step is made."""

    def __init__(self, group):
        self.models, self.batch, widths = group["count"], group["batch"], group["widths"]
        self.activation = ACTIVATIONS[group["activation"]]
        self.eval_every, self.patience = group["eval_every"], group["patience"]
        self.call_steps = self.eval_every or 10
        self.x, self.y = self.table(ROWS, widths[0])
        self.vx, self.vy = self.table(VALIDATION, widths[0])
        batches = ROWS // self.batch
        self.order = torch.randperm(ROWS, device=device)[: batches * self.batch].view(batches, self.batch)
        self.at = torch.zeros(1, dtype=torch.long, device=device)
        shapes = list(zip(widths, widths[1:]))
        self.ws = [torch.randn(self.models, i, o, device=device) / i**0.5 for i, o in shapes]
        self.bs = [torch.zeros(self.models, 1, o, device=device) for i, o in shapes]
        self.begin()
        if self.eval_every:
            self.best = torch.full((self.models,), float("inf"), device=device)
            self.stale = torch.zeros(self.models, device=device)
            self.kept = [p.detach().clone() for p in self.parameters()]

    def table(self, rows, inputs):
        x = 2 * torch.rand(rows, inputs, device=device) - 1
        return x, x.mean(1, keepdim=True)

    def parameters(self):
        return self.ws + self.bs

    def begin(self):
        for p in self.parameters():
            p.requires_grad_()
        self.optimizer = optimizer(self.parameters())

    def sample(self):
        rows = self.order.index_select(0, self.at % len(self.order)).view(-1)
        self.at.add_(1)
        return self.x.index_select(0, rows), self.y.index_select(0, rows)

    def forward(self, ws, bs, x):
        h = x.expand(self.models, *x.shape)
        for i, (w, b) in enumerate(zip(ws, bs)):
            h = torch.baddbmm(b, h, w)
            if i < len(ws) - 1:
                h = self.activation(h)
        return h

    def losses(self, ws, bs, x, y):
        return (self.forward(ws, bs, x) - y).square().mean(dim=(1, 2))

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        x, y = self.sample()
        self.losses(self.ws, self.bs, x, y).sum().backward()
        self.optimizer.step()

    @torch.no_grad()
    def validate(self):
        loss = self.losses(self.ws, self.bs, self.vx, self.vy)
        better = loss < self.best
        self.best.copy_(torch.where(better, loss, self.best))
        self.stale.copy_(torch.where(better, torch.zeros_like(self.stale), self.stale + 1))
        for p, kept in zip(self.parameters(), self.kept):
            kept.copy_(torch.where(better.view(-1, *[1] * (p.dim() - 1)), p, kept))

    def call(self):
        for _ in range(self.call_steps):
            self.step()
        if self.eval_every:
            self.validate()
            self.stopped()

    def stopped(self):
        return bool((self.stale >= self.patience).all())

    def settle(self):
        settle()


class Graph(Population):
    """A CUDA graph of ten steps, and one of the validation."""

    STEPS = 10

    def begin(self):
        for p in self.parameters():
            p.requires_grad_()
        self.optimizer = optimizer(self.parameters(), capturable=True)

    def __init__(self, group):
        super().__init__(group)
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                self.step()
            if self.eval_every:
                self.validate()
        torch.cuda.current_stream().wait_stream(side)
        # A number of steps that does not divide the cadence would validate at other steps than the rest.
        steps = next(n for n in range(self.STEPS, 0, -1) if self.call_steps % n == 0)
        self.replays = self.call_steps // steps
        self.optimizer.zero_grad(set_to_none=True)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            for _ in range(steps):
                self.step()
        if self.eval_every:
            self.validation = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self.validation):
                self.validate()

    def call(self):
        for _ in range(self.replays):
            self.graph.replay()
        if self.eval_every:
            self.validation.replay()
            self.stopped()


class Compiled(Population):
    """Forward and backward pass by torch.compile."""

    def begin(self):
        super().begin()
        self.compiled = torch.compile(lambda ws, bs, x, y: self.losses(ws, bs, x, y).sum())

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        x, y = self.sample()
        self.compiled(self.ws, self.bs, x, y).backward()
        self.optimizer.step()


class CompiledGraph(Graph):
    """A CUDA graph of ten steps whose forward and backward pass torch.compile made."""

    def begin(self):
        super().begin()
        self.compiled = torch.compile(lambda ws, bs, x, y: self.losses(ws, bs, x, y).sum())

    step = Compiled.step


class Vmap(Population):
    """torch.func.vmap of the gradient of one model's loss."""

    def begin(self):
        self.optimizer = optimizer(self.parameters())

        def loss(ws, bs, x, y):
            h = x
            for i, (w, b) in enumerate(zip(ws, bs)):
                h = torch.addmm(b, h, w)
                if i < len(ws) - 1:
                    h = self.activation(h)
            return (h - y).square().mean()

        self.gradient = torch.func.vmap(torch.func.grad(loss, argnums=(0, 1)), in_dims=(0, 0, None, None))

    def step(self):
        x, y = self.sample()
        for tensors, gradients in zip((self.ws, self.bs), self.gradient(self.ws, self.bs, x, y)):
            for p, g in zip(tensors, gradients):
                p.grad = g
        self.optimizer.step()


class Single(Population):
    """One model; the others would follow it."""

    def __init__(self, group):
        super().__init__(dict(group, count=1))

    def begin(self):
        layers = []
        for i, w in enumerate(self.ws):
            layers.append(torch.nn.Linear(w.shape[1], w.shape[2], device=device))
        self.layers = torch.nn.ModuleList(layers)
        self.optimizer = optimizer(list(self.layers.parameters()))

    def parameters(self):
        return list(self.layers.parameters()) if hasattr(self, "layers") else []

    def forward(self, ws, bs, x):
        for i, layer in enumerate(self.layers):
            x = layer(x)
            if i < len(self.layers) - 1:
                x = self.activation(x)
        return x.unsqueeze(0)


MODES = {"stacked": Population, "graph": Graph, "compiled": Compiled, "compiled-graph": CompiledGraph, "vmap": Vmap, "single": Single}


def includes(mode):
    graph = "graph" in mode
    return wire.includes(
        upload="no: tables and first weights lie on the device",
        compile="no",
        optimizer="yes: AdamW, fused on a card, both moments",
        stopping="where asked for: validation, best weights, and the host's look whether "
        + ("it has stopped; the mean number of steps" if mode == "single" else "all have stopped"),
        python="a replay every ten steps" if graph else "yes: every operation of every step",
    )



def ceiling(size, seconds):
    a, b = torch.randn(size, size, device=device), torch.randn(size, size, device=device)
    out = torch.empty_like(a)
    torch.matmul(a, b, out=out)
    settle()
    fastest, end = float("inf"), time.perf_counter() + seconds
    while True:
        begun = time.perf_counter()
        torch.matmul(a, b, out=out)
        settle()
        now = time.perf_counter()
        fastest = min(fastest, now - begun)
        if now >= end:
            break
    library = "cuBLAS SGEMM, TF32 off, through PyTorch " + torch.__version__
    return {"gflops": 2 * size**3 / fastest / 1e9, "library": library if device.type == "cuda" else "PyTorch on the processor"}


def drop():
    gc.collect()
    if hasattr(torch, "compiler") and hasattr(torch.compiler, "reset"):
        torch.compiler.reset()
    if device.type == "cuda":
        torch.cuda.empty_cache()


def main():
    global device
    flags = argparse.ArgumentParser()
    flags.add_argument("--device", default="cuda")
    device = torch.device(flags.parse_args().device)
    if device.type == "cuda" and not torch.cuda.is_available():
        wire.absent("PyTorch " + torch.__version__ + " sees no GPU")
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.set_float32_matmul_precision("highest")
    modes = ["stacked", "single"]
    if hasattr(torch, "func"):
        modes.append("vmap")
    if device.type == "cuda":
        modes.insert(0, "graph")
        if hasattr(torch, "compile"):
            modes += ["compiled-graph", "compiled"]  # last: they take longest to make ready
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
    hello = {"peer": "pytorch", "version": torch.__version__, "device": name, "modes": modes, "includes": {m: includes(m) for m in modes}}
    wire.serve(hello, lambda mode, group: MODES[mode](group), ceiling, drop)


if __name__ == "__main__":
    main()
