# Returns an object that runs code where it is unpickled.
class Bomb:
    def __reduce__(self):
        import os

        return os.system, ("touch VICTIM/exploded",)


def update_tau(r):
    return Bomb()
