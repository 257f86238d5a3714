"""Make the small VGG-19 that the package ships (PyTorch, on the CPU).

    FROM="--teacher vgg19.h5 --pictures FOLDER"
    python -m tests.small.distill fit $FROM --out fit.pt
    python -m tests.small.distill train $FROM --start fit.pt --out small.pt
    python -m tests.small.distill export $FROM --start small.pt --out vgg19-small.params

`fit` takes minutes, `train` hours; `train` continues from its `--out`, if that is there.
Needs torch beside the package. FOLDER holds JPEGs; names that begin with `painting` are taken for
paintings, the others for photos.

1. Least squares: each convolution is fitted, from the student's own inputs, to the teacher's
   outputs at the same places: at the chapter's six layers to their leading principal components
   (before ReLU), elsewhere to the channels that count most for the next layer.
2. On-policy distillation. Matching features on photos is not enough: the optimisation of a picture
   finds the student's blind spots. So half of the batches come from chains of the student's own
   style transfers, which continue while it changes; six in ten of them minimise the chapter's own
   loss. What is minimised in the student is the relative error of its features, seen through a
   nearly orthonormal matrix for each layer (so that its Gram matrices are the teacher's, turned),
   and that of its Gram matrices; conv4_1 counts most, since most of what is left is there.
3. Scale: each layer's features are multiplied so that its style loss has the teacher's size on the
   training pictures; a convolution's factor is undone in the next.
"""

import argparse
import math
import os
import time
from pathlib import Path

import numpy as np

try:
    import torch
except ModuleNotFoundError:
    raise SystemExit(f"{__doc__}\nPyTorch is missing: python -m pip install torch") from None
import torch.nn.functional as F
from PIL import Image
from torch import nn

from gluon_style.pretrained import KERAS, Pretrained, find
from gluon_style.pretrained import export as write
from gluon_style.settings import Layers, LossWeights
from gluon_style.vgg19 import CHANNELS, CONVOLUTIONS, POOLING_LAYERS, RGB_MEAN, RGB_STD

