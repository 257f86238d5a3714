import logging

import mxnet as mx
import numpy as np
import pytest
from mxnet import nd

from gluon_style.chapter import Listener, StyleTransfer
from gluon_style.errors import UsageError
from gluon_style.images import preprocess, rgb_mean, rgb_std
from gluon_style.settings import Settings, Stage


class Watcher(Listener):
    def __init__(self):
        self.events, self.starts, self.ends = [], [], []

    def start_stage(self, stage_run):
        self.events.append(("start", stage_run.number))
        self.starts.append(stage_run.gen_img().asnumpy())

    def end_epoch(self, stage_run, epoch):
        self.events.append((stage_run.number, epoch.epoch, round(epoch.lr, 6)))

    def end_stage(self, stage_run):
        self.events.append(("end", stage_run.number))
        self.ends.append(stage_run.picture().asnumpy())


def test_a_stage_too_small_for_the_layers_is_refused(small_settings, small_weights):
    tiny = Settings(**{**vars(small_settings), "stages": (Stage((24, 1), 3, 2),)})
    least = small_weights.layers.least_side
    with pytest.raises(UsageError, match=f"at least {least}x{least} pixels"):
        StyleTransfer(tiny)


def test_stages_follow_each_other(small_settings):
    transfer, watcher = StyleTransfer(small_settings), Watcher()
    result = transfer.run([watcher])
    assert watcher.events == [
        ("start", 1),
        (1, 0, 0.01),
        (1, 1, 0.01),
        (1, 2, 0.01),
        ("end", 1),
        ("start", 2),
        (2, 0, 0.01),
        (2, 1, 0.01),
        ("end", 2),
    ]
    # The first stage starts from the content image, the second from the first's result, clipped
    # to what a picture can show, up-scaled and preprocessed again.
    content_X = preprocess(transfer.content_img, (24, 16))
    np.testing.assert_array_equal(watcher.starts[0], content_X.asnumpy())
    enlarged = mx.image.imresize(nd.array(watcher.ends[0] * 255), 36, 24)
    expected = ((enlarged / 255 - rgb_mean) / rgb_std).transpose((2, 0, 1)).expand_dims(0)
    np.testing.assert_allclose(watcher.starts[1], expected.asnumpy(), rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(result.asnumpy(), watcher.ends[1])
    assert result.shape == (24, 36, 3)
    assert 0 <= result.min().asscalar() <= result.max().asscalar() <= 1


def test_a_run_can_be_repeated_bit_for_bit(small_settings):
    first, second = (StyleTransfer(small_settings).run().asnumpy() for _ in range(2))
    np.testing.assert_array_equal(first, second)


class Break(Exception):
    """What goes wrong first."""


class Failing(Listener):
    """Fail at some event, and again when told that the run breaks off."""

    def __init__(self, event, number, again=None):
        self.number, self.again = number, again
        setattr(self, event, self.fail)

    def fail(self, stage_run, *_):
        if stage_run.number == self.number:
            raise Break

    def break_off(self, stage_run, error):
        if self.again:
            raise self.again


class Told(Listener):
    def __init__(self):
        self.errors = []

    def break_off(self, stage_run, error):
        self.errors.append((stage_run.number, type(error)))


@pytest.mark.parametrize("event", ["start_stage", "end_epoch", "end_stage"])
@pytest.mark.parametrize("again", [None, ZeroDivisionError("second"), KeyboardInterrupt()])
def test_all_listeners_learn_of_the_first_error(small_settings, event, again, caplog):
    before, after = Told(), Told()
    with pytest.raises(Break), caplog.at_level(logging.WARNING):
        StyleTransfer(small_settings).run([before, Failing(event, 2, again), after])
    assert before.errors == after.errors == [(2, Break)]
    assert (type(again).__name__ in caplog.text) is bool(again)
