"""What a rate allows the same experiment to show when it is run again."""

from __future__ import annotations

from scipy.stats import hypergeom

from plip.errors import MeasureError

__all__ = ["predicted_successes"]


def predicted_successes(
    successes: int, trials: int, future: int, *, confidence: float = 0.95
) -> tuple[int, int]:
    """Return the least and the most successes that a second sample of the same rate may have.

    Given k of n, y of m are allowed where, of the k + y successes, neither k or fewer nor k or more
    would fall among the first n by chance with a probability of (1 − confidence) / 2 or less:
    X ~ hypergeometric(n + m, k + y, n). Both samples are random, which is why the interval is wider
    than Clopper and Pearson's for the rate itself. It holds the second sample with at least the
    stated probability, whatever the rate is.

    Args:
        successes: k of the first sample.
        trials: n, ≥ 1.
        future: m, ≥ 1.
        confidence: within (0, 1).

    Raises:
        MeasureError: counts without meaning.

    Source: A. R. Thatcher, "Relationships between Bayesian and confidence limits for predictions",
        Journal of the Royal Statistical Society B 26 (1964), 176–192.
    """
    if not (0 <= successes <= trials and trials >= 1 and future >= 1 and 0 < confidence < 1):
        raise MeasureError(
            "prediction of a rate",
            wanted="successes within the trials, a trial or more in both samples, and a "
            "confidence between 0 and 1",
            found=f"{successes} of {trials}, then {future}, at {confidence}",
            advice="give the counts of the first sample and the size of the second",
        )
    tail = (1 - confidence) / 2
    allowed = []
    for y in range(future + 1):
        first = hypergeom(trials + future, successes + y, trials)
        if first.cdf(successes) > tail and first.sf(successes - 1) > tail:
            allowed.append(y)
    return allowed[0], allowed[-1]
