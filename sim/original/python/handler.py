# Stand-in for RBR-Now's message handler, with the reply forms of its last firmware.
import _world


class Handler:
    def __init__(self, config):
        self._config = config
        self._relay = 'OFF' if _world.setting('relay') else None

    def handleMessage(self, msg):
        _world.handled(msg)
        if msg == 'uptime':
            return f'OK {self._relay} {self._uptime()}'
        if msg == 'on' or msg == 'off':
            if self._relay is not None:
                self._relay = msg.upper()
            return f'OK {self._relay} {self._uptime()}'
        if msg == 'channel':
            return f'OK {_world.channel()}'
        if msg == 'ipaddr':
            return f'OK {_world.address() or None}'
        # Not RBR-Now's: a reply of the length of the request, for measurements (the rssi makes up for what is left out).
        if msg.startswith('like:'):
            return f'OK {msg[3:-4]}'
        return f'Unknown message: {msg}'

    # Seconds, and the last reading of a thermometer: there is none here.
    def _uptime(self):
        return f'{int(_world.now()) // 1000}+'
