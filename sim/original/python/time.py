# Stand-in for time: sleeping blocks this board, not the world.
import _world


def sleep(seconds):
    sleep_ms(int(seconds * 1000))


def sleep_ms(ms):
    _world.wait(_world.now() + ms)


def ticks_ms():
    return int(_world.now())


def ticks_diff(a, b):
    return a - b


def time():
    return int(_world.now()) // 1000
