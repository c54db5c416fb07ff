"""How the server's memory is managed."""

import ctypes

# From malloc.h.
M_ARENA_MAX = -8
ARENAS = 2


def limit_arenas(most: int = ARENAS) -> bool:
    """Have threads share a few of glibc's memory arenas, where the C library is glibc.

    By default there are up to eight per core. Each tab's thread then keeps memory that no other can
    use: with twenty tabs that is hundreds of megabytes, and it grows.

    Parameters
    ----------
    most : int
        Number of arenas; those that exist already stay.

    Returns
    -------
    bool
        Whether the limit was set.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # another C library
        return False
    return bool(mallopt(M_ARENA_MAX, most))
