"""Kernels that count no holders: the option of the compiler that it rests on."""

from typing import Any, NamedTuple

import numpy as np
import pytest
from numba import njit
from numba.core.errors import NumbaError

from optimizer.compiled import OPTIONS


class Pair(NamedTuple):
    """Two arrays, as kernels get them."""

    first: Any
    second: Any


def product(pair: Pair) -> float:
    """Return the inner product, reading both arrays out of the tuple for each entry."""
    total = 0.0
    for at in range(pair.first.shape[0]):
        total += pair.first[at] * pair.second[at]
    return total


def allocate() -> float:
    """Make an array, which somebody would have to count."""
    return float(np.empty(3)[0])


def test_no_holder_is_counted() -> None:
    """A kernel reads arrays out of a tuple without counting; one that makes an array is refused by the compiler."""
    pair = Pair(np.arange(5.0), np.arange(5.0) + 1.0)
    kernel = njit(**OPTIONS)(product)
    assert kernel(pair) == product(pair)
    assert "NRT_incref" not in "".join(kernel.inspect_llvm().values())
    with pytest.raises(NumbaError):
        njit(**OPTIONS)(allocate)()