WHAT = (
    "a VGG-19 of half the channels up to conv5_1, taught by the Oxford network to stand in for it "
    "in the style transfer chapter of Dive into Deep Learning"
)
WIDTHS = tuple(c // 2 for c in CHANNELS)
STYLE, (CONTENT,) = Layers().style_layers, Layers().content_layers
TAPS = sorted((*STYLE, CONTENT))
INDICES = [index for index in CONVOLUTIONS if index <= TAPS[-1]]
MEAN, STD = (torch.tensor(each).view(1, 3, 1, 1) for each in (RGB_MEAN, RGB_STD))
SIZE, BATCH = 128, 8
ON_POLICY = 0.5
# How much the error of a layer's features, and of its Gram matrix, counts.
FEATURE_WEIGHTS = {0: 0.5, 5: 1, 10: 1, 19: 3, 25: 2, 28: 1}
GRAM_WEIGHTS = {0: 0.5, 5: 1, 10: 1, 19: 4, 28: 1}
LAST = torch.channels_last
random = np.random.RandomState(0)


def block(index):
    """Number of the convolution block, from 0."""
    return int(CONVOLUTIONS[index][4]) - 1


class Net(nn.Module):
    """VGG-19 up to conv5_1, of any widths."""

    def __init__(self, widths):
        super().__init__()
        self.widths = widths
        sizes = [3, *(widths[block(index)] for index in INDICES)]
        self.convs = nn.ModuleList(nn.Conv2d(*pair, 3, padding=1) for pair in zip(sizes, sizes[1:]))

    def forward(self, x, until=INDICES[-1], inputs=False):
        """Outputs of the chapter's layers; or output (`inputs`: input) of the layer `until`."""
        taps, place = {}, dict(zip(INDICES, self.convs))
        for index in range(INDICES[-1] + 1):
            if index in POOLING_LAYERS:
                x = F.max_pool2d(x, 2)
            elif index not in place:
                x = F.relu(x)
            else:
                if inputs and index == until:
                    return x
                x = place[index](x)
                if index in TAPS:
                    taps[index] = x
            if index == until:
                return taps if index in TAPS and not inputs else x


def get_teacher(path):
    """The real network, on the chapter's scale, in bfloat16; and what is known of its file."""
    pretrained, net = find(path), Net(CHANNELS)
    for index, conv in zip(INDICES, net.convs):
        conv.weight.data, conv.bias.data = map(torch.from_numpy, pretrained.parameters[index])
    net.requires_grad_(False).to(memory_format=LAST).to(torch.bfloat16)
    return net, pretrained


class Pictures:
    """Random squares of photos (65 %) and paintings, changed in many ways."""

    def __init__(self, folder):
        files = sorted(Path(folder).glob("*.jpg"))
        paintings = [file for file in files if file.name.startswith("painting")]
        read = [
            [np.asarray(Image.open(file).convert("RGB")) for file in group]
            for group in (sorted(set(files) - set(paintings)), paintings)
        ]
        self.photos, self.paintings = read

    def crop(self, size=SIZE, fine=0.4):
        """One square, resized, perhaps sharpened, flipped, its colours changed: (1, 3, size, size).

        The share `fine` of them are the finest of four: the energy of conv4_1, which the style
        loss is made of, lies in fine and strong texture, as much reduced pictures have it.
        """
        squares = [self.square(size) for _ in range(4 if random.rand() < fine else 1)]
        square = max(squares, key=lambda x: (x - F.avg_pool2d(x, 3, 1, 1)).square().mean())
        if random.rand() < 0.5:
            square = square.flip(3)
        if random.rand() < 0.1:
            square = square.flip(2)
        kind = random.rand()
        if kind < 0.3:  # saturation
            grey = square.mean(1, keepdim=True)
            square = grey + (square - grey) * random.uniform(0, 2.2)
        if 0.2 < kind < 0.5:  # contrast and brightness
            mean = square.mean()
            square = (square - mean) * random.uniform(0.5, 1.6) + mean + random.uniform(-0.15, 0.15)
        if random.rand() < 0.3:  # sharpness
            square = square + random.uniform(0, 2) * (square - F.avg_pool2d(square, 3, 1, 1))
            square = square.clamp(0, 1)
        return square[:, torch.randperm(3)] if random.rand() < 0.15 else square

    def square(self, size):
        """One square of a picture, resized."""
        group = self.photos if random.rand() < 0.65 else self.paintings
        picture = group[random.randint(len(group))]
        height, width = picture.shape[:2]
        side = int(min(height, width, size * np.exp(random.uniform(-0.5, 1.4))))
        y, x = random.randint(height - side + 1), random.randint(width - side + 1)
        square = torch.tensor(picture[y : y + side, x : x + side]).permute(2, 0, 1)[None] / 255
        if side != size:
            smooth = bool(random.rand() < 0.5)
            square = F.interpolate(
                square, (size, size), mode="bilinear", align_corners=False, antialias=smooth
            )
        return square

    def batch(self, count=BATCH, **how):
        """Some of them, preprocessed; perhaps mixed with one another, perhaps noisy."""
        squares = torch.cat([self.crop(**how) for _ in range(count)])
        if random.rand() < 0.15:
            share = random.uniform(0.2, 0.8)
            squares = share * squares + (1 - share) * squares.roll(1, 0)
        if random.rand() < 0.2:
            squares = squares + torch.randn_like(squares) * random.uniform(0, 0.08)
        return ((squares - MEAN) / STD).contiguous(memory_format=LAST)


def gram(y):
    """Gram matrices of a batch of feature maps, divided by height and width."""
    y = y.float().flatten(2)
    return y @ y.transpose(1, 2) / y.shape[2]


@torch.no_grad()
def fit(options):
    """Fit the student layer by layer; about five minutes."""
    teacher, _ = get_teacher(options.teacher)
    student, pictures, turns = Net(WIDTHS), Pictures(options.pictures), {}
    pool = [pictures.batch() for _ in range(120)]
    for number, (index, conv) in enumerate(zip(INDICES, student.convs)):
        batches = [pool[i] for i in random.permutation(120)[: (6, 10, 20, 60, 120)[block(index)]]]
        inputs, outputs = [], []
        for x in batches:
            target = teacher(x.bfloat16(), index)
            target = (target[index] if index in TAPS else target).float()
            before = student(x, index, inputs=True)
            for one, wanted in zip(before, target):
                count = wanted[0].numel()
                at = torch.randperm(count)[: min(count, max(64, 7500 // len(batches)))]
                inputs.append(F.unfold(one[None], 3, padding=1)[0].T[at])
                outputs.append(wanted.flatten(1).T[at])
        X, target, width = torch.cat(inputs), torch.cat(outputs), conv.out_channels
        X = torch.cat([X, torch.ones(len(X), 1)], 1)
        if index in TAPS:
            vectors = torch.linalg.eigh((target.T @ target).double()).eigenvectors
            turn = vectors[:, -width:].flip(1).float()
            turns[index] = turn * torch.sign((target @ turn).mean(0) + 1e-9)
            wanted = target @ turns[index]
        else:
            kernels = teacher.convs[number + 1].weight.float().pow(2).sum((0, 2, 3))
            value = F.relu(target).pow(2).mean(0) * kernels
            wanted = target[:, value.topk(width).indices.sort().values]
        error, solution = least_squares(X, wanted)
        conv.weight.data = solution[:-1].T.reshape(conv.weight.shape).contiguous(memory_format=LAST)
        conv.bias.data = solution[-1].clone()
        print(CONVOLUTIONS[index], f"held-out error {error:.3f}", flush=True)
    save(options.out, student, turns)


def least_squares(X, Y):
    """The ridge regression that is best on a held-out tenth: its relative error, and itself."""
    most = int(0.9 * len(X))
    normal, right = (X[:most].T @ X[:most]).double(), (X[:most].T @ Y[:most]).double()
    unit, best = normal.diagonal().mean() * torch.eye(len(normal)).double(), None
    for ridge in (1e-5, 1e-4, 1e-3, 1e-2):
        solution = torch.linalg.solve(normal + ridge * unit, right).float()
        error = ((X[most:] @ solution - Y[most:]) ** 2).sum() / (Y[most:] ** 2).sum()
        if best is None or error < best[0]:
            best = error, solution
    return best


class Chains:
    """Pictures on the way of the student's own style transfers."""

    def __init__(self, student, pictures, count=40):
        self.student, self.pictures = student, pictures
        self.chains = [self.begin() for _ in range(count)]

    def begin(self):
        """A new chain: from a picture, or sometimes from noise, towards another's style."""
        content, style = self.pictures.batch(1), self.pictures.batch(1, fine=0.8)
        x = torch.randn_like(content) * 0.7 if random.rand() < 0.08 else content.clone()
        return {
            "x": x,
            "style": style,
            "content": content,
            "steps": 0,
            "mean": torch.zeros_like(x),
            "var": torch.zeros_like(x),
            "chapter": random.rand() < 0.6,
            "lr": np.exp(random.uniform(np.log(0.01), np.log(0.05))),
            "content_weight": np.exp(random.uniform(np.log(0.02), 0)),
        }

    def loss(self, x, features, grams, content, targets, chains):
        """The chapter's own loss for six chains in ten, the sum of relative distances for others.

        A mixture of objectives keeps the student right where its users' weights may lead.
        """
        weights = LossWeights()
        far = [((g - target) ** 2).sum((1, 2)) for g, target in zip(grams, targets)]
        off = (features[CONTENT].float() - content) ** 2
        relative = sum((f / (t**2).sum((1, 2))).sqrt() for f, t in zip(far, targets))
        share = torch.tensor([chain["content_weight"] for chain in chains]).float()
        relative = relative + share * off.mean((1, 2, 3)) / (content**2).mean((1, 2, 3))
        # The features are the teacher's, turned: its numbers of channels count.
        own = sum(f / CHANNELS[block(i)] ** 4 for f, i in zip(far, STYLE)) * weights.style_weight
        own = own + off.sum((1, 2, 3)) / (CHANNELS[block(CONTENT)] * off[0, 0].numel())
        tv = [(x.diff(dim=axis)).abs().mean((1, 2, 3)) for axis in (2, 3)]
        own = own + 0.5 * weights.tv_weight * sum(tv)
        return torch.where(torch.tensor([chain["chapter"] for chain in chains]), own, relative)

    def step(self, count=BATCH, steps=2):
        """Take some chains a few steps of Adam further, and return where they are."""
        at = random.permutation(len(self.chains))[:count]
        for i in at:
            if random.rand() < 0.02:
                self.chains[i] = self.begin()
        chains = [self.chains[i] for i in at]
        x, style, photo = (
            torch.cat([chain[name] for chain in chains]).contiguous(memory_format=LAST)
            for name in ("x", "style", "content")
        )
        self.student.requires_grad_(False)
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            features = self.student(style)
            targets = [gram(features[i]) for i in STYLE]
            content = self.student(photo, CONTENT)[CONTENT].float()
        for _ in range(steps):
            x = x.detach().requires_grad_(True)
            with torch.autocast("cpu", torch.bfloat16):
                features = self.student(x)
            grams = [gram(features[i]) for i in STYLE]
            loss = self.loss(x, features, grams, content, targets, chains)
            (gradient,) = torch.autograd.grad(loss.sum(), x)
            x = x.detach()
            for j, chain in enumerate(chains):
                chain["steps"] += 1
                chain["mean"] = 0.9 * chain["mean"] + 0.1 * gradient[j : j + 1]
                chain["var"] = 0.99 * chain["var"] + 0.01 * gradient[j : j + 1] ** 2
                mean = chain["mean"] / (1 - 0.9 ** chain["steps"])
                var = chain["var"] / (1 - 0.99 ** chain["steps"])
                moved = x[j : j + 1] - chain["lr"] * mean / (var.sqrt() + 1e-12)
                x[j : j + 1] = chain["x"] = moved.clamp(-2.6, 3.0)
                chain["x"] = chain["x"].clone()
        self.student.requires_grad_(True)
        return x.detach().contiguous(memory_format=LAST)


def train(options):
    """Distill the teacher into the student; about 1.4 s a step on 2 cores."""
    torch.manual_seed(options.seed)
    random.seed(options.seed)
    teacher, _ = get_teacher(options.teacher)
    going_on = options.out.exists()
    state = torch.load(options.out if going_on else options.start, weights_only=True)
    student, pictures = Net(WIDTHS).to(memory_format=LAST), Pictures(options.pictures)
    student.load_state_dict(state["student"])
    turns = {index: nn.Parameter(turn) for index, turn in state["turns"].items()}
    parameters = [*student.parameters(), *turns.values()]
    adam, first = torch.optim.Adam(parameters, betas=(0.9, 0.98)), 0
    if going_on:
        adam.load_state_dict(state["adam"])
        first = state["step"]
    chains, start, errors = Chains(student, pictures), time.time(), {}
    for step in range(first, options.steps):
        cosine = 0.5 * (1 + math.cos(math.pi * step / options.steps)) + 0.003
        for group in adam.param_groups:
            group["lr"] = options.lr * min(1, (step + 1) / 100) * cosine
        own = step > first + 20 and random.rand() < ON_POLICY
        x = chains.step() if own else pictures.batch()
        with torch.no_grad():
            wanted = teacher(x.bfloat16())
        with torch.autocast("cpu", torch.bfloat16):
            features = student(x)
        loss = 0
        for index, turn in turns.items():
            target = wanted[index].float()
            turned = F.conv2d(features[index].float(), turn[:, :, None, None])
            off, energy = ((turned - target) ** 2).mean((1, 2, 3)), (target**2).mean((1, 2, 3))
            relative = off / (0.5 * energy + 0.5 * energy.mean())
            loss = loss + FEATURE_WEIGHTS[index] * relative.mean()
            # Nearly orthonormal: the student's Gram matrices are the teacher's, turned.
            loss = (
                loss + 0.2 * ((turn.T @ turn - torch.eye(turn.shape[1])) ** 2).sum() / turn.shape[1]
            )
            if index in GRAM_WEIGHTS:
                G = gram(target)
                off = ((gram(turned) - G) ** 2).sum((1, 2))
                energy = (G**2).sum((1, 2))
                relative = off / (0.5 * energy + 0.5 * energy.mean())
                loss = loss + GRAM_WEIGHTS[index] * (relative + 1e-6).sqrt().mean()
            error = relative.mean().item()
            errors[index] = 0.98 * errors.get(index, error) + 0.02 * error
        adam.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 5.0)
        adam.step()
        if (step + 1) % 100 == 0:
            left = (time.time() - start) / (step + 1 - first) * (options.steps - step - 1)
            told = {CONVOLUTIONS[index]: round(error, 4) for index, error in errors.items()}
            print(f"step {step + 1}, {left / 60:.0f} min left, errors {told}", flush=True)
            save(options.out, student, turns, adam=adam.state_dict(), step=step + 1)


def save(path, student, turns, **rest):
    """Save a student, whole or not at all."""
    turns = {index: turn.detach() for index, turn in turns.items()}
    part = path.with_suffix(".part")
    torch.save({"student": student.state_dict(), "turns": turns, **rest}, part)
    os.replace(part, path)


@torch.no_grad()
def scales(teacher, student, pictures, pairs=48):
    """Factors of the student's layers, by index, that give its losses the teacher's size.

    With c of C channels, features times c/C have style losses of the same size (the loss divides
    by C^2, the Gram matrix by C), times sqrt(c/C) the same content loss. What remains is measured:
    the mean style loss between two pictures, or the mean energy of the content layer.
    """
    totals = {index: np.zeros(2) for index in TAPS}
    for _ in range(pairs):
        x = pictures.batch(2)
        for side, features in enumerate((teacher(x.bfloat16()), student(x))):
            for index in TAPS:
                if index == CONTENT:
                    value = (features[index].float() ** 2).mean() ** 2
                else:
                    c, (one, other) = features[index].shape[1], gram(features[index])
                    value = ((one - other) ** 2).mean() / c**2
                totals[index][side] += value.item()
    measured = {index: (a / b) ** 0.25 for index, (a, b) in totals.items()}
    following = {index: min(i for i in TAPS if i >= index) for index in INDICES}
    return {index: measured[following[index]] for index in INDICES}


def export(options):
    """Write the student as the package ships it: float16, on the chapter's scale, described."""
    teacher, known = get_teacher(options.teacher)
    state = torch.load(options.start, weights_only=True)
    student = Net(WIDTHS).to(memory_format=LAST)
    student.load_state_dict(state["student"])
    factors = scales(teacher, student, Pictures(options.pictures))
    parameters, before = {}, 1.0
    for index, conv in zip(INDICES, student.convs):
        kernel, bias = conv.weight.detach() * (factors[index] / before), conv.bias * factors[index]
        parameters[index] = kernel.numpy(), bias.detach().numpy()
        before = factors[index]
    pretrained = Pretrained(
        parameters, "small", origin=KERAS.remote.urls[0], sha256=known.sha256, licence=KERAS.licence
    )
    write(options.out, pretrained, "float16", {"what": WHAT, "made": options.made})
    print(f"{options.out}\n{options.out}.json")


def main():
    """Run one of the three."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("fit", "train", "export"))
    parser.add_argument("--teacher", required=True, help="the real weights, as for --weights")
    parser.add_argument("--pictures", type=Path, required=True, help="a folder of JPEGs")
    parser.add_argument("--start", type=Path, help="what `fit` or `train` has written")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=8000, help="of `train`")
    parser.add_argument("--lr", type=float, default=4e-4, help="Adam's, at the start of `train`")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--made", default="", help="how, for the description that `export` writes")
    options = parser.parse_args()
    {"fit": fit, "train": train, "export": export}[options.what](options)


if __name__ == "__main__":
    main()
