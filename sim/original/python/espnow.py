# Stand-in for MicroPython's espnow module (modespnow.c and espnow.py of 1.27), as far as the original uses it.
import _world

_PEERS = 20
_FRAME = 250


def _error(code, name):
    return OSError(code, 'ESP_ERR_ESPNOW_' + name)


class ESPNow:
    _only = None

    def __new__(cls):
        # There is one radio: each call gives the same object.
        if cls._only is None:
            cls._only = object.__new__(cls)
        return cls._only

    def __init__(self):
        if hasattr(self, '_peers'):
            return
        self._peers = {}
        self._data = [None, bytearray()]
        self._active = False
        self.peers_table = {}

    def active(self, on=None):
        if on is not None and bool(on) != self._active:
            self._active = bool(on)
            self._peers = {}
            _world.espnow(self._active)
        return self._active

    def add_peer(self, mac, lmk=None, channel=0, ifidx=0, encrypt=None):
        self._check()
        if mac in self._peers:
            raise _error(-12395, 'EXIST')
        if len(self._peers) >= _PEERS:
            raise _error(-12392, 'FULL')
        self._peers[bytes(mac)] = int(channel)

    # Blocks until the radio knows whether the frame was acknowledged; frames that come in meanwhile are kept.
    def send(self, mac, msg, sync=True):
        self._check()
        mac = bytes(mac)
        if mac not in self._peers:
            raise _error(-12393, 'NOT_FOUND')
        channel = self._peers[mac]
        if channel and channel != _world.channel():
            raise _error(-12396, 'CHAN')
        data = msg.encode() if isinstance(msg, str) else bytes(msg)
        if not 1 <= len(data) <= _FRAME:
            raise ValueError('ESPNow: bad message size')
        return _world.send(mac.hex(), data.hex())

    def any(self):
        self._check()
        return _world.any()

    # A list of its own each time; recv() of MicroPython waits up to five minutes, here only waiting frames are taken.
    def recv(self, timeout_ms=300000):
        return list(self._take()) if self.any() else [None, None]

    # The same list and buffer each time.
    def irecv(self, timeout_ms=300000):
        if not self.any():
            return (None, None)
        mac, msg = self._take()
        self._data[0] = mac
        self._data[1] = bytearray(msg)
        return self._data

    def _take(self):
        mac, rssi, hex = _world.take().split(' ')
        mac = bytes.fromhex(mac)
        self.peers_table[mac] = [int(rssi), int(_world.now())]
        return mac, bytes.fromhex(hex)

    def _check(self):
        if not self._active:
            raise _error(-12389, 'NOT_INIT')
