"""Quality of the small network by the real one: `python -m tests.small.judge --weights vgg19.h5`.

For each pair of pictures the chapter's stage 1 is run with the small and with the real network;
the two pictures are read back from their PNG files, and the real network tells their losses. The
share is (start - style) / (start - style loss in the last epoch of the real network's run).
"""

import argparse
import csv
import tempfile
from pathlib import Path

import gluon_style as gs
from gluon_style.pretrained import find
from gluon_style.vgg19 import CONVOLUTIONS


def losses(net, layers, content, style, picture, image_shape):
    """Content, style (of each layer) and TV loss of a picture that is read from a file."""
    ctx = gs.get_ctx("cpu")
    content_X, content_Y = gs.get_contents(net, gs.read(content), image_shape, layers, ctx)
    _, style_Y = gs.get_styles(net, gs.read(style), image_shape, layers, ctx)
    X = content_X if picture is None else gs.preprocess(gs.read(picture), image_shape)
    content_l, style_l, tv_l, _ = gs.compute_loss(
        X, *gs.extract_features(net, X, layers), content_Y, [gs.gram(Y) for Y in style_Y]
    )
    return (
        sum(l.asscalar() for l in content_l),
        [l.asscalar() for l in style_l],
        tv_l.asscalar(),
    )


def judge(content, style, weights, stage, folder, small="small", precision="auto"):
    """Run both networks on one pair: the rows (name, content, style, TV, share) of a table."""
    layers, content_img = gs.Layers(), gs.read(content)
    stage = stage.fitted(content_img.shape[1::-1])
    net = gs.get_net(find(weights).parameters, layers, gs.get_ctx("cpu"))
    pair = (str(content), str(style))
    _, start, _ = losses(net, layers, *pair, None, stage.image_shape)
    made = {}
    for name, which in (("real", weights), ("small", small)):
        settings = gs.Settings(*pair, (stage,), weights=str(which), ctx="cpu", precision=precision)
        gs.stylize(settings, gs.Output(folder / name, quiet=True, overwrite=True))
        made[name] = losses(
            net, layers, *pair, folder / name / "neural-style-1.png", stage.image_shape
        )
    with open(folder / "real" / "losses.csv", newline="") as file:
        end = float(list(csv.DictReader(file))[-1]["style"])
    return (
        sum(start),
        end,
        {
            name: (c, s, tv, (sum(start) - sum(s)) / (sum(start) - end))
            for name, (c, s, tv) in made.items()
        },
    )


def build_parser():
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", required=True, help="the real network's file")
    parser.add_argument("--small", default="small", help="the small network, if another one")
    parser.add_argument("--pair", nargs=2, action="append", metavar=("CONTENT", "STYLE"))
    parser.add_argument("--stage", default="300:500:200", help="long side:epochs:decay")
    parser.add_argument("--folder", type=Path, help="where to leave the pictures")
    return parser


def main():
    """Print the table for the shipped pair, or for the pairs that are given."""
    options = build_parser().parse_args()
    stage = gs.Stage(*map(int, options.stage.split(":")))
    pairs = options.pair or [(gs.shipped("mountain.jpg"), gs.shipped("autumn_tree.jpg"))]
    layers = ", ".join(CONVOLUTIONS[index] for index in gs.Layers().style_layers)
    print(f"| pair | network | content | style ({layers}) | TV | share |")
    print("|---|---|---|---|---|---|")
    for number, (content, style) in enumerate(pairs, 1):
        with tempfile.TemporaryDirectory() as scratch:
            folder = options.folder / str(number) if options.folder else Path(scratch)
            start, end, rows = judge(content, style, options.weights, stage, folder, options.small)
        print(f"| {Path(content).stem}, {Path(style).stem} | at the start | | {start:.1f} | | |")
        print(f"| | real, in its last epoch | | {end:.2f} | | |")
        for name, (content_l, style_l, tv_l, share) in rows.items():
            parts = ", ".join(f"{l:.2f}" for l in style_l)
            print(
                f"| | {name} | {content_l:.2f} | {sum(style_l):.2f} ({parts}) | {tv_l:.2f} "
                f"| {share:.1%} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
