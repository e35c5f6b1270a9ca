"""Expectations over a beta distribution, by Gauss-Jacobi quadrature."""

from __future__ import annotations

import numpy as np
from scipy.linalg import eigh_tridiagonal

from lifeloop.predict.columns import Floats


def beta_nodes(a: float, b: float, points: int) -> tuple[Floats, Floats]:
    """Return nodes in (0, 1) and weights that sum to 1, shapes (points,): E f(p) = sum of weight * f(node), p ~ Beta(a, b).

    Exact for polynomials up to degree 2 * points - 1. The weights come normalised from the eigenvectors, so neither
    a near 0 nor b in the thousands overflows, as the textbook form with gamma functions does.

    Source  Golub & Welsch (1969), Calculation of Gauss quadrature rules; Jacobi recurrence of Abramowitz & Stegun 22.7.1

    >>> nodes, weights = beta_nodes(2.0, 6.0, 8)
    >>> round(float(weights @ nodes), 12), round(float(weights @ nodes**2), 12)
    (0.25, 0.083333333333)
    """
    # P^(u, v) on [-1, 1] has the weight (1-y)^u (1+y)^v; with p = (1+y)/2 that is Beta(v+1, u+1)
    u, v = b - 1.0, a - 1.0
    n = np.arange(1.0, points)
    both = 2.0 * n + u + v
    diagonal = np.empty(points)
    diagonal[0] = (v - u) / (u + v + 2.0)
    diagonal[1:] = (v * v - u * u) / (both * (both + 2.0))
    square = np.empty(points - 1)
    square[0] = 4.0 * (1.0 + u) * (1.0 + v) / ((2.0 + u + v) ** 2 * (3.0 + u + v))
    n, both = n[1:], both[1:]
    square[1:] = 4.0 * n * (n + u) * (n + v) * (n + u + v) / (both**2 * (both + 1.0) * (both - 1.0))
    nodes, vectors = eigh_tridiagonal(diagonal, np.sqrt(square))
    return np.clip((1.0 + nodes) / 2.0, 0.0, 1.0), np.asarray(vectors[0] ** 2)
