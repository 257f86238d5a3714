import dataclasses
import threading
import time

import mxnet as mx
import numpy as np
import pytest
import scipy.optimize
from mxnet import autograd, init, nd

from gluon_style.beyond import LBFGS, lbfgs
from gluon_style.chapter import Listener, StyleTransfer
from gluon_style.errors import UsageError
from gluon_style.generated import GeneratedImage
from gluon_style.settings import Method, Stage

SHAPE = (1, 3, 4, 5)
CURVES = np.linspace(1, 50, 60).reshape(SHAPE).astype("float32")


def rosenbrock_like(X):
    """A narrow bent valley, in float32."""
    bend = nd.array(CURVES)
    return ((X - 1).square() + bend * (X - 0.5 * X.square() - 0.5).square()).sum().reshape((1,))


def compute(X):
    """As `whole` gives losses: four, of which the last is the sum; counted."""
    compute.calls += 1
    with autograd.record():
        loss = rosenbrock_like(X)
    loss.backward()
    return loss, loss, loss, loss


@pytest.fixture
def gen_img():
    compute.calls = 0
    block = GeneratedImage(SHAPE)
    start = np.random.RandomState(0).normal(size=SHAPE).astype("float32")
    block.initialize(init.Constant(nd.array(start)), ctx=mx.cpu(), force_reinit=True)
    return block


def iterate(optimizer, gen_img, iterations):
    """The losses before each iteration, as the loop sees them, and the picture at the end."""
    losses = []
    for _ in range(iterations):
        losses.append(optimizer.backward(gen_img())[3].asscalar())
        optimizer.step(1)
    return losses, gen_img().asnumpy()


def test_iterations_are_scipys(gen_img):
    """Against `scipy.optimize.minimize`, called as its users call it."""
    start, losses = gen_img().asnumpy(), []
    scale = lbfgs.FIRST_STEP * np.sqrt(start.size)

    def by_numpy(z):
        x = (z * scale).reshape(SHAPE).astype("float32").astype("float64")
        bent = x - 0.5 * x**2 - 0.5
        gradient = 2 * (x - 1) + 2 * CURVES * bent * (1 - x)
        return ((x - 1) ** 2 + CURVES * bent**2).sum(), gradient.ravel() * scale

    scipy.optimize.minimize(
        by_numpy,
        start.ravel() / scale,
        jac=True,
        method="L-BFGS-B",
        callback=lambda z: losses.append(by_numpy(z)[0]),
        options={"maxcor": 10, "maxiter": 8, "ftol": 0, "gtol": 0},
    )
    found, _ = iterate(LBFGS(gen_img, compute), gen_img, 9)
    assert found[0] == pytest.approx(by_numpy(start.ravel() / scale)[0], rel=1e-5)
    np.testing.assert_allclose(found[1:], losses, rtol=1e-2)


def test_losses_fall_and_nothing_is_computed_twice(gen_img):
    losses, _ = iterate(LBFGS(gen_img, compute), gen_img, 15)
    assert all(after < before for before, after in zip(losses, losses[1:]))
    assert losses[-1] < 1e-6 * losses[0]
    assert compute.calls < 15 * 1.7


def test_it_goes_on_where_it_was_to_the_bit(gen_img, monkeypatch):
    """Before, in and after a round."""
    monkeypatch.setattr(lbfgs, "ROUND", 7)
    start = gen_img().copy()
    whole = iterate(LBFGS(gen_img, compute), gen_img, 16)
    for stop in (0, 1, 5, 7, 8, 14):
        gen_img.weight.set_data(start)
        optimizer = LBFGS(gen_img, compute)
        losses, X = iterate(optimizer, gen_img, stop)
        memory = optimizer.memory()
        gen_img.weight.set_data(nd.array(X))
        resumed = LBFGS(gen_img, compute)
        resumed.restore(stop, 1.0, memory)
        more, X = iterate(resumed, gen_img, 16 - stop)
        assert losses + more == whole[0]
        np.testing.assert_array_equal(X, whole[1])


def test_a_picture_that_cannot_be_come_to_again_is_gone_on_from(gen_img):
    optimizer = LBFGS(gen_img, compute)
    iterate(optimizer, gen_img, 4)
    other = gen_img().asnumpy() + np.float32(0.25)
    gen_img.weight.set_data(nd.array(other))
    resumed = LBFGS(gen_img, compute)
    resumed.restore(4, 1.0, optimizer.memory())
    (loss, *_), _ = iterate(resumed, gen_img, 1)
    assert loss == rosenbrock_like(nd.array(other)).asscalar()
    assert compute.calls < 200


def test_at_the_bottom_it_stays(gen_img):
    gen_img.weight.set_data(nd.ones(SHAPE))
    losses, X = iterate(LBFGS(gen_img, compute), gen_img, 5)
    assert losses == [0] * 5
    np.testing.assert_array_equal(X, np.ones(SHAPE))


def test_no_thread_is_left(gen_img):
    before = threading.active_count()
    optimizer = LBFGS(gen_img, compute)
    iterate(optimizer, gen_img, 3)
    assert threading.active_count() == before + 1
    del optimizer
    deadline = time.monotonic() + 30
    while threading.active_count() > before and time.monotonic() < deadline:
        pass
    assert threading.active_count() == before


class Keep(Listener):
    def __init__(self, records):
        self.records = records

    def end_epoch(self, stage_run, epoch):
        self.records.append(epoch)


@pytest.mark.parametrize("tile", ["off", 64])
def test_a_run_ends_lower_than_with_adam(small_settings, tile):
    totals = {}
    for optimizer in ("adam", "lbfgs"):
        settings = dataclasses.replace(
            small_settings,
            stages=(Stage((72, 48), 12, 99),),
            method=Method(optimizer=optimizer),
            tile=tile,
        )
        records = []

        StyleTransfer(settings).run([Keep(records)])
        totals[optimizer] = [epoch.total for epoch in records]
        assert {epoch.lr == epoch.next_lr for epoch in records} == {True}
    assert totals["lbfgs"][0] == totals["adam"][0]
    assert sorted(totals["lbfgs"], reverse=True) == totals["lbfgs"]
    assert totals["lbfgs"][-1] < 0.8 * totals["adam"][-1]


def test_without_scipy_it_is_told_before_anything_is_read(small_settings, monkeypatch):
    monkeypatch.setattr("gluon_style.beyond.lbfgs.find_spec", lambda name: None)
    with pytest.raises(UsageError, match="^optimizer lbfgs: needs SciPy: pip install"):
        StyleTransfer(dataclasses.replace(small_settings, method=Method(optimizer="lbfgs")))
