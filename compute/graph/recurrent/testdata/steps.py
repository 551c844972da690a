#!/usr/bin/env python3
"""Prints the training steps per second of PyTorch's GRU in float64 on one thread, of the sizes of BenchmarkStep: batches of 32 sequences of
24 steps of 3 channels, 18 units, 3 outputs, AdamW. Arguments: the number of steps."""
import sys
import time

import torch

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
torch.manual_seed(1)
gru, head = torch.nn.GRU(3, 18, batch_first=True), torch.nn.Linear(18, 3)
optimizer = torch.optim.AdamW(list(gru.parameters()) + list(head.parameters()), lr=2**-6)
x, y = torch.rand(32, 24, 3), torch.rand(32, 3)


def step():
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(head(gru(x)[0][:, -1]), y)
    loss.backward()
    optimizer.step()


for _ in range(5):
    step()
steps = int(sys.argv[1])
begin = time.perf_counter()
for _ in range(steps):
    step()
print(steps / (time.perf_counter() - begin))
