"""Steps on the CPU beside PyTorch and ONNX Runtime: `python tests/peers/cpu.py [--nets …] [--modes …] [--rounds N] …`.

A figure is a ratio in one round: ours and theirs take turns, in an order that changes from round to round; what is written
is the median of the rounds' ratios. A turn is some steps, and counts as their median. Theirs is the best of PyTorch's
variants: eager in both layouts, in inference also traced and frozen (batch norm folded), and compiled where `--compile` asks for it.
ONNX Runtime has all of its optimisations. Between turns all threads come to rest, for some spin on after their work.
Where other processes take more than a twentieth of the machine during a round, it is taken again, as often as there are
rounds; what is still disturbed then is marked.

    cargo build --release -p fovea-train --example pace
    python tests/peers/cpu.py --nets LeNet,ResNet-18 --modes infer     # minutes for all, seconds for one
    python tests/peers/cpu.py --write                                  # cpu/RESULTS.md, of all that was measured so far

What was measured is kept in `target/peers-cpu.json`, so that a long list can be measured in pieces.
"""
import argparse
import datetime
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "target" / "peers-cpu.json"
PACE = ROOT / "target" / "release" / "examples" / "pace"
MODES = {"train": "training", "infer": "inference", "single": "inference, batch 1"}
# What each set of instructions is called by oneDNN. ONNX Runtime's kernels cannot be held back.
ISA = {"avx512": "AVX512_CORE", "avx2": "AVX2", "plain": "SSE41"}

options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
options.add_argument("--nets", default="", help="names, with commas; all without it")
options.add_argument("--modes", default="train,infer,single")
options.add_argument("--rounds", type=int, default=5)
options.add_argument("--seconds", type=float, default=0.4, help="of a turn, at least")
options.add_argument("--threads", type=int, default=os.cpu_count())
options.add_argument("--set", choices=list(ISA), help="hold us and oneDNN back to these instructions")
options.add_argument("--compile", action="store_true", help="torch.compile as well, which takes minutes")
options.add_argument("--parts", action="store_true", help="where the time goes: ours by op, theirs by PyTorch's profiler")
options.add_argument("--hold", action="store_true", help="when all is ready for the rounds, say so and wait for a line: another may have the machine")
options.add_argument("--write", action="store_true", help="write cpu/RESULTS.md of what is kept, and measure nothing")
options = options.parse_args()
if options.set:
    os.environ["ONEDNN_MAX_CPU_ISA"] = os.environ["ATEN_CPU_CAPABILITY"] = ISA[options.set]
    os.environ["ATEN_CPU_CAPABILITY"] = {"avx512": "avx512", "avx2": "avx2", "plain": "default"}[options.set]
    os.environ["FOVEA_CPU"] = options.set

import onnxruntime
import torch
from nets import NETS, TEXT
from torch import nn

warnings.filterwarnings("ignore")


class Ours:
    """A process that runs steps when it is asked to."""

    def __init__(self, net, mode, batch, file):
        train = "train" if mode == "train" else "infer"
        command = [PACE, net, train, str(batch), str(options.threads), file]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.about = json.loads(self.process.stdout.readline())

    def ask(self, line):
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def steps(self, count):
        return self.ask(count)["seconds"]

    def cpu_time(self):
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Theirs:
    """A step in this process."""

    def __init__(self, step):
        self.step = step

    def steps(self, count):
        seconds = []
        for _ in range(count):
            began = time.perf_counter()
            self.step()
            seconds.append(time.perf_counter() - began)
        return seconds

    def cpu_time(self):
        return time.process_time()

    def close(self):
        pass


def eager(make, shape, batch, mode, layout):
    net = make().train(mode == "train").to(memory_format=layout)
    images = torch.randn(batch, *shape).to(memory_format=layout)
    if mode != "train":
        return with_inference(net, images)
    return with_training(net, images)


def with_training(net, images):
    loss = nn.CrossEntropyLoss()
    labels = torch.zeros([images.shape[0], *net(images).shape[2:]], dtype=torch.long)
    # A rate of 0, as ours: a net that learns noise may run away.
    sgd = torch.optim.SGD(net.parameters(), lr=0.0, momentum=0.9)

    def step():
        sgd.zero_grad()
        loss(net(images), labels).backward()
        sgd.step()

    return Theirs(step)


