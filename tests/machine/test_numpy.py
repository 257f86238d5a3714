"""MXNet 1.9.1 under this NumPy: what it needs is there for it, and for nobody else."""

import importlib
import sys
import warnings

import mxnet as mx
import numpy as np
import pytest
from mxnet import autograd, gluon, nd

from gluon_style.machine.bfloat16 import DTYPES
from gluon_style.machine.preparation import _by_first_use, _names, _old_names
from gluon_style.machine.process import run_python

SHAPE = (1, 3, 8, 12)


@pytest.fixture
def x():
    return nd.array(np.random.default_rng(0).normal(size=SHAPE))


def used(network, x):
    """A step of training: the output, the loss of the next step, and the gradient of the input."""
    network.initialize()
    x.attach_grad()
    trainer = gluon.Trainer(network.collect_params(), "adam", {"learning_rate": 0.01})
    for _ in range(2):
        with autograd.record():
            y = network(x)
            loss = nd.square(y - 1).mean()
        loss.backward()
        trainer.step(1)
    return y.asnumpy(), loss.asscalar(), x.grad.asnumpy()


@pytest.mark.parametrize(
    "layer",
    [
        lambda: gluon.nn.Conv2D(4, 3, padding=1, activation="relu"),
        lambda: gluon.nn.MaxPool2D(),
        lambda: gluon.nn.AvgPool2D(),
        lambda: gluon.nn.Dense(5),
        lambda: gluon.nn.Activation("relu"),
    ],
)
def test_a_layer_is_trained(layer, x):
    network = gluon.nn.Sequential()
    network.add(layer(), gluon.nn.Dense(2))
    y, loss, gradient = used(network, x)
    assert y.shape == (1, 2) and np.isfinite(loss)
    assert gradient.shape == SHAPE and np.abs(gradient).max() > 0


def test_arrays_are_as_numpys(x):
    there = x.asnumpy()
    assert (x[0, 1:, ::2, -1].asnumpy() == there[0, 1:, ::2, -1]).all()
    assert (nd.concat(x, x * 2, dim=2).asnumpy() == np.concatenate([there, there * 2], 2)).all()
    assert (x.reshape((3, -1)).T.asnumpy() == there.reshape(3, -1).T).all()
    assert np.allclose(nd.dot(x[0, 0], x[0, 0].T).asnumpy(), there[0, 0] @ there[0, 0].T)
    assert float(x.abs().sum().asscalar()) == pytest.approx(np.abs(there).sum())
    x[:, 1] = np.float64(0.5)
    assert (x[0, 1].asnumpy() == 0.5).all()
    for dtype in ("uint8", np.int32, np.float64, np.float16):
        assert nd.array([1, 2], dtype=dtype).asnumpy().dtype == dtype
    assert (x * np.float64(2)).dtype == (x + np.int64(1)).dtype == np.float32


def test_bfloat16_and_back(x):
    there = nd.amp_cast(nd.amp_cast(x, dtype=DTYPES["bfloat16"]), dtype="float32").asnumpy()
    assert np.allclose(there, x.asnumpy(), rtol=2**-8)
    assert not (there == x.asnumpy()).all()


def test_files(x, tmp_path):
    path = str(tmp_path / "x.params")
    nd.save(path, {"x": x, "seven": nd.array([7], dtype="int32")})
    loaded = nd.load(path)
    assert (loaded["x"].asnumpy() == x.asnumpy()).all()
    assert loaded["seven"].asnumpy().dtype == np.int32


@pytest.mark.filterwarnings("ignore:ndarray.as_in_context:DeprecationWarning")
def test_mxnets_own_functions_find_the_old_names():
    """At run time, too: `bool` is looked up by an index, `compat` by padding."""
    x = mx.np.array([1.0, 2.0, 3.0])
    with mx.util.np_shape(True), mx.util.np_array(True):
        assert x[x > 1.5].asnumpy().tolist() == [2, 3]
        assert mx.np.pad(x, (1, 1)).asnumpy().tolist() == [0, 1, 2, 3, 0]
        assert mx.np.sometrue(x) and mx.np.product(x) == 6
    assert mx.np.PINF == -mx.np.NINF == np.inf


def test_numpy_has_its_own_names_only():
    own = {**vars(np)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        missing = [name for name in _names(np) if not hasattr(np, name)]
    assert missing or np.__version__ < "1.24"
    with _old_names():
        assert {*vars(np)} - {*own} == {*missing}
        assert all(vars(np)[name] is value for name, value in own.items())
    assert {*vars(np)} == {*own}
    for name in missing:
        with pytest.raises(AttributeError), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            getattr(np, name)
    assert np.ma.masked_array([1, 2], [True, False]).sum() == 2


def test_a_module_is_loaded_by_its_first_use(monkeypatch):
    name = "wsgiref.util"
    monkeypatch.delitem(sys.modules, name, raising=False)
    with _by_first_use(name), _by_first_use("no_such.module"):
        util = importlib.import_module(name)
        assert "guess_scheme" not in vars(util) and "no_such.module" not in sys.modules
    assert name not in sys.modules
    assert util.guess_scheme({"HTTPS": "on"}) == "https"
    assert sys.modules[name].guess_scheme is util.guess_scheme


def test_a_name_of_old_means_what_it_did():
    names = _names(np)
    assert names["in1d"](np.eye(2), [1]).tolist() == [True, False, False, True]
    assert names["msort"]([[2, 1], [1, 2]]).tolist() == [[1, 1], [2, 2]]
    assert (names["alltrue"]([1, 0]), names["product"]([2, 3])) == (False, 6)
    with pytest.raises(NotImplementedError):
        names["npv"](1, [2])


def test_users_are_warned_as_ever():
    """By NumPy, and in their own file; whoever imports MXNet."""
    code = (
        "import warnings, numpy\n"
        "{}\n{}\n"
        "with warnings.catch_warnings(record=True) as caught:\n"
        "    warnings.simplefilter('always')\n"
        "    there = hasattr(numpy, 'bool'), hasattr(numpy, 'alltrue')\n"
        "print(*there, *{{each.filename for each in caught}})\n"
    )
    told = [
        run_python(["-c", code.format(*each)], 60)
        for each in (
            ("", ""),
            ("import gluon_style", "import mxnet"),
            ("import gluon_style", "gluon_style.read"),
        )
    ]
    assert [each.failure for each in told] == [None] * 3
    assert told[0].stdout == told[1].stdout == told[2].stdout
