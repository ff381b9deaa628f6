"""Times Fovea beside PyTorch on one GPU: cuda/peer.py FOVEA NETS.fov

For each net, mode and batch it alternates, round by round, `fovea bench` and PyTorch in four forms: eager, channels_last,
torch.compile, and the whole step captured as a CUDA graph. All in float32 without TF32; the last row is PyTorch's graph
with TF32, which it may use for convolutions unless told otherwise. A step of training is forward, loss, backward and SGD
with momentum, as in `fovea bench`. PyTorch's batch lies on the GPU and its steps are queued without waiting for one
another; Fovea's batch comes from the host, and two steps are under way at most. Each line gives the
median over the rounds, and of the ratio within a round.
"""

import json
import statistics
import subprocess
import sys

import torch
from torch import nn

ROUNDS = 3
SECONDS = 0.3
# Net, mode, batch: as `fovea bench` takes them.
RUNS = [(net, mode, batch) for net in ("lenet", "lecture") for mode in ("train", "infer") for batch in (64, 512)]


def lenet():
    """`28x28x1 - conv 6 5x5 - relu - pool - conv 16 5x5 valid - relu - pool - (fc {120,84} - relu)^2, softmax 10`"""
    features = [nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2)]
    head = [nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)]
    return nn.Sequential(*features, nn.Flatten(), *head)


def lecture():
    """`28x28x1 - [(conv - relu)^2 - pool]^2 - (fc - relu)^1, softmax 10`, the usual widths: 32, 64, 512."""
    features, channels = [], 1
    for filters in (32, 64):
        for _ in range(2):
            features += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU()]
            channels = filters
        features.append(nn.MaxPool2d(2))
    return nn.Sequential(*features, nn.Flatten(), nn.Linear(64 * 7 * 7, 512), nn.ReLU(), nn.Linear(512, 10))


NETS = {"lenet": lenet, "lecture": lecture}


def step_of(net, mode, batch, form):
    """A function that queues one step of PyTorch."""
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = form.endswith("TF32")
    torch.manual_seed(1)
    layout = torch.channels_last if "channels_last" in form else torch.contiguous_format
    model = NETS[net]().cuda().to(memory_format=layout)
    x = torch.randn(batch, 1, 28, 28, device="cuda").to(memory_format=layout)
    y = torch.randint(0, 10, (batch,), device="cuda")
    forward = torch.compile(model) if "compile" in form else model
    if mode == "infer":
        model.eval()

        def step():
            with torch.inference_mode():
                forward(x).softmax(1)
    else:
        optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)

        def step():
            optimizer.zero_grad(set_to_none=True)
            nn.functional.cross_entropy(forward(x), y).backward()
            optimizer.step()

    if "graph" not in form:
        return step
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


def rate(step, batch):
    """Images a second, over about SECONDS."""
    begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    count, milliseconds = 8, 0.0
    while milliseconds < 1e3 * SECONDS:
        count *= 2
        begin.record()
        for _ in range(count):
            step()
        end.record()
        end.synchronize()
        milliseconds = begin.elapsed_time(end)
    return batch * count / (1e-3 * milliseconds)


def fovea(program, nets, net, mode, batch):
    """Images a second of Fovea."""
    bench = [program, "bench", f"{nets}:{net}", "--mode", mode, "--batch", str(batch), "--device", "cuda", "--format", "json"]
    answer = subprocess.run(bench, capture_output=True, text=True)
    if answer.returncode != 0:
        raise RuntimeError(f"{' '.join(bench)}: {answer.stdout}{answer.stderr}")
    return json.loads(answer.stdout.splitlines()[-1])["images_per_second"]


def compare(program, nets, net, mode, batch):
    """A line of figures for one run."""
    forms = {}
    for form in ("eager", "channels_last", "compile", "graph", "graph TF32"):
        try:
            step = step_of(net, mode, batch, form)
            for _ in range(10):
                step()
            torch.cuda.synchronize()
            forms[form] = step
        except Exception as error:
            print(f"PyTorch {form}, {net} {mode} batch {batch}: {error}")
    ours, theirs = [], {form: [] for form in forms}
    for _ in range(ROUNDS):
        ours.append(fovea(program, nets, net, mode, batch))
        for form, step in forms.items():
            torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = form.endswith("TF32")
            theirs[form].append(rate(step, batch))
    line = f"measured: {net} {mode} batch {batch}: {statistics.median(ours):,.0f} images/s"
    for form, rates in theirs.items():
        ratio = statistics.median(mine / rate for mine, rate in zip(ours, rates))
        line += f"; PyTorch {form} {statistics.median(rates):,.0f} (Fovea × {ratio:.2f})"
    print(line, flush=True)


def main(program, nets):
    """Every run, one after the other; whether all could be timed."""
    print(f"PyTorch {torch.__version__}, CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}", flush=True)
    whole = True
    for run in RUNS:
        try:
            compare(program, nets, *run)
        except RuntimeError as error:
            print(error, flush=True)
            whole = False
    return whole


if __name__ == "__main__":
    sys.exit(not main(*sys.argv[1:]))
