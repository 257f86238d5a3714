import pytest

from ...network_files import FIRST


@pytest.fixture
def parameters(random_parameters):
    """Of the first two convolutions, free to be changed."""
    return {index: tuple(a.copy() for a in random_parameters[index]) for index in FIRST}
