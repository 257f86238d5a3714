"""The chapter's training loop as the book prints it, to compare the package with.

What slows the book's program down stays: gradients for all of VGG-19's parameters, `dot` with a
transposed copy in the Gram matrix, one list of losses an epoch read term by term.
"""

import time

from mxnet import autograd, gluon, init, nd

from gluon_style.generated import GeneratedImage

STYLE_LAYERS, CONTENT_LAYERS = (0, 5, 10, 19, 28), (25,)
CONTENT_WEIGHT, STYLE_WEIGHT, TV_WEIGHT = 1, 1e3, 10


def extract_features(net, X):
    contents, styles = [], []
    for i in range(len(net)):
        X = net[i](X)
        if i in STYLE_LAYERS:
            styles.append(X)
        if i in CONTENT_LAYERS:
            contents.append(X)
    return contents, styles


def gram(X):
    c, n = X.shape[1], X.size // X.shape[1]
    Y = X.reshape((c, n))
    return nd.dot(Y, Y.T) / (c * n)


def tv_loss(X):
    down = (X[:, :, 1:, :] - X[:, :, :-1, :]).abs().mean()
    along = (X[:, :, :, 1:] - X[:, :, :, :-1]).abs().mean()
    return 0.5 * (down + along)


def epochs(net, content_X, style_X, max_epochs, lr_decay_epoch, watch=None):
    """Train as the chapter does; yield (content, style, tv, seconds) of each epoch.

    `watch` is called with the picture, as an ndarray, before each epoch.
    """
    net.collect_params().setattr("grad_req", "write")
    content_Y, _ = extract_features(net, content_X)
    _, style_Y = extract_features(net, style_X)
    gen_img = GeneratedImage(content_X.shape)
    gen_img.initialize(init.Constant(content_X), ctx=content_X.context, force_reinit=True)
    trainer = gluon.Trainer(gen_img.collect_params(), "adam", {"learning_rate": 0.01})
    style_Y_gram = [gram(Y) for Y in style_Y]
    X = gen_img()
    for i in range(max_epochs):
        if watch:
            watch(X.asnumpy())
        start = time.perf_counter()
        with autograd.record():
            content_Y_hat, style_Y_hat = extract_features(net, X)
            content_l = [
                (Y_hat - Y).square().mean() * CONTENT_WEIGHT
                for Y_hat, Y in zip(content_Y_hat, content_Y)
            ]
            style_l = [
                (gram(Y_hat) - gram_Y).square().mean() * STYLE_WEIGHT
                for Y_hat, gram_Y in zip(style_Y_hat, style_Y_gram)
            ]
            tv_l = tv_loss(X) * TV_WEIGHT
            l = nd.add_n(*style_l) + nd.add_n(*content_l) + tv_l
        l.backward()
        trainer.step(1)
        nd.waitall()
        seconds = time.perf_counter() - start
        if i % lr_decay_epoch == 0 and i != 0:
            trainer.set_learning_rate(trainer.learning_rate * 0.1)
        losses = nd.add_n(*content_l), nd.add_n(*style_l), tv_l
        yield (*(loss.asscalar() for loss in losses), seconds)