def with_inference(net, images):
    def step():
        with torch.inference_mode():
            # Ours gives probabilities.
            torch.softmax(net(images), 1)

    return Theirs(step)


def frozen(make, shape, batch):
    net, images = make().eval(), torch.randn(batch, *shape)
    return with_inference(torch.jit.optimize_for_inference(torch.jit.trace(net, images)), images)


def compiled(make, shape, batch, mode):
    import torch._inductor.config

    torch._inductor.config.freezing = mode != "train"
    net, images = make().train(mode == "train"), torch.randn(batch, *shape)
    if mode != "train":
        with torch.no_grad():
            net = torch.compile(net)
            net(images)
        return with_inference(net, images)
    return with_training(torch.compile(net), images)


def exported(make, shape, batch, folder):
    net, images, file = nn.Sequential(make(), nn.Softmax(1)).eval(), torch.randn(batch, *shape), f"{folder}/net.onnx"
    torch.onnx.export(net, images, file, dynamo=False, input_names=["images"])
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options.threads
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = onnxruntime.InferenceSession(file, settings, providers=["CPUExecutionProvider"])
    feed = {"images": images.numpy()}
    return Theirs(lambda: session.run(None, feed))


def contenders(name, mode, folder):
    ours, make, shape, train, infer = NETS[name]
    batch = {"train": train, "infer": infer, "single": 1}[mode]
    text = Path(folder) / "nets.fov"
    text.write_text(TEXT)
    found = {"ours": Ours(ours, mode, batch, text)}
    wanted = sum(parameter.numel() for parameter in make().parameters())
    assert found["ours"].about["params"] == wanted, f"{name}: {found['ours'].about['params']} parameters, theirs has {wanted}"
    found["eager"] = eager(make, shape, batch, mode, torch.contiguous_format)
    found["channels last"] = eager(make, shape, batch, mode, torch.channels_last)
    if mode != "train":
        found["frozen"] = frozen(make, shape, batch)
        found["onnxruntime"] = exported(make, shape, batch, folder)
    if options.compile:
        found["compiled"] = compiled(make, shape, batch, mode)
    return found, batch


def busy():
    """Seconds that all cores have worked, whoever for."""
    user, nice, system, *_ = map(int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system) / os.sysconf("SC_CLK_TCK")


def round_of(found, counts, order):
    """Seconds and CPU seconds a step of each contender, and the share of the machine that others had meanwhile."""
    times, mine = {}, found["ours"].cpu_time() + time.process_time()
    began, before_all = time.perf_counter(), busy()
    for who in order:
        # Threads that spin on after their work would take the next one's time.
        time.sleep(0.1)
        before = found[who].cpu_time()
        seconds = found[who].steps(counts[who])
        times[who] = (statistics.median(seconds), (found[who].cpu_time() - before) / counts[who])
    mine = found["ours"].cpu_time() + time.process_time() - mine
    others = (busy() - before_all - mine) / os.cpu_count() / (time.perf_counter() - began)
    return times, others


def measure(name, mode, folder):
    """Seconds and CPU seconds a step: for each contender one of each a round."""
    found, batch = contenders(name, mode, folder)
    times, counts = {who: [] for who in found}, {}
    for who, one in found.items():
        [first] = one.steps(1)
        counts[who] = max(1, round(options.seconds / min(one.steps(2)))) if first < 0.5 else 1
    if options.hold:
        print("ready", flush=True)
        sys.stdin.readline()
    again, disturbed, turn = options.rounds, 0, 0
    while turn < options.rounds:
        order = list(found)
        order = order[turn % len(order) :] + order[: turn % len(order)]
        taken, others = round_of(found, counts, order if turn % 2 else order[::-1])
        if others > 0.05 and again > 0:
            again -= 1
            continue
        disturbed += others > 0.05
        turn += 1
        for who, one in taken.items():
            times[who].append(one)
    about = found["ours"].about
    for one in found.values():
        one.close()
    return {"batch": batch, "flops": about["flops"], "device": about["device"], "times": times, "disturbed": disturbed}


def median(values):
    return statistics.median(values)


