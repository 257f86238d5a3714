"""VGG-19 in numbers: its layers as Gluon counts them, their shapes, the colours it was taught."""

from .errors import Message, WeightsError

# Gluon's `vgg19().features` numbers convolutions, activations and pooling alike, 0 to 36; what
# follows (the classifier) is of no use here.
LAST_LAYER = 36
POOLING_LAYERS = (4, 9, 18, 27, 36)
# The convolutions of VGG-19 in order: index of the layer and its name in the paper.
CONVOLUTIONS = {
    0: "conv1_1",
    2: "conv1_2",
    5: "conv2_1",
    7: "conv2_2",
    10: "conv3_1",
    12: "conv3_2",
    14: "conv3_3",
    16: "conv3_4",
    19: "conv4_1",
    21: "conv4_2",
    23: "conv4_3",
    25: "conv4_4",
    28: "conv5_1",
    30: "conv5_2",
    32: "conv5_3",
    34: "conv5_4",
}
CHANNELS = (64, 128, 256, 512, 512)  # of the five convolution blocks
SMALL_CHANNELS = CHANNELS[0] // 2  # conv1_1's in the small network
SMALL_LAST = 28  # its last layer
# Mean and standard deviation of ImageNet's colours, RGB, on a scale of 0 to 1.
RGB_MEAN, RGB_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def convolution_shape(index, divisor=1):
    """Shape (out, in, 3, 3) of a layer's kernel; in a network of fewer channels with a divisor."""
    block = int(CONVOLUTIONS[index][4]) - 1
    channels, before = CHANNELS[block] // divisor, CHANNELS[block - 1] // divisor
    channels_in = channels if not CONVOLUTIONS[index].endswith("_1") else before if block else 3
    return channels, channels_in, 3, 3


# Gluon's and torchvision's names of each layer's kernel and bias, and the shapes by these names.
ARRAYS = {index: (f"features.{index}.weight", f"features.{index}.bias") for index in CONVOLUTIONS}
SHAPES = {
    name: convolution_shape(index)[:axes]
    for index, names in ARRAYS.items()
    for name, axes in zip(names, (4, 1))
}


def values_per_pixel(last, channels):
    """Values that the convolutions up to a layer give for a pixel, with so many in conv1_1."""
    values = 0
    for index in CONVOLUTIONS:
        if index <= last:
            pixels = 4 ** sum(layer < index for layer in POOLING_LAYERS)
            values += convolution_shape(index)[0] / pixels
    return values * channels / CHANNELS[0]


def bias_of(name):
    """The name of a convolution's bias in errors."""
    return Message("the bias of {name}", name=name)


def check_shape(path, name, found, expected):
    """Refuse an array of another shape; `name` is text or a `Message`."""
    if tuple(found) != expected:
        raise WeightsError(
            "not VGG-19: {name} has shape {found} instead of {expected}",
            file=path,
            name=name,
            found=str(tuple(found)),
            expected=str(expected),
        )


def checked(path, parameters):
    """Return the parameters when they are those of VGG-19's first layers, without a gap."""
    import numpy as np

    if not parameters:
        raise WeightsError("not VGG-19: none of its convolutions is in the file", file=path)
    # All layers may have a half, a quarter, ... of VGG-19's channels, as conv1_1 shows.
    divisor = max(1, CHANNELS[0] // parameters[0][0].shape[0]) if 0 in parameters else 1
    for index, name in CONVOLUTIONS.items():
        if index > max(parameters):
            break
        if index not in parameters:
            raise WeightsError("not a whole VGG-19: {name} is missing", file=path, name=name)
        kernel, bias = parameters[index]
        expected = convolution_shape(index, divisor)
        check_shape(path, name, kernel.shape, expected)
        check_shape(path, bias_of(name), bias.shape, expected[:1])
        if not (np.isfinite(kernel).all() and np.isfinite(bias).all()):
            raise WeightsError("{name} holds values that are not finite", file=path, name=name)
    return parameters
