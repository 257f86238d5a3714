"""The networks of a run, and the parts that later runs in the same process use again."""

from ..machine.files.pictures import decode
from .load import find_weights, real_network, to_scale


class Last:
    """The few things made last, by their keys."""

    def __init__(self, most):
        self.most, self.things = most, {}

    def get(self, key, make):
        """The thing with this key, made if it is missing."""
        thing = self.things.pop(key, None)
        if thing is None:
            thing = make()
        self.things[key] = thing  # as the latest
        while len(self.things) > self.most:
            del self.things[next(iter(self.things))]
        return thing


class Kept:
    """Things that one run leaves for the next in the same process; none changes a result."""

    def __init__(self):
        self.parameters, self.nets, self.style_grams = Last(3), Last(2), Last(64)
        self.pictures = {}  # that were read beforehand

    def decoded(self, source, read=decode):
        """A picture, read once, and kept for whoever takes it."""
        if source not in self.pictures:
            self.pictures[source] = read(source)
        return self.pictures[source]

    def take(self, source, read=decode):
        """A picture that was read beforehand, or else is read now."""
        return self.pictures.pop(source, None) or read(source)


class Networks:
    """The network of a run, and the small one that drafts for it."""

    def __init__(self, settings, images, kept, pretrained=None):
        self.settings, self.images, self.kept = settings, images, kept
        self.pretrained = pretrained or self.find(settings.weights)
        self.drafter = None  # the small network, where it drafts

    @property
    def channels(self):
        """Channels of conv1_1; the others are in proportion."""
        return self.pretrained.parameters[0][0].shape[0]

    @property
    def is_small(self):
        """True if the network is the small one."""
        return self.pretrained.source == "small"

    def find(self, which):
        """VGG-19's parameters, scaled by the run's pictures where the scale depends on pictures."""
        layers = self.settings.layers
        found = self.kept.parameters.get((which, layers), lambda: find_weights(which, layers))
        return to_scale(found, *self.images)

    def build(self, plan, ctx, precision):
        """The network of each planned stage, see `network`."""
        if plan.drafts:
            self.drafter = self.find("small")
        how = self.settings.layers, ctx, precision, self.settings.method.pooling
        which = [self.drafter if each.is_draft else self.pretrained for each in plan.stages]
        return [self.network(pretrained, how) for pretrained in which]

    def network(self, pretrained, how):
        """The network of these parameters; `made_from` is all that decides what it computes."""
        from ..features import get_net

        key = (pretrained.sha256 or pretrained.source, pretrained.gain, *how)
        net = self.kept.nets.get(key, lambda: get_net(pretrained.parameters, *how))
        net.made_from = key
        return net

    def checksums(self):
        """SHA-256 of the weights."""
        networks = {"weights": self.pretrained, "draft": self.drafter}
        return {name: each.sha256 or each.source for name, each in networks.items() if each}

    def real(self):
        """The real network's parameters, if they are at hand."""
        key = "real", self.checksums()["weights"]
        return self.kept.parameters.get(key, lambda: real_network(self.pretrained))