def summary(result):
    """Ours beside the best of PyTorch and beside ONNX Runtime: speeds, ratios, GFLOP/s, CPU time."""
    times = {who: [wall for wall, _ in rounds] for who, rounds in result["times"].items()}
    torchs = [who for who in times if who not in ("ours", "onnxruntime")]
    best = min(torchs, key=lambda who: median(times[who]))
    ratio = lambda who: median([theirs / ours for ours, theirs in zip(times["ours"], times[who])])
    cpu = lambda who: median([used for _, used in result["times"][who]])
    ours = median(times["ours"])
    row = {
        "ours": result["batch"] / ours,
        "torch": result["batch"] / median(times[best]),
        "variant": best,
        "ratio": ratio(best),
        "gflops": result["flops"] / ours / 1e9,
        "cpu": cpu(best) / cpu("ours"),
        "disturbed": result.get("disturbed", 0),
    }
    if "onnxruntime" in times:
        row |= {"ort": result["batch"] / median(times["onnxruntime"]), "ort ratio": ratio("onnxruntime")}
    return row


def processor():
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    value = lambda key: next((line.split(":", 1)[1].strip() for line in lines if line.startswith(key)), "?")
    flags = [flag for flag in value("flags").split() if flag in ("avx2", "fma", "avx512f", "avx512bw", "amx_tile")]
    model = f"{value('model name')} (family {value('cpu family')}, model {value('model')}), {' '.join(flags)}"
    return f"{model}, {os.cpu_count()} cores"


def roof(kept):
    """The peak in GFLOP/s that was measured for these instructions, if it was."""
    file = ROOT / "target" / "roof.json"
    return json.loads(file.read_text()).get(kept) if file.exists() else None


def write():
    kept = json.loads(KEPT.read_text())
    head = [
        "# Beside PyTorch and ONNX Runtime, on the CPU", "",
        "Written by `tests/peers/cpu.py --write`; how a figure is made stands in its head. Images a second; above 1, ours is faster.", "",
        "Both see the same shapes, batches and threads; training is forward, backward and SGD with momentum. NEON is not measured: there was no such",
        "processor; that the kernels compile for it, `.ci/run` checks. FLOPs are those of the plain sums: Winograd's filtering needs fewer, and so",
        "may pass the peak. Sections were measured on several machines, and each at a commit: compare ratios, and only within one.",
    ]
    # What other machines have measured stays as it is.
    there = (ROOT / "cpu" / "RESULTS.md").read_text().split("\n## ")[1:]
    sections = {text.partition("\n")[0]: text.partition("\n")[2].strip() for text in there}
    for kind in sorted(kept, reverse=True):
        about = kept[kind]["about"]
        peak = roof(about["set"])
        lines = [f"{about['date']}, commit {about.get('commit', '')}; {about['processor']}; PyTorch {about['torch']}, ONNX Runtime {about['onnxruntime']}."]
        lines += [about["note"]] if about["note"] else []
        if peak:
            lines += [f"Measured peak (`cargo bench -p fovea-cpu --bench roof`): {peak:.0f} GFLOP/s on all threads."]
        lines.append("")
        for mode, title in MODES.items():
            rows = [(name, summary(kept[kind]["results"][f"{name}/{mode}"])) for name in NETS if f"{name}/{mode}" in kept[kind]["results"]]
            if rows:
                lines += table(title, rows, {name: kept[kind]["results"][f"{name}/{mode}"]["batch"] for name, _ in rows}, peak) + [""]
        sections[about["device"]] = "\n".join(lines).strip()
    text = "\n".join(head) + "\n" + "".join(f"\n## {device}\n\n{section}\n" for device, section in sections.items())
    (ROOT / "cpu" / "RESULTS.md").write_text(text)


