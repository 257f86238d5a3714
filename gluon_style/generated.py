"""The synthesized image as the only parameter (section "Output image" of the chapter)."""

from mxnet import gluon, init, nd
from mxnet.gluon import nn

from . import losses


class Adam(gluon.Trainer):
    """Adam on one picture, which can be kept between two epochs, and restored."""

    def __init__(self, parameters, lr):
        super().__init__(parameters, "adam", {"learning_rate": lr})

    def memory(self):
        """Its running means of the gradient and of their squares: dict of ndarray."""
        means = self._updaters[0].states.get(0)  # there from the first step on
        if means is None:
            means = nd.zeros((2, *self._params[0].shape))
        return {name: each.asnumpy() for name, each in zip(("mean", "var"), means)}

    def restore(self, epochs, lr, memory):
        """Restore the state after so many steps; it has made none yet."""
        self.set_learning_rate(lr)
        self.optimizer.begin_num_update = epochs
        # Gluon's own way of keeping the moments is a pickle.
        (updater,), (ctx,) = self._updaters, self._contexts
        updater.states[0] = nd.array(memory["mean"], ctx), nd.array(memory["var"], ctx)
        updater.states_synced[0] = True


class GeneratedImage(nn.Block):
    """A block without input, whose one parameter is the synthesized image.

    Parameters
    ----------
    img_shape : tuple of int
        Shape of the preprocessed picture, (1, 3, h, w).
    """

    def __init__(self, img_shape, **kwargs):
        super().__init__(**kwargs)
        self.weight = self.params.get("weight", shape=img_shape)

    def forward(self):
        """The synthesized image: NDArray of shape (1, 3, h, w), as preprocessed."""
        return self.weight.data()


def new_image(X, ctx):
    """A `GeneratedImage` that is initialised to a preprocessed picture."""
    gen_img = GeneratedImage(X.shape)
    gen_img.initialize(init.Constant(X), ctx=ctx, force_reinit=True)
    return gen_img


def get_inits(X, ctx, lr, style_Y):
    """Set up what the training loop starts from.

    Parameters
    ----------
    X : NDArray, shape (1, 3, h, w)
        The picture that the synthesized image starts as, preprocessed.
    ctx : mxnet.Context
    lr : float
        Adam's learning rate, above 0.
    style_Y : list of NDArray, each of shape (1, c, h, w)
        The style layers' outputs for the style image.

    Returns
    -------
    gen_img : GeneratedImage
        Initialised to `X`. The chapter returns `gen_img()`, the picture; here the block comes
        back, so that its caller can watch, save and restore what is trained.
    style_Y_gram : list of NDArray, each of shape (c, c)
    trainer : Adam
        On the synthesized image alone.
    """
    gen_img = new_image(X, ctx)
    trainer = Adam(gen_img.collect_params(), lr)
    return gen_img, [losses.gram(Y) for Y in style_Y], trainer
