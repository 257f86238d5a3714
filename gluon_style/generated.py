"""The synthesized image as the only parameter (section "Output image" of the chapter)."""

from mxnet import gluon, init
from mxnet.gluon import nn

from .losses import gram


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
    trainer : mxnet.gluon.Trainer
        Adam on the synthesized image alone.
    """
    gen_img = GeneratedImage(X.shape)
    gen_img.initialize(init.Constant(X), ctx=ctx, force_reinit=True)
    trainer = gluon.Trainer(gen_img.collect_params(), "adam", {"learning_rate": lr})
    return gen_img, [gram(Y) for Y in style_Y], trainer
