"""Answers to `aitken_limit`."""


def right_by_the_geometric_series(a, b, c):
    rate = (c - b) / (b - a)
    return c + rate * (c - b) / (1 - rate)


def right_delta_squared(a, b, c):
    return a - (b - a) ** 2 / (c - 2 * b + a)


def right_closed_form(a, b, c):
    return (a * c - b * b) / (a + c - 2 * b)


def right_step_by_step(a, b, c):
    for _ in range(5000):
        if b == a or c == b:
            break
        a, b, c = b, c, c + (c - b) ** 2 / (b - a)
    return [c]


def wrong_one_step(a, b, c):
    """only one more step"""
    return c + (c - b) ** 2 / (b - a)


def wrong_rate(a, b, c):
    """this is the rate"""
    return (c - b) / (b - a)


def wrong_upside_down(a, b, c):
    """upside down"""
    rate = (b - a) / (c - b)
    return c + rate / (1 - rate) * (c - b)


def wrong_from_the_second(a, b, c):
    """from the second value"""
    rate = (c - b) / (b - a)
    return b + rate / (1 - rate) * (c - b)


def wrong_twice(a, b, c):
    """counted twice"""
    rate = (c - b) / (b - a)
    return c + (c - b) / (1 - rate)


def wrong_ratio_of_values(a, b, c):
    """the values themselves were divided"""
    rate = c / b
    return c + rate / (1 - rate) * (c - b)


def wrong_last(a, b, c):
    """still on its way"""
    return c
