# Stand-in for machine.
import _world


def reset():
    _world.restart()
