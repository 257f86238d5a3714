"""One picture over several workers of a Dask cluster: what an epoch takes, and when it would pay.

Run by hand from the project's folder, in the environment of the tests:

    python -m tests.benchmarks.one_picture --shape 300x200 --shape 600x400

It starts a cluster on this machine whose workers have one thread each, and compares an epoch of
one worker, which computes the whole picture, with one of two, which compute a band each (see
`bands`). What a call of a worker costs is measured with empty calls and with calls that carry
bytes. From these figures a model says from which size on more machines would be faster; no more
machines than this one have been measured.
"""

import argparse
import os
import statistics
import time

THREADS = 1  # of each worker
EPOCHS = 4


class Echo:
    """Takes bytes and gives them back, as a `Band` does with arrays."""

    def back(self, values):
        return values


def call_all(actors, name, arguments):
    """Call a method of all actors at once."""
    calls = [getattr(actor, name)(*each) for actor, each in zip(actors, arguments)]
    return [call.result() for call in calls]


def measure_calls(client, workers):
    """Seconds of a call, and of each byte that it carries there and back."""
    submitted = [client.submit(Echo, actor=True, workers=[w], pure=False) for w in workers]
    actors = [future.result() for future in submitted]
    times = {}
    for length in (0, 4_000_000):
        arguments = [(bytearray(length),)] * len(actors)
        taken = []
        for _ in range(20):
            began = time.perf_counter()
            call_all(actors, "back", arguments)
            taken.append(time.perf_counter() - began)
        times[length] = statistics.median(taken)
    return times[0], (times[4_000_000] - times[0]) / (2 * 4_000_000 * len(actors))


def measure_epochs(client, workers, settings, parameters):
    """Median seconds of an epoch, the losses of the last, and bytes an epoch sends."""
    from .bands import Band, epoch

    count = len(workers)
    submitted = [
        client.submit(Band, settings, i, count, parameters, actor=True, workers=[w], pure=False)
        for i, w in enumerate(workers)
    ]
    actors = [future.result() for future in submitted]
    grams = {layer: G for layer, G in actors[0].targets().result().items()}
    seconds = []
    for _ in range(EPOCHS):
        began = time.perf_counter()
        losses, moved = epoch(
            actors, lambda *what: call_all(actors, *what), grams, settings.loss_weights
        )
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds[1:]), losses, moved


def build_parser():
    """The options."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {__spec__.name}", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--shape", action="append", metavar="WxH")
    parser.add_argument("--weights", default="small")
    parser.add_argument("--precision", default="float32")
    return parser


def main():
    """Measure, and print tables."""
    options = build_parser().parse_args()
    os.environ["OMP_NUM_THREADS"] = str(THREADS)
    import dask
    from distributed import Client, LocalCluster

    import gluon_style
    from gluon_style.settings import Layers, Settings, Stage

    dask.config.set({"distributed.nanny.pre-spawn-environ.OMP_NUM_THREADS": THREADS})
    dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 GB"})
    pair = [gluon_style.read(path) for path in (Settings().content, Settings().style)]
    parameters = gluon_style.get_weights(options.weights, Layers(), *pair).parameters
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        with Client(cluster) as client:
            workers = list(client.nthreads())
            latency, per_byte = measure_calls(client, workers)
            print(
                f"a call of both workers {1000 * latency:.1f} ms, "
                f"and {1e9 * per_byte:.2f} ns a byte ({1e-6 / per_byte:.0f} MB/s)"
            )
            measured = []
            for text in options.shape or ["300x200", "600x400"]:
                shape = tuple(map(int, text.split("x")))
                settings = Settings(
                    stages=(Stage(shape, EPOCHS, EPOCHS),), ctx="cpu", precision=options.precision
                )
                found = [
                    measure_epochs(client, workers[:count], settings, parameters)
                    for count in (1, 2)
                ]
                (one, losses, _), (two, others, moved) = found
                far = max(abs(a - b) / max(abs(a), 1e-9) for a, b in zip(losses, others))
                print(
                    f"{text}: one worker {one:.2f} s, two {two:.2f} s ({one / two:.2f} times), "
                    f"{moved / 1e6:.1f} MB an epoch, losses differ by {far:.1e} at most",
                    flush=True,
                )
                measured.append((shape, one))
    tell_model(measured[-1], latency, per_byte)


def tell_model(measured, latency, per_byte):
    """Speed of so many machines, relative to one, after the model."""
    from gluon_style.beyond.tiles import Segment
    from gluon_style.settings import Layers

    halo = Segment(0, Layers().last).halo
    (width, height), seconds = measured
    each_pixel = seconds / (width * height)
    grams = 4 * sum(channels**2 for channels in (64, 128, 256, 512, 512))
    print(
        "\nmodel: an epoch of one machine in proportion to the pixels; of N: a band and its halos "
        f"({halo} rows each), 4 calls,\nand all bytes one after the other through one client. "
        "`here` with what was measured here, `1 Gbit` with 0.5 ms and 8.5 ns a byte."
    )
    print(
        f"{'':>12}"
        + "".join(f"{f'N={n}, {net}':>16}" for n in (2, 4, 8) for net in ("here", "1 Gbit"))
    )
    for size in ((300, 200), (600, 400), (1200, 800), (2400, 1600), (4800, 3200)):
        line = f"{'x'.join(map(str, size)):>12}"
        for count in (2, 4, 8):
            for delay, byte in ((latency, per_byte), (5e-4, 8.5e-9)):
                line += f"{speedup(size, count, each_pixel, halo, grams, delay, byte):>16}"
        print(line)


def speedup(size, count, each_pixel, halo, grams, latency, per_byte):
    """One machine's time by that of so many, or a dash if the bands would be lower than a halo."""
    width, height = size
    if height / count < halo:
        return "-"
    rows = height / count + (halo if count == 2 else 2 * halo)
    moved = 2 * count * grams + 4 * 2 * 2 * (count - 1) * halo * width * 3 * 2
    taken = each_pixel * rows * width + 4 * latency + moved * per_byte
    return f"{each_pixel * width * height / taken:.2f}"


if __name__ == "__main__":
    main()
