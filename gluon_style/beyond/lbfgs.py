"""L-BFGS in the place of Adam: SciPy's L-BFGS-B, one iteration of it for each step of the loop."""

import queue
import threading
from importlib.util import find_spec

import numpy as np
from mxnet import nd

from ..errors import UsageError

ROUND = 50  # iterations, after which it forgets: a resumed run has to repeat those since then
CORRECTIONS = 10  # pairs of steps and changes of the gradient that it remembers
FIRST_STEP = 0.03  # of a preprocessed value, on average; the line search goes on from there
# For each pixel of three values in float64: the pairs, and the arrays that SciPy works with.
BYTES_PER_PIXEL = 3 * 8 * (2 * CORRECTIONS + 10)


def check_scipy():
    """Make sure that SciPy is there."""
    if not find_spec("scipy"):
        raise UsageError("lbfgs: needs SciPy: pip install 'gluon-style[lbfgs]'", "optimizer")


class LBFGS:
    """Stands where the chapter has its `gluon.Trainer`, and in the place of what computes losses.

    A step is an iteration: it ends with a picture whose losses are lower, and known already. How
    far it goes is found by a line search, so there is no learning rate.

    Parameters
    ----------
    gen_img : GeneratedImage
        Changed in place.
    compute : callable
        What computes losses and gradient, see `train`.
    """

    learning_rate = 1.0

    def __init__(self, gen_img, compute):
        self.X, self.compute = gen_img(), compute
        self.losses = self.search = None
        self.start, self.goal = self.X.asnumpy(), None

    def set_learning_rate(self, lr):
        """There is none."""

    def backward(self, X, *targets):
        """Losses of the picture, and its gradient; what the last step has computed is kept."""
        self.targets = targets
        if self.goal is not None:
            self.repeat()
        if self.losses is None:
            self.losses = self.compute(X, *targets)
        return self.losses

    def step(self, _):
        """Make an iteration."""
        if self.search is None or self.search.iterations == ROUND:
            self.forget()
            self.search = Search(self.start)
        asked = self.search.go_on()
        while asked is not None:
            self.move(asked)
            asked = self.search.answer(self.losses[3].asscalar(), self.X.grad.asnumpy())
        if (self.search.x != self.X.asnumpy()).any():  # the last try was not the best
            self.move(self.search.x)
        if self.search.is_over:
            self.forget()

    def move(self, x):
        """Bring the picture to `x`, and compute it."""
        if self.losses is None or (x != self.X.asnumpy()).any():
            self.X[:] = nd.array(x, self.X.context)
            self.losses = self.compute(self.X, *self.targets)

    def forget(self):
        """Begin anew from the picture as it is."""
        if self.search:
            self.search.close()
        self.search, self.start = None, self.X.asnumpy()

    def memory(self):
        """What a checkpoint keeps beside the picture."""
        return {"start": self.start}

    def restore(self, epochs, lr, memory):
        """Go on from the picture as it is; what leads there is repeated when the loop begins."""
        self.start, self.goal = memory["start"], self.X.asnumpy()

    def repeat(self):
        """Repeat the iterations since the last start, which come to the same picture."""
        goal, self.goal = self.goal, None
        self.X[:] = nd.array(self.start, self.X.context)
        self.losses = self.compute(self.X, *self.targets)
        for _ in range(ROUND):
            if (self.X.asnumpy() == goal).all():
                return
            self.step(1)
        # On another machine they may not: go on from the picture that was kept.
        self.move(goal)
        self.forget()

    def __del__(self):
        if self.search:
            self.search.close()


class Closed(BaseException):
    """The search is not wanted any more."""


class Search:
    """SciPy's L-BFGS-B in a thread of its own, which waits wherever losses are wanted.

    SciPy calls for losses, and the loop calls for steps; so one of them has to be held.

    Attributes
    ----------
    x : ndarray, float32
        The picture after the last iteration.
    iterations : int
        How many it has made.
    is_over : bool
        Whether it makes no more.
    """

    def __init__(self, start):
        self.x, self.iterations, self.is_over = start, 0, False
        # So a first step of length 1, as L-BFGS-B makes it, is one of FIRST_STEP.
        scale = FIRST_STEP * np.sqrt(start.size)
        self.asked, self.answers = queue.Queue(), queue.Queue()
        self.scale, self.wanted = scale, None
        arguments = start, scale, self.asked, self.answers
        threading.Thread(target=minimize, args=arguments, daemon=True).start()

    def go_on(self):
        """Start, or go on with, an iteration: the picture whose losses are wanted, or None."""
        if self.iterations:
            self.answers.put(True)
        return self.next()

    def answer(self, loss, gradient):
        """Give the losses of what was asked for, and see what is wanted next."""
        self.answers.put((loss, gradient.ravel().astype("float64") * self.scale))
        return self.next()

    def next(self):
        """The picture whose losses are wanted; None when an iteration is done, or none follows."""
        what, x = self.asked.get()
        if what == "losses":
            return x
        if what == "over":
            self.is_over = True
        else:
            self.x, self.iterations = x, self.iterations + 1
        return None

    def close(self):
        """End the thread."""
        self.answers.put(None)


def minimize(start, scale, asked, answers):
    """Run SciPy's minimizer; `asked` and `answers` are queues to and from the loop."""
    from scipy.optimize import minimize

    def to_picture(z):
        return (z * scale).astype("float32").reshape(start.shape)

    def ask(what, z):
        asked.put((what, to_picture(z)))
        answer = answers.get()
        if answer is None:
            raise Closed
        return answer

    options = {"maxcor": CORRECTIONS, "maxiter": ROUND, "maxfun": 10**9, "ftol": 0, "gtol": 0}
    try:
        minimize(
            lambda z: ask("losses", z),
            start.ravel().astype("float64") / scale,
            jac=True,
            method="L-BFGS-B",
            callback=lambda z: ask("iteration", z),
            options=options,
        )
    except Closed:
        return
    asked.put(("over", start))
