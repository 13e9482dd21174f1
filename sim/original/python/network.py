# Stand-in for network: two interfaces on one radio, as far as the original uses them.
import _world

STA_IF = 0
AP_IF = 1


class WLAN:
    IF_STA = STA_IF
    IF_AP = AP_IF

    def __init__(self, interface=STA_IF):
        self._interface = interface
        self._address = ('0.0.0.0', '255.255.255.0', '0.0.0.0', '0.0.0.0')

    def active(self, on=None):
        if on is not None:
            _world.interface(self._interface, bool(on))
        return _world.isUp(self._interface)

    def connect(self, ssid, password):
        _world.join(ssid, password)

    def disconnect(self):
        _world.leave()

    def isconnected(self):
        return _world.address() != ''

    def ifconfig(self, address=None):
        if address is not None:
            self._address = address
        elif self._interface == STA_IF and self.isconnected():
            return (_world.address(), '255.255.255.0', '192.168.1.1', '192.168.1.1')
        return self._address

    def config(self, name=None, **values):
        if name == 'mac':
            return bytes.fromhex(_world.mac(self._interface))
        if name == 'channel':
            return _world.channel()
        if 'channel' in values:
            _world.setChannel(values['channel'])
        # Who may join the access point does not concern the radio link: essid and password are taken and left.
