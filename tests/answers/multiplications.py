"""Answers to `multiplications`."""

right_text = "2*K*(1 + D + D*(D + 1)/2)"
right_expanded = "K*(D**2 + 3*D + 2)"
right_factors = "K*(D + 1)*(D + 2)"


def right_function(D, K):
    features = 1 + D + D * (D + 1) // 2
    return 2 * K * features


def right_counted(D, K):
    features = ["1"] + [f"x{i}" for i in range(D)] + [f"x{i}x{j}" for i in range(D) for j in range(i + 1)]
    return sum(1 for _ in range(2 * K) for _ in features)


wrong_one_product = ("K*(1 + D + D*(D + 1)/2)", "the densities need one, the sums another")
wrong_square = ("2*K*(1 + D + D**2)", "not D²")
wrong_triangle = ("2*K*(1 + D + D*(D - 1)/2)", "not D(D − 1)/2")
wrong_constant = ("2*K*(D + D*(D + 1)/2)", "the feature 1 is missing")
wrong_linear = ("2*K*(D + 1)", "the squares of the features are missing")
wrong_spaces = ("2 K (1 + D + D (D+1)/2)", "write every multiplication with *")
wrong_brackets = ("K(D+1)(D+2)", "write every multiplication with *")
wrong_features = ("1 + D + D*(D + 1)/2", "each of 2K rows")


def wrong_squares_only(D, K):
    """1 and x are features too"""
    return 2 * K * D**2


def wrong_component(D, K):
    """there are K rows"""
    return 2 + 2 * D + D * (D + 1)
