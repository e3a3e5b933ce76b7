"""The Python texts of the bundled corpus."""

from __future__ import annotations

__all__ = ["PYTHON_BASELINE", "PYTHON_DOCTEST"]

# Each function is whole, and its doctests hold.
PYTHON_DOCTEST = {
    "py_simple_add": '''
def total(left, right):
    """
    >>> total(4, 9)
    13
    """
    return left + right
''',
    "py_long_name": '''
def count_trailing_zero_digits(number):
    """
    >>> count_trailing_zero_digits(5000)
    3
    """
    zeros = 0
    while number and number % 10 == 0:
        number //= 10
        zeros += 1
    return zeros
''',
    "py_multi_param": '''
def clamp_to_bounds(value, lowest, highest):
    """
    >>> clamp_to_bounds(42, 0, 25)
    25
    """
    return max(lowest, min(value, highest))
''',
    "py_complex_params": '''
def list_prices(prices, convert, currency, rounded=True):
    """
    >>> list_prices({'tea': 2}, lambda p: p * 1.5, 'EUR')
    'tea 3 EUR'
    """
    parts = []
    for item, price in prices.items():
        cost = convert(price)
        parts.append(f"{item} {round(cost) if rounded else cost} {currency}")
    return '; '.join(parts)
''',
    "py_single_char_param": '''
def g(k):
    """
    >>> g(6)
    19
    """
    return 3 * k + 1
''',
    "py_multiple_doctests": '''
def celsius(fahrenheit, freezing):
    """
    >>> celsius(212, 32)
    100.0
    >>> celsius(50, 32)
    10.0
    """
    return (fahrenheit - freezing) / 1.8
''',
    "py_list_operations": '''
def drop_negatives(readings):
    """
    >>> drop_negatives([3, -1, 0, -7, 8])
    [3, 0, 8]
    """
    return [r for r in readings if r >= 0]
''',
    "py_string_manipulation": '''
def initials(name, joiner='.'):
    """
    >>> initials('grace brewster hopper')
    'G.B.H'
    """
    return joiner.join(word[0].upper() for word in name.split())
''',
    "py_default_args": '''
def pad_row(row, width, fill=0):
    """
    >>> pad_row([7, 7], 5, 1)
    [7, 7, 1, 1, 1]
    """
    missing = width - len(row)
    return row + [fill] * missing
''',
    "py_nested_structure": '''
def deepest_level(tree):
    """
    >>> deepest_level([1, [2, [3]]])
    3
    """
    if not isinstance(tree, list):
        return 0
    return 1 + max(deepest_level(branch) for branch in tree)
''',
}

# The `>>>` begins no doctest that holds: a comment, a string, or an answer in prose.
PYTHON_BASELINE = {
    "py_comment_false_doctest": """
def perimeter(width, height):
    # >>> a prompt in a remark, nothing that anybody runs
    return 2 * (width + height)
""",
    "py_multiline_comment_marker": """
def average(scores, weight):
    # How the weight is meant:
    # >>> average([2, 4], 10) makes 30
    # and nobody checks these lines
    return weight * sum(scores) / len(scores)
""",
    "py_string_literal_marker": """
def banner(title):
    prompt = ">>> banner('news')"
    return prompt + ' ' + title.upper()
""",
    "py_commented_code": """
def halve(amount):
    # Switched off in the last release:
    # >>> halve(18)
    # 9
    return amount // 2
""",
    "py_malformed_docstring": '''
def stretch(length, factor):
    """Make a length longer by a factor.
    The answer below is prose:
    >>> stretch(3, 4)
    which gives 12
    """
    return length * factor
''',
}
