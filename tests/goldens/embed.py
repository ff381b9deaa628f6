"""What `embed` must give: codes of digits, where PCA puts them, and how well neighbours tell classes in t-SNE's plane.

A small LeNet is trained on three digits of four; the codes are those of its first fully connected layer on the fourth.
"""

import json
import warnings

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

from saliency import DIGITS, WHITE

EVERY, VOTES = 4, 5


def read(name):
    data = DIGITS.read_bytes()
    length = int.from_bytes(data[:8], "little")
    info = json.loads(data[8 : 8 + length])[name]
    begin, end = info["data_offsets"]
    return np.frombuffer(data[8 + length :][begin:end], np.uint8).reshape(info["shape"])


def codes():
    """Multiples of a step, as bytes, and the labels."""
    torch.manual_seed(2008)
    images = torch.tensor(read("images").reshape(-1, 1, 8, 8) / WHITE, dtype=torch.float64)
    labels = torch.tensor(read("labels").reshape(-1).astype(np.int64))
    first = torch.nn.Sequential(
        torch.nn.Conv2d(1, 6, 3, padding=1), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
        torch.nn.Conv2d(6, 16, 3, padding=1), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(256, 48),
    ).double()
    net = torch.nn.Sequential(first, torch.nn.ReLU(), torch.nn.Linear(48, 10)).double()
    optimizer = torch.optim.Adam(net.parameters(), lr=0.003)
    others = torch.tensor([at for at in range(len(labels)) if at % EVERY])
    for _ in range(12):
        for at in others[torch.randperm(len(others))].split(50):
            optimizer.zero_grad()
            F.cross_entropy(net(images[at]), labels[at]).backward()
            optimizer.step()
    with torch.no_grad():
        values = first(images[::EVERY]).numpy()
    return np.round(values / np.abs(values).max() * 127).astype(np.int8), labels[::EVERY].numpy()


def right(places, labels):
    """The share of samples whose nearest, themselves left out, tell their class."""
    told = cross_val_predict(KNeighborsClassifier(VOTES, algorithm="brute"), places, labels, cv=LeaveOneOut())
    return (told == labels).mean()


def tsne(values, method, seed, init="pca"):
    return TSNE(perplexity=30, method=method, random_state=seed, init=init, max_iter=1000).fit(values)


def cases():
    """The codes (bytes; less 128 they are the numbers), their labels, PCA's places and shares of variance, and shares of
    right neighbours: of the codes, and of t-SNE's planes, with the divergences that these come to."""
    warnings.simplefilter("ignore")
    values, labels = codes()
    wide = values.astype(np.float64)
    pca = PCA(2, svd_solver="full").fit(wide)
    planes = [tsne(wide, "exact", 0), tsne(wide, "barnes_hut", 0), tsne(wide, "exact", 1, "random")]
    return {
        "codes": (values.astype(np.int16) + 128).astype(np.uint8),
        "labels": labels.astype(np.uint8),
        "pca": pca.transform(wide),
        "shares": pca.explained_variance_ratio_,
        "right.codes": np.array(right(wide, labels)),
        "right.planes": np.array([right(plane.embedding_, labels) for plane in planes]),
        "divergences": np.array([plane.kl_divergence_ for plane in planes], np.float64),
    }
