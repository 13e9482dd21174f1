# Stand-in for time: sleeping blocks this board, not the world.
import _world


def sleep(seconds):
    sleep_ms(int(seconds * 1000))


def sleep_ms(ms):
    due = _world.now() + ms
    while not _world.wait(due):
        pass


def ticks_ms():
    return int(_world.now())


def ticks_diff(a, b):
    return a - b


def time():
    return int(_world.now()) // 1000
