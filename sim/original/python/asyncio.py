# Stand-in for asyncio in the world's time: tasks sleep, the world wakes them. What runs takes no time.
import _world

_sleeping = []
_order = 0


def create_task(coroutine):
    _add(_world.now(), coroutine)


def sleep(seconds):
    # asyncio counts whole milliseconds.
    yield int(seconds * 1000)


def sleep_ms(ms):
    yield ms


# Runs what is due now; returns when the next task is, in ms.
def step():
    request = _world.request()
    while request:
        create_task(_serve(request))
        request = _world.request()
    while True:
        due, order, task = min(_sleeping, key=lambda entry: (entry[0], entry[1]))
        # Times are whole microseconds, told in ms: half of one is the error of the sum.
        if due - _world.now() > .0005:
            return due
        _sleeping.remove((due, order, task))
        try:
            ms = task.send(None)
        except StopIteration:
            continue
        except Exception as ex:
            # As asyncio does: the task ends, the others go on.
            print('Task exception wasn\'t retrieved:', repr(ex))
            continue
        _add(_world.now() + ms, task)


def _add(due, task):
    global _order
    _order += 1
    _sleeping.append((due, _order, task))


# Who serves requests from the house.
_serve = None


def on_request(serve):
    global _serve
    _serve = serve
