"""Prints what PyTorch's schedulers make of a learning rate of 0.8: the figures in the tests of ../src/schedule.rs.

    pip install torch
    python schedules.py
"""

import torch

# Better, just not better enough, worse, equal, and better again after the rate has fallen.
LOSSES = [1.0, 0.9, 0.895, 0.9, 0.89, 0.893, 0.9, 0.9, 0.7, 0.71, 0.695, 0.7, 0.7, 0.7, 0.7, 0.2]


def optimizer():
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))], lr=0.8)


def rate(optimizer):
    return optimizer.param_groups[0]["lr"]


def poly():
    sgd = optimizer()
    schedule = torch.optim.lr_scheduler.PolynomialLR(sgd, total_iters=100, power=0.9)
    rates = []
    for _ in range(101):
        rates.append(rate(sgd))
        sgd.step()
        schedule.step()
    return [rates[step] for step in (0, 25, 50, 99, 100)]


def plateau():
    sgd = optimizer()
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(sgd, factor=0.5, patience=2, threshold=0.01)
    rates = [rate(sgd)]
    for loss in LOSSES:
        schedule.step(loss)
        rates.append(rate(sgd))
    return rates


if __name__ == "__main__":
    print("POLY", ", ".join(map(repr, poly())))
    print("LOSSES", ", ".join(map(repr, LOSSES)))
    print("PLATEAU", ", ".join(map(repr, plateau())))