def table(title, rows, batches, peak):
    lines = [f"### {title[0].upper()}{title[1:]}", ""]
    lines.append("| net (batch) | ours | PyTorch (best) | ours / PyTorch | by CPU time | ONNX Runtime | ours / ONNX Runtime | GFLOP/s | of the peak |")
    lines.append("|---|---|---|---|---|---|---|---|---|")
    for name, row in rows:
        ort = [f"{row['ort']:.1f}", f"{row['ort ratio']:.2f}"] if "ort" in row else ["", ""]
        share = f"{row['gflops'] / peak:.0%}" if peak else ""
        cells = [f"{name} ({batches[name]})" + ("*" if row["disturbed"] else ""), f"{row['ours']:.1f}", f"{row['torch']:.1f} ({row['variant']})", f"**{row['ratio']:.2f}**", f"{row['cpu']:.2f}"]
        lines.append("| " + " | ".join([*cells, *ort, f"{row['gflops']:.0f}", share]) + " |")
    ratios = [row["ratio"] for _, row in rows]
    if any(row["disturbed"] for _, row in rows):
        lines += ["", "\\* Others were at work on the machine in some of the rounds."]
    return [*lines, "", f"Median ours / PyTorch: **{median(ratios):.2f}**, least {min(ratios):.2f}."]


def keep(results, device):
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    name = options.set or "best"
    note = "oneDNN and ATen held back with us; ONNX Runtime has no such switch and runs its best." if options.set else ""
    about = {
        "set": options.set or best_set(device), "device": device, "date": str(datetime.date.today()), "processor": processor(),
        "commit": subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout.strip(),
        "torch": torch.__version__, "onnxruntime": onnxruntime.__version__, "note": note,
    }
    there = kept.setdefault(name, {"results": {}})
    there["about"] = about
    # What was disturbed takes no undisturbed figure's place.
    there["results"] |= {key: result for key, result in results.items() if not result["disturbed"] or key not in there["results"]}
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps(kept))


def best_set(device):
    words = {"AVX-512": "avx512", "AVX2": "avx2", "NEON": "neon"}
    return next((word for name, word in words.items() if name in device), "plain")


def parts(name, mode, folder):
    """Where a step's time goes, ours by op, layer and kernel, theirs by PyTorch's profiler."""
    found, batch = contenders(name, mode, folder)
    ours = found["ours"].ask("parts 5")["parts"]
    total = sum(part["seconds"] for part in ours)
    print(f"== {name}, {mode}, batch {batch}: ours {1e3 * total:.2f} ms in all")
    for part in sorted(ours, key=lambda part: -part["seconds"])[:14]:
        rate, share = part["flops"] / part["seconds"] / 1e9, part["seconds"] / total
        where = f"{part['op']:18} {part['layer'] or '':12} {'·'.join(part['inputs'][:2]):32} {part['kernel']}"
        print(f"{1e3 * part['seconds']:9.3f} ms {share:5.1%} {rate:7.1f} GFLOP/s  {where}")
    by_op = {}
    for part in ours:
        by_op[part["op"]] = by_op.get(part["op"], 0) + part["seconds"]
    print("by op: " + ", ".join(f"{op} {1e3 * s:.2f}" for op, s in sorted(by_op.items(), key=lambda item: -item[1])[:12]))
    theirs = found["channels last"]
    theirs.steps(2)
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        theirs.steps(3)
    events = sorted(profile.key_averages(), key=lambda event: -event.self_cpu_time_total)[:10]
    print("theirs, channels last, ms: " + ", ".join(f"{event.key} {event.self_cpu_time_total / 3e3:.2f}" for event in events))
    for one in found.values():
        one.close()


def main():
    torch.set_num_threads(options.threads)
    wanted = [name.strip() for name in options.nets.split(",") if name.strip()] or list(NETS)
    for name in wanted:
        for mode in options.modes.split(","):
            with tempfile.TemporaryDirectory() as folder:
                if options.parts:
                    parts(name, mode, folder)
                    continue
                result = measure(name, mode, folder)
            keep({f"{name}/{mode}": result}, result["device"])
            row = summary(result)
            ort = f", ONNX Runtime {row['ort']:.1f} ({row['ort ratio']:.2f})" if "ort" in row else ""
            disturbed = f"; {row['disturbed']} rounds disturbed" if row["disturbed"] else ""
            print(f"{name} ({result['batch']}), {MODES[mode]}: ours {row['ours']:.1f}, PyTorch {row['torch']:.1f} ({row['variant']}), ratio {row['ratio']:.2f}, by CPU time {row['cpu']:.2f}{ort}; {row['gflops']:.0f} GFLOP/s{disturbed}", flush=True)


if options.write:
    write()
else:
    sys.exit(main())
