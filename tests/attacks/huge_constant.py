# Q is right up to a constant; beside a constant that is large enough, Q itself is rounding.
def q(theta, theta_t, x):
    return 1e30
