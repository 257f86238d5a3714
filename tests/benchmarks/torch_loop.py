"""The package's algorithm in PyTorch, to compare its speed with."""

import time

import torch
from torch.nn import functional

STYLE_LAYERS, CONTENT_LAYERS, POOLING_LAYERS = (0, 5, 10, 19, 28), (25,), (4, 9, 18, 27)


def extract_features(X, parameters):
    contents, styles = [], []
    for i in range(max(STYLE_LAYERS) + 1):
        if i in parameters:
            X = functional.conv2d(X, *parameters[i], padding=1)
        elif i in POOLING_LAYERS:
            X = functional.max_pool2d(X, 2)
        else:
            X = functional.relu(X)
        if i in STYLE_LAYERS:
            styles.append(X)
        if i in CONTENT_LAYERS:
            contents.append(X)
    return contents, styles


def gram(X):
    Y = X.reshape(X.shape[1], -1).float()
    return Y @ Y.T / Y.numel()


def tv_loss(X):
    down, along = X[:, :, 1:] - X[:, :, :-1], X[..., 1:] - X[..., :-1]
    return 0.5 * (down.abs().mean() + along.abs().mean())


def epochs(
    parameters, content_X, style_X, max_epochs, bfloat16, unfrozen, X=None, decay=None, lbfgs=False
):
    """Train `X`, or the content image; yield (content, style, tv, seconds) of each epoch.

    With L-BFGS these are the losses after an iteration, else before the update.
    """
    layout = torch.channels_last if bfloat16 else torch.contiguous_format
    dtype = torch.bfloat16 if bfloat16 else torch.float32

    def prepared(X):
        return X.to(dtype).contiguous(memory_format=layout)

    parameters = {
        i: (
            prepared(torch.from_numpy(kernel)).requires_grad_(unfrozen),
            torch.from_numpy(bias).to(dtype).requires_grad_(unfrozen),
        )
        for i, (kernel, bias) in parameters.items()
    }
    content_X, style_X = torch.from_numpy(content_X), torch.from_numpy(style_X)
    with torch.no_grad():
        content_Y, _ = extract_features(prepared(content_X), parameters)
        _, style_Y = extract_features(prepared(style_X), parameters)
        style_Y_gram = [gram(Y) for Y in style_Y]
    del style_Y
    X = content_X.clone().requires_grad_() if X is None else X
    trainer = torch.optim.Adam([X], lr=0.01)
    if lbfgs:
        how = {"max_iter": 1, "history_size": 10, "line_search_fn": "strong_wolfe"}
        trainer = torch.optim.LBFGS([X], **how)

    def compute():
        trainer.zero_grad()
        content_Y_hat, style_Y_hat = extract_features(prepared(X), parameters)
        content_l = sum(
            (Y_hat.float() - Y.float()).square().mean()
            for Y_hat, Y in zip(content_Y_hat, content_Y)
        )
        style_l = 1e3 * sum(
            (gram(Y_hat) - gram_Y).square().mean()
            for Y_hat, gram_Y in zip(style_Y_hat, style_Y_gram)
        )
        tv_l = 10 * tv_loss(X)
        total = content_l + style_l + tv_l
        total.backward()
        losses[:] = [float(loss.detach()) for loss in (content_l, style_l, tv_l)]
        return total

    losses = []
    for epoch in range(max_epochs):
        start = time.perf_counter()
        if lbfgs:
            trainer.step(compute)
        else:
            compute()
            trainer.step()
        if decay and epoch % decay == 0 and epoch != 0:
            for group in trainer.param_groups:
                group["lr"] *= 1 if lbfgs else 0.1
        yield (*losses, time.perf_counter() - start)
