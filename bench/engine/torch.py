# One PyTorch training step of an MLP (ReLU, MSE, AdamW) on one core, eager or with 256 models stacked in batched
# products. Reads "mode batch widths seconds", answers with microseconds per model-step.
import sys
import time

try:
    import torch
except ImportError:
    print("no torch")
    sys.exit(0)

torch.set_num_threads(1)
print("torch", torch.__version__, flush=True)


def eager(batch, widths):
    layers = []
    for i in range(len(widths) - 1):
        layers.append(torch.nn.Linear(widths[i], widths[i + 1]))
        if i < len(widths) - 2:
            layers.append(torch.nn.ReLU())
    model = torch.nn.Sequential(*layers)
    opt = torch.optim.AdamW(model.parameters(), lr=1e-3)
    x, y = torch.randn(batch, widths[0]), torch.randn(batch, widths[-1])

    def step():
        opt.zero_grad(set_to_none=True)
        torch.nn.functional.mse_loss(model(x), y).backward()
        opt.step()

    return step, 1


def stacked(batch, widths, models=256):
    ws = [torch.nn.Parameter(torch.randn(models, widths[i], widths[i + 1]) / widths[i] ** 0.5) for i in range(len(widths) - 1)]
    bs = [torch.nn.Parameter(torch.zeros(models, 1, widths[i + 1])) for i in range(len(widths) - 1)]
    opt = torch.optim.AdamW(ws + bs, lr=1e-3)
    x, y = torch.randn(models, batch, widths[0]), torch.randn(models, batch, widths[-1])

    def step():
        opt.zero_grad(set_to_none=True)
        h = x
        for i in range(len(ws)):
            h = torch.baddbmm(bs[i], h, ws[i])
            if i < len(ws) - 1:
                h = torch.relu(h)
        ((h - y) ** 2).mean(dim=(1, 2)).sum().backward()
        opt.step()

    return step, models


made = {}
for line in sys.stdin:
    mode, batch, widths, seconds = line.split()
    key = (mode, batch, widths)
    if key not in made:
        made[key] = {"eager": eager, "stacked": stacked}[mode](int(batch), [int(w) for w in widths.split(",")])
        for _ in range(3):
            made[key][0]()
    step, models = made[key]
    # The fastest of slices of about 20 ms counts, as for everybody else.
    begun = time.perf_counter()
    step()
    n = max(1, int(0.02 / (time.perf_counter() - begun)))
    fastest, end = float("inf"), time.perf_counter() + float(seconds)
    while True:
        begun = time.perf_counter()
        for _ in range(n):
            step()
        now = time.perf_counter()
        fastest = min(fastest, (now - begun) / n)
        if now >= end:
            break
    print(fastest / models * 1e6, flush=True)
