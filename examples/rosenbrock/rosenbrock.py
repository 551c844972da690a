#!/usr/bin/env python3
import os, sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "sdk", "python"))
import doin

@doin.problem(space={"x": doin.real(-2, 2), "y": doin.real(-2, 2)})
def rosenbrock(x, y):
    return (1 - x) ** 2 + 100 * (y - x * x) ** 2

doin.serve()
