import dataclasses

import mxnet as mx
import numpy as np
import pytest
import scipy.optimize
from mxnet import autograd, init, nd

from gluon_style.beyond import LBFGS, lbfgs
from gluon_style.chapter import Listener, StyleTransfer
from gluon_style.generated import GeneratedImage
from gluon_style.settings import Method, Settings, Stage

SHAPE = (1, 3, 4, 5)
CURVES = np.linspace(1, 50, 60).reshape(SHAPE).astype("float32")


class Problem:
    """A function of one array, computed as `whole` computes losses: four, the last is the sum."""

    def __init__(self, loss, start):
        self.loss, self.values = loss, []
        self.gen_img = GeneratedImage(start.shape)
        self.gen_img.initialize(init.Constant(nd.array(start)), ctx=mx.cpu(), force_reinit=True)
        self.X = self.gen_img()

    def compute(self, X):
        with autograd.record():
            loss = self.loss(X).reshape((1,))
        loss.backward()
        self.values.append(loss.asscalar().item())
        return loss, loss, loss, loss

    def iterate(self, iterations, optimizer=None):
        """The losses before each iteration, as the loop sees them, and the picture at the end."""
        optimizer, losses = optimizer or LBFGS(self.gen_img, self.compute), []
        for _ in range(iterations):
            losses.append(optimizer.backward(self.X)[3].asscalar().item())
            optimizer.step(1)
        return losses, self.X.asnumpy()


def referee(compute, X, most, scale=1.0):
    """Loss of every evaluation of SciPy's L-BFGS-B, called as its users call it."""
    values = []

    def fun(z):
        X[:] = nd.array((z * scale).reshape(X.shape), X.context)
        values.append(compute(X)[3].asscalar().item())
        return values[-1], X.grad.asnumpy().ravel().astype("float64") * scale

    start = X.asnumpy().ravel().astype("float64") / scale
    options = {"maxcor": lbfgs.PAIRS, "maxiter": most, "maxfun": most, "ftol": 0, "gtol": 0}
    scipy.optimize.minimize(fun, start, jac=True, method="L-BFGS-B", options=options)
    return values


def test_nothing_is_computed_where_no_loss_is_lower():
    # So large a loss that the last falls are below float32's rounding.
    problem = Problem(lambda X: valleys(X) + 1e6, np.zeros(SHAPE, "float32"))
    optimizer = LBFGS(problem.gen_img, problem.compute)
    ends = problem.iterate(30, optimizer)
    computed = len(problem.values)
    assert problem.iterate(30, optimizer)[0] == [ends[0][-1]] * 30
    assert len(problem.values) == computed


def rosenbrock(X):
    return (100 * (X[1:] - X[:-1].square()).square() + (1 - X[:-1]).square()).sum()


def quadratic(condition):
    curves = nd.array(np.geomspace(1, condition, 60))
    return lambda X: (curves * (X - 1).square()).sum()


def valleys(X):
    """Narrow and bent."""
    return ((X - 1).square() + nd.array(CURVES) * (X - 0.5 * X.square() - 0.5).square()).sum()


@pytest.fixture
def problem():
    return Problem(valleys, np.random.RandomState(0).normal(size=SHAPE).astype("float32"))


@pytest.mark.parametrize(
    "loss, start",
    [
        (rosenbrock, [-1.2, 1.0]),
        (rosenbrock, [-1.2, 1.0] * 10),
        (quadratic(50), np.linspace(-3, 3, 60)),
        (quadratic(1000), np.linspace(-3, 3, 60)),
    ],
)
def test_it_finds_the_minimum_that_scipy_finds(loss, start):
    start = np.array(start, "float32")
    ours, scipys = Problem(loss, start), Problem(loss, start)
    evaluations = len(referee(scipys.compute, scipys.X, 1000))
    optimizer = LBFGS(ours.gen_img, ours.compute)
    for _ in range(evaluations):
        (loss,), _ = ours.iterate(1, optimizer)
        if loss < 1e-10:
            break
    assert len(ours.values) <= evaluations and max(loss, min(scipys.values)) < 1e-10
    np.testing.assert_allclose(ours.X.asnumpy(), 1, atol=2e-5)


def on_the_shipped_pair(size, weights, evaluations):
    """Lowest loss after so many evaluations: ours by SciPy's."""
    how = {"precision": "float32", "ctx": "cpu", "method": Method("lbfgs")}
    settings = Settings(stages=(Stage(size, 1, 1),), weights=weights, **how)
    lowest = []

    class Both(Listener):
        def start_stage(self, stage_run):
            self.start = stage_run.gen_img().copy()

        def end_epoch(self, stage_run, epoch):
            trainer, gen_img = stage_run.trainer, stage_run.gen_img
            for optimize in (scipys, ours):
                gen_img.weight.set_data(self.start)
                values = optimize(gen_img, lambda X: trainer.compute(X, *trainer.targets))
                lowest.append(np.minimum.accumulate(values)[np.array(evaluations) - 1])

    def scipys(gen_img, compute):
        X = gen_img()
        scale = lbfgs.FIRST_STEP * np.sqrt(X.size)  # makes its first step as long as ours
        return referee(compute, X, max(evaluations), scale)

    def ours(gen_img, compute):
        problem = Problem(None, gen_img().asnumpy())
        problem.gen_img, problem.X, values = gen_img, gen_img(), []

        def counted(X):
            losses = compute(X)
            values.append(losses[3].asscalar())
            return losses

        problem.iterate(max(evaluations), LBFGS(gen_img, counted))
        return values

    StyleTransfer(settings).run([Both()])
    return lowest[1] / lowest[0]


