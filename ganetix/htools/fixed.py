"""Numbers as the reference prints them.

It rounds the shortest decimal form of a number, halves to even; Python rounds the exact binary
value. They differ only where the shortest form ends in a 5 just behind the digits that are shown.
"""

from math import isinf, isnan


def _ends_in_half(text: str, digits: int) -> bool:
    mantissa, _e, exponent = text.partition("e")
    decimals = len(mantissa.partition(".")[2]) - int(exponent or 0)
    return decimals == digits + 1 and mantissa[-1] == "5"


def fixed(value: float, digits: int) -> str:
    """Write *value* with *digits* decimals."""
    if isnan(value):
        return "NaN"
    if isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if not _ends_in_half(repr(value), digits):
        return f"{value:.{digits}f}"
    # One digit more is exact here: round that text, to an even last digit.
    text = f"{abs(value):.{digits + 1}f}"[:-1].replace(".", "")
    whole = int(text)
    text = str(whole + whole % 2).rjust(digits + 1, "0")
    sign = "-" if value < 0 else ""
    if not digits:
        return sign + text
    return f"{sign}{text[:-digits]}.{text[-digits:]}"


def general(value: float) -> str:
    """Write *value* with six decimals, in exponent form when it is small or big."""
    if value == 0 or 0.1 <= abs(value) < 1e7:
        return fixed(value, 6)
    mantissa, _e, exponent = f"{value:.6e}".partition("e")
    return f"{mantissa}e{int(exponent)}"
