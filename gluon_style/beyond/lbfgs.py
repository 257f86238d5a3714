"""L-BFGS instead of Adam: the two-loop recursion and a line search, on NDArrays.

Algorithm 7.4 of Nocedal and Wright, "Numerical Optimization" (2006); the line search ends with the
weak Wolfe conditions.
"""

import logging
import math

from mxnet import nd

logger = logging.getLogger(__name__)

PAIRS = 10  # steps, and changes of the gradient along them, that it remembers
FIRST_STEP = 0.03  # of a preprocessed value, on average; the line search corrects it
DECREASE, CURVATURE = 1e-3, 0.9  # shares of the slope: how far the loss falls, and flattens
PART = 1024  # values in a part of an inner product
TRIES = 10  # evaluations in one line search


def dot(a, b):
    """Inner product, by BLAS in parts: MXNet's `sum` compensates for float32's rounding."""
    a, b = a.reshape(-1), b.reshape(-1)
    end = a.size // PART * PART
    sums = []
    if end:
        parts = a[:end].reshape((-1, 1, PART)), b[:end].reshape((-1, PART, 1))
        sums.append(nd.batch_dot(*parts).sum())
    if end < a.size:
        sums.append((a[end:] * b[end:]).sum())
    return sum(sums).asscalar().item()


def subtract(d, factor, a):
    """`d -= factor * a`, in one pass."""
    nd.sgd_update(d, a, lr=factor, wd=0, out=d)


class Pair:
    """A step `s` and the change `y` of the gradient along it; on a CPU nothing is copied."""

    def __init__(self, s, y, ctx):
        self.arrays = s, y
        self.s, self.y = (nd.from_numpy(each).as_in_context(ctx) for each in self.arrays)
        self.sy = dot(self.s, self.y)


class LBFGS:
    """Replaces the chapter's `gluon.Trainer`, and `compute`, which gives losses and gradient.

    A step is an iteration: it leaves a picture with a lower loss, which is known by then. A line
    search finds its length, so there is no learning rate.
    """

    learning_rate = 1.0

    def __init__(self, gen_img, compute=None):
        self.X, self.compute = gen_img(), compute
        self.losses, self.pairs = None, []
        self.is_done = False  # True once not even the gradient leads to a lower loss

    def set_learning_rate(self, lr):
        """There is none."""

    def backward(self, X, *targets):
        """Losses of the picture, and its gradient; the step before has computed both."""
        self.targets = targets
        if self.losses is None:
            self.losses = self.compute(X, *targets)
        return self.losses

    def step(self, _):
        """Make an iteration."""
        if self.is_done:
            return
        X, gradient = self.X.copy(), self.X.grad.copy()
        self.search(X, self.direction(gradient))
        s, y = self.X - X, self.X.grad - gradient
        if not dot(s, s):  # the pairs lead nowhere: the next step follows the gradient
            self.is_done, self.pairs = not self.pairs, []
        elif dot(s, y) > 1e-10 * dot(y, y) > 0:  # else the loss does not curve upwards
            pair = Pair(s.asnumpy(), y.asnumpy(), self.X.context)
            self.pairs = [*self.pairs, pair][-PAIRS:]

    def direction(self, gradient):
        """Minus the gradient, times the inverse of the Hessian as the pairs know it."""
        if not self.pairs:
            norm = math.sqrt(dot(gradient, gradient)) or 1.0
            return gradient * (-FIRST_STEP * math.sqrt(gradient.size) / norm)
        d, shares = -gradient, []
        for pair in reversed(self.pairs):
            shares.append(dot(pair.s, d) / pair.sy)
            subtract(d, shares[-1], pair.y)
        last = self.pairs[-1]
        d *= last.sy / dot(last.y, last.y)
        for pair in self.pairs:
            subtract(d, dot(pair.y, d) / pair.sy - shares.pop(), pair.s)
        return d

    def search(self, X, d):
        """Move the picture from `X` along `d` to a lower loss, or leave it there."""
        start, slope = self.at(d)
        if not -math.inf < slope < 0:
            return
        least, low, high, t = start, 0.0, math.inf, 1.0
        for _ in range(TRIES):
            loss, bend = self.move(X, d, t)
            if not loss <= min(least, start + DECREASE * t * slope):
                high = t  # too far
            elif bend < CURVATURE * slope:
                least, low = loss, t  # not far enough
            else:
                return
            t = (low + high) / 2 if high < math.inf else 4 * t
        self.move(X, d, low)  # the best so far

    def move(self, X, d, t):
        """Bring the picture to `X + t * d`, and compute it; returns what `at` does."""
        self.X[:] = X + t * d
        self.losses = self.compute(self.X, *self.targets)
        return self.at(d)

    def at(self, d):
        """Loss of the picture, and its slope along `d`."""
        return self.losses[3].asscalar().item(), dot(self.X.grad, d)

    def memory(self):
        """The pairs, which a checkpoint keeps beside the picture: dict of ndarray."""
        numbered = enumerate(pair.arrays for pair in self.pairs)
        return {f"{name}{n}": each for n, arrays in numbered for name, each in zip("sy", arrays)}

    def restore(self, epochs, lr, memory):
        """Remember the pairs again."""
        if "start" in memory:
            logger.warning(
                "the checkpoint comes from an earlier version's L-BFGS: the run resumes with its "
                "picture, but its losses will differ from those of a run never stopped"
            )
        count = len(memory) // 2
        self.pairs = [Pair(memory[f"s{n}"], memory[f"y{n}"], self.X.context) for n in range(count)]