def test_it_is_as_good_as_scipys_on_the_shipped_pair():
    assert (on_the_shipped_pair((64, 43), "small", [25, 50]) < 1.02).all()


@pytest.mark.slow
@pytest.mark.parametrize("weights", ["small", "real"])
def test_it_is_as_good_as_scipys_with_each_network(weights, shared_data):
    weights = weights if weights == "small" else str(shared_data / "vgg19_notop.h5")
    assert (on_the_shipped_pair((150, 100), weights, [50, 100, 200]) < 1.02).all()


def test_inner_products_are_as_good_as_in_float64():
    random = np.random.RandomState(0)
    a, b = random.normal(size=(2, 3_000_000)).astype("float32")
    for x, y in ((a, a), (a, b)):
        exact, size = (x.astype("float64") * y).sum(), np.abs(x.astype("float64") * y).sum()
        assert abs(lbfgs.dot(nd.array(x), nd.array(y)) - exact) < 3e-7 * size


def test_losses_fall_and_nothing_is_computed_twice(problem):
    losses, _ = problem.iterate(15)
    assert all(after < before for before, after in zip(losses, losses[1:]))
    assert losses[-1] < 1e-6 * losses[0]
    assert len(problem.values) == len(set(problem.values)) < 15 * 1.7


WALL = 3 * lbfgs.FIRST_STEP


@pytest.mark.parametrize(
    "rise", [lambda X: 1000 * nd.relu(X - WALL), lambda X: 3.5 * lbfgs.FIRST_STEP * (X > WALL)]
)
def test_a_step_ends_with_the_best_that_it_tried(monkeypatch, rise):
    """Not with the last: the first try goes too short a way, the second too far."""
    monkeypatch.setattr(lbfgs, "TRIES", 2)
    uneven = Problem(lambda X: (rise(X) - X).sum(), np.zeros((4, 4), "float32"))
    losses, X = uneven.iterate(1)
    start, short, far, end = uneven.values
    assert short < start and short < far and end == short
    np.testing.assert_allclose(X, lbfgs.FIRST_STEP, rtol=1e-5)


def test_where_no_try_is_better_the_picture_stays():
    rough = Problem(lambda X: X.sum() + 1e6 * (X < 0).sum(), np.zeros((4, 4), "float32"))
    losses, X = rough.iterate(3)
    assert losses == [0, 0, 0]
    np.testing.assert_array_equal(X, 0)


def test_a_loss_that_is_no_number_is_too_far():
    problem = Problem(lambda X: (X - nd.log(X)).sum(), np.full((4, 4), 0.01, "float32"))
    problem.compute(problem.X)
    losses, X = problem.iterate(20)
    assert np.isfinite(losses).all()
    np.testing.assert_allclose(X, 1, atol=1e-3)


def test_only_what_curves_upwards_is_remembered():
    flat = Problem(lambda X: X.sum(), np.zeros((4, 4), "float32"))
    optimizer = LBFGS(flat.gen_img, flat.compute)
    losses, _ = flat.iterate(3, optimizer)
    assert losses == sorted(losses, reverse=True)
    assert optimizer.memory() == {}


def test_it_resumes_to_the_bit_and_repeats_nothing(problem):
    """With no pair, with some, with all of them."""
    start, stops = problem.X.asnumpy(), (0, 1, 5, 11, 14)
    losses, end = problem.iterate(16)
    whole = problem.values
    for stop in stops:
        before, after = Problem(valleys, start), None
        optimizer = LBFGS(before.gen_img, before.compute)
        first, X = before.iterate(stop, optimizer)
        memory = {name: array.copy() for name, array in optimizer.memory().items()}
        assert len(memory) == 2 * min(stop, lbfgs.PAIRS)
        after = Problem(valleys, X)
        resumed = LBFGS(after.gen_img, after.compute)
        resumed.restore(stop, 1.0, memory)
        second, X = after.iterate(16 - stop, resumed)
        assert first + second == losses
        np.testing.assert_array_equal(X, end)
        # The picture itself is computed once more, for its gradient.
        assert before.values + after.values[1 if stop else 0 :] == whole


def test_what_was_kept_stays_as_it_was(problem):
    """A checkpoint may be written an epoch later."""
    optimizer = LBFGS(problem.gen_img, problem.compute)
    problem.iterate(4, optimizer)
    memory = optimizer.memory()
    copies = {name: array.copy() for name, array in memory.items()}
    problem.iterate(12, optimizer)
    for name in copies:
        np.testing.assert_array_equal(memory[name], copies[name])


def test_the_memory_of_an_earlier_version_is_left_behind(problem, caplog):
    """Of SciPy's, the picture alone was kept that a round began with."""
    optimizer = LBFGS(problem.gen_img, problem.compute)
    optimizer.restore(60, 1.0, {"start": problem.X.asnumpy() + 1})
    (record,) = caplog.records
    assert "resumes with its picture" in record.message
    start = valleys(problem.X).asscalar()
    losses, _ = problem.iterate(5, optimizer)
    assert losses[0] == start and losses == sorted(losses, reverse=True)


def test_at_the_bottom_it_stays():
    bottom = Problem(valleys, np.ones(SHAPE, "float32"))
    losses, X = bottom.iterate(5)
    assert losses == [0] * 5
    np.testing.assert_array_equal(X, 1)


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
